from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from pydantic import ValidationError

from send_records.aggregates.plan_contents import PlanKind, Target
from send_records.aggregates.plans import DraftPlan
from send_records.aggregates.reviews import (
    AlreadyReviewed,
    AnnualReviewIsItsOwnEntry,
    Attendee,
    HoldReview,
    Part,
    ReviewHeld,
    ReviewKind,
    TargetOutcome,
    TargetReview,
    TargetReviewed,
    TargetsNotReviewed,
)
from send_records.aggregates.scheduled_reviews import (
    RecordMissedReview,
    ReviewMissed,
    ReviewScheduled,
    ScheduleReview,
)
from send_records.aggregates.values import Area, Origin
from send_records.aggregates.voices import (
    ParentVoiceRecorded,
    PupilVoiceRecorded,
    RecordParentVoice,
    RecordPupilVoice,
    VoiceMissing,
)
from send_records.errors import Invalid, NotFound
from tests.scenario import GRANDMOTHER, MOTHER, NOBODY, Scenario, a_family, a_pupil, but

SCHEDULED = UUID(int=31)
SCHEDULE = ScheduleReview(
    occurred_on=date(2024, 1, 8),
    kind=ReviewKind.TERMLY,
    planned_on=date(2024, 3, 22),
    invited=("Nasreen Rahman", "Aisha", "Mr Hughes"),
)
MISS = RecordMissedReview(
    occurred_on=date(2024, 3, 22), review_id=SCHEDULED, why="School closed by snow"
)
PUPIL_VOICE = RecordPupilVoice(
    occurred_on=date(2024, 3, 12),
    how="drawing and scribe",
    likes="The word race",
    verbatim=True,
    wants_to_attend_review=True,
)
PARENT_VOICE = RecordParentVoice(
    occurred_on=date(2024, 3, 14),
    contact_id=MOTHER,
    interpreter=True,
    going_well="She reads signs on the bus now",
    happy_to_share=True,
)
DRAFT = DraftPlan(
    occurred_on=date(2023, 12, 15),
    kind=PlanKind.IP,
    review_on=date(2024, 3, 22),
    class_teacher="Mr Hughes",
    targets=(
        Target(
            ref="T1",
            text="Read 30 words a minute",
            area=Area.COGNITION,
            baseline="11 words",
            success="30 words on three days",
            due_on=date(2024, 3, 15),
            expected_impact="Closes a third of the gap",
        ),
    ),
)
PARTLY = TargetReview(ref="T1", outcome=TargetOutcome.PARTLY_MET, evidence="22 words, 2 errors")
HOLD = HoldReview(
    occurred_on=date(2024, 3, 22),
    kind=ReviewKind.TERMLY,
    attendees=(
        Attendee(part=Part.PARENT, name="Nasreen Rahman", invited=True, present=True),
        Attendee(part=Part.PARENT, name="Imran Rahman", invited=True, present=False),
        Attendee(part=Part.PUPIL, name="Aisha", invited=True, present=True),
    ),
    targets=(PARTLY,),
    impact="Slowed by missed sessions",
    next_steps="Continue T1; seek an educational psychologist",
)


def heard() -> Scenario:
    """A pupil with a plan, who was heard before the review, as her mother was."""
    return a_family().given(DRAFT, PUPIL_VOICE, PARENT_VOICE)


def test_a_review_is_scheduled_with_those_invited() -> None:
    a_pupil().when(SCHEDULE).then(
        ReviewScheduled, planned_on=date(2024, 3, 22), invited=SCHEDULE.invited
    )
    a_pupil().when(but(SCHEDULE, planned_on=date(2024, 1, 8))).then(ReviewScheduled)
    a_pupil().when(but(SCHEDULE, planned_on=date(2024, 1, 7))).refused(Invalid)


def test_a_review_held_evaluates_every_target_and_sets_the_next() -> None:
    target, held = heard().when(HOLD).decided()

    assert isinstance(target, TargetReviewed)
    assert (target.ref, target.outcome) == ("T1", TargetOutcome.PARTLY_MET)
    assert isinstance(held, ReviewHeld)
    assert held.next_review_on == date(2024, 7, 22)


def test_a_review_says_who_was_invited_and_who_came() -> None:
    held = heard().when(HOLD).decided()[-1]

    assert isinstance(held, ReviewHeld)
    assert [a.name for a in held.attendees if a.invited and not a.present] == ["Imran Rahman"]


@pytest.mark.parametrize(
    "targets",
    [(), (PARTLY, PARTLY), (PARTLY, PARTLY.model_copy(update={"ref": "T9"}))],
)
def test_no_target_is_left_out_doubled_or_invented(targets: tuple[TargetReview, ...]) -> None:
    heard().when(but(HOLD, targets=targets)).refused(TargetsNotReviewed)


def test_without_a_plan_a_review_has_no_targets() -> None:
    no_plan = a_family().given(PUPIL_VOICE, PARENT_VOICE)

    no_plan.when(HOLD).refused(TargetsNotReviewed)
    no_plan.when(but(HOLD, targets=())).then(ReviewHeld)


def test_a_review_holds_both_voices_or_the_reason_it_does_not() -> None:
    a_family().given(DRAFT, PARENT_VOICE).when(HOLD).refused(VoiceMissing)
    a_family().given(DRAFT, PUPIL_VOICE).when(HOLD).refused(VoiceMissing)

    excused = but(HOLD, pupil_voice="I like it", parent_voice_missing_because="Phoned twice")
    a_family().given(DRAFT).given(excused)


def test_a_voice_counts_for_one_review_only() -> None:
    next_term = but(HOLD, occurred_on=date(2024, 7, 12))

    heard().given(HOLD).when(next_term).refused(VoiceMissing)


def test_a_voice_heard_on_the_day_of_a_review_counts_for_that_one() -> None:
    same_day = but(PUPIL_VOICE, occurred_on=HOLD.occurred_on)
    held = a_family().given(DRAFT, PARENT_VOICE, same_day, HOLD)
    next_term = but(HOLD, occurred_on=date(2024, 7, 12), parent_voice="She is happier")

    held.when(next_term).refused(VoiceMissing)


def test_a_voice_heard_after_a_review_was_not_in_it() -> None:
    afterwards = but(PUPIL_VOICE, occurred_on=date(2024, 3, 25))

    a_family().given(DRAFT, PARENT_VOICE, afterwards).when(HOLD).refused(VoiceMissing)
    heard().given(afterwards, HOLD)


def test_one_review_is_held_on_a_day() -> None:
    heard().given(HOLD).when(HOLD).refused(AlreadyReviewed)


def test_the_annual_review_of_an_ehc_plan_is_called_and_held_as_one() -> None:
    heard().when(but(HOLD, kind=ReviewKind.EHCP_ANNUAL)).refused(AnnualReviewIsItsOwnEntry)
    heard().when(but(SCHEDULE, kind=ReviewKind.EHCP_ANNUAL)).refused(AnnualReviewIsItsOwnEntry)


def test_after_the_last_review_there_is_none() -> None:
    held = heard().when(but(HOLD, kind=ReviewKind.END_OF_REGISTER)).decided()[-1]

    assert isinstance(held, ReviewHeld)
    assert held.next_review_on is None
    heard().when(but(HOLD, next_review_on=date(2024, 3, 22))).refused(Invalid)


def test_a_review_held_settles_those_of_its_kind_and_no_other() -> None:
    other = but(SCHEDULE, kind=ReviewKind.PERSON_CENTRED)

    held = heard().given(SCHEDULE).given(other, new_id=SCHEDULED).given(HOLD)

    assert list(held.pupil.scheduled_reviews) == [SCHEDULED]


def test_a_missed_review_says_why_and_is_missed_once() -> None:
    missed = (
        a_pupil()
        .given(SCHEDULE, new_id=SCHEDULED)
        .when(MISS)
        .then(ReviewMissed, planned_on=date(2024, 3, 22), why="School closed by snow")
    )

    missed.when(MISS).refused(NotFound)
    missed.when(but(MISS, review_id=NOBODY)).refused(NotFound)


def test_the_pupils_words_are_the_pupils() -> None:
    a_pupil().when(PUPIL_VOICE).then(PupilVoiceRecorded, verbatim=True, origin=Origin.PUPIL)


def test_the_parents_words_are_the_parents() -> None:
    a_family().when(PARENT_VOICE).then(
        ParentVoiceRecorded, going_well="She reads signs on the bus now", origin=Origin.PARENT
    )
    a_family().when(but(PARENT_VOICE, contact_id=NOBODY)).refused(NotFound)


def test_whoever_cares_for_the_child_is_heard_without_parental_responsibility() -> None:
    [event] = a_family().when(but(PARENT_VOICE, contact_id=GRANDMOTHER)).decided()

    assert isinstance(event, ParentVoiceRecorded)
    assert event.given_by.relationship == "grandmother"


def test_a_voice_says_something() -> None:
    with pytest.raises(ValidationError, match="something that the pupil said"):
        but(PUPIL_VOICE, likes=None)
    with pytest.raises(ValidationError, match="something that the parent said"):
        but(PARENT_VOICE, going_well=None)
