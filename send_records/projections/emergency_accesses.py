"""Emergency accesses: who broke the glass, when and why, and what its review found.

Read from the log itself, for it is asked at once after it happened, and there are few.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg import Connection

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.emergencies import EmergencyAccessReviewed, EmergencyAccessTaken
from send_records.projections.pages import Views
from send_records.store.mapper import EventMapper, Recorded, RecordedEvent
from send_records.store.recorder import erased_among, select
from send_records.store.sealing import Seals

TAKEN: LiteralString = (
    "WHERE topic = 'EmergencyAccessTaken' AND position < %s ORDER BY position DESC LIMIT %s"
)
REVIEWED: LiteralString = (
    "WHERE topic = 'EmergencyAccessReviewed' AND stream_id = ANY(%s) ORDER BY position"
)
FIRST = 2**63 - 1
"""Before which every position is."""


@dataclass(frozen=True, slots=True)
class EmergencyReview:
    """What somebody found who reviewed an emergency access."""

    reviewed_by: str
    role: str
    reviewed_at: datetime
    finding: str
    explanation: str


@dataclass(frozen=True, slots=True)
class EmergencyAccessRow:
    """An emergency access; without a review until somebody has looked into it."""

    access_id: UUID
    pupil_id: UUID
    taken_by: str
    taken_by_id: UUID
    role: str
    academy: str | None
    """Where whoever took it works, if it is one academy."""
    taken_at: datetime
    until: datetime
    reason: str
    review: EmergencyReview | None


def accesses_page(
    views: Views, *, before: int | None, limit: int
) -> tuple[list[EmergencyAccessRow], int | None]:
    """Return emergency accesses of the pupils in scope, the newest first, and the position before
    which the next page starts.  Of a pupil who was erased none is told."""
    with views.connection() as connection:
        rows = select(connection, TAKEN, [before or FIRST, limit + 1])
        following = rows[limit - 1].id if len(rows) > limit else None
        taken = _opened(connection, views.seals, rows[:limit])
        pupils = {event.originator_id for event in taken}
        reviewed = _opened(connection, views.seals, select(connection, REVIEWED, [list(pupils)]))
    reviews = {
        (event.originator_id, event.access_id): event
        for event in reviewed
        if isinstance(event, EmergencyAccessReviewed)
    }
    shown = [
        _row(event, reviews.get((event.originator_id, event.access_id)))
        for event in taken
        if isinstance(event, EmergencyAccessTaken)
    ]
    return shown, following


def _opened(connection: Connection, seals: Seals, rows: list[RecordedEvent]) -> list[DomainEvent]:
    gone = erased_among(connection, {UUID(str(row.originator_id)) for row in rows})
    found: Iterable[Recorded] = EventMapper(seals).read(rows, gone)
    return [event for event in found if isinstance(event, DomainEvent)]


def _row(
    taken: EmergencyAccessTaken, reviewed: EmergencyAccessReviewed | None
) -> EmergencyAccessRow:
    who = taken.metadata.recorded_by
    return EmergencyAccessRow(
        access_id=taken.access_id,
        pupil_id=taken.originator_id,
        taken_by=who.name,
        taken_by_id=who.id,
        role=taken.role,
        academy=who.academy,
        taken_at=_at(taken),
        until=taken.until,
        reason=taken.reason_given,
        review=None if reviewed is None else _review(reviewed),
    )


def _review(event: EmergencyAccessReviewed) -> EmergencyReview:
    who = event.metadata.recorded_by
    return EmergencyReview(who.name, who.role, _at(event), event.finding, event.explanation)


def _at(event: DomainEvent) -> datetime:
    if event.recorded_at is None:
        raise ValueError("It was not recorded.")
    return event.recorded_at
