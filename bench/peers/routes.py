"""Bare routes: the least that FastAPI and PostgreSQL do for the same request."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import orjson
from eventsourcing.application import Application
from fastapi import FastAPI, Response
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel

from bench import lives
from bench.peers import library
from bench.peers.raw import INSERT
from send_records.store.connections import one
from tests.scenario import SENCO

CONNECTIONS = 8
"""Of a pool, as many as ours has."""

REGISTER = """
CREATE TABLE register (
    pupil_id uuid PRIMARY KEY, legal_name text, preferred_name text, date_of_birth date, upn text,
    academy text, nc_year text, version integer, status text, sen_provision text, needs jsonb,
    primary_need text, areas text[], agencies text[], monitored_since date, added_on date,
    added_because text, parents_informed_on date, level_since date, removed_on date,
    removal_criterion text, class_teacher text, last_review_on date, next_review_on date,
    eal boolean, pupil_premium boolean, looked_after boolean, previously_looked_after boolean,
    service_child boolean, young_carer boolean, disability boolean, left_on date
);
CREATE INDEX ON register (academy, legal_name, pupil_id);
"""

PAGE = """
SELECT json_agg(page)::text::bytea FROM (
    SELECT * FROM register WHERE academy = %s AND status = ANY('{targeted,specialist,ehcp}')
    AND left_on IS NULL ORDER BY legal_name, pupil_id LIMIT 200
) AS page
"""

DUTIES = """
CREATE TABLE duties (
    duty_id uuid PRIMARY KEY, pupil_id uuid, academy text, clock text, state text, due_on date,
    started_on date, started_event text, started_version integer, counted_from date, done_on date,
    late boolean, paused_since date, estimate boolean, "window" boolean, role text, acts text,
    rule_id text, what text, until text, citation text, about json, corrected json, pupil json
);
CREATE INDEX ON duties (due_on, duty_id) WHERE state IN ('open', 'paused');
CREATE INDEX ON duties (academy, due_on, duty_id) WHERE state IN ('open', 'paused');
"""

DUE = """
SELECT json_agg(page)::text::bytea FROM (
    SELECT * FROM duties WHERE state IN ('open', 'paused')
    AND NOT ("window" AND due_on < current_date) {} ORDER BY due_on, duty_id LIMIT 200
) AS page
"""
OF_ACADEMY, OVERDUE = "AND academy = %s", "AND paused_since IS NULL AND due_on < current_date"


class Observation(BaseModel):
    """The body that our route takes, without its rules."""

    occurred_on: date
    setting: str
    observed: str


def _app(conninfo: str) -> tuple[FastAPI, AsyncConnectionPool[AsyncConnection]]:
    """Return an app whose pool of connections is open while it runs."""
    pool: AsyncConnectionPool[AsyncConnection] = AsyncConnectionPool(
        conninfo,
        min_size=CONNECTIONS,
        max_size=CONNECTIONS,
        open=False,
        kwargs={"autocommit": True},
    )

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with pool:
            yield

    return FastAPI(lifespan=lifespan), pool


def bare(conninfo: str) -> FastAPI:
    """Return an app with one async route: one insert, one commit."""
    app, pool = _app(conninfo)

    @app.post("/pupils/{pupil_id}/observations", status_code=201)
    async def record(pupil_id: UUID, observation: Observation) -> dict[str, int]:
        words = orjson.dumps(observation.model_dump(mode="json"))
        state = words.ljust(600)  # ours adds who recorded it and when, and seals it
        row: list[Any] = [uuid4(), 1, "ObservationRecorded", 1, SENCO.id, uuid4(), bytes(32)]
        async with pool.connection() as connection:
            done = await connection.execute(INSERT, [*row, "{}", state, bytes(32)], prepare=True)
            found = await done.fetchone()
        return {"position": found[0] if found else 0}

    return app


def saving(conninfo: str) -> FastAPI:
    """Return an app with one sync route that saves a new record through the library."""
    application: Application[UUID] = Application(library.environment(conninfo))
    app = FastAPI()
    recorded = library.fields_of(lives.observation(uuid4(), 3))  # who, when, under which rules

    @app.post("/pupils/{pupil_id}/observations", status_code=201)
    def record(pupil_id: UUID, observation: Observation) -> dict[str, int]:
        said = observation.model_dump(mode="json")
        told = library.Observation({**recorded, **said, "command_id": uuid4()})
        [recording] = application.save(told)
        return {"position": recording.notification.id}

    return app


def aggregating(conninfo: str) -> FastAPI:
    """Return an app with one async route: 200 rows that PostgreSQL itself makes into JSON."""
    app, pool = _app(conninfo)

    @app.get("/register")
    async def get_register(academy: str) -> Response:
        async with pool.connection() as connection:
            done = await connection.execute(PAGE, [academy], prepare=True, binary=True)
            found = await done.fetchone()
        return Response(found[0] if found else b"[]", media_type="application/json")

    return app


def listing(conninfo: str) -> FastAPI:
    """Return an app with one async route: 200 duties that PostgreSQL itself makes into JSON."""
    app, pool = _app(conninfo)

    @app.get("/duties")
    async def get_duties(academy: str | None = None, overdue: bool = False) -> Response:
        query = DUE.format((OF_ACADEMY if academy else "") + (OVERDUE if overdue else ""))
        values = [academy] if academy else []
        async with pool.connection() as connection:
            done = await connection.execute(query.encode(), values, prepare=True, binary=True)
            found = await done.fetchone()
        return Response(found[0] if found else b"[]", media_type="application/json")

    return app


def fill_register(conninfo: str, rows: list[dict[str, Any]]) -> None:
    """Make the table of the bare register, and fill it with rows as our API gives them."""
    _fill(conninfo, "register", REGISTER, rows)


def fill_duties(conninfo: str, rows: list[dict[str, Any]]) -> None:
    """Make the table of the bare duties, and fill it with rows as our API gives them."""
    _fill(conninfo, "duties", DUTIES, rows)


def _fill(conninfo: str, table: str, made: str, rows: list[dict[str, Any]]) -> None:
    into = f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, %s::json)"
    with one(conninfo) as connection:
        connection.execute(made.encode())
        connection.execute(into.encode(), [orjson.dumps(rows).decode()])
        connection.execute(f"VACUUM (ANALYZE) {table}".encode())
