"""What follows an annual review: its report, the local authority's decision, and a new phase.

    held (``annual_review_meetings``) ---> reported in 2 weeks ---> decided in 4

SEND Regulations 2014 reg 20(7) to (10) and, for a move to the next phase of education, reg 18
(``facts.md`` 2.3).  What was late is shown as late, and not refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import model_validator

from send_records.aggregates.annual_review_meetings import Recommendation
from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.days import require_past
from send_records.aggregates.ehc_plans import EhcPlanNotIssued, require_ehc_plan
from send_records.aggregates.la_decisions import AppealGround, require_letter, with_decision
from send_records.aggregates.standing import DaysMiscounted
from send_records.aggregates.values import (
    SENDCOS,
    Day,
    Flag,
    Name,
    Origin,
    Some,
    Words,
    day_in_words,
)
from send_records.errors import Invalid, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class PhaseTransfer(StrEnum):
    """Which move of phase a plan is reviewed for (reg 18)."""

    EARLY_YEARS_TO_SCHOOL = "early_years_to_school"
    INFANT_TO_JUNIOR = "infant_to_junior"
    PRIMARY_TO_MIDDLE = "primary_to_middle"
    PRIMARY_TO_SECONDARY = "primary_to_secondary"
    MIDDLE_TO_SECONDARY = "middle_to_secondary"
    SECONDARY_TO_POST_16 = "secondary_to_post_16"
    POST_16_TO_POST_16 = "post_16_to_post_16"


class PhaseOutcome(StrEnum):
    """What the local authority did with the plan before the move."""

    AMENDED = "plan_amended"
    UNCHANGED = "plan_unchanged"
    CEASED = "plan_ceased"


class AnnualReviewNotHeld(RuleBroken):
    """A report is of an annual review that was held, and is on record."""

    basis = "SEND Regulations 2014 reg 20(7)"


def last_held(pupil: Pupil, by_day: date) -> date | None:
    """Return the day of the last annual review held by a day; None if none is on record."""
    return max((day for day in pupil.annual_reviews if day <= by_day), default=None)


class AnnualReviewReported(PupilEvent):
    held_on: date
    sent_on: date
    to: tuple[str, ...]
    days_after_meeting: int
    late: bool

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil

    def require_valid(self, by: By) -> None:
        days = (self.sent_on - self.held_on).days
        late = reported_late(self.held_on, self.sent_on, by)
        if (self.days_after_meeting, self.late) != (days, late):
            raise DaysMiscounted("Its days were counted: withdraw the entry and make it anew.")

    def recipients(self) -> tuple[str, ...]:
        return self.to


def reported_late(held_on: date, sent_on: date, by: By) -> bool:
    """Return whether a report is of more than 2 weeks after the meeting (reg 20(7) to (9))."""
    return sent_on > by.rules.interval("annual_review_report", held_on).after(held_on)


class ReportAnnualReview(Command):
    """Record that the report went to everyone invited, due within 2 weeks of the meeting."""

    roles = SENDCOS

    held_on: Day | None = None
    """The day of the meeting: the last one, unless it is said."""
    sent_on: Day | None = None
    """The day of the entry, unless it is said."""
    to: Some[Name]

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        sent_on = self.sent_on or self.occurred_on
        require_past(sent_on, by)
        held_on = self.held_on or last_held(pupil, sent_on)
        if held_on is None or held_on not in pupil.annual_reviews:
            raise AnnualReviewNotHeld("Record the annual review that it reports first.")
        if sent_on < held_on:
            raise Invalid(f"The meeting was on {day_in_words(held_on)}: its report is later.")
        return [
            AnnualReviewReported(
                **self.entry(pupil, by),
                held_on=held_on,
                sent_on=sent_on,
                to=self.to,
                days_after_meeting=(sent_on - held_on).days,
                late=reported_late(held_on, sent_on, by),
            )
        ]


DECISION_GROUNDS = {
    Recommendation.MAINTAIN: AppealGround.REFUSAL_TO_AMEND,
    Recommendation.CEASE: AppealGround.CEASING,
}
"""What can be appealed at once; a decision to amend is, when the amended plan is final."""


class LaReviewDecisionReceived(PupilEvent):
    held_on: date | None
    """The review that it concludes; None if none is on record."""
    decision: Recommendation
    letter_dated: date
    amendments_enclosed: bool | None
    """Whether the proposed amendments came with a decision to amend."""
    late: bool | None
    """Whether later than 4 weeks from the meeting; None if no meeting is on record."""
    why: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        ground = DECISION_GROUNDS.get(self.decision)
        return pupil if ground is None else with_decision(pupil, ground, self.letter_dated)

    def require_valid(self, by: By) -> None:
        if self.late != decided_late(self.held_on, self.letter_dated, by):
            raise DaysMiscounted("Its days were counted: withdraw the entry and make it anew.")


def decided_late(held_on: date | None, letter_dated: date, by: By) -> bool | None:
    """Return whether a letter is of more than 4 weeks after the meeting (reg 20(10)); None if no
    meeting is on record."""
    if held_on is None:
        return None
    interval = by.rules.interval("annual_review_decision", held_on)
    return letter_dated > interval.after(held_on)


class RecordLaReviewDecision(Command):
    """Record what the local authority decided after an annual review: maintain, amend or cease.

    A decision to amend says whether the proposed amendments came with it, as they must ([2022]
    EWHC 493 (Admin)).  Not checked: a review of ours, which may have been held elsewhere.
    """

    roles = SENDCOS

    origin: Origin = Origin.PROFESSIONAL
    decision: Recommendation
    letter_dated: Day
    amendments_enclosed: Flag | None = None
    why: Words | None = None

    @model_validator(mode="after")
    def _amendments_with_a_decision_to_amend(self) -> RecordLaReviewDecision:
        if (self.decision is Recommendation.AMEND) is (self.amendments_enclosed is None):
            raise ValueError("Say of a decision to amend, and of no other, if amendments came")
        return self

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        require_letter(self.letter_dated, self.occurred_on, by)
        require_ehc_plan(pupil, self.letter_dated)
        held_on = last_held(pupil, self.letter_dated)
        return [
            LaReviewDecisionReceived(
                **self.entry(pupil, by),
                held_on=held_on,
                decision=self.decision,
                letter_dated=self.letter_dated,
                amendments_enclosed=self.amendments_enclosed,
                late=decided_late(held_on, self.letter_dated, by),
                why=self.why,
            )
        ]


class PhaseTransferReviewed(PupilEvent):
    phase: PhaseTransfer
    transfer_on: date
    outcome: PhaseOutcome
    decided_on: date
    placement: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class RecordPhaseTransferReview(Command):
    """Record that the plan was reviewed for the next phase, by when, and the school it names.

    Not refused: a review after 15 February or 31 March of the year of transfer (reg 18): its day
    is on record beside the day of the move.
    """

    roles = SENDCOS

    origin: Origin = Origin.PROFESSIONAL
    phase: PhaseTransfer
    transfer_on: Day
    """The first day in the next phase, which may be to come."""
    outcome: PhaseOutcome
    decided_on: Day
    placement: Name | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        require_past(self.decided_on, by)
        if not pupil.ehc_plans:
            raise EhcPlanNotIssued("Record the EHC plan that was reviewed first.")
        return [
            PhaseTransferReviewed(
                **self.entry(pupil, by),
                phase=self.phase,
                transfer_on=self.transfer_on,
                outcome=self.outcome,
                decided_on=self.decided_on,
                placement=self.placement,
            )
        ]
