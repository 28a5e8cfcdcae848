"""The targets: what each plan, as it read, asked of a pupil by when, and what became of it.

One row a target of each version of a plan: what was amended stays as it was, with its outcome, and
the new version starts without one.  So a year of targets, met and not met, reads as it went.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar, Literal
from uuid import UUID, uuid5

from send_records.aggregates.plan_contents import Target
from send_records.aggregates.plans import (
    PlanAgreed,
    PlanAmended,
    PlanDrafted,
    PlanEnded,
    PlanSuperseded,
)
from send_records.aggregates.reviews import TargetOutcome, TargetReviewed
from send_records.projections.conditions import asked, before
from send_records.projections.pages import Page, Views, page_in_order
from send_records.projections.rows import SEALED
from send_records.projections.several import Several, on

DONE = {TargetOutcome.MET, TargetOutcome.WITHDRAWN}
"""The outcomes after which nobody works towards a target."""

OutcomeAsked = Literal["met", "partly_met", "not_met", "withdrawn", "none"]
"""An outcome, or that there is none yet."""


@dataclass(frozen=True, slots=True)
class TargetRow:
    """One target of one version of a plan; see the comments on the table's columns."""

    target_id: UUID
    pupil_id: UUID
    plan_id: UUID
    plan_kind: str
    plan_version: int
    place: int
    area: str
    due_on: date
    review_on: date
    written_on: date
    position: int
    ref: str = field(metadata=SEALED)
    text: str = field(metadata=SEALED)
    baseline: str = field(metadata=SEALED)
    success: str = field(metadata=SEALED)
    expected_impact: str = field(metadata=SEALED)
    outcome_ref: str | None = field(metadata=SEALED)
    agreed_on: date | None = None
    amended_on: date | None = None
    superseded_on: date | None = None
    ended_on: date | None = None
    outcome: str | None = None
    reviewed_on: date | None = None
    evidence: str | None = field(default=None, metadata=SEALED)
    open: bool = True
    corrected: list[str] = field(default_factory=list)

    @property
    def stands(self) -> bool:
        """Whether the plan reads so now, and is not over."""
        return self.amended_on is None and self.superseded_on is None and self.ended_on is None

    def settled(self) -> TargetRow:
        """Return the row that says whether the target is still worked towards."""
        return replace(self, open=self.stands and self.outcome not in DONE)


@dataclass(frozen=True, slots=True)
class TargetsState:
    """One pupil's targets, in the order in which they were written."""

    pupil_id: UUID
    rows: tuple[TargetRow, ...] = ()

    def changed(self, plan_id: UUID, change: Callable[[TargetRow], TargetRow]) -> TargetsState:
        """Return the state in which the targets of a plan, as it reads now, are otherwise."""
        return replace(
            self,
            rows=tuple(
                change(row).settled() if row.plan_id == plan_id and row.stands else row
                for row in self.rows
            ),
        )


def _written(state: TargetsState, event: PlanDrafted | PlanAmended) -> TargetsState:
    """Return the state with the plan as it reads from now on, beside what it was."""
    if event.position is None:
        return state
    of_plan = [row for row in state.rows if row.plan_id == event.plan_id]
    agreed_on = next((row.agreed_on for row in of_plan if row.stands), None)
    version = max((row.plan_version for row in of_plan), default=0) + 1
    state = state.changed(event.plan_id, lambda row: replace(row, amended_on=event.occurred_on))
    rows = (
        replace(_row(event, version, place, target), agreed_on=agreed_on)
        for place, target in enumerate(event.targets, start=1)
    )
    return replace(state, rows=(*state.rows, *rows))


def _row(event: PlanDrafted | PlanAmended, version: int, place: int, target: Target) -> TargetRow:
    return TargetRow(
        target_id=uuid5(event.originator_id, f"{event.plan_id} {version} {place}"),
        pupil_id=event.originator_id,
        plan_id=event.plan_id,
        plan_kind=event.kind,
        plan_version=version,
        place=place,
        area=target.area,
        due_on=target.due_on,
        review_on=event.review_on,
        written_on=event.occurred_on,
        position=event.position or 0,
        ref=target.ref,
        text=target.text,
        baseline=target.baseline,
        success=target.success,
        expected_impact=target.expected_impact,
        outcome_ref=target.outcome_ref,
    )


def _reviewed(state: TargetsState, event: TargetReviewed) -> TargetsState:
    """Return the state with what became of a target: in the version of the plan that had it last.
    Of several reviews the last held counts, whenever they were entered."""
    of_it = [row for row in state.rows if (row.plan_id, row.ref) == (event.plan_id, event.ref)]
    if not of_it:
        return state
    row, on = of_it[-1], event.occurred_on
    if row.reviewed_on is not None and on < row.reviewed_on:
        return state
    after = replace(row, outcome=event.outcome, reviewed_on=on, evidence=event.evidence).settled()
    return replace(state, rows=tuple(after if each is row else each for each in state.rows))


class Targets(Several[TargetsState, TargetRow]):
    """What pupils work towards, one row a target of each version of a plan."""

    name = "targets"
    key = "target_id"
    state = TargetsState
    row = TargetRow
    changes: ClassVar = dict(
        [
            on(PlanDrafted, _written),
            on(PlanAmended, _written),
            on(
                PlanAgreed,
                lambda s, e: s.changed(e.plan_id, lambda r: replace(r, agreed_on=e.occurred_on)),
            ),
            on(
                PlanSuperseded,
                lambda s, e: s.changed(
                    e.plan_id, lambda r: replace(r, superseded_on=e.occurred_on)
                ),
            ),
            on(
                PlanEnded,
                lambda s, e: s.changed(e.plan_id, lambda r: replace(r, ended_on=e.occurred_on)),
            ),
            on(TargetReviewed, _reviewed),
        ]
    )

    def start(self, pupil_id: UUID) -> TargetsState:
        return TargetsState(pupil_id)

    def rows(self, state: TargetsState) -> Iterable[TargetRow]:
        return state.rows


def targets_page(
    views: Views,
    *,
    academy: str | None,
    pupil_id: UUID | None,
    outcome: OutcomeAsked | None,
    open_only: bool,
    due_before: date | None,
    after: UUID | None,
    limit: int,
) -> Page[TargetRow]:
    """Return targets by the day on which they are due."""
    where = asked(
        academy,
        pupil_id=pupil_id,
        open=True if open_only else None,
        due_on=due_before and before("due_on", due_before),
    )
    if outcome is not None:
        where["outcome"] = None if outcome == "none" else outcome
    return page_in_order(views, Targets, "due_on", where, after=after, limit=limit)
