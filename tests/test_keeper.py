"""The keeper: erased means erased, others are untouched, and each act is accounted for first."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from send_records.aggregates.access_answers import RefusalGround, RefuseRequest
from send_records.aggregates.access_requests import ReceiveAccessRequest
from send_records.aggregates.base import Actor, DomainEvent
from send_records.aggregates.complaints import AnswerComplaint, ComplaintOutcome, ReceiveComplaint
from send_records.aggregates.corrected import WhyWithdrawn
from send_records.aggregates.corrections import WithdrawEntry
from send_records.aggregates.retention import (
    HoldKind,
    PersonalDataErased,
    PlaceLegalHold,
    ReleaseLegalHold,
)
from send_records.aggregates.values import Role, Source
from send_records.api.app import create_app
from send_records.application import Request, SendRecords
from send_records.bootstrap import Database, System, now, running
from send_records.custody import Keys
from send_records.errors import Erased, NotFound
from send_records.keeper import Keeper, RecordHeld
from send_records.projections.base import Projection
from send_records.projections.engine import PROJECTIONS, Engine
from send_records.projections.finding import find_pupils
from send_records.projections.rebuild import Rebuilt, rebuild
from send_records.projections.tables import Table
from send_records.reception import issuer
from send_records.rules import shipped_rules
from send_records.settings import Settings
from send_records.store.access import AccessLog
from send_records.store.connections import Pool, one, pool
from send_records.store.damage import Finding
from send_records.store.erasure import erase_again
from send_records.store.keks import KekMissing
from send_records.store.keyring import KeyDestroyed, Keyring, open_keyring
from send_records.store.mapper import ErasedEvent, EventMapper
from send_records.store.recorder import PostgresRecorder
from send_records.store.roles import admit_only
from send_records.store.scopes import WHOLE_TRUST
from send_records.store.sealing import UPN_INDEX, Seals
from send_records.store.shares import recover
from send_records.store.signing import Purpose
from tests.api.client import Client, problem_of
from tests.api.story import DPO, PUPIL, STORY, told, upn_of
from tests.conftest import Cluster, new_database
from tests.keys import TRUST, kept_in, keys_in, verified
from tests.scenario import ADMIT, IDENTIFY, RECORD_MOTHER, SENCO, but

ADMINISTRATOR = Actor(id=UUID(int=9), name="Robin Hale", role=Role.ADMINISTRATOR)
AUTHORITY = "Disposal 2049/17"
HOLD = PlaceLegalHold(
    occurred_on=ADMIT.occurred_on, kind=HoldKind.TRIBUNAL, why="An appeal is under way"
)
ASK = ReceiveAccessRequest(
    occurred_on=ADMIT.occurred_on,
    requester="The mother",
    on_behalf=True,
    how="By letter",
    scope="Everything",
)
COMPLAIN = ReceiveComplaint(
    occurred_on=ADMIT.occurred_on, from_other="An uncle", about="A letter", how="By letter"
)
ANSWER = RefuseRequest(
    occurred_on=ADMIT.occurred_on,
    request_id=PUPIL,
    ground=RefusalGround.EXCESSIVE,
    why="Answered last week",
    how="By letter",
    told_of_complaint_rights=True,
)
STORY_UPN, OTHER_UPN = upn_of("801200001001"), upn_of("801200001002")
"""Of the story's pupil in the end, and of one of the others."""


UNMET = (AssertionError, pytest.fail.Exception)
"""How a test ends of what is not so yet: nothing else may be the matter."""


def asked(actor: Actor = SENCO, key: UUID | None = None) -> Request:
    return Request(actor, key or uuid4(), uuid4())


@dataclass
class Office:
    """A system of a test's own: database and keys, the story told in it, and two others'."""

    database: Database
    keys: Keys
    settings: Settings
    others: tuple[UUID, ...] = ()

    @property
    def keeper(self) -> Keeper:
        return Keeper(self.database, self.keys, ADMINISTRATOR)

    def destroy(self, pupil: UUID = PUPIL) -> bool:
        """Erase a pupil; return whether the log had it as erased before."""
        return self.keeper.destroy(pupil, AUTHORITY, now()).already

    @contextmanager
    def running(self, keys: Keys | None = None) -> Iterator[System]:
        """Start, as the program does: with the erasures seen to before anything is opened."""
        with one(self.database.app) as connection:
            erase_again(connection, (keys or self.keys).seals)
        with running(self.settings, self.database, keys or self.keys) as system:
            yield system

    @contextmanager
    def serving(self) -> Iterator[Client]:
        with (
            self.running() as system,
            TestClient(create_app(system), follow_redirects=False) as http,
            one(self.database.as_owner()) as owner,
        ):
            yield Client(http, issuer(self.settings), owner)

    def project(self) -> None:
        Engine(self.database.as_projector(), self.keys.seals).catch_up()

    def findings(self) -> list[Finding]:
        """Return what ``send-records verify`` finds, views and all."""
        return verified(self.database.as_owner(), self.keys)

    def accesses(self, pupil: UUID) -> list[tuple[str, str, str, str]]:
        """Return what was done that concerned a pupil, and by whom, in order."""
        with pool(self.database.app) as connections:
            rows = AccessLog(connections, self.keys.seals).of_pupil(pupil, after=0, limit=100)
            return [(row.act, row.what, row.name, row.outcome) for row in rows]


@contextmanager
def office_in(cluster: Cluster, folder: Path) -> Iterator[Office]:
    """Make an office in a folder; the story's pupil has a UPN, and so has one of the others."""
    with new_database(cluster) as database, keys_of(folder) as keys:
        office = Office(database, keys, Settings(data_dir=folder))
        with office.running() as system:
            told(system.records)
            others = [
                system.records.admit(but(ADMIT, upn=upn, legal_name=name), asked()).pupil_id
                for name, upn in (("Noor Aziz", OTHER_UPN), ("Tom Aziz", None))
            ]
            system.records.execute(others[0], IDENTIFY, asked())
            system.records.execute(others[1], RECORD_MOTHER, asked())
            office.others = tuple(others)
        office.project()
        yield office


@contextmanager
def keys_of(folder: Path) -> Iterator[Keys]:
    """Open the keys of a folder, and let go of them at the end."""
    keys = keys_in(folder)
    yield keys
    keys.seals.keyring._store.close()


@contextmanager
def copied(cluster: Cluster, office: Office, folder: Path) -> Iterator[Office]:
    """Make an office that is as another one was: quicker than to tell the story again."""
    its = str(conninfo_to_dict(office.database.app)["dbname"])
    name = f"t_{uuid4().hex}"
    with cluster.admin() as admin:
        made = SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
        roles = office.database.roles
        admin.execute(made.format(Identifier(name), Identifier(its), Identifier(roles.owner)))
        admit_only(admin, roles, name)
    shutil.copytree(office.settings.data_dir, folder, dirs_exist_ok=True)
    with keys_of(folder) as keys:
        settings = Settings(data_dir=folder)
        yield Office(cluster.database(name), keys, settings, office.others)
    with cluster.admin() as admin:
        admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture(scope="module")
def original(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office_in(cluster, tmp_path_factory.mktemp("office")) as made:
        yield made


@pytest.fixture
def office(cluster: Cluster, original: Office, tmp_path: Path) -> Iterator[Office]:
    with copied(cluster, original, tmp_path) as made:
        yield made


def opened(office: Office, *, but_of: UUID) -> dict[str, list[Any]]:
    """Return every row and every event of all pupils but one, opened."""
    with one(office.database.as_owner()) as owner:
        found = {
            projection.name: [
                row
                for row in Table(projection, office.keys.seals).every(owner)
                if row.pupil_id != but_of
            ]
            for projection in PROJECTIONS
        }
    with office.running() as system:
        found["events"] = [
            event
            for event in system.records.feed(after=0, limit=10_000)
            if event.originator_id != but_of
        ]
    return {name: sorted(rows, key=repr) for name, rows in found.items()}


def count_of(connection: Connection, table: str, pupil: UUID) -> int:
    query = SQL("SELECT count(*) FROM {} WHERE pupil_id = %s").format(Identifier(table))
    [(number,)] = connection.execute(query, [pupil]).fetchall()
    return int(number)


def rows_of(office: Office, pupil: UUID) -> dict[str, int]:
    with one(office.database.as_owner()) as owner:
        return {each.name: count_of(owner, each.name, pupil) for each in PROJECTIONS}


# Erased


def test_an_erased_pupil_cannot_be_read_by_the_application(office: Office) -> None:
    with office.running() as system:
        assert system.records.pupil(PUPIL).id == PUPIL
        assert not office.destroy()

        for read in (system.records.pupil, system.records.history):
            with pytest.raises(Erased):
                read(PUPIL)


def test_an_erased_pupil_is_gone_for_good_to_the_api(office: Office) -> None:
    with office.serving() as client:
        office.destroy()
        dpo = client.signed_as(DPO)

        gone = dpo.get(f"/v1/pupils/{PUPIL}/history")
        refused = client.record(PUPIL, IDENTIFY)
        shown = dpo.get("/v1/events", after=0, limit=200)
        sought = [
            client.http.post("/v1/search", json=wanted, headers=client.token).json()["data"]
            for wanted in ({"upn": STORY_UPN}, {"name": "Rahman"})
        ]

    assert problem_of(gone, 410)["type"] == "urn:send-records:problem:erased"
    assert problem_of(refused, 410)["type"] == "urn:send-records:problem:erased"
    assert sought == [[], []]
    *before, last = [each for each in shown.json()["data"] if each["pupil_id"] == str(PUPIL)]
    assert all(each["erased"] and "metadata" not in each for each in before)
    assert last["event"] == "PersonalDataErased"
    assert AUTHORITY not in shown.text  # the feed has no words: the log's own entry has them


@pytest.mark.parametrize("view", ["", "/chronology"])
def test_the_views_of_an_erased_pupil_answer_that_there_is_nothing(
    office: Office, view: str
) -> None:
    with office.serving() as client:
        office.destroy()

        answer = client.get(f"/v1/pupils/{PUPIL}{view}")

    assert answer.status_code in (404, 410)
    assert b"Rahman" not in answer.content


def test_its_rows_are_gone_from_every_view_and_nobody_elses_are_touched(office: Office) -> None:
    before = opened(office, but_of=PUPIL)
    assert all(rows_of(office, PUPIL).values())

    office.destroy()

    assert not any(rows_of(office, PUPIL).values())
    assert opened(office, but_of=PUPIL) == before
    others = {"send_register": 2, "chronology": 6, "retention_schedule": 2, "events": 6}
    assert {name: len(rows) for name, rows in before.items() if name in others} == others


def test_the_log_still_verifies_and_the_views_are_what_it_adds_up_to(office: Office) -> None:
    office.destroy()

    assert office.findings() == []


def left_behind(office: Office) -> None:
    """Plant a defect: a chronology that nobody cleared."""
    with one(office.database.as_owner()) as owner:
        owner.execute("CREATE TABLE kept AS SELECT * FROM chronology WHERE pupil_id = %s", [PUPIL])
        office.destroy()
        owner.execute("INSERT INTO chronology SELECT * FROM kept")


def test_rows_of_the_erased_that_were_left_behind_are_counted_here(office: Office) -> None:
    """Planted: what the tests above would find."""
    left_behind(office)

    assert rows_of(office, PUPIL)["chronology"] > 50


def test_rows_of_the_erased_that_were_left_behind_are_found_by_verify(office: Office) -> None:
    left_behind(office)

    assert office.findings() != []


def test_the_note_of_it_is_the_last_event_and_says_by_what_authority(office: Office) -> None:
    office.destroy()

    with office.running() as system:
        events = system.records.feed(after=0, limit=10_000)
    last = events[-1]
    assert isinstance(last, PersonalDataErased)
    assert (last.originator_id, last.authority) == (PUPIL, AUTHORITY)
    assert (last.metadata.recorded_by, last.metadata.source) == (ADMINISTRATOR, Source.SYSTEM)
    its = [event for event in events[:-1] if event.originator_id == PUPIL]
    assert all(isinstance(event, ErasedEvent) for event in its)
    assert len(its) == last.originator_version - 1
    assert all(isinstance(e, DomainEvent) for e in events if e.originator_id != PUPIL)


def test_it_is_in_the_access_log_before_it_is_done(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> bool:
        raise RuntimeError("the power went")

    monkeypatch.setattr("send_records.keeper.mark_destroyed", die)
    with pytest.raises(RuntimeError):
        office.destroy()

    assert office.accesses(PUPIL) == [("keys", "destroy_key", "Robin Hale", "given")]
    with office.running() as system:
        assert system.records.pupil(PUPIL)


def test_what_cannot_be_accounted_for_is_not_done(office: Office) -> None:
    with one(office.database.as_owner()) as owner:
        owner.execute("ALTER FUNCTION append_access RENAME TO no_more")
        with pytest.raises(Exception, match="append_access"):
            office.destroy()
        owner.execute("ALTER FUNCTION no_more RENAME TO append_access")

    with office.running() as system:
        assert system.records.pupil(PUPIL)


def test_who_looked_at_an_erased_pupil_can_still_be_answered(office: Office) -> None:
    office.destroy()

    assert office.accesses(PUPIL) == [("keys", "destroy_key", "Robin Hale", "given")]


# Nothing more is recorded


def test_an_old_command_sent_again_is_refused_as_erased(office: Office) -> None:
    office.destroy()

    with office.running() as system:
        size = system.records.size()
        with pytest.raises(Erased):
            system.records.admit(ADMIT, asked(key=PUPIL))
        with pytest.raises(Erased):
            system.records.execute(PUPIL, RECORD_MOTHER, asked(key=STORY[1].key))
        assert system.records.size() == size


def test_nothing_can_be_recorded_for_it_again(office: Office) -> None:
    with office.running() as system:
        held_by_another_process = system.records
        office.destroy()
        size = system.records.size()

        for step in STORY[1:]:
            with pytest.raises(Erased):
                held_by_another_process.execute(PUPIL, step.entry, asked(step.actor))  # type: ignore[arg-type]
        assert system.records.size() == size


def test_a_process_that_still_holds_the_key_records_and_shows_nothing(
    office: Office, tmp_path: Path
) -> None:
    """Its keyring looks for changes once a second; the log says it is over at once."""
    store = kept_in(tmp_path / "keyring" / "keys.sqlite")
    late = Keyring(store, office.keys.keks, clock=lambda: 0.0)  # time stands still: no look
    with office.running() as system, pool(office.database.app) as connections:
        records = records_with(office, late, connections)
        assert records.pupil(PUPIL)
        office.destroy()
        size = system.records.size()

        assert late.newest(PUPIL)
        with pytest.raises(Erased):
            records.execute(PUPIL, RECORD_MOTHER, asked())
        with pytest.raises(Erased):
            records.history(PUPIL)
        assert system.records.size() == size


def records_with(office: Office, keyring: Keyring, connections: Pool) -> SendRecords:
    receipts = office.keys.signing.signer(Purpose.RECEIPTS)
    recorder = PostgresRecorder(connections)
    return SendRecords(recorder, Seals(keyring, TRUST), receipts, shipped_rules(), now)


# Refused


def test_a_hold_beats_it_and_nothing_is_changed(office: Office) -> None:
    with office.running() as system:
        hold = asked(DPO)
        system.records.execute(PUPIL, HOLD, hold)
        office.project()
        size, version = system.records.size(), system.records.pupil(PUPIL).version

        with pytest.raises(RecordHeld):
            office.destroy()

        assert (system.records.size(), system.records.pupil(PUPIL).version) == (size, version)
        assert all(rows_of(office, PUPIL).values())
        assert office.keys.seals.keyring.destroyed() == set()
        with one(office.database.as_owner()) as owner:
            marked = "SELECT count(*) FROM data_keys WHERE destroyed_at IS NOT NULL"
            assert owner.execute(marked).fetchone() == (0,)

        release = ReleaseLegalHold(occurred_on=HOLD.occurred_on, hold_id=hold.command_id, why="Won")
        system.records.execute(PUPIL, release, asked(DPO))
        assert not office.destroy()


def test_a_release_that_was_withdrawn_releases_nothing(office: Office) -> None:
    """Nor does a hold that was withdrawn hold."""
    with office.running() as system:
        hold = asked(DPO)
        system.records.execute(PUPIL, HOLD, hold)
        placed = system.records.pupil(PUPIL).version
        release = ReleaseLegalHold(occurred_on=HOLD.occurred_on, hold_id=hold.command_id, why="Won")
        system.records.execute(PUPIL, release, asked(DPO))
        system.records.execute(PUPIL, withdrawal(placed + 1), asked(DPO))

        with pytest.raises(RecordHeld):
            office.destroy()

        system.records.execute(PUPIL, withdrawal(placed), asked(DPO))
        assert not office.destroy()
        assert not any(rows_of(office, PUPIL).values())


def withdrawal(version: int) -> WithdrawEntry:
    return WithdrawEntry(
        occurred_on=HOLD.occurred_on,
        entry_version=version,
        why=WhyWithdrawn.ENTERED_IN_ERROR,
        explanation="Meant for another record",
    )


def test_nothing_is_erased_while_somebody_waits_to_see_it(office: Office) -> None:
    with office.running() as system:
        ask = asked(DPO)
        system.records.execute(PUPIL, ASK, ask)

        with pytest.raises(RecordHeld):
            office.destroy()
        assert office.keys.seals.keyring.destroyed() == set()

        system.records.execute(PUPIL, but(ANSWER, request_id=ask.command_id), asked(DPO))
        assert not office.destroy()


def test_nothing_is_erased_while_a_complaint_is_not_answered(office: Office) -> None:
    with office.running() as system:
        complain = asked(SENCO)
        system.records.execute(PUPIL, COMPLAIN, complain)

        with pytest.raises(RecordHeld):
            office.destroy()

        answer = AnswerComplaint(
            occurred_on=ADMIT.occurred_on,
            complaint_id=complain.command_id,
            outcome=ComplaintOutcome.UPHELD,
            answer="It was put right",
            how="By letter",
        )
        system.records.execute(PUPIL, answer, asked(SENCO))
        assert not office.destroy()


def test_a_stranger_is_not_found_and_nothing_is_changed(office: Office) -> None:
    stranger = uuid4()

    with pytest.raises(NotFound):
        office.destroy(stranger)

    assert office.keys.seals.keyring.destroyed() == set()
    assert office.keys.seals.keyring.make(stranger)  # it may be admitted one day


# Again, and interrupted


def test_doing_it_twice_is_fine(office: Office) -> None:
    assert not office.destroy()
    with office.running() as system:
        size = system.records.size()

        assert office.destroy()

        assert system.records.size() == size
    assert office.findings() == []


def test_done_again_after_it_was_killed_it_is_finished(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for point in ("KEY", "VIEWS", "INDEX"):
        with monkeypatch.context() as patch:
            killed_before(patch, office, point)
            with pytest.raises(KeyboardInterrupt):
                office.destroy(office.others[0] if point == "INDEX" else PUPIL)

    assert office.destroy(PUPIL)
    assert office.destroy(office.others[0])
    assert not any(rows_of(office, PUPIL).values())
    assert office.keys.seals.keyring.destroyed() == {PUPIL, office.others[0]}
    assert len(office.keys.seals.keyring.live(UPN_INDEX)) == 1
    assert office.findings() == []


def killed_before(patch: pytest.MonkeyPatch, office: Office, point: str) -> None:
    """Make the keeper die before the key goes, before the views follow, or before the index."""

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    if point == "KEY":
        patch.setattr(office.keys.seals.keyring, "destroy", die)
    elif point == "VIEWS":
        patch.setattr(Engine, "catch_up", die)
    else:
        patch.setattr("send_records.projections.engine.reindex_if_due", die)


# From nothing, and from an old copy


def test_a_rebuild_from_nothing_has_no_row_of_it_and_differs_in_nothing(office: Office) -> None:
    office.destroy()

    def rebuilt(projection: Projection[Any]) -> Rebuilt:
        owner, seals = office.database.as_owner(), office.keys.seals
        [done] = rebuild(owner, [projection], lambda: nullcontext(seals))
        return done

    for projection in PROJECTIONS:
        assert rebuilt(projection).differences == 0
        with one(office.database.as_owner()) as owner:
            owner.execute(SQL("DELETE FROM {}").format(Identifier(projection.name)))
        done = rebuilt(projection)
        assert done.differences == done.rows
        assert done.rows == len(opened(office, but_of=PUPIL)[projection.name])

    assert not any(rows_of(office, PUPIL).values())
    assert office.findings() == []


def rebuilt_while_erased(
    office: Office, monkeypatch: pytest.MonkeyPatch, *, after: int
) -> list[Rebuilt]:
    """Rebuild every view, and erase the story's pupil once so many pupils are folded."""
    monkeypatch.setattr("send_records.projections.processes.HANDFUL", 1)
    folded = itertools.count(1)

    def erase(done: int, total: int) -> None:
        if next(folded) == after:
            office.destroy()

    seals = office.keys.seals
    owner = office.database.as_owner()
    return rebuild(owner, PROJECTIONS, lambda: nullcontext(seals), progress=erase)


@pytest.mark.parametrize("after", [1, 2, 3])
def test_erased_while_the_views_are_rebuilt_it_does_not_come_back(
    office: Office, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    """The others' tags are under the new index key, too."""
    done = rebuilt_while_erased(office, monkeypatch, after=after)

    assert not any(each.differences for each in done)
    assert not any(rows_of(office, PUPIL).values())
    assert office.findings() == []


@pytest.mark.parametrize("forgotten", ["rise", "retag"])
def test_a_rebuild_that_took_no_notice_of_an_erasure_is_found_out(
    office: Office, monkeypatch: pytest.MonkeyPatch, forgotten: str
) -> None:
    """Planted: it does not bring its tables level with what came meanwhile, or leaves the tags."""
    level = "send_records.projections.rebuild._Level"
    monkeypatch.setattr(f"{level}.{forgotten}", lambda *_: None)

    rebuilt_while_erased(office, monkeypatch, after=3)

    assert office.findings() != []


def matches(office: Office, upn: str, dump: list[bytes | None]) -> int:
    """Return how many tags in a dump are a UPN's, under any index key that the trust still has."""
    return sum(tag in dump for tag in office.keys.seals.index().tags(upn))


def tags(office: Office) -> list[bytes | None]:
    with one(office.database.as_owner()) as owner:
        return [tag for (tag,) in owner.execute("SELECT upn_tag FROM send_register")]


def test_no_tag_in_an_older_dump_can_be_tried_with_a_key_that_is_left(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    dump = tags(office)
    assert (matches(office, STORY_UPN, dump), matches(office, OTHER_UPN, dump)) == (1, 1)
    with monkeypatch.context() as planted:
        planted.setattr("send_records.projections.engine.reindex_if_due", lambda *_: None)
        office.destroy()
        assert matches(office, STORY_UPN, dump) == 1

    office.destroy()

    assert (matches(office, STORY_UPN, dump), matches(office, OTHER_UPN, dump)) == (0, 0)
    with office.running() as system:
        [found] = find_pupils(
            system.views.within(WHOLE_TRUST), upn=OTHER_UPN, name=None, academy=None, limit=5
        ).rows
    assert found.pupil_id == office.others[0]


# Rotation and recovery


def test_a_rotation_is_accounted_for_and_everything_still_opens(office: Office) -> None:
    before = opened(office, but_of=UUID(int=0))
    steps: list[tuple[int, int]] = []

    done = office.keeper.rotate(lambda at, total: steps.append((at, total)))

    assert (done.from_epoch, done.to_epoch, done.keys) == (1, 2, steps[-1][1])
    assert office.keys.keks.epochs() == [2]
    office.keys.seals.keyring.forget()
    assert opened(office, but_of=UUID(int=0)) == before
    assert acts(office) == ["rotate_keys"]


def acts(office: Office) -> list[str]:
    """Return what was done with the keys, in order."""
    with one(office.database.as_owner()) as owner:
        rows = owner.execute("SELECT what FROM access_log WHERE act = 'keys' ORDER BY position")
        return [what for (what,) in rows]


def test_after_a_rotation_an_older_copy_of_the_key_store_opens_nothing(
    office: Office, tmp_path: Path
) -> None:
    copied = copy_of_keys(tmp_path)
    assert open_keyring(kept_in(copied), office.keys.keks).newest(PUPIL)

    office.keeper.rotate(lambda at, total: None)

    with pytest.raises(KekMissing):
        open_keyring(kept_in(copied), office.keys.keks)


def copy_of_keys(folder: Path) -> Path:
    """Copy the key store as a backup does, and return the copy."""
    copied = folder / "older" / "keys.sqlite"
    copied.parent.mkdir(mode=0o700)
    shutil.copy2(folder / "keyring" / "keys.sqlite", copied)
    return copied


def test_any_two_shares_bring_back_a_lost_key(office: Office, tmp_path: Path) -> None:
    made = office.keeper.shares()
    assert acts(office) == ["make_recovery_shares"]
    file = tmp_path / "kek" / "epoch-1.key"
    for pair in ((0, 1), (0, 2), (1, 2)):
        file.unlink()
        office.keys.seals.keyring.forget()
        with pytest.raises(KekMissing):
            office.keys.seals.keyring.newest(PUPIL)

        epoch, secret = recover([made[number] for number in pair])
        office.keys.keks.restore(epoch, secret)

        with office.running() as system:
            assert system.records.pupil(PUPIL).id == PUPIL


def test_an_erasure_before_a_rotation_is_not_undone_by_it(office: Office) -> None:
    office.destroy()

    office.keeper.rotate(lambda at, total: None)

    with pytest.raises(KeyDestroyed):
        office.keys.seals.keyring.newest(PUPIL)
    mapper = EventMapper(office.keys.seals)
    with pool(office.database.app) as connections:
        rows = PostgresRecorder(connections).select_events(PUPIL)
        assert [type(event) for event in mapper.read(rows)][-2:] == [
            ErasedEvent,
            PersonalDataErased,
        ]
