"""A clock that can be set, for the throwaway database of demo and tests and for nothing else.

The production migrations hold no such door: ``append`` reads the database's clock.  Here it is
replaced by itself with that one reading changed, so that the two cannot drift apart.  A database
with the door open is refused by the application unless it is told ``--demo``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from send_records.store.connections import Pool
from send_records.store.migrate import migrations, use_schema
from send_records.store.roles import Roles

CLOCK = "clock_timestamp()"
SET_CLOCK = "(SELECT c.instant FROM demo_clock AS c)"


def append_function() -> str:
    """Return the statement that makes ``append``, as the last migration has it, made repeatable."""
    for migration in reversed(migrations()):
        if found := re.search(
            r"CREATE FUNCTION append\(.*?^END \$\$;", migration.text, re.S | re.M
        ):
            return found.group().replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)
    raise LookupError("no migration makes append()")


def open_door(owner: Connection, roles: Roles) -> None:
    """Let the clock be set; the database is a throwaway one from now on, until the door closes."""
    production = append_function()
    if production.count(CLOCK) != 1:
        raise LookupError("append() is expected to read the clock once")
    with owner.transaction():
        use_schema(owner, roles)
        owner.execute(
            "CREATE TABLE demo_clock (one boolean PRIMARY KEY DEFAULT true CHECK (one), "
            "instant timestamptz NOT NULL)"
        )
        owner.execute("INSERT INTO demo_clock VALUES (true, 'epoch')")
        owner.execute(SQL("GRANT SELECT ON demo_clock TO {}").format(Identifier(roles.app)))
        owner.execute(SQL(production.replace(CLOCK, SET_CLOCK)))


def set_clock(owner: Connection, instant: datetime) -> None:
    """Set the instant at which the next entries are recorded."""
    owner.execute("UPDATE demo_clock SET instant = %s", [instant])


def close_door(owner: Connection, roles: Roles) -> None:
    """Give ``append`` its own clock back; what was loaded is an ordinary database again."""
    with owner.transaction():
        use_schema(owner, roles)
        owner.execute(SQL(append_function()))
        owner.execute("DROP TABLE demo_clock")


def demo_clock(pool: Pool) -> Callable[[], datetime]:
    """Return a clock that tells what the database's clock was set to."""

    def tell() -> datetime:
        with pool.connection() as connection:
            row = connection.execute("SELECT instant FROM demo_clock").fetchone()
        if row is None:
            raise LookupError("the demo's clock was not set")
        instant: datetime = row[0]
        return instant

    return tell
