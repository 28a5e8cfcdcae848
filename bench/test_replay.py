"""Replaying a pupil of 1,000 events, beside the bare cost of fetching and decoding the same rows.

The bare cost is what no replay can do without: one query over a binary cursor, opening the words,
orjson, and one pydantic validation an event.  The ratio is taken pair by pair in one run, for rates
drift with the neighbours and ratios hold.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from datetime import date
from uuid import UUID, uuid4

import orjson
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench.lives import life
from send_records.aggregates import EVENTS
from send_records.aggregates.values import STORED
from send_records.application import SendRecords
from send_records.store.appending import CommandRow
from send_records.store.connections import Pool
from send_records.store.mapper import event_place
from send_records.store.recorder import PostgresRecorder
from tests.keys import held, mapper
from tests.scenario import SENCO

EVENTS_OF_THE_PUPIL = 1000
ROUNDS = 15

DAY = date(2024, 3, 12)


@pytest.fixture
def pupil_id(recorder: PostgresRecorder) -> UUID:
    """A pupil of a thousand events, of three kinds in turn."""
    pupil_id = uuid4()
    held().seals.keyring.make(pupil_id)
    stored = [mapper().to_stored_event(event) for event in life(EVENTS_OF_THE_PUPIL, pupil_id)]
    recorder.append(stored, CommandRow(pupil_id, SENCO.id, bytes(32)))
    return pupil_id


@pytest.fixture
def bare(app_pool: Pool, pupil_id: UUID) -> Callable[[], int]:
    """Fetch, open and decode, by hand."""
    seals = held().seals

    def fetch_and_decode() -> int:
        with app_pool.connection() as connection, connection.cursor(binary=True) as cursor:
            rows = cursor.execute(
                "SELECT topic, clear::text, sealed, stream_id, version, position, recorded_at "
                "FROM events WHERE stream_id = %s ORDER BY version",
                [pupil_id],
                prepare=True,
            ).fetchall()
        events = []
        for topic, clear, sealed, stream_id, version, position, recorded_at in rows:
            place = event_place(seals, stream_id, version, topic, 1, clear.encode())
            fields = orjson.loads(seals.open(stream_id, place, sealed)) | orjson.loads(clear)
            fields["originator_id"], fields["originator_version"] = stream_id, version
            fields["position"], fields["recorded_at"] = position, recorded_at
            events.append(EVENTS[topic].model_validate(fields, context=STORED))
        return len(events)

    return fetch_and_decode


def test_bare_fetch_and_decode(benchmark: BenchmarkFixture, bare: Callable[[], int]) -> None:
    assert benchmark(bare) == EVENTS_OF_THE_PUPIL


def test_replay(benchmark: BenchmarkFixture, records: SendRecords, pupil_id: UUID) -> None:
    assert benchmark(records.pupil, pupil_id).version == EVENTS_OF_THE_PUPIL


def test_replay_costs_at_most_half_as_much_again(
    records: SendRecords, pupil_id: UUID, bare: Callable[[], int]
) -> None:
    def timed(work: Callable[[], object]) -> float:
        gc.collect()  # each pays for its own garbage, not for the other's
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    pairs = [(timed(lambda: records.pupil(pupil_id)), timed(bare)) for _ in range(ROUNDS)][3:]
    ratios = sorted(replay / floor for replay, floor in pairs)
    replay, floor = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(ratios)
    print(
        f"\nreplay of {EVENTS_OF_THE_PUPIL} events {replay * 1000:.1f} ms, fetch and decode "
        f"{floor * 1000:.1f} ms, ratio {ratio:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"
    )
    assert ratio <= 1.5
