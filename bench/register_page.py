"""A page of 200 rows of the register over HTTP: names opened and sorted, the access logged; beside
a bare route that returns what PostgreSQL makes of the same rows, unsealed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx2

from bench.installation import Bench, Subject
from bench.latencies import Asked, beside
from bench.lines import Line, at_least
from bench.lives import on_the_register
from bench.peers import routes
from bench.posting import CONNECTIONS, loader, request, serving, token
from send_records.projections.engine import Engine

ACADEMIES = [f"Academy {name}" for name in ("Alder", "Birch", "Cedar", "Damson", "Elm")]
ROWS = 200

OURS, BARE = "GET register", "bare route, json_agg"


def measure(bench: Bench) -> Iterator[Line]:
    """Yield the line of the register."""
    with ExitStack() as stack:
        subject = stack.enter_context(bench.subject("register"))
        fill(subject)
        ours = stack.enter_context(serving("records", **subject.environment))
        pages = [page(ours, subject, academy) for academy in ACADEMIES]
        conninfo = stack.enter_context(bench.peer("register_peer"))
        routes.fill_register(conninfo, [row for rows in pages for row in rows])
        bare = stack.enter_context(serving("aggregating", BENCH_CONNINFO=conninfo))
        load = stack.enter_context(loader())
        authorization = token(subject, ACADEMIES)
        of_ours = [
            request("GET", f"/v1{_path(academy)}&limit={ROWS}", Authorization=authorization)
            for academy in _each_connection()
        ]
        of_bare = [request("GET", _path(academy)) for academy in _each_connection()]
        what = f"register page of {ROWS} rows"
        asked = (OURS, Asked(ours, of_ours)), (BARE, Asked(bare, of_bare))
        yield from beside(what, load, *asked, bench.pace, at_least(0.5))


def _path(academy: str) -> str:
    return f"/register?academy={quote(academy)}"


def _each_connection() -> list[str]:
    return [ACADEMIES[number % len(ACADEMIES)] for number in range(CONNECTIONS)]


def fill(subject: Subject) -> None:
    """Put 200 pupils of each academy on the register."""
    pupils = [
        (uuid4(), f"Pupil {number:03} of {academy}", academy)
        for academy in ACADEMIES
        for number in range(ROWS)
    ]
    for pupil_id, _, _ in pupils:
        subject.keys.seals.keyring.make(pupil_id)
    subject.record(event for pupil in pupils for event in on_the_register(*pupil))
    Engine(subject.found.as_projector(), subject.keys.seals).catch_up()


def page(port: int, subject: Subject, academy: str) -> list[dict[str, Any]]:
    """Return an academy's page, having seen that it is whole."""
    address = f"http://127.0.0.1:{port}/v1{_path(academy)}&limit={ROWS}"
    answer = httpx2.get(address, headers={"Authorization": token(subject, ACADEMIES)}, timeout=30)
    rows: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
    if len(rows) != ROWS:
        raise ValueError(f"{len(rows)} rows of {academy}")
    return rows
