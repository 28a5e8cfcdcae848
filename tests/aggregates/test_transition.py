from __future__ import annotations

from datetime import date
from uuid import UUID

from send_records.aggregates.communications import NobodyWasThere
from send_records.aggregates.reviews import Attendee, Part
from send_records.aggregates.transition import (
    HoldTransitionMeeting,
    PlanTransition,
    TransitionKind,
    TransitionMeetingHeld,
    TransitionPlanned,
)
from send_records.errors import Invalid, NotFound
from tests.scenario import a_pupil, but

TRANSITION = UUID(int=13)
PLAN = PlanTransition(
    occurred_on=date(2026, 5, 11),
    to="Northgate High School",
    kind=TransitionKind.PHASE,
    transfer_on=date(2026, 9, 2),
    information_to_share="The last plan and the speech report",
)
MEET = HoldTransitionMeeting(
    occurred_on=date(2026, 6, 8),
    transition_id=TRANSITION,
    attendees=(Attendee(part=Part.STAFF, name="Their SENDCo", invited=True, present=True),),
    summary="What helps in the morning",
)


def test_a_transition_is_planned_for_a_day_to_come() -> None:
    a_pupil().when(PLAN).then(
        TransitionPlanned, to="Northgate High School", transfer_on=date(2026, 9, 2)
    )
    a_pupil().when(but(PLAN, transfer_on=date(2026, 5, 11))).then(TransitionPlanned)
    a_pupil().when(but(PLAN, transfer_on=date(2026, 5, 10))).refused(Invalid)


def test_a_meeting_is_about_a_transition_that_was_planned() -> None:
    planned = a_pupil().given(PLAN, new_id=TRANSITION)

    planned.when(MEET).then(TransitionMeetingHeld, transition_id=TRANSITION)
    a_pupil().when(MEET).refused(NotFound)


def test_teachers_meet_again_once_the_pupil_is_there() -> None:
    planned = a_pupil().given(PLAN, new_id=TRANSITION)

    planned.when(but(MEET, occurred_on=date(2026, 10, 1))).then(TransitionMeetingHeld)


def test_a_meeting_had_somebody_there() -> None:
    absent = Attendee(part=Part.STAFF, name="Their SENDCo", invited=True, present=False)

    a_pupil().given(PLAN, new_id=TRANSITION).when(but(MEET, attendees=(absent,))).refused(
        NobodyWasThere
    )
