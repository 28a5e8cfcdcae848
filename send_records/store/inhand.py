"""What was opened and is kept in hand, so that it need not be opened again for the next question.

It is kept no longer than the keys that opened it: dropped with them when any is destroyed, by
whichever process (noticed within a second), and after the same few minutes at the latest.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

from send_records.store.keyring import SECONDS, Keyring

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class InHand(Generic[K, V]):
    """At most so many values by their keys, the least lately used going first; for any thread."""

    def __init__(
        self,
        keyring: Keyring,
        *,
        most: int,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keyring = keyring
        self._most, self._seconds, self._clock = most, seconds, clock
        self._guard = threading.Lock()
        self._kept: OrderedDict[K, tuple[float, V]] = OrderedDict()
        self._emptyings = keyring.emptyings()
        self._tidy_at = clock()

    def now(self) -> int:
        """Return what to hand to ``keep`` with something that is read from now on."""
        return self._keyring.emptyings()

    def get(self, key: K) -> V | None:
        """Return what is kept under a key, or None."""
        emptyings = self._keyring.emptyings()
        with self._guard:
            self._tidy(emptyings)
            until, value = self._kept.get(key, (0.0, None))
            if until <= self._clock():
                self._kept.pop(key, None)
                return None
            self._kept.move_to_end(key)
            return value

    def among(self, keys: Iterable[K]) -> dict[K, V]:
        """Return what is kept under any of many keys, having asked once if it still may be."""
        emptyings = self._keyring.emptyings()
        with self._guard:
            self._tidy(emptyings)
            now, found = self._clock(), dict[K, V]()
            for key in keys:
                until, value = self._kept.get(key, (0.0, None))
                if value is not None and until > now:
                    self._kept.move_to_end(key)
                    found[key] = value
            return found

    def keep(self, key: K, value: V, since: int) -> None:
        """Keep a value, unless keys were destroyed since it began to be read: it may be of them."""
        self.keep_all({key: value}, since)

    def keep_all(self, values: Mapping[K, V], since: int) -> None:
        """Keep values as ``keep`` does."""
        emptyings = self._keyring.emptyings()
        with self._guard:
            self._tidy(emptyings)
            until = self._clock() + self._seconds
            for key, value in values.items() if since == emptyings else ():
                self._kept[key] = (until, value)
                self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def exchange(self, key: K, old: V, new: V) -> None:
        """Keep a new value in the place of the very one it was made from, if that is still kept;
        it goes when the old one would have gone."""
        with self._guard:
            until, kept = self._kept.get(key, (0.0, None))
            if kept is old:
                self._kept[key] = (until, new)

    def drop(self, key: K) -> None:
        """Keep nothing under a key any more."""
        with self._guard:
            self._kept.pop(key, None)

    def _tidy(self, emptyings: int) -> None:
        """Drop everything if keys were destroyed and, from time to time, what has grown too old."""
        now = self._clock()
        if emptyings != self._emptyings:
            self._kept.clear()
            self._emptyings = emptyings
        elif now >= self._tidy_at:
            for key in [key for key, (until, _) in self._kept.items() if until <= now]:
                del self._kept[key]
            self._tidy_at = now + self._seconds / 10
