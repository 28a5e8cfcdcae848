"""Where wrapped data keys are kept: never in the log's database, nor in its backups.

After DELETE and VACUUM FULL a key was still in the WAL, and an old base backup with the live
master key read the erased child (``security.md``, measured 5).  So the keys have a store of their
own: a SQLite file here, or another PostgreSQL (``keystore_postgres``).  It cannot unwrap a key.
A key is live, under one epoch's KEK after another, and then destroyed, NULL, for ever.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast
from uuid import UUID

from send_records.errors import NotReadyYet
from send_records.store.keks import make_private_folder, refuse_exposed
from send_records.store.locks import sync

BUSY_SECONDS = 10.0
AT_ONCE = 500  # owners asked for in one query; SQLite takes 32,766 values


class OwnerDestroyed(Exception):
    """The owner was destroyed for ever: it never gets a key again."""


class KeyStoreAway(NotReadyYet):
    """The key store does not answer, or cannot write: ask again in a moment."""


class KeyStoreExposed(Exception):
    """Somebody else may read the key store."""


class NoEpoch(Exception):
    """No epoch was begun yet: ``open_keyring`` begins the first."""


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A row: one key of an owner.  ``wrapped`` is None once it is destroyed."""

    owner: UUID
    key_no: int
    epoch: int
    wrapped: bytes | None = field(repr=False)


class KeyStore(Protocol):
    """What a place for wrapped keys must do; every method may raise KeyStoreAway.  What a writing
    method did is durable when it returns, and is done whole or not at all."""

    def find(self, owner: UUID, key_no: int) -> KeptKey | None:
        """Return one key of an owner, destroyed or not; None if there never was one."""

    def newest(self, owner: UUID) -> KeptKey | None:
        """Return an owner's key of the highest number, destroyed or not."""

    def load(self, owners: Collection[UUID]) -> list[KeptKey]:
        """Return every key of these owners, however many they are, in a few queries at most."""

    def add(self, owner: UUID, key_no: int, wrap: Callable[[int], bytes]) -> KeptKey:
        """Keep a new key, ``wrap(epoch)``, and return it; or what has that number already.

        No key is kept under an epoch that a rotation has left behind: it is read in the transaction
        that inserts.  Raise OwnerDestroyed, or NoEpoch.  ``wrap`` must not call the store.
        """

    def destroy_owner(self, owner: UUID) -> bool:
        """Destroy all keys of an owner, who gets none ever again; True if one was live.  Safe to
        repeat, and for an owner that has no key here."""

    def destroy_key(self, owner: UUID, key_no: int) -> bool:
        """Destroy one key of an owner, who may go on with others; True if it was live."""

    def destroyed_owners(self) -> set[UUID]:
        """Return the owners destroyed for ever."""

    def changes(self) -> int:
        """Return a counter that moves with each destruction, and with an owner's further keys:
        when it has, what a cache holds is to be read again."""

    def epoch(self) -> int | None:
        """Return the epoch that keys are wrapped under, None if none was begun."""

    def begin_epoch(self, epoch: int) -> None:
        """Wrap under this epoch from now on; nothing happens if it, or a later one, has begun."""

    def wrapped_before(self, epoch: int, limit: int) -> list[KeptKey]:
        """Return live keys of older epochs, the latest epochs first."""

    def rewrap(self, rewrapped: Mapping[KeptKey, bytes], epoch: int) -> int:
        """Replace what is wrapped, in one transaction; return how many were replaced.  A key that
        is not as it was read, because it was destroyed or rewrapped meanwhile, stays as it is."""

    def close(self) -> None:
        """Let go of files and connections."""


SCHEMA = """
CREATE TABLE keys (
    owner BLOB NOT NULL, key_no INTEGER NOT NULL, epoch INTEGER NOT NULL, wrapped BLOB,
    PRIMARY KEY (owner, key_no)) WITHOUT ROWID, STRICT;
CREATE INDEX live_keys ON keys (epoch) WHERE wrapped IS NOT NULL;
CREATE TABLE destroyed_owners (owner BLOB PRIMARY KEY) WITHOUT ROWID, STRICT;
CREATE TABLE state (epoch INTEGER, changes INTEGER NOT NULL) STRICT;
INSERT INTO state VALUES (NULL, 0); PRAGMA user_version = 1
"""
SETTINGS = ("secure_delete=ON", "journal_mode=DELETE", "synchronous=EXTRA", "temp_store=MEMORY")
SELECT = "SELECT owner, key_no, epoch, wrapped FROM keys "
CHANGED = "UPDATE state SET changes = changes + 1"
FIND = SELECT + "WHERE owner = ? AND key_no = ?"


class SqliteKeyStore(KeyStore):
    """Keys in a file of mode 0600, in a folder of mode 0700 that holds nothing else.

    What is destroyed is overwritten with zeros there, no WAL is kept, and a transaction's journal
    is unlinked at its end.  Blocks that the file system no longer counts as used may hold a wrapped
    key until its KEK is retired (``Keyring.rotate``).  For any thread, and for many processes, each
    with a store opened after forking.  Raise KeyStoreExposed if others may read it.
    """

    def __init__(self, path: Path) -> None:
        self._turn = threading.Lock()
        make_private_folder(path.parent)
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0o600))
            sync(path.parent)
        for place in (path.parent, path):
            refuse_exposed(place, place, KeyStoreExposed)
        with _answering():
            self._connection = sqlite3.connect(
                path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            for setting in SETTINGS:
                self._connection.execute(f"PRAGMA {setting}").fetchall()
        with self._writing() as connection:  # of two at once, the second finds it made
            if connection.execute("PRAGMA user_version").fetchone() == (0,):
                for statement in SCHEMA.split(";"):
                    connection.execute(statement)

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that nobody else writes beside; undone by any exception."""
        with self._turn, _answering():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def _rows(self, query: str, *values: Any) -> list[Any]:
        with self._turn, _answering():
            return self._connection.execute(query, values).fetchall()

    def find(self, owner: UUID, key_no: int) -> KeptKey | None:
        return next(map(_kept, self._rows(FIND, owner.bytes, key_no)), None)

    def newest(self, owner: UUID) -> KeptKey | None:
        newest = "WHERE owner = ? ORDER BY key_no DESC LIMIT 1"
        return next(map(_kept, self._rows(SELECT + newest, owner.bytes)), None)

    def load(self, owners: Collection[UUID]) -> list[KeptKey]:
        wanted, found = [owner.bytes for owner in owners], list[KeptKey]()
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            these = f"WHERE owner IN ({', '.join('?' * len(some))})"
            found += map(_kept, self._rows(SELECT + these, *some))
        return found

    def add(self, owner: UUID, key_no: int, wrap: Callable[[int], bytes]) -> KeptKey:
        with self._writing() as connection:
            for there in connection.execute(FIND, (owner.bytes, key_no)).fetchall():
                return _kept(there)
            destroyed = "SELECT 1 FROM destroyed_owners WHERE owner = ?"
            if connection.execute(destroyed, (owner.bytes,)).fetchone():
                raise OwnerDestroyed(f"{owner} was destroyed and gets no key again.")
            (epoch,) = connection.execute("SELECT epoch FROM state").fetchone()
            if epoch is None:
                raise NoEpoch("No epoch was begun in this key store.")
            row = (owner.bytes, key_no, epoch, wrap(epoch))
            connection.execute("INSERT INTO keys VALUES (?, ?, ?, ?)", row)
            if key_no > 1:
                connection.execute(CHANGED)
            return _kept(row)

    def destroy_owner(self, owner: UUID) -> bool:
        with self._writing() as connection:
            connection.execute("INSERT OR IGNORE INTO destroyed_owners VALUES (?)", (owner.bytes,))
            return _destroy(connection, "owner = ?", owner.bytes)

    def destroy_key(self, owner: UUID, key_no: int) -> bool:
        with self._writing() as connection:
            return _destroy(connection, "owner = ? AND key_no = ?", owner.bytes, key_no)

    def destroyed_owners(self) -> set[UUID]:
        return {UUID(bytes=owner) for (owner,) in self._rows("SELECT owner FROM destroyed_owners")}

    def changes(self) -> int:
        return int(self._rows("SELECT changes FROM state")[0][0])

    def epoch(self) -> int | None:
        return cast("int | None", self._rows("SELECT epoch FROM state")[0][0])

    def begin_epoch(self, epoch: int) -> None:
        with self._writing() as connection:
            connection.execute("UPDATE state SET epoch = max(coalesce(epoch, 0), ?)", (epoch,))

    def wrapped_before(self, epoch: int, limit: int) -> list[KeptKey]:
        older = "WHERE epoch < ? AND wrapped IS NOT NULL ORDER BY epoch DESC LIMIT ?"
        return list(map(_kept, self._rows(SELECT + older, epoch, limit)))

    def rewrap(self, rewrapped: Mapping[KeptKey, bytes], epoch: int) -> int:
        update = "UPDATE keys SET epoch = ?, wrapped = ? WHERE owner = ? AND key_no = ? "
        rows = [(epoch, new, k.owner.bytes, k.key_no, k.wrapped) for k, new in rewrapped.items()]
        with self._writing() as connection:
            return connection.executemany(update + "AND wrapped = ?", rows).rowcount

    def close(self) -> None:
        with self._turn:
            self._connection.close()


@contextmanager
def _answering() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise KeyStoreAway(f"The key store does not answer: {error}.") from error


def _destroy(connection: sqlite3.Connection, which: str, *parameters: Any) -> bool:
    connection.execute(CHANGED)
    update = "UPDATE keys SET wrapped = NULL WHERE wrapped IS NOT NULL AND "
    return connection.execute(update + which, parameters).rowcount > 0


def _kept(row: tuple[bytes, int, int, bytes | None]) -> KeptKey:
    return KeptKey(UUID(bytes=row[0]), *row[1:])
