"""Writing to the log without a domain: events of nothing, and the SQL of append() itself."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from uuid import UUID, uuid4

from psycopg import Connection

from send_records.store.appending import CommandRow
from send_records.store.mapper import VersionedEvent

ACTOR = UUID(int=1)


SEALED = b"\x01\x00\x01" + bytes(60)
"""What the log takes for words: under key 1 of the pupil, and as short as sealed bytes can be."""


def event(
    stream: UUID,
    version: int,
    *,
    topic: str = "Noted",
    state: bytes = SEALED,
    clear: str = "{}",
) -> VersionedEvent:
    return VersionedEvent(
        originator_id=stream,
        originator_version=version,
        topic=topic,
        state=state,
        class_version=1,
        clear=clear,
    )


def events(stream: UUID, *versions: int) -> list[VersionedEvent]:
    return [event(stream, version) for version in versions]


def command(command_id: UUID | None = None) -> CommandRow:
    command_id = command_id or uuid4()
    return CommandRow(command_id, ACTOR, hashlib.sha256(command_id.bytes).digest())


def append(
    connection: Connection, *appended: VersionedEvent, command_id: UUID | None = None
) -> list[int]:
    """Call append() as any client of the database could; return the positions."""
    row = command(command_id)
    rows = connection.execute(
        "SELECT position FROM append(%s, %s, %s, %s, %s::uuid[], %s::integer[], %s::text[], "
        "%s::smallint[], %s::json[], %s::bytea[])",
        [
            [row.id],
            [row.request_mac],
            [row.actor_id],
            [len(appended)],
            [e.originator_id for e in appended],
            [e.originator_version for e in appended],
            [e.topic for e in appended],
            [e.class_version for e in appended],
            [e.clear for e in appended],
            [e.state for e in appended],
        ],
    ).fetchall()
    return [position for (position,) in rows]


def at_once(works: Sequence[Callable[[], None]]) -> None:
    """Run each in a thread of its own; raise the first error any of them ended with."""
    failed: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
