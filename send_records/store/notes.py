"""Signed notes and checkpoints: text that carries its signatures with it, as C2SP signed-note and
tlog-checkpoint have it, and as others' tools read it.

A note is text that ends in a newline, then an empty line, then a line for each signature: an em
dash, the key's name, and base64 of the key's id (4 bytes) and the signature.  Keys are Ed25519.
Where the two specifications leave room, the strict reading is taken: what is written in two ways
can be read in two ways.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MAX_BYTES = 1_000_000  # of a note
MAX_SIGNATURES = 100  # to check one takes 0.1 ms; the specification asks for 16 at least
ED25519 = b"\x01"  # the kind of key and of signature, as written before a key
DASH = "\N{EM DASH} "
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
NAME = re.compile(r"[^\s+\x00-\x1f\ud800-\udfff]+")
SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


class BadKey(ValueError):
    """The text is not a key, or not written as a key is."""


class BadNote(ValueError):
    """The note says nothing that could be believed."""


class NoteMalformed(BadNote):
    """It is not written as a note is, or its text not as that of a checkpoint."""


class NoteUnsigned(BadNote):
    """No known key signed it, or it has a bad signature in the name of one."""


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A key that signatures are checked with; raise BadKey if it cannot have that name."""

    name: str
    public: bytes
    """The Ed25519 public key, 32 bytes."""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or len(self.public) != 32:
            raise BadKey("A key has a name, without spaces or plus signs, and 32 bytes.")

    @classmethod
    def parse(cls, vkey: str) -> NoteKey:
        """Read a key as ``vkey`` writes it; raise BadKey if it is written in any other way."""
        name, key_id, raw = _fields(vkey)
        key = cls(name, raw)
        if key.vkey != vkey:
            raise BadKey(f"{key_id} is not the id of this key of {name}.")
        return key

    @property
    def key_id(self) -> bytes:
        """What a signature names the key by, beside its name: 4 bytes."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as text: ``<name>+<id, hex>+<base64>``."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(ED25519 + self.public)}"

    def verifies(self, text: str, signature: bytes) -> bool:
        """Say whether this key made the signature (64 bytes, without the key's id) of the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, UnicodeEncodeError):
            return False
        return True


class Signer:
    """A name and the private key that signs under it; raise BadKey if it is not a name."""

    def __init__(self, name: str, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self.key = NoteKey(name, private_key.public_key().public_bytes_raw())

    @classmethod
    def generate(cls, name: str) -> Signer:
        """Return a signer with a new key."""
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def from_private_text(cls, text: str) -> Signer:
        """Read a signer as ``private_text`` writes it, and no otherwise; raise BadKey."""
        name, _, seed = _fields(text.removeprefix("PRIVATE+KEY+"))
        signer = cls(name, Ed25519PrivateKey.from_private_bytes(seed))
        if signer.private_text() != text:
            raise BadKey(f"The private key of {name} is not written as it should be.")
        return signer

    def private_text(self) -> str:
        """Return the signer as one line, without its end, to be kept where nobody reads it."""
        seed = ED25519 + self._private_key.private_bytes_raw()
        return f"PRIVATE+KEY+{self.name}+{self.key.key_id.hex()}+{_base64(seed)}"

    @property
    def name(self) -> str:
        """The key's name, which for a checkpoint is its origin."""
        return self.key.name

    @property
    def vkey(self) -> str:
        """The public key as text, for those who check."""
        return self.key.vkey

    def sign(self, text: str) -> str:
        """Return the whole note; raise NoteMalformed if it could not be opened again."""
        if not text.endswith("\n"):
            raise NoteMalformed("The text of a note ends in a newline.")
        signature = self.key.key_id + self._private_key.sign(_encoded(text))
        note = f"{text}\n{DASH}{self.name} {_base64(signature)}\n"
        _encoded(note)
        return note


def open_note(note: str, keys: Sequence[NoteKey]) -> str:
    """Return the text of a note that one of the keys signed, at least.

    Signatures by other keys are passed over.  Raise NoteMalformed; raise NoteUnsigned if none of
    the keys signed it, or a signature in the name of one is bad; raise BadKey for two keys that a
    signature could not tell apart.
    """
    _encoded(note)
    text, separator, signatures = note.rpartition("\n\n")
    *lines, end = signatures.split("\n")
    if not separator or not lines or end or len(lines) > MAX_SIGNATURES:
        raise NoteMalformed("A note ends in an empty line and one signature or more, each a line.")
    known = _by_name_and_id(keys)
    text += "\n"
    signed = False
    for name, key_id, signature in map(_signature, lines):
        key = known.get((name, key_id))
        if key is not None:
            if not key.verifies(text, signature):
                raise NoteUnsigned(f"The signature in the name of {name} is not by its key.")
            signed = True
    if not signed:
        raise NoteUnsigned("None of the known keys signed the note.")
    return text


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: its name, how many entries, and the root of their Merkle tree.

    Raise NoteMalformed if it could not be written.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not self.origin or "\n" in self.origin or CONTROL.search(self.origin):
            raise NoteMalformed("The origin of a checkpoint is one line.")
        if not 0 <= self.size < 2**63 or len(self.root) != 32:
            raise NoteMalformed("A checkpoint has a size, below 2**63, and a root of 32 bytes.")

    @property
    def text(self) -> str:
        """The text to sign."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a checkpoint, passing over the lines that extend it; raise
        NoteMalformed."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() or not all(lines):
            raise NoteMalformed("A checkpoint has three lines, and none that is empty.")
        origin, size, root = lines[:3]
        if not SIZE.fullmatch(size):
            raise NoteMalformed("The size of a checkpoint is a decimal number.")
        return cls(origin, int(size), _from_base64(root, NoteMalformed))


def _encoded(note: str) -> bytes:
    """Return the bytes of a note or its text; raise NoteMalformed if none could have them."""
    try:
        encoded = note.encode()
    except UnicodeEncodeError as error:
        raise NoteMalformed("A note is UTF-8.") from error
    if len(encoded) > MAX_BYTES or CONTROL.search(note):
        raise NoteMalformed(f"A note has {MAX_BYTES} bytes at most, and no control characters.")
    return encoded


def _fields(key: str) -> tuple[str, str, bytes]:
    """Split a key into its name, its id and its 32 bytes; raise BadKey, which does not tell it."""
    name, _, rest = key.partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = _from_base64(encoded, BadKey)
    if raw[:1] != ED25519 or len(raw) != 33:
        raise BadKey("A key is an Ed25519 key of 32 bytes.")
    return name, key_id, raw[1:]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    """Split a line into the key's name, its id and the signature; raise NoteMalformed."""
    name, _, encoded = line.removeprefix(DASH).partition(" ")
    raw = _from_base64(encoded, NoteMalformed)
    if not line.startswith(DASH) or not NAME.fullmatch(name) or len(raw) < 5:
        raise NoteMalformed("A signature is an em dash, a name, and base64 of an id and more.")
    return name, raw[:4], raw[4:]


def _by_name_and_id(keys: Sequence[NoteKey]) -> dict[tuple[str, bytes], NoteKey]:
    known: dict[tuple[str, bytes], NoteKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise BadKey(f"Two keys of {key.name} have the same id.")
    return known


def _base64(raw: bytes) -> str:
    return b64encode(raw).decode()


def _from_base64(text: str, refusal: type[BadKey | NoteMalformed]) -> bytes:
    """Read base64 as it is written here, and no otherwise; raise the refusal."""
    try:
        raw = b64decode(text, validate=True)
    except ValueError:
        raw = b""
    if not raw or _base64(raw) != text:
        raise refusal("It is not base64, or could be written otherwise.") from None
    return raw
