"""The evidence gaps: what the record should hold by some clause and does not, from when to when.

The question of whoever is about to be asked for the record: a SENDCo before a review or a request
to the local authority, an inspector, a tribunal.  Each gap has the day on which it began and the
day on which it was closed, so it can be asked as of any day; both are days of what happened,
whenever it was entered.  The intervals are the rules' own (``rules/intervals.toml``): when they are
others, the view is called outdated until it is rebuilt (``rulings``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar
from uuid import UUID, uuid5

from send_records.aggregates import EVENTS
from send_records.aggregates.base import DomainEvent
from send_records.projections.conditions import asked, by, not_by
from send_records.projections.gap_facts import GapsState, fingerprint, matters, noted
from send_records.projections.gap_kinds import KINDS, gaps_in
from send_records.projections.gap_spans import GapKind
from send_records.projections.pages import Page, Views, page_in_order
from send_records.projections.rows import SEALED
from send_records.projections.rulings import is_outdated
from send_records.projections.several import Case, Several


@dataclass(frozen=True, slots=True)
class GapRow:
    """One gap; see the comments on the table's columns."""

    gap_id: UUID
    pupil_id: UUID
    kind: str
    from_on: date
    closed_on: date | None
    started_by: int
    days: int | None
    target: str | None = field(metadata=SEALED)
    basis: str = field(metadata=SEALED)
    corrected: list[str] = field(default_factory=list)


class EvidenceGaps(Several[GapsState, GapRow]):
    """What is missing in the record, one row a gap."""

    name = "evidence_gaps"
    key = "gap_id"
    state = GapsState
    row = GapRow
    changes: ClassVar = dict.fromkeys(EVENTS.values(), noted)
    """Any entry may come late."""

    @property
    def rules(self) -> str:
        return fingerprint()

    def matters(self, event: DomainEvent) -> bool:
        return matters(event)

    def project(self, row: Case[GapsState] | None, event: DomainEvent) -> Case[GapsState] | None:
        return super().project(row, event) if matters(event) else row

    def start(self, pupil_id: UUID) -> GapsState:
        return GapsState(pupil_id)

    def rows(self, state: GapsState) -> Iterable[GapRow]:
        for gap in gaps_in(state.facts):
            yield GapRow(
                uuid5(state.pupil_id, f"{gap.kind} {gap.started_by} {gap.place}"),
                state.pupil_id,
                gap.kind,
                gap.from_on,
                gap.closed_on,
                gap.started_by,
                gap.days,
                gap.target,
                KINDS[gap.kind][1],
            )


def gaps_page(
    views: Views,
    *,
    academy: str | None,
    pupil_id: UUID | None,
    kind: GapKind | None,
    on: date,
    closed: bool,
    after: UUID | None,
    limit: int,
) -> Page[GapRow]:
    """Return the gaps that were open on a day, and with ``closed`` those that had been closed by
    then, in the order in which they began."""
    where = asked(
        academy,
        pupil_id=pupil_id,
        kind=kind,
        from_on=by("from_on", on),
        closed_on=None if closed else not_by("closed_on", on),
    )
    return page_in_order(views, EvidenceGaps, "from_on", where, after=after, limit=limit)


def gaps_outdated(views: Views) -> bool:
    """Return whether the intervals in use are others than those the gaps were made by."""
    with views.connection() as connection:
        return is_outdated(connection, EvidenceGaps.name)
