"""Pupils in whose record an entry was put right: they are folded anew, whole, whenever touched.

A correction changes what came before it, so it cannot be folded into a row as other events are.
Such pupils are few: they are found by the topics of their events.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from psycopg import Connection

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.retention import PersonalDataErased
from send_records.projections.base import Key
from send_records.projections.tables import Table
from send_records.store.mapper import ErasedEvent, EventMapper, Recorded
from send_records.store.recorder import select

FIND = """
    SELECT DISTINCT stream_id FROM events
    WHERE topic IN ('EntryCorrected', 'EntryWithdrawn', 'EntryDisputed', 'ProcessingRestricted',
                    'RestrictionLifted')
    AND stream_id = ANY(%s) AND position <= %s
"""
"""In the words of the index events_about_entries, which answers it."""

Whole = Mapping[UUID, Sequence[DomainEvent]]
"""The whole records of pupils in which an entry was put right, up to a position."""


def corrected_among(connection: Connection, pupils: Iterable[UUID], until: int) -> set[UUID]:
    """Return those of some pupils in whose record an entry was put right up to a position."""
    return {pupil for (pupil,) in connection.execute(FIND, [list(pupils), until])}


def whole_records(connection: Connection, mapper: EventMapper, events: Sequence[Recorded]) -> Whole:
    """Return the records of those of the events' pupils in which an entry was put right by the
    last of these events; of those erased, who have no rows, none."""
    if not events:
        return {}
    until = events[-1].position or 0
    found = corrected_among(connection, {event.originator_id for event in events}, until)
    if not found:
        return {}
    rows = select(
        connection,
        "WHERE stream_id = ANY(%s) AND position <= %s ORDER BY stream_id, version",
        [list(found), until],
    )
    records: dict[UUID, list[Recorded]] = {pupil: [] for pupil in found}
    for event in mapper.read(rows):
        records[event.originator_id].append(event)
    return {
        pupil: cast("list[DomainEvent]", record)
        for pupil, record in records.items()
        if not any(isinstance(event, ErasedEvent | PersonalDataErased) for event in record)
    }


def fold_anew(
    connection: Connection, table: Table[Any], records: Sequence[Sequence[DomainEvent]]
) -> None:
    """Fold all the rows of some pupils anew, from their whole records; write those that differ."""
    folded: dict[Key, Any] = {}
    for record in records:
        folded |= table.projection.read(record)
    pupils = {record[0].originator_id for record in records}
    for part, rows in table.parts(folded):
        part.level(connection, rows, pupils)


WHEREABOUTS = """
    UPDATE whereabouts w SET academy = r.academy, nc_year = r.nc_year, left_on = r.left_on,
        class_name = CASE WHEN r.left_on IS NULL AND r.academy = w.academy THEN w.class_name END,
        version = r.version
    FROM send_register r WHERE r.pupil_id = w.pupil_id AND r.pupil_id = ANY(%s)
        AND r.version >= w.version
        AND (r.academy, r.nc_year, r.left_on) IS DISTINCT FROM (w.academy, w.nc_year, w.left_on)
"""


def put_right(connection: Connection, whole: Whole) -> None:
    """Say where pupils are whose entries were put right, as the register now has them: what the
    log keeps in clear, from which that is known at once, still says what was recorded first."""
    if whole:
        connection.execute(WHEREABOUTS, [list(whole)])
