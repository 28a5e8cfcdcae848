"""Which characters our own pages can show: those that every face of their font has a glyph for.

A character without one would print as nothing, or as a box, and a page must not say less than the
record does; so whatever cannot be shown is named instead: ``[U+1F600 not printable here]``.  Named
too are characters that show nothing themselves, such as those that turn the direction of what
follows: they can make a page read otherwise than it was written.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

FACES = ("SourceSansPro-Regular.ttf", "SourceSansPro-Semibold.ttf")
"""The only faces that our pages are set in."""

UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
"""Categories of characters that show nothing, or nothing that is agreed on."""

TURNING = {"R", "AL", "AN"}
"""Directions of characters beside which others are set in another order."""

MARK = re.compile(r"\[U\+[0-9A-F]{4,6}(?: U\+[0-9A-F]{4,6})* not printable here\]")
"""What stands where characters could not be printed."""


def face(name: str) -> Traversable:
    """Return the file of a face of the font."""
    return files("font_source_sans_pro").joinpath("files", name)


@cache
def shown() -> frozenset[str]:
    """Return the characters that can be shown."""
    mapped = (frozenset(_mapped(face(name).read_bytes())) for name in FACES)
    return frozenset(
        letter
        for letter in map(chr, frozenset.intersection(*mapped))
        if unicodedata.category(letter) not in UNSEEN
        and unicodedata.bidirectional(letter) not in TURNING
    )


def named(text: str, missing: Counter[str]) -> str:
    """Return a text as it can be printed, and count in ``missing`` what is only named in it.

    Ends of lines become line feeds and tabs four spaces; no other character is changed silently.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")

    def name(run: re.Match[str]) -> str:
        missing.update(run[0])
        return f"[{' '.join(f'U+{ord(letter):04X}' for letter in run[0])} not printable here]"

    return _unshown().sub(name, text)


@cache
def _unshown() -> re.Pattern[str]:
    return re.compile(f"[^\n{''.join(re.escape(letter) for letter in sorted(shown()))}]+")


def _mapped(font: bytes) -> Iterator[int]:
    """Yield the characters that a TrueType font maps to a glyph (OpenType, cmap 4 and 12)."""
    start = _table(font, b"cmap")
    (count,) = struct.unpack_from(">H", font, start + 2)
    for number in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", font, start + 4 + 8 * number)
        form = struct.unpack_from(">H", font, start + offset)[0]
        if (platform, encoding, form) == (3, 1, 4):
            yield from _segments(font, start + offset)
        elif (platform, encoding, form) == (3, 10, 12):
            yield from _groups(font, start + offset)


def _table(font: bytes, tag: bytes) -> int:
    for number in range(struct.unpack_from(">H", font, 4)[0]):
        name, _, offset, _ = struct.unpack_from(">4sIII", font, 12 + 16 * number)
        if name == tag:
            return int(offset)
    raise ValueError("A font without characters")


def _segments(font: bytes, at: int) -> Iterator[int]:
    """Yield what a table of format 4 maps: segments of the basic plane, by deltas or offsets."""
    size = struct.unpack_from(">H", font, at + 6)[0]
    for here in range(at + 14, at + 14 + size, 2):
        (end,) = struct.unpack_from(">H", font, here)
        (first,) = struct.unpack_from(">H", font, here + size + 2)
        (delta,) = struct.unpack_from(">H", font, here + 2 * size + 2)
        place = here + 3 * size + 2
        (offset,) = struct.unpack_from(">H", font, place)
        for code in range(first, min(end, 0xFFFE) + 1):
            glyph = code
            if offset:
                glyph = struct.unpack_from(">H", font, place + offset + 2 * (code - first))[0]
            if (not offset or glyph) and (glyph + delta) % 0x10000:
                yield code


def _groups(font: bytes, at: int) -> Iterator[int]:
    """Yield what a table of format 12 maps: groups of any plane."""
    for number in range(struct.unpack_from(">I", font, at + 12)[0]):
        first, last, glyph = struct.unpack_from(">III", font, at + 16 + 12 * number)
        yield from (code for code in range(first, last + 1) if glyph + code - first)
