"""Group commit: what waits together is written together, and each is told its own outcome.

Nobody waits for company: there is no timer, and a batch is as large as the traffic makes it.
Threads gather among themselves: whoever comes while nothing is being written writes at once, in the
thread it came in; those who come meanwhile wait, and the first of them then writes for all.  The
tasks of an event loop gather likewise, and one thread writes for them.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")

MOST = 256
"""Items in one batch: beyond that a batch only makes its first wait for its last."""


class NotWritten(Exception):
    """Whoever wrote for this item was interrupted, and did not say what became of it."""


class Waiting(Generic[T, R]):
    """An item, and the thread that waits to hear of it."""

    __slots__ = ("behind", "called", "gone", "item", "leads", "outcome")

    def __init__(self, item: T) -> None:
        self.item = item
        self.outcome: R | Exception = NotWritten()
        self.leads = False
        self.gone = False
        self.behind: Waiting[T, R] | None = None
        self.called = threading.Lock()
        self.called.acquire()


class Gathering(Generic[T, R]):
    """Writes items in batches, one batch at a time, for any number of threads.

    ``write`` is called with at most ``most`` items, and returns what became of each: a result, or
    an exception for the one who gave the item.
    """

    def __init__(
        self, write: Callable[[Sequence[T]], Sequence[R | Exception]], *, most: int = MOST
    ) -> None:
        self._write = write
        self._most = most
        self._guard = threading.Lock()
        self._waiting: deque[Waiting[T, R]] = deque()
        self._busy = False

    def submit(self, item: T) -> R:
        """Return what became of the item once it is written, or raise what it was refused with."""
        mine: Waiting[T, R] = Waiting(item)
        with self._guard:
            self._waiting.append(mine)
            mine.leads, self._busy = not self._busy, True
        if not mine.leads:
            self._wait(mine)
        if mine.leads:
            self._lead()
        if isinstance(mine.outcome, Exception):
            raise mine.outcome
        return mine.outcome

    def _wait(self, mine: Waiting[T, R]) -> None:
        """Return when the outcome is there, or when it is this thread's turn to write."""
        try:
            mine.called.acquire()
        except BaseException:  # interrupted: others must not wait for what it would have done
            with self._guard:
                mine.gone = True
                if mine in self._waiting:
                    self._waiting.remove(mine)
                if mine.leads:
                    self._call_next()
                self._call_behind(mine)
            raise
        self._call_behind(mine)

    def _lead(self) -> None:
        """Write for the first of those who wait, the first of whom is this thread."""
        with self._guard:
            batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
        try:
            outcomes = self._write([waiting.item for waiting in batch])
            for waiting, outcome in zip(batch, outcomes, strict=True):
                waiting.outcome = outcome
        finally:
            with self._guard:
                self._call_next()
                told = [waiting for waiting in batch if waiting.leads or not waiting.gone]
                for waiting, behind in pairwise(told):
                    waiting.behind = behind
            self._call_behind(batch[0])

    def _call_behind(self, waiting: Waiting[T, R]) -> None:
        """Let the one behind hear of its outcome, and then call the next itself: woken all at once,
        they would only queue for the interpreter."""
        if waiting.behind is not None:
            waiting.behind.called.release()

    def _call_next(self) -> None:
        """Let the next one write, if there is one; the caller holds the guard."""
        self._busy = bool(self._waiting)
        if self._busy:
            self._waiting[0].leads = True
            self._waiting[0].called.release()


class TaskGathering(Generic[T, R]):
    """The same for the tasks of an event loop, which must not be held up."""

    def __init__(
        self, write: Callable[[Sequence[T]], Sequence[R | Exception]], *, most: int = MOST
    ) -> None:
        self._write = write
        self._most = most
        self._writer = ThreadPoolExecutor(1, "gathering")
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._task: asyncio.Task[None] | None = None

    async def submit(self, item: T) -> R:
        """Return what became of the item once it is written, or raise what it was refused with."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # another loop, and nothing waits in the one before
            self._loop, self._task = loop, None
            self._waiting.clear()
        outcome: asyncio.Future[R] = loop.create_future()
        self._waiting.append((item, outcome))
        if self._task is None:
            self._task = loop.create_task(self._write_all())
        return await outcome

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            number = min(len(self._waiting), self._most)
            batch = [self._waiting.popleft() for _ in range(number)]
            items = [item for item, _ in batch]
            try:
                outcomes = await loop.run_in_executor(self._writer, self._write, items)
            except Exception:
                outcomes = [NotWritten() for _ in batch]
            for (_, future), outcome in zip(batch, outcomes, strict=True):
                if future.cancelled():
                    continue  # whoever asked is gone; it was written all the same
                if isinstance(outcome, Exception):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)
        self._task = None
