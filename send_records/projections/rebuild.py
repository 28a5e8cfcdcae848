"""Rebuild: fold the whole log again beside the projections' tables, compare, and swap.

The tables go on serving and being written meanwhile.  All is read, folded and compared as the
database was at one moment.  Then the shadows are brought level with what came since, at the end
with the engine kept off; and they take the tables' names, all of them in one transaction.

What is in memory is a handful of pupils, in each process.  A rebuild that is interrupted, at
whatever point, has changed nothing and begins again: the rows that it had made may be those of a
program that is no more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from send_records.projections.base import Projection
from send_records.projections.engine import BATCH, lock_positions, project_batch
from send_records.projections.processes import (
    Handful,
    Job,
    OpenSeals,
    fold_here,
    fold_in,
    handfuls,
)
from send_records.projections.rulings import renew
from send_records.projections.several_tables import table_of
from send_records.projections.shadows import index, shadow_of, shadows, swap
from send_records.projections.whole import whole_records
from send_records.store.connections import at_one_moment, one
from send_records.store.mapper import EventMapper
from send_records.store.recorder import read_log
from send_records.store.sealing import UPN_INDEX, Seals

WORTH_A_PROCESS = 20_000
"""Events for which it pays to start one more process: that takes a second of its own."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found."""

    name: str
    events: int
    rows: int
    differences: int
    """Rows that the old table had otherwise, or had not, or should not have had, as it was when
    the rebuild began."""


Progress = Callable[[int, int], None]


def rebuild(
    conninfo: str,
    projections: Sequence[Projection[Any]],
    open_seals: OpenSeals,
    *,
    processes: int = 1,
    progress: Progress = lambda done, total: None,
) -> list[Rebuilt]:
    """Fold projections from nothing into shadow tables and swap them in.

    ``conninfo`` is of the schema's owner.  ``processes`` are used at most, where the log is worth
    it.  ``progress`` is told how many events are done, of how many.  Differences are reported and
    not refused: a projection is rebuilt because its meaning changed, or to prove that it did not.
    Raise WorkerDied if a process ended early.
    """
    names = [projection.name for projection in projections]
    tables = [table for projection in projections for table in projection.tables]
    with open_seals() as seals, one(conninfo) as owner, shadows(owner, tables):
        indexed_by = _index_key(seals)
        reached, found = _fold(conninfo, projections, open_seals, seals, processes, progress)
        for table in tables:
            index(owner, table)
        level = _Level(owner, seals, projections, reached)
        level.rise(_positions(owner))  # what takes long, while the engine goes on
        with owner.transaction():
            level.rise(lock_positions(owner, names))
            if _index_key(seals) != indexed_by:
                level.retag()
            rows = [_count(owner, name) for name in names]
            for table in tables:
                swap(owner, table)
            level.set_positions()
            renew(owner, projections)
    return [
        Rebuilt(name, level.reached[name], counted, differing)
        for name, counted, differing in zip(names, rows, found, strict=True)
    ]


def _fold(
    conninfo: str,
    projections: Sequence[Projection[Any]],
    open_seals: OpenSeals,
    seals: Seals,
    processes: int,
    progress: Progress,
) -> tuple[dict[str, int], list[int]]:
    """Fill the shadows; return the position that each is at, and how many rows of each differ."""
    with at_one_moment(conninfo) as moment:
        waiting = list(_handfuls(moment))
        done, total = 0, sum(handful.events for handful in waiting)
        at = _positions(moment)
        reached = {projection.name: at.get(projection.name, 0) for projection in projections}
        found = [sum(_of_nobody(moment, name) for name in each.tables) for each in projections]
        [(snapshot,)] = moment.execute("SELECT pg_export_snapshot()").fetchall()
        job = Job(conninfo, snapshot, [(each, reached[each.name]) for each in projections])
        processes = min(processes, 1 + total // WORTH_A_PROCESS)
        folded = (
            fold_here(job, seals, waiting)
            if processes == 1
            else fold_in(processes, job, open_seals, waiting)
        )
        with closing(folded):  # at once, if we are interrupted: our processes hold locks
            for each in folded:
                found = [sum(pair) for pair in zip(found, each.differences, strict=True)]
                done += each.events
                progress(done, total)
    return reached, found


def _handfuls(moment: Connection) -> Iterator[Handful]:
    """Return all pupils of the log, some at a time: those together who came together, for then
    their events and rows are near each other, and half as much is to be read."""
    query = (
        "SELECT stream_id, count(*) FROM events GROUP BY stream_id "
        "HAVING bool_or(topic = 'PupilAdmitted') ORDER BY min(position)"
    )
    return handfuls(moment.execute(query))


def _of_nobody(moment: Connection, name: str) -> int:
    """Return how many rows a table has of pupils who are not in the log."""
    query = SQL(
        "SELECT count(*) FROM {} WHERE NOT EXISTS "
        "(SELECT FROM data_keys WHERE data_keys.stream_id = pupil_id)"
    )
    [(rows,)] = moment.execute(query.format(Identifier(name))).fetchall()
    return int(rows)


def _positions(connection: Connection) -> dict[str, int]:
    return dict(connection.execute("SELECT name, position FROM projection_positions").fetchall())


def _index_key(seals: Seals) -> list[tuple[int, bytes]]:
    """Return the key that UPNs are tagged under: an erasure replaces it."""
    return seals.keyring.live(UPN_INDEX)[:1]


def _count(owner: Connection, name: str) -> int:
    query = SQL("SELECT count(*) FROM {}").format(Identifier(shadow_of(name)))
    [(rows,)] = owner.execute(query).fetchall()
    return int(rows)


class _Level:
    """Brings shadows level with the log, each from the position that it is at."""

    def __init__(
        self,
        owner: Connection,
        seals: Seals,
        projections: Sequence[Projection[Any]],
        reached: dict[str, int],
    ) -> None:
        self._owner = owner
        self._mapper = EventMapper(seals)
        self._shadows = {
            projection.name: table_of(projection, seals, shadow_of(projection.name))
            for projection in projections
        }
        self.reached = reached

    def rise(self, positions: dict[str, int]) -> None:
        """Project the events up to these positions."""
        for name, shadow in self._shadows.items():
            while (left := positions.get(name, 0) - self.reached[name]) > 0:
                rows = read_log(self._owner, after=self.reached[name], limit=min(BATCH, left))
                events = list(self._mapper.read(rows))
                whole = whole_records(self._owner, self._mapper, events)
                project_batch(self._owner, shadow, events, whole)
                self.reached[name] = rows[-1].id

    def retag(self) -> None:
        """Write the tags under the index key of now."""
        for shadow in self._shadows.values():
            shadow.retag(self._owner)

    def set_positions(self) -> None:
        """Say where the tables are: where they were, unless somebody has set that back."""
        for name, position in self.reached.items():
            self._owner.execute(
                "UPDATE projection_positions SET position = %s WHERE name = %s AND position < %s",
                [position, name, position],
            )
