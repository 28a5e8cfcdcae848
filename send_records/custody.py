"""Custody: what seals, what signs, and where what is signed is published, as the settings say.

Each is kept apart from the others, and all of them from the log's database.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass

from send_records.settings import Settings
from send_records.store.connections import one
from send_records.store.erasure import erase_again
from send_records.store.keks import KekFiles
from send_records.store.keyring import open_keyring
from send_records.store.keystore_postgres import key_store
from send_records.store.ledger import Log
from send_records.store.notes import NoteKey
from send_records.store.outside import Outside
from send_records.store.places import Place
from send_records.store.sealing import Seals
from send_records.store.signing import OF_LOG, SigningKeys


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys of the trust, and where checkpoints are published."""

    seals: Seals
    signing: SigningKeys
    places: tuple[Place, ...]
    keks: KekFiles

    def of_logs(self) -> dict[Log, NoteKey]:
        """Return by which keys checkpoints are known."""
        return {log: self.signing.public(purpose) for log, purpose in OF_LOG.items()}

    def outside(self) -> list[Outside]:
        """Return what is published of both logs, read now."""
        return [Outside(log, self.places, key) for log, key in self.of_logs().items()]


@contextmanager
def open_keys(settings: Settings, log: str) -> Iterator[Keys]:
    """Open the keyring and the signing keys, made at first use; raise KekExposed, KekMissing or
    WrongKek, which say what to do.

    ``log`` is how the log's database is reached: what it says was destroyed is destroyed here too,
    before anything is opened, for the key store may have been restored from before.
    """
    kept = settings.data_dir / "keyring" / "keys.sqlite"
    named = settings.key_store
    keks = kek_files(settings)
    with closing(key_store(str(kept) if named is None else named.get_secret_value())) as store:
        seals = Seals(open_keyring(store, keks), settings.trust)
        seals.make_own_keys()
        with one(log) as connection:
            erase_again(connection, seals)
        yield Keys(seals, signing_keys(settings), places(settings), keks)
        seals.keyring.forget()


@contextmanager
def open_seals(settings: Settings, log: str) -> Iterator[Seals]:
    """Open what seals, as ``open_keys`` does; to be called by name in another process."""
    with open_keys(settings, log) as keys:
        yield keys.seals


def kek_files(settings: Settings) -> KekFiles:
    """Return the keys that wrap all others, as files."""
    return KekFiles(settings.kek_dir or settings.data_dir / "kek")


def signing_keys(settings: Settings) -> SigningKeys:
    """Return the keys that sign checkpoints and receipts."""
    return SigningKeys(settings.signing_dir or settings.data_dir / "signing", settings.trust)


def places(settings: Settings) -> tuple[Place, ...]:
    """Return where checkpoints are published."""
    folders = settings.checkpoints or [settings.data_dir / "checkpoints"]
    return tuple(Place(folder) for folder in folders)
