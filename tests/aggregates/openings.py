"""What may be on record before the machine asks anything: one opening an area, each of commands
that are taken one after another.  The first makes what has the id of the mother."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from send_records.aggregates.access_clock import Authority, IdentifyRequester, SeekClarification
from send_records.aggregates.access_requests import ClarificationOf, ReceiveAccessRequest
from send_records.aggregates.adjustments import AdjustmentKind, AgreeAdjustment
from send_records.aggregates.agencies import RecordAgencyInvolvement
from send_records.aggregates.annual_review_meetings import (
    HoldAnnualReview,
    OutcomeProgress,
    Recommendation,
    ReviewAttendee,
)
from send_records.aggregates.annual_reviews import InviteePart
from send_records.aggregates.appeals import LodgeAppeal
from send_records.aggregates.approvals import ApproveDisclosure
from send_records.aggregates.base import Command
from send_records.aggregates.bundle_contents import BundleKind, ItemWanted, SectionWanted, Sheet
from send_records.aggregates.bundles import PrepareBundle
from send_records.aggregates.classes import PlaceInClass
from send_records.aggregates.complaints import ReceiveComplaint
from send_records.aggregates.concern_answers import AnswerConcern
from send_records.aggregates.concerns import Answer, Factor, RaiseConcern
from send_records.aggregates.consents import Purpose, RecordAgreement
from send_records.aggregates.delivery import Deliverer, Delivery, Tier
from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.aggregates.disputes import RestrictionGround as Restricted
from send_records.aggregates.disputes import RestrictProcessing
from send_records.aggregates.ehc_answers import RecordEhcPlanRefusal, RecordLaDecisionToAssess
from send_records.aggregates.ehc_requests import AssessDecision, EhcRequester, RequestEhcAssessment
from send_records.aggregates.emergencies import BreakGlass
from send_records.aggregates.enrolment import MovePupilAcademy, RecordLeaving
from send_records.aggregates.handovers import SendHandover
from send_records.aggregates.la_decisions import AppealGround
from send_records.aggregates.medical import PlaceOnMedicalRegister
from send_records.aggregates.monitoring import StartMonitoring
from send_records.aggregates.needs import IdentifyNeed
from send_records.aggregates.plan_contents import PlanKind, Target
from send_records.aggregates.plans import AgreePlan, DraftPlan
from send_records.aggregates.preparations import PackPurpose
from send_records.aggregates.provision import StartProvision
from send_records.aggregates.reduced_timetables import (
    AgreeReducedTimetable,
    Approval,
    TimetableGround,
)
from send_records.aggregates.register import AddToSendRegister, SupportLevel
from send_records.aggregates.retention import HoldKind, PlaceLegalHold
from send_records.aggregates.reviews import (
    Attendee,
    HoldReview,
    Part,
    ReviewKind,
    TargetOutcome,
    TargetReview,
)
from send_records.aggregates.scheduled_reviews import ScheduleReview
from send_records.aggregates.searches import RecordSearch
from send_records.aggregates.transition import PlanTransition, TransitionKind
from send_records.aggregates.values import Area, Role
from tests.scenario import EHC_PLAN, IDENTIFY, MOTHER, RECORD_MOTHER, TELL, TODAY, but, pack

DAY = date(2024, 3, 1)
A_WEEK = timedelta(weeks=1)


def made_by(place: int) -> UUID:
    """Return the id of what the command at a place of an opening makes, the first at 1."""
    return MOTHER if place == 1 else UUID(int=10_000 + place)


def agreement(purpose: Purpose, agency: str | None = None, day: date = DAY) -> RecordAgreement:
    return RecordAgreement(occurred_on=day, purpose=purpose, agency=agency, contact_id=MOTHER)


SECOND_NEED = IdentifyNeed(occurred_on=DAY, sen_type="SLCN", rank=2, areas=(Area.COMMUNICATION,))

AGREED: list[Command] = [
    RECORD_MOTHER,
    agreement(Purpose.AGENCY_REFERRAL, "EP"),
    agreement(Purpose.AGENCY_REFERRAL, "T1"),
    agreement(Purpose.PHOTOGRAPH),
    agreement(Purpose.ANNUAL),
    agreement(Purpose.EHC_REQUEST),
    RecordAgencyInvolvement(occurred_on=DAY, agency="EP", professional="Dr Lane"),
    RecordAgencyInvolvement(occurred_on=DAY, agency="T1", professional="Ms Osei"),
    IDENTIFY,
    SECOND_NEED,
]
"""Parents agreed to much, and two agencies are involved."""

CONCERNED: list[Command] = [
    RECORD_MOTHER,
    RaiseConcern(
        occurred_on=DAY,
        areas=(Area.COGNITION,),
        description="Reads well below the class",
        strengths="Draws with care",
        factors_considered=(Factor.EAL, Factor.DISABILITY),
        home_language_assessed=True,
    ),
    AnswerConcern(
        occurred_on=DAY, concern_id=made_by(2), decision=Answer.MONITOR, why="Too early to tell"
    ),
    StartMonitoring(occurred_on=DAY, focus="Reading"),
    ScheduleReview(
        occurred_on=DAY, kind=ReviewKind.PERSON_CENTRED, planned_on=DAY, invited=("The mother",)
    ),
    PlaceOnMedicalRegister(occurred_on=DAY, condition="EP"),
    AgreeAdjustment(
        occurred_on=DAY, kind=AdjustmentKind.PRACTICE, adjustment="Sits in front", barrier="Glare"
    ),
    RestrictProcessing(
        occurred_on=DAY, entry_version=4, ground=Restricted.ACCURACY_CONTESTED, why="Asked about"
    ),
]
"""A concern is answered and the pupil monitored; and what is there besides."""

REVIEWED: list[Command] = [
    RECORD_MOTHER,
    IDENTIFY,
    SECOND_NEED,
    TELL,
    AddToSendRegister(occurred_on=DAY, level=SupportLevel.TARGETED, why="Little progress"),
    DraftPlan(
        occurred_on=DAY,
        kind=PlanKind.IP,
        review_on=DAY + 12 * A_WEEK,
        class_teacher="Mr Hughes",
        targets=(
            Target(
                ref="T1",
                text="Read 30 words a minute",
                area=Area.COGNITION,
                baseline="11 words",
                success="30 words on three days",
                due_on=DAY + 12 * A_WEEK,
                expected_impact="Closes a third of the gap",
            ),
        ),
    ),
    AgreePlan(occurred_on=DAY, plan_id=made_by(6), contact_ids=(MOTHER,), pupil_agreed=True),
    StartProvision(
        occurred_on=DAY,
        intervention="Precision teaching",
        tier=Tier.TARGETED,
        area=Area.COGNITION,
        target="T1",
        delivery=Delivery(
            deliverer=Deliverer(role="teaching_assistant"),
            group_size=3,
            sessions_per_week=5,
            minutes=10,
            hourly_rate="16.40",
        ),
        weeks=100,
        entry_data="11 words a minute",
    ),
    HoldReview(
        occurred_on=DAY + 12 * A_WEEK,
        kind=ReviewKind.TERMLY,
        attendees=(Attendee(part=Part.STAFF, name="Mr Hughes", invited=True, present=True),),
        targets=(TargetReview(ref="T1", outcome=TargetOutcome.MET, evidence="31 words"),),
        impact="The gap has closed",
        pupil_voice="I can read it now",
        parent_voice="She reads to her brother",
        next_steps="Watch it",
    ),
]
"""On the register, with a plan in force, provision, and a review that all took part in."""

MAINTAINED: list[Command] = [
    RECORD_MOTHER,
    EHC_PLAN,
    IDENTIFY,
    TELL,
    AddToSendRegister(occurred_on=date(2024, 5, 20), level=SupportLevel.EHCP, why="Plan issued"),
    HoldAnnualReview(
        occurred_on=date(2025, 4, 30),
        present=(ReviewAttendee(part=InviteePart.PARENT, name="Nasreen Rahman"),),
        outcomes=tuple(OutcomeProgress(ref=o.ref, progress="Good") for o in EHC_PLAN.outcomes),
        pupil_voice="I like it here",
        parent_voice="It helps",
        recommendation=Recommendation.MAINTAIN,
    ),
]
"""A plan of the local authority's is maintained, and has been reviewed."""

REPLACED: list[Command] = [
    *MAINTAINED,
    RequestEhcAssessment(
        occurred_on=date(2025, 5, 12), local_authority="Oldham", requested_by=EhcRequester.PARENT
    ),
    but(EHC_PLAN, occurred_on=date(2025, 10, 6), final_dated=date(2025, 10, 3)),
]
"""The plan was replaced by another after a re-assessment."""

APPEALED: list[Command] = [
    RECORD_MOTHER,
    RequestEhcAssessment(
        occurred_on=DAY, local_authority="Oldham", requested_by=EhcRequester.PARENT
    ),
    RecordLaDecisionToAssess(
        occurred_on=DAY + 6 * A_WEEK,
        decision=AssessDecision.REFUSED,
        letter_dated=DAY + 5 * A_WEEK,
    ),
    LodgeAppeal(
        occurred_on=DAY + 8 * A_WEEK,
        ground=AppealGround.REFUSAL_TO_ASSESS,
        decision_letter_dated=DAY + 5 * A_WEEK,
    ),
    RequestEhcAssessment(
        occurred_on=DAY + 20 * A_WEEK, local_authority="Oldham", requested_by=EhcRequester.PARENT
    ),
    RecordEhcPlanRefusal(occurred_on=DAY + 36 * A_WEEK, letter_dated=DAY + 36 * A_WEEK),
    RequestEhcAssessment(
        occurred_on=DAY + 40 * A_WEEK, local_authority="Oldham", requested_by=EhcRequester.PARENT
    ),
]
"""One refusal is under appeal, another is not yet, and a third request is before the authority."""

REDUCED: list[Command] = [
    RECORD_MOTHER,
    agreement(Purpose.REDUCED_TIMETABLE, day=date(2025, 12, 1)),
    AgreeReducedTimetable(
        occurred_on=date(2025, 12, 1),
        ground=TimetableGround.MEDICAL,
        why="Getting well",
        start_on=date(2025, 12, 1),
        end_on=date(2026, 1, 11),
        sessions="Mornings",
        approved_by=(
            Approval(name="Ms Hale", role=Role.PRINCIPAL),
            Approval(name="Ms Adeyemi", role=Role.HEAD_OF_INCLUSION),
        ),
    ),
    PlanTransition(
        occurred_on=DAY, to="The class of Year 4", kind=TransitionKind.CLASS, transfer_on=DAY
    ),
    MovePupilAcademy(occurred_on=DAY, to_academy="EP", nc_year="9", accepted_by="Jo Lund"),
]
"""The timetable is reduced, and the pupil is expected at another academy."""

IDENTIFY_HER = IdentifyRequester(
    occurred_on=DAY,
    request_id=made_by(2),
    evidence="Known to the school",
    authority=Authority.PARENTAL_RESPONSIBILITY,
    contact_id=MOTHER,
    reasoning="Aisha is six",
)

SEARCH = RecordSearch(
    occurred_on=DAY,
    request_id=made_by(2),
    where="The paper file",
    found="Nothing else",
    limited=False,
)

ASKED: list[Command] = [
    RECORD_MOTHER,
    ReceiveAccessRequest(
        occurred_on=DAY, requester="N. Rahman", on_behalf=True, how="Letter", scope="All of it"
    ),
    SeekClarification(
        occurred_on=DAY,
        request_id=made_by(2),
        of=ClarificationOf.SCOPE,
        question="Which years?",
        how="Letter",
    ),
    IDENTIFY_HER,
    SEARCH,
    ReceiveComplaint(occurred_on=DAY, contact_id=MOTHER, about="The wait", how="By telephone"),
    PlaceLegalHold(occurred_on=DAY, kind=HoldKind.COMPLAINT, why="A complaint is open"),
    SendHandover(occurred_on=DAY, to="Another school", what=("The file",), how="By hand"),
    RecordLeaving(occurred_on=date(2026, 8, 28), why="Moved away"),
]
"""The pupil has left, and the family asks and complains."""

PREPARED: list[Command] = [
    *ASKED[:2],
    IDENTIFY_HER,
    SEARCH,
    PrepareDisclosure(occurred_on=DAY, purpose=PackPurpose.SUBJECT_ACCESS, request_id=made_by(2)),
    PrepareDisclosure(occurred_on=DAY, purpose=PackPurpose.HANDOVER),
    PrepareDisclosure(occurred_on=DAY, purpose=PackPurpose.LA_ADVICE),
    PrepareBundle(
        occurred_on=DAY,
        kind=BundleKind.DISCRIMINATION,
        reference="EP",
        sections=(SectionWanted(title="EP", items=(ItemWanted(sheet=Sheet.PLANS),)),),
    ),
]
"""Packs for all purposes and a bundle are made, and nothing of them was sent."""

APPROVED: list[Command] = [
    *PREPARED,
    *(
        ApproveDisclosure(
            occurred_on=TODAY, preparation_id=made_by(n), sha256=pack(made_by(n)).sha256
        )
        for n in (5, 8)
    ),
]
"""What answers the request and the bundle were approved, by somebody else."""

BROKEN: list[Command] = [
    RECORD_MOTHER,
    PlaceInClass(occurred_on=DAY, class_name="EP"),
    BreakGlass(occurred_on=TODAY, reason_given="She was taken ill away from here"),
]
"""The record was opened in an emergency."""

RICH = [
    AGREED,
    CONCERNED,
    REVIEWED,
    MAINTAINED,
    REPLACED,
    APPEALED,
    REDUCED,
    ASKED,
    APPROVED,
    BROKEN,
]
