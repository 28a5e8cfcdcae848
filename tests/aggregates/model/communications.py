"""What was said with the family, and complaints (policy s.15, 20; CFA 2014 s.19, 30, 32)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID

from send_records.aggregates.communications import (
    GiveSignposting,
    RecordContactWithFamily,
    RecordMeeting,
)
from send_records.aggregates.complaints import (
    AcknowledgeComplaint,
    AnswerComplaint,
    ReceiveComplaint,
)
from tests.aggregates.model.book import (
    AFTER_LEAVING,
    Desk,
    changes_nothing,
    refuses,
    strangers,
    writes,
)

AFTER_LEAVING |= {ReceiveComplaint, AcknowledgeComplaint, AnswerComplaint}
changes_nothing(RecordContactWithFamily, RecordMeeting, GiveSignposting)


@refuses(RecordContactWithFamily)
def calling(desk: Desk, said: RecordContactWithFamily) -> Iterator[str]:
    yield from strangers(desk, said.contact_ids)


@refuses(RecordMeeting)
def meeting(desk: Desk, said: RecordMeeting) -> Iterator[str]:
    if not [each for each in said.attendees if each.present]:
        yield "NobodyWasThere"


@refuses(GiveSignposting)
def pointing(desk: Desk, said: GiveSignposting) -> Iterator[str]:
    yield from strangers(desk, said.contact_ids)


@refuses(ReceiveComplaint)
def complaining(desk: Desk, said: ReceiveComplaint) -> Iterator[str]:
    if said.contact_id is not None:
        yield from strangers(desk, [said.contact_id])


@writes(ReceiveComplaint)
def complained(desk: Desk, said: ReceiveComplaint) -> None:
    desk.book.complaints[desk.new_id] = (said.occurred_on, False, False)


def not_open(desk: Desk, complaint_id: UUID, on: date) -> Iterator[str]:
    complaint = desk.book.complaints.get(complaint_id)
    if complaint is None:
        yield "NotFound"
        return
    if complaint[2]:
        yield "ComplaintAlreadyAnswered"
    if on < complaint[0]:
        yield "Invalid"


@refuses(AcknowledgeComplaint)
def acknowledging(desk: Desk, said: AcknowledgeComplaint) -> Iterator[str]:
    """Late is taken, and shown as late."""
    yield from not_open(desk, said.complaint_id, said.occurred_on)
    if desk.book.complaints.get(said.complaint_id, (None, False, False))[1]:
        yield "ComplaintAlreadyAcknowledged"


@writes(AcknowledgeComplaint)
def acknowledged(desk: Desk, said: AcknowledgeComplaint) -> None:
    received_on, _, answered = desk.book.complaints[said.complaint_id]
    desk.book.complaints[said.complaint_id] = (received_on, True, answered)


@refuses(AnswerComplaint)
def answering(desk: Desk, said: AnswerComplaint) -> Iterator[str]:
    yield from not_open(desk, said.complaint_id, said.occurred_on)


@writes(AnswerComplaint)
def answered(desk: Desk, said: AnswerComplaint) -> None:
    received_on, acknowledged, _ = desk.book.complaints[said.complaint_id]
    desk.book.complaints[said.complaint_id] = (received_on, acknowledged, True)
