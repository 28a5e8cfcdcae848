"""One pupil's record as it reads: with its corrections, and as it was at a moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.corrected import EntryCorrected, Reading, as_corrected
from send_records.projections.moments import Moment


@dataclass(frozen=True, slots=True)
class Record:
    """What was recorded of a pupil by a moment and had happened by then: as it was recorded, and as
    it reads, without what was withdrawn."""

    recorded: list[DomainEvent]
    read: list[DomainEvent]
    corrected: frozenset[int]
    """The versions of the entries that were put right."""


def record_of(events: Sequence[DomainEvent], moment: Moment | None) -> Record:
    """Return a pupil's record; at a moment, with the corrections that had been made by then."""
    known = [
        event
        for event in events
        if event.position is not None and (moment is None or event.position <= moment.position)
    ]
    return Record(
        recorded=_happened(known, moment),
        read=_happened(as_corrected(known), moment),
        corrected=frozenset(e.entry_version for e in known if isinstance(e, EntryCorrected)),
    )


def _happened(events: Iterable[Reading], moment: Moment | None) -> list[DomainEvent]:
    as_of = None if moment is None else moment.as_of
    return [
        event
        for event in events
        if isinstance(event, DomainEvent) and (as_of is None or event.occurred_on <= as_of)
    ]
