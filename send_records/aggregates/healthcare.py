"""Individual healthcare plans: what a condition needs at school, and what an emergency is.

    recorded, for a place on the medical register ---> recorded anew, within twelve months

The fields are those of the DfE's Template A (``facts.md`` 8.5).  Its form is to be replaced, so
each plan says which form it follows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.contacts import Party, parties
from send_records.aggregates.medical import medical_place
from send_records.aggregates.values import (
    SENDCOS,
    Clear,
    Count,
    DataClass,
    Day,
    Few,
    Flag,
    Name,
    Value,
    Words,
    day_in_words,
)
from send_records.errors import Invalid

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil

GUIDANCE = "DfE, Supporting pupils at school with medical conditions; CFA 2014 s.100"


class Medication(Value):
    """One medicine, and how it is taken at school."""

    name: Name
    dose: Name
    method: Name | None = None
    when: Words | None = None
    side_effects: Words | None = None
    contraindications: Words | None = None
    self_administered: Flag
    supervision: Words | None = None


class HealthcareReviewTooFarAhead(Invalid):
    """A healthcare plan is reviewed at least once a year."""

    basis = GUIDANCE


class NobodyTrained(Invalid):
    """Medicine that staff give is given by staff who were trained to, or are to be."""

    basis = GUIDANCE


class HealthcareFormUnknown(Invalid):
    """A healthcare plan follows one of the forms in use on its day."""

    basis = GUIDANCE


class HealthcarePlanRecorded(PupilEvent):
    place_id: UUID
    condition: str
    schema_version: str
    emergency: str
    emergency_responsible: str | None
    needs: str | None
    medication: tuple[Medication, ...]
    daily_care: str | None
    support: str | None
    arrangements: str | None
    trips: str | None
    other: str | None
    family_contacts: tuple[Party, ...]
    clinic: str | None
    gp: str | None
    supported_by: tuple[str, ...]
    trained_staff: int
    training: str | None
    developed_with: tuple[str, ...]
    copied_to: tuple[str, ...]
    review_on: Clear[date]

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil

    def recipients(self) -> tuple[str, ...]:
        return self.copied_to


class RecordHealthcarePlan(Command):
    """Record the healthcare plan for a condition, whole, as it reads from now on.

    Not checked: the parents' agreement that the school gives a medicine (the DfE's Template B),
    which is not yet a purpose of its own; and that the people named were trained.
    """

    roles = SENDCOS

    data_class: DataClass = DataClass.HEALTH
    condition: Name
    schema_version: Name = "dfe-template-a"
    """The code of the form it follows."""
    emergency: Words
    """What an emergency is, and what to do."""
    emergency_responsible: Words | None = None
    """Who is responsible in an emergency, off site too."""
    needs: Words | None = None
    """Symptoms, triggers, signs, treatments, facilities, equipment, environment."""
    medication: Few[Medication] = ()
    daily_care: Words | None = None
    support: Words | None = None
    """Educational, social and emotional."""
    arrangements: Words | None = None
    """For PE, tests, meals, and keeping medicines."""
    trips: Words | None = None
    other: Words | None = None
    contact_ids: Few[UUID] = ()
    clinic: Words | None = None
    gp: Words | None = None
    supported_by: Few[Name] = ()
    """Who provides support in school."""
    trained_staff: Count = 0
    """How many staff are trained for it."""
    training: Words | None = None
    """What training staff need, and had: what, when, by whom."""
    developed_with: Few[Name] = ()
    copied_to: Few[Name] = ()
    """Who was given a copy."""
    review_on: Day

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        place = medical_place(pupil, self.condition, self.occurred_on)
        self._require_sound(by)
        return [
            HealthcarePlanRecorded(
                **self.entry(pupil, by),
                place_id=place.id,
                condition=place.condition,
                schema_version=self.schema_version,
                emergency=self.emergency,
                emergency_responsible=self.emergency_responsible,
                needs=self.needs,
                medication=self.medication,
                daily_care=self.daily_care,
                support=self.support,
                arrangements=self.arrangements,
                trips=self.trips,
                other=self.other,
                family_contacts=parties(pupil, self.contact_ids),
                clinic=self.clinic,
                gp=self.gp,
                supported_by=self.supported_by,
                trained_staff=self.trained_staff,
                training=self.training,
                developed_with=self.developed_with,
                copied_to=self.copied_to,
                review_on=self.review_on,
            )
        ]

    def _require_sound(self, by: By) -> None:
        latest = by.rules.interval("healthcare_plan_review", self.occurred_on).after(
            self.occurred_on
        )
        if not self.occurred_on < self.review_on <= latest:
            raise HealthcareReviewTooFarAhead(
                f"Set the review after this entry, by {day_in_words(latest)} at most."
            )
        given_by_staff = any(not medicine.self_administered for medicine in self.medication)
        if given_by_staff and self.trained_staff == 0 and self.training is None:
            raise NobodyTrained("Say how many staff are trained to give it, or what is arranged.")
        if by.rules.code("healthcare_plan_form", self.schema_version, self.occurred_on) is None:
            raise HealthcareFormUnknown("Name one of the forms in use on that day.")
