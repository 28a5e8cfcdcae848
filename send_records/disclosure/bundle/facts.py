"""What stands on a page of a PDF, measured by what pdfium draws of it.  Runs in a child."""

from __future__ import annotations

import ctypes
import math
from collections import Counter
from contextlib import closing
from typing import Any

import pypdfium2
from pypdfium2 import raw

from send_records.disclosure.bundle.pages import Box, Matrix, PageFacts, common, moved

DEEPEST = 8
"""Drawings within drawings are followed so far."""

LARGEST = 14_400.0
"""No page is wider or higher (ISO 32000-1, Annex C)."""

WHITE = (255, 255, 255)
UNMOVED: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
INVISIBLE = raw.FPDF_TEXTRENDERMODE_INVISIBLE


def facts_of(pdf: pypdfium2.PdfDocument, number: int, notes: int = 0) -> PageFacts:
    """Return what stands on a page, which is to be flattened already.

    Raise ValueError for a page of no size.  ``as_image`` is set if words lie where no reader shows
    them, so that it must not come over as it is.
    """
    page = pdf[number]
    with closing(page), closing(page.get_textpage()) as words:
        crop = tuple(page.get_bbox())
        if not all(math.isfinite(side) and abs(side) < LARGEST * 2 for side in crop):
            raise ValueError("a page is of no size")
        seen = _Seen(crop, words.raw)
        for n in range(raw.FPDFPage_CountObjects(page.raw)):
            seen.look(raw.FPDFPage_GetObject(page.raw, n), UNMOVED, crop, 0)
        facts = PageFacts(
            crop,
            page.get_rotation() % 360,
            text=words.get_text_range(errors="replace"),
            sizes=dict(sorted(seen.sizes.items())),
            notes=notes,
            fonts_missing=seen.fonts_missing,
            as_image=seen.hidden,
            ink=seen.ink,
        )
    if facts.width < 1 or facts.height < 1:
        raise ValueError("a page is of no size")
    return facts if seen.ink is None else _upright(facts, seen.ink)


def _upright(facts: PageFacts, ink: Box) -> PageFacts:
    return PageFacts(
        facts.crop,
        facts.turned,
        moved(ink, facts.upright),
        facts.text,
        facts.sizes,
        facts.notes,
        facts.fonts_missing,
        facts.as_image,
    )


class _Seen:
    """What was seen of the objects of one page, looked at one by one."""

    def __init__(self, crop: Box, words: Any) -> None:
        self.crop = crop
        self.words = words
        self.ink: Box | None = None
        self.sizes: Counter[float] = Counter()
        self.fonts_missing = False
        self.hidden = False
        self._embedded: dict[int, bool] = {}

    def look(self, thing: Any, by: Matrix, within: Box, depth: int) -> None:
        """Take account of one object, and of what is drawn within it."""
        kind = raw.FPDFPageObj_GetType(thing)
        bounds = moved(_bounds(thing), by)
        shown = common(bounds, within)
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            self._look_at_text(thing, by, shown)
        elif kind == raw.FPDF_PAGEOBJ_FORM and depth < DEEPEST:
            inner = _joined(_matrix(thing), by)
            for n in range(raw.FPDFFormObj_CountObjects(thing)):
                self.look(raw.FPDFFormObj_GetObject(thing, n), inner, shown or within, depth + 1)
            return
        elif kind == raw.FPDF_PAGEOBJ_PATH and not _leaves_ink(thing):
            return
        if shown is not None:
            self.ink = shown if self.ink is None else _around(self.ink, shown)

    def _look_at_text(self, thing: Any, by: Matrix, shown: Box | None) -> None:
        count = raw.FPDFTextObj_GetText(thing, self.words, None, 0) // 2 - 1
        if count < 1:
            return
        if shown is None:
            self.hidden = self.hidden or not _blank(thing, self.words)
            return
        if raw.FPDFTextObj_GetTextRenderMode(thing) == INVISIBLE:
            return
        self.sizes[round(_points(thing, by), 2)] += count
        font = raw.FPDFTextObj_GetFont(thing)
        key = ctypes.addressof(font.contents)
        if key not in self._embedded:
            self._embedded[key] = raw.FPDFFont_GetIsEmbedded(font) == 1
        self.fonts_missing = self.fonts_missing or not self._embedded[key]


def _bounds(thing: Any) -> Box:
    sides = [ctypes.c_float() for _ in range(4)]
    raw.FPDFPageObj_GetBounds(thing, *sides)
    left, bottom, right, top = (side.value for side in sides)
    return left, bottom, right, top


def _matrix(thing: Any) -> Matrix:
    matrix = raw.FS_MATRIX()
    raw.FPDFPageObj_GetMatrix(thing, matrix)
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _joined(first: Matrix, then: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return (
        *(a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j),
        *(e * g + f * i + k, e * h + f * j + m),
    )


def _around(one: Box, other: Box) -> Box:
    left, bottom = min(one[0], other[0]), min(one[1], other[1])
    return left, bottom, max(one[2], other[2]), max(one[3], other[3])


def _points(text: Any, by: Matrix) -> float:
    """How large text is, from line to line, as it stands on the page."""
    size = ctypes.c_float()
    raw.FPDFTextObj_GetFontSize(text, size)
    _, _, c, d, _, _ = _joined(_matrix(text), by)
    return abs(size.value) * math.hypot(c, d)


def _blank(text: Any, words: Any) -> bool:
    length = raw.FPDFTextObj_GetText(text, words, None, 0)
    buffer = ctypes.create_string_buffer(length)
    raw.FPDFTextObj_GetText(
        text, words, ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)), length
    )
    return not buffer.raw.decode("utf-16-le", "replace").strip("\0 \t\r\n\u00a0")


def _leaves_ink(path: Any) -> bool:
    """Whether a shape is seen on white paper."""
    filled, stroked = ctypes.c_int(), ctypes.c_int()
    raw.FPDFPath_GetDrawMode(path, filled, stroked)
    if stroked.value:
        return True
    if not filled.value:
        return False
    colour = [ctypes.c_uint() for _ in range(4)]
    raw.FPDFPageObj_GetFillColor(path, *colour)
    return tuple(part.value for part in colour[:3]) != WHITE
