"""What a database must be before the application will work on it.

Each refusal is something that was measured to lose, duplicate or expose records
(``security.md``, "What was measured").
"""

from __future__ import annotations

import os

from psycopg import Connection

from send_records.store.migrate import require_migrated
from send_records.store.privileges import TABLES


class UnsafeDatabase(Exception):
    """The database, or the role, would not keep what this system promises."""


def require_safe(connection: Connection, *, throwaway: bool = False) -> None:
    """Raise UnsafeDatabase, saying what to change, or MigrationsPending.

    ``connection`` is one of the application's own, as its role; ``throwaway`` says that a clock
    which can be set is meant, as in the demo.
    """
    if os.environ.get("POSTGRES_ENABLE_DB_FUNCTIONS"):
        raise UnsafeDatabase(
            "Unset POSTGRES_ENABLE_DB_FUNCTIONS: with it a reader of the log misses events."
        )
    if connection.info.server_version < 160000:
        raise UnsafeDatabase("Use PostgreSQL 16 or later.")
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        row = connection.execute("SELECT current_setting(%s)", [setting]).fetchone()
        if row == ("off",):
            raise UnsafeDatabase(f"Set {setting} on: an acknowledged entry could be lost.")
    role = connection.execute(
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole "
        "FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    if role != (False,):
        raise UnsafeDatabase(
            "Give the application a role of its own, without SUPERUSER, BYPASSRLS or CREATEROLE."
        )
    require_migrated(connection)
    door = connection.execute("SELECT to_regclass('demo_clock') IS NOT NULL").fetchone()
    if door != (False,) and not throwaway:
        raise UnsafeDatabase("This is a demo's database, whose clock can be set: use another.")
    may_write = connection.execute(
        "SELECT bool_or(pg_has_role(relowner, 'MEMBER') "
        "OR has_any_column_privilege(oid, 'INSERT, UPDATE') "
        "OR has_table_privilege(oid, 'DELETE, TRUNCATE')) FROM pg_class "
        "WHERE oid IN ('events'::regclass, 'commands'::regclass, 'log_head'::regclass)"
    ).fetchone()
    if may_write != (False,):
        raise UnsafeDatabase("Give the application's role SELECT on the log, and append() only.")
    _require_row_security(connection)


def _require_row_security(connection: Connection) -> None:
    """Raise UnsafeDatabase if a table shows rows of pupils without asking who may see them."""
    of_pupils = [table for table, privileges in TABLES.items() if privileges.rows is not None]
    bare = connection.execute(
        "SELECT string_agg(name, ', ' ORDER BY name) FROM unnest(%s::text[]) AS name "
        "LEFT JOIN pg_class ON oid = to_regclass(quote_ident(name)) "
        "WHERE (relrowsecurity AND relforcerowsecurity) IS NOT TRUE",
        [of_pupils],
    ).fetchone()
    if bare != (None,):
        raise UnsafeDatabase(
            f"Put {bare[0] if bare else ''} under row-level security again, forced: without it "
            "everybody's pupils are shown to everybody."
        )
