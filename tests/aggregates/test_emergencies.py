"""Break-glass: taken with a reason, over after an hour, reviewed by somebody else, never undone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from send_records.aggregates.base import Actor
from send_records.aggregates.corrected import WhyWithdrawn
from send_records.aggregates.corrections import CorrectEntry, NotPutRightThisWay, WithdrawEntry
from send_records.aggregates.emergencies import (
    AccessAlreadyOpen,
    AccessAlreadyReviewed,
    BreakGlass,
    EmergencyAccessReviewed,
    EmergencyAccessTaken,
    Finding,
    ReasonTooShort,
    ReviewedByOneself,
    ReviewEmergencyAccess,
)
from send_records.aggregates.enrolment import RecordLeaving
from send_records.aggregates.merging import MergeRecords, RecordMerged
from send_records.aggregates.pupil import Pupil
from send_records.aggregates.values import Origin, Role
from send_records.errors import NotFound, RuleBroken
from send_records.projections.telling import detail_of
from tests.scenario import MOTHER, NOBODY, NOON, TODAY, Scenario, a_pupil, but, by

TEACHER = Actor(id=UUID(int=90), name="Tom Hale", role=Role.CLASS_TEACHER)
PRINCIPAL = Actor(id=UUID(int=91), name="Rose Quinn", role=Role.PRINCIPAL)
DPO = Actor(id=UUID(int=92), name="Priya Shah", role=Role.DPO)

ACCESS = UUID(int=600)
AT_NOON = datetime.combine(TODAY, NOON)

BREAK = BreakGlass(occurred_on=TODAY, reason_given="At the clinic: what may she eat?")
REVIEW = ReviewEmergencyAccess(
    occurred_on=TODAY, access_id=ACCESS, finding=Finding.JUSTIFIED, explanation="They did ask"
)


def taken(actor: Actor = TEACHER) -> Scenario:
    return a_pupil().by(actor).given(BREAK, new_id=ACCESS)


def taken_at(pupil: Pupil, now: datetime, actor: Actor = TEACHER) -> Pupil:
    [event] = BREAK.decide(pupil, by(actor, now=now))
    return event.mutate(pupil)


def test_an_access_says_by_whom_in_which_role_why_and_until_when() -> None:
    then = (
        a_pupil()
        .by(TEACHER)
        .when(BREAK)
        .then(
            EmergencyAccessTaken,
            role=Role.CLASS_TEACHER,
            minutes=60,
            until=AT_NOON + timedelta(hours=1),
            reason_given="At the clinic: what may she eat?",
            origin=Origin.STAFF,
        )
    )

    assert detail_of(then.events[-1]) == (
        "Tom Hale, class teacher, for 60 minutes; At the clinic: what may she eat?"
    )


def test_its_day_is_the_clocks_and_not_what_is_said() -> None:
    """Planted: with the day that is said, one of 2019 is far down in the story."""
    before = but(BREAK, occurred_on=date(2019, 6, 3))
    a_pupil().by(TEACHER).when(before).then(EmergencyAccessTaken, occurred_on=TODAY)

    early = but(REVIEW, occurred_on=date(2019, 6, 3))
    taken().by(DPO).when(early).then(EmergencyAccessReviewed, occurred_on=TODAY)


@pytest.mark.parametrize(
    ("reason", "length"), [("Nineteen characters", 19), ("x" + 30 * " " + "y", 32)]
)
def test_a_reason_has_twenty_characters_and_spaces_are_not_reasons(
    reason: str, length: int
) -> None:
    assert len(reason) == length
    a_pupil().by(TEACHER).when(but(BREAK, reason_given=reason)).refused(ReasonTooShort)

    enough = but(BREAK, reason_given="Twenty characters 20")
    a_pupil().by(TEACHER).when(enough).then(EmergencyAccessTaken)


def test_a_person_has_one_at_a_time_and_another_person_their_own() -> None:
    taken().when(BREAK).refused(AccessAlreadyOpen)
    taken().by(PRINCIPAL).when(BREAK).then(EmergencyAccessTaken)


def test_it_is_over_after_an_hour_to_the_second() -> None:
    pupil = taken_at(a_pupil().pupil, AT_NOON)

    with pytest.raises(AccessAlreadyOpen):
        taken_at(pupil, AT_NOON + timedelta(minutes=59, seconds=59))
    again = taken_at(pupil, AT_NOON + timedelta(minutes=60))
    assert len(again.emergency_accesses) == 2


def test_who_left_can_come_to_harm_too_and_a_merged_record_says_where_it_goes_on() -> None:
    left = a_pupil().given(RecordLeaving(occurred_on=date(2026, 7, 17), why="Moved"))
    left.by(TEACHER).when(BREAK).then(EmergencyAccessTaken)

    merged = merge(a_pupil())
    merged.by(TEACHER).when(BREAK).refused(RecordMerged)


def merge(scenario: Scenario) -> Scenario:
    other = replace(a_pupil().pupil, id=UUID(int=601))
    command = MergeRecords(
        occurred_on=TODAY, into_pupil_id=other.id, why="One child", confirmed_by="Ruth Hill"
    )
    return replace(scenario, another=other).given(command)


def test_who_works_with_pupils_may_take_one_and_nobody_who_only_reads_about_them() -> None:
    assert BreakGlass.roles == {
        Role.SENCO,
        Role.TRUST_SENCO,
        Role.PRINCIPAL,
        Role.HEAD_OF_INCLUSION,
        Role.PHASE_LEADER,
        Role.CLASS_TEACHER,
        Role.SUPPORT_ASSISTANT,
        Role.TEACHING_ASSISTANT,
        Role.TRUST_SEND_LEADER,
    }
    assert ReviewEmergencyAccess.roles == {Role.DPO, Role.PRINCIPAL}


# Reviewed


def test_the_dpo_or_the_principal_reviews_it_once() -> None:
    reviewed = (
        taken()
        .by(DPO)
        .when(REVIEW)
        .then(EmergencyAccessReviewed, access_id=ACCESS, finding=Finding.JUSTIFIED)
    )

    reviewed.by(PRINCIPAL).when(REVIEW).refused(AccessAlreadyReviewed)
    taken().by(PRINCIPAL).when(REVIEW).then(EmergencyAccessReviewed)
    assert detail_of(reviewed.events[-1]) == "justified; They did ask"


def test_nobody_reviews_what_they_took_themself() -> None:
    """Whatever the role they have by now."""
    taken(PRINCIPAL).by(PRINCIPAL).when(REVIEW).refused(ReviewedByOneself)
    promoted = TEACHER.model_copy(update={"role": Role.PRINCIPAL})
    taken().by(promoted).when(REVIEW).refused(ReviewedByOneself)


def test_what_was_not_taken_is_not_reviewed() -> None:
    taken().by(DPO).when(but(REVIEW, access_id=NOBODY)).refused(NotFound)
    a_pupil().by(DPO).when(REVIEW).refused(NotFound)


def test_it_is_reviewed_after_the_pupil_left_and_in_a_record_that_was_merged() -> None:
    left = taken().given(RecordLeaving(occurred_on=date(2026, 7, 17), why="Moved"))
    left.by(DPO).when(REVIEW).then(EmergencyAccessReviewed)

    merge(taken()).by(DPO).when(REVIEW).then(EmergencyAccessReviewed)


# Never undone


@pytest.mark.parametrize("version", [3, 4], ids=["taken", "reviewed"])
@pytest.mark.parametrize("actor", [DPO, Actor(id=MOTHER, name="S", role=Role.SENCO)])
def test_that_it_was_taken_and_what_a_review_found_nobody_corrects_or_withdraws(
    version: int, actor: Actor
) -> None:
    """Planted: were it an entry as others are, a SENDCo who took one could withdraw it, and with it
    the duties of those who are to look at it."""
    reviewed = taken().by(DPO).given(REVIEW).by(actor)
    correct = CorrectEntry(
        occurred_on=TODAY,
        entry_version=version,
        field="reason",
        from_value=None,
        to_value="x",
        why="y",
    )
    withdraw = WithdrawEntry(
        occurred_on=TODAY,
        entry_version=version,
        why=WhyWithdrawn.ENTERED_IN_ERROR,
        explanation="Not meant",
    )

    reviewed.when(correct).refused(NotPutRightThisWay)
    reviewed.when(withdraw).refused(NotPutRightThisWay)
    assert issubclass(NotPutRightThisWay, RuleBroken)
