"""A pupil with support and a plan, for the questions about them; and pupils of whom anything at all
was recorded."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from uuid import UUID

from hypothesis import strategies as st

from send_records.aggregates.agencies import EndAgencyInvolvement, RecordAgencyInvolvement
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.consents import Purpose, RecordAgreement, RecordAgreementRefused
from send_records.aggregates.enrolment import ReadmitPupil, RecordLeaving
from send_records.aggregates.monitoring import (
    MonitoringOutcome,
    NextStep,
    ReviewMonitoring,
    StartMonitoring,
)
from send_records.aggregates.plan_contents import PlanKind, Target
from send_records.aggregates.plans import AgreePlan, DraftPlan
from send_records.aggregates.register import ChangeSupportLevel, SupportLevel
from send_records.aggregates.reviews import (
    Attendee,
    HoldReview,
    Part,
    ReviewKind,
    TargetOutcome,
    TargetReview,
)
from send_records.aggregates.values import Area
from tests.aggregates.test_invariants import DAYS, EVENT_CLASSES, fields
from tests.projections.lives import Life
from tests.scenario import ADD, IDENTIFY, MOTHER, RECORD_MOTHER, TELL, but

ADDED_ON = date(2023, 12, 13)
PLAN, NEXT_PLAN = UUID(int=550), UUID(int=551)

AGREE = RecordAgreement(occurred_on=ADDED_ON, purpose=Purpose.ANNUAL, contact_id=MOTHER)
REFUSE = RecordAgreementRefused(
    occurred_on=date(2024, 12, 20), purpose=Purpose.ANNUAL, contact_id=MOTHER
)
LEAVE = RecordLeaving(occurred_on=date(2025, 2, 14), why="Moved away")
BACK = ReadmitPupil(occurred_on=date(2025, 4, 28), academy="Alder Park Academy", nc_year="3")


def target(ref: str) -> Target:
    return Target(
        ref=ref,
        text="Reads 60 words a minute",
        area=Area.COGNITION,
        baseline="41 words",
        success="60 words, three times",
        due_on=date(2024, 7, 12),
        expected_impact="Reads with the class",
    )


DRAFT = DraftPlan(
    occurred_on=date(2024, 1, 8),
    kind=PlanKind.IP,
    review_on=date(2024, 3, 22),
    class_teacher="Jo Whitfield",
    targets=(target("T1"), target("T2")),
)
AGREE_PLAN = AgreePlan(occurred_on=date(2024, 1, 10), plan_id=PLAN, pupil_agreed=True)
NEXT_DRAFT = but(DRAFT, occurred_on=date(2024, 4, 8), review_on=date(2024, 7, 1))
AGREE_NEXT = AgreePlan(occurred_on=date(2024, 4, 10), plan_id=NEXT_PLAN, pupil_agreed=True)
REVIEW = HoldReview(
    occurred_on=date(2024, 3, 28),
    kind=ReviewKind.TERMLY,
    attendees=(Attendee(part=Part.PARENT, name="Nasreen Rahman", invited=True, present=True),),
    targets=tuple(
        TargetReview(ref=ref, outcome=TargetOutcome.MET, evidence="62 words")
        for ref in ("T1", "T2")
    ),
    impact="Reads more",
    pupil_voice="I like it",
    parent_voice="She likes it",
    next_steps="Go on",
    next_review_on=date(2024, 7, 5),
)
SPECIALIST = ChangeSupportLevel(
    occurred_on=date(2024, 5, 20), to_level=SupportLevel.SPECIALIST, why="EP involved"
)
PSYCHOLOGIST = RecordAgencyInvolvement(
    occurred_on=date(2024, 5, 20), agency="Psychology", professional="Dr Ines Marsh"
)
DONE = EndAgencyInvolvement(occurred_on=date(2024, 9, 2), agency="Psychology", why="Report given")
WATCH = StartMonitoring(occurred_on=date(2023, 9, 20), focus="Reading")
LOOK = ReviewMonitoring(
    occurred_on=date(2023, 11, 13),
    present=("Jo Whitfield",),
    outcome=MonitoringOutcome.SOME_PROGRESS,
    summary="Knows more letters",
    next_step=NextStep.CONTINUE,
)


def supported() -> Life:
    """A pupil on the register, whose mother was told, and agreed for a year."""
    return Life().then(RECORD_MOTHER, key=MOTHER).then(IDENTIFY, TELL, ADD, AGREE)


def planned() -> Life:
    """A pupil with a plan in force, due for review on 22 March."""
    return supported().then(DRAFT, key=PLAN).then(AGREE_PLAN)


@st.composite
def any_events(draw: st.DrawFn) -> list[DomainEvent]:
    """Any events, in any order, as the log would hold them."""
    opening = Life().events
    chosen = draw(st.lists(st.sampled_from(EVENT_CLASSES), max_size=25))
    more = []
    for kind in chosen:
        made = draw(fields(kind, {"originator_id": st.just(opening[0].originator_id)}))
        more.append(kind.model_construct(**made))
    numbered = []
    for place, event in enumerate([*opening, *more], start=1):
        recorded_on = max(event.occurred_on, draw(st.sampled_from(DAYS)))
        recorded = {
            "originator_version": place,
            "position": place,
            "recorded_at": datetime.combine(recorded_on, time(12), UTC),
        }
        numbered.append(event.model_copy(update=recorded))
    return numbered
