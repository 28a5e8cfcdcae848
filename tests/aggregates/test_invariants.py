"""What holds of every pupil, whatever was asked in whatever order.

Commands and events are made from their own fields, so one that is added later is tried at once.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, JsonValue, ValidationError

from send_records.aggregates import (
    EVENTS,
    access_clock,
    access_requests,
    complaints,
    handovers,
    reduced_timetables,
    timetable_reviews,
    transition,
)
from send_records.aggregates.access_answers import DisclosureSent, RequestRefused, SendDisclosure
from send_records.aggregates.access_clock import Authority, IdentifyRequester
from send_records.aggregates.access_requests import ReceiveAccessRequest
from send_records.aggregates.agencies import RecordAgencyInvolvement
from send_records.aggregates.annual_review_meetings import HoldAnnualReview, OutcomeProgress
from send_records.aggregates.appeals import LodgeAppeal
from send_records.aggregates.approvals import ApproveDisclosure, ReturnDisclosure
from send_records.aggregates.base import Command, DomainEvent, Metadata, PupilEvent
from send_records.aggregates.bundle_contents import (
    AppealType,
    BundleKind,
    ItemWanted,
    SectionWanted,
    Sheet,
)
from send_records.aggregates.bundles import PrepareBundle, ServeBundle
from send_records.aggregates.complaints import ReceiveComplaint
from send_records.aggregates.concern_answers import ConcernClosed
from send_records.aggregates.concerns import Factor, RaiseConcern
from send_records.aggregates.consents import Purpose, RecordAgreement
from send_records.aggregates.corrected import Reading, Struck, as_corrected, pupil_of
from send_records.aggregates.corrections import CorrectEntry
from send_records.aggregates.decisions import DecisionCommand
from send_records.aggregates.delivery import Deliverer, Delivery, Tier
from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.aggregates.disputes import LiftRestriction, restrictions
from send_records.aggregates.ehc_advice import SubmitEhcAdvice
from send_records.aggregates.ehc_requests import EhcEvidence, EvidenceHeld
from send_records.aggregates.enrolment import MovePupilAcademy, PupilMovedAcademy, RecordLeaving
from send_records.aggregates.handovers import PupilMoveAccepted, SendHandover
from send_records.aggregates.items import ItemRef, PageArea, Parts
from send_records.aggregates.la_decisions import AppealGround
from send_records.aggregates.medical import PlaceOnMedicalRegister
from send_records.aggregates.merging import OfTwoRecords
from send_records.aggregates.monitoring import MonitoringEnded, MonitoringStarted, StartMonitoring
from send_records.aggregates.paths import ENVELOPE
from send_records.aggregates.plan_contents import PlanKind, Target
from send_records.aggregates.plans import DraftPlan
from send_records.aggregates.provision import StartProvision
from send_records.aggregates.pupil import Pupil
from send_records.aggregates.reduced_timetables import (
    AgreeReducedTimetable,
    Approval,
    ReducedTimetableAgreed,
)
from send_records.aggregates.register import AddedToSendRegister, RemovedFromSendRegister
from send_records.aggregates.retention import HoldKind, PlaceLegalHold
from send_records.aggregates.reviews import HoldReview, ReviewKind, TargetReview
from send_records.aggregates.scheduled_reviews import ScheduleReview
from send_records.aggregates.timetable_reviews import ReducedTimetableEnded, ReviewReducedTimetable
from send_records.aggregates.transition import PlanTransition, TransitionKind
from send_records.aggregates.values import STORED, Area, Role
from send_records.api.refusals import refusals_of_command
from send_records.errors import SendRecordsError
from tests.scenario import (
    ADD,
    ADMIT,
    EHC_PLAN,
    IDENTIFY,
    MOTHER,
    NOBODY,
    RECORD_GRANDMOTHER,
    RECORD_MOTHER,
    TELL,
    TODAY,
    a_pupil,
    by,
)

Strategy = st.SearchStrategy[Any]

DAYS = [date(2023, 9, 1) + timedelta(weeks=13 * n) for n in range(14)]
"""From before admission until after today."""

PLAIN: dict[Any, Strategy] = {
    str: st.sampled_from(["EP", "T1", "Seen in class"]),
    bool: st.booleans(),
    int: st.integers(0, 3),
    date: st.sampled_from(DAYS),
    datetime: st.just(datetime(2026, 11, 23, tzinfo=UTC)),
    Decimal: st.just(Decimal(7)),
    UUID: st.sampled_from([NOBODY, MOTHER]),
    types.NoneType: st.none(),
    JsonValue: st.sampled_from([None, True, 3, "T1", ["EP"], {"T1": 2}]),
    Metadata: st.just(by().metadata),
}


@cache
def some(annotation: Any) -> Strategy:
    """Return a few values of a type, from small pools, so that they meet."""
    if annotation in PLAIN:
        return PLAIN[annotation]
    arguments = get_args(annotation)
    origin = get_origin(annotation)
    if origin is Annotated:
        return some(arguments[0])
    if origin in (Union, types.UnionType):
        return st.one_of([some(argument) for argument in arguments])
    if origin is tuple:
        return st.lists(some(arguments[0]), min_size=1, max_size=2).map(tuple)
    if origin is Mapping:
        return st.dictionaries(some(arguments[0]), some(arguments[1]), max_size=2)
    if origin is Literal:
        return st.sampled_from(arguments)
    if issubclass(annotation, Enum):
        return st.sampled_from(list(annotation))
    assert issubclass(annotation, BaseModel), f"say what {annotation} may be"
    return fields(annotation).map(lambda f: annotation.model_validate(f, context=STORED))


def fields(model: type[BaseModel], known: Mapping[str, Strategy] | None = None) -> Strategy:
    """Return fields for a model; those whose names are known take known values."""
    annotations: dict[str, Any] = {n: field.annotation for n, field in model.model_fields.items()}
    made = {n: some(annotation) for n, annotation in annotations.items()}
    return st.fixed_dictionaries({n: (known or {}).get(n, made[n]) for n in annotations})


def known_in(history: History, command_class: type[Command]) -> dict[str, Strategy]:
    """Return what a command can sensibly name in a pupil's record."""
    pupil = history.pupil
    plans = [plan.id for plan in (pupil.plan, pupil.draft) if plan is not None]
    refs = pupil.working_plan.targets if pupil.working_plan is not None else ()
    reviewed = st.tuples(*(fields(TargetReview, {"ref": st.just(ref)}) for ref in refs))
    return {
        **({"targets": reviewed} if command_class is HoldReview else {}),
        **({"occurred_on": st.sampled_from(DAYS[9:])} if command_class is RecordLeaving else {}),
        "entry_version": st.integers(1, pupil.version),
        **(
            {"entry_version": st.sampled_from([*restrictions(history.events)] or [0])}
            if command_class is LiftRestriction
            else {}
        ),
        "explanation": st.just("Said of somebody else"),
        "rank": st.integers(1, 3),
        "contact_id": st.sampled_from([*pupil.contacts] or [NOBODY]),
        "contact_ids": st.just(tuple(pupil.contacts)),
        "concern_id": st.sampled_from([*pupil.concerns] or [NOBODY]),
        "plan_id": st.sampled_from([*plans] or [NOBODY]),
        "provision_id": st.sampled_from([*pupil.provisions] or [NOBODY]),
        "adjustment_id": st.sampled_from([*pupil.adjustments] or [NOBODY]),
        "condition": st.sampled_from([*pupil.medical, "EP"]),
        "target": st.sampled_from([*refs, None]),
        "schema_version": st.just("dfe-template-a"),
        "review_id": st.sampled_from([*pupil.scheduled_reviews] or [NOBODY]),
        "transition_id": st.sampled_from([*pupil.transitions] or [NOBODY]),
        "handover_id": st.sampled_from([*pupil.handovers] or [NOBODY]),
        "complaint_id": st.sampled_from([*pupil.complaints] or [NOBODY]),
        "request_id": st.sampled_from([*pupil.access_requests] or [NOBODY]),
        "preparation_id": st.sampled_from([*pupil.preparations] or [NOBODY]),
        **of_items(pupil, command_class),
        **appealable(pupil),
        "appeal_id": st.sampled_from([*pupil.appeals] or [NOBODY]),
        "evidence": st.just({item: EvidenceHeld(present=True) for item in EhcEvidence}),
        "primary_need": st.sampled_from(["SPLD", "DS", "PLD"]),
        "sections": sections_of(pupil, command_class),
        "changes": st.just(()),
        "sections_changed": st.sampled_from([("E",), ("F", "Z")]),
        "outcomes": outcomes_of(pupil, command_class),
        "access_id": st.sampled_from([*pupil.emergency_accesses] or [NOBODY]),
        "hold_id": st.sampled_from([*pupil.holds] or [NOBODY]),
        "review_on": st.sampled_from([*DAYS, *pupil.reviews]),
        "sen_type": st.sampled_from(["SPLD", "SLCN", "DS", "PLD"]),
        "order": st.permutations(list(pupil.needs)).map(tuple),
        "nc_year": st.sampled_from(["R", "6", "16"]),
        "upn": st.sampled_from(["G001000026003", None]),
        "uln": st.sampled_from(["1000000043", None]),
        **of_the_family(command_class),
        **of_packs(pupil, command_class),
    }


def of_the_family(command_class: type[Command]) -> dict[str, Strategy]:
    """Return what a reduced timetable needs to be agreed, a short one, approved by both; or to be
    reviewed; and what a requester needs to be identified."""
    if command_class is IdentifyRequester:
        return {
            "evidence": st.just("EP"),
            "reasoning": st.just("EP"),
            "authority": st.sampled_from([*Authority][1:]),
        }
    if command_class is ReviewReducedTimetable:
        return {"occurred_on": st.just(DAY + timedelta(weeks=1)), "next_review_on": st.none()}
    if command_class is not AgreeReducedTimetable:
        return {}
    both = (
        Approval(name="EP", role=Role.PRINCIPAL),
        Approval(name="T1", role=Role.HEAD_OF_INCLUSION),
    )
    return {
        "occurred_on": st.just(DAY),
        "start_on": st.just(DAY),
        "end_on": st.just(DAY + timedelta(weeks=2)),
        "review_on": st.none(),
        "step_up": st.just(()),
        "approved_by": st.sampled_from([both, both[:1]]),
    }


def of_items(pupil: Pupil, command_class: type[Command]) -> dict[str, Strategy]:
    """Return what can be decided on, and parts that may be in it."""
    if not issubclass(command_class, DecisionCommand):
        return {}
    documents = [ItemRef(document_id=each) for each in pupil.documents]
    item = st.one_of(
        st.integers(1, pupil.version + 1).map(lambda version: ItemRef(entry=version)),
        st.sampled_from(documents or [ItemRef(document_id=NOBODY)]),
    )
    area = PageArea(page=1, left=Decimal(0), top=Decimal(0), right=Decimal(9), bottom=Decimal(9))
    parts = [
        *[Parts(phrases=("ep",)), Parts(phrases=("EP",), fields=("reason",))],
        *[Parts(fields=("reason",)), Parts(areas=(area,)), Parts(phrases=("Leo",))],
    ]
    return {
        "item": item,
        "items": st.lists(item, min_size=1, max_size=2).map(tuple),
        "parts": st.sampled_from(parts),
    }


BY_STATUTE = ("handover", "la_advice")
"""What no second person needs to approve."""


def of_packs(pupil: Pupil, command_class: type[Command]) -> dict[str, Strategy]:
    """Return what is prepared and approved: a pack of a request, or of none; evidence where there
    is an appeal, and a claim's bundle where there is none; and what may be sent, or nothing."""
    standing = [each for each in pupil.preparations.values() if not (each.void or each.sent)]
    if command_class in (SendHandover, SubmitEhcAdvice):
        wanted = "handover" if command_class is SendHandover else "la_advice"
        ids: list[UUID | None] = [each.id for each in standing if each.purpose == wanted]
        return {"preparation_id": st.sampled_from([None, None, *(ids or [NOBODY])])}
    if command_class is ApproveDisclosure and standing:
        waiting = [e for e in standing if e.approved_by is None and e.purpose not in BY_STATUTE]
        last = (waiting or standing)[-1]
        files = [last.sha256, last.sha256, standing[-1].sha256]
        return {
            "preparation_id": st.sampled_from([last.id, last.id, *pupil.preparations]),
            "sha256": st.sampled_from(files),
        }
    if command_class is ReturnDisclosure:
        return {"preparation_id": st.sampled_from([NOBODY, NOBODY, *pupil.preparations])}
    if command_class in (SendDisclosure, ServeBundle):
        answers = command_class is SendDisclosure
        approved = [
            each.id
            for each in standing
            if each.approved_by is not None and (each.request_id is not None) is answers
        ]
        some_ids = [*approved, *approved, *approved, *pupil.preparations] or [NOBODY]
        days = [TODAY, TODAY, DAYS[-2]] if approved else DAYS
        return {"preparation_id": st.sampled_from(some_ids), "occurred_on": st.sampled_from(days)}
    if command_class is PrepareDisclosure:
        return {"request_id": st.sampled_from([None, *pupil.access_requests])}
    if command_class is not PrepareBundle:
        return {}
    item = st.sampled_from(
        [ItemWanted(sheet=Sheet.PLANS), *(ItemWanted(document_id=d) for d in pupil.documents)]
    )
    section = item.map(lambda each: SectionWanted(title="EP", items=(each,)))
    of_appeal = bool(pupil.appeals)
    return {
        "kind": st.just(BundleKind.EVIDENCE if of_appeal else BundleKind.DISCRIMINATION),
        "appeal_id": st.sampled_from([*pupil.appeals]) if of_appeal else st.none(),
        "appeal_type": st.sampled_from(AppealType) if of_appeal else st.none(),
        "reference": st.sampled_from(["EP", "T1"]),
        "sections": st.tuples(section),
    }


def appealable(pupil: Pupil) -> dict[str, Strategy]:
    """Return a decision that can be appealed, as an appeal names it."""
    decision = next(iter(pupil.la_decisions[-1:]), None)
    if decision is None:
        return {}
    return {
        "ground": st.just(decision.ground),
        "decision_letter_dated": st.just(decision.letter_dated),
    }


def sections_of(pupil: Pupil, command_class: type[Command]) -> Strategy:
    """Return sections of a plan, or those that an appeal names if it is against a plan."""
    against_plan = any(d.ground is AppealGround.CONTENTS for d in pupil.la_decisions[-1:])
    if command_class is LodgeAppeal and not against_plan:
        return st.just(())
    return st.just(("B", "F"))


def outcomes_of(pupil: Pupil, command_class: type[Command]) -> Strategy:
    """Return the outcomes of a plan, or the progress towards those of the plan there is."""
    if command_class is SubmitEhcAdvice:
        return st.just(("Reads alone",))
    if command_class is not HoldAnnualReview:
        return st.just(EHC_PLAN.outcomes)
    refs = pupil.ehc_plans[-1].outcomes if pupil.ehc_plans else ()
    return st.just(tuple(OutcomeProgress(ref=ref, progress="On track") for ref in refs))


@st.composite
def corrections(draw: st.DrawFn, history: History) -> dict[str, Any]:
    """Return fields for a correction of what an entry says, to what another one says there."""
    read = [event for event in history.read() if not isinstance(event, Struck)]
    said = [event.model_dump(mode="json") for event in read]
    entry = draw(st.sampled_from(said))
    name = draw(st.sampled_from(sorted(entry.keys() - ENVELOPE)))
    others = [other[name] for other in said if name in other]
    days = [day.isoformat() for day in DAYS] if isinstance(entry[name], str) else []
    made: dict[str, Any] = draw(fields(CorrectEntry))
    return made | {
        "entry_version": entry["originator_version"],
        "field": name,
        "from_value": entry[name],
        "to_value": draw(st.sampled_from([*others, *days, "specialist", 1, 2])),
    }


def leaves(base: type[Any]) -> Iterator[type[Any]]:
    for subclass in base.__subclasses__():
        yield from leaves(subclass)
        if not subclass.__abstractmethods__:
            yield subclass


COMMANDS: list[type[Command]] = sorted(leaves(Command), key=lambda command: command.__name__)
EVENT_CLASSES = [e for e in EVENTS.values() if issubclass(e, PupilEvent)]

DAY = DAYS[1]
FAMILY: list[Command] = [RECORD_MOTHER, RECORD_GRANDMOTHER]
TOLD: list[Command] = [RECORD_MOTHER, IDENTIFY, TELL]
WATCHED: list[Command] = [
    RaiseConcern(
        occurred_on=DAY,
        areas=(Area.COGNITION,),
        noticed_on=DAY,
        description="Reads well below the class",
        strengths="Draws with care",
        factors_considered=(Factor.EAL,),
        home_language_assessed=True,
    ),
    StartMonitoring(occurred_on=DAY, focus="Reading"),
    PlaceLegalHold(occurred_on=DAY, kind=HoldKind.COMPLAINT, why="A complaint is open"),
    IDENTIFY,
    RecordAgencyInvolvement(occurred_on=DAY, agency="EP", professional="The psychologist"),
]
PLANNED: list[Command] = [
    *TOLD,
    ADD,
    ScheduleReview(
        occurred_on=DAY, kind=ReviewKind.TERMLY, planned_on=DAYS[2], invited=("The mother",)
    ),
    DraftPlan(
        occurred_on=DAY,
        kind=PlanKind.IP,
        review_on=DAYS[2],
        class_teacher="Mr Hughes",
        targets=(
            Target(
                ref="T1",
                text="Read 30 words a minute",
                area=Area.COGNITION,
                baseline="11 words",
                success="30 words on three days",
                due_on=DAYS[2],
                expected_impact="Closes a third of the gap",
            ),
        ),
    ),
]
GIVEN: list[Command] = [
    *PLANNED,
    StartProvision(
        occurred_on=DAY,
        intervention="Precision teaching",
        tier=Tier.TARGETED,
        area=Area.COGNITION,
        target="T1",
        delivery=Delivery(
            deliverer=Deliverer(role="teaching_assistant"),
            group_size=3,
            sessions_per_week=Decimal(5),
            minutes=10,
            hourly_rate=Decimal("16.40"),
        ),
        weeks=39,
        entry_data="11 words a minute",
    ),
    PlaceOnMedicalRegister(occurred_on=DAY, condition="EP"),
]
WITH_EHC_PLAN: list[Command] = [
    RECORD_MOTHER,
    RecordAgreement(occurred_on=DAYS[2], purpose=Purpose.EHC_REQUEST, contact_id=MOTHER),
    EHC_PLAN,
]
WAITED_FOR: list[Command] = [
    RECORD_MOTHER,
    RecordAgreement(occurred_on=DAY, purpose=Purpose.REDUCED_TIMETABLE, contact_id=MOTHER),
    ReceiveAccessRequest(
        occurred_on=DAY, requester="The mother", on_behalf=True, how="By letter", scope="All"
    ),
    ReceiveComplaint(occurred_on=DAY, contact_id=MOTHER, about="A letter", how="By email"),
    PlanTransition(occurred_on=DAY, to="EP", kind=TransitionKind.CLASS, transfer_on=DAYS[2]),
    SendHandover(occurred_on=DAY, to="EP", what=("The file",), how="By post"),
    MovePupilAcademy(occurred_on=DAY, to_academy="EP", nc_year="3", accepted_by="EP"),
    MovePupilAcademy(
        occurred_on=DAY, to_academy="Alder Park Academy", nc_year="3", accepted_by="EP"
    ),
]
OPENINGS = [[], FAMILY, TOLD, WATCHED, PLANNED, GIVEN, WITH_EHC_PLAN, WAITED_FOR]
"""What may be on record before anything is asked."""


ANOTHER = replace(a_pupil().pupil, id=NOBODY, merged={UUID(int=1): 2})
"""The other pupil of what is recorded in two records at once; what becomes of it is not followed:
see ``test_merging``."""


def another_of(command: Command) -> Pupil | None:
    """Return the other pupil whom a command names, if there is one."""
    named = isinstance(command, OfTwoRecords) and command.into_pupil_id == ANOTHER.id
    return ANOTHER if named else None


class History:
    """A pupil, kept as events come, with the events it came from."""

    def __init__(self) -> None:
        self.events: list[DomainEvent] = []
        self.pupil = self.record(ADMIT.decide(by(command_id=UUID(int=1))))

    def record(self, events: Sequence[DomainEvent]) -> Pupil:
        assert events, "a command that is taken records something"
        self.events += events
        pupil = pupil_of(self.read())
        assert pupil is not None
        self.pupil = pupil
        return pupil

    def read(self) -> list[Reading]:
        """Return the events as they read with their corrections."""
        return as_corrected(self.events)

    def ask(self, command: Command, command_id: UUID) -> Sequence[DomainEvent]:
        """Give a command, which may be refused."""
        try:
            who = by(command_id=command_id, history=self.events, another=another_of(command))
            decided = command.decide(self.pupil, who)
            events = [event for event in decided if event.originator_id == self.pupil.id]
        except SendRecordsError as refusal:
            known = refusals_of_command(type(command))
            assert type(refusal) in known  # noqa: PT017 - to be refused is no failure here
            return []
        self.record(events)
        return events

    def count(self, *event_classes: type[DomainEvent]) -> int:
        return sum(isinstance(event, event_classes) for event in self.read())


FAMILY_PART = {
    module.__name__
    for module in (
        access_clock,
        access_requests,
        complaints,
        handovers,
        reduced_timetables,
        timetable_reviews,
        transition,
    )
}
OF_THE_FAMILY = [command for command in COMMANDS if command.__module__ in FAMILY_PART]
"""Which follow one another closely, and seldom meet among all that can be asked."""


@pytest.mark.parametrize(
    ("openings", "commands", "reached"),
    [(OPENINGS, COMMANDS, 40), ([WAITED_FOR], OF_THE_FAMILY, 14)],
    ids=["everything", "the family's part"],
)
def test_whatever_is_asked_in_whatever_order_the_record_stays_sound(
    openings: list[list[Command]], commands: list[type[Command]], reached: int
) -> None:
    recorded: set[str] = set()

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(openings), st.integers(25, 50), st.data())
    def try_it(opening: list[Command], length: int, data: st.DataObject) -> None:
        history = History()
        for place, command in enumerate(opening):
            assert history.ask(command, MOTHER if place == 0 else UUID(int=100 + place))
        for place in range(length):
            before = history.pupil
            command_class = data.draw(st.sampled_from(commands))
            try:
                said = fields(command_class, known_in(history, command_class))
                if command_class is CorrectEntry:
                    said = corrections(history)
                command = command_class(**data.draw(said))
            except ValidationError:
                continue
            events = history.ask(command, UUID(int=1000 + place))
            recorded.update(type(event).__name__ for event in events)
            if events:
                require_sound(history, before, command)
        assert replayed(history.events) == history.pupil

    try_it()
    assert len(recorded) > reached, f"never came to {sorted(set(EVENTS) - recorded)}"


def require_sound(history: History, before: Pupil, command: Command) -> None:
    pupil = history.pupil
    assert [event.originator_version for event in history.events] == list(
        range(1, pupil.version + 1)
    )
    assert all(event.occurred_on <= TODAY for event in history.events)

    ranks = [need.rank for need in pupil.needs.values()]
    assert len(set(ranks)) == len(ranks)

    on_register = history.count(AddedToSendRegister) - history.count(RemovedFromSendRegister)
    assert on_register == (pupil.registration is not None)
    assert pupil.registration is None or 1 in ranks
    monitored = history.count(MonitoringStarted) - history.count(MonitoringEnded)
    assert monitored == (pupil.monitoring is not None)
    assert not (on_register and monitored)

    maintained = [plan for plan in pupil.ehc_plans if plan.ceased_on is None]
    assert maintained in ([], [*pupil.ehc_plans[-1:]])

    reduced = history.count(ReducedTimetableAgreed) - history.count(ReducedTimetableEnded)
    assert reduced == (pupil.reduced_timetable is not None)
    assert history.count(PupilMoveAccepted) <= history.count(PupilMovedAcademy)

    answered = [
        event.request_id
        for event in history.read()
        if isinstance(event, DisclosureSent | RequestRefused)
    ]
    assert len(set(answered)) == len(answered)
    waiting = [each.id for each in pupil.access_requests.values() if each.closed_on is None]
    assert set(waiting) == set(pupil.access_requests) - set(answered)

    closed = [event.concern_id for event in history.read() if isinstance(event, ConcernClosed)]
    assert len(set(closed)) == len(closed)

    if before.merged_into is not None:
        assert command.after_merging

    if before.left_on is not None and command.occurred_on > before.left_on:
        assert command.after_leaving


def replayed(events: Sequence[DomainEvent]) -> Pupil | None:
    """Return the pupil that events add up to, once written down and read back."""
    read = []
    for event in events:
        stored = event.model_dump(mode="json")
        read.append(type(event).model_validate(stored, context=STORED))
        assert read[-1] == event
    return pupil_of(as_corrected(read))


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(EVENT_CLASSES), max_size=20), st.data())
def test_what_is_recorded_can_be_applied_whatever_came_before_it(
    event_classes: list[type[PupilEvent]], data: st.DataObject
) -> None:
    """As when only what had occurred by a day is read, and what it followed is not among it."""
    pupil = a_pupil().pupil
    for event_class in event_classes:
        pupil = data.draw(some(event_class)).apply(pupil)

    assert isinstance(pupil, Pupil)


@pytest.mark.parametrize("event_class", EVENT_CLASSES, ids=lambda event_class: event_class.__name__)
@settings(max_examples=5)
@given(st.data())
def test_every_event_can_be_applied_to_a_pupil_of_whom_nothing_is_known(
    event_class: type[PupilEvent], data: st.DataObject
) -> None:
    assert data.draw(some(event_class)).apply(a_pupil().pupil).id
