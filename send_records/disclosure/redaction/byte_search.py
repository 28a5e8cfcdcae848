"""Phrases in bytes of which nothing is known: written in any of the ways in which files hold text.

Among bytes that are no text, such as a picture's, three letters of a name come together by chance;
so short ones count only in a stretch that could be text.
"""

from __future__ import annotations

import re
import unicodedata
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

from send_records.disclosure.redaction.words import UNKNOWN, Phrases, folded, stands_alone

SHORT = 7
"""Letters: a shorter phrase counts only within text."""

TOO_SHORT = 3
"""Letters: a shorter phrase is looked for in what is read as text only."""

TEXT_RUN = 16
"""Bytes, one after another, that can be printed: so many among noise come once in millions."""

GAPS = (" ", "", "_", "-", "+", ".", "%20", "#20", "\n", "\r\n")

FORMS: tuple[Literal["NFC", "NFD"], ...] = ("NFC", "NFD")

CODECS = ("utf-8", "utf-16-be", "utf-16-le", "latin-1", "mac_roman")

PRINTED = re.compile(rb"[\t\n\r\x20-\x7e\xa0-\xff]")

WORDS_OF_FORMAT = """
adobe annot art author bag bdc bleed bmc body bold border bt cap caption catalog count courier
creator crop data def description dest device div dss dup em emc encoding end ends et figure
filter first flags flate font for form format get group head height helvetica identity image
index info keywords kids lang last layout length link marked mask media name names new next note
obj oblique off on order ordering page pages parent part pattern pop prev producer properties
put quote rect registry resources roman root scn sect seq serif shading size span state stream
subject supplement table text times title tm trim type usage version view width
"""

FORMAT = frozenset(WORDS_OF_FORMAT.split())
"""Words of the format itself, folded, that are names of people too (a Mr Page, a Ms Art):
they are looked for in what is written, not in how it is."""


def is_format(phrase: str) -> bool:
    """Whether a phrase is a word of the format itself."""
    return folded(phrase).strip() in FORMAT


@dataclass(frozen=True, slots=True)
class _Needle:
    phrase: int
    data: bytes
    codec: str
    before: bool
    """Whether another letter before it makes it another word."""
    after: bool
    short: bool


class Needles:
    """Phrases as bytes, in many ways."""

    def __init__(self, phrases: Sequence[str], *, of_format: bool = True) -> None:
        """Of phrases that are words of the format none is looked for unless ``of_format``."""
        self._needles = [
            needle
            for number, phrase in enumerate(phrases)
            if of_format or not is_format(phrase)
            for needle in _needles(number, phrase)
        ]

    def stand_in(self, data: bytes) -> set[int]:
        """Return which of them, by their numbers from 0, stand in some bytes."""
        low = data.lower()
        found: set[int] = set()
        for needle in self._needles:
            if needle.phrase not in found and _stands(needle, low):
                found.add(needle.phrase)
        return found


def _needles(number: int, phrase: str) -> Iterator[_Needle]:
    letters = [letter for letter in phrase if letter.isalnum()]
    if len(letters) < TOO_SHORT:
        return
    before, after = stands_alone(folded(letters[0])[:1]), stands_alone(folded(letters[-1])[-1:])
    seen: set[bytes] = set()
    cases = (phrase, phrase.lower(), phrase.upper(), phrase.title(), phrase.casefold())
    for case, form, gap, codec in product(cases, FORMS, GAPS, CODECS):
        text = unicodedata.normalize(form, gap.join(case.split()))
        try:
            plain = text.encode(codec).lower()
        except UnicodeEncodeError:
            continue
        hexed = (plain.hex().encode(), "hex") if len(letters) >= SHORT else (b"", "hex")
        for data, how in ((plain, codec), hexed):
            if data and data not in seen:
                seen.add(data)
                alone = how != "hex"
                short = len(letters) < SHORT
                yield _Needle(number, data, how, alone and before, alone and after, short)


def _stands(needle: _Needle, low: bytes) -> bool:
    at = low.find(needle.data)
    while at >= 0:
        end = at + len(needle.data)
        if _is_whole(needle, low, at, end) and _is_likely(needle, low, at, end):
            return True
        at = low.find(needle.data, at + 1)
    return False


def _is_whole(needle: _Needle, low: bytes, at: int, end: int) -> bool:
    wide = 2 if needle.codec.startswith("utf-16") else 1
    if needle.codec == "utf-8":
        ahead = low[max(0, at - 4) : at].decode("utf-8", "ignore")[-1:]
        behind = low[end : end + 4].decode("utf-8", "ignore")[:1]
    else:
        ahead = low[max(0, at - wide) : at].decode(needle.codec, "ignore") if needle.before else ""
        behind = low[end : end + wide].decode(needle.codec, "ignore") if needle.after else ""
    return not (needle.before and ahead.isalnum()) and not (needle.after and behind.isalnum())


def _is_likely(needle: _Needle, low: bytes, at: int, end: int) -> bool:
    if not needle.short or needle.codec.startswith("utf-16"):
        return True
    start = at
    while start > 0 and at - start < TEXT_RUN and PRINTED.match(low, start - 1):
        start -= 1
    while end < len(low) and end - start < TEXT_RUN and PRINTED.match(low, end):
        end += 1
    whole = start == 0 and end == len(low)
    return whole or end - start >= TEXT_RUN


LITERAL = re.compile(rb"\(((?:[^()\\]|\\.)*)\)", re.DOTALL)

HEXADECIMAL = re.compile(rb"<([0-9A-Fa-f\s]{4,})>")

ESCAPE = re.compile(rb"\\([0-7]{1,3}|\r\n|.)", re.DOTALL)

OCTAL = tuple(b"%d" % digit for digit in range(8))

ESCAPED = {
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"b": b"\b",
    b"f": b"\f",
    b"\n": b"",
    b"\r\n": b"",
}


def strings(data: bytes) -> bytes:
    """Return the strings that are written in some source of PDF, joined."""
    pieces = [ESCAPE.sub(_unescaped, one) for one in LITERAL.findall(data)]
    for one in HEXADECIMAL.findall(data):
        digits = b"".join(one.split()).decode()
        pieces.append(bytes.fromhex(digits + "0" * (len(digits) % 2)))
    return b"".join(pieces)


def _unescaped(match: re.Match[bytes]) -> bytes:
    what = match[1]
    octal = what[:1] in OCTAL
    return bytes([int(what, 8) % 256]) if octal else ESCAPED.get(what, what)


def read(data: bytes, phrases: Phrases) -> set[int]:
    """Return which phrases, by their numbers from 0, stand in bytes that may be text."""
    codecs = ["utf-8", "latin-1"]
    if data[:2] in (BOM_UTF16_BE, BOM_UTF16_LE):
        codecs.append("utf-16")
    return set[int]().union(
        *(
            phrases.stand_in(data.decode(codec, "replace").replace(UNKNOWN, "\ufffd"))
            for codec in codecs
        )
    )
