"""The canary: a pupil all of whose words are known again, wherever they are and however spelt.

Two of them are looked for in one go: the pupil, of whom nothing may be found anywhere, and a
control of the same shape in a plaintext table, which must be found everywhere.
"""

from __future__ import annotations

import base64
import hmac
import random
import sqlite3
import string
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum
from functools import cached_property
from hashlib import sha512
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from send_records.aggregates.access_answers import SendDisclosure
from send_records.aggregates.approvals import ApproveDisclosure, ReturnDisclosure
from send_records.aggregates.base import Actor, Entry
from send_records.aggregates.bundles import PrepareBundle, ServeBundle
from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.aggregates.upn import check_letter
from send_records.aggregates.values import Value
from send_records.projections.engine import PROJECTIONS
from send_records.projections.rows import Rows
from send_records.projections.tables import Table
from send_records.store.keks import KekFiles, WrongKek
from send_records.store.mapper import event_place
from send_records.store.recorder import select
from send_records.store.sealing import Seals
from tests.api.story import REFUSED, STORY

CODES = {
    "field",
    "fields",
    "impact_rating",
    "local_authority",
    "outcome_ref",
    "primary_need",
    "schema_version",
    "section",
    "sections",
    "sections_changed",
    "sha256",
    "target",
    "academy",
    "edition",
    "nc_year",
    "order",
    "record_class",
    "ref",
    "scale",
    "sen_type",
    "shared_with",
    "tool",
    "to_academy",
}
"""Fields that hold codes, or what must be as the rules have it; all other texts carry the mark."""

OF_A_PACK = {PrepareDisclosure, ApproveDisclosure, SendDisclosure}
OF_A_PACK |= {PrepareBundle, ServeBundle, ReturnDisclosure}
"""What follows from the pack that a job makes, and from its hash, which nobody knows before."""


@dataclass(frozen=True)
class Canary:
    """One pupil's identity: a mark that is in every word, and what cannot hold a mark."""

    pupil: UUID = field(default_factory=uuid4)
    mark: str = field(
        default_factory=lambda: "zq" + "".join(random.choices(string.ascii_lowercase, k=12))
    )
    digits: str = field(default_factory=lambda: "".join(random.choices(string.digits, k=9)))
    born: date = field(
        default_factory=lambda: date(2014, 9, 1) + timedelta(days=random.randrange(300))
    )

    @property
    def name(self) -> str:
        return f"Xanthe {self.mark.capitalize()}"

    @property
    def phone(self) -> str:
        return f"07{self.digits}"

    @cached_property
    def upn(self) -> str:
        rest = f"801{self.digits[::-1]}"
        return check_letter(rest) + rest

    @property
    def needles(self) -> list[str]:
        """What is looked for: the mark without its first letter, which may be a capital."""
        return [self.mark[1:], self.mark[1:].upper(), self.phone, self.upn]

    # Its story

    def steps(self) -> Iterator[tuple[type[Entry], UUID, Actor, dict[str, Any]]]:
        """Yield the story as this pupil's: each entry's kind, key, actor and body."""
        for step in STORY:
            if type(step.entry) not in REFUSED | OF_A_PACK:
                yield type(step.entry), self.own(step.key), step.actor, self.marked(step.entry)

    def own(self, known: UUID) -> UUID:
        """Return this pupil's own id for one of the story's; its record's is the admission's."""
        return self.pupil if known == STORY[0].key else uuid5(self.pupil, str(known))

    def marked(self, entry: Entry) -> dict[str, Any]:
        """Return an entry's body with the mark in every free text, and a few texts more."""
        body: dict[str, Any] = self._marked(entry, "")
        body["reason"] = f"Recorded late, {self.mark}"
        personal = {
            "date_of_birth": self.born.isoformat(),
            "legal_name": self.name,
            "upn": self.upn,
        }
        body |= {name: said for name, said in personal.items() if body.get(name)}
        if isinstance(contact := body.get("contact"), dict):
            contact |= {"phone": self.phone, "email": f"{self.mark}@example.org"}
            contact["restriction"] = f"No calls at work, {self.mark}"
        return body

    def _marked(self, value: Any, name: str) -> Any:
        match value:
            case Enum():
                return value.value
            case UUID():
                return str(self.own(value))
            case str():
                return value if name in CODES else f"{value} {self.mark}"
            case Value():
                return {key: self._marked(part, key) for key, part in value}
            case dict():
                return {str(key): self._marked(part, name) for key, part in value.items()}
            case list() | tuple():
                return [self._marked(part, name) for part in value]
            case date():
                return value.isoformat()
            case None | bool() | int():
                return value
            case _:
                return str(value)

    # How it may be spelt

    @cached_property
    def spellings(self) -> dict[str, list[bytes]]:
        """Return each needle in each encoding, by the encoding's name."""
        found: dict[str, list[bytes]] = {}
        for needle in self.needles:
            for name, spelt in spelt_as(needle).items():
                found.setdefault(name, []).append(spelt)
        return found


def spelt_as(text: str) -> dict[str, bytes]:
    """Return a text in every encoding that it is looked for in."""
    plain = text.encode()
    return {
        "UTF-8": plain,
        "UTF-16LE": text.encode("utf-16-le"),
        "UTF-16BE": text.encode("utf-16-be"),
        "hex": plain.hex().encode(),
        "HEX": plain.hex().upper().encode(),
        **{f"base64+{shift}": in_base64(plain, shift) for shift in range(3)},
    }


def in_base64(plain: bytes, shift: int) -> bytes:
    """Return what is sure to be in base64 of any text that holds this one, so many bytes in."""
    whole = base64.b64encode(bytes(shift) + plain)
    return whole[(shift * 8 + 5) // 6 : (shift + len(plain)) * 8 // 6]


# Looking for it


@dataclass
class Scan:
    """What was looked through, and what was found of each canary: by place, and by encoding."""

    canaries: Mapping[str, Canary]
    places: Counter[str] = field(default_factory=Counter)
    """Bytes, by place."""
    files: int = 0
    hits: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By canary, place and encoding."""

    def look(self, place: str, content: bytes) -> None:
        self.places[place] += len(content)
        self.files += 1
        for whose, canary in self.canaries.items():
            for encoding, needles in canary.spellings.items():
                number = sum(content.count(needle) for needle in needles)
                if number:
                    self.hits[whose, place, encoding] += number

    def look_in(self, folder: Path) -> None:
        """Look through every file below a data directory; PostgreSQL's own programs are none of
        ours."""
        for path in sorted(folder.rglob("*")):
            below = path.relative_to(folder)
            if below.parts[0].startswith("programs-") or not path.is_file():
                continue
            try:
                content = path.read_bytes()
            except FileNotFoundError:  # a temporary file, or a WAL segment that was recycled
                continue
            self.look(place_of(below), content)
            self.look("names of files", str(below).encode())

    def of(self, whose: str) -> Counter[str]:
        """Return the hits of one canary, by place."""
        found: Counter[str] = Counter()
        for (canary, place, _), number in self.hits.items():
            if canary == whose:
                found[place] += number
        return found

    def encodings(self, whose: str) -> set[str]:
        return {encoding for canary, _, encoding in self.hits if canary == whose}


def place_of(below: Path) -> str:
    """Return what a file of the data directory is part of."""
    if below.parts[0] == "postgres":
        return "WAL" if "pg_wal" in below.parts else "cluster"
    return below.parts[0]


# Opening what a thief of a backup has, with all that the trust still holds


@dataclass
class Thief:
    """Somebody with a restored backup, and every key that is left."""

    connection: Connection
    seals: Seals
    """Only to know how a place is written: no key of theirs is used."""
    keks: KekFiles
    key_store: Path

    @cached_property
    def pupils(self) -> list[UUID]:
        rows = self.connection.execute("SELECT stream_id FROM data_keys").fetchall()
        return [pupil for (pupil,) in rows]

    def held(self) -> set[bytes]:
        """Return every live key of the key store, under whichever KEK it opens."""
        store = sqlite3.connect(f"file:{self.key_store}?mode=ro", uri=True)
        rows = store.execute(
            "SELECT owner, key_no, wrapped FROM keys WHERE wrapped IS NOT NULL"
        ).fetchall()
        store.close()
        return {
            key
            for owner, key_no, wrapped in rows
            for key in self._unwrapped(wrapped, [UUID(bytes=owner)], [key_no])
        }

    def harvested(self) -> set[bytes]:
        """Return keys that were kept in the database beside what they seal: any bytes of the
        length of a wrapped key are tried as any pupil's."""
        found: set[bytes] = set()
        for value in self._bytes_of_length(60):
            found |= self._unwrapped(value, self.pupils, [1, 2])
        return found

    def _unwrapped(self, wrapped: bytes, owners: list[UUID], numbers: list[int]) -> set[bytes]:
        found = set()
        for epoch in self.keks.epochs():
            kek = self.keks.kek(epoch)
            for owner in owners:
                for number in numbers:
                    try:
                        found.add(kek.unwrap(wrapped, owner.bytes + number.to_bytes(2, "big")))
                    except WrongKek:
                        continue
        return found

    def _bytes_of_length(self, length: int) -> Iterator[bytes]:
        columns = self.connection.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = current_schema() AND data_type = 'bytea'"
        ).fetchall()
        for table, column in columns:
            query = SQL("SELECT {0} FROM {1} WHERE octet_length({0}) = %s").format(
                Identifier(column), Identifier(table)
            )
            yield from (value for (value,) in self.connection.execute(query, [length]))

    def sealed_of(self, pupil: UUID) -> list[tuple[bytes, bytes]]:
        """Return all sealed bytes of a pupil, each with its place: of events, and of rows."""
        found = []
        for row in select(self.connection, "WHERE stream_id = %s ORDER BY version", [pupil]):
            clear, version = row.clear.encode(), row.originator_version
            place = event_place(self.seals, pupil, version, row.topic, row.class_version, clear)
            found.append((place, row.state))
        for projection in PROJECTIONS:
            table = Table[Any](projection, self.seals)
            query = SQL("SELECT * FROM {} WHERE pupil_id = %s").format(Identifier(table.name))
            with self.connection.cursor(row_factory=dict_row) as cursor:
                for shown in cursor.execute(query, [pupil]):
                    place = Rows[Any](projection, self.seals).place(pupil, shown[projection.key])
                    found.append((place, shown["sealed"]))
        return found

    def opened(self, pupil: UUID, keys: set[bytes]) -> tuple[int, int]:
        """Return how many sealed bytes of a pupil open under any of the keys, and how many there
        are.  Whether a commitment is looked at makes no difference to a thief."""
        its = self.sealed_of(pupil)
        return sum(any(opens(key, place, sealed) for key in keys) for place, sealed in its), len(
            its
        )

    def tagged(self, upn: str, keys: set[bytes]) -> int:
        """Return how many tags of the register are a UPN's under any of the keys."""
        rows = self.connection.execute("SELECT upn_tag FROM send_register").fetchall()
        message = b"send-records/upn/1" + upn.encode()
        tags = {hmac.digest(key, message, "sha256") for key in keys}
        return sum(tag in tags for (tag,) in rows)


def opens(key: bytes, place: bytes, sealed: bytes) -> bool:
    """Return whether a data key opens sealed bytes."""
    secret = hmac.digest(key, b"send-records/secret/1" + sealed[3:15], "sha256")
    message_key = sha512(b"send-records/message/1" + secret).digest()[:32]
    try:
        AESGCM(message_key).decrypt(sealed[3:15], sealed[47:], place + sealed[:3])
    except InvalidTag:
        return False
    return True
