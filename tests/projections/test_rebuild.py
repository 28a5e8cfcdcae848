"""A rebuild folds the log from nothing beside the table, compares, and swaps."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg import Connection

from send_records.aggregates.agencies import RecordAgencyInvolvement
from send_records.application import Request, SendRecords
from send_records.bootstrap import Database
from send_records.custody import open_seals
from send_records.projections.base import Projection, folded
from send_records.projections.chronology import Chronology
from send_records.projections.engine import PROJECTIONS, Engine
from send_records.projections.processes import OpenSeals, WorkerDied
from send_records.projections.rebuild import rebuild
from send_records.projections.send_register import SendRegister
from send_records.projections.tables import Table
from send_records.settings import Settings
from send_records.store.connections import AMBIGUOUS, one
from send_records.store.mapper import UnreadableEvent
from send_records.store.scopes import WHOLE_TRUST, within
from send_records.store.sealing import Seals
from tests.api.story import told
from tests.keys import held, where_held
from tests.scenario import ADMIT, SENCO, but
from tests.store.proxy import until


def here() -> AbstractContextManager[Seals]:
    """The keys of this process, for a rebuild that is done in it."""
    return nullcontext(held().seals)


EACH = pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda p: p.name)


def admit(records: SendRecords, times: int) -> None:
    for _ in range(times):
        records.admit(ADMIT, Request(SENCO, uuid4(), uuid4()))


@EACH
def test_a_rebuild_of_what_is_right_differs_in_nothing(
    projection: Projection[object], database: Database, records: SendRecords, engine: Engine
) -> None:
    admit(records, 3)
    engine.catch_up()

    [done] = rebuild(database.as_owner(), [projection], here)

    assert (done.events, done.differences) == (6, 0)
    assert done.rows == len(added_up(records)[projection.name])


def test_a_row_that_was_tampered_with_is_found_and_put_right(
    database: Database, records: SendRecords, engine: Engine
) -> None:
    admit(records, 2)
    engine.catch_up()
    with one(database.as_projector()) as projector:
        projector.execute("UPDATE send_register SET status = 'ehcp'")

    [done] = rebuild(database.as_owner(), [SendRegister()], here)
    with one(database.as_owner()) as owner:
        statuses = owner.execute("SELECT DISTINCT status FROM send_register").fetchall()

    assert done.differences == 2
    assert statuses == [("none",)]


def shape(owner: Connection, table: str) -> list[tuple[str]]:
    """Return what PostgreSQL knows of a table: columns, indexes, constraints, grants, comments."""
    return owner.execute(
        "SELECT concat_ws(' ', attname, atttypid::regtype, attnotnull, "
        "col_description(attrelid, attnum)) FROM pg_attribute "
        "WHERE attrelid = %(table)s::regclass AND attnum > 0 "
        "UNION ALL SELECT pg_get_indexdef(indexrelid) FROM pg_index "
        "WHERE indrelid = %(table)s::regclass "
        "UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid = %(table)s::regclass "
        "UNION ALL SELECT concat_ws(' ', relacl, reloptions, obj_description(oid, 'pg_class')) "
        "FROM pg_class WHERE oid = %(table)s::regclass ORDER BY 1",
        {"table": table},
    ).fetchall()


def test_the_table_is_served_and_projected_to_as_before(
    database: Database, records: SendRecords, engine: Engine
) -> None:
    admit(records, 1)
    engine.catch_up()
    with one(database.as_owner()) as owner:
        owner.execute("ALTER TABLE send_register SET (fillfactor = 70, autovacuum_enabled = false)")
        before = shape(owner, "send_register")
        rebuild(database.as_owner(), [SendRegister()], here)
        rebuild(database.as_owner(), [SendRegister()], here)
        assert shape(owner, "send_register") == before

    admit(records, 1)
    engine.catch_up()

    with one(database.app) as app:
        with within(app, WHOLE_TRUST):
            assert app.execute("SELECT count(*) FROM send_register").fetchone() == (2,)
        with pytest.raises(Exception, match="permission denied"):
            app.execute("DELETE FROM send_register")


def test_a_projection_that_lags_is_compared_where_it_stands(
    database: Database, records: SendRecords, engine: Engine
) -> None:
    admit(records, 1)
    engine.catch_up()
    admit(records, 1)

    [done] = rebuild(database.as_owner(), [SendRegister()], here)

    assert (done.events, done.rows, done.differences) == (2, 1, 0)
    assert engine.catch_up() == 2


def test_what_is_recorded_while_it_runs_is_not_lost(
    database: Database, records: SendRecords, engine: Engine
) -> None:
    admit(records, 1)
    engine.catch_up()

    def meanwhile(done: int, total: int) -> None:
        if total == 2:
            admit(records, 1)
            engine.catch_up()

    [done] = rebuild(database.as_owner(), [SendRegister()], here, progress=meanwhile)

    assert (done.events, done.rows, done.differences) == (4, 2, 0)


def test_a_log_with_nothing_in_it_rebuilds_to_nothing(database: Database) -> None:
    [done] = rebuild(database.as_owner(), [SendRegister()], here)

    assert (done.events, done.rows, done.differences) == (0, 0, 0)


# In several processes


@pytest.fixture
def by_handfuls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of any length is worth several processes, and has many handfuls."""
    monkeypatch.setattr("send_records.projections.rebuild.WORTH_A_PROCESS", 1)
    monkeypatch.setattr("send_records.projections.processes.HANDFUL", 1)


@pytest.fixture
def opening(database: Database) -> OpenSeals:
    """What opens the keys of this process in another one."""
    named = {k.removeprefix("SEND_RECORDS_").lower(): v for k, v in where_held().items()}
    return partial(open_seals, Settings.model_validate(named), database.app)


def busy(records: SendRecords) -> None:
    told(records)
    for _ in range(8):
        records.admit(but(ADMIT, upn=None), asked())


def asked() -> Request:
    return Request(SENCO, uuid4(), uuid4())


def tables(database: Database) -> dict[str, dict[object, object]]:
    """Return every row of every table, opened, by key."""
    with one(database.as_owner()) as owner:
        return {
            each.name: {
                getattr(row, each.key): row for row in Table(each, held().seals).every(owner)
            }
            for each in PROJECTIONS
        }


def added_up(records: SendRecords) -> dict[str, dict[object, object]]:
    """Return what the whole log adds up to."""
    log = records.feed(after=0, limit=10_000)
    return {each.name: folded(each, log) for each in PROJECTIONS}


def shadows_left(database: Database) -> list[str]:
    with one(database.as_owner()) as owner:
        rows = owner.execute("SELECT relname FROM pg_class WHERE relname LIKE '%rebuilt%'")
        return [name for (name,) in rows]


@pytest.mark.usefixtures("by_handfuls")
def test_in_three_processes_or_in_one_it_is_what_the_log_adds_up_to(
    database: Database, records: SendRecords, engine: Engine, opening: OpenSeals
) -> None:
    busy(records)
    engine.catch_up()
    told_of: list[tuple[int, int]] = []

    for processes in (3, 1):
        with one(database.as_projector()) as projector:
            projector.execute("UPDATE send_register SET status = 'ehcp'")
            projector.execute("DELETE FROM chronology WHERE position % 7 = 0")
        done = rebuild(
            database.as_owner(),
            PROJECTIONS,
            opening,
            processes=processes,
            progress=lambda *at: told_of.append(at),
        )

        assert tables(database) == added_up(records)
        different = {each.name: each.differences for each in done if each.differences}
        assert different == {"send_register": 9, "chronology": records.size() // 7}
        assert {each.events for each in done} == {records.size()}
        assert told_of[-1] == (records.size(), records.size())
    assert len(told_of) == 2 * 9
    assert shadows_left(database) == []


@pytest.mark.usefixtures("by_handfuls")
def test_a_process_that_is_killed_fails_the_rebuild_and_changes_nothing(
    database: Database, records: SendRecords, engine: Engine, opening: OpenSeals
) -> None:
    busy(records)
    engine.catch_up()
    with one(database.as_projector()) as projector:
        projector.execute("UPDATE chronology SET days_late = 99")
    before = tables(database)

    def kill(done: int, total: int) -> None:
        for child in multiprocessing.active_children():
            child.kill()

    with pytest.raises(WorkerDied):
        rebuild(database.as_owner(), PROJECTIONS, opening, processes=2, progress=kill)

    assert tables(database) == before
    assert shadows_left(database) == []
    assert multiprocessing.active_children() == []
    rebuild(database.as_owner(), PROJECTIONS, opening)
    assert tables(database) == added_up(records)


@pytest.mark.usefixtures("by_handfuls")
def test_what_a_process_cannot_do_is_said_here(
    database: Database, records: SendRecords, engine: Engine, opening: OpenSeals
) -> None:
    busy(records)
    engine.catch_up()
    with one(database.as_owner()) as owner:
        owner.execute("ALTER TABLE events DISABLE TRIGGER append_only")
        owner.execute("UPDATE events SET sealed = sealed || 'x'::bytea WHERE position = 5")

    with pytest.raises(UnreadableEvent):
        rebuild(database.as_owner(), PROJECTIONS, opening, processes=2)

    assert multiprocessing.active_children() == []
    assert shadows_left(database) == []


@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.usefixtures("by_handfuls")
def test_a_database_that_goes_away_fails_it_and_the_next_one_tidies_up(
    database: Database, records: SendRecords, engine: Engine, opening: OpenSeals, processes: int
) -> None:
    busy(records)
    engine.catch_up()
    before = tables(database)

    def cut(done: int, total: int) -> None:
        with one(database.as_owner()) as owner:
            owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = "
                "current_user AND datname = current_database() AND pid <> pg_backend_pid()"
            )

    with pytest.raises(AMBIGUOUS):
        rebuild(database.as_owner(), PROJECTIONS, opening, processes=processes, progress=cut)

    assert tables(database) == before
    assert len(shadows_left(database)) == sum(len(each.tables) for each in PROJECTIONS)
    assert not any(each.differences for each in rebuild(database.as_owner(), PROJECTIONS, here))
    assert shadows_left(database) == []


@pytest.mark.usefixtures("by_handfuls")
def test_interrupted_it_has_changed_nothing_and_its_processes_end(
    database: Database, records: SendRecords, engine: Engine, opening: OpenSeals
) -> None:
    busy(records)
    engine.catch_up()
    before = tables(database)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(database.as_owner(), PROJECTIONS, opening, processes=2, progress=interrupt)

    assert multiprocessing.active_children() == []
    assert shadows_left(database) == []
    assert tables(database) == before


@pytest.mark.usefixtures("by_handfuls")
def test_a_ctrl_c_that_reaches_the_processes_too_is_left_to_who_started_them(
    database: Database, records: SendRecords, engine: Engine, opening: OpenSeals
) -> None:
    busy(records)
    engine.catch_up()

    def interrupt(done: int, total: int) -> None:
        for child in multiprocessing.active_children():
            os.kill(child.pid or 0, signal.SIGINT)

    done = rebuild(database.as_owner(), PROJECTIONS, opening, processes=2, progress=interrupt)

    assert not any(each.differences for each in done)


def doomed(conninfo: str, opening: OpenSeals, pipe: Pipe) -> None:
    """Begin a rebuild, tell its processes, and be killed."""

    def die(done: int, total: int) -> None:
        pipe.send([child.pid for child in multiprocessing.active_children()])
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("send_records.projections.rebuild.WORTH_A_PROCESS", 1)
        patch.setattr("send_records.projections.processes.HANDFUL", 1)
        rebuild(conninfo, PROJECTIONS, opening, processes=2, progress=die)


def test_killed_it_leaves_no_process_behind_and_the_next_one_begins_anew(
    database: Database, records: SendRecords, engine: Engine, opening: OpenSeals
) -> None:
    busy(records)
    engine.catch_up()
    spawning = multiprocessing.get_context("spawn")
    ours, its = spawning.Pipe()
    process = spawning.Process(target=doomed, args=(database.as_owner(), opening, its))
    process.start()
    children = ours.recv()
    process.join()

    assert len(children) == 2
    until(lambda: not any(Path(f"/proc/{child}").exists() for child in children), seconds=20)
    done = rebuild(database.as_owner(), PROJECTIONS, here)
    assert not any(each.differences for each in done)
    assert shadows_left(database) == []


# While it runs


@pytest.mark.usefixtures("by_handfuls")
def test_beside_writers_and_the_engine_nothing_is_lost_and_nothing_doubled(
    database: Database, records: SendRecords, engine: Engine
) -> None:
    """The agency is the witness: an event projected twice would show it twice."""
    pupils = [records.admit(but(ADMIT, upn=None), asked()).pupil_id for _ in range(5)]
    engine.catch_up()
    stop, failed = threading.Event(), list[BaseException]()

    def live() -> None:
        try:
            for number in itertools.count():
                if stop.is_set():
                    return
                involve = RecordAgencyInvolvement(
                    occurred_on=ADMIT.occurred_on, agency=f"agency_{number}", professional="A. Lee"
                )
                records.execute(pupils[number % 5], involve, asked())
                engine.catch_up()
        except BaseException as error:
            failed.append(error)

    writer = threading.Thread(target=live)
    writer.start()
    try:
        found = [rebuild(database.as_owner(), PROJECTIONS, here) for _ in range(6)]
    finally:
        stop.set()
        writer.join()

    assert failed == []
    assert {each.differences for done in found for each in done} == {0}
    assert found[-1][0].events > found[0][0].events
    engine.catch_up()
    assert tables(database) == added_up(records)


def test_a_second_rebuild_waits_for_the_first(
    database: Database, records: SendRecords, engine: Engine
) -> None:
    admit(records, 2)
    engine.catch_up()
    second = threading.Thread(target=rebuild, args=[database.as_owner(), PROJECTIONS, here])

    def meanwhile(done: int, total: int) -> None:
        second.start()
        second.join(0.3)
        assert second.is_alive()

    rebuild(database.as_owner(), PROJECTIONS, here, progress=meanwhile)
    second.join()

    assert tables(database) == added_up(records)


# Compared, and put right


def test_a_row_that_does_not_open_is_a_difference_and_is_put_right(
    database: Database, records: SendRecords, engine: Engine
) -> None:
    admit(records, 3)
    engine.catch_up()
    with one(database.as_projector()) as projector:
        projector.execute("UPDATE chronology SET sealed = sealed || 'x'::bytea WHERE position = 2")
        projector.execute(
            "UPDATE chronology SET sealed = (SELECT sealed FROM chronology WHERE position = 1) "
            "WHERE position = 3"
        )

    [done] = rebuild(database.as_owner(), [Chronology()], here)

    assert done.differences == 2
    assert tables(database) == added_up(records)


def test_rows_of_nobody_and_rows_too_many_are_differences_and_go(
    database: Database, records: SendRecords, engine: Engine
) -> None:
    admit(records, 1)
    engine.catch_up()
    columns = "version, entry_id, event, phase, occurred_on, recorded_at, days_late, role, sealed"
    with one(database.as_projector()) as projector:
        for position, pupil in ((77, "pupil_id"), (78, "gen_random_uuid()")):
            projector.execute(
                f"INSERT INTO chronology (position, pupil_id, {columns}) "
                f"SELECT {position}, {pupil}, {columns} FROM chronology WHERE position = 1".encode()
            )

    [done] = rebuild(database.as_owner(), [Chronology()], here)

    assert (done.rows, done.differences) == (2, 2)
    assert tables(database) == added_up(records)


def test_what_is_as_it_was_keeps_its_seal(
    database: Database, records: SendRecords, engine: Engine
) -> None:
    admit(records, 2)
    engine.catch_up()

    def seals() -> list[tuple[int, bytes]]:
        with one(database.as_owner()) as owner:
            return owner.execute("SELECT position, sealed FROM chronology ORDER BY 1").fetchall()

    before = seals()
    with one(database.as_projector()) as projector:
        projector.execute("UPDATE chronology SET sealed = sealed || 'x'::bytea WHERE position = 2")

    rebuild(database.as_owner(), [Chronology()], here)

    after = seals()
    assert [new == old for new, old in zip(after, before, strict=True)] == [True, False, True, True]


def test_a_position_that_was_set_back_is_set_to_where_the_table_is(
    database: Database, records: SendRecords, engine: Engine
) -> None:
    """Or the engine would project on top of rows that have those events already."""
    busy(records)
    engine.catch_up()

    def set_back(done: int, total: int) -> None:
        with one(database.as_projector()) as projector:
            projector.execute("UPDATE projection_positions SET position = 0")

    rebuild(database.as_owner(), PROJECTIONS, here, progress=set_back)

    assert engine.catch_up() == 0
    assert tables(database) == added_up(records)
