"""Sessions: who has signed in with a browser, by a secret that is kept nowhere.

A session is read on every request, so one that was ended is over at once.  It is over when it has
not been used for a while, and after a working day however much it is used.  A new secret is made
whenever somebody signs in or proves a second factor, so that nobody can plant one beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, LiteralString
from uuid import UUID, uuid4

from psycopg.rows import dict_row

from send_records.store.connections import Pool
from send_records.store.sealing import Seals

LONGEST_SECRET = 100
"""Characters; a longer one is not looked at."""

KEPT = timedelta(days=30)
"""For how long it is known that there was a session, for whoever looks into a stolen one."""


@dataclass(frozen=True, slots=True)
class Session:
    """One session that is not over."""

    session_id: UUID
    person_id: UUID
    name: str
    made_at: datetime
    seen_at: datetime
    expires_at: datetime
    strong_at: datetime | None


class Sessions:
    """The sessions of one trust."""

    def __init__(self, pool: Pool, seals: Seals, *, idle: timedelta, longest: timedelta) -> None:
        self._pool = pool
        self._seals = seals
        self._idle = idle
        self._longest = longest

    def begin(
        self,
        person_id: UUID,
        name: str,
        strong_at: datetime | None,
        *,
        instead_of: UUID | None = None,
    ) -> tuple[Session, str]:
        """Begin a session, ending the one that it stands instead of; return it, and the secret
        that nobody can be told again."""
        session_id, secret = uuid4(), token_urlsafe(32)
        sealed = self._seals.seal_for_trust(self._place(session_id, person_id), name.encode())
        with self._pool.connection() as connection, connection.cursor(row_factory=dict_row) as rows:
            rows.execute("DELETE FROM sessions WHERE expires_at < now() - %s", [KEPT])
            rows.execute(
                "UPDATE sessions SET ended_at = now() WHERE session_id = %s AND ended_at IS NULL",
                [instead_of],
            )
            [made] = rows.execute(
                "INSERT INTO sessions (session_id, secret_hash, person_id, sealed, expires_at, "
                "strong_at) VALUES (%s, %s, %s, %s, now() + %s, %s) "
                "RETURNING session_id, person_id, sealed, made_at, seen_at, expires_at, strong_at",
                [session_id, hashed(secret), person_id, sealed, self._longest, strong_at],
            ).fetchall()
        return self._opened(made), secret

    def find(self, secret: str) -> Session | None:
        """Return the session that a secret is of, and note that it was used; None if there is none
        or it is over."""
        if not secret or len(secret) > LONGEST_SECRET:
            return None
        found = self._select(
            "SELECT session_id, person_id, sealed, made_at, seen_at, expires_at, strong_at, "
            "seen_at < now() - interval '1 minute' AS unnoted FROM sessions "
            "WHERE secret_hash = %s AND ended_at IS NULL AND expires_at > now() "
            "AND seen_at > now() - %s",
            [hashed(secret), self._idle],
        )
        if not found:
            return None
        [row] = found
        if row.pop("unnoted"):
            self._select(
                "UPDATE sessions SET seen_at = now() WHERE session_id = %s RETURNING session_id",
                [row["session_id"]],
            )
        return self._opened(row)

    def end(self, session_id: UUID) -> None:
        """End a session, if it is not over."""
        self._select(
            "UPDATE sessions SET ended_at = now() WHERE session_id = %s AND ended_at IS NULL "
            "RETURNING session_id",
            [session_id],
        )

    def end_all(self, person_id: UUID) -> int:
        """End whatever sessions somebody has, as when they leave; return how many there were."""
        ended = self._select(
            "UPDATE sessions SET ended_at = now() WHERE person_id = %s AND ended_at IS NULL "
            "RETURNING session_id",
            [person_id],
        )
        return len(ended)

    def _opened(self, row: dict[str, Any]) -> Session:
        session_id, person_id = row["session_id"], row["person_id"]
        sealed = row.pop("sealed")
        name = self._seals.open(person_id, self._place(session_id, person_id), sealed).decode()
        return Session(name=name, **row)

    def _select(self, query: LiteralString, values: Sequence[Any]) -> list[dict[str, Any]]:
        with self._pool.connection() as connection, connection.cursor(row_factory=dict_row) as rows:
            return rows.execute(query, values).fetchall()

    def _place(self, session_id: UUID, person_id: UUID) -> bytes:
        return self._seals.place(b"send-records/session/1", session_id.bytes, person_id.bytes)


def hashed(secret: str) -> bytes:
    """Return what is kept of a secret: its SHA-256, for 256 random bits need nothing slower."""
    return sha256(secret.encode("utf-8", "surrogatepass")).digest()
