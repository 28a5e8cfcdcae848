from __future__ import annotations

from datetime import date
from uuid import UUID

from send_records.aggregates.contacts import (
    AmendContact,
    ContactAmended,
    ContactDetails,
    ContactRecorded,
    ContactRemoved,
    RecordContact,
    RemoveContact,
)
from send_records.aggregates.enrolment import RecordLeaving
from send_records.aggregates.pupil import PupilNotOnRoll
from send_records.errors import NotFound
from tests.scenario import MOTHER, NOBODY, RECORD_MOTHER, a_family, a_pupil, but

FATHER = RecordContact(
    occurred_on=date(2021, 9, 2),
    contact=ContactDetails(
        name="Daniel Bennett",
        relationship="father",
        parental_responsibility=True,
        restriction="Court order 2020: no direct contact; records by post only",
    ),
)
AMEND = AmendContact(
    occurred_on=date(2024, 2, 1),
    contact_id=MOTHER,
    contact=ContactDetails(
        name="Nasreen Begum", relationship="mother", parental_responsibility=True
    ),
)
REMOVE = RemoveContact(occurred_on=date(2024, 2, 1), contact_id=MOTHER, why="Recorded twice")


def test_a_contact_keeps_what_a_court_has_restricted() -> None:
    [event] = a_pupil().when(FATHER).decided()

    assert isinstance(event, ContactRecorded)
    assert event.contact.restriction == "Court order 2020: no direct contact; records by post only"
    assert event.contact.parental_responsibility


def test_the_contact_has_the_id_of_the_command_that_recorded_it() -> None:
    family = a_pupil().given(RECORD_MOTHER, new_id=UUID(int=9))

    assert list(family.pupil.contacts) == [UUID(int=9)]


def test_the_same_name_twice_is_two_people() -> None:
    assert len(a_pupil().given(FATHER, FATHER).pupil.contacts) == 2


def test_a_contact_is_amended_whole() -> None:
    amended = a_family().when(AMEND).then(ContactAmended, contact_id=MOTHER)

    assert amended.pupil.contacts[MOTHER].name == "Nasreen Begum"


def test_a_contact_is_removed_once() -> None:
    removed = a_family().when(REMOVE).then(ContactRemoved, contact_id=MOTHER)

    assert MOTHER not in removed.pupil.contacts
    removed.when(REMOVE).refused(NotFound)


def test_only_the_pupils_own_contacts_can_be_changed() -> None:
    a_family().when(but(AMEND, contact_id=NOBODY)).refused(NotFound)
    a_family().when(but(REMOVE, contact_id=NOBODY)).refused(NotFound)


def test_no_contact_is_added_after_the_pupil_left() -> None:
    leave = RecordLeaving(occurred_on=date(2024, 1, 31), why="Moved away")

    a_family().given(leave).when(but(FATHER, occurred_on=date(2024, 2, 1))).refused(PupilNotOnRoll)
