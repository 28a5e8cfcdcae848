"""Pages of a PDF as they are shown: their letters with their places, and their picture.

Comments and the fields of forms are first drawn into the page (flattened), so that what they show
is looked through like all else.  Places are in dots of the picture, from its upper left corner.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import pypdfium2 as pdfium
import pypdfium2.raw as raw
from PIL import Image

from send_records.disclosure.redaction.boxes import NOWHERE, Box
from send_records.disclosure.redaction.notes import Note, attached
from send_records.disclosure.redaction.outcome import QUALITY, NotRedactable, Quality
from send_records.disclosure.redaction.words import BROKEN, UNKNOWN

NOT_TO_BE_READ = "The PDF is damaged, or opens with a password only"

WITHHOLD = "withhold it, or file a PDF that was printed from it."

POINTS = 72
"""An inch."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A character on a page, in the order of the file."""

    text: str
    """UNKNOWN if the file does not say which."""
    ink: Box = NOWHERE
    """What its glyph takes; of a space that only pdfium sees, nothing."""
    body: Box = NOWHERE
    """Its glyph's whole room, from ascent to descent, which lies alike for all of a line."""
    box: Box = NOWHERE
    """All that may be black of it: both."""
    turns: int = 0
    """By how many quarters to the left the line it stands in is turned."""

    @property
    def is_gap(self) -> bool:
        """Whether it only parts words."""
        return self.text.isspace()


@dataclass(frozen=True, slots=True)
class Shown:
    """A page as it is shown."""

    letters: tuple[Letter, ...]
    picture: Image.Image
    """Grey."""
    width: float
    height: float
    """In points, as it is shown: turned as the file says."""
    pictured: tuple[Box, ...]
    """Where pictures are on it."""
    notes: tuple[Note, ...]
    """Comments and fields, as they were before they were drawn into it."""


def opened(data: bytes, quality: Quality = QUALITY) -> pdfium.PdfDocument:
    """Open a PDF, for the caller to close; raise NotRedactable if it cannot be, or is hostile."""
    try:
        pdf = pdfium.PdfDocument(data)
    except pdfium.PdfiumError:
        raise NotRedactable(f"{NOT_TO_BE_READ}: {WITHHOLD}") from None
    if not 1 <= len(pdf) <= quality.most_pages:
        pdf.close()
        raise NotRedactable(f"It has no page, or over {quality.most_pages:,}: {WITHHOLD}")
    if pdf.get_formtype() in (raw.FORMTYPE_XFA_FULL, raw.FORMTYPE_XFA_FOREGROUND):
        pdf.close()
        raise NotRedactable(f"It is an XFA form, drawn by the program that opens it: {WITHHOLD}")
    pdf.init_forms()
    return pdf


def shown(pdf: pdfium.PdfDocument, number: int, quality: Quality) -> Shown:
    """Return a page, by its number from 1, as it is shown; raise NotRedactable if it cannot be."""
    try:
        page = pdf[number - 1]
        notes = list(attached(pdf, page))
        page = _flattened(pdf, page, number)
        picture = _picture(page, number, quality)
        to_dots = _to_dots(page, picture)
        width, height = page.get_size()
        return Shown(
            tuple(_letters(page, to_dots)),
            picture,
            width,
            height,
            tuple(_pictured(page, to_dots)),
            tuple(replace(note, box=to_dots.box(*note.box)) for note in notes),
        )
    except pdfium.PdfiumError:
        raise NotRedactable(f"Page {number} is damaged: {WITHHOLD}") from None


def _flattened(pdf: pdfium.PdfDocument, page: pdfium.PdfPage, number: int) -> pdfium.PdfPage:
    if not raw.FPDFPage_GetAnnotCount(page):
        return page
    page.render(scale=0.1).close()  # whereby those that only say what they look like are drawn
    if raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY) == raw.FLATTEN_FAIL:
        raise NotRedactable(f"The comments or fields of page {number} are damaged: {WITHHOLD}")
    page.close()
    return pdf[number - 1]


def _picture(page: pdfium.PdfPage, number: int, quality: Quality) -> Image.Image:
    width, height = (length / POINTS for length in page.get_size())
    if not (width > 0 and height > 0):
        raise NotRedactable(f"Page {number} has no size: {WITHHOLD}")
    dots = min(quality.dots, math.isqrt(int(quality.most_dots / (width * height))))
    if dots < quality.fewest or max(width, height) > 20 * min(width, height):
        raise NotRedactable(f"Page {number} is too large to be drawn: {WITHHOLD}")
    bitmap = page.render(
        scale=dots / POINTS, grayscale=True, draw_annots=False, may_draw_forms=False
    )
    picture: Image.Image = bitmap.to_pil().convert("L")
    bitmap.close()
    return picture


def contrast(picture: Image.Image) -> int:
    """Return by how much the lightest dot of a grey picture is lighter than its darkest."""
    histogram = picture.histogram()
    used = [level for level, count in enumerate(histogram) if count]
    return used[-1] - used[0]


class ToDots(NamedTuple):
    """How a place on a page, in its own units, becomes one on its picture."""

    x: tuple[float, float, float]
    y: tuple[float, float, float]
    turns: int

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        """Return a box in dots."""
        (a, b, c), (d, e, f) = self.x, self.y
        across = a * left + b * bottom + c, a * right + b * top + c
        down = d * left + e * bottom + f, d * right + e * top + f
        return Box(min(across), min(down), max(across), max(down))


FINE = 1_000_000
"""pdfium says where a place is on a picture in whole dots: one of so many dots is asked for."""


def _to_dots(page: pdfium.PdfPage, picture: Image.Image) -> ToDots:
    def at(x: float, y: float) -> tuple[float, float]:
        across, down = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page, 0, 0, FINE, FINE, 0, x, y, across, down)
        return across.value * picture.width / FINE, down.value * picture.height / FINE

    (x, y), (x1, y1), (x2, y2) = at(0, 0), at(100, 0), at(0, 100)
    return ToDots(
        ((x1 - x) / 100, (x2 - x) / 100, x),
        ((y1 - y) / 100, (y2 - y) / 100, y),
        page.get_rotation() // 90,
    )


def _letters(page: pdfium.PdfPage, to_dots: ToDots) -> Iterator[Letter]:
    text = page.get_textpage()
    for index, character in _characters(text):
        yield _letter(text, index, character, to_dots)
    text.close()


def characters(page: pdfium.PdfPage) -> str:
    """Return the text of a page in the order of the file, UNKNOWN for what it does not tell."""
    text = page.get_textpage()
    whole = "".join(character for _, character in _characters(text))
    text.close()
    return whole


def _characters(text: pdfium.PdfTextPage) -> Iterator[tuple[int, str]]:
    """Yield each character with its number; pdfium gives those beyond 16 bits in two halves."""
    high = 0
    for index in range(text.count_chars()):
        code = raw.FPDFText_GetUnicode(text, index)
        if 0xD800 <= code < 0xDC00:
            high = code
            continue
        if high and 0xDC00 <= code < 0xE000:
            code = 0x10000 + ((high - 0xD800) << 10) + code - 0xDC00
        high = 0
        yield index, _character(text, index, code)


def _character(text: pdfium.PdfTextPage, index: int, code: int) -> str:
    if raw.FPDFText_IsHyphen(text, index) == 1:
        return BROKEN[0]
    if raw.FPDFText_HasUnicodeMapError(text, index) == 1 or code in (0, 0xFFFD):
        return UNKNOWN
    if 0xD800 <= code < 0xE000 or code > 0x10FFFF:
        return UNKNOWN
    return chr(code)


def _letter(text: pdfium.PdfTextPage, index: int, character: str, to_dots: ToDots) -> Letter:
    if raw.FPDFText_IsGenerated(text, index) == 1 and character.isspace():
        return Letter("\n" if character in "\r\n" else " ")
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    raw.FPDFText_GetCharBox(text, index, left, right, bottom, top)
    loose = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(text, index, loose)
    angle = raw.FPDFText_GetCharAngle(text, index)
    ink = to_dots.box(left.value, bottom.value, right.value, top.value)
    body = to_dots.box(loose.left, loose.bottom, loose.right, loose.top)
    return Letter(
        character,
        ink,
        body,
        ink.with_(body),
        (-round(angle / (math.pi / 2)) - to_dots.turns) % 4 if math.isfinite(angle) else 0,
    )


def _pictured(page: pdfium.PdfPage, to_dots: ToDots) -> Iterator[Box]:
    for found in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE], max_depth=5):
        yield to_dots.box(*found.get_bounds())
