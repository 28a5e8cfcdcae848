"""How long a record is kept, and what keeps it longer: folded from a pupil's own events, as the
retention schedule is (UK GDPR Art 15(1)(d))."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

from send_records.aggregates.access_answers import DisclosureSent, RequestRefused
from send_records.aggregates.access_requests import SubjectAccessRequested
from send_records.aggregates.appeals import AppealLodged
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.complaints import ComplaintAnswered, ComplaintReceived
from send_records.aggregates.retention import LegalHoldPlaced, LegalHoldReleased
from send_records.aggregates.tribunal import AppealDecided
from send_records.aggregates.values import day_in_words
from send_records.disclosure.held import Kept
from send_records.projections.base import fold
from send_records.projections.retention_schedule import RetentionRow, RetentionSchedule
from send_records.projections.telling.base import in_plain_words

NOT_CLASSED = "The record is in no retention class yet"


def kept(standing: Sequence[DomainEvent]) -> Kept:
    """Return until when a record is kept, of one pupil's events as they stand."""
    rows: dict[UUID, RetentionRow | None] = {}
    fold(RetentionSchedule(), rows, standing)
    holds = list(_holds(standing))
    said = tuple(f"{why}, since {day_in_words(on)}" for why, on, _ in holds)
    held_by = tuple(version for _, _, version in holds)
    row = next(iter(rows.values()), None)
    if row is None or row.record_class is None:
        return Kept(None, NOT_CLASSED, "", said, held_by)
    rule = f"{_begun(row.record_class)}: {row.rule_years} years from the date of birth"
    if row.advice_years:
        rule += f"; advised: {row.advice_years} years ({row.advice_citation})"
    return Kept(row.earliest_disposal_on, rule, row.rule_citation or "", said, held_by)


def _begun(code: str) -> str:
    words = in_plain_words(code)
    return words[:1].upper() + words[1:]


def _holds(events: Sequence[DomainEvent]) -> Iterator[tuple[str, date, int]]:
    """Yield what keeps the record whatever the schedule says, since when, and which entry says so:
    see ``is_held``."""
    ended = {_ends(event) for event in events}
    for event in events:
        version = event.originator_version
        if isinstance(event, LegalHoldPlaced) and event.hold_id not in ended:
            yield f"A hold: {in_plain_words(event.kind)}", event.occurred_on, version
        elif isinstance(event, SubjectAccessRequested) and event.request_id not in ended:
            yield "A request for access that is open", event.received_on, version
        elif isinstance(event, ComplaintReceived) and event.complaint_id not in ended:
            yield "A complaint that is open", event.occurred_on, version
        elif isinstance(event, AppealLodged) and event.appeal_id not in ended:
            yield "An appeal that is open", event.occurred_on, version


def _ends(event: DomainEvent) -> UUID | None:
    """Return the id of what an event ends, if it is one that keeps a record while it is open."""
    if isinstance(event, LegalHoldReleased):
        return event.hold_id
    if isinstance(event, DisclosureSent | RequestRefused):
        return event.request_id
    if isinstance(event, ComplaintAnswered):
        return event.complaint_id
    return event.appeal_id if isinstance(event, AppealDecided) else None
