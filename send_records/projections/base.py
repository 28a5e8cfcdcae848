"""A projection is a pure function from a row and an event to the next row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.retention import PersonalDataErased
from send_records.store.mapper import ErasedEvent, Recorded

R = TypeVar("R")

Key = Any
"""What identifies a row: the pupil's id, unless the projection has more rows than pupils."""


class Projection(ABC, Generic[R]):
    """Base of the projections.  Subclasses name their table and say how events change a row."""

    name: ClassVar[str]
    """The table's name, and under it the position is kept: do not rename."""
    row: type[R]
    """A frozen dataclass with one field for each column, and for each sealed value; one of its
    columns is ``pupil_id``."""
    key: ClassVar[str] = "pupil_id"
    """The column that identifies a row."""
    row_an_event: ClassVar[bool] = False
    """Whether each event makes a row of its own, that no other event changes: then no row need be
    read before one is written."""

    @abstractmethod
    def project(self, row: R | None, event: DomainEvent) -> R | None:
        """Return the row after the event: itself if the event does not matter here, or None if
        there is to be no row."""

    def key_of(self, event: DomainEvent) -> Key:
        """Return the key of the row an event may change: the pupil's, unless overridden."""
        return event.originator_id

    def matters(self, event: DomainEvent) -> bool:
        """Return whether an event can change a row; it need not be looked at otherwise."""
        return True

    @property
    def rules(self) -> str | None:
        """The fingerprint of the rules that its rows follow from, if they follow from any but what
        the events froze: see ``rulings``."""
        return None

    @property
    def tables(self) -> tuple[str, ...]:
        """The names of its tables."""
        return (self.name,)

    def shown(self, folded: Mapping[Key, R | None]) -> dict[Key, Any]:
        """Return the rows that what was folded adds up to, by key."""
        return {key: row for key, row in folded.items() if row is not None}

    def topics(self) -> frozenset[str] | None:
        """Return the names of the events that change a row in more than the version that it says
        it has seen; None if any may.  Others need not be opened, but for a pupil's last."""
        return None


def folded(projection: Projection[R], events: Iterable[Recorded]) -> dict[Key, Any]:
    """Return the rows that events add up to from nothing, by key."""
    rows: dict[Key, R | None] = {}
    fold(projection, rows, events)
    return projection.shown(rows)


def fold(
    projection: Projection[R], rows: MutableMapping[Key, R | None], events: Iterable[Recorded]
) -> set[Key]:
    """Fold events into rows, by key; return the keys of the rows that are not what they were.

    The one way in which rows come about: for today, for a rebuild, and for any past moment.  Of a
    pupil who was erased nothing is left: the rows in hand go, and ``erased_in`` names the pupil
    for those that are not in hand.
    """
    changed = set()
    for event in events:
        if isinstance(event, ErasedEvent):
            continue
        if isinstance(event, PersonalDataErased):
            gone = [key for key, row in rows.items() if pupil_of(row) == event.originator_id]
            rows.update(dict.fromkeys(gone))
            changed.update(gone)
            continue
        key = projection.key_of(event)
        before = rows.get(key)
        after = projection.project(before, event)
        if after is not before:
            rows[key] = after
            changed.add(key)
    return changed


def erased_in(events: Iterable[Recorded]) -> set[UUID]:
    """Return the pupils whose erasure is among the events."""
    return {event.originator_id for event in events if isinstance(event, PersonalDataErased)}


def pupil_of(row: object) -> UUID | None:
    """Return of whom a row is; every row of every projection says so, for it is sealed."""
    return getattr(row, "pupil_id", None)
