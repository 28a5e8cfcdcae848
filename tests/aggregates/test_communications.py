from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from send_records.aggregates.communications import (
    ContactWithFamilyRecorded,
    GiveSignposting,
    InitiatedBy,
    MeetingHeld,
    MeetingKind,
    NobodyWasThere,
    RecordContactWithFamily,
    RecordMeeting,
    Service,
    SignpostingGiven,
)
from send_records.aggregates.contacts import Party
from send_records.aggregates.enrolment import RecordLeaving
from send_records.aggregates.pupil import PupilNotOnRoll
from send_records.aggregates.reviews import Attendee, Part
from send_records.errors import NotFound
from tests.scenario import GRANDMOTHER, MOTHER, NOBODY, a_family, but

CALL = RecordContactWithFamily(
    occurred_on=date(2024, 6, 12),
    contact_ids=(MOTHER,),
    how="Telephone",
    summary="Asked why the report had not been shared",
)
MEET = RecordMeeting(
    occurred_on=date(2024, 6, 14),
    kind=MeetingKind.MULTI_AGENCY,
    attendees=(Attendee(part=Part.PROFESSIONAL, name="The therapist", invited=True, present=True),),
    summary="Who does what until the summer",
)
POINT = GiveSignposting(
    occurred_on=date(2024, 6, 14),
    services=(Service.SENDIASS,),
    contact_ids=(MOTHER,),
    how="Leaflet",
)


def test_a_contact_names_the_family_as_they_were_then() -> None:
    mother = Party(contact_id=MOTHER, name="Nasreen Rahman", relationship="mother")

    a_family().when(CALL).then(ContactWithFamilyRecorded, contacts=(mother,), initiated_by=None)
    a_family().when(but(CALL, initiated_by=InitiatedBy.FAMILY)).then(
        ContactWithFamilyRecorded, initiated_by=InitiatedBy.FAMILY
    )


def test_whoever_has_care_of_the_pupil_is_spoken_with() -> None:
    a_family().when(but(CALL, contact_ids=(GRANDMOTHER,))).then(ContactWithFamilyRecorded)


def test_a_stranger_is_no_contact_of_the_pupil_s() -> None:
    a_family().when(but(CALL, contact_ids=(NOBODY,))).refused(NotFound)
    a_family().when(but(POINT, contact_ids=(MOTHER, NOBODY))).refused(NotFound)


def test_contact_with_the_family_ends_when_the_pupil_has_left() -> None:
    left = a_family().given(RecordLeaving(occurred_on=date(2024, 6, 11), why="Moved away"))

    left.when(CALL).refused(PupilNotOnRoll)


def test_a_meeting_that_was_held_had_somebody_there() -> None:
    absent = Attendee(part=Part.PROFESSIONAL, name="The therapist", invited=True, present=False)

    a_family().when(MEET).then(MeetingHeld, kind=MeetingKind.MULTI_AGENCY)
    a_family().when(but(MEET, attendees=(absent,))).refused(NobodyWasThere)


def test_signposting_says_to_which_services() -> None:
    a_family().when(POINT).then(SignpostingGiven, services=(Service.SENDIASS,), detail=None)


def test_another_service_is_named() -> None:
    with pytest.raises(ValidationError, match="Name the other service"):
        but(POINT, services=(Service.OTHER,))

    a_family().when(but(POINT, services=(Service.OTHER,), detail="Contact, the charity")).then(
        SignpostingGiven, detail="Contact, the charity"
    )
