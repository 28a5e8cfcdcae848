"""Work on what others wrote is done in a process of its own, with limits of time and memory: a PDF
that hangs or swells a parser takes nothing with it but itself.

The child is given its work on standard input and answers on standard output, so nothing of a record
is ever in a file; it has no environment to speak of, can put no byte in a file, and is ended from
outside.  It runs as the same user, and is no sandbox.
"""

from __future__ import annotations

import io
import os
import pickle
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, is_dataclass
from enum import Enum
from importlib import import_module
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from send_records.errors import Invalid, SendRecordsError

POLL = 0.05
"""Seconds between two looks at whether to go on."""

MEGABYTE = 1024 * 1024

ROOT = Path(__file__).parents[2]
"""Where this package stands, from where the child takes it too: -I leaves every other place out."""

STARTS = """import sys
sys.path.insert(0, sys.argv[1])
from send_records.disclosure.child import main
main()"""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a child may take."""

    seconds: float = 120.0
    megabytes: int = 2_048
    """Of address space, which is more than it holds: libraries map what they never read."""


class WorkStopped(SendRecordsError):
    """Whoever asked for it asked no longer."""


class WorkTooLarge(Invalid):
    """What was asked for takes more time or memory than one piece of work may."""


class WorkFailed(Invalid):
    """A file could not be worked on: it is damaged, or no such file."""


def in_child(
    work: Callable[..., Any],
    *given: Any,
    limits: Limits = Limits(),
    stopped: Callable[[], bool] = lambda: False,
    **named: Any,
) -> Any:
    """Return what a function of a module returns, done in a process of its own.

    What it is given and returns is pickled; what it raises is raised here if it is a refusal of
    ours, else as WorkFailed.  Raise WorkTooLarge past the limits, WorkStopped once ``stopped``.
    """
    task = pickle.dumps((work.__module__, work.__qualname__, given, named))
    with _started(limits) as child:
        answer: list[bytes] = []
        talking = threading.Thread(target=_talk, args=(child, task, answer), daemon=True)
        talking.start()
        try:
            _await(child, talking, limits, stopped)
        finally:
            if child.poll() is None:
                child.kill()
            talking.join(10)
        return _outcome(child.returncode, answer[0] if answer else b"")


def _started(limits: Limits) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-I", "-c", STARTS, str(ROOT)]
    environment: Mapping[str, str] = {
        "LIMITS": f"{limits.seconds} {limits.megabytes}",
        "PATH": os.environ.get("PATH", ""),
        "LANG": "C.UTF-8",
    }
    return subprocess.Popen(  # noqa: S603 - our own program
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,
    )


def _talk(child: subprocess.Popen[bytes], task: bytes, answer: list[bytes]) -> None:
    with suppress(OSError, ValueError):
        answer.append(child.communicate(task)[0])


def _await(
    child: subprocess.Popen[bytes],
    talking: threading.Thread,
    limits: Limits,
    stopped: Callable[[], bool],
) -> None:
    until = time.monotonic() + limits.seconds
    while talking.is_alive():
        talking.join(POLL)
        if stopped():
            raise WorkStopped("It was stopped.")
        if time.monotonic() > until:
            raise WorkTooLarge(f"It took over {limits.seconds:.0f} seconds: ask for less at once.")


def _outcome(status: int | None, answer: bytes) -> Any:
    """Return what the child said, or raise it."""
    if not answer:
        if status is not None and status < 0:
            raise WorkTooLarge("It took more time or memory than it may: ask for less at once.")
        raise WorkFailed("A file could not be worked on: it is damaged, or too large.")
    done, value = _Plain(io.BytesIO(answer)).load()
    if done:
        return value
    raise value


PLAIN = {("datetime", "date"), ("datetime", "datetime"), ("datetime", "timedelta")} | {
    *(("datetime", "timezone"), ("uuid", "UUID"), ("decimal", "Decimal")),
}


class _Plain(pickle.Unpickler):
    """Reads values, and nothing that does something: whatever took over the child through a file
    gets no further."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in PLAIN:
            return super().find_class(module, name)
        found = super().find_class(module, name) if module.startswith("send_records.") else None
        if isinstance(found, type) and (
            is_dataclass(found) or issubclass(found, Enum | BaseModel | SendRecordsError)
        ):
            return found
        raise WorkFailed("A file could not be worked on.")


def main() -> None:
    """Do what standard input says, and answer on standard output: the child's part."""
    seconds, megabytes = os.environ.pop("LIMITS").split()
    _confine(float(seconds), int(megabytes))
    module, name, given, named = pickle.load(sys.stdin.buffer)  # noqa: S301 - of our own parent
    out, sys.stdout = sys.stdout.buffer, sys.stderr  # whatever a library prints is no answer
    try:
        answer = True, getattr(import_module(module), name)(*given, **named)
    except SendRecordsError as refusal:
        answer = False, refusal
    except MemoryError:
        answer = False, WorkTooLarge("It took more memory than it may: ask for less at once.")
    except Exception as error:
        answer = False, WorkFailed(f"A file could not be worked on ({type(error).__name__}).")
    out.write(pickle.dumps(answer))
    out.flush()


def _confine(seconds: float, megabytes: int) -> None:
    whole = int(seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (whole, whole))
    resource.setrlimit(resource.RLIMIT_AS, (megabytes * MEGABYTE, megabytes * MEGABYTE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
