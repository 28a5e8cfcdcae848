"""Checking contents: every document on file is opened, hashed, and compared with what was filed.

That every piece is there is seen without keys (``crosschecks``); that each is the one that was
uploaded, in its place, is seen here.  A document is never held whole.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

from eventsourcing.persistence import MapperDeserialisationError
from psycopg import Connection

from send_records.aggregates.contents import Content
from send_records.aggregates.documents import DocumentFiled
from send_records.store.contents import ContentDamaged, checked, chunk, find
from send_records.store.damage import Damage, Finding
from send_records.store.keyring import KeyDestroyed
from send_records.store.mapper import EventMapper
from send_records.store.recorder import select
from send_records.store.sealing import Seals

FILED = "WHERE topic = %s AND position > %s ORDER BY position LIMIT 200"


def check_contents(
    connection: Connection,
    seals: Seals,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Finding]:
    """Return which entries file a document that is not what was filed any more.

    Within one transaction of the caller's that is REPEATABLE READ.  Entries that do not open, and
    those of pupils who were erased, are for ``check_views`` to tell.
    """
    found: list[Finding] = []
    mapper, topic = EventMapper(seals), DocumentFiled.__name__
    counted = connection.execute("SELECT count(*) FROM events WHERE topic = %s", [topic])
    [(total,)] = counted.fetchall()
    after, done = 0, 0
    while rows := select(connection, FILED, [topic, after]):
        for row in rows:
            after, done = row.id, done + 1
            with suppress(MapperDeserialisationError, KeyDestroyed):
                event = mapper.to_domain_event(row)
                if isinstance(event, DocumentFiled) and not _as_filed(connection, seals, event):
                    what = "the document is not what was filed"
                    found.append(Finding("document_contents", row.id, Damage.ALTERED, what))
            progress(done, total)
    return found


def _as_filed(connection: Connection, seals: Seals, event: DocumentFiled) -> bool:
    """Return whether a document is what was filed; of one that is not there, that it may be."""
    filed = Content(event.size, event.sha256, event.media_type, timedelta(0))
    try:
        kept = find(connection, seals, event.originator_id, event.document_id)
        if kept is not None:
            pieces = (chunk(connection, seals, kept, number) for number in range(kept.chunks))
            deque(checked(kept, filed, pieces), maxlen=0)
    except ContentDamaged:
        return False
    return kept is None or kept.content.media_type == event.media_type
