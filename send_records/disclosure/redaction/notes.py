"""What is attached to a page: comments, and the fields of forms, with the words that they hold.

Whoever opens the file may see a comment's words drawn by another program, with another font: so
what it holds is looked through too, not only what is drawn here, and of one that holds a phrase all
is taken out.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from send_records.disclosure.redaction.boxes import Box

CLOSED = {raw.FPDF_ANNOT_TEXT, raw.FPDF_ANNOT_POPUP, raw.FPDF_ANNOT_FILEATTACHMENT}
"""Kinds that show a sign, and their words when it is clicked on."""

BY_ITSELF = {raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_LINK}
"""Kinds whose words are all on the page, or are none of it."""


@dataclass(frozen=True, slots=True)
class Note:
    """A comment, or a field of a form."""

    text: str
    """What it says, and what a field is filled with."""
    box: Box
    """Left, bottom, right, top, in the page's own units; then in dots."""
    drawn: bool
    """Whether it is drawn on the page, be it as a sign or a mark."""
    unprinted: bool
    """Whether it has words that the page does not show."""


def attached(pdf: pdfium.PdfDocument, page: pdfium.PdfPage) -> Iterator[Note]:
    """Yield what is attached to a page, before it is drawn into it."""
    for index in range(raw.FPDFPage_GetAnnotCount(page)):
        if comment := raw.FPDFPage_GetAnnot(page, index):
            yield _note(pdf, comment)
            raw.FPDFPage_CloseAnnot(comment)


def _note(pdf: pdfium.PdfDocument, comment: Any) -> Note:
    kind, rect = raw.FPDFAnnot_GetSubtype(comment), raw.FS_RECTF()
    raw.FPDFAnnot_GetRect(comment, rect)
    keys = (b"Contents", b"V", b"RC")
    said = [_text(_value(comment, key)) for key in keys]
    if kind == raw.FPDF_ANNOT_WIDGET and pdf.formenv is not None:
        form = pdf.formenv
        said.append(
            _text(lambda to, size: raw.FPDFAnnot_GetFormFieldValue(form, comment, to, size))
        )
    return Note(
        "\n".join(filter(None, said)),
        Box(rect.left, rect.bottom, rect.right, rect.top),
        kind not in CLOSED and kind != raw.FPDF_ANNOT_LINK,
        kind not in BY_ITSELF and bool(said[0]),
    )


Reading = Callable[[Any, int], int]
"""How pdfium gives a text: into a buffer of so many bytes; it returns how many there are."""


def _value(comment: Any, key: bytes) -> Reading:
    return lambda to, size: int(raw.FPDFAnnot_GetStringValue(comment, key, to, size))


def _text(reading: Reading) -> str:
    length = reading(None, 0)
    room = ctypes.create_string_buffer(max(2, length))
    reading(ctypes.cast(room, ctypes.POINTER(raw.FPDF_WCHAR)), length)
    return room.raw[: max(0, length - 2)].decode("utf-16-le", "replace")
