"""What sealing and proof cost: an append with them beside the same append without; and verification
beside fetching and hashing the same bytes.

On a disk, for an append waits for it.  Ratios are taken pair by pair in one run, for rates drift
with the neighbours and ratios hold.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from uuid import uuid4

import pytest
from psycopg import Connection
from psycopg.sql import SQL

from bench.lives import life
from send_records.aggregates.base import DomainEvent
from send_records.store.appending import CommandRow, append_commands
from send_records.store.connections import at_one_moment, in_schema, one
from send_records.store.ledger import Log
from send_records.store.mapper import VersionedEvent, encoded
from send_records.store.outside import Outside
from send_records.store.shapes import EventShape
from send_records.store.signing import Purpose
from send_records.store.verify import walk
from tests.keys import held, mapper
from tests.scenario import SENCO
from tests.slow.killing import Private, private_server

ROUNDS = 15
NOISE = 0.05
"""By how much a ratio may be under its target before it is called missed: neighbours are noisy."""

APPENDS = 400
ENTRIES = 50_000

BARE = """
CREATE SCHEMA bare;
GRANT USAGE ON SCHEMA bare TO send_records_app;
CREATE TABLE bare_events (LIKE events INCLUDING ALL);
CREATE TABLE bare_commands (LIKE commands INCLUDING ALL);
CREATE TABLE bare_head (LIKE log_head INCLUDING ALL) WITH (fillfactor = 10);
INSERT INTO bare_head VALUES (true, 0, 'epoch');
CREATE FUNCTION bare.append(
    p_command_id uuid, p_request_mac bytea, p_actor_id uuid,
    p_stream_ids uuid[], p_versions integer[], p_topics text[], p_class_versions smallint[],
    p_clear json[], p_sealed bytea[]
) RETURNS TABLE ("position" bigint, recorded_at timestamptz, leaf bytea)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT SET lock_timeout = '10s' SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    n       integer := cardinality(p_stream_ids);
    size    bigint;
    instant timestamptz;
BEGIN
    PERFORM pg_advisory_xact_lock('bare_events'::regclass::oid::bigint);
    UPDATE bare_head h
        SET size = h.size + n,
            recorded_at = greatest(clock_timestamp(), h.recorded_at + interval '1 microsecond')
        RETURNING h.size - n, h.recorded_at INTO size, instant;
    INSERT INTO bare_commands VALUES (p_command_id, size + 1, size + n);
    RETURN QUERY
        INSERT INTO bare_events
        SELECT size + o, s, v, t, c, instant, p_actor_id, p_command_id, p_request_mac, k, d,
               p_request_mac
        FROM unnest(p_stream_ids, p_versions, p_topics, p_class_versions, p_clear, p_sealed)
             WITH ORDINALITY AS x (s, v, t, c, k, d, o)
        ORDER BY o
        RETURNING bare_events.position, bare_events.recorded_at, bare_events.leaf;
    IF EXISTS (
        SELECT FROM unnest(p_stream_ids, p_versions) AS x (s, v)
        WHERE v > 1 AND NOT EXISTS (
            SELECT FROM bare_events e WHERE e.stream_id = s AND e.version = v - 1
        )
    ) THEN
        RAISE EXCEPTION 'a version is missing before the one appended' USING ERRCODE = 'SR001';
    END IF;
    PERFORM pg_notify(current_schema() || '.events', (size + n)::text);
END $$;
GRANT EXECUTE ON FUNCTION bare.append TO send_records_app;
"""
"""append() of the migrations, without the leaf and without the check of the key."""


@pytest.fixture(scope="module")
def private() -> Iterator[Private]:
    with private_server() as server:
        with one(server.database.as_owner()) as owner:
            owner.execute(BARE.encode())
        yield server


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def told(what: str, pairs: list[tuple[float, float]], names: tuple[str, str], each: int) -> float:
    """Print medians and spread of pairs of times, and return the median of their ratios."""
    ratios = sorted(without / with_it for with_it, without in pairs)
    mine, floor = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(ratios)
    print(
        f"\n{what}: {names[0]} {each / mine:,.0f}/s, {names[1]} {each / floor:,.0f}/s, "
        f"ratio {ratio:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    )
    return ratio


def plain(event: DomainEvent) -> VersionedEvent:
    """Return an event as it would be stored in plain words."""
    clear, words = encoded(event)
    return VersionedEvent(
        event.originator_id,
        event.originator_version,
        type(event).__name__,
        words,
        event.class_version,
        clear.decode(),
    )


def append_one_by_one(
    connection: Connection, row: Callable[[DomainEvent], VersionedEvent]
) -> Callable[[], None]:
    """Return work that appends a new pupil's life, a commit an event; the life is made before."""
    pupil_id = uuid4()
    held().seals.keyring.make(pupil_id)
    events = life(APPENDS, pupil_id)

    def append() -> None:
        for event in events:
            append_commands(connection, [([row(event)], CommandRow(uuid4(), SENCO.id, bytes(32)))])

    return append


def test_sealing_and_leaf_cost_at_most_a_fifth_of_an_append(private: Private) -> None:
    bare = in_schema(private.database.app, "bare,send_records", "bare")
    with one(private.database.app) as sealing, one(bare) as baring:
        sealed = mapper().to_stored_event
        pairs = [
            (
                timed(append_one_by_one(sealing, sealed)),
                timed(append_one_by_one(baring, plain)),
            )
            for _ in range(ROUNDS + 1)
        ][1:]

    ratio = told("append", pairs, ("sealed, with leaf", "plain, without"), APPENDS)
    assert ratio >= 0.8 - NOISE


def test_verifying_takes_at_most_twice_as_long_as_fetching_and_hashing(private: Private) -> None:
    size = filled(private)
    key = held().signing.public(Purpose.EVENTS)
    with at_one_moment(private.database.app) as connection:

        def fetch_and_hash() -> None:
            query = SQL("COPY (SELECT {} FROM events ORDER BY position) TO STDOUT (FORMAT BINARY)")
            with connection.cursor().copy(query.format(SQL(EventShape.columns))) as rows:
                for row in rows:
                    sha256(row).digest()

        def verified() -> None:
            walked = walk(connection, EventShape(), Outside(Log.EVENTS, [], key))
            assert (walked.entries, walked.findings) == (size, [])

        pairs = [(timed(verified), timed(fetch_and_hash)) for _ in range(ROUNDS + 1)][1:]

    ratio = told("verify", pairs, ("verified", "fetched and hashed"), size)
    assert ratio >= 0.5 - NOISE


def filled(private: Private) -> int:
    """Fill the log, and return how many entries it has."""
    with one(private.database.app) as connection:
        for _ in range(ENTRIES // 1000):
            pupil_id = uuid4()
            held().seals.keyring.make(pupil_id)
            rows = [mapper().to_stored_event(event) for event in life(1000, pupil_id)]
            append_commands(connection, [(rows, CommandRow(uuid4(), SENCO.id, bytes(32)))])
        row = connection.execute("SELECT size FROM log_head").fetchone()
    return row[0] if row else 0
