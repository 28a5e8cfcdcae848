"""Where the words of a page stand to one another: which letters make a word, which words a line,
and which line goes on in which.

A PDF need not hold its text in the order in which people read it: of a table it may hold line after
line over all columns, so that a name broken in a narrow column is whole in no order of the file.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from send_records.disclosure.redaction.boxes import Box, goes_on, together, turned
from send_records.disclosure.redaction.reading import Letter
from send_records.disclosure.redaction.words import BROKEN

APART = (0.5, 1.2)
"""Gaps between two words of a line, in heights of the line, over which they may be in two columns:
the cells of a table are less apart than the words of a line that is justified."""

BELOW = 1.5
"""How far below, in heights of a line, the line may be in which it goes on."""

OVER = 4
"""Over how many lines of a column a phrase is looked for."""


@dataclass(frozen=True, slots=True)
class Word:
    """Letters that stand together, by their numbers in the page, in the order they are read in."""

    letters: tuple[int, ...]
    box: Box
    turns: int


def words(letters: Sequence[Letter], numbers: Sequence[int]) -> list[Word]:
    """Return the words that some letters of a page make."""
    found, run = [], list[int]()
    for number in numbers:
        letter = letters[number]
        if run and (letter.is_gap or _goes_elsewhere(letters[run[-1]], letter)):
            found.append(_word(letters, run))
            run = []
        if not letter.is_gap:
            run.append(number)
    if run:
        found.append(_word(letters, run))
    return found


def has_right_to_left(text: str) -> bool:
    """Whether a letter of a text is of a script that is written so."""
    return any(map(_goes_left, text))


@lru_cache(maxsize=4_096)
def _goes_left(letter: str) -> bool:
    return unicodedata.bidirectional(letter) in ("R", "AL")


def is_right_to_left(text: str) -> bool:
    """Whether most letters of a text are of a script that is written so."""
    return sum(map(_goes_left, text)) * 2 > len(text)


def _word(letters: Sequence[Letter], run: list[int]) -> Word:
    level = letters[run[0]].turns == 0
    if level and is_right_to_left("".join(letters[number].text for number in run)):
        run = sorted(run, key=lambda number: -letters[number].box.right)
    whole = together([letters[number].body for number in run])
    if whole.is_empty():
        whole = together([letters[number].ink for number in run])
    return Word(tuple(run), whole, letters[run[0]].turns)


def _goes_elsewhere(one: Letter, other: Letter) -> bool:
    """Whether a letter is none of the word of another that comes before it."""
    if one.text in BROKEN or one.turns != other.turns:
        return True
    if one.box.is_empty() or other.box.is_empty():
        return False
    return not goes_on(turned(one.box, one.turns), turned(other.box, other.turns))


@dataclass(slots=True)
class _Stretch:
    """Words of one line that stand near one another."""

    words: list[Word]
    box: Box


def columns(page: Sequence[Word]) -> Iterator[list[list[Word]]]:
    """Yield of each stretch of a line its words, and those of each line that it may go on in."""
    for turns in range(4):
        lines = _lines([word for word in page if word.turns == turns], turns)
        for apart in APART:
            stretches = [stretch for line in lines for stretch in _parted(line, apart)]
            below = [_below(stretches, number) for number in range(len(stretches))]
            for number in range(len(stretches)):
                yield _following(stretches, below, number)


def _following(stretches: list[_Stretch], below: list[int | None], number: int) -> list[list[Word]]:
    chain: list[list[Word]] = []
    at: int | None = number
    while at is not None and len(chain) < OVER:
        chain.append(stretches[at].words)
        at = below[at]
    return chain


def _lines(some: list[Word], turns: int) -> list[list[tuple[Box, Word]]]:
    """Return the words of all lines, from above to below, each with its box as it lies level."""
    placed = [(turned(word.box, turns), word) for word in some if not word.box.is_empty()]
    placed.sort(key=lambda pair: (pair[0].top + pair[0].bottom, pair[0].left))
    lines: list[list[tuple[Box, Word]]] = []
    for box, word in placed:
        if lines and _is_level(lines[-1][0][0], box):
            lines[-1].append((box, word))
        else:
            lines.append([(box, word)])
    return [sorted(line, key=lambda pair: (pair[0].left, pair[0].right)) for line in lines]


def _is_level(one: Box, other: Box) -> bool:
    middle = (other.top + other.bottom) / 2
    return one.top + 0.25 * (one.bottom - one.top) < middle < one.bottom


def _parted(line: list[tuple[Box, Word]], apart: float) -> Iterator[_Stretch]:
    stretch: _Stretch | None = None
    for box, word in line:
        height = box.bottom - box.top
        if stretch is None or box.left - stretch.box.right > apart * height:
            if stretch is not None:
                yield stretch
            stretch = _Stretch([word], box)
        else:
            stretch.words.append(word)
            stretch.box = stretch.box.with_(box)
    if stretch is not None:
        yield stretch


def _below(stretches: list[_Stretch], number: int) -> int | None:
    """Return the next stretch below one that it may go on in: it lies under it, and near."""
    one = stretches[number].box
    height = one.bottom - one.top
    for following in range(number + 1, len(stretches)):
        other = stretches[following].box
        if other.top > one.bottom + BELOW * height:
            return None
        shared = min(one.right, other.right) - max(one.left, other.left)
        if other.top > one.top + 0.4 * height and shared > 0:
            return following
    return None
