"""A database that would lose, duplicate or expose records is refused before the first of them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from send_records.bootstrap import Database
from send_records.store.connections import one
from send_records.store.data_directory import SUPERUSER
from send_records.store.embedded import EmbeddedPostgres
from send_records.store.guards import UnsafeDatabase, require_safe
from send_records.store.migrate import MigrationsPending


def test_a_database_as_shipped_is_safe(app: Connection) -> None:
    require_safe(app)


def test_the_librarys_own_functions_are_refused(
    app: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTGRES_ENABLE_DB_FUNCTIONS", "y")

    with pytest.raises(UnsafeDatabase, match="Unset POSTGRES_ENABLE_DB_FUNCTIONS"):
        require_safe(app)


# Durability


@pytest.fixture(scope="module")
def private() -> Iterator[EmbeddedPostgres]:
    """A server of our own, whose settings we may spoil."""
    with tempfile.TemporaryDirectory(prefix="send-records-test-") as folder:
        Path(folder).chmod(0o711)
        with EmbeddedPostgres(Path(folder, "data")) as server:
            yield server


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_could_forget_is_refused(private: EmbeddedPostgres, setting: str) -> None:
    with one(private.conninfo(SUPERUSER, SUPERUSER)) as admin:
        admin.execute(f"ALTER SYSTEM SET {setting} = off".encode())
        admin.execute("SELECT pg_reload_conf()")
        while admin.execute(f"SHOW {setting}".encode()).fetchone() != ("off",):
            pass  # the reload is a signal

        with pytest.raises(UnsafeDatabase, match=f"Set {setting} on"):
            require_safe(admin)

        admin.execute("ALTER SYSTEM RESET ALL")
        admin.execute("SELECT pg_reload_conf()")
        while admin.execute(f"SHOW {setting}".encode()).fetchone() != ("on",):
            pass


def test_commits_that_do_not_wait_are_refused(database: Database, superuser: Connection) -> None:
    superuser.execute(
        SQL("ALTER ROLE {} IN DATABASE {} SET synchronous_commit = off").format(
            Identifier(database.roles.app), Identifier(superuser.info.dbname)
        )
    )

    with one(database.app) as app, pytest.raises(UnsafeDatabase, match="Set synchronous_commit on"):
        require_safe(app)


def test_so_are_they_when_the_connection_asks_for_them(database: Database) -> None:
    hasty = make_conninfo(
        database.app, options="-c search_path=send_records -c synchronous_commit=off"
    )

    with one(hasty) as app, pytest.raises(UnsafeDatabase, match="Set synchronous_commit on"):
        require_safe(app)


# The role


def test_a_superuser_is_refused(superuser: Connection) -> None:
    with pytest.raises(UnsafeDatabase, match="a role of its own"):
        require_safe(superuser)


@pytest.mark.parametrize("power", ["CREATEROLE", "BYPASSRLS"])
def test_a_role_with_powers_is_refused(superuser: Connection, power: str) -> None:
    name = Identifier(f"t_{uuid4().hex}")
    with superuser.transaction(force_rollback=True):
        superuser.execute(SQL("CREATE ROLE {} " + power).format(name))
        superuser.execute(SQL("SET LOCAL ROLE {}").format(name))

        with pytest.raises(UnsafeDatabase, match="a role of its own"):
            require_safe(superuser)


def test_the_owner_is_refused(owner: Connection) -> None:
    with pytest.raises(UnsafeDatabase, match=r"append\(\) only"):
        require_safe(owner)


@pytest.mark.parametrize(
    "too_much",
    [
        "GRANT INSERT ON events TO {app}",
        "GRANT UPDATE (topic) ON events TO {app}",
        "GRANT DELETE ON events TO {app}",
        "GRANT TRUNCATE ON commands TO {app}",
        "GRANT UPDATE ON log_head TO {app}",
        "GRANT INSERT ON commands TO PUBLIC",
    ],
)
def test_a_role_that_may_write_the_log_is_refused(
    database: Database, app: Connection, owner: Connection, too_much: str
) -> None:
    owner.execute(SQL(too_much).format(app=Identifier(database.roles.app)))

    with pytest.raises(UnsafeDatabase, match=r"append\(\) only"):
        require_safe(app)


@pytest.mark.parametrize("through", ["{owner}", "pg_write_all_data"])
def test_so_is_one_that_may_as_a_member_of_another(
    database: Database, superuser: Connection, through: str
) -> None:
    name = Identifier(f"t_{uuid4().hex}")
    other = SQL(through).format(owner=Identifier(database.roles.owner))
    app = Identifier(database.roles.app)
    with superuser.transaction(force_rollback=True):
        superuser.execute(SQL("CREATE ROLE {} IN ROLE {}").format(name, app))
        superuser.execute(SQL("SET LOCAL ROLE {}").format(name))
        require_safe(superuser)
        superuser.execute("RESET ROLE")
        superuser.execute(SQL("GRANT {} TO {}").format(other, name))
        superuser.execute(SQL("SET LOCAL ROLE {}").format(name))

        with pytest.raises(UnsafeDatabase, match=r"append\(\) only"):
            require_safe(superuser)


# The schema


def test_a_database_that_is_not_up_to_date_is_refused(app: Connection, owner: Connection) -> None:
    owner.execute("DELETE FROM schema_migrations WHERE number = 3")

    with pytest.raises(MigrationsPending, match="Run `send-records migrate`: 0003"):
        require_safe(app)


@pytest.mark.parametrize("how", ["DISABLE", "NO FORCE"])
def test_a_table_of_pupils_that_asks_nobody_who_looks_is_refused(
    app: Connection, owner: Connection, how: str
) -> None:
    owner.execute(f"ALTER TABLE duties {how} ROW LEVEL SECURITY".encode())

    with pytest.raises(UnsafeDatabase, match="Put duties under row-level security again, forced"):
        require_safe(app)
