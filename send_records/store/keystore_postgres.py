"""The key store for several hosts: a PostgreSQL that is not the log's, nor backed up with it.

What PostgreSQL forgets, its WAL and its backups remember: after a destruction they still hold the
wrapped key, until the KEK of its epoch is retired by ``send-records keys rotate`` (``security.md``,
measured 5).  Rotate after erasures, and keep this database's backups short.  Statistics of the
column are off, for PostgreSQL samples values into them (measured 6).

The one row of ``state`` is also the lock: who adds an owner's first key shares it, so those run
side by side; every other writer has it alone.  It is taken first, so nothing can deadlock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, LiteralString, cast
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg_pool import PoolTimeout

from send_records.store.connections import pool
from send_records.store.keystore import (
    KeptKey,
    KeyStore,
    KeyStoreAway,
    NoEpoch,
    OwnerDestroyed,
    SqliteKeyStore,
)

SCHEMA: LiteralString = """
CREATE SCHEMA send_records_keys;
CREATE TABLE keys (
    owner uuid, key_no integer, epoch integer NOT NULL, wrapped bytea, PRIMARY KEY (owner, key_no));
ALTER TABLE keys ALTER COLUMN wrapped SET STATISTICS 0;
CREATE INDEX live_keys ON keys (epoch) WHERE wrapped IS NOT NULL;
CREATE TABLE destroyed_owners (owner uuid PRIMARY KEY);
CREATE TABLE state (
    one boolean PRIMARY KEY DEFAULT true CHECK (one), epoch integer,
    changes bigint NOT NULL DEFAULT 0);
INSERT INTO state DEFAULT VALUES
"""

SELECT: LiteralString = "SELECT owner, key_no, epoch, wrapped FROM keys "
FIND: LiteralString = SELECT + "WHERE owner = %s AND key_no = %s"
CHANGED: LiteralString = "UPDATE state SET changes = changes + 1"

REWRITE: LiteralString = "ALTER TABLE keys ALTER COLUMN wrapped TYPE bytea USING wrapped || ''"
"""Copies the rows that are there into a new file, in the transaction that destroys.  A plain VACUUM
leaves the bytes of dead rows in its pages, and VACUUM FULL those of rows that some old snapshot in
the database, an autovacuum's for one, could still ask for: both were measured."""


class PostgresKeyStore(KeyStore):
    """Keys in the schema ``send_records_keys`` of a database of their own, one trust's in each.

    The role needs CREATE on the database the first time, and owns the tables.  Give it a database
    apart from the log's: a backup that holds both erases nothing.
    """

    def __init__(self, conninfo: str) -> None:
        self._pool = pool(
            make_conninfo(
                conninfo,
                options="-c search_path=send_records_keys,pg_temp -c synchronous_commit=on",
                application_name="send-records keys",
                connect_timeout=5,
            ),
            most=4,
        )
        try:
            self._create()
        except BaseException:
            self._pool.close()
            raise

    def _create(self) -> None:
        with self._reaching() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [SCHEMA])
            made = connection.execute("SELECT to_regnamespace('send_records_keys')").fetchone()
            if made == (None,):
                connection.execute(SCHEMA)

    @contextmanager
    def _reaching(self) -> Iterator[Connection]:
        try:
            with self._pool.connection() as connection:
                yield connection
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            raise KeyStoreAway("The key store's database is away.") from error

    @contextmanager
    def _writing(self, *, alone: bool = True) -> Iterator[Connection]:
        """One transaction, which nobody else writes beside, or nobody but who adds a first key.

        Each of its statements sees what was committed before the lock was had (READ COMMITTED).
        """
        with self._reaching() as connection, connection.transaction():
            connection.execute("SELECT FROM state FOR " + ("UPDATE" if alone else "SHARE"))
            yield connection

    def _rows(self, query: LiteralString, *values: Any) -> list[Any]:
        with self._reaching() as connection:
            return connection.execute(query, values).fetchall()

    def find(self, owner: UUID, key_no: int) -> KeptKey | None:
        return next((KeptKey(*row) for row in self._rows(FIND, owner, key_no)), None)

    def newest(self, owner: UUID) -> KeptKey | None:
        rows = self._rows(SELECT + "WHERE owner = %s ORDER BY key_no DESC LIMIT 1", owner)
        return next((KeptKey(*row) for row in rows), None)

    def load(self, owners: Collection[UUID]) -> list[KeptKey]:
        these = SELECT + "WHERE owner = ANY(%s)"
        return [KeptKey(*row) for row in self._rows(these, list(owners))] if owners else []

    def add(self, owner: UUID, key_no: int, wrap: Callable[[int], bytes]) -> KeptKey:
        with self._writing(alone=key_no > 1) as connection:
            for there in connection.execute(FIND, [owner, key_no]).fetchall():
                return KeptKey(*there)
            destroyed = "SELECT FROM destroyed_owners WHERE owner = %s"
            if connection.execute(destroyed, [owner]).fetchone() is not None:
                raise OwnerDestroyed(f"{owner} was destroyed and gets no key again.")
            ((epoch,),) = connection.execute("SELECT epoch FROM state").fetchall()
            if epoch is None:
                raise NoEpoch("No epoch was begun in this key store.")
            # Another may add the same key at once: the second waits here, and reads the first's.
            connection.execute(
                "INSERT INTO keys VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [owner, key_no, epoch, wrap(epoch)],
            )
            if key_no > 1:
                connection.execute(CHANGED)
            (kept,) = connection.execute(FIND, [owner, key_no]).fetchall()
            return KeptKey(*kept)

    def destroy_owner(self, owner: UUID) -> bool:
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO destroyed_owners VALUES (%s) ON CONFLICT DO NOTHING", [owner]
            )
            return _destroy(connection, "owner = %s", owner)

    def destroy_key(self, owner: UUID, key_no: int) -> bool:
        with self._writing() as connection:
            return _destroy(connection, "owner = %s AND key_no = %s", owner, key_no)

    def destroyed_owners(self) -> set[UUID]:
        return {owner for (owner,) in self._rows("SELECT owner FROM destroyed_owners")}

    def changes(self) -> int:
        return int(self._rows("SELECT changes FROM state")[0][0])

    def epoch(self) -> int | None:
        return cast("int | None", self._rows("SELECT epoch FROM state")[0][0])

    def begin_epoch(self, epoch: int) -> None:
        with self._writing() as connection:
            connection.execute("UPDATE state SET epoch = greatest(epoch, %s)", [epoch])

    def wrapped_before(self, epoch: int, limit: int) -> list[KeptKey]:
        older: LiteralString = "WHERE epoch < %s AND wrapped IS NOT NULL ORDER BY epoch DESC LIMIT"
        return [KeptKey(*row) for row in self._rows(SELECT + older + " %s", epoch, limit)]

    def rewrap(self, rewrapped: Mapping[KeptKey, bytes], epoch: int) -> int:
        with self._writing() as connection, connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE keys SET epoch = %s, wrapped = %s "
                "WHERE owner = %s AND key_no = %s AND wrapped = %s",
                [
                    (epoch, wrapped, kept.owner, kept.key_no, kept.wrapped)
                    for kept, wrapped in rewrapped.items()
                ],
            )
            return cursor.rowcount

    def close(self) -> None:
        self._pool.close()


def key_store(where: str) -> KeyStore:
    """Open the key store at a URL or connection string of PostgreSQL, or in a file."""
    if where.startswith(("postgresql://", "postgres://")):
        return PostgresKeyStore(where)
    if "=" in where and not where.startswith(("/", "./", "../")):
        return PostgresKeyStore(where)
    return SqliteKeyStore(Path(where))


def _destroy(connection: Connection, which: LiteralString, *values: Any) -> bool:
    connection.execute(CHANGED)
    update: LiteralString = "UPDATE keys SET wrapped = NULL WHERE wrapped IS NOT NULL AND "
    was_live = connection.execute(update + which, values).rowcount > 0
    connection.execute(REWRITE)
    return was_live
