"""Files of every type that is known, small and whole, and ways to spoil them."""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO

OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX = f"{OFFICE}wordprocessingml.document"
XLSX = f"{OFFICE}spreadsheetml.sheet"
PPTX = f"{OFFICE}presentationml.presentation"


def archive(*names: str, comment: bytes = b"", content: bytes = b"<x/>") -> bytes:
    """Return a ZIP of entries of these names."""
    file = BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name in names:
            made.writestr(name, content)
        made.comment = comment
    return file.getvalue()


def office(part: str, *more: str, content: bytes = b"<x/>") -> bytes:
    """Return an Office file with a main part, and other parts."""
    return archive("[Content_Types].xml", "_rels/.rels", part, *more, content=content)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")


PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n9\n%%EOF\n"
PNG = (
    b"\x89PNG\r\n\x1a\n"
    + png_chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\x08\0\0\0\0")
    + png_chunk(b"IDAT", zlib.compress(b"\0\0"))
    + png_chunk(b"IEND", b"")
)
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" + bytes(range(256)) + b"\xff\xd9"
TEXT = "Dear Mrs O\u2019Neill,\r\n\tshe reads \u09ac\u09be\u0982\u09b2\u09be at home.\n".encode()
WORD = office("word/document.xml", "word/styles.xml")
EXCEL = office("xl/workbook.xml", "xl/printerSettings/printerSettings1.bin")
POWERPOINT = office("ppt/presentation.xml")

WHOLE = {
    "application/pdf": PDF,
    "image/png": PNG,
    "image/jpeg": JPEG,
    "text/plain": TEXT,
    DOCX: WORD,
    XLSX: EXCEL,
    PPTX: POWERPOINT,
}
"""A file of each type."""
