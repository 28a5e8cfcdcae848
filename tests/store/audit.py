"""What must hold of any log, checked from outside, over the stored columns alone.

Written from the comments in the migrations and not from their code, so that the two can disagree.
"""

from __future__ import annotations

import hashlib
import itertools
import struct
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

FORMAT = b"send-records/event/1"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIXED = struct.Struct(">16siqqi")
"""Stream, version, position, recorded_at in microseconds, and the length of what follows: topic."""
REST = struct.Struct(">h16s16s32s")
"""Class version, actor, command, SHA-256 of the state."""


@dataclass(frozen=True)
class Entry:
    """What a leaf stands for."""

    stream_id: UUID
    version: int
    position: int
    recorded_at: datetime
    topic: str
    class_version: int
    actor_id: UUID
    command_id: UUID
    state_hash: bytes


@dataclass(frozen=True)
class Row:
    """A row of the log as it is stored."""

    position: int
    stream_id: UUID
    version: int
    topic: str
    class_version: int
    state: bytes
    recorded_at: datetime
    actor_id: UUID
    command_id: UUID
    leaf: bytes

    @property
    def entry(self) -> Entry:
        return Entry(
            self.stream_id,
            self.version,
            self.position,
            self.recorded_at,
            self.topic,
            self.class_version,
            self.actor_id,
            self.command_id,
            hashlib.sha256(self.state).digest(),
        )


def encoded(entry: Entry) -> bytes:
    topic = entry.topic.encode()
    return b"".join(
        [
            b"\x00" + FORMAT,
            FIXED.pack(
                entry.stream_id.bytes,
                entry.version,
                entry.position,
                (entry.recorded_at - EPOCH) // timedelta(microseconds=1),
                len(topic),
            ),
            topic,
            REST.pack(
                entry.class_version,
                entry.actor_id.bytes,
                entry.command_id.bytes,
                entry.state_hash,
            ),
        ]
    )


def decoded(encoding: bytes) -> Entry:
    """The inverse of ``encoded``: that there is one means no two entries are encoded alike."""
    start = len(b"\x00" + FORMAT)
    stream, version, position, microseconds, length = FIXED.unpack_from(encoding, start)
    topic_at = start + FIXED.size
    class_version, actor, command, state_hash = REST.unpack_from(encoding, topic_at + length)
    return Entry(
        UUID(bytes=stream),
        version,
        position,
        EPOCH + timedelta(microseconds=microseconds),
        encoding[topic_at : topic_at + length].decode(),
        class_version,
        UUID(bytes=actor),
        UUID(bytes=command),
        state_hash,
    )


def rows(connection: Connection) -> list[Row]:
    with connection.cursor(row_factory=class_row(Row)) as cursor:
        return cursor.execute("SELECT * FROM events ORDER BY position").fetchall()


def violations(connection: Connection) -> list[str]:
    """Return everything that is wrong with the log; nothing is wrong with one only appended to."""
    log = rows(connection)
    return [
        *_in_positions(connection, log),
        *_in_times(log),
        *_in_versions(log),
        *_in_commands(connection, log),
        *(
            f"leaf of {row.position}"
            for row in log
            if row.leaf != hashlib.sha256(encoded(row.entry)).digest()
        ),
    ]


def _in_positions(connection: Connection, log: list[Row]) -> list[str]:
    found = []
    if [row.position for row in log] != list(range(1, len(log) + 1)):
        found.append("positions have gaps")
    [(size, last)] = connection.execute("SELECT size, recorded_at FROM log_head").fetchall()
    if size != len(log):
        found.append(f"the head says {size} events, and there are {len(log)}")
    if log and last != log[-1].recorded_at:
        found.append("the head's time is not the last append's")
    return found


def _in_times(log: list[Row]) -> list[str]:
    """One time for a command, and a later one for the next."""
    found = []
    for before, after in itertools.pairwise(log):
        if before.command_id == after.command_id:
            if before.recorded_at != after.recorded_at:
                found.append(f"one command, two times at {after.position}")
        elif before.recorded_at >= after.recorded_at:
            found.append(f"time stands still or goes back at {after.position}")
    return found


def _in_versions(log: list[Row]) -> list[str]:
    streams: defaultdict[UUID, list[int]] = defaultdict(list)
    for row in log:
        streams[row.stream_id].append(row.version)
    return [
        f"versions of {stream} are {versions}"
        for stream, versions in streams.items()
        if versions != list(range(1, len(versions) + 1))
    ]


def _in_commands(connection: Connection, log: list[Row]) -> list[str]:
    """Every event belongs to one command, whose row says where its events are."""
    events: defaultdict[UUID, list[Row]] = defaultdict(list)
    for row in log:
        events[row.command_id].append(row)
    told = connection.execute(
        "SELECT command_id, stream_id, version, first_position, last_position, recorded_at "
        "FROM commands"
    ).fetchall()
    seen = [
        (
            command_id,
            its[-1].stream_id,
            its[-1].version,
            its[0].position,
            its[-1].position,
            its[0].recorded_at,
        )
        for command_id, its in events.items()
    ]
    return [f"command {row[0]} is not as its events are" for row in set(told) ^ set(seen)]
