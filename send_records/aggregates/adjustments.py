"""Adjustments: what is done otherwise so that a pupil is not at a disadvantage.

    agreed ---> ended

Reasonable adjustments (Equality Act 2010 s.20 and 85(6); Code of Practice 6.9).  The duty is owed
to disabled pupils, whether or not they have SEN, and no diagnosis is asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.contacts import Party, parties
from send_records.aggregates.values import TEACHERS, Day, Few, Flag, Name, Words, day_in_words
from send_records.errors import Invalid, NotFound

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class AdjustmentKind(StrEnum):
    """What is adjusted: a provision, criterion or practice, or an auxiliary aid or service (the
    duties of a school: Equality Act 2010 s.20(3) and (5), Sch 13 para 2); or the premises, which
    its accessibility plan is about (Sch 10 para 3)."""

    PRACTICE = "practice"
    AUXILIARY_AID = "auxiliary_aid"
    PREMISES = "premises"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One adjustment that is made now."""

    id: UUID
    agreed_on: date


class AdjustmentAgreed(PupilEvent):
    adjustment_id: UUID
    kind: AdjustmentKind
    adjustment: str
    barrier: str
    where: tuple[str, ...]
    responsible: str | None
    agreed_with: tuple[Party, ...]
    pupil_agreed: bool | None
    review_on: date | None

    def apply(self, pupil: Pupil) -> Pupil:
        adjustment = Adjustment(self.adjustment_id, self.occurred_on)
        return replace(pupil, adjustments={**pupil.adjustments, adjustment.id: adjustment})


class AgreeAdjustment(Command):
    """Record an adjustment, the disadvantage it avoids, and with whom it was agreed.

    Not checked: that the pupil is disabled, or on a register.  Schools anticipate what disabled
    pupils need (Equality Act 2010 s.20), and wait for nobody's agreement to do it.
    """

    roles = TEACHERS

    kind: AdjustmentKind
    adjustment: Words
    barrier: Words
    """The disadvantage that it avoids."""
    where: Few[Name] = ()
    """In which lessons, tests or places; everywhere, if none is named."""
    responsible: Name | None = None
    contact_ids: Few[UUID] = ()
    pupil_agreed: Flag | None = None
    review_on: Day | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        if self.review_on is not None and self.review_on <= self.occurred_on:
            raise Invalid("Set the review after the day of this entry.")
        return [
            AdjustmentAgreed(
                **self.entry(pupil, by),
                adjustment_id=by.new_id,
                kind=self.kind,
                adjustment=self.adjustment,
                barrier=self.barrier,
                where=self.where,
                responsible=self.responsible,
                agreed_with=parties(pupil, self.contact_ids),
                pupil_agreed=self.pupil_agreed,
                review_on=self.review_on,
            )
        ]


class AdjustmentEnded(PupilEvent):
    adjustment_id: UUID
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        remaining = {k: v for k, v in pupil.adjustments.items() if k != self.adjustment_id}
        return replace(pupil, adjustments=remaining)


class EndAdjustment(Command):
    """Record that an adjustment is no longer made, and why."""

    roles = TEACHERS

    adjustment_id: UUID
    why: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        adjustment = pupil.adjustments.get(self.adjustment_id)
        if adjustment is None:
            raise NotFound(f"No adjustment {self.adjustment_id} is made for the pupil now.")
        if self.occurred_on < adjustment.agreed_on:
            raise Invalid(f"It was agreed on {day_in_words(adjustment.agreed_on)}.")
        return [AdjustmentEnded(**self.entry(pupil, by), adjustment_id=adjustment.id, why=self.why)]
