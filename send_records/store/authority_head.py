"""The version of all that people are judged by, read with each request in one short round trip.

It grows with every change of a grant and of where a pupil is, in the change's own transaction.  So
what was read under a version is true for as long as the version stays, and need not be read again.
"""

from __future__ import annotations

import threading
from contextlib import suppress

import psycopg
from psycopg import Connection, pq
from psycopg.conninfo import make_conninfo

from send_records.store.connections import one

STATEMENT = b"authority_version"
QUERY = b"SELECT version FROM authority_head"

Version = bytes
"""Equal only if nothing has changed between."""


class AuthorityHead:
    """Reads the version over a connection of its own, that is made beforehand and waits for
    nothing; whoever gets no version reads what they need to know anew."""

    def __init__(self, conninfo: str) -> None:
        # Over a network that swallows packets it must not wait as long as TCP would.
        self._conninfo = make_conninfo(conninfo, tcp_user_timeout=2000, keepalives_idle=10)
        self._guard = threading.Lock()
        self._connection: Connection | None = None

    def version(self) -> Version | None:
        """Return the version; None if it cannot be told at once."""
        if not self._guard.acquire(blocking=False):
            return None
        try:
            return None if self._connection is None else self._told(self._connection)
        finally:
            self._guard.release()

    def _told(self, connection: Connection) -> Version | None:
        """Return what the database tells.  Not by a cursor, which would cost half as much again."""
        with suppress(psycopg.Error):
            answer = connection.pgconn.exec_prepared(STATEMENT, None)
            if answer.status == pq.ExecStatus.TUPLES_OK and answer.ntuples == 1:
                return answer.get_value(0, 0)
        self._drop()
        return None

    def connect(self) -> None:
        """See to it that there is a connection; what may wait, and so is done in a thread."""
        if self._connection is not None:
            return
        with suppress(psycopg.Error), self._guard:
            if self._connection is None:
                connection = one(self._conninfo)
                prepared = connection.pgconn.prepare(STATEMENT, QUERY)
                if prepared.status == pq.ExecStatus.COMMAND_OK:
                    self._connection = connection

    def close(self) -> None:
        """Give the connection up."""
        with self._guard:
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
