"""A projection is a pure function from a row and an event to the next row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import fields, replace
from datetime import date
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.corrected import (
    EntryCorrected,
    EntryWithdrawn,
    that_stand,
)
from send_records.aggregates.disputes import (
    EntryDisputed,
    ProcessingRestricted,
    RestrictionLifted,
)
from send_records.aggregates.people import PersonEvent
from send_records.aggregates.retention import PersonalDataErased
from send_records.store.mapper import ErasedEvent, Recorded

R = TypeVar("R")
E = TypeVar("E", bound=DomainEvent)

ABOUT_ENTRIES: set[type[DomainEvent]] = {
    EntryCorrected,
    EntryWithdrawn,
    EntryDisputed,
    ProcessingRestricted,
    RestrictionLifted,
}
"""The events that are about other entries: with one of them, a record is folded anew, whole."""

UNMARKED = {"pupil_id", "version", "position", "corrected"}
"""The fields of rows that a correction does not put right."""

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

    def read(self, events: Sequence[DomainEvent], as_of: date | None = None) -> dict[Key, R | None]:
        """Return what one pupil's whole record folds to as it reads with its corrections, as of a
        day if one is given; what it would say without them is marked.

        What was put right since was so on the day itself: the correction counts, whenever made.
        """
        recorded: dict[Key, R | None] = {}
        rows: dict[Key, R | None] = {}
        fold(self, recorded, happened_by(as_of, events))
        fold(self, rows, happened_by(as_of, that_stand(events)))
        return self.marked(rows, recorded)

    def marked(
        self, rows: Mapping[Key, R | None], recorded: Mapping[Key, R | None]
    ) -> dict[Key, R | None]:
        """Return rows with the names of the fields that would say something else as recorded."""
        return {
            key: None if row is None else marked_as(row, differing(row, recorded.get(key)))
            for key, row in rows.items()
        }

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


def differing(row: object, recorded: object | None) -> list[str]:
    """Return the names of a row's fields that are otherwise in the row as it was recorded."""
    names = [field.name for field in fields(row)]  # type: ignore[arg-type]
    return [
        name
        for name in names
        if name not in UNMARKED and getattr(row, name) != getattr(recorded, name, None)
    ]


def marked_as(row: R, names: Sequence[str]) -> R:
    """Return a row with the names of the fields that were put right, itself if there are none."""
    return replace(row, corrected=list(names)) if names else row  # type: ignore[type-var]


def happened_by(as_of: date | None, events: Iterable[E]) -> list[E]:
    """Return those of some events that had happened by a day; all, if none is given."""
    return [event for event in events if as_of is None or event.occurred_on <= as_of]


def folded(
    projection: Projection[R], events: Iterable[Recorded], as_of: date | None = None
) -> dict[Key, Any]:
    """Return the rows that events add up to from nothing, by key; as of a day, if one is given."""
    rows: dict[Key, R | None] = fold_whole(projection, list(events), as_of)
    return projection.shown(rows)


def fold_whole(
    projection: Projection[R], events: Sequence[Recorded], as_of: date | None = None
) -> dict[Key, R | None]:
    """Fold the whole records of some pupils from nothing, each as it reads with its corrections;
    as of a day, if one is given."""
    corrected = {e.originator_id for e in events if type(e) in ABOUT_ENTRIES} - erased_in(events)
    known = [e for e in events if not isinstance(e, ErasedEvent)]
    rows: dict[Key, R | None] = {}
    plain = known if not corrected else [e for e in known if e.originator_id not in corrected]
    fold(projection, rows, plain if as_of is None else happened_by(as_of, plain))
    for pupil in corrected:
        rows |= projection.read([e for e in known if e.originator_id == pupil], as_of)
    return rows


def fold(
    projection: Projection[R], rows: MutableMapping[Key, R | None], events: Iterable[Recorded]
) -> set[Key]:
    """Fold events into rows, by key; return the keys of the rows that are not what they were.

    The one way in which rows come about: for today, for a rebuild, and for any past moment; what
    is given to it reads as corrected.  Of a pupil who was erased nothing is left: the rows in hand
    go, and ``erased_in`` names the pupil for those that are not in hand.  What is recorded of
    people who work with records is about no pupil, and makes no row.
    """
    changed = set()
    for event in events:
        if isinstance(event, ErasedEvent | PersonEvent):
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
