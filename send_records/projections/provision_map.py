"""The provision map: what each pupil is given, for which target, how much of it came about, what
it costs and what it changed (Code of Practice 6.76; ``facts.md`` 6.8).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar
from uuid import UUID

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.delivery import (
    Deliverer,
    delivered_cost,
    delivered_minutes,
    planned_cost,
    planned_sessions,
)
from send_records.aggregates.enrolment import PupilLeft, PupilReadmitted
from send_records.aggregates.provision import (
    Provision,
    ProvisionChanged,
    ProvisionStarted,
    begun,
    changed,
)
from send_records.aggregates.sessions import ProvisionEnded, ProvisionSessionsLogged, ended, logged
from send_records.projections.conditions import asked
from send_records.projections.pages import Page, Views, page_in_order
from send_records.projections.rows import SEALED
from send_records.projections.several import Several, on


@dataclass(frozen=True, slots=True)
class ProvisionRow:
    """One provision; see the comments on the table's columns."""

    provision_id: UUID
    pupil_id: UUID
    tier: str
    area: str
    plan_id: UUID | None
    funding_element: str | None
    going_on: bool
    started_on: date
    planned_to: date
    ended_on: date | None
    planned_sessions: int
    planned_minutes: int
    planned_cost_pence: int
    last_logged_on: date | None
    delivered_sessions: int
    delivered_minutes: int
    delivered_cost_pence: int
    attended_sessions: int | None
    impact_rating: int | None
    intervention: str = field(metadata=SEALED)
    target: str | None = field(metadata=SEALED)
    section_f_ref: str | None = field(metadata=SEALED)
    deliverer: str = field(metadata=SEALED)
    group_size: int = field(metadata=SEALED)
    entry_data: str = field(metadata=SEALED)
    exit_data: str | None = field(metadata=SEALED)
    impact: str | None = field(metadata=SEALED)
    why_ended: str | None = field(metadata=SEALED)
    corrected: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Mapped:
    """One provision, as decisions know it, with what is shown of it besides."""

    provision: Provision
    tier: str
    area: str
    plan_id: UUID | None
    funding_element: str | None
    intervention: str
    target: str | None
    section_f_ref: str | None
    deliverer: str
    entry_data: str
    impact_rating: int | None = None
    exit_data: str | None = None
    impact: str | None = None
    why_ended: str | None = None


@dataclass(frozen=True, slots=True)
class MapState:
    """One pupil's provision, by its id, and whether the pupil has left."""

    pupil_id: UUID
    provisions: dict[UUID, Mapped] = field(default_factory=dict)
    left: bool = False


def _named(deliverer: Deliverer) -> str:
    return f"{deliverer.name} ({deliverer.role})" if deliverer.name else deliverer.role


def _with(state: MapState, mapped: Mapped) -> MapState:
    return replace(state, provisions={**state.provisions, mapped.provision.id: mapped})


def _started(state: MapState, event: ProvisionStarted) -> MapState:
    mapped = Mapped(
        begun(event),
        event.tier,
        event.area,
        event.plan_id,
        event.funding_element,
        event.intervention,
        event.target,
        event.section_f_ref,
        _named(event.delivery.deliverer),
        event.entry_data,
    )
    return _with(state, mapped)


def _changed(state: MapState, event: ProvisionChanged) -> MapState:
    mapped = state.provisions.get(event.provision_id)
    if mapped is None:
        return state
    more: dict[str, Any] = {}
    if event.plan_id is not None:
        more |= {"plan_id": event.plan_id, "target": event.target}
    if event.delivery is not None:
        more |= {"deliverer": _named(event.delivery.deliverer)}
    return _with(state, replace(mapped, provision=changed(mapped.provision, event), **more))


def _logged(state: MapState, event: ProvisionSessionsLogged) -> MapState:
    mapped = state.provisions.get(event.provision_id)
    if mapped is None:
        return state
    return _with(state, replace(mapped, provision=logged(mapped.provision, event)))


def _ended(state: MapState, event: ProvisionEnded) -> MapState:
    mapped = state.provisions.get(event.provision_id)
    if mapped is None:
        return state
    return _with(
        state,
        replace(
            mapped,
            provision=ended(mapped.provision, event),
            impact_rating=event.impact_rating,
            exit_data=event.exit_data,
            impact=event.impact,
            why_ended=event.why,
        ),
    )


def _on_roll(state: MapState, event: DomainEvent) -> MapState:
    return replace(state, left=isinstance(event, PupilLeft))


class ProvisionMap(Several[MapState, ProvisionRow]):
    """What is given to whom, one row a provision."""

    name = "provision_map"
    key = "provision_id"
    state = MapState
    row = ProvisionRow
    changes: ClassVar = dict(
        [
            on(ProvisionStarted, _started),
            on(ProvisionChanged, _changed),
            on(ProvisionSessionsLogged, _logged),
            on(ProvisionEnded, _ended),
            on(PupilLeft, _on_roll),
            on(PupilReadmitted, _on_roll),
        ]
    )

    def start(self, pupil_id: UUID) -> MapState:
        return MapState(pupil_id)

    def rows(self, state: MapState) -> Iterable[ProvisionRow]:
        return [_row(state, mapped) for mapped in state.provisions.values()]


def _row(state: MapState, mapped: Mapped) -> ProvisionRow:
    """Return what a provision adds up to; its sums are the aggregate's own."""
    provision = mapped.provision
    stretches, logs = provision.stretches, provision.logged
    attended = [log.attended for log in logs if log.attended is not None]
    minutes = (planned_sessions([each]) * each.minutes for each in stretches)
    return ProvisionRow(
        provision_id=provision.id,
        pupil_id=state.pupil_id,
        tier=mapped.tier,
        area=mapped.area,
        plan_id=mapped.plan_id,
        funding_element=mapped.funding_element,
        going_on=provision.ended_on is None and not state.left,
        started_on=provision.started_on,
        planned_to=provision.planned_to,
        ended_on=provision.ended_on,
        planned_sessions=_whole(planned_sessions(stretches)),
        planned_minutes=_whole(sum(minutes, Decimal(0))),
        planned_cost_pence=_whole(100 * planned_cost(stretches)),
        last_logged_on=max((log.last for log in logs), default=None),
        delivered_sessions=sum(log.delivered for log in logs),
        delivered_minutes=delivered_minutes(stretches, logs),
        delivered_cost_pence=_whole(100 * delivered_cost(stretches, logs)),
        attended_sessions=sum(attended) if attended else None,
        impact_rating=mapped.impact_rating,
        intervention=mapped.intervention,
        target=mapped.target,
        section_f_ref=mapped.section_f_ref,
        deliverer=mapped.deliverer,
        group_size=stretches[-1].group_size,
        entry_data=mapped.entry_data,
        exit_data=mapped.exit_data,
        impact=mapped.impact,
        why_ended=mapped.why_ended,
    )


def _whole(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_HALF_UP))


def provision_page(
    views: Views,
    *,
    academy: str | None,
    pupil_id: UUID | None,
    going_on: bool | None,
    after: UUID | None,
    limit: int,
) -> Page[ProvisionRow]:
    """Return provision in the order of the days on which it started."""
    where = asked(academy, pupil_id=pupil_id, going_on=going_on)
    return page_in_order(views, ProvisionMap, "started_on", where, after=after, limit=limit)
