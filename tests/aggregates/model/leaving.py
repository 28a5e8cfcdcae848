"""What is prepared, approved and sent (UK GDPR Art 5(2), 24 and 32; HESC Practice Direction No. 1
of 2025; facts 3.2 and 5)."""

from __future__ import annotations

from collections.abc import Iterator

from send_records.aggregates.approvals import ApproveDisclosure, ReturnDisclosure
from send_records.aggregates.bundles import PrepareBundle, ServeBundle
from send_records.aggregates.disclosures import PrepareDisclosure
from tests.aggregates.model import appeals
from tests.aggregates.model.access import not_open
from tests.aggregates.model.book import (
    AFTER_LEAVING,
    Desk,
    Preparation,
    not_standing,
    refuses,
    writes,
)
from tests.scenario import pack

AFTER_LEAVING |= {PrepareDisclosure, PrepareBundle, ApproveDisclosure, ReturnDisclosure}
AFTER_LEAVING |= {ServeBundle}

TYPES = {
    "refusal_to_assess": {"refusal_to_assess"},
    "refusal_to_reassess": {"refusal_to_assess"},
    "refusal_to_issue": {"refusal_to_issue"},
    "contents_of_plan": {"sections_b_f", "section_i"},
    "refusal_to_amend": {"sections_b_f", "section_i"},
    "cease_to_maintain": {"cease_to_maintain"},
}
BUNDLES = {"discrimination_claim", "evidence"}


@refuses(PrepareDisclosure)
def preparing(desk: Desk, said: PrepareDisclosure) -> Iterator[str]:
    """Of a request that is open, of somebody known, once it was searched; and of nothing else, for
    the next school and the authority, which are the SENDCo's."""
    if (said.purpose == "subject_access") != (said.request_id is not None):
        yield "Invalid"
        return
    if said.request_id is None:
        if desk.role not in ("senco", "trust_senco"):
            yield "ForTheSendco"
        return
    yield from not_open(desk, said.request_id, said.occurred_on)
    request = desk.book.access.get(said.request_id)
    if request is not None and not request.identified:
        yield "RequesterNotIdentified"
    if request is not None and not request.searches:
        yield "NotSearchedYet"


def made(desk: Desk, new: Preparation) -> None:
    """Of what was made for the same and is still here, only the last stands."""
    for each in desk.book.preparations.values():
        same = (each.purpose, each.request_id, each.appeal_id, each.reference) == (
            *(new.purpose, new.request_id, new.appeal_id, new.reference),
        )
        if same and not each.sent:
            each.void = True
    desk.book.preparations[desk.new_id] = new


@writes(PrepareDisclosure)
def prepared(desk: Desk, said: PrepareDisclosure) -> None:
    sha256 = pack(desk.new_id).sha256
    made(desk, Preparation(said.purpose, said.request_id, None, None, sha256, desk.who))


@refuses(PrepareBundle)
def bundling(desk: Desk, said: PrepareBundle) -> Iterator[str]:
    """Of documents on file; evidence for an appeal that is open, by what it is against."""
    if said.appeal_id is not None:
        yield from appeals.not_open(desk, said.appeal_id)
        appeal = desk.book.appeals.get(said.appeal_id)
        if appeal is not None and said.appeal_type not in TYPES[appeal[0]] | {"extended"}:
            yield "NotOfThatType"
    items = [item for section in said.sections for item in section.items]
    if any(item.sheet is None and item.document_id not in desk.book.documents for item in items):
        yield "NotFound"


@writes(PrepareBundle)
def bundled(desk: Desk, said: PrepareBundle) -> None:
    sha256 = pack(desk.new_id).sha256
    made(desk, Preparation(said.kind, None, said.appeal_id, said.reference, sha256, desk.who))


@refuses(ApproveDisclosure)
def approving(desk: Desk, said: ApproveDisclosure) -> Iterator[str]:
    """By somebody else than who prepared it or decided on it, and of that file, once."""
    every = {each.purpose for each in desk.book.preparations.values()}
    yield from not_standing(desk, said.preparation_id, every)
    found = desk.book.preparations.get(said.preparation_id)
    if found is None:
        return
    first = {found.prepared_by}
    if found.request_id is not None:
        yield from not_open(desk, found.request_id, desk.today)
        request = desk.book.access.get(found.request_id)
        first |= request.workers if request is not None else set()
    if found.approved_by is not None:
        yield "AlreadyApproved"
    if desk.who in first:
        yield "ApproverPrepared"
    if said.sha256 != found.sha256:
        yield "PackDiffers"


@writes(ApproveDisclosure)
def approved(desk: Desk, said: ApproveDisclosure) -> None:
    found = desk.book.preparations[said.preparation_id]
    found.approved_by, found.approved_on = desk.who, desk.today


@refuses(ReturnDisclosure)
def returning(desk: Desk, said: ReturnDisclosure) -> Iterator[str]:
    every = {each.purpose for each in desk.book.preparations.values()}
    yield from not_standing(desk, said.preparation_id, every)


@writes(ReturnDisclosure)
def returned(desk: Desk, said: ReturnDisclosure) -> None:
    desk.book.preparations[said.preparation_id].void = True


@refuses(ServeBundle)
def serving(desk: Desk, said: ServeBundle) -> Iterator[str]:
    """A bundle that was approved, since then, while its appeal is open."""
    yield from not_standing(desk, said.preparation_id, BUNDLES)
    served_on = said.on or said.occurred_on
    if desk.ahead(served_on):
        yield "NotYetHappened"
    found = desk.book.preparations.get(said.preparation_id)
    if found is None or found.purpose not in BUNDLES:
        return
    if found.appeal_id is not None:
        yield from appeals.not_open(desk, found.appeal_id)
    if found.approved_on is None:
        yield "DisclosureNotApproved"
    elif served_on < found.approved_on:
        yield "Invalid"


@writes(ServeBundle)
def served(desk: Desk, said: ServeBundle) -> None:
    desk.book.preparations[said.preparation_id].sent = True
