"""Transitions, handovers and reduced timetables (policy s.8.6, 17; facts 4.3 and 8.1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

from send_records.aggregates.handovers import AcceptPupilMove, AcknowledgeHandover, SendHandover
from send_records.aggregates.reduced_timetables import AgreeReducedTimetable
from send_records.aggregates.timetable_reviews import (
    EndReducedTimetable,
    NotifyReducedTimetable,
    ReviewReducedTimetable,
)
from send_records.aggregates.transition import HoldTransitionMeeting, PlanTransition
from send_records.aggregates.values import Role
from tests.aggregates.model.book import (
    AFTER_LEAVING,
    Desk,
    agreed,
    changes_nothing,
    not_standing,
    refuses,
    writes,
)
from tests.aggregates.model.numbers import timetable_days

AFTER_LEAVING |= {SendHandover, AcknowledgeHandover}
changes_nothing(HoldTransitionMeeting, NotifyReducedTimetable, ReviewReducedTimetable)


@refuses(PlanTransition)
def planning(desk: Desk, said: PlanTransition) -> Iterator[str]:
    if said.transfer_on < said.occurred_on:
        yield "Invalid"


@writes(PlanTransition)
def planned(desk: Desk, said: PlanTransition) -> None:
    desk.book.transitions[desk.new_id] = said.transfer_on


@refuses(HoldTransitionMeeting)
def meeting(desk: Desk, said: HoldTransitionMeeting) -> Iterator[str]:
    if said.transition_id not in desk.book.transitions:
        yield "NotFound"
    if not [each for each in said.attendees if each.present]:
        yield "NobodyWasThere"


@refuses(SendHandover)
def sending(desk: Desk, said: SendHandover) -> Iterator[str]:
    if said.receipt_expected_by is not None and said.receipt_expected_by < said.occurred_on:
        yield "Invalid"
    if said.preparation_id is not None:
        yield from not_standing(desk, said.preparation_id, {"handover"})


@writes(SendHandover)
def sent(desk: Desk, said: SendHandover) -> None:
    desk.book.handovers[desk.new_id] = (said.occurred_on, False)
    if said.preparation_id is not None:
        desk.book.preparations[said.preparation_id].sent = True


@refuses(AcknowledgeHandover)
def acknowledging(desk: Desk, said: AcknowledgeHandover) -> Iterator[str]:
    """Received once, on a day that has been, after it was sent."""
    on = said.on or said.occurred_on
    if desk.ahead(on):
        yield "NotYetHappened"
    handover = desk.book.handovers.get(said.handover_id)
    if handover is None:
        yield "NotFound"
        return
    if handover[1]:
        yield "HandoverAlreadyAcknowledged"
    if on < handover[0]:
        yield "Invalid"


@writes(AcknowledgeHandover)
def acknowledged(desk: Desk, said: AcknowledgeHandover) -> None:
    desk.book.handovers[said.handover_id] = (desk.book.handovers[said.handover_id][0], True)


@refuses(AcceptPupilMove)
def accepting(desk: Desk, said: AcceptPupilMove) -> Iterator[str]:
    """By the SENDCo of the academy that receives, or the trust's (policy s.8.6 and 17)."""
    if desk.book.move is None:
        yield "NoMoveToAccept"
        return
    to_academy, moved_on = desk.book.move
    if desk.role is not Role.TRUST_SENCO and desk.academy != to_academy:
        yield "NotTheReceivingSenco"
    if said.occurred_on < moved_on:
        yield "Invalid"


@writes(AcceptPupilMove)
def accepted(desk: Desk, said: AcceptPupilMove) -> None:
    desk.book.move = None


def not_agreed(desk: Desk, on: date, until: date) -> Iterator[str]:
    """The agreement given last holds on the day and until the end."""
    spans = agreed(desk, "reduced_timetable", None, on)
    if not spans or spans[-1][1] < until:
        yield "ParentalAgreementMissing"


@refuses(AgreeReducedTimetable)
def reducing(desk: Desk, said: AgreeReducedTimetable) -> Iterator[str]:
    """Parents agree, two people approve, an end is set, and it is never for behaviour."""
    if desk.book.timetable is not None:
        yield "TimetableAlreadyReduced"
    if said.ground == "behaviour":
        yield "NotForBehaviour"
    if said.start_on < said.occurred_on:
        yield "BegunBeforeAgreed"
    steps = [step.from_on for step in said.step_up]
    in_order = all(a <= b for a, b in pairwise(steps))
    if not in_order or not all(said.start_on <= day <= said.end_on for day in steps):
        yield "Invalid"
    if said.end_on < said.start_on:
        yield "Invalid"
    if desk.ahead(said.la_notified_on):
        yield "NotYetHappened"
    if any(each.approved_on and each.approved_on > said.occurred_on for each in said.approved_by):
        yield "NotApprovedByBoth"
    roles = {str(each.role) for each in said.approved_by}
    people = {" ".join(each.name.lower().split()) for each in said.approved_by}
    if roles != {"principal", "head_of_inclusion"} or len(people) == 1:
        yield "NotApprovedByBoth"
    yield from not_agreed(desk, said.occurred_on, said.end_on)
    days = timetable_days(desk.rules, said.local_authority, said.start_on)
    if said.end_on > said.start_on + timedelta(days=days - 1):
        yield "TimetableTooLong"
    if said.review_on is not None and not said.start_on <= said.review_on <= said.end_on:
        yield "Invalid"


@writes(AgreeReducedTimetable)
def reduced(desk: Desk, said: AgreeReducedTimetable) -> None:
    desk.book.timetable = (said.occurred_on, said.start_on, said.end_on)


@refuses(NotifyReducedTimetable)
def notifying(desk: Desk, said: NotifyReducedTimetable) -> Iterator[str]:
    """Of one that is agreed."""
    if desk.book.timetable is None:
        yield "TimetableNotReduced"
    elif said.occurred_on < desk.book.timetable[0]:
        yield "Invalid"


@refuses(ReviewReducedTimetable)
def reviewing(desk: Desk, said: ReviewReducedTimetable) -> Iterator[str]:
    """With pupil and parents; one that goes on has the parents' agreement and an end ahead."""
    if desk.book.timetable is None:
        yield "TimetableNotReduced"
    if said.pupil_view is None and said.pupil_view_missing_because is None:
        yield "VoiceMissing"
    if said.parent_view is None and said.parent_view_missing_because is None:
        yield "VoiceMissing"
    if desk.book.timetable is None:
        return
    agreed_on, _, end_on = desk.book.timetable
    if said.occurred_on < agreed_on:
        yield "Invalid"
    if said.outcome == "return_to_full_time":
        return
    if said.occurred_on >= end_on:
        yield "TimetableTooLong"
    yield from not_agreed(desk, said.occurred_on, end_on)
    if said.next_review_on is not None and not said.occurred_on < said.next_review_on <= end_on:
        yield "Invalid"


@refuses(EndReducedTimetable)
def ending(desk: Desk, said: EndReducedTimetable) -> Iterator[str]:
    if desk.book.timetable is None:
        yield "TimetableNotReduced"
        return
    agreed_on = desk.book.timetable[0]
    if said.occurred_on < agreed_on:
        yield "Invalid"
    if said.returned_full_time_on is not None and said.returned_full_time_on < agreed_on:
        yield "Invalid"


@writes(EndReducedTimetable)
def ended(desk: Desk, said: EndReducedTimetable) -> None:
    desk.book.timetable = None
