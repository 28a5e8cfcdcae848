"""Granting: people's streams in the one log, recorded once, and in nobody's way."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from send_records.aggregates import PEOPLE_EVENTS
from send_records.aggregates.base import Actor, DomainEvent
from send_records.aggregates.cases import CaseKind, CloseCase, OpenCase
from send_records.aggregates.grant_rules import (
    NobodyGrantsToThemself,
    NoSuchProposal,
    OutOfReach,
    ProposerDoesNotGrant,
)
from send_records.aggregates.grant_scopes import EVERYWHERE, NOWHERE, ScopeKind
from send_records.aggregates.grants import BootstrapRole, GrantRole, ProposeRole, RefuseRole
from send_records.aggregates.people import Person, stream_of
from send_records.aggregates.role_endings import EndRole, RecordPersonLeft
from send_records.aggregates.values import Role, Source, day_in_london
from send_records.application import Request, SendRecords
from send_records.bootstrap import Database, notary, now
from send_records.custody import Keys
from send_records.disclosure.extract import extract
from send_records.errors import Conflict, Erased, NotFound, NotPermitted
from send_records.execution import ATTEMPTS, IdempotencyKeyReused
from send_records.granting import AdministratorsThereAre, Granting
from send_records.projections.base import fold_whole
from send_records.projections.engine import PROJECTIONS, Engine, project_batch
from send_records.projections.moments import moment_at
from send_records.projections.past import rows_of_all
from send_records.projections.rebuild import rebuild
from send_records.projections.several_tables import table_of
from send_records.receipts import Receipt
from send_records.rules import shipped_rules
from send_records.store.access import Access, AccessLog, AccessPurpose, Act, Tier
from send_records.store.appending import CommandRow, RecordedCommand
from send_records.store.connections import Pool, one, pool
from send_records.store.places import Place
from send_records.store.recorder import PostgresRecorder
from send_records.store.scopes import WHOLE_TRUST, Scope, within
from send_records.store.signing import Purpose
from tests.keys import held, verified
from tests.scenario import ADMIT, RECORD_MOTHER, SENCO, but
from tests.store.audit import violations
from tests.store.writing import at_once

TARIQ = UUID(int=900)
TODAY = day_in_london(now())
ADMIN = Actor(id=UUID(int=10), name="Ada Nowak", role=Role.ADMINISTRATOR)
OTHER = Actor(id=UUID(int=11), name="Ben Osei", role=Role.ADMINISTRATOR)
OFFICER = Actor(id=UUID(int=13), name="Ruth Adeyemi", role=Role.DPO)
OPERATOR = Actor(id=UUID(int=14), name="root", role=Role.ADMINISTRATOR)

TEACHER = ProposeRole(
    name="Tariq Aziz",
    role=Role.CLASS_TEACHER,
    kind=ScopeKind.CLASSES,
    academies=("Alder Park Academy",),
    classes=("4B",),
    from_on=TODAY,
    why="Takes over 4B",
)
FIRST = BootstrapRole(
    name="Ada Nowak",
    role=Role.ADMINISTRATOR,
    kind=ScopeKind.TRUST,
    from_on=TODAY,
    why="The first administrator",
)


def asking(actor: Actor = ADMIN, command_id: UUID | None = None) -> Request:
    return Request(actor, command_id or uuid4(), uuid4())


def at_the_machine(command_id: UUID | None = None) -> Request:
    return Request(OPERATOR, command_id or uuid4(), uuid4(), source=Source.SYSTEM)


def granting_by(recorder: PostgresRecorder) -> Granting:
    receipts = held().signing.signer(Purpose.RECEIPTS)
    return Granting(recorder, held().seals, receipts, shipped_rules(), now)


@pytest.fixture
def granting(recorder: PostgresRecorder) -> Granting:
    return granting_by(recorder)


def propose(granting: Granting, command: ProposeRole = TEACHER, whose: UUID = TARIQ) -> UUID:
    request = asking()
    granting.execute(whose, command, request, reach=EVERYWHERE)
    return request.command_id


def grant(granting: Granting, command: ProposeRole = TEACHER, whose: UUID = TARIQ) -> UUID:
    """Give a role by two people; return its id."""
    proposal, request = propose(granting, command, whose), asking(OTHER)
    granting.execute(whose, GrantRole(proposal_id=proposal), request, reach=EVERYWHERE)
    return request.command_id


def an_officer(granting: Granting) -> None:
    officer = but(
        TEACHER, name="Ruth Adeyemi", role=Role.DPO, kind="trust", academies=(), classes=()
    )
    grant(granting, officer, OFFICER.id)


# Recording


def test_a_role_is_on_the_persons_own_stream(granting: Granting) -> None:
    proposal = propose(granting)
    request = asking(OTHER)

    receipt = granting.execute(TARIQ, GrantRole(proposal_id=proposal), request, reach=EVERYWHERE)

    assert (receipt.pupil_id, receipt.version, receipt.position) == (stream_of(TARIQ), 2, 2)
    person = granting.person(TARIQ)
    assert (person.version, person.name, list(person.grants)) == (
        2,
        "Tariq Aziz",
        [request.command_id],
    )
    first, second = granting.history(TARIQ)
    assert (first.metadata.recorded_by, second.metadata.recorded_by) == (ADMIN, OTHER)
    assert second.metadata.command_id == request.command_id
    assert second.recorded_at is not None


def test_of_somebody_unknown_nothing_is_on_record(granting: Granting) -> None:
    assert granting.person(TARIQ) == Person(TARIQ)
    assert granting.history(TARIQ) == []


def test_names_and_reasons_are_sealed_and_whose_records_is_in_clear(
    granting: Granting, database: Database
) -> None:
    grant(granting)

    with one(database.as_owner()) as connection:
        rows = connection.execute("SELECT topic, clear::text, sealed FROM events ORDER BY position")
        (_, _, _), (topic, clear, sealed) = rows.fetchall()

    assert topic == "RoleGranted"
    assert "Tariq" not in clear
    assert '"academies":["Alder Park Academy"]' in clear
    assert b"Tariq" not in sealed


def test_what_is_refused_records_nothing_and_makes_no_key(
    granting: Granting, records: SendRecords
) -> None:
    themself = ADMIN.model_copy(update={"id": UUID(int=901)})

    with pytest.raises(NobodyGrantsToThemself):
        granting.execute(UUID(int=901), TEACHER, asking(themself), reach=EVERYWHERE)
    with pytest.raises(OutOfReach):
        granting.execute(UUID(int=901), TEACHER, asking(), reach=NOWHERE)
    with pytest.raises(NotPermitted):
        granting.execute(UUID(int=901), TEACHER, asking(OFFICER), reach=EVERYWHERE)

    assert records.size() == 0
    with pytest.raises(LookupError):
        held().seals.keyring.newest(stream_of(UUID(int=901)))


def test_whoever_proposed_does_not_grant(granting: Granting) -> None:
    proposal = propose(granting)

    with pytest.raises(ProposerDoesNotGrant):
        granting.execute(TARIQ, GrantRole(proposal_id=proposal), asking(), reach=EVERYWHERE)


def test_what_was_recorded_is_there_after_a_restart(granting: Granting, app_pool: Pool) -> None:
    grant(granting)
    held().seals.keyring.forget()

    again = granting_by(PostgresRecorder(app_pool))

    assert again.person(TARIQ) == granting.person(TARIQ)
    assert again.names([TARIQ, OTHER.id]) == {TARIQ: "Tariq Aziz", OTHER.id: None}


# Once


def test_the_same_request_again_gets_the_first_answer(
    granting: Granting, records: SendRecords
) -> None:
    request = asking()
    first = granting.execute(TARIQ, TEACHER, request, reach=EVERYWHERE)
    propose(granting)

    again = granting.execute(TARIQ, TEACHER, request, reach=EVERYWHERE)

    assert not first.replayed
    assert again == first.model_copy(update={"replayed": True})
    assert records.size() == 2


def test_a_request_again_is_answered_even_when_it_would_be_refused_by_now(
    granting: Granting,
) -> None:
    proposal, request = propose(granting), asking(OTHER)
    command = GrantRole(proposal_id=proposal)
    first = granting.execute(TARIQ, command, request, reach=EVERYWHERE)

    again = granting.execute(TARIQ, command, request, reach=NOWHERE)

    assert again.position == first.position
    with pytest.raises(NoSuchProposal):
        granting.execute(TARIQ, command, asking(OTHER), reach=EVERYWHERE)


def test_a_key_is_for_one_request(granting: Granting, records: SendRecords) -> None:
    request = asking()
    granting.execute(TARIQ, TEACHER, request, reach=EVERYWHERE)
    another = but(TEACHER, why="Another reason")

    for whose, command, who in [
        (TARIQ, another, request),
        (UUID(int=902), TEACHER, request),
        (TARIQ, TEACHER, asking(OTHER, request.command_id)),
    ]:
        with pytest.raises(IdempotencyKeyReused):
            granting.execute(whose, command, who, reach=EVERYWHERE)
    with pytest.raises(IdempotencyKeyReused):
        records.admit(ADMIT, Request(SENCO, request.command_id, uuid4()))
    assert records.size() == 1


def test_a_key_of_a_pupils_entry_is_not_for_a_role(
    granting: Granting, records: SendRecords
) -> None:
    admitted = records.admit(ADMIT, asking(SENCO)).pupil_id

    with pytest.raises(IdempotencyKeyReused):
        granting.execute(TARIQ, TEACHER, asking(command_id=admitted), reach=EVERYWHERE)


def test_the_same_request_six_times_at_once_is_recorded_once_and_never_refused(
    granting: Granting, records: SendRecords
) -> None:
    for _ in range(5):
        proposal, request = propose(granting), asking(OTHER)
        command, told, size = GrantRole(proposal_id=proposal), list[Receipt](), records.size()

        def ask(
            request: Request = request,
            told: list[Receipt] = told,
            command: GrantRole = command,
        ) -> None:
            told.append(granting.execute(TARIQ, command, request, reach=EVERYWHERE))

        at_once([ask] * 6)

        assert {receipt.position for receipt in told} == {size + 1}
        assert records.size() == size + 1


def test_of_a_grant_and_a_refusal_at_once_one_counts(
    granting: Granting, records: SendRecords, database: Database
) -> None:
    """Whichever the log took first: the other is decided anew, and refused."""
    for _ in range(5):
        proposal, outcomes = propose(granting), list[str]()

        def answer(
            command: GrantRole | RefuseRole, outcomes: list[str] = outcomes
        ) -> Callable[[], None]:
            def work() -> None:
                try:
                    granting.execute(TARIQ, command, asking(OTHER), reach=EVERYWHERE)
                    outcomes.append("recorded")
                except NoSuchProposal:
                    outcomes.append("refused")

            return work

        at_once(
            [
                answer(GrantRole(proposal_id=proposal)),
                answer(RefuseRole(proposal_id=proposal, why="No")),
            ]
        )

        assert sorted(outcomes) == ["recorded", "refused"]
    assert records.size() == 10
    with one(database.as_owner()) as connection:
        assert violations(connection) == []


def test_the_first_of_many_at_once_makes_one_stream_under_one_key(
    granting: Granting, records: SendRecords
) -> None:
    at_once([lambda: void(propose(granting)) for _ in range(4)])

    assert granting.person(TARIQ).version == records.size() == 4


def void(_: object) -> None: ...


class Overtaken(PostgresRecorder):
    """A recorder before which somebody else always is."""

    rival: Callable[[], object]

    def append(self, events: Any, command: CommandRow) -> RecordedCommand:
        self.rival()
        return super().append(events, command)


def test_who_is_overtaken_each_time_is_told_so(granting: Granting, app_pool: Pool) -> None:
    overtaken = Overtaken(app_pool)
    times = list[UUID]()
    overtaken.rival = lambda: times.append(propose(granting))

    with pytest.raises(Conflict):
        propose(granting_by(overtaken))

    assert len(times) == ATTEMPTS


# The first roles


def test_the_operator_gives_the_first_roles_until_there_is_an_administrator(
    granting: Granting,
) -> None:
    senco = but(
        FIRST,
        name="Sam Okoro",
        role=Role.SENCO,
        kind="academies",
        academies=("Alder Park Academy",),
    )
    assert granting.bootstrap(SENCO.id, senco, at_the_machine(), local=False)
    assert granting.bootstrap(ADMIN.id, FIRST, at_the_machine(), local=False)

    with pytest.raises(AdministratorsThereAre):
        granting.bootstrap(OTHER.id, FIRST, at_the_machine(), local=False)

    [event] = granting.history(ADMIN.id)
    assert event.model_dump()["bootstrap"] is True
    assert event.metadata.source is Source.SYSTEM


def test_once_the_last_administrator_is_gone_the_operator_gives_one_again(
    granting: Granting,
) -> None:
    first = granting.bootstrap(ADMIN.id, FIRST, at_the_machine(), local=False)
    assert first is not None
    left = RecordPersonLeft(left_on=TODAY)
    granting.execute(ADMIN.id, left, asking(OTHER), reach=EVERYWHERE)

    assert granting.bootstrap(OTHER.id, FIRST, at_the_machine(), local=False)


def test_on_a_machine_of_its_own_the_operator_gives_any_role_and_once(
    granting: Granting, records: SendRecords
) -> None:
    assert granting.bootstrap(ADMIN.id, FIRST, at_the_machine(), local=True)
    assert granting.bootstrap(OTHER.id, FIRST, at_the_machine(), local=True)

    assert granting.bootstrap(OTHER.id, FIRST, at_the_machine(), local=True) is None
    assert records.size() == 2


def test_a_first_role_is_never_given_through_execute(granting: Granting) -> None:
    with pytest.raises(NotPermitted):
        granting.execute(ADMIN.id, FIRST, at_the_machine(), reach=EVERYWHERE)


# What the database knows of it


def test_the_roles_in_force_are_listed(granting: Granting) -> None:
    teacher = grant(granting)
    ending = TODAY + timedelta(days=30)
    other = grant(granting, but(TEACHER, classes=("5A",), until_on=ending))
    yet = grant(granting, but(TEACHER, from_on=TODAY + timedelta(days=1)))
    ended = grant(granting, but(TEACHER, classes=("6C",)))
    end = EndRole(grant_id=ended, why="Over")
    granting.execute(TARIQ, end, asking(), reach=EVERYWHERE)
    an_officer(granting)

    def listed(**wanted: Any) -> set[UUID]:
        return {each.grant_id for each in granting.held(limit=50, **wanted)}

    assert listed(role=Role.CLASS_TEACHER) == {teacher, other}
    assert listed(academy="Alder Park Academy") == {teacher, other}
    assert listed(academy="Birchwood Academy") == set()
    assert listed(until_before=ending + timedelta(days=1)) == {other}
    assert listed(until_before=ending) == set()
    assert len(listed()) == 3
    assert yet not in listed()
    [first, *rest] = sorted(listed())
    assert [each.grant_id for each in granting.held(after=first, limit=50)] == rest
    assert len(granting.held(limit=1)) == 1


def test_a_case_is_in_force_until_it_is_closed(granting: Granting) -> None:
    an_officer(granting)
    request = asking(OFFICER)
    case = OpenCase(
        pupil_id=UUID(int=31),
        case_kind=CaseKind.BREACH,
        reference="B-1",
        why="A letter sent to the wrong address",
        until_on=TODAY + timedelta(days=14),
    )

    granting.execute(OFFICER.id, case, request, reach=NOWHERE)

    cases = [each for each in granting.held(role=Role.DPO, limit=9) if each.kind == "case"]
    [found] = cases
    assert (found.grant_id, found.pupils) == (request.command_id, [UUID(int=31)])
    close = CloseCase(grant_id=request.command_id, why="Told, and put right")
    granting.execute(OFFICER.id, close, asking(OFFICER), reach=NOWHERE)
    assert [each.kind for each in granting.held(role=Role.DPO, limit=9)] == ["trust"]


def test_who_left_holds_nothing_from_that_moment(granting: Granting) -> None:
    grant(granting)
    granting.execute(TARIQ, RecordPersonLeft(left_on=TODAY), asking(), reach=EVERYWHERE)

    assert granting.held(limit=9) == []


# In nobody's way


def signed(database: Database, folder: Path) -> Keys:
    """Sign both logs, the second of one access; return the keys, and where that is published."""
    keys = replace(held(), places=(Place(folder / "checkpoints"),))
    with pool(database.app) as connections:
        AccessLog(connections, keys.seals).record(
            Access(ADMIN, uuid4(), Act.READ, "get_roles", Tier.CONFIGURATION, AccessPurpose.AUDIT)
        )
    notary(database, keys.signing, keys.places).sign_all()
    return keys


def of_everything(granting: Granting) -> None:
    """Record one of every kind of event of people."""
    an_officer(granting)
    request = asking(OFFICER)
    case = OpenCase(
        pupil_id=UUID(int=31),
        case_kind=CaseKind.AUDIT,
        reference="A-1",
        why="Yearly",
        until_on=TODAY,
    )
    granting.execute(OFFICER.id, case, request, reach=NOWHERE)
    close = CloseCase(grant_id=request.command_id, why="Done")
    granting.execute(OFFICER.id, close, asking(OFFICER), reach=NOWHERE)
    refuse = RefuseRole(proposal_id=propose(granting), why="No")
    granting.execute(TARIQ, refuse, asking(OTHER), reach=EVERYWHERE)
    end = EndRole(grant_id=grant(granting), why="Over")
    granting.execute(TARIQ, end, asking(OTHER), reach=EVERYWHERE)
    late = RecordPersonLeft(left_on=date(2024, 7, 19))
    grant(granting)
    granting.execute(TARIQ, late, asking(), reach=EVERYWHERE)


@pytest.fixture
def mixed(granting: Granting, records: SendRecords) -> list[UUID]:
    """A log in which people's events are before, between and after those of two pupils."""
    grant(granting, whose=UUID(int=905))
    pupils = [records.admit(ADMIT, asking(SENCO)).pupil_id]
    of_everything(granting)
    pupils.append(records.admit(ADMIT, asking(SENCO)).pupil_id)
    records.execute(pupils[0], RECORD_MOTHER, asking(SENCO))
    grant(granting, whose=UUID(int=906))
    seen = {type(e).__name__ for whose in (TARIQ, OFFICER.id) for e in granting.history(whose)}
    assert seen == set(PEOPLE_EVENTS)
    return pupils


def test_a_log_with_people_in_it_verifies_views_and_all(
    mixed: list[UUID], database: Database, engine: Engine, tmp_path: Path
) -> None:
    """Planted: without the line in ``fold`` that leaves people out, the projector stops at the
    first of them, and the schedule and the gaps would have rows of theirs."""
    keys = signed(database, tmp_path)
    assert engine.catch_up() > len(mixed)

    assert verified(database.as_owner(), keys) == []

    with one(database.as_projector()) as connection:
        for projection in PROJECTIONS:
            for table in projection.tables:
                rows = connection.execute(f"SELECT DISTINCT pupil_id FROM {table}").fetchall()
                assert {pupil for (pupil,) in rows} <= set(mixed)


def test_no_event_of_people_changes_a_row_of_any_projection(
    mixed: list[UUID], granting: Granting, database: Database
) -> None:
    of_people: list[DomainEvent] = [*granting.history(TARIQ), *granting.history(OFFICER.id)]

    with one(database.as_projector()) as connection:
        for projection in PROJECTIONS:
            assert fold_whole(projection, of_people) == {}
            project_batch(connection, table_of(projection, held().seals), of_people, {})
            rows = connection.execute(f"SELECT count(*) FROM {projection.name}").fetchone()
            assert rows == (0,)


def test_a_rebuild_does_not_hand_people_out(
    mixed: list[UUID], database: Database, engine: Engine
) -> None:
    engine.catch_up()

    handed_out = list[tuple[int, int]]()
    done = rebuild(
        database.as_owner(),
        PROJECTIONS,
        lambda: nullcontext(held().seals),
        progress=lambda *said: handed_out.append(said),
    )

    assert {each.differences for each in done} == {0}
    assert handed_out == [(5, 5)]


def test_the_past_is_of_pupils(mixed: list[UUID], database: Database) -> None:
    progress = list[tuple[int, int]]()
    with one(database.app) as connection, within(connection, WHOLE_TRUST):
        moment = moment_at(connection, None, None)
        for projection in PROJECTIONS:
            rows = rows_of_all(
                connection,
                held().seals,
                projection,
                moment,
                lambda done, total: progress.append((done, total)),
            )
            assert {row.pupil_id for row in rows} <= set(mixed)
    assert set(progress) == {(5, 5)}


def test_the_feed_is_of_pupils_and_misses_none(mixed: list[UUID], records: SendRecords) -> None:
    feed = records.feed(after=0, limit=100)

    assert len(feed) == 5
    assert {event.originator_id for event in feed} == set(mixed)
    one_by_one, after = [], 0
    while page := records.feed(after=after, limit=2):
        one_by_one += page
        after = page[-1].position or 0
    assert [event.position for event in one_by_one] == [event.position for event in feed]


def test_a_persons_stream_answers_as_any_id_that_is_no_pupils(
    mixed: list[UUID], records: SendRecords, database: Database
) -> None:
    """Planted: what a person's stream says would be told by the history and the extract."""
    for unknown in (stream_of(TARIQ), uuid4()):
        assert records.history(unknown) == []
        with pytest.raises(NotFound, match=r"^No pupil has that id\.$") as said:
            records.pupil(unknown)
        assert type(said.value) is NotFound
        assert type(records.absence(unknown)) is NotFound
        with pytest.raises(NotFound, match=r"^No pupil has that id\.$"):
            records.execute(unknown, RECORD_MOTHER, asking(SENCO))
        for words in (True, False):
            with (
                one(database.app) as connection,
                within(connection, Scope.of(unknown)),
                pytest.raises(NotFound, match=r"^No pupil has that id\.$"),
            ):
                extract(connection, held().seals, [], unknown, words=words)


def test_a_pupil_admitted_under_a_persons_stream_gives_nobody_a_role(
    granting: Granting, records: SendRecords
) -> None:
    """Whoever admits a pupil chooses its id."""
    records.admit(ADMIT, asking(SENCO, stream_of(TARIQ)))

    with pytest.raises(NotFound):
        granting.person(TARIQ)
    with pytest.raises(NotFound):
        propose(granting)


def test_a_persons_words_go_with_their_key(granting: Granting) -> None:
    propose(granting, whose=UUID(int=907))
    held().seals.keyring.destroy(stream_of(UUID(int=907)))

    with pytest.raises(Erased):
        granting.person(UUID(int=907))
    with pytest.raises(Erased):
        propose(granting, whose=UUID(int=907))
