"""Places outside the database where checkpoints are published: a directory each, on another disk,
another machine, with another owner.  Whoever rewrites history would have to reach all of them.

Below the directory, for each log, what C2SP tlog-tiles asks for, so that others' programs read it:

    <log>/checkpoint            the newest signed note
    <log>/checkpoints/<size>    every signed note, never replaced
    <log>/tile/0/...            the leaves, 256 to a file, and .p/<n> for a file not yet full

The leaves are hashes over ciphertext: they say nothing of anybody, and tell to the very entry what
was changed.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from send_records.store.ledger import Log
from send_records.store.locks import sync
from send_records.store.merkle import HASH, TILE
from send_records.store.notes import BadNote, Checkpoint, NoteKey, open_note

DRAFT = ".draft"
"""The end of a file's name before it is whole."""


class PlaceDamaged(Exception):
    """What a place holds is not what was published there."""


class PlaceAway(Exception):
    """A place cannot be reached: its disk is full or gone, or it is no folder."""


class Place:
    """One directory; every method may raise PlaceAway."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def latest(self, log: Log, key: NoteKey) -> Checkpoint | None:
        """Return the newest checkpoint here, or None; raise PlaceDamaged if it is not signed."""
        with self._reached():
            newest = self._of(log) / "checkpoint"
            file = newest if newest.exists() else next(reversed(self.files(log)), newest)
            return opened(file, key) if file.exists() else None

    def files(self, log: Log) -> list[Path]:
        """Return the files of all checkpoints here, smallest first, and of the newest once more."""
        folder, newest = self._of(log) / "checkpoints", self._of(log) / "checkpoint"
        with self._reached():
            found = sorted(folder.iterdir()) if folder.exists() else []
            kept = [file for file in found if file.suffix != DRAFT]
            return [*kept, newest] if newest.exists() else kept

    def leaves(self, log: Log, tile: int) -> bytes:
        """Return the leaves of a tile, one after another, as many as were published."""
        whole = self._of(log) / "tile" / "0" / tile_path(tile)
        part = whole.with_name(whole.name + ".p")
        with self._reached():
            while True:
                try:
                    if whole.exists():
                        return whole.read_bytes()
                    parts = [file for file in part.iterdir() if file.name.isdigit()]
                    return max(parts, key=lambda file: int(file.name)).read_bytes()
                except FileNotFoundError:
                    if not (part.exists() or whole.exists()):
                        return b""
                    # else a larger part was published meanwhile
                except ValueError:
                    return b""  # nothing is in the folder

    def publish(self, log: Log, size: int, note: str, leaves: Iterable[tuple[int, bytes]]) -> None:
        """Write the tiles, then the note: a reader never sees a note before what it is over."""
        with self._reached():
            for index, tile in leaves:
                self._write_tile(log, index, tile)
            file = self._of(log) / "checkpoints" / _name(size)
            if not file.exists():
                _write(file, note.encode())
            _write(self._of(log) / "checkpoint", note.encode())

    @contextmanager
    def _reached(self) -> Iterator[None]:
        try:
            if self.folder.exists() and not self.folder.is_dir():
                raise NotADirectoryError
            yield
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise PlaceAway(f"{self.folder} cannot be reached: {why}.") from error

    def _write_tile(self, log: Log, index: int, tile: bytes) -> None:
        whole = self._of(log) / "tile" / "0" / tile_path(index)
        part = whole.with_name(whole.name + ".p")
        width = len(tile) // HASH
        _write(whole if width == TILE else part / str(width), tile)
        if part.exists():
            for file in part.iterdir():
                if file.name != str(width):
                    file.unlink(missing_ok=True)
            with suppress(OSError):  # it holds the newest part
                part.rmdir()

    def _of(self, log: Log) -> Path:
        return self.folder / log


def tile_path(index: int) -> Path:
    """Return a tile's path as C2SP tlog-tiles has it: 1234067 is x001/x234/067."""
    parts = [f"{index % 1000:03d}"]
    while index := index // 1000:
        parts.insert(0, f"x{index % 1000:03d}")
    return Path(*parts)


def _name(size: int) -> str:
    return f"{size:015d}"


def opened(file: Path, key: NoteKey) -> Checkpoint:
    """Return the checkpoint in a file; raise PlaceDamaged if the key did not sign it."""
    try:
        found = Checkpoint.parse(open_note(file.read_text(), [key]))
    except (BadNote, UnicodeDecodeError) as error:
        raise PlaceDamaged(f"{file} is not a checkpoint signed by {key.name}: {error}") from error
    if found.origin != key.name:
        raise PlaceDamaged(f"{file} is a checkpoint of {found.origin}, not of {key.name}.")
    return found


def _write(file: Path, content: bytes) -> None:
    """Write a file whole, to stay, before it has its name."""
    file.parent.mkdir(parents=True, exist_ok=True)
    opened, draft = tempfile.mkstemp(dir=file.parent, suffix=DRAFT)
    with os.fdopen(opened, "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    os.chmod(draft, 0o644)
    os.replace(draft, file)
    sync(file.parent)
