from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from send_records.aggregates.base import Actor
from send_records.aggregates.days import NotYetHappened
from send_records.aggregates.enrolment import MovePupilAcademy, ReadmitPupil, RecordLeaving
from send_records.aggregates.handovers import (
    AcceptPupilMove,
    AcknowledgeHandover,
    HandoverAcknowledged,
    HandoverAlreadyAcknowledged,
    HandoverSent,
    NoMoveToAccept,
    NotTheReceivingSenco,
    PupilMoveAccepted,
    SendHandover,
)
from send_records.aggregates.values import Role
from send_records.errors import Invalid, NotFound, NotPermitted
from tests.scenario import NOBODY, SENCO, Scenario, a_pupil, but, by

HANDOVER = UUID(int=14)
LEAVE = RecordLeaving(occurred_on=date(2026, 7, 17), why="Phase transfer")
SEND = SendHandover(
    occurred_on=date(2026, 7, 20),
    to="Northgate High School",
    what=("SEND file", "Chronology"),
    how="Secure transfer",
    receipt_expected_by=date(2026, 9, 15),
)
ACKNOWLEDGE = AcknowledgeHandover(
    occurred_on=date(2026, 9, 4), handover_id=HANDOVER, by="Their SENDCo"
)
MOVE = MovePupilAcademy(
    occurred_on=date(2024, 9, 2),
    to_academy="Brook Lane Academy",
    nc_year="3",
    accepted_by="The receiving SENDCo",
)
ACCEPT = AcceptPupilMove(occurred_on=date(2024, 9, 4))
RECEIVING = SENCO.model_copy(update={"name": "Kim Ade", "academy": "Brook Lane Academy"})


def sent() -> Scenario:
    return a_pupil().given(LEAVE).given(SEND, new_id=HANDOVER)


def test_the_record_is_handed_over_after_the_pupil_has_left() -> None:
    a_pupil().given(LEAVE).when(SEND).then(HandoverSent, receipt_expected_by=date(2026, 9, 15))


def test_a_receipt_is_expected_within_a_week_unless_another_day_is_set() -> None:
    a_pupil().when(but(SEND, receipt_expected_by=None)).then(
        HandoverSent, receipt_expected_by=date(2026, 7, 27)
    )
    a_pupil().when(but(SEND, receipt_expected_by=date(2026, 7, 19))).refused(Invalid)


def test_a_receipt_has_a_day_of_its_own_where_it_was_entered_later() -> None:
    sent().when(ACKNOWLEDGE).then(HandoverAcknowledged, by="Their SENDCo", on=date(2026, 9, 4))
    sent().when(but(ACKNOWLEDGE, on=date(2026, 9, 1))).then(
        HandoverAcknowledged, on=date(2026, 9, 1)
    )
    sent().when(but(ACKNOWLEDGE, on=date(2026, 7, 19))).refused(Invalid)
    sent().when(but(ACKNOWLEDGE, on=date(2026, 11, 24))).refused(NotYetHappened)


def test_what_was_sent_is_acknowledged_once() -> None:
    sent().given(ACKNOWLEDGE).when(ACKNOWLEDGE).refused(HandoverAlreadyAcknowledged)
    sent().when(but(ACKNOWLEDGE, handover_id=NOBODY)).refused(NotFound)


def accepted_by(actor: Actor) -> Scenario:
    """The pupil who moved to Brook Lane, once somebody has accepted the move."""
    moved = a_pupil().given(MOVE)
    [event] = ACCEPT.decide(moved.pupil, by(actor))
    assert isinstance(event, PupilMoveAccepted)
    assert (event.from_academy, event.to_academy) == ("Alder Park Academy", "Brook Lane Academy")
    assert event.moved_on == date(2024, 9, 2)
    return Scenario(event.mutate(moved.pupil))


def test_the_receiving_sendco_accepts_a_move_once() -> None:
    accepted = accepted_by(RECEIVING)

    accepted.when(ACCEPT).refused(NoMoveToAccept)


def test_the_trust_s_sendco_accepts_for_any_academy() -> None:
    accepted_by(SENCO.model_copy(update={"role": Role.TRUST_SENCO, "academy": None}))


@pytest.mark.parametrize("academy", ["Alder Park Academy", None])
def test_nobody_accepts_for_an_academy_that_is_not_theirs(academy: str | None) -> None:
    moved = a_pupil().given(MOVE)

    with pytest.raises(NotTheReceivingSenco):
        ACCEPT.decide(moved.pupil, by(SENCO.model_copy(update={"academy": academy})))


def test_to_accept_for_another_academy_is_not_permitted() -> None:
    assert issubclass(NotTheReceivingSenco, NotPermitted)


def test_there_is_nothing_to_accept_without_a_move() -> None:
    a_pupil().when(ACCEPT).refused(NoMoveToAccept)


def test_a_move_is_accepted_on_the_day_of_it_or_later() -> None:
    moved = a_pupil().given(MOVE, but(MOVE, to_academy="Alder Park Academy"))

    moved.when(but(ACCEPT, occurred_on=date(2024, 9, 1))).refused(Invalid)
    moved.when(but(ACCEPT, occurred_on=date(2024, 9, 2))).then(
        PupilMoveAccepted, from_academy="Brook Lane Academy", to_academy="Alder Park Academy"
    )


def test_a_pupil_who_comes_back_is_not_accepted_by_whom_they_left() -> None:
    back = ReadmitPupil(occurred_on=date(2025, 9, 1), academy="Alder Park Academy", nc_year="4")
    leave = but(LEAVE, occurred_on=date(2024, 12, 20))

    a_pupil().given(MOVE, leave, back).when(ACCEPT).refused(NoMoveToAccept)
