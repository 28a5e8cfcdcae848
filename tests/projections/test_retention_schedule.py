from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from send_records.aggregates.details import CorrectPupilDetails
from send_records.aggregates.enrolment import MovePupilAcademy, ReadmitPupil, RecordLeaving
from send_records.aggregates.retention import (
    HoldKind,
    PlaceLegalHold,
    ReleaseLegalHold,
    RetentionClassAssigned,
)
from send_records.projections.base import fold
from send_records.projections.retention_schedule import RetentionRow, RetentionSchedule
from tests.api.story import DPO
from tests.projections.lives import Life
from tests.scenario import ADMIT, IDENTIFY, but

SCHEDULE = RetentionSchedule()

INQUIRY, COMPLAINT = UUID(int=71), UUID(int=72)
HOLD = PlaceLegalHold(
    occurred_on=date(2024, 7, 4),
    kind=HoldKind.PUBLIC_INQUIRY,
    why="The inquiry's letter of 1 July",
    reference="PI-12",
    review_on=date(2025, 1, 4),
)


def born(day: date) -> Life:
    return Life(but(ADMIT, date_of_birth=day, occurred_on=date(2021, 9, 2)))


@pytest.mark.parametrize(
    ("who", "date_of_birth", "kept_until"),
    [
        ("Aisha", date(2017, 3, 11), date(2042, 3, 11)),
        ("Tomasz", date(2014, 11, 30), date(2039, 11, 30)),
        ("Leo", date(2016, 2, 29), date(2041, 3, 1)),
        ("born 1 March", date(2016, 3, 1), date(2041, 3, 1)),
        ("born 28 February", date(2015, 2, 28), date(2040, 2, 28)),
    ],
)
def test_a_record_is_kept_until_the_pupil_is_25(
    who: str, date_of_birth: date, kept_until: date
) -> None:
    row = born(date_of_birth).row(SCHEDULE)

    assert row.earliest_disposal_on == kept_until
    assert (row.record_class, row.rule_id) == ("pupil_send_record", "send-record-dob-25")
    assert row.rule_citation is not None
    assert "policy s.11" in row.rule_citation


def test_longer_advice_is_shown_beside_and_not_applied() -> None:
    row = born(date(2017, 3, 11)).row(SCHEDULE)

    assert (row.rule_years, row.advice_years) == (25, 31)
    assert row.advised_until == date(2048, 3, 11)
    assert row.earliest_disposal_on == date(2042, 3, 11)


def under(life: Life, **changes: Any) -> RetentionRow:
    """Return the row under the rule of admission with something in it otherwise."""
    [admitted, assigned] = life.events
    assert isinstance(assigned, RetentionClassAssigned)
    rule = assigned.rule.model_copy(update=changes)
    rows: dict[object, RetentionRow | None] = {}
    fold(SCHEDULE, rows, [admitted, assigned.model_copy(update={"rule": rule, "advice": None})])
    [row] = rows.values()
    assert row is not None
    return row


def test_a_birthday_on_29_february_falls_where_the_rule_says() -> None:
    leo = born(date(2016, 2, 29))

    assert under(leo, leap_day="28 February").earliest_disposal_on == date(2041, 2, 28)
    assert under(leo, leap_day="1 March").earliest_disposal_on == date(2041, 3, 1)
    assert under(leo, years=28, leap_day="28 February").earliest_disposal_on == date(2044, 2, 29)


def test_where_nothing_is_advised_nothing_is_shown() -> None:
    row = under(born(date(2016, 2, 29)))

    assert (row.advised_until, row.advice_years, row.advice_citation) == (None, None, None)


def test_a_corrected_date_of_birth_moves_the_day() -> None:
    correct = CorrectPupilDetails(
        occurred_on=date(2023, 9, 8), date_of_birth=date(2017, 3, 12), why="Birth certificate"
    )
    row = Life().then(correct).row(SCHEDULE)

    assert (row.earliest_disposal_on, row.advised_until) == (date(2042, 3, 12), date(2048, 3, 12))


def test_a_hold_is_shown_until_the_last_one_is_released() -> None:
    life = born(date(2016, 2, 29)).then(HOLD, key=INQUIRY, actor=DPO)
    life.then(but(HOLD, kind=HoldKind.COMPLAINT, reference=None), key=COMPLAINT, actor=DPO)

    row = life.row(SCHEDULE)
    assert row.held
    assert row.earliest_disposal_on == date(2041, 3, 1)
    assert row.holds == [
        {
            "hold_id": str(INQUIRY),
            "kind": "public_inquiry",
            "reference": "PI-12",
            "placed_on": "2024-07-04",
            "review_on": "2025-01-04",
        },
        {
            "hold_id": str(COMPLAINT),
            "kind": "complaint",
            "reference": None,
            "placed_on": "2024-07-04",
            "review_on": "2025-01-04",
        },
    ]

    life.then(ReleaseLegalHold(occurred_on=date(2024, 9, 1), hold_id=INQUIRY, why="Over"))
    row = life.row(SCHEDULE)
    assert [hold["kind"] for hold in row.holds] == ["complaint"]
    assert row.held

    life.then(ReleaseLegalHold(occurred_on=date(2024, 9, 2), hold_id=COMPLAINT, why="Settled"))
    row = life.row(SCHEDULE)
    assert (row.holds, row.held) == ([], False)


def test_the_row_goes_with_the_pupil() -> None:
    move = MovePupilAcademy(
        occurred_on=date(2024, 9, 2),
        to_academy="Birch Lane Academy",
        nc_year="3",
        accepted_by="Kim Ade",
    )
    life = Life().then(move)
    assert life.row(SCHEDULE).academy == "Birch Lane Academy"

    life.then(RecordLeaving(occurred_on=date(2024, 12, 20), why="Moved"))
    assert life.row(SCHEDULE).left_on == date(2024, 12, 20)

    life.then(ReadmitPupil(occurred_on=date(2025, 1, 6), academy=ADMIT.academy, nc_year="3"))
    row = life.row(SCHEDULE)
    assert (row.left_on, row.academy) == (None, ADMIT.academy)


def test_what_does_not_concern_retention_leaves_the_row_itself() -> None:
    life = Life()
    row = life.row(SCHEDULE)
    life.then(IDENTIFY)

    assert SCHEDULE.project(row, life.events[-1]) is row
    assert SCHEDULE.project(None, life.events[-1]) is None
