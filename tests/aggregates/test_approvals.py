"""A second person approves the very file that was prepared; and nothing else is sent, whoever does
what in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from send_records.aggregates import bundles, decisions, disclosures, handovers, preparations
from send_records.aggregates.access_answers import DisclosureSent, RefusalGround, RefuseRequest
from send_records.aggregates.access_requests import RequestClosed
from send_records.aggregates.approvals import (
    AlreadyApproved,
    ApproveDisclosure,
    ApproverPrepared,
    DisclosureApproved,
    DisclosureReturned,
    PackDiffers,
    ReturnDisclosure,
)
from send_records.aggregates.base import By, Command, DomainEvent, PupilEvent
from send_records.aggregates.bundle_contents import BundleKind
from send_records.aggregates.bundles import BundlePrepared, BundleServed
from send_records.aggregates.decisions import Decided, DiscloseItems
from send_records.aggregates.disclosures import DisclosurePrepared
from send_records.aggregates.handovers import HandoverSent, SendHandover
from send_records.aggregates.items import ItemRef
from send_records.aggregates.preparations import (
    AlreadySent,
    DisclosureNotApproved,
    PackPurpose,
    PreparationVoid,
    Prepared,
    Void,
)
from send_records.aggregates.pupil import Pupil
from send_records.aggregates.values import Role
from send_records.errors import NotFound, SendRecordsError
from tests.aggregates.preparing import (
    ANEW,
    APPROVE,
    CLAIM,
    DPO,
    EVIDENCE,
    FOR_A_SCHOOL,
    IDENTIFY,
    PREPARE,
    PREPARED,
    PRINCIPAL,
    RECEIVE,
    REQUEST,
    RETURN,
    SEARCH,
    SEND,
    SERVE,
    WITHHOLD,
    appealed,
    bundled,
    prepared,
    searched,
)
from tests.scenario import NOBODY, SENCO, TODAY, Scenario, a_family, but, by, pack


def test_somebody_else_approves_the_file_that_was_prepared() -> None:
    approved = (
        prepared()
        .when(APPROVE)
        .then(DisclosureApproved, preparation_id=PREPARED, sha256=pack(PREPARED).sha256)
    )

    kept = approved.pupil.preparations[PREPARED]
    assert (kept.approved_by, kept.approved_on) == (DPO.id, TODAY)
    prepared().by(PRINCIPAL).when(APPROVE).then(DisclosureApproved)
    bundled().when(APPROVE).then(DisclosureApproved)
    assert ApproveDisclosure.roles == ReturnDisclosure.roles == {Role.DPO, Role.PRINCIPAL}
    assert ApproveDisclosure.steps_up


def test_it_is_approved_and_returned_on_the_day_on_which_that_is_recorded() -> None:
    early = date(2026, 11, 10)

    prepared().when(but(APPROVE, occurred_on=early)).then(DisclosureApproved, occurred_on=TODAY)
    prepared().when(but(RETURN, occurred_on=early)).then(DisclosureReturned, occurred_on=TODAY)


def test_whoever_prepared_it_does_not_approve_it() -> None:
    own = searched().given(PREPARE, new_id=PREPARED)

    own.when(APPROVE).refused(ApproverPrepared)
    own.by(PRINCIPAL).when(APPROVE).then(DisclosureApproved)


def test_whoever_decided_on_what_is_in_it_does_not_approve_it() -> None:
    """The data protection officer withheld something; the SENDCo prepared what is left."""
    decided = searched().given(WITHHOLD).by(SENCO).given(PREPARE, new_id=PREPARED)

    decided.by(DPO).when(APPROVE).refused(ApproverPrepared)
    decided.by(PRINCIPAL).when(APPROVE).then(DisclosureApproved)


def test_what_is_approved_is_what_was_prepared() -> None:
    prepared().when(but(APPROVE, sha256="0" * 64)).refused(PackDiffers)
    prepared().when(but(APPROVE, preparation_id=NOBODY)).refused(NotFound)


def test_it_is_approved_once() -> None:
    prepared().given(APPROVE).by(PRINCIPAL).when(APPROVE).refused(AlreadyApproved)


def test_what_was_sent_is_neither_approved_nor_returned() -> None:
    hand_over = SendHandover(
        occurred_on=TODAY, to="Northgate", what=("File",), how="Post", preparation_id=PREPARED
    )
    sent = a_family().given(FOR_A_SCHOOL, new_id=PREPARED).given(hand_over).by(PRINCIPAL)

    sent.when(APPROVE).refused(AlreadySent)
    sent.when(RETURN).refused(AlreadySent)


def test_nothing_is_approved_of_a_request_that_is_closed() -> None:
    refuse = RefuseRequest(
        occurred_on=TODAY,
        request_id=REQUEST,
        ground=RefusalGround.UNFOUNDED,
        why="Withdrawn in all but name",
        how="Letter",
        told_of_complaint_rights=True,
    )

    prepared().given(refuse).by(PRINCIPAL).when(APPROVE).refused(RequestClosed)


def test_what_was_returned_is_neither_approved_nor_sent_but_prepared_anew() -> None:
    for before in (prepared(), prepared().given(APPROVE)):
        returned = before.when(RETURN).then(DisclosureReturned, why="A brother is named")
        assert returned.pupil.preparations[PREPARED].why_void is Void.RETURNED
        returned.by(PRINCIPAL).when(APPROVE).refused(PreparationVoid)
        returned.when(RETURN).refused(PreparationVoid)
        returned.when(SEND).refused(PreparationVoid)
    returned.by(SENCO).given(PREPARE, new_id=ANEW).by(PRINCIPAL).when(
        but(APPROVE, preparation_id=ANEW, sha256=pack(ANEW).sha256)
    ).then(DisclosureApproved)


def test_nothing_is_sent_that_was_not_approved() -> None:
    prepared().when(SEND).refused(DisclosureNotApproved)
    sent = prepared().given(APPROVE).when(SEND).then(DisclosureSent, sha256=pack(PREPARED).sha256)
    assert sent.pupil.preparations[PREPARED].sent
    bundled().when(SERVE).refused(DisclosureNotApproved)
    bundled().given(APPROVE).when(SERVE).then(BundleServed, sha256=pack(PREPARED).sha256)


PEOPLE = [
    SENCO,
    SENCO.model_copy(update={"id": UUID(int=11), "name": "Kim Ade"}),
    DPO,
    DPO.model_copy(update={"id": UUID(int=12), "name": "Ola Brandt"}),
    PRINCIPAL,
]

DISCLOSE = DiscloseItems(occurred_on=TODAY, request_id=REQUEST, items=(ItemRef(entry=1),))
HAND_OVER = SendHandover(occurred_on=TODAY, to="Northgate High School", what=("File",), how="Post")

SENDING: dict[str, Command] = {
    PackPurpose.SUBJECT_ACCESS: SEND,
    PackPurpose.HANDOVER: HAND_OVER,
    BundleKind.EVIDENCE: SERVE,
    BundleKind.DISCRIMINATION: SERVE,
}

Sent = DisclosureSent | BundleServed | HandoverSent
"""What says that something left."""


def made_for(event: DomainEvent) -> tuple[object, ...] | None:
    """Return what a pack was made for; None if the event makes none."""
    if isinstance(event, DisclosurePrepared):
        return event.purpose, event.request_id
    if isinstance(event, BundlePrepared):
        return event.kind, event.appeal_id, event.reference
    return None


def require_answered_for(history: Sequence[DomainEvent], sent: Sent) -> None:
    """Hold what leaves against the bare history, in which every entry has its own version for its
    place in the log: nothing was decided, prepared or returned since the log was read for it, it
    has not left before, and another person approved that very file."""
    this = [e for e in history if getattr(e, "preparation_id", None) == sent.preparation_id]
    [made] = [e for e in this if isinstance(e, Prepared)]
    after = [e for e in history if e.originator_version > made.originator_version]
    assert sent.sha256 == made.pack.sha256, "another file left"
    assert not any(isinstance(e, Sent) for e in this), "it left twice"
    assert not any(isinstance(e, DisclosureReturned) for e in this), "it had been returned"
    assert made_for(made) not in [made_for(e) for e in after], "it had been prepared anew"
    if isinstance(sent, HandoverSent):
        return
    approved = [e for e in this if isinstance(e, DisclosureApproved)]
    assert [e.sha256 for e in approved] == [sent.sha256], "that file was not approved"
    request_id = getattr(made, "request_id", None)
    decided = [e for e in history if isinstance(e, Decided) and e.request_id == request_id]
    read_to = made.pack.position
    assert all(e.originator_version <= read_to for e in decided), "something was decided since"
    first = {e.metadata.recorded_by.id for e in [made, *decided]}
    assert approved[0].metadata.recorded_by.id not in first, "one person did both"


class Leaving(RuleBasedStateMachine):
    """Jobs that make packs and take their time; meanwhile people decide, approve, return and send,
    each trying what they like."""

    sent: ClassVar[Counter[str]] = Counter()

    @initialize()
    def begin(self) -> None:
        asked = appealed().by(DPO).given(RECEIVE, new_id=REQUEST)
        self.record(asked.given(IDENTIFY, SEARCH))
        self.jobs: list[tuple[Command, UUID, int]] = []
        self.number = 0

    def record(self, told: Scenario) -> None:
        """Keep what is told, each entry in its place in the log, which holds no other record."""
        self.told = replace(
            told,
            events=tuple(
                e.model_copy(update={"position": e.originator_version}) for e in told.events
            ),
        )

    def give(
        self, data: st.DataObject, command: Command, key: UUID | None = None, read_to: int = 0
    ) -> None:
        """Let somebody whose role it is for give a command; it may be refused."""
        actor = data.draw(st.sampled_from([each for each in PEOPLE if each.role in command.roles]))
        key = key or self.new_key()
        who = by(actor, command_id=key, history=self.told.events)
        who = replace(who, pack=replace(pack(key), position=read_to))
        try:
            decided = command.decide(self.told.pupil, who)
        except SendRecordsError:
            return
        for event in decided:
            if isinstance(event, Sent):
                require_answered_for(self.told.events, event)
                self.sent[type(event).__name__] += 1
        self.record(self.told.after(decided))

    def new_key(self) -> UUID:
        self.number += 1
        return UUID(int=30_000 + self.number)

    def named(self, data: st.DataObject) -> UUID:
        """Return something that was prepared, most often what was last."""
        known = [*self.told.pupil.preparations]
        return data.draw(st.one_of(st.just(known[-1]), st.sampled_from(known)))

    @rule(command=st.sampled_from([PREPARE, PREPARE, EVIDENCE, CLAIM, FOR_A_SCHOOL]))
    def read(self, command: Command) -> None:
        """A job reads the log as it is now."""
        self.jobs.append((command, self.new_key(), self.told.pupil.version))

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def prepare(self, data: st.DataObject) -> None:
        """A job has made its pack, and records it."""
        last = len(self.jobs) - 1
        which = data.draw(st.one_of(st.just(last), st.integers(0, last)))
        command, key, read_to = self.jobs.pop(which)
        self.give(data, command, key, read_to)

    @rule(data=st.data(), command=st.sampled_from([WITHHOLD, DISCLOSE]))
    def decide(self, data: st.DataObject, command: Command) -> None:
        self.give(data, command)

    @precondition(lambda self: self.told.pupil.preparations)
    @rule(data=st.data(), right=st.integers(0, 3))
    def approve(self, data: st.DataObject, right: int) -> None:
        which = self.named(data)
        sha256 = pack(which).sha256 if right else pack(NOBODY).sha256
        self.give(data, but(APPROVE, preparation_id=which, sha256=sha256))

    @precondition(lambda self: self.told.pupil.preparations)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        self.give(data, but(RETURN, preparation_id=self.named(data)))

    @precondition(lambda self: self.told.pupil.preparations)
    @rule(data=st.data(), as_meant=st.integers(0, 3))
    def send(self, data: st.DataObject, as_meant: int) -> None:
        """Most often by the door that it was prepared for."""
        which = self.named(data)
        meant = SENDING[self.told.pupil.preparations[which].purpose]
        command = meant if as_meant else data.draw(st.sampled_from([SEND, SERVE, HAND_OVER]))
        self.give(data, but(command, preparation_id=which))

    @rule(
        data=st.data(),
        command=st.sampled_from([PREPARE, PREPARE, EVIDENCE, CLAIM, FOR_A_SCHOOL]),
        interrupted=st.integers(0, 7),
    )
    def go_straight(self, data: st.DataObject, command: Command, interrupted: int) -> None:
        """One step after another, which chance would seldom take, but for what comes between."""
        steps: tuple[Callable[[], None], ...] = (
            lambda: self.read(command),
            lambda: self.prepare(data),
            lambda: self.approve(data, right=1),
            lambda: self.send(data, as_meant=1),
        )
        for number, step in enumerate(steps):
            if number == interrupted:
                self.decide(data, WITHHOLD)
            if number < 2 or self.told.pupil.preparations:
                step()


def run_often(seeds: int, **how: Any) -> None:
    """Run the machine twenty times from each of so many seeds."""
    for number in range(seeds):
        run_state_machine_as_test(
            seed(number)(Leaving),
            settings=settings(
                max_examples=20,
                stateful_step_count=40,
                suppress_health_check=list(HealthCheck),
                deadline=None,
                **how,
            ),
        )


def test_nothing_leaves_that_another_person_did_not_approve_as_it_is() -> None:
    Leaving.sent.clear()

    run_often(5)

    assert set(Leaving.sent) == {"DisclosureSent", "BundleServed", "HandoverSent"}, Leaving.sent


def plant_one_person(planting: pytest.MonkeyPatch) -> None:
    planting.setattr(ApproveDisclosure, "_first_persons", lambda *_: frozenset())


def plant_any_hash(planting: pytest.MonkeyPatch) -> None:
    decide = ApproveDisclosure.decide

    def approve(said: ApproveDisclosure, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        found = pupil.preparations[said.preparation_id]
        [event] = decide(but(said, sha256=found.sha256), pupil, by)
        return [event.model_copy(update={"sha256": said.sha256})]

    planting.setattr(ApproveDisclosure, "decide", approve)


def plant_no_approval(planting: pytest.MonkeyPatch) -> None:
    planting.setattr(bundles, "require_approved", preparations.require_unsent)


def plant_decisions_that_void_nothing(planting: pytest.MonkeyPatch) -> None:
    planting.setattr(decisions, "voided", lambda pupil, _: pupil)


def plant_decisions_unseen_meanwhile(planting: pytest.MonkeyPatch) -> None:
    planting.setattr(preparations, "_undoes", lambda *_: False)


def plant_the_earlier_one_stands(planting: pytest.MonkeyPatch) -> None:
    planting.setattr(disclosures, "prepared", preparations.with_preparation)


def plant_a_return_that_is_forgotten(planting: pytest.MonkeyPatch) -> None:
    planting.setattr(DisclosureReturned, "apply", lambda _, pupil: pupil)


def plant_sent_again(planting: pytest.MonkeyPatch) -> None:
    planting.setattr(handovers, "as_sent", lambda pupil, _: pupil)


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (plant_one_person, "one person did both"),
        (plant_any_hash, "that file was not approved"),
        (plant_no_approval, "that file was not approved"),
        (plant_decisions_that_void_nothing, "something was decided since"),
        (plant_decisions_unseen_meanwhile, "something was decided since"),
        (plant_the_earlier_one_stands, "it had been prepared anew"),
        (plant_a_return_that_is_forgotten, "it had been returned"),
        (plant_sent_again, "it left twice"),
    ],
)
def test_the_machine_finds_a_rule_that_is_not_kept(
    monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None], found: str
) -> None:
    plant(monkeypatch)

    with pytest.raises(AssertionError, match=found):
        run_often(15, phases=[Phase.generate], print_blob=False)
