"""Given, when, then: the language of the domain tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest

from send_records.aggregates.approvals import ApproveDisclosure
from send_records.aggregates.base import Actor, By, Command, DomainEvent, Metadata
from send_records.aggregates.contacts import ContactDetails, RecordContact
from send_records.aggregates.contents import Content, Pack
from send_records.aggregates.corrected import Reading, as_corrected, pupil_of
from send_records.aggregates.details import Sex
from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.aggregates.ehc_plans import PlanOutcome, RecordEhcPlan
from send_records.aggregates.enrolment import AdmitPupil
from send_records.aggregates.needs import IdentifyNeed
from send_records.aggregates.notices import GiveNotice, NoticeOf
from send_records.aggregates.preparations import PackPurpose
from send_records.aggregates.pupil import Pupil
from send_records.aggregates.register import AddToSendRegister, SupportLevel
from send_records.aggregates.searches import RecordSearch
from send_records.aggregates.values import Area, Role, Source, Value
from send_records.api.refusals import refusals_of_command
from send_records.errors import SendRecordsError
from send_records.rules import shipped_rules

TODAY = date(2026, 11, 23)

NOON = time(12, tzinfo=UTC)
"""When what is said of a day is said."""

SENCO = Actor(id=UUID(int=1), name="Sam Okoro", role=Role.SENCO, academy="Alder Park Academy")

ADMIT = AdmitPupil(
    occurred_on=date(2023, 9, 4),
    legal_name="Aisha Rahman",
    date_of_birth=date(2017, 3, 11),
    sex=Sex.FEMALE,
    upn="D001000026001",
    academy="Alder Park Academy",
    nc_year="2",
)

NOBODY = UUID(int=0)
"""The id of nothing on record."""

MOTHER = UUID(int=51)
RECORD_MOTHER = RecordContact(
    occurred_on=date(2023, 9, 4),
    contact=ContactDetails(
        name="Nasreen Rahman",
        relationship="mother",
        parental_responsibility=True,
        language="Bengali",
        interpreter=True,
    ),
)

GRANDMOTHER = UUID(int=52)
RECORD_GRANDMOTHER = RecordContact(
    occurred_on=date(2023, 9, 4),
    contact=ContactDetails(
        name="Salma Rahman", relationship="grandmother", parental_responsibility=False
    ),
)

IDENTIFY = IdentifyNeed(
    occurred_on=date(2023, 12, 12),
    sen_type="SPLD",
    rank=1,
    areas=(Area.COGNITION,),
    strengths={Area.COGNITION: "Strong visual memory"},
)
TELL = GiveNotice(
    occurred_on=date(2023, 12, 13),
    notice_of=NoticeOf.SEN_PROVISION,
    contact_ids=(MOTHER,),
    how="Letter, and a meeting with an interpreter",
)
ADD = AddToSendRegister(
    occurred_on=date(2023, 12, 13),
    level=SupportLevel.TARGETED,
    why="Little progress after monitoring",
)

EHC_PLAN = RecordEhcPlan(
    occurred_on=date(2024, 5, 20),
    local_authority="Oldham",
    final_dated=date(2024, 5, 17),
    primary_need="SPLD",
    sections=("A", "B", "E", "F", "I"),
    outcomes=(
        PlanOutcome(ref="E1", text="Reads a class book alone by the end of Year 6"),
        PlanOutcome(ref="E2", text="Asks for help in words"),
    ),
    placement="Alder Park Academy",
)
"""A plan with two outcomes, for a pupil of Oldham's."""

DPO = Actor(id=UUID(int=3), name="Priya Shah", role=Role.DPO)

E = TypeVar("E", bound=Value)


def but(command: E, **changes: Any) -> E:
    """Return a command with some fields otherwise, judged as when it comes in."""
    return type(command).model_validate({**dict(command), **changes})


def content(key: UUID) -> Content:
    """Return what was uploaded under a key, a minute ago: another content for each key."""
    return Content(1_204, sha256(key.bytes).hexdigest(), "application/pdf", timedelta(minutes=1))


def pack(key: UUID) -> Pack:
    """Return what was made under a key, of the log up to its last event: another for each key."""
    return Pack(
        sha256=sha256(b"pack" + key.bytes).hexdigest(),
        size=48_210,
        pages=31,
        position=1_000_000,
        accesses=12,
        as_of=None,
        entries=40,
        documents=2,
        withheld=1,
        redacted=3,
    )


def by(
    actor: Actor = SENCO,
    *,
    today: date = TODAY,
    command_id: UUID | None = None,
    history: Sequence[DomainEvent] = (),
    uploaded: bool = True,
    another: Pupil | None = None,
    contact_id: UUID | None = None,
    now: datetime | None = None,
) -> By:
    """Return who gives a command and when, under the rules that are shipped; and what was uploaded
    or made under its key, should it be one that files something or prepares it."""
    rules = shipped_rules()
    command_id = command_id or uuid4()
    metadata = Metadata(
        recorded_by=actor,
        command_id=command_id,
        correlation_id=UUID(int=2),
        source=Source.API,
        policy_version=rules.edition(today).id,
    )
    uploads = content(command_id) if uploaded else None
    return By(
        metadata,
        today,
        rules,
        history,
        uploads,
        another,
        contact_id,
        pack(command_id),
        now=now or datetime.combine(today, NOON),
    )


@dataclass(frozen=True)
class Scenario:
    """A pupil, and the command given last."""

    pupil: Pupil
    command: Command | None = None
    last_id: UUID = NOBODY
    """The id of what the last given command made."""
    events: tuple[DomainEvent, ...] = ()
    """What the pupil comes from."""
    actor: Actor = SENCO
    another: Pupil | None = None
    """The other pupil of a command about two."""

    def given(self, *commands: Command, new_id: UUID | None = None) -> Scenario:
        """Execute commands that are not themselves under test; the last makes what has the id."""
        told = self
        for place, command in enumerate(commands, start=1):
            last_id = new_id if new_id is not None and place == len(commands) else uuid4()
            who = by(self.actor, command_id=last_id, history=told.events, another=told.another)
            told = replace(told.after(command.decide(told.pupil, who)), last_id=last_id)
        return replace(told, command=None)

    def after(self, events: Sequence[DomainEvent]) -> Scenario:
        """Return what events leave, each read as it was corrected since."""
        own = [event for event in events if event.originator_id == self.pupil.id]
        told = (*self.events, *own)
        pupil = pupil_of(as_corrected(told))
        assert pupil is not None
        another = self.another
        for event in events:
            if event not in own:
                another = event.mutate(another)
        return replace(self, pupil=pupil, events=told, another=another)

    def read(self) -> Sequence[Reading]:
        """Return what is on record, as it reads with its corrections."""
        return as_corrected(self.events)

    def by(self, actor: Actor) -> Scenario:
        """Go on with what somebody else does."""
        return replace(self, actor=actor)

    def when(self, command: Command) -> Scenario:
        return replace(self, command=command)

    def decided(self) -> Sequence[DomainEvent]:
        """Return the events decided, having seen that they can be applied one after another."""
        assert self.command is not None, "say when() first"
        who = by(self.actor, history=self.events, another=self.another)
        events = self.command.decide(self.pupil, who)
        pupils = {each.id: each for each in (self.pupil, self.another) if each is not None}
        for event in events:
            pupils[event.originator_id] = event.mutate(pupils[event.originator_id])
        return events

    def then(self, event_class: type[DomainEvent], **fields: Any) -> Scenario:
        """Expect exactly one event, with these fields among its own."""
        [event] = self.decided()
        assert type(event) is event_class
        assert {name: getattr(event, name) for name in fields} == fields
        return replace(self.after([event]), command=None)

    def refused(self, error: type[SendRecordsError]) -> None:
        """Expect a refusal, and that the API's description knows of it."""
        with pytest.raises(error) as raised:
            self.decided()
        assert type(raised.value) in refusals_of_command(type(self.command))  # type: ignore[arg-type]


def a_pupil() -> Scenario:
    """A pupil just admitted, with nothing else on record."""
    events = tuple(ADMIT.decide(by()))
    pupil = pupil_of(events)
    assert pupil is not None
    return Scenario(pupil, events=events)


def a_family() -> Scenario:
    """A pupil whose mother (with parental responsibility) and grandmother (without) are known."""
    return (
        a_pupil().given(RECORD_MOTHER, new_id=MOTHER).given(RECORD_GRANDMOTHER, new_id=GRANDMOTHER)
    )


def on_register() -> Scenario:
    """A pupil on the SEND register for targeted support, whose parents were told."""
    return a_family().given(IDENTIFY, TELL, ADD)


def approved(asked: Scenario, request_id: UUID, preparation_id: UUID) -> Scenario:
    """A request for which it was searched, whose answer was then prepared by the SENDCo and
    approved by the data protection officer, today; it goes on as it was, by the same person."""
    search = RecordSearch(
        occurred_on=TODAY,
        request_id=request_id,
        where="The SENDCo's mail",
        terms=("Rahman",),
        found="Two letters, which are filed",
        limited=False,
    )
    prepare = PrepareDisclosure(
        occurred_on=TODAY, purpose=PackPurpose.SUBJECT_ACCESS, request_id=request_id
    )
    prepared = asked.by(SENCO).given(search).given(prepare, new_id=preparation_id)
    approve = ApproveDisclosure(
        occurred_on=TODAY, preparation_id=preparation_id, sha256=pack(preparation_id).sha256
    )
    return prepared.by(DPO).given(approve).by(asked.actor)
