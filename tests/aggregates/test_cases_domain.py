"""The three cases pass through the commands in order, each on the day it was recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import send_records
from send_records.aggregates import (
    access_requests,
    agencies,
    annual_review_meetings,
    annual_review_results,
    annual_reviews,
    assessments,
    communications,
    concern_answers,
    concern_questionnaires,
    concerns,
    consents,
    contacts,
    details,
    ehc_answers,
    ehc_plans,
    ehc_requests,
    enrolment,
    handovers,
    mediations,
    monitoring,
    needs,
    notices,
    plans,
    reduced_timetables,
    register,
    retention,
    reviews,
    timetable_reviews,
    voices,
)
from send_records.aggregates.base import Command, Entry
from send_records.aggregates.enrolment import AdmitPupil
from send_records.aggregates.pupil import Pupil
from send_records.aggregates.register import SupportLevel
from send_records.aggregates.values import Role
from send_records.demo import said_ehcp
from tests.scenario import SENCO, by

CASES = Path(send_records.__file__).parent / "demo" / "cases"
Details = dict[str, Any]

LATER = {
    "OnePageProfileWritten",
    "ProvisionStarted",
    "ProvisionSessionsLogged",
    "ProvisionEnded",
    "EntryWithdrawn",  # these two name entries by their place: told over HTTP in tests/demo
    "EntryCorrected",
    "PlacedOnMedicalRegister",
    "HealthcarePlanRecorded",
}
"""Kinds of record that are still to be built."""


def contact_id(record: Pupil, name: str) -> UUID:
    [found] = [contact.id for contact in record.contacts.values() if contact.name == name]
    return found


def contact_ids(record: Pupil, names: list[str]) -> list[UUID]:
    return [contact_id(record, name) for name in names]


def open_concern(record: Pupil) -> UUID:
    return next(c.id for c in record.concerns.values() if c.outcome is None)


def attendees(d: Details) -> list[Details]:
    """Return who was invited or present, in the part that their name tells."""
    parts = {"pupil": "pupil", "class_teacher": "staff", "senco": "staff"}
    return [
        {
            "part": parts.get(name, "parent"),
            "name": name,
            "invited": name in d["invited"],
            "present": name in d["present"],
        }
        for name in dict.fromkeys([*d["invited"], *d["present"]])
    ]


def as_is(d: Details, record: Pupil) -> Details:
    return d


def renamed(**names: str) -> Callable[[Details, Pupil], Details]:
    """Return fields under other names: ``new="old"``."""
    now = {old: new for new, old in names.items()}
    return lambda d, record: {now.get(name, name): value for name, value in d.items()}


def without(*names: str) -> Callable[[Details, Pupil], Details]:
    return lambda d, record: {k: v for k, v in d.items() if k not in names}


def about_concern(d: Details, record: Pupil) -> Details:
    return {**d, "concern_id": open_concern(record)}


def given_by(d: Details, record: Pupil) -> Details:
    return without("by")(d, record) | {"contact_id": contact_id(record, d["by"])}


def of_ehcp(
    said: Callable[[Details, Collection[str]], Details],
) -> Callable[[Details, Pupil], Details]:
    """Return fields as the demo says them, who is a parent being known from the record."""
    return lambda d, record: said(d, [contact.name for contact in record.contacts.values()])


KINDS: Mapping[str, tuple[type[Command], Callable[[Details, Pupil], Details]]] = {
    "ContactRecorded": (contacts.RecordContact, lambda d, record: {"contact": d}),
    "CircumstancesRecorded": (details.RecordCircumstances, as_is),
    "UpnReplaced": (details.ReplaceUpn, as_is),
    "PupilMovedAcademy": (
        enrolment.MovePupilAcademy,
        lambda d, record: renamed(to_academy="to")(without("from", "on")(d, record), record),
    ),
    "PupilLeft": (
        enrolment.RecordLeaving,
        lambda d, record: {"destination": d["destination"], "why": d["reason"]},
    ),
    "ConcernRaised": (concerns.RaiseConcern, as_is),
    "ConcernDiscussedWithParents": (
        concerns.DiscussConcernWithParents,
        lambda d, record: about_concern(
            {
                "contact_ids": contact_ids(record, d["with"]),
                "how": d["how"],
                "parent_comment": d["parent_comment"],
            },
            record,
        ),
    ),
    "ConcernQuestionnaireCompleted": (
        concern_questionnaires.CompleteConcernQuestionnaire,
        about_concern,
    ),
    "ConcernAnswered": (concern_answers.AnswerConcern, about_concern),
    "ConcernClosed": (concern_answers.CloseConcern, about_concern),
    "MonitoringStarted": (monitoring.StartMonitoring, as_is),
    "MonitoringReviewed": (monitoring.ReviewMonitoring, renamed(next_step="next")),
    "AssessmentRecorded": (assessments.RecordAssessment, as_is),
    "NeedIdentified": (needs.IdentifyNeed, as_is),
    "NoticeGiven": (
        notices.GiveNotice,
        lambda d, record: {
            "notice_of": "sen_provision",
            "contact_ids": contact_ids(record, d["to"]),
            "how": d["how"],
        },
    ),
    "AddedToSendRegister": (
        register.AddToSendRegister,
        lambda d, record: {"level": d["support_level"], "why": d["reason"]},
    ),
    "SupportLevelChanged": (register.ChangeSupportLevel, renamed(to_level="to")),
    "RemovedFromSendRegister": (register.RemoveFromSendRegister, as_is),
    "ParentalAgreementGiven": (consents.RecordAgreement, given_by),
    "ParentalAgreementRefused": (consents.RecordAgreementRefused, given_by),
    "AgencyReferred": (agencies.ReferToAgency, as_is),
    "AgencyInvolved": (agencies.RecordAgencyInvolvement, as_is),
    "AgencyAdviceReceived": (agencies.RecordAgencyAdvice, renamed(report_dated="report_date")),
    "PlanDrafted": (
        plans.DraftPlan,
        lambda d, record: (
            renamed(kind="plan")(without("class_teacher_responsible")(d, record), record)
            | {"class_teacher": "The class teacher"}
        ),
    ),
    "PlanAgreed": (
        plans.AgreePlan,
        lambda d, record: {
            "plan_id": record.draft and record.draft.id,
            "contact_ids": contact_ids(record, d["with"]),
            "pupil_agreed": d["pupil_agreed"],
        },
    ),
    "PlanShared": (
        plans.SharePlan,
        lambda d, record: {
            "plan_id": record.plan and record.plan.id,
            "shared_with": d["with"],
            "how": d["how"],
        },
    ),
    "PupilVoiceRecorded": (voices.RecordPupilVoice, renamed(likes="like")),
    "ParentVoiceRecorded": (voices.RecordParentVoice, given_by),
    "ReviewHeld": (
        reviews.HoldReview,
        lambda d, record: (
            renamed(next_steps="next")(without("invited", "present")(d, record), record)
            | {"attendees": attendees(d)}
        ),
    ),
    "LegalHoldPlaced": (retention.PlaceLegalHold, as_is),
    "ContactWithFamilyRecorded": (
        communications.RecordContactWithFamily,
        lambda d, record: (
            without("with")(d, record) | {"contact_ids": contact_ids(record, [d["with"]])}
        ),
    ),
    "HandoverSent": (handovers.SendHandover, as_is),
    "ReducedTimetableAgreed": (
        reduced_timetables.AgreeReducedTimetable,
        lambda d, record: (
            d
            | {
                "ground": "re_induction",
                "approved_by": [{"name": role, "role": role} for role in d["approved_by"]],
                "step_up": [renamed(from_on="from")(step, record) for step in d["step_up"]],
            }
        ),
    ),
    "ReducedTimetableEnded": (timetable_reviews.EndReducedTimetable, as_is),
    "SubjectAccessRequested": (access_requests.ReceiveAccessRequest, as_is),
    "EhcAssessmentRequested": (ehc_requests.RequestEhcAssessment, of_ehcp(said_ehcp.requested)),
    "LaDecisionToAssessReceived": (ehc_answers.RecordLaDecisionToAssess, as_is),
    "MediationRecorded": (mediations.RecordMediation, as_is),
    "EhcPlanIssued": (ehc_plans.RecordEhcPlan, as_is),
    "AnnualReviewCalled": (annual_reviews.CallAnnualReview, of_ehcp(said_ehcp.called)),
    "AnnualReviewHeld": (annual_review_meetings.HoldAnnualReview, of_ehcp(said_ehcp.held)),
    "AnnualReviewReported": (annual_review_results.ReportAnnualReview, as_is),
}


@dataclass
class Told:
    """A case as far as it has been told."""

    record: Pupil | None = None
    passed_over: int = 0

    def tell(self, line: Details) -> None:
        kind, details = line["kind"], line["details"]
        when = {"occurred_on": line["occurred_on"], "reason": line.get("reason")}
        actor = SENCO.model_copy(update={"role": Role(line["by"])})
        told = by(actor, today=date.fromisoformat(line["recorded_on"]))
        entry: Entry
        if self.record is None:
            entry = AdmitPupil.model_validate(without("admitted_on")(details, NO_RECORD) | when)
            events = entry.decide(told)
        elif kind in LATER:
            self.passed_over += 1
            return
        else:
            command_class, translate = KINDS[kind]
            entry = command_class.model_validate(translate(details, self.record) | when)
            events = list(entry.decide(self.record, told))
        assert actor.role in entry.roles
        for event in events:
            self.record = event.mutate(self.record)


NO_RECORD = Pupil(UUID(int=0), 0, "none yet")


def tell(name: str) -> Pupil:
    told = Told()
    for line in (CASES / name).read_text(encoding="utf-8").splitlines():
        told.tell(json.loads(line))
    assert told.record is not None
    return told.record


def test_aisha_goes_from_a_concern_to_an_ehc_plan() -> None:
    aisha = tell("aisha-from-concern-to-ehcp.jsonl")

    assert aisha.registration is not None
    assert aisha.registration.level is SupportLevel.EHCP
    assert aisha.monitoring is None
    assert list(aisha.agencies) == ["educational_psychology"]
    assert [(plan.since, plan.outcomes) for plan in aisha.ehc_plans] == [
        (date(2025, 7, 18), ("E1",))
    ]
    assert [m.about for m in aisha.mediations] == ["refusal_to_assess"]
    assert aisha.annual_reviews == (date(2026, 5, 14),)


def test_leo_keeps_one_record_in_two_academies_under_a_hold() -> None:
    leo = tell("leo-two-registers-two-academies.jsonl")

    assert leo.academy == "Brook Lane Academy"
    assert {need.sen_type: need.rank for need in leo.needs.values()} == {"HI": 1, "SLCN": 2}
    assert len(leo.holds) == 1


def test_tomasz_leaves_the_register_and_then_the_trust() -> None:
    tomasz = tell("tomasz-eal-then-semh.jsonl")

    assert tomasz.registration is None
    assert tomasz.left_on == date(2026, 7, 17)
    assert [str(concern.outcome) for concern in tomasz.concerns.values()] == ["eal_not_sen", "None"]


@pytest.mark.parametrize("name", sorted(path.name for path in CASES.glob("*.jsonl")))
def test_every_kind_of_entry_in_the_cases_is_built_or_known_to_be_missing(name: str) -> None:
    kinds = {json.loads(line)["kind"] for line in (CASES / name).read_text("utf-8").splitlines()}

    assert kinds <= {"PupilAdmitted", *KINDS, *LATER}
