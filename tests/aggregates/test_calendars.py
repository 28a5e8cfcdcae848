"""Days as they are counted: calendar days, school days and the tribunal's working days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_records.aggregates.calendars import Calendars, Counted, days_after, months_after
from send_records.rules.clocks import clocks_of

CALENDARS = clocks_of().calendars
ALDER = "Alder Park Academy"

days = st.dates(date(2015, 1, 1), date(2040, 1, 1))


@pytest.mark.parametrize(
    ("day", "months", "then"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 3, 31), 1, date(2026, 4, 30)),
        (date(2026, 8, 31), 1, date(2026, 9, 30)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
        (date(2024, 2, 29), 1, date(2024, 3, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2023, 2, 28), 12, date(2024, 2, 28)),
        (date(2026, 12, 15), 2, date(2027, 2, 15)),
        (date(2026, 3, 31), -1, date(2026, 2, 28)),
    ],
)
def test_a_month_ends_on_the_day_of_the_same_number_or_the_last(
    day: date, months: int, then: date
) -> None:
    assert months_after(day, months) == then


@given(day=days, months=st.integers(0, 60))
def test_months_never_run_over_into_the_next(day: date, months: int) -> None:
    then = months_after(day, months)

    assert (then.year * 12 + then.month) - (day.year * 12 + day.month) == months
    assert then.day <= day.day
    assert then.day == day.day or (then + timedelta(days=1)).day == 1


@pytest.mark.parametrize("number", [-4_000_000, 4_000_000])
def test_no_day_is_beyond_the_calendar(number: int) -> None:
    assert days_after(date(2026, 1, 1), number) in (date.min, date.max)
    assert months_after(date(2026, 1, 31), number).year in (1, 9999)


@pytest.mark.parametrize(
    ("after", "number", "then"),
    [
        # Half-term is 26 to 30 October 2026, and 2 November a training day.
        (date(2026, 10, 15), 15, date(2026, 11, 13)),
        (date(2026, 10, 23), 1, date(2026, 11, 3)),
        (date(2026, 10, 28), 1, date(2026, 11, 3)),
        # Christmas 2026, and the summer of 2026.
        (date(2026, 12, 18), 15, date(2027, 1, 22)),
        (date(2026, 7, 21), 15, date(2026, 9, 22)),
        # May Day 2026 is the 4th, and the Queen's funeral was on 19 September 2022.
        (date(2026, 5, 1), 1, date(2026, 5, 5)),
        (date(2022, 9, 16), 1, date(2022, 9, 20)),
    ],
)
def test_school_days_are_those_of_the_academy(after: date, number: int, then: date) -> None:
    assert CALENDARS.school_days_after(ALDER, after, number) == Counted(then)


def test_each_academy_has_terms_of_its_own() -> None:
    after = date(2025, 10, 16)

    assert CALENDARS.school_days_after(ALDER, after, 2) == Counted(date(2025, 10, 20))
    assert CALENDARS.school_days_after("Birch Lane Academy", after, 2) == Counted(
        date(2025, 10, 27)
    )


@pytest.mark.parametrize(
    ("academy", "after", "then"),
    [
        (ALDER, date(2027, 7, 15), date(2027, 8, 5)),  # four days of term, then nobody knows
        (ALDER, date(2019, 4, 18), date(2019, 5, 14)),  # Easter 2019 and May Day are known
        ("Cedar Hill Academy", date(2026, 10, 15), date(2026, 11, 5)),
    ],
)
def test_beyond_the_known_terms_the_answer_is_an_estimate(
    academy: str, after: date, then: date
) -> None:
    assert CALENDARS.school_days_after(academy, after, 15) == Counted(then, estimate=True)


def test_an_estimate_that_is_not_needed_is_not_made() -> None:
    assert not CALENDARS.school_days_after(ALDER, date(2027, 7, 20), 1).estimate
    assert CALENDARS.school_days_after(ALDER, date(2027, 7, 20), 2).estimate


@pytest.mark.parametrize(
    ("after", "number", "then"),
    [
        (date(2026, 7, 30), 1, date(2026, 7, 31)),
        (date(2026, 7, 31), 1, date(2026, 9, 1)),  # August does not count, nor its bank holiday
        (date(2026, 8, 14), 30, date(2026, 10, 12)),
        (date(2026, 12, 24), 1, date(2027, 1, 4)),  # 25 December to 1 January, then a weekend
        (date(2026, 4, 2), 1, date(2026, 4, 7)),  # Good Friday and Easter Monday
        (date(2022, 9, 16), 1, date(2022, 9, 20)),  # proclaimed once
        (date(2023, 5, 5), 1, date(2023, 5, 9)),  # the coronation
    ],
)
def test_the_tribunal_has_working_days_of_its_own(after: date, number: int, then: date) -> None:
    assert CALENDARS.tribunal_days_after(after, number) == Counted(then)


def test_the_tribunals_days_are_an_estimate_where_no_bank_holidays_are_known() -> None:
    assert CALENDARS.tribunal_days_after(date(2046, 3, 1), 1) == Counted(date(2046, 3, 2), True)


@given(day=days, number=st.integers(1, 40))
def test_the_tribunal_counts_no_day_that_it_does_not_sit(day: date, number: int) -> None:
    then = CALENDARS.tribunal_days_after(day, number).day

    assert then.month != 8
    assert then.weekday() < 5
    assert not (then.month == 12 and then.day >= 25)
    between = [day + timedelta(days=n) for n in range(1, (then - day).days + 1)]
    assert sum(CALENDARS.tribunal_day(each) is not None for each in between) == number


@given(day=days, number=st.integers(1, 40))
def test_an_estimate_is_never_later_than_what_terms_would_say(day: date, number: int) -> None:
    known = CALENDARS.school_days_after(ALDER, day, number)
    guessed = Calendars((), CALENDARS.bank_holidays).school_days_after(ALDER, day, number)

    assert guessed.estimate
    assert guessed.day <= known.day


def test_a_working_day_is_itself_and_a_weekend_is_followed_by_one() -> None:
    assert CALENDARS.working_day_from(date(2026, 11, 23)) == date(2026, 11, 23)
    assert CALENDARS.working_day_from(date(2026, 12, 25)) == date(2026, 12, 29)
    assert CALENDARS.working_day_from(date.max) >= date(9999, 12, 31)


def test_the_terms_that_are_shipped_are_of_six_years_and_three_academies() -> None:
    assert {each.name for each in CALENDARS.academies} == {
        ALDER,
        "Brook Lane Academy",
        "Birch Lane Academy",
    }
    for academy in CALENDARS.academies:
        assert len(academy.terms) == 36
        assert (academy.terms[0].first.year, academy.terms[-1].last.year) == (2021, 2027)
        for year in range(2021, 2027):
            open_days = [
                day
                for n in range(365)
                if (day := date(year, 9, 1) + timedelta(days=n)) and in_school(academy.name, day)
            ]
            assert 180 <= len(open_days) <= 195, (academy.name, year, len(open_days))


def in_school(academy: str, day: date) -> bool:
    counted = CALENDARS.school_day(academy, day)
    return counted is not None and not counted.estimate
