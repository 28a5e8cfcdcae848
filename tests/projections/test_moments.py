"""Moments: an instant is a place in the log, the same whenever it is asked for again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from psycopg import Connection

from send_records.aggregates.values import day_in_london
from send_records.bootstrap import Database
from send_records.projections.moments import Moment, MomentUnclear, StillToCome, moment_at
from send_records.store.connections import one
from tests.store.writing import append, event

PUPIL = UUID(int=530)


@pytest.fixture
def log(database: Database) -> Iterator[Connection]:
    with one(database.app) as connection:
        yield connection


def record(log: Connection, *numbers: int) -> list[datetime]:
    """Append commands of so many events each; return when each was recorded."""
    version = log.execute("SELECT size FROM log_head").fetchall()[0][0]
    times = []
    for number in numbers:
        versions = range(version + 1, version + number + 1)
        append(log, *(event(PUPIL, each) for each in versions))
        version += number
        found = log.execute("SELECT recorded_at FROM log_head").fetchall()
        times.append(found[0][0])
    return times


def test_an_instant_is_the_position_of_the_last_entry_recorded_by_then(log: Connection) -> None:
    numbers = [1, 3, 1, 2, 5, 1]
    times = record(log, *numbers)
    tick = timedelta(microseconds=1)

    for place, at in enumerate(times):
        before, upto = sum(numbers[:place]), sum(numbers[: place + 1])
        assert moment_at(log, None, at.isoformat()).position == upto
        assert moment_at(log, None, (at - tick).isoformat()).position == before


def test_an_empty_log_has_a_moment_of_nothing(log: Connection) -> None:
    assert moment_at(log, None, "2024-01-18") == Moment(
        0, None, datetime(2024, 1, 18, 23, 59, 59, 999999, UTC)
    )
    assert moment_at(log, "2024-01-18", None) == Moment(0, date(2024, 1, 18), None)


def test_a_position_and_the_present_say_when_they_were_recorded(log: Connection) -> None:
    first, last = record(log, 2, 3)

    assert moment_at(log, None, "position:1") == Moment(1, None, first)
    assert moment_at(log, None, None) == Moment(5, None, last)
    assert moment_at(log, None, "position:0") == Moment(0, None, None)


@pytest.mark.parametrize(
    ("said", "instant"),
    [
        ("2024-01-18", "2024-01-18T23:59:59.999999+00:00"),
        ("2024-06-18", "2024-06-18T22:59:59.999999+00:00"),  # summer time in London
        ("2024-01-18T09:00:00Z", "2024-01-18T09:00:00+00:00"),
        ("2024-01-18t09:00:00z", "2024-01-18T09:00:00+00:00"),
        ("2024-01-18T09:00:00.25+05:30", "2024-01-18T03:30:00.250000+00:00"),
    ],
)
def test_a_day_is_its_end_in_london_and_an_instant_has_its_offset(
    log: Connection, said: str, instant: str
) -> None:
    found = moment_at(log, None, said).known_at

    assert found is not None
    assert found.astimezone(UTC).isoformat() == instant


@pytest.mark.parametrize(
    "said",
    [
        "",
        "yesterday",
        "2024-01-18T09:00:00",  # whose clock?
        "2024-01-18T09:00:00 00:00",  # a + in an address is a space
        "2024-13-01",
        "2024-02-30T09:00:00Z",
        "1950-01-01",
        "9999-12-31",
        "0001-01-01T00:00:00+14:00",
        "position:",
        "position:-1",
        "position:\u0663",
        "1705568400",
    ],
)
def test_what_is_no_moment_is_refused(log: Connection, said: str) -> None:
    with pytest.raises(MomentUnclear):
        moment_at(log, None, said)


@pytest.mark.parametrize(
    "said", ["", "2024-1-18", "18/01/2024", "2024-02-30", "1900-01-01", "\u0662024-01-18"]
)
def test_what_is_no_day_is_refused(log: Connection, said: str) -> None:
    with pytest.raises(MomentUnclear):
        moment_at(log, said, None)


def test_what_is_not_over_is_refused(log: Connection) -> None:
    record(log, 2)
    now = datetime.now(UTC)
    today = day_in_london(now)
    tomorrow = (today + timedelta(days=1)).isoformat()
    soon = (now + timedelta(minutes=1)).isoformat()

    for known_at in (today.isoformat(), tomorrow, soon, "position:3"):
        with pytest.raises(StillToCome):
            moment_at(log, None, known_at)
    with pytest.raises(StillToCome):
        moment_at(log, tomorrow, None)
    assert moment_at(log, today.isoformat(), None).position == 2


def test_an_append_that_is_going_on_is_waited_for(log: Connection, database: Database) -> None:
    """It has its time already: who asked about a later one without it would be answered otherwise
    the next time."""
    record(log, 1)
    found: list[Moment] = []
    with one(database.app) as other:
        with other.transaction():
            append(other, event(PUPIL, 2))
            [(at,)] = other.execute("SELECT recorded_at FROM log_head").fetchall()
            asking = threading.Thread(
                target=lambda: found.append(moment_at(log, None, at.isoformat()))
            )
            asking.start()
            asking.join(0.3)
            assert not found
        asking.join(10)

    assert [moment.position for moment in found] == [2]


def test_what_is_behind_the_last_entry_is_not_waited_for(
    log: Connection, database: Database
) -> None:
    first, _ = record(log, 1, 1)
    with one(database.app) as other, other.transaction():
        append(other, event(PUPIL, 3))

        assert moment_at(log, None, first.isoformat()).position == 1
