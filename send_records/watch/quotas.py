"""How much each person was told of lately: the access log's own count, kept in memory.

Every few seconds at most, whoever asks first reads what the log has since it was last read: what
other processes told is then counted here, and after a restart all of it.  The others do not wait
for that, unless it was not done for long, or they are close to a quota.  In between, what this
process tells is counted as it tells it.  So one process never goes over a quota; another can, by a
``SLACK``-th of it at most for each further process, for whoever has told a person of so many new
pupils looks at the log again before it tells them of the next.

All of it is on the monotonic clock of this process: the database says how long ago something was.
What is held is bounded: no person is told of more than a quota within the hour.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from uuid import UUID

from send_records.store.watching import Watching
from send_records.watch.windows import Window

AT_ONCE = 500
"""Rows that are counted while the others wait."""

OLD = 2.0
"""Seconds after which what was read of the log is read on."""

SLACK = 10
"""The part of a quota, one in so many, that is told of without looking at the log again."""


class Counted(StrEnum):
    """What is counted."""

    OPENED = "opened"
    LISTED = "listed"
    EXPORTED = "exported"


SECONDS = {Counted.OPENED: 3600.0, Counted.LISTED: 3600.0, Counted.EXPORTED: 86_400.0}
"""Over how long each is counted; ``watch_told()`` in the migrations reads as far back."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody is about to be told of, and how much of its kind they may be at most."""

    kind: Counted
    keys: Collection[UUID]
    most: int


class Quotas:
    """Counts what each person is told of; for any number of threads."""

    def __init__(self, log: Watching, now: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._now = now
        self._windows: dict[tuple[Counted, UUID], Window] = {}
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._upto = 0
        self._looks = 0
        self._looked_at: float | None = None

    def take(self, person: UUID, wanted: Sequence[Wanted]) -> tuple[Counted, float] | None:
        """Count what a person is about to be told of, all of it; or none of it, and return what is
        over its quota and in how many seconds it may not be.  Raise AccessNotRecorded if the log
        cannot be read."""
        with self._lock:
            looks, old, waits = self._looks, self._age() > OLD, self._close(person, wanted)
        if old or waits:
            self._look(looks, waits=waits)
        with self._lock:
            now = self._now()
            for want in wanted:
                wait = self._window(want.kind, person).wait(want.keys, want.most, now)
                if wait:
                    return want.kind, wait
            for want in wanted:
                window = self._window(want.kind, person)
                window.fresh += window.unknown(want.keys)
                for key in want.keys:
                    window.add(key, now)
        return None

    def _age(self) -> float:
        return inf if self._looked_at is None else self._now() - self._looked_at

    def _close(self, person: UUID, wanted: Sequence[Wanted]) -> bool:
        """Return whether it must be known better before this is judged, whoever waits for it."""
        if self._age() > 2 * OLD:
            return True
        for want in wanted:
            window = self._window(want.kind, person)
            unknown = window.unknown(want.keys)
            if unknown and window.fresh + unknown > want.most // SLACK:
                return True
        return False

    def _look(self, looks: int, *, waits: bool) -> None:
        """Read on in the log, unless somebody has since it was looked so many times; or is at it,
        and it need not be waited for."""
        if not self._looking.acquire(blocking=waits):
            return
        try:
            if looks == self._looks:
                self._read_on()
        finally:
            self._looking.release()

    def _read_on(self) -> None:
        """Count what the log tells of, some at a time: the others are in a hurry."""
        told, now = self._log.told(after=self._upto), self._now()
        for start in range(0, len(told.rows), AT_ONCE):
            with self._lock:
                for each in told.rows[start : start + AT_ONCE]:
                    window = self._window(Counted(each.kind), each.person)
                    window.add(each.key, now - max(each.seconds_ago, 0.0))
        with self._lock:
            self._sweep(now)
            self._upto, self._looked_at = told.upto, now
            self._looks += 1

    def _window(self, kind: Counted, person: UUID) -> Window:
        found = self._windows.get((kind, person))
        if found is None:
            found = self._windows[kind, person] = Window(SECONDS[kind])
        return found

    def _sweep(self, now: float) -> None:
        """Forget what is over; of whom nothing is left, nothing is held."""
        for whose, window in list(self._windows.items()):
            window.forget(now)
            window.fresh = 0
            if not window:
                del self._windows[whose]
