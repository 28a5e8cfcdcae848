"""Sign-ins on their way to the provider and back: each good for one answer, in one browser."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson

from send_records.errors import NotReadyYet
from send_records.store.connections import Pool
from send_records.store.sealing import Seals
from send_records.store.sessions import hashed

ON_ITS_WAY = timedelta(minutes=10)
"""For how long somebody can be at the provider (RFC 6749 s.4.1.2 has a code last as long)."""

MOST = 5_000
"""Sign-ins on their way at once; whoever begins more than a trust's staff could is held up."""


@dataclass(frozen=True, slots=True)
class Begun:
    """What is kept of a sign-in until the provider answers."""

    nonce: str
    verifier: str
    return_to: str
    session_id: UUID | None
    """The session that is to be made stronger; None for a first sign-in."""
    begun_at: datetime


class SignIns:
    """The sign-ins of one trust that are on their way."""

    def __init__(self, pool: Pool, seals: Seals) -> None:
        self._pool = pool
        self._seals = seals

    def begin(
        self,
        state: str,
        browser: str,
        *,
        nonce: str,
        verifier: str,
        return_to: str,
        session_id: UUID | None,
    ) -> None:
        """Keep a sign-in; raise NotReadyYet if there are too many on their way."""
        kept = {"nonce": nonce, "verifier": verifier, "return_to": return_to}
        sealed = self._seals.seal_for_trust(self._place(state), orjson.dumps(kept))
        with self._pool.connection() as connection:
            connection.execute("DELETE FROM sign_ins WHERE begun_at < now() - %s", [ON_ITS_WAY])
            made = connection.execute(
                "INSERT INTO sign_ins (state_hash, browser_hash, session_id, sealed) "
                "SELECT %s, %s, %s, %s WHERE (SELECT count(*) FROM sign_ins) < %s "
                "RETURNING state_hash",
                [hashed(state), hashed(browser), session_id, sealed, MOST],
            ).fetchone()
        if made is None:
            raise NotReadyYet("Too many are signing in: try again in a moment.")

    def take(self, state: str, browser: str) -> Begun | None:
        """Return the sign-in that an answer is to, which is then gone; None if there is none, it
        was answered, it took too long, or another browser began it."""
        with self._pool.connection() as connection:
            row = connection.execute(
                "DELETE FROM sign_ins WHERE state_hash = %s AND browser_hash = %s "
                "AND begun_at > now() - %s RETURNING session_id, begun_at, sealed",
                [hashed(state), hashed(browser), ON_ITS_WAY],
            ).fetchone()
        if row is None:
            return None
        session_id, begun_at, sealed = row
        kept = orjson.loads(self._seals.open(UUID(int=0), self._place(state), sealed))
        return Begun(**kept, session_id=session_id, begun_at=begun_at)

    def _place(self, state: str) -> bytes:
        return self._seals.place(b"send-records/sign-in/1", hashed(state))
