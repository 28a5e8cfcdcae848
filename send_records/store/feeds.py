"""Calendar feeds: who may read of duties without signing in, by a secret that is kept nowhere.

A calendar program asks by itself and cannot sign in.  So it is given an address with 256 random
bits in it, of which the hash is kept; what it may read of is fixed when it is made, and it can be
ended at any moment.  Such a feed names nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any, LiteralString
from uuid import UUID, uuid4

from psycopg.rows import dict_row

from send_records.aggregates.base import Actor
from send_records.aggregates.values import Role
from send_records.errors import NotFound
from send_records.store.connections import Pool
from send_records.store.sealing import Seals


@dataclass(frozen=True, slots=True)
class Feed:
    """One calendar feed: of which duties, and since when."""

    feed_id: UUID
    made_by: UUID
    academy: str | None
    role: str | None
    made_at: datetime
    ended_at: datetime | None = None


class Feeds:
    """The calendar feeds of one trust."""

    def __init__(self, pool: Pool, seals: Seals) -> None:
        self._pool = pool
        self._seals = seals

    def make(self, actor: Actor, academy: str | None, role: str | None) -> tuple[Feed, str]:
        """Make a feed for somebody; return it, and the secret that nobody can be told again."""
        feed_id, secret = uuid4(), token_urlsafe(32)
        sealed = self._seals.seal_for_trust(self._place(feed_id), actor.name.encode())
        made = self._select(
            "INSERT INTO calendar_feeds (feed_id, token_hash, actor_id, actor_role, at_academy, "
            "sealed, academy, role) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING made_at",
            [feed_id, hashed(secret), actor.id, actor.role, actor.academy, sealed, academy, role],
        )
        return Feed(feed_id, actor.id, academy, role, made[0]["made_at"]), secret

    def seen_by(self, actor: Actor) -> Sequence[Feed]:
        """Return the feeds that somebody made, the newest first; to the DPO, all of them."""
        return [
            Feed(**row)
            for row in self._select(
                "SELECT feed_id, actor_id AS made_by, academy, role, made_at, ended_at "
                "FROM calendar_feeds WHERE actor_id = %s OR %s ORDER BY made_at DESC",
                [actor.id, actor.role is Role.DPO],
            )
        ]

    def end(self, feed_id: UUID, actor: Actor) -> None:
        """End a feed, for whoever made it or the DPO; raise NotFound if it is not theirs."""
        rows = self._select(
            "UPDATE calendar_feeds SET ended_at = coalesce(ended_at, now()) "
            "WHERE feed_id = %s AND (actor_id = %s OR %s) RETURNING feed_id",
            [feed_id, actor.id, actor.role is Role.DPO],
        )
        if not rows:
            raise NotFound("You have no such calendar.")

    def read_by(self, secret: str) -> tuple[Feed, Actor]:
        """Return the feed that a secret is of, and who made it, as they were then; raise NotFound
        if there is none, or it was ended."""
        rows = self._select(
            "SELECT feed_id, actor_id AS made_by, academy, role, made_at, ended_at, actor_role, "
            "at_academy, sealed FROM calendar_feeds WHERE token_hash = %s AND ended_at IS NULL",
            [hashed(secret)],
        )
        if not rows:
            raise NotFound("There is no such calendar, or it was ended.")
        [row] = rows
        sealed, actor_id = row.pop("sealed"), row["made_by"]
        name = self._seals.open(actor_id, self._place(row["feed_id"]), sealed).decode()
        role, academy = Role(row.pop("actor_role")), row.pop("at_academy")
        return Feed(**row), Actor(id=actor_id, name=name, role=role, academy=academy)

    def _select(self, query: LiteralString, values: list[Any]) -> list[dict[str, Any]]:
        with self._pool.connection() as connection, connection.cursor(row_factory=dict_row) as rows:
            return rows.execute(query, values).fetchall()

    def _place(self, feed_id: UUID) -> bytes:
        return self._seals.place(b"send-records/feed/1", feed_id.bytes)


def hashed(secret: str) -> bytes:
    """Return what is kept of a secret: its SHA-256, for 256 random bits need nothing slower."""
    return sha256(secret.encode()).digest()
