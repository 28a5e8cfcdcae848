"""The keyring: the right key, as long as there is one, and never longer."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from send_records.store import wrapping as module
from send_records.store.keks import Kek, KekFiles, KekMissing, WrongKek
from send_records.store.keyring import KeyDestroyed, KeyMissing, Keyring, KeyStoreLost, open_keyring
from send_records.store.keystore import KeptKey, KeyStore, NoEpoch, SqliteKeyStore
from send_records.store.keystore_postgres import key_store
from send_records.store.wrapping import Rotation
from tests.conftest import Cluster
from tests.store.test_keystores import RewrapsBlindly, empty_database
from tests.store.writing import at_once

OWNER = UUID(int=7)
ANOTHER = UUID(int=8)


class Clock:
    """A clock that goes when it is told to."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Watched:
    """Passes every call on to what it stands for, and tells of it before and after."""

    def __init__(self, inner: object, tell: Callable[[str], object]) -> None:
        self._inner, self._tell = inner, tell

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)

        def passed_on(*arguments: Any) -> Any:
            self._tell(name)
            result = method(*arguments)
            self._tell(f"{name} done")
            return result

        return passed_on


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "keys.sqlite"


@pytest.fixture
def keks(tmp_path: Path) -> KekFiles:
    return KekFiles(tmp_path / "kek")


@pytest.fixture
def store(file: Path) -> Iterator[KeyStore]:
    with closing(SqliteKeyStore(file)) as opened:
        yield opened


@pytest.fixture
def keyring(store: KeyStore, keks: KekFiles) -> Keyring:
    return open_keyring(store, keks)


@pytest.fixture(params=["sqlite", "postgres"])
def where(request: pytest.FixtureRequest, file: Path) -> Iterator[str]:
    """Where a key store can be made."""
    if request.param == "sqlite":
        yield str(file)
    else:
        cluster: Cluster = request.getfixturevalue("cluster")
        with empty_database(cluster) as conninfo:
            yield conninfo


# One owner's keys


def test_a_key_is_made_once(keyring: Keyring, store: KeyStore, keks: KekFiles) -> None:
    key_no, key = keyring.make(OWNER)

    assert key_no == 1
    assert len(key) == 32
    assert keyring.make(OWNER) == keyring.newest(OWNER) == (1, key)
    assert keyring.key(OWNER, 1) == key
    assert open_keyring(store, keks).make(OWNER) == (1, key)
    assert keyring.make(ANOTHER) != (1, key)


def test_a_renewed_key_is_the_newest_and_the_older_ones_stay(keyring: Keyring) -> None:
    _, first = keyring.make(OWNER)

    key_no, second = keyring.renew(OWNER)

    assert key_no == 2
    assert keyring.newest(OWNER) == keyring.make(OWNER) == (2, second)
    assert keyring.key(OWNER, 1) == first
    assert keyring.live(OWNER) == [(2, second), (1, first)]
    assert keyring.renew(ANOTHER)[0] == 1


def test_one_key_is_destroyed_and_its_owner_goes_on(keyring: Keyring) -> None:
    keyring.make(OWNER)
    _, second = keyring.renew(OWNER)

    assert keyring.destroy_key(OWNER, 1) is True

    assert keyring.live(OWNER) == [(2, second)]
    assert keyring.newest(OWNER) == (2, second)
    with pytest.raises(KeyDestroyed):
        keyring.key(OWNER, 1)
    keyring.destroy_key(OWNER, 2)
    with pytest.raises(KeyDestroyed):
        keyring.newest(OWNER)
    with pytest.raises(KeyDestroyed):
        keyring.make(OWNER)
    assert keyring.renew(OWNER)[0] == 3


def test_a_destroyed_owner_has_no_key_and_gets_none(keyring: Keyring) -> None:
    keyring.make(OWNER)
    _, kept = keyring.make(ANOTHER)

    assert keyring.destroy(OWNER) is True
    assert keyring.destroy(OWNER) is False

    asked: list[Callable[[], object]] = [
        lambda: keyring.key(OWNER, 1),
        lambda: keyring.key(OWNER, 2),
        lambda: keyring.newest(OWNER),
        lambda: keyring.make(OWNER),
        lambda: keyring.renew(OWNER),
    ]
    for ask in asked * 2:
        with pytest.raises(KeyDestroyed):
            ask()
    assert keyring.live(OWNER) == []
    assert keyring.destroyed() == {OWNER}
    assert keyring.key(ANOTHER, 1) == kept


def test_an_owner_destroyed_before_it_had_a_key_here_is_destroyed(keyring: Keyring) -> None:
    assert keyring.destroy(OWNER) is False

    for ask in (partial(keyring.key, OWNER, 1), partial(keyring.make, OWNER)):
        with pytest.raises(KeyDestroyed):
            ask()


def test_a_key_that_is_not_there_is_missing(keyring: Keyring) -> None:
    with pytest.raises(KeyMissing, match="restore it from its backup"):
        keyring.key(OWNER, 1)
    with pytest.raises(KeyMissing):
        keyring.newest(OWNER)
    keyring.make(OWNER)
    with pytest.raises(KeyMissing):
        keyring.key(OWNER, 2)


def test_a_wrapped_key_moved_to_another_owner_does_not_open(
    keyring: Keyring, store: KeyStore
) -> None:
    keyring.make(OWNER)
    mine = store.newest(OWNER)
    assert mine is not None
    store.add(ANOTHER, 1, lambda epoch: mine.wrapped or b"")
    store.add(OWNER, 2, lambda epoch: mine.wrapped or b"")

    for owner, key_no in ((ANOTHER, 1), (OWNER, 2)):
        with pytest.raises(WrongKek):
            keyring.key(owner, key_no)


def test_no_key_is_shown(keyring: Keyring) -> None:
    _, key = keyring.make(OWNER)

    shown = repr(keyring) + str(keyring)
    assert key.hex() not in shown
    assert repr(key) not in shown


def make_at(where: str, keks: Path, owners: list[UUID]) -> list[tuple[int, bytes]]:
    """Make keys, as a process of its own does, on its first use."""
    with closing(key_store(where)) as store:
        keyring = open_keyring(store, KekFiles(keks))
        return [keyring.make(owner) for owner in owners]


def test_processes_that_begin_at_once_make_the_same_keys(where: str, tmp_path: Path) -> None:
    owners = [uuid4() for _ in range(40)]
    make = partial(make_at, where, tmp_path / "kek")
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as processes:
        made = list(processes.map(make, [owners] * 3))

    assert made[0] == made[1] == made[2]
    assert len({key for _, key in made[0]}) == 40


def test_threads_use_one_keyring(keyring: Keyring) -> None:
    owners = [uuid4() for _ in range(20)]
    seen: list[list[bytes]] = []

    def use() -> None:
        made = [keyring.make(owner) for owner in owners]
        keyring.load(owners)
        assert made == [(1, keyring.key(owner, 1)) for owner in owners]
        seen.append([key for _, key in made])

    at_once([use] * 6)
    assert all(keys == seen[0] for keys in seen)


# How long it is remembered


@contextmanager
def counted(
    store: KeyStore, keks: KekFiles, **options: Any
) -> Iterator[tuple[Keyring, Clock, list[str]]]:
    """A keyring by a clock of ours, and the calls that its store gets."""
    calls, clock = list[str](), Clock()
    watched = cast(KeyStore, Watched(store, calls.append))
    yield Keyring(watched, keks, clock=clock, **options), clock, calls


def loads(calls: list[str]) -> int:
    """Return how often keys were read since this was last asked."""
    found = calls.count("load")
    calls.clear()
    return found


def test_a_key_is_remembered_for_so_long(keyring: Keyring, store: KeyStore, keks: KekFiles) -> None:
    keyring.make(OWNER)
    with counted(store, keks, seconds=300) as (remembering, clock, calls):
        remembering.key(OWNER, 1)
        clock.now += 299.9
        for _ in range(3):
            remembering.key(OWNER, 1)
            remembering.newest(OWNER)
            remembering.make(OWNER)
        assert loads(calls) == 1

        clock.now += 0.1
        remembering.key(OWNER, 1)
        assert loads(calls) == 1
        remembering.key(OWNER, 1)
        assert loads(calls) == 0
        remembering.forget()
        remembering.key(OWNER, 1)
        assert loads(calls) == 1


def test_what_is_too_old_is_not_kept_in_memory(
    keyring: Keyring, store: KeyStore, keks: KekFiles
) -> None:
    for owner in (OWNER, ANOTHER):
        keyring.make(owner)
    with counted(store, keks, seconds=300) as (remembering, clock, _):
        _, key = remembering.newest(OWNER)
        clock.now += 300
        remembering.newest(ANOTHER)

        assert repr(key) not in repr(vars(remembering))


def test_the_oldest_keys_make_room(keyring: Keyring, store: KeyStore, keks: KekFiles) -> None:
    owners = [uuid4() for _ in range(5)]
    for owner in owners:
        keyring.make(owner)
    keyring.renew(owners[4])
    with counted(store, keks, most=4) as (remembering, _, calls):
        for owner in owners[:4] * 2:
            remembering.key(owner, 1)
        assert loads(calls) == 4

        remembering.key(owners[4], 2)  # it brings two
        assert loads(calls) == 1
        for owner in owners[2:]:
            remembering.key(owner, 1)
        assert loads(calls) == 0
        remembering.key(owners[0], 1)
        assert loads(calls) == 1
        assert sum(len(keys) for _, keys in remembering._cache.values()) == 4


def test_many_owners_are_loaded_at_once_and_only_if_need_be(
    keyring: Keyring, store: KeyStore, keks: KekFiles
) -> None:
    owners = [uuid4() for _ in range(30)]
    made = [keyring.make(owner) for owner in owners[:20]]
    keyring.destroy(owners[0])
    with counted(store, keks) as (remembering, _, calls):
        remembering.load(owners[:10])
        remembering.load(owners)
        assert loads(calls) == 2

        assert [remembering.newest(owner) for owner in owners[1:20]] == made[1:]
        assert loads(calls) == 0
        with pytest.raises(KeyDestroyed):
            remembering.key(owners[0], 1)
        with pytest.raises(KeyMissing):
            remembering.key(owners[25], 1)


def seen_after(store: KeyStore, keks: KekFiles, file: Path, seconds: float) -> bool:
    """Whether a key that another process has destroyed is still given out so much later."""
    with closing(SqliteKeyStore(file)) as elsewhere:
        clock = Clock()
        keyring = Keyring(store, keks, clock=clock)
        keyring.make(OWNER)
        Keyring(elsewhere, keks).destroy(OWNER)
        clock.now += seconds
        with suppress(KeyDestroyed):
            keyring.key(OWNER, 1)
            return True
        return False


def test_a_destruction_elsewhere_is_seen_within_a_second(
    keyring: Keyring, store: KeyStore, keks: KekFiles, file: Path
) -> None:
    assert seen_after(store, keks, file, 1.0) is False


def test_a_counter_that_stands_still_would_be_found(
    keyring: Keyring, store: KeyStore, keks: KekFiles, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "changes", lambda: 0)

    assert seen_after(store, keks, file, 1.0) is True


def test_a_key_renewed_elsewhere_is_seen_within_a_second(
    keyring: Keyring, store: KeyStore, keks: KekFiles
) -> None:
    clock = Clock()
    here = Keyring(store, keks, clock=clock)
    here.make(OWNER)
    renewed = keyring.renew(OWNER)

    assert here.live(OWNER)[0] == renewed
    clock.now += 1
    assert here.newest(OWNER) == here.make(OWNER) == renewed


def test_a_store_is_asked_for_changes_once_a_second(
    keyring: Keyring, store: KeyStore, keks: KekFiles
) -> None:
    keyring.make(OWNER)
    with counted(store, keks) as (remembering, clock, calls):
        for _ in range(40):
            remembering.key(OWNER, 1)
            clock.now += 0.25
        assert calls.count("changes") == 10


def test_what_was_read_before_a_destruction_is_not_remembered_after_it(
    keyring: Keyring, store: KeyStore, keks: KekFiles
) -> None:
    _, key = keyring.make(OWNER)

    def destroy(call: str) -> None:
        if call == "load done" and not reading.destroyed():
            reading.destroy(OWNER)

    reading = Keyring(cast(KeyStore, Watched(store, destroy)), keks)

    assert reading.key(OWNER, 1) == key  # it was asked for before
    with pytest.raises(KeyDestroyed):
        reading.key(OWNER, 1)


def test_what_was_read_before_a_renewal_is_not_remembered_after_it(
    keyring: Keyring, store: KeyStore, keks: KekFiles
) -> None:
    keyring.make(OWNER)
    renewed = list[tuple[int, bytes]]()

    def renew(call: str) -> None:
        if call == "load done" and not renewed:
            renewed.append((0, b""))
            renewed.append(reading.renew(OWNER))

    reading = Keyring(cast(KeyStore, Watched(store, renew)), keks)
    reading.key(OWNER, 1)

    assert reading.newest(OWNER) == renewed[-1]


# Beginning


def test_the_first_use_begins_the_first_epoch(store: KeyStore, keks: KekFiles) -> None:
    open_keyring(store, keks).make(OWNER)

    assert store.epoch() == 1
    assert keks.epochs() == [1]
    open_keyring(store, keks)


def test_a_keyring_without_an_epoch_says_so(store: KeyStore, keks: KekFiles) -> None:
    with pytest.raises(NoEpoch):
        Keyring(store, keks).make(OWNER)
    with pytest.raises(NoEpoch):
        Keyring(store, keks).rotate()


def test_a_lost_kek_is_told_at_the_beginning(
    keyring: Keyring, store: KeyStore, tmp_path: Path
) -> None:
    keyring.make(OWNER)
    elsewhere = KekFiles(tmp_path / "elsewhere")

    with pytest.raises(KekMissing, match="keys recover"):
        open_keyring(store, elsewhere)


@pytest.mark.parametrize("destroyed", [True, False])
def test_no_new_kek_is_made_in_place_of_a_lost_one(
    keyring: Keyring, store: KeyStore, tmp_path: Path, destroyed: bool
) -> None:
    keyring.make(OWNER)
    if destroyed:
        keyring.destroy(OWNER)
    else:
        keyring.rotate()

    with pytest.raises(KekMissing):
        open_keyring(store, KekFiles(tmp_path / "another"))
    assert KekFiles(tmp_path / "another").epochs() == []


def test_the_wrong_kek_is_told_at_the_beginning(
    keyring: Keyring, store: KeyStore, tmp_path: Path
) -> None:
    keyring.make(OWNER)
    wrong = KekFiles(tmp_path / "wrong")
    wrong.make(1)

    with pytest.raises(WrongKek, match="Restore the two together"):
        open_keyring(store, wrong)


def test_a_lost_key_store_is_not_begun_anew(keyring: Keyring, keks: KekFiles, file: Path) -> None:
    keyring.make(OWNER)
    another = file.with_name("another.sqlite")

    with closing(SqliteKeyStore(another)) as empty:
        for _ in range(2):
            with pytest.raises(KeyStoreLost, match="restore that key store"):
                open_keyring(empty, keks)
        assert empty.epoch() is None


# Rotation


def test_all_keys_are_wrapped_anew_and_the_old_kek_is_gone(
    keyring: Keyring, store: KeyStore, keks: KekFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 4)
    monkeypatch.setattr(module, "ROUND", 7)
    made = {owner: keyring.make(owner) for owner in (uuid4() for _ in range(10))}
    before = set(store.load(made))
    told: list[tuple[int, int]] = []

    assert keyring.rotate(lambda done, total: told.append((done, total))) == Rotation(1, 2, 10)

    assert told == [(4, 7), (7, 7), (10, 10)]
    assert keks.epochs() == [2]
    assert {kept.epoch for kept in store.load(made)} == {2}
    assert {kept.wrapped for kept in store.load(made)}.isdisjoint(kept.wrapped for kept in before)
    assert {owner: open_keyring(store, keks).newest(owner) for owner in made} == made
    assert keyring.rotate() == Rotation(2, 3, 10)


def test_an_old_backup_of_the_store_does_not_open_after_a_rotation(
    keyring: Keyring, keks: KekFiles, file: Path
) -> None:
    keyring.make(OWNER)
    shutil.copytree(file.parent, file.parent.with_name("backup"))
    keyring.rotate()

    with closing(SqliteKeyStore(file.parent.with_name("backup") / file.name)) as backup:
        with pytest.raises(KekMissing):
            open_keyring(backup, keks)
        with pytest.raises(KekMissing):
            Keyring(backup, keks).key(OWNER, 1)


def test_a_rotation_does_not_go_on_over_a_key_that_does_not_open(
    keyring: Keyring, store: KeyStore, keks: KekFiles
) -> None:
    keyring.make(OWNER)
    store.add(ANOTHER, 1, lambda epoch: bytes(60))

    for _ in range(2):
        with pytest.raises(WrongKek):
            keyring.rotate()
    assert 1 in keks.epochs()
    store.destroy_owner(ANOTHER)
    keyring.rotate()
    assert len(keks.epochs()) == 1


class RetiresFirst(Keyring):
    """The planted defect: the old KEK goes before all it has wrapped is wrapped anew."""

    def rotate(self, progress: Callable[[int, int], None] = lambda done, total: None) -> Rotation:
        before, opened = self.check(), dict[KeptKey, bytes]()
        self._keks.make(before + 1)
        self._store.begin_epoch(before + 1)
        for kept in self._store.wrapped_before(before + 1, 100):
            opened[kept] = self.key(kept.owner, kept.key_no)
        self._keks.retire(before)
        kek = self._keks.kek(before + 1)
        fresh = {
            kept: kek.wrap(key, module.bound_to(kept.owner, kept.key_no))
            for kept, key in opened.items()
        }
        return Rotation(before, before + 1, self._store.rewrap(fresh, before + 1))


class Killed(BaseException):
    """What no ``except Exception`` takes."""


def world(folder: Path) -> dict[UUID, tuple[int, bytes]]:
    """Make a key store of seven keys, two of them destroyed; return the live ones."""
    with closing(SqliteKeyStore(folder / "keys" / "keys.sqlite")) as store:
        keyring = open_keyring(store, KekFiles(folder / "kek"))
        made = {owner: keyring.make(owner) for owner in (uuid4() for _ in range(7))}
        for owner in list(made)[:2]:
            keyring.destroy(owner)
            del made[owner]
        return made


def problems(folder: Path, made: dict[UUID, tuple[int, bytes]]) -> list[str]:
    """Begin again after a kill, rotate, and return what is not as it should be."""
    keks, found = KekFiles(folder / "kek"), []
    with closing(SqliteKeyStore(folder / "keys" / "keys.sqlite")) as store:
        try:
            keyring = open_keyring(store, keks)
            finished = store.epoch() == 2 and keks.epochs() == [2]
            if {owner: keyring.newest(owner) for owner in made} != made:
                found.append("keys are not what they were, before the rotation is finished")
            done = keyring.rotate()
            keyring.forget()
            if {owner: keyring.newest(owner) for owner in made} != made:
                found.append("keys are not what they were")
        except LookupError as error:
            return [type(error).__name__]
        if keks.epochs() != [done.to_epoch] or store.epoch() != done.to_epoch:
            found.append("older KEKs are left")
        if done.to_epoch != 2 + finished:
            found.append("another rotation was begun before the first was finished")
        if {kept.epoch for kept in store.load(made)} != {done.to_epoch}:
            found.append("keys are left under an older epoch")
    left = sorted(path.name for path in folder.rglob("*") if path.is_file())
    return found + ([] if left == [f"epoch-{done.to_epoch}.key", "keys.sqlite"] else left)


def rotate_and_die(folder: Path, kind: type[Keyring], step: Callable[[str], None]) -> None:
    """Begin and rotate, telling of every step."""
    with closing(SqliteKeyStore(folder / "keys" / "keys.sqlite")) as store:
        watched = Watched(store, step)
        keks = Watched(KekFiles(folder / "kek"), step)
        kind(cast(KeyStore, watched), cast(KekFiles, keks)).rotate()


def after_each_kill(folder: Path, kind: type[Keyring]) -> list[list[str]]:
    """Return what is wrong after a rotation was killed at its first, second, ... last step."""
    made = world(folder / "whole")
    found = list[list[str]]()
    for last in count():
        here = folder / str(last)
        shutil.copytree(folder / "whole", here)
        steps = iter(range(last))

        def step(call: str, steps: Iterator[int] = steps) -> None:
            if next(steps, None) is None:
                raise Killed

        try:
            rotate_and_die(here, kind, step)
        except Killed:
            found.append(problems(here, made))
        else:
            return found
    raise AssertionError("unreachable")


def test_a_rotation_killed_at_any_step_is_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 2)

    found = after_each_kill(tmp_path, Keyring)

    assert len(found) > 40
    assert [step for step in found if step] == []


def test_a_rotation_that_retires_first_would_be_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ["KekMissing"] in after_each_kill(tmp_path, RetiresFirst)


SYSTEM_CALLS = ("open", "link", "unlink", "mkdir", "fsync", "urandom")


def die_in_system_calls(folder: Path) -> None:
    """Kill a process of its own with SIGKILL at each step of a rotation, those of the files too,
    and say what is wrong after that.  Nothing may run beside this, for it forks."""
    module.BATCH = 2
    made = world(folder / "whole")
    for last in count():
        here = folder / str(last)
        shutil.copytree(folder / "whole", here)
        child = os.fork()
        if child == 0:
            rotate_as_a_mortal(here, last)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(last, problems(here, made))  # noqa: T201
        if status == 0:
            return
        assert os.WTERMSIG(status) == signal.SIGKILL


def rotate_as_a_mortal(folder: Path, steps: int) -> None:
    """Rotate, and die after so many calls of the store, the KEKs or the system."""
    left = iter(range(steps))

    def step(call: str) -> None:
        if next(left, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in SYSTEM_CALLS:
        setattr(os, name, mortal(getattr(os, name), step))
    rotate_and_die(folder, Keyring, step)


def mortal(call: Callable[..., Any], step: Callable[[str], None]) -> Callable[..., Any]:
    """Return a system call that counts as a step."""

    def counted(*arguments: Any, **options: Any) -> Any:
        step("system call")
        return call(*arguments, **options)

    return counted


def test_a_rotation_killed_by_the_system_at_any_step_is_finished(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; "
        "from tests.store.test_keyring import die_in_system_calls; "
        "die_in_system_calls(Path(sys.argv[1]))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
    )

    lines = ended.stdout.splitlines()
    assert len(lines) > 60
    assert [line for line in lines if not line.endswith(" []")] == []


def begin_killed(folder: Path) -> list[int]:
    """Return after which steps of the first beginning a second one does not work."""
    failed = list[int]()
    for last in count():
        keks, steps = KekFiles(folder / str(last) / "kek"), iter(range(last))

        def step(call: str, steps: Iterator[int] = steps) -> None:
            if next(steps, None) is None:
                raise Killed

        with closing(SqliteKeyStore(folder / str(last) / "keys" / "keys.sqlite")) as store:
            whole = False
            with suppress(Killed):
                open_keyring(
                    cast(KeyStore, Watched(store, step)), cast(KekFiles, Watched(keks, step))
                )
                whole = True
            try:
                open_keyring(store, keks).make(OWNER)
            except (LookupError, KeyStoreLost):
                failed.append(last)
        if whole:
            assert last > 10
            return failed
    raise AssertionError("unreachable")


def test_a_first_beginning_killed_at_any_step_is_finished(tmp_path: Path) -> None:
    assert begin_killed(tmp_path) == []


# Beside a rotation


def lost_while_minting(store: KeyStore, keks: KekFiles, where: str) -> list[str]:
    """Rotate twice while others make keys, and return what became of these."""
    made, stop = dict[UUID, tuple[int, bytes]](), threading.Event()

    def mint() -> None:
        with closing(key_store(where)) as another:
            minting = Keyring(another, keks)
            while not stop.wait(0.002):  # or SQLite lets nobody else have a turn
                owner = uuid4()
                made[owner] = minting.make(owner)

    def rotate() -> None:
        try:
            for _ in range(3):
                seen = len(made)
                while len(made) < seen + 5:
                    stop.wait(0.001)
                Keyring(store, keks).rotate()
        finally:
            stop.set()

    at_once([mint, mint, rotate])
    fresh, found = Keyring(store, keks), list[str]()
    for owner, key in made.items():
        try:
            if fresh.newest(owner) != key:
                found.append("another key")
        except LookupError as error:
            found.append(type(error).__name__)
    return found + ([] if keks.epochs() == [4] else ["older KEKs"])


def test_keys_made_during_a_rotation_are_kept(where: str, keks: KekFiles) -> None:
    with closing(key_store(where)) as store:
        open_keyring(store, keks)
        assert lost_while_minting(store, keks, where) == []


def mint_at_every_step(store: KeyStore, keks: KekFiles, minting: Keyring) -> list[str]:
    """Rotate while another process makes a key at every step; return what became of those."""
    made = dict[UUID, tuple[int, bytes]]()

    def mint(call: str) -> None:
        if len(made) < 60:
            owner = uuid4()
            made[owner] = minting.make(owner)

    watched = cast(KeyStore, Watched(store, mint))
    Keyring(watched, cast(KekFiles, Watched(keks, mint))).rotate()
    fresh, found = Keyring(store, keks), list[str]()
    for owner, key in made.items():
        try:
            assert fresh.newest(owner) == key
        except LookupError as error:
            found.append(type(error).__name__)
    assert len(made) > 20
    return found + ([] if keks.epochs() == [2] else ["older KEKs"])


def test_a_key_made_at_any_step_of_a_rotation_is_kept(
    keyring: Keyring, store: KeyStore, keks: KekFiles, file: Path
) -> None:
    with closing(SqliteKeyStore(file)) as another:
        assert mint_at_every_step(store, keks, Keyring(another, keks)) == []


class RemembersTheKek:
    """The planted defect: a process that wraps under the KEK it knew when it began."""

    def __init__(self, keks: KekFiles) -> None:
        self._kek = keks.kek(1)

    def kek(self, epoch: int) -> Kek:
        return self._kek


def test_a_process_that_wraps_under_a_kek_it_remembers_would_be_found(
    keyring: Keyring, store: KeyStore, keks: KekFiles, file: Path
) -> None:
    with closing(SqliteKeyStore(file)) as another, pytest.raises(WrongKek):
        mint_at_every_step(store, keks, Keyring(another, cast(KekFiles, RemembersTheKek(keks))))


def revived_by_rotation(store: KeyStore, keks: KekFiles) -> list[tuple[int, bytes]]:
    """Destroy an owner between a rotation's reading and its writing; return its live keys."""
    keyring = Keyring(store, keks)
    keyring.make(OWNER)
    keyring.make(ANOTHER)

    def destroy(call: str) -> None:
        if call == "rewrap":
            keyring.destroy(OWNER)

    Keyring(cast(KeyStore, Watched(store, destroy)), keks).rotate()
    return keyring.live(OWNER)


def test_an_owner_destroyed_during_a_rotation_stays_destroyed(
    keyring: Keyring, store: KeyStore, keks: KekFiles
) -> None:
    assert revived_by_rotation(store, keks) == []


def test_a_rotation_that_revives_a_key_would_be_found(file: Path, keks: KekFiles) -> None:
    with closing(RewrapsBlindly(file)) as store:
        open_keyring(store, keks)
        assert len(revived_by_rotation(store, keks)) == 1


def test_a_key_read_just_before_its_kek_was_retired_is_read_again(
    keyring: Keyring, store: KeyStore, keks: KekFiles
) -> None:
    owners = [uuid4() for _ in range(3)]
    made = [keyring.make(owner) for owner in owners]
    rotated = list[Rotation]()

    def rotate(call: str) -> None:
        if call == "load done" and not rotated:
            rotated.append(keyring.rotate())

    reading = Keyring(cast(KeyStore, Watched(store, rotate)), keks)
    reading.load(owners)

    assert rotated == [Rotation(1, 2, 3)]
    assert [reading.newest(owner) for owner in owners] == made


def test_two_rotations_at_once_lose_nothing(
    keyring: Keyring, store: KeyStore, keks: KekFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BATCH", 3)
    made = {owner: keyring.make(owner) for owner in (uuid4() for _ in range(20))}
    rotated = list[Rotation]()

    def rotate(call: str) -> None:
        if call in ("begin_epoch", "wrapped_before done", "rewrap done") and len(rotated) < 4:
            rotated.append(keyring.rotate())

    Keyring(cast(KeyStore, Watched(store, rotate)), keks).rotate()
    keyring.rotate()

    assert len(rotated) == 4
    fresh = open_keyring(store, keks)
    assert {owner: fresh.newest(owner) for owner in made} == made
    assert len(keks.epochs()) == 1
