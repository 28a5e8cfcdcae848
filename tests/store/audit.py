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

FORMAT = b"send-records/event/2"
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
FIXED = struct.Struct(">iqi16siiihiqi16si16si32si")
"""Position, stream, version, class version, recorded_at in microseconds, actor, command, request:
each behind its length; and the length of what follows, the topic."""
LENGTHS = (8, 16, 4, 2, 8, 16, 16, 32)


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
    request_mac: bytes
    content_hash: bytes
    """SHA-256 of the clear fields and the sealed ones, each behind its length."""


@dataclass(frozen=True)
class Row:
    """A row of the log as it is stored."""

    position: int
    stream_id: UUID
    version: int
    topic: str
    class_version: int
    recorded_at: datetime
    actor_id: UUID
    command_id: UUID
    request_mac: bytes
    clear: str
    sealed: bytes
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
            self.request_mac,
            hashlib.sha256(sized(self.clear.encode()) + sized(self.sealed)).digest(),
        )


def sized(value: bytes) -> bytes:
    return struct.pack(">i", len(value)) + value


def encoded(entry: Entry) -> bytes:
    topic = entry.topic.encode()
    values = (
        entry.position,
        entry.stream_id.bytes,
        entry.version,
        entry.class_version,
        (entry.recorded_at - EPOCH) // timedelta(microseconds=1),
        entry.actor_id.bytes,
        entry.command_id.bytes,
        entry.request_mac,
    )
    fixed = FIXED.pack(*itertools.chain(*zip(LENGTHS, values, strict=True)), len(topic))
    return b"\x00" + FORMAT + fixed + topic + entry.content_hash


def decoded(encoding: bytes) -> Entry:
    """The inverse of ``encoded``: that there is one means no two entries are encoded alike."""
    start = len(b"\x00" + FORMAT)
    found = FIXED.unpack_from(encoding, start)
    position, stream, version, class_version, microseconds, actor, command, mac = found[1::2]
    topic_at, length = start + FIXED.size, found[-1]
    return Entry(
        UUID(bytes=stream),
        version,
        position,
        EPOCH + timedelta(microseconds=microseconds),
        encoding[topic_at : topic_at + length].decode(),
        class_version,
        UUID(bytes=actor),
        UUID(bytes=command),
        mac,
        encoding[topic_at + length :],
    )


def rows(connection: Connection) -> list[Row]:
    with connection.cursor(row_factory=class_row(Row)) as cursor:
        return cursor.execute(
            "SELECT position, stream_id, version, topic, class_version, recorded_at, actor_id, "
            "command_id, request_mac, clear::text, sealed, leaf FROM events ORDER BY position"
        ).fetchall()


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
        "SELECT command_id, first_position, last_position FROM commands"
    ).fetchall()
    seen = [(key, its[0].position, its[-1].position) for key, its in events.items()]
    return [f"command {row[0]} is not as its events are" for row in set(told) ^ set(seen)]
