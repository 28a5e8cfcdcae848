"""The schema: each file once, in order, as it was written; and no door in it to set the time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import psycopg
import pytest
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from send_records.bootstrap import Database
from send_records.demo.clock import open_door
from send_records.store import migrate as module
from send_records.store.connections import one
from send_records.store.migrate import (
    Migration,
    MigrationEdited,
    MigrationsPending,
    migrate,
    migrations,
    require_migrated,
)
from send_records.store.roles import provision
from tests.conftest import ROLES, Cluster
from tests.store.audit import rows
from tests.store.writing import append, at_once, event

NAMES = [migration.name for migration in migrations()]


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[Database]:
    """A database with roles and without a schema."""
    name = f"t_{uuid4().hex}"
    with cluster.admin() as admin:
        admin.execute("SELECT pg_advisory_lock(1)")
        passwords = {role: cluster.server.password(role) for role in ROLES.logins}
        provision(admin, ROLES, name, passwords)
    yield cluster.database(name)
    with cluster.admin() as admin:
        admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def test_the_files_are_numbered_without_gaps() -> None:
    assert [migration.number for migration in migrations()] == list(range(1, len(NAMES) + 1))


def test_each_file_is_applied_once(empty: Database) -> None:
    with one(empty.as_owner()) as owner:
        assert migrate(owner, ROLES) == NAMES
        assert migrate(owner, ROLES) == []


def test_several_processes_may_start_at_once(empty: Database) -> None:
    applied: list[list[str]] = []

    def start() -> None:
        with one(empty.as_owner()) as owner:
            applied.append(migrate(owner, ROLES))

    at_once([start] * 4)

    assert sorted(applied) == [[], [], [], NAMES]


def test_a_file_that_fails_leaves_nothing_behind(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = Migration(9999, "9999_broken.sql", "CREATE TABLE half (); SELECT 1 / 0")
    monkeypatch.setattr(module, "migrations", lambda: [*migrations(), broken])

    with one(empty.as_owner()) as owner:
        with pytest.raises(psycopg.errors.DivisionByZero):
            migrate(owner, ROLES)
        monkeypatch.undo()

        assert owner.execute("SELECT to_regclass('events'), to_regclass('half')").fetchone() == (
            None,
            None,
        )
        assert migrate(owner, ROLES) == NAMES


def test_an_edited_file_is_refused(app: Connection, owner: Connection) -> None:
    owner.execute("UPDATE schema_migrations SET sha256 = 'as it was' WHERE number = 2")

    with pytest.raises(MigrationEdited, match=NAMES[1]):
        migrate(owner, ROLES)
    with pytest.raises(MigrationEdited, match=NAMES[1]):
        require_migrated(app)


def test_a_database_behind_its_program_is_refused_with_what_to_do(
    app: Connection, owner: Connection
) -> None:
    require_migrated(app)
    owner.execute("DELETE FROM schema_migrations WHERE number > 1")

    with pytest.raises(MigrationsPending, match=f"Run `send-records migrate`: {NAMES[1]}"):
        require_migrated(app)


def test_so_is_one_that_was_never_migrated(empty: Database) -> None:
    with one(empty.app) as app, pytest.raises(MigrationsPending, match=f"migrate`: {NAMES[0]}"):
        require_migrated(app)


# No door to the clock


ONLY_READ = {
    *("leaf", "access_leaf", "standing", "grants_in_force", "position_at", "watch_anomalies"),
}
"""The functions that take an instant and cannot write: PostgreSQL lets none do so that says it is
stable."""

OF_A_SETTING = ("scope_pupils", "scope_places", "in_maintenance")
"""What reads a setting of the session: each tells who is seen, and none the time."""


def doors(connection: Connection) -> list[str]:
    """Return the ways by which somebody other than the database's clock could say the time."""
    functions = connection.execute(
        "SELECT proname, pg_get_function_arguments(oid), prosrc, provolatile::text FROM pg_proc "
        "WHERE pronamespace = current_schema()::regnamespace"
    ).fetchall()
    clocks = connection.execute("SELECT to_regclass('demo_clock')::text").fetchone()
    found = [] if clocks == (None,) else ["demo_clock"]
    for name, arguments, body, volatile in functions:
        writes = name not in ONLY_READ or volatile == "v"
        if writes and ("time" in arguments or "date" in arguments):
            found.append(f"{name} takes an instant")
        for log, way_in in (("events", "append"), ("access_log", "append_access")):
            if name != way_in and f"insert into {log}" in " ".join(body.lower().split()):
                found.append(f"{name} inserts into {log}")
        if "demo_clock" in body or ("current_setting" in body and name not in OF_A_SETTING):
            found.append(f"{name} asks another clock")
    return found


def test_nothing_can_tell_the_log_the_time(app: Connection) -> None:
    assert doors(app) == []
    assert not any("demo_clock" in migration.text for migration in migrations())


PLANTED = {
    "CREATE FUNCTION backdate(instant timestamptz) RETURNS integer LANGUAGE sql AS 'SELECT 1'": [
        "backdate takes an instant"
    ],
    "ALTER FUNCTION watch_anomalies VOLATILE": ["watch_anomalies takes an instant"],
    "CREATE FUNCTION import() RETURNS void LANGUAGE sql "
    "AS 'INSERT INTO  events SELECT * FROM events'": ["import inserts into events"],
    "CREATE FUNCTION look_back() RETURNS void LANGUAGE sql "
    "AS 'INSERT INTO access_log SELECT * FROM access_log'": ["look_back inserts into access_log"],
    "CREATE FUNCTION clock() RETURNS text LANGUAGE sql AS 'SELECT current_setting(''my.clock'')'": [
        "clock asks another clock"
    ],
}


@pytest.mark.parametrize("planted", PLANTED)
def test_a_door_is_found(app: Connection, owner: Connection, planted: str) -> None:
    owner.execute(planted.encode())

    assert doors(app) == PLANTED[planted]


def test_the_demos_own_door_is_found(app: Connection, owner: Connection) -> None:
    open_door(owner, ROLES)

    assert doors(app) == ["demo_clock", "append asks another clock"]


def test_a_log_in_plain_words_is_not_taken_for_a_sealed_one(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log is never rewritten, so there is nothing that could be done with its words."""
    plain = [migration for migration in migrations() if migration.number < 4]
    with one(empty.as_owner()) as owner:
        with monkeypatch.context() as before:
            before.setattr(module, "migrations", lambda: plain)
            before.setattr(module, "apply_privileges", lambda *_: False)
            migrate(owner, ROLES)
        owner.execute(
            "SET search_path = send_records; SELECT append(gen_random_uuid(), sha256(''), "
            "gen_random_uuid(), ARRAY[gen_random_uuid()], ARRAY[1], ARRAY['Noted'], "
            "ARRAY[1]::smallint[], ARRAY['words'::bytea])"
        )

        with pytest.raises(psycopg.DatabaseError, match="start a new one"):
            migrate(owner, ROLES)
        assert owner.execute("SELECT count(*) FROM events").fetchone() == (1,)


SETTINGS = [
    "SET timezone = 'Pacific/Kiritimati'",
    "SET datestyle = 'German'",
    "SET intervalstyle = 'sql_standard'",
    "SET search_path = elsewhere, pg_catalog, send_records",
    "SET my.clock = '2001-01-01'",
    "SET default_transaction_isolation = 'repeatable read'",
]
"""What an application's role may set, and might hope to bend the time with."""


def times_bent(database: Database, superuser: Connection) -> list[str]:
    """Return the settings under which an entry is not recorded at the time at which it is."""
    superuser.execute(
        "CREATE SCHEMA elsewhere; GRANT USAGE ON SCHEMA elsewhere TO PUBLIC; "
        "CREATE FUNCTION elsewhere.clock_timestamp() RETURNS timestamptz LANGUAGE sql "
        "AS $$ SELECT timestamptz '2001-01-01 UTC' $$"
    )
    bent = []
    for setting in SETTINGS:
        with one(database.app) as app:
            app.execute(setting.encode())
            before = datetime.now(UTC)
            [position] = append(app, event(uuid4(), 1))
            recorded_at = rows(superuser)[position - 1].recorded_at
        if not before <= recorded_at <= datetime.now(UTC):
            bent.append(setting)
    return bent


def test_no_setting_of_the_application_bends_the_time(
    database: Database, superuser: Connection
) -> None:
    assert times_bent(database, superuser) == []


def test_a_function_without_a_search_path_of_its_own_would_be_bent(
    database: Database, superuser: Connection, owner: Connection
) -> None:
    owner.execute("ALTER FUNCTION append RESET search_path")

    assert times_bent(database, superuser) == [SETTINGS[3]]
