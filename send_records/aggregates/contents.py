"""Contents: the bytes that were uploaded for a pupil, as far as a decision needs to know them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


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
