"""The log: one way in, ``append``, and a few ways to read it.

A connection that dies while committing leaves a question: recorded, or not?  The library's own
retry turned that into a false failure in 22 of 50 kills (``security.md``, measured 1).  Here every
command has an id, stored in the transaction of its events; after any ambiguous error the recorder
reads back by that id, and only then tries again or answers.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString, cast
from uuid import UUID

import psycopg
from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    StoredEvent,
    Subscription,
)
from psycopg import Connection
from psycopg_pool import PoolTimeout

from send_records.errors import NotReadyYet, OutcomeUnknown
from send_records.store.connections import Pool
from send_records.store.keyring import KeyDestroyed
from send_records.store.mapper import RecordedEvent, VersionedEvent

AMBIGUOUS = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)
"""The database went away, or would not answer: what was asked may or may not have been done."""

REFUSED = {"23505", "SR001"}
"""A version or command id that is taken (unique_violation), or a version too far ahead."""

KEY_DESTROYED = "SR003"
"""The pupil was erased while somebody still held the key."""

PAUSE = 0.1
"""Seconds between attempts, for a database that is there and cannot write: its disk is full."""


class DatabaseAway(NotReadyYet):
    """The database does not answer; nothing was recorded by this request."""


SELECT = (
    "SELECT stream_id, version, topic, sealed, position, class_version, recorded_at, clear::text "
    "FROM events "
)


def read_log(connection: Connection, *, after: int, limit: int) -> list[RecordedEvent]:
    """Return the events after a position, in the order of the log: without gaps, so none is missed
    by whoever goes on from the last position read."""
    return select(connection, "WHERE position > %s ORDER BY position LIMIT %s", [after, limit])


def select(
    connection: Connection, clause: LiteralString, parameters: Sequence[Any]
) -> list[RecordedEvent]:
    """Return the events that a clause of ours selects, in the order it gives."""
    with connection.cursor(binary=True) as cursor:
        cursor.execute(SELECT + clause, parameters, prepare=True)
        return [RecordedEvent(*row) for row in cursor]


def erased_among(connection: Connection, pupils: Collection[UUID]) -> set[UUID]:
    """Return which of some pupils the log says were erased: before their keys are gone, too."""
    rows = connection.execute(
        "SELECT stream_id FROM data_keys WHERE stream_id = ANY(%s) AND destroyed_at IS NOT NULL",
        [list(pupils)],
        prepare=True,
    )
    return {stream for (stream,) in rows}


@dataclass(frozen=True, slots=True)
class CommandRow:
    """What is stored of a command beside its events."""

    id: UUID
    actor_id: UUID
    request_mac: bytes
    """What was asked, under the pupil's key: the same id with another request is refused."""


@dataclass(frozen=True, slots=True)
class RecordedCommand:
    """A command that is in the log, and where."""

    request_mac: bytes
    stream_id: UUID
    version: int
    first_position: int
    leaves: tuple[bytes, ...]
    """The leaf of each of its events, by position."""

    @property
    def last_position(self) -> int:
        return self.first_position + len(self.leaves) - 1


def append_events(
    connection: Connection, events: Sequence[VersionedEvent], command: CommandRow
) -> RecordedCommand:
    """Append the events of one command in one round trip, once, and return where they are."""
    rows = connection.execute(
        "SELECT position, leaf FROM append(%b, %b, %b, %b::uuid[], %b::integer[], "
        "%b::text[], %b::smallint[], %s::json[], %b::bytea[])",
        [
            command.id,
            command.request_mac,
            command.actor_id,
            [event.originator_id for event in events],
            [event.originator_version for event in events],
            [event.topic for event in events],
            [event.class_version for event in events],
            [event.clear for event in events],
            [event.state for event in events],
        ],
        prepare=True,
        binary=True,
    ).fetchall()
    last = events[-1]
    return RecordedCommand(
        command.request_mac,
        cast(UUID, last.originator_id),
        last.originator_version,
        rows[0][0],
        tuple(leaf for _, leaf in rows),
    )


class PostgresRecorder(ApplicationRecorder):
    """Records events in, and reads them from, one trust's schema.

    ``patience`` is how long, in seconds, a command waits for a database that went away before
    its caller is told that the outcome is unknown.
    """

    def __init__(self, pool: Pool, *, patience: float = 30.0) -> None:
        self._pool = pool
        self._patience = patience

    def append(self, events: Sequence[VersionedEvent], command: CommandRow) -> RecordedCommand:
        """Append the events of one command, and return where they are.

        If the command is in the log already, return where, and append nothing.  Raise
        IntegrityError if another command has taken one of the versions, KeyDestroyed if the
        pupil was erased, and OutcomeUnknown if the database stays away.
        """
        deadline = time.monotonic() + self._patience
        while True:
            try:
                return self._append(events, command)
            except AMBIGUOUS:
                recorded = self._find_patiently(command.id, deadline)
                if recorded is not None:
                    return recorded
                time.sleep(PAUSE)
            except psycopg.DatabaseError as error:
                if error.sqlstate == KEY_DESTROYED:
                    raise KeyDestroyed(error.diag.message_primary) from error
                if error.sqlstate not in REFUSED:
                    raise
                recorded = self._find_patiently(command.id, deadline)
                if recorded is None:
                    raise IntegrityError(error.diag.message_primary) from error
                return recorded

    def _append(self, events: Sequence[VersionedEvent], command: CommandRow) -> RecordedCommand:
        with self._pool.connection() as connection:
            return append_events(connection, events, command)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        """A connection to read by; raise DatabaseAway if there is none, or it is lost."""
        try:
            with self._pool.connection() as connection:
                yield connection
        except AMBIGUOUS as error:
            raise DatabaseAway("The database is away: ask again in a moment.") from error

    def find_command(self, command_id: UUID) -> RecordedCommand | None:
        """Return where a command is in the log, or None if it is not there."""
        with self._reading() as connection:
            row = connection.execute(
                "SELECT request_mac, stream_id, version, first_position, (SELECT "
                "array_agg(leaf ORDER BY position) FROM events WHERE position BETWEEN "
                "first_position AND last_position) FROM commands "
                "JOIN events ON position = last_position WHERE commands.command_id = %s",
                [command_id],
                prepare=True,
                binary=True,
            ).fetchone()
        if row is None:
            return None
        mac, stream_id, version, first, leaves = row
        return RecordedCommand(mac, stream_id, version, first, tuple(leaves))

    def _find_patiently(self, command_id: UUID, deadline: float) -> RecordedCommand | None:
        """Find a command as soon as the database answers again; raise OutcomeUnknown if it
        does not before the deadline.

        None means that it was not recorded so far.  It may still be, if its first attempt is
        waiting in the queue of ``append``: trying again settles that, for only one can be first.
        """
        while time.monotonic() < deadline:
            try:
                return self.find_command(command_id)
            except DatabaseAway:
                time.sleep(PAUSE)
        raise OutcomeUnknown("The database is away. Repeat the request with the same key.")

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Append through the library's interface; ``command`` is a CommandRow."""
        events = cast("Sequence[VersionedEvent]", stored_events)
        recorded = self.append(events, kwargs["command"])
        return range(recorded.first_position, recorded.last_position + 1)

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[RecordedEvent]:
        order: LiteralString = "DESC" if desc else "ASC"
        return self._select(
            "WHERE stream_id = %s AND version > %s AND version <= %s ORDER BY version "
            + order
            + " LIMIT %s",
            [originator_id, gt or 0, 2**31 - 1 if lte is None else lte, limit],
        )

    def stream(self, originator_id: UUID) -> Iterator[RecordedEvent]:
        """Yield a pupil's events, one at a time.  None outlives its turn, so the garbage
        collector has nothing to walk over: with all of them in a list it took a third longer."""
        with self._reading() as connection, connection.cursor(binary=True) as cursor:
            query = SELECT + "WHERE stream_id = %s ORDER BY version"
            for row in cursor.execute(query, [originator_id], prepare=True):
                yield RecordedEvent(*row)

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[RecordedEvent]:
        """Return events in the order of the log, from a position, to a position, of some topics."""
        first = (start or 0) if inclusive_of_start else (start or 0) + 1
        return self._select(
            "WHERE position >= %s AND position <= %s AND (%s::text[] = '{}' OR topic = ANY(%s)) "
            "ORDER BY position LIMIT %s",
            [first, 2**63 - 1 if stop is None else stop, list(topics), list(topics), limit],
        )

    def _select(self, clause: LiteralString, parameters: list[Any]) -> list[RecordedEvent]:
        with self._reading() as connection:
            return select(connection, clause, parameters)

    def erased(self, pupils: Collection[UUID]) -> set[UUID]:
        """Return which of some pupils were erased."""
        with self._reading() as connection:
            return erased_among(connection, pupils)

    def max_notification_id(self) -> int | None:
        """Return the position of the last event, or None if the log is empty."""
        return self.head()[0] or None

    def head(self) -> tuple[int, datetime]:
        """Return the size of the log, which is its last position, and when it was appended to."""
        with self._reading() as connection:
            row = connection.execute("SELECT size, recorded_at FROM log_head").fetchone()
        if row is None:
            raise LookupError("log_head has lost its row")
        return row[0], row[1]

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        return PollingSubscription(self, gt, topics)


class PollingSubscription(Subscription[ApplicationRecorder]):
    """Yields events as they are recorded, missing none: the log has no gaps, so the next event is
    always the one after the last.  It polls, for a lost NOTIFY must not lose an event."""

    PAUSE = 0.05

    _waiting: Sequence[Any] = ()

    def __next__(self) -> RecordedEvent:
        while not self._waiting:
            if self._has_been_stopped:
                raise StopIteration
            self._waiting = self._recorder.select_notifications(
                self._last_notification_id, 500, topics=self._topics, inclusive_of_start=False
            )
            if not self._waiting:
                time.sleep(self.PAUSE)
        event: RecordedEvent
        event, *self._waiting = self._waiting
        self._last_notification_id = event.id
        return event
