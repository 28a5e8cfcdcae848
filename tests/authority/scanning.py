"""Looking through an answer for what whoever asked may not be told."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from send_records.store.access import Tier
from tests.authority.asking import Answer
from tests.authority.expecting import ids_for, line, words_for
from tests.authority.world import CHILDREN, NOBODY_AT_ALL, UNKNOWN, Reader, kinds

RESTRICTED = """
    AcknowledgeComplaint AcknowledgeHandover AgreeReducedTimetable AnswerComplaint
    AssignRetentionClass BreakGlass DiscloseItems DisputeEntry EndAgencyInvolvement
    EndReducedTimetable ExtendDeadline FileDocument IdentifyRequester LiftRestriction
    LodgeAppeal NotifyReducedTimetable PlaceLegalHold PrepareBundle ReceiveAccessRequest
    ReceiveClarification ReceiveComplaint RecordAgencyAdvice RecordAgreement
    RecordAgreementRefused RecordAppealDecision RecordAppealDirections RecordCircumstances
    RecordDraftEhcPlan RecordEhcAdviceRequest RecordEhcPlanRefusal RecordLaException
    RecordMediation RecordSearch RedactItem ReferToAgency RefuseRequest ReleaseLegalHold
    RemoveContact RemoveFromMedicalRegister ReplaceUpn RestrictProcessing ReturnDisclosure
    ReviewEmergencyAccess ReviewReducedTimetable SeekClarification SeekParentalAgreement
    SendDisclosure SendHandover ServeBundle SubmitEhcAdvice SupersedeDocument WithdrawAgreement
    WithdrawEhcRequest WithdrawEntry WithholdItem
"""
ASSESSED = """
    AnswerConcern CloseConcern CompleteConcernQuestionnaire DiscussConcernWithParents HoldReview
    RaiseConcern RecordAssessment RecordAttainment RecordContactWithFamily RecordMeeting
    RecordObservation RecordParentVoice RecordPupilVoice ReviewMonitoring WriteOnePageProfile
"""
PLANNED = "AmendPlan ChangeProvision DraftPlan LogProvisionSessions StartProvision"

TIER_OF: Mapping[str, Tier] = {
    kind: tier
    for tier, kinds_of in (
        (Tier.RESTRICTED, RESTRICTED),
        (Tier.ASSESSMENT, ASSESSED),
        (Tier.PROVISION, PLANNED),
    )
    for kind in kinds_of.split()
}
"""The least tier of any word of a kind of entry, by ``security.md`` and not by the table of fields.
A kind that is not here has words of several, such as who a contact is and what ails a pupil."""

BESIDES: Mapping[str, frozenset[str]] = {
    "get_plan": frozenset({"DraftPlan", "AmendPlan"}),
    "get_targets": frozenset({"DraftPlan", "AmendPlan"}),
    "get_retention_schedule": frozenset({"PlaceLegalHold"}),
}
"""Whose words somebody is shown who has an operation by name, whatever their tiers."""


@cache
def needles() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return what each pupil is known by in any answer: a word with a kind of entry, or an id."""
    letters = {mark: kind.__name__ for kind, mark in kinds().items()}
    found = []
    for relation, child in CHILDREN.items():
        own = [child.canary.phone, child.canary.upn.lower()]
        either = "|".join(re.escape(each) for each in own)
        words = rf"{child.canary.mark}(?:{'|'.join(letters)})?|{either}"
        found.append((relation, re.compile(words)))
    return tuple(found)


@cache
def kind_at(end: str) -> str:
    """Return the kind of entry that a word ends in."""
    return next((kind.__name__ for kind, mark in kinds().items() if mark == end), "")


def leaks(reader: Reader, answer: Answer) -> list[str]:
    """Return what an answer says that it should not have said to somebody."""
    text = answer.text
    return [*_of_others(reader, text), *_of_tiers(reader, text)]


def _of_others(reader: Reader, text: str) -> list[str]:
    words, ids = words_for(reader), ids_for(reader)
    found = [
        f"a word of {relation}"
        for relation, needle in needles()
        if relation not in words and needle.search(text)
    ]
    found += [
        f"the id of {relation}"
        for relation, child in CHILDREN.items()
        if relation not in ids and str(child.id) in text
    ]
    return [*found, f"the id of {UNKNOWN}"] if str(NOBODY_AT_ALL) in text else found


def _of_tiers(reader: Reader, text: str) -> list[str]:
    found = set()
    for relation, tiers in words_for(reader).items():
        for word in dict(needles())[relation].findall(text):
            kind = kind_at(word[-3:])
            tier = TIER_OF.get(kind)
            if tier is not None and tier not in tiers and kind not in besides(reader):
                found.add(f"{tier} of {relation}, in {kind}")
    return sorted(found)


@cache
def besides(reader: Reader) -> frozenset[str]:
    """Return of which kinds somebody is shown words by name."""
    named = {operation for each in reader.held for operation in line(each).also}
    return frozenset().union(*(BESIDES.get(each, frozenset()) for each in named))
