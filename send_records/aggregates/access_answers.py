"""How an access request ends: what is held is sent, or the request is refused, and why.

    (requested, identified, prepared, approved) ---> disclosure sent
    (requested) ---> refused

UK GDPR Art 12 and 15.  What is sent is what a second person approved: see ``preparations``.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from send_records.aggregates.access_requests import (
    RequestCommand,
    RequesterNotIdentified,
    changed,
)
from send_records.aggregates.base import By, PupilEvent
from send_records.aggregates.preparations import PackPurpose, as_sent, require_approved
from send_records.aggregates.values import Flag, Name, Words, day_in_words
from send_records.errors import Invalid, NotFound, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class ComplaintRightsNotTold(RuleBroken):
    """A refusal says why, and that one may complain to the trust, the ICO and a court."""

    basis = "UK GDPR Art 12(4)"


class DisclosureSent(PupilEvent):
    class_version = 2
    measured = frozenset({"preparation_id", "sha256"})

    request_id: UUID
    sent_to: str
    how: str
    preparation_id: UUID | None
    """What was sent; None for what was sent before preparations were recorded."""
    sha256: str | None
    """Of the pack as it was approved, before it was encrypted."""

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state |= {"preparation_id": None, "sha256": None}

    def apply(self, pupil: Pupil) -> Pupil:
        closed = changed(pupil, self.request_id, closed_on=self.occurred_on)
        return as_sent(closed, self.preparation_id)

    def recipients(self) -> tuple[str, ...]:
        return (self.sent_to,)


class SendDisclosure(RequestCommand):
    """Record that the answer was sent, to whom and how, which closes the request.

    What is sent is what was prepared for the request and approved since by a second person.  Not
    checked: the deadline, nor whether the scope is still being clarified, nor that an opinion on
    health that was relied on has not grown old since.
    """

    preparation_id: UUID
    sent_to: Name
    how: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        request = self.request(pupil)
        if not request.identified:
            raise RequesterNotIdentified("Record who the requester is, and that they may ask.")
        approved = require_approved(pupil, self.preparation_id, PackPurpose.SUBJECT_ACCESS)
        if approved.request_id != request.id:
            raise NotFound("It was prepared for another request.")
        if approved.approved_on is not None and self.occurred_on < approved.approved_on:
            raise Invalid(f"It was approved on {day_in_words(approved.approved_on)}.")
        return [
            DisclosureSent(
                **self.entry(pupil, by),
                request_id=request.id,
                sent_to=self.sent_to,
                how=self.how,
                preparation_id=approved.id,
                sha256=approved.sha256,
            )
        ]


class RefusalGround(StrEnum):
    """On what ground a request may be refused."""

    UNFOUNDED = "manifestly_unfounded"
    EXCESSIVE = "manifestly_excessive"
    NOT_IDENTIFIED = "not_identified"
    MAY_NOT_ACT = "may_not_act_for_the_pupil"


class RequestRefused(PupilEvent):
    request_id: UUID
    ground: RefusalGround
    why: str
    how: str
    told_of_complaint_rights: bool

    def apply(self, pupil: Pupil) -> Pupil:
        return changed(pupil, self.request_id, closed_on=self.occurred_on)


class RefuseRequest(RequestCommand):
    """Record that a request was refused, why, and that the requester was told what they can do.

    UK GDPR Art 12(4) and 12(5).  Whether a request is excessive is for people to judge and show.
    """

    ground: RefusalGround
    why: Words
    how: Words
    told_of_complaint_rights: Flag
    """That the requester was told of complaint to the trust and the ICO, and of the court."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        request = self.request(pupil)
        if not self.told_of_complaint_rights:
            raise ComplaintRightsNotTold("Tell the requester how to complain, then record it.")
        return [
            RequestRefused(
                **self.entry(pupil, by),
                request_id=request.id,
                ground=self.ground,
                why=self.why,
                how=self.how,
                told_of_complaint_rights=self.told_of_complaint_rights,
            )
        ]
