"""The trust's signing keys: one for the checkpoints of each log, one for receipts, one for packs.

Each is a file that its owner alone can read, made when first needed, with its public half beside
it.  The notary has those of the logs, the API those of receipts and packs: so whoever takes over
the API can sign no checkpoint, which is what a pack's entries are proved by.  What an outsider is
given, by a way other than the log, is the public half.
"""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from enum import StrEnum
from pathlib import Path

from send_records.store.keks import KekExposed, KekMissing
from send_records.store.ledger import Log
from send_records.store.locks import sync
from send_records.store.notes import NoteKey, Signer


class Purpose(StrEnum):
    """What is signed; also the end of the key's name."""

    EVENTS = "events"
    ACCESS = "access"
    RECEIPTS = "receipts"
    PACKS = "packs"


OF_LOG = {Log.EVENTS: Purpose.EVENTS, Log.ACCESS: Purpose.ACCESS}


CLOSED_TO_US = {errno.EACCES, errno.EPERM, errno.EROFS}


class SigningKeys:
    """The keys of one trust, in one folder."""

    def __init__(self, folder: Path, trust: str) -> None:
        self._folder = folder
        self._trust = trust

    def name(self, purpose: Purpose) -> str:
        """Return the name that stands in signatures, and as a checkpoint's origin."""
        return f"{self._trust}/{purpose}"

    def signer(self, purpose: Purpose) -> Signer:
        """Return the private key, made if there never was one.

        Raise KekExposed if others can read it, KekMissing if only its public half is left: what
        another key signs could not be checked by what outsiders hold.
        """
        file = self._folder / f"{purpose}.key"
        if not file.exists():
            if file.with_suffix(".vkey").exists():
                raise KekMissing(f"{file} is lost: restore it; outsiders hold its other half.")
            self._make(purpose, file)
        if (mode := file.stat().st_mode) & 0o077:
            raise KekExposed(f"{file} has mode {mode & 0o777:o}, open to others: chmod 600 {file}")
        return Signer.from_private_text(file.read_text().strip())

    def public(self, purpose: Purpose) -> NoteKey:
        """Return the public half; the private one is not needed for it."""
        file = self._folder / f"{purpose}.vkey"
        if not file.exists():
            return NoteKey.parse(self.signer(purpose).vkey)
        return NoteKey.parse(file.read_text().strip())

    def vkeys(self) -> list[str]:
        """Return the public halves as text, to be published.

        That of packs is left out where there is none and none can be made: a folder that is from
        before there were packs, and can only be read, serves for all else as it did.
        """
        found = [self.public(purpose).vkey for purpose in Purpose if purpose is not Purpose.PACKS]
        try:
            return [*found, self.public(Purpose.PACKS).vkey]
        except OSError as error:
            if error.errno not in CLOSED_TO_US:
                raise
        return found

    def _make(self, purpose: Purpose, file: Path) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        signer = Signer.generate(self.name(purpose))
        with suppress(FileExistsError):  # another process was first; its key is the one
            self._write(file, signer.private_text())
        vkey = Signer.from_private_text(file.read_text().strip()).vkey
        with suppress(FileExistsError):
            self._write(file.with_suffix(".vkey"), vkey)

    def _write(self, file: Path, text: str) -> None:
        """Write a file whole before it has its name, and never over another."""
        with tempfile.NamedTemporaryFile("w", dir=self._folder, suffix=".draft") as draft:
            draft.write(text + "\n")
            draft.flush()
            os.fsync(draft.fileno())
            os.link(draft.name, file)
        sync(self._folder)
