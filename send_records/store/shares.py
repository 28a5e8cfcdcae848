"""Recovery shares: three texts on paper, of which any two bring back a key-encryption key.

Shamir's scheme ("How to share a secret", 1979) with threshold 2: each byte of the secret is where a
straight line over GF(2^8) meets zero, and share x is the line's value at x.  Two points give the
line; through one point there is a line to every secret, so one share says nothing about it.

    SR1-<epoch>-<share>-<16 groups of 4>-<checksum, 2 groups of 4>

The groups are base32 (RFC 4648, section 6).  Those before the checksum hold the id of the set (4
bytes, random) and this share of the secret (32 bytes) and of its check value (4 bytes).  Small and
capital letters are the same, spaces and dashes are left out, and 0, 1 and 8 are read as O, I and B.
"""

from __future__ import annotations

import hashlib
import os
import re
from base64 import b32decode, b32encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass

SECRET_BYTES = 32
SET_BYTES = 4
CHECK_BYTES = 4
CHECKSUM_BYTES = 5
PLACES = (1, 2, 3)
FORM = re.compile(r"SR1([0-9]{1,10})([123])([0-9A-Z]{64})([0-9A-Z]{8})")
LOOK_ALIKES = str.maketrans("018", "OIB")


class ShareDamaged(ValueError):
    """A share is not as it was made: a slip of the pen or of the keyboard."""


class SharesDoNotMatch(ValueError):
    """The shares are not two different ones of one set, or what they give is not what was split."""


@dataclass(frozen=True, slots=True, repr=False)
class _Share:
    epoch: int
    place: int
    set_id: bytes
    points: bytes

    def text(self) -> str:
        letters = _base32(self.set_id + self.points) + _base32(self.checksum())
        groups = [letters[start : start + 4] for start in range(0, len(letters), 4)]
        return "-".join(["SR1", str(self.epoch), str(self.place), *groups])

    def checksum(self) -> bytes:
        head = b"send-records/share/1" + self.epoch.to_bytes(4, "big") + bytes([self.place])
        return hashlib.sha256(head + self.set_id + self.points).digest()[:CHECKSUM_BYTES]


def split(secret: bytes, epoch: int, random: Callable[[int], bytes] = os.urandom) -> list[str]:
    """Return three shares of an epoch's secret, 32 bytes, each to be kept by somebody else.

    Splitting it again makes another set; shares of two sets do not go together.
    """
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"The secret has {SECRET_BYTES} bytes, not {len(secret)}.")
    set_id = random(SET_BYTES)
    at_zero = secret + _check_value(secret, epoch, set_id)
    slope = random(len(at_zero))
    return [_Share(epoch, x, set_id, _sum(at_zero, _times(slope, x))).text() for x in PLACES]


def recover(shares: Sequence[str]) -> tuple[int, bytes]:
    """Return the epoch and the secret, from two shares of a set, or from all three.

    Raise ShareDamaged, which says of which share, or SharesDoNotMatch.
    """
    read = [_read(text, number) for number, text in enumerate(shares, 1)]
    if len({(share.epoch, share.set_id) for share in read}) > 1:
        sets = ", ".join(f"epoch {share.epoch} set {share.set_id.hex()}" for share in read)
        raise SharesDoNotMatch(f"These are shares of different keys: {sets}.")
    points = {share.place: share.points for share in read}
    if len(points) < 2 or any(points[share.place] != share.points for share in read):
        raise SharesDoNotMatch("Two different shares of a set are needed.")
    first, *others = points.items()
    found = {_line_at_zero(first, other) for other in others}
    secret = next(iter(found))[:SECRET_BYTES]
    epoch, set_id = read[0].epoch, read[0].set_id
    if found != {secret + _check_value(secret, epoch, set_id)}:
        raise SharesDoNotMatch(f"The shares of set {set_id.hex()} do not fit together.")
    return epoch, secret


def _read(text: str, number: int) -> _Share:
    form = FORM.fullmatch(re.sub(r"[\s-]", "", text).upper())
    damaged = ShareDamaged(f"Share {number} of those given has a slip in it: read it again.")
    if form is None:
        raise damaged
    try:
        letters, checksum = (b32decode(form[part].translate(LOOK_ALIKES)) for part in (3, 4))
        share = _Share(int(form[1]), int(form[2]), letters[:SET_BYTES], letters[SET_BYTES:])
        if share.checksum() == checksum:
            return share
    except (ValueError, OverflowError) as error:
        raise damaged from error
    raise damaged


def _check_value(secret: bytes, epoch: int, set_id: bytes) -> bytes:
    """What tells a secret from another.  It is split with it: in clear it could be guessed by."""
    head = b"send-records/shares/1" + epoch.to_bytes(4, "big") + set_id
    return hashlib.sha256(head + secret).digest()[:CHECK_BYTES]


def _base32(data: bytes) -> str:
    return b32encode(data).decode()  # of a multiple of 5 bytes: no padding


# The field GF(2^8) of AES: x^8 + x^4 + x^3 + x + 1 (FIPS 197, section 4)


def _line_at_zero(one: tuple[int, bytes], other: tuple[int, bytes]) -> bytes:
    """Return where the lines through two points meet zero (Lagrange): to add is to subtract."""
    (x, points), (u, others) = one, other
    weighed = _sum(_times(points, u), _times(others, x))
    return _times(weighed, _inverse(x ^ u))


def _sum(a: bytes, b: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(a, b, strict=True))


def _times(values: bytes, factor: int) -> bytes:
    return bytes(_product(value, factor) for value in values)


def _product(a: int, b: int) -> int:
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = (a << 1) ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def _inverse(a: int) -> int:
    return next(b for b in range(1, 256) if _product(a, b) == 1)
