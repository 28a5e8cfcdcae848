"""Whose turn it is: a bucket of tokens for each caller, in the memory of this process.

A bucket is one number: the instant at which it would be full again.  Each request puts that off by
the time one token takes; when it lies further ahead than a whole burst takes, there is none left
(the generic cell rate algorithm: ITU-T I.371, a token bucket that nobody needs to fill).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from send_records.rules.watch import Rate

MOST = 10_000
"""Callers known at once, of one kind: more than the trust has people.  Whoever asked longest ago is
forgotten first, whose bucket is the fullest; so forgetting gives little away."""


@dataclass(slots=True)
class Bucket:
    """What one caller has left."""

    full_at: float
    refused: bool = False
    """Whether it was found empty, and has not been found otherwise since."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Whether a request may go on."""

    wait: float
    """Seconds until it may; 0.0 if now."""
    again: bool = False
    """Whether the caller was told to wait before, and asks all the same."""


GO_ON = Turn(0.0)


class Turns:
    """Gives callers of one kind their turns; for any number of threads and tasks, none of which
    waits for another longer than a few additions take."""

    def __init__(self, now: Callable[[], float] = time.monotonic, most: int = MOST) -> None:
        self._now = now
        self._most = most
        self._buckets: dict[Hashable, Bucket] = {}  # who asked longest ago first
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, caller: Hashable, rate: Rate) -> Turn:
        """Take a token from the caller's bucket, or say how long until there is one."""
        token = 60 / rate.per_minute
        with self._lock:
            now = self._now()
            bucket = self._buckets.pop(caller, None)
            if bucket is None:
                bucket = Bucket(now)
                if len(self._buckets) >= self._most:
                    del self._buckets[next(iter(self._buckets))]
            self._buckets[caller] = bucket
            full_at = max(bucket.full_at, now) + token
            wait = full_at - now - rate.burst * token
            if wait > 1e-9:
                again, bucket.refused = bucket.refused, True
                return Turn(wait, again)
            bucket.full_at, bucket.refused = full_at, False
            return GO_ON
