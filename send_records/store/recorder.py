"""The log as the library knows it: a recorder, with one way in (``appender``), many to read."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, LiteralString, cast
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    StoredEvent,
    Subscription,
)
from psycopg import Connection

from send_records.errors import NotReadyYet
from send_records.store.appender import PATIENCE, Appender
from send_records.store.appending import CommandRow, RecordedCommand, find_commands
from send_records.store.connections import AMBIGUOUS, Pool
from send_records.store.mapper import RecordedEvent, VersionedEvent
from send_records.store.scopes import WHOLE_TRUST, Scope, within


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
    connection: Connection, clause: LiteralString, parameters: Sequence[Any] | Mapping[str, Any]
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


def seen_among(connection: Connection, pupils: Collection[UUID]) -> set[UUID]:
    """Return which of some pupils there are, in the scope of the connection's transaction."""
    rows = connection.execute(
        "SELECT pupil_id FROM whereabouts WHERE pupil_id = ANY(%s)", [list(pupils)], prepare=True
    )
    return {pupil for (pupil,) in rows}


class PostgresRecorder(ApplicationRecorder):
    """Records events in, and reads them from, one trust's schema.

    ``patience`` is for how many seconds a command waits for a database that went away.
    """

    def __init__(self, pool: Pool, *, patience: float = PATIENCE) -> None:
        self._pool = pool
        self._appender = Appender(pool, patience=patience)

    @property
    def pool(self) -> Pool:
        """The connections it uses, for what is decided on besides events."""
        return self._pool

    def append(self, events: Sequence[VersionedEvent], command: CommandRow) -> RecordedCommand:
        """Append the events of one command, and return where they are; see ``Appender.append``."""
        return self._appender.append(events, command)

    async def append_soon(
        self, events: Sequence[VersionedEvent], command: CommandRow
    ) -> RecordedCommand:
        """Do as ``append`` does, for a task of an event loop."""
        return await self._appender.append_soon(events, command)

    @contextmanager
    def _reading(self, scope: Scope) -> Iterator[Connection]:
        """A connection to read by, in a scope; raise as ``_connected``."""
        with self._connected() as connection, within(connection, scope):
            yield connection

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """A connection; raise DatabaseAway if there is none, or it is lost."""
        try:
            with self._pool.connection() as connection:
                yield connection
        except AMBIGUOUS as error:
            raise DatabaseAway("The database is away: ask again in a moment.") from error

    def find_command(self, command_id: UUID) -> RecordedCommand | None:
        """Return where a command is in the log, or None if it is not there."""
        with self._connected() as connection:
            return find_commands(connection, [command_id]).get(command_id)

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:
        """Append through the library's interface; ``command`` is a CommandRow."""
        events = cast("Sequence[VersionedEvent]", stored_events)
        recorded = self.append(events, kwargs["command"])
        after_last = recorded.last_position + 1
        return range(after_last - len(events), after_last)

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
            Scope.of(UUID(str(originator_id))),
            "WHERE stream_id = %s AND version > %s AND version <= %s ORDER BY version "
            + order
            + " LIMIT %s",
            [originator_id, gt or 0, 2**31 - 1 if lte is None else lte, limit],
        )

    def stream(self, originator_id: UUID, *, after: int = 0) -> Iterator[RecordedEvent]:
        """Yield a pupil's events after a version, one at a time.  None outlives its turn, so the
        garbage collector has nothing to walk over: with all in a list it took a third longer."""
        scope = Scope.of(originator_id)
        with self._reading(scope) as connection, connection.cursor(binary=True) as cursor:
            query = SELECT + "WHERE stream_id = %s AND version > %s ORDER BY version"
            for row in cursor.execute(query, [originator_id, after], prepare=True):
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
            WHOLE_TRUST,
            "WHERE position >= %s AND position <= %s AND (%s::text[] = '{}' OR topic = ANY(%s)) "
            "ORDER BY position LIMIT %s",
            [first, 2**63 - 1 if stop is None else stop, list(topics), list(topics), limit],
        )

    def feed(self, *, after: int, limit: int, without: Sequence[str]) -> list[RecordedEvent]:
        """Return the events after a position, in the order of the log, but for some topics."""
        return self._select(
            WHOLE_TRUST,
            "WHERE position > %s AND topic <> ALL(%s) ORDER BY position LIMIT %s",
            [after, list(without), limit],
        )

    def _select(
        self, scope: Scope, clause: LiteralString, parameters: list[Any]
    ) -> list[RecordedEvent]:
        with self._reading(scope) as connection:
            return select(connection, clause, parameters)

    def erased(self, pupils: Collection[UUID]) -> set[UUID]:
        """Return which of some pupils were erased."""
        with self._reading(Scope.of(*pupils)) as connection:
            return erased_among(connection, pupils)

    def max_notification_id(self) -> int | None:
        """Return the position of the last event, or None if the log is empty."""
        return self.head()[0] or None

    def head(self) -> tuple[int, datetime]:
        """Return the size of the log, which is its last position, and when it was appended to."""
        with self._connected() as connection:
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
