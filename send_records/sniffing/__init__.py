"""Sniffing: what a file is, by all of its bytes, as they come by.

A name or a header proves nothing, and the first bytes alone prove little: one file can begin as a
picture and end as an archive.  So a type is believed only when its beginning and its end are its
own, and neither end can be taken for another type's.  Nothing is unpacked, and at most ``KEPT``
bytes are held, however large the file is.

Known are PDF, PNG, JPEG, plain text in UTF-8, and Word, Excel and PowerPoint without macros.
"""

from __future__ import annotations

import codecs
import re

from send_records.errors import TypeNotTaken
from send_records.sniffing.archives import END_OF_ARCHIVE, CutShort, TwoTypesInOne, office

HEAD = 1024
"""Bytes within which a reader of PDFs looks for the beginning of one, and for its end."""

TAIL = 22 + 0xFFFF
"""Bytes within which a reader of archives looks for the end of one."""

KEPT = 256 * 1024
"""Bytes held of the end: the directory of an Office file is a fraction of it."""

PDF, PNG, JPEG, ARCHIVE = b"%PDF-", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", b"\xff\xd8\xff", b"PK\x03\x04"

END_OF_PNG, END_OF_JPEG = b"\0\0\0\0IEND\xaeB`\x82", b"\xff\xd9"

END_OF_PDF = re.compile(rb"%%EOF[\s\0]*\Z")

CONTROLS = re.compile("[\0-\x08\x0b\x0e-\x1f\x7f-\x9f]")
"""What no plain text holds; tab, line ends and form feed it may."""

MARKUP = re.compile(
    rb"(?i)(\xef\xbb\xbf)?\s*"
    rb"(<[!?]|<(html|head|body|script|svg|iframe)\b|\{\\rtf|%!|#!|mime-version:)"
)
"""How text begins that is more than plain: a page, a picture, a script, a message."""


class Unrecognised(TypeNotTaken):
    """A file is taken when its bytes say what it is."""


class NotAsDeclared(TypeNotTaken):
    """A file is what it was declared to be, or is not taken."""


class Sniffer:
    """Looks at one file as it comes by, in pieces, and says in the end what it is."""

    def __init__(self) -> None:
        self._size = 0
        self._head, self._tail = b"", bytearray()
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict")
        self._plain = True

    def take(self, piece: bytes) -> None:
        """Look at the next piece; raise Unrecognised as soon as it can be nothing that is known."""
        self._size += len(piece)
        if len(self._head) < HEAD:
            self._head += piece[: HEAD - len(self._head)]
        self._tail += piece[-KEPT:]
        del self._tail[:-KEPT]
        self._plain = self._plain and self._decodes(piece)
        known = self._head.startswith((PDF, PNG, JPEG, ARCHIVE))
        if not (self._plain or known or len(self._head) < len(PNG)):
            raise Unrecognised("The file is of no type that is known here.")

    def finish(self) -> str:
        """Return the media type; raise TypeNotTaken, or CutShort for what has no end."""
        if self._size == 0:
            raise CutShort("The file is empty.")
        head, tail = self._head, bytes(self._tail)
        if head.startswith(ARCHIVE):
            found = office(tail, self._size)
        elif head.startswith(PDF):
            found = "application/pdf"
            _require_end(END_OF_PDF.search(tail[-HEAD:]) is not None)
        elif head.startswith(PNG):
            found = "image/png"
            _require_end(tail.endswith(END_OF_PNG))
        elif head.startswith(JPEG):
            found = "image/jpeg"
            _require_end(tail.endswith(END_OF_JPEG))
        else:
            found = "text/plain"
            self._require_plain()
        if found != "application/pdf" and PDF in head:
            raise TwoTypesInOne("The file is a PDF and something else at once.")
        if not head.startswith(ARCHIVE) and END_OF_ARCHIVE in tail[-TAIL:]:
            raise TwoTypesInOne("The file is an archive and something else at once.")
        return found

    def _decodes(self, piece: bytes, *, final: bool = False) -> bool:
        try:
            return CONTROLS.search(self._decoder.decode(piece, final)) is None
        except UnicodeDecodeError:
            return False

    def _require_plain(self) -> None:
        if MARKUP.match(self._head) or not (self._plain and self._decodes(b"", final=True)):
            raise Unrecognised("The file is of no type that is known here.")


def require_declared(declared: str | None, found: str) -> None:
    """Refuse a file that is not of the media type it was declared to be, if it was."""
    if declared not in (None, found):
        raise NotAsDeclared("The file is not of the type that its Content-Type says.")


def _require_end(there: bool) -> None:
    if not there:
        raise CutShort("The file's end is missing, or something stands behind it: save it again.")
