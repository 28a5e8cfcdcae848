"""Commands that wait together are appended together, and each is told its own outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

import psycopg
import pytest
from eventsourcing.persistence import IntegrityError
from psycopg import Connection

from send_records.errors import OutcomeUnknown
from send_records.store.appender import Appender, Outcome, Pending
from send_records.store.appending import CommandRow, RecordedCommand, append_commands
from send_records.store.connections import Pool
from send_records.store.keyring import KeyDestroyed
from send_records.store.mapper import VersionedEvent
from tests.store.audit import rows, violations
from tests.store.proxy import until
from tests.store.writing import SEALED, append, at_once, command, event, events

LOCK = "'send_records.events'::regclass::oid::bigint"

Asked = tuple[Sequence[VersionedEvent], CommandRow]


class Watched(Appender):
    """Remembers how many commands there were in each transaction that was tried."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool, patience=5)
        self.tried: list[int] = []

    def _append(self, batch: Sequence[Pending]) -> list[RecordedCommand]:
        self.tried.append(len(batch))
        return super()._append(batch)


@pytest.fixture
def appender(app_pool: Pool) -> Watched:
    return Watched(app_pool)


def together(appender: Watched, superuser: Connection, asked: Sequence[Asked]) -> list[Outcome]:
    """Append one command, and while it waits for the log, all those asked for; return what each of
    those was told."""
    told: dict[int, Outcome] = {}

    def work(number: int, these: Asked) -> Callable[[], None]:
        def run() -> None:
            try:
                told[number] = appender.append(*these)
            except (IntegrityError, KeyDestroyed, psycopg.DatabaseError) as error:
                told[number] = error

        return run

    def first() -> None:
        appender.append(events(uuid4(), 1), command())

    def others() -> None:
        until(lambda: appender.tried == [1])
        at_once([work(number, these) for number, these in enumerate(asked)])

    def release() -> None:
        until(lambda: len(appender._threads._waiting) == len(asked))
        superuser.execute(f"SELECT pg_advisory_unlock({LOCK})".encode())

    superuser.execute(f"SELECT pg_advisory_lock({LOCK})".encode())
    at_once([first, others, release])
    return [told[number] for number in range(len(asked))]


def test_those_that_wait_are_appended_in_one_transaction(
    appender: Watched, superuser: Connection
) -> None:
    asked = [(events(uuid4(), 1, 2), command()) for _ in range(6)]

    told = together(appender, superuser, asked)

    assert appender.tried == [1, 6]
    for (given, sent), recorded in zip(asked, told, strict=True):
        assert isinstance(recorded, RecordedCommand)
        stored = [row for row in rows(superuser) if row.command_id == sent.id]
        assert [row.position for row in stored] == [
            recorded.first_position,
            recorded.last_position,
        ]
        assert tuple(row.leaf for row in stored) == recorded.leaves
        assert {row.stream_id for row in stored} == {given[0].originator_id}
        assert not recorded.found
    assert violations(superuser) == []


def test_each_is_told_its_own(
    appender: Watched, superuser: Connection, app: Connection, owner: Connection
) -> None:
    """Among six: a lost race, a command again, an erased pupil, and what is no version at all."""
    raced, erased = uuid4(), uuid4()
    append(app, *events(raced, 1))
    append(app, *events(erased, 1))
    owner.execute("SELECT destroy_key(%s)", [erased])
    repeated = command()
    before = appender.append(events(uuid4(), 1), repeated)
    appender.tried.clear()
    good = [(events(uuid4(), 1), command()) for _ in range(2)]

    told = together(
        appender,
        superuser,
        [
            good[0],
            (events(raced, 1), command()),
            (events(uuid4(), 1), repeated),
            (events(erased, 2), command()),
            (events(uuid4(), 0), command()),
            good[1],
        ],
    )

    assert [type(outcome) for outcome in told] == [
        RecordedCommand,
        IntegrityError,
        RecordedCommand,
        KeyDestroyed,
        psycopg.errors.CheckViolation,
        RecordedCommand,
    ]
    assert told[2] == before
    assert [isinstance(it, RecordedCommand) and it.found for it in told][2]
    assert len(rows(superuser)) == 3 + 1 + 2
    assert violations(superuser) == []


def test_of_several_of_one_pupil_the_first_is_recorded_and_costs_the_others_nothing(
    appender: Watched, superuser: Connection
) -> None:
    pupil = uuid4()
    alike = [(events(pupil, 1), command()) for _ in range(3)]
    other = [(events(uuid4(), 1), command()) for _ in range(3)]

    told = together(appender, superuser, [*alike, *other])

    assert sorted(type(outcome).__name__ for outcome in told[:3]) == [
        "IntegrityError",
        "IntegrityError",
        "RecordedCommand",
    ]
    assert {type(outcome) for outcome in told[3:]} == {RecordedCommand}
    assert appender.tried == [1, 4, 1, 1]
    assert violations(superuser) == []


def test_when_the_database_stays_away_all_are_told_that_nobody_knows(app_pool: Pool) -> None:
    class Away(Appender):
        def _append(self, batch: Sequence[Pending]) -> list[RecordedCommand]:
            raise psycopg.OperationalError

    told: list[str] = []

    away = Away(app_pool, patience=0.3)

    def ask() -> None:
        with pytest.raises(OutcomeUnknown, match="same key"):
            away.append(events(uuid4(), 1), command())
        told.append("unknown")

    at_once([ask] * 4)

    assert told == ["unknown"] * 4


# append() itself


def batch(*numbers: int) -> list[Asked]:
    return [(events(uuid4(), *range(1, number + 1)), command()) for number in numbers]


def test_the_commands_of_a_batch_have_their_places_and_times_in_order(
    app: Connection, owner: Connection
) -> None:
    asked = batch(1, 3, 2)

    told = append_commands(app, asked)

    assert [(it.first_position, it.last_position) for it in told] == [(1, 1), (2, 4), (5, 6)]
    assert [row.command_id for row in rows(owner)] == [
        sent.id for given, sent in asked for _ in given
    ]
    assert violations(owner) == []


def test_a_batch_is_appended_whole_or_not_at_all(app: Connection, owner: Connection) -> None:
    pupil = uuid4()
    append(app, *events(pupil, 1))

    with pytest.raises(psycopg.errors.UniqueViolation):
        append_commands(app, [*batch(2, 1), (events(pupil, 1), command()), *batch(1)])

    assert len(rows(owner)) == 1
    assert append_commands(app, batch(1))[0].first_position == 2
    assert violations(owner) == []


def test_a_command_twice_in_one_batch_is_refused(app: Connection, owner: Connection) -> None:
    twice = command()
    with pytest.raises(psycopg.errors.UniqueViolation):
        append_commands(app, [([event(uuid4(), 1)], twice), ([event(uuid4(), 1)], twice)])
    assert rows(owner) == []


@pytest.mark.parametrize(
    "counts", [[], [1], [3], [1, 1, 1], [2, 0], [3, -1], [None, 2], [1, 2]], ids=str
)
def test_counts_that_do_not_share_out_the_events_are_refused(
    app: Connection, owner: Connection, counts: list[int | None]
) -> None:
    """Two commands and two events; or it could not be said whose an event is."""
    sent = [command(), command()]
    with pytest.raises(psycopg.DatabaseError) as refused:
        app.execute(
            "SELECT append(%s, %s, %s, %s::integer[], %s, %s, %s, %s::smallint[], %s::json[], %s)",
            [
                [it.id for it in sent],
                [it.request_mac for it in sent],
                [it.actor_id for it in sent],
                counts,
                [UUID(int=1), UUID(int=2)],
                [1, 1],
                ["Noted"] * 2,
                [1, 1],
                ["{}"] * 2,
                [SEALED] * 2,
            ],
        )
    assert refused.value.sqlstate == "SR001"
    assert rows(owner) == []
