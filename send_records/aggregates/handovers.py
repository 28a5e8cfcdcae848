"""Handovers: a record that goes to the next school, and a pupil who comes to another academy.

    handed over ---> acknowledged
    moved inside the trust ---> accepted by the receiving SENDCo

The record goes to the next school within 15 school days (Education (Pupil Information) (England)
Regulations 2005 reg 9, which the trust adopts: ``facts.md`` 4.3), and what was sent has a receipt.
Inside the trust nothing is sent: the record stays one, and its custody changes (policy s.17).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.days import require_past
from send_records.aggregates.preparations import PackPurpose, as_sent, require_unsent
from send_records.aggregates.values import SENDCOS, Day, Name, Role, Some, Words, day_in_words
from send_records.errors import Invalid, NotFound, NotPermitted, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


@dataclass(frozen=True, slots=True)
class Handover:
    """A record handed over, and whether its receiver has said so."""

    id: UUID
    sent_on: date
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """A move inside the trust that the receiving academy has not yet accepted."""

    from_academy: str
    to_academy: str
    moved_on: date


class HandoverAlreadyAcknowledged(RuleBroken):
    """What was handed over is received once."""


class NoMoveToAccept(RuleBroken):
    """A move is accepted once, after it was made."""


class NotTheReceivingSenco(NotPermitted):
    """The SENDCo of the academy that receives the pupil accepts the move, or the trust's."""

    basis = "SEND policy s.8.6 and 17"


class HandoverSent(PupilEvent):
    class_version = 2
    measured = frozenset({"preparation_id", "sha256"})

    handover_id: UUID
    to: str
    what: tuple[str, ...]
    how: str
    receipt_expected_by: date
    copy_kept: str | None
    preparation_id: UUID | None
    sha256: str | None
    """Of the pack that was made of the record, if that was sent."""

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state |= {"preparation_id": None, "sha256": None}

    def apply(self, pupil: Pupil) -> Pupil:
        sent = Handover(self.handover_id, self.occurred_on)
        pupil = replace(pupil, handovers={**pupil.handovers, sent.id: sent})
        return as_sent(pupil, self.preparation_id)

    def recipients(self) -> tuple[str, ...]:
        return (self.to,)


class SendHandover(Command):
    """Record what was handed to the next school, how, and by when its receipt is expected.

    Not checked: the parents' agreement.  The next school needs the record whether they agree or
    not, and cannot be kept from a child protection file (``facts.md`` 4.3).  Nor a second person:
    it is by statute that one school gives the record to the next (reg 9).
    """

    roles = SENDCOS
    after_leaving = True  # the record is sent once the pupil has left

    to: Name
    what: Some[Name]
    how: Words
    receipt_expected_by: Day | None = None
    """A week on, unless another day is set."""
    copy_kept: Words | None = None
    """What the trust keeps a copy of, and why."""
    preparation_id: UUID | None = None
    """The pack that was prepared for it and sent, if one was."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        interval = by.rules.interval("handover_receipt", self.occurred_on)
        expected = self.receipt_expected_by or interval.after(self.occurred_on)
        if expected < self.occurred_on:
            raise Invalid("A receipt is expected on the day of sending or after it.")
        pack = self.preparation_id and require_unsent(
            pupil, self.preparation_id, PackPurpose.HANDOVER
        )
        return [
            HandoverSent(
                **self.entry(pupil, by),
                handover_id=by.new_id,
                to=self.to,
                what=self.what,
                how=self.how,
                receipt_expected_by=expected,
                copy_kept=self.copy_kept,
                preparation_id=self.preparation_id,
                sha256=pack.sha256 if pack else None,
            )
        ]


class HandoverAcknowledged(PupilEvent):
    handover_id: UUID
    by: str
    on: date

    def apply(self, pupil: Pupil) -> Pupil:
        sent = pupil.handovers.get(self.handover_id)
        if sent is None:
            return pupil
        received = replace(sent, acknowledged=True)
        return replace(pupil, handovers={**pupil.handovers, received.id: received})


class AcknowledgeHandover(Command):
    """Record who said, and on which day, that what was handed over has come."""

    roles = SENDCOS
    after_leaving = True

    handover_id: UUID
    by: Name
    on: Day | None = None
    """The day of the receipt, if it is not the day of this entry."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        sent = pupil.handovers.get(self.handover_id)
        if sent is None:
            raise NotFound(f"Nothing was handed over under {self.handover_id}.")
        if sent.acknowledged:
            raise HandoverAlreadyAcknowledged("Its receipt is on record.")
        on = self.on or self.occurred_on
        require_past(on, by)
        if on < sent.sent_on:
            raise Invalid(f"It was sent on {day_in_words(sent.sent_on)}.")
        return [
            HandoverAcknowledged(**self.entry(pupil, by), handover_id=sent.id, by=self.by, on=on)
        ]


class PupilMoveAccepted(PupilEvent):
    from_academy: str
    to_academy: str
    moved_on: date
    note: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, move=None)


class AcceptPupilMove(Command):
    """Accept, as the receiving SENDCo, a pupil and their record from another academy."""

    roles = SENDCOS

    note: Words | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        if pupil.move is None:
            raise NoMoveToAccept(f"No move to {pupil.academy} awaits acceptance.")
        who = by.metadata.recorded_by
        if who.role is not Role.TRUST_SENCO and who.academy != pupil.move.to_academy:
            raise NotTheReceivingSenco(f"The SENDCo of {pupil.move.to_academy} accepts the move.")
        if self.occurred_on < pupil.move.moved_on:
            raise Invalid(f"The pupil moved on {day_in_words(pupil.move.moved_on)}.")
        return [
            PupilMoveAccepted(
                **self.entry(pupil, by),
                from_academy=pupil.move.from_academy,
                to_academy=pupil.move.to_academy,
                moved_on=pupil.move.moved_on,
                note=self.note,
            )
        ]
