"""The application: decides on what is recorded, records once, and answers with the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest

from send_records.aggregates.base import Actor, Command, DomainEvent
from send_records.aggregates.contacts import ContactRecorded
from send_records.aggregates.corrected import WhyWithdrawn
from send_records.aggregates.corrections import AlreadyWithdrawn, CorrectEntry, WithdrawEntry
from send_records.aggregates.days import NotYetHappened
from send_records.aggregates.details import ChangeYearGroup, NotACode, RecordCircumstances
from send_records.aggregates.enrolment import PupilAdmitted, ReadmitPupil, RecordLeaving
from send_records.aggregates.pupil import Pupil, PupilNotOnRoll
from send_records.aggregates.retention import RetentionClassAssigned
from send_records.aggregates.values import Role, Source
from send_records.application import Request, SendRecords
from send_records.bootstrap import Database, now
from send_records.demo.clock import append_function
from send_records.errors import Conflict, NotFound, NotPermitted, OutcomeUnknown, StaleVersion
from send_records.execution import ATTEMPTS, IdempotencyKeyReused, go_on, said
from send_records.projections.engine import Engine
from send_records.receipts import Receipt
from send_records.rules import shipped_rules
from send_records.store.appending import CommandRow, RecordedCommand
from send_records.store.connections import Pool, one
from send_records.store.keystore import KeptKey
from send_records.store.mapper import EventMapper, RecordedEvent, VersionedEvent
from send_records.store.recorder import PostgresRecorder
from tests.api import story
from tests.keys import records_by
from tests.scenario import ADMIT, RECORD_GRANDMOTHER, RECORD_MOTHER, SENCO, but
from tests.store.audit import violations
from tests.store.planted import FULL_DISK
from tests.store.writing import at_once

TEACHER = Actor(id=UUID(int=4), name="Jo Whitfield", role=Role.CLASS_TEACHER)
LEAVE = RecordLeaving(occurred_on=date(2024, 7, 19), why="phase transfer")


def asking(command_id: UUID | None = None, *, actor: Actor = SENCO) -> Request:
    return Request(actor, command_id or uuid4(), uuid4())


@pytest.fixture
def pupil_id(records: SendRecords) -> UUID:
    """A pupil admitted: versions 1 and 2, positions 1 and 2."""
    return records.admit(ADMIT, asking()).pupil_id


def test_smoke(records: SendRecords, engine: Engine) -> None:
    receipt = records.admit(ADMIT, asking())
    assert receipt.version == 2
    assert engine.catch_up() == 2
    assert records.pupil(receipt.pupil_id).academy == "Alder Park Academy"


# Recording


def where(receipt: Receipt) -> tuple[UUID, int, int]:
    return receipt.pupil_id, receipt.version, receipt.position


def test_a_pupils_id_is_the_id_of_the_command_that_admitted_them(records: SendRecords) -> None:
    request = asking()

    receipt = records.admit(ADMIT, request)

    assert where(receipt) == (request.command_id, 2, 2)


def test_a_receipt_says_where_the_pupil_and_the_log_now_stand(
    records: SendRecords, pupil_id: UUID
) -> None:
    records.admit(ADMIT, asking())

    receipt = records.execute(pupil_id, RECORD_MOTHER, asking())

    assert where(receipt) == (pupil_id, 3, 5)
    assert records.size() == 5


def test_an_event_says_who_recorded_it_in_the_course_of_what_and_when(
    records: SendRecords, pupil_id: UUID
) -> None:
    request = Request(SENCO, uuid4(), uuid4(), uuid4(), Source.IMPORT)
    records.execute(pupil_id, RECORD_MOTHER, request)

    [event] = records.history(pupil_id, after=2)

    assert isinstance(event, ContactRecorded)
    assert event.metadata.recorded_by == SENCO
    assert event.metadata.command_id == event.contact_id == request.command_id
    assert event.metadata.correlation_id == request.correlation_id
    assert event.metadata.causation_id == request.causation_id
    assert event.metadata.source is Source.IMPORT
    assert event.metadata.policy_version == shipped_rules().edition(now().date()).id
    assert event.recorded_at is not None
    assert abs(datetime.now(UTC) - event.recorded_at) < timedelta(minutes=1)


def test_today_is_todays_date_in_london(recorder: PostgresRecorder) -> None:
    """Where 19 July begins an hour before it does in Greenwich."""
    instant = datetime(2024, 7, 18, 22, 59, tzinfo=UTC)
    records = records_by(recorder, lambda: instant)
    pupil_id = records.admit(ADMIT, asking()).pupil_id

    with pytest.raises(NotYetHappened):
        records.execute(pupil_id, LEAVE, asking())
    instant += timedelta(minutes=1)
    records.execute(pupil_id, LEAVE, asking())


# Once


def test_the_same_request_again_gets_the_first_answer(records: SendRecords, pupil_id: UUID) -> None:
    request = asking()
    first = records.execute(pupil_id, RECORD_MOTHER, request, expected_version=2)
    records.execute(pupil_id, RECORD_GRANDMOTHER, asking())

    again = records.execute(pupil_id, RECORD_MOTHER, request, expected_version=2)

    assert not first.replayed
    assert again == first.model_copy(update={"replayed": True})
    assert records.size() == 4


def test_an_admission_again_gets_the_first_answer(records: SendRecords) -> None:
    request = asking()
    first = records.admit(ADMIT, request)
    records.execute(first.pupil_id, LEAVE, asking())

    again = records.admit(ADMIT, request)

    assert (again.version, again.position, again.replayed) == (2, 2, True)


def test_a_request_again_is_answered_even_when_it_would_be_refused_by_now(
    records: SendRecords, pupil_id: UUID
) -> None:
    request = asking()
    first = records.execute(pupil_id, LEAVE, request)

    assert records.execute(pupil_id, LEAVE, request).position == first.position
    with pytest.raises(PupilNotOnRoll):
        records.execute(pupil_id, LEAVE, asking())


def test_a_key_is_for_one_request(records: SendRecords, pupil_id: UUID) -> None:
    request, another = asking(), records.admit(ADMIT, asking()).pupil_id
    same_key = asking(request.command_id, actor=SENCO.model_copy(update={"id": UUID(int=9)}))
    records.execute(pupil_id, RECORD_MOTHER, request)

    with pytest.raises(IdempotencyKeyReused):
        records.execute(pupil_id, RECORD_GRANDMOTHER, request)
    with pytest.raises(IdempotencyKeyReused):
        records.execute(another, RECORD_MOTHER, request)
    with pytest.raises(IdempotencyKeyReused):
        records.execute(pupil_id, RECORD_MOTHER, same_key)
    with pytest.raises(IdempotencyKeyReused):
        records.admit(ADMIT, request)
    assert records.size() == 5


def test_an_admission_under_another_pupils_key_is_refused(
    records: SendRecords, pupil_id: UUID
) -> None:
    with pytest.raises(IdempotencyKeyReused):
        records.admit(but(ADMIT, legal_name="Aysha Rahman"), asking(pupil_id))


def test_what_is_said_is_of_the_request_alone() -> None:
    asked = said(UUID(int=3), RECORD_MOTHER, SENCO)

    assert asked == said(UUID(int=3), but(RECORD_MOTHER), SENCO)
    assert asked != said(UUID(int=4), RECORD_MOTHER, SENCO)
    assert asked != said(UUID(int=3), RECORD_GRANDMOTHER, SENCO)
    assert asked != said(UUID(int=3), RECORD_MOTHER, TEACHER)


def test_the_same_request_six_times_at_once_is_recorded_once_and_never_refused(
    records: SendRecords, pupil_id: UUID, app_pool: Pool
) -> None:
    """As from a client that lost patience: with the version it had read, stale for all but one."""
    for version in range(2, 12):
        request, told = asking(), list[Receipt]()
        move = RecordCircumstances(occurred_on=date(2024, 9, 2), eal=version % 2 == 0)

        def ask(
            request: Request = request,
            told: list[Receipt] = told,
            move: RecordCircumstances = move,
            version: int = version,
        ) -> None:
            told.append(records.execute(pupil_id, move, request, expected_version=version))

        at_once([ask] * 6)

        assert [receipt.version for receipt in told] == [version + 1] * 6
    assert records.size() == 12


class InBetween(PostgresRecorder):
    """Lets something happen between a request and its first look at the log."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self.happens: list[Callable[[], object]] = []

    def stream(self, originator_id: UUID, *, after: int = 0) -> Iterator[RecordedEvent]:
        while self.happens:
            self.happens.pop()()
        return super().stream(originator_id, after=after)


@pytest.mark.parametrize("expected_version", [2, None])
def test_a_request_that_its_own_twin_overtook_is_not_refused(
    app_pool: Pool, records: SendRecords, pupil_id: UUID, expected_version: int | None
) -> None:
    """Leaving twice is refused, and so is a stale version: but it was this very request."""
    between = InBetween(app_pool)
    slow = records_by(between)
    request = asking()

    between.happens.append(
        lambda: records.execute(pupil_id, LEAVE, request, expected_version=expected_version)
    )

    receipt = slow.execute(pupil_id, LEAVE, request, expected_version=expected_version)

    assert (receipt.version, receipt.replayed) == (3, True)
    assert records.size() == 3
    asked = said(pupil_id, LEAVE, SENCO)
    steps = slow._executions._decision(pupil_id, LEAVE, slow._by(request), asked, expected_version)
    with pytest.raises((StaleVersion, PupilNotOnRoll)):  # as it would be without a second look
        list(iter(partial(go_on, steps), None))


# As a task of an event loop


def soon(records: SendRecords, pupil_id: UUID, command: Command, request: Request) -> Receipt:
    return asyncio.run(records.execute_soon(pupil_id, command, request))


def test_a_task_goes_through_the_same_steps(records: SendRecords, pupil_id: UUID) -> None:
    """First of a pupil not in hand, then of one that is; repeated; refused; unknown."""
    request = asking()

    first = soon(records, pupil_id, RECORD_MOTHER, request)
    again = soon(records, pupil_id, RECORD_MOTHER, request)
    left = soon(records, pupil_id, LEAVE, asking())

    assert (first.version, again.version, left.version) == (3, 3, 4)
    assert (first.replayed, again.replayed) == (False, True)
    assert again.proof == first.proof
    with pytest.raises(PupilNotOnRoll):
        soon(records, pupil_id, LEAVE, asking())
    with pytest.raises(IdempotencyKeyReused):
        soon(records, pupil_id, RECORD_GRANDMOTHER, request)
    with pytest.raises(NotFound):
        soon(records, uuid4(), RECORD_MOTHER, asking())
    with pytest.raises(NotPermitted):
        soon(records, pupil_id, RECORD_MOTHER, asking(actor=TEACHER))
    assert records.size() == 4


def test_tasks_of_one_pupil_and_of_many_are_all_recorded_once(
    records: SendRecords, database: Database
) -> None:
    pupils = [records.admit(ADMIT, asking()).pupil_id for _ in range(4)]
    twice = asking()

    async def all_at_once() -> list[Receipt | BaseException]:
        asked = [
            *(records.execute_soon(each, RECORD_MOTHER, asking()) for each in pupils * 3),
            *(records.execute_soon(pupils[0], LEAVE, twice) for _ in range(3)),
        ]
        return await asyncio.gather(*asked, return_exceptions=True)

    told = asyncio.run(all_at_once())

    receipts = [each for each in told if isinstance(each, Receipt)]
    assert len({receipt.position for receipt in receipts[-3:]}) == 1
    stored = {receipt.position for receipt in receipts}
    assert records.size() == 8 + len(stored)
    assert {type(each) for each in told} <= {Receipt, Conflict, PupilNotOnRoll}
    with one(database.as_owner()) as connection:
        assert violations(connection) == []


def test_nothing_that_waits_is_done_in_the_event_loop(
    app_pool: Pool, pupil_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    loops: list[str] = []

    def note(what: str) -> None:
        with suppress(RuntimeError):
            asyncio.get_running_loop()
            loops.append(what)

    class Watched(PostgresRecorder):
        def stream(self, originator_id: UUID, *, after: int = 0) -> Iterator[RecordedEvent]:
            note("stream")
            return super().stream(originator_id, after=after)

        def find_command(self, command_id: UUID) -> RecordedCommand | None:
            note("find_command")
            return super().find_command(command_id)

    records, request = records_by(Watched(app_pool)), asking()
    store = records._seals.keyring._store
    load = store.load

    def loaded(owners: Collection[UUID]) -> list[KeptKey]:
        note("load")
        return load(owners)

    monkeypatch.setattr(store, "load", loaded)
    records._seals.keyring.forget()

    soon(records, pupil_id, LEAVE, request)
    soon(records, pupil_id, LEAVE, request)
    with pytest.raises(PupilNotOnRoll):
        soon(records, pupil_id, LEAVE, asking())

    assert loops == []
    records.pupil(pupil_id)
    asyncio.run(in_the_loop(records, pupil_id))
    assert loops == ["stream"]  # as it would be


async def in_the_loop(records: SendRecords, pupil_id: UUID) -> None:
    records.pupil(pupil_id)


# In hand


def test_a_pupil_in_hand_is_what_a_replay_would_make(
    records: SendRecords, app_pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After every step of a story that has every command in it."""
    compared: list[int] = []
    execute = records.execute

    def executed(pupil_id: UUID, command: Command, request: Request) -> Receipt:
        receipt = execute(pupil_id, command, request)
        replayed = records_by(PostgresRecorder(app_pool)).pupil(pupil_id)
        in_hand = records._pupils.seen(pupil_id)
        if isinstance(command, CorrectEntry | WithdrawEntry):
            assert in_hand is None, "what came before reads otherwise now"
            in_hand = records.pupil(pupil_id)
        assert in_hand == replayed
        compared.append(replayed.version)
        return receipt

    monkeypatch.setattr(records, "execute", executed)
    story.told(records)

    assert len(compared) > 50


NOT_LEFT = WithdrawEntry(
    occurred_on=date(2024, 7, 22),
    entry_version=3,
    why=WhyWithdrawn.WRONG_PUPIL,
    explanation="It was another child",
)
SINCE = ChangeYearGroup(occurred_on=date(2024, 9, 2), nc_year="3")


def test_what_was_withdrawn_no_longer_stands_in_the_way(
    records: SendRecords, pupil_id: UUID
) -> None:
    records.execute(pupil_id, LEAVE, asking())
    with pytest.raises(PupilNotOnRoll):
        records.execute(pupil_id, SINCE, asking())

    records.execute(pupil_id, NOT_LEFT, asking())

    assert records.execute(pupil_id, SINCE, asking()).version == 5


def test_what_another_process_withdrew_is_not_decided_on(
    records: SendRecords, app_pool: Pool, pupil_id: UUID
) -> None:
    """What came since may change what was before."""
    another = records_by(PostgresRecorder(app_pool))
    records.execute(pupil_id, LEAVE, asking())
    another.execute(pupil_id, NOT_LEFT, asking())

    assert records.execute(pupil_id, SINCE, asking()).version == 5
    assert records.pupil(pupil_id).left_on is None
    assert records_by(PostgresRecorder(app_pool)).pupil(pupil_id) == records.pupil(pupil_id)


def test_the_history_is_read_for_those_commands_that_need_it(
    records: SendRecords, pupil_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    history = records._pupils.history

    def counting(pupil: Pupil) -> list[DomainEvent]:
        read.append(pupil.version)
        return history(pupil)

    monkeypatch.setattr(records._pupils, "history", counting)
    records.execute(pupil_id, LEAVE, asking())
    assert read == []

    records.execute(pupil_id, NOT_LEFT, asking())
    assert read == [3]


def test_what_is_corrected_meanwhile_is_decided_on_again(
    records: SendRecords, app_pool: Pool, pupil_id: UUID
) -> None:
    """Decided on a pupil in hand that others have moved on: the history read is of its version."""
    another = records_by(PostgresRecorder(app_pool))
    records.execute(pupil_id, LEAVE, asking())
    another.execute(pupil_id, NOT_LEFT, asking())

    with pytest.raises(AlreadyWithdrawn):
        records.execute(pupil_id, NOT_LEFT, asking())


def test_one_in_hand_is_not_read_again(app_pool: Pool, pupil_id: UUID) -> None:
    reads: list[int] = []

    class Counting(PostgresRecorder):
        def stream(self, originator_id: UUID, *, after: int = 0) -> Iterator[RecordedEvent]:
            reads.append(after)
            return super().stream(originator_id, after=after)

    records = records_by(Counting(app_pool))
    for command in (RECORD_MOTHER, RECORD_GRANDMOTHER):
        records.execute(pupil_id, command, asking())
    assert reads == [0]

    assert records.pupil(pupil_id).version == 4
    assert reads == [0, 4]


def test_what_others_recorded_is_seen_before_anything_is_refused(
    records: SendRecords, app_pool: Pool, pupil_id: UUID
) -> None:
    others = records_by(PostgresRecorder(app_pool))
    back = ReadmitPupil(occurred_on=LEAVE.occurred_on, academy="Alder Park Academy", nc_year="5")
    records.execute(pupil_id, LEAVE, asking())
    others.execute(pupil_id, back, asking())

    receipt = records.execute(pupil_id, LEAVE, asking(), expected_version=4)

    assert receipt.version == 5
    others.execute(pupil_id, back, asking())
    with pytest.raises(StaleVersion, match="now at version 6"):
        records.execute(pupil_id, LEAVE, asking(), expected_version=5)


def test_a_refusal_by_what_was_seen_last_would_be_found(
    records: SendRecords, app_pool: Pool, pupil_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A planted defect: what is in hand is taken for the truth."""
    now = records._pupils.now
    monkeypatch.setattr(records._pupils, "now", lambda who: records._pupils.seen(who) or now(who))

    with pytest.raises((PupilNotOnRoll, StaleVersion)):
        test_what_others_recorded_is_seen_before_anything_is_refused(records, app_pool, pupil_id)


# Refused


def test_a_stale_version_is_refused_and_says_the_present_one(
    records: SendRecords, pupil_id: UUID
) -> None:
    records.execute(pupil_id, RECORD_MOTHER, asking(), expected_version=2)

    with pytest.raises(StaleVersion, match="now at version 3"):
        records.execute(pupil_id, RECORD_GRANDMOTHER, asking(), expected_version=2)
    with pytest.raises(StaleVersion):
        records.execute(pupil_id, RECORD_GRANDMOTHER, asking(), expected_version=4)
    assert records.size() == 3


def test_the_wrong_role_is_refused(records: SendRecords, pupil_id: UUID) -> None:
    with pytest.raises(NotPermitted, match="This is for: integration, senco, trust senco"):
        records.execute(pupil_id, RECORD_MOTHER, asking(actor=TEACHER))
    with pytest.raises(NotPermitted):
        records.admit(ADMIT, asking(actor=TEACHER))
    assert records.size() == 2


def test_the_wrong_role_does_not_get_anothers_receipt(records: SendRecords, pupil_id: UUID) -> None:
    request = asking()
    records.execute(pupil_id, RECORD_MOTHER, request)

    with pytest.raises(NotPermitted):
        records.execute(pupil_id, RECORD_MOTHER, asking(request.command_id, actor=TEACHER))


def test_an_unknown_pupil_is_not_found(records: SendRecords) -> None:
    with pytest.raises(NotFound):
        records.execute(uuid4(), RECORD_MOTHER, asking())
    with pytest.raises(NotFound):
        records.pupil(uuid4())
    assert records.history(uuid4()) == []


def test_what_is_refused_leaves_nothing_and_its_key_free(
    records: SendRecords, pupil_id: UUID
) -> None:
    request = asking()
    with pytest.raises(NotACode):
        records.execute(
            pupil_id, ChangeYearGroup(occurred_on=date(2024, 9, 2), nc_year="17"), request
        )
    assert records.size() == 2

    records.execute(pupil_id, ChangeYearGroup(occurred_on=date(2024, 9, 2), nc_year="5"), request)
    assert records.size() == 3


# Two at once


def test_of_two_who_read_the_same_version_one_is_told_to_read_again(
    records: SendRecords, pupil_id: UUID
) -> None:
    told: list[str] = []

    def ask() -> None:
        try:
            records.execute(pupil_id, RECORD_MOTHER, asking(), expected_version=2)
            told.append("recorded")
        except StaleVersion:
            told.append("stale")

    at_once([ask] * 2)

    assert sorted(told) == ["recorded", "stale"]
    assert records.size() == 3


def test_without_a_version_all_that_two_ask_for_is_recorded(
    records: SendRecords, pupil_id: UUID, owner_pool: Pool
) -> None:
    """One who writes without pause can be in the way every time; Conflict says to try again."""

    def ask() -> None:
        for request in [asking() for _ in range(20)]:
            while True:
                with suppress(Conflict):
                    records.execute(pupil_id, RECORD_MOTHER, request)
                    break

    at_once([ask] * 2)

    assert records.pupil(pupil_id).version == 42
    assert len(records.pupil(pupil_id).contacts) == 40
    with owner_pool.connection() as connection:
        assert violations(connection) == []


class Outrun(PostgresRecorder):
    """Somebody else is quicker, some times."""

    def __init__(self, pool: Pool, rival: SendRecords, races: int) -> None:
        super().__init__(pool)
        self.rival = rival
        self.races = races

    def append(self, events: Sequence[VersionedEvent], command: CommandRow) -> RecordedCommand:
        if self.races:
            self.races -= 1
            pupil_id = events[0].originator_id
            assert isinstance(pupil_id, UUID)
            self.rival.execute(pupil_id, RECORD_MOTHER, asking())
        return super().append(events, command)


def test_who_loses_a_race_decides_anew_and_is_recorded(
    app_pool: Pool, records: SendRecords, pupil_id: UUID
) -> None:
    outrun = Outrun(app_pool, records, races=ATTEMPTS - 1)

    receipt = records_by(outrun).execute(pupil_id, LEAVE, asking())

    assert receipt.version == 2 + ATTEMPTS
    assert records.pupil(pupil_id).left_on == LEAVE.occurred_on


def test_what_was_decided_before_the_race_may_be_refused_after_it(
    app_pool: Pool, records: SendRecords, pupil_id: UUID
) -> None:
    class OutrunByLeaving(Outrun):
        def append(self, events: Sequence[VersionedEvent], command: CommandRow) -> RecordedCommand:
            if self.races:
                self.races -= 1
                self.rival.execute(pupil_id, LEAVE, asking())
            return super().append(events, command)

    slow = records_by(OutrunByLeaving(app_pool, records, 1))

    with pytest.raises(PupilNotOnRoll):
        slow.execute(pupil_id, LEAVE, asking())
    assert records.size() == 3


def test_who_is_always_second_is_told_to_try_again(
    app_pool: Pool, records: SendRecords, pupil_id: UUID
) -> None:
    outrun = Outrun(app_pool, records, races=ATTEMPTS)

    with pytest.raises(Conflict):
        records_by(outrun).execute(pupil_id, LEAVE, asking())

    assert outrun.races == 0
    assert records.size() == 2 + ATTEMPTS


def test_an_unknown_outcome_is_passed_on_and_settled_by_the_same_key(
    app_pool: Pool, records: SendRecords, pupil_id: UUID, database: Database
) -> None:
    impatient = records_by(PostgresRecorder(app_pool, patience=0))
    request = asking()
    with one(database.as_owner()) as owner:
        owner.execute(FULL_DISK)
        with pytest.raises(OutcomeUnknown):
            impatient.execute(pupil_id, LEAVE, request)
        owner.execute(append_function().encode())

    assert records.execute(pupil_id, LEAVE, request).version == 3
    assert records.size() == 3


# Reading back


def test_history_is_a_pupils_events_from_a_version_on(records: SendRecords, pupil_id: UUID) -> None:
    records.admit(ADMIT, asking())
    records.execute(pupil_id, RECORD_MOTHER, asking())

    history = records.history(pupil_id)

    assert [type(event) for event in history] == [
        PupilAdmitted,
        RetentionClassAssigned,
        ContactRecorded,
    ]
    assert [event.position for event in history] == [1, 2, 5]
    assert records.history(pupil_id, after=1, limit=1) == [history[1]]
    assert records.history(pupil_id, after=3) == []


def test_the_feed_is_every_pupils_events_in_the_order_of_the_log(
    records: SendRecords, pupil_id: UUID
) -> None:
    another = records.admit(ADMIT, asking()).pupil_id
    records.execute(pupil_id, RECORD_MOTHER, asking())

    feed = records.feed(after=0, limit=100)

    assert [event.position for event in feed] == [1, 2, 3, 4, 5]
    assert [event.originator_id for event in feed] == [pupil_id] * 2 + [another] * 2 + [pupil_id]
    assert records.feed(after=2, limit=2) == feed[2:4]
    assert records.feed(after=5, limit=10) == []


def test_no_variable_of_the_librarys_changes_what_is_built(
    app_pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PERSISTENCE_MODULE", "eventsourcing.popo")
    monkeypatch.setenv("MAPPER_TOPIC", "eventsourcing.persistence:Mapper")
    monkeypatch.setenv("IS_SNAPSHOTTING_ENABLED", "y")
    recorder = PostgresRecorder(app_pool)

    records = records_by(recorder)

    assert records.recorder is recorder
    assert isinstance(records.mapper, EventMapper)
