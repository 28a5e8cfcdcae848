"""The contract of a key store, kept by a file and by a database alike."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID, uuid4

import pytest
from psycopg.sql import SQL, Identifier

from send_records.store import keystore, keystore_postgres
from send_records.store.connections import one
from send_records.store.data_directory import SUPERUSER
from send_records.store.keystore import (
    KeptKey,
    KeyStore,
    KeyStoreAway,
    KeyStoreExposed,
    NoEpoch,
    OwnerDestroyed,
    SqliteKeyStore,
)
from send_records.store.keystore_postgres import key_store
from tests.conftest import Cluster
from tests.store.writing import at_once

OWNER = UUID(int=7)
ANOTHER = UUID(int=8)


@contextmanager
def empty_database(cluster: Cluster) -> Iterator[str]:
    """Make a database with nothing in it; yield how its superuser reaches it."""
    name = f"k_{uuid4().hex}"
    with cluster.admin() as admin:
        admin.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
    yield cluster.server.conninfo(SUPERUSER, name)
    with cluster.admin() as admin:
        admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Where a key store can be made."""
    if request.param == "sqlite":
        yield str(tmp_path / "keys" / "keys.sqlite")
    else:
        with empty_database(request.getfixturevalue("cluster")) as conninfo:
            yield conninfo


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "keys.sqlite"


@pytest.fixture
def store(where: str) -> Iterator[KeyStore]:
    """A key store in its first epoch."""
    with closing(key_store(where)) as opened:
        opened.begin_epoch(1)
        yield opened


def wrapped(epoch: int) -> bytes:
    return bytes([epoch]) * 4 + os.urandom(56)


def never(epoch: int) -> bytes:
    raise AssertionError("there was a key: none is to be wrapped")


# Keeping


def test_a_new_store_has_no_epoch_and_keeps_no_key(where: str) -> None:
    with closing(key_store(where)) as store:
        assert store.epoch() is None
        with pytest.raises(NoEpoch):
            store.add(OWNER, 1, wrapped)
        assert store.find(OWNER, 1) is None
        assert store.newest(OWNER) is None
        assert store.load([OWNER]) == []
        assert store.destroyed_owners() == set()


def test_a_key_is_kept_under_the_epoch_of_the_moment(store: KeyStore, where: str) -> None:
    first = store.add(OWNER, 1, wrapped)
    store.begin_epoch(2)
    second = store.add(OWNER, 2, wrapped)

    assert (first.epoch, second.epoch) == (1, 2)
    assert second.wrapped is not None
    assert second.wrapped[0] == 2
    with closing(key_store(where)) as another:
        assert another.find(OWNER, 1) == first
        assert another.newest(OWNER) == second
        assert another.find(ANOTHER, 1) is None


def test_a_key_that_is_there_stays_as_it_is(store: KeyStore) -> None:
    first = store.add(OWNER, 1, wrapped)

    assert store.add(OWNER, 1, never) == first


def test_a_wrapping_that_fails_leaves_nothing(store: KeyStore) -> None:
    class Stopped(BaseException):
        pass

    def stop(epoch: int) -> bytes:
        raise Stopped

    with pytest.raises(Stopped):
        store.add(OWNER, 1, stop)

    assert store.find(OWNER, 1) is None
    assert store.add(OWNER, 1, wrapped) == store.find(OWNER, 1)


def test_the_keys_of_any_number_of_owners_are_loaded(store: KeyStore) -> None:
    owners = [uuid4() for _ in range(30)]
    kept = [store.add(owner, 1, wrapped) for owner in owners]
    kept.append(store.add(owners[0], 2, wrapped))
    store.add(ANOTHER, 1, wrapped)

    strangers = [uuid4() for _ in range(40_000)]
    found = store.load({*strangers[:20_000], *owners, *strangers[20_000:]})

    assert sorted(map(repr, found)) == sorted(map(repr, kept))
    assert set(found) == set(kept)
    assert store.load([]) == []


def test_what_is_wrapped_is_not_shown(store: KeyStore) -> None:
    kept = store.add(OWNER, 1, wrapped)

    assert repr(kept.wrapped) not in repr(kept)
    assert str(kept.wrapped) not in str(kept)


# At once


def add_at(where: str, owners: list[UUID]) -> list[KeptKey]:
    """Add keys, as a process of its own does."""
    with closing(key_store(where)) as store:
        store.begin_epoch(1)
        return [store.add(owner, 1, wrapped) for owner in owners]


def test_processes_that_make_the_store_and_the_same_keys_at_once_agree(where: str) -> None:
    owners = [uuid4() for _ in range(40)]
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as processes:
        results = list(processes.map(partial(add_at, where), [owners] * 3))

    assert results[0] == results[1] == results[2]


def test_threads_use_one_store(store: KeyStore) -> None:
    seen: list[set[KeptKey]] = []
    owners = [uuid4() for _ in range(20)]

    at_once([lambda: seen.append({store.add(owner, 1, wrapped) for owner in owners})] * 6)

    assert all(kept == seen[0] for kept in seen)


def kept_behind(first: KeyStore, second: KeyStore) -> list[KeptKey]:
    """Return the keys that are still added to an epoch after the next has begun."""
    began = threading.Event()

    def begin() -> None:
        second.begin_epoch(2)
        began.set()

    beginning = threading.Thread(target=begin)
    left_behind = []

    def wrap(epoch: int) -> bytes:
        beginning.start()
        began.wait(0.5)
        left_behind.append(began.is_set())
        return wrapped(epoch)

    kept = first.add(OWNER, 1, wrap)
    beginning.join()
    return [kept] if left_behind == [True] and kept.epoch == 1 else []


def test_no_key_is_added_to_an_epoch_after_the_next_has_begun(store: KeyStore, where: str) -> None:
    with closing(key_store(where)) as second:
        assert kept_behind(store, second) == []
    assert [kept.owner for kept in store.wrapped_before(2, 10)] == [OWNER]


class ReadsTheEpochFirst(SqliteKeyStore):
    """The planted defect: the epoch is read before the transaction that inserts."""

    def add(self, owner: UUID, key_no: int, wrap: Callable[[int], bytes]) -> KeptKey:
        epoch = self.epoch() or 0
        row = (owner.bytes, key_no, epoch, wrap(epoch))
        with self._writing() as connection:
            connection.execute("INSERT INTO keys VALUES (?, ?, ?, ?)", row)
        return keystore._kept(row)


def test_a_store_that_reads_the_epoch_first_would_be_found(file: Path) -> None:
    with closing(ReadsTheEpochFirst(file)) as first, closing(SqliteKeyStore(file)) as second:
        first.begin_epoch(1)
        assert kept_behind(first, second) != []


# Destroying


def test_a_destroyed_owner_has_no_key_and_never_gets_one(store: KeyStore, where: str) -> None:
    store.add(OWNER, 1, wrapped)
    store.add(OWNER, 2, wrapped)
    other = store.add(ANOTHER, 1, wrapped)

    assert store.destroy_owner(OWNER) is True
    assert store.destroy_owner(OWNER) is False

    with closing(key_store(where)) as another:
        assert [kept.wrapped for kept in another.load([OWNER])] == [None, None]
        assert another.add(OWNER, 2, never) == KeptKey(OWNER, 2, 1, None)
        with pytest.raises(OwnerDestroyed):
            another.add(OWNER, 3, never)
        assert another.destroyed_owners() == {OWNER}
        assert another.find(ANOTHER, 1) == other


def test_an_owner_is_destroyed_before_it_has_a_key(store: KeyStore) -> None:
    assert store.destroy_owner(OWNER) is False

    assert store.destroyed_owners() == {OWNER}
    with pytest.raises(OwnerDestroyed):
        store.add(OWNER, 1, never)


def test_an_owner_goes_on_after_one_of_its_keys_is_destroyed(store: KeyStore) -> None:
    store.add(OWNER, 1, wrapped)
    second = store.add(OWNER, 2, wrapped)

    assert store.destroy_key(OWNER, 1) is True
    assert store.destroy_key(OWNER, 1) is False
    assert store.destroy_key(OWNER, 9) is False

    assert store.find(OWNER, 1) == KeptKey(OWNER, 1, 1, None)
    assert store.newest(OWNER) == second
    assert store.destroyed_owners() == set()
    assert store.add(OWNER, 3, wrapped) == store.newest(OWNER)


def test_every_destruction_and_every_further_key_is_told(store: KeyStore, where: str) -> None:
    with closing(key_store(where)) as watcher:
        store.add(OWNER, 1, wrapped)
        seen = [watcher.changes()]
        for change in (
            lambda: store.add(OWNER, 2, wrapped),
            lambda: store.destroy_key(OWNER, 1),
            lambda: store.destroy_owner(OWNER),
            lambda: store.destroy_owner(ANOTHER),
        ):
            change()
            seen.append(watcher.changes())
        store.begin_epoch(2)
        store.add(uuid4(), 1, wrapped)

        assert seen == sorted(set(seen))
        assert watcher.changes() == seen[-1]


def test_who_adds_and_who_destroys_never_leave_a_live_key(store: KeyStore, where: str) -> None:
    with closing(key_store(where)) as destroyer:

        def add(owner: UUID) -> None:
            for key_no in range(1, 4):
                try:
                    store.add(owner, key_no, wrapped)
                except OwnerDestroyed:
                    return

        for _ in range(20):
            owner = uuid4()
            destroy = partial(destroyer.destroy_owner, owner)
            at_once([partial(add, owner), destroy])  # type: ignore[list-item]
            assert [kept for kept in store.load([owner]) if kept.wrapped] == []


def test_many_that_destroy_and_renew_at_once_do_not_stand_in_each_others_way(where: str) -> None:
    owners = [uuid4() for _ in range(10)]

    def work() -> None:
        with closing(key_store(where)) as store:
            store.begin_epoch(1)
            for owner in owners:
                store.add(owner, 1, wrapped)
                store.add(owner, 2, wrapped)
                store.destroy_key(owner, 1)
                store.rewrap({kept: wrapped(1) for kept in store.load(owners)}, 1)

    at_once([work] * 4)

    with closing(key_store(where)) as store:
        live = [kept.key_no for kept in store.load(owners) if kept.wrapped]
        assert live == [2] * 10


# Rewrapping


def test_an_epoch_never_goes_back(store: KeyStore) -> None:
    store.begin_epoch(3)
    store.begin_epoch(2)
    store.begin_epoch(3)

    assert store.epoch() == 3


def test_live_keys_of_older_epochs_are_found_and_rewrapped(store: KeyStore) -> None:
    owners = [uuid4() for _ in range(5)]
    for owner in owners:
        store.add(owner, 1, wrapped)
    store.destroy_owner(owners[0])
    store.begin_epoch(2)
    store.add(ANOTHER, 1, wrapped)

    older = store.wrapped_before(2, 100)
    assert {kept.owner for kept in older} == set(owners[1:])
    assert len(store.wrapped_before(2, 3)) == 3
    fresh = {kept: wrapped(2) for kept in older}
    assert store.rewrap(fresh, 2) == 4

    assert store.wrapped_before(2, 100) == []
    assert len(store.wrapped_before(3, 100)) == 5
    for kept, new in fresh.items():
        assert store.find(kept.owner, 1) == KeptKey(kept.owner, 1, 2, new)
    assert store.rewrap({}, 2) == 0


def revived(store: KeyStore) -> list[KeptKey]:
    """Return the keys that a rewrapping brings back, which were destroyed since they were read."""
    for owner in (OWNER, ANOTHER):
        store.add(owner, 1, wrapped)
    store.add(ANOTHER, 2, wrapped)
    store.begin_epoch(2)
    older = store.wrapped_before(2, 100)
    store.destroy_owner(OWNER)
    store.destroy_key(ANOTHER, 2)
    store.rewrap({kept: wrapped(2) for kept in older}, 2)
    return [kept for kept in store.load([OWNER, ANOTHER]) if kept.wrapped]


def test_a_key_destroyed_meanwhile_stays_destroyed(store: KeyStore) -> None:
    assert [(kept.owner, kept.key_no) for kept in revived(store)] == [(ANOTHER, 1)]


class RewrapsBlindly(SqliteKeyStore):
    """The planted defect: what is rewrapped is not compared with what was read."""

    def rewrap(self, rewrapped: Mapping[KeptKey, bytes], epoch: int) -> int:
        rows = [(epoch, new, kept.owner.bytes, kept.key_no) for kept, new in rewrapped.items()]
        update = "UPDATE keys SET epoch = ?, wrapped = ? WHERE owner = ? AND key_no = ?"
        with self._writing() as connection:
            return connection.executemany(update, rows).rowcount


def test_a_store_that_rewraps_blindly_would_be_found(file: Path) -> None:
    with closing(RewrapsBlindly(file)) as store:
        store.begin_epoch(1)
        assert len(revived(store)) == 3


def test_a_key_rewrapped_by_another_is_left_alone(store: KeyStore) -> None:
    kept, theirs = store.add(OWNER, 1, wrapped), wrapped(2)
    store.begin_epoch(2)

    assert store.rewrap({kept: theirs}, 2) == 1
    assert store.rewrap({kept: wrapped(2)}, 2) == 0
    assert store.find(OWNER, 1) == KeptKey(OWNER, 1, 2, theirs)


# What is left of a destroyed key


def pieces(kept: list[KeptKey]) -> list[bytes]:
    return [key.wrapped[at : at + 12] for key in kept if key.wrapped for at in (0, 24, 48)]


def left_in_file(file: Path) -> int:
    """Return how many pieces of destroyed keys are in the store's folder: some are destroyed one
    by one, some after rewrapping, between many that come and stay."""
    with closing(SqliteKeyStore(file)) as store:
        store.begin_epoch(1)
        kept = [store.add(uuid4(), 1, lambda epoch: os.urandom(60)) for _ in range(400)]
        gone = pieces(kept[:200])
        for key in kept[:100]:
            store.destroy_owner(key.owner)
        store.begin_epoch(2)
        store.rewrap({key: os.urandom(60) for key in kept[100:]}, 2)
        for key in store.load([key.owner for key in kept[100:200]]):
            gone += pieces([key])
            store.destroy_owner(key.owner)
        there = pieces(store.load([key.owner for key in kept]))
        files = [path.read_bytes() for path in file.parent.rglob("*") if path.is_file()]
    assert len(there) == 600
    assert all(any(piece in content for content in files) for piece in there)
    return sum(piece in content for piece in gone for content in files)


def test_nothing_of_a_destroyed_key_is_left_in_the_file_nor_beside_it(file: Path) -> None:
    assert left_in_file(file) == 0
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_a_store_that_deletes_insecurely_would_be_found(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keystore, "SETTINGS", ("secure_delete=OFF", "synchronous=OFF"))

    assert left_in_file(file) > 0


def left_in_table(store: KeyStore, conninfo: str, afterwards: LiteralString = "SELECT 1") -> int:
    """Return how many pieces of destroyed keys are in the files of the table and of the
    statistics, destroyed while somebody had a snapshot of before."""
    kept = [store.add(uuid4(), 1, lambda epoch: os.urandom(60)) for _ in range(100)]
    gone, stay = kept[10:], kept[:10]
    with one(conninfo) as admin, one(conninfo) as looking:
        looking.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        looking.execute("SELECT count(*) FROM pg_class")
        for key in gone:
            admin.execute("ANALYZE send_records_keys.keys")
            store.destroy_owner(key.owner)
        admin.execute(afterwards)
        admin.execute("CHECKPOINT")
        files = admin.execute(
            "SELECT pg_read_binary_file(pg_relation_filepath(oid)) FROM pg_class "
            "WHERE oid = ANY(%s::regclass[]) ORDER BY oid DESC",
            [["send_records_keys.keys", "pg_statistic", "pg_toast.pg_toast_2619"]],
        ).fetchall()
    contents = [content for (content,) in files]
    assert len(contents) == 3
    assert all(piece in contents[0] for piece in pieces(stay))
    return sum(piece in content for piece in pieces(gone) for content in contents)


@pytest.mark.parametrize("where", ["postgres"], indirect=True)
def test_nothing_of_a_destroyed_key_is_left_in_the_table(store: KeyStore, where: str) -> None:
    assert left_in_table(store, where) == 0


@pytest.mark.parametrize("where", ["postgres"], indirect=True)
@pytest.mark.parametrize("vacuum", ["", "VACUUM ", "VACUUM (FULL) "])
def test_a_table_that_is_only_vacuumed_would_be_found(
    store: KeyStore, where: str, vacuum: LiteralString, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keystore_postgres, "REWRITE", "SELECT 1")

    afterwards = vacuum + "send_records_keys.keys" if vacuum else "SELECT 1"
    assert left_in_table(store, where, afterwards) > 0


@pytest.mark.parametrize("where", ["postgres"], indirect=True)
def test_a_column_with_statistics_would_be_found(store: KeyStore, where: str) -> None:
    with one(where) as admin:
        admin.execute(
            "ALTER TABLE send_records_keys.keys ALTER COLUMN wrapped SET STATISTICS DEFAULT"
        )

    assert left_in_table(store, where) > 0


# Who may read it, and when it is away


def test_a_file_is_ours_alone(file: Path) -> None:
    with closing(SqliteKeyStore(file)):
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o644, 0o606])
def test_a_file_that_others_may_read_is_refused(file: Path, mode: int) -> None:
    SqliteKeyStore(file).close()
    file.chmod(mode)

    with pytest.raises(KeyStoreExposed, match="chmod 600"):
        SqliteKeyStore(file)


def test_a_folder_that_others_may_enter_is_refused(file: Path) -> None:
    SqliteKeyStore(file).close()
    file.parent.chmod(0o755)

    with pytest.raises(KeyStoreExposed, match="chmod 700"):
        SqliteKeyStore(file)


def test_a_file_that_somebody_holds_on_to_is_away(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keystore, "BUSY_SECONDS", 0.1)
    with closing(SqliteKeyStore(file)) as store, closing(sqlite3.connect(file)) as other:
        store.begin_epoch(1)
        other.execute("BEGIN EXCLUSIVE")
        for ask in (store.epoch, lambda: store.destroy_owner(OWNER)):
            with pytest.raises(KeyStoreAway):
                ask()
        other.rollback()

        assert store.destroyed_owners() == set()


def test_a_store_that_is_closed_is_away(where: str) -> None:
    store = key_store(where)
    store.close()

    with pytest.raises((KeyStoreAway, sqlite3.ProgrammingError)):
        store.epoch()


@pytest.mark.parametrize(
    ("place", "kind"),
    [
        ("postgresql://keys@host/keys", "postgres"),
        ("postgres:///keys", "postgres"),
        ("host=/run/postgresql dbname=keys", "postgres"),
        ("/var/lib/keys.sqlite", "sqlite"),
        ("/var/lib/trust=a/keys.sqlite", "sqlite"),
        ("./trust=a/keys.sqlite", "sqlite"),
        ("keys/keys.sqlite", "sqlite"),
    ],
)
def test_a_place_says_which_store_it_is(
    place: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def named(name: str) -> Callable[[Any], tuple[str, str]]:
        return lambda where: (name, str(where))

    monkeypatch.setattr(keystore_postgres, "PostgresKeyStore", named("postgres"))
    monkeypatch.setattr(keystore_postgres, "SqliteKeyStore", named("sqlite"))

    chosen: Any = key_store(place)
    assert chosen == (kind, str(Path(place)) if kind == "sqlite" else place)
