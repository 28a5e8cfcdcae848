"""EHC plans: what the local authority issues, section by section.

    issued, in force ---> amended, or ceased (``ehc_plan_changes``)

Children and Families Act 2014 s.37 to 45.  A plan has the sections of SEND Regulations 2014 reg 12;
the outcomes of section E are what a year's targets serve.  A pupil may arrive with a plan, so no
request of ours is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from send_records.aggregates.base import By, Command, Entry, PupilEvent
from send_records.aggregates.la_decisions import AppealGround, require_letter, with_decision
from send_records.aggregates.needs import SenTypeNotInForce
from send_records.aggregates.values import (
    SENDCOS,
    Day,
    Few,
    Flag,
    Name,
    Origin,
    Some,
    Value,
    Words,
    day_in_words,
)
from send_records.errors import Invalid, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class PlanOutcome(Value):
    """One outcome of section E, by the reference that targets cite."""

    ref: Name
    text: Words


@dataclass(frozen=True, slots=True)
class EhcPlan:
    """One EHC plan, as decisions need to know it."""

    since: date
    outcomes: tuple[str, ...]
    ceased_on: date | None = None
    """The first day on which it was no longer maintained; None while it is."""

    def in_force(self, on: date) -> bool:
        return self.since <= on and (self.ceased_on is None or on < self.ceased_on)


class EhcPlanNotIssued(RuleBroken):
    """There is an EHC plan once the local authority has issued one, until it ceases."""

    basis = "Children and Families Act 2014 s.37 and s.45; DfE school census, SEN provision E"


class EhcPlanAlreadyIssued(RuleBroken):
    """A child has one EHC plan at a time: it is amended, or replaced after a re-assessment."""

    basis = "Children and Families Act 2014 s.37, s.44 and s.45"


class SectionNotInForce(Invalid):
    """A section of a plan is one of those that the regulations list."""

    basis = "SEND Regulations 2014 reg 12"


def ehc_plan_on(pupil: Pupil, day: date) -> EhcPlan | None:
    """Return the EHC plan in force on a day; None if there is none."""
    return next((plan for plan in reversed(pupil.ehc_plans) if plan.in_force(day)), None)


def require_ehc_plan(pupil: Pupil, day: date) -> EhcPlan:
    """Return the EHC plan in force on a day; raise EhcPlanNotIssued if there is none."""
    plan = ehc_plan_on(pupil, day)
    if plan is None:
        raise EhcPlanNotIssued(f"No EHC plan is on record as in force on {day_in_words(day)}.")
    return plan


def require_sections(sections: Sequence[str], on: date, by: By) -> None:
    """Refuse sections that the regulations do not list, or one named twice."""
    unknown = [s for s in sections if by.rules.code("ehc_section", s, on) is None]
    if unknown or len(set(sections)) < len(sections):
        raise SectionNotInForce("Name each section once, by its letter: A to G, H1, H2, I, J, K.")


def require_sen_type(code: str, on: date, by: By) -> None:
    """Refuse a primary need that is no DfE type of need on the day."""
    if by.rules.code("sen_type", code, on) is None:
        raise SenTypeNotInForce("Choose a DfE type of need, for example SPLD or SLCN.")


class EhcPlanContents(Entry):
    """What a final EHC plan says; checked alike when it is issued and when it is amended."""

    origin: Origin = Origin.PROFESSIONAL
    local_authority: Name
    final_dated: Day
    primary_need: Name
    """A DfE type of need."""
    sections: Some[Name]
    """The letters of the sections that it has."""
    outcomes: Some[PlanOutcome]
    provision_f: Few[Words] = ()
    placement: Name | None = None
    """The school, or type of school, that section I names."""
    personal_budget: Flag | None = None

    def require_plan(self, by: By) -> None:
        """Refuse what no final plan can say."""
        require_letter(self.final_dated, self.occurred_on, by)
        require_sections(self.sections, self.final_dated, by)
        require_sen_type(self.primary_need, self.final_dated, by)
        if len({outcome.ref for outcome in self.outcomes}) < len(self.outcomes):
            raise Invalid("Give each outcome of section E a reference of its own.")

    def absent(self, by: By) -> tuple[str, ...]:
        """Return the sections of the regulations that this plan has not."""
        listed = by.rules.codes_of("ehc_section", self.final_dated)
        return tuple(code.code for code in listed if code.code not in self.sections)


class EhcPlanIssued(PupilEvent):
    local_authority: str
    final_dated: date
    primary_need: str
    sections: tuple[str, ...]
    sections_absent: tuple[str, ...]
    """Those that reg 12 lists and this plan has not: shown, for the record holds what came."""
    outcomes: tuple[PlanOutcome, ...]
    provision_f: tuple[str, ...]
    placement: str | None
    personal_budget: bool | None

    def apply(self, pupil: Pupil) -> Pupil:
        earlier = tuple(
            replace(plan, ceased_on=min(plan.ceased_on or self.final_dated, self.final_dated))
            for plan in pupil.ehc_plans
        )
        plan = EhcPlan(self.final_dated, tuple(outcome.ref for outcome in self.outcomes))
        issued = replace(pupil, ehc_plans=(*earlier, plan), ehc_request=None)
        return with_decision(issued, AppealGround.CONTENTS, self.final_dated)

    def require_valid(self, by: By) -> None:
        require_sen_type(self.primary_need, self.final_dated, by)
        require_sections((*self.sections, *self.sections_absent), self.final_dated, by)


class RecordEhcPlan(EhcPlanContents, Command):
    """Record the EHC plan that the local authority issued, as it reads.

    Not checked: a request of ours, for a pupil may arrive with a plan; nor that every section is
    there, for the record holds what came and names what did not.
    """

    roles = SENDCOS

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        self.require_plan(by)
        again = pupil.ehc_request is not None and pupil.ehc_request.reassessment
        for plan in pupil.ehc_plans:
            ceased = plan.ceased_on is not None and plan.ceased_on <= self.final_dated
            if not ceased and not (again and plan.since < self.final_dated):
                raise EhcPlanAlreadyIssued(
                    f"The plan of {day_in_words(plan.since)} is in force: record how it changed."
                )
        return [
            EhcPlanIssued(
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
            )
        ]
