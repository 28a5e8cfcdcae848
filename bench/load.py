"""A load generator in a process of its own: raw sockets, requests made beforehand, answers counted.

It reads one JSON object a line and answers each with another.  An answer that is not 2xx ends the
run as an error.  Closed loop: every connection asks as soon as it was answered.  Open loop:
requests arrive at a fixed rate whether or not the last was answered, and a latency counts from
when the request arrived, so that a server that falls behind is seen to.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle
from typing import Any
from uuid import uuid4

KEY = b"{key}"
"""Stands in a request for an id that is to be new each time."""


@dataclass
class Load:
    """What is asked of a server, and how it has gone so far."""

    port: int
    requests: list[bytes]
    connections: int
    seconds: float
    rate: float | None = None
    """Arrivals a second; None for a closed loop."""
    answers: int = 0
    latencies: list[float] = field(default_factory=list)
    """Seconds, of an open loop."""
    error: str | None = None
    until: float = 0.0
    waiting: deque[float] = field(default_factory=deque)
    """When requests arrived that no connection has taken yet."""
    idle: list[Caller] = field(default_factory=list)


class Caller(asyncio.Protocol):
    """One connection, kept alive."""

    def __init__(self, load: Load, requests: list[bytes], done: asyncio.Future[None]) -> None:
        self._load = load
        self._parts = cycle([request.partition(KEY) for request in requests])
        self._done = done
        self._seen = b""
        self._arrived = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def begin(self) -> None:
        """Ask for the first time, or wait to be given an arrival."""
        if self._load.rate is None:
            self.ask(0.0)
        else:
            self._load.idle.append(self)

    def ask(self, arrived: float) -> None:
        """Send the next request."""
        self._arrived = arrived
        before, key, after = next(self._parts)
        asked = before + str(uuid4()).encode() + after if key else before
        self._transport.write(asked)

    def data_received(self, data: bytes) -> None:
        self._seen += data
        end = self._seen.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._seen[:end].lower()
        _, found, length = head.partition(b"\r\ncontent-length:")
        if not found or self._seen[9:10] != b"2":
            self._fail(self._seen[:300].decode(errors="replace"))
        elif len(self._seen) >= end + 4 + int(length.split(b"\r\n", 1)[0]):
            self._seen = b""
            self._answered()

    def _answered(self) -> None:
        load, now = self._load, time.perf_counter()
        load.answers += 1
        if load.rate is not None:
            load.latencies.append(now - self._arrived)
            if load.waiting:
                self.ask(load.waiting.popleft())
            else:
                load.idle.append(self)
        elif now < load.until:
            self.ask(0.0)
        else:
            self._finish()

    def _fail(self, why: str) -> None:
        self._load.error = self._load.error or why
        self._finish()

    def _finish(self) -> None:
        if not self._done.done():
            self._done.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._fail(f"the server closed the connection: {exc}")

    def close(self) -> None:
        """Close the connection; all that was asked is answered, or no matter."""
        self._finish()
        self._transport.close()


async def run(load: Load) -> dict[str, Any]:
    """Put a load on a server, and return how it went."""
    loop = asyncio.get_running_loop()
    callers = []
    for number in range(load.connections):
        mine = load.requests[number % len(load.requests) :: load.connections]
        done = loop.create_future()
        caller = Caller(load, mine, done)
        await loop.create_connection(partial(_itself, caller), "127.0.0.1", load.port)
        callers.append((caller, done))
    started = time.perf_counter()
    load.until = started + load.seconds
    for caller, _ in callers:
        caller.begin()
    if load.rate is None:
        await asyncio.gather(*(done for _, done in callers))
    else:
        await arrivals(load, started)
    elapsed = time.perf_counter() - started
    for caller, _ in callers:
        caller.close()
    if load.error is not None:
        return {"error": load.error}
    times = sorted(load.latencies)
    return {
        "rate": load.answers / elapsed,
        "p50_ms": percentile(times, 0.50) * 1000,
        "p99_ms": percentile(times, 0.99) * 1000,
    }


def _itself(caller: Caller) -> Caller:
    return caller


async def arrivals(load: Load, started: float) -> None:
    """Let requests arrive at the load's rate, and wait until all were answered."""
    assert load.rate is not None
    number, total = 0, int(load.seconds * load.rate)
    while load.error is None and load.answers < total:
        now = time.perf_counter()
        while number < total and (arrived := started + number / load.rate) <= now:
            number += 1
            if load.idle:
                load.idle.pop().ask(arrived)
            else:
                load.waiting.append(arrived)
        if now > load.until + 30:
            load.error = f"{total - load.answers} requests were not answered in 30 s"
        await asyncio.sleep(0.0005)


def percentile(times: list[float], part: float) -> float:
    """Return the time that so great a part of sorted times do not exceed; 0 of none."""
    return times[max(0, math.ceil(len(times) * part) - 1)] if times else 0.0


def main() -> None:
    """Put one load after another on servers, until standard input ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        asked["requests"] = [request.encode() for request in asked["requests"]]
        print(json.dumps(asyncio.run(run(Load(**asked)))), flush=True)


if __name__ == "__main__":
    main()
