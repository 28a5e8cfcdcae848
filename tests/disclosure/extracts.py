"""Extracts to check, made straight from the written formats: own keys, own tree, own sealing.

Nothing here is shared with the verifier, nor with the store: a mistake would have to be made twice,
in two ways, to go unseen.  The tree follows the recursive definitions of RFC 9162 (2.1.1, 2.1.3.1,
2.1.4.1), where the verifier follows the algorithms of 2.1.3.2 and 2.1.4.2.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

Json = dict[str, Any]

SPACE = UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")
PUPIL, OTHER_PUPIL = uuid5(SPACE, "pupil"), uuid5(SPACE, "another pupil")
STARTED = datetime(2026, 11, 24, 6, 7, 26, 123456, tzinfo=UTC)
Y2K = datetime(2000, 1, 1, tzinfo=UTC)


def hashed(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def unb64(text: str) -> bytes:
    return base64.b64decode(text)


def sized(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


# The tree of RFC 9162


def split(count: int) -> int:
    """The largest power of two smaller than count."""
    return 1 << (count - 1).bit_length() - 1


def root(leaves: Sequence[bytes]) -> bytes:
    if len(leaves) < 2:
        return leaves[0] if leaves else hashed()
    k = split(len(leaves))
    return hashed(b"\x01", root(leaves[:k]), root(leaves[k:]))


def inclusion(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*inclusion(index, leaves[:k]), root(leaves[k:])]
    return [*inclusion(index - k, leaves[k:]), root(leaves[:k])]


def consistency(size: int, leaves: Sequence[bytes], whole: bool = True) -> list[bytes]:
    if size == len(leaves):
        return [] if whole else [root(leaves)]
    k = split(len(leaves))
    if size <= k:
        return [*consistency(size, leaves[:k], whole), root(leaves[k:])]
    return [*consistency(size - k, leaves[k:], False), root(leaves[:k])]


# Keys and notes


@dataclass(frozen=True)
class Signer:
    """A signing key under a name; the seed makes it the same in each run."""

    name: str
    seed: str = "the trust's"

    @property
    def private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(hashed(self.name.encode(), self.seed.encode()))

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    @property
    def id(self) -> bytes:
        return hashed(self.name.encode(), b"\n\x01", self.public)[:4]

    @property
    def vkey(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64(bytes([1]) + self.public)}"

    def line(self, text: str) -> str:
        return f"\u2014 {self.name} {b64(self.id + self.private.sign(text.encode()))}\n"

    def note(self, text: str) -> str:
        return f"{text}\n{self.line(text)}"


# The log


@dataclass
class Trust:
    """A trust that keeps a log and hands out extracts, checkpoints and receipts."""

    name: str = "alder-park.example"
    seed: str = "the trust's"
    data_key: bytes = hashed(b"a pupil's key")
    log: list[Json] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)

    @property
    def events(self) -> Signer:
        return Signer(f"{self.name}/events", self.seed)

    @property
    def receipts(self) -> Signer:
        return Signer(f"{self.name}/receipts", self.seed)

    @property
    def packs(self) -> Signer:
        return Signer(f"{self.name}/packs", self.seed)

    @property
    def vkeys(self) -> list[str]:
        return [self.events.vkey, self.receipts.vkey]

    def seal(self, entry: Json, words: bytes, kind: int, spoil_commitment: bool) -> None:
        """Put ``sealed`` and ``secret`` into an entry."""
        nonce = hashed(b"nonce", str(len(self.log)).encode())[:12]
        secret = hmac.digest(self.data_key, b"send-records/secret/1" + nonce, "sha256")
        okm = hashlib.sha512(b"send-records/message/1" + secret).digest()
        head = bytes([kind]) + (7).to_bytes(2, "big")
        associated = b"".join(
            (
                b"send-records/event/2",
                sized(self.name.encode()),
                UUID(entry["stream_id"]).bytes,
                entry["version"].to_bytes(4, "big"),
                sized(entry["topic"].encode()),
                entry["class_version"].to_bytes(2, "big"),
                sized(entry["clear"].encode()),
                head,
            )
        )
        commitment = hashed(b"of another key") if spoil_commitment else okm[32:]
        sealed = head + nonce + commitment + AESGCM(okm[:32]).encrypt(nonce, words, associated)
        entry |= {"sealed": b64(sealed), "secret": b64(secret)}

    def record(
        self,
        version: int,
        *,
        pupil: UUID = PUPIL,
        topic: str = "ConcernRaised",
        clear: str = '{"on":"2026-11-23"}',
        words: str | bytes = '{"said":"Reads aloud."}',
        kind: int = 1,
        later: timedelta = timedelta(seconds=1),
        actor: str = "actor",
        spoil_commitment: bool = False,
    ) -> int:
        """Record an entry and return its position; ``later`` than the entry before it."""
        position = len(self.log) + 1
        before = datetime.fromisoformat(self.log[-1]["recorded_at"]) if self.log else STARTED
        entry = {
            "position": position,
            "stream_id": str(pupil),
            "version": version,
            "topic": topic,
            "class_version": 1,
            "recorded_at": (before + later).isoformat(),
            "actor_id": str(uuid5(SPACE, actor)),
            "command_id": str(uuid5(SPACE, f"command {position}")),
            "request_mac": b64(hashed(b"request", str(position).encode())),
            "clear": clear,
        }
        self.seal(
            entry, words.encode() if isinstance(words, str) else words, kind, spoil_commitment
        )
        self.log.append(entry)
        self.leaves.append(leaf(entry))
        return position

    def checkpoint(self, size: int | None = None) -> str:
        size = len(self.leaves) if size is None else size
        return self.events.note(f"{self.events.name}\n{size}\n{b64(root(self.leaves[:size]))}\n")

    def extract(
        self,
        positions: Iterable[int] | None = None,
        *,
        withheld: Iterable[int] = (),
        seen: Iterable[int] = (),
        size: int | None = None,
    ) -> Json:
        """Return an extract of the pupil's entries, or of those at the positions."""
        leaves = self.leaves[:size]
        own = [entry["position"] for entry in self.log if entry["stream_id"] == str(PUPIL)]
        entries = [copy.deepcopy(self.log[position - 1]) for position in positions or own]
        for entry in entries:
            entry["proof"] = [*map(b64, inclusion(entry["position"] - 1, leaves))]
            if entry["position"] in withheld:
                entry["secret"] = None
        return {
            "format": "send-records/extract/1",
            "trust": self.name,
            "pupil_id": str(PUPIL),
            "made_at": "2026-12-01T09:00:00+00:00",
            "keys": self.vkeys,
            "checkpoint": self.checkpoint(size),
            "entries": entries,
            "consistency": [
                {"seen": self.checkpoint(old), "proof": [*map(b64, consistency(old, leaves))]}
                for old in seen
            ],
        }

    def extract_2(
        self, up_to: int, *, closed: Iterable[int] = (), opaque: Iterable[int] = ()
    ) -> Json:
        """Return an extract of the pupil's entries up to a position, in the second format."""
        own = [one["position"] for one in self.log[:up_to] if one["stream_id"] == str(PUPIL)]
        made = self.extract(own)
        for number, entry in enumerate(made["entries"]):
            kept = {name: entry[name] for name in entry if name not in BYTES_OF_FIELDS}
            if entry["position"] in closed:
                content = hashed(sized(entry["clear"].encode()), sized(unb64(entry["sealed"])))
                made["entries"][number] = kept | {"content": b64(content)}
            elif entry["position"] in opaque:
                bare = {"position": entry["position"], "proof": entry["proof"]}
                made["entries"][number] = bare | {"leaf": b64(leaf(entry))}
        return made | {"format": "send-records/extract/2", "up_to": up_to}

    def receipt_note(self, *positions: int) -> str:
        command_id = self.log[positions[0] - 1]["command_id"]
        lines = "".join(f"{one} {b64(self.leaves[one - 1])}\n" for one in positions)
        return self.receipts.note(f"{self.receipts.name}\n{command_id}\n{lines}")

    def receipt(self, at: int, **changed: Any) -> Json:
        """Return a receipt as the API gives it, of the entry at a position."""
        entry = self.log[at - 1]
        return {
            "pupil_id": entry["stream_id"],
            "version": entry["version"],
            "position": at,
            "proof": self.receipt_note(at),
        } | changed


BYTES_OF_FIELDS = ("clear", "sealed", "secret")


def leaf(entry: Json) -> bytes:
    """Return the hash of an entry's leaf, as PostgreSQL would have made it."""
    at = datetime.fromisoformat(entry["recorded_at"]) - Y2K
    microseconds = (at.days * 86_400 + at.seconds) * 1_000_000 + at.microseconds
    content = hashed(sized(entry["clear"].encode()), sized(unb64(entry["sealed"])))
    return hashed(
        b"\x00send-records/event/2",
        sized(entry["position"].to_bytes(8, "big")),
        sized(UUID(entry["stream_id"]).bytes),
        sized(entry["version"].to_bytes(4, "big")),
        sized(entry["class_version"].to_bytes(2, "big")),
        sized(microseconds.to_bytes(8, "big", signed=True)),
        sized(UUID(entry["actor_id"]).bytes),
        sized(UUID(entry["command_id"]).bytes),
        sized(unb64(entry["request_mac"])),
        sized(entry["topic"].encode()),
        content,
    )


def written(extract: object) -> bytes:
    """Return the file; a text that was decoded with surrogate escapes keeps its bytes."""
    return json.dumps(extract, ensure_ascii=False).encode("utf-8", "surrogateescape")


def six() -> Trust:
    """A log of ten entries, six of them the pupil's: versions 1 to 6."""
    trust = Trust()
    trust.record(1, topic="PupilAdmitted", words='{"name":"Ada"}')
    trust.record(1, pupil=OTHER_PUPIL)
    trust.record(2)
    trust.record(3, kind=2)
    trust.record(2, pupil=OTHER_PUPIL)
    trust.record(4, later=timedelta(0), words='{"said":"\u00c9crit, puis lit."}')
    trust.record(3, pupil=OTHER_PUPIL)
    trust.record(5, clear="{}", later=timedelta(days=1, microseconds=753_087))
    trust.record(6)
    trust.record(4, pupil=OTHER_PUPIL)
    return trust


# Damage, bit by bit


def flipped(data: bytes) -> Iterator[bytes]:
    """Yield the bytes with each of their bits flipped, one at a time."""
    for bit in range(len(data) * 8):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        yield bytes(damaged)


def moved(recorded_at: str) -> Iterator[str]:
    """Yield the times whose stored microseconds differ in one bit, where ISO can write them."""
    at = (datetime.fromisoformat(recorded_at) - Y2K) // timedelta(microseconds=1)
    for data in flipped(at.to_bytes(8, "big", signed=True)):
        try:
            moment = Y2K + timedelta(microseconds=int.from_bytes(data, "big", signed=True))
        except OverflowError:
            continue
        yield moment.isoformat()


NUMBERS = {"position": 8, "version": 4, "class_version": 2}
IDS = ("stream_id", "actor_id", "command_id")
BYTES = ("request_mac", "sealed", "secret")
TEXTS = ("topic", "clear")
COLUMNS = (*NUMBERS, *IDS, *BYTES, *TEXTS, "recorded_at", "proof")


def damages(entry: Json, column: str) -> Iterator[object]:
    """Yield a column's value with each bit of its stored bytes flipped, one at a time."""
    value = entry[column]
    if column in NUMBERS:
        for data in flipped(value.to_bytes(NUMBERS[column], "big", signed=True)):
            yield int.from_bytes(data, "big", signed=True)
    elif column in IDS:
        yield from (str(UUID(bytes=data)) for data in flipped(UUID(value).bytes))
    elif column in BYTES:
        yield from map(b64, flipped(unb64(value)))
    elif column in TEXTS:
        for data in flipped(value.encode()):
            yield data.decode("utf-8", "surrogateescape")
    elif column == "recorded_at":
        yield from moved(value)
    else:
        for number, one in enumerate(value):
            for data in flipped(unb64(one)):
                yield [*value[:number], b64(data), *value[number + 1 :]]
