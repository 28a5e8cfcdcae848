"""What the access log says of those who look: how much each was told of lately, what of it is out
of the ordinary, and who has read of one pupil."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from send_records.store.access import name_in, or_nothing
from send_records.store.connections import Pool
from send_records.store.scopes import Scope, within
from send_records.store.sealing import Seals

PROBING = (
    *("NotFound", "NotPermitted", "Erased"),
    *("TooManyRequests", "TooManyPupils", "TooManyExports"),
)
"""The refusals that many of tell of somebody trying doors; others tell of mistakes."""


@dataclass(frozen=True, slots=True)
class Told:
    """Something that somebody was told of: a pupil, or an export."""

    kind: str
    person: UUID
    key: UUID
    seconds_ago: float


@dataclass(frozen=True, slots=True)
class ToldSince:
    """What everybody was told of since a position, up to another."""

    upto: int
    rows: Sequence[Told]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordinary:
    """What is in the ordinary: how many pupils opened, pupils listed and refusals within an hour;
    at which hours of which ISO weekdays, but for which roles."""

    opened: int
    listed: int
    refused: int
    opens: time
    closes: time
    weekdays: Sequence[int]
    exempt: Sequence[str]


@dataclass(frozen=True, slots=True)
class Anomaly:
    """A finding for the DPO: somebody did something that is out of the ordinary."""

    kind: str
    """bulk_opening, bulk_listing, out_of_hours, other_academies, probing, export or emergency."""
    actor_id: UUID
    name: str | None
    """None for an emergency whose taker is not otherwise in the access log of the span."""
    role: str
    academy: str | None
    from_at: datetime
    until_at: datetime
    pupils: int
    """How many, each counted once."""
    times: int
    """How many answers and refusals."""
    what: list[str]
    """The operations."""


@dataclass(frozen=True, slots=True)
class Reading:
    """That somebody read of a pupil on a day: what kind of thing, why, and how often."""

    name: str
    role: str
    academy: str | None
    act: str
    tier: str
    purpose: str
    day: date
    times: int


class Watching:
    """Reads the access log of one trust for the watch."""

    def __init__(self, pool: Pool, seals: Seals) -> None:
        self._pool = pool
        self._seals = seals

    def told(self, *, after: int) -> ToldSince:
        """Return what everybody was told of lately, in order, by the rows after a position; 0 is
        for all that still counts.  Raise AccessNotRecorded if that cannot be read."""
        with (
            or_nothing(self._pool) as connection,
            connection.cursor(binary=True) as cursor,
        ):
            rows = cursor.execute(
                "SELECT upto, kind, actor_id, key, seconds_ago FROM watch_told(%s)", [after]
            ).fetchall()
        return ToldSince(rows[0][0], [Told(*row[1:]) for row in rows if row[1] is not None])

    def anomalies(
        self, since: datetime, until: datetime, ordinary: Ordinary, *, skip: int, limit: int
    ) -> list[Anomaly]:
        """Return what is out of the ordinary between two instants, in order, after so many."""
        with (
            or_nothing(self._pool) as connection,
            connection.cursor(row_factory=dict_row, binary=True) as cursor,
        ):
            rows = cursor.execute(
                "SELECT * FROM watch_anomalies(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                [
                    *(since, until, ordinary.opened, ordinary.listed, ordinary.refused),
                    *(list(PROBING), ordinary.opens, ordinary.closes, list(ordinary.weekdays)),
                    *(list(ordinary.exempt), skip, limit),
                ],
            ).fetchall()
        return [self._anomaly(row) for row in rows]

    def _anomaly(self, row: dict[str, Any]) -> Anomaly:
        name = None if row["sealed"] is None else name_in(self._seals, row)
        row.pop("sealed", None)
        del row["request_id"]
        return Anomaly(name=name, **row)

    def readings(self, pupil_id: UUID, *, skip: int, limit: int) -> list[Reading]:
        """Return who has read anything of a pupil, by day, in order, after so many.  What was
        refused is not there, nor what was done with keys: nobody read by it."""
        with (
            or_nothing(self._pool) as connection,
            within(connection, Scope.of(pupil_id)),
            connection.cursor(row_factory=dict_row, binary=True) as cursor,
        ):
            rows = cursor.execute(READINGS, [pupil_id, skip, limit]).fetchall()
        return [self._reading(row) for row in rows]

    def _reading(self, row: dict[str, Any]) -> Reading:
        name = name_in(self._seals, row)
        del row["request_id"], row["actor_id"]
        return Reading(name=name, **row)


READINGS = """
    WITH read AS (
        SELECT actor_id, role, academy, act, tier, purpose, day, count(*) AS times,
               min(position) AS "position"
        FROM access_log, CAST(recorded_at AT TIME ZONE 'Europe/London' AS date) AS day
        WHERE pupils @> ARRAY[%s::uuid] AND outcome = 'given' AND act <> 'keys'
        GROUP BY actor_id, role, academy, act, tier, purpose, day
        ORDER BY day, min(position) OFFSET %s LIMIT %s
    )
    SELECT r.actor_id, r.role, r.academy, r.act, r.tier, r.purpose, r.day, r.times, a.request_id,
           a.sealed
    FROM read r JOIN access_log a USING (position) ORDER BY r.day, r.position
"""
"""A row for each person, kind of thing and day; with the name as it was at the first."""
