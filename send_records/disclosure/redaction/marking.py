"""Which letters of which page are to be taken out: those of the phrases, wherever they stand.

A page is looked at with the end of the one before and the beginning of the one after it, so that a
phrase over the turn of a page is found too, while no more of a long file is held than that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from PIL import Image

from send_records.disclosure.redaction.boxes import Box, together
from send_records.disclosure.redaction.orders import Page, Places, orders
from send_records.disclosure.redaction.placing import words
from send_records.disclosure.redaction.reading import Letter, Shown, contrast
from send_records.disclosure.redaction.words import UNKNOWN, Phrases

CONTRAST = 24
"""Of 255: how much darker than its ground the faintest letter is that is still seen."""

EDGE = 0.15
"""Of the height of a word, above and below."""

LARGE_PICTURE = 0.2
"""Of a page: a picture from this size on may be of a page itself, with words in it."""

FEW = 10
"""Letters on such a picture, fewer than which do not tell what words are in it."""

MANY_UNKNOWN = 0.25
"""Of all letters of a page: if so many are unknown, phrases cannot be looked for on it."""


@dataclass(frozen=True, slots=True)
class Marked:
    """A page, and what is to become of it."""

    shown: Shown
    seen: tuple[bool, ...]
    """Of each letter, whether the page shows it."""
    taken: tuple[bool, ...]
    """Of each letter, whether it is to be taken out."""
    notes: tuple[Box, ...]
    """Comments and fields that hold a phrase: they are taken out whole."""
    hidden: int
    """How many words of it are not seen."""
    unread: bool
    """Whether it shows something in which words could not be looked for."""


def marked(pages: Iterable[Shown], phrases: Phrases, found: Counter[int]) -> Iterator[Marked]:
    """Yield each page, marked; count in ``found`` where each phrase stood, by its number from 0."""
    before: Page | None = None
    page: Page | None = None
    for shown in pages:
        after = _seen(shown)
        if page is not None:
            yield _marked(before, page, after, phrases, found)
        before, page = page, after
    if page is not None:
        yield _marked(before, page, None, phrases, found)


def _seen(shown: Shown) -> Page:
    """Tell what a page shows of its letters: a word of which all is of one shade is not there."""
    seen, hidden = [True] * len(shown.letters), 0
    for word in words(shown.letters, range(len(shown.letters))):
        place = together([shown.letters[number].ink for number in word.letters])
        if not _is_plain(shown.picture, _core(word.box if place.is_empty() else place, word.turns)):
            continue
        hidden += 1
        for number in word.letters:
            seen[number] = False
    return Page(shown, seen, hidden, [False] * len(shown.letters))


def _core(box: Box, turns: int) -> Box:
    """Return a word's box without its edges, where the lines of a table may be, or other words."""
    across, down = EDGE * (box.right - box.left), EDGE * (box.bottom - box.top)
    if turns % 2:
        return box._replace(left=box.left + across, right=box.right - across)
    return box._replace(top=box.top + down, bottom=box.bottom - down)


def _is_plain(picture: Image.Image, place: Box) -> bool:
    left, top = max(0, int(place.left)), max(0, int(place.top))
    right = min(picture.width, int(place.right) + 1)
    bottom = min(picture.height, int(place.bottom) + 1)
    if left >= right or top >= bottom:
        return True
    return contrast(picture.crop((left, top, right, bottom))) < CONTRAST


def _marked(
    before: Page | None, page: Page, after: Page | None, phrases: Phrases, found: Counter[int]
) -> Marked:
    counted: set[tuple[int, int]] = set()
    before_this = -1
    while len(counted) > before_this:  # for what is taken out may leave a word beside it alone
        before_this = len(counted)
        for order in orders(before, page, after):
            for phrase, letters in _found(order, phrases):
                own = {(phrase, number) for side, number in letters if side == 0}
                if own <= counted:
                    continue
                found[phrase] += letters[0][0] == 0  # else counted on the page it begins on
                counted |= own
        touching = _take(page, {number for _, number in counted})
        if not touching:
            break
    return Marked(
        page.shown,
        tuple(page.seen),
        tuple(page.taken),
        tuple(_notes(page, phrases, counted, found)),
        page.hidden,
        _is_unread(page),
    )


def _found(order: Places, phrases: Phrases) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Yield each phrase that stands in an order of letters, with the letters it is made of."""
    text = "".join(character for character, _, _ in order)
    for span in phrases.spans(text):
        letters = [
            (side, number) for _, side, number in order[span.start : span.end] if number >= 0
        ]
        if letters:
            yield span.phrase, letters


def _take(page: Page, numbers: set[int]) -> bool:
    """Take letters out; return whether one of them is part of a longer word."""
    for number in numbers:
        page.taken[number] = True
    letters = page.shown.letters
    return any(
        0 <= beside < len(letters) and not page.taken[beside] and letters[beside].text.isalnum()
        for number in numbers
        for beside in (number - 1, number + 1)
    )


def _notes(
    page: Page, phrases: Phrases, taken: set[tuple[int, int]], found: Counter[int]
) -> Iterator[Box]:
    """Yield where comments and fields are that hold a phrase; count it unless it is drawn there."""
    letters = page.shown.letters
    for note in page.shown.notes:
        held = phrases.stand_in(note.text) if note.drawn else set()
        for phrase in held:
            on_it = any(
                one == phrase and letters[number].box.meets(note.box) for one, number in taken
            )
            found[phrase] += not on_it
        if held:
            yield note.box


def _is_unread(page: Page) -> bool:
    """Whether a page shows something, and too little text to look for words in it."""
    shown = page.shown
    letters = [
        letter
        for letter, seen in zip(shown.letters, page.seen, strict=True)
        if seen and not letter.is_gap
    ]
    if not letters:
        return contrast(shown.picture) >= CONTRAST
    if sum(letter.text == UNKNOWN for letter in letters) > MANY_UNKNOWN * len(letters):
        return True
    return any(_is_wordless(picture, shown.picture, letters) for picture in shown.pictured)


def _is_wordless(box: Box, picture: Image.Image, letters: Sequence[Letter]) -> bool:
    left, top = max(box.left, 0.0), max(box.top, 0.0)
    right, bottom = min(box.right, picture.width), min(box.bottom, picture.height)
    if (right - left) * (bottom - top) < LARGE_PICTURE * picture.width * picture.height:
        return False
    upon = sum(
        left <= (letter.box.left + letter.box.right) / 2 <= right
        and top <= (letter.box.top + letter.box.bottom) / 2 <= bottom
        for letter in letters
    )
    return upon < FEW
