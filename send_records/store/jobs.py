"""Jobs: what takes longer than a request may, kept from when it is asked for until it expires.

What is asked is sealed under the pupil's key, bound to the pupil, the job and its kind.  Who looks
on is shown the jobs of pupils in their scope; a worker takes up anybody's, by functions that hand
out one job at a time (``0017_jobs.sql``).
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

import psycopg
from psycopg.rows import class_row, dict_row

from send_records.errors import Damaged, NotFound, SendRecordsError, TooLarge
from send_records.store.appender import KEY_DESTROYED
from send_records.store.connections import Pool
from send_records.store.job_rows import Claimed, Job
from send_records.store.keyring import KeyDestroyed
from send_records.store.scopes import Scope, within
from send_records.store.sealing import DoesNotOpen, Seals

LARGEST_TASK = 384 * 1024
"""Bytes: half as much again as the largest body of a request."""

LONGEST_REFUSAL = 8_000
"""Characters that are kept of what a refusal said."""

FOREIGN_KEY = "23503"

SELECT: LiteralString = (
    "SELECT job_id, pupil_id, kind, asked_by, asked_at, expires_at, state, stage, done, total, "
    "attempts, cancellable, ended_at, refusal, sealed FROM jobs "
    "WHERE expires_at > clock_timestamp() "
)


class JobKeyTaken(Exception):
    """Another request was made under the key."""


class TaskDamaged(Damaged):
    """What was asked for is not what is stored: it is not done."""


class JobStore:
    """The jobs of one trust."""

    def __init__(self, pool: Pool, seals: Seals) -> None:
        self._pool = pool
        self._seals = seals

    # Asked for, and looked at

    def asked(self, pupil_id: UUID, job_id: UUID, said: bytes) -> Job | None:
        """Return the job that was asked for under a key, if any; raise JobKeyTaken if it is
        another's, or of another request than what is ``said``; KeyDestroyed."""
        with self._pool.connection() as connection, within(connection, Scope.of(pupil_id)):
            row = connection.execute(
                "SELECT request_mac FROM jobs WHERE job_id = %s", [job_id]
            ).fetchone()
        if row is None:
            return None
        if not hmac.compare_digest(row[0], self._seals.mac(pupil_id, said)):
            raise JobKeyTaken
        return self.find(Scope.of(pupil_id), job_id)

    def add(
        self,
        pupil_id: UUID,
        job_id: UUID,
        kind: str,
        asked_by: UUID,
        said: bytes,
        task: bytes,
        keep: timedelta,
    ) -> bool:
        """Add a job to those that wait, to be kept for so long, its result too; False if there is
        one of that id.  Raise TooLarge, NotFound, or KeyDestroyed."""
        if len(task) > LARGEST_TASK:
            raise TooLarge("Ask for less at once.")
        sealed = self._seals.seal(pupil_id, self._place(pupil_id, job_id, kind), task)
        values = [job_id, pupil_id, kind, asked_by, keep, self._seals.mac(pupil_id, said), sealed]
        try:
            with self._pool.connection() as connection, within(connection, Scope.of(pupil_id)):
                return (
                    connection.execute(
                        "INSERT INTO jobs (job_id, pupil_id, kind, asked_by, expires_at, "
                        "request_mac, sealed) VALUES (%s, %s, %s, %s, clock_timestamp() + %s, "
                        "%s, %s) ON CONFLICT (job_id) DO NOTHING",
                        values,
                    ).rowcount
                    == 1
                )
        except psycopg.DatabaseError as error:
            if error.sqlstate == KEY_DESTROYED:
                raise KeyDestroyed("The pupil was erased.") from error
            if error.sqlstate == FOREIGN_KEY:
                raise NotFound("No pupil has that id.") from None
            raise

    def find(self, scope: Scope, job_id: UUID, asked_by: UUID | None = None) -> Job | None:
        """Return a job of a pupil in a scope, if it has not expired; if a person is named, only
        what they asked for."""
        found = self._select(
            scope,
            "AND job_id = %s AND (%s::uuid IS NULL OR asked_by = %s)",
            [job_id, asked_by, asked_by],
        )
        return found[0] if found else None

    def of(self, scope: Scope, asked_by: UUID, after: Job | None, limit: int) -> list[Job]:
        """Return what somebody asked for of pupils in a scope, the newest first, from after a job
        on."""
        return self._select(
            scope,
            "AND asked_by = %s AND (%s::timestamptz IS NULL OR (asked_at, job_id) < (%s, %s)) "
            "ORDER BY asked_at DESC, job_id DESC LIMIT %s",
            [asked_by, *([after.asked_at] * 2 + [after.job_id] if after else [None] * 3), limit],
        )

    def cancel(self, scope: Scope, job_id: UUID, asked_by: UUID | None = None) -> bool:
        """Cancel a job that ``find`` returns, and remove what is kept of it; False if it has ended,
        or is being recorded."""
        with self._pool.connection() as connection, within(connection, scope):
            row = connection.execute("SELECT cancel_job(%s, %s)", [job_id, asked_by]).fetchone()
        return row == (True,)

    # Done

    def claim(self, worker: UUID, lease: timedelta, kinds: Collection[str]) -> Claimed | None:
        """Take up the job of some kinds that has waited longest, or whose worker was not heard of
        for as long as a lease; None if there is none."""
        with (
            self._pool.connection() as connection,
            connection.cursor(row_factory=class_row(Claimed)) as rows,
        ):
            return rows.execute(
                "SELECT * FROM claim_job(%s, %s, %s)", [worker, lease, list(kinds)]
            ).fetchone()

    def task(self, claimed: Claimed) -> bytes:
        """Return what is asked for; raise TaskDamaged, or KeyDestroyed."""
        place = self._place(claimed.pupil_id, claimed.job_id, claimed.kind)
        try:
            return self._seals.open(claimed.pupil_id, place, claimed.sealed)
        except DoesNotOpen:
            raise TaskDamaged("What was asked for was altered where it is kept.") from None

    def beat(self, job_id: UUID, worker: UUID, stage: str, done: int, total: int) -> bool:
        """Say that a worker is still at it, and how far; False if it is to stop."""
        return self._call("SELECT beat_job(%s, %s, %s, %s, %s)", job_id, worker, stage, done, total)

    def fence(self, job_id: UUID, worker: UUID) -> bool:
        """Say that the result is being recorded, so that nobody cancels it; False if the worker is
        to stop instead."""
        return self._call("SELECT fence_job(%s, %s)", job_id, worker)

    def end(self, claimed: Claimed, worker: UUID, refusal: SendRecordsError | None = None) -> bool:
        """End a worker's job: done or, if it was refused, failed, and then nothing is kept of its
        result; False if it is not the worker's any more."""
        name = None if refusal is None else type(refusal).__name__
        said = None if refusal is None else self._sealed_refusal(claimed, str(refusal))
        return self._call("SELECT end_job(%s, %s, %s, %s)", claimed.job_id, worker, name, said)

    def _sealed_refusal(self, claimed: Claimed, said: str) -> bytes | None:
        """Return what a refusal said, sealed, for it may be words of the record; nothing of a pupil
        who was erased meanwhile."""
        place = self._refused(claimed.pupil_id, claimed.job_id)
        try:
            return self._seals.seal(claimed.pupil_id, place, said[:LONGEST_REFUSAL].encode())
        except KeyDestroyed:
            return None

    def release(self, job_id: UUID, worker: UUID, *, counts: bool) -> bool:
        """Give a worker's job back, to be taken up by any at once; the attempt ``counts``, or
        not."""
        return self._call("SELECT release_job(%s, %s, %s)", job_id, worker, counts)

    def remove_cancelled(self, job_id: UUID) -> bool:
        """Remove what was kept of a job that was cancelled meanwhile; False if it was not."""
        return self._call("SELECT remove_cancelled(%s)", job_id)

    def remove_expired(self) -> int:
        """Remove the jobs that have expired, and their results; return how many those were."""
        with self._pool.connection() as connection:
            [(removed,)] = connection.execute("SELECT remove_expired_jobs()").fetchall()
        return int(removed)

    def _call(self, query: LiteralString, *values: object) -> bool:
        with self._pool.connection() as connection:
            return connection.execute(query, values).fetchone() == (True,)

    def _select(self, scope: Scope, clause: LiteralString, values: Sequence[Any]) -> list[Job]:
        with (
            self._pool.connection() as connection,
            within(connection, scope),
            connection.cursor(row_factory=dict_row) as rows,
        ):
            return [self._job(row) for row in rows.execute(SELECT + clause, values).fetchall()]

    def _job(self, row: dict[str, Any]) -> Job:
        sealed, said = row.pop("sealed"), None
        if row["refusal"] is not None and sealed is not None:
            place = self._refused(row["pupil_id"], row["job_id"])
            with suppress(DoesNotOpen, KeyDestroyed):  # then its name alone is told
                said = self._seals.open(row["pupil_id"], place, sealed).decode()
        return Job(**row, said=said)

    def _refused(self, pupil_id: UUID, job_id: UUID) -> bytes:
        return self._seals.place(b"send-records/job-refusal/1", pupil_id.bytes, job_id.bytes)

    def _place(self, pupil_id: UUID, job_id: UUID, kind: str) -> bytes:
        return self._seals.place(b"send-records/job/1", pupil_id.bytes, job_id.bytes, kind.encode())
