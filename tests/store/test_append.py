"""The one way into the log: in order, without gaps, once, all or nothing."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import Connection, errors

from send_records.bootstrap import Database
from send_records.store.connections import one
from send_records.store.mapper import VersionedEvent
from send_records.store.recorder import read_log
from tests.store.audit import EPOCH, Entry, decoded, encoded, rows, violations
from tests.store.planted import PLACES_FROM_A_SEQUENCE
from tests.store.proxy import until
from tests.store.writing import SEALED, append, at_once, command, event, events

WRITERS = 6


def clock_ahead(superuser: Connection, by: timedelta) -> datetime:
    """Make the log's last append later than the clock says, as after a clock was put back."""
    row = superuser.execute(
        "UPDATE log_head SET recorded_at = clock_timestamp() + %s RETURNING recorded_at", [by]
    ).fetchone()
    assert row is not None
    ahead: datetime = row[0]
    return ahead


def refused(
    connection: Connection, *appended: VersionedEvent, command_id: UUID | None = None
) -> str | None:
    """Return with which SQLSTATE an append is refused."""
    with pytest.raises(psycopg.DatabaseError) as error:
        append(connection, *appended, command_id=command_id)
    return error.value.sqlstate


# Sealed


@pytest.mark.parametrize(
    "state",
    [
        b"",
        b"\x01",
        SEALED[:-1],
        b"\x01\x00\x02" + SEALED[3:],
        b"\x02" + SEALED[1:],
        b"\x00" + SEALED[1:],
        b'{"legal_name": "Aisha Rahman", "and": "so on, in words that anybody could read"}',
    ],
    ids=["nothing", "a byte", "too short", "another key", "the trust's key", "no key", "words"],
)
def test_what_is_not_under_the_pupils_live_key_is_refused(
    app: Connection, owner: Connection, state: bytes
) -> None:
    stream = uuid4()
    append(app, event(stream, 1))

    assert refused(app, event(stream, 2, state=state)) == "SR003"
    assert len(rows(owner)) == 1
    assert violations(owner) == []


def test_after_its_key_is_destroyed_a_stream_takes_the_trusts_words_only(
    app: Connection, owner: Connection
) -> None:
    stream = uuid4()
    append(app, event(stream, 1))

    assert owner.execute("SELECT destroy_key(%s)", [stream]).fetchone() == (True,)
    assert owner.execute("SELECT destroy_key(%s)", [stream]).fetchone() == (False,)

    assert refused(app, event(stream, 2)) == "SR003"
    assert append(app, event(stream, 2, state=b"\x02" + SEALED[1:])) == [2]


def test_a_destroyed_key_never_comes_back(owner: Connection, app: Connection) -> None:
    stream = uuid4()
    append(app, event(stream, 1))
    owner.execute("SELECT destroy_key(%s)", [stream])

    for statement in ("UPDATE data_keys SET destroyed_at = NULL", "DELETE FROM data_keys"):
        with pytest.raises(psycopg.DatabaseError, match="append-only"):
            owner.execute(statement.encode())


def test_an_append_under_way_and_a_destruction_do_not_interleave(
    database: Database, app: Connection, owner: Connection
) -> None:
    """Whichever is first, nothing is sealed under a dead key afterwards."""
    stream = uuid4()
    append(app, event(stream, 1))
    told: list[str | None] = []

    def write() -> None:
        with one(database.app) as connection:
            for version in range(2, 200):
                try:
                    append(connection, event(stream, version))
                except psycopg.DatabaseError as error:
                    told.append(error.sqlstate)
                    return

    def destroy() -> None:
        until(lambda: len(rows(owner)) > 5)
        owner.execute("SELECT destroy_key(%s)", [stream])

    at_once([write, destroy])

    [(destroyed_at,)] = owner.execute("SELECT destroyed_at FROM data_keys").fetchall()
    assert told == ["SR003"]
    assert rows(owner)[-1].recorded_at < destroyed_at


# In order


def test_positions_go_on_across_pupils(app: Connection, owner: Connection) -> None:
    one_pupil, another = uuid4(), uuid4()

    assert append(app, *events(one_pupil, 1, 2)) == [1, 2]
    assert append(app, *events(another, 1)) == [3]
    assert append(app, *events(one_pupil, 3)) == [4]
    assert violations(owner) == []


def test_a_command_may_record_in_more_than_one_stream(app: Connection, owner: Connection) -> None:
    assert append(app, event(uuid4(), 1), event(uuid4(), 1)) == [1, 2]
    assert violations(owner) == []


def test_six_writers_leave_no_gap_and_no_mix(database: Database) -> None:
    def write() -> None:
        stream = uuid4()
        with one(database.app) as connection:
            for done in range(0, 50, 2):
                append(connection, *events(stream, done + 1, done + 2))

    at_once([write] * WRITERS)

    with one(database.as_owner()) as connection:
        assert len(rows(connection)) == WRITERS * 50
        assert violations(connection) == []


def test_of_six_writers_of_one_version_one_wins(database: Database) -> None:
    stream, won = uuid4(), list[int]()

    def write(version: int) -> None:
        with one(database.app) as connection, suppress(errors.UniqueViolation):
            won.extend(append(connection, event(stream, version)))

    for version in range(1, 11):
        at_once([partial(write, version)] * WRITERS)

    assert won == list(range(1, 11))
    with one(database.as_owner()) as connection:
        assert violations(connection) == []


def overtaken(database: Database) -> list[int]:
    """Return the events that a reader misses who reads while two are writing."""
    with (
        one(database.app) as first,
        one(database.app) as second,
        one(database.as_owner()) as reader,
    ):
        with first.transaction():
            append(first, event(uuid4(), 1))
            second.execute("SET statement_timeout = '300ms'")
            with suppress(errors.QueryCanceled):
                append(second, event(uuid4(), 1))
            seen = [row.id for row in read_log(reader, after=0, limit=10)]
        append(second, event(uuid4(), 1))
        seen += [row.id for row in read_log(reader, after=max(seen, default=0), limit=10)]
        return sorted({row.position for row in rows(reader)} - set(seen))


def test_a_reader_is_never_overtaken(database: Database) -> None:
    assert overtaken(database) == []


def test_a_reader_of_places_that_come_from_a_sequence_would_be(
    database: Database, owner: Connection
) -> None:
    owner.execute(PLACES_FROM_A_SEQUENCE)

    assert overtaken(database) == [1]


# In time


def test_the_events_of_a_command_have_one_time_and_the_next_command_a_later_one(
    app: Connection,
    owner: Connection,
) -> None:
    stream = uuid4()
    for version in range(1, 200, 2):
        append(app, *events(stream, version, version + 1))

    times = [row.recorded_at for row in rows(owner)]
    assert times[0::2] == times[1::2]
    assert all(before < after for before, after in zip(times[0::2], times[2::2], strict=False))


def test_time_goes_on_when_the_clock_steps_back(
    app: Connection, owner: Connection, superuser: Connection
) -> None:
    append(app, event(uuid4(), 1))
    ahead = clock_ahead(superuser, timedelta(hours=1))
    append(app, event(uuid4(), 1))
    append(app, event(uuid4(), 1))

    tick = timedelta(microseconds=1)
    assert [row.recorded_at for row in rows(owner)][1:] == [ahead + tick, ahead + 2 * tick]


# All or nothing


def test_a_version_without_the_one_before_it_is_refused(app: Connection, owner: Connection) -> None:
    stream = uuid4()
    append(app, event(stream, 1))

    assert refused(app, event(stream, 3)) == "SR001"
    assert refused(app, *events(stream, 2, 4)) == "SR001"
    assert refused(app, event(uuid4(), 2)) == "SR001"
    assert len(rows(owner)) == 1
    assert violations(owner) == []


def test_a_version_that_is_taken_is_refused(app: Connection, owner: Connection) -> None:
    stream = uuid4()
    append(app, *events(stream, 1, 2))

    assert refused(app, *events(stream, 2, 3)) == "23505"
    assert len(rows(owner)) == 2
    assert violations(owner) == []


@pytest.mark.parametrize("version", [0, -1])
def test_what_is_no_version_is_refused(app: Connection, owner: Connection, version: int) -> None:
    assert refused(app, event(uuid4(), version)) == "23514"
    assert rows(owner) == []


def test_a_refused_append_leaves_no_hole(app: Connection, owner: Connection) -> None:
    stream = uuid4()
    append(app, event(stream, 1))
    refused(app, event(stream, 1))
    refused(app, event(stream, 7))

    assert append(app, event(stream, 2)) == [2]
    assert violations(owner) == []


def test_a_transaction_that_is_undone_leaves_no_hole(app: Connection, owner: Connection) -> None:
    with app.transaction(force_rollback=True):
        assert append(app, *events(uuid4(), 1, 2, 3)) == [1, 2, 3]

    assert append(app, event(uuid4(), 1)) == [1]
    assert violations(owner) == []


def test_a_command_is_recorded_once(app: Connection, owner: Connection) -> None:
    stream, command_id = uuid4(), uuid4()
    append(app, event(stream, 1), command_id=command_id)

    assert refused(app, event(stream, 2), command_id=command_id) == "23505"
    assert len(rows(owner)) == 1


def test_a_command_that_records_nothing_is_refused(app: Connection, owner: Connection) -> None:
    assert refused(app) == "SR001"
    assert owner.execute("SELECT count(*) FROM commands").fetchone() == (0,)


def test_lists_of_different_lengths_are_refused(app: Connection, owner: Connection) -> None:
    row = command()
    with pytest.raises(errors.NotNullViolation):
        app.execute(
            "SELECT append(%s, %s, %s, %s, %s, %s, %s, %s, %s::json[], %s)",
            [
                [row.id],
                [row.request_mac],
                [row.actor_id],
                [1],
                [uuid4()],
                [1, 2],
                ["Noted"],
                [1],
                ["{}"],
                [b""],
            ],
        )
    assert violations(owner) == []


# The leaf

entries = st.builds(
    Entry,
    stream_id=st.uuids(),
    version=st.integers(1, 2**31 - 1),
    position=st.integers(1, 2**63 - 1),
    recorded_at=st.integers(0, 2**52).map(lambda us: EPOCH + timedelta(microseconds=us)),
    topic=st.text(max_size=40),
    class_version=st.integers(1, 2**15 - 1),
    actor_id=st.uuids(),
    command_id=st.uuids(),
    request_mac=st.binary(min_size=32, max_size=32),
    content_hash=st.binary(min_size=32, max_size=32),
)


@given(entries)
def test_no_two_entries_are_encoded_alike(entry: Entry) -> None:
    assert decoded(encoded(entry)) == entry


@pytest.mark.parametrize("topic", ["N", "Noted" * 50, "Écouté", "\U0001f9d2", "a\nb", ""])
@pytest.mark.parametrize("more", [b"", b"\x00", b"{}" * 50_000], ids=["least", "nul", "long"])
@pytest.mark.parametrize("clear", ["{}", '{"a": "\\u0000\\n", "b":"\u00e9"}'])
def test_the_leaf_is_the_hash_of_every_stored_column(
    app: Connection, owner: Connection, topic: str, more: bytes, clear: str
) -> None:
    append(app, event(uuid4(), 1, topic=topic, state=SEALED + more, clear=clear))

    [row] = rows(owner)
    assert (row.topic, row.sealed, row.clear) == (topic, SEALED + more, clear)
    assert row.leaf == hashlib.sha256(encoded(row.entry)).digest()


def test_the_leaf_depends_on_no_setting_of_the_connection(
    app: Connection, owner: Connection
) -> None:
    for setting in ("timezone = 'Asia/Kathmandu'", "bytea_output = 'escape'"):
        app.execute(f"SET {setting}".encode())
        append(app, event(uuid4(), 1))

    assert violations(owner) == []


# What the audit above is worth: planted defects

DEFECTS = {
    "an event gone": "DELETE FROM events WHERE position = 3",
    "the last event gone": "DELETE FROM events WHERE position = 6",
    "a pupil's event gone, renumbered": "DELETE FROM events WHERE position = 3; "
    "UPDATE events SET position = position - 1 WHERE position > 3; UPDATE log_head SET size = 5",
    "words edited": "UPDATE events SET sealed = 'x' WHERE position = 2",
    "a clear field edited": "UPDATE events SET clear = '{ }' WHERE position = 2",
    "another request": "UPDATE events SET request_mac = sha256('x') WHERE position = 2",
    "a topic edited": "UPDATE events SET topic = 'x' WHERE position = 2",
    "another actor": "UPDATE events SET actor_id = gen_random_uuid() WHERE position = 2",
    "backdated": "UPDATE events SET recorded_at = recorded_at - interval '1 day' "
    "WHERE position IN (5, 6)",
    "two times for a command": "UPDATE events SET recorded_at = recorded_at + interval '1 us' "
    "WHERE position = 2",
    "another class version": "UPDATE events SET class_version = 2 WHERE position = 2",
    "a command gone": "DELETE FROM commands WHERE first_position = 3",
    "a command moved": "UPDATE commands SET last_position = 5 WHERE first_position = 3",
    "a head that forgets": "UPDATE log_head SET size = 5",
    "a leaf for leaf": "UPDATE events SET leaf = sha256(leaf) WHERE position = 4",
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_the_audit_finds_a_planted_defect(
    app: Connection, owner: Connection, superuser: Connection, defect: str
) -> None:
    stream = uuid4()
    for version in (1, 3, 5):
        append(app, *events(stream, version, version + 1))
    assert violations(owner) == []

    for table in ("events", "commands", "log_head"):
        superuser.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    superuser.execute(DEFECTS[defect].encode())

    assert violations(owner) != []
