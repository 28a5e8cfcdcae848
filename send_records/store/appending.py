"""Commands in the log: what is stored of each, how they are appended, how they are found again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import cast
from uuid import UUID

from psycopg import Connection

from send_records.store.arrays import Bytes, integers, jsons, smallints, texts, uuids
from send_records.store.mapper import VersionedEvent


@dataclass(frozen=True, slots=True)
class CommandRow:
    """What is stored of a command beside its events."""

    id: UUID
    actor_id: UUID
    request_mac: bytes
    """What was asked, under the pupil's key: the same id with another request is refused."""


@dataclass(frozen=True, slots=True)
class RecordedCommand:
    """A command that is in the log, and where: its events of one pupil.  Those of another pupil, if
    it has any, come before them, and are in that one's record."""

    request_mac: bytes
    stream_id: UUID
    version: int
    first_position: int
    leaves: tuple[bytes, ...]
    """The leaf of each of its events, by position."""
    found: bool = field(default=False, compare=False)
    """Whether it was looked up, and not appended just now."""

    @property
    def last_position(self) -> int:
        return self.first_position + len(self.leaves) - 1


def append_commands(
    connection: Connection, batch: Sequence[tuple[Sequence[VersionedEvent], CommandRow]]
) -> list[RecordedCommand]:
    """Append the events of some commands in one round trip, all or none; return where each is."""
    commands = [command for _, command in batch]
    events = [event for events, _ in batch for event in events]
    rows = connection.execute(
        "SELECT position, leaf FROM append(%b, %b, %b, %b, %b, %b, %b, %b, %b, %b)",
        [
            uuids(command.id for command in commands),
            Bytes.of(command.request_mac for command in commands),
            uuids(command.actor_id for command in commands),
            integers(len(events) for events, _ in batch),
            uuids(cast(UUID, event.originator_id) for event in events),
            integers(event.originator_version for event in events),
            texts(event.topic for event in events),
            smallints(event.class_version for event in events),
            jsons(event.clear for event in events),
            Bytes.of(event.state for event in events),
        ],
        prepare=True,
        binary=True,
    ).fetchall()
    ends = accumulate(len(events) for events, _ in batch)
    return [
        _recorded(command, events[-1], rows[end - _of_last(events) : end])
        for (events, command), end in zip(batch, ends, strict=True)
    ]


def _of_last(events: Sequence[VersionedEvent]) -> int:
    """Return how many of a command's events are of the pupil of its last one."""
    return sum(event.originator_id == events[-1].originator_id for event in events)


def _recorded(
    command: CommandRow, last: VersionedEvent, rows: Sequence[tuple[int, bytes]]
) -> RecordedCommand:
    return RecordedCommand(
        command.request_mac,
        cast(UUID, last.originator_id),
        last.originator_version,
        rows[0][0],
        tuple(leaf for _, leaf in rows),
    )


def find_commands(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, RecordedCommand]:
    """Return where commands are in the log, those of them that are there: whoever's they are, for a
    batch is of many."""
    rows = connection.execute(
        "SELECT command_id, request_mac, stream_id, version, first, leaves FROM find_commands(%s)",
        [ids],
        prepare=True,
        binary=True,
    )
    return {
        command_id: RecordedCommand(mac, stream_id, version, first, tuple(leaves), found=True)
        for command_id, mac, stream_id, version, first, leaves in rows
    }
