"""Answers to set pages of: of a pupil who is nobody, in as many entries as asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid5

from send_records.aggregates.document_kinds import DocumentKind
from send_records.aggregates.items import BASIS, Ground
from send_records.aggregates.values import DataClass, Origin
from send_records.disclosure.answer import Answer, Fate, GivenDocument, GivenEntry, Scheduled
from send_records.disclosure.held import (
    Cut,
    Held,
    HeldDocument,
    HeldEntry,
    Kept,
    Line,
    Recipient,
    Subject,
)
from send_records.disclosure.record_cover import RecordOf
from send_records.documents.rows import DocumentRow
from send_records.store.access import AccessRow

SPACE = UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")
PUPIL = uuid5(SPACE, "pupil")
BEGAN = date(2023, 9, 4)
KNOWN = datetime(2026, 3, 3, 14, 5, tzinfo=UTC)

KINDS = (
    ("ObservationRecorded", "Observation recorded", "Observations"),
    ("AssessmentRecorded", "Assessment recorded", "Assessments"),
    ("PlanAgreed", "Plan agreed", "Plans"),
    ("ReviewHeld", "Review held", "Reviews"),
    ("MeetingHeld", "Meeting held", "Contact with the family"),
)

OBSERVED = (
    "Joined the group for twelve minutes without prompting, then asked for the quiet corner. Used"
    " the visual timetable twice and told an adult which step came next. Left the table once, when"
    " the bell rang, and came back with help."
)


def entry(version: int, text: str = OBSERVED) -> HeldEntry:
    event, title, kind = KINDS[version % len(KINDS)]
    day = BEGAN + timedelta(days=version % 900)
    return HeldEntry(
        version=version,
        position=40 + version * 3,
        event=event,
        title=title,
        kind=kind,
        occurred_on=day,
        recorded_at=datetime(day.year, day.month, day.day, 15, 30, tzinfo=UTC),
        recorded_by="Priya Nair",
        role="senco",
        academy="Northmoor Primary Academy",
        data_class=DataClass.EDUCATION,
        origin=Origin.STAFF if version % 3 else Origin.PARENT,
        says=f"{title} by the SENCo: support in class goes on as planned",
        lines=(
            Line("observed", "Observed", text),
            Line("setting", "Setting", "Whole class, morning, with a teaching assistant"),
            Line("scores.0.value", "First score of the questionnaire", "Standard score 84"),
            Line("reason", "Reason", "Termly record"),
        ),
        recorded={"observed": text},
        marks=("Corrected by entry 14: setting reads small group",) if version == 3 else (),
    )


def document(number: int, title: str = "Report of the educational psychologist") -> GivenDocument:
    row = DocumentRow(
        document_id=uuid5(SPACE, f"document {number}"),
        kind=next(iter(DocumentKind)),
        title=title,
        author="Dr Helen Marsh",
        dated=date(2024, 5, 1) + timedelta(days=number),
        filed_on=date(2024, 6, 1),
        filed_by="Priya Nair",
        media_type="application/pdf",
        size=20_000,
        sha256=f"{number:064x}",
        data_class=DataClass.EDUCATION,
        origin=Origin.PROFESSIONAL,
    )
    held = HeldDocument(row, version=2, position=46, pages=4 if number % 2 else None)
    name = f"document-{number:03d}-{row.dated}-report.pdf"
    return GivenDocument(held, name, ("Somebody Else",) if number == 2 else ())


def access(number: int, outcome: str = "given") -> AccessRow:
    return AccessRow(
        position=number,
        recorded_at=KNOWN - timedelta(days=number % 60, minutes=number),
        request_id=uuid5(SPACE, f"request {number}"),
        actor_id=uuid5(SPACE, f"actor {number % 4}"),
        name=("Priya Nair", "Tom Okafor", "Ruth Allen", "Sam Field")[number % 4],
        role=("senco", "class_teacher", "principal", "dpo")[number % 4],
        academy="Northmoor Primary Academy",
        act="read",
        what="get_pupil",
        tier=("T2", "T3", "T4", "T5")[number % 4],
        purpose=("support", "review", "audit", "subject_access")[number % 4],
        outcome=outcome,
    )


def scheduled(number: int, ground: Ground) -> Scheduled:
    fate = Fate.REDACTED if number % 2 else Fate.WITHHELD
    what = f"Entry {number + 4}, Meeting held" if number % 2 else "An entry"
    return Scheduled(number, what, fate, ground, BASIS[ground], 2 if number % 2 else 1)


def answer(entries: int = 12, documents: int = 4, **subject: str) -> Answer:
    """An answer of some entries, the first of which was withheld and is not among them."""
    held = tuple(entry(version) for version in range(1, entries + 1))
    given = tuple(document(number) for number in range(1, documents + 1))
    whole = Held(
        subject=Subject(
            pupil_id=PUPIL,
            legal_name=subject.get("legal_name", "Mina Example"),
            date_of_birth=date(2016, 2, 29),
            upn=None,
            academy="Northmoor Primary Academy",
            nc_year="4",
            class_name="4 Oak",
            left_on=None,
        ),
        cut=Cut(position=4711, accesses=50, as_of=None),
        known_at=KNOWN,
        entries=held,
        documents=tuple(one.document for one in given),
        accesses=(*map(access, range(1, 40)), access(41, outcome="Forbidden")),
        recipients=(
            Recipient("Northmoor Council, SEND team", "Plan shared", date(2025, 1, 7), 3),
            Recipient("Somebody Else's parent", "Plan shared", date(2025, 1, 8), 4),
            Recipient("Told by a withheld entry", "Plan shared", date(2025, 1, 9), 1),
        ),
        kept=Kept(
            until=date(2041, 3, 1),
            rule="25 years from the date of birth",
            citation="SEND policy s.11",
            holds=("an appeal is going on",),
        ),
        sources={"Staff": 8, "Parent": 4},
    )
    return Answer(
        held=whole,
        entries=tuple(GivenEntry(one, redacted=one.version == 5) for one in held[1:]),
        documents=given,
        schedule=tuple(
            scheduled(number, ground)
            for number, ground in enumerate(
                (Ground.THIRD_PARTY, Ground.EDU_SERIOUS_HARM, Ground.THIRD_PARTY, Ground.PRIVILEGE),
                1,
            )
        ),
        phrases=("Somebody Else",),
        recipients=whole.recipients,
        accesses=whole.accesses,
        sources=whole.sources,
        kept=whole.kept,
    )


def made(purpose: str = "subject_access", *, names_readers: bool = False) -> RecordOf:
    """For whom the pages of an answer are."""
    return RecordOf(
        purpose=purpose,
        trust="records.northmoor.example",
        to="Dana Example, mother",
        asked_on=date(2026, 2, 20),
        asked_for="Everything you hold about Mina, please",
        reference="SAR-2026-014",
        names_readers=names_readers,
    )
