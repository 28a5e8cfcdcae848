"""A rebuild folds the log from nothing beside the table, compares, and swaps."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from uuid import uuid4

import pytest

from send_records.application import Request, SendRecords
from send_records.bootstrap import Database
from send_records.projections.base import Projection
from send_records.projections.engine import PROJECTIONS, Engine
from send_records.projections.rebuild import rebuild
from send_records.projections.send_register import SendRegister
from send_records.store.connections import one
from send_records.store.sealing import Seals
from tests.keys import held
from tests.scenario import ADMIT, SENCO


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
    assert done.rows in (3, 6)


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


def test_the_table_is_served_and_projected_to_as_before(
    database: Database, records: SendRecords, engine: Engine
) -> None:
    admit(records, 1)
    engine.catch_up()
    indexes = "SELECT indexname FROM pg_indexes WHERE tablename = 'send_register' ORDER BY 1"
    with one(database.as_owner()) as owner:
        before = owner.execute(indexes).fetchall()
        rebuild(database.as_owner(), [SendRegister()], here)
        rebuild(database.as_owner(), [SendRegister()], here)
        assert owner.execute(indexes).fetchall() == before

    admit(records, 1)
    engine.catch_up()

    with one(database.app) as app:
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
