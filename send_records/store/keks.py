"""Key-encryption keys: one for each epoch, kept outside the database and the key store.

A pupil's data key is stored only wrapped under the key-encryption key (KEK) of an epoch.  When an
epoch's KEK is retired, every copy of what was wrapped under it is dead, also in backups and in a
WAL (``security.md``, measured 5).  That is why a KEK lies beside nothing that it opens.

    epoch-<n>.key    32 random bytes as hex text and a newline; mode 0600, in a folder of mode 0700

Files are the default.  Vault's transit engine or a cloud's KMS fits the same two protocols:
``wrap`` and ``unwrap`` are a round trip each, with ``bound_to`` as the associated data (Vault) or
the encryption context (KMS), and ``retire`` destroys the key's version there.
"""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from send_records.store.locks import sync

KEY_BYTES = 32
NONCE_BYTES = 12
WRAPPED_BYTES = NONCE_BYTES + KEY_BYTES + 16  # of a data key: nonce, ciphertext, tag


class WrongKek(Exception):
    """The wrapped key was not wrapped under this KEK, or not for what it is said to belong to."""


class KekMissing(LookupError):
    """An epoch's KEK is not where it should be, or what is there is no key."""


class KekExposed(Exception):
    """A KEK can be read by somebody else; treat it as read: change it with ``keys rotate``."""


class Kek(Protocol):
    """The key-encryption key of one epoch; it may live in a place that never tells it."""

    @property
    def epoch(self) -> int: ...

    def wrap(self, key: bytes, bound_to: bytes) -> bytes:
        """Return the key encrypted, so that it opens for the same ``bound_to`` only."""

    def unwrap(self, wrapped: bytes, bound_to: bytes) -> bytes:
        """Return the key that was wrapped; raise WrongKek if it was not wrapped by this, for it."""


class Keks(Protocol):
    """Where the KEKs of all epochs are."""

    def kek(self, epoch: int) -> Kek:
        """Return an epoch's KEK; raise KekMissing or KekExposed."""

    def epochs(self) -> list[int]:
        """Return the epochs there is a KEK of, oldest first."""

    def make(self, epoch: int) -> None:
        """Make an epoch's KEK, durably; one that is there stays as it is."""

    def retire(self, epoch: int) -> None:
        """Destroy an epoch's KEK for ever; nothing happens if there is none."""


class FileKek:
    """A KEK held in memory.  Its secret is in no ``repr``.

    Wraps with AES-256-GCM under a random 96-bit nonce (NIST SP 800-38D: 2^32 of them at most).
    ``store.md`` D5 named AES-KW (RFC 3394), which has no associated data: with it a wrapped key
    that is moved to another pupil's row opens there.  This one does not.
    """

    def __init__(self, epoch: int, secret: bytes) -> None:
        self._epoch = epoch
        self._cipher = AESGCM(secret)
        self._format = b"send-records/kek/1" + epoch.to_bytes(4, "big", signed=True)

    @property
    def epoch(self) -> int:
        return self._epoch

    def wrap(self, key: bytes, bound_to: bytes) -> bytes:
        """Return nonce, ciphertext and tag."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, self._format + bound_to)

    def unwrap(self, wrapped: bytes, bound_to: bytes) -> bytes:
        """Return the key; raise WrongKek for anything else than what ``wrap`` returned."""
        try:
            nonce, sealed = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
            return self._cipher.decrypt(nonce, sealed, self._format + bound_to)
        except (InvalidTag, ValueError) as error:
            raise WrongKek(
                f"A wrapped key does not open under the KEK of epoch {self._epoch}: the key store "
                "and the KEKs are not of one installation, or the key was moved or changed. "
                "Restore the two together; a KEK comes back with `send-records keys recover`."
            ) from error


class KekFiles(Keks):
    """KEKs as files in a folder of their own; it is made when first written to.

    Several hosts need the same files: copy the folder before another host starts, and a new
    epoch's file (``make``) before the host that rotates begins to use it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def kek(self, epoch: int) -> FileKek:
        """Return an epoch's KEK, read anew each time: one that was retired opens nothing more.

        Raise KekMissing or KekExposed, saying what to do.
        """
        return FileKek(epoch, self._read(epoch))

    def epochs(self) -> list[int]:
        """Return the epochs there is a file of, oldest first."""
        names = (re.fullmatch(r"epoch-([1-9][0-9]*)\.key", name) for name in self._names())
        return sorted(int(name[1]) for name in names if name)

    def make(self, epoch: int) -> None:
        """Make an epoch's KEK, whole and durable before its name exists; never overwrite one."""
        if self._file(epoch).exists():
            self._tidy(epoch)  # whoever made it may have been killed before doing so
        else:
            with suppress(FileExistsError, FileNotFoundError):  # another makes it, and has tidied
                self._write(epoch, os.urandom(KEY_BYTES), os.link)

    def retire(self, epoch: int) -> None:
        """Overwrite and unlink an epoch's KEK, and what a killed ``make`` or ``restore`` left.  A
        copy-on-write file system keeps the old blocks all the same, until it uses them again."""
        for name in self._names():
            if name == self._file(epoch).name or name.startswith(self._unfinished(epoch)):
                with suppress(FileNotFoundError):  # retired by another process meanwhile
                    _overwrite(self._folder / name)
                    (self._folder / name).unlink()
        if self._folder.exists():
            sync(self._folder)

    def check(self) -> None:
        """Read every KEK; raise KekMissing or KekExposed for the first that is not as it should."""
        for epoch in self.epochs():
            self._read(epoch)

    def secret_to_split(self, epoch: int) -> bytes:
        """Return an epoch's secret, 32 bytes: for ``shares.split`` and nothing else."""
        return self._read(epoch)

    def restore(self, epoch: int, secret: bytes) -> None:
        """Put back a secret that ``shares.recover`` returned; replace a file that is no key.

        Raise FileExistsError if there is another key already, ValueError for other than 32 bytes.
        """
        if len(secret) != KEY_BYTES:
            raise ValueError(f"A KEK has {KEY_BYTES} bytes, not {len(secret)}.")
        try:
            if self._read(epoch) != secret:
                raise FileExistsError(
                    f"{self._file(epoch)} holds another key: move it away first, if it is wrong."
                )
        except KekMissing:
            self._write(epoch, secret, os.replace)

    def _file(self, epoch: int) -> Path:
        return self._folder / f"epoch-{epoch}.key"

    def _unfinished(self, epoch: int) -> str:
        return f".epoch-{epoch}.key."

    def _names(self) -> list[str]:
        with suppress(FileNotFoundError):
            return os.listdir(self._folder)
        return []

    def _write(self, epoch: int, secret: bytes, put: Callable[[str, Path], None]) -> None:
        make_private_folder(self._folder)
        prefix = self._unfinished(epoch)
        descriptor, name = tempfile.mkstemp(prefix=prefix, dir=self._folder)  # mode 0600
        try:
            with open(descriptor, "w", encoding="ascii") as fresh:
                fresh.write(secret.hex() + "\n")
                fresh.flush()
                os.fsync(fresh.fileno())
            put(name, self._file(epoch))
        finally:
            self._tidy(epoch)

    def _tidy(self, epoch: int) -> None:
        """Unlink unfinished files, and make durable what is there; they may be links to the KEK."""
        for name in self._names():
            if name.startswith(self._unfinished(epoch)):
                (self._folder / name).unlink(missing_ok=True)
        sync(self._folder)

    def _read(self, epoch: int) -> bytes:
        file = self._file(epoch)
        try:
            with open(file, "rb") as opened:
                refuse_exposed(self._folder, self._folder, KekExposed)
                refuse_exposed(opened.fileno(), file, KekExposed)
                text = opened.read(2 * KEY_BYTES + 2)
        except FileNotFoundError as error:
            raise KekMissing(
                f"There is no {file}: copy it from another host of this trust, or bring the KEK "
                f"of epoch {epoch} back from its shares with `send-records keys recover`."
            ) from error
        if not re.fullmatch(rb"[0-9a-f]{64}\n?", text):
            raise KekMissing(
                f"{file} is not a key of {KEY_BYTES} bytes. If its epoch is over, `send-records "
                "keys rotate` clears it away; if not, `send-records keys recover` brings it back."
            )
        return bytes.fromhex(text.decode())


def make_private_folder(folder: Path) -> None:
    """Make a folder of mode 0700, durably, unless there is one."""
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        sync(folder.parent)


def refuse_exposed(opened: int | Path, named: Path, refusal: type[Exception]) -> None:
    """Raise the refusal if a file or folder is another user's, or others may do anything to it."""
    found = os.stat(opened)
    if found.st_uid != os.geteuid():
        raise refusal(f"{named} belongs to another user: `chown` it to the one this runs as.")
    if found.st_mode & 0o077:
        mode = "700" if stat.S_ISDIR(found.st_mode) else "600"
        raise refusal(f"Others may read {named}: `chmod {mode}` it, and find out who has.")


def _overwrite(file: Path) -> None:
    with open(file, "r+b", buffering=0) as opened:
        opened.write(os.urandom(os.fstat(opened.fileno()).st_size))
        os.fsync(opened.fileno())
