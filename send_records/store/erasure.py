"""Erasure: a pupil's key is destroyed, and with it every word about them, in every backup too.

Two stores are concerned and no transaction spans both, so the log goes first: it marks the key as
destroyed and notes the erasure, in one transaction that no append can interleave with.  Then the
key itself goes.  Whoever is interrupted between the two is put right by whoever starts next, and so
is a key store that was restored from before the erasure.
"""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from eventsourcing.persistence import MapperDeserialisationError
from psycopg import Connection

from send_records.aggregates.retention import PersonalDataErased
from send_records.store.mapper import EventMapper
from send_records.store.recorder import select
from send_records.store.scopes import WHOLE_TRUST, within
from send_records.store.sealing import TRUST_KEY, Seals


class ErasureNotNoted(Exception):
    """A key is marked as destroyed, and the log holds no note of it that this trust has sealed.

    Somebody wrote to the table of keys.  Keep everything as it is, and have it looked at: nothing
    is destroyed on the word of a table that nobody has signed.
    """


def mark_destroyed(owner: Connection, pupil_id: UUID) -> bool:
    """Say in the log that a pupil's key is destroyed, and keep appends out until the end of the
    caller's transaction, as the owner; False if it was said before, or there is no such pupil."""
    return owner.execute("SELECT destroy_key(%s)", [pupil_id]).fetchone() == (True,)


def erase_again(connection: Connection, seals: Seals) -> int:
    """Destroy every key that the log says is destroyed and that is here all the same; return how
    many those were.  Of a database without a log yet, none.

    Raise ErasureNotNoted if the log has no note of one, sealed in its place under the trust's key.
    """
    if connection.execute("SELECT to_regclass('data_keys')").fetchone() == (None,):
        return 0
    with within(connection, WHOLE_TRUST):
        rows = connection.execute("SELECT stream_id FROM data_keys WHERE destroyed_at IS NOT NULL")
        left = {stream for (stream,) in rows} - seals.keyring.destroyed()
        for pupil_id in left:
            if not _noted(connection, EventMapper(seals), pupil_id):
                raise ErasureNotNoted(f"Nothing in the log says that pupil {pupil_id} was erased.")
            seals.keyring.destroy(pupil_id)
    return len(left)


def _noted(connection: Connection, mapper: EventMapper, pupil_id: UUID) -> bool:
    notes = "WHERE stream_id = %s AND topic = %s ORDER BY version"
    for row in select(connection, notes, [pupil_id, PersonalDataErased.__name__]):
        with suppress(MapperDeserialisationError, LookupError):
            mapper.to_domain_event(row)
            return row.state[0] == TRUST_KEY
    return False
