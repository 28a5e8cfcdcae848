"""What is checked beside the walk through the logs: the tables that follow from them, and receipts
that somebody kept."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import partial

from psycopg import Connection

from send_records.aggregates import ALL_EVENTS
from send_records.store.damage import Damage, Finding
from send_records.store.notes import BadNote, NoteKey, open_note

COMMANDS = """
    SELECT coalesce(e.first, c.first_position) FROM commands c FULL JOIN (
        SELECT command_id, min(position) AS first, max(position) AS last, count(*) AS events
        FROM events GROUP BY command_id
    ) e USING (command_id)
    WHERE (e.first, e.last, e.last - e.first + 1) IS DISTINCT FROM
          (c.first_position, c.last_position, e.events) ORDER BY 1 LIMIT 100
"""

KEYS = """
    SELECT e.first FROM data_keys k FULL JOIN (
        SELECT stream_id, min(position) AS first, bool_or(topic = 'PersonalDataErased') AS erased,
               min(key) AS low, max(key) AS high
        FROM events LEFT JOIN LATERAL (
            SELECT encode(substr(sealed, 2, 2), 'hex') AS key WHERE substr(sealed, 1, 1) = '\\x01'
        ) AS own ON true GROUP BY stream_id
    ) e USING (stream_id)
    WHERE (true, k.destroyed_at IS NOT NULL, encode(int2send(k.key_no), 'hex'), e.low)
        IS DISTINCT FROM (k.stream_id IS NOT NULL, e.erased, e.low, e.high)
    ORDER BY 1 LIMIT 100
"""
"""Whose row of ``data_keys`` is missing, or says of destruction or of the key's number (bytes 2 and
3 of what is sealed under the pupil's key) something else than the pupil's events."""


DOCUMENTS = """
    SELECT e.position FROM events e
    JOIN data_keys k ON k.stream_id = e.stream_id AND k.destroyed_at IS NULL
    LEFT JOIN (
        SELECT c.content_id, u.pupil_id, c.chunks, count(d.chunk) AS pieces,
               max(d.chunk) + 1 AS upto
        FROM document_contents c JOIN document_uploads u USING (upload_id)
        LEFT JOIN document_chunks d USING (upload_id) GROUP BY c.content_id, u.pupil_id, c.chunks
    ) c ON c.content_id = e.command_id AND c.pupil_id = e.stream_id
    WHERE e.topic = 'DocumentFiled'
        AND (c.content_id IS NULL OR c.pieces <> c.chunks OR c.upto IS DISTINCT FROM c.chunks)
    ORDER BY 1 LIMIT 100
"""
"""Which entries file a document of which not every piece is there, or more than every piece."""

SURPLUS = """
    SELECT count(*) FROM document_uploads u LEFT JOIN document_contents c USING (upload_id)
    LEFT JOIN data_keys k ON k.stream_id = u.pupil_id
    WHERE k.stream_id IS NULL OR k.destroyed_at IS NOT NULL
        OR coalesce(c.stored_at, u.begun_at)
            < (SELECT max(begun_at) FROM document_uploads) - interval '27 hours'
        AND NOT EXISTS (
            SELECT FROM commands m
            JOIN events e ON e.position BETWEEN m.first_position AND m.last_position
            WHERE m.command_id = c.content_id AND e.stream_id = u.pupil_id
                AND e.topic = 'DocumentFiled'
        )
        AND NOT EXISTS (
            SELECT FROM jobs j WHERE j.job_id = c.content_id AND j.pupil_id = u.pupil_id
        )
"""
"""How many uploads are of nobody, of somebody erased, or were neither filed nor a job's and should
have gone: an upload removes those over 25 hours old, unless one has within the last hour."""

TOPICS = """
    SELECT min(position) FROM events WHERE NOT coalesce(topic = ANY(%s), false) GROUP BY topic
    ORDER BY 1 LIMIT 100
"""


@contextmanager
def cross_checking(
    connection: Connection, beside: Connection | None
) -> Iterator[Callable[[], list[Finding]]]:
    """Yield what returns the findings of ``cross_check``: begun at once on the connection beside,
    or, if there is none, done when asked for on the one that is busy until then."""
    if beside is None:
        yield partial(cross_check, connection)
        return
    with ThreadPoolExecutor(1) as thread:
        begun = thread.submit(cross_check, beside)
        try:
            yield begun.result
        except BaseException:
            # Else whoever presses Ctrl-C would wait for its end.  It is asked until it hears, which
            # it does not between two queries.
            while wait([begun], timeout=0.1).not_done:
                beside.cancel_safe(timeout=5)
            raise


def cross_check(connection: Connection) -> list[Finding]:
    """Return where the tables beside the log do not say what the log says: which commands were
    recorded, whose key was destroyed, and which documents are there whole; and which entries are of
    no event that there is.

    The walk through the log settles that its rows are what was appended; here the database may be
    asked.
    """
    topics = connection.execute(TOPICS, [list(ALL_EVENTS)]).fetchall()
    commands = connection.execute(COMMANDS).fetchall()
    keys = connection.execute(KEYS).fetchall()
    return [
        *(
            Finding("events", position, Damage.UNKNOWN, "no event has that name")
            for (position,) in topics
        ),
        *(
            Finding("commands", position, Damage.ALTERED, "not as its events are")
            for (position,) in commands
        ),
        *(
            Finding("data_keys", position, Damage.ALTERED, "not as the pupil's events are")
            for (position,) in keys
        ),
        *_of_documents(connection),
    ]


def _of_documents(connection: Connection) -> list[Finding]:
    """Return which documents are not there whole, and whether there is what should not be."""
    where, parted = "document_contents", "its pieces are not all there, and no others"
    documents = connection.execute(DOCUMENTS).fetchall()
    found = [Finding(where, position, Damage.MISSING, parted) for (position,) in documents]
    [(surplus,)] = connection.execute(SURPLUS).fetchall()
    if surplus:
        what = f"{surplus} uploads that should not be there"
        found.append(Finding(where, None, Damage.SURPLUS, what))
    return found


def check_receipt(connection: Connection, text: str, key: NoteKey) -> list[Finding]:
    """Return what is wrong with a receipt's proof: it is not ours, or what it promises is not in
    the log at that place."""
    try:
        name, _, *lines = open_note(text, [key]).splitlines()
    except BadNote as error:
        return [Finding("receipt", None, Damage.FORGED, f"this trust did not sign it: {error}")]
    if name != key.name:
        return [Finding("receipt", None, Damage.FORGED, "it is not a receipt")]
    return [found for line in lines if (found := _unkept(connection, line)) is not None]


def _unkept(connection: Connection, line: str) -> Finding | None:
    place, leaf = line.split(" ")
    row = connection.execute(
        "SELECT leaf FROM events WHERE position = %s", [int(place)], binary=True
    ).fetchone()
    if row is None:
        gone = "a receipt promises an entry here, and there is none"
        return Finding("receipt", int(place), Damage.MISSING, gone)
    if row[0] != base64.b64decode(leaf):
        other = "it is not the entry that a receipt promises here"
        return Finding("receipt", int(place), Damage.REWRITTEN, other)
    return None
