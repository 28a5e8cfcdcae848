"""Key-encryption keys: whole or not there, nobody else's to read, and bound to what they wrap."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap
from hypothesis import given
from hypothesis import strategies as st

from send_records.store.keks import FileKek, Kek, KekExposed, KekFiles, KekMissing, WrongKek
from tests.store.writing import at_once

SECRET = bytes(range(32))
KEY = bytes(range(100, 132))
OWNER = uuid4().bytes + b"\0\1"
ANOTHER = uuid4().bytes + b"\0\1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kek"


@pytest.fixture
def keks(folder: Path) -> KekFiles:
    return KekFiles(folder)


def text_of(keks: KekFiles, folder: Path, epoch: int) -> str:
    keks.kek(epoch)  # refuses what is no key
    return (folder / f"epoch-{epoch}.key").read_text()


# Wrapping


def test_a_key_opens_for_what_it_was_wrapped_for() -> None:
    kek = FileKek(1, SECRET)

    assert kek.unwrap(kek.wrap(KEY, OWNER), OWNER) == KEY
    assert kek.wrap(KEY, OWNER) != kek.wrap(KEY, OWNER)


class AesKeyWrap:
    """The planted defect: RFC 3394, as ``store.md`` had it, binds to nothing."""

    def __init__(self, epoch: int, secret: bytes) -> None:
        self.epoch, self._secret = epoch, secret

    def wrap(self, key: bytes, bound_to: bytes) -> bytes:
        return aes_key_wrap(self._secret, key)

    def unwrap(self, wrapped: bytes, bound_to: bytes) -> bytes:
        try:
            return aes_key_unwrap(self._secret, wrapped)
        except InvalidUnwrap as error:
            raise WrongKek from error


def opens_elsewhere(make: Callable[[int, bytes], Kek]) -> list[str]:
    """Return where else than it should a wrapped key opens."""
    wrapped = make(1, SECRET).wrap(KEY, OWNER)
    places = {
        "another owner": (make(1, SECRET), ANOTHER),
        "another number": (make(1, SECRET), OWNER[:-1] + b"\2"),
        "another epoch": (make(2, SECRET), OWNER),
        "another KEK": (make(1, KEY), OWNER),
    }
    found = []
    for place, (kek, bound_to) in places.items():
        try:
            kek.unwrap(wrapped, bound_to)
            found.append(place)
        except WrongKek:
            pass
    return found


def test_a_wrapped_key_opens_nowhere_else() -> None:
    assert opens_elsewhere(FileKek) == []


def test_a_wrapping_that_binds_to_nothing_would_be_found() -> None:
    assert opens_elsewhere(AesKeyWrap) == ["another owner", "another number", "another epoch"]


@given(st.integers(0, 60 * 8 - 1))
def test_a_wrapped_key_with_a_flipped_bit_does_not_open(bit: int) -> None:
    kek = FileKek(1, SECRET)
    wrapped = int.from_bytes(kek.wrap(KEY, OWNER), "big") ^ (1 << bit)

    with pytest.raises(WrongKek, match="epoch 1"):
        kek.unwrap(wrapped.to_bytes(60, "big"), OWNER)


@given(st.binary(max_size=100))
def test_what_was_never_wrapped_does_not_open(junk: bytes) -> None:
    with pytest.raises(WrongKek):
        FileKek(1, SECRET).unwrap(junk, OWNER)


def test_a_kek_does_not_show_its_secret() -> None:
    assert SECRET.hex() not in repr(FileKek(1, SECRET)) + str(vars(FileKek(1, SECRET)))


# Files


def test_a_kek_is_a_line_of_hex_that_only_we_may_read(keks: KekFiles, folder: Path) -> None:
    keks.make(1)
    keks.make(12)

    assert keks.epochs() == [1, 12]
    assert folder.stat().st_mode & 0o777 == 0o700
    assert sorted(file.name for file in folder.iterdir()) == ["epoch-1.key", "epoch-12.key"]
    for file in folder.iterdir():
        assert file.stat().st_mode & 0o777 == 0o600
        assert len(bytes.fromhex(file.read_text().removesuffix("\n"))) == 32
    keks.check()


def test_no_folder_is_made_by_looking(keks: KekFiles, folder: Path) -> None:
    assert keks.epochs() == []
    keks.check()
    keks.retire(1)

    assert not folder.exists()


def test_a_kek_is_never_overwritten(keks: KekFiles, folder: Path) -> None:
    keks.make(1)
    made = text_of(keks, folder, 1)

    keks.make(1)

    assert text_of(keks, folder, 1) == made


def test_of_many_that_make_it_at_once_one_makes_it(keks: KekFiles, folder: Path) -> None:
    for epoch in range(1, 20):
        seen = set[str]()

        def make(epoch: int = epoch, seen: set[str] = seen) -> None:
            keks.make(epoch)
            seen.add(text_of(keks, folder, epoch))

        at_once([make] * 6)
        assert len(seen) == 1

    assert len(list(folder.iterdir())) == 19


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o777])
def test_a_kek_that_others_may_read_is_refused(keks: KekFiles, folder: Path, mode: int) -> None:
    keks.make(1)
    (folder / "epoch-1.key").chmod(mode)

    for look in (keks.check, lambda: keks.kek(1), lambda: keks.secret_to_split(1)):
        with pytest.raises(KekExposed, match="chmod 600"):
            look()


def test_a_folder_that_others_may_enter_is_refused(keks: KekFiles, folder: Path) -> None:
    keks.make(1)
    folder.chmod(0o711)

    with pytest.raises(KekExposed, match="chmod 700"):
        keks.kek(1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_kek_of_another_user_is_refused(keks: KekFiles, folder: Path) -> None:
    keks.make(1)
    os.chown(folder / "epoch-1.key", 65534, 65534)

    with pytest.raises(KekExposed, match="belongs to another user"):
        keks.kek(1)


def test_a_kek_that_is_missing_says_how_it_comes_back(keks: KekFiles) -> None:
    keks.make(1)

    with pytest.raises(KekMissing, match=r"epoch-2\.key.*send-records keys recover"):
        keks.kek(2)


@pytest.mark.parametrize(
    "damage",
    [b"", b"\n", b"00" * 31, b"00" * 33, b"0g" * 32, b"00" * 32 + b"\n\n", bytes(range(65))],
)
def test_what_is_no_key_is_refused_and_can_be_restored(
    keks: KekFiles, folder: Path, damage: bytes
) -> None:
    keks.make(1)
    (folder / "epoch-1.key").write_bytes(damage)

    with pytest.raises(KekMissing, match="not a key"):
        keks.check()
    keks.restore(1, SECRET)

    assert keks.secret_to_split(1) == SECRET
    assert len(list(folder.iterdir())) == 1


# Recovery


def test_a_lost_kek_comes_back_from_its_secret(keks: KekFiles, folder: Path) -> None:
    keks.make(3)
    wrapped = keks.kek(3).wrap(KEY, OWNER)
    secret = keks.secret_to_split(3)
    (folder / "epoch-3.key").unlink()
    folder.rmdir()

    keks.restore(3, secret)
    keks.restore(3, secret)

    assert keks.kek(3).unwrap(wrapped, OWNER) == KEY


def test_another_kek_is_not_restored_over_one_that_is_there(keks: KekFiles) -> None:
    keks.restore(1, SECRET)

    with pytest.raises(FileExistsError, match="another key"):
        keks.restore(1, KEY)
    with pytest.raises(ValueError, match="32 bytes"):
        keks.restore(2, SECRET[1:])
    assert keks.secret_to_split(1) == SECRET
    assert keks.epochs() == [1]


# Retiring


def test_a_retired_kek_is_overwritten_before_it_is_unlinked(keks: KekFiles, folder: Path) -> None:
    keks.restore(1, SECRET)
    keks.make(2)
    os.link(folder / "epoch-1.key", folder.parent / "its-blocks")

    keks.retire(1)
    keks.retire(1)

    assert keks.epochs() == [2]
    left = (folder.parent / "its-blocks").read_bytes()
    assert len(left) == 65
    assert SECRET.hex().encode() not in left
    with pytest.raises(KekMissing):
        keks.kek(1)


def test_what_is_half_retired_is_no_key_and_can_be_retired(keks: KekFiles, folder: Path) -> None:
    keks.make(1)
    (folder / "epoch-1.key").write_bytes(os.urandom(65))

    with pytest.raises(KekMissing, match="keys rotate"):
        keks.kek(1)
    keks.retire(1)

    assert list(folder.iterdir()) == []


MORTAL = """
import os, signal, sys
from pathlib import Path
from send_records.store.keks import KekFiles

folder, left = Path(sys.argv[1]), int(sys.argv[2])

def mortal(function):
    def counted(*arguments, **options):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*arguments, **options)
    return counted

for name in ("open", "link", "replace", "unlink", "mkdir", "fsync", "write", "urandom"):
    setattr(os, name, mortal(getattr(os, name)))
"""

MAKE = "KekFiles(folder).make(1)"

MAKE_IN_PLACE = """
os.mkdir(folder, 0o700)
os.write(os.open(folder / "epoch-1.key", os.O_CREAT | os.O_WRONLY, 0o600), b"00" * 32)
"""
"""The planted defect: the name is there before what it names."""


def left_half_made(make: str, folder: Path) -> list[bool]:
    """Return of each step at which a make can be killed whether it leaves a KEK that is none."""
    found = list[bool]()
    while True:
        here = folder / str(len(found))
        program = [sys.executable, "-c", MORTAL + make, str(here), str(len(found))]
        ended = subprocess.run(program, check=False)
        keks = KekFiles(here)
        try:
            keks.check()
            keks.make(1)
            keks.kek(1)
            found.append(False)
        except KekMissing:
            found.append(True)
        keks.retire(1)
        assert list(here.iterdir()) == [], "what a killed make left is retired with its epoch"
        if ended.returncode == 0:
            return found
        assert ended.returncode == -signal.SIGKILL


def test_a_make_that_is_killed_at_any_step_leaves_a_whole_kek_or_none(tmp_path: Path) -> None:
    found = left_half_made(MAKE, tmp_path)

    assert len(found) > 8
    assert not any(found)


def test_a_make_that_writes_in_place_would_be_found(tmp_path: Path) -> None:
    assert any(left_half_made(MAKE_IN_PLACE, tmp_path))
