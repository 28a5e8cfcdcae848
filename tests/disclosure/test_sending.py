"""What is sent opens with its passphrase alone, and is then what was approved."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from math import log2

import pytest
import pyzipper

from send_records.disclosure.sending import (
    LENGTH,
    LETTERS,
    PassphraseNotPortable,
    PassphraseTooWeak,
    encrypted,
    passphrase,
)
from tests.disclosure.packs import DOCUMENTS, GOOD

CHOSEN = "Correct horse 7 battery"
SENT = encrypted(GOOD, CHOSEN, "pack.zip")


def opened(data: bytes, phrase: str) -> bytes:
    with pyzipper.AESZipFile(io.BytesIO(data)) as archive:
        archive.setpassword(phrase.encode())
        [name] = archive.namelist()
        content: bytes = archive.read(name)
    return content


def test_it_opens_with_the_passphrase_and_is_what_was_approved() -> None:
    assert opened(SENT, CHOSEN) == GOOD
    with pytest.raises(RuntimeError, match="password"):
        opened(SENT, CHOSEN + "x")


def test_it_is_the_zip_that_others_open_too() -> None:
    """AE-2 of WinZip, in its local header and in the directory: AES-256, no check sum."""
    extra = struct.pack("<HHH2sBH", 0x9901, 7, 2, b"AE", 3, zipfile.ZIP_DEFLATED)
    flags, method = struct.unpack("<HH", SENT[6:10])
    assert (SENT[:4], flags & 1, method) == (b"PK\x03\x04", 1, 99)
    assert SENT.count(extra) == 2
    [info] = zipfile.ZipFile(io.BytesIO(SENT)).infolist()
    assert (info.filename, info.file_size, info.CRC) == ("pack.zip", len(GOOD), 0)


def test_nothing_of_what_is_in_it_is_to_be_read() -> None:
    assert not any(name.encode() in SENT for name in (*DOCUMENTS, "record.pdf", "manifest"))
    assert opened(encrypted(GOOD, CHOSEN, "pack.zip"), CHOSEN) == GOOD
    assert encrypted(GOOD, CHOSEN, "pack.zip") != SENT


@pytest.mark.parametrize("at", [120, len(SENT) // 2])
def test_whatever_was_changed_does_not_open(at: int) -> None:
    damaged = bytearray(SENT)
    damaged[at] ^= 1
    with pytest.raises(Exception):  # noqa: B017, PT011 - whichever of its checks comes first
        opened(bytes(damaged), CHOSEN)


@pytest.mark.parametrize("weak", ["", "short", "eleven char", "aaaaaaaaaaaa", "abababababababab"])
def test_a_weak_passphrase_is_refused(weak: str) -> None:
    with pytest.raises(PassphraseTooWeak) as refused:
        encrypted(b"x", weak, "pack.zip")
    assert not weak or weak not in str(refused.value)


@pytest.mark.parametrize(
    "odd", ["caf\u00e9 au lait, twice", "with a\nnew line", " before and after "]
)
def test_a_passphrase_that_others_would_read_otherwise_is_refused(odd: str) -> None:
    with pytest.raises(PassphraseNotPortable):
        encrypted(b"x", odd, "pack.zip")


def test_a_passphrase_made_here_is_of_a_hundred_bits_and_never_the_same() -> None:
    made = {passphrase() for _ in range(200)}

    assert (len(made), LENGTH * log2(len(set(LETTERS)))) == (200, 100)
    assert all(re.fullmatch("([a-z2-7]{5}-){3}[a-z2-7]{5}", one) for one in made)
    assert set("".join(made)) == {*LETTERS, "-"}
    assert opened(encrypted(b"x", min(made), "pack.zip"), min(made)) == b"x"
