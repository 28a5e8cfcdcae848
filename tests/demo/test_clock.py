"""The demo's clock can be set; the production database's cannot, and a test proves it."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from send_records.application import Request, SendRecords
from send_records.bootstrap import Database
from send_records.demo.clock import close_door, open_door, set_clock
from send_records.store.connections import one
from send_records.store.guards import UnsafeDatabase, require_safe
from tests.scenario import ADMIT, SENCO

LONG_AGO = datetime(2023, 9, 4, 9, 0, tzinfo=UTC)


def recorded_at(records: SendRecords) -> datetime:
    receipt = records.admit(ADMIT, Request(SENCO, uuid4(), uuid4()))
    [first, _] = records.history(receipt.pupil_id)
    assert first.recorded_at is not None
    return first.recorded_at


def test_an_entry_is_recorded_when_the_demo_says(database: Database, records: SendRecords) -> None:
    with one(database.as_owner()) as owner:
        open_door(owner, database.roles)
        set_clock(owner, LONG_AGO)

    assert recorded_at(records) == LONG_AGO


def test_a_clock_set_back_does_not_turn_the_order_round(
    database: Database, records: SendRecords
) -> None:
    with one(database.as_owner()) as owner:
        open_door(owner, database.roles)
        set_clock(owner, LONG_AGO)
        first = recorded_at(records)
        set_clock(owner, LONG_AGO.replace(year=2020))

    assert recorded_at(records) > first


def test_a_database_with_the_door_open_is_refused(database: Database) -> None:
    with one(database.as_owner()) as owner, one(database.app) as app:
        open_door(owner, database.roles)

        with pytest.raises(UnsafeDatabase, match="clock can be set"):
            require_safe(app)
        require_safe(app, throwaway=True)


def test_once_the_door_is_closed_the_database_is_as_shipped(
    database: Database, records: SendRecords
) -> None:
    source = "SELECT prosrc, proconfig, prosecdef FROM pg_proc WHERE proname = 'append'"
    with one(database.as_owner()) as owner, one(database.app) as app:
        shipped = owner.execute(source).fetchall()
        open_door(owner, database.roles)
        assert owner.execute(source).fetchall() != shipped
        close_door(owner, database.roles)

        assert owner.execute(source).fetchall() == shipped
        require_safe(app)
    assert recorded_at(records) > datetime(2026, 1, 1, tzinfo=UTC)
