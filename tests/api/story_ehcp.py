"""The steps of an EHC plan, from a request to its end, with mediation and an appeal."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from send_records.aggregates.annual_review_meetings import (
    HoldAnnualReview,
    OutcomeProgress,
    Recommendation,
    ReviewAdvice,
    ReviewAttendee,
    SectionChange,
)
from send_records.aggregates.annual_review_results import (
    PhaseOutcome,
    PhaseTransfer,
    RecordLaReviewDecision,
    RecordPhaseTransferReview,
    ReportAnnualReview,
)
from send_records.aggregates.annual_reviews import CallAnnualReview, InviteePart, ReviewInvitee
from send_records.aggregates.appeals import LodgeAppeal
from send_records.aggregates.communications import Action
from send_records.aggregates.consents import Purpose, RecordAgreement
from send_records.aggregates.ehc_advice import RecordEhcAdviceRequest, SubmitEhcAdvice
from send_records.aggregates.ehc_answers import (
    LaException,
    RecordDraftEhcPlan,
    RecordEhcPlanRefusal,
    RecordLaDecisionToAssess,
    RecordLaException,
)
from send_records.aggregates.ehc_plan_changes import (
    AmendedAfter,
    AmendEhcPlan,
    RecordEhcPlanCeased,
)
from send_records.aggregates.ehc_plans import PlanOutcome, RecordEhcPlan
from send_records.aggregates.ehc_requests import (
    AssessDecision,
    EhcEvidence,
    EhcRequester,
    EvidenceHeld,
    RequestEhcAssessment,
    WithdrawEhcRequest,
)
from send_records.aggregates.la_decisions import AppealGround
from send_records.aggregates.mediations import RecordMediation
from send_records.aggregates.tribunal import (
    AppealOutcome,
    AppealStep,
    Direction,
    RecordAppealDecision,
    RecordAppealDirections,
)
from tests.api.steps import Step, step
from tests.scenario import MOTHER

APPEAL = UUID(int=300)
LA = "Oldham"
READS = PlanOutcome(ref="E1", text="Reads a class book alone by the end of Year 6")
SPEAKS = PlanOutcome(ref="E2", text="Asks for help in words")

REQUEST = RequestEhcAssessment(
    occurred_on=date(2024, 7, 9),
    local_authority=LA,
    evidence={
        item: EvidenceHeld(present=True, entries=(3,))
        if item is not EhcEvidence.HEALTH
        else EvidenceHeld(present=False, note="Asked of the GP")
        for item in EhcEvidence
    },
    gaps_explained="No medical history that bears on it",
)

ADVISE = SubmitEhcAdvice(
    occurred_on=date(2024, 7, 18),
    local_authority=LA,
    written_by="Sam Okoro",
    needs="Spells far below her age",
    provision="Daily structured phonics",
    outcomes=("Reads alone",),
)

STEPS: list[Step] = [
    step(
        RecordAgreement(
            occurred_on=date(2024, 7, 8), purpose=Purpose.EHC_REQUEST, contact_id=MOTHER
        )
    ),
    step(REQUEST),
    step(WithdrawEhcRequest(occurred_on=date(2024, 7, 10), why="The mother asks herself")),
    step(
        RequestEhcAssessment(
            occurred_on=date(2024, 7, 11),
            local_authority=LA,
            requested_by=EhcRequester.PARENT,
            received_by_la_on=date(2024, 7, 12),
        )
    ),
    step(
        RecordEhcAdviceRequest(
            occurred_on=date(2024, 7, 15), local_authority=LA, respond_by=date(2024, 8, 26)
        )
    ),
    step(ADVISE),
    step(
        RecordLaException(
            occurred_on=date(2024, 8, 7),
            exception=LaException.SCHOOL_CLOSED,
            letter_dated=date(2024, 8, 6),
            explanation="The summer holidays",
            expected_by=date(2024, 9, 6),
        )
    ),
    step(
        RecordLaDecisionToAssess(
            occurred_on=date(2024, 8, 21),
            decision=AssessDecision.REFUSED,
            letter_dated=date(2024, 8, 20),
            why="Progress is thought enough",
        )
    ),
    step(
        RecordMediation(
            occurred_on=date(2024, 9, 10),
            certificate_dated=date(2024, 9, 10),
            outcome="No agreement was reached",
        )
    ),
    step(
        LodgeAppeal(
            occurred_on=date(2024, 9, 12),
            ground=AppealGround.REFUSAL_TO_ASSESS,
            decision_letter_dated=date(2024, 8, 20),
        ),
        APPEAL,
    ),
    step(
        RecordAppealDirections(
            occurred_on=date(2024, 9, 20),
            appeal_id=APPEAL,
            dated=date(2024, 9, 19),
            directions=(
                Direction(
                    what="Final evidence", due_on=date(2024, 11, 22), step=AppealStep.EVIDENCE
                ),
            ),
        )
    ),
    step(
        RecordAppealDecision(
            occurred_on=date(2024, 9, 25),
            appeal_id=APPEAL,
            outcome=AppealOutcome.CONCEDED,
            ordered="Oldham assesses",
        )
    ),
    step(
        RecordEhcPlanRefusal(
            occurred_on=date(2024, 9, 28),
            letter_dated=date(2024, 9, 27),
            why="What she has is thought enough",
        )
    ),
    step(
        RecordDraftEhcPlan(
            occurred_on=date(2024, 10, 3), dated=date(2024, 10, 2), local_authority=LA
        )
    ),
    step(
        RecordEhcPlan(
            occurred_on=date(2024, 10, 15),
            local_authority=LA,
            final_dated=date(2024, 10, 14),
            primary_need="SPLD",
            sections=("A", "B", "C", "D", "E", "F", "G", "I", "K"),
            outcomes=(READS,),
            provision_f=("Daily structured phonics",),
            placement="Alder Park Academy",
        )
    ),
    step(
        AmendEhcPlan(
            occurred_on=date(2024, 10, 29),
            local_authority=LA,
            final_dated=date(2024, 10, 28),
            primary_need="SPLD",
            sections=("A", "B", "C", "D", "E", "F", "G", "H1", "H2", "I", "J", "K"),
            outcomes=(READS, SPEAKS),
            provision_f=("Daily structured phonics", "Talking group, weekly"),
            placement="Alder Park Academy",
            sections_changed=("E", "F"),
            following=AmendedAfter.OTHER,
        )
    ),
    step(
        CallAnnualReview(
            occurred_on=date(2024, 11, 4),
            meeting_on=date(2024, 11, 20),
            invited=(
                ReviewInvitee(part=InviteePart.PARENT, name="Nasreen Rahman"),
                ReviewInvitee(part=InviteePart.HEALTH, name="Dr Ines Marsh", advice_asked=True),
            ),
            not_invited_because="The rest are asked tomorrow",
        )
    ),
    step(
        HoldAnnualReview(
            occurred_on=date(2024, 11, 20),
            present=(ReviewAttendee(part=InviteePart.PARENT, name="Nasreen Rahman"),),
            advice=(
                ReviewAdvice(
                    part=InviteePart.HEALTH, name="Dr Ines Marsh", summary="Hearing is normal"
                ),
            ),
            outcomes=(
                OutcomeProgress(ref="E1", progress="Reads short books", still_right=True),
                OutcomeProgress(ref="E2", progress="Asks often"),
            ),
            changes=(SectionChange(section="F", change="Talking group may end"),),
            pupil_voice="I tell my aunt stories",
            parent_voice="She is proud",
            recommendation=Recommendation.CEASE,
            actions=(Action(what="Send the report", who="Sam Okoro"),),
        )
    ),
    step(ReportAnnualReview(occurred_on=date(2024, 11, 29), to=("Oldham", "Nasreen Rahman"))),
    step(
        RecordLaReviewDecision(
            occurred_on=date(2024, 12, 11),
            decision=Recommendation.CEASE,
            letter_dated=date(2024, 12, 10),
        )
    ),
    step(
        RecordPhaseTransferReview(
            occurred_on=date(2024, 12, 12),
            phase=PhaseTransfer.INFANT_TO_JUNIOR,
            transfer_on=date(2025, 9, 1),
            outcome=PhaseOutcome.UNCHANGED,
            decided_on=date(2024, 12, 10),
            placement="Alder Park Academy",
        )
    ),
    step(
        RecordEhcPlanCeased(
            occurred_on=date(2024, 12, 18),
            ceased_on=date(2024, 12, 18),
            letter_dated=date(2024, 12, 10),
            why="The outcomes are reached",
        )
    ),
]
