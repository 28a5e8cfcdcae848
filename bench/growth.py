"""Growth: append and replay in a log of a million events, beside those in one of ten thousand.

What fills the logs is written by SQL and never opened; it has the sizes of real events, and a
pupil's events lie as far apart as if they had come in over years.  The pupils that are measured
are real, their events spread through the log likewise.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from uuid import UUID, uuid4

from psycopg import Connection

from bench.append import appender
from bench.installation import Bench, Subject
from bench.lines import Line, Spread, Unit, at_most, compare
from bench.lives import life, of_pupil
from bench.rounds import Variant, interleaved, milliseconds, tell
from send_records.store.connections import one

SMALL, LARGE = 10_000, 1_000_000
OF_A_PUPIL = 50
MEASURED = 10
"""Pupils that are real."""
APPENDS = 200
"""Of a round, of which the median counts."""

FILL = """
WITH filler AS (
    SELECT size + o AS position, md5('pupil ' || mod(o, %(pupils)s))::uuid AS stream,
           gen_random_uuid() AS command, recorded_at + o * interval '1 microsecond' AS instant
    FROM log_head, generate_series(1, %(rows)s) AS o
), commands AS (
    INSERT INTO commands SELECT command, position, position FROM filler
), keys AS (
    INSERT INTO data_keys (stream_id, key_no) SELECT DISTINCT stream, 1 FROM filler
    ON CONFLICT DO NOTHING
), head AS (
    UPDATE log_head SET size = size + %(rows)s,
        recorded_at = recorded_at + (%(rows)s + 1) * interval '1 microsecond'
)
INSERT INTO events (position, stream_id, version, topic, class_version, recorded_at, actor_id,
                    command_id, request_mac, clear, sealed, leaf)
SELECT position, stream, %(version)s, 'ObservationRecorded', 1, instant, stream, command,
       sha256('mac'), '{"data_class": "pupil", "occurred_on": "2024-03-12"}',
       decode(repeat(md5(position::text), 41), 'hex'), sha256(uuid_send(command))
FROM filler
"""
"""A row of every pupil: 656 bytes are as long as a sealed observation, and nobody opens them."""


def measure(bench: Bench) -> Iterator[Line]:
    """Yield the lines of growth."""
    with ExitStack() as stack:
        sizes = (bench.pace.of(SMALL), bench.pace.of(LARGE))
        small, large = (stack.enter_context(bench.subject(f"growth_{size}")) for size in sizes)
        of_the_small, of_the_large = fill(small, sizes[0]), fill(large, sizes[1])
        of_large, of_small = (f"{size:,} events" for size in reversed(sizes))
        times = bench.pace.of(APPENDS)
        variants: dict[str, Variant] = {
            of_small: partial(append_ms, small, times),
            of_large: partial(append_ms, large, times),
        }
        rounds = bench.pace.rounds
        taken = interleaved("growth, append", variants, rounds)
        what = f"append p50 in a log of {of_large}"
        yield compare(what, taken, of_large, of_small, at_most(1.15), unit=Unit.MS)
        variants = {
            of_small: partial(replay_ms, small, of_the_small),
            of_large: partial(replay_ms, large, of_the_large),
        }
        taken = interleaved("growth, replay", variants, 3 * rounds)
        what = f"replay of {OF_A_PUPIL} events in a log of {of_large}"
        yield compare(what, taken, of_large, of_small, at_most(1.15), unit=Unit.MS)
        yield from sizes_of(large)


def fill(subject: Subject, size: int) -> list[UUID]:
    """Fill a log to a size, and return the real pupils in it."""
    tell(f"growth: filling a log with {size:,} events")
    pupils = [uuid4() for _ in range(MEASURED)]
    lives = []
    for pupil_id in pupils:
        subject.keys.seals.keyring.make(pupil_id)
        lives.append(list(of_pupil(life(OF_A_PUPIL), pupil_id)))
    rows = size // OF_A_PUPIL - MEASURED
    with one(subject.found.as_owner()) as owner:
        for version in range(1, OF_A_PUPIL + 1):
            owner.execute(FILL, {"rows": rows, "pupils": rows, "version": version})
            subject.record(events[version - 1] for events in lives)
        owner.execute("VACUUM (FREEZE, ANALYZE) events, commands, data_keys")
    return pupils


def append_ms(subject: Subject, times: int) -> float:
    """Return the median time of an append by one caller, to a new pupil."""
    append = appender(subject, *subject.pupils(1, life(2)))
    append()
    return statistics.median(milliseconds(append) for _ in range(times))


def replay_ms(subject: Subject, pupils: list[UUID]) -> float:
    """Return the median time of a replay, of an application that keeps nothing."""
    records = subject.anew()
    return statistics.median(milliseconds(partial(records.pupil, pupil)) for pupil in pupils)


def sizes_of(subject: Subject) -> Iterator[Line]:
    """Yield how many bytes an event takes on the disk: rows, indexes and all there is of it."""
    with one(subject.found.as_owner()) as owner:
        size = number(owner, "SELECT size FROM log_head")
        for what, measured in (
            ("rows of the log", "pg_table_size('events')"),
            ("indexes of the log", "pg_indexes_size('events')"),
            ("its command, for idempotency", "pg_total_relation_size('commands')"),
        ):
            figure = number(owner, f"SELECT {measured}") / size
            yield Line(f"an event on the disk: {what}", Unit.BYTES, Spread.of([figure]))


def number(connection: Connection, query: str) -> int:
    """Return the one number that a query answers with."""
    row = connection.execute(query.encode()).fetchone()
    if row is None:
        raise LookupError(query)
    return int(row[0])
