"""Sending: a pack is closed under a passphrase before it leaves by a way that others can read.

It is the zip of WinZip (AE-2, AES-256), which 7-Zip, WinZip and macOS' Archive Utility's like open.
The pack is one file inside, as it was approved, byte for byte: whoever opens it can compare its
SHA-256, and the names of the documents, which such a zip does not hide, are hidden within it.

That format derives its key by 1,000 rounds of PBKDF2-HMAC-SHA-1, which hardly slows down a guess: a
passphrase has to be hard to guess by itself, and goes by another way than the file (UK GDPR
Art 32(1)(a)).
"""

from __future__ import annotations

import io
import secrets
import zlib
from hashlib import sha256
from typing import BinaryIO

import pyzipper

from send_records.errors import Damaged, Invalid

SHORTEST, FEWEST = 12, 5
"""Characters of a passphrase that somebody chose, and how many different ones."""

LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
"""Those of base 32 (RFC 4648), small: neither 0 nor 1 is among them, to be taken for o or l."""

LENGTH, GROUP = 20, 5
"""Characters of a passphrase that is made here, of 5 bits each: 100 bits, which no guessing comes
to the end of; and how many stand together."""

AES_256 = 3
"""What such a zip calls AES with a key of 256 bits."""

PIECE = 1 << 20
"""Bytes that are read at once."""


class PassphraseTooWeak(Invalid):
    """A passphrase that somebody chose has at least 12 characters, and not the same few of them."""

    basis = "UK GDPR Art 32(1)(a)"


class PassphraseNotPortable(Invalid):
    """Programs that open zip files agree about the letters, digits and signs of ASCII alone."""


class NotLocked(Damaged):
    """What is sent is one pack, locked whole, that the passphrase opens."""

    basis = "UK GDPR Art 32(1)(a)"


def passphrase() -> str:
    """Return a new passphrase of 100 bits: four groups of five letters and digits."""
    drawn = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    return "-".join(drawn[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def encrypted(data: bytes, passphrase: str, name: str) -> bytes:
    """Return a zip that holds ``data`` under ``name``, and opens with the passphrase alone.

    Never the same twice: its salt is random.  What was sent is known by the hash of ``data``.
    Raise PassphraseTooWeak or PassphraseNotPortable.
    """
    require_strong(passphrase)
    out = io.BytesIO()
    with pyzipper.AESZipFile(
        out, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
    ) as zipped:
        zipped.setpassword(passphrase.encode())
        zipped.setencryption(pyzipper.WZ_AES, nbits=256)
        info = zipped.zipinfo_cls(name)  # of 1980: when it was packed is nobody's business
        info.compress_type = pyzipper.ZIP_DEFLATED
        zipped.writestr(info, data)
    return out.getvalue()


def sha256_within(locked: BinaryIO, passphrase: str) -> str:
    """Return the SHA-256 of the one file in a zip that ``encrypted`` made, in hexadecimal; raise
    NotLocked if it holds another number of them, or one that is not locked, or does not open."""
    try:
        with pyzipper.AESZipFile(locked) as zipped:
            [info] = zipped.infolist()
            if getattr(info, "wz_aes_strength", None) != AES_256:
                raise NotLocked("It is not locked as it should be: do not send it.")
            zipped.setpassword(passphrase.encode())
            digest = sha256()
            with zipped.open(info) as file:
                while piece := file.read(PIECE):
                    digest.update(piece)
    except (pyzipper.BadZipFile, zlib.error, RuntimeError, ValueError, OSError, EOFError):
        raise NotLocked("It does not open with its passphrase: do not send it.") from None
    return digest.hexdigest()


def require_strong(passphrase: str) -> None:
    """Raise PassphraseTooWeak or PassphraseNotPortable, which do not repeat it."""
    if len(passphrase) < SHORTEST or len(set(passphrase)) < FEWEST:
        raise PassphraseTooWeak(f"Choose {SHORTEST} characters or more, and not the same few.")
    printable = passphrase.isascii() and passphrase.isprintable()
    if not printable or passphrase != passphrase.strip():
        raise PassphraseNotPortable("Choose letters, digits and signs without accents.")
