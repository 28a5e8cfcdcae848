"""Preparing: from what was asked for to the pack that is sent, from the log and nothing else.

    cut ---> gather ---> choose, as was decided ---> redact ---> typeset ---> pack, sealed and kept

It is what a job does (``jobs``): up to the positions at which it was asked for and no further, so
that whoever does it again makes the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from uuid import UUID

from psycopg import Connection

from send_records.aggregates.access_requests import SubjectAccessRequested
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.contents import Pack
from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.aggregates.preparations import MakesPack, PackPurpose
from send_records.application import SendRecords
from send_records.disclosure.answer import Answer, Fate
from send_records.disclosure.choosing import choose
from send_records.disclosure.extract import Way, extract_at
from send_records.disclosure.gathering import cut_at, gather, with_pages
from send_records.disclosure.held import Cut, Held
from send_records.disclosure.pack import PackContents, Page, pack, ways_of
from send_records.disclosure.papers import (
    Working,
    content_of,
    given_files,
    going_on,
    pages_of,
    require_clean_own,
    require_size,
)
from send_records.disclosure.record_cover import RecordOf
from send_records.disclosure.record_pages import RecordPdf, record_pdf
from send_records.disclosure.review import review_of
from send_records.disclosure.selecting import whole
from send_records.disclosure.signed import when_signed
from send_records.disclosure.tables import data_files
from send_records.documents import Documents
from send_records.store.access import AccessLog
from send_records.store.connections import Pool
from send_records.store.notes import Signer
from send_records.store.scopes import Scope, within
from send_records.store.sealing import Seals
from send_records.store.signing import Purpose, SigningKeys

RECORD = "record.pdf"

TO = {
    PackPurpose.HANDOVER: "The next school",
    PackPurpose.LA_ADVICE: "The local authority",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be made, and from how much of the two logs."""

    preparation_id: UUID
    pupil_id: UUID
    position: int
    accesses: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What signs a pack, what is published of the trust's keys, and how its readers are told."""

    signer: Signer
    vkeys: Sequence[str]
    names_staff: Callable[[date], bool]
    """Whether who has read a record is told by their names, and not by their roles alone, on a day.
    """

    @classmethod
    def of(cls, signing: SigningKeys, names_staff: Callable[[date], bool]) -> Proof:
        """Return what is signed with, and published, of a trust's keys."""
        return cls(signing.signer(Purpose.PACKS), signing.vkeys(), names_staff)


class Preparing:
    """Makes the packs of one trust."""

    def __init__(
        self,
        records: SendRecords,
        documents: Documents,
        access: AccessLog,
        pool: Pool,
        seals: Seals,
        proof: Proof,
    ) -> None:
        self.records, self.documents, self.access = records, documents, access
        self.pool, self.seals, self._proof = pool, seals, proof

    def disclosure(
        self, asked: Asked, command: PrepareDisclosure, working: Working
    ) -> tuple[bytes, Pack]:
        """Return a pack of the whole record, as it was decided, and what is recorded of it.

        Raise ItemsNotDecided and whatever a document is refused with (``papers``)."""
        going_on(working, "gathering", 0, 0)
        held = self.held(asked, command)
        contents = self.contents(held, working)
        types = {each.row.document_id: each.row.media_type for each in held.documents}
        held = with_pages(held, pages_of(contents, types, working))
        answer, history = whole(held), self._history(asked)
        if command.request_id is not None:
            answer = choose(held, review_of(history, command.request_id))
        given, files = given_files(answer, contents, working)
        answer = replace(answer, documents=given)
        going_on(working, "typesetting", 0, 0)
        made = record_pdf(answer, self._record_of(command, history), stopped=working.stopped)
        going_on(working, "packing", 0, 0)
        packing = self._contents(asked, command.purpose, answer, made, files)
        require_clean_own(RECORD, made.data, data_files(packing), answer, working)
        data = self.sealed(packing)
        made_of = counted(data, held.cut, answer, len(made.pages))
        return data, replace(made_of, decided_to=asked.position)

    def _record_of(self, command: PrepareDisclosure, history: Sequence[DomainEvent]) -> RecordOf:
        """Return what the pages say beside what is given: who asked, when and for what."""
        named = self._proof.names_staff(command.occurred_on)
        for event in history:
            if isinstance(event, SubjectAccessRequested) and event.request_id == command.request_id:
                return RecordOf(
                    command.purpose,
                    self.seals.trust,
                    event.requester,
                    event.received_on,
                    event.scope,
                    names_readers=named,
                )
        return RecordOf(command.purpose, self.seals.trust, TO[command.purpose], names_readers=named)

    def held(self, asked: Asked, command: MakesPack) -> Held:
        """Return what is held at the cut that a command names; no further than it was asked."""

        with self.pool.connection() as connection:
            cut = Cut(asked.position, asked.accesses, command.as_of)
            if command.known_on is not None:
                then = cut_at(connection, asked.pupil_id, command.as_of, command.known_on)
                cut = replace(then, position=min(then.position, cut.position))
        with self.pool.connection() as connection, within(connection, Scope.of(asked.pupil_id)):
            return gather(connection, self.seals, self.access, asked.pupil_id, cut)

    def contents(
        self, held: Held, working: Working, wanted: Collection[UUID] | None = None
    ) -> dict[UUID, bytes]:
        """Return the contents of the documents that are held, or of those that are wanted; raise
        TooMuchAtOnce."""
        documents = [
            each for each in held.documents if wanted is None or each.row.document_id in wanted
        ]
        require_size(each.row.size for each in documents)
        found = {}
        for done, each in enumerate(documents):
            going_on(working, "reading_documents", done, len(documents))
            found[each.row.document_id] = content_of(
                self.documents, held.subject.pupil_id, each.row.document_id
            )
        return found

    def _history(self, asked: Asked) -> list[DomainEvent]:
        history = self.records.history(asked.pupil_id)
        return [event for event in history if (event.position or 0) <= asked.position]

    def _contents(
        self,
        asked: Asked,
        purpose: str,
        answer: Answer,
        made: RecordPdf,
        files: Mapping[str, bytes],
    ) -> PackContents:
        """Return what the pack of a record is made of, with its proofs, as soon as the notary has
        signed them."""
        cut = answer.held.cut
        positions = {given.entry.version: given.entry.position for given in answer.entries}
        pages = tuple(
            Page(page.number, page.label, tuple(positions[version] for version in page.entries))
            for page in made.pages
        )
        return PackContents(
            purpose=purpose,
            pupil_id=asked.pupil_id,
            trust=self.seals.trust,
            answer=answer,
            pdf=(RECORD, made.data),
            pages=pages,
            documents=files,
            extract=self.extract(asked.pupil_id, cut, ways_of(answer)),
            cut=cut,
            preparation_id=asked.preparation_id,
        )

    def sealed(self, contents: PackContents) -> bytes:
        """Return a pack, signed."""
        return pack(contents, self._proof.signer)

    def extract(self, pupil_id: UUID, cut: Cut, ways: Mapping[int, Way]) -> dict[str, object]:
        """Return the entries up to a cut with their proofs; raise NotSignedYet."""

        def make(connection: Connection) -> dict[str, object]:
            return extract_at(
                connection, self.seals, self._proof.vkeys, pupil_id, cut.position, ways
            )

        return when_signed(self.pool, pupil_id, make)


def counted(data: bytes, cut: Cut, answer: Answer, pages: int) -> Pack:
    """Return what is recorded of a pack."""
    withheld = {line.number for line in answer.schedule if line.fate is Fate.WITHHELD}
    redacted = sum(given.redacted for given in answer.entries)
    redacted += sum(given.redacted for given in answer.documents)
    return Pack(
        sha256=sha256(data).hexdigest(),
        size=len(data),
        pages=pages,
        position=cut.position,
        accesses=cut.accesses,
        as_of=cut.as_of,
        entries=len(answer.entries),
        documents=len(answer.documents),
        withheld=len(withheld),
        redacted=redacted,
    )
