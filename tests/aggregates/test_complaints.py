from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from pydantic import ValidationError

from send_records.aggregates.complaints import (
    AcknowledgeComplaint,
    AnswerComplaint,
    ComplaintAcknowledged,
    ComplaintAlreadyAcknowledged,
    ComplaintAlreadyAnswered,
    ComplaintAnswered,
    ComplaintOutcome,
    ComplaintReceived,
    ReceiveComplaint,
)
from send_records.aggregates.contacts import Party
from send_records.aggregates.enrolment import RecordLeaving
from send_records.aggregates.values import Origin
from send_records.errors import Invalid, NotFound
from tests.scenario import MOTHER, NOBODY, Scenario, a_family, but

COMPLAINT = UUID(int=12)
RECEIVE = ReceiveComplaint(
    occurred_on=date(2026, 9, 14),
    contact_id=MOTHER,
    about="A letter about her went to another family",
    how="By email",
    data_protection=True,
)
ACKNOWLEDGE = AcknowledgeComplaint(
    occurred_on=date(2026, 9, 16), complaint_id=COMPLAINT, how="By letter"
)
ANSWER = AnswerComplaint(
    occurred_on=date(2026, 10, 2),
    complaint_id=COMPLAINT,
    outcome=ComplaintOutcome.UPHELD,
    answer="It should not have happened",
    how="By letter",
)


def received() -> Scenario:
    return a_family().given(RECEIVE, new_id=COMPLAINT)


def test_a_complaint_says_from_whom_and_whether_it_is_about_personal_data() -> None:
    mother = Party(contact_id=MOTHER, name="Nasreen Rahman", relationship="mother")

    a_family().when(RECEIVE).then(
        ComplaintReceived,
        from_contact=mother,
        from_other=None,
        data_protection=True,
        origin=Origin.PARENT,
    )


def test_somebody_who_is_no_contact_may_complain() -> None:
    neighbour = but(RECEIVE, contact_id=None, from_other="A neighbour", data_protection=False)

    a_family().when(neighbour).then(
        ComplaintReceived, from_contact=None, from_other="A neighbour", data_protection=False
    )
    a_family().when(but(RECEIVE, contact_id=NOBODY)).refused(NotFound)


@pytest.mark.parametrize("who", [{"contact_id": None}, {"from_other": "Another"}])
def test_a_complaint_has_one_complainant(who: dict[str, str | None]) -> None:
    with pytest.raises(ValidationError, match="Say who complains"):
        but(RECEIVE, **who)


def test_a_complaint_is_acknowledged_once() -> None:
    acknowledged = received().when(ACKNOWLEDGE).then(ComplaintAcknowledged, complaint_id=COMPLAINT)

    acknowledged.when(but(ACKNOWLEDGE, occurred_on=date(2026, 9, 17))).refused(
        ComplaintAlreadyAcknowledged
    )


def test_a_complaint_is_answered_once_and_not_acknowledged_afterwards() -> None:
    answered = received().when(ANSWER).then(ComplaintAnswered, outcome=ComplaintOutcome.UPHELD)

    answered.when(ANSWER).refused(ComplaintAlreadyAnswered)
    answered.when(but(ACKNOWLEDGE, occurred_on=date(2026, 10, 3))).refused(ComplaintAlreadyAnswered)


def test_nothing_is_answered_that_was_not_received() -> None:
    a_family().when(ANSWER).refused(NotFound)
    received().when(but(ANSWER, occurred_on=date(2026, 9, 13))).refused(Invalid)
    received().when(but(ACKNOWLEDGE, occurred_on=date(2026, 9, 13))).refused(Invalid)


def test_parents_may_complain_after_the_pupil_has_left() -> None:
    left = a_family().given(RecordLeaving(occurred_on=date(2026, 7, 17), why="To high school"))

    left.given(RECEIVE, new_id=COMPLAINT).given(ACKNOWLEDGE).when(ANSWER).then(ComplaintAnswered)
