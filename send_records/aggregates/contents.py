"""Contents: the bytes that were uploaded for a pupil, or made of the record, as far as a decision
needs to know them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from send_records.aggregates.values import judge


def _hash(text: str) -> str:
    if not re.fullmatch("[0-9a-f]{64}", text):
        raise ValueError("Enter a SHA-256 as 64 hexadecimal digits, in lower case")
    return text


Sha256 = Annotated[str, *judge(_hash, pattern="^[0-9a-f]{64}$", maxLength=64)]
"""A hash, as 64 hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Content:
    """What the store vouches for, having counted, hashed and looked at every byte itself: nothing
    of it is the caller's word."""

    size: int
    """Bytes."""
    sha256: str
    """Of all of them, as 64 hexadecimal digits."""
    media_type: str
    """What it is, by its bytes."""
    age: timedelta
    """How long ago it was stored, by the database's clock."""


@dataclass(frozen=True, slots=True)
class PackSection:
    """One section of a bundle, as it came out."""

    title: str
    pages: int
    limit: int | None
    """How many pages it may have; None where nothing limits it."""


@dataclass(frozen=True, slots=True)
class PackBreach:
    """What a bundle does not keep of the rules for it."""

    code: str
    detail: str
    """Where, and by how much: in figures and in the titles of sections, in no words of a record."""


@dataclass(frozen=True, slots=True)
class Pack:
    """What was made of the record in order to be sent: whoever made it counted and hashed it, and
    nothing of it is the caller's word."""

    sha256: str
    """Of the whole file, as 64 hexadecimal digits."""
    size: int
    """Bytes."""
    pages: int
    position: int
    """The last position of the log that was read for it."""
    accesses: int
    """How many rows of the access log were read for it."""
    as_of: date | None
    """The day for which the record was read, if not for now."""
    entries: int
    documents: int
    withheld: int
    redacted: int
    sections: tuple[PackSection, ...] = ()
    breaches: tuple[PackBreach, ...] = ()
    decided_to: int | None = None
    """The last position of the log whose decisions it holds, where that is not ``position``: of a
    record as it was known on an earlier day.  It is not kept."""
