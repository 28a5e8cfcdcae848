"""The family's part of the story: contact, complaint, access request, transition, timetable."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from send_records.aggregates.access_answers import RefusalGround, RefuseRequest, SendDisclosure
from send_records.aggregates.access_clock import (
    Authority,
    ExtendDeadline,
    IdentifyRequester,
    ReceiveClarification,
    SeekClarification,
)
from send_records.aggregates.access_requests import ClarificationOf, ReceiveAccessRequest
from send_records.aggregates.approvals import ApproveDisclosure
from send_records.aggregates.base import Actor
from send_records.aggregates.communications import (
    Action,
    GiveSignposting,
    InitiatedBy,
    MeetingKind,
    RecordContactWithFamily,
    RecordMeeting,
    Service,
)
from send_records.aggregates.complaints import (
    AcknowledgeComplaint,
    AnswerComplaint,
    ComplaintOutcome,
    ReceiveComplaint,
)
from send_records.aggregates.consents import Purpose, RecordAgreement
from send_records.aggregates.decisions import DiscloseItems, RedactItem, WithholdItem
from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.aggregates.handovers import AcceptPupilMove, AcknowledgeHandover, SendHandover
from send_records.aggregates.items import Ground, ItemRef, Parts
from send_records.aggregates.opinions import Opinion
from send_records.aggregates.preparations import PackPurpose
from send_records.aggregates.reduced_timetables import (
    AgreeReducedTimetable,
    Approval,
    StepUp,
    TimetableGround,
)
from send_records.aggregates.reviews import Attendee, Part
from send_records.aggregates.searches import RecordSearch
from send_records.aggregates.timetable_reviews import (
    EndReducedTimetable,
    NotifyReducedTimetable,
    ReviewOutcome,
    ReviewReducedTimetable,
)
from send_records.aggregates.transition import (
    HoldTransitionMeeting,
    PlanTransition,
    TransitionKind,
)
from send_records.aggregates.values import Role, day_in_london
from tests.api.steps import Step, step
from tests.api.story_corrections import SEEN, STATEMENT
from tests.scenario import MOTHER, pack

DPO = Actor(id=UUID(int=3), name="Priya Shah", role=Role.DPO)
RECEIVING = Actor(id=UUID(int=400), name="Kim Ade", role=Role.SENCO, academy="Birch Lane Academy")

TRANSITION, HANDOVER, COMPLAINT, REQUEST, NEXT_REQUEST = (UUID(int=n) for n in range(401, 406))
PREPARED = UUID(int=406)

ATTENDEES = (
    Attendee(part=Part.PARENT, name="Nasreen Rahman", invited=True, present=True),
    Attendee(part=Part.PROFESSIONAL, name="The interpreter", invited=True, present=False),
)

COMMUNICATIONS = [
    step(
        RecordContactWithFamily(
            occurred_on=date(2024, 7, 8),
            contact_ids=(MOTHER,),
            how="Telephone",
            summary="Asked for the report in Bengali",
            initiated_by=InitiatedBy.FAMILY,
            actions=(
                Action(what="Send a translation", who="The SENDCo", due_on=date(2024, 7, 15)),
            ),
        )
    ),
    step(
        RecordMeeting(
            occurred_on=date(2024, 7, 9),
            kind=MeetingKind.PARENTS,
            attendees=ATTENDEES,
            summary="How mornings go at home",
        )
    ),
    step(
        GiveSignposting(
            occurred_on=date(2024, 7, 9),
            services=(Service.SENDIASS, Service.LOCAL_OFFER),
            contact_ids=(MOTHER,),
            how="Leaflets in Bengali",
        )
    ),
]

COMPLAINTS = [
    step(
        ReceiveComplaint(
            occurred_on=date(2024, 7, 10),
            contact_id=MOTHER,
            about="A letter went to another family",
            how="By email",
            data_protection=True,
        ),
        COMPLAINT,
    ),
    step(
        AcknowledgeComplaint(occurred_on=date(2024, 7, 11), complaint_id=COMPLAINT, how="By letter")
    ),
    step(
        AnswerComplaint(
            occurred_on=date(2024, 7, 15),
            complaint_id=COMPLAINT,
            outcome=ComplaintOutcome.UPHELD,
            answer="The envelope was wrong, and is now checked",
            how="By letter",
        )
    ),
]

SEND = SendDisclosure(
    occurred_on=date(2024, 8, 30),
    request_id=REQUEST,
    preparation_id=PREPARED,
    sent_to="Nasreen Rahman",
    how="Handed over on paper",
)

REQUESTS = [
    step(
        ReceiveAccessRequest(
            occurred_on=date(2024, 7, 16),
            requester="Nasreen Rahman",
            on_behalf=True,
            how="At the gate",
            scope="Everything held",
        ),
        REQUEST,
        DPO,
    ),
    step(
        SeekClarification(
            occurred_on=date(2024, 7, 17),
            request_id=REQUEST,
            of=ClarificationOf.SCOPE,
            question="Which classes?",
            how="By telephone",
        ),
        actor=DPO,
    ),
    step(
        ReceiveClarification(
            occurred_on=date(2024, 7, 19),
            request_id=REQUEST,
            of=ClarificationOf.SCOPE,
            answer="All of them",
        ),
        actor=DPO,
    ),
    step(
        IdentifyRequester(
            occurred_on=date(2024, 7, 19),
            request_id=REQUEST,
            evidence="Known to the office",
            authority=Authority.PARENTAL_RESPONSIBILITY,
            contact_id=MOTHER,
            reasoning="Young, and content that her mother asks",
        ),
        actor=DPO,
    ),
    step(
        ExtendDeadline(
            occurred_on=date(2024, 7, 22),
            request_id=REQUEST,
            months=1,
            why="Files of three services",
            how="By letter",
        ),
        actor=DPO,
    ),
    step(
        RecordSearch(
            occurred_on=date(2024, 7, 23),
            request_id=REQUEST,
            where="The mail of the office",
            terms=("Aisha", "Rahman"),
            found="Nine messages, which say what the record says",
            limited=True,
            why_limited="Older messages were lost when it was moved",
        )
    ),
    step(
        DiscloseItems(
            occurred_on=date(2024, 7, 24),
            request_id=REQUEST,
            items=(ItemRef(entry=1), ItemRef(entry=2)),
            opinion=Opinion(
                by="Dr Amina Cole",
                profession="Paediatrician",
                dated=date(2024, 7, 22),
                test_met=False,
            ),
            why="She has them already",
        )
    ),
    step(
        WithholdItem(
            occurred_on=date(2024, 7, 24),
            request_id=REQUEST,
            item=ItemRef(entry=STATEMENT),
            ground=Ground.THIRD_PARTY,
            why="Her friends are named by it",
            on_schedule=False,
        )
    ),
    step(
        RedactItem(
            occurred_on=date(2024, 7, 25),
            request_id=REQUEST,
            item=ItemRef(entry=SEEN),
            parts=Parts(phrases=("Sits apart",), fields=("setting",)),
            ground=Ground.EDU_SERIOUS_HARM,
            why="She would stay at home",
        )
    ),
    step(
        PrepareDisclosure(
            occurred_on=date(2024, 7, 26),
            purpose=PackPurpose.SUBJECT_ACCESS,
            request_id=REQUEST,
        ),
        PREPARED,
    ),
    step(
        ApproveDisclosure(
            occurred_on=date(2024, 7, 29), preparation_id=PREPARED, sha256=pack(PREPARED).sha256
        ),
        actor=DPO,
    ),
    step(
        SEND.model_copy(update={"occurred_on": day_in_london(datetime.now(UTC))}),
        actor=DPO,
    ),
    step(
        ReceiveAccessRequest(
            occurred_on=date(2024, 8, 30),
            requester="A neighbour",
            on_behalf=True,
            how="By letter",
            scope="Why a psychologist comes",
        ),
        NEXT_REQUEST,
        DPO,
    ),
    step(
        RefuseRequest(
            occurred_on=date(2024, 8, 31),
            request_id=NEXT_REQUEST,
            ground=RefusalGround.MAY_NOT_ACT,
            why="Has no right to act for the pupil",
            how="By letter",
            told_of_complaint_rights=True,
        ),
        actor=DPO,
    ),
]

TRANSITIONS = [
    step(
        PlanTransition(
            occurred_on=date(2024, 7, 8),
            to="Birch Lane Academy",
            kind=TransitionKind.ACADEMY,
            transfer_on=date(2024, 9, 2),
            plan="Three visits, with her mother",
            information_to_share="All but the psychologist's report",
        ),
        TRANSITION,
    ),
    step(
        HoldTransitionMeeting(
            occurred_on=date(2024, 7, 12),
            transition_id=TRANSITION,
            attendees=ATTENDEES,
            summary="Both SENDCos know the plan",
        )
    ),
    step(
        SendHandover(
            occurred_on=date(2024, 7, 15),
            to="Birch Lane Academy",
            what=("Books", "Coloured overlays"),
            how="In a locked box",
            copy_kept="None",
        ),
        HANDOVER,
    ),
    step(AcknowledgeHandover(occurred_on=date(2024, 7, 16), handover_id=HANDOVER, by="Kim Ade")),
]

TIMETABLE = [
    step(
        RecordAgreement(
            occurred_on=date(2024, 7, 3), purpose=Purpose.REDUCED_TIMETABLE, contact_id=MOTHER
        )
    ),
    step(
        AgreeReducedTimetable(
            occurred_on=date(2024, 7, 3),
            ground=TimetableGround.MEDICAL,
            why="Returns after an operation",
            start_on=date(2024, 7, 4),
            end_on=date(2024, 7, 19),
            review_on=date(2024, 7, 10),
            sessions="Mornings",
            step_up=(StepUp(from_on=date(2024, 7, 11), sessions="Until two"),),
            alternatives_tried="Rest in the day",
            risk_assessment="Tires by noon",
            safeguarding_off_site="With her mother, who is called each day",
            local_authority="Oldham",
            la_notified_on=date(2024, 7, 3),
            la_reference="PT-12",
            approved_by=(
                Approval(name="Ruth Amos", role=Role.PRINCIPAL, approved_on=date(2024, 7, 3)),
                Approval(name="Paul Grey", role=Role.HEAD_OF_INCLUSION),
            ),
        )
    ),
    step(
        NotifyReducedTimetable(
            occurred_on=date(2024, 7, 5), local_authority="Oldham", how="Its form"
        )
    ),
    step(
        ReviewReducedTimetable(
            occurred_on=date(2024, 7, 10),
            outcome=ReviewOutcome.MORE_TIME,
            summary="Tires less",
            sessions="Until two",
            pupil_view="Misses her friends",
            parent_view_missing_because="In hospital herself",
            next_review_on=date(2024, 7, 17),
        )
    ),
    step(
        EndReducedTimetable(occurred_on=date(2024, 7, 17), returned_full_time_on=date(2024, 7, 18))
    ),
]

STEPS: list[Step] = [*COMMUNICATIONS, *COMPLAINTS, *REQUESTS, *TRANSITIONS, *TIMETABLE]

OF_ANY_DAY: list[Step] = [step(SEND, actor=DPO)]
"""What the story tells of today, since it was approved today, as an example of any day."""

RECEIVED = [step(AcceptPupilMove(occurred_on=date(2024, 9, 3), note="Met her"), actor=RECEIVING)]
"""What the other academy records once the pupil has moved there."""
