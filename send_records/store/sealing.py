"""Sealing: words become ciphertext under a pupil's own key, bound to the one place they stand in.

Sealed bytes, all integers big-endian:

    kind (1)  key number (2)  nonce (12)  commitment (32)  AES-256-GCM ciphertext and tag

``kind`` says whose key: 1 the pupil's, 2 the trust's.  Each message has a secret of its own, made
from the data key and the nonce, and from the secret its key and a commitment to it:

    secret = HMAC-SHA256(data key, "send-records/secret/1" nonce)
    message key, commitment = the halves of SHA-512("send-records/message/1" secret)

So one entry can be opened to a tribunal by handing over its secret, and nothing else can be opened
with that.  The commitment is there because GCM has none: without it whoever recorded an entry could
have made one ciphertext that says one thing under one secret and another under another.

The associated data binds the place (trust, pupil, version, topic, ...), whose key and which, so
what is moved to another place does not open.  Nonces are random: a retry seals again.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Collection, Sequence
from hashlib import sha512
from struct import Struct
from uuid import NAMESPACE_URL, UUID, uuid5

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from send_records.store.keyring import Keyring

PUPIL_KEY, TRUST_KEY = 1, 2
"""Whose key something is sealed under."""

TRUST = uuid5(NAMESPACE_URL, "urn:send-records:key:trust")
"""The owner, in the keyring, of the key for what is not about a pupil."""

UPN_INDEX = uuid5(NAMESPACE_URL, "urn:send-records:key:upn-index")
"""The owner of the key by which pupils are found by UPN."""

HEAD = Struct(">BH12s32s")
"""Kind, key number, nonce and commitment: what stands before the ciphertext."""

SHORTEST = HEAD.size + 16
"""Bytes: nothing that is sealed is shorter."""


class DoesNotOpen(Exception):
    """Sealed bytes that were altered, moved, or made under another key."""


def sized(part: bytes) -> bytes:
    """Return bytes with their length before them, so that no two lists of parts are alike."""
    return len(part).to_bytes(4, "big") + part


class Seals:
    """Seals and opens, for one trust, under the keys of its keyring."""

    def __init__(self, keyring: Keyring, trust: str) -> None:
        self.keyring = keyring
        self.trust = trust
        self._trust = sized(trust.encode())

    def place(self, kind: bytes, *parts: bytes) -> bytes:
        """Return the associated data of a place: what kind it is, in which trust, and where."""
        return kind + self._trust + b"".join(parts)

    def seal(self, pupil: UUID, place: bytes, words: bytes) -> bytes:
        """Return words sealed under a pupil's key; raise KeyDestroyed or KeyMissing without one."""
        return _sealed(PUPIL_KEY, *self.keyring.newest(pupil), place, words)

    def seal_for_trust(self, place: bytes, words: bytes) -> bytes:
        """Return words sealed under the trust's own key; raise KeyMissing without it."""
        return _sealed(TRUST_KEY, *self.keyring.newest(TRUST), place, words)

    def make_own_keys(self) -> None:
        """Make the trust's own keys if there are none, before there is anything that they could
        have sealed: so every copy of the key store has them."""
        self.keyring.make(TRUST)
        self.keyring.make(UPN_INDEX)

    def open(self, pupil: UUID, place: bytes, sealed: bytes) -> bytes:
        """Return the words that were sealed in a place.

        Raise DoesNotOpen if they were not, KeyDestroyed if the pupil was erased, and KeyMissing
        if the keyring does not hold the key.
        """
        secret = self.secret(pupil, sealed)
        key, commitment = _message_key(secret)
        _, _, nonce, committed = HEAD.unpack_from(sealed)
        if not hmac.compare_digest(commitment, committed):
            raise DoesNotOpen("It was sealed under another key.")
        try:
            return AESGCM(key).decrypt(nonce, sealed[HEAD.size :], place + sealed[:3])
        except InvalidTag:
            raise DoesNotOpen("It was altered, or moved from where it was sealed.") from None

    def secret(self, pupil: UUID, sealed: bytes) -> bytes:
        """Return what opens these sealed bytes and no others; raise as ``open`` does."""
        if len(sealed) < SHORTEST or sealed[0] not in (PUPIL_KEY, TRUST_KEY):
            raise DoesNotOpen("It is not sealed.")
        kind, key_no, nonce, _ = HEAD.unpack_from(sealed)
        return _secret(self.keyring.key(pupil if kind == PUPIL_KEY else TRUST, key_no), nonce)

    def load(self, pupils: Collection[UUID]) -> None:
        """Fetch the keys of pupils whose words are about to be opened, all at once."""
        self.keyring.load(pupils)

    def mac(self, pupil: UUID, message: bytes) -> bytes:
        """Return a code by which a message is known again, and not guessed, nor once the pupil is
        erased (32 bytes); raise KeyDestroyed or KeyMissing."""
        _, key = self.keyring.newest(pupil)
        return hmac.digest(key, b"send-records/request/1" + message, "sha256")

    def index(self) -> UpnIndex:
        """Return what pupils are found by UPN with, as it is at this moment."""
        return UpnIndex(self.keyring.live(UPN_INDEX))


class UpnIndex:
    """Turns a UPN into a tag that says nothing to whoever has not the key.

    With the key, all UPNs there can be are soon tried; so the key is replaced with every erasure,
    and the tags in older backups then say nothing to anybody.
    """

    def __init__(self, keys: Sequence[tuple[int, bytes]]) -> None:
        self._keys = [key for _, key in keys]

    def tags(self, upn: str) -> list[bytes]:
        """Return the tags under which a UPN may stand, the newest first: there is more than one
        while the index is made anew."""
        message = b"send-records/upn/1" + upn.encode()
        return [hmac.digest(key, message, "sha256") for key in self._keys]


class Nonces:
    """Random nonces of 12 bytes, drawn some at a time: to ask the system for one lets go of the
    interpreter, and with many threads costs fifty times as much.  None is given out twice; a forked
    child draws its own."""

    def __init__(self) -> None:
        self._drawn: list[bytes] = []
        os.register_at_fork(after_in_child=self._drawn.clear)

    def one(self) -> bytes:
        while True:
            try:
                return self._drawn.pop()
            except IndexError:
                drawn = os.urandom(12 * 64)
                self._drawn.extend(drawn[at : at + 12] for at in range(0, len(drawn), 12))


NONCES = Nonces()


def _sealed(kind: int, key_no: int, key: bytes, place: bytes, words: bytes) -> bytes:
    header = bytes([kind]) + key_no.to_bytes(2, "big")
    nonce = NONCES.one()
    message_key, commitment = _message_key(_secret(key, nonce))
    ciphertext = AESGCM(message_key).encrypt(nonce, words, place + header)
    return b"".join((header, nonce, commitment, ciphertext))


def _secret(key: bytes, nonce: bytes) -> bytes:
    # Not hmac.digest, which lets go of the interpreter: with many threads, ten times the price.
    return hmac.new(key, b"send-records/secret/1" + nonce, "sha256").digest()


def _message_key(secret: bytes) -> tuple[bytes, bytes]:
    both = sha512(b"send-records/message/1" + secret).digest()
    return both[:32], both[32:]
