"""Taking words out of a text of our own: what stands where they stood is of one length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from send_records.disclosure.blanks import TAKEN_OUT
from send_records.disclosure.redaction.words import Phrases

ENDS = " .,;:!?"
"""What a sentence may have lost from the end of the words it repeats: see ``telling``."""


class Takes:
    """Words that are taken out, wherever they stand: see ``redaction.words``, which finds them in
    documents in the same way.

    ``texts`` are those of the item: words that stand in none of them as whole words were meant as
    a part of one, and are taken out as such.
    """

    def __init__(self, phrases: Sequence[str], texts: Iterable[str] = ()) -> None:
        shorter = [_shorter(phrase) for phrase in phrases]
        self._phrases = Phrases([*phrases, *shorter])
        found = {number % len(phrases) for text in texts for number in self._phrases.stand_in(text)}
        self._parts = [each for number, each in enumerate(phrases) if number not in found]

    def out_of(self, text: str) -> tuple[str, int]:
        """Return a text without the words, and in how many places they stood."""
        spans = [(span.start, span.end) for span in self._phrases.spans(text)]
        for part in self._parts:
            spans += _anywhere(part, text)
        pieces, at, times = [], 0, 0
        for start, end in _merged(spans):
            pieces += [text[at:start], TAKEN_OUT]
            at, times = end, times + 1
        return "".join([*pieces, text[at:]]), times


def taken_out(text: str, phrases: Sequence[str]) -> str:
    """Return a text without some words, wherever they stand in it as whole words."""
    return Takes(phrases, [text]).out_of(text)[0] if phrases else text


def _shorter(phrase: str) -> str:
    """Return words without the end of their sentence; an initial keeps its point."""
    shorter = phrase.strip(ENDS)
    return shorter if len(shorter) > 5 else phrase


def _merged(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield spans in order, those that meet as one."""
    start, end = -1, -1
    for first, last in sorted(spans):
        if first > end:
            if end > 0:
                yield start, end
            start, end = first, last
        end = max(end, last)
    if end > 0:
        yield start, end


def _anywhere(part: str, text: str) -> list[tuple[int, int]]:
    """Return where a part of a word stands in a text: in capitals or not, over any blanks."""
    wanted = " ".join(part.split()).casefold()
    plain: list[str] = []
    places: list[int] = []
    for place, letter in enumerate(text):
        folded = " " if letter.isspace() else letter.casefold()
        if folded == " " and plain[-1:] == [" "]:
            continue
        plain += folded
        places += [place] * len(folded)
    joined, found = "".join(plain), []
    at = joined.find(wanted) if wanted else -1
    while at >= 0:
        found.append((places[at], places[at + len(wanted) - 1] + 1))
        at = joined.find(wanted, at + len(wanted))
    return found
