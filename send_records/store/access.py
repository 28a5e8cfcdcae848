"""The access log: who saw what of whom, and who was refused.

A row is committed before the answer it accounts for is sent; if it cannot be, there is no answer
(D13).  Rows are appended as events are, and proved as events are, by a tree of their own.  Search
words are not kept: they may be the name of a child, and would outlive the child's erasure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import psycopg
import structlog
from psycopg import Connection
from psycopg.rows import dict_row
from psycopg_pool import PoolTimeout

from send_records.aggregates.base import Actor
from send_records.errors import NotReadyYet
from send_records.store.arrays import Bytes, integers, texts, uuids
from send_records.store.connections import Pool
from send_records.store.gathering import Gathering
from send_records.store.scopes import Scope, within
from send_records.store.sealing import Seals

log = structlog.get_logger()


class Act(StrEnum):
    """What was done."""

    READ = "read"
    SEARCH = "search"
    EXPORT = "export"
    UPLOAD = "upload"
    PROOF = "proof"
    REFUSAL = "refusal"
    KEYS = "keys"


class Tier(StrEnum):
    """How sensitive what an answer shows can be (``security.md``, "Who may do what")."""

    AGGREGATES = "T0"
    DIRECTORY = "T1"
    PROVISION = "T2"
    ASSESSMENT = "T3"
    RESTRICTED = "T4"
    ACCESS = "T5"
    CONFIGURATION = "T6"


class AccessPurpose(StrEnum):
    """Why somebody looks (UK GDPR Art 5(1)(b)); a code, for words here might name a child."""

    SUPPORT = "support"
    REVIEW = "review"
    SAFEGUARDING = "safeguarding"
    TRANSFER = "transfer"
    SUBJECT_ACCESS = "subject_access"
    TRIBUNAL = "tribunal"
    COMPLAINT = "complaint"
    AUDIT = "audit"
    ADMINISTRATION = "administration"


GIVEN = "given"
"""The outcome of what was not refused; a refusal's is its name."""


class AccessNotRecorded(NotReadyYet):
    """Who looks at a record is recorded first; what cannot be recorded is not shown."""

    basis = "UK GDPR Art 5(2) and 32"


@dataclass(frozen=True, slots=True)
class Access:
    """One answer, or one refusal."""

    actor: Actor
    request_id: UUID
    act: Act
    what: str
    """The operation."""
    tier: Tier
    purpose: AccessPurpose
    pupils: Sequence[UUID] = ()
    outcome: str = GIVEN


@dataclass(frozen=True, slots=True)
class AccessRow:
    """One row of the access log, with the name opened."""

    position: int
    recorded_at: datetime
    request_id: UUID
    actor_id: UUID
    name: str
    role: str
    academy: str | None
    act: str
    what: str
    tier: str
    purpose: str
    outcome: str


class AccessLog:
    """Appends to, and reads, the access log of one trust."""

    def __init__(self, pool: Pool, seals: Seals) -> None:
        self._pool = pool
        self._seals = seals
        self._gathering = Gathering[Access, int](self._write)

    def record(self, access: Access) -> int:
        """Commit a row, and return its position; raise AccessNotRecorded if that fails."""
        return self._gathering.submit(access)

    def _write(self, accesses: Sequence[Access]) -> Sequence[int | Exception]:
        try:
            with or_nothing(self._pool) as connection:
                return append_accesses(connection, self._seals, accesses)
        except AccessNotRecorded as error:
            return [AccessNotRecorded(*error.args) for _ in accesses]

    def of_pupil(
        self, pupil_id: UUID, *, after: int = 0, limit: int | None, act: Act | None = None
    ) -> list[AccessRow]:
        """Return who saw, or was refused, anything of a pupil, in order, after a position; only
        what was done in one way, if one is named."""
        with (
            or_nothing(self._pool) as connection,
            within(connection, Scope.of(pupil_id)),
            connection.cursor(row_factory=dict_row, binary=True) as cursor,
        ):
            rows = cursor.execute(
                "SELECT position, recorded_at, request_id, actor_id, sealed, role, academy, act, "
                "what, tier, purpose, outcome FROM access_log "
                "WHERE pupils @> ARRAY[%s::uuid] AND position > %s "
                "AND (%s::text IS NULL OR act = %s) ORDER BY position LIMIT %s",
                [pupil_id, after, act, act, limit],
            ).fetchall()
        return [AccessRow(name=name_in(self._seals, row), **row) for row in rows]


@contextmanager
def or_nothing(pool: Pool) -> Iterator[Connection]:
    """Yield a connection for the access log; raise AccessNotRecorded if the database fails."""
    try:
        with pool.connection() as connection:
            yield connection
    except (psycopg.Error, PoolTimeout) as error:
        log.error("access_log_failed", error=type(error).__name__)
        raise AccessNotRecorded(
            "Nothing is shown, for it cannot be recorded who looks: try again in a moment."
        ) from error


def name_in(seals: Seals, row: dict[str, Any]) -> str:
    """Return the actor's name, and take it out of the row in its sealed form."""
    place = name_place(seals, row["actor_id"], row["request_id"])
    return seals.open(row["actor_id"], place, row.pop("sealed")).decode()


def append_access(connection: Connection, seals: Seals, access: Access) -> int:
    """Append a row on a connection of the application's or the owner's; return its position."""
    return append_accesses(connection, seals, [access])[0]


def append_accesses(connection: Connection, seals: Seals, accesses: Sequence[Access]) -> list[int]:
    """Append rows in one transaction, and return the position of each."""
    rows = connection.execute(
        "SELECT append_access(%b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b, %b)",
        [
            uuids(access.request_id for access in accesses),
            uuids(access.actor.id for access in accesses),
            texts(access.actor.role for access in accesses),
            texts(access.actor.academy for access in accesses),
            texts(access.act for access in accesses),
            texts(access.what for access in accesses),
            texts(access.tier for access in accesses),
            texts(access.purpose for access in accesses),
            texts(access.outcome for access in accesses),
            integers(len(access.pupils) for access in accesses),
            uuids(pupil for access in accesses for pupil in access.pupils),
            Bytes.of(_sealed_name(seals, access) for access in accesses),
        ],
        prepare=True,
        binary=True,
    )
    return [position for (position,) in rows]


def _sealed_name(seals: Seals, access: Access) -> bytes:
    place = name_place(seals, access.actor.id, access.request_id)
    return seals.seal_for_trust(place, access.actor.name.encode())


def name_place(seals: Seals, actor_id: UUID, request_id: UUID) -> bytes:
    """Return the associated data of an actor's sealed name."""
    return seals.place(b"send-records/access/1", actor_id.bytes, request_id.bytes)
