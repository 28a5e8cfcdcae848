"""Where what waits for the database is done, while the event loop goes on taking requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

ANSWERING = ThreadPoolExecutor(40, "answering")
"""For what waits for the database most of its time; more requests than threads wait in the loop."""

DECIDING = ThreadPoolExecutor(4, "deciding")
"""For what seldom waits: with more threads than processors, each is only in the others' way."""


async def in_thread(work: Callable[[], T], threads: Executor = ANSWERING) -> T:
    """Do something in another thread, and return its result.  This is the framework's own way with
    a route that is not async, at a third of its price and without its second trip."""
    return await asyncio.get_running_loop().run_in_executor(threads, work)


def threaded(work: Callable[P, T]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Return a route that is all done in another thread."""

    @wraps(work)
    async def waiting(*values: P.args, **named: P.kwargs) -> T:
        return await in_thread(partial(work, *values, **named))

    return waiting
