"""In which orders the letters of a page may have to be read for a phrase to be whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from send_records.disclosure.blanks import TAKEN_OUT
from send_records.disclosure.redaction.placing import (
    Word,
    columns,
    has_right_to_left,
    is_right_to_left,
    words,
)
from send_records.disclosure.redaction.reading import Letter, Shown

AROUND = 1_000
"""Letters of the pages before and after: more than a phrase may have, spaced out and all."""


@dataclass(slots=True)
class Page:
    """A page that is looked through."""

    shown: Shown
    seen: list[bool]
    """Of each letter, whether the page shows it."""
    hidden: int
    """How many words are not seen."""
    taken: list[bool]
    """Of each letter, whether it is taken out."""

    def text(self, number: int) -> str:
        """Return a letter as it is read: a block where it is taken out already."""
        return TAKEN_OUT[0] if self.taken[number] else self.shown.letters[number].text


Places = list[tuple[str, int, int]]
"""Characters, each with the side it is of (-1 the page before, 0 the page, 1 the page after) and
its number there; a number of -1 is of what only parts words."""


def orders(before: Page | None, page: Page, after: Page | None) -> Iterator[Places]:
    """Yield the orders to look in: the file's, with and without what is not seen; the columns'."""
    for only_seen in (False, True):
        order: Places = []
        for side, one in ((-1, before), (0, page), (1, after)):
            if one is not None:
                order += _in_order(one, side, only_seen)
        yield order
    letters = page.shown.letters
    ways = [_as_read]
    if any(has_right_to_left(letter.text) for letter in letters):
        ways.append(_as_drawn)  # in what order a PDF has words of both directions nobody can tell
    for lines in columns(words(letters, [n for n, seen in enumerate(page.seen) if seen])):
        for way in ways:
            column: Places = []
            for word in chain.from_iterable(way(line, letters) for line in lines):
                column += [(page.text(number), 0, number) for number in word]
                column.append((" ", 0, -1))
            yield column


def _in_order(page: Page, side: int, only_seen: bool) -> Places:
    numbers = [n for n, seen in enumerate(page.seen) if seen or not only_seen]
    some = {-1: numbers[-AROUND:], 0: numbers, 1: numbers[:AROUND]}[side]
    letters = page.shown.letters
    text = page.text if side == 0 else lambda number: letters[number].text
    return [*((text(number), side, number) for number in some), ("\n", side, -1)]


def _as_read(line: Sequence[Word], letters: Sequence[Letter]) -> Iterator[tuple[int, ...]]:
    """Yield words of a line as they are read: those from right to left beginning at the right."""
    backwards: list[tuple[int, ...]] = []
    for word in line:
        if is_right_to_left("".join(letters[number].text for number in word.letters)):
            backwards.append(word.letters)
            continue
        yield from reversed(backwards)
        backwards = []
        yield word.letters
    yield from reversed(backwards)


def _as_drawn(line: Sequence[Word], letters: Sequence[Letter]) -> Iterator[tuple[int, ...]]:
    """Yield words of a line, and their letters, from left to right."""
    for word in line:
        yield tuple(sorted(word.letters, key=lambda number: letters[number].box.left))
