"""Connections: pooled, in the trust's schema, with nothing set on them that could leak."""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import Connection, IsolationLevel, connect
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.sql import SQL, Literal
from psycopg_pool import ConnectionPool, PoolTimeout

Pool = ConnectionPool[Connection]

AMBIGUOUS = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)
"""The database went away, or would not answer: what was asked may or may not have been done."""


def in_schema(conninfo: str, schema: str, name: str, *, maintains: bool = False) -> str:
    """Return the connection string with the schema as search path, and a name to be known by.

    ``maintains``: for the schema's owner, who then sees what is projected: see ``privileges``."""
    return make_conninfo(
        conninfo,
        options=f"-c search_path={schema},pg_temp"
        + (" -c send_records.maintenance=on" if maintains else ""),
        application_name=name,
        connect_timeout=5,
    )


def pool(conninfo: str, *, most: int = 8) -> Pool:
    """Return an open pool of autocommit connections; close it when done."""
    return ConnectionPool(
        conninfo,
        min_size=1,
        max_size=most,
        open=True,
        timeout=5,
        reconnect_timeout=30,
        check=require_alive,
        kwargs={"autocommit": True},
    )


def require_alive(connection: Connection) -> None:
    """Raise OperationalError if a connection from the pool is dead, as far as the kernel knows.

    A live one that idles has nothing to say; one whose server went away is readable, for its end
    is there to be read.  To ask the server each time would be a third of what a lookup costs.
    """
    said = select.poll()
    said.register(connection.fileno(), select.POLLIN)
    if said.poll(0):
        ConnectionPool.check_connection(connection)


def libpq_environment(conninfo: str) -> dict[str, str]:
    """Return a connection string as the variables that psql reads.

    By environment, because the arguments of a process, a password among them, are public.
    """
    names = {"dbname": "PGDATABASE", "application_name": "PGAPPNAME"}
    return {
        names.get(key, "PG" + key.upper().replace("_", "")): str(value)
        for key, value in conninfo_to_dict(conninfo).items()
        if value is not None
    }


def one(conninfo: str) -> Connection:
    """Return one autocommit connection; close it when done."""
    return connect(conninfo, autocommit=True)


@contextmanager
def at_one_moment(conninfo: str) -> Iterator[Connection]:
    """Yield a connection that sees one moment of the database, whatever is written meanwhile; what
    is done on it is undone."""
    with one(conninfo) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        with connection.transaction(force_rollback=True):
            yield connection


@contextmanager
def at_that_moment(connection: Connection, conninfo: str) -> Iterator[Connection]:
    """Yield another connection that sees the moment which the first, by ``at_one_moment``, sees."""
    snapshots = connection.execute("SELECT pg_export_snapshot()").fetchall()
    with at_one_moment(conninfo) as other:
        for (snapshot,) in snapshots:
            other.execute(SQL("SET TRANSACTION SNAPSHOT {}").format(Literal(snapshot)))
        yield other
