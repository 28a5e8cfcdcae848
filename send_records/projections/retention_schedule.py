"""The retention schedule: until when each record is kept, by which rule, and what holds it.

The rule is the one frozen in the event that assigned the class, so that a later edition of the
policy changes nothing until somebody decides that it shall.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Literal, TypeVar
from uuid import UUID

from typing_extensions import TypedDict  # typing's own is not enough for pydantic before 3.12

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.details import PupilDetailsCorrected
from send_records.aggregates.enrolment import (
    PupilAdmitted,
    PupilLeft,
    PupilMovedAcademy,
    PupilReadmitted,
)
from send_records.aggregates.retention import (
    LegalHoldPlaced,
    LegalHoldReleased,
    RetentionClassAssigned,
)
from send_records.aggregates.rules import anniversary
from send_records.projections.base import Projection
from send_records.projections.pages import Page, Views, page_by
from send_records.projections.rows import SEALED

E = TypeVar("E", bound=DomainEvent)

LeapDay = Literal["1 March", "28 February"]


class HoldRow(TypedDict):
    """One hold in force, as JSON."""

    hold_id: str
    kind: str
    reference: str | None
    placed_on: str
    review_on: str


@dataclass(frozen=True, slots=True)
class RetentionRow:
    """One record; see the comments on the table's columns."""

    pupil_id: UUID
    legal_name: str = field(metadata=SEALED)
    date_of_birth: date = field(metadata=SEALED)
    academy: str
    left_on: date | None = None
    record_class: str | None = None
    earliest_disposal_on: date | None = field(default=None, metadata=SEALED)
    earliest_disposal_year: int | None = None
    rule_id: str | None = None
    rule_years: int | None = None
    rule_leap_day: LeapDay | None = None
    rule_citation: str | None = None
    advised_until: date | None = field(default=None, metadata=SEALED)
    advice_years: int | None = None
    advice_leap_day: LeapDay | None = None
    advice_citation: str | None = None
    holds: list[HoldRow] = field(default_factory=list, metadata=SEALED)
    held: bool = False
    corrected: list[str] = field(default_factory=list)


class RetentionSchedule(Projection[RetentionRow]):
    """Until when each record is kept, one row a pupil."""

    name = "retention_schedule"
    row = RetentionRow

    def project(self, row: RetentionRow | None, event: DomainEvent) -> RetentionRow | None:
        if isinstance(event, PupilAdmitted):
            return RetentionRow(
                event.originator_id, event.legal_name, event.date_of_birth, event.academy
            )
        if row is None:
            return None
        after = CHANGES.get(type(event))
        return after(row, event) if after else row

    def topics(self) -> frozenset[str]:
        """Return the kinds that ``project`` looks up, and that of admission: it knows no others."""
        return frozenset({PupilAdmitted.__name__, *(kind.__name__ for kind in CHANGES)})


def _ruled(row: RetentionRow, event: RetentionClassAssigned) -> RetentionRow:
    """Return the row under the rule that the event froze, and under the advice beside it."""
    row = replace(
        row,
        record_class=event.record_class,
        rule_id=event.rule.id,
        rule_years=event.rule.years,
        rule_leap_day=event.rule.leap_day,
        rule_citation=event.rule.citation,
    )
    if event.advice is None:
        return replace(row, advice_years=None, advice_leap_day=None, advice_citation=None)
    return replace(
        row,
        advice_years=event.advice.years,
        advice_leap_day=event.advice.leap_day,
        advice_citation=event.advice.citation,
    )


def _dated(row: RetentionRow) -> RetentionRow:
    """Return the row with the dates that its rule and its advice give."""
    earliest = _reached(row.date_of_birth, row.rule_years, row.rule_leap_day)
    return replace(
        row,
        earliest_disposal_on=earliest,
        earliest_disposal_year=earliest.year if earliest else None,
        advised_until=_reached(row.date_of_birth, row.advice_years, row.advice_leap_day),
    )


def _reached(born: date, years: int | None, leap_day: LeapDay | None) -> date | None:
    return None if years is None or leap_day is None else anniversary(born, years, leap_day)


def _corrected(row: RetentionRow, event: PupilDetailsCorrected) -> RetentionRow:
    return _dated(
        replace(
            row,
            legal_name=event.legal_name or row.legal_name,
            date_of_birth=event.date_of_birth or row.date_of_birth,
        )
    )


def _held(row: RetentionRow, event: LegalHoldPlaced) -> RetentionRow:
    hold = HoldRow(
        hold_id=str(event.hold_id),
        kind=event.kind,
        reference=event.reference,
        placed_on=event.occurred_on.isoformat(),
        review_on=event.review_on.isoformat(),
    )
    return replace(row, holds=[*row.holds, hold], held=True)


def _released(row: RetentionRow, event: LegalHoldReleased) -> RetentionRow:
    holds = [hold for hold in row.holds if hold["hold_id"] != str(event.hold_id)]
    return replace(row, holds=holds, held=bool(holds))


After = Callable[[RetentionRow, E], RetentionRow]


def _on(kind: type[E], after: After[E]) -> tuple[type[DomainEvent], After[Any]]:
    """Return what an event of a kind makes of a row, for the table below; both are of one type."""
    return kind, after


CHANGES: dict[type[DomainEvent], After[Any]] = dict(
    [
        _on(RetentionClassAssigned, lambda row, event: _dated(_ruled(row, event))),
        _on(PupilDetailsCorrected, _corrected),
        _on(PupilMovedAcademy, lambda row, event: replace(row, academy=event.to_academy)),
        _on(PupilLeft, lambda row, event: replace(row, left_on=event.occurred_on)),
        _on(PupilReadmitted, lambda row, e: replace(row, academy=e.academy, left_on=None)),
        _on(LegalHoldPlaced, _held),
        _on(LegalHoldReleased, _released),
    ]
)
"""What each kind of event changes in a row; those not named change nothing."""


def schedule_page(
    views: Views,
    *,
    academy: str | None,
    held: bool | None,
    after: UUID | None,
    limit: int,
) -> Page[RetentionRow]:
    """Return records by the day on which they may first be disposed of, soonest first."""
    where: dict[str, Any] = {}
    if academy is not None:
        where["academy"] = academy
    if held is not None:
        where["held"] = held
    return page_by(views, RetentionSchedule, by_disposal, where, after=after, limit=limit)


def by_disposal(row: RetentionRow) -> str:
    """Return what the schedule is ordered by: the day, and last those that have none."""
    return str(row.earliest_disposal_on or "later")
