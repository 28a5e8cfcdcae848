"""What somebody was told of within a length of time: each key once, by when it was told last."""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice
from uuid import UUID


class Window:
    """Counts distinct keys over the last so many seconds, of whichever clock the caller reads.

    A key counts from when it was told last, so that in no span of that length have more been told
    of than ``wait`` let through.
    """

    __slots__ = ("_seconds", "_told", "fresh")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._told: dict[UUID, float] = {}  # the earliest first
        self.fresh = 0
        """Keys told of here for which nobody has looked in the log since."""

    def __len__(self) -> int:
        return len(self._told)

    def add(self, key: UUID, at: float) -> None:
        """Count a key that was told at an instant, unless it is counted from a later one."""
        if self._told.get(key, at) <= at:
            self._told.pop(key, None)
            self._told[key] = at

    def unknown(self, keys: Collection[UUID]) -> int:
        """Return how many of some keys are not counted."""
        return sum(key not in self._told for key in keys)

    def forget(self, now: float) -> None:
        """Stop counting what was told too long ago."""
        over = [key for key, _ in self._until(now - self._seconds)]
        for key in over:
            del self._told[key]

    def _until(self, instant: float) -> list[tuple[UUID, float]]:
        found = []
        for key, at in self._told.items():
            if at >= instant:
                break
            found.append((key, at))
        return found

    def wait(self, keys: Collection[UUID], most: int, now: float) -> float:
        """Return in how many seconds some keys may be told of, so that there are not more than
        ``most``; 0.0 if at once.  Those that are counted already may be told of again."""
        self.forget(now)
        unknown = self.unknown(keys)
        over = len(self._told) + unknown - most
        if over <= 0 or unknown == 0:
            return 0.0
        asked = set(keys)
        going = (at for key, at in self._told.items() if key not in asked)
        last = next(islice(going, over - 1, None), None)
        return self._seconds if last is None else max(last + self._seconds - now, 0.0) + 0.001
