"""API keys: by which integrations call, each held to some operations and over within a year.

A key is ``srk_`` and its id, by which it is known in lists and found in a leak, and 256 random bits
of which only the hash is kept.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from secrets import token_urlsafe
from typing import Any, LiteralString
from uuid import UUID, uuid4

from psycopg.rows import dict_row

from send_records.errors import Invalid, NotFound
from send_records.store.connections import Pool
from send_records.store.sealing import Seals
from send_records.store.sessions import hashed

MARK = "srk_"
"""How a key begins, so that it is told from a token, and known wherever it should not be."""

KEY = re.compile(r"srk_([0-9a-f]{32})_([A-Za-z0-9_-]{43})", re.ASCII)
OPERATION = re.compile(r"[a-z][a-z0-9_]{0,62}", re.ASCII)

LONGEST = timedelta(days=365)
"""For how long a key can be made; the next is made before it ends, and handed over."""

MOST_OPERATIONS = 100


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key, without its secret."""

    key_id: UUID
    person_id: UUID
    name: str
    operations: frozenset[str]
    made_by: UUID
    made_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    last_used_on: date | None


class ApiKeys:
    """The API keys of one trust."""

    def __init__(self, pool: Pool, seals: Seals) -> None:
        self._pool = pool
        self._seals = seals

    def make(
        self,
        person_id: UUID,
        name: str,
        operations: Collection[str],
        *,
        made_by: UUID,
        lasts: timedelta,
    ) -> tuple[ApiKey, str]:
        """Make a key of a service; return it, and its text that nobody can be told again.  Raise
        Invalid if it were for nothing, for anything, or for too long."""
        only = sorted(set(operations))
        if not 0 < len(only) <= MOST_OPERATIONS or not all(map(OPERATION.fullmatch, only)):
            raise Invalid("Name the operations that the key is for, one at least.")
        if not timedelta(0) < lasts <= LONGEST:
            raise Invalid("A key lasts a year at most.")
        key_id, secret = uuid4(), token_urlsafe(32)
        sealed = self._seals.seal_for_trust(self._place(key_id, person_id), name.encode())
        [made] = self._select(
            "INSERT INTO api_keys (key_id, secret_hash, person_id, sealed, operations, made_by, "
            "expires_at) VALUES (%s, %s, %s, %s, %s, %s, now() + %s) "
            "RETURNING key_id, person_id, sealed, operations, made_by, made_at, expires_at, "
            "ended_at, last_used_on",
            [key_id, hashed(secret), person_id, sealed, only, made_by, lasts],
        )
        return self._opened(made), f"{MARK}{key_id.hex}_{secret}"

    def find(self, text: str) -> ApiKey | None:
        """Return the key that a text is, and note the day; None if there is none or it is over."""
        parts = KEY.fullmatch(text)
        if parts is None:
            return None
        key_id, secret = UUID(parts[1]), parts[2]
        rows = self._select(
            "SELECT key_id, person_id, sealed, operations, made_by, made_at, expires_at, ended_at, "
            "last_used_on, secret_hash, last_used_on IS DISTINCT FROM current_date AS unnoted "
            "FROM api_keys WHERE key_id = %s AND ended_at IS NULL AND expires_at > now()",
            [key_id],
        )
        row = rows[0] if rows else {"secret_hash": bytes(32)}
        if not hmac.compare_digest(hashed(secret), row.pop("secret_hash")) or not row:
            return None
        if row.pop("unnoted"):
            self._select(
                "UPDATE api_keys SET last_used_on = current_date WHERE key_id = %s "
                "RETURNING key_id",
                [key_id],
            )
        return self._opened(row)

    def all(self) -> Sequence[ApiKey]:
        """Return all keys, those that are over too, the newest first."""
        rows = self._select(
            "SELECT key_id, person_id, sealed, operations, made_by, made_at, expires_at, ended_at, "
            "last_used_on FROM api_keys ORDER BY made_at DESC, key_id",
            [],
        )
        return [self._opened(row) for row in rows]

    def end(self, key_id: UUID) -> None:
        """End a key; raise NotFound if there is none by that id."""
        if not self._select(
            "UPDATE api_keys SET ended_at = coalesce(ended_at, now()) WHERE key_id = %s "
            "RETURNING key_id",
            [key_id],
        ):
            raise NotFound("There is no such key.")

    def end_all(self, person_id: UUID) -> int:
        """End whatever keys a service has; return how many there were."""
        ended = self._select(
            "UPDATE api_keys SET ended_at = now() WHERE person_id = %s AND ended_at IS NULL "
            "RETURNING key_id",
            [person_id],
        )
        return len(ended)

    def _opened(self, row: dict[str, Any]) -> ApiKey:
        place = self._place(row["key_id"], row["person_id"])
        name = self._seals.open(row["person_id"], place, row.pop("sealed")).decode()
        return ApiKey(**row | {"name": name, "operations": frozenset(row["operations"])})

    def _select(self, query: LiteralString, values: Sequence[Any]) -> list[dict[str, Any]]:
        with self._pool.connection() as connection, connection.cursor(row_factory=dict_row) as rows:
            return rows.execute(query, values).fetchall()

    def _place(self, key_id: UUID, person_id: UUID) -> bytes:
        return self._seals.place(b"send-records/api-key/1", key_id.bytes, person_id.bytes)
