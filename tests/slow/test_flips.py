"""Every bit of every stored column of 500 entries: not one can be turned unnoticed (P4)."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any, cast

import psycopg
import pytest
from psycopg import Connection

from send_records.bootstrap import Database, notary
from send_records.custody import Keys
from send_records.store.connections import one, pool
from send_records.store.damage import Finding
from send_records.store.ledger import Log
from send_records.store.outside import Outside
from send_records.store.recorder import PostgresRecorder
from send_records.store.shapes import EventShape
from send_records.store.signing import OF_LOG
from send_records.store.verify import walk
from tests.api.story import told
from tests.conftest import Cluster
from tests.keys import records_by
from tests.scenario import ADMIT, IDENTIFY, RECORD_MOTHER, but
from tests.store.attacks import (
    HEADER,
    RELEAF,
    asked,
    columns_in,
    published,
    rows_of,
    superuser_of,
    unnoticed,
    untie,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

ENTRIES = 500
COLUMNS = EventShape.columns.split(", ")


def say(figures: str) -> None:
    sys.stdout.write(f"\n  {figures}\n")


@pytest.fixture
def keys() -> Iterator[Keys]:
    with published() as keys:
        yield keys


@pytest.fixture
def recorded(database: Database, keys: Keys) -> list[bytes]:
    """The rows of a log of 500 entries and a few more, as the verifier reads them, all signed."""
    with pool(database.app) as connections:
        records = records_by(PostgresRecorder(connections))
        told(records)
        while records.size() < ENTRIES:
            pupil = records.admit(but(ADMIT, upn=None), asked()).pupil_id
            for command in (RECORD_MOTHER, IDENTIFY):
                records.execute(pupil, command, asked())
    notary(database, keys.signing, keys.places).sign_all()
    with one(database.as_owner()) as connection:
        return rows_of(connection, EventShape())


def test_every_bit_of_every_column_of_every_entry_matters(recorded: list[bytes]) -> None:
    """For each: the row with the bit turned, at its place in the walk, which comes to it with all
    that was before it."""
    started = time.monotonic()

    tried, missed = unnoticed(EventShape(), recorded)

    say(
        f"{tried:,} bits of {len(COLUMNS)} columns of {len(recorded)} entries turned, one at a "
        f"time: {missed} unnoticed; {time.monotonic() - started:.0f} s"
    )
    assert len(recorded) >= ENTRIES
    assert tried == 8 * sum(len(column) for row in recorded for column in columns_in(row))
    assert missed == 0


class Copied:
    """A connection as ``walk`` uses one, to a log of these rows; nothing is kept beside it."""

    def __init__(self, rows: Sequence[bytes]) -> None:
        self._rows = rows

    def cursor(self) -> Copied:
        return self

    @contextmanager
    def copy(self, query: object) -> Iterator[Iterator[bytes]]:
        yield iter([HEADER + self._rows[0], *self._rows[1:], b"\xff\xff"])

    def execute(self, query: object, values: Any = None, **more: Any) -> Copied:
        return self

    def fetchone(self) -> tuple[int]:
        return (len(self._rows),)

    def __iter__(self) -> Iterator[Any]:
        return iter([])


def turned_at_random(random: Random, rows: Sequence[bytes]) -> tuple[int, int, bytes]:
    """Return which entry, which column, and the row with a bit of that turned; all columns alike,
    or most would be of the longest."""
    entry, column = random.randrange(len(rows)), random.randrange(len(COLUMNS))
    row = bytearray(rows[entry])
    row[random.choice(columns_in(row)[column])] ^= 1 << random.randrange(8)
    return entry, column, bytes(row)


def found_by_walk(connection: Any, keys: Keys) -> list[Finding]:
    key = keys.signing.public(OF_LOG[Log.EVENTS])
    outside = Outside(Log.EVENTS, keys.places, key)
    return walk(cast(Connection, connection), EventShape(), outside).findings


def entry_named(found: Sequence[Finding]) -> int | None:
    return found[0].position if found else None


def test_the_whole_walk_names_the_entry(recorded: list[bytes], keys: Keys) -> None:
    """A bit turned in a row, the walk made over all; but a position is named by where it should
    have been."""
    random, started, flips = Random(4), time.monotonic(), 1500
    assert found_by_walk(Copied(recorded), keys) == []
    for _ in range(flips):
        entry, column, row = turned_at_random(random, recorded)
        rows = [*recorded[:entry], row, *recorded[entry + 1 :]]

        found = found_by_walk(Copied(rows), keys)

        assert entry_named(found) == entry + 1 or (found and COLUMNS[column] == "position"), (
            COLUMNS[column],
            entry,
            found,
        )
    say(f"{flips} of them by the whole walk; {time.monotonic() - started:.0f} s")


def stored(connection: Connection, row: bytes, position: int) -> None:
    """Write a row in place of the one at a position, by UPDATE; raise DataError if it holds what
    PostgreSQL can store in no such column."""
    connection.execute("CREATE TEMP TABLE turned (LIKE events) ON COMMIT DROP")
    copy = f"COPY turned ({EventShape.columns}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor().copy(copy.encode()) as sink:
        sink.write(HEADER + row + b"\xff\xff")
    update = f"UPDATE events SET ({EventShape.columns}) = (SELECT {EventShape.columns} FROM turned)"
    connection.execute(f"{update} WHERE position = %s".encode(), [position])


def found_once_stored(
    superuser: Connection, row: bytes, position: int, keys: Keys, leaf: str
) -> list[Finding]:
    """Return what is found with a row stored in place of another, which is undone."""
    with superuser.transaction(force_rollback=True):
        stored(superuser, row, position)
        if leaf == "recomputed":
            superuser.execute(RELEAF[0])
        return found_by_walk(superuser, keys)


@pytest.mark.parametrize("leaf", ["left", "recomputed"])
def test_in_the_database_itself_the_entry_is_named(
    leaf: str, recorded: list[bytes], keys: Keys, cluster: Cluster, database: Database
) -> None:
    random, started, flips, refused = Random(5), time.monotonic(), 0, 0
    with one(superuser_of(cluster, database)) as superuser:
        untie(superuser)
        superuser.execute("DELETE FROM tiles")  # they follow, and name the first entry below them
        while flips < 300:
            entry, column, row = turned_at_random(random, recorded)
            if leaf == "recomputed" and COLUMNS[column] == "leaf":
                continue  # that undoes it
            try:
                found = found_once_stored(superuser, row, entry + 1, keys, leaf)
            except psycopg.DataError:
                refused += 1
                continue
            assert found, (COLUMNS[column], entry)
            assert entry_named(found) == entry + 1 or COLUMNS[column] == "position"
            flips += 1
    say(
        f"{flips} by UPDATE, the leaf {leaf}: all found; {refused} more that no such column can "
        f"hold; {time.monotonic() - started:.0f} s"
    )
