"""The past: folded from the log as today is, by what was recorded and by what had happened."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection
from pydantic import ValidationError

from send_records.aggregates import EVENTS
from send_records.aggregates.base import Command, DomainEvent
from send_records.aggregates.corrections import AboutAnEntry
from send_records.aggregates.values import STORED
from send_records.application import SendRecords
from send_records.bootstrap import Database
from send_records.projections.base import Projection
from send_records.projections.chronology import Chronology, ChronologyRow
from send_records.projections.engine import PROJECTIONS, Engine
from send_records.projections.moments import Moment, moment_at
from send_records.projections.past import rows_of, rows_of_all
from send_records.projections.register_rows import RegisterRow
from send_records.projections.send_register import SendRegister
from send_records.projections.tables import Table
from send_records.store.appending import CommandRow, append_commands
from send_records.store.connections import one
from send_records.store.mapper import EventMapper, Recorded
from tests.aggregates.test_invariants import COMMANDS, OPENINGS, History, fields, known_in
from tests.keys import held, mapper
from tests.projections.lives import Life
from tests.scenario import IDENTIFY, MOTHER, RECORD_MOTHER, SENCO, TODAY

each_projection = pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda p: p.name)


@pytest.fixture
def log(database: Database) -> Iterator[Connection]:
    with one(database.as_owner()) as connection:
        yield connection


def keep(log: Connection, *lives: Sequence[DomainEvent]) -> list[UUID]:
    """Record lives as pupils', an event of each in turn; return the pupils."""
    pupils = [uuid4() for _ in lives]
    for pupil in pupils:
        held().seals.keyring.make(pupil)
    for place in range(max(map(len, lives))):
        for pupil, life in zip(pupils, lives, strict=True):
            for event in life[place : place + 1]:
                stored = mapper().to_stored_event(as_of_pupil(event, pupil))
                append_commands(log, [([stored], CommandRow(uuid4(), SENCO.id, bytes(32)))])
    return pupils


PLAIN_COMMANDS = [each for each in COMMANDS if not issubclass(each, AboutAnEntry)]

IDS = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def as_of_pupil(event: DomainEvent, pupil: UUID) -> DomainEvent:
    """Return an event as a pupil's, and every id in it as one that no other pupil has."""
    said = IDS.sub(lambda found: str(uuid5(pupil, found[0])), event.model_dump_json())
    made = type(event).model_validate_json(said, context=STORED)
    return made.model_copy(update={"originator_id": pupil})


def plainly(
    projection: Projection[Any], events: Sequence[DomainEvent], moment: Moment
) -> dict[Any, Any]:
    """Return the rows of events at a moment, without any of what is tested."""
    rows: dict[Any, Any] = {}
    for event in sorted(events, key=lambda event: event.position or 0):
        if (event.position or 0) > moment.position:
            continue
        if moment.as_of is not None and event.occurred_on > moment.as_of:
            continue
        key = projection.key_of(event)
        rows[key] = projection.project(rows.get(key), event)
    return projection.shown(rows)


def by_key(projection: Projection[Any], rows: Sequence[Any]) -> dict[Any, Any]:
    found = {getattr(row, projection.key): row for row in rows}
    assert len(found) == len(rows)
    return found


@st.composite
def lives(draw: st.DrawFn) -> list[DomainEvent]:
    """Return what is recorded of a pupil when anything is asked, about days in any order; but for
    what is about other entries, of which there is ``test_corrections``."""
    history = History()
    opening: list[Command] = draw(st.sampled_from(OPENINGS))
    for place, command in enumerate(opening):
        history.ask(command, MOTHER if place == 0 else UUID(int=100 + place))
    for place in range(draw(st.integers(0, 12))):
        command_class = draw(st.sampled_from(PLAIN_COMMANDS))
        with suppress(ValidationError):
            known = known_in(history, command_class)
            command = command_class(**draw(fields(command_class, known)))
            history.ask(command, UUID(int=1000 + place))
    return history.events


def test_a_moment_is_what_plain_python_makes_of_what_counts_then(
    log: Connection, records: SendRecords
) -> None:
    """All views, whole pupils and all pupils, by each clock and by both."""
    late = 0

    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(st.lists(lives(), min_size=1, max_size=3), st.data())
    def try_it(told: list[list[DomainEvent]], data: st.DataObject) -> None:
        nonlocal late
        pupils = keep(log, *told)
        events = [event for pupil in pupils for event in records.history(pupil)]
        positions = sorted(event.position or 0 for event in events)
        days = sorted({event.occurred_on for event in events})
        late += days != [event.occurred_on for event in events]
        position = positions[0] - 1 + data.draw(st.integers(0, len(events)))
        as_of = data.draw(st.none() | st.sampled_from([days[0] - timedelta(days=1), *days]))
        moment = Moment(position, as_of, None)
        for projection in PROJECTIONS:
            right = plainly(projection, events, moment)
            some = rows_of(log, held().seals, projection, moment, pupils)
            every = rows_of_all(log, held().seals, projection, moment)
            assert by_key(projection, some) == right
            assert by_key(projection, [r for r in every if r.pupil_id in pupils]) == right

    try_it()
    assert late > 5


def test_what_is_known_now_of_all_days_is_the_tables_of_today(
    log: Connection, engine: Engine
) -> None:
    @settings(max_examples=8, suppress_health_check=list(HealthCheck))
    @given(st.lists(lives(), min_size=1, max_size=3))
    def try_it(told: list[list[DomainEvent]]) -> None:
        keep(log, *told)
        engine.catch_up()
        for as_of in (None, TODAY.isoformat()):
            moment = moment_at(log, as_of, None)
            for projection in PROJECTIONS:
                then = rows_of_all(log, held().seals, projection, moment)
                today = list(Table(projection, held().seals).every(log))
                assert by_key(projection, then) == by_key(projection, today)

    try_it()


def test_what_was_known_is_a_beginning_of_what_is_known_later(log: Connection) -> None:
    @settings(max_examples=10, suppress_health_check=list(HealthCheck))
    @given(lives(), st.data())
    def try_it(told: list[DomainEvent], data: st.DataObject) -> None:
        [pupil] = keep(log, told)
        head = moment_at(log, None, None).position
        later = data.draw(st.integers(0, len(told)))
        first, second = head - data.draw(st.integers(later, len(told))), head - later
        before, after = (
            {row.position: row for row in chronology(log, pupil, Moment(position, None, None))}
            for position in (first, second)
        )
        assert before == {at: row for at, row in after.items() if at <= first}

    try_it()


def chronology(log: Connection, pupil: UUID, moment: Moment) -> list[ChronologyRow]:
    return rows_of(log, held().seals, Chronology(), moment, [pupil])


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(lives())
def test_an_event_of_no_topic_of_a_projection_changes_nothing_but_the_version(
    life: list[DomainEvent],
) -> None:
    for projection in PROJECTIONS:
        topics = projection.topics()
        row: Any = None
        for event in life:
            after = projection.project(row, event)
            if topics is not None and type(event).__name__ not in topics:
                seen = event.originator_version
                assert after == (row.at(seen) if isinstance(row, RegisterRow) else row)
            row = after


@each_projection
def test_the_topics_of_a_projection_are_events(projection: Projection[Any]) -> None:
    assert (projection.topics() or set()) <= set(EVENTS)


def test_the_day_of_every_event_is_in_clear() -> None:
    """What had happened by a day is told apart before anything is opened."""
    assert [name for name, kind in EVENTS.items() if "occurred_on" not in kind.clear_fields()] == []


def test_whose_key_goes_while_their_record_is_read_has_no_row_of_half_a_record(
    log: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = Life().then(RECORD_MOTHER, IDENTIFY).events
    gone, stays = sorted(keep(log, life, life))
    moment, read = moment_at(log, None, None), EventMapper.read

    def interrupted(self: EventMapper, rows: Any, erased: Any = ()) -> Iterator[Recorded]:
        for place, event in enumerate(read(self, rows, erased)):
            yield event
            if place == 0:
                held().seals.keyring.destroy(gone)

    monkeypatch.setattr(EventMapper, "read", interrupted)
    for projection in PROJECTIONS:
        found = rows_of_all(log, held().seals, projection, moment)
        assert {row.pupil_id for row in found} <= {stays}
    assert rows_of(log, held().seals, SendRegister(), moment, [stays])
