"""The keys of the run: a keyring and signing keys as an installation has, one for a process."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache
from pathlib import Path
from uuid import UUID

from send_records.application import SendRecords
from send_records.bootstrap import Clock, now
from send_records.custody import Keys
from send_records.projections.checking import check_views
from send_records.rules import shipped_rules
from send_records.store.connections import at_one_moment, at_that_moment
from send_records.store.contentcheck import check_contents
from send_records.store.damage import Finding
from send_records.store.keks import KekFiles
from send_records.store.keyring import open_keyring
from send_records.store.keystore import SqliteKeyStore
from send_records.store.mapper import EventMapper, event_place
from send_records.store.places import Place
from send_records.store.recorder import PostgresRecorder
from send_records.store.sealing import Seals
from send_records.store.signing import Purpose, SigningKeys
from send_records.store.verify import verify

DATA_DIR = "SEND_RECORDS_TEST_DIR"
TRUST = "send-records.local"

OPENED: list[SqliteKeyStore] = []
"""The key stores of this process, to be closed at its end."""


def kept_in(file: Path) -> SqliteKeyStore:
    """Return a key store, to be closed at the end of this process."""
    store = SqliteKeyStore(file)
    OPENED.append(store)
    return store


def keys_in(folder: Path) -> Keys:
    """Return keys of their own, made in a folder; checkpoints are published there too."""
    keks = KekFiles(folder / "kek")
    keyring = open_keyring(kept_in(folder / "keyring" / "keys.sqlite"), keks)
    signing = SigningKeys(folder / "signing", TRUST)
    seals = Seals(keyring, TRUST)
    seals.make_own_keys()
    return Keys(seals, signing, (Place(folder / "checkpoints"),), keks)


@cache
def held() -> Keys:
    """Return the keys of this process.  What is signed with them is published nowhere: the next
    test has another database, whose log would contradict it."""
    return replace(keys_in(folder()), places=())


def where_held() -> dict[str, str]:
    """Return the settings by which another process finds the keys of this one."""
    home = folder()
    return {
        "SEND_RECORDS_KEY_STORE": str(home / "keyring" / "keys.sqlite"),
        "SEND_RECORDS_KEK_DIR": str(home / "kek"),
        "SEND_RECORDS_SIGNING_DIR": str(home / "signing"),
    }


def folder() -> Path:
    """Return where the keys of this process are."""
    return Path(os.environ[DATA_DIR], f"keys-{os.getpid()}")


def verified(conninfo: str, keys: Keys) -> list[Finding]:
    """Return what ``send-records verify`` finds as the schema's owner, views and all, having seen
    that it compared."""
    outside = keys.outside()
    with (
        at_one_moment(conninfo) as connection,
        at_that_moment(connection, conninfo) as beside,
    ):
        done = verify(connection, outside, beside=beside)
        assert all(each.checkpoints > 0 for each in done.walked)
        opened = check_views(connection, keys.seals) + check_contents(connection, keys.seals)
        return done.findings + opened


def mapper() -> EventMapper:
    return EventMapper(held().seals)


def sealed(
    words: bytes, *, pupil: UUID, version: int, topic: str, class_version: int, clear: str = "{}"
) -> bytes:
    """Return words as the log has them, under the pupil's key, which is made if there is none."""
    seals = held().seals
    seals.keyring.make(pupil)
    place = event_place(seals, pupil, version, topic, class_version, clear.encode())
    return seals.seal(pupil, place, words)


def records_by(recorder: PostgresRecorder, clock: Clock = now) -> SendRecords:
    receipts = held().signing.signer(Purpose.RECEIPTS)
    return SendRecords(recorder, held().seals, receipts, shipped_rules(), clock)
