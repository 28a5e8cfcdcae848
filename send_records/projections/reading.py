"""One pupil's record as it reads: with its corrections, and as it was at a moment."""

from __future__ import annotations

from collections.abc import Sequence

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.corrected import as_corrected
from send_records.projections.moments import Moment


def as_read(events: Sequence[DomainEvent], moment: Moment | None) -> list[DomainEvent]:
    """Return what is said of a pupil, of all that was recorded; at a moment, with the corrections
    that had been made by then.  What was withdrawn says nothing."""
    known = [
        event
        for event in events
        if event.position is not None and (moment is None or event.position <= moment.position)
    ]
    return [
        event
        for event in as_corrected(known)
        if isinstance(event, DomainEvent)
        and (moment is None or moment.as_of is None or event.occurred_on <= moment.as_of)
    ]
