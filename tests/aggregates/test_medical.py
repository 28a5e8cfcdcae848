from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from pydantic import ValidationError

from send_records.aggregates.contacts import Party
from send_records.aggregates.healthcare import (
    HealthcareFormUnknown,
    HealthcarePlanRecorded,
    HealthcareReviewTooFarAhead,
    Medication,
    NobodyTrained,
    RecordHealthcarePlan,
)
from send_records.aggregates.medical import (
    AlreadyOnMedicalRegister,
    NotOnMedicalRegister,
    PlacedOnMedicalRegister,
    PlaceOnMedicalRegister,
    RemovedFromMedicalRegister,
    RemoveFromMedicalRegister,
)
from send_records.aggregates.values import DataClass
from tests.scenario import MOTHER, a_family, a_pupil, but, on_register

PLACE_ID = UUID(int=390)

PLACE = PlaceOnMedicalRegister(occurred_on=date(2024, 9, 20), condition="Type 1 diabetes")
INSULIN = Medication(name="Insulin", dose="Per pump", self_administered=False)
RECORD = RecordHealthcarePlan(
    occurred_on=date(2024, 9, 20),
    condition="Type 1 diabetes",
    emergency="Hypo kit in the office; call 999 if unconscious",
    medication=(INSULIN,),
    trained_staff=2,
    review_on=date(2025, 9, 20),
)
REMOVE = RemoveFromMedicalRegister(
    occurred_on=date(2025, 1, 10), condition="Type 1 diabetes", why="Recorded under another name"
)


def test_the_two_registers_do_not_depend_on_each_other() -> None:
    placed = a_pupil().when(PLACE).then(PlacedOnMedicalRegister, diagnosed=None)
    assert placed.pupil.registration is None

    on_both = on_register().given(PLACE)
    assert on_both.pupil.registration is not None
    assert on_both.given(REMOVE).pupil.registration == on_both.pupil.registration


def test_what_is_medical_is_of_the_class_health_unless_it_is_said_otherwise() -> None:
    placed = a_pupil().given(PLACE, new_id=PLACE_ID)

    a_pupil().when(PLACE).then(PlacedOnMedicalRegister, data_class=DataClass.HEALTH)
    placed.when(RECORD).then(HealthcarePlanRecorded, data_class=DataClass.HEALTH)
    placed.when(but(REMOVE, data_class=DataClass.SOCIAL_WORK)).then(
        RemovedFromMedicalRegister, data_class=DataClass.SOCIAL_WORK
    )


def test_a_pupil_has_one_place_for_each_condition() -> None:
    placed = a_pupil().given(PLACE)

    placed.when(but(PLACE, condition="TYPE 1 Diabetes")).refused(AlreadyOnMedicalRegister)
    placed.when(but(PLACE, condition="Asthma")).then(PlacedOnMedicalRegister)


def test_a_healthcare_plan_is_for_a_condition_on_the_register() -> None:
    placed = a_pupil().given(PLACE, new_id=PLACE_ID)

    a_pupil().when(RECORD).refused(NotOnMedicalRegister)
    placed.when(but(RECORD, condition="Asthma")).refused(NotOnMedicalRegister)
    placed.when(but(RECORD, occurred_on=date(2024, 9, 19))).refused(NotOnMedicalRegister)
    placed.when(but(RECORD, condition="type 1 diabetes")).then(
        HealthcarePlanRecorded,
        place_id=PLACE_ID,
        condition="Type 1 diabetes",
        schema_version="dfe-template-a",
    )


def test_removal_ends_the_plan_and_leaves_other_conditions() -> None:
    asthma = but(PLACE, condition="Asthma")
    removed = (
        a_pupil()
        .given(asthma, PLACE)
        .when(REMOVE)
        .then(RemovedFromMedicalRegister, condition="Type 1 diabetes")
    )

    removed.when(RECORD).refused(NotOnMedicalRegister)
    removed.when(REMOVE).refused(NotOnMedicalRegister)
    removed.when(but(RECORD, condition="Asthma")).then(HealthcarePlanRecorded)
    removed.when(but(PLACE, occurred_on=date(2025, 2, 3))).then(PlacedOnMedicalRegister)


def test_a_place_does_not_end_before_it_began() -> None:
    a_pupil().given(PLACE).when(but(REMOVE, occurred_on=date(2024, 9, 19))).refused(
        NotOnMedicalRegister
    )


def test_a_healthcare_plan_is_reviewed_within_a_year() -> None:
    placed = a_pupil().given(PLACE)

    placed.when(RECORD).then(HealthcarePlanRecorded, review_on=date(2025, 9, 20))
    placed.when(but(RECORD, review_on=date(2025, 9, 21))).refused(HealthcareReviewTooFarAhead)
    placed.when(but(RECORD, review_on=date(2024, 9, 20))).refused(HealthcareReviewTooFarAhead)


def test_a_healthcare_plan_says_what_an_emergency_is() -> None:
    with pytest.raises(ValidationError):
        RecordHealthcarePlan.model_validate(
            {k: v for k, v in dict(RECORD).items() if k != "emergency"}
        )


def test_medicine_that_staff_give_needs_trained_staff_or_their_training_arranged() -> None:
    placed = a_pupil().given(PLACE)
    by_the_pupil = INSULIN.model_copy(update={"self_administered": True})

    placed.when(but(RECORD, trained_staff=0)).refused(NobodyTrained)
    placed.when(but(RECORD, trained_staff=0, training="The nurse comes on 1 October")).then(
        HealthcarePlanRecorded
    )
    placed.when(but(RECORD, trained_staff=0, medication=(by_the_pupil,))).then(
        HealthcarePlanRecorded
    )


def test_a_healthcare_plan_follows_a_form_in_use() -> None:
    a_pupil().given(PLACE).when(but(RECORD, schema_version="template-z")).refused(
        HealthcareFormUnknown
    )


def test_a_healthcare_plan_names_the_family_as_they_were_on_its_day() -> None:
    a_family().given(PLACE).when(but(RECORD, contact_ids=(MOTHER,))).then(
        HealthcarePlanRecorded,
        family_contacts=(Party(contact_id=MOTHER, name="Nasreen Rahman", relationship="mother"),),
    )


def test_whoever_was_given_a_copy_of_a_plan_is_named() -> None:
    copied = but(RECORD, copied_to=("Nasreen Rahman", "School nurse"))

    [recorded] = a_family().given(PLACE).when(copied).decided()

    assert recorded.recipients() == ("Nasreen Rahman", "School nurse")
