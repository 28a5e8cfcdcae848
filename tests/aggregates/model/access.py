"""Requests to see what is held, their clock, and what is decided of each item (UK GDPR Art 12 and
15; facts 3.1 to 3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
from send_records.aggregates.decisions import DiscloseItems, RedactItem, WithholdItem
from send_records.aggregates.items import ItemRef
from send_records.aggregates.opinions import Opinion
from send_records.aggregates.searches import RecordSearch
from tests.aggregates.model.book import (
    AFTER_LEAVING,
    MAY_REFUSE,
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
AFTER_LEAVING |= {RecordSearch, DiscloseItems, WithholdItem, RedactItem}
MAY_REFUSE[RedactItem] = frozenset({"PartNotInItem"})

REVIEWS = {"SearchRecorded", "ItemsDisclosed", "ItemWithheld", "ItemRedacted"}
REVIEWS |= {"DisclosurePrepared", "DisclosureApproved", "DisclosureReturned", "BundlePrepared"}
"""The entries that record a review, and are not themselves reviewed."""


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
    request.responsible = said.authority == "parental_responsibility"
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


@refuses(RecordSearch)
def searching(desk: Desk, said: RecordSearch) -> Iterator[str]:
    """Who limits a search says why, and nobody else does (Data (Use and Access) Act 2025)."""
    yield from not_open(desk, said.request_id, said.occurred_on)
    if said.limited is not (said.why_limited is not None):
        yield "SearchLimitNotExplained"


@writes(RecordSearch)
def searched(desk: Desk, said: RecordSearch) -> None:
    desk.book.access[said.request_id].searches += 1


def not_items(desk: Desk, items: Iterable[ItemRef]) -> Iterator[str]:
    """An item is an entry, but of a review, or a document on file."""
    for item in items:
        if item.entry is None:
            if item.document_id not in desk.book.documents:
                yield "ItemNotOnRecord"
        elif item.entry not in desk.entries:
            yield "ItemNotOnRecord"
        elif desk.entries[item.entry][0] in REVIEWS:
            yield "ReviewIsNoItem"


def of_health(desk: Desk, item: ItemRef) -> bool:
    """Whether an item is classed as health: a document, as it was filed."""
    entry = item.entry
    if item.document_id is not None:
        entry = desk.filed_by.get(item.document_id)
    return entry in desk.of_health


def without_opinion(desk: Desk, opinion: Opinion | None, on: date, *, harm: bool) -> Iterator[str]:
    """A health professional says so, not over six months ago (DPA 2018 Sch 3 Part 2)."""
    if opinion is None:
        yield "HealthOpinionMissing"
        return
    if opinion.test_met != harm:
        yield "HealthOpinionContrary"
    if opinion.dated > on:
        yield "Invalid"
    elif later(desk.rules, "health_opinion", opinion.dated) < on:
        yield "HealthOpinionOutdated"


def not_on_ground(desk: Desk, said: WithholdItem | RedactItem) -> Iterator[str]:
    """From parents alone: abuse, and what a pupil told in confidence of their health."""
    request = desk.book.access.get(said.request_id)
    against_parents = said.ground in ("child_abuse", "health_expectation")
    if against_parents and request is not None and not request.responsible:
        yield "GroundNotOpen"
    if said.ground == "health_serious_harm":
        yield from without_opinion(desk, said.opinion, said.occurred_on, harm=True)


def decided(desk: Desk, request_id: UUID) -> None:
    """Whoever decides does not approve, and what was prepared before does not stand."""
    desk.book.access[request_id].workers.add(desk.who)
    for prepared in desk.book.preparations.values():
        if prepared.request_id == request_id and not prepared.sent:
            prepared.void = True


@refuses(DiscloseItems)
def giving(desk: Desk, said: DiscloseItems) -> Iterator[str]:
    yield from not_open(desk, said.request_id, said.occurred_on)
    yield from not_items(desk, said.items)
    waits = any(of_health(desk, item) for item in said.items) and not said.seen_by_requester
    if waits or said.opinion is not None:
        yield from without_opinion(desk, said.opinion, said.occurred_on, harm=False)


@writes(DiscloseItems)
def given(desk: Desk, said: DiscloseItems) -> None:
    decided(desk, said.request_id)


@refuses(WithholdItem)
def keeping(desk: Desk, said: WithholdItem) -> Iterator[str]:
    yield from not_open(desk, said.request_id, said.occurred_on)
    yield from not_items(desk, [said.item])
    yield from not_on_ground(desk, said)


@writes(WithholdItem)
def kept(desk: Desk, said: WithholdItem) -> None:
    decided(desk, said.request_id)


@refuses(RedactItem)
def blacking(desk: Desk, said: RedactItem) -> Iterator[str]:
    """Parts of what the item is made of; the rest is given, and so is as if it were disclosed."""
    yield from not_open(desk, said.request_id, said.occurred_on)
    yield from not_items(desk, [said.item])
    yield from not_on_ground(desk, said)
    if said.parts.areas if said.item.document_id is None else said.parts.fields:
        yield "PartsOfAnotherKind"
    waits = of_health(desk, said.item) and not said.seen_by_requester
    if waits or said.opinion_on_rest is not None:
        yield from without_opinion(desk, said.opinion_on_rest, said.occurred_on, harm=False)


@writes(RedactItem)
def blacked(desk: Desk, said: RedactItem) -> None:
    decided(desk, said.request_id)


@refuses(SendDisclosure)
def disclosing(desk: Desk, said: SendDisclosure) -> Iterator[str]:
    """Known who asks; what was approved for this request, and was neither sent nor is void."""
    yield from not_open(desk, said.request_id, said.occurred_on)
    request = desk.book.access.get(said.request_id)
    if request is not None and not request.identified:
        yield "RequesterNotIdentified"
    prepared = desk.book.preparations.get(said.preparation_id)
    if prepared is None or prepared.purpose != "subject_access":
        yield "NotFound"
        return
    if prepared.request_id != said.request_id:
        yield "NotFound"
    if prepared.sent:
        yield "AlreadySent"
    if prepared.void:
        yield "PreparationVoid"
    if prepared.approved_by is None:
        yield "DisclosureNotApproved"
    elif prepared.approved_on is not None and said.occurred_on < prepared.approved_on:
        yield "Invalid"


@writes(SendDisclosure)
def disclosed(desk: Desk, said: SendDisclosure) -> None:
    desk.book.access[said.request_id].closed_on = said.occurred_on
    desk.book.preparations[said.preparation_id].sent = True


@refuses(RefuseRequest)
def refusing(desk: Desk, said: RefuseRequest) -> Iterator[str]:
    """Who is refused is told how to complain (Art 12(4))."""
    yield from not_open(desk, said.request_id, said.occurred_on)
    if said.told_of_complaint_rights is not True:
        yield "ComplaintRightsNotTold"


@writes(RefuseRequest)
def refused(desk: Desk, said: RefuseRequest) -> None:
    desk.book.access[said.request_id].closed_on = said.occurred_on
