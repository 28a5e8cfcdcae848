"""Marks: what later entries say of an entry, in a sentence each: that it was corrected, withdrawn,
disputed, or stored and not used.

An entry is shown as it was recorded, and never without its marks (UK GDPR Art 5(1)(d), 16 and 18).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.corrected import (
    EntryCorrected,
    EntryWithdrawn,
    Struck,
    as_corrected,
)
from send_records.aggregates.disputes import (
    EntryDisputed,
    ProcessingRestricted,
    RestrictionLifted,
)
from send_records.aggregates.values import day_in_words
from send_records.disclosure.lines import in_words, label_of
from send_records.projections.telling.base import in_plain_words


@dataclass(frozen=True, slots=True)
class Mark:
    """What one entry says of another."""

    of: int
    """The version of the entry that it is on."""
    by: int
    """The version of the entry that says so."""
    says: str


def marks_in(events: Sequence[DomainEvent], as_of: date | None) -> list[Mark]:
    """Return the marks of one pupil's events, in the order in which they were made.

    What puts an entry right counts whenever it was made; a dispute or a restriction from the day on
    which it was made, and not if it was withdrawn.
    """
    struck = {each.originator_version for each in as_corrected(events) if isinstance(each, Struck)}
    return [
        mark
        for event in events
        if event.originator_version not in struck
        for mark in _marks(event, as_of)
    ]


def _marks(event: DomainEvent, as_of: date | None) -> Iterator[Mark]:
    by, on = event.originator_version, day_in_words(event.occurred_on)
    said = f"entry {by} of {on}"
    if isinstance(event, EntryCorrected):
        field, now = label_of(event.field), in_words(event.to_value)
        yield Mark(event.entry_version, by, f"Corrected by {said}: “{field}” reads {now}")
    elif isinstance(event, EntryWithdrawn):
        for version in event.entry_versions:
            yield Mark(version, by, f"Withdrawn by {said}: {in_plain_words(event.why)}")
    elif as_of is not None and event.occurred_on > as_of:
        return
    elif isinstance(event, EntryDisputed):
        who = event.disputed_by.name if event.disputed_by else "the pupil"
        yield Mark(event.entry_version, by, f"Disputed in {said}, by {who}: {event.statement}")
    elif isinstance(event, ProcessingRestricted):
        ground = in_plain_words(event.ground)
        yield Mark(
            event.entry_version,
            by,
            f"Stored and not used since {said} (UK GDPR Art 18): {ground}",
        )
    elif isinstance(event, RestrictionLifted):
        yield Mark(event.entry_version, by, f"Used again since {said}")


def quoted_by(event: DomainEvent) -> tuple[int, ...]:
    """Return the versions of the entries whose words an event repeats: a correction says what the
    entry said.  A dispute or a withdrawal is in somebody's own words, and repeats nothing by
    itself."""
    return (event.entry_version,) if isinstance(event, EntryCorrected) else ()
