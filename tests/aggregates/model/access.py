"""Requests to see what is held, and their clock (UK GDPR Art 12 and 15; facts 3.1 and 3.2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from send_records.aggregates.access_answers import RefuseRequest, SendDisclosure
from send_records.aggregates.access_clock import (
    ExtendDeadline,
    IdentifyRequester,
    ReceiveClarification,
    SeekClarification,
)
from send_records.aggregates.access_requests import ReceiveAccessRequest
from tests.aggregates.model.book import (
    AFTER_LEAVING,
    AccessRequest,
    Desk,
    refuses,
    strangers,
    without_responsibility,
    writes,
)
from tests.aggregates.model.numbers import later, months_of

AFTER_LEAVING |= {ReceiveAccessRequest, SeekClarification, ReceiveClarification, IdentifyRequester}
AFTER_LEAVING |= {ExtendDeadline, SendDisclosure, RefuseRequest}


@refuses(ReceiveAccessRequest)
def asking(desk: Desk, said: ReceiveAccessRequest) -> Iterator[str]:
    if said.received_on is not None and said.received_on > said.occurred_on:
        yield "Invalid"


@writes(ReceiveAccessRequest)
def asked(desk: Desk, said: ReceiveAccessRequest) -> None:
    received_on = said.received_on or said.occurred_on
    desk.book.access[desk.new_id] = AccessRequest(received_on, said.on_behalf)


def not_open(desk: Desk, request_id: UUID, on: date) -> Iterator[str]:
    request = desk.book.access.get(request_id)
    if request is None:
        yield "NotFound"
        return
    if request.closed_on is not None:
        yield "RequestClosed"
    if on < request.received_on:
        yield "Invalid"


@refuses(SeekClarification)
def seeking(desk: Desk, said: SeekClarification) -> Iterator[str]:
    yield from not_open(desk, said.request_id, said.occurred_on)
    request = desk.book.access.get(said.request_id)
    if request is not None and request.awaits(said.of):
        yield "ClarificationAlreadySought"


@writes(SeekClarification)
def sought(desk: Desk, said: SeekClarification) -> None:
    desk.book.access[said.request_id].asked.append((said.of, said.occurred_on, None))


def came(request: AccessRequest, of: str, on: date) -> None:
    """Every question of the kind that is open has its answer."""
    request.asked = [
        (what, since, on if what == of and until is None else until)
        for what, since, until in request.asked
    ]


@refuses(ReceiveClarification)
def clarifying(desk: Desk, said: ReceiveClarification) -> Iterator[str]:
    yield from not_open(desk, said.request_id, said.occurred_on)
    request = desk.book.access.get(said.request_id)
    if request is None:
        return
    since = request.awaits(said.of)
    if not since:
        yield "ClarificationNotSought"
    elif said.occurred_on < max(since):
        yield "Invalid"


@writes(ReceiveClarification)
def clarified(desk: Desk, said: ReceiveClarification) -> None:
    came(desk.book.access[said.request_id], said.of, said.occurred_on)


@refuses(IdentifyRequester)
def identifying(desk: Desk, said: IdentifyRequester) -> Iterator[str]:
    """The pupil asks, or somebody for them by a right; a parent by parental responsibility."""
    yield from not_open(desk, said.request_id, said.occurred_on)
    if said.authority == "parental_responsibility" and said.contact_id is not None:
        yield from without_responsibility(desk, said.contact_id)
    elif said.contact_id is not None:
        yield from strangers(desk, [said.contact_id])
    request = desk.book.access.get(said.request_id)
    if request is None:
        return
    if (said.authority == "the_pupil") == request.on_behalf:
        yield "Invalid"
    if any(said.occurred_on < since for since in request.awaits("identity")):
        yield "Invalid"


@writes(IdentifyRequester)
def identified(desk: Desk, said: IdentifyRequester) -> None:
    """If the identity was asked for, this is its answer."""
    request = desk.book.access[said.request_id]
    request.identified = True
    came(request, "identity", said.occurred_on)


def first_due(desk: Desk, request: AccessRequest, on: date) -> date:
    """The end of the first month, with the days on which an answer was awaited."""
    stood = {
        since + timedelta(days=n)
        for _, since, until in request.asked
        for n in range((min(until or on, on) - since).days)
    }
    return later(desk.rules, "subject_access", request.received_on) + timedelta(days=len(stood))


@refuses(ExtendDeadline)
def extending(desk: Desk, said: ExtendDeadline) -> Iterator[str]:
    """Once, by two months at most, told within the first (Art 12(3))."""
    yield from not_open(desk, said.request_id, said.occurred_on)
    request = desk.book.access.get(said.request_id)
    if request is None:
        return
    if request.extended_by:
        yield "DeadlineAlreadyExtended"
    longest = months_of(desk.rules, "subject_access_extension", request.received_on)
    if said.months not in range(1, longest + 1):
        yield "Invalid"
    if said.occurred_on > first_due(desk, request, said.occurred_on):
        yield "ExtensionToldTooLate"


@writes(ExtendDeadline)
def extended(desk: Desk, said: ExtendDeadline) -> None:
    desk.book.access[said.request_id].extended_by = said.months


@refuses(SendDisclosure)
def disclosing(desk: Desk, said: SendDisclosure) -> Iterator[str]:
    yield from not_open(desk, said.request_id, said.occurred_on)
    request = desk.book.access.get(said.request_id)
    if request is not None and not request.identified:
        yield "RequesterNotIdentified"


@writes(SendDisclosure)
def disclosed(desk: Desk, said: SendDisclosure) -> None:
    desk.book.access[said.request_id].closed_on = said.occurred_on


@refuses(RefuseRequest)
def refusing(desk: Desk, said: RefuseRequest) -> Iterator[str]:
    """Who is refused is told how to complain (Art 12(4))."""
    yield from not_open(desk, said.request_id, said.occurred_on)
    if said.told_of_complaint_rights is not True:
        yield "ComplaintRightsNotTold"


@writes(RefuseRequest)
def refused(desk: Desk, said: RefuseRequest) -> None:
    desk.book.access[said.request_id].closed_on = said.occurred_on
