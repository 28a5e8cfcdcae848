"""The trust's signing keys: made once, readable by their owner alone, never made again."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from send_records.store.keks import KekExposed
from send_records.store.ledger import Log
from send_records.store.notes import BadKey, NoteKey, Signer, open_note
from send_records.store.signing import OF_LOG, Purpose, SigningKeys
from tests.store.writing import at_once

TRUST = "trust.example"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "signing"


@pytest.fixture
def keys(folder: Path) -> SigningKeys:
    return SigningKeys(folder, TRUST)


def test_each_purpose_has_a_key_of_its_own_under_its_own_name(keys: SigningKeys) -> None:
    signers = {purpose: keys.signer(purpose) for purpose in Purpose}

    assert {purpose: signer.name for purpose, signer in signers.items()} == {
        Purpose.EVENTS: "trust.example/events",
        Purpose.ACCESS: "trust.example/access",
        Purpose.RECEIPTS: "trust.example/receipts",
        Purpose.PACKS: "trust.example/packs",
    }
    assert len({signer.key.public for signer in signers.values()}) == 4
    assert set(OF_LOG) == set(Log)
    assert not {Purpose.RECEIPTS, Purpose.PACKS} & set(OF_LOG.values())


def test_a_key_once_made_stays(folder: Path, keys: SigningKeys) -> None:
    first = keys.signer(Purpose.EVENTS)

    assert SigningKeys(folder, TRUST).signer(Purpose.EVENTS).vkey == first.vkey
    assert keys.public(Purpose.EVENTS) == first.key
    assert open_note(first.sign("so\n"), [keys.public(Purpose.EVENTS)]) == "so\n"


def test_the_private_halves_are_for_their_owner_alone(folder: Path, keys: SigningKeys) -> None:
    keys.vkeys()

    assert folder.stat().st_mode & 0o777 == 0o700
    private = sorted(folder.glob("*.key"))
    names = ["access.key", "events.key", "packs.key", "receipts.key"]
    assert [file.name for file in private] == names
    assert {file.stat().st_mode & 0o777 for file in private} == {0o600}
    assert len(list(folder.iterdir())) == 8  # and no draft


def test_the_public_halves_hold_nothing_private(folder: Path, keys: SigningKeys) -> None:
    said = keys.vkeys()

    assert [NoteKey.parse(vkey).name for vkey in said] == [keys.name(each) for each in Purpose]
    written = [(folder / f"{purpose}.vkey").read_text() for purpose in Purpose]
    assert written == [f"{vkey}\n" for vkey in said]
    assert not any("PRIVATE" in text for text in written)


def test_the_public_half_is_told_without_the_private_one(folder: Path, keys: SigningKeys) -> None:
    vkeys = keys.vkeys()
    for file in folder.glob("*.key"):
        file.unlink()

    assert SigningKeys(folder, TRUST).vkeys() == vkeys


def test_a_public_half_that_was_lost_follows_from_the_private_one(
    folder: Path, keys: SigningKeys
) -> None:
    vkeys = keys.vkeys()
    for file in folder.glob("*.vkey"):
        file.unlink()

    assert SigningKeys(folder, TRUST).vkeys() == vkeys


def test_several_who_make_a_key_at_once_have_the_same(folder: Path) -> None:
    made: list[str] = []

    def make() -> None:
        keys = SigningKeys(folder, TRUST)
        made.extend([keys.signer(Purpose.EVENTS).vkey, keys.public(Purpose.EVENTS).vkey])

    at_once([make] * 8)

    assert (len(made), len(set(made))) == (16, 1)
    assert sorted(file.name for file in folder.iterdir()) == ["events.key", "events.vkey"]


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_key_that_others_can_reach_is_refused(folder: Path, keys: SigningKeys, mode: int) -> None:
    keys.signer(Purpose.EVENTS)
    (folder / "events.key").chmod(mode)

    with pytest.raises(KekExposed, match=f"mode {mode:o}.*chmod 600"):
        keys.signer(Purpose.EVENTS)


@pytest.mark.parametrize("text", ["", "PRIVATE+KEY+trust.example/events+00000000+AAAA"])
def test_a_key_that_was_damaged_is_refused_and_left_as_it_is(
    text: str, folder: Path, keys: SigningKeys
) -> None:
    keys.signer(Purpose.EVENTS)
    (folder / "events.key").write_text(text)

    with pytest.raises(BadKey):
        keys.signer(Purpose.EVENTS)

    assert (folder / "events.key").read_text() == text


def test_a_private_key_that_was_lost_is_not_replaced_by_another_unasked(
    folder: Path, keys: SigningKeys
) -> None:
    """What it would sign could not be checked with the public half that others hold."""
    keys.signer(Purpose.RECEIPTS)
    (folder / "receipts.key").unlink()

    try:
        signer: Signer | None = keys.signer(Purpose.RECEIPTS)
    except Exception:
        signer = None

    assert signer is None or signer.key == keys.public(Purpose.RECEIPTS)


def from_before_packs(folder: Path, keys: SigningKeys) -> list[str]:
    keys.vkeys()
    for file in folder.glob("packs.*"):
        file.unlink()
    return [(folder / f"{each}.vkey").read_text().strip() for each in ("events", "access")]


def test_a_folder_from_before_there_were_packs_has_their_key_made(
    folder: Path, keys: SigningKeys
) -> None:
    before = from_before_packs(folder, keys)
    said = SigningKeys(folder, TRUST).vkeys()

    assert said[:2] == before
    assert NoteKey.parse(said[3]).name == "trust.example/packs"
    assert SigningKeys(folder, TRUST).vkeys() == said


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_such_a_folder_that_can_only_be_read_serves_for_all_else(
    folder: Path, keys: SigningKeys, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from_before_packs(folder, keys)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(os, "link", refuse)
    names = [NoteKey.parse(vkey).name for vkey in keys.vkeys()]
    assert names == ["trust.example/events", "trust.example/access", "trust.example/receipts"]
    with pytest.raises(OSError, match="no"):
        keys.signer(Purpose.PACKS)


def test_a_disk_that_is_full_is_told(
    folder: Path, keys: SigningKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    from_before_packs(folder, keys)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "link", full)
    with pytest.raises(OSError, match="full"):
        keys.vkeys()
