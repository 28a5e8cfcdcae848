"""Brings a trust's schema to the shape this program needs: plain SQL files, each applied once.

A file is known by its number and its SHA-256.  One that was edited after it was applied is
refused: what a database holds must be what the files say.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from send_records.store.privileges import apply_privileges
from send_records.store.roles import Roles


class MigrationEdited(Exception):
    """A migration differs from what was applied under its number; restore the file."""


class MigrationsPending(Exception):
    """The database is not at the shape this program needs; run ``send-records migrate``."""


class OtherTrust(Exception):
    """The log belongs to another trust than the settings name."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    number: int
    name: str
    text: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def migrations() -> list[Migration]:
    """Return the shipped migrations, in order."""
    folder = files("send_records.store").joinpath("migrations")
    paths = sorted((p for p in folder.iterdir() if p.name.endswith(".sql")), key=lambda p: p.name)
    return [Migration(int(p.name[:4]), p.name, p.read_text(encoding="utf-8")) for p in paths]


def migrate(owner: Connection, roles: Roles) -> list[str]:
    """Apply what is pending, as the owner of the schema; return the names of the files applied.

    Several processes may call it at once: an advisory lock lets one do the work.  Raise
    MigrationEdited if a file differs from what was applied.
    """
    owner.autocommit = True
    schema = Identifier(roles.schema)
    with owner.transaction():
        owner.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [roles.schema])
        owner.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(schema))
        use_schema(owner, roles)
        owner.execute(
            "CREATE TABLE IF NOT EXISTS schema_migrations (number integer PRIMARY KEY, "
            "name text NOT NULL, sha256 text NOT NULL, "
            "applied_at timestamptz NOT NULL DEFAULT clock_timestamp())"
        )
        owner.execute(SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, Identifier(roles.app)))
        owner.execute(SQL("GRANT SELECT ON schema_migrations TO {}").format(Identifier(roles.app)))
        pending = _pending(owner)
        for migration in pending:
            _apply(owner, migration, roles)
        apply_privileges(owner, roles)
    return [migration.name for migration in pending]


def use_schema(owner: Connection, roles: Roles) -> None:
    """Make the schema the search path of this transaction, and of functions made in it."""
    owner.execute(SQL("SET LOCAL search_path TO {}, pg_temp").format(Identifier(roles.schema)))


def _pending(connection: Connection) -> list[Migration]:
    rows = connection.execute("SELECT number, sha256 FROM schema_migrations").fetchall()
    applied: dict[int, str] = dict(rows)
    pending = []
    for migration in migrations():
        seen = applied.get(migration.number)
        if seen is None:
            pending.append(migration)
        elif seen != migration.sha256:
            raise MigrationEdited(f"{migration.name} was changed after it was applied here.")
    return pending


def _apply(owner: Connection, migration: Migration, roles: Roles) -> None:
    owner.execute(
        SQL(migration.text).format(
            schema=Identifier(roles.schema),
            app=Identifier(roles.app),
            projector=Identifier(roles.projector),
            notary=Identifier(roles.notary),
        )
    )
    owner.execute(
        "INSERT INTO schema_migrations (number, name, sha256) VALUES (%s, %s, %s)",
        [migration.number, migration.name, migration.sha256],
    )


def claim(owner: Connection, roles: Roles, trust: str) -> None:
    """Say whose log this is, once; raise OtherTrust if it is another's."""
    with owner.transaction():
        use_schema(owner, roles)
        owner.execute("INSERT INTO trust (name) VALUES (%s) ON CONFLICT DO NOTHING", [trust])
        require_trust(owner, trust)


def require_trust(connection: Connection, trust: str) -> None:
    """Raise OtherTrust unless this is the trust's log."""
    row = connection.execute("SELECT name FROM trust").fetchone()
    if row != (trust,):
        named = "nobody's yet: run `send-records migrate`" if row is None else f"{row[0]}'s"
        raise OtherTrust(f"SEND_RECORDS_TRUST says {trust}, and this log is {named}.")


def require_migrated(connection: Connection) -> None:
    """Raise MigrationsPending unless every shipped migration has been applied."""
    exists = connection.execute("SELECT to_regclass('schema_migrations')").fetchone()
    pending = migrations() if exists == (None,) else _pending(connection)
    if pending:
        names = ", ".join(migration.name for migration in pending)
        raise MigrationsPending(f"Run `send-records migrate`: {names} not applied yet.")
