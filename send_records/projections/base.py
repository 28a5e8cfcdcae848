"""A projection is a pure function from a row and an event to the next row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, MutableMapping
from typing import Any, ClassVar, Generic, TypeVar

from send_records.aggregates.base import DomainEvent

R = TypeVar("R")

Key = Any
"""What identifies a row: the pupil's id, unless the projection has more rows than pupils."""


class Projection(ABC, Generic[R]):
    """Base of the projections.  Subclasses name their table and say how events change a row."""

    name: ClassVar[str]
    """The table's name, and under it the position is kept: do not rename."""
    row: type[R]
    """A frozen dataclass with one field for each column."""
    key: ClassVar[str] = "pupil_id"
    """The column that identifies a row."""

    @abstractmethod
    def project(self, row: R | None, event: DomainEvent) -> R | None:
        """Return the row after the event: itself if the event does not matter here, or None if
        there is to be no row."""

    def key_of(self, event: DomainEvent) -> Key:
        """Return the key of the row an event may change: the pupil's, unless overridden."""
        return event.originator_id


def fold(
    projection: Projection[R], rows: MutableMapping[Key, R | None], events: Iterable[DomainEvent]
) -> set[Key]:
    """Fold events into rows, by key; return the keys of the rows that are not what they were.

    The one way in which rows come about: for today, for a rebuild, and for any past moment.
    """
    changed = set()
    for event in events:
        key = projection.key_of(event)
        before = rows.get(key)
        after = projection.project(before, event)
        if after is not before:
            rows[key] = after
            changed.add(key)
    return changed
