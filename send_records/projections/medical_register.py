"""The medical register: who is on it, for which condition, and when the plan for it is reviewed.

Policy s.6; Children and Families Act 2014 s.100.  A condition for which a pupil is placed anew has
a row of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar
from uuid import UUID

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.enrolment import PupilLeft, PupilReadmitted
from send_records.aggregates.healthcare import HealthcarePlanRecorded
from send_records.aggregates.medical import PlacedOnMedicalRegister, RemovedFromMedicalRegister
from send_records.projections.conditions import asked
from send_records.projections.pages import Page, Views, page_in_order
from send_records.projections.rows import SEALED
from send_records.projections.several import Several, on


@dataclass(frozen=True, slots=True)
class MedicalRow:
    """One condition of one pupil; see the comments on the table's columns."""

    place_id: UUID
    pupil_id: UUID
    on_register: bool
    placed_on: date
    removed_on: date | None
    plan_recorded_on: date | None
    next_review_on: date | None
    trained_staff: int | None
    condition: str = field(metadata=SEALED)
    diagnosed: bool | None = field(metadata=SEALED)
    detail: str | None = field(metadata=SEALED)
    emergency: str | None = field(metadata=SEALED)
    medication: list[str] = field(metadata=SEALED)
    why_removed: str | None = field(metadata=SEALED)
    corrected: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MedicalState:
    """One pupil's rows, by their ids, and whether the pupil has left."""

    pupil_id: UUID
    places: dict[UUID, MedicalRow] = field(default_factory=dict)
    left: bool = False


def _with(state: MedicalState, row: MedicalRow) -> MedicalState:
    return replace(state, places={**state.places, row.place_id: row})


def _placed(state: MedicalState, event: PlacedOnMedicalRegister) -> MedicalState:
    row = MedicalRow(
        place_id=event.place_id,
        pupil_id=event.originator_id,
        on_register=True,
        placed_on=event.occurred_on,
        removed_on=None,
        plan_recorded_on=None,
        next_review_on=None,
        trained_staff=None,
        condition=event.condition,
        diagnosed=event.diagnosed,
        detail=event.detail,
        emergency=None,
        medication=[],
        why_removed=None,
    )
    return _with(state, row)


def _planned(state: MedicalState, event: HealthcarePlanRecorded) -> MedicalState:
    """A plan that is entered late does not replace one of a later day."""
    row = state.places.get(event.place_id)
    if row is None or event.occurred_on < (row.plan_recorded_on or event.occurred_on):
        return state
    planned = replace(
        row,
        plan_recorded_on=event.occurred_on,
        next_review_on=event.review_on,
        trained_staff=event.trained_staff,
        emergency=event.emergency,
        medication=[f"{each.name}, {each.dose}" for each in event.medication],
    )
    return _with(state, planned)


def _removed(state: MedicalState, event: RemovedFromMedicalRegister) -> MedicalState:
    row = state.places.get(event.place_id)
    if row is None:
        return state
    removed = replace(
        row,
        on_register=False,
        removed_on=event.occurred_on,
        next_review_on=None,
        why_removed=event.why,
    )
    return _with(state, removed)


def _on_roll(state: MedicalState, event: DomainEvent) -> MedicalState:
    return replace(state, left=isinstance(event, PupilLeft))


class MedicalRegister(Several[MedicalState, MedicalRow]):
    """Who is on the medical register, one row a pupil and condition."""

    name = "medical_register"
    key = "place_id"
    state = MedicalState
    row = MedicalRow
    changes: ClassVar = dict(
        [
            on(PlacedOnMedicalRegister, _placed),
            on(HealthcarePlanRecorded, _planned),
            on(RemovedFromMedicalRegister, _removed),
            on(PupilLeft, _on_roll),
            on(PupilReadmitted, _on_roll),
        ]
    )

    def start(self, pupil_id: UUID) -> MedicalState:
        return MedicalState(pupil_id)

    def rows(self, state: MedicalState) -> Iterable[MedicalRow]:
        """Whoever has left is on no register, and is again once readmitted."""
        return [
            replace(row, on_register=row.removed_on is None and not state.left)
            for row in state.places.values()
        ]


def medical_page(
    views: Views,
    *,
    academy: str | None,
    pupil_id: UUID | None,
    on_register: bool | None,
    after: UUID | None,
    limit: int,
) -> Page[MedicalRow]:
    """Return the medical register in the order of the days on which pupils were placed on it."""
    where = asked(academy, pupil_id=pupil_id, on_register=on_register)
    return page_in_order(views, MedicalRegister, "placed_on", where, after=after, limit=limit)
