"""Packs as they were made: kept sealed under the pupil's key until they expire, and handed out
whole or not at all.  Their hash is in the record for ever, and the same cut makes the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from send_records.aggregates.approvals import require_to_leave
from send_records.aggregates.preparations import Preparation
from send_records.application import SendRecords
from send_records.documents import pieces_of
from send_records.documents.uploads import unless_erased
from send_records.errors import NotFound
from send_records.store.contents import ContentDamaged, Contents


class PackExpired(NotFound):
    """A pack is kept for a while; what is kept for ever is its hash.  Prepared again at the same
    position of the log, it is the same to the byte."""

    basis = "UK GDPR Art 5(1)(c) and (e)"


@dataclass(frozen=True, slots=True)
class PackKept:
    """A pack about to be handed out, all of which was opened and found to be what was prepared."""

    preparation: Preparation
    size: int
    pieces: Iterator[bytes]
    """To be taken from one after another; raises ContentDamaged if it is damaged meanwhile."""


class Packs:
    """The packs of one trust."""

    def __init__(self, records: SendRecords, contents: Contents) -> None:
        self._records, self._contents = records, contents

    def kept(self, pupil_id: UUID, preparation_id: UUID) -> PackKept:
        """Return what was prepared, to be handed out, having read and checked all of it.

        Raise NotFound, PackExpired, Erased, or ContentDamaged if it is not what was prepared.
        """
        preparation = self._preparation(pupil_id, preparation_id)
        with unless_erased():
            kept = self._contents.find(pupil_id, preparation_id)
            if kept is None:
                raise PackExpired("It is kept no longer: prepare it again.")
            if kept.content.sha256 != preparation.sha256:
                raise ContentDamaged("What is kept is not what was prepared: it is not handed out.")
            for _ in pieces_of(self._contents, kept, kept.content):
                pass
        return PackKept(
            preparation, kept.content.size, pieces_of(self._contents, kept, kept.content)
        )

    def to_send(self, pupil_id: UUID, preparation_id: UUID) -> PackKept:
        """Return what was prepared, to be locked for sending: raise as ``kept``, PreparationVoid,
        or DisclosureNotApproved until a second person has approved it."""
        preparation = self._preparation(pupil_id, preparation_id)
        require_to_leave(preparation)
        return self.kept(pupil_id, preparation_id)

    def _preparation(self, pupil_id: UUID, preparation_id: UUID) -> Preparation:
        preparation = self._records.pupil(pupil_id).preparations.get(preparation_id)
        if preparation is None:
            raise NotFound("Nothing was prepared under that id.")
        return preparation
