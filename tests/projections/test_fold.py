"""A projection is a pure function of the log (``security.md``, P3)."""

from __future__ import annotations

import gc
import threading
from copy import deepcopy
from dataclasses import fields
from datetime import date, datetime
from types import UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints
from uuid import UUID, uuid4

import pytest

from send_records.aggregates.base import DomainEvent
from send_records.application import Request, SendRecords
from send_records.bootstrap import Database
from send_records.projections.base import Projection
from send_records.projections.base import folded as folded_rows
from send_records.projections.chronology import Chronology, ChronologyRow
from send_records.projections.engine import PROJECTIONS, Engine
from send_records.projections.tables import Table
from send_records.store.connections import Pool, one
from tests.api.story import told, told_beside
from tests.keys import held
from tests.projections.lives import storied
from tests.scenario import ADMIT, IDENTIFY, SENCO, but

Rows = dict[Any, Any]
each_projection = pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda p: p.name)


def asked() -> Request:
    return Request(SENCO, uuid4(), uuid4())


def stored(pool: Pool, projection: Projection[Any]) -> Rows:
    """Return the projection's table, opened, by key."""
    with pool.connection() as connection:
        return {
            getattr(row, projection.key): {f.name: getattr(row, f.name) for f in fields(row)}
            for row in Table(projection, held().seals).every(connection)
        }


def folded(records: SendRecords, projection: Projection[Any]) -> Rows:
    """Return what the whole log adds up to, by key."""
    rows = folded_rows(projection, records.feed(after=0, limit=10_000))
    return {
        key: {field.name: getattr(row, field.name) for field in fields(row)}
        for key, row in rows.items()
    }


def positions(pool: Pool) -> set[int]:
    """Return how far the projections have got."""
    with pool.connection() as connection:
        rows = connection.execute("SELECT position FROM projection_positions").fetchall()
    return {position for (position,) in rows}


def level(records: SendRecords, pool: Pool) -> bool:
    return all(stored(pool, each) == folded(records, each) for each in PROJECTIONS)


@pytest.fixture
def busy(records: SendRecords) -> SendRecords:
    """A log in which the story is mixed with the lives of others."""
    others = [records.admit(but(ADMIT, upn=None), asked()).pupil_id for _ in range(3)]
    told(records)
    told_beside(records)
    for pupil_id in others:
        records.execute(pupil_id, IDENTIFY, asked())
    return records


@each_projection
def test_the_same_row_and_event_give_the_same_row_and_change_neither(
    projection: Projection[Any],
) -> None:
    rows: Rows = {}
    for event in storied().events:
        key = projection.key_of(event)
        before, witness = rows.get(key), (deepcopy(rows.get(key)), event.model_copy(deep=True))

        once, again = projection.project(before, event), projection.project(before, event)

        assert once == again
        assert (before, event) == witness
        rows[key] = once


@each_projection
def test_every_field_of_a_row_is_a_column_of_a_fitting_type(
    projection: Projection[Any], owner_pool: Pool
) -> None:
    with owner_pool.connection() as connection:
        columns = connection.execute(
            "SELECT column_name, data_type, is_nullable FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND table_name = %s",
            [projection.name],
        ).fetchall()

    hints = get_type_hints(projection.row)
    clear = [field for field in fields(projection.row) if not field.metadata.get("sealed")]
    tags = [field.metadata["tag"] for field in fields(projection.row) if "tag" in field.metadata]
    wanted = {field.name: column_of(hints[field.name]) for field in clear}
    wanted |= {"sealed": ("bytea", False)} | dict.fromkeys(tags, ("bytea", True))
    assert {
        name: (kind.replace("bigint", "integer"), nullable == "YES")
        for name, kind, nullable in columns
    } == wanted


def column_of(hint: Any) -> tuple[str, bool]:
    """Return the column's type, and whether it may be null."""
    nullable = get_origin(hint) is UnionType or type(None) in get_args(hint)
    [kind] = [arg for arg in get_args(hint) if arg is not type(None)] if nullable else [hint]
    simple = {
        str: "text",
        UUID: "uuid",
        bool: "boolean",
        int: "integer",
        date: "date",
        datetime: "timestamp with time zone",
    }
    if get_origin(kind) is Literal:
        return "text", nullable
    if get_origin(kind) is list:
        return ("ARRAY" if get_args(kind) == (str,) else "jsonb"), nullable
    return simple[kind], nullable


def test_the_tables_are_what_the_log_adds_up_to(
    busy: SendRecords, engine: Engine, owner_pool: Pool
) -> None:
    assert engine.catch_up() == busy.size()

    for projection in PROJECTIONS:
        assert stored(owner_pool, projection) == folded(busy, projection)
    assert positions(owner_pool) == {busy.size()}


def test_catching_up_twice_changes_nothing(
    busy: SendRecords, engine: Engine, owner_pool: Pool
) -> None:
    engine.catch_up()
    before = [stored(owner_pool, projection) for projection in PROJECTIONS]

    assert engine.catch_up() == 0

    assert [stored(owner_pool, projection) for projection in PROJECTIONS] == before


def test_what_is_recorded_later_is_taken_from_where_it_stopped(
    busy: SendRecords, engine: Engine, owner_pool: Pool
) -> None:
    engine.catch_up()
    busy.admit(but(ADMIT, upn=None), asked())

    assert engine.catch_up() == 2
    assert level(busy, owner_pool)


@pytest.mark.parametrize("batch", [1, 2, 7, 1000])
def test_the_size_of_batches_makes_no_difference(
    busy: SendRecords, database: Database, owner_pool: Pool, batch: int
) -> None:
    engine = Engine(database.as_projector(), held().seals, batch=batch)

    assert engine.catch_up() == busy.size()

    assert level(busy, owner_pool)


def test_a_projection_that_is_behind_catches_up_beside_those_that_are_not(
    busy: SendRecords, database: Database, owner_pool: Pool
) -> None:
    for index, projection in enumerate(PROJECTIONS):
        with one(database.as_projector()) as connection:
            engine = Engine(database.as_projector(), held().seals, [projection], batch=5)
            for _ in range(index * 3):
                engine.advance(connection)
    assert len(positions(owner_pool)) == len(PROJECTIONS) - 1

    Engine(database.as_projector(), held().seals, batch=4).catch_up()

    assert level(busy, owner_pool)


def test_two_engines_at_once_do_each_event_once(
    busy: SendRecords, database: Database, owner_pool: Pool
) -> None:
    start = threading.Barrier(3)
    counts: list[int] = []

    def run() -> None:
        engine = Engine(database.as_projector(), held().seals, batch=2)
        start.wait()
        counts.append(engine.catch_up())

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(counts) == 3
    assert sum(counts) == busy.size()
    assert level(busy, owner_pool)


def test_a_row_changed_behind_the_logs_back_would_be_found(
    busy: SendRecords, engine: Engine, database: Database, owner_pool: Pool
) -> None:
    """The defect planted: a table that is not what the log adds up to."""
    engine.catch_up()
    with one(database.as_projector()) as connection:
        connection.execute("UPDATE chronology SET days_late = 0 WHERE position = 1")

    assert not level(busy, owner_pool)


def test_events_seen_again_leave_the_tables_as_they_were(
    busy: SendRecords, engine: Engine, database: Database, owner_pool: Pool
) -> None:
    engine.catch_up()
    with one(database.as_projector()) as connection:
        connection.execute("UPDATE projection_positions SET position = 0")

    assert engine.catch_up() == busy.size()

    assert level(busy, owner_pool)


def test_the_collector_is_off_for_a_batch_and_on_again_after_it(
    busy: SendRecords, database: Database
) -> None:
    seen: list[bool] = []

    class Watched(Chronology):
        def project(self, row: ChronologyRow | None, event: DomainEvent) -> ChronologyRow | None:
            seen.append(gc.isenabled())
            return super().project(row, event)

    Engine(database.as_projector(), held().seals, [Watched()]).catch_up()

    assert len(seen) == busy.size()
    assert not any(seen)
    assert gc.isenabled()
