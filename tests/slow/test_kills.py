"""The battery of kills: what was acknowledged is there, once, and nothing else is.

Each part prints its figures, and each shows with a planted defect that it could have failed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any
from uuid import uuid4

import pytest
import structlog
from psycopg import Connection

from send_records.aggregates.agencies import EndAgencyInvolvement, RecordAgencyInvolvement
from send_records.aggregates.details import ChangeYearGroup, RecordCircumstances
from send_records.aggregates.enrolment import RecordLeaving
from send_records.aggregates.retention import HoldKind, PlaceLegalHold
from send_records.aggregates.values import Role
from send_records.application import Request, SendRecords
from send_records.bootstrap import Database
from send_records.projections.base import fold
from send_records.projections.engine import PROJECTIONS, Engine, project_batch
from send_records.projections.several_tables import table_of
from send_records.projections.tables import Table
from send_records.store.appending import CommandRow, RecordedCommand
from send_records.store.connections import Pool, one, pool
from send_records.store.mapper import Recorded, VersionedEvent
from send_records.store.recorder import PostgresRecorder, read_log
from send_records.workers import projecting
from tests.keys import held, records_by, where_held
from tests.scenario import ADD, ADMIT, IDENTIFY, RECORD_MOTHER, SENCO, TELL, but
from tests.slow.killing import Private, Told, private_server, verdict, writing
from tests.store.audit import rows
from tests.store.planted import PLACES_FROM_A_SEQUENCE, RetryingRecorder
from tests.store.proxy import Cut, Wire, until
from tests.store.writing import at_once, command, events

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

SERVER_KILLS = 50
WORKER_KILLS = 60
WRITERS = 6


def say(figures: str) -> None:
    sys.stdout.write(f"\n  {figures}\n")


def records_over(recorder: PostgresRecorder) -> SendRecords:
    return records_by(recorder)


# PostgreSQL killed


@pytest.fixture
def private() -> Iterator[Private]:
    with private_server() as private:
        yield private


def killed_under_writers(
    private: Private,
    recorders: Callable[[Pool], list[PostgresRecorder]],
    *,
    kills: int,
    cuts: int = 0,
    enough: Callable[[Told], bool] = lambda told: False,
) -> Told:
    """Kill the server again and again, at a random moment once the writers have got going.

    ``cuts`` is how often, before each kill, a connection is cut around a statement.
    """
    random = Random(50)
    with (
        Wire(private.database.app) as wire,
        pool(wire.conninfo) as connections,
        writing([records_over(recorder) for recorder in recorders(connections)]) as told,
    ):
        for _ in range(kills):
            wire.cuts = random.choices(list(Cut), k=cuts)
            until_more(told, random.randint(10, 60))
            time.sleep(random.uniform(0, 0.02))
            private.kill()
            private.start()
            if enough(told):
                break
        until_more(told, 20)
    told.cuts = wire.made
    return told


def until_more(told: Told, number: int) -> None:
    wanted = len(told.recorded) + number
    until(lambda: len(told.recorded) >= wanted, seconds=60)


class Counting(PostgresRecorder):
    """Counts how often the answer came from looking up what became of a command."""

    read_back = 0

    def append(self, events: Sequence[VersionedEvent], command: CommandRow) -> RecordedCommand:
        recorded = super().append(events, command)
        type(self).read_back += recorded.found
        return recorded


def test_killed_50_times_nothing_is_lost_doubled_or_denied(private: Private) -> None:
    """And the projections, whose commits are not waited for, lose rows and position together."""
    started, wrong = time.monotonic(), list[dict[str, int]]()
    with (
        pool(private.database.app, most=1) as reading,
        structlog.testing.capture_logs() as logged,
        projecting(private.database, held()),
    ):
        records = records_over(PostgresRecorder(reading))
        expected = Expected(records)

        def compare(told: Told) -> bool:
            found = expected.differences(private.database.as_owner())
            if any(found.values()):
                wrong.append(found)
            return False

        told = killed_under_writers(
            private,
            lambda pool: [Counting(pool, patience=30 if n % 2 else 0.3) for n in range(WRITERS)],
            kills=SERVER_KILLS,
            cuts=5,
            enough=compare,
        )
        with one(private.database.app) as watching:
            until(lambda: projected(watching) == records.size(), seconds=60)
        compare(told)

    with private.as_superuser() as superuser:
        found = verdict(superuser, told)
        size = len(rows(superuser))
    say(
        f"{SERVER_KILLS} kills of PostgreSQL and {told.cuts} cuts of connections, under "
        f"{WRITERS} writers and a projector: {size} events; {len(told.recorded)} commands "
        f"acknowledged, {Counting.read_back} of them after "
        f"reading back, {len(told.refused)} refused; {sum(told.unknown.values())} times told to "
        f"ask again; lost {len(found.lost)}, doubled {len(found.duplicated)}, stored but denied "
        f"{len(found.ghosts)}, unheard of {len(found.unheard)}, disorder {len(found.disorder)}, "
        f"projections wrong {len(wrong)}; {time.monotonic() - started:.0f} s"
    )
    assert found.clean, found
    assert wrong == []
    assert {entry["event"] for entry in logged} <= {"projector_waits_for_database"}


def test_a_recorder_that_believes_its_second_attempt_is_found_out(private: Private) -> None:
    def ghosts(told: Told) -> bool:
        with private.as_superuser() as superuser:
            return bool(verdict(superuser, told).ghosts)

    told = killed_under_writers(
        private, lambda pool: [RetryingRecorder(pool)] * WRITERS, kills=40, enough=ghosts
    )

    with private.as_superuser() as superuser:
        found = verdict(superuser, told)
    say(f"planted: {len(found.ghosts)} stored but denied")
    assert found.ghosts


def test_a_write_that_was_lost_or_doubled_is_found_out(private: Private) -> None:
    told = killed_under_writers(private, lambda pool: [PostgresRecorder(pool)], kills=0)
    [first, second, *_] = [key for key, receipt in told.recorded.items() if receipt.version > 2]

    with private.as_superuser() as superuser:
        assert verdict(superuser, told).clean
        superuser.execute("ALTER TABLE events DISABLE TRIGGER ALL")
        superuser.execute("DELETE FROM events WHERE command_id = %s", [first])
        superuser.execute(
            "INSERT INTO events SELECT 1000000, %s, 1, topic, class_version, recorded_at, "
            "actor_id, command_id, request_mac, clear, sealed, leaf "
            "FROM events WHERE command_id = %s",
            [uuid4(), second],
        )
        found = verdict(superuser, told)

    assert found.lost[:1] == [first]
    assert not found.clean


# A reader beside writers


@dataclass
class Read:
    """What two readers saw, each in its own way."""

    subscribed: list[int] = field(default_factory=list)
    paged: list[int] = field(default_factory=list)
    there: list[int] = field(default_factory=list)

    def missed(self) -> tuple[int, int]:
        there = set(self.there)
        return len(there - set(self.subscribed)), len(there - set(self.paged))


def read_beside(database: Database, *, writers: int, commands: int) -> Read:
    """Let writers append while one reader is subscribed and another turns pages."""
    read, done = Read(), threading.Event()

    def write() -> None:
        with pool(database.app, most=1) as connections:
            recorder, stream = PostgresRecorder(connections), uuid4()
            for number in range(commands):
                recorder.append(events(stream, 2 * number + 1, 2 * number + 2), command())

    def page() -> None:
        with one(database.as_owner()) as connection:
            while not done.is_set():
                last = read.paged[-1] if read.paged else 0
                read.paged += [row.id for row in read_log(connection, after=last, limit=100)]

    # As the owner, for these are streams of nothing: who reads of the trust sees its pupils'.
    with pool(database.as_owner()) as connections, ExitStack() as stack:
        subscription = PostgresRecorder(connections).subscribe()
        stack.enter_context(subscription)
        readers = [
            threading.Thread(target=lambda: read.subscribed.extend(it.id for it in subscription)),
            threading.Thread(target=page),
        ]
        for reader in readers:
            reader.start()
        try:
            at_once([write] * writers)
            time.sleep(1)  # twenty times the pause of a subscription
        finally:
            done.set()
            subscription.stop()
            for reader in readers:
                reader.join()
        with connections.connection() as connection:
            read.there = [row.position for row in rows(connection)]
    return read


def test_a_reader_beside_six_writers_misses_nothing(database: Database) -> None:
    started = time.monotonic()

    read = read_beside(database, writers=WRITERS, commands=800)

    say(
        f"two readers beside {WRITERS} writers: {len(read.there)} events, missed {read.missed()}; "
        f"{time.monotonic() - started:.0f} s"
    )
    assert read.there == list(range(1, 2 * WRITERS * 800 + 1))
    assert read.subscribed == read.there
    assert read.paged == read.there


def test_a_reader_beside_places_from_a_sequence_misses_some(database: Database) -> None:
    with one(database.as_owner()) as owner:
        slow = PLACES_FROM_A_SEQUENCE.replace(
            "END $$", "PERFORM pg_sleep(random() * 0.003); END $$"
        )
        owner.execute(slow.encode())

    read = read_beside(database, writers=WRITERS, commands=100)

    say(f"planted: missed {read.missed()} of {len(read.there)}")
    assert all(read.missed())


# The projector killed


class Expected:
    """What the projections are, folded from nothing, from the log alone."""

    def __init__(self, records: SendRecords) -> None:
        self._records = records
        self._log: list[Recorded] = []
        self._rows: dict[str, dict[Any, Any]] = {it.name: {} for it in PROJECTIONS}
        self._at: dict[str, int] = {it.name: 0 for it in PROJECTIONS}

    def differences(self, conninfo: str) -> dict[str, int]:
        """Return how many rows of each table are not what the log was at the position it names."""
        found = {}
        with one(conninfo) as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            positions: dict[str, int] = dict(
                connection.execute("SELECT name, position FROM projection_positions").fetchall()
            )
            for projection in PROJECTIONS:
                table = Table(projection, held().seals)
                there = {getattr(row, projection.key): row for row in table.every(connection)}
                wanted = self._folded(projection.name, positions.get(projection.name, 0))
                keys = there.keys() | wanted.keys()
                found[projection.name] = sum(there.get(key) != wanted.get(key) for key in keys)
        return found

    def _folded(self, name: str, position: int) -> dict[Any, Any]:
        while len(self._log) < position:
            self._log += self._records.feed(after=len(self._log), limit=1000)
        [projection] = [it for it in PROJECTIONS if it.name == name]
        rows = self._rows[name]
        fold(projection, rows, self._log[self._at[name] : position])
        self._at[name] = position
        return projection.shown(rows)


def live(records: SendRecords) -> None:
    """Admit a pupil, and record something of everything that is projected."""
    dpo = SENCO.model_copy(update={"role": Role.DPO})
    day = date(2024, 9, 2)
    pupil_id = records.admit(ADMIT, Request(SENCO, uuid4(), uuid4())).pupil_id
    mother = uuid4()
    records.execute(pupil_id, RECORD_MOTHER, Request(SENCO, mother, uuid4()))
    for told in (
        IDENTIFY,
        but(TELL, contact_ids=(mother,)),
        RecordAgencyInvolvement(occurred_on=day, agency="hearing", professional="A. Lee"),
        ADD,
        RecordAgencyInvolvement(occurred_on=day, agency="speech", professional="B. Roe"),
        RecordCircumstances(occurred_on=day, eal=True),
        EndAgencyInvolvement(occurred_on=day, agency="hearing", why="Discharged"),
        ChangeYearGroup(occurred_on=day, nc_year="3"),
    ):
        records.execute(pupil_id, told, Request(SENCO, uuid4(), uuid4()))
    hold = PlaceLegalHold(occurred_on=day, kind=HoldKind.COMPLAINT, why="A complaint was made")
    records.execute(pupil_id, hold, Request(dpo, uuid4(), uuid4()))
    leave = RecordLeaving(occurred_on=day, why="Moved away")
    records.execute(pupil_id, leave, Request(SENCO, uuid4(), uuid4()))


@contextmanager
def living(records: SendRecords, writers: int) -> Iterator[None]:
    """Let pupils live, at a pace that a projector can keep up with, until the block is left."""
    stop = threading.Event()
    failed: list[BaseException] = []

    def write() -> None:
        try:
            while not stop.wait(0.1):
                live(records)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write) for _ in range(writers)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failed == []


@contextmanager
def projector(database: Database) -> Iterator[subprocess.Popen[bytes]]:
    """The worker as it is run on a server: a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "send_records.cli", "project"],
        env=os.environ
        | where_held()
        | {
            "SEND_RECORDS_DATABASE_URL": database.app,
            "SEND_RECORDS_PROJECTOR_URL": database.as_projector(),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def projected(connection: Connection) -> int:
    row = connection.execute("SELECT min(position) FROM projection_positions").fetchone()
    return row[0] or 0 if row else 0


def until_further(watching: Connection) -> None:
    before = projected(watching)
    until(lambda: projected(watching) > before, seconds=60)


def test_killed_60_times_the_projections_are_what_the_log_says(
    database: Database, records: SendRecords
) -> None:
    started, random = time.monotonic(), Random(60)
    expected, wrong = Expected(records), list[dict[str, int]]()

    with one(database.app) as watching, living(records, 3):
        for _ in range(WORKER_KILLS):
            with projector(database) as process:
                until_further(watching)
                time.sleep(random.uniform(0, 0.25))
                process.send_signal(signal.SIGKILL)
            found = expected.differences(database.as_owner())
            if any(found.values()):
                wrong.append(found)
    with one(database.app) as watching, projector(database):
        until(lambda: projected(watching) == records.size(), seconds=60)
    last = Expected(records).differences(database.as_owner())

    say(
        f"{WORKER_KILLS} kills of the projector beside 3 writers: {records.size()} events; rows "
        f"that differ after a kill {wrong}, at the end {last}; {time.monotonic() - started:.0f} s"
    )
    assert wrong == []
    assert set(last.values()) == {0}


class Killed(Exception):
    """Where a kill would have been."""


class TwoTransactions(Engine):
    """Planted: commits rows and position one after the other, and is killed in between."""

    steps: Sequence[str] = ("rows", "position")

    def advance(self, connection: Connection) -> int:
        with connection.transaction():
            start = min(self._lock_positions(connection).values())
            taken = read_log(connection, after=start, limit=self._batch)
        for step in self.steps:
            with connection.transaction():
                if step == "rows":
                    batch = list(self._mapper.read(taken))
                    for projection in self._projections:
                        project_batch(connection, table_of(projection, self._seals), batch, {})
                else:
                    connection.execute(
                        "UPDATE projection_positions SET position = %s", [taken[-1].id]
                    )
            raise Killed
        return len(taken)


class PositionFirst(TwoTransactions):
    steps = ("position", "rows")


@pytest.mark.parametrize("planted", [TwoTransactions, PositionFirst])
def test_an_engine_that_commits_in_two_transactions_is_found_out(
    database: Database, records: SendRecords, engine: Engine, planted: type[Engine]
) -> None:
    live(records)
    engine.catch_up()
    live(records)
    with one(database.as_projector()) as connection:
        Engine(database.as_projector(), held().seals, batch=5).advance(connection)
    assert set(Expected(records).differences(database.as_owner()).values()) == {0}

    with pytest.raises(Killed):
        planted(database.as_projector(), held().seals, batch=5).catch_up()
    at_once_wrong = Expected(records).differences(database.as_owner())
    engine.catch_up()
    in_the_end_wrong = Expected(records).differences(database.as_owner())

    say(f"planted: {planted.__name__} {at_once_wrong}, and after a restart {in_the_end_wrong}")
    assert sum(at_once_wrong.values()) > 0
    assert sum(in_the_end_wrong.values()) > 0
