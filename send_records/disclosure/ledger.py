"""What was prepared of a record, and what became of it: each pack and bundle, by the events.

It answers what left, to whom, in which form and by whose hands (UK GDPR Art 5(2), 15(1)(c) and 19):
from the log, and so as it stands at this moment, or stood at any.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from send_records.aggregates.access_answers import DisclosureSent
from send_records.aggregates.approvals import DisclosureApproved, DisclosureReturned
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.bundles import BundlePrepared, BundleServed
from send_records.aggregates.disclosures import DisclosurePrepared
from send_records.aggregates.ehc_advice import EhcAdviceSubmitted
from send_records.aggregates.handovers import HandoverSent
from send_records.aggregates.preparations import Prepared, Void
from send_records.aggregates.pupil import Pupil
from send_records.aggregates.values import Value


class State(StrEnum):
    """How far a preparation has come."""

    PREPARED = "prepared"
    APPROVED = "approved"
    VOID = "void"
    SENT = "sent"


class BreachShown(Value):
    """A rule that a bundle breaks, and why it must."""

    code: str
    detail: str
    why: str


class DisclosureRow(Value):
    """One pack or bundle that was prepared."""

    preparation_id: UUID
    purpose: str
    """A purpose of a pack, or a kind of bundle."""
    state: State
    why_void: Void | None = None
    """Why it can be neither approved nor sent any more, where it cannot."""
    request_id: UUID | None = None
    appeal_id: UUID | None = None
    reference: str | None = None
    prepared_on: date
    prepared_by: str
    position: int
    """The last position of the log that it was made from."""
    as_of: date | None
    known_on: date | None
    sha256: str
    size: int
    pages: int
    entries: int
    documents: int
    withheld: int
    redacted: int
    breaches: tuple[BreachShown, ...] = ()
    approved_on: date | None = None
    approved_by: str | None = None
    returned_because: str | None = None
    sent_on: date | None = None
    sent_to: str | None = None
    how: str | None = None


def prepared_of(pupil: Pupil, events: Iterable[DomainEvent]) -> list[DisclosureRow]:
    """Return what was prepared of a pupil's record, in that order, with what became of each: by
    the pupil's events, and the pupil as these leave it."""
    rows: dict[UUID, dict[str, Any]] = {}
    for event in events:
        match event:
            case Prepared():
                rows[event.preparation_id] = _prepared(event)
            case DisclosureApproved():
                by = event.metadata.recorded_by.name
                _add(rows, event, approved_on=event.occurred_on, approved_by=by)
            case DisclosureReturned():
                _add(rows, event, returned_because=event.why)
            case DisclosureSent():
                _add(rows, event, sent_on=event.occurred_on, sent_to=event.sent_to, how=event.how)
            case BundleServed():
                _add(rows, event, sent_on=event.served_on, sent_to=event.to, how=event.how)
            case HandoverSent():
                _add(rows, event, sent_on=event.occurred_on, sent_to=event.to, how=event.how)
            case EhcAdviceSubmitted():
                _add(rows, event, sent_on=event.submitted_on, sent_to=event.local_authority)
            case _:
                pass
    return [DisclosureRow(**row, **_state(pupil, found)) for found, row in rows.items()]


def _add(rows: dict[UUID, dict[str, Any]], event: Any, **said: Any) -> None:
    """Add what an event says of a preparation, if it is of one."""
    if event.preparation_id in rows:
        rows[event.preparation_id].update(said)


def _prepared(event: Prepared) -> dict[str, Any]:
    pack = event.pack
    row = {
        "preparation_id": event.preparation_id,
        "prepared_on": event.occurred_on,
        "prepared_by": event.metadata.recorded_by.name,
        "position": pack.position,
        "as_of": pack.as_of,
        "known_on": event.known_on,
        **{name: getattr(pack, name) for name in COUNTED},
    }
    match event:
        case DisclosurePrepared():
            row |= {"purpose": event.purpose, "request_id": event.request_id}
        case BundlePrepared():
            breaches = [BreachShown(**each.model_dump()) for each in event.breaches]
            row |= {"purpose": event.kind, "appeal_id": event.appeal_id, "breaches": breaches}
            row["reference"] = event.reference
    return row


COUNTED = ("sha256", "size", "pages", "entries", "documents", "withheld", "redacted")


def _state(pupil: Pupil, preparation_id: UUID) -> dict[str, Any]:
    found = pupil.preparations[preparation_id]
    if found.sent:
        return {"state": State.SENT}
    if found.why_void is not None:
        return {"state": State.VOID, "why_void": found.why_void}
    return {"state": State.PREPARED if found.approved_by is None else State.APPROVED}
