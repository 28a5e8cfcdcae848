"""A large case: a pupil with 2,000 events and 150 documents, all of them decided on for whoever
asked for a copy, and 20 documents redacted.  The people are nobody."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from bench.installation import Subject
from bench.lives import life
from bench.papers import Paper, of_a_case
from send_records.aggregates.access_clock import Authority, IdentifyRequester
from send_records.aggregates.access_requests import ReceiveAccessRequest
from send_records.aggregates.base import Actor, Command, DomainEvent
from send_records.aggregates.decisions import (
    REVIEW_EVENTS,
    DiscloseItems,
    RedactItem,
    WithholdItem,
)
from send_records.aggregates.document_kinds import DocumentKind
from send_records.aggregates.documents import FileDocument
from send_records.aggregates.items import Ground, ItemRef, PageArea, Parts
from send_records.aggregates.searches import RecordSearch
from send_records.aggregates.values import DataClass
from send_records.application import Request
from send_records.bootstrap import notary
from send_records.store.contents import CHUNK
from tests.scenario import DPO, RECORD_MOTHER, SENCO, TODAY

EVENTS = 2_000
REDACTED = 20
"""Documents; of as many entries words are taken out, and half as many are withheld."""
RULING = 10 + REDACTED * 2 + REDACTED // 2
"""Entries at most that the review itself takes."""


@dataclass(frozen=True, slots=True)
class Case:
    """Whose record is prepared, and for which request."""

    pupil_id: UUID
    request_id: UUID


class Filling:
    """Fills a database with one case."""

    def __init__(self, subject: Subject) -> None:
        self._subject, self._records = subject, subject.system.records
        self._papers = of_a_case()
        [self._pupil] = subject.pupils(1, life(EVENTS - len(self._papers) - RULING))

    def case(self) -> Case:
        """Record it all and have it signed."""
        papers = {self._filed(paper): paper for paper in self._papers}
        mother = self._done(RECORD_MOTHER, SENCO)
        asked = ReceiveAccessRequest(
            occurred_on=TODAY,
            requester="Nasreen Rahman",
            on_behalf=True,
            how="By letter",
            scope="Everything",
        )
        request = self._done(asked, DPO)
        for command in self._before(request, mother):
            self._done(command, DPO)
        for command in self._decisions(request, papers):
            self._done(command, DPO)
        notary(
            self._subject.found, self._subject.keys.signing, self._subject.keys.places
        ).sign_all()
        return Case(self._pupil, request)

    def _before(self, request: UUID, mother: UUID) -> Iterator[Command]:
        of = {"occurred_on": TODAY, "request_id": request}
        yield IdentifyRequester(
            **of,
            evidence="Known to the school",
            authority=Authority.PARENTAL_RESPONSIBILITY,
            contact_id=mother,
            reasoning="A child of nine, whose mother asks in their interest",
        )
        yield RecordSearch(
            **of,
            where="The SENDCo's mail",
            terms=("Rahman",),
            found="Nothing that is not filed",
            limited=False,
        )

    def _decisions(self, request: UUID, papers: dict[UUID, Paper]) -> Iterator[Command]:
        of = {"occurred_on": TODAY, "request_id": request, "ground": Ground.THIRD_PARTY}
        said = [e for e in self._records.history(self._pupil) if hasattr(e, "observed")]
        versions = [event.originator_version for event in said]
        parts = Parts(phrases=("Copies peers",))
        redacted: dict[ItemRef, Parts] = {
            ItemRef(entry=version): parts for version in versions[:REDACTED]
        }
        for document_id, paper in list(papers.items())[:REDACTED]:
            redacted[ItemRef(document_id=document_id)] = _parts(paper)
        withheld = [ItemRef(entry=version) for version in versions[-REDACTED // 2 :]]
        for item in withheld:
            yield WithholdItem(**of, item=item, why="It is about another child")
        for item, taken in redacted.items():
            yield RedactItem(**of, item=item, parts=taken, why="Another child is named")
        rest = [
            *(ItemRef(entry=e.originator_version) for e in self._entries()),
            *(ItemRef(document_id=document_id) for document_id in papers),
        ]
        left = tuple(item for item in rest if item not in {*withheld, *redacted})
        yield DiscloseItems(occurred_on=TODAY, request_id=request, items=left)

    def _entries(self) -> Sequence[DomainEvent]:
        return [
            event
            for event in self._records.history(self._pupil)
            if type(event).__name__ not in REVIEW_EVENTS
        ]

    def _filed(self, paper: Paper) -> UUID:
        """Upload a paper and file it; return its id."""
        request = Request(SENCO, uuid4(), uuid4())
        upload = self._subject.system.documents.begin(
            self._pupil, request, declared=paper.media_type, length=len(paper.content)
        )
        for at in range(0, len(paper.content), CHUNK):
            upload.take(paper.content[at : at + CHUNK])
            upload.keep()
        upload.finish()
        file = FileDocument(
            occurred_on=TODAY,
            data_class=DataClass.EDUCATION,
            kind=DocumentKind.OTHER,
            title=paper.title,
            dated=TODAY,
        )
        self._records.execute(self._pupil, file, request)
        return request.command_id

    def _done(self, command: Command, by: Actor) -> UUID:
        request = Request(by, uuid4(), uuid4())
        self._records.execute(self._pupil, command, request)
        return request.command_id


def _parts(paper: Paper) -> Parts:
    if not paper.scanned:
        return Parts(phrases=paper.phrases)
    return Parts(
        areas=tuple(
            PageArea(page=page, left=10, top=20, right=60, bottom=30)
            for page in range(1, paper.pages + 1)
        )
    )
