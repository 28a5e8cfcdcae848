"""The medical register: pupils with medical conditions, and how each is looked after at school.

    placed, for a condition ---> healthcare plan recorded, each year ---> removed

"A pupil may be on the medical register, the SEND register, or both" (policy s.6): the two do not
depend on each other.  The duty to support asks for no diagnosis (Children and Families Act 2014
s.100; ``facts.md`` 8.5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.values import SENDCOS, DataClass, Flag, Name, Words, day_in_words
from send_records.errors import RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


@dataclass(frozen=True, slots=True)
class MedicalPlace:
    """A pupil's place on the medical register now, for one condition."""

    id: UUID
    condition: str
    placed_on: date


class AlreadyOnMedicalRegister(RuleBroken):
    """A pupil is on the medical register once for each condition."""

    basis = "SEND policy s.6"


class NotOnMedicalRegister(RuleBroken):
    """The pupil is not on the medical register for that condition."""

    basis = "SEND policy s.6; Children and Families Act 2014 s.100"


def place_for(pupil: Pupil, condition: str) -> MedicalPlace | None:
    """Return the place a pupil has for a condition, in whatever case it is written."""
    return pupil.medical.get(condition.casefold())


def medical_place(pupil: Pupil, condition: str, on: date) -> MedicalPlace:
    """Return the place a pupil had for a condition by a day; raise NotOnMedicalRegister."""
    place = place_for(pupil, condition)
    if place is None:
        raise NotOnMedicalRegister("Place the pupil on the medical register for it first.")
    if on < place.placed_on:
        raise NotOnMedicalRegister(f"On the register since {day_in_words(place.placed_on)}.")
    return place


class PlacedOnMedicalRegister(PupilEvent):
    place_id: UUID
    condition: str
    diagnosed: bool | None
    detail: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        place = MedicalPlace(self.place_id, self.condition, self.occurred_on)
        return replace(pupil, medical={**pupil.medical, place.condition.casefold(): place})


class PlaceOnMedicalRegister(Command):
    """Place a pupil on the medical register for a condition.

    Not checked: a diagnosis, which the duty does not ask for, and the SEND register, which is
    another.
    """

    roles = SENDCOS

    data_class: DataClass = DataClass.HEALTH
    condition: Name
    diagnosed: Flag | None = None
    detail: Words | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        place = place_for(pupil, self.condition)
        if place is not None:
            raise AlreadyOnMedicalRegister(
                f"On the register for it since {day_in_words(place.placed_on)}."
            )
        return [
            PlacedOnMedicalRegister(
                **self.entry(pupil, by),
                place_id=by.new_id,
                condition=self.condition,
                diagnosed=self.diagnosed,
                detail=self.detail,
            )
        ]


class RemovedFromMedicalRegister(PupilEvent):
    place_id: UUID
    condition: str
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        remaining = {k: v for k, v in pupil.medical.items() if v.id != self.place_id}
        return replace(pupil, medical=remaining)


class RemoveFromMedicalRegister(Command):
    """Take a pupil off the medical register for a condition; its healthcare plan ends with it."""

    roles = SENDCOS

    data_class: DataClass = DataClass.HEALTH
    condition: Name
    why: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        place = medical_place(pupil, self.condition, self.occurred_on)
        return [
            RemovedFromMedicalRegister(
                **self.entry(pupil, by),
                place_id=place.id,
                condition=place.condition,
                why=self.why,
            )
        ]
