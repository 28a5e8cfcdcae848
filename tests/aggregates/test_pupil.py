from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest
from eventsourcing.domain import OriginatorIDError, OriginatorVersionError
from pydantic import ValidationError

from send_records.aggregates.concerns import RaiseConcern
from send_records.aggregates.days import NotYetHappened
from send_records.aggregates.details import (
    ChangeYearGroup,
    CircumstancesRecorded,
    CorrectPupilDetails,
    NotACode,
    PupilDetailsCorrected,
    RecordCircumstances,
    ReplaceUpn,
    UpnReplaced,
    YearGroupChanged,
)
from send_records.aggregates.enrolment import (
    AcademyUnchanged,
    MovePupilAcademy,
    PupilAdmitted,
    PupilLeft,
    PupilMovedAcademy,
    PupilReadmitted,
    PupilStillOnRoll,
    ReadmitPupil,
    RecordLeaving,
)
from send_records.aggregates.pupil import PupilNotOnRoll
from send_records.aggregates.retention import RetentionClassAssigned
from send_records.aggregates.values import Area
from send_records.errors import Invalid
from tests.scenario import ADMIT, SENCO, TODAY, a_pupil, but, by

CORRECT = CorrectPupilDetails(
    occurred_on=date(2024, 1, 8), date_of_birth=date(2017, 3, 12), why="Birth certificate seen"
)
REPLACE = ReplaceUpn(
    occurred_on=date(2025, 1, 10), upn="G001000026003", why="Permanent UPN allocated"
)
CIRCUMSTANCES = RecordCircumstances(occurred_on=date(2023, 9, 4), eal=True, pupil_premium=True)
CHANGE_YEAR = ChangeYearGroup(occurred_on=date(2024, 9, 2), nc_year="3")
MOVE = MovePupilAcademy(
    occurred_on=date(2024, 9, 2),
    to_academy="Brook Lane Academy",
    nc_year="3",
    accepted_by="The SENDCo of Brook Lane",
)
LEAVE = RecordLeaving(
    occurred_on=date(2026, 7, 17), destination="Northgate High School", why="Phase transfer"
)
READMIT = ReadmitPupil(occurred_on=date(2026, 9, 7), academy="Brook Lane Academy", nc_year="5")
RAISE = RaiseConcern(
    occurred_on=date(2026, 7, 17),
    areas=(Area.COGNITION,),
    noticed_on=date(2026, 7, 10),
    description="Reads well below the class",
    strengths="Draws with care",
)


def test_a_record_opens_with_the_pupil_and_how_long_it_is_kept() -> None:
    admitted, assigned = ADMIT.decide(by(command_id=UUID(int=7)))

    assert isinstance(admitted, PupilAdmitted)
    assert isinstance(assigned, RetentionClassAssigned)
    assert admitted.originator_id == assigned.originator_id == UUID(int=7)
    assert (admitted.originator_version, assigned.originator_version) == (1, 2)
    assert (admitted.legal_name, admitted.upn) == ("Aisha Rahman", "D001000026001")


def test_every_event_says_who_recorded_it_and_under_which_edition_of_the_policy() -> None:
    for event in ADMIT.decide(by()):
        assert event.metadata.recorded_by == SENCO
        assert event.metadata.policy_version == "harmony-send-policy-1"


def test_a_pupil_may_have_no_upn() -> None:
    [admitted, _] = but(ADMIT, upn=None).decide(by())

    assert isinstance(admitted, PupilAdmitted)
    assert admitted.upn is None


@pytest.mark.parametrize("upn", ["A001000026001", "Q207000016049", "d001000026001", ""])
def test_a_upn_whose_letter_is_wrong_is_refused(upn: str) -> None:
    with pytest.raises(ValidationError, match="Check the UPN"):
        but(ADMIT, upn=upn)


def test_a_uln_whose_check_digit_is_wrong_is_refused() -> None:
    assert but(ADMIT, uln="1000000043").uln == "1000000043"
    with pytest.raises(ValidationError, match="Check the ULN"):
        but(ADMIT, uln="1000000063")


def test_a_date_of_birth_may_be_the_day_of_the_entry_itself() -> None:
    a_pupil().when(but(CORRECT, date_of_birth=CORRECT.occurred_on)).then(PupilDetailsCorrected)


def test_nobody_is_admitted_before_being_born_or_before_it_happens() -> None:
    with pytest.raises(Invalid):
        but(ADMIT, date_of_birth=date(2023, 9, 5)).decide(by())
    with pytest.raises(NotYetHappened):
        but(ADMIT, occurred_on=date(2026, 11, 24)).decide(by(today=TODAY))


@pytest.mark.parametrize("nc_year", ["0", "15", "Year 3", "M", "r"])
def test_the_year_group_is_a_code_of_the_dfe(nc_year: str) -> None:
    with pytest.raises(NotACode):
        but(ADMIT, nc_year=nc_year).decide(by())
    a_pupil().when(but(CHANGE_YEAR, nc_year=nc_year)).refused(NotACode)


def test_a_correction_says_only_what_was_wrong_and_why() -> None:
    a_pupil().when(CORRECT).then(
        PupilDetailsCorrected,
        date_of_birth=date(2017, 3, 12),
        legal_name=None,
        why="Birth certificate seen",
    )


def test_a_correction_corrects_something() -> None:
    with pytest.raises(ValidationError, match="Enter the detail"):
        but(CORRECT, date_of_birth=None)


def test_a_date_of_birth_is_not_corrected_to_a_day_to_come() -> None:
    a_pupil().when(but(CORRECT, date_of_birth=date(2024, 1, 9))).refused(Invalid)


def test_a_correction_is_a_right_that_outlasts_leaving() -> None:
    corrected = but(CORRECT, occurred_on=date(2026, 10, 1))

    a_pupil().given(LEAVE).when(corrected).then(PupilDetailsCorrected)


def test_a_new_upn_does_not_repeat_the_old_one() -> None:
    [event] = a_pupil().when(REPLACE).decided()

    assert isinstance(event, UpnReplaced)
    assert "D001000026001" not in event.model_dump_json()


def test_circumstances_say_nothing_of_what_was_not_asked() -> None:
    a_pupil().when(CIRCUMSTANCES).then(
        CircumstancesRecorded, eal=True, pupil_premium=True, looked_after=None
    )
    with pytest.raises(ValidationError, match="at least one"):
        RecordCircumstances(occurred_on=date(2023, 9, 4))


def test_a_pupil_may_be_taught_out_of_age() -> None:
    a_pupil().when(CHANGE_YEAR).then(YearGroupChanged, nc_year="3")


def test_a_pupil_who_moves_within_the_trust_keeps_the_record() -> None:
    moved = (
        a_pupil()
        .when(MOVE)
        .then(PupilMovedAcademy, from_academy="Alder Park Academy", to_academy="Brook Lane Academy")
    )

    assert moved.pupil.academy == "Brook Lane Academy"
    moved.when(MOVE).refused(AcademyUnchanged)


def test_a_pupil_leaves_once() -> None:
    left = a_pupil().when(LEAVE).then(PupilLeft, destination="Northgate High School")

    assert left.pupil.left_on == date(2026, 7, 17)
    left.when(LEAVE).refused(PupilNotOnRoll)


def test_after_leaving_the_record_takes_late_entries_but_no_new_ones() -> None:
    left = a_pupil().given(LEAVE)

    left.given(RAISE)
    left.when(but(RAISE, occurred_on=date(2026, 7, 18))).refused(PupilNotOnRoll)
    left.when(but(MOVE, occurred_on=date(2026, 9, 1))).refused(PupilNotOnRoll)


def test_a_pupil_who_comes_back_continues_the_record() -> None:
    back = a_pupil().given(LEAVE).when(READMIT).then(PupilReadmitted)

    assert (back.pupil.academy, back.pupil.left_on) == ("Brook Lane Academy", None)
    back.given(but(RAISE, occurred_on=date(2026, 10, 1)))


def test_a_leaving_recorded_in_error_is_undone_on_its_own_day() -> None:
    a_pupil().given(LEAVE).when(but(READMIT, occurred_on=LEAVE.occurred_on)).then(PupilReadmitted)


def test_only_a_pupil_who_has_left_comes_back_and_not_before_leaving() -> None:
    a_pupil().when(READMIT).refused(PupilStillOnRoll)
    a_pupil().given(LEAVE).when(but(READMIT, occurred_on=date(2026, 7, 16))).refused(
        PupilStillOnRoll
    )


def test_an_event_is_applied_to_its_own_pupil_in_its_own_place() -> None:
    one, another = a_pupil(), a_pupil()
    [event] = one.when(CHANGE_YEAR).decided()

    with pytest.raises(OriginatorIDError):
        event.mutate(another.pupil)
    with pytest.raises(OriginatorIDError):
        event.mutate(None)
    with pytest.raises(OriginatorVersionError):
        event.mutate(event.mutate(one.pupil))
    with pytest.raises(ValueError, match="one first event"):
        ADMIT.decide(by())[0].mutate(one.pupil)


def test_what_is_still_to_come_is_not_recorded_as_happened() -> None:
    a_pupil().when(but(RAISE, occurred_on=date(2026, 11, 24))).refused(NotYetHappened)
