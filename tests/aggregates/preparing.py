"""What the tests of preparations, approvals and bundles begin with: a request that may be answered,
an appeal that is open, and who deals with them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from send_records.aggregates.access_answers import SendDisclosure
from send_records.aggregates.access_clock import Authority, IdentifyRequester
from send_records.aggregates.access_requests import ReceiveAccessRequest
from send_records.aggregates.appeals import LodgeAppeal
from send_records.aggregates.approvals import ApproveDisclosure, ReturnDisclosure
from send_records.aggregates.base import Actor
from send_records.aggregates.bundle_contents import (
    AppealType,
    BundleKind,
    ItemWanted,
    PageBudget,
    SectionWanted,
    Sheet,
)
from send_records.aggregates.bundles import PrepareBundle, ServeBundle
from send_records.aggregates.decisions import WithholdItem
from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.aggregates.ehc_answers import RecordLaDecisionToAssess
from send_records.aggregates.ehc_requests import AssessDecision, EhcRequester, RequestEhcAssessment
from send_records.aggregates.items import Ground, ItemRef
from send_records.aggregates.la_decisions import AppealGround
from send_records.aggregates.preparations import PackPurpose
from send_records.aggregates.searches import RecordSearch
from send_records.aggregates.values import Role
from tests.scenario import MOTHER, SENCO, TODAY, Scenario, a_family, pack

DPO = Actor(id=UUID(int=3), name="Priya Shah", role=Role.DPO)
PRINCIPAL = Actor(
    id=UUID(int=4), name="Ruth Amos", role=Role.PRINCIPAL, academy="Alder Park Academy"
)

REQUEST, APPEAL, PREPARED, ANEW = (UUID(int=n) for n in range(201, 205))

RECEIVE = ReceiveAccessRequest(
    occurred_on=date(2026, 11, 2),
    requester="Nasreen Rahman",
    on_behalf=True,
    how="Spoken, at the gate",
    scope="Everything held",
)
IDENTIFY = IdentifyRequester(
    occurred_on=date(2026, 11, 3),
    request_id=REQUEST,
    evidence="Passport seen",
    authority=Authority.PARENTAL_RESPONSIBILITY,
    contact_id=MOTHER,
    reasoning="Nine years old, and content that her mother asks",
)
SEARCH = RecordSearch(
    occurred_on=date(2026, 11, 4),
    request_id=REQUEST,
    where="The SENDCo's mailbox",
    terms=("Rahman",),
    found="Nine letters",
    limited=False,
)
WITHHOLD = WithholdItem(
    occurred_on=date(2026, 11, 5),
    request_id=REQUEST,
    item=ItemRef(entry=2),
    ground=Ground.THIRD_PARTY,
    why="It is of the neighbour",
)
PREPARE = PrepareDisclosure(
    occurred_on=TODAY, purpose=PackPurpose.SUBJECT_ACCESS, request_id=REQUEST
)
FOR_A_SCHOOL = PrepareDisclosure(occurred_on=TODAY, purpose=PackPurpose.HANDOVER)
FOR_THE_LA = PrepareDisclosure(occurred_on=TODAY, purpose=PackPurpose.LA_ADVICE)
APPROVE = ApproveDisclosure(
    occurred_on=TODAY, preparation_id=PREPARED, sha256=pack(PREPARED).sha256
)
RETURN = ReturnDisclosure(occurred_on=TODAY, preparation_id=PREPARED, why="A brother is named")
SEND = SendDisclosure(
    occurred_on=TODAY,
    request_id=REQUEST,
    preparation_id=PREPARED,
    sent_to="Nasreen Rahman",
    how="Encrypted, the words by telephone",
)

APPEAL_LODGED = [
    RequestEhcAssessment(
        occurred_on=date(2026, 8, 3), local_authority="Oldham", requested_by=EhcRequester.PARENT
    ),
    RecordLaDecisionToAssess(
        occurred_on=date(2026, 9, 14),
        decision=AssessDecision.REFUSED,
        letter_dated=date(2026, 9, 11),
    ),
    LodgeAppeal(
        occurred_on=date(2026, 10, 5),
        ground=AppealGround.REFUSAL_TO_ASSESS,
        decision_letter_dated=date(2026, 9, 11),
    ),
]
OF_THE_RECORD = SectionWanted(
    title="The school's evidence",
    budget=PageBudget.EVIDENCE,
    items=(ItemWanted(sheet=Sheet.CHRONOLOGY, from_on=date(2025, 9, 1)),),
)
EVIDENCE = PrepareBundle(
    occurred_on=TODAY,
    kind=BundleKind.EVIDENCE,
    appeal_type=AppealType.REFUSAL_TO_ASSESS,
    appeal_id=APPEAL,
    sections=(OF_THE_RECORD,),
)
CLAIM = PrepareBundle(
    occurred_on=TODAY,
    kind=BundleKind.DISCRIMINATION,
    reference="EH123/26/00042",
    hearing_on=date(2027, 1, 18),
    sections=(OF_THE_RECORD,),
)
SERVE = ServeBundle(occurred_on=TODAY, preparation_id=PREPARED, to="The Tribunal", how="Its portal")


def requested() -> Scenario:
    """A request of the mother's, who is known; nothing was searched."""
    return a_family().by(DPO).given(RECEIVE, new_id=REQUEST).given(IDENTIFY)


def searched() -> Scenario:
    """The same, searched: it may be answered."""
    return requested().given(SEARCH)


def prepared() -> Scenario:
    """An answer that the SENDCo prepared, with the data protection officer at the desk."""
    return searched().by(SENCO).given(PREPARE, new_id=PREPARED).by(DPO)


def appealed() -> Scenario:
    """An open appeal against a refusal to assess."""
    return a_family().given(*APPEAL_LODGED, new_id=APPEAL)


def bundled() -> Scenario:
    """Evidence for it that the SENDCo prepared."""
    return appealed().given(EVIDENCE, new_id=PREPARED).by(DPO)
