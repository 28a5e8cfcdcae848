"""The duties of a trust of 100 academies over HTTP, 200 a page: all, an academy's, those overdue;
beside a bare route that returns what PostgreSQL makes of the same rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx2
from psycopg import Cursor
from psycopg.sql import SQL

from bench.installation import Bench, Subject
from bench.latencies import Asked, beside
from bench.lines import Line
from bench.peers import routes
from bench.posting import CONNECTIONS, loader, request, serving
from bench.rounds import tell, timed
from bench.trust import PUPILS, fill
from send_records.aggregates.base import Actor
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.values import Role
from send_records.projections.conditions import InOrder
from send_records.projections.duties import Duties, Wanted
from send_records.projections.tables import Table
from send_records.reception import issuer
from send_records.store.connections import one
from send_records.store.scopes import WHOLE_TRUST, within

ACADEMIES = 100
ROWS = 200

OFFICER = Actor(id=uuid4(), name="Priya Shah", role=Role.DPO)

OURS, BARE = "GET duties", "bare route, json_agg"


def measure(bench: Bench) -> Iterator[Line]:
    """Yield the lines of the duties."""
    academies = [f"Academy {number:03}" for number in range(bench.pace.of(ACADEMIES))]
    with ExitStack() as stack:
        subject = stack.enter_context(bench.subject("duties"))
        tell(f"duties: recording the pupils of {len(academies)} academies")
        took = timed(lambda: fill(subject, academies))
        tell(f"duties: recorded and projected in {took:.0f} s")
        ours = stack.enter_context(serving("records", **subject.environment))
        rows = list(every(ours, subject))
        conninfo = stack.enter_context(bench.peer("duties_peer"))
        routes.fill_duties(conninfo, rows)
        bare = stack.enter_context(serving("listing", BENCH_CONNINFO=conninfo))
        load = stack.enter_context(loader())
        authorization = officer(subject)
        trust = f"{len(rows):,} duties of {len(academies) * PUPILS:,} pupils"
        for what, wanted in questions(academies).items():
            tell(f"duties: {what}, by {', '.join(indexes(subject, wanted[0]))}")
            paths = [_path(each) for each in wanted]
            same(page(ours, f"/v1{paths[0]}", officer(subject)), page(bare, paths[0]))
            of_ours = [request("GET", f"/v1{p}", Authorization=authorization) for p in paths]
            of_bare = [request("GET", path) for path in paths]
            asked = (OURS, Asked(ours, of_ours)), (BARE, Asked(bare, of_bare))
            named = f"page of {ROWS} of {trust}, {what}"
            yield from beside(named, load, *asked, bench.pace)


def questions(academies: list[str]) -> dict[str, list[Wanted]]:
    """Return what is asked, of each connection."""
    today = datetime.now(UTC).date()
    each = [academies[number % len(academies)] for number in range(CONNECTIONS)]
    return {
        "whole trust": [Wanted(today)] * CONNECTIONS,
        "an academy": [Wanted(today, academy=academy) for academy in each],
        "overdue": [Wanted(today, overdue=True)] * CONNECTIONS,
    }


def officer(subject: Subject) -> str:
    """Return the header of the data-protection officer, who sees the duties of the whole trust."""
    subject.appoint(OFFICER, ScopeKind.TRUST)
    return f"Bearer {issuer(subject.settings).token(OFFICER)}"


def _path(wanted: Wanted) -> str:
    academy = f"&academy={quote(wanted.academy)}" if wanted.academy else ""
    return f"/duties?limit={ROWS}{academy}{'&overdue=true' if wanted.overdue else ''}"


def every(port: int, subject: Subject) -> Iterator[dict[str, Any]]:
    """Yield every duty, open or not, as our API gives them."""
    place = ""
    while True:
        found = got(port, f"/v1/duties?limit={ROWS}&show=all{place}", officer(subject))
        yield from found["data"]
        if not (following := found["meta"]["next"]):
            return
        place = f"&cursor={following}"


def page(port: int, path: str, authorization: str = "") -> list[dict[str, Any]]:
    """Return a page of duties."""
    found = got(port, path, authorization)
    rows: list[dict[str, Any]] = found["data"] if isinstance(found, dict) else found
    return rows


def got(port: int, path: str, authorization: str) -> Any:
    """Return what a server answers."""
    headers = {"Authorization": authorization}
    answer = httpx2.get(f"http://127.0.0.1:{port}{path}", headers=headers, timeout=30)
    return answer.raise_for_status().json()


def same(ours: list[dict[str, Any]], bare: list[dict[str, Any]]) -> None:
    """Raise if two pages are not whole, or not the same."""
    if len(ours) != ROWS or ours != bare:
        raise ValueError(f"{len(ours)} of our duties, {len(bare)} of the bare route's")


def indexes(subject: Subject, wanted: Wanted) -> list[str]:
    """Return by which indexes PostgreSQL finds a page; raise if none of them is of open duties."""
    plan: list[str] = []

    class Explaining(Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
            explained = super().execute(SQL("EXPLAIN {}").format(query), params, **more)
            plan.extend(line for (line,) in explained.fetchall())
            return super().execute(query, params, **more)

    with one(subject.found.app) as connection, within(connection, WHOLE_TRUST):
        connection.cursor_factory = Explaining
        table = Table(Duties(), subject.keys.seals)
        table.in_order(connection, InOrder(wanted.where(), "due_on", None, ROWS + 1))
    found = re.findall(r"(?:using|Index Scan on) (\w+)", "\n".join(plan))
    if not any(name.startswith("duties_open") for name in found):
        raise ValueError("\n".join(plan))
    return found
