"""Class lists: one class at a time, none after a move or after leaving."""

from __future__ import annotations

from datetime import date

import pytest
from pydantic import ValidationError

from send_records.aggregates.classes import (
    ClassUnchanged,
    InNoClassAfterLeaving,
    PlacedInClass,
    PlaceInClass,
)
from send_records.aggregates.corrected import EntryWithdrawn, WhyWithdrawn
from send_records.aggregates.corrections import NotPutRightThisWay, WithdrawEntry
from send_records.aggregates.details import ChangeYearGroup
from send_records.aggregates.enrolment import MovePupilAcademy, ReadmitPupil, RecordLeaving
from send_records.aggregates.values import Role
from send_records.projections.telling import detail_of
from tests.scenario import Scenario, a_pupil, but

PLACE = PlaceInClass(occurred_on=date(2024, 9, 2), class_name="3W")
MOVE = MovePupilAcademy(
    occurred_on=date(2025, 1, 6), to_academy="Brook Lane Academy", nc_year="3", accepted_by="Jo"
)
LEAVE = RecordLeaving(occurred_on=date(2026, 7, 17), why="Moved")


def placed() -> Scenario:
    return a_pupil().given(PLACE)


def test_a_pupil_is_in_one_class_or_in_none() -> None:
    then = a_pupil().when(PLACE).then(PlacedInClass, class_name="3W")
    assert then.pupil.class_name == "3W"
    assert detail_of(then.events[-1]) == "Class 3W"

    out = placed().when(but(PLACE, class_name=None)).then(PlacedInClass, class_name=None)
    assert out.pupil.class_name is None
    assert detail_of(out.events[-1]) == "In no class"


def test_a_placing_is_in_another_class() -> None:
    placed().when(but(PLACE, occurred_on=date(2024, 9, 3))).refused(ClassUnchanged)
    a_pupil().when(but(PLACE, class_name=None)).refused(ClassUnchanged)
    placed().when(but(PLACE, class_name="3H")).then(PlacedInClass, class_name="3H")


def test_a_class_ends_with_a_move_and_with_leaving_and_not_with_the_year() -> None:
    """Planted: kept over a move, whoever teaches a class of that name there would see the pupil."""
    assert placed().given(MOVE).pupil.class_name is None
    assert placed().given(LEAVE).pupil.class_name is None
    year = ChangeYearGroup(occurred_on=date(2025, 9, 1), nc_year="4")
    assert placed().given(year).pupil.class_name == "3W"
    back = ReadmitPupil(occurred_on=date(2026, 9, 1), academy="Alder Park Academy", nc_year="5")
    assert placed().given(LEAVE, back).pupil.class_name is None


def test_who_has_left_is_placed_in_no_class_also_about_days_before() -> None:
    placed().given(LEAVE).when(but(PLACE, class_name="3H")).refused(InNoClassAfterLeaving)


def test_the_schools_own_system_and_the_sendco_say_it() -> None:
    assert PlaceInClass.roles == {Role.SENCO, Role.TRUST_SENCO, Role.INTEGRATION}


@pytest.mark.parametrize("name", ["4H", "Willow", "Year 3/4 (am)", "St. Anne's-2"])
def test_a_class_has_a_short_label(name: str) -> None:
    assert PlaceInClass(occurred_on=date(2024, 9, 2), class_name=name).class_name == name


@pytest.mark.parametrize(
    "name", ["", " ", "4H: has seizures", "4H, A. Rahman", "4H\n5W", "x" * 41, "@4H", "-"]
)
def test_what_is_kept_in_clear_has_no_room_for_what_is_the_matter(name: str) -> None:
    with pytest.raises(ValidationError):
        PlaceInClass(occurred_on=date(2024, 9, 2), class_name=name)


def test_a_placing_is_put_right_by_placing_again() -> None:
    """Whose class list it is, is read from what the log keeps in clear; a correction is sealed."""
    withdraw = WithdrawEntry(
        occurred_on=date(2024, 9, 3),
        entry_version=3,
        why=WhyWithdrawn.WRONG_PUPIL,
        explanation="The other Aisha",
    )

    placed().when(withdraw).refused(NotPutRightThisWay)


def test_a_move_in_error_is_withdrawn_whatever_class_the_pupil_was_placed_in_since() -> None:
    """A placing cannot be put right first, so nothing may rely on it."""
    moved = placed().given(MOVE, but(PLACE, occurred_on=date(2025, 1, 7), class_name="3W"))
    withdraw = WithdrawEntry(
        occurred_on=date(2025, 1, 8),
        entry_version=4,
        why=WhyWithdrawn.WRONG_PUPIL,
        explanation="The other Aisha",
    )

    then = moved.when(withdraw).then(EntryWithdrawn)

    assert (then.pupil.academy, then.pupil.class_name) == ("Alder Park Academy", "3W")
