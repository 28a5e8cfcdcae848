"""The recorder tells the truth about what it recorded, whatever becomes of the connection."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError
from psycopg import Connection
from psycopg_pool import ConnectionPool

from send_records.bootstrap import Database
from send_records.errors import OutcomeUnknown
from send_records.store.appending import RecordedCommand
from send_records.store.connections import Pool, pool
from send_records.store.mapper import VersionedEvent
from send_records.store.recorder import DatabaseAway, PostgresRecorder
from tests.store.audit import rows, violations
from tests.store.planted import FULL_DISK, RetryingRecorder
from tests.store.proxy import Cut, Wire, until
from tests.store.writing import SEALED, at_once, command, event, events

LOCK = "'send_records.events'::regclass::oid::bigint"


@pytest.fixture
def wire(database: Database) -> Iterator[Wire]:
    with Wire(database.app) as wire:
        yield wire


@pytest.fixture
def far(wire: Wire) -> Iterator[Pool]:
    """Connections over the wire."""
    with pool(wire.conninfo, most=2) as connections:
        yield connections


# What became of it


def told_untruly(
    recorder: PostgresRecorder, wire: Wire, connection: Connection, cut: Cut
) -> str | None:
    """Cut the wire under an append; return how what is told differs from what is stored."""
    sent = command()
    wire.cuts = [cut]
    try:
        told = recorder.append(events(uuid4(), 1, 2), sent).last_position
    except IntegrityError:
        told = None
    assert wire.cuts == [], "nothing was cut"
    stored = [row.position for row in rows(connection) if row.command_id == sent.id]
    if told is None:
        return "stored, and reported as failed" if stored else "not stored, after all those tries"
    return None if stored == [told - 1, told] else f"told {told}, and stored {stored}"


@pytest.mark.parametrize("cut", [Cut.BEFORE, Cut.AFTER])
def test_when_the_wire_is_cut_the_answer_is_the_truth(
    far: Pool, wire: Wire, owner: Connection, cut: Cut
) -> None:
    recorder = PostgresRecorder(far)

    assert told_untruly(recorder, wire, owner, cut) is None
    assert told_untruly(recorder, wire, owner, cut) is None
    assert len(rows(owner)) == 4
    assert violations(owner) == []


def test_a_recorder_that_tries_again_and_believes_it_tells_untruths(
    far: Pool, wire: Wire, owner: Connection
) -> None:
    recorder = RetryingRecorder(far)

    assert told_untruly(recorder, wire, owner, Cut.BEFORE) is None
    assert told_untruly(recorder, wire, owner, Cut.AFTER) == "stored, and reported as failed"


def test_cut_over_and_over_it_is_recorded_once(far: Pool, wire: Wire, owner: Connection) -> None:
    wire.cuts = [Cut.BEFORE, Cut.ANSWER, Cut.BEFORE, Cut.AFTER, Cut.ANSWER, Cut.ANSWER]

    told = PostgresRecorder(far).append(events(uuid4(), 1), command())

    assert (wire.cuts, told.last_position, len(rows(owner))) == ([], 1, 1)


def waiting(superuser: Connection) -> int:
    """Return how many appends wait for their turn."""
    row = superuser.execute(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    ).fetchone()
    return row[0] if row else 0


def test_an_attempt_that_still_waits_its_turn_is_not_recorded_beside_the_next(
    far: Pool, wire: Wire, superuser: Connection
) -> None:
    """The first attempt's connection is gone, and its server process will not know until it has
    recorded it."""
    told: list[RecordedCommand] = []
    sent, stream = command(), uuid4()
    superuser.execute(f"SELECT pg_advisory_lock({LOCK})".encode())
    wire.cuts = [Cut.WAITING]

    def write() -> None:
        told.append(PostgresRecorder(far).append(events(stream, 1, 2), sent))

    def release() -> None:
        until(lambda: waiting(superuser) == 2)
        superuser.execute(f"SELECT pg_advisory_unlock({LOCK})".encode())

    at_once([write, release])

    assert [(it.first_position, it.last_position, it.version) for it in told] == [(1, 2, 2)]
    assert len(rows(superuser)) == 2
    assert violations(superuser) == []


def test_when_its_server_process_is_ended_it_is_recorded_once(
    recorder: PostgresRecorder, superuser: Connection
) -> None:
    told: list[RecordedCommand] = []
    superuser.execute(f"SELECT pg_advisory_lock({LOCK})".encode())

    def write() -> None:
        told.append(recorder.append(events(uuid4(), 1), command()))

    def end() -> None:
        until(lambda: waiting(superuser) == 1)
        superuser.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND usename = 'send_records_app'"
        )
        superuser.execute(f"SELECT pg_advisory_unlock({LOCK})".encode())

    at_once([write, end])

    assert [it.last_position for it in told] == [1]
    assert len(rows(superuser)) == 1


def test_the_same_command_again_returns_the_first_result(
    recorder: PostgresRecorder, owner: Connection
) -> None:
    sent, stream = command(), uuid4()

    first = recorder.append(events(stream, 1, 2), sent)

    assert recorder.append(events(stream, 3), sent) == first
    assert recorder.find_command(sent.id) == first
    assert len(rows(owner)) == 2


def test_the_same_command_from_six_at_once_is_recorded_once(
    recorder: PostgresRecorder, owner: Connection
) -> None:
    told: list[RecordedCommand] = []
    sent, stream = command(), uuid4()

    at_once([lambda: told.append(recorder.append(events(stream, 1), sent))] * 6)

    assert told == [told[0]] * 6
    assert len(rows(owner)) == 1


def test_who_loses_a_race_is_told_so(recorder: PostgresRecorder) -> None:
    stream = uuid4()
    recorder.append(events(stream, 1), command())

    with pytest.raises(IntegrityError):
        recorder.append(events(stream, 1), command())
    with pytest.raises(IntegrityError):
        recorder.append(events(stream, 3), command())


def test_what_is_wrong_with_the_request_itself_is_said_at_once(recorder: PostgresRecorder) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        recorder.append(events(uuid4(), 0), command())


# A database that stays away


@pytest.fixture
def impatient(wire: Wire) -> Iterator[Pool]:
    """Connections over the wire, whose absence is noticed at once."""
    with ConnectionPool(
        wire.conninfo,
        min_size=1,
        max_size=2,
        timeout=0.2,
        check=ConnectionPool.check_connection,
        kwargs={"autocommit": True},
    ) as connections:
        yield connections


def test_after_its_patience_the_outcome_is_unknown_and_settled_by_asking_again(
    impatient: Pool, wire: Wire, owner: Connection
) -> None:
    recorder = PostgresRecorder(impatient, patience=0.5)
    sent, stream = command(), uuid4()

    with wire.down(), pytest.raises(OutcomeUnknown, match="same key"):
        recorder.append(events(stream, 1), sent)

    patient = PostgresRecorder(impatient, patience=10)
    assert patient.append(events(stream, 1), sent).last_position == 1
    assert len(rows(owner)) == 1


def test_one_that_comes_back_in_time_is_waited_for(
    impatient: Pool, wire: Wire, owner: Connection
) -> None:
    recorder = PostgresRecorder(impatient, patience=10)
    told: list[RecordedCommand] = []

    def write() -> None:
        told.append(recorder.append(events(uuid4(), 1), command()))

    with wire.down():
        writer = threading.Thread(target=write)
        writer.start()
        time.sleep(0.5)
    writer.join()

    assert [it.last_position for it in told] == [1]
    assert len(rows(owner)) == 1


def test_reading_says_that_it_is_away(impatient: Pool, wire: Wire) -> None:
    recorder = PostgresRecorder(impatient)

    with wire.down():
        with pytest.raises(DatabaseAway):
            recorder.select_events(uuid4())
        with pytest.raises(DatabaseAway):
            recorder.find_command(uuid4())
        with pytest.raises(DatabaseAway):
            recorder.head()


def test_a_connection_that_died_in_the_pool_is_not_given_out(
    app_pool: Pool, recorder: PostgresRecorder, superuser: Connection
) -> None:
    recorder.append(events(uuid4(), 1), command())
    ended = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = "
    ours = b"current_database() AND usename = 'send_records_app'"
    superuser.execute(ended.encode() + ours)
    until(lambda: superuser.execute(ended.encode() + ours).fetchone() == (0,))

    assert recorder.head()[0] == 1


def test_one_that_cannot_write_is_not_hammered(
    app_pool: Pool, app: Connection, owner: Connection
) -> None:
    owner.execute(FULL_DISK)

    with pytest.raises(OutcomeUnknown):
        PostgresRecorder(app_pool, patience=0.5).append(events(uuid4(), 1), command())

    [(attempts,)] = owner.execute("SELECT last_value FROM attempts").fetchall()
    assert 2 <= attempts <= 6


# Reading


def on_roll(owner: Connection, *streams: UUID) -> None:
    """Say of streams that they are of pupils: whoever reads of all the trust sees no others."""
    for stream in streams:
        owner.execute(
            "INSERT INTO whereabouts (pupil_id, academy, version) VALUES (%s, 'Northgate', 1)",
            [stream],
        )


@pytest.fixture
def five(recorder: PostgresRecorder, owner: Connection) -> list[VersionedEvent]:
    """Five events of two pupils, of two topics: positions 1, 2, 4 and 3, 5."""
    one_pupil, another = uuid4(), uuid4()
    on_roll(owner, one_pupil, another)
    recorder.append(events(one_pupil, 1, 2), command())
    recorder.append([event(another, 1, topic="Seen")], command())
    recorder.append([event(one_pupil, 3, topic="Seen", state=SEALED + b"more")], command())
    recorder.append(events(another, 2), command())
    return [event(one_pupil, 1), event(another, 1)]


def test_a_pupils_events_are_read_in_the_order_of_their_versions(
    recorder: PostgresRecorder, five: list[VersionedEvent]
) -> None:
    pupil = five[0].originator_id

    def versions(**bounds: int | bool) -> list[int]:
        return [
            row.originator_version
            for row in recorder.select_events(pupil, **bounds)  # type: ignore[arg-type]
        ]

    assert versions() == [1, 2, 3]
    assert versions(gt=1) == [2, 3]
    assert versions(lte=2) == [1, 2]
    assert versions(lte=0) == []
    assert versions(gt=1, lte=2) == [2]
    assert versions(desc=True) == [3, 2, 1]
    assert versions(desc=True, limit=1) == [3]
    assert versions(desc=True, lte=2, limit=1) == [2]
    assert versions(limit=2) == [1, 2]
    assert versions(limit=0) == []
    assert recorder.select_events(uuid4()) == []


def test_what_is_read_is_what_was_stored(
    recorder: PostgresRecorder, five: list[VersionedEvent], owner: Connection
) -> None:
    [_, _, row] = recorder.select_events(five[0].originator_id)

    stored = rows(owner)[3]
    assert (row.id, row.topic, row.state, row.class_version) == (4, "Seen", SEALED + b"more", 1)
    assert (row.recorded_at, row.originator_id) == (stored.recorded_at, stored.stream_id)


@pytest.mark.usefixtures("five")
def test_the_log_is_read_from_a_place_to_a_place_and_by_topic(recorder: PostgresRecorder) -> None:
    def positions(start: int | None, limit: int = 10, **rest: object) -> list[int]:
        return [
            row.id
            for row in recorder.select_notifications(start, limit, **rest)  # type: ignore[arg-type]
        ]

    assert positions(None) == [1, 2, 3, 4, 5]
    assert positions(2) == [2, 3, 4, 5]
    assert positions(2, inclusive_of_start=False) == [3, 4, 5]
    assert positions(None, inclusive_of_start=False) == [1, 2, 3, 4, 5]
    assert positions(0, inclusive_of_start=False) == [1, 2, 3, 4, 5]
    assert positions(2, stop=4) == [2, 3, 4]
    assert positions(2, stop=1) == []
    assert positions(1, 2) == [1, 2]
    assert positions(1, topics=["Seen"]) == [3, 4]
    assert positions(1, 1, topics=["Seen"]) == [3]
    assert positions(4, topics=["Seen", "Noted"], inclusive_of_start=False) == [5]
    assert positions(1, topics=["Unheard"]) == []
    assert positions(6) == []


def test_the_head_of_the_log_is_told(recorder: PostgresRecorder, owner: Connection) -> None:
    assert recorder.max_notification_id() is None

    recorder.append(events(uuid4(), 1, 2), command())

    assert recorder.max_notification_id() == 2
    assert recorder.head() == (2, rows(owner)[-1].recorded_at)


def test_the_librarys_way_in_is_the_same_way(recorder: PostgresRecorder) -> None:
    sent = command()

    assert list(recorder.insert_events(events(uuid4(), 1, 2), command=sent)) == [1, 2]
    assert recorder.find_command(sent.id) is not None


# Subscribing


def test_a_subscription_yields_everything_in_order(
    recorder: PostgresRecorder, owner: Connection
) -> None:
    stream = uuid4()
    on_roll(owner, stream)
    recorder.append(events(stream, *range(1, 1202)), command())  # more than two pages

    with recorder.subscribe() as subscription:
        seen = [next(subscription).id for _ in range(1201)]
        recorder.append(events(stream, 1202, 1203), command())
        seen += [next(subscription).id, next(subscription).id]

    assert seen == list(range(1, 1204))


@pytest.mark.usefixtures("five")
def test_a_subscription_starts_after_a_place_and_keeps_to_its_topics(
    recorder: PostgresRecorder,
) -> None:
    with recorder.subscribe(gt=1, topics=["Noted"]) as subscription:
        assert [next(subscription).id, next(subscription).id] == [2, 5]


def test_a_subscription_that_is_stopped_ends(recorder: PostgresRecorder, owner: Connection) -> None:
    seen, stream = list[int](), uuid4()
    on_roll(owner, stream)
    with recorder.subscribe() as subscription:
        reader = threading.Thread(target=lambda: seen.extend(it.id for it in subscription))
        reader.start()
        recorder.append(events(stream, 1), command())
        until(lambda: seen == [1])
    reader.join(timeout=5)

    assert not reader.is_alive()
