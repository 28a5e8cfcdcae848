"""The medical register: one row a pupil and condition, with the review that is next."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from send_records.aggregates.base import Command
from send_records.aggregates.enrolment import ReadmitPupil, RecordLeaving
from send_records.projections.base import folded
from send_records.projections.medical_register import MedicalRegister, MedicalRow
from tests.aggregates.test_medical import PLACE, PLACE_ID, RECORD, REMOVE
from tests.projections.lives import Life
from tests.scenario import but

LEAVE = RecordLeaving(occurred_on=date(2025, 7, 18), why="Moved to Leeds")
RETURN = ReadmitPupil(occurred_on=date(2025, 9, 1), academy="Alder Park Academy", nc_year="4")


def placed(*commands: Command) -> Life:
    return Life().then(PLACE, key=PLACE_ID).then(*commands)


def rows(life: Life) -> list[MedicalRow]:
    made: list[MedicalRow] = list(folded(MedicalRegister(), life.events).values())
    return sorted(made, key=lambda row: (row.placed_on, row.place_id))


def test_a_condition_has_a_row_before_it_has_a_plan() -> None:
    [row] = rows(placed())

    assert (row.place_id, row.on_register, row.placed_on) == (PLACE_ID, True, date(2024, 9, 20))
    assert (row.condition, row.next_review_on, row.emergency) == ("Type 1 diabetes", None, None)


def test_the_newest_plan_says_when_it_is_reviewed_and_what_an_emergency_is() -> None:
    renewed = but(RECORD, occurred_on=date(2025, 9, 1), review_on=date(2026, 9, 1))
    [row] = rows(placed(RECORD, renewed))

    assert (row.plan_recorded_on, row.next_review_on) == (date(2025, 9, 1), date(2026, 9, 1))
    assert row.emergency == "Hypo kit in the office; call 999 if unconscious"
    assert (row.medication, row.trained_staff) == (["Insulin, Per pump"], 2)


def test_a_plan_entered_late_does_not_replace_a_newer_one() -> None:
    renewed = but(RECORD, occurred_on=date(2025, 9, 1), review_on=date(2026, 9, 1))

    [row] = rows(placed(renewed, but(RECORD, emergency="Call 999")))

    assert (row.plan_recorded_on, row.next_review_on) == (date(2025, 9, 1), date(2026, 9, 1))
    assert row.emergency == RECORD.emergency


def test_who_is_removed_has_no_review_to_come_and_may_be_placed_anew() -> None:
    again = but(PLACE, occurred_on=date(2025, 3, 3))
    removed, new = rows(placed(RECORD, REMOVE).then(again, key=UUID(int=391)))

    assert (removed.on_register, removed.removed_on) == (False, date(2025, 1, 10))
    assert (removed.next_review_on, removed.why_removed) == (None, "Recorded under another name")
    assert (new.on_register, new.plan_recorded_on) == (True, None)


def test_who_has_left_is_on_no_register_until_they_are_back() -> None:
    assert [row.on_register for row in rows(placed(LEAVE))] == [False]
    assert [row.on_register for row in rows(placed(LEAVE, RETURN))] == [True]


def test_an_event_seen_again_changes_nothing() -> None:
    events = placed(RECORD, REMOVE, LEAVE).events

    assert folded(MedicalRegister(), [*events, *events]) == folded(MedicalRegister(), events)


def test_the_state_is_read_back_as_it_was_kept() -> None:
    projection = MedicalRegister()
    case = None
    for event in placed(RECORD, LEAVE).events:
        case = projection.project(case, event)

    assert case is not None
    assert projection.taken(projection.kept(case)) == case
