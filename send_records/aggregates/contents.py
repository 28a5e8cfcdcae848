"""Contents: the bytes that were uploaded for a pupil, as far as a decision needs to know them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
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
