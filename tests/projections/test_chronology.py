from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import pytest

from send_records.aggregates import EVENTS
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.decisions import ItemRedacted, ItemWithheld
from send_records.aggregates.details import RecordCircumstances
from send_records.aggregates.items import ItemRef
from send_records.aggregates.values import DataClass, Origin
from send_records.projections.base import fold
from send_records.projections.chronology import Chronology, ChronologyRow
from send_records.projections.telling import (
    PHASES,
    PHASES_OF_THEIR_OWN,
    detail_of,
    phase_of,
)
from send_records.projections.telling.base import Phase
from tests.api import story_merging
from tests.api.story import PUPIL
from tests.projections.lives import Life, beside, storied
from tests.scenario import IDENTIFY, SENCO, but

CHRONOLOGY = Chronology()
SAY = RecordCircumstances(occurred_on=date(2024, 7, 5), eal=True)


def rows_of(life: Life) -> list[ChronologyRow]:
    rows: dict[object, ChronologyRow | None] = {}
    fold(CHRONOLOGY, rows, life.events)
    return [row for row in rows.values() if row is not None]


def days_late(occurred_on: date, recorded_at: datetime) -> int:
    life = Life().then(but(SAY, occurred_on=occurred_on), recorded_at=recorded_at)
    return life.row(CHRONOLOGY).days_late


def test_each_event_is_one_row_that_says_who_and_when() -> None:
    key = uuid4()
    life = Life().then(IDENTIFY, key=key)

    row = life.row(CHRONOLOGY)

    assert len(rows_of(life)) == len(life.events)
    assert (row.position, row.version, row.event) == (3, 3, "NeedIdentified")
    assert (row.entry_id, row.pupil_id) == (key, life.events[0].originator_id)
    assert (row.occurred_on, row.recorded_at.date()) == (IDENTIFY.occurred_on,) * 2
    assert (row.recorded_by, row.role, row.academy) == (SENCO.name, "senco", SENCO.academy)
    assert (row.detail, row.phase) == ("Specific learning difficulty, rank 1", "assess")


def test_a_row_keeps_why_it_was_recorded_and_what_it_may_be_disclosed_as() -> None:
    said = but(SAY, reason="Told at transfer", data_class=DataClass.HEALTH, origin=Origin.PARENT)
    row = Life().then(said).row(CHRONOLOGY)

    assert (row.reason, row.data_class, row.origin) == ("Told at transfer", "health", "parent")


@pytest.mark.parametrize(
    ("recorded_at", "late"),
    [
        (datetime(2024, 7, 5, 12, tzinfo=UTC), 0),
        (datetime(2024, 7, 5, 22, 59, 59, tzinfo=UTC), 0),
        (datetime(2024, 7, 5, 23, 0, tzinfo=UTC), 1),
        (datetime(2024, 7, 5, 23, 30, tzinfo=UTC), 1),
        (datetime(2024, 7, 6, 12, tzinfo=UTC), 1),
        (datetime(2025, 7, 5, 12, tzinfo=UTC), 365),
    ],
)
def test_in_summer_a_day_ends_in_london_an_hour_before_it_does_in_utc(
    recorded_at: datetime, late: int
) -> None:
    assert days_late(date(2024, 7, 5), recorded_at) == late


@pytest.mark.parametrize(
    ("recorded_at", "late"),
    [
        (datetime(2024, 1, 5, 23, 30, tzinfo=UTC), 0),
        (datetime(2024, 1, 6, 0, 0, tzinfo=UTC), 1),
    ],
)
def test_in_winter_a_day_ends_in_london_when_it_does_in_utc(
    recorded_at: datetime, late: int
) -> None:
    assert days_late(date(2024, 1, 5), recorded_at) == late


def test_an_entry_is_never_early() -> None:
    assert days_late(date(2024, 7, 5), datetime(2024, 7, 4, 12, tzinfo=UTC)) == 0


def test_an_event_that_was_not_recorded_is_no_part_of_the_story() -> None:
    [event, *_] = Life().events
    loose = event.model_copy(update={"position": None, "recorded_at": None})

    assert CHRONOLOGY.project(None, loose) is None


def test_every_event_has_a_phase() -> None:
    without = [
        name
        for name, event in EVENTS.items()
        if event not in PHASES_OF_THEIR_OWN and event.__module__ not in PHASES
    ]

    assert without == []
    assert set(PHASES_OF_THEIR_OWN) <= set(EVENTS.values())
    assert set(PHASES) == {event.__module__ for event in EVENTS.values()}


def test_every_event_has_its_turn_in_the_story() -> None:
    """But for the note of an erasure, after which there is no story."""
    told = {type(event).__name__ for event in [*storied().events, *beside()]}

    assert told == set(EVENTS) - {"PersonalDataErased"}


def test_every_event_is_told_in_words_or_its_name_says_it_all() -> None:
    told = [(type(e).__name__, detail_of(e)) for e in [*storied().events, *beside()]]

    assert set(EVENTS) - {name for name, words in told if words} == {
        "PersonalDataErased",
        "PlanSuperseded",
    }
    assert [words for _, words in told if "None" in words or "<" in words or "_" in words] == []


def test_each_of_two_merged_records_names_the_other() -> None:
    there, here = map(detail_of, beside())
    why = "Opened again by the import, which had no UPN; confirmed by Priya Shah"

    assert there == f"With record {story_merging.DUPLICATE}, of 2 entries; {why}"
    assert here == f"Into record {PUPIL}; {why}"


def test_the_words_are_those_of_the_entry() -> None:
    told = {type(event).__name__: detail_of(event) for event in reversed(storied().events)}

    assert told["PupilAdmitted"] == "Alder Park Academy, year 2"
    assert told["AssessmentRecorded"] == "SDQ (4-17): total 14.5 (slightly raised)"
    assert told["ConcernAnswered"] == "monitor; Watch for half a term"
    assert told["RemovedFromSendRegister"] == (
        "expected progress sustained; review of 28 June 2024"
    )
    assert told["PlanDrafted"] == "Review on 28 June 2024; T1 Reads 60 words a minute"
    assert told["PupilMovedAcademy"] == "From Alder Park Academy to Birch Lane Academy"
    assert told["SupportLevelChanged"] == "targeted to specialist; EP involved"


def test_the_words_of_the_family_s_part_are_those_of_the_entry() -> None:
    told = {type(event).__name__: detail_of(event) for event in reversed(storied().events)}

    assert told["ContactWithFamilyRecorded"] == (
        "Nasreen Rahman; Telephone; Asked for the report in Bengali"
    )
    assert told["MeetingHeld"] == "parents; Nasreen Rahman; How mornings go at home"
    assert told["SignpostingGiven"] == "SENDIASS, local offer; Nasreen Rahman"
    assert told["ComplaintReceived"] == (
        "Nasreen Rahman; about personal data; A letter went to another family"
    )
    assert told["ReducedTimetableAgreed"] == (
        "medical; Returns after an operation; 4 July 2024 to 19 July 2024; Mornings; "
        "from 11 July 2024 Until two"
    )
    assert told["ReducedTimetableEnded"] == "Full time from 18 July 2024"
    assert told["HandoverSent"] == (
        "To Birch Lane Academy; Books, Coloured overlays; In a locked box"
    )
    assert told["SubjectAccessRequested"] == "Nasreen Rahman; At the gate; Everything held"
    assert told["DeadlineExtended"] == "By 1 month; Files of three services"


def test_of_a_review_neither_what_was_taken_out_is_told_nor_why() -> None:
    told = {type(event).__name__: detail_of(event) for event in reversed(storied().events)}

    assert told["SearchRecorded"] == (
        "The mail of the office; Nine messages, which say what the record says; limited"
    )
    assert told["ItemsDisclosed"] == "2 items disclosed"
    assert told["ItemWithheld"] == "Entry 5 withheld: third party"
    assert told["ItemRedacted"] == "Entry 3 redacted: education serious harm"
    redacted, withheld = event_called("ItemRedacted"), event_called("ItemWithheld")
    assert isinstance(redacted, ItemRedacted)
    assert isinstance(withheld, ItemWithheld)
    for kept in (*redacted.parts.phrases, redacted.why, withheld.why):
        assert kept not in f"{detail_of(redacted)}; {detail_of(withheld)}"


def test_of_a_review_of_documents_no_more_is_told() -> None:
    document = ItemRef(document_id=UUID(int=450))
    redacted = event_called("ItemRedacted").model_copy(update={"item": document})
    disclosed = event_called("ItemsDisclosed").model_copy(update={"items": (document,)})

    assert detail_of(redacted) == "A document redacted: education serious harm"
    assert detail_of(disclosed) == "A document disclosed"


def test_the_four_part_cycle_is_in_evidence() -> None:
    phases = Counter(phase_of(event) for event in storied().events)

    assert phases.keys() == set(Phase)
    assert phase_of(event_called("PlanShared")) is Phase.DO
    assert phase_of(event_called("ReviewHeld")) is Phase.REVIEW
    assert phase_of(event_called("PlanAgreed")) is Phase.PLAN
    assert phase_of(event_called("ConcernRaised")) is Phase.ASSESS


def event_called(name: str) -> DomainEvent:
    return next(event for event in storied().events if type(event).__name__ == name)
