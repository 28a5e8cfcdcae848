"""Appending: the way into the log, for commands that come one at a time or many at once.

Commands that wait at the same moment are appended in one transaction (group commit), and each is
told its own outcome: one that loses a race, or is of an erased pupil, fails alone.

A connection that dies while committing leaves a question: recorded, or not?  The library's own
retry turned that into a false failure in 22 of 50 kills (``security.md``, measured 1).  Here every
command has an id, stored in the transaction of its events; after any ambiguous error its id is
looked up, and only then is it tried again or answered.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import psycopg
from eventsourcing.persistence import IntegrityError

from send_records.errors import OutcomeUnknown
from send_records.store.appending import (
    CommandRow,
    RecordedCommand,
    append_commands,
    find_commands,
)
from send_records.store.connections import AMBIGUOUS, Pool
from send_records.store.gathering import Gathering, TaskGathering
from send_records.store.keyring import KeyDestroyed
from send_records.store.mapper import VersionedEvent

REFUSED = {"23505", "SR001"}
"""A version or command id that is taken (unique_violation), or a version too far ahead."""

KEY_DESTROYED = "SR003"
"""The pupil was erased while somebody still held the key."""

PAUSE = 0.1
"""Seconds between attempts, for a database that is there and cannot write: its disk is full."""

PATIENCE = 30.0
"""Seconds a command waits for a database that went away, before its outcome is called unknown."""


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """A command that was decided, and is still to be recorded."""

    events: Sequence[VersionedEvent]
    command: CommandRow
    deadline: float
    """Until when its caller waits, by ``time.monotonic``."""


Outcome = RecordedCommand | Exception


class Appender:
    """Appends commands to one trust's log, for any number of threads."""

    def __init__(self, pool: Pool, *, patience: float = PATIENCE) -> None:
        self._pool = pool
        self._patience = patience
        self._threads = Gathering[Pending, RecordedCommand](self._write)
        self._tasks = TaskGathering[Pending, RecordedCommand](self._write)

    def append(self, events: Sequence[VersionedEvent], command: CommandRow) -> RecordedCommand:
        """Append the events of one command, and return where they are.

        If the command is in the log already, return where, and append nothing.  Raise
        IntegrityError if another command has taken one of the versions, KeyDestroyed if the
        pupil was erased, and OutcomeUnknown if the database stays away.
        """
        return self._threads.submit(self._pending(events, command))

    async def append_soon(
        self, events: Sequence[VersionedEvent], command: CommandRow
    ) -> RecordedCommand:
        """Do as ``append`` does, for a task of an event loop."""
        return await self._tasks.submit(self._pending(events, command))

    def _pending(self, events: Sequence[VersionedEvent], command: CommandRow) -> Pending:
        return Pending(events, command, time.monotonic() + self._patience)

    def _write(self, batch: Sequence[Pending]) -> list[Outcome]:
        settled: dict[Pending, Outcome] = {}
        for together in one_a_stream(batch):
            self._settle(together, settled)
        return [settled[pending] for pending in batch]

    def _settle(self, batch: Sequence[Pending], settled: dict[Pending, Outcome]) -> None:
        """Append commands together, and say of each what became of it.

        Refused together they are told apart: those that were recorded before get their answer,
        and the others are appended by halves, down to the one that was the cause.
        """
        left = list(batch)
        while left:
            try:
                settled.update(zip(left, self._append(left), strict=True))
                return
            except AMBIGUOUS:
                left = self._not_recorded(left, settled)
                time.sleep(PAUSE if left else 0)
            except psycopg.DatabaseError as error:
                alone = len(left) == 1
                left = self._not_recorded(left, settled)
                if alone:
                    settled.update((pending, refusal(error)) for pending in left)
                    return
                half = len(left) // 2
                self._settle(left[half:], settled)
                left = left[:half]

    def _append(self, batch: Sequence[Pending]) -> list[RecordedCommand]:
        with self._pool.connection() as connection:
            return append_commands(
                connection, [(pending.events, pending.command) for pending in batch]
            )

    def _not_recorded(
        self, batch: Sequence[Pending], settled: dict[Pending, Outcome]
    ) -> list[Pending]:
        """Look commands up as soon as the database answers; settle those that are in the log, and
        return the others.  Once the patience of one is over, the outcome of all is unknown.

        Those returned were not recorded so far.  They may still be, if the first attempt waits in
        the queue of ``append``: trying again settles that, for only one can be first.
        """
        ids = [pending.command.id for pending in batch]
        deadline = min(pending.deadline for pending in batch)
        while time.monotonic() < deadline:
            try:
                with self._pool.connection() as connection:
                    found = find_commands(connection, ids)
            except AMBIGUOUS:
                time.sleep(PAUSE)
                continue
            settled.update((p, found[p.command.id]) for p in batch if p.command.id in found)
            return [pending for pending in batch if pending.command.id not in found]
        for pending in batch:
            settled[pending] = OutcomeUnknown(
                "The database is away. Repeat the request with the same key."
            )
        return []


def one_a_stream(batch: Iterable[Pending]) -> Iterator[list[Pending]]:
    """Yield commands in lists in which no two are of one stream, for of two that were decided at
    the same version one fails, and with it all that it was appended with."""
    left = list(batch)
    while left:
        together, later, streams = list[Pending](), list[Pending](), set[UUID]()
        for pending in left:
            of = {cast(UUID, event.originator_id) for event in pending.events}
            (later if of & streams else together).append(pending)
            streams |= of
        yield together
        left = later


def refusal(error: psycopg.DatabaseError) -> Exception:
    """Return what the log's refusal of one command means."""
    meant: Exception = error
    if error.sqlstate == KEY_DESTROYED:
        meant = KeyDestroyed(error.diag.message_primary)
    elif error.sqlstate in REFUSED:
        meant = IntegrityError(error.diag.message_primary)
    meant.__cause__ = None if meant is error else error
    return meant
