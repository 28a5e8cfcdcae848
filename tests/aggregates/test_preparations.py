"""What is made of the record before it leaves: when it may be, and how long it stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from send_records.aggregates.access_answers import RefusalGround, RefuseRequest
from send_records.aggregates.access_requests import RequestClosed, RequesterNotIdentified
from send_records.aggregates.approvals import DisclosureApproved
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.contents import Pack
from send_records.aggregates.corrected import WhyWithdrawn
from send_records.aggregates.corrections import CorrectEntry, NotPutRightThisWay, WithdrawEntry
from send_records.aggregates.decisions import DiscloseItems
from send_records.aggregates.disclosures import (
    DisclosurePrepared,
    ForTheSendco,
    NotSearchedYet,
    PrepareDisclosure,
)
from send_records.aggregates.ehc_advice import EhcAdviceSubmitted, SubmitEhcAdvice
from send_records.aggregates.enrolment import RecordLeaving
from send_records.aggregates.handovers import HandoverSent, SendHandover
from send_records.aggregates.items import ItemRef
from send_records.aggregates.preparations import (
    AlreadySent,
    PackNotMade,
    PackOutdated,
    PackPurpose,
    PreparationVoid,
    Void,
    require_approved,
    voided,
)
from send_records.aggregates.retention import is_held
from send_records.aggregates.values import Role
from send_records.errors import Invalid, NotFound, NotReadyYet
from tests.aggregates.preparing import (
    ANEW,
    APPROVE,
    DPO,
    FOR_A_SCHOOL,
    FOR_THE_LA,
    PREPARE,
    PREPARED,
    PRINCIPAL,
    RECEIVE,
    REQUEST,
    SEARCH,
    WITHHOLD,
    prepared,
    requested,
    searched,
)
from tests.scenario import NOBODY, SENCO, TODAY, Scenario, a_family, but, by, pack

HAND_OVER = SendHandover(
    occurred_on=TODAY,
    to="Northgate High School",
    what=("SEND file",),
    how="Secure transfer",
    preparation_id=PREPARED,
)
ADVISE = SubmitEhcAdvice(
    occurred_on=TODAY,
    local_authority="Oldham",
    written_by="Sam Okoro",
    needs="Spells far below her age",
    provision="Daily structured phonics",
    preparation_id=PREPARED,
)
DISCLOSE = DiscloseItems(occurred_on=TODAY, request_id=REQUEST, items=(ItemRef(entry=1),))


def why_void(scenario: Scenario, preparation_id: UUID = PREPARED) -> Void | None:
    return scenario.pupil.preparations[preparation_id].why_void


def test_what_was_made_is_recorded_as_it_was_made() -> None:
    pupil = searched().pupil
    who = by(SENCO, command_id=PREPARED)
    made = replace(pack(PREPARED), as_of=date(2026, 11, 1))

    [event] = but(PREPARE, known_on=date(2026, 11, 2)).decide(pupil, replace(who, pack=made))

    assert isinstance(event, DisclosurePrepared)
    assert event.preparation_id == PREPARED
    assert (event.purpose, event.request_id) == (PackPurpose.SUBJECT_ACCESS, REQUEST)
    assert event.known_on == date(2026, 11, 2)
    assert event.pack.model_dump() == {
        name: getattr(made, name)
        for name in Pack.__slots__
        if name not in ("sections", "breaches", "decided_to")
    }
    kept = event.mutate(pupil).preparations[PREPARED]
    assert (kept.prepared_by, kept.sha256) == (SENCO.id, made.sha256)
    assert (kept.approved_by, kept.void, kept.sent) == (None, False, False)


def test_an_access_request_is_prepared_once_it_is_open_identified_and_searched() -> None:
    searched().when(PREPARE).then(DisclosurePrepared, request_id=REQUEST)
    requested().when(PREPARE).refused(NotSearchedYet)
    unknown = a_family().by(DPO)
    unknown.when(PREPARE).refused(NotFound)
    searched().when(but(PREPARE, occurred_on=date(2026, 11, 1))).refused(Invalid)


def test_nothing_is_prepared_for_somebody_who_is_not_known() -> None:
    asked = a_family().by(DPO).given(RECEIVE, new_id=REQUEST).given(SEARCH)

    asked.when(PREPARE).refused(RequesterNotIdentified)


def test_nothing_is_prepared_for_a_request_that_is_closed() -> None:
    refuse = RefuseRequest(
        occurred_on=TODAY,
        request_id=REQUEST,
        ground=RefusalGround.EXCESSIVE,
        why="The fourth this month",
        how="Letter",
        told_of_complaint_rights=True,
    )

    searched().given(refuse).when(PREPARE).refused(RequestClosed)


@pytest.mark.parametrize("purpose", [PackPurpose.HANDOVER, PackPurpose.LA_ADVICE])
def test_a_request_is_named_of_a_subject_access_and_of_nothing_else(purpose: PackPurpose) -> None:
    searched().when(but(PREPARE, request_id=None)).refused(Invalid)
    searched().when(but(PREPARE, purpose=purpose)).refused(Invalid)


@pytest.mark.parametrize("command", [FOR_A_SCHOOL, FOR_THE_LA])
def test_the_sendco_prepares_what_the_next_school_and_the_authority_are_given(
    command: PrepareDisclosure,
) -> None:
    a_family().when(command).then(DisclosurePrepared, request_id=None)
    a_family().by(DPO).when(command).refused(ForTheSendco)
    assert PrepareDisclosure.roles == {Role.SENCO, Role.TRUST_SENCO, Role.DPO}


def test_it_is_ready_before_it_is_made_and_recorded_after() -> None:
    unmade = replace(by(SENCO), pack=None)

    PREPARE.require_ready(searched().pupil, unmade)
    with pytest.raises(PackNotMade):
        PREPARE.decide(searched().pupil, unmade)
    with pytest.raises(NotSearchedYet):
        PREPARE.decide(requested().pupil, unmade)
    assert issubclass(PackNotMade, NotReadyYet)


def test_of_two_who_prepare_the_same_the_later_one_stands() -> None:
    both = prepared().by(SENCO).given(PREPARE, new_id=ANEW).by(DPO)

    assert (why_void(both), why_void(both, ANEW)) == (Void.PREPARED_ANEW, None)
    both.when(APPROVE).refused(PreparationVoid)
    both.when(but(APPROVE, preparation_id=ANEW, sha256=pack(ANEW).sha256)).then(DisclosureApproved)


def test_what_is_prepared_for_something_else_leaves_it_as_it_is() -> None:
    both = prepared().by(SENCO).given(FOR_A_SCHOOL, new_id=ANEW).given(FOR_THE_LA)

    assert [each.void for each in both.pupil.preparations.values()] == [False] * 3


def test_what_was_sent_is_not_made_void_by_another() -> None:
    twice = a_family().given(FOR_A_SCHOOL, new_id=PREPARED).given(HAND_OVER).given(FOR_A_SCHOOL)

    assert why_void(twice) is None
    twice.when(HAND_OVER).refused(AlreadySent)


@pytest.mark.parametrize("decision", [WITHHOLD, DISCLOSE])
def test_what_was_prepared_before_something_was_decided_is_void(
    decision: DiscloseItems,
) -> None:
    """Approved or not."""
    decided = prepared().given(decision)
    assert why_void(decided) is Void.DECIDED_SINCE
    decided.by(PRINCIPAL).when(APPROVE).refused(PreparationVoid)

    after = prepared().given(APPROVE).given(decision)
    assert why_void(after) is Void.DECIDED_SINCE
    with pytest.raises(PreparationVoid, match="decided since"):
        require_approved(after.pupil, PREPARED, PackPurpose.SUBJECT_ACCESS)


def test_only_what_answers_the_request_is_made_void_by_a_decision_on_it() -> None:
    pupil = prepared().by(SENCO).given(FOR_A_SCHOOL, new_id=ANEW).pupil

    assert not voided(pupil, REQUEST).preparations[ANEW].void
    assert voided(pupil, REQUEST).preparations[PREPARED].void
    assert voided(pupil, NOBODY) == pupil


def up_to(told: Scenario, position: int) -> list[DomainEvent]:
    """Return what is on record, the last of it at a position of the log."""
    before = position - len(told.events)
    return [e.model_copy(update={"position": before + e.originator_version}) for e in told.events]


def test_what_was_decided_while_it_was_made_is_in_it_or_it_is_not_recorded() -> None:
    """The pack was made of the log up to 500; the decision came before that, or after."""
    for position, stands in ((500, True), (501, False)):
        told = searched().given(WITHHOLD)
        made = replace(pack(PREPARED), position=500)
        who = replace(by(SENCO, command_id=PREPARED, history=up_to(told, position)), pack=made)
        if stands:
            assert len(PREPARE.decide(told.pupil, who)) == 1
            assert len(FOR_A_SCHOOL.decide(told.pupil, who)) == 1
        else:
            with pytest.raises(PackOutdated):
                PREPARE.decide(told.pupil, who)
            assert len(FOR_A_SCHOOL.decide(told.pupil, who)) == 1


def test_what_was_decided_since_the_day_it_is_known_on_is_in_it() -> None:
    """The record is read up to 400, as it was known on a day; the decisions up to 500."""
    for position, stands in ((500, True), (501, False)):
        told = searched().given(WITHHOLD)
        made = replace(pack(PREPARED), position=400, decided_to=500)
        who = replace(by(SENCO, command_id=PREPARED, history=up_to(told, position)), pack=made)
        earlier = but(PREPARE, known_on=date(2026, 11, 4))
        if stands:
            [event] = earlier.decide(told.pupil, who)
            assert isinstance(event, DisclosurePrepared)
            assert event.pack.position == 400
        else:
            with pytest.raises(PackOutdated):
                earlier.decide(told.pupil, who)


def test_another_preparation_meanwhile_does_not_hide_what_was_decided() -> None:
    """Both were made of the log up to 500, and between them something was decided."""
    told = searched().by(SENCO).given(PREPARE, new_id=ANEW).by(DPO).given(WITHHOLD)
    made = replace(pack(PREPARED), position=500)
    who = replace(by(SENCO, command_id=PREPARED, history=up_to(told, 600)), pack=made)

    with pytest.raises(PackOutdated):
        PREPARE.decide(told.pupil, who)


def test_what_was_prepared_is_corrected_by_preparing_it_anew() -> None:
    version = prepared().pupil.version
    correct = CorrectEntry(
        occurred_on=TODAY,
        entry_version=version,
        field="pack.sha256",
        from_value=pack(PREPARED).sha256,
        to_value="0" * 64,
        why="Wrong",
    )
    withdraw = WithdrawEntry(
        occurred_on=TODAY,
        entry_version=version,
        why=WhyWithdrawn.ENTERED_IN_ERROR,
        explanation="Made too early",
    )

    for command in (correct, withdraw):
        prepared().when(command).refused(NotPutRightThisWay)
        prepared().given(APPROVE).when(but(command, entry_version=version + 1)).refused(
            NotPutRightThisWay
        )


def test_it_is_prepared_after_the_pupil_has_left_too() -> None:
    leave = RecordLeaving(occurred_on=date(2026, 11, 20), why="Phase transfer")

    searched().by(SENCO).given(leave).when(PREPARE).then(DisclosurePrepared)
    a_family().given(leave).when(FOR_A_SCHOOL).then(DisclosurePrepared)


def test_what_is_handed_over_names_the_pack_that_was_sent() -> None:
    ready = a_family().given(FOR_A_SCHOOL, new_id=PREPARED)

    handed = ready.when(HAND_OVER).then(
        HandoverSent, preparation_id=PREPARED, sha256=pack(PREPARED).sha256
    )
    assert handed.pupil.preparations[PREPARED].sent
    ready.when(but(HAND_OVER, preparation_id=None)).then(HandoverSent, sha256=None)
    ready.when(but(HAND_OVER, preparation_id=NOBODY)).refused(NotFound)


def test_the_authority_is_given_the_pack_that_was_prepared_for_it() -> None:
    ready = a_family().given(FOR_THE_LA, new_id=PREPARED)

    given = ready.when(ADVISE).then(
        EhcAdviceSubmitted, preparation_id=PREPARED, sha256=pack(PREPARED).sha256
    )
    assert given.pupil.preparations[PREPARED].sent
    given.when(ADVISE).refused(AlreadySent)
    ready.when(but(ADVISE, preparation_id=None)).then(EhcAdviceSubmitted, sha256=None)


def test_a_pack_is_sent_for_what_it_was_made_for() -> None:
    """What answers a request leaves by no other door, without a second person."""
    prepared().by(SENCO).when(HAND_OVER).refused(NotFound)
    prepared().by(SENCO).when(ADVISE).refused(NotFound)
    a_family().given(FOR_THE_LA, new_id=PREPARED).when(HAND_OVER).refused(NotFound)


def test_an_older_pack_is_not_handed_over_once_it_was_prepared_anew() -> None:
    twice = a_family().given(FOR_A_SCHOOL, new_id=PREPARED).given(FOR_A_SCHOOL, new_id=ANEW)

    twice.when(HAND_OVER).refused(PreparationVoid)
    twice.when(but(HAND_OVER, preparation_id=ANEW)).then(HandoverSent, sha256=pack(ANEW).sha256)
    advised = a_family().given(FOR_THE_LA, new_id=PREPARED).given(FOR_THE_LA, new_id=ANEW)
    advised.when(ADVISE).refused(PreparationVoid)


def test_the_hash_of_what_was_sent_is_nobodys_to_put_right() -> None:
    handed = a_family().given(FOR_A_SCHOOL, new_id=PREPARED).given(HAND_OVER)

    for field in HandoverSent.measured:
        assert field in HandoverSent.model_fields
    assert EhcAdviceSubmitted.measured == HandoverSent.measured == {"preparation_id", "sha256"}
    assert handed.pupil.preparations[PREPARED].sent


def test_what_is_prepared_holds_no_record_beyond_its_request() -> None:
    assert not is_held(a_family().given(FOR_A_SCHOOL).pupil)
    assert is_held(prepared().given(APPROVE).pupil)
