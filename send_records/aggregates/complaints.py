"""Complaints: what somebody is not content with, that it was heard, and what was answered.

    received ---> acknowledged ---> answered

Parents who are not content with the Principal's or the SENDCo's answer follow the trust's
complaints policy (policy s.20).  A complaint about the use of personal data is marked as one: it is
acknowledged within 30 days and answered without undue delay (Data Protection Act 2018 s.164A, put
in by the Data (Use and Access) Act 2025 s.103; from 19 June 2026: ``facts.md`` 3.2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import model_validator

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.contacts import Party, party
from send_records.aggregates.values import (
    SENDCOS,
    STAFF,
    Flag,
    Name,
    Origin,
    Role,
    Words,
    day_in_words,
)
from send_records.errors import Invalid, NotFound, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil

ANSWERERS = SENDCOS | {Role.PRINCIPAL, Role.HEAD_OF_INCLUSION, Role.DPO}
"""Who answers for the academy, and for its use of data (policy s.20)."""


class ComplaintOutcome(StrEnum):
    """How a complaint ended."""

    UPHELD = "upheld"
    PARTLY_UPHELD = "partly_upheld"
    NOT_UPHELD = "not_upheld"
    RESOLVED = "resolved_by_agreement"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One complaint, as it stands."""

    id: UUID
    received_on: date
    data_protection: bool
    acknowledged: bool = False
    answered: bool = False


class ComplaintAlreadyAcknowledged(RuleBroken):
    """A complaint is acknowledged once."""


class ComplaintAlreadyAnswered(RuleBroken):
    """A complaint is answered once; what is not content with the answer is a new complaint."""


class ComplaintReceived(PupilEvent):
    complaint_id: UUID
    from_contact: Party | None
    from_other: str | None
    about: str
    how: str
    data_protection: bool

    def apply(self, pupil: Pupil) -> Pupil:
        received = Complaint(self.complaint_id, self.occurred_on, self.data_protection)
        return with_complaint(pupil, received)


def with_complaint(pupil: Pupil, complaint: Complaint) -> Pupil:
    """Return the pupil with one complaint added or replaced."""
    return replace(pupil, complaints={**pupil.complaints, complaint.id: complaint})


def open_complaint(pupil: Pupil, complaint_id: UUID, on: date) -> Complaint:
    """Return the pupil's complaint, received by a day and not answered yet."""
    complaint = pupil.complaints.get(complaint_id)
    if complaint is None:
        raise NotFound(f"The pupil has no complaint {complaint_id}.")
    if complaint.answered:
        raise ComplaintAlreadyAnswered("Its answer is on record.")
    if on < complaint.received_on:
        raise Invalid(f"It was received on {day_in_words(complaint.received_on)}.")
    return complaint


class ReceiveComplaint(Command):
    """Record a complaint, in whatever form it came; anybody on the staff may be the one told.

    Not checked: that the pupil is still on roll.  Parents complain afterwards too.
    """

    roles = STAFF | ANSWERERS
    after_leaving = True

    origin: Origin = Origin.PARENT
    contact_id: UUID | None = None
    from_other: Name | None = None
    """Who complains, where it is not one of the pupil's contacts."""
    about: Words
    how: Words
    data_protection: Flag = False
    """Whether it is about the use of personal data."""

    @model_validator(mode="after")
    def _one_complainant(self) -> ReceiveComplaint:
        if (self.contact_id is None) == (self.from_other is None):
            raise ValueError("Say who complains: a contact, or somebody else by name")
        return self

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        known = party(pupil, self.contact_id) if self.contact_id is not None else None
        return [
            ComplaintReceived(
                **self.entry(pupil, by),
                complaint_id=by.new_id,
                from_contact=known,
                from_other=self.from_other,
                about=self.about,
                how=self.how,
                data_protection=self.data_protection,
            )
        ]


class ComplaintAcknowledged(PupilEvent):
    complaint_id: UUID
    how: str

    def apply(self, pupil: Pupil) -> Pupil:
        complaint = pupil.complaints.get(self.complaint_id)
        if complaint is None:
            return pupil
        return with_complaint(pupil, replace(complaint, acknowledged=True))


class AcknowledgeComplaint(Command):
    """Record that whoever complained was told that the complaint has come.

    Not checked: the 30 days.  A late acknowledgement is taken, and shown as late.
    """

    roles = ANSWERERS
    after_leaving = True

    complaint_id: UUID
    how: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        complaint = open_complaint(pupil, self.complaint_id, self.occurred_on)
        if complaint.acknowledged:
            raise ComplaintAlreadyAcknowledged("That it was acknowledged is on record.")
        return [
            ComplaintAcknowledged(**self.entry(pupil, by), complaint_id=complaint.id, how=self.how)
        ]


class ComplaintAnswered(PupilEvent):
    complaint_id: UUID
    outcome: ComplaintOutcome
    answer: str
    how: str

    def apply(self, pupil: Pupil) -> Pupil:
        complaint = pupil.complaints.get(self.complaint_id)
        if complaint is None:
            return pupil
        return with_complaint(pupil, replace(complaint, answered=True))


class AnswerComplaint(Command):
    """Record what was answered, and how: whoever complained is told the outcome.

    Not checked: that it was acknowledged.  An answer within 30 days says as much.
    """

    roles = ANSWERERS
    after_leaving = True

    complaint_id: UUID
    outcome: ComplaintOutcome
    answer: Words
    how: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        complaint = open_complaint(pupil, self.complaint_id, self.occurred_on)
        return [
            ComplaintAnswered(
                **self.entry(pupil, by),
                complaint_id=complaint.id,
                outcome=self.outcome,
                answer=self.answer,
                how=self.how,
            )
        ]
