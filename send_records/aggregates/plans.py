"""Plans: which one support follows, from its draft to its end; what it says: ``plan_contents``.

    drafted ---> amended ---> agreed, in force ---> shared ---> superseded, or ended

One cycle of assess, plan, do, review (Code of Practice 6.44-6.56; policy s.10.2).  Exactly one plan
is in force; earlier ones are kept.  Parents are consulted; where they do not agree, support still
follows the plan as drafted (``facts.md`` 10.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.contacts import Party, parties
from send_records.aggregates.plan_contents import PlanContents, PlanKind, Target
from send_records.aggregates.values import SENDCOS, TEACHERS, Clear, Few, Flag, Name, Some, Words
from send_records.errors import NotFound, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan, as decisions need to know it."""

    id: UUID
    kind: PlanKind
    targets: tuple[str, ...]
    review_on: date


class DraftAlreadyOpen(RuleBroken):
    """One plan is drafted at a time: amend it, agree it, or end it."""


class TargetNotInPlan(RuleBroken):
    """What serves a target serves one of the plan that support follows."""

    basis = "SEND policy s.10.2; SEND Code of Practice 6.48-6.52"


def plan_of(pupil: Pupil, plan_id: UUID) -> Plan:
    """Return the plan in force or the draft, by its id; raise NotFound for any other."""
    for plan in (pupil.plan, pupil.draft):
        if plan is not None and plan.id == plan_id:
            return plan
    raise NotFound(f"The pupil has no plan {plan_id} in force or in draft.")


def plan_with(pupil: Pupil, target: str) -> Plan:
    """Return the plan that support follows now, whichever day an entry is about, which has this
    target; raise TargetNotInPlan."""
    plan = pupil.working_plan
    if plan is None or target not in plan.targets:
        wanted = ", ".join(plan.targets) if plan is not None else ""
        raise TargetNotInPlan(f"The plan's targets are {wanted}." if wanted else "No plan is open.")
    return plan


class PlanDrafted(PupilEvent):
    plan_id: UUID
    kind: PlanKind
    review_on: Clear[date]
    class_teacher: str
    targets: tuple[Target, ...]

    def apply(self, pupil: Pupil) -> Pupil:
        refs = tuple(target.ref for target in self.targets)
        return replace(pupil, draft=Plan(self.plan_id, self.kind, refs, self.review_on))


class DraftPlan(PlanContents, Command):
    """Draft a plan: targets, the teacher responsible, and the date of its review."""

    roles = TEACHERS

    kind: PlanKind

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        if pupil.draft is not None:
            raise DraftAlreadyOpen("Amend, agree or end the plan that is being drafted.")
        self.require_sound(self.kind, by)
        self.require_outcomes(self.kind, pupil)
        return [
            PlanDrafted(
                **self.entry(pupil, by),
                plan_id=by.new_id,
                kind=self.kind,
                review_on=self.review_on,
                class_teacher=self.class_teacher,
                targets=self.targets,
            )
        ]


class PlanAmended(PupilEvent):
    """A plan as it reads from now on, whole."""

    plan_id: UUID
    kind: PlanKind
    review_on: Clear[date]
    class_teacher: str
    targets: tuple[Target, ...]
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        refs = tuple(target.ref for target in self.targets)
        plan = Plan(self.plan_id, self.kind, refs, self.review_on)
        if pupil.draft is not None and pupil.draft.id == plan.id:
            return replace(pupil, draft=plan)
        return replace(pupil, plan=plan)


class AmendPlan(PlanContents, Command):
    """Change a plan in force or in draft, whole; how it read before is kept."""

    roles = TEACHERS

    plan_id: UUID
    why: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        plan = plan_of(pupil, self.plan_id)
        self.require_sound(plan.kind, by, kept=plan.targets)
        self.require_outcomes(plan.kind, pupil)
        return [
            PlanAmended(
                **self.entry(pupil, by),
                plan_id=plan.id,
                kind=plan.kind,
                review_on=self.review_on,
                class_teacher=self.class_teacher,
                targets=self.targets,
                why=self.why,
            )
        ]


class PlanSuperseded(PupilEvent):
    plan_id: UUID
    by_plan_id: UUID

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, plan=None)


class PlanAgreed(PupilEvent):
    plan_id: UUID
    agreed_with: tuple[Party, ...]
    pupil_agreed: bool

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, plan=pupil.draft, draft=None)


class AgreePlan(Command):
    """Record that parents and pupil agreed the plan in draft, which comes into force."""

    roles = TEACHERS

    plan_id: UUID
    contact_ids: Few[UUID] = ()
    pupil_agreed: Flag

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        if pupil.draft is None or pupil.draft.id != self.plan_id:
            raise NotFound(f"The pupil has no plan {self.plan_id} in draft.")
        events: list[PupilEvent] = []
        if pupil.plan is not None:
            superseded = PlanSuperseded(
                **self.entry(pupil, by), plan_id=pupil.plan.id, by_plan_id=self.plan_id
            )
            events.append(superseded)
            pupil = superseded.mutate(pupil)
        agreed = PlanAgreed(
            **self.entry(pupil, by),
            plan_id=self.plan_id,
            agreed_with=parties(pupil, self.contact_ids),
            pupil_agreed=self.pupil_agreed,
        )
        return [*events, agreed]


class PlanShared(PupilEvent):
    plan_id: UUID
    shared_with: tuple[str, ...]
    how: str

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil

    def recipients(self) -> tuple[str, ...]:
        return self.shared_with


class SharePlan(Command):
    """Record who was given the plan, and how (policy s.10.2: staff, parents and the pupil)."""

    roles = TEACHERS

    plan_id: UUID
    shared_with: Some[Name]
    how: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        plan = plan_of(pupil, self.plan_id)
        return [
            PlanShared(
                **self.entry(pupil, by),
                plan_id=plan.id,
                shared_with=self.shared_with,
                how=self.how,
            )
        ]


class PlanEnded(PupilEvent):
    plan_id: UUID
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        if pupil.draft is not None and pupil.draft.id == self.plan_id:
            return replace(pupil, draft=None)
        return replace(pupil, plan=None)


class EndPlan(Command):
    """Record that a plan ended with none to follow it."""

    roles = SENDCOS

    plan_id: UUID
    why: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        plan = plan_of(pupil, self.plan_id)
        return [PlanEnded(**self.entry(pupil, by), plan_id=plan.id, why=self.why)]
