"""The engine: takes the log in batches and folds it into every projection's table.

One transaction a batch: the rows that changed and the position they are at.  So a kill at any
moment leaves tables that are exactly what the log was at the position they name.  Several engines
may run; the rows of ``projection_positions`` are locked by the one that works.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any

import structlog
from eventsourcing.persistence import MapperDeserialisationError
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from send_records.aggregates.clocks import Clocks
from send_records.aggregates.people import PersonEvent
from send_records.collector import collector_off
from send_records.errors import NotReadyYet
from send_records.projections.agreements import Agreements
from send_records.projections.base import Key, Projection, erased_in, fold
from send_records.projections.chronology import Chronology
from send_records.projections.concerns_log import ConcernsLog
from send_records.projections.duties import Duties
from send_records.projections.evidence_gaps import EvidenceGaps
from send_records.projections.medical_register import MedicalRegister
from send_records.projections.provision_map import ProvisionMap
from send_records.projections.reindex import reindex_if_due
from send_records.projections.retention_schedule import RetentionSchedule
from send_records.projections.rulings import go_on_under
from send_records.projections.send_register import SendRegister
from send_records.projections.several_tables import table_of
from send_records.projections.tables import Table
from send_records.projections.targets import Targets
from send_records.projections.whole import Whole, fold_anew, put_right, whole_records
from send_records.store.connections import AMBIGUOUS, Pool, one
from send_records.store.mapper import ErasedEvent, EventMapper, Recorded
from send_records.store.recorder import read_log
from send_records.store.sealing import Seals

PROJECTIONS: tuple[Projection[Any], ...] = (
    SendRegister(),
    Chronology(),
    RetentionSchedule(),
    Agreements(),
    ProvisionMap(),
    MedicalRegister(),
    EvidenceGaps(),
    Duties(),
    Targets(),
    ConcernsLog(),
)


def under(clocks: Clocks) -> tuple[Projection[Any], ...]:
    """Return the projections, the duties by a trust's own clocks and terms."""
    return tuple(Duties(clocks) if isinstance(each, Duties) else each for each in PROJECTIONS)


BATCH = 2000
"""Events in one transaction, at most: with 1,000 each took a tenth more time, on both sides; with
5,000 a tenth less, and a quarter more memory, and readers wait longer for what they saved."""
POLL = 1.0
"""Seconds: the log is looked at this often even if no NOTIFY comes, for one can be lost."""

SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds, doubling from one to the other, while the database is away or an event unreadable."""

log = structlog.get_logger()


class Engine:
    """Keeps projections level with the log, over a connection of its own as the projector."""

    def __init__(
        self,
        conninfo: str,
        seals: Seals,
        projections: Sequence[Projection[Any]] = PROJECTIONS,
        *,
        batch: int = BATCH,
    ) -> None:
        self._conninfo = conninfo
        self._seals = seals
        self._mapper = EventMapper(seals)
        self._projections = projections
        self._tables = [table_of(projection, seals) for projection in projections]
        self._batch = batch

    def run(self, stop: threading.Event) -> None:
        """Project until told to stop.  A database that goes away is waited for; an event that
        cannot be read stops the line, loudly, until it can: nothing is skipped."""
        pause = SHORTEST_PAUSE
        while not stop.is_set():
            try:
                with one(self._conninfo) as connection:
                    self._begin(connection)
                    self._listen(connection)
                    while not stop.is_set():
                        taken = self.advance(connection)
                        pause = SHORTEST_PAUSE
                        if not taken:
                            next(connection.notifies(timeout=POLL, stop_after=1), None)
            except AMBIGUOUS as error:
                log.warning("projector_waits_for_database", error=type(error).__name__)
            except MapperDeserialisationError as error:
                log.error("projector_cannot_read_event", error=str(error))
            except Exception as error:  # its message may hold words of a record: its kind will do
                log.error("projector_failed", error=type(error).__name__)
            stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _begin(self, connection: Connection) -> None:
        reindex_if_due(connection, self._seals)
        for name in go_on_under(connection, self._projections):
            log.warning("view_outdated", name=name, do=f"send-records project --rebuild {name}")

    def _listen(self, connection: Connection) -> None:
        row = connection.execute("SELECT current_schema() || '.events'").fetchone()
        channel = row[0] if row else ""
        connection.execute(SQL("LISTEN {}").format(Identifier(channel)))

    def catch_up(self) -> int:
        """Project what there is, and return how many events that was."""
        total = 0
        with one(self._conninfo) as connection:
            self._begin(connection)
            while taken := self.advance(connection):
                total += taken
        return total

    @collector_off()
    def advance(self, connection: Connection) -> int:
        """Project one batch, in one transaction; return how many events it had."""
        with connection.transaction():
            positions = self._lock_positions(connection)
            start = min(positions.values())
            rows = read_log(connection, after=start, limit=self._batch)
            if not rows:
                return 0
            events = list(self._mapper.read(rows))
            whole = whole_records(connection, self._mapper, events)
            for table in self._tables:
                project_batch(connection, table, events[positions[table.name] - start :], whole)
            put_right(connection, whole)
            connection.execute(
                "UPDATE projection_positions SET position = greatest(position, %s) "
                "WHERE name = ANY(%s)",
                [rows[-1].id, [projection.name for projection in self._projections]],
            )
        return len(rows)

    def _lock_positions(self, connection: Connection) -> dict[str, int]:
        names = [table.name for table in self._tables]
        while len(positions := lock_positions(connection, names)) < len(names):
            connection.execute(
                "INSERT INTO projection_positions SELECT name, 0 FROM unnest(%s::text[]) AS name "
                "ON CONFLICT DO NOTHING",
                [names],
            )
        return positions


def lock_positions(connection: Connection, names: Sequence[str]) -> dict[str, int]:
    """Keep everybody else off these projections until the end of the caller's transaction, and
    return how far each has got; those that have not begun are not there."""
    rows = connection.execute(
        "SELECT name, position FROM projection_positions WHERE name = ANY(%s) "
        "ORDER BY name FOR UPDATE",
        [names],
    ).fetchall()
    return dict(rows)


def project_batch(
    connection: Connection, table: Table[Any], events: Sequence[Recorded], whole: Whole
) -> None:
    """Fold events into a projection's table, within the caller's transaction; and the pupils of
    ``whole``, if an event is of them, anew."""
    projection = table.projection
    anew = {e.originator_id for e in events if e.originator_id in whole} if whole else set()
    matter = [
        e
        for e in events
        if not isinstance(e, ErasedEvent | PersonEvent)
        and e.originator_id not in anew
        and projection.matters(e)
    ]
    rows: dict[Key, Any] = {}
    if matter and not projection.row_an_event:
        rows = table.load(connection, {projection.key_of(e) for e in matter})
    before = dict(rows)
    changed = fold(projection, rows, matter)
    table.save(connection, {key: rows[key] for key in changed}, before)
    table.forget(connection, erased_in(events))
    if anew:
        fold_anew(connection, table, [whole[pupil] for pupil in anew])


def lag(connection: Connection) -> dict[str, int]:
    """Return how many events each projection has still to see."""
    rows = connection.execute(
        "SELECT name, log_head.size - coalesce(position, 0) FROM log_head, "
        "unnest(%s::text[]) AS name LEFT JOIN projection_positions USING (name) ORDER BY name",
        [[projection.name for projection in PROJECTIONS]],
    ).fetchall()
    return dict(rows)


def wait_until_seen(pool: Pool, name: str, position: int, *, patience: float = 5.0) -> None:
    """Return once a projection has seen a position; raise NotReadyYet if it takes too long.

    Polls with 1 to 50 ms between: what was saved is visible a few milliseconds later.
    """
    deadline = time.monotonic() + patience
    pause = 0.001
    while True:
        with pool.connection() as connection:
            row = connection.execute(
                "SELECT position FROM projection_positions WHERE name = %s", [name], prepare=True
            ).fetchone()
        if row is not None and row[0] >= position:
            return
        if time.monotonic() > deadline:
            raise NotReadyYet("What was recorded is not in this view yet: ask again in a moment.")
        time.sleep(pause)
        pause = min(pause * 1.2, 0.05)
