"""Where words stand in a text, however they are written there: in capitals or not, with accents or
without, with ligatures, over the end of a line, hyphenated or spaced out.

A phrase is found as whole words: "Ann" is not taken out of "planned".  In scripts whose words take
on endings, or stand together without spaces, it is found anywhere, for what is left of the word
would tell.  Where a text's own letters are not known, any letter may stand.

Every doubt is decided for finding too much.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

HYPHENS = "-\u2010\u2011\u2012\u2013\u2212\ufe63\uff0d\u05be"

APOSTROPHES = "'\u2019\u2018\u02bc\u02b9\u0060\u00b4\u2032\uff07"

UNKNOWN = "\0"
"""A letter of which a PDF does not say what it is."""

SAME = {ord(one): "-" for one in HYPHENS} | {ord(one): "'" for one in APOSTROPHES}

UNSEEN = "\u00ad\u034f\u061c\u0640\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
"""Of a character class: what shows nothing, or only lengthens.  Soft hyphens are among them."""

BROKEN = "\x02\ufffe"
"""What pdfium writes for a hyphen at the end of a line; what follows may be of another column."""

MARKS = re.compile(f"[\u0300-\u036f\u064b-\u065f\u0670\ufe00-\ufe0f{UNSEEN}]")
"""Accents and vowel points are left out on both sides: not every PDF knows them."""

WITHIN = rf"(?:[-{BROKEN}]?\s|[{BROKEN}])*"
"""What may stand between two letters of a word: spaces, ends of lines, a hyphen before one."""

BETWEEN = rf"[-\s._,+/{BROKEN}]*"
"""What may stand between two words of a phrase, in an address or the name of a file too."""

SHORT, MOST_KNOWN = 200, 10_000
"""Of texts that were looked through already: characters, and how many are remembered."""

WORDS_ALONE = ("LATIN", "GREEK", "CYRILLIC", "DIGIT")
"""Scripts, by how their letters' names begin, whose words stand alone and as they are."""


def folded(text: str) -> str:
    """Return a text as it is compared: NFKD, casefold, without accents and unseen characters."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return MARKS.sub("", plain.translate(SAME))


@dataclass(frozen=True, slots=True)
class Span:
    """That a phrase, by its number from 0, stands in a text from one place up to another."""

    start: int
    end: int
    phrase: int


class Phrases:
    """Phrases that are looked for."""

    def __init__(self, phrases: Sequence[str]) -> None:
        self.phrases = tuple(phrases)
        self._patterns = [_pattern(phrase) for phrase in phrases]
        self._known: dict[str, frozenset[int]] = {}
        """What stands in short texts: a tagged PDF has the same ones thousands of times."""

    def spans(self, text: str) -> list[Span]:
        """Return where in a text each stands, in the order of the text."""
        starts, ends, plain = _traced(text)
        found = [
            Span(starts[match.start()], ends[match.end() - 1], number)
            for number, match in self._matches(plain)
        ]
        return sorted(found, key=lambda span: (span.start, span.end, span.phrase))

    def stand_in(self, text: str) -> set[int]:
        """Return which of them, by their numbers from 0, stand in a text at all."""
        if (known := self._known.get(text)) is None:
            known = frozenset(number for number, _ in self._matches(folded(text)))
            if len(text) <= SHORT and len(self._known) < MOST_KNOWN:
                self._known[text] = known
        return set(known)

    def _matches(self, plain: str) -> Iterator[tuple[int, re.Match[str]]]:
        for number, pattern in enumerate(self._patterns):
            for match in pattern.finditer(plain) if pattern else ():
                if _known_enough(match.group()):
                    yield number, match


def _known_enough(found: str) -> bool:
    return 2 * found.count(UNKNOWN) <= sum(not letter.isspace() for letter in found)


def _traced(text: str) -> tuple[list[int], list[int], str]:
    """Return a text folded, and from where to where in it each folded letter was."""
    starts: list[int] = []
    ends: list[int] = []
    pieces: list[str] = []
    start = 0
    for end in range(1, len(text) + 1):
        if end < len(text) and unicodedata.combining(text[end]):
            continue  # NFKD may put the marks on a letter in another order
        piece = _folded_letter(text[start:end])
        starts += [start] * len(piece)
        ends += [end] * len(piece)
        pieces.append(piece)
        start = end
    return starts, ends, "".join(pieces)


@lru_cache(maxsize=4_096)
def _folded_letter(letter: str) -> str:
    return folded(letter)


def _pattern(phrase: str) -> re.Pattern[str] | None:
    """Return what finds a phrase in folded text; None of one that has no letter nor figure."""
    words = [word for word in re.split(r"[-\s]+", folded(phrase)) if word]
    if not any(map(str.isalnum, "".join(words))):
        return None
    ways = dict.fromkeys([tuple(words), *_ways_of_right_to_left(words)])
    return re.compile("|".join(map(_way, ways)))


def _ways_of_right_to_left(words: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield the other orders in which PDFs hold what is written from right to left: as drawn."""
    if any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in "".join(words)):
        yield tuple(words[::-1])
        yield tuple(word[::-1] for word in words)
        yield tuple(word[::-1] for word in words[::-1])


def _way(words: tuple[str, ...]) -> str:
    inner = BETWEEN.join(WITHIN.join(map(_letter, word)) for word in words)
    before = r"(?<![^\W_])" if stands_alone(words[0][0]) else ""
    after = r"(?![^\W_])" if stands_alone(words[-1][-1]) else ""
    return f"(?:{before}{inner}{after})"


def _letter(letter: str) -> str:
    if letter.isalnum():
        return f"[{re.escape(letter)}{UNKNOWN}]"
    return re.escape(letter)


def stands_alone(letter: str) -> bool:
    """Whether a letter is of a script whose words stand alone, each as it is."""
    return unicodedata.name(letter, "").startswith(WORDS_ALONE)
