"""Contents: the bytes of documents, sealed under their pupil's key, in pieces of one length.

Each piece is bound to the pupil, the content, the upload and its place among the others, and the
last one to the size of all: so none can be altered, exchanged, left out, added, or brought from
another pupil or another upload, without failing to open (the STREAM construction of Hoang,
Reyhanitabar, Rogaway and Vizar, 2015).  Size, hash and type are sealed beside them.

No hash, type or name is here in clear: the hash of a child's file would outlive the child's erasure
and tell, to whoever has the same file, what it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from struct import Struct
from uuid import UUID, uuid4

import orjson
import psycopg
from psycopg import Connection

from send_records.aggregates.contents import Content
from send_records.errors import Damaged, NotFound
from send_records.store.appender import KEY_DESTROYED
from send_records.store.connections import AMBIGUOUS, Pool
from send_records.store.keyring import KeyDestroyed
from send_records.store.scopes import Scope, within
from send_records.store.sealing import DoesNotOpen, Seals

CHUNK = 256 * 1024
"""Bytes of a piece: what an upload or a download holds of a document at once."""

NOT_LAST = 0
"""What stands for the size of all in pieces but the last; nothing that is kept is empty."""

PACKED = Struct(">16s16s16sIQ")
"""Pupil, content, upload, which piece (of the head: how many), and the size of all."""

FOREIGN_KEY = "23503"
GONE = {FOREIGN_KEY, "42501"}
"""How the database refuses a piece of an upload that is not there: what is not there is in nobody's
scope either, and of the two it looks at the scope first."""

INSERT_CHUNK = """
    WITH quickly AS (SELECT set_config('synchronous_commit', 'off', true))
    INSERT INTO document_chunks (upload_id, chunk, sealed)
    SELECT %s::uuid, %s::integer, %s::bytea FROM quickly
"""
"""Without waiting for the disk, which would take a third of an upload's time: what says that the
content is whole is committed after all of its pieces, and waits, so it is never there without
them."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a piece stands: of which pupil, content and upload, and which it is of ``total`` bytes
    in all, if it is the last."""

    pupil_id: UUID
    content_id: UUID
    upload_id: UUID
    number: int
    total: int = NOT_LAST

    def of_chunk(self, seals: Seals) -> bytes:
        """Return what a piece is bound to."""
        return seals.place(b"send-records/document-chunk/1", self._packed())

    def of_head(self, seals: Seals) -> bytes:
        """Return what size, hash and type are bound to."""
        return seals.place(b"send-records/document-head/1", self._packed())

    def _packed(self) -> bytes:
        return PACKED.pack(
            self.pupil_id.bytes,
            self.content_id.bytes,
            self.upload_id.bytes,
            self.number,
            self.total,
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """Content that is kept whole, and where its pieces are."""

    pupil_id: UUID
    content_id: UUID
    upload_id: UUID
    chunks: int
    content: Content


class ContentDamaged(Damaged):
    """The content of a document is not what was filed: it is not shown, not even in part."""


class Contents:
    """Keeps and gives back the contents of one trust's documents, a piece at a time."""

    def __init__(self, pool: Pool, seals: Seals) -> None:
        self._pool = pool
        self._seals = seals

    def begin(self, pupil_id: UUID) -> UUID:
        """Begin an upload, and return its id; raise NotFound if there is no such pupil, and
        KeyDestroyed if the pupil was erased."""
        upload_id = uuid4()
        try:
            with self._scoped(pupil_id) as connection:
                connection.execute(
                    "INSERT INTO document_uploads (upload_id, pupil_id) VALUES (%s, %s)",
                    [upload_id, pupil_id],
                )
        except psycopg.DatabaseError as error:
            if error.sqlstate == KEY_DESTROYED:
                raise KeyDestroyed("The pupil was erased.") from error
            if error.sqlstate == FOREIGN_KEY:
                raise NotFound("No pupil has that id.") from None
            raise
        return upload_id

    def keep_chunk(self, place: Place, chunk: bytes) -> None:
        """Seal a piece in its place, and keep it; raise KeyDestroyed if the pupil was erased."""
        sealed = self._seals.seal(place.pupil_id, place.of_chunk(self._seals), chunk)
        self._insert(place, INSERT_CHUNK, [place.upload_id, place.number, sealed])

    def keep_whole(self, place: Place, content: Content) -> bool:
        """Say that a content is whole: from now on it can be filed.  ``place`` is that of the piece
        that would come next.  False if its id is taken, by whatever content; raise KeyDestroyed."""
        words = orjson.dumps([content.size, content.sha256, content.media_type])
        sealed = self._seals.seal(place.pupil_id, place.of_head(self._seals), words)
        return self._insert(
            place,
            "INSERT INTO document_contents (content_id, upload_id, chunks, sealed) "
            "VALUES (%s, %s, %s, %s) ON CONFLICT (content_id) DO NOTHING",
            [place.content_id, place.upload_id, place.number, sealed],
        )

    def keep_all(self, pupil_id: UUID, content_id: UUID, data: bytes, content: Content) -> bool:
        """Keep what is there whole already; return, and raise, as ``keep_whole`` and ``begin``."""
        place, kept = Place(pupil_id, content_id, self.begin(pupil_id), 0), False
        try:
            for start in range(0, content.size, CHUNK):
                last = start + CHUNK >= content.size
                total = content.size if last else NOT_LAST
                self.keep_chunk(replace(place, total=total), data[start : start + CHUNK])
                place = replace(place, number=place.number + 1)
            kept = self.keep_whole(place, content)
        finally:
            if not kept:
                with suppress(*AMBIGUOUS):  # then whoever sweeps removes it
                    self.abandon(place.upload_id)
        return kept

    def _insert(self, place: Place, query: str, values: list[object]) -> bool:
        try:
            with self._scoped(place.pupil_id) as connection:
                return connection.execute(query.encode(), values, binary=True).rowcount == 1
        except psycopg.DatabaseError as error:
            if error.sqlstate in GONE:  # the upload was removed, as it is with the key
                raise KeyDestroyed("The pupil was erased, or the upload given up.") from error
            raise

    def abandon(self, upload_id: UUID) -> None:
        """Remove an upload that came to nothing; one that is whole stays."""
        with self._pool.connection() as connection:
            connection.execute("SELECT abandon_upload(%s)", [upload_id])

    def remove_unfiled(self) -> int:
        """Remove what was uploaded over a day ago and is not filed; return how many that were."""
        with self._pool.connection() as connection:
            [(removed,)] = connection.execute("SELECT remove_unfiled()").fetchall()
        return int(removed)

    def find(self, pupil_id: UUID, content_id: UUID) -> Kept | None:
        """Return a content of a pupil, or None; raise KeyDestroyed, or ContentDamaged."""
        with self._scoped(pupil_id) as connection:
            return find(connection, self._seals, pupil_id, content_id)

    def chunk(self, kept: Kept, number: int) -> bytes:
        """Return a piece, opened in its place; raise ContentDamaged, or KeyDestroyed."""
        with self._scoped(kept.pupil_id) as connection:
            return chunk(connection, self._seals, kept, number)

    @contextmanager
    def _scoped(self, pupil_id: UUID) -> Iterator[Connection]:
        with self._pool.connection() as connection, within(connection, Scope.of(pupil_id)):
            yield connection


def find(connection: Connection, seals: Seals, pupil_id: UUID, content_id: UUID) -> Kept | None:
    """Return a content of a pupil as it is kept, or None if the pupil has none of that id."""
    row = connection.execute(
        "SELECT upload_id, chunks, sealed, clock_timestamp() - stored_at "
        "FROM document_contents JOIN document_uploads USING (upload_id) "
        "WHERE content_id = %s AND pupil_id = %s",
        [content_id, pupil_id],
    ).fetchone()
    if row is None:
        return None
    upload_id, chunks, sealed, age = row
    place = Place(pupil_id, content_id, upload_id, chunks)
    size, digest, media_type = orjson.loads(_opened(seals, pupil_id, place.of_head(seals), sealed))
    content = Content(size, digest, media_type, max(age, timedelta(0)))
    return Kept(pupil_id, content_id, upload_id, chunks, content)


def chunk(connection: Connection, seals: Seals, kept: Kept, number: int) -> bytes:
    """Return a piece of a content, opened in its place."""
    row = connection.execute(
        "SELECT sealed FROM document_chunks WHERE upload_id = %s AND chunk = %s",
        [kept.upload_id, number],
        binary=True,
    ).fetchone()
    if row is None:
        raise ContentDamaged("A piece of the document is missing: it is not shown.")
    total = kept.content.size if number == kept.chunks - 1 else NOT_LAST
    place = Place(kept.pupil_id, kept.content_id, kept.upload_id, number, total)
    return _opened(seals, kept.pupil_id, place.of_chunk(seals), row[0])


def checked(kept: Kept, content: Content, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the pieces of a content, and raise ContentDamaged in the place of the last one unless
    they are together what is expected: ``content``, which is what was filed."""
    size, hashed, held = 0, sha256(), b""
    for number, piece in enumerate(pieces, start=1):
        size += len(piece)
        hashed.update(piece)
        if number < kept.chunks:
            yield piece
        held = piece
    if (size, hashed.hexdigest()) != (content.size, content.sha256):
        raise ContentDamaged("The document is not what was filed: it is not shown.")
    yield held


def _opened(seals: Seals, pupil_id: UUID, place: bytes, sealed: bytes) -> bytes:
    try:
        return seals.open(pupil_id, place, sealed)
    except DoesNotOpen:
        raise ContentDamaged(
            "The document was altered where it is kept: it is not shown."
        ) from None
