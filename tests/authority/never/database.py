"""In the database itself: what no defect of a route ever lets through."""

from __future__ import annotations

from typing import LiteralString

import psycopg
import pytest

from send_records.store.connections import one
from send_records.store.scopes import NOBODY, WHOLE_TRUST, Scope, within
from tests.authority.never.trust import ALDER, Trust, never

VIEWS: tuple[LiteralString, ...] = (
    "whereabouts",
    "events",
    "send_register",
    "chronology",
    "duties",
    "targets",
    "concerns_log",
    "agreements",
    "medical_register",
    "provision_map",
    "evidence_gaps",
)


def counted(connection: psycopg.Connection, table: LiteralString) -> int:
    [(found,)] = connection.execute(f"SELECT count(*) FROM {table}").fetchall()
    return int(found)


@never("The application never sees a row of a pupil in a transaction without a scope")
def _(trust: Trust) -> None:
    with one(trust.database.app) as app:
        assert [counted(app, view) for view in VIEWS] == [0] * len(VIEWS)
        with within(app, NOBODY):
            assert [counted(app, view) for view in VIEWS] == [0] * len(VIEWS)
        with within(app, WHOLE_TRUST):
            assert counted(app, "events") > 0


@never("The application never sees a row of a pupil outside the scope, whatever it selects")
def _(trust: Trust) -> None:
    with one(trust.database.app) as app, within(app, Scope(places=(ALDER,))):
        for view, column in (
            ("whereabouts", "pupil_id"),
            ("send_register", "pupil_id"),
            ("chronology", "pupil_id"),
            ("concerns_log", "pupil_id"),
            ("events", "stream_id"),
        ):
            rows = app.execute(f"SELECT DISTINCT {column} FROM {view}").fetchall()
            found = {pupil for (pupil,) in rows}
            assert trust.aisha.id in found
            assert found.isdisjoint({trust.tomasz.id, trust.moved.id}), view


@never("A scope never outlives its transaction, for whoever is next on the connection")
def _(trust: Trust) -> None:
    with one(trust.database.app) as app:
        with within(app, WHOLE_TRUST):
            assert counted(app, "send_register") > 0
        assert counted(app, "send_register") == 0


def denied(trust: Trust, statement: LiteralString, url: str | None = None) -> None:
    with one(url or trust.database.app) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(statement)


@never("The application never changes or deletes what is in the log")
def _(trust: Trust) -> None:
    denied(trust, "UPDATE events SET sealed = ''")
    denied(trust, "DELETE FROM events")
    denied(trust, "TRUNCATE events")
    denied(trust, "INSERT INTO events DEFAULT VALUES")


@never("The application never changes or deletes who has read")
def _(trust: Trust) -> None:
    denied(trust, "UPDATE access_log SET outcome = 'given'")
    denied(trust, "DELETE FROM access_log")
    denied(trust, "INSERT INTO access_log DEFAULT VALUES")


@never("The application never hands out a role past the log")
def _(trust: Trust) -> None:
    denied(trust, "SELECT * FROM grants")
    denied(trust, "DELETE FROM grants")
    denied(trust, "INSERT INTO grants DEFAULT VALUES")
    denied(trust, "UPDATE whereabouts SET academy = 'Alder Park Academy'")


@never("The application never turns row-level security off")
def _(trust: Trust) -> None:
    denied(trust, "ALTER TABLE send_register DISABLE ROW LEVEL SECURITY")
    denied(trust, "ALTER TABLE send_register NO FORCE ROW LEVEL SECURITY")
    with one(trust.database.app) as app:
        app.execute("SET row_security = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            counted(app, "send_register")


@never("The notary never reads what is written, not even sealed")
def _(trust: Trust) -> None:
    notary = trust.database.as_notary()
    denied(trust, "SELECT sealed FROM events", notary)
    denied(trust, "SELECT * FROM send_register", notary)
    denied(trust, "SELECT * FROM whereabouts", notary)
    denied(trust, "SELECT pupils FROM access_log", notary)


@never("The worker never writes to the log")
def _(trust: Trust) -> None:
    projector = trust.database.as_projector()
    denied(trust, "DELETE FROM events", projector)
    denied(trust, "SELECT * FROM access_log", projector)
    denied(trust, "SELECT * FROM grants", projector)
    denied(trust, "SELECT * FROM sessions", projector)


@never("A name or a word of a record is never in a table in clear")
def _(trust: Trust) -> None:
    with one(trust.database.as_owner()) as owner:
        for table in (*VIEWS, "access_log", "commands", "data_keys", "grants"):
            text = str(owner.execute(f"SELECT t::text FROM {table} t").fetchall())
            for word in ("Rahman", "Nowak", "under the table", "Counts to twenty"):
                assert word not in text, table
                assert word.encode().hex() not in text, table
