"""Who is calling, as far as whoever vouches for them can say; never what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class CallerKind(StrEnum):
    """Whether somebody or something is calling."""

    PERSON = "person"
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who a request comes from: known, but not yet allowed anything."""

    person_id: UUID
    """Whose grants count; for a service, its own."""
    name: str
    kind: CallerKind
    strong_at: float | None
    """When a second factor was last proven, in seconds of the epoch; None if it never was."""
    only: frozenset[str] | None = None
    """The operations that the caller is held to, whatever the grants allow; None for no limit."""
    session_id: UUID | None = None
    """The session of a browser; None for whoever brings a token or a key."""
