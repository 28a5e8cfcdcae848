"""Wrapping: each data key in the key store is sealed under its epoch's key-encryption key (KEK).

    an epoch begun ---> its keys wrapped ---> wrapped anew under the next ---> its KEK retired

A wrapped key is bound to its owner and number, so that none can be put in another's row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from send_records.store.keks import Kek, KekMissing, Keks
from send_records.store.keystore import KeptKey, KeyStore, NoEpoch

BATCH = 500  # keys rewrapped in one transaction
ROUND = 100_000  # keys read at once to be rewrapped: some 30 MB


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did: from which epoch to which, and how many keys it rewrapped."""

    from_epoch: int
    to_epoch: int
    keys: int


class Wrapping:
    """The data keys of a key store, as its epochs' KEKs wrap and open them."""

    def __init__(self, store: KeyStore, keks: Keks) -> None:
        self._store, self._keks = store, keks

    def rotate(self, progress: Callable[[int, int], None]) -> Rotation:
        """Wrap all keys under a new epoch's KEK, then retire the older KEKs: with them dies every
        backup of the key store.  If a rotation was cut short, at whatever step, finish that one.

        Others go on using and making keys.  ``progress`` is told how many are done, of how many.
        """
        current, epochs = self.check(), self._keks.epochs()
        cut_short = set(epochs) - {current} or self._store.wrapped_before(current, 1)
        to_epoch = max([current, *epochs]) if cut_short else current + 1
        self._keks.make(to_epoch)
        kek, keks, done = self._keks.kek(to_epoch), dict[int, Kek](), 0
        self._store.begin_epoch(to_epoch)
        while older := self._store.wrapped_before(to_epoch, ROUND):
            total = done + len(older)
            for start in range(0, len(older), BATCH):
                batch = {
                    kept: kek.wrap(key, bound_to(kept.owner, kept.key_no))
                    for kept in older[start : start + BATCH]
                    if (key := self.opened(kept, keks)) is not None
                }
                done += self._store.rewrap(batch, to_epoch)
                progress(done, total)
        self.check()
        for epoch in (epoch for epoch in self._keks.epochs() if epoch < to_epoch):
            self._keks.retire(epoch)
        return Rotation(to_epoch - 1, to_epoch, done)

    def check(self) -> int:
        """Return the epoch; raise NoEpoch, or what is wrong with its KEK: one key must open."""
        epoch = self._store.epoch()
        if epoch is None:
            raise NoEpoch("The key store has no epoch: open it with open_keyring.")
        self._keks.kek(epoch)
        for kept in self._store.wrapped_before(epoch + 1, 1):
            self.opened(kept, {})
        return epoch

    def opened(self, kept: KeptKey, keks: dict[int, Kek]) -> bytes | None:
        """Return a key, None if it was destroyed; ``keks`` are those read so far, by epoch."""
        while kept.wrapped is not None:
            try:
                if kept.epoch not in keks:
                    keks[kept.epoch] = self._keks.kek(kept.epoch)
                return keks[kept.epoch].unwrap(kept.wrapped, bound_to(kept.owner, kept.key_no))
            except KekMissing:  # perhaps a rotation has retired it since the key was read
                again = self._store.find(kept.owner, kept.key_no)
                if again is None or again == kept:
                    raise
                kept = again
        return None


def bound_to(owner: UUID, key_no: int) -> bytes:
    """Return what a key is bound to: its owner and its number."""
    return owner.bytes + key_no.to_bytes(2, "big")
