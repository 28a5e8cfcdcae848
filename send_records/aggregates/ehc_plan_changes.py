"""Changes to an EHC plan: what the local authority amends, and when it ceases to maintain it.

    in force (``ehc_plans``) ---> amended, whole ---> ceased

Children and Families Act 2014 s.44 and s.45; SEND Regulations 2014 reg 22 to 31.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.days import require_past
from send_records.aggregates.ehc_plans import (
    EhcPlan,
    EhcPlanContents,
    EhcPlanNotIssued,
    PlanOutcome,
    ehc_plan_on,
    require_ehc_plan,
    require_sections,
    require_sen_type,
)
from send_records.aggregates.la_decisions import AppealGround, require_letter, with_decision
from send_records.aggregates.values import SENDCOS, Day, Name, Origin, Some, Words, day_in_words
from send_records.errors import Invalid, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class AmendedAfter(StrEnum):
    """What led the local authority to amend a plan."""

    ANNUAL_REVIEW = "annual_review"
    PHASE_TRANSFER = "phase_transfer"
    REASSESSMENT = "reassessment"
    MEDIATION = "mediation"
    TRIBUNAL_ORDER = "tribunal_order"
    OTHER = "other"


class EhcPlanUnderAppeal(RuleBroken):
    """A plan is maintained until an appeal against ceasing it is decided."""

    basis = "Children and Families Act 2014 s.45(4)"


class EhcPlanAmended(PupilEvent):
    """A plan as it reads from now on, whole."""

    local_authority: str
    final_dated: date
    primary_need: str
    sections: tuple[str, ...]
    sections_absent: tuple[str, ...]
    outcomes: tuple[PlanOutcome, ...]
    provision_f: tuple[str, ...]
    placement: str | None
    personal_budget: bool | None
    sections_changed: tuple[str, ...]
    following: AmendedAfter

    def apply(self, pupil: Pupil) -> Pupil:
        refs = tuple(outcome.ref for outcome in self.outcomes)
        plans = pupil.ehc_plans or (EhcPlan(self.final_dated, refs),)
        which = ehc_plan_on(pupil, self.occurred_on) or plans[-1]
        plans = tuple(replace(p, outcomes=refs) if p is which else p for p in plans)
        amended = replace(pupil, ehc_plans=plans)
        return with_decision(amended, AppealGround.CONTENTS, self.final_dated)

    def require_valid(self, by: By) -> None:
        require_sen_type(self.primary_need, self.final_dated, by)
        require_sections((*self.sections, *self.sections_absent), self.final_dated, by)
        require_sections(self.sections_changed, self.final_dated, by)


class AmendEhcPlan(EhcPlanContents, Command):
    """Record a plan as the local authority amended it, whole; how it read before is kept.

    An amended plan can be appealed as a new one can (Children and Families Act 2014 s.51(2)(c)).
    """

    roles = SENDCOS

    sections_changed: Some[Name]
    following: AmendedAfter

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        plan = require_ehc_plan(pupil, self.occurred_on)
        self.require_plan(by)
        require_sections(self.sections_changed, self.final_dated, by)
        if self.final_dated < plan.since:
            raise Invalid(f"The plan is of {day_in_words(plan.since)}: an amendment is later.")
        return [
            EhcPlanAmended(
                **self.entry(pupil, by),
                local_authority=self.local_authority,
                final_dated=self.final_dated,
                primary_need=self.primary_need,
                sections=self.sections,
                sections_absent=self.absent(by),
                outcomes=self.outcomes,
                provision_f=self.provision_f,
                placement=self.placement,
                personal_budget=self.personal_budget,
                sections_changed=self.sections_changed,
                following=self.following,
            )
        ]


class EhcPlanCeased(PupilEvent):
    ceased_on: date
    letter_dated: date | None
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        *earlier, last = pupil.ehc_plans or (None,)
        if last is not None:
            pupil = replace(pupil, ehc_plans=(*earlier, replace(last, ceased_on=self.ceased_on)))
        if self.letter_dated is None:
            return pupil
        return with_decision(pupil, AppealGround.CEASING, self.letter_dated)


class RecordEhcPlanCeased(Command):
    """Record from which day the local authority no longer maintains the plan, and why.

    Not checked: that the time for an appeal has passed (s.45(4)).  The record says both days.
    """

    roles = SENDCOS

    origin: Origin = Origin.PROFESSIONAL
    ceased_on: Day
    letter_dated: Day | None = None
    """Of the notice to parents, against which they may appeal."""
    why: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        require_past(self.ceased_on, by)
        plan = pupil.ehc_plans[-1] if pupil.ehc_plans else None
        if plan is None or plan.ceased_on is not None:
            raise EhcPlanNotIssued("No EHC plan is on record as maintained now.")
        if self.ceased_on < plan.since:
            raise Invalid(f"The plan is of {day_in_words(plan.since)}: it ceased later.")
        open_appeals = (a for a in pupil.appeals.values() if not a.decided)
        if any(appeal.ground is AppealGround.CEASING for appeal in open_appeals):
            raise EhcPlanUnderAppeal("Record how the appeal against ceasing it was decided first.")
        if self.letter_dated is not None:
            require_letter(self.letter_dated, self.occurred_on, by)
        return [
            EhcPlanCeased(
                **self.entry(pupil, by),
                ceased_on=self.ceased_on,
                letter_dated=self.letter_dated,
                why=self.why,
            )
        ]
