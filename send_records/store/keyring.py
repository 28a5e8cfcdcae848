"""The keyring: an owner's data keys, opened, for as long as they may be held in memory.

An owner is whose data a key seals: a pupil, or the trust itself.  Its keys are numbered from 1 and
live in a key store, wrapped under an epoch's key-encryption key (KEK).  To destroy them erases what
they sealed, wherever copies are.  What another process destroyed is noticed within a second.
Python cannot wipe memory: a key that was dropped may stay in the process's pages for a while.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Collection, Mapping
from uuid import UUID

from send_records.store.keks import KEY_BYTES, Kek, Keks
from send_records.store.keystore import KeyStore, OwnerDestroyed
from send_records.store.wrapping import Rotation, Wrapping, bound_to

SECONDS = 300.0  # that a key, or what was opened with it, stays in memory
OwnerKeys = Mapping[int, bytes | None]  # by number; None for one that is destroyed
NONE: tuple[float, OwnerKeys] = (float("-inf"), {})  # of an owner who is not in memory


class KeyDestroyed(LookupError):
    """The key was destroyed, for ever: what it sealed is erased."""


class KeyMissing(LookupError):
    """The key store does not hold the key, and nothing says it was destroyed."""


class KeyStoreLost(Exception):
    """There are KEKs here, and a key store in which nothing ever was."""


class Keyring:
    """Finds, makes and destroys data keys, for any thread; begin with ``open_keyring``.  Keys stay
    in memory for ``seconds``, and at most ``most`` of them.  Any method may raise KeyStoreAway,
    WrongKek, KekMissing or KekExposed."""

    def __init__(
        self,
        store: KeyStore,
        keks: Keks,
        *,
        seconds: float = SECONDS,
        most: int = 50_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._keks = store, keks
        self._wrapping = Wrapping(store, keks)
        self._seconds, self._most, self._clock = seconds, most, clock
        self._turn = threading.RLock()
        self._cache: dict[UUID, tuple[float, OwnerKeys]] = {}  # the oldest first
        self._count, self._forgotten = 0, 0  # keys in it, and times it was emptied
        self._changes, self._look_at = -1, float("-inf")  # what the store said, and when to ask

    def key(self, owner: UUID, key_no: int) -> bytes:
        """Return a key, 32 bytes; raise KeyDestroyed or KeyMissing."""
        keys = self._cached(owner)
        keys = keys if key_no in keys else self._fetch([owner]).get(owner, {})
        return self._of(keys, owner, key_no)

    def newest(self, owner: UUID) -> tuple[int, bytes]:
        """Return an owner's highest key number and its key; raise KeyDestroyed or KeyMissing.  One
        that another process has added is seen within a second."""
        keys = self._cached(owner) or self._fetch([owner]).get(owner, {})
        key_no = max(keys, default=1)
        return key_no, self._of(keys, owner, key_no)

    def make(self, owner: UUID) -> tuple[int, bytes]:
        """Return the newest key, having made the first if the owner has none; every process that
        makes one at once gets the same.  Raise KeyDestroyed for an owner that was destroyed."""
        keys = self._cached(owner) or self._fetch([owner]).get(owner)
        return self.newest(owner) if keys else self._add(owner, 1)

    def renew(self, owner: UUID) -> tuple[int, bytes]:
        """Add an owner's next key, and return it; raise KeyDestroyed if it was destroyed."""
        newest = self._store.newest(owner)
        return self._add(owner, newest.key_no + 1 if newest else 1)

    def live(self, owner: UUID) -> list[tuple[int, bytes]]:
        """Return all live keys with their numbers, the newest first, as the store has them now."""
        keys = {kept.key_no: self._wrapping.opened(kept, {}) for kept in self._store.load([owner])}
        return [(no, key) for no in sorted(keys, reverse=True) if (key := keys[no]) is not None]

    def load(self, owners: Collection[UUID]) -> None:
        """Fetch, in a few queries, the keys of those owners that are not in memory yet."""
        self._fetch([owner for owner in set(owners) if not self._cached(owner)])

    def destroy(self, owner: UUID) -> bool:
        """Destroy an owner's keys for ever, in the store and in memory; True if one was live."""
        was_live = self._store.destroy_owner(owner)
        self.forget()
        return was_live

    def destroy_key(self, owner: UUID, key_no: int) -> bool:
        """Destroy one key of an owner who goes on with others; True if it was live."""
        was_live = self._store.destroy_key(owner, key_no)
        self.forget()
        return was_live

    def destroyed(self) -> set[UUID]:
        """Return the owners whose keys were destroyed for ever."""
        return self._store.destroyed_owners()

    def forget(self) -> None:
        """Drop every key from memory."""
        with self._turn:
            self._cache.clear()
            self._count, self._forgotten = 0, self._forgotten + 1

    def at_hand(self, owner: UUID) -> bool:
        """Whether, at this moment, an owner's keys can be had without asking the store."""
        now = self._clock()
        return now < self._look_at and now < self._cache.get(owner, NONE)[0]

    def emptyings(self) -> int:
        """Return how often the keys were dropped from memory, other than by age: when it has grown,
        drop what was opened with them."""
        if self._clock() >= self._look_at:
            with self._turn:
                self._look()
        return self._forgotten

    def rotate(self, progress: Callable[[int, int], None] = lambda done, total: None) -> Rotation:
        """Wrap all keys under a new epoch's KEK, while others go on using and making keys: see
        ``wrapping``."""
        return self._wrapping.rotate(progress)

    def check(self) -> int:
        """Return the epoch; raise NoEpoch, or what is wrong with its KEK: one key must open."""
        return self._wrapping.check()

    def _add(self, owner: UUID, key_no: int) -> tuple[int, bytes]:
        key, to = os.urandom(KEY_BYTES), bound_to(owner, key_no)
        try:
            self._store.add(owner, key_no, lambda epoch: self._keks.kek(epoch).wrap(key, to))
        except OwnerDestroyed as error:
            raise KeyDestroyed(str(error)) from error
        if key_no > 1:
            self.forget()
        return key_no, self._of(self._fetch([owner]).get(owner, {}), owner, key_no)

    def _of(self, keys: OwnerKeys, owner: UUID, key_no: int) -> bytes:
        key = keys.get(key_no)
        if key is not None:
            return key
        if key_no in keys or owner in self._store.destroyed_owners():
            raise KeyDestroyed(f"Key {key_no} of {owner} was destroyed.")
        raise KeyMissing(
            f"The key store does not hold key {key_no} of {owner}: "
            "restore it from its backup, or configure the right one."
        )

    def _fetch(self, owners: Collection[UUID]) -> dict[UUID, OwnerKeys]:
        """Read keys, and cache them unless the cache was emptied meanwhile: because of these?"""
        forgotten, until = self._forgotten, self._clock() + self._seconds
        found, keks = dict[UUID, dict[int, bytes | None]](), dict[int, Kek]()
        for kept in self._store.load(owners):
            found.setdefault(kept.owner, {})[kept.key_no] = self._wrapping.opened(kept, keks)
        with self._turn:
            for owner, keys in found.items() if forgotten == self._forgotten else ():
                self._pop(owner)
                self._cache[owner] = (until, keys)
                self._count += len(keys)
            while self._count > self._most:
                self._pop(next(iter(self._cache)))
        return dict(found)

    def _cached(self, owner: UUID) -> OwnerKeys:
        now = self._clock()
        if now < self._look_at and now < (found := self._cache.get(owner, NONE))[0]:
            return found[1]  # the common way, which needs no lock: nothing is changed
        with self._turn:
            now = self._look()
            while self._cache and next(iter(self._cache.values()))[0] <= now:
                self._pop(next(iter(self._cache)))
            return self._cache.get(owner, NONE)[1]

    def _look(self) -> float:
        """Forget everything if the store says that keys changed, asked once a second at most;
        return what time it is."""
        now = self._clock()
        if now >= self._look_at:
            changes = self._store.changes()
            if changes != self._changes:
                self.forget()
            self._changes, self._look_at = changes, now + 1.0
        return now

    def _pop(self, owner: UUID) -> None:
        self._count -= len(self._cache.pop(owner, NONE)[1])


def open_keyring(store: KeyStore, keks: Keks, *, seconds: float = SECONDS) -> Keyring:
    """Return the keyring of a store, its first epoch begun if there is none, its KEK checked.

    Epoch 1 is begun before its KEK is made: KEKs beside a store without an epoch are another
    store's.  Raise KeyStoreLost then, and KekMissing, KekExposed or WrongKek if no key would open.
    """
    epochs = keks.epochs()  # read first: another process may be beginning in this very moment
    if epochs and store.epoch() is None:
        raise KeyStoreLost(
            "The key store is new, yet there are KEKs of an older one: restore that key store "
            "or configure it; for a new trust, name an empty folder for the KEKs."
        )
    store.begin_epoch(1)
    untouched = store.epoch() == 1 and store.changes() == 0 and not store.wrapped_before(2, 1)
    if untouched and not epochs:
        keks.make(1)
    keyring = Keyring(store, keks, seconds=seconds)
    keyring.check()
    return keyring
