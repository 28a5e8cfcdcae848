"""Documents: how bytes come in, piece by piece, and how they go out again.

An upload holds one piece at a time, however large the file is.  It is looked at, hashed and sealed
as it comes, and stays unreadable until it is whole; whatever ends it before leaves nothing.  What
goes out is opened and hashed as a whole before its first byte is sent, and again while it is sent:
a damaged document is refused, and never begun.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from send_records.aggregates.contents import Content
from send_records.aggregates.documents import (
    Document,
    FileDocument,
    document_on_file,
    require_size,
    require_type,
)
from send_records.aggregates.rules import Rules
from send_records.aggregates.values import day_in_london
from send_records.application import Request, SendRecords
from send_records.documents.uploads import Upload, unless_erased
from send_records.execution import require_role
from send_records.store.contents import ContentDamaged, Contents, Kept, Place, checked

SWEEP = 3600.0
"""Seconds between two looks for what was uploaded and never filed."""

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Shown:
    """A document about to be handed out, all of which was opened and found to be what was filed."""

    document: Document
    extension: str
    pieces: Iterator[bytes]
    """To be taken from one after another; raises ContentDamaged if it is damaged meanwhile."""


class Documents:
    """The documents of one trust's pupils: how they come in and go out.  Filing is a command."""

    def __init__(
        self, records: SendRecords, contents: Contents, rules: Rules, clock: Clock
    ) -> None:
        self._records = records
        self._contents = contents
        self._rules = rules
        self._clock = clock
        self._sweep_at = float("-inf")

    def begin(
        self, pupil_id: UUID, request: Request, *, declared: str | None, length: int | None
    ) -> Upload:
        """Begin an upload under the request's key, of a media type and a number of bytes if those
        were said.  Raise NotPermitted, NotFound, Erased, TooLarge or TypeNotTaken."""
        require_role(FileDocument, request.actor)
        today = day_in_london(self._clock())
        require_size(length or 0, self._rules, today)
        if declared is not None:
            require_type(declared, self._rules, today)
        self._sweep()
        with unless_erased():
            upload_id = self._contents.begin(pupil_id)
        place = Place(pupil_id, request.command_id, upload_id, 0)
        return Upload(self._contents, place, self._rules, today, declared, length)

    def content(self, pupil_id: UUID, document_id: UUID) -> Shown:
        """Return a document to be handed out, having read and checked all of it; raise NotFound,
        Erased or ContentDamaged."""
        document = document_on_file(self._records.pupil(pupil_id), document_id)
        expected = Content(document.size, document.sha256, document.media_type, timedelta(0))
        with unless_erased():
            kept = self._contents.find(pupil_id, document_id)
            if kept is None:
                raise ContentDamaged("The document's content is missing: it cannot be shown.")
            for _ in pieces_of(self._contents, kept, expected):
                pass
        taken = self._rules.document_type(document.media_type, day_in_london(self._clock()))
        extension = taken.extension if taken else "bin"
        return Shown(document, extension, pieces_of(self._contents, kept, expected))

    def _sweep(self) -> None:
        """Remove what nobody filed, now and then."""
        now = time.monotonic()
        if now >= self._sweep_at:
            self._contents.remove_unfiled()
            self._sweep_at = now + SWEEP


def pieces_of(contents: Contents, kept: Kept, expected: Content) -> Iterator[bytes]:
    """Yield the pieces of a content that is kept, one after another; raise as ``checked``."""
    return checked(kept, expected, (contents.chunk(kept, number) for number in range(kept.chunks)))
