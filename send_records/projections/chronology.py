"""The chronology: each pupil's story, in the order in which it happened.

Policy s.11 asks for "a chronology which shows evidence of the assess, plan, do, review process".
Each event is one row: when it happened, when it was recorded, by whom, in which phase; a row that
was recorded later than it happened says by how many days.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.corrected import (
    EntryCorrected,
    EntryWithdrawn,
    Struck,
    as_corrected,
)
from send_records.aggregates.disputes import EntryDisputed, restrictions
from send_records.aggregates.values import day_in_london
from send_records.projections.base import Key, Projection
from send_records.projections.pages import Page, Views, page_in_order
from send_records.projections.rows import SEALED
from send_records.projections.telling import detail_of, phase_of
from send_records.projections.telling.base import in_plain_words


@dataclass(frozen=True, slots=True)
class ChronologyRow:
    """One event; see the comments on the table's columns."""

    position: int
    pupil_id: UUID
    version: int
    entry_id: UUID
    event: str
    phase: str
    occurred_on: date
    recorded_at: datetime
    days_late: int
    recorded_by: str = field(metadata=SEALED)
    role: str
    academy: str | None
    detail: str = field(metadata=SEALED)
    reason: str | None = field(metadata=SEALED)
    data_class: str = field(metadata=SEALED)
    origin: str = field(metadata=SEALED)
    corrected: bool = False
    withdrawn: bool = False
    disputed: bool = False
    restricted: bool = False


class Chronology(Projection[ChronologyRow]):
    """What was recorded, one row an event."""

    name = "chronology"
    row = ChronologyRow
    key = "position"
    row_an_event = True

    def key_of(self, event: DomainEvent) -> Key:
        return event.position

    def project(self, row: ChronologyRow | None, event: DomainEvent) -> ChronologyRow | None:
        if event.position is None or event.recorded_at is None:
            return row  # not recorded, so not part of the story
        recorded_on = day_in_london(event.recorded_at)
        who = event.metadata.recorded_by
        return ChronologyRow(
            position=event.position,
            pupil_id=event.originator_id,
            version=event.originator_version,
            entry_id=event.metadata.command_id,
            event=type(event).__name__,
            phase=phase_of(event),
            occurred_on=event.occurred_on,
            recorded_at=event.recorded_at,
            days_late=max(0, (recorded_on - event.occurred_on).days),
            recorded_by=who.name,
            role=who.role,
            academy=who.academy,
            detail=detail_of(event),
            reason=event.reason,
            data_class=event.data_class,
            origin=event.origin,
        )

    def read(
        self, events: Sequence[DomainEvent], as_of: date | None = None
    ) -> dict[Key, ChronologyRow | None]:
        """Each entry as it reads now, with its marks; what was withdrawn is struck and says only
        why, and of what is restricted nothing is said."""
        marks, rows = Marks.of(events), dict[Key, ChronologyRow | None]()
        for read in as_corrected(events):
            entry = read.event if isinstance(read, Struck) else read
            row = self.project(None, entry)
            if row is not None and (as_of is None or row.occurred_on <= as_of):
                rows[row.position] = marks.on(row, entry)
        return rows


NOT_USED = "Stored and not used (UK GDPR Art 18)"


@dataclass(frozen=True)
class Marks:
    """What later entries say of a record's entries, each by its version."""

    corrected: Collection[int]
    withdrawn: Mapping[int, EntryWithdrawn]
    disputed: Collection[int]
    restricted: Collection[int]

    @classmethod
    def of(cls, events: Sequence[DomainEvent]) -> Marks:
        """Return what is said of entries in a whole record."""
        withdrawals = [event for event in events if isinstance(event, EntryWithdrawn)]
        return cls(
            {event.entry_version for event in events if isinstance(event, EntryCorrected)},
            {version: each for each in withdrawals for version in each.entry_versions},
            {event.entry_version for event in events if isinstance(event, EntryDisputed)},
            restrictions(events).keys(),
        )

    def on(self, row: ChronologyRow, entry: DomainEvent) -> ChronologyRow:
        """Return the row of an entry with its marks."""
        at = entry.originator_version
        restricted = at in self.restricted
        about = entry.entry_version if isinstance(entry, EntryCorrected) else at
        row = replace(
            row,
            corrected=at in self.corrected,
            withdrawn=at in self.withdrawn,
            disputed=at in self.disputed,
            restricted=restricted,
        )
        if at in self.withdrawn:
            why = in_plain_words(self.withdrawn[at].why)
            return replace(row, detail=f"Withdrawn: {why}", reason=None)
        if about in self.withdrawn:
            return replace(row, detail=f"Of entry {about}, withdrawn since", reason=None)
        if restricted or about in self.restricted:
            return replace(row, detail=NOT_USED, reason=None)
        return row


def chronology_page(
    views: Views, pupil_id: UUID, *, after: int | None, limit: int
) -> Page[ChronologyRow]:
    """Return a pupil's story in the order in which it happened, then was recorded."""
    return page_in_order(
        views, Chronology, "occurred_on", {"pupil_id": pupil_id}, after=after, limit=limit
    )
