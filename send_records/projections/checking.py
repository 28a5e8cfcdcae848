"""Checking the views: every entry is opened, every view folded again from nothing, and compared.

A row that somebody edited, added or removed is found here and nowhere else, for views are not
signed: they follow from the log, and so it is the log that speaks against them.  Opening every
entry also finds what was never sealed by this trust, in this place, though its hash be right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, TypeVar, cast
from uuid import UUID

from eventsourcing.persistence import MapperDeserialisationError
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from send_records.aggregates.retention import PersonalDataErased
from send_records.projections.base import Key, Projection, fold_whole
from send_records.projections.engine import PROJECTIONS
from send_records.projections.several_tables import table_of
from send_records.projections.tables import Table
from send_records.store.damage import Damage, Finding
from send_records.store.mapper import ErasedEvent, EventMapper, Recorded
from send_records.store.recorder import select
from send_records.store.sealing import Seals

R = TypeVar("R")

PUPILS = 200
"""Pupils whose entries and rows are in hand at once."""

NOBODYS = """
    SELECT count(*) FROM {} WHERE pupil_id NOT IN (SELECT stream_id FROM events)
    OR pupil_id IN (SELECT stream_id FROM events
                    WHERE topic = 'PersonalDataErased' AND position <= %s)
"""


def check_views(
    connection: Connection,
    seals: Seals,
    progress: Callable[[int, int], None] = lambda done, total: None,
    projections: Sequence[Projection[Any]] = PROJECTIONS,
) -> list[Finding]:
    """Return the entries that do not open, and the rows that are not what the log adds up to.

    Within one transaction of the caller's that is REPEATABLE READ.  Each view is compared with the
    log up to the position that it has reached.
    """
    found: list[Finding] = []
    reached: dict[str, int] = dict(
        connection.execute("SELECT name, position FROM projection_positions").fetchall()
    )
    mapper = EventMapper(seals)
    for pupils, done, total in _pupils(connection):
        events = _opened(connection, mapper, pupils, found)
        for projection in projections:
            at = reached.get(projection.name, 0)
            seen = [event for event in events if (event.position or 0) <= at]
            found += _compared(connection, table_of(projection, seals), pupils, seen)
        progress(done, total)
    for projection in projections:
        for name in projection.tables:
            found += _of_nobody(connection, name, reached.get(projection.name, 0))
    return found


def _pupils(connection: Connection) -> Iterator[tuple[list[UUID], int, int]]:
    """Yield some pupils at a time, how many that makes, and how many there are."""
    streams = connection.execute("SELECT DISTINCT stream_id FROM events ORDER BY 1")
    pupils = [pupil for (pupil,) in streams]
    for start in range(0, len(pupils), PUPILS):
        some = pupils[start : start + PUPILS]
        yield some, start + len(some), len(pupils)


def _opened(
    connection: Connection, mapper: EventMapper, pupils: Sequence[UUID], found: list[Finding]
) -> list[Recorded]:
    """Return the pupils' events in the order of the log; those that do not open are findings, and
    so are those whose key is gone though nothing before them, or nothing at all, says why."""
    events: list[Recorded] = []
    for row in select(connection, "WHERE stream_id = ANY(%s) ORDER BY position", [list(pupils)]):
        try:
            events.append(mapper.read_one(row))
        except MapperDeserialisationError as error:
            why = type(error.__cause__ or error).__name__
            found.append(Finding("events", row.id, Damage.FORGED, f"it does not open: {why}"))
    noted = {e.originator_id: e.position or 0 for e in events if isinstance(e, PersonalDataErased)}
    for event in events:
        if isinstance(event, ErasedEvent):
            at = noted.get(event.originator_id)
            if at is None:
                what = "its key is gone, and nothing says that the pupil was erased"
                found.append(Finding("events", event.position, Damage.LOST, what))
            elif event.position > at:
                what = f"the pupil was erased before, at {at}"
                found.append(Finding("events", event.position, Damage.FORGED, what))
    return events


def _compared(
    connection: Connection, table: Table[Any], pupils: Sequence[UUID], events: Sequence[Recorded]
) -> list[Finding]:
    rows = fold_whole(table.projection, events)
    last = {event.originator_id: event.position or 0 for event in events}
    return [
        finding
        for part, right in table.parts(rows)
        for finding in _compared_part(connection, part, pupils, right, last)
    ]


def _compared_part(
    connection: Connection,
    table: Table[Any],
    pupils: Sequence[UUID],
    right: dict[Any, Any],
    last: dict[UUID, int],
) -> list[Finding]:
    projection = table.projection
    damaged: list[tuple[UUID, Key]] = []
    stored = list(table.every(connection, {"pupil_id": list(pupils)}, damaged))
    for _, key in damaged:
        right.pop(key, None)
    found = [
        _different(projection, made, row, last)
        for _, made, row in differences(projection, right, stored)
    ]
    found += [
        _wrong(projection, last.get(pupil), "a row does not open", key) for pupil, key in damaged
    ]
    if not damaged:
        found += [
            _wrong(projection, last.get(pupil), "its tag is of another UPN")
            for pupil in table.mistagged(connection, pupils)
        ]
    return found


def differences(
    projection: Projection[R], folded: Mapping[Key, R], stored: Iterable[R]
) -> list[tuple[Key, R | None, R | None]]:
    """Return the rows that a table should have and has not, or has and should not have: for each
    its key, the row as folded (None if there should be none) and as stored (or None)."""
    found: list[tuple[Key, R | None, R | None]] = []
    missing = dict(folded)
    for row in stored:
        key = getattr(row, projection.key)
        right = missing.pop(key, None)
        if right != row:
            found.append((key, right, row))
    return [*found, *((key, right, None) for key, right in missing.items())]


def _different(projection: Projection[Any], right: Any, row: Any, last: dict[UUID, int]) -> Finding:
    if row is None:
        what = "a row is missing"
    elif right is None:
        what = "there should be no such row"
    else:
        names = [f.name for f in fields(cast(Any, projection.row))]
        wrong = [name for name in names if getattr(right, name) != getattr(row, name)]
        what = f"not as the log says in {', '.join(wrong)}"
    one = row if right is None else right
    return _wrong(projection, last.get(one.pupil_id), what, getattr(one, projection.key))


def _wrong(projection: Projection[Any], last: int | None, what: str, key: Key = None) -> Finding:
    """Return a finding at the entry that the row is of or, if of many, at the pupil's last."""
    position = key if projection.key == "position" and key is not None else last
    return Finding(projection.name, position, Damage.VIEW, what)


def _of_nobody(connection: Connection, name: str, at: int) -> list[Finding]:
    """Return a finding if a view has rows of pupils who are not in the log, or were erased."""
    query = SQL(NOBODYS).format(Identifier(name))
    row = connection.execute(query, [at]).fetchone()
    if row is None or row[0] == 0:
        return []
    what = f"{row[0]} rows of pupils who are not in the log, or were erased"
    return [Finding(name, None, Damage.VIEW, what)]
