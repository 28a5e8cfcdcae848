"""The plan as a SENDCo opens it on Monday: what is in force, what is in draft, and how it goes.

Read from the pupil's own entries, in the order in which they were recorded, as the domain takes
them: so it is the plan that the next review is judged by.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.plan_contents import Target
from send_records.aggregates.plans import (
    PlanAgreed,
    PlanAmended,
    PlanDrafted,
    PlanEnded,
    PlanShared,
    PlanSuperseded,
)
from send_records.aggregates.reviews import ReviewHeld, TargetReviewed
from send_records.projections.base import differing, marked_as
from send_records.projections.reading import Record


@dataclass(frozen=True, slots=True)
class TargetNow:
    """A target as the plan reads, and what the last review found."""

    ref: str
    text: str
    area: str
    baseline: str
    success: str
    due_on: date
    expected_impact: str
    strategies: Mapping[str, str]
    outcome_ref: str | None
    outcome: str | None = None
    reviewed_on: date | None = None
    evidence: str | None = None


@dataclass(frozen=True, slots=True)
class SharedWith:
    """Who was given the plan, when and how."""

    on: date
    shared_with: list[str]
    how: str


@dataclass(frozen=True, slots=True)
class PlanNow:
    """A plan as it reads now."""

    plan_id: UUID
    kind: str
    version: int
    """From 1; each amendment is one more."""
    drafted_on: date
    written_on: date
    """The day it was drafted, or amended last."""
    review_on: date
    """The day that the plan sets for its review."""
    review_due_on: date | None
    """The day of its next review: the plan's own or, after a review, the one which that set."""
    class_teacher: str
    targets: list[TargetNow]
    agreed_on: date | None = None
    agreed_with: list[str] = field(default_factory=list)
    pupil_agreed: bool | None = None
    shared: list[SharedWith] = field(default_factory=list)
    corrected: list[str] = field(default_factory=list)
    """The fields that would say something else without the record's corrections."""


@dataclass(frozen=True, slots=True)
class PlansNow:
    """The plan in force and the one in draft, if there are such."""

    version: int = 0
    """The pupil's version that they were read at."""
    in_force: PlanNow | None = None
    draft: PlanNow | None = None
    last_review_on: date | None = None

    def having(self, plan: PlanNow) -> PlansNow:
        """Return the same with one of its plans as it is now."""
        if self.in_force is not None and self.in_force.plan_id == plan.plan_id:
            return replace(self, in_force=plan)
        return replace(self, draft=plan)

    def plan(self, plan_id: UUID) -> PlanNow | None:
        """Return one of its plans, by its id."""
        both = (self.in_force, self.draft)
        return next((plan for plan in both if plan is not None and plan.plan_id == plan_id), None)

    def without(self, plan_id: UUID) -> PlansNow:
        """Return the same without a plan that is over."""
        over = self.plan(plan_id)
        return replace(
            self,
            in_force=None if over is self.in_force else self.in_force,
            draft=None if over is self.draft else self.draft,
        )


def plans_read(record: Record) -> PlansNow:
    """Return the plans that a pupil's record adds up to as it reads, with what was put right."""
    plans, before = plans_now(record.read), plans_now(record.recorded)
    for plan in (plans.in_force, plans.draft):
        if plan is not None:
            plans = plans.having(marked_as(plan, differing(plan, before.plan(plan.plan_id))))
    return plans


def plans_now(events: Iterable[DomainEvent]) -> PlansNow:
    """Return the plans that one pupil's recorded events, oldest first, add up to."""
    now = PlansNow()
    for event in events:
        now = replace(_after(now, event), version=event.originator_version)
    return now


def _after(now: PlansNow, event: DomainEvent) -> PlansNow:
    match event:
        case PlanDrafted():
            return replace(now, draft=_drafted(event))
        case PlanAmended():
            plan = now.plan(event.plan_id)
            return now.having(_amended(plan, event)) if plan is not None else now
        case PlanAgreed():
            plan = now.draft
            return now if plan is None else replace(now, in_force=_agreed(plan, event), draft=None)
        case PlanSuperseded() | PlanEnded():
            return now.without(event.plan_id)
        case PlanShared():
            plan = now.plan(event.plan_id)
            given = SharedWith(event.occurred_on, list(event.shared_with), event.how)
            return now.having(replace(plan, shared=[*plan.shared, given])) if plan else now
        case TargetReviewed():
            plan = now.plan(event.plan_id)
            return now.having(_reviewed(plan, event)) if plan is not None else now
        case ReviewHeld():
            return _held(now, event)
        case _:
            return now


def _drafted(event: PlanDrafted) -> PlanNow:
    return PlanNow(
        plan_id=event.plan_id,
        kind=event.kind,
        version=1,
        drafted_on=event.occurred_on,
        written_on=event.occurred_on,
        review_on=event.review_on,
        review_due_on=event.review_on,
        class_teacher=event.class_teacher,
        targets=[_target(target) for target in event.targets],
    )


def _amended(plan: PlanNow, event: PlanAmended) -> PlanNow:
    """Return the plan as amended; a target that stays keeps what was found of it."""
    found = {
        target.ref: {
            "outcome": target.outcome,
            "reviewed_on": target.reviewed_on,
            "evidence": target.evidence,
        }
        for target in plan.targets
    }
    return replace(
        plan,
        version=plan.version + 1,
        written_on=event.occurred_on,
        review_on=event.review_on,
        review_due_on=event.review_on,
        class_teacher=event.class_teacher,
        targets=[
            replace(_target(target), **found.get(target.ref, {}))  # type: ignore[arg-type]
            for target in event.targets
        ],
    )


def _target(target: Target) -> TargetNow:
    return TargetNow(
        ref=target.ref,
        text=target.text,
        area=target.area,
        baseline=target.baseline,
        success=target.success,
        due_on=target.due_on,
        expected_impact=target.expected_impact,
        strategies={str(helper): words for helper, words in target.strategies.items()},
        outcome_ref=target.outcome_ref,
    )


def _agreed(plan: PlanNow, event: PlanAgreed) -> PlanNow:
    return replace(
        plan,
        agreed_on=event.occurred_on,
        agreed_with=[party.name for party in event.agreed_with],
        pupil_agreed=event.pupil_agreed,
    )


def _reviewed(plan: PlanNow, event: TargetReviewed) -> PlanNow:
    """Return the plan with what was found of a target, unless a later review has found more."""
    day = event.occurred_on

    def found(target: TargetNow) -> TargetNow:
        if target.ref != event.ref or day < (target.reviewed_on or day):
            return target
        return replace(target, outcome=event.outcome, reviewed_on=day, evidence=event.evidence)

    return replace(plan, targets=[found(target) for target in plan.targets])


def _held(now: PlansNow, event: ReviewHeld) -> PlansNow:
    """Return the plans after a review, of the one worked with; one entered late moves no day."""
    day = event.occurred_on
    if now.last_review_on is not None and day < now.last_review_on:
        return now
    now = replace(now, last_review_on=day)
    plan = now.in_force or now.draft
    if plan is None or day < plan.written_on:
        return now
    return now.having(replace(plan, review_due_on=event.next_review_on))
