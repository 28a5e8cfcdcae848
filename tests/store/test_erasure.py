"""Two stores and no transaction over both: whatever comes between, erased stays erased.

The log says it first.  The key store follows at once, or at the next start: after a kill between
the two, and after it was restored from a copy made before.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from psycopg import Connection

from send_records.bootstrap import notary
from send_records.custody import Keys
from send_records.disclosure.extract import extract
from send_records.errors import Erased
from send_records.projections.finding import find_pupils
from send_records.store.connections import one, pool
from send_records.store.erasure import ErasureNotNoted, erase_again, mark_destroyed
from send_records.store.keyring import KeyDestroyed, open_keyring
from send_records.store.keystore import SqliteKeyStore
from send_records.store.mapper import ErasedEvent, EventMapper
from send_records.store.recorder import PostgresRecorder
from send_records.store.scopes import WHOLE_TRUST, Scope, within
from send_records.store.sealing import TRUST as TRUST_OWNER
from send_records.store.sealing import UPN_INDEX, Seals
from tests.api.story import PUPIL
from tests.conftest import Cluster
from tests.keys import TRUST
from tests.scenario import RECORD_MOTHER
from tests.store.writing import SEALED, append, event, events
from tests.test_keeper import (
    OTHER_UPN,
    STORY_UPN,
    Office,
    asked,
    copied,
    copy_of_keys,
    killed_before,
    matches,
    office_in,
    rows_of,
    tags,
)

UNMET = (AssertionError, pytest.fail.Exception)
"""How a test ends of what is not so yet: nothing else may be the matter."""


@pytest.fixture(scope="module")
def original(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office_in(cluster, tmp_path_factory.mktemp("office")) as made:
        yield made


@pytest.fixture
def office(cluster: Cluster, original: Office, tmp_path: Path) -> Iterator[Office]:
    with copied(cluster, original, tmp_path) as made:
        yield made


# The log says it first


def test_what_the_log_says_is_destroyed_is_said_once(owner: Connection, app: Connection) -> None:
    stream, other = uuid4(), uuid4()
    append(app, *events(stream, 1, 2))
    append(app, event(other, 1))

    assert mark_destroyed(owner, stream)
    assert not mark_destroyed(owner, stream)
    assert not mark_destroyed(owner, uuid4())
    rows = owner.execute("SELECT stream_id, destroyed_at IS NULL FROM data_keys").fetchall()
    assert dict(rows) == {stream: False, other: True}


def test_every_key_that_the_log_says_is_destroyed_is_destroyed(
    office: Office, tmp_path: Path
) -> None:
    older = copy_of_keys(tmp_path)
    office.destroy()
    office.destroy(office.others[0])
    with restored(office, older) as keys, one(office.database.app) as app:
        keys.seals.keyring.renew(PUPIL)  # all of its keys

        assert erase_again(app, keys.seals) == 2
        assert erase_again(app, keys.seals) == 0

        assert keys.seals.keyring.destroyed() == {PUPIL, office.others[0]}
        assert keys.seals.keyring.live(PUPIL) == []
        assert keys.seals.keyring.newest(office.others[1])


def test_a_key_store_that_never_had_the_key_is_told_too(office: Office, tmp_path: Path) -> None:
    """It was restored from before the admission: no key of that name is to be made again."""
    older = copy_of_keys(tmp_path)
    with sqlite3.connect(older) as store:
        store.execute("DELETE FROM keys WHERE owner = ?", [PUPIL.bytes])
    store.close()
    office.destroy()

    with restored(office, older) as keys, one(office.database.app) as app:
        assert erase_again(app, keys.seals) == 1

        with pytest.raises(KeyDestroyed):
            keys.seals.keyring.make(PUPIL)


@pytest.mark.parametrize("forged", [False, True])
def test_a_mark_that_no_note_bears_out_destroys_nothing(office: Office, forged: bool) -> None:
    """Else whoever can write to the table of keys could have the trust destroy all of them."""
    with one(office.database.as_owner()) as owner:
        owner.execute("SELECT destroy_key(%s)", [PUPIL])
        if forged:
            append_forged_note(owner)

        with pytest.raises(ErasureNotNoted):
            erase_again(owner, office.keys.seals)

    assert office.keys.seals.keyring.newest(PUPIL)


def append_forged_note(owner: Connection) -> None:
    """Append what an administrator without the trust's key could: a note that does not open."""
    [(version,)] = owner.execute(
        "SELECT max(version) FROM events WHERE stream_id = %s", [PUPIL]
    ).fetchall()
    forged = event(PUPIL, version + 1, topic="PersonalDataErased", state=b"\x02" + SEALED[1:])
    append(owner, forged)


# Killed between the two


def killed(office: Office, monkeypatch: pytest.MonkeyPatch, point: str) -> None:
    with monkeypatch.context() as patch:
        killed_before(patch, office, point)
        with pytest.raises(KeyboardInterrupt):
            office.destroy()


def test_killed_before_the_key_went_the_next_start_destroys_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(office, monkeypatch, "KEY")
    assert office.keys.seals.keyring.newest(PUPIL)  # planted: without the next start it stays

    with office.running() as system:
        with pytest.raises(KeyDestroyed):
            office.keys.seals.keyring.newest(PUPIL)
        with pytest.raises(Erased):
            system.records.pupil(PUPIL)
    office.project()
    assert not any(rows_of(office, PUPIL).values())


def test_killed_before_the_key_went_nothing_is_recorded_nor_shown_meanwhile(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office.running() as system:
        killed(office, monkeypatch, "KEY")
        size = system.records.size()

        with pytest.raises(Erased):
            system.records.execute(PUPIL, RECORD_MOTHER, asked())
        with pytest.raises(Erased):
            system.records.history(PUPIL)
        assert system.records.size() == size


def test_killed_before_the_key_went_the_feed_shows_no_words_meanwhile(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office.running() as system:
        killed(office, monkeypatch, "KEY")

        events = system.records.feed(after=0, limit=10_000)

    its = [event for event in events if event.originator_id == PUPIL]
    assert {type(event) for event in its[:-1]} == {ErasedEvent}


def test_killed_before_the_key_went_no_extract_can_be_made_meanwhile(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor with a key store from before: ``send-records extract`` starts no system that looks."""
    killed(office, monkeypatch, "KEY")
    notary(office.database, office.keys.signing, office.keys.places).sign_all()

    with (
        one(office.database.app) as app,
        pytest.raises(Erased),
        within(app, Scope.of(PUPIL)),
    ):
        extract(app, office.keys.seals, office.keys.signing.vkeys(), PUPIL, words=True)


@pytest.mark.parametrize("point", ["KEY", "VIEWS", "INDEX"])
def test_killed_anywhere_the_next_start_leaves_no_key_to_try_older_tags_with(
    office: Office, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    dump = tags(office)
    killed(office, monkeypatch, point)

    with office.running():
        office.project()

    assert matches(office, STORY_UPN, dump) == 0


# A key store from before


@contextmanager
def restored(office: Office, file: Path) -> Iterator[Keys]:
    """Open an older copy of the key store in the place of the present one, as a restore does."""
    store = SqliteKeyStore(file)
    yield replace(office.keys, seals=Seals(open_keyring(store, office.keys.keks), TRUST))
    store.close()


def opens(office: Office, keys: Keys, pupil: UUID) -> bool:
    """Return whether somebody with the keys can read a pupil's events straight from the log."""
    with pool(office.database.app) as connections:
        rows = PostgresRecorder(connections).select_events(pupil, limit=1)
    try:
        return bool([EventMapper(keys.seals).to_domain_event(row) for row in rows])
    except KeyDestroyed:
        return False


def test_a_key_store_from_before_does_not_bring_the_pupil_back(
    office: Office, tmp_path: Path
) -> None:
    older = copy_of_keys(tmp_path)
    office.destroy()
    with restored(office, older) as keys:
        assert opens(office, keys, PUPIL)  # planted: a start that does not look would leave it so

        with office.running(keys) as system:
            assert not opens(office, keys, PUPIL)
            with pytest.raises(Erased):
                system.records.pupil(PUPIL)
            assert system.records.pupil(office.others[0])

    with restored(office, older) as keys:
        assert keys.seals.keyring.destroyed() == {PUPIL}
        assert older.read_bytes().count(PUPIL.bytes) > 0  # that it was there is known, and no more


def test_what_was_destroyed_is_not_in_the_file_of_the_key_store(
    office: Office, tmp_path: Path
) -> None:
    file = tmp_path / "keyring" / "keys.sqlite"
    [kept] = office.keys.seals.keyring._store.load([PUPIL])
    assert kept.wrapped is not None
    assert kept.wrapped in file.read_bytes()

    office.destroy()

    assert kept.wrapped not in file.read_bytes()
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_with_a_key_store_from_before_pupils_are_still_found_by_upn(
    office: Office, tmp_path: Path
) -> None:
    older = copy_of_keys(tmp_path)
    office.destroy()

    with restored(office, older) as keys, office.running(keys) as system:
        replace(office, keys=keys).project()
        found = find_pupils(
            system.views.within(WHOLE_TRUST), upn=OTHER_UPN, name=None, academy=None, limit=5
        ).rows

    assert [row.pupil_id for row in found] == [office.others[0]]


def test_with_a_key_store_from_before_older_tags_say_nothing(
    office: Office, tmp_path: Path
) -> None:
    dump, older = tags(office), copy_of_keys(tmp_path)
    office.destroy()

    with restored(office, older) as keys, office.running(keys):
        replace(office, keys=keys).project()
        assert matches(replace(office, keys=keys), STORY_UPN, dump) == 0


def test_a_key_store_restored_and_the_erasure_done_again_leaves_nothing(
    office: Office, tmp_path: Path
) -> None:
    """What an operator can do today: the keeper's command once more."""
    office.keys.seals.keyring.make(TRUST_OWNER)
    dump, older = tags(office), copy_of_keys(tmp_path)
    office.destroy()

    with restored(office, older) as keys:
        with_older = replace(office, keys=keys)
        assert with_older.destroy()

        assert matches(with_older, STORY_UPN, dump) == 0
        assert keys.seals.keyring.live(UPN_INDEX)
        with office.running(keys) as system:
            found = find_pupils(
                system.views.within(WHOLE_TRUST), upn=OTHER_UPN, name=None, academy=None, limit=5
            ).rows
        assert [row.pupil_id for row in found] == [office.others[0]]
        assert with_older.findings() == []


def test_a_key_store_from_before_the_first_note_does_not_make_another_key_for_the_trust(
    office: Office, tmp_path: Path
) -> None:
    """Two keys of one number: what was sealed under the first would look forged."""
    older = copy_of_keys(tmp_path)
    office.destroy()
    note = office.keys.seals.keyring.newest(TRUST_OWNER)

    with restored(office, older) as keys, office.running(keys):
        replace(office, keys=keys).destroy()

        assert keys.seals.keyring.newest(TRUST_OWNER) == note
