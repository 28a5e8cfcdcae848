"""The meeting of an annual review: what it considered, whom it heard, and what it recommends.

    called (``annual_reviews``) ---> held ---> reported, and decided (``annual_review_results``)

SEND Regulations 2014 reg 20(5) and (6); Children and Families Act 2014 s.19 and s.44; the fields
are those of published forms (``facts.md`` 6.9).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

from send_records.aggregates.annual_reviews import InviteePart
from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.communications import Action
from send_records.aggregates.days import require_past
from send_records.aggregates.ehc_plans import EhcPlan, require_ehc_plan, require_sections
from send_records.aggregates.values import (
    SENDCOS,
    Count,
    Day,
    Few,
    Flag,
    Measure,
    Name,
    Some,
    Value,
    Words,
    day_in_words,
    judge,
)
from send_records.aggregates.voices import Voice, require_heard
from send_records.errors import RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


def _percent(number: Decimal) -> Decimal:
    if not 0 <= number <= 100:
        raise ValueError("Enter a percentage, from 0 to 100")
    return number


Percent = Annotated[Measure, *judge(_percent)]
"""A share of a hundred."""


class Recommendation(StrEnum):
    """What a review recommends, and what the local authority decides, of a plan."""

    MAINTAIN = "maintain"
    AMEND = "amend"
    CEASE = "cease"


class ReviewAttendee(Value):
    """Somebody present, in which part."""

    part: InviteePart
    name: Name


class ReviewAdvice(Value):
    """Written advice for the meeting, by whom, and when it came."""

    part: InviteePart
    name: Name
    summary: Words
    received_on: Day | None = None


class OutcomeProgress(Value):
    """What came of one outcome of section E, and whether it is still the right one."""

    ref: Name
    progress: Words
    still_right: Flag | None = None


class SectionChange(Value):
    """What should change in one section of the plan."""

    section: Name
    change: Words


class OutcomesNotReviewed(RuleBroken):
    """An annual review considers progress towards every outcome of the plan, and no other."""

    basis = "SEND Regulations 2014 reg 20(5)"


class PreparationForAdulthoodMissing(RuleBroken):
    """From Year 9 an annual review considers preparation for adulthood."""

    basis = "SEND Regulations 2014 reg 20(6); SEND Code of Practice 9.184"


class AnnualReviewAlreadyHeld(RuleBroken):
    """One annual review is held on a day."""


class AnnualReviewHeld(PupilEvent):
    present: tuple[ReviewAttendee, ...]
    advice: tuple[ReviewAdvice, ...]
    advice_circulated_on: date | None
    outcomes: tuple[OutcomeProgress, ...]
    changes: tuple[SectionChange, ...]
    pupil_voice: str | None
    pupil_voice_missing_because: str | None
    parent_voice: str | None
    parent_voice_missing_because: str | None
    preparation_for_adulthood: str | None
    attendance_percent: Percent | None
    suspensions: int | None
    personal_budget_asked_for: bool | None
    recommendation: Recommendation
    differences: str | None
    actions: tuple[Action, ...]

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, annual_reviews=(*pupil.annual_reviews, self.occurred_on))


class HoldAnnualReview(Command):
    """Record an annual review that was held: progress, views, and what it recommends.

    Not checked: that it was called by us, or that its advice went round in time (reg 20(4)): a
    pupil may have come with a meeting already called.
    """

    roles = SENDCOS

    present: Some[ReviewAttendee]
    advice: Few[ReviewAdvice] = ()
    advice_circulated_on: Day | None = None
    """The day on which the advice went to everyone invited (reg 20(4))."""
    outcomes: Few[OutcomeProgress]
    changes: Few[SectionChange] = ()
    pupil_voice: Words | None = None
    pupil_voice_missing_because: Words | None = None
    parent_voice: Words | None = None
    parent_voice_missing_because: Words | None = None
    preparation_for_adulthood: Words | None = None
    attendance_percent: Percent | None = None
    suspensions: Count | None = None
    personal_budget_asked_for: Flag | None = None
    recommendation: Recommendation
    differences: Words | None = None
    """Between what the school recommends and what others do."""
    actions: Few[Action] = ()

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        plan = require_ehc_plan(pupil, self.occurred_on)
        if self.occurred_on in pupil.annual_reviews:
            raise AnnualReviewAlreadyHeld(
                f"One held on {day_in_words(self.occurred_on)} is on record."
            )
        self._require_outcomes(plan)
        self._require_considered(pupil, by)
        if self.advice_circulated_on is not None:
            require_past(self.advice_circulated_on, by)
        return [
            AnnualReviewHeld(
                **self.entry(pupil, by),
                present=self.present,
                advice=self.advice,
                advice_circulated_on=self.advice_circulated_on,
                outcomes=self.outcomes,
                changes=self.changes,
                pupil_voice=self.pupil_voice,
                pupil_voice_missing_because=self.pupil_voice_missing_because,
                parent_voice=self.parent_voice,
                parent_voice_missing_because=self.parent_voice_missing_because,
                preparation_for_adulthood=self.preparation_for_adulthood,
                attendance_percent=self.attendance_percent,
                suspensions=self.suspensions,
                personal_budget_asked_for=self.personal_budget_asked_for,
                recommendation=self.recommendation,
                differences=self.differences,
                actions=self.actions,
            )
        ]

    def _require_outcomes(self, plan: EhcPlan) -> None:
        wanted = sorted(plan.outcomes)
        if sorted(outcome.ref for outcome in self.outcomes) != wanted:
            raise OutcomesNotReviewed(f"Consider each of these once: {', '.join(wanted)}.")

    def _require_considered(self, pupil: Pupil, by: By) -> None:
        """Refuse a review without the family's views, or from Year 9 without adulthood."""
        require_sections([c.section for c in self.changes], self.occurred_on, by)
        said = {
            Voice.PUPIL: self.pupil_voice or self.pupil_voice_missing_because,
            Voice.PARENT: self.parent_voice or self.parent_voice_missing_because,
        }
        for voice, words in said.items():
            require_heard(pupil, voice, words, self.occurred_on)
        from_year_9 = by.rules.code("adulthood_year", pupil.nc_year, self.occurred_on)
        if from_year_9 is not None and self.preparation_for_adulthood is None:
            raise PreparationForAdulthoodMissing(
                "Record what was considered: work, independent living, taking part, health."
            )
