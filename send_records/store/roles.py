"""The roles of the database: one that owns, one that serves, one that projects, one that signs.

* owner      owns the schema; used by migrations and rebuilds only
* app        may EXECUTE append() and append_access(), and SELECT; the API's role
* projector  may SELECT the log and write the tables of the read side
* notary     may SELECT positions and leaves, and write the trees over them and the checkpoints

None is a superuser.  The projector is above row-level security, which COPY into a table does not
work under: it makes the rows of everybody, and answers nobody.  Its commits are asynchronous: its
tables and its position are lost together, and the log has what it needs to make them again.
"""

from __future__ import annotations

from dataclasses import dataclass

from psycopg import Connection
from psycopg.sql import SQL, Identifier, Literal


@dataclass(frozen=True, slots=True)
class Roles:
    """The names in use for one trust: its schema and its four roles."""

    schema: str
    owner: str
    app: str
    projector: str
    notary: str

    @classmethod
    def named_after(cls, schema: str) -> Roles:
        return cls(schema, *(f"{schema}_{r}" for r in ("owner", "app", "projector", "notary")))

    @property
    def logins(self) -> tuple[str, str, str, str]:
        """The roles that connect, in the order of the fields."""
        return self.owner, self.app, self.projector, self.notary


def provision(admin: Connection, roles: Roles, database: str, passwords: dict[str, str]) -> None:
    """Make the roles that are missing, and the database, owned by the owner.

    ``admin`` is a superuser, or may create databases and roles above row-level security;
    ``passwords`` are by role name.
    Safe to repeat; passwords of roles that exist are set anew.
    """
    admin.autocommit = True
    for role in roles.logins:
        exists = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        verb = SQL("ALTER") if exists else SQL("CREATE")
        admin.execute(
            SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
                verb, Identifier(role), Literal(passwords[role])
            )
        )
    projector = Identifier(roles.projector)
    admin.execute(SQL("ALTER ROLE {} SET synchronous_commit = off").format(projector))
    admin.execute(SQL("ALTER ROLE {} BYPASSRLS").format(projector))
    if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
        admin.execute(
            SQL("CREATE DATABASE {} OWNER {}").format(Identifier(database), Identifier(roles.owner))
        )
    admit_only(admin, roles, database)


def admit_only(admin: Connection, roles: Roles, database: str) -> None:
    """Let the trust's roles into the database, each as far as it must, and nobody else unnamed."""
    named = Identifier(database)
    admin.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(named))
    # A second trust's owner makes its schema in a database that the first one owns.
    for role in roles.logins:
        privileges = SQL("CONNECT, CREATE") if role == roles.owner else SQL("CONNECT")
        admin.execute(
            SQL("GRANT {} ON DATABASE {} TO {}").format(privileges, named, Identifier(role))
        )
