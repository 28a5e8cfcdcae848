"""Plan contents: targets, the teacher who answers for them, and when the plan is reviewed.

    (``plans``) drafted ---> amended: its contents are checked alike

SMART targets (policy s.10.2, appendix 11), with a review date (Code of Practice 6.48-6.52); those
under an EHC plan cite the outcome they serve (SEND Regulations 2014 reg 12; 9.69).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from pydantic import Field

from send_records.aggregates.base import By, Entry
from send_records.aggregates.ehc_plans import ehc_plan_on
from send_records.aggregates.values import Area, Day, Few, Name, Value, Words, day_in_words
from send_records.errors import Invalid, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class PlanKind(StrEnum):
    """An individual plan, or the year's targets under an EHC plan."""

    IP = "ip"
    EHCP = "ehcp"


class Helper(StrEnum):
    """Who does a strategy."""

    CLASS = "class"
    ASSISTANT = "ta"
    HOME = "home"
    PUPIL = "pupil"


class Target(Value):
    """One SMART target: what, from where, how success is known, what it will change, by when."""

    ref: Name
    text: Words
    area: Area
    baseline: Words
    success: Words
    due_on: Day
    expected_impact: Words
    strategies: Mapping[Helper, Words] = Field(default_factory=dict)
    outcome_ref: Name | None = None
    """The section E outcome it serves, for a plan under an EHCP."""


class TargetsNotOneToFour(Invalid):
    """A plan has one to four targets."""

    basis = "SEND policy s.10.2 and appendix 11 (target sheet)"


class TargetNotDated(Invalid):
    """A target is due after the plan is written: SMART is time-bound."""

    basis = "SEND policy s.10.2"


class OutcomeNotCited(Invalid):
    """A target under an EHC plan cites the section E outcome it serves."""

    basis = "SEND Regulations 2014 reg 12; SEND Code of Practice 9.69"


class OutcomeNotInPlan(RuleBroken):
    """The outcome that a target cites is one of the EHC plan in force, where one is on record."""

    basis = "SEND Regulations 2014 reg 12; SEND Code of Practice 9.69"


class ReviewTooFarAhead(Invalid):
    """A plan has a clear review date, by the end of the next term."""

    basis = "SEND policy s.10.2; SEND Code of Practice 6.48-6.51"


class PlanContents(Entry):
    """What a plan says; checked alike when it is drafted and when it is amended."""

    review_on: Day
    class_teacher: Name
    """Who stays responsible for the pupil's progress day by day (Code of Practice 6.52)."""
    targets: Few[Target]

    def require_outcomes(self, kind: PlanKind, pupil: Pupil) -> None:
        """Refuse targets that cite an outcome which the EHC plan has not.

        A pupil's EHC plan may not be on record yet: then any reference is taken.
        """
        plan = ehc_plan_on(pupil, self.occurred_on)
        if kind is not PlanKind.EHCP or plan is None:
            return
        if any(target.outcome_ref not in plan.outcomes for target in self.targets):
            raise OutcomeNotInPlan(f"Cite outcomes of the plan: {', '.join(plan.outcomes)}.")

    def require_sound(self, kind: PlanKind, by: By, kept: Sequence[str] = ()) -> None:
        """Refuse a plan that could not be worked with, or not be reviewed in time.

        A target kept from before the change keeps its day, though it may have passed.
        """
        most = by.rules.limit("plan_targets", self.occurred_on).most
        refs = {target.ref for target in self.targets}
        if not 1 <= len(self.targets) <= most or len(refs) < len(self.targets):
            raise TargetsNotOneToFour(
                f"Enter from 1 to {most} targets, each with its own reference."
            )
        new = [target for target in self.targets if target.ref not in kept]
        if any(target.due_on <= self.occurred_on for target in new):
            raise TargetNotDated("Set each target a date after the day of this entry.")
        if kind is PlanKind.EHCP and not all(target.outcome_ref for target in self.targets):
            raise OutcomeNotCited("Give each target the reference of its section E outcome.")
        # Half terms are held, for clocks, and not which of them make up a term: so the row says
        # how far off the end of the next term can be at most.
        limit = by.rules.interval("plan_review_at_most", self.occurred_on)
        latest = limit.after(self.occurred_on)
        if not self.occurred_on < self.review_on <= latest:
            raise ReviewTooFarAhead(
                f"Set the review after this entry, by {day_in_words(latest)} at most."
            )
