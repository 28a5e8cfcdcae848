"""One pupil's whole story: every command there is, once at least, in an order that works."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

from send_records.aggregates.agencies import (
    EndAgencyInvolvement,
    RecordAgencyAdvice,
    RecordAgencyInvolvement,
    ReferToAgency,
)
from send_records.aggregates.assessments import Informant, RecordAssessment, Score
from send_records.aggregates.attainments import RecordAttainment, RecordObservation
from send_records.aggregates.base import Actor, Command, Entry
from send_records.aggregates.classes import PlaceInClass
from send_records.aggregates.concern_answers import AnswerConcern, CloseConcern
from send_records.aggregates.concern_questionnaires import (
    CompleteConcernQuestionnaire,
    Frequency,
    Statement,
)
from send_records.aggregates.concerns import (
    Answer,
    DiscussConcernWithParents,
    Factor,
    Outcome,
    RaiseConcern,
    Strategy,
)
from send_records.aggregates.consents import (
    Purpose,
    RecordAgreement,
    RecordAgreementRefused,
    SeekParentalAgreement,
    WithdrawAgreement,
)
from send_records.aggregates.contacts import (
    AmendContact,
    ContactDetails,
    RecordContact,
    RemoveContact,
)
from send_records.aggregates.details import (
    ChangeYearGroup,
    CorrectPupilDetails,
    RecordCircumstances,
    ReplaceUpn,
)
from send_records.aggregates.enrolment import (
    AdmitPupil,
    MovePupilAcademy,
    ReadmitPupil,
    RecordLeaving,
)
from send_records.aggregates.monitoring import (
    EndMonitoring,
    MonitoringOutcome,
    NextStep,
    ReviewMonitoring,
    StartMonitoring,
)
from send_records.aggregates.needs import EndNeed, IdentifyNeed, RerankNeeds
from send_records.aggregates.notices import GiveNotice, NoticeOf
from send_records.aggregates.plan_contents import Helper, PlanKind, Target
from send_records.aggregates.plans import AgreePlan, AmendPlan, DraftPlan, EndPlan, SharePlan
from send_records.aggregates.preparations import MakesPack
from send_records.aggregates.register import (
    AddToSendRegister,
    ChangeSupportLevel,
    ExitCriterion,
    RemoveFromSendRegister,
    SupportLevel,
)
from send_records.aggregates.retention import (
    AssignRetentionClass,
    HoldKind,
    PlaceLegalHold,
    ReleaseLegalHold,
)
from send_records.aggregates.reviews import (
    Attendee,
    HoldReview,
    Part,
    ReviewKind,
    TargetOutcome,
    TargetReview,
)
from send_records.aggregates.scheduled_reviews import RecordMissedReview, ScheduleReview
from send_records.aggregates.upn import check_letter
from send_records.aggregates.values import Area, Role
from send_records.aggregates.voices import RecordParentVoice, RecordPupilVoice
from send_records.application import Request, SendRecords
from send_records.receipts import Receipt
from tests.api import (
    story_bundles,
    story_corrections,
    story_documents,
    story_ehcp,
    story_emergencies,
    story_family,
    story_merging,
    story_provision,
)
from tests.api.steps import Step, step
from tests.scenario import ADMIT, MOTHER, RECORD_MOTHER, pack

DPO = Actor(id=UUID(int=3), name="Priya Shah", role=Role.DPO)

PUPIL, AUNT, CONCERN, PLAN, NEXT_PLAN, REVIEW, HOLD = (UUID(int=n) for n in range(61, 68))
PSYCHOLOGY = "Educational psychology"
HELD_ON = date(2024, 6, 28)

TARGET = Target(
    ref="T1",
    text="Reads 60 words a minute",
    area=Area.COGNITION,
    baseline="41 words a minute",
    success="60 words a minute, three times",
    due_on=date(2024, 7, 12),
    expected_impact="Reads with the class",
    strategies={Helper.CLASS: "Paired reading"},
)


def upn_of(rest: str) -> str:
    return check_letter(rest) + rest


STORY: list[Step] = [
    step(ADMIT, PUPIL),
    *story_corrections.STEPS,
    step(RECORD_MOTHER, MOTHER),
    step(
        RecordContact(
            occurred_on=date(2023, 9, 5),
            contact=ContactDetails(
                name="Salma Rahman", relationship="aunt", parental_responsibility=False
            ),
        ),
        AUNT,
    ),
    step(
        AmendContact(
            occurred_on=date(2023, 9, 6),
            contact_id=AUNT,
            contact=ContactDetails(
                name="Salma Begum", relationship="aunt", parental_responsibility=False
            ),
        )
    ),
    step(RemoveContact(occurred_on=date(2023, 9, 7), contact_id=AUNT, why="Moved abroad")),
    step(
        CorrectPupilDetails(
            occurred_on=date(2023, 9, 8), preferred_name="Ash", why="As the family calls her"
        )
    ),
    step(
        ReplaceUpn(occurred_on=date(2023, 9, 8), upn=upn_of("801200001001"), why="Permanent number")
    ),
    step(RecordCircumstances(occurred_on=date(2023, 9, 8), eal=True, pupil_premium=True)),
    step(ChangeYearGroup(occurred_on=date(2023, 9, 8), nc_year="2")),
    step(PlaceInClass(occurred_on=date(2023, 9, 8), class_name="2W")),
    step(
        RaiseConcern(
            occurred_on=date(2023, 9, 20),
            areas=(Area.COGNITION,),
            noticed_on=date(2023, 9, 14),
            description="Reads well below the class",
            strengths="Strong visual memory",
            strategies_tried=(
                Strategy(what="Phonics group", since=date(2023, 9, 11), effect="Little"),
            ),
            factors_considered=(Factor.EAL,),
        ),
        CONCERN,
    ),
    step(
        DiscussConcernWithParents(
            occurred_on=date(2023, 9, 21),
            concern_id=CONCERN,
            contact_ids=(MOTHER,),
            how="At the gate",
            parent_comment="She reads at home in Bengali",
        )
    ),
    step(
        CompleteConcernQuestionnaire(
            occurred_on=date(2023, 9, 22),
            concern_id=CONCERN,
            statements=(
                Statement(area=Area.COGNITION, statement="Forgets letters", score=Frequency.OFTEN),
            ),
        )
    ),
    step(
        AnswerConcern(
            occurred_on=date(2023, 9, 25),
            concern_id=CONCERN,
            decision=Answer.MONITOR,
            why="Watch for half a term",
            parents_told_on=date(2023, 9, 25),
            parents_told_how="Letter",
        )
    ),
    step(
        CloseConcern(
            occurred_on=date(2023, 9, 26), concern_id=CONCERN, outcome=Outcome.MOVED_TO_MONITORING
        )
    ),
    step(StartMonitoring(occurred_on=date(2023, 9, 26), focus="Reading")),
    step(
        ReviewMonitoring(
            occurred_on=date(2023, 11, 7),
            present=("Jo Whitfield",),
            outcome=MonitoringOutcome.LITTLE_PROGRESS,
            summary="Two more sounds known",
            next_step=NextStep.CONTINUE,
        )
    ),
    step(EndMonitoring(occurred_on=date(2023, 12, 1))),
    step(
        RecordAssessment(
            occurred_on=date(2023, 12, 4),
            tool="SDQ",
            edition="4-17",
            informant=Informant.CLASS_TEACHER,
            scores=(Score(name="total", value=Decimal("14.5")),),
        )
    ),
    step(
        RecordAttainment(
            occurred_on=date(2023, 12, 4),
            subject="Reading",
            scale="KS1 teacher assessment",
            result="Working towards",
        )
    ),
    step(
        RecordObservation(
            occurred_on=date(2023, 12, 5),
            setting="Phonics",
            observed="Guesses from the picture",
            areas=(Area.COGNITION,),
            minutes=20,
        )
    ),
    step(
        IdentifyNeed(
            occurred_on=date(2023, 12, 12),
            sen_type="SPLD",
            rank=1,
            areas=(Area.COGNITION,),
            strengths={Area.COGNITION: "Strong visual memory"},
        )
    ),
    step(
        IdentifyNeed(
            occurred_on=date(2023, 12, 12), sen_type="SLCN", rank=2, areas=(Area.COMMUNICATION,)
        )
    ),
    step(RerankNeeds(occurred_on=date(2023, 12, 13), order=("SLCN", "SPLD"))),
    step(EndNeed(occurred_on=date(2023, 12, 14), sen_type="SPLD", why="Not confirmed")),
    step(
        SeekParentalAgreement(
            occurred_on=date(2024, 1, 8),
            purpose=Purpose.AGENCY_REFERRAL,
            agency=PSYCHOLOGY,
            contact_ids=(MOTHER,),
            how="Letter",
        )
    ),
    step(
        RecordAgreement(
            occurred_on=date(2024, 1, 10),
            purpose=Purpose.AGENCY_REFERRAL,
            agency=PSYCHOLOGY,
            contact_id=MOTHER,
        )
    ),
    step(
        ReferToAgency(
            occurred_on=date(2024, 1, 11), agency=PSYCHOLOGY, question="What holds reading back?"
        )
    ),
    step(
        WithdrawAgreement(
            occurred_on=date(2024, 3, 1),
            purpose=Purpose.AGENCY_REFERRAL,
            agency=PSYCHOLOGY,
            contact_id=MOTHER,
        )
    ),
    step(
        RecordAgreementRefused(
            occurred_on=date(2024, 1, 12), purpose=Purpose.PHOTOGRAPH, contact_id=MOTHER
        )
    ),
    step(
        RecordAgencyInvolvement(
            occurred_on=date(2024, 1, 22), agency=PSYCHOLOGY, professional="Dr Ines Marsh"
        )
    ),
    step(
        RecordAgencyAdvice(
            occurred_on=date(2024, 2, 12),
            agency=PSYCHOLOGY,
            report_dated=date(2024, 2, 9),
            summary="Works best with pictures",
            recommendations=("Visual timetable",),
        )
    ),
    step(
        GiveNotice(
            occurred_on=date(2024, 2, 13),
            notice_of=NoticeOf.SEN_PROVISION,
            contact_ids=(MOTHER,),
            how="Meeting",
        )
    ),
    step(
        AddToSendRegister(
            occurred_on=date(2024, 2, 14), level=SupportLevel.TARGETED, why="Little progress"
        )
    ),
    step(
        ChangeSupportLevel(
            occurred_on=date(2024, 2, 15), to_level=SupportLevel.SPECIALIST, why="EP involved"
        )
    ),
    step(EndAgencyInvolvement(occurred_on=date(2024, 7, 1), agency=PSYCHOLOGY, why="Done")),
    step(
        DraftPlan(
            occurred_on=date(2024, 3, 4),
            review_on=HELD_ON,
            class_teacher="Jo Whitfield",
            targets=(TARGET,),
            kind=PlanKind.IP,
        ),
        PLAN,
    ),
    step(
        AmendPlan(
            occurred_on=date(2024, 3, 5),
            review_on=HELD_ON,
            class_teacher="Jo Whitfield",
            targets=(TARGET,),
            plan_id=PLAN,
            why="Read again",
        )
    ),
    step(
        AgreePlan(
            occurred_on=date(2024, 3, 6), plan_id=PLAN, contact_ids=(MOTHER,), pupil_agreed=True
        )
    ),
    step(
        SharePlan(
            occurred_on=date(2024, 3, 7), plan_id=PLAN, shared_with=("parents",), how="On paper"
        )
    ),
    *story_provision.STEPS,
    step(
        ScheduleReview(
            occurred_on=date(2024, 3, 7),
            kind=ReviewKind.TERMLY,
            planned_on=date(2024, 5, 3),
            invited=("Nasreen Rahman",),
        ),
        REVIEW,
    ),
    step(RecordMissedReview(occurred_on=date(2024, 5, 7), review_id=REVIEW, why="Snow")),
    step(
        RecordPupilVoice(
            occurred_on=date(2024, 6, 24), how="Talking mat", likes="Art", verbatim=True
        )
    ),
    step(
        RecordParentVoice(
            occurred_on=date(2024, 6, 25),
            contact_id=MOTHER,
            going_well="Enjoys school",
            happy_to_share=True,
        )
    ),
    step(
        HoldReview(
            occurred_on=HELD_ON,
            kind=ReviewKind.TERMLY,
            attendees=(
                Attendee(part=Part.PARENT, name="Nasreen Rahman", invited=True, present=True),
            ),
            targets=(TargetReview(ref="T1", outcome=TargetOutcome.MET, evidence="63 words"),),
            impact="Reads with the class",
            next_steps="Leave the register",
        )
    ),
    step(
        DraftPlan(
            occurred_on=HELD_ON,
            review_on=date(2024, 10, 1),
            class_teacher="Jo Whitfield",
            targets=(TARGET,),
            kind=PlanKind.IP,
        ),
        NEXT_PLAN,
    ),
    step(AgreePlan(occurred_on=date(2024, 6, 29), plan_id=NEXT_PLAN, pupil_agreed=True)),
    step(EndPlan(occurred_on=date(2024, 7, 2), plan_id=NEXT_PLAN, why="Not needed")),
    step(
        RemoveFromSendRegister(
            occurred_on=date(2024, 7, 3),
            criterion=ExitCriterion.EXPECTED_PROGRESS,
            review_on=HELD_ON,
        )
    ),
    step(
        PlaceLegalHold(occurred_on=date(2024, 7, 4), kind=HoldKind.COMPLAINT, why="Complaint 12"),
        HOLD,
        DPO,
    ),
    step(ReleaseLegalHold(occurred_on=date(2024, 7, 5), hold_id=HOLD, why="Settled"), actor=DPO),
    step(
        AssignRetentionClass(occurred_on=date(2024, 7, 5), record_class="pupil_send_record"),
        actor=DPO,
    ),
    *story_family.STEPS,
    *story_documents.STEPS,
    step(
        MovePupilAcademy(
            occurred_on=date(2024, 9, 2),
            to_academy="Birch Lane Academy",
            nc_year="3",
            accepted_by="Kim Ade",
        )
    ),
    *story_family.RECEIVED,
    *story_ehcp.STEPS,
    *story_emergencies.STEPS,
    *story_bundles.STEPS,
    step(RecordLeaving(occurred_on=date(2024, 12, 20), why="Moved to Leeds")),
    step(ReadmitPupil(occurred_on=date(2025, 1, 6), academy="Alder Park Academy", nc_year="3")),
]

REFUSED = {AssignRetentionClass}
"""In the class already, from admission: there is but one class, and one rule for it, so far."""

OF_ANY_DAY = [*story_family.OF_ANY_DAY, *story_bundles.OF_ANY_DAY]

EXAMPLES: dict[type[Entry], Step] = {
    type(each.entry): each for each in reversed([*OF_ANY_DAY, *STORY, *story_merging.STEPS])
}
"""The first entry of each kind; of those about two records, beside the story."""


def told(records: SendRecords) -> list[Receipt]:
    """Record the story straight in the application, and return the receipts."""
    return _told(records, PUPIL, STORY)


def request_of(told: Step, key: UUID | None = None) -> Request:
    """Return the request to record a step, under another key if one is said; as whoever runs its
    job makes it, if it is to make a pack."""
    made = pack(told.key) if isinstance(told.entry, MakesPack) else None
    return Request(told.actor, key or told.key, uuid4(), pack=made)


def told_beside(records: SendRecords) -> list[Receipt]:
    """Record what is told beside the story, once that is told, and return the receipts."""
    return _told(records, story_merging.DUPLICATE, story_merging.STEPS)


def _told(records: SendRecords, pupil_id: UUID, steps: Sequence[Step]) -> list[Receipt]:
    receipts = []
    for each in steps:
        request = request_of(each)
        if isinstance(each.entry, AdmitPupil):
            receipts.append(records.admit(each.entry, request))
        elif isinstance(each.entry, Command) and type(each.entry) not in REFUSED:
            if each.entry.files_content:
                content = story_documents.CONTENTS[each.key]
                story_documents.keep(records, pupil_id, each.key, content)
            receipts.append(records.execute(pupil_id, each.entry, request))
    return receipts
