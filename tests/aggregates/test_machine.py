"""Every command, in every state that hypothesis comes to, against a model in plain Python.

A command is taken if and only if the model has nothing against it, is refused by a name that the
model has for it, and leaves what the model writes down; nothing is ever raised but a named refusal.
Commands are made as in ``test_invariants``, and so from their own fields.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, get_args
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, assume, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from pydantic import ValidationError

from send_records.aggregates import consents, contacts, register
from send_records.aggregates.approvals import ApproveDisclosure
from send_records.aggregates.assessments import RecordAssessment, Score
from send_records.aggregates.base import Actor, By, Command, DomainEvent, PupilEvent
from send_records.aggregates.bundles import ServeBundle
from send_records.aggregates.consents import RecordAgreement
from send_records.aggregates.contents import Content
from send_records.aggregates.corrected import Struck
from send_records.aggregates.corrections import CorrectEntry
from send_records.aggregates.decisions import DecisionCommand
from send_records.aggregates.documents import DocumentFiled, FileDocument, SupersedeDocument
from send_records.aggregates.ehc_plan_changes import AmendEhcPlan
from send_records.aggregates.ehc_plans import RecordEhcPlan
from send_records.aggregates.emergencies import BreakGlass
from send_records.aggregates.notices import NoticeOf
from send_records.aggregates.opinions import Opinion
from send_records.aggregates.plan_contents import Target
from send_records.aggregates.plans import AmendPlan, DraftPlan
from send_records.aggregates.pupil import Pupil
from send_records.aggregates.reduced_timetables import AgreeReducedTimetable, Approval
from send_records.aggregates.register import AddToSendRegister, RemoveFromSendRegister
from send_records.aggregates.reviews import Review, ReviewKind
from send_records.aggregates.sessions import LogProvisionSessions
from send_records.aggregates.timetable_reviews import ReviewReducedTimetable
from send_records.aggregates.values import Role
from send_records.api.refusals import refusals_of_command
from send_records.errors import SendRecordsError
from send_records.rules import shipped_rules
from tests.aggregates import model
from tests.aggregates.model.book import MAY_REFUSE, REFUSES, WRITES, Desk, expected
from tests.aggregates.model.reading import differences, read, restrictions
from tests.aggregates.openings import (
    AGREED,
    APPEALED,
    APPROVED,
    ASKED,
    BROKEN,
    CONCERNED,
    MAINTAINED,
    PREPARED,
    REDUCED,
    REPLACED,
    REVIEWED,
    RICH,
)
from tests.aggregates.test_invariants import (
    COMMANDS,
    DAYS,
    FAMILY,
    OPENINGS,
    History,
    Strategy,
    another_of,
    corrections,
    fields,
    known_in,
    some,
)
from tests.scenario import (
    IDENTIFY,
    MOTHER,
    NOON,
    RECORD_GRANDMOTHER,
    RECORD_MOTHER,
    SENCO,
    TODAY,
    by,
)

A_WEEK = timedelta(weeks=1)

OFFICER = Actor(id=UUID(int=701), name="Priya Shah", role=Role.DPO)
ACTORS = [
    SENCO,
    SENCO,
    Actor(id=UUID(int=700), name="Ruth Hill", role=Role.TRUST_SENCO),
    OFFICER,
    Actor(id=UUID(int=702), name="Jo Lund", role=Role.SENCO, academy="EP"),
]
"""The SENDCo of the pupil's academy, of the trust and of the academy ``EP``, and the DPO."""

OUTSIDE = [
    Actor(id=UUID(int=703), name="Nasreen Rahman", role=Role.PARENT),
    Actor(id=UUID(int=704), name="Dr Ines Marsh", role=Role.PROFESSIONAL),
]
"""The mother and a professional from outside, who may give few commands."""


A_MINUTE, A_DAY = timedelta(minutes=1), timedelta(days=1)
UPLOADED = [
    None,
    (1_204, "f" * 64, "application/pdf", A_MINUTE),
    (1_204, "0" * 64, "image/png", A_DAY + A_MINUTE),
    (26_214_401, "0" * 64, "image/png", A_MINUTE),
    (1_204, "0" * 64, "text/html", A_MINUTE),
    (26_214_400, "0" * 64, "image/png", A_DAY),
]
"""What may be there to be filed: nothing; a file; one too old, too large, of another type; and one
just within the limits."""


def near(day: date) -> list[date]:
    """Return some days near one."""
    return [day, day, day + A_WEEK, day - A_WEEK, day + 12 * A_WEEK]


def around(day: date, command_class: type[Command], known: dict[str, Strategy]) -> None:
    """Let the days that a command names be near the day on which it happened."""
    days = st.sampled_from(near(day))
    for name, field in command_class.model_fields.items():
        annotation: Any = field.annotation
        if date in (annotation, *get_args(annotation)) and name != "occurred_on":
            known[name] = st.one_of(days, known.get(name, some(annotation)))
    known.setdefault("occurred_on", st.just(day))


def of_their_own(pupil: Pupil, day: date, command_class: type[Command]) -> dict[str, Strategy]:
    """Return what some commands need that chance would seldom say."""
    if command_class in (RecordEhcPlan, AmendEhcPlan):
        return {"final_dated": st.sampled_from([day, day - A_WEEK, day + A_WEEK])}
    if command_class is LogProvisionSessions:
        first_day = st.sampled_from([day, day - A_WEEK, day + A_WEEK])
        return {"first_day": first_day, "last_day": st.sampled_from([day, day - A_WEEK])}
    if command_class is RemoveFromSendRegister:
        return {"review_on": st.sampled_from([*pupil.reviews, day])}
    if command_class in (DraftPlan, AmendPlan):
        due_on = st.sampled_from([day + 12 * A_WEEK, day + A_WEEK, day])
        outcome_ref = st.sampled_from(["E1", "E2", None])
        target = fields(Target, {"due_on": due_on, "outcome_ref": outcome_ref})
        return {"targets": st.lists(target, min_size=1, max_size=2).map(tuple)}
    if command_class is AgreeReducedTimetable:
        both = (
            Approval(name="Ms Hale", role=Role.PRINCIPAL),
            Approval(name="Ms Adeyemi", role=Role.HEAD_OF_INCLUSION),
        )
        return {"approved_by": st.sampled_from([both, both, both[:1]]), "step_up": st.just(())}
    if command_class is BreakGlass:
        reason = st.sampled_from(["She was taken ill away from here", "Taken ill"])
        return {"reason_given": reason}
    if command_class is SupersedeDocument:
        filed = st.sampled_from([*pupil.documents] or [MOTHER])
        return {"document_id": filed, "superseded_by": filed}
    if command_class is ServeBundle:
        return {"on": st.sampled_from([None, None, day])}
    if command_class is FileDocument:
        return {"sha256": st.sampled_from([None, None, "0" * 64])}
    if issubclass(command_class, DecisionCommand):
        opinion = st.one_of(st.none(), fields(Opinion, {"dated": st.sampled_from(near(day))}))
        said = opinion.map(lambda f: f and Opinion(**f))
        return {"opinion": said, "opinion_on_rest": said}
    if command_class is RecordAssessment:
        values = {"name": st.sampled_from(["total", "EP"]), "value": st.sampled_from([7, 41])}
        nothing: dict[str, Strategy] = dict.fromkeys(("low", "high"), st.none())
        scores = st.tuples(fields(Score, values | nothing))
        return {"tool": st.just("SDQ"), "edition": st.just("4-17"), "scores": scores}
    return {}


@st.composite
def said_of(draw: st.DrawFn, history: History, command_class: type[Command]) -> dict[str, Any]:
    """Return fields for a command about what is on record."""
    if command_class is CorrectEntry:
        return draw(corrections(history))
    on_record = sorted({event.occurred_on for event in history.events})
    day = draw(st.one_of(st.sampled_from(DAYS), st.sampled_from(on_record)))
    known = known_in(history, command_class)
    if command_class in (AgreeReducedTimetable, ReviewReducedTimetable):
        del known["occurred_on"]  # for the invariants' own opening
    around(day, command_class, known)
    if "contact_ids" in command_class.model_fields:
        known["contact_ids"] = st.one_of(known["contact_ids"], st.just((MOTHER,)))
    known |= of_their_own(history.pupil, day, command_class)
    made: dict[str, Any] = draw(fields(command_class, known))
    return made


@dataclass(frozen=True)
class Focus:
    """What a run is mostly about, and what may be on record when it begins."""

    kinds: Sequence[type[Command]]
    openings: Sequence[Sequence[Command]]


MOST = {
    model.access: [ASKED, APPROVED],
    model.appeals: [APPEALED],
    model.communications: [ASKED],
    model.concerns: [CONCERNED],
    model.consents: [AGREED],
    model.corrections: [CONCERNED],
    model.documents: [CONCERNED],
    model.emergencies: [BROKEN],
    model.ehcp: [MAINTAINED, APPEALED, REPLACED, REPLACED],
    model.leaving: [PREPARED, APPROVED],
    model.merging: [FAMILY],
    model.needs: [AGREED],
    model.plans: [REVIEWED],
    model.provision: [REVIEWED],
    model.pupils: [ASKED, REDUCED],
    model.register: [REVIEWED, MAINTAINED],
    model.retention: [ASKED],
    model.reviews: [REVIEWED],
    model.transitions: [REDUCED],
}
"""With what on record each area of the model has most to do: one of these."""

FOCUSES = [
    Focus(
        [kind for kind in vars(area).values() if isinstance(kind, type) and kind in REFUSES],
        openings,
    )
    for area, openings in MOST.items()
]


class Machine(RuleBasedStateMachine):
    """A pupil's record, and the book that is kept of it."""

    kinds: ClassVar[Sequence[type[Command]]] = COMMANDS
    openings: ClassVar[Sequence[Sequence[Command]]] = [*OPENINGS, *RICH]
    focuses: ClassVar[Sequence[Focus]] = FOCUSES
    taken: ClassVar[Counter[str]] = Counter()
    refused: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self.history = History()
        self.given = 0
        self.desk = Desk(
            book=read(self.history.pupil),
            today=TODAY,
            rules=shipped_rules(),
            role=SENCO.role,
            academy=SENCO.academy,
            who=SENCO.id,
            now=datetime.combine(TODAY, NOON),
            new_id=MOTHER,
            entries={e.originator_version: (type(e).__name__, SENCO.role) for e in self.events},
            withdrawn=set(),
            restricted={},
        )

    @property
    def events(self) -> Sequence[Any]:
        return self.history.events

    @initialize(data=st.data())
    def open(self, data: st.DataObject) -> None:
        """Begin with something on record; not with the simplest run, which asks one thing."""
        assume(data.draw(st.integers(0, 255)))
        self.focus = data.draw(st.sampled_from(self.focuses))
        fitting = st.sampled_from(self.focus.openings)
        for command in data.draw(st.one_of(fitting, st.sampled_from(self.openings))):
            actor = OFFICER if isinstance(command, ApproveDisclosure) else SENCO
            self.sits(actor)
            taken = self.ask(command, actor)
            assert taken, f"an opening was refused: {command!r}"

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        """Give a command: of three that chance makes, one that the book has nothing against."""
        kinds = data.draw(st.sampled_from([self.focus.kinds, self.kinds]))
        command_class = data.draw(st.sampled_from(kinds))
        outside = [each for each in OUTSIDE if each.role in command_class.roles]
        actor = data.draw(st.sampled_from([*ACTORS, *outside]))
        self.sits(actor)
        if command_class is FileDocument:
            self.desk.uploaded = data.draw(st.sampled_from([*UPLOADED, self.a_new_one()]))
        command = None
        for _ in range(3):
            try:
                command = command_class(**data.draw(said_of(self.history, command_class)))
            except ValidationError:
                continue
            if not expected(self.desk, command):
                break
        if command is not None:
            self.ask(command, actor)

    def sits(self, actor: Actor) -> None:
        self.given += 1
        first = self.given == 1
        self.desk.new_id = MOTHER if first else UUID(int=10_000 + self.given)
        self.desk.role, self.desk.academy = actor.role, actor.academy
        self.desk.who = actor.id
        self.desk.now += timedelta(minutes=13)
        self.desk.contact = MOTHER if actor.role is Role.PARENT else None
        self.desk.uploaded = None

    def a_new_one(self) -> tuple[int, str, str, timedelta]:
        """Return a file that nobody has filed, uploaded a minute ago."""
        return (1_204, self.desk.new_id.hex * 2, "application/pdf", timedelta(minutes=1))

    def ask(self, command: Command, actor: Actor) -> bool:
        """Give a command to both, and hold the one against the other."""
        kind = type(command)
        wanted = expected(self.desk, command)
        who = by(
            actor,
            command_id=self.desk.new_id,
            history=self.events,
            contact_id=self.desk.contact,
            now=self.desk.now,
        )
        uploaded = self.desk.uploaded
        content = None if uploaded is None else Content(*uploaded)
        who = replace(who, content=content, another=another_of(command))
        try:
            decided = command.decide(self.history.pupil, who)
            events = [each for each in decided if each.originator_id == self.history.pupil.id]
        except SendRecordsError as refusal:
            self.is_refused(command, type(refusal), wanted)
            events = []
        else:
            assert not wanted, f"{command!r} was taken, but the book has {wanted}"
            assert events, f"{command!r} was taken, and nothing is recorded"
            self.is_taken(command, events)
        assert not (found := differences(self.desk.book, self.history.pupil)), (
            f"after {command!r}: {found}"
        )
        self.refused[kind.__name__] += not events
        self.taken[kind.__name__] += bool(events)
        return bool(events)

    def is_refused(
        self, command: Command, refusal: type[SendRecordsError], wanted: set[str]
    ) -> None:
        kind = type(command)
        assert refusal in refusals_of_command(kind), f"{kind.__name__} may not say {refusal}"
        known = wanted | MAY_REFUSE.get(kind, set())
        assert refusal.__name__ in known, f"{command!r}: {refusal.__name__}, the book has {wanted}"

    def is_taken(self, command: Command, events: Sequence[PupilEvent]) -> None:
        WRITES[type(command)](self.desk, command)
        self.history.record(events)
        versions = [event.originator_version for event in self.events]
        assert versions == [*range(1, self.history.pupil.version + 1)]
        recorded = {
            e.originator_version: (type(e).__name__, e.metadata.recorded_by.role) for e in events
        }
        self.desk.entries = {**self.desk.entries, **recorded}
        self.classes(events)
        if any(type(event).__name__ in ("EntryCorrected", "EntryWithdrawn") for event in events):
            self.read_anew()

    @invariant()
    def one_plan(self) -> None:
        """A child has one EHC plan at a time (Children and Families Act 2014 s.37, 44 and 45)."""
        plans = self.desk.book.ehc_plans
        assert all(sum(plan.on(day.since) for plan in plans) <= 1 for day in plans), plans

    def read_anew(self) -> None:
        """Write the book anew, from the record as it reads with its corrections."""
        now = self.history.read()
        self.desk.book = read(self.history.pupil)
        self.desk.withdrawn = {e.originator_version for e in now if isinstance(e, Struck)}
        self.desk.restricted = restrictions(now)
        self.desk.of_health = set()
        self.classes([e.event if isinstance(e, Struck) else e for e in now])

    def classes(self, events: Sequence[DomainEvent]) -> None:
        """Note which entries are of health, and which entry filed a document."""
        for event in events:
            version = event.originator_version
            if event.data_class == "health":
                self.desk.of_health.add(version)
            if isinstance(event, DocumentFiled):
                self.desk.filed_by[event.document_id] = version


def run(machine: type[Machine], runs: int, steps: int, **how: Any) -> None:
    """Run a machine so often, each time from a seed of its own: of many runs from one seed,
    hypothesis makes most by changing a few, and so comes to less."""
    machine.taken.clear()
    machine.refused.clear()
    for number in range(runs):
        run_state_machine_as_test(
            seed(number)(machine),
            settings=settings(
                max_examples=1,
                stateful_step_count=1 + steps,  # the opening counts as one
                suppress_health_check=list(HealthCheck),
                **how,
            ),
        )


def test_the_model_knows_every_command() -> None:
    assert {kind.__name__ for kind in COMMANDS} == {kind.__name__ for kind in REFUSES}
    assert {kind.__name__ for kind in COMMANDS} == {kind.__name__ for kind in WRITES}


def test_what_the_model_expects_is_what_a_command_can_be_refused_with() -> None:
    for kind, names in MAY_REFUSE.items():
        assert names <= {refusal.__name__ for refusal in refusals_of_command(kind)}


def never_taken() -> set[str]:
    return {kind.__name__ for kind in COMMANDS if not Machine.taken[kind.__name__]}


NEVER = {"AssignRetentionClass"}
"""What cannot be taken while the trust has adopted one retention rule: it is in force already."""


def test_the_record_and_the_book_agree_whatever_is_asked() -> None:
    run(Machine, 30, 30)

    assert len(never_taken() - NEVER) < 40, never_taken()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_record_and_the_book_agree_in_three_hundred_runs() -> None:
    run(Machine, 300, 30)

    assert never_taken() <= NEVER, never_taken()


class Adds(Machine):
    """Adds pupils to the register whose parents may not have been told."""

    kinds = (AddToSendRegister,)
    openings = ((RECORD_MOTHER, IDENTIFY),)
    focuses = (Focus(kinds, openings),)


class Removes(Machine):
    """Removes pupils from the register who may not have been reviewed."""

    kinds = (RemoveFromSendRegister,)
    openings = (tuple(REVIEWED),)
    focuses = (Focus(kinds, openings),)


class Agrees(Machine):
    """Has contacts agree who may have no parental responsibility."""

    kinds = (RecordAgreement,)
    openings = ((RECORD_GRANDMOTHER,),)
    focuses = (Focus(kinds, openings),)


def plant_parents_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def told_on(pupil: Pupil, notice_of: NoticeOf, by_day: date) -> date:
        return by_day

    monkeypatch.setattr(register, "told_on", told_on)


def plant_no_review(monkeypatch: pytest.MonkeyPatch) -> None:
    decide = RemoveFromSendRegister.decide
    held = Review(ReviewKind.TERMLY, pupil_took_part=True, parents_took_part=True)

    def unreviewed(said: RemoveFromSendRegister, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        return decide(said, replace(pupil, reviews={said.review_on: held}), by)

    monkeypatch.setattr(RemoveFromSendRegister, "decide", unreviewed)


def plant_no_responsibility(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consents, "responsible_party", contacts.party)


@pytest.mark.parametrize(
    ("machine", "plant", "refusal"),
    [
        (Adds, plant_parents_not_told, "ParentsNotInformed"),
        (Removes, plant_no_review, "ReviewMissing"),
        (Agrees, plant_no_responsibility, "NoParentalResponsibility"),
    ],
)
def test_the_machine_finds_a_rule_that_is_not_kept(
    monkeypatch: pytest.MonkeyPatch,
    machine: type[Machine],
    plant: Callable[[pytest.MonkeyPatch], None],
    refusal: str,
) -> None:
    for kind in COMMANDS:
        refusals_of_command(kind)  # as they are, and not as they will be planted
    run(machine, 3, 10)
    plant(monkeypatch)

    with pytest.raises(AssertionError, match=f"was taken, but the book has .*{refusal}"):
        run(machine, 20, 10, phases=[Phase.generate], print_blob=False)
