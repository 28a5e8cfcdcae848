"""What it costs to authorise a request, over HTTP, one uvicorn worker: who calls, what they may,
and the scope of the unit of work; of a request's whole time, and beside a permit that is cached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx2

from bench.installation import Bench, Subject, process, said
from bench.instrumented import CALLER, PERMIT, SCOPE, WHOLE
from bench.lines import Failure, Line, Taken, Unit, alone, at_least, at_most, compare
from bench.lives import OBSERVATION, life
from bench.posting import Loader, loader, request, token
from bench.register_page import ACADEMIES, ROWS, fill
from bench.rounds import Variant, interleaved
from send_records.projections.engine import Engine
from tests.scenario import ADMIT

AT_ONCE = (1, 32)
PUPILS = 128

OURS, CACHED = "authorised", "permit from a cache"


def measure(bench: Bench) -> Iterator[Line]:
    """Yield the lines of authorising."""
    with ExitStack() as stack:
        subject = stack.enter_context(bench.subject("authorising"))
        fill(subject)
        asked = questions(subject)
        servers = {
            each: stack.enter_context(serving(kind, subject))
            for each, kind in ((OURS, "timed"), (CACHED, "cached"))
        }
        load = stack.enter_context(loader())
        for what, requests in asked.items():
            for connections in AT_ONCE:
                named = f"authorising: {what}, {connections} connection{'s' * (connections > 1)}"
                yield from lines_of(bench, load, servers, named, requests, connections)


def questions(subject: Subject) -> Mapping[str, Sequence[str]]:
    """Return what is asked, as it goes over the wire."""
    academies = [*ACADEMIES, ADMIT.academy]
    signed = {"Authorization": token(subject, academies)}
    pupils = subject.pupils(PUPILS, life(10))
    Engine(subject.found.as_projector(), subject.keys.seals).catch_up()
    body = OBSERVATION.model_dump_json(exclude_none=True)
    posting = {**signed, "Idempotency_Key": "{key}", "If_Match": "*"}
    page = f"/v1/register?academy={quote(ACADEMIES[0])}&limit={ROWS}"
    return {
        f"register page of {ROWS} rows": [request("GET", page, **signed)] * max(AT_ONCE),
        "GET of a pupil": [request("GET", f"/v1/pupils/{pupil}", **signed) for pupil in pupils],
        "POST of a command": [
            request("POST", f"/v1/pupils/{pupil}/assessments/observation", body, **posting)
            for pupil in pupils
        ],
    }


@contextmanager
def serving(kind: str, subject: Subject) -> Iterator[int]:
    """Start a server with a watch held to it, and yield its port."""
    with process("bench.instrumented", kind, **subject.environment) as child:
        yield int(said(child))


def lines_of(
    bench: Bench,
    load: Loader,
    servers: Mapping[str, int],
    what: str,
    requests: Sequence[str],
    connections: int,
) -> Iterator[Line]:
    """Yield the shares of a request's time, and answers a second beside a cached permit's."""
    shares: dict[str, list[float]] = {CALLER: [], PERMIT: [], SCOPE: []}

    def rate(port: int) -> float:
        seconds = 1.5 * bench.pace.seconds
        found = load.put(port, requests, seconds, connections=connections)
        if port == servers[OURS]:
            sums = httpx2.get(f"http://127.0.0.1:{port}/taken").json()
            for name, each in shares.items():
                each.append(100 * sums.get(name, 0.0) / sums[WHOLE])
        return float(found["rate"])

    variants: dict[str, Variant] = {each: partial(rate, port) for each, port in servers.items()}
    taken: dict[str, Any] = dict(interleaved(what, variants, bench.pace.rounds))
    yield compare(what, taken, OURS, CACHED, at_least(0.95))
    yield from shares_of(what, shares, taken[OURS])


def shares_of(
    what: str, shares: Mapping[str, Sequence[float]], rates: list[float] | Failure
) -> Iterator[Line]:
    """Yield what part of a request's time each step is, and all together."""
    if isinstance(rates, Failure):
        return
    steps = {name: list(each[1:]) for name, each in shares.items()}  # the first round warms up
    whole = "caller, permit and scope"
    together: Taken = {whole: [sum(each) for each in zip(*steps.values(), strict=True)], **steps}
    for name in together:
        target = at_most(5.0) if name == whole else None
        yield alone(f"{what}, part of its time: {name}", together, name, target, unit=Unit.SHARE)
