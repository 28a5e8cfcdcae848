"""Rounds: variants in turn, one round thrown away; and callers at once, each in a thread."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from bench.lines import Failure, PeerAway, Taken

Variant = Callable[[], float]
"""Runs one round of its own and returns its figure; what it needs beforehand is not in it."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to measure."""

    rounds: int
    """Those that count; one more goes before them."""
    seconds: float
    """Of one variant in one round, where it is not the work that says when it ends."""
    share: float
    """Part of the full number of events or samples, where it is."""

    def of(self, number: int) -> int:
        return max(1, round(number * self.share))


THOROUGH = Pace(rounds=5, seconds=1.0, share=1.0)
QUICK = Pace(rounds=2, seconds=0.3, share=0.1)


LONGEST = 120.0
"""Seconds of one variant in one round: a peer has been seen never to come back."""


def tell(words: str) -> None:
    """Say on standard error what is being done."""
    print(words, file=sys.stderr, flush=True)


def interleaved(what: str, variants: Mapping[str, Variant], rounds: int) -> Taken:
    """Run every variant once a round, so that what disturbs the machine disturbs all of them.

    One that fails is left out from then on, and the others go on.
    """
    taken: dict[str, list[float] | Failure] = {name: [] for name in variants}
    for number in range(rounds + 1):
        tell(f"{what}: {f'round {number} of {rounds}' if number else 'warming up'}")
        for name, variant in variants.items():
            figures = taken[name]
            if isinstance(figures, Failure):
                continue
            try:
                gc.collect()  # each pays for its own garbage, not for another's
                with within(LONGEST):
                    figure = variant()
            except PeerAway as away:
                taken[name] = Failure(str(away), skipped=True)
            except Exception as error:
                taken[name] = Failure(f"{name}: {type(error).__name__}: {error}")
            else:
                if number:
                    figures.append(figure)
                continue
            tell(f"{what}: {taken[name]}")
    return taken


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Raise TimeoutError, in the main thread, if the block is not left in time."""

    def late(*_: object) -> None:
        raise TimeoutError(f"not done in {seconds:g} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def milliseconds(work: Callable[[], object]) -> float:
    """Return how many milliseconds something takes."""
    return timed(work) * 1000


def rate_for(callers: Sequence[Callable[[], object]], seconds: float) -> float:
    """Let every caller go on for some seconds; return calls a second, of all together."""

    def go_on(call: Callable[[], object]) -> int:
        calls, until = 0, time.perf_counter() + seconds
        while time.perf_counter() < until:
            call()
            calls += 1
        return calls

    return _rate([partial(go_on, call) for call in callers])


def task_rate_for(callers: Sequence[Callable[[], Awaitable[object]]], seconds: float) -> float:
    """Do as ``rate_for`` does, with a task of one event loop for each caller."""

    async def go_on(call: Callable[[], Awaitable[object]]) -> int:
        calls, until = 0, time.perf_counter() + seconds
        while time.perf_counter() < until:
            await call()
            calls += 1
        return calls

    return _task_rate([go_on(call) for call in callers])


def task_rate_of(callers: Sequence[Callable[[], Awaitable[object]]], times: int) -> float:
    """Do as ``rate_of`` does, with a task of one event loop for each caller."""

    async def repeat(call: Callable[[], Awaitable[object]]) -> int:
        for _ in range(times):
            await call()
        return times

    return _task_rate([repeat(call) for call in callers])


def _task_rate(works: Sequence[Coroutine[object, object, int]]) -> float:
    async def all_at_once() -> list[int]:
        return await asyncio.gather(*works)

    started = time.perf_counter()
    return sum(asyncio.run(all_at_once())) / (time.perf_counter() - started)


def rate_of(callers: Sequence[Callable[[], object]], times: int) -> float:
    """Let every caller call so many times; return calls a second, of all together."""

    def repeat(call: Callable[[], object]) -> int:
        for _ in range(times):
            call()
        return times

    return _rate([partial(repeat, call) for call in callers])


def _rate(works: Sequence[Callable[[], int]]) -> float:
    ready = threading.Barrier(len(works) + 1)
    calls: list[int] = []
    errors: list[BaseException] = []

    def run(work: Callable[[], int]) -> None:
        try:
            ready.wait()
            calls.append(work())
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=[work], daemon=True) for work in works]
    for thread in threads:
        thread.start()
    ready.wait()
    started = time.perf_counter()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - started
    if errors:
        raise errors[0]
    return sum(calls) / elapsed
