"""Where what waits for the database is done, while the event loop goes on taking requests."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")

AT_ONCE = 40
"""Requests that are worked on at once; others wait in the event loop."""

THREADS = ThreadPoolExecutor(AT_ONCE, "request")


async def in_thread(work: Callable[[], T]) -> T:
    """Do something in another thread, and return its result.  This is the framework's own way with
    a route that is not async, at a third of its price and without its second trip."""
    return await asyncio.get_running_loop().run_in_executor(THREADS, work)
