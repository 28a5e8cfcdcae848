"""``POST`` of a command over HTTP, one uvicorn worker, 32 connections, beside bare routes."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from bench.installation import Bench, Subject, process, said
from bench.lines import Line, Spread, Unit, at_least, compare
from bench.lives import OBSERVATION, life
from bench.peers import raw
from bench.rounds import Variant, interleaved
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.reception import issuer
from tests.scenario import ADMIT, SENCO

CONNECTIONS = 32
PUPILS = 4
"""Of each connection, in turn."""
EVENTS = 50

OURS, BARE, LIBRARY = "POST", "bare async route", "sync route, library's save"


@dataclass(frozen=True, slots=True)
class Loader:
    """The load generator, in its process."""

    child: subprocess.Popen[str]

    def put(self, port: int, requests: Sequence[str], seconds: float, **more: Any) -> Any:
        """Put a load on a server, and return what came of it; raise if an answer was an error."""
        asked = {
            "port": port,
            "requests": requests,
            "connections": CONNECTIONS,
            "seconds": seconds,
            **more,
        }
        assert self.child.stdin is not None
        self.child.stdin.write(json.dumps(asked) + "\n")
        self.child.stdin.flush()
        found = said(self.child)
        if "error" in found:
            raise RuntimeError(found["error"])
        return found

    def rate(self, port: int, requests: Sequence[str], seconds: float) -> float:
        """Return answers a second."""
        return float(self.put(port, requests, seconds)["rate"])


@contextmanager
def loader() -> Iterator[Loader]:
    """Start the load generator."""
    with process("bench.load") as child:
        yield Loader(child)


@contextmanager
def serving(kind: str, **environment: str) -> Iterator[int]:
    """Start a server, and yield its port."""
    with process("bench.serve", kind, **environment) as child:
        yield int(said(child))


def request(method: str, path: str, body: str = "", **headers: str) -> str:
    """Return a request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body.encode())}"]
    return "\r\n".join([*lines, "", body])


def token(subject: Subject, academies: Sequence[str] = (ADMIT.academy,)) -> str:
    """Return the header of a SENCo of some academies."""
    subject.appoint(SENCO, ScopeKind.ACADEMIES, academies)
    return f"Bearer {issuer(subject.settings).token(SENCO)}"


def posts(subject: Subject) -> list[str]:
    """Return requests that record an observation of each of some new pupils."""
    body = OBSERVATION.model_dump_json(exclude_none=True)
    headers = {"Authorization": token(subject), "Idempotency_Key": "{key}", "If_Match": "*"}
    pupils = subject.pupils(CONNECTIONS * PUPILS, life(EVENTS))
    path = "/v1/pupils/{}/assessments/observation"
    return [request("POST", path.format(pupil), body, **headers) for pupil in pupils]


def measure(bench: Bench) -> Iterator[Line]:
    """Yield the lines of commands over HTTP."""
    with ExitStack() as stack:
        subject = stack.enter_context(bench.subject("posting"))
        load = stack.enter_context(loader())
        ours = stack.enter_context(serving("records", **subject.environment))
        raw_database = stack.enter_context(bench.peer("raw"))
        raw.make_table(raw_database)
        library_database = stack.enter_context(bench.peer("library"))
        bare = stack.enter_context(serving("bare", BENCH_CONNINFO=raw_database))
        saving = stack.enter_context(serving("saving", BENCH_CONNINFO=library_database))
        body = OBSERVATION.model_dump_json(exclude_none=True)
        path = "/pupils/{key}/observations"
        barely = [request("POST", path, body) for _ in range(CONNECTIONS)]
        seconds = 1.5 * bench.pace.seconds
        variants: dict[str, Variant] = {
            OURS: partial(ours_rate, load, ours, subject, seconds),
            BARE: partial(load.rate, bare, barely, seconds),
            LIBRARY: partial(load.rate, saving, barely, seconds),
        }
        what = f"POST of a command, {CONNECTIONS} connections"
        taken = interleaved(what, variants, bench.pace.rounds)
        yield compare(what, taken, OURS, BARE, at_least(0.5))
        yield compare(what, taken, OURS, LIBRARY, at_least(2.0))
        if isinstance(rates := taken[OURS], list):
            half = Spread.of(rates).median / 2
            yield from latency(load, ours, posts(subject), half, 5 * bench.pace.seconds)


def ours_rate(load: Loader, port: int, subject: Subject, seconds: float) -> float:
    """Return answers a second of our own API, about pupils it has not met."""
    return load.rate(port, posts(subject), seconds)


def latency(
    load: Loader, port: int, requests: Sequence[str], rate: float, seconds: float
) -> Iterator[Line]:
    """Yield how long a POST takes when requests arrive at a rate, answered or not."""
    found = load.put(port, requests, seconds, rate=rate)
    for name in ("p50_ms", "p99_ms"):
        what = f"POST of a command, {rate:,.0f} arrivals a second (half of capacity), {name[:3]}"
        yield Line(what, Unit.MS, Spread.of([found[name]]))
