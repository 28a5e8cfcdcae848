"""Uploads: how the bytes of a document come in, a piece at a time, however large it is.

A file is looked at, hashed and sealed as it comes, and stays unreadable until it is whole; whatever
ends it before leaves nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

from send_records.aggregates.contents import Content
from send_records.aggregates.documents import require_size, require_type
from send_records.aggregates.rules import Rules
from send_records.errors import Invalid
from send_records.execution import IdempotencyKeyReused
from send_records.pupils import erased
from send_records.sniffing import Sniffer, require_declared
from send_records.store.connections import AMBIGUOUS
from send_records.store.contents import CHUNK, Contents, Place
from send_records.store.keyring import KeyDestroyed
from send_records.threads import in_thread

PATIENCE = 900.0
"""Seconds in which an upload is to arrive: 25 MB at 30 kB a second.  Whoever sends a byte a minute
would hold a piece of it in memory for as long as they like."""


class UploadCutShort(Invalid):
    """What arrived is not as long as was said: send it again."""


class Upload:
    """One upload on its way.  Give it what arrives; when ``full``, have it ``keep`` the pieces,
    which waits; ``finish`` it, or ``abandon`` it."""

    def __init__(
        self,
        contents: Contents,
        place: Place,
        rules: Rules,
        on: date,
        declared: str | None,
        length: int | None,
    ) -> None:
        self._contents, self._place = contents, place
        self._rules, self._on = rules, on
        self._declared, self._length = declared, length
        self._held, self._size = bytearray(), 0
        self._hashed, self._sniffer = sha256(), Sniffer()

    def take(self, arrived: bytes) -> None:
        """Hold what arrived; raise TooLarge as soon as it is too much."""
        self._size += len(arrived)
        require_size(self._size, self._rules, self._on)
        self._held += arrived

    @property
    def full(self) -> bool:
        """Whether more than a piece is held: the last piece stays, for the size of all."""
        return len(self._held) > CHUNK

    def keep(self) -> None:
        """Look at, hash, seal and keep the pieces that are held, but the last."""
        while self.full:
            piece = bytes(self._held[:CHUNK])
            del self._held[:CHUNK]
            self._keep(piece)

    def finish(self) -> tuple[Content, bool]:
        """Keep the last piece and say that the content is whole; return what it is, and whether it
        was there before, under the same key.  Raise UploadCutShort, TypeNotTaken, Invalid for a
        file that is damaged, or IdempotencyKeyReused for another one."""
        self.keep()
        if self._length not in (None, self._size):
            raise UploadCutShort("Fewer bytes arrived than were announced: send it again.")
        last = bytes(self._held)
        self._sniffer.take(last)
        media_type = self._sniffer.finish()
        require_declared(self._declared, media_type)
        require_type(media_type, self._rules, self._on)
        self._hashed.update(last)
        content = Content(self._size, self._hashed.hexdigest(), media_type, timedelta(0))
        with unless_erased():
            self._contents.keep_chunk(replace(self._place, total=self._size), last)
            self._place = replace(self._place, number=self._place.number + 1)
            if self._contents.keep_whole(self._place, content):
                return content, False
        return self._found(content), True

    def abandon(self) -> None:
        """Remove what was kept of it; if the database is away, whoever sweeps will."""
        with suppress(*AMBIGUOUS):
            self._contents.abandon(self._place.upload_id)

    def _keep(self, piece: bytes) -> None:
        self._sniffer.take(piece)
        self._hashed.update(piece)
        with unless_erased():
            self._contents.keep_chunk(self._place, piece)
        self._place = replace(self._place, number=self._place.number + 1)

    def _found(self, content: Content) -> Content:
        """Return the content that has the key already, if it is this one."""
        self.abandon()
        with unless_erased():
            kept = self._contents.find(self._place.pupil_id, self._place.content_id)
        if kept is None or replace(kept.content, age=content.age) != content:
            raise IdempotencyKeyReused("That Idempotency-Key was used for another file.")
        return kept.content


async def receive(upload: Upload, arriving: AsyncIterator[bytes]) -> tuple[Content, bool]:
    """Take all that arrives, and finish the upload: what waits, waits in a thread.  Whatever goes
    wrong, the sender's going away too, nothing is left of it."""
    try:
        async for arrived in _in_time(arriving):
            upload.take(arrived)
            if upload.full:
                await in_thread(upload.keep)
        return await in_thread(upload.finish)
    except BaseException:
        await asyncio.shield(in_thread(upload.abandon))
        raise


async def _in_time(arriving: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield what arrives; raise UploadCutShort when it has taken too long."""
    until = asyncio.get_running_loop().time() + PATIENCE
    try:
        while True:
            async with asyncio.timeout_at(until):
                arrived = await anext(arriving)
            yield arrived
    except StopAsyncIteration:
        return
    except TimeoutError:
        raise UploadCutShort("It took too long to arrive: send it again.") from None


@contextmanager
def unless_erased() -> Iterator[None]:
    """Refuse what cannot be done because the pupil's key was destroyed."""
    try:
        yield
    except KeyDestroyed:
        raise erased() from None
