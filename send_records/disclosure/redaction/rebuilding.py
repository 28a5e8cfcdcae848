"""Pages made anew: a picture in which what is taken out is black, and under it, unseen, the words
that are left, at their places.

Nothing else of the file that was redacted is in what comes out: no metadata, bookmark, comment,
field, attachment, script, layer, name, earlier version nor part of a page.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import pikepdf
from pikepdf import Dictionary
from PIL import Image, ImageDraw

from send_records.disclosure.blanks import TAKEN_OUT
from send_records.disclosure.redaction import unseen_font
from send_records.disclosure.redaction.boxes import Box, goes_on, turned
from send_records.disclosure.redaction.marking import Marked
from send_records.disclosure.redaction.outcome import NotRedactable, Quality
from send_records.disclosure.redaction.pictures import Encoded, encoded
from send_records.disclosure.redaction.placing import is_right_to_left, words
from send_records.disclosure.redaction.reading import Letter
from send_records.disclosure.redaction.words import BROKEN, UNKNOWN

if TYPE_CHECKING:
    from send_records.aggregates.items import PageArea

PADDING = 0.12
"""By how much a black box is larger on each side than the letters, in heights of them; of letters
that lean, or that a scan's text misplaces a little, nothing is to be seen."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Letters that are drawn in one, unseen."""

    text: str
    box: Box
    turns: int
    gap: bool
    """Whether a space comes after it."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """A page of the result."""

    picture: Encoded
    pieces: tuple[Piece, ...]
    width: float
    height: float
    """In points."""


def rebuilt(page: Marked, areas: Sequence[PageArea], quality: Quality) -> Rebuilt:
    """Return a page without what was marked on it, and without these areas."""
    shown = page.shown
    picture = shown.picture
    blackened = [*(_area(area, picture) for area in areas), *map(_padded, page.notes)]
    covered = [any(letter.ink.meets(box) for box in blackened) for letter in shown.letters]
    runs = _runs(page)
    boxes = [box for run in runs for box in _boxes(shown.letters, run)]
    drawing = ImageDraw.Draw(picture)
    for box in [*blackened, *(_padded(box) for box in boxes)]:
        drawing.rectangle((int(box.left), int(box.top), int(box.right), int(box.bottom)), fill=0)
    pieces = [*_pieces(page, covered, runs), *(_mark(box) for box in blackened)]
    return Rebuilt(encoded(picture, quality), tuple(pieces), shown.width, shown.height)


def _area(area: PageArea, picture: Image.Image) -> Box:
    across, down = picture.width / 100, picture.height / 100
    return Box(
        float(area.left) * across - 1,
        float(area.top) * down - 1,
        float(area.right) * across + 1,
        float(area.bottom) * down + 1,
    )


def _padded(box: Box) -> Box:
    by = max(2.0, PADDING * min(box.bottom - box.top, box.right - box.left))
    return Box(box.left - by, box.top - by, box.right + by, box.bottom + by)


def _runs(page: Marked) -> list[list[int]]:
    """Return the letters that are taken out and stand one after another, by their numbers."""
    runs: list[list[int]] = []
    last = None
    for number, (letter, taken) in enumerate(zip(page.shown.letters, page.taken, strict=True)):
        if taken:
            if last is None:
                runs.append([])
            runs[-1].append(number)
            last = number
        elif not letter.is_gap:
            last = None
    return runs


def _boxes(letters: Sequence[Letter], run: list[int]) -> Iterator[Box]:
    """Yield the boxes that cover letters: one for each line, without gaps to look through."""
    whole: Box | None = None
    for number in run:
        letter = letters[number]
        if letter.box.is_empty():
            continue
        if whole is None:
            whole = letter.box
        elif goes_on(turned(whole, letter.turns), turned(letter.box, letter.turns)):
            whole = whole.with_(letter.box)
        else:
            yield whole
            whole = letter.box
    if whole is None and any(not letters[number].is_gap for number in run):
        raise NotRedactable("Words to be taken out stand nowhere on their page: withhold it")
    if whole is not None:
        yield whole


def is_taken(page: Marked, number: int) -> bool:
    """Whether a letter, by its number, is not to be in the result: taken out, or not seen."""
    return page.taken[number] or not page.seen[number]


def _mark(box: Box) -> Piece:
    return Piece(TAKEN_OUT, box, 0, True)


def _pieces(page: Marked, covered: Sequence[bool], runs: list[list[int]]) -> Iterator[Piece]:
    """Yield what is left, in its order, with a mark at each place where words are taken out."""
    letters = page.shown.letters
    begins = {run[0]: run for run in runs}
    kept: list[int] = []
    for number, letter in enumerate(letters):
        if run := begins.get(number):
            yield from _words(letters, kept)
            kept = []
            yield from (_mark(box) for box in list(_boxes(letters, run))[:1])
        if letter.is_gap or not (is_taken(page, number) or covered[number]):
            kept.append(number)
    yield from _words(letters, kept)


def _words(letters: Sequence[Letter], numbers: list[int]) -> Iterator[Piece]:
    gaps = {after: letters[number].is_gap for after, number in pairwise(numbers)}
    for word in words(letters, numbers):
        text = "".join(letters[number].text for number in word.letters)
        broken = any(letter in BROKEN for letter in text)
        text = text.replace(BROKEN[0], "-").replace(BROKEN[1], "-").replace(UNKNOWN, "")
        if is_right_to_left(text):
            text = text[::-1]  # as drawn, from left to right, as in any PDF
        if text and not word.box.is_empty():
            yield Piece(
                text, word.box, word.turns, gaps.get(max(word.letters), True) and not broken
            )


def assembled(pages: Iterator[Rebuilt]) -> bytes:
    """Return a PDF of pages, and of nothing else; the same pages give the same bytes."""
    with pikepdf.new() as pdf:
        drawn = []
        for page in pages:
            drawn.append((_page(pdf, page), page))
        letters = {letter for _, page in drawn for piece in page.pieces for letter in piece.text}
        if len(letters) > unseen_font.MOST_LETTERS:
            raise NotRedactable("It has more different letters than any script: withhold it")
        numbers = unseen_font.numbered(sorted(letters))
        font = unseen_font.font(pdf, numbers)
        for made, page in drawn:
            made.Resources.Font = Dictionary(F=font)
            made.Contents = pdf.make_stream(_drawing(page, numbers))
        out = io.BytesIO()
        pdf.save(
            out,
            deterministic_id=True,
            compress_streams=True,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            min_version="1.7",
        )
    return out.getvalue()


def _page(pdf: pikepdf.Pdf, page: Rebuilt) -> pikepdf.Page:
    made = pdf.add_blank_page(page_size=(page.width, page.height))
    made.Resources = Dictionary(XObject=Dictionary(P=page.picture.stream(pdf)))
    return made


def _drawing(page: Rebuilt, numbers: dict[str, int]) -> bytes:
    """Return the operators that draw a page: the unseen words first, and the picture over them."""
    scale = page.width / page.picture.width
    lines = ["BT 3 Tr"]
    lines += [_drawn(piece, page, scale, numbers) for piece in page.pieces]
    lines += ["ET", f"q {page.width:.4f} 0 0 {page.height:.4f} 0 0 cm /P Do Q"]
    return "\n".join(lines).encode("ascii")


def _drawn(piece: Piece, page: Rebuilt, scale: float, numbers: dict[str, int]) -> str:
    left, top, right, bottom = (edge * scale for edge in piece.box)
    across, down = max(right - left, 0.1), max(bottom - top, 0.1)
    upright = piece.turns % 2 == 0
    length, size = (across, down) if upright else (down, across)
    width = 100 * length / (len(piece.text) * size * unseen_font.WIDTH / unseen_font.UNITS)
    rise = -size * unseen_font.DESCENT / unseen_font.UNITS
    low, high = page.height - bottom, page.height - top
    place = {
        0: (1, 0, 0, 1, left, low + rise),
        1: (0, 1, -1, 0, right - rise, low),
        2: (-1, 0, 0, -1, right, high - rise),
        3: (0, -1, 1, 0, left + rise, high),
    }[piece.turns]
    matrix = " ".join(f"{number:.2f}" for number in place)
    text = "".join(f"{numbers[letter]:04X}" for letter in piece.text + " " * piece.gap)
    return f"/F {size:.2f} Tf {width:.2f} Tz {matrix} Tm <{text}> Tj"
