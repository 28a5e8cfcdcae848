"""The canary: a word that goes into every hostile request, and must come out nowhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from httpx2 import Response
from structlog.testing import capture_logs

CANARY = "Zqxcanary"


class _Ear(logging.Handler):
    """Hears every logger but the test client's own, which names the addresses it calls."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.NOTSET)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith("http"):
            self._lines.append(logging.Formatter("%(name)s %(message)s").format(record))


@contextmanager
def overheard() -> Iterator[list[str]]:
    """Hear every log line, tracebacks and all, written until the block is left."""
    lines: list[str] = []
    ear, root = _Ear(lines), logging.getLogger()
    level = root.level
    root.addHandler(ear)
    root.setLevel(logging.NOTSET)
    try:
        with capture_logs() as entries:
            yield lines
    finally:
        root.removeHandler(ear)
        root.setLevel(level)
    lines += [str(entry) for entry in entries]


def echoes(response: Response, lines: list[str]) -> list[str]:
    """Return where the canary is heard again: in the headers, the body or the logs."""
    heard = {
        "headers": str(response.headers.multi_items()),
        "body": response.content.decode("utf-8", "replace"),
        "logs": "\n".join(lines),
    }
    return [where for where, what in heard.items() if CANARY.lower() in what.lower()]
