"""Replaying a pupil of 1,000 events, beside the bare cost of fetching and decoding the same rows.

The bare cost is what no replay can do without: one query over a binary cursor, orjson, and one
pydantic validation an event.  The ratio is taken pair by pair in one run, for rates drift with the
neighbours and ratios hold.
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

from send_records.aggregates import EVENTS
from send_records.aggregates.assessments import (
    Informant,
    RecordAssessment,
    RecordObservation,
    Score,
)
from send_records.aggregates.base import Command, DomainEvent
from send_records.aggregates.concerns import RaiseConcern
from send_records.aggregates.values import STORED, Area
from send_records.application import Request, SendRecords
from send_records.bootstrap import mapper
from send_records.store.connections import Pool
from send_records.store.recorder import CommandRow, PostgresRecorder
from tests.scenario import ADMIT, SENCO, by

EVENTS_OF_THE_PUPIL = 1000
ROUNDS = 15

DAY = date(2024, 3, 12)

COMMANDS: list[Command] = [
    RaiseConcern(
        occurred_on=DAY,
        areas=(Area.COGNITION, Area.COMMUNICATION),
        noticed_on=DAY,
        description="Reading well below the class; cannot hold two-step instructions. " * 3,
        strengths="Warm, keen to please, draws with care and detail.",
    ),
    RecordObservation(
        occurred_on=DAY, setting="Mathematics, whole class", observed="Copies peers. " * 20
    ),
    RecordAssessment(
        occurred_on=DAY,
        tool="SDQ",
        edition="4-17",
        informant=Informant.CLASS_TEACHER,
        scores=tuple(Score(name=n, value=v) for n, v in (("total", 19), ("peer", 4))),
    ),
]


@pytest.fixture
def pupil_id(records: SendRecords, recorder: PostgresRecorder) -> UUID:
    """A pupil of a thousand events, of three kinds in turn."""
    receipt = records.admit(ADMIT, Request(SENCO, uuid4(), uuid4()))
    pupil = records.pupil(receipt.pupil_id)
    events: list[DomainEvent] = []
    while pupil.version < EVENTS_OF_THE_PUPIL:
        for event in COMMANDS[pupil.version % len(COMMANDS)].decide(pupil, by()):
            pupil = event.mutate(pupil)
            events.append(event)
    stored = [mapper().to_stored_event(event) for event in events]
    recorder.append(stored, CommandRow(uuid4(), SENCO.id, bytes(32)))
    return receipt.pupil_id


@pytest.fixture
def bare(app_pool: Pool, pupil_id: UUID) -> Callable[[], int]:
    """Fetch and decode, by hand."""

    def fetch_and_decode() -> int:
        with app_pool.connection() as connection, connection.cursor(binary=True) as cursor:
            rows = cursor.execute(
                "SELECT topic, state, stream_id, version, position, recorded_at FROM events "
                "WHERE stream_id = %s ORDER BY version",
                [pupil_id],
                prepare=True,
            ).fetchall()
        events = []
        for topic, state, stream_id, version, position, recorded_at in rows:
            fields = orjson.loads(state)
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
