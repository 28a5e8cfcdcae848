"""The chronology: each pupil's story, in the order in which it happened.

Policy s.11 asks for "a chronology which shows evidence of the assess, plan, do, review process".
Each event is one row: when it happened, when it was recorded, by whom, in which phase; a row that
was recorded later than it happened says by how many days.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.values import day_in_london
from send_records.projections.base import Key, Projection
from send_records.projections.pages import Page, Views, page_in_order
from send_records.projections.rows import SEALED
from send_records.projections.telling import detail_of, phase_of


@dataclass(frozen=True, slots=True)
class ChronologyRow:
    """One event; see the comments on the table's columns."""

    position: int
    pupil_id: UUID
    version: int
    entry_id: UUID
    event: str
    phase: str
    occurred_on: date
    recorded_at: datetime
    days_late: int
    recorded_by: str = field(metadata=SEALED)
    role: str
    academy: str | None
    detail: str = field(metadata=SEALED)
    reason: str | None = field(metadata=SEALED)
    data_class: str = field(metadata=SEALED)
    origin: str = field(metadata=SEALED)


class Chronology(Projection[ChronologyRow]):
    """What was recorded, one row an event."""

    name = "chronology"
    row = ChronologyRow
    key = "position"
    row_an_event = True

    def key_of(self, event: DomainEvent) -> Key:
        return event.position

    def project(self, row: ChronologyRow | None, event: DomainEvent) -> ChronologyRow | None:
        if event.position is None or event.recorded_at is None:
            return row  # not recorded, so not part of the story
        recorded_on = day_in_london(event.recorded_at)
        who = event.metadata.recorded_by
        return ChronologyRow(
            position=event.position,
            pupil_id=event.originator_id,
            version=event.originator_version,
            entry_id=event.metadata.command_id,
            event=type(event).__name__,
            phase=phase_of(event),
            occurred_on=event.occurred_on,
            recorded_at=event.recorded_at,
            days_late=max(0, (recorded_on - event.occurred_on).days),
            recorded_by=who.name,
            role=who.role,
            academy=who.academy,
            detail=detail_of(event),
            reason=event.reason,
            data_class=event.data_class,
            origin=event.origin,
        )


def chronology_page(
    views: Views, pupil_id: UUID, *, after: int | None, limit: int
) -> Page[ChronologyRow]:
    """Return a pupil's story in the order in which it happened, then was recorded."""
    return page_in_order(
        views, Chronology, "occurred_on", {"pupil_id": pupil_id}, after=after, limit=limit
    )
