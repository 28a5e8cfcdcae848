"""Check an extract of a pupil's SEND record, away from the trust that made it.

This one file needs Python 3.9 or later and the package ``cryptography``, and nothing of the
trust's.  What it relies on is written here, so that anybody can write a verifier of their own.

The log.  A trust keeps one log of entries, at positions 1, 2, 3, ...; each entry belongs to one
pupil (its ``stream_id``) and is the next version of that pupil's record.  Entries are the leaves of
the Merkle tree of RFC 9162, section 2.1, at index position - 1.  With col(x) = the length of x in
4 bytes, then x, every number big-endian, every uuid its 16 bytes, every text UTF-8, || one after
another, the hash of a leaf is

    SHA-256( 0x00 || "send-records/event/2" || col(position, 8 bytes) || col(stream_id)
      || col(version, 4) || col(class_version, 2)
      || col(recorded_at, 8: microseconds since 2000-01-01T00:00:00+00:00) || col(actor_id)
      || col(command_id) || col(request_mac, 32) || col(topic)
      || SHA-256( col(clear) || col(sealed) ) )

and that of a node SHA-256( 0x01 || left || right ).  ``clear`` is a JSON object, its text exactly
as it was recorded; ``sealed`` is

    kind (1 byte: 1 under the pupil's key, 2 under the trust's) || key number (2) || nonce (12)
      || commitment (32) || AES-256-GCM ciphertext and tag

An entry's ``secret`` (32 bytes) opens that entry's words and no other's.  Let okm = SHA-512(
"send-records/message/1" || secret): the commitment must be okm[32:64], without which a ciphertext
could be made that opens to different words under different secrets; okm[0:32] is the key; and the
associated data is

    "send-records/event/2" || col(trust) || stream_id || version (4) || col(topic)
      || class_version (2) || col(clear) || kind (1) || key number (2)

The words are a JSON object that shares no name with ``clear``.  Without its secret an entry's words
are withheld, and all else about it is checked just the same.

Signed notes (https://c2sp.org/signed-note).  A text that ends in a newline, an empty line, and
lines "EM DASH, space, key name, space, base64(key id || Ed25519 signature of the text)".  A key is
written <name>+<key id, 8 hex digits>+<base64(0x01 || public key)>, with key id = the first 4 bytes
of SHA-256( name || 0x0A || 0x01 || public key ).  Two keys matter here:

    <trust>/events    signs checkpoints (https://c2sp.org/tlog-checkpoint): three lines, the name of
                      the key, how many entries the log had, base64 of the tree's root
    <trust>/receipts  signs receipts: the name of the key, the id of the command that was recorded,
                      then a line "<position> <base64 of the leaf hash>" for each entry it made

The extract.  UTF-8 JSON of at most 200 MB, no name twice, no name but these, bytes in canonical
base64, uuids in lower case, times as 2026-11-24T06:07:26.123456+00:00 (or no fraction, if it is 0):

    {"format": "send-records/extract/1", "trust", "pupil_id", "made_at", "keys": [...],
     "checkpoint": a signed note,
     "entries": [{"position", "stream_id", "version", "topic", "class_version", "recorded_at",
       "actor_id", "command_id", "request_mac", "clear", "sealed", "secret" (or null), "proof"}],
     "consistency": [{"seen": a signed note of an earlier checkpoint, "proof"}]}

or "send-records/extract/2", which has one name more, "up_to": the position in the log up to which
the record was looked at, after which none of its entries is.  There an entry may also be

    closed  {"position", "stream_id", "version", "topic", "class_version", "recorded_at",
            "actor_id", "command_id", "request_mac", "content", "proof"}: parts of it are withheld,
            so in place of "clear" and "sealed", whose length alone would tell of those parts, there
            is the inner hash, SHA-256( col(clear) || col(sealed) ).  What it is, whose, when it was
            recorded and by whom is checked; of its fields nothing can be
    opaque  {"position", "leaf", "proof"}: it is withheld whole.  The log holds a leaf of that hash
            at that position; that it is an entry of this pupil, nothing here shows.  Between two
            entries there may be no more opaque ones than versions are missing

An entry's proof is the inclusion proof of RFC 9162, 2.1.3, under the checkpoint; a consistency
proof is that of 2.1.4, from the earlier checkpoint to this one.  Of what the file says, ``made_at``
and ``keys`` are covered by no signature.  A receipt as the trust's API gives it is a JSON object
with pupil_id, version, position and proof (the note); only the note in it is signed.

What a good result does not say: that what was recorded is true, that the extract holds all there
is (it may be of a part, and more may have been recorded since), or which receipts were given out.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import io
import json
import math
import os
import re
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, NoReturn
from uuid import UUID

try:
    from cryptography.exceptions import InvalidSignature, InvalidTag
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError:
    sys.stderr.write("This needs the Python package cryptography: pip install cryptography\n")
    raise SystemExit(2) from None

FORMAT, FORMAT_2 = "send-records/extract/1", "send-records/extract/2"
EVENT, MESSAGE = b"send-records/event/2", b"send-records/message/1"
EPOCH = datetime.fromisoformat("2000-01-01T00:00:00+00:00")
MOST_BYTES, MOST_NOTE, MOST_DEPTH = 200_000_000, 1_000_000, 64

ABOUT = """Says whether an extract of a pupil's SEND record is what the trust's log holds: that the
trust signed the state of its log, that every entry stands in that log exactly as it stands here,
and that the words in it are those that were sealed when the entry was recorded.  Give it the
trust's public keys as you had them from elsewhere than the extract (its website, an earlier
letter); any checkpoint of the log that you kept from before, which shows whether history was
rewritten since; and any receipts that you were given, for what they promise must be there.  It
connects to nothing and changes nothing.  It ends with 0 if all is good, 1 if there are findings,
and 2 if the extract cannot be checked."""

NO_KEYS = (
    "no key was given.  The keys inside an extract come from whoever made the file, so they cannot "
    "show who that was.  Take the trust's keys from elsewhere (its website, an earlier letter) and "
    "give each with --key; or say --enclosed-keys, to believe those in the file"
)
ENCLOSED = (
    "WARNING: the keys were taken from the extract itself.  The result shows that the file agrees "
    "with itself, not that it comes from the trust: whoever made the file chose the keys"
)
SIGNED = "state of the log that the trust signed"


class Unreadable(ValueError):
    """The extract, a key or a file beside it cannot be read as what it should be; says why."""


class NotGenuine(Exception):
    """A note that the key did not sign, or words that the secret does not open; says why."""


@dataclass(frozen=True)
class Finding:
    """One thing to tell: its kind, the entry's position if it is about one, grave or a mere note.

    Grave kinds: checkpoint, inclusion, pupil, order, secret, words, rewritten, absent, older,
    forged, promised, receipt.  Kinds of notes: keys, whole, gap, later, withheld, receipt.
    """

    kind: str
    text: str
    position: int | None = None
    grave: bool = True


# Reading strictly: each reader returns what a JSON value says, or raises ValueError.

Reader = Callable[[Any], Any]


def unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object in which no name is there twice."""
    if len(found := dict(pairs)) != len(pairs):
        raise ValueError("a name is there twice")
    return found


def bounded(digits: str) -> int:
    """Return a whole number that is not absurdly long."""
    if len(digits) > 300:
        raise ValueError("a number is too long")
    return int(digits)


def finite(digits: str) -> float:
    """Return a fraction; NaN and the infinities are none."""
    if not math.isfinite(number := float(digits)):
        raise ValueError("a number is not finite")
    return number


def read_json(data: bytes) -> Any:
    """Return what UTF-8 JSON says, but for whatever two readers could take differently."""
    hooks: dict[str, Any] = {"parse_int": bounded, "parse_float": finite, "parse_constant": finite}
    try:
        return json.loads(data.decode(), object_pairs_hook=unique_names, **hooks)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def text(value: Any) -> str:
    """Read a text that UTF-8 can write."""
    if not isinstance(value, str):
        raise ValueError("not a text")
    value.encode()
    return value


def base64_of(size: int | None, value: Any) -> bytes:
    """Read bytes, so many if it matters how many, written the one right way."""
    data = base64.b64decode(text(value), validate=True)
    if base64.b64encode(data).decode() != value or size not in (None, len(data)):
        raise ValueError(f"not base64 of {size or 'some'} bytes, written the one right way")
    return data


def whole(bits: int, value: Any) -> int:
    """Read a whole number from 1 up, as a signed integer of so many bits can hold it."""
    if type(value) is not int or not 1 <= value < 2 ** (bits - 1):
        raise ValueError(f"not a whole number from 1, of {bits} bits")
    return value


def decimal(value: str) -> int:
    """Read a whole number from a line of a note, written the one right way."""
    if not re.fullmatch("0|[1-9][0-9]{0,18}", value) or int(value) >= 2**63:
        raise ValueError("not a whole number")
    return int(value)


def uuid(value: Any) -> UUID:
    """Read an id, written the one right way."""
    if str(found := UUID(text(value))) != value:
        raise ValueError("not a uuid in lower case")
    return found


def instant(value: Any) -> datetime:
    """Read a time in UTC, written the one right way."""
    found = datetime.fromisoformat(text(value))
    ways = (found.isoformat(), found.isoformat(timespec="microseconds"))
    if value not in ways or found.utcoffset() != timedelta(0):
        raise ValueError("not a time in UTC, written the one right way")
    return found


def key_name(value: Any) -> str:
    """Read a name that may stand in a note's line of signature."""
    if not text(value) or any(c.isspace() or c < " " or c == "+" for c in value):
        raise ValueError("not a name of a key or trust")
    return str(value)


def many(read: Reader, least: int, most: int, value: Any) -> list[Any]:
    """Read a list; say which item is wrong."""
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise ValueError(f"not a list of {least} to {most} items")
    found = []
    for number, item in enumerate(value, 1):
        try:
            found.append(read(item))
        except ValueError as error:
            raise ValueError(f"number {number}: {error}") from None
    return found


def by(read: Callable[..., Any], *how: Any) -> dict[str, Reader]:
    """Say how a field of a dataclass is read from the value of its name."""
    return {"read": partial(read, *how)}


def read_as(kind: type[Any], value: Any, more: bool = False) -> Any:
    """Read an object that has just the names of a dataclass (or more); say what is wrong."""
    if not isinstance(value, dict) or not {one.name for one in fields(kind)} <= value.keys():
        raise ValueError(f"not an object with {', '.join(one.name for one in fields(kind))}")
    if not more and len(value) > len(fields(kind)):
        raise ValueError("it has names that do not belong there")
    found = {}
    for one in fields(kind):
        try:
            found[one.name] = one.metadata["read"](value[one.name])
        except ValueError as error:
            raise ValueError(f"{one.name}: {error}") from None
    return kind(**found)


# What the file holds; nothing of it is believed yet


@dataclass(frozen=True)
class Key:
    """A public key, under the name and id that stand in a note's line of signature."""

    name: str
    id: bytes
    public: Ed25519PublicKey


def read_key(vkey: Any) -> Key:
    """Read a public key as people write it; raise Unreadable if its parts do not agree."""
    try:
        name, key_id, written = text(vkey).strip().split("+", 2)
        data = base64_of(33, written)
        due = hashlib.sha256(key_name(name).encode() + b"\n" + data).digest()[:4]
        if data[0] != 1 or key_id != due.hex():
            raise ValueError("its parts do not agree")
        return Key(name, due, Ed25519PublicKey.from_public_bytes(data[1:]))
    except ValueError:
        wrong = f"not a key, <name>+<id>+<base64>, or miscopied: {str(vkey)[:200]}"
        raise Unreadable(wrong) from None


HASH = partial(base64_of, 32)
HASHES = partial(many, HASH, 0, 64)


@dataclass(frozen=True)
class Opaque:
    """A leaf of the log, of which nothing is told but where it is."""

    position: int = field(metadata=by(whole, 64))
    leaf: bytes = field(metadata=by(HASH))
    proof: list[bytes] = field(metadata=by(HASHES))


@dataclass(frozen=True)
class Told:
    """What every entry says of itself that is not opaque, with the proof that it is in the log."""

    position: int = field(metadata=by(whole, 64))
    stream_id: UUID = field(metadata=by(uuid))
    version: int = field(metadata=by(whole, 32))
    topic: str = field(metadata=by(text))
    class_version: int = field(metadata=by(whole, 16))
    recorded_at: datetime = field(metadata=by(instant))
    actor_id: UUID = field(metadata=by(uuid))
    command_id: UUID = field(metadata=by(uuid))
    request_mac: bytes = field(metadata=by(HASH))
    proof: list[bytes] = field(metadata=by(HASHES))


@dataclass(frozen=True)
class Closed(Told):
    """An entry without its fields: the hash of them stands for them."""

    content: bytes = field(metadata=by(HASH))


@dataclass(frozen=True)
class Entry(Told):
    """An entry with its fields: those in the clear, and the words, with what opens them or not."""

    clear: str = field(metadata=by(text))
    sealed: bytes = field(metadata=by(base64_of, None))
    secret: bytes | None = field(metadata=by(lambda value: None if value is None else HASH(value)))

    @property
    def content(self) -> bytes:
        """The hash of the fields."""
        return hashlib.sha256(col(self.clear.encode()) + col(self.sealed)).digest()


def read_entry(value: Any) -> Entry | Closed | Opaque:
    """Read an entry in the one of three ways that its names say."""
    names = value.keys() if isinstance(value, dict) else ()
    kind = Opaque if "leaf" in names else Closed if "content" in names else Entry
    found: Entry | Closed | Opaque = read_as(kind, value)
    return found


@dataclass(frozen=True)
class Earlier:
    """An earlier checkpoint, and the proof that the log continues it."""

    seen: str = field(metadata=by(text))
    proof: list[bytes] = field(metadata=by(HASHES))


@dataclass(frozen=True)
class Extract:
    """The whole file."""

    format: str = field(metadata=by(text))
    trust: str = field(metadata=by(key_name))
    pupil_id: UUID = field(metadata=by(uuid))
    made_at: datetime = field(metadata=by(instant))
    keys: list[Key] = field(metadata=by(many, read_key, 1, 16))
    checkpoint: str = field(metadata=by(text))
    entries: Sequence[Entry | Closed | Opaque] = field(
        metadata=by(many, partial(read_as, Entry), 1, MOST_BYTES)
    )
    consistency: list[Earlier] = field(metadata=by(many, partial(read_as, Earlier), 0, MOST_BYTES))

    @property
    def told(self) -> list[Entry | Closed]:
        """The entries that are not opaque."""
        return [entry for entry in self.entries if not isinstance(entry, Opaque)]


@dataclass(frozen=True)
class Extract2(Extract):
    """The whole file in the second format."""

    entries: Sequence[Entry | Closed | Opaque] = field(metadata=by(many, read_entry, 1, MOST_BYTES))
    up_to: int = field(metadata=by(whole, 64))

    def __post_init__(self) -> None:
        """Raise ValueError if an entry is after the end."""
        if any(entry.position > self.up_to for entry in self.entries):
            raise ValueError("an entry is after the position up to which the extract is")


@dataclass(frozen=True)
class Answer:
    """A receipt as the trust's API gives it: of this, only the note in ``proof`` is signed."""

    pupil_id: UUID = field(metadata=by(uuid))
    version: int = field(metadata=by(whole, 32))
    position: int = field(metadata=by(whole, 64))
    proof: str = field(metadata=by(text))


def read_extract(data: bytes) -> Extract:
    """Read an extract; raise Unreadable unless it has exactly the form told above."""
    if len(data) > MOST_BYTES:
        raise Unreadable(f"the extract is larger than {MOST_BYTES:,} bytes")
    try:
        value = read_json(data)
        said = value.get("format") if isinstance(value, dict) else FORMAT
        if said not in (FORMAT, FORMAT_2):
            raise ValueError(f"its format is not {FORMAT} or 2, those that are known here")
        extract: Extract = read_as(Extract2 if said == FORMAT_2 else Extract, value)
        return extract
    except ValueError as error:
        raise Unreadable(f"the extract does not have the form it should: {error}") from None


# The tree


def col(data: bytes) -> bytes:
    """Return bytes after their length, so that no two rows of columns look alike."""
    return struct.pack(">i", len(data)) + data


def leaf_of(entry: Entry | Closed | Opaque) -> bytes:
    """Return the hash that stands for the entry in the tree, from all that it says."""
    if isinstance(entry, Opaque):
        return entry.leaf
    columns = (
        struct.pack(">q", entry.position),
        entry.stream_id.bytes,
        struct.pack(">i", entry.version),
        struct.pack(">h", entry.class_version),
        struct.pack(">q", (entry.recorded_at - EPOCH) // timedelta(microseconds=1)),
        entry.actor_id.bytes,
        entry.command_id.bytes,
        entry.request_mac,
        entry.topic.encode(),
    )
    data = b"\x00" + EVENT + b"".join(map(col, columns)) + entry.content
    return hashlib.sha256(data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def halved(here: int, last: int) -> tuple[int, int]:
    """Go up from a left child without a sibling, level by level, to where it has one."""
    while here and not here & 1:
        here, last = here >> 1, last >> 1
    return here, last


@dataclass(frozen=True)
class Checkpoint:
    """The whole log at one moment: how many entries, and the root of their tree."""

    size: int
    root: bytes


def included(leaf: bytes, index: int, proof: Sequence[bytes], log: Checkpoint) -> bool:
    """Tell whether the log has the leaf at the index (RFC 9162, 2.1.3.2)."""
    here, last, found = index, log.size - 1, leaf
    if here > last:
        return False
    for beside in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            found = node(beside, found)
            here, last = halved(here, last)
        else:
            found = node(found, beside)
        here, last = here >> 1, last >> 1
    return last == 0 and found == log.root


def consistent(old: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> bool:
    """Tell whether the new log only adds to the old one (RFC 9162, 2.1.4.2)."""
    if old.size in (0, new.size):
        due = new.root if old.size == new.size else hashlib.sha256(b"").digest()
        return not proof and old.root == due
    path = [old.root, *proof] if old.size & (old.size - 1) == 0 else list(proof)
    if old.size > new.size or not proof:
        return False
    here, last = old.size - 1, new.size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    before = after = path[0]
    for beside in path[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            before, after = node(beside, before), node(beside, after)
            here, last = halved(here, last)
        else:
            after = node(after, beside)
        here, last = here >> 1, last >> 1
    return last == 0 and before == old.root and after == new.root


# Signed notes


def signatures(lines: str) -> Iterator[tuple[str, bytes]]:
    """Yield each key's name and what it signs with; raise ValueError for any other line."""
    for line in lines.split("\n"):
        dash, name, written = line.split(" ")
        if dash != "\u2014" or len(data := base64_of(None, written)) < 5:
            raise ValueError("not a signature")
        yield key_name(name), data


def signed_lines(note: str, keys: Iterable[Key]) -> list[str]:
    """Return the lines of a note's text if one of the keys has signed it, else raise NotGenuine.

    Other keys' signatures are passed over; one by a key that is known here must be right.
    """
    said, blank, rest = note.rpartition("\n\n")
    if not blank or len(note) > MOST_NOTE or any(c < " " and c != "\n" for c in note):
        raise NotGenuine("it is not a signed note")
    known, count = {(key.name, key.id): key.public for key in keys}, 0
    try:
        if not rest.endswith("\n"):
            raise ValueError("not whole")
        for name, data in signatures(rest[:-1]):
            if (name, data[:4]) in known:
                known[name, data[:4]].verify(data[4:], said.encode() + b"\n")
                count += 1
    except ValueError:
        raise NotGenuine("its signatures are not written as they must be") from None
    except InvalidSignature:
        raise NotGenuine("its signature is wrong: text or signature was altered") from None
    if not count:
        raise NotGenuine("it is not signed by the key that is believed")
    return said.split("\n")


@dataclass(frozen=True)
class Given:
    """A checkpoint or a receipt as it came: in a file that was kept, or inside the extract."""

    name: str
    data: bytes

    @property
    def note(self) -> str:
        """The note in it, less what editors and mail do to the ends of lines."""
        try:
            note = self.data.decode("utf-8-sig").replace("\r\n", "\n")
        except ValueError:
            raise Unreadable(f"{self.name} is not text") from None
        return note.rstrip("\n") + "\n"


@dataclass(frozen=True)
class Receipt:
    """What was promised: leaves at positions; and what is written beside it, if anything is."""

    command_id: UUID
    leaves: dict[int, bytes]
    beside: Answer | None


@dataclass(frozen=True)
class Ring:
    """The keys that are believed, and the trust whose they must be."""

    trust: str
    keys: Sequence[Key]

    def named(self, kind: str) -> list[Key]:
        """Return the trust's keys of a kind; raise Unreadable if there is none."""
        name = f"{self.trust}/{kind}"
        if not (found := [key for key in self.keys if key.name == name]):
            raise Unreadable(f"no key of {name} was given, which this needs")
        return found

    def checkpoint(self, note: str) -> Checkpoint:
        """Return a checkpoint of the trust's log; raise NotGenuine if it is not one."""
        lines = signed_lines(note, self.named("events"))
        try:
            origin, size, root = lines
            if origin != f"{self.trust}/events":
                raise ValueError("of another log")
            return Checkpoint(decimal(size), HASH(root))
        except ValueError:
            raise NotGenuine("it is signed, but is no checkpoint of this log") from None

    def receipt(self, given: Given) -> Receipt:
        """Return a receipt of the trust's; raise NotGenuine if it did not sign it, or not that."""
        answer, note = None, given.note
        if note.lstrip().startswith("{"):
            try:
                answer = read_as(Answer, read_json(note.encode()), more=True)
            except ValueError as error:
                raise Unreadable(f"{given.name} is not a receipt: {error}") from None
            note = answer.proof
        lines = signed_lines(note, self.named("receipts"))
        try:
            origin, command_id, *rest = lines
            pairs = [line.split(" ") for line in rest]
            leaves = {decimal(position): HASH(leaf) for position, leaf in pairs}
            if origin != f"{self.trust}/receipts" or not leaves or len(leaves) < len(pairs):
                raise ValueError("no receipt")
            receipt = Receipt(uuid(command_id), leaves, answer)
        except ValueError:
            raise NotGenuine("it is signed, but is no receipt of this trust") from None
        if answer and answer.position not in leaves:
            raise NotGenuine(f"what is signed in it says nothing of position {answer.position}")
        return receipt


# The words


def too_deep(value: Any, left: int = MOST_DEPTH) -> bool:
    """Tell whether lists and objects stand in one another deeper than anybody means."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return left < 0 or any(too_deep(part, left - 1) for part in parts)


def object_of(data: bytes, what: str) -> dict[str, Any]:
    """Return the object that JSON says; raise NotGenuine if it is none."""
    try:
        value = read_json(data)
    except ValueError as error:
        raise NotGenuine(f"{what} are not JSON as it should be: {error}") from None
    if not isinstance(value, dict) or too_deep(value):
        raise NotGenuine(f"{what} are not an object of ordinary depth")
    return value


def unsealed(entry: Entry, secret: bytes, trust: str) -> bytes:
    """Return what was sealed; raise NotGenuine unless it was sealed so, with this secret."""
    sealed = entry.sealed
    if len(sealed) < 63 or sealed[0] not in (1, 2):
        raise NotGenuine("what is sealed has no known form")
    okm = hashlib.sha512(MESSAGE + secret).digest()
    if sealed[15:47] != okm[32:]:
        raise NotGenuine("the secret is not the one that this entry was sealed with")
    associated = (
        EVENT
        + col(trust.encode())
        + entry.stream_id.bytes
        + struct.pack(">i", entry.version)
        + col(entry.topic.encode())
        + struct.pack(">h", entry.class_version)
        + col(entry.clear.encode())
        + sealed[:3]
    )
    try:
        return AESGCM(okm[:32]).decrypt(sealed[3:15], sealed[47:], associated)
    except InvalidTag:
        raise NotGenuine("the secret does not open the words of this entry") from None


@dataclass
class Shown:
    """An entry to read: its clear fields and, unless withheld or not to be opened, its words."""

    entry: Entry | Closed | Opaque
    clear: dict[str, Any] = field(default_factory=dict)
    words: dict[str, Any] | None = None


def words_findings(shown: Shown, trust: str) -> Iterator[Finding]:
    """Open an entry, into ``shown``; yield why it cannot be, if it cannot."""
    entry, kind = shown.entry, "words"
    if not isinstance(entry, Entry):
        return
    try:
        shown.clear = object_of(entry.clear.encode(), "the clear fields")
        if entry.secret is not None:
            kind = "secret"
            opened = unsealed(entry, entry.secret, trust)
            kind = "words"
            words = object_of(opened, "the words")
            if words.keys() & shown.clear.keys():
                raise NotGenuine("a field stands both in the clear and among the words")
            shown.words = words
    except NotGenuine as error:
        yield Finding(kind, str(error), entry.position)


# The checks


def entry_findings(
    entry: Entry | Closed | Opaque, pupil_id: UUID, log: Checkpoint
) -> Iterator[Finding]:
    """Yield why an entry is not one of this pupil's that the log holds as it stands here."""
    if not included(leaf_of(entry), entry.position - 1, entry.proof, log):
        wrong = "the log does not hold this entry as it stands here"
        yield Finding("inclusion", wrong, entry.position)
    if isinstance(entry, Opaque):
        return
    if entry.stream_id != pupil_id:
        yield Finding("pupil", "the entry belongs to another pupil's record", entry.position)


def order_findings(extract: Extract) -> Iterator[Finding]:
    """Yield where positions or versions do not rise, or time goes back."""
    for number, entry in enumerate(extract.entries[1:]):
        if entry.position <= extract.entries[number].position:
            yield Finding("order", "its position does not come after the last", entry.position)
    told = extract.told
    for number, later in enumerate(told[1:]):
        before = told[number]
        if later.version <= before.version:
            yield Finding("order", "its version does not come after the last", later.position)
        if later.recorded_at < before.recorded_at:
            yield Finding("order", "it was recorded before the one before it", later.position)


def extent(extract: Extract) -> Iterator[Finding]:
    """Yield, as notes, how much of the record this is; where more is withheld than can be, gravely.

    A version that is missing between two entries may be that of an opaque one that stands there.
    """
    missing, due, opaque = [], 1, 0
    for entry in sorted(extract.entries, key=lambda one: one.position):
        if isinstance(entry, Opaque):
            opaque += 1
            continue
        absent = entry.version - due
        if opaque > max(absent, 0):
            wrong = "there is more withheld before it than versions are missing"
            yield Finding("order", wrong, entry.position)
        elif absent > opaque:
            less = f", less the {opaque} withheld between" if opaque else ""
            span = f"{due}" if absent == 1 else f"{due} to {entry.version - 1}"
            missing.append(span + less)
        due, opaque = max(due, entry.version + 1), 0
    if missing:
        yield Finding("gap", f"not in this extract: versions {', '.join(missing)}", grave=False)
    elif due > 1:
        but = ", but for what is withheld" if len(extract.told) < len(extract.entries) else ""
        said = f"this is the whole record up to version {due - 1}{but}"
        yield Finding("whole", said, grave=False)
    unknown = f"whether there are versions after {due - 1}, no extract can show"
    yield Finding("later", unknown, grave=False)
    yield from withheld(extract)


def withheld(extract: Extract) -> Iterator[Finding]:
    """Yield, as notes, how much is withheld, and how."""
    if closed := sum(not isinstance(e, Entry) or e.secret is None for e in extract.told):
        yield Finding("withheld", f"entries whose words are withheld: {closed}", grave=False)
    if opaque := len(extract.entries) - len(extract.told):
        told = (
            f"entries of which nothing is told but their place in the log: {opaque}; that each is "
            "of this record, nothing here can show"
        )
        yield Finding("withheld", told, grave=False)


Proofs = list[tuple[Checkpoint, "list[bytes]"]]


def of_each(
    given: Iterable[Given], findings: Callable[[Given], Iterable[Finding]]
) -> Iterator[Finding]:
    """Yield what is found about each, with its name; what is not signed as it says is forged."""
    for one in given:
        try:
            for found in findings(one):
                yield replace(found, text=f"{one.name}: {found.text}")
        except NotGenuine as error:
            yield Finding("forged", f"{one.name}: {error}")


def kept_findings(old: Checkpoint, new: Checkpoint, earlier: Proofs) -> Iterator[Finding]:
    """Yield what is wrong with a checkpoint that the outsider kept, if anything is."""
    alike = [(one, proof) for one, proof in earlier if one.size == old.size]
    if any(consistent(old, new, proof) for proof in ([], *(p for one, p in alike if one == old))):
        return
    if old.size > new.size:
        yield Finding("older", f"the extract's log has but {new.size} entries, fewer than this")
    elif old.size == new.size or alike:
        yield Finding("rewritten", "history was rewritten: the log is not as it was then")
    else:
        yield Finding("absent", "the extract does not show that its log continues this one")


def of_another_command(entry: Entry | Closed | Opaque, receipt: Receipt) -> bool:
    """Tell whether an entry says that another command recorded it than the receipt is for."""
    return not isinstance(entry, Opaque) and entry.command_id != receipt.command_id


def receipt_findings(receipt: Receipt, extract: Extract, size: int) -> Iterator[Finding]:
    """Yield where entries are missing or are not what a receipt promises."""
    entries, beside = {entry.position: entry for entry in extract.entries}, receipt.beside
    for position, leaf in sorted(receipt.leaves.items()):
        entry = entries.get(position)
        if entry is None and beside and beside.pupil_id == extract.pupil_id:
            late = f", for the extract's log ends at {size}" if position > size else ""
            yield Finding("promised", f"promised and not there{late}", position)
        elif entry is None:
            whose = "names another pupil" if beside else "does not say whose it is"
            yield Finding("receipt", f"not in this extract; the receipt {whose}", position, False)
        elif leaf_of(entry) != leaf or of_another_command(entry, receipt):
            yield Finding("receipt", "the entry is not the one that was promised", position)
        elif isinstance(entry, Opaque):
            continue
        elif beside and beside.position == position and beside.version != entry.version:
            yield Finding("receipt", f"the receipt calls it version {beside.version}", position)


@dataclass(frozen=True)
class Check:
    """One line of the summary: what was checked, how many, and how much was wrong."""

    what: str
    count: int
    wrong: int


@dataclass
class Report:
    """What came of it all."""

    extract: Extract
    log: Checkpoint | None = None
    checks: list[Check] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)

    def add(self, what: str, count: int, findings: Iterable[Finding]) -> None:
        """Take in the result of one check."""
        found = list(findings)
        self.findings += found
        self.checks.append(Check(what, count, sum(one.grave for one in found)))

    def told(self, *, grave: bool) -> list[Finding]:
        """Return the findings, or else the notes, the first position first."""
        chosen = [one for one in self.findings if one.grave is grave]
        return sorted(chosen, key=lambda one: (one.position is None, one.position or 0))

    @property
    def status(self) -> int:
        """0 if all is good, 1 if there are findings."""
        return int(bool(self.told(grave=True)))


def earlier_findings(
    extract: Extract, log: Checkpoint, ring: Ring, earlier: Proofs
) -> Iterator[Finding]:
    """Check the earlier checkpoints in the extract; put those that are signed into ``earlier``."""
    for number, item in enumerate(extract.consistency, 1):
        name = f"earlier checkpoint {number} in the extract"
        try:
            old = ring.checkpoint(item.seen)
        except NotGenuine as error:
            yield Finding("forged", f"{name}: {error}")
            continue
        earlier.append((old, item.proof))
        if not consistent(old, log, item.proof):
            yield Finding("rewritten", f"{name}: the log is not shown to continue it")


def check_entries(report: Report, log: Checkpoint) -> None:
    """Check each entry by itself, then all together, then their words."""
    extract, entries = report.extract, report.extract.entries
    found = [one for entry in entries for one in entry_findings(entry, extract.pupil_id, log)]
    report.add("entries of this pupil that the log holds just as here", len(entries), found)
    report.add("entries that follow one another in order", len(entries), order_findings(extract))
    report.shown = [Shown(entry) for entry in entries]
    found = [one for shown in report.shown for one in words_findings(shown, extract.trust)]
    count = sum(isinstance(entry, Entry) and entry.secret is not None for entry in entries)
    report.add("entries whose words are those that were sealed then", count, found)
    report.findings += extent(extract)


def examine(
    data: bytes,
    keys: Sequence[Key] | None,
    kept: Sequence[Given] = (),
    receipts: Sequence[Given] = (),
) -> Report:
    """Check an extract, with the keys in it if None; raise Unreadable if it cannot be checked."""
    extract = read_extract(data)
    ring = Ring(extract.trust, extract.keys if keys is None else keys)
    for kind in ("events", "receipts") if receipts else ("events",):
        ring.named(kind)
    report = Report(extract)
    if keys is None:
        report.findings.append(Finding("keys", ENCLOSED, grave=False))
    report.add("file in the form of an extract", 1, ())
    try:
        report.log = log = ring.checkpoint(extract.checkpoint)
    except NotGenuine as error:
        wrong = f"the state of the log: {error}.  All hangs on it: nothing else was checked"
        report.add(SIGNED, 1, [Finding("checkpoint", wrong)])
        return report
    report.add(SIGNED, 1, ())
    check_entries(report, log)
    earlier: Proofs = []
    found = earlier_findings(extract, log, ring, earlier)
    report.add(
        "earlier checkpoints in the extract that its log continues", len(extract.consistency), found
    )
    found = of_each(kept, lambda one: kept_findings(ring.checkpoint(one.note), log, earlier))
    report.add("checkpoints you kept that the log continues", len(kept), found)
    found = of_each(receipts, lambda one: receipt_findings(ring.receipt(one), extract, log.size))
    report.add("receipts you kept that were honoured", len(receipts), found)
    return report


# What is printed


def scrub(line: str) -> str:
    """Write out what would not show, or would act on a terminal."""
    return "".join(
        c if c.isprintable() or c in "\u00a0\u200c\u200d" else f"<U+{ord(c):04X}>" for c in line
    )


def in_words(topic: str) -> str:
    """ConcernRaised -> Concern raised; EHCPlanIssued -> EHC plan issued."""
    words = re.sub("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", topic).split(" ")
    return " ".join(words[:1] + [word if word.isupper() else word.lower() for word in words[1:]])


def value_lines(label: str, value: Any, indent: str) -> Iterator[str]:
    """Yield a field as indented lines; a second line of a text begins with a bar."""
    if value and isinstance(value, (dict, list)):
        yield f"{indent}{label}"
        named = isinstance(value, dict)
        for part in value:
            inner = (f"{part}:", value[part]) if named else ("-", part)
            yield from value_lines(*inner, indent + "  ")
    elif isinstance(value, str):
        first, *rest = value.split("\n")
        yield f"{indent}{label} {first}"
        yield from (f"{indent}  | {line}" for line in rest)
    else:
        yield f"{indent}{label} {json.dumps(value)}"


def entry_lines(shown: Shown, doubted: bool) -> Iterator[str]:
    """Yield an entry as people read it."""
    entry, doubt = shown.entry, "   ** DOUBTFUL: see the findings **"
    yield ""
    if isinstance(entry, Opaque):
        yield f"  position {entry.position}: withheld{doubt * doubted}"
        return
    yield f"  {entry.recorded_at:%d %B %Y, %H:%M:%S} UTC: {in_words(entry.topic)}{doubt * doubted}"
    yield f"    position {entry.position}, version {entry.version}, recorded by {entry.actor_id}"
    for name, value in {**shown.clear, **(shown.words or {})}.items():
        yield from value_lines(f"{name}:", value, "    ")
    if shown.words is None:
        given = isinstance(entry, Entry) and entry.secret is not None
        why = "not opened: see the findings" if given else "withheld"
        yield f"    (its words are {why})"


def as_lines(report: Report, show: bool) -> Iterator[str]:
    """Yield the result in plain English."""
    extract, log = report.extract, report.log
    grave, notes = report.told(grave=True), report.told(grave=False)
    yield f"Extract of the SEND record of pupil {extract.pupil_id}"
    yield f"  trust {extract.trust}; made, so it says, at {extract.made_at.isoformat()}"
    if log:
        yield f"  log of {log.size} entries, root {base64.b64encode(log.root).decode()}"
    yield "Checked"
    for one in report.checks:
        good = "all good" if one.count else "nothing to check"
        yield f"  {one.what}: {one.count}, {f'{one.wrong} WRONG' if one.wrong else good}"
    for title, findings in (("Findings", grave), ("To note", notes)):
        yield from [title] * bool(findings)
        for found in findings:
            where = "" if found.position is None else f"position {found.position}, "
            yield f"  {where}{found.kind}: {found.text}"
    yield f"Result: {outcome(report)}"
    if show and report.shown:
        doubted = {found.position for found in grave}
        yield "The entries"
        for shown in report.shown:
            yield from entry_lines(shown, shown.entry.position in doubted)


def outcome(report: Report) -> str:
    """Return the result in a sentence."""
    if report.status:
        return "DO NOT RELY on this extract before the findings are explained."
    if any(found.kind == "keys" for found in report.findings):
        return "good by the keys in the file itself; see the warning."
    return f"good: this is what {report.extract.trust} recorded and signed."


def as_json(report: Report, show: bool) -> str:
    """Return the result for a program to read, as ASCII."""
    extract, log = report.extract, report.log
    result: dict[str, Any] = {
        "status": report.status,
        "trust": extract.trust,
        "pupil_id": str(extract.pupil_id),
        "log": log and {"size": log.size, "root": base64.b64encode(log.root).decode()},
        "checks": [asdict(one) for one in report.checks],
        "findings": [asdict(one) for one in report.told(grave=True)],
        "notes": [asdict(one) for one in report.told(grave=False)],
    }
    if show:
        result["entries"] = [
            {"position": entry.position, "topic": entry.topic}
            | {"recorded_at": entry.recorded_at.isoformat()}
            | {"clear": shown.clear, "words": shown.words}
            for shown in report.shown
            if not isinstance(entry := shown.entry, Opaque)
        ]
    return json.dumps(result, indent=1)


# The command


class Parser(argparse.ArgumentParser):
    """Says what is wrong with a command without repeating control characters."""

    def error(self, message: str) -> NoReturn:
        """End with 2."""
        self.exit(2, f"{scrub(message)}\nSay --help to read how it is used.\n")


def parser() -> Parser:
    """Return the reader of the command line."""
    made = Parser(prog="verify_extract.py", description=ABOUT, allow_abbrev=False)
    made.add_argument("extract", metavar="EXTRACT", help="the file to check")
    which = made.add_mutually_exclusive_group()
    for group, name, meta, told in (
        (which, "--key", "VKEY", "a key of the trust's, had from elsewhere; again for each"),
        (which, "--enclosed-keys", None, "believe the keys in the extract"),
        (made, "--seen", "NOTE_FILE", "a checkpoint of the log that you kept; again for each"),
        (made, "--receipt", "FILE", "a receipt that you kept; again for each"),
        (made, "--show", None, "print the entries, with their words"),
        (made, "--json", None, "print the result for a program to read"),
    ):
        if meta:
            group.add_argument(name, metavar=meta, action="append", default=[], help=told)
        else:
            group.add_argument(name, action="store_true", help=told)
    return made


def read_file(name: str) -> Given:
    """Read a file, though no more than an extract may hold; raise Unreadable if it cannot be."""
    try:
        with open(name, "rb") as file:
            return Given(name, file.read(MOST_BYTES + 1))
    except OSError as error:
        raise Unreadable(f"{name} cannot be read: {error.strerror}") from None


def answer(asked: argparse.Namespace) -> tuple[int, str]:
    """Return the status to end with, and what to print; raise Unreadable if nothing was checked."""
    if not asked.key and not asked.enclosed_keys:
        raise Unreadable(NO_KEYS)
    report = examine(
        read_file(asked.extract).data,
        [read_key(key) for key in asked.key] if asked.key else None,
        [read_file(name) for name in asked.seen],
        [read_file(name) for name in asked.receipt],
    )
    if asked.json:
        return report.status, as_json(report, asked.show)
    return report.status, "\n".join(map(scrub, as_lines(report, asked.show)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Check as the command line says; return 0, 1 or 2, as ``--help`` tells."""
    asked = parser().parse_args(arguments)
    try:
        status, said = answer(asked)
    except (Unreadable, MemoryError, RecursionError) as error:
        why = str(error)[:1000] or "it is too large"
        status, said = 2, scrub(f"This cannot be checked: {why}.")
        if asked.json:
            said = json.dumps({"status": 2, "why": why})
    try:
        stream = sys.stderr if status == 2 and not asked.json else sys.stdout
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        stream.write(said + "\n")
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


if __name__ == "__main__":
    sys.exit(main())
