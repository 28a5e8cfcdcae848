"""Pictures of pages, as small as they stay legible."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import pikepdf
from pikepdf import Dictionary, Name, Stream
from PIL import Image

from send_records.disclosure.redaction.outcome import Quality

PNG_HEAD = 8
"""Bytes before the first chunk of a PNG (ISO/IEC 15948, 5.2)."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A grey picture as a PDF holds it."""

    data: bytes
    width: int
    height: int
    bits: int
    """Of each dot: 8 of a JPEG, else of a PNG's rows."""

    def stream(self, pdf: pikepdf.Pdf) -> Stream:
        """Put it into a file."""
        jpeg = self.bits == 8
        made = Stream(pdf, self.data)
        made.stream_dict = Dictionary(
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=self.width,
            Height=self.height,
            ColorSpace=Name.DeviceGray,
            BitsPerComponent=self.bits,
            Filter=Name.DCTDecode if jpeg else Name.FlateDecode,
        )
        if not jpeg:
            made.stream_dict.DecodeParms = Dictionary(
                Predictor=15, Colors=1, BitsPerComponent=self.bits, Columns=self.width
            )
        return pdf.make_indirect(made)


class _Way(Protocol):
    def __call__(self, picture: Image.Image) -> Encoded: ...


def encoded(picture: Image.Image, quality: Quality) -> Encoded:
    """Return a grey picture in the first way that is small enough, or else in the smallest.

    Sixteen shades keep text sharp and small; of photographs and of scans with their noise a JPEG is
    smaller; and when none is, four shades still show what is written.
    """
    tried = []
    for made in _ways(picture, quality):
        if len(made.data) <= quality.largest:
            return made
        tried.append(made)
    return min(tried, key=lambda made: len(made.data))


def _ways(picture: Image.Image, quality: Quality) -> Iterator[Encoded]:
    yield _shades(picture, 4)
    for step in quality.steps:
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=step, optimize=True)
        yield Encoded(out.getvalue(), picture.width, picture.height, 8)
    yield _shades(picture, 2)


def _shades(picture: Image.Image, bits: int) -> Encoded:
    """Return a picture in few shades, deflated as a PNG's rows are."""
    top = 2**bits - 1
    levels = picture.point([(value * top + 127) // 255 for value in range(256)])
    indexed = Image.frombytes("P", picture.size, levels.tobytes())
    indexed.putpalette([value * 255 // top for value in range(top + 1) for _ in range(3)])
    out = io.BytesIO()
    indexed.save(out, "PNG", bits=bits, compress_level=6)
    return Encoded(_rows(out.getvalue()), picture.width, picture.height, bits)


def _rows(png: bytes) -> bytes:
    """Return what the IDAT chunks of a PNG hold, which a PDF takes as it is."""
    rows, at = b"", PNG_HEAD
    while at < len(png):
        length, kind = int.from_bytes(png[at : at + 4], "big"), png[at + 4 : at + 8]
        if kind == b"IDAT":
            rows += png[at + 8 : at + 8 + length]
        at += 12 + length
    return rows
