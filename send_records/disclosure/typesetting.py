"""Our own pages, set by typst: tagged PDF/UA-1 in British English, the same bytes from the same
data.

A template is a file that comes with the program.  What a record says goes to it as JSON and is put
on the page as text, never read as markup, code or anything else, so that it appears as itself.  The
work is done in a process of its own, from memory to memory: no word of a record is in a file.
"""

from __future__ import annotations

import json
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from tempfile import TemporaryDirectory

from pydantic import JsonValue

from send_records.disclosure.blanks import TAKEN_OUT
from send_records.disclosure.child import Limits, in_child
from send_records.disclosure.compiling import compiled
from send_records.disclosure.glyphs import FACES, face, named

TEMPLATES: Traversable = resources.files("send_records.disclosure").joinpath("templates")

LIMITS = Limits(seconds=60, megabytes=2_048)
"""For one document; 350 pages take under a tenth of it (`bench/typesetting.py`)."""

SAID_OF_IT = "[taken out]"
"""What is printed where words were taken out: the font has no such box, and who reads by ear would
not be told of one."""

NAMED_ON_COVER = 40
"""How many characters that cannot be printed are told of one by one; the rest as a number."""


def typeset(
    template: str,
    data: Mapping[str, JsonValue],
    files: Mapping[str, bytes] = {},
    *,
    dated: datetime,
    limits: Limits = LIMITS,
    stopped: Callable[[], bool] = lambda: False,
) -> bytes:
    """Return the PDF that a shipped template makes of ``data``, as it reads ``json("data.json")``,
    and of ``files``, as it names them.

    ``dated`` is when the PDF says it was made.  The template is given ``not_printable`` too: how
    often (``times``) characters were named because they cannot be printed, and which.  Raise
    WorkTooLarge past the limits, WorkStopped once stopped, WorkFailed if typst refuses.
    """
    shipped = {one.name: one.read_bytes() for one in TEMPLATES.iterdir() if one.is_file()}
    sources = {
        **files,
        **shipped,
        "main.typ": shipped[template],
        "data.json": json.dumps(printable(data), allow_nan=False).encode(),
    }
    with _faces() as folder:
        made: bytes = in_child(
            compiled, sources, folder, int(dated.timestamp()), limits=limits, stopped=stopped
        )
    return made


def printable(data: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return data as it can be printed, with what cannot be named in ``not_printable``."""
    missing: Counter[str] = Counter()
    shown = {key: _printable(value, missing) for key, value in data.items()}
    listed = sorted(missing.items(), key=lambda one: (-one[1], one[0]))
    shown["not_printable"] = {
        "times": missing.total(),
        "characters": [
            {
                "code": f"U+{ord(letter):04X}",
                "name": unicodedata.name(letter, "a character without a name"),
                "times": times,
            }
            for letter, times in listed[:NAMED_ON_COVER]
        ],
        "others": max(len(listed) - NAMED_ON_COVER, 0),
    }
    return shown


def _printable(value: JsonValue, missing: Counter[str]) -> JsonValue:
    match value:
        case str():
            return named(value.replace(TAKEN_OUT, SAID_OF_IT), missing)
        case list():
            return [_printable(one, missing) for one in value]
        case dict():
            return {key: _printable(one, missing) for key, one in value.items()}
        case _:
            return value


@contextmanager
def _faces() -> Iterator[str]:
    """A folder with nothing but the faces in it: typst takes whichever of two files of a face the
    file system happens to list first, and the package of the font has both."""
    with TemporaryDirectory(prefix="faces-") as folder:
        for name in FACES:
            Path(folder, name).symlink_to(str(face(name)))
        yield folder
