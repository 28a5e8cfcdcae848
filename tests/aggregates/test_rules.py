"""Rows in force by day, lengths of time, and what is shipped."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_records.aggregates.rows import Row
from send_records.aggregates.rules import (
    Interval,
    Limit,
    RetentionRule,
    RuleMissing,
    Rules,
    anniversary,
)
from send_records.aggregates.tools import Tools
from send_records.rules import shipped_rules
from send_records.rules.clocks import clocks_of

SHIPPED = shipped_rules()
NO_RULES = Rules(editions=(), codes=(), intervals=(), retention=(), tools=Tools())
TODAY = date(2026, 11, 23)
TERM = Interval(citation="policy", effective_from=date(2015, 1, 1), name="term", months=4)
KEPT = SHIPPED.retention_rule("pupil_send_record", TODAY)

days = st.dates(date(1990, 1, 1), date(2100, 1, 1))
lengths = st.builds(
    Interval,
    citation=st.just("policy"),
    effective_from=st.just(date(2015, 1, 1)),
    name=st.just("some"),
    months=st.integers(0, 40),
    weeks=st.integers(0, 60),
)

EVERY_ROW: list[Row] = [
    *SHIPPED.editions,
    *SHIPPED.codes,
    *SHIPPED.intervals,
    *SHIPPED.retention,
    *SHIPPED.tools.score_ranges,
    *SHIPPED.tools.bands,
    *SHIPPED.tools.narratives,
    *SHIPPED.tools.scales,
    *SHIPPED.limits,
    *SHIPPED.emergency_limits,
]


def test_every_shipped_row_says_where_it_comes_from() -> None:
    assert len(EVERY_ROW) > 50
    assert [row for row in EVERY_ROW if not row.citation.strip()] == []


def test_a_row_is_in_force_from_its_first_day_to_its_last() -> None:
    row = Row(citation="x", effective_from=date(2025, 1, 1), effective_to=date(2025, 12, 31))

    assert [row.in_force(day) for day in (date(2024, 12, 31), date(2025, 1, 1))] == [False, True]
    assert [row.in_force(day) for day in (date(2025, 12, 31), date(2026, 1, 1))] == [True, False]


def test_down_syndrome_is_a_type_of_need_from_january_2025() -> None:
    assert SHIPPED.code("sen_type", "DS", date(2024, 12, 31)) is None
    found = SHIPPED.code("sen_type", "DS", date(2025, 1, 1))
    assert found is not None
    assert found.label == "Down syndrome"


def test_the_fourteen_types_of_need_are_those_of_the_dfe_and_no_vendor_misprint() -> None:
    codes = {code.code for code in SHIPPED.codes if code.set == "sen_type"}

    assert " ".join(sorted(codes)) == "ASD DS HI MLD MSI NSA OTH PD PMLD SEMH SLCN SLD SPLD VI"


def test_a_code_belongs_to_its_set() -> None:
    assert SHIPPED.code("nc_year", "SPLD", TODAY) is None
    assert SHIPPED.code("sen_type", "spld", TODAY) is None


def test_the_newest_row_in_force_is_the_rule() -> None:
    shorter = replace(TERM, months=3, effective_from=date(2020, 1, 1))
    rules = replace(NO_RULES, intervals=(shorter, TERM))

    assert rules.interval("term", date(2019, 12, 31)).months == 4
    assert rules.interval("term", date(2020, 1, 1)).months == 3


def test_a_day_before_the_first_interval_is_judged_by_the_first() -> None:
    assert SHIPPED.interval("plan_review", date(1998, 5, 1)).months == 4


def test_a_limit_is_the_newest_in_force_and_the_first_before_it() -> None:
    page = Limit(citation="policy", effective_from=date(2015, 1, 1), name="page", most=3000)
    shorter = replace(page, most=2500, effective_from=date(2020, 1, 1))
    rules = replace(NO_RULES, limits=(shorter, page))

    on_days = [date(1998, 5, 1), date(2019, 12, 31), date(2020, 1, 1)]
    assert [rules.limit("page", day).most for day in on_days] == [3000, 3000, 2500]


def test_a_rule_that_is_not_shipped_is_missing_rather_than_guessed() -> None:
    with pytest.raises(RuleMissing):
        SHIPPED.interval("holidays", TODAY)
    with pytest.raises(RuleMissing):
        SHIPPED.limit("holidays", TODAY)
    with pytest.raises(RuleMissing):
        SHIPPED.retention_rule("catering", TODAY)
    with pytest.raises(RuleMissing):
        SHIPPED.edition(date(2014, 12, 31))


def test_the_adopted_period_is_25_years_and_31_is_advice() -> None:
    advice = SHIPPED.retention_advice("pupil_send_record", TODAY)

    assert (KEPT.years, KEPT.advisory) == (25, False)
    assert advice is not None
    assert (advice.years, advice.advisory) == (31, True)
    assert SHIPPED.retention_advice("pupil_send_record", date(2018, 1, 1)) is None


def test_someone_born_on_29_february_2016_is_25_on_1_march_2041() -> None:
    assert anniversary(date(2016, 2, 29), KEPT.years, KEPT.leap_day) == date(2041, 3, 1)


def test_another_rule_may_put_that_birthday_on_28_february() -> None:
    rule: RetentionRule = replace(KEPT, leap_day="28 February")

    assert anniversary(date(2016, 2, 29), rule.years, rule.leap_day) == date(2041, 2, 28)
    assert anniversary(date(2016, 2, 29), 24, rule.leap_day) == date(2040, 2, 29)


@pytest.mark.parametrize(
    ("months", "day", "after"),
    [
        (1, date(2026, 1, 31), date(2026, 2, 28)),
        (1, date(2028, 1, 31), date(2028, 2, 29)),
        (12, date(2028, 2, 29), date(2029, 2, 28)),
        (12, date(2023, 12, 13), date(2024, 12, 13)),
        (4, date(2026, 10, 31), date(2027, 2, 28)),
        (0, date(2026, 10, 31), date(2026, 10, 31)),
    ],
)
def test_months_on_is_the_same_day_or_the_last_there_is(
    months: int, day: date, after: date
) -> None:
    assert replace(TERM, months=months).after(day) == after


def test_weeks_are_seven_days() -> None:
    assert replace(TERM, months=0, weeks=6).after(date(2023, 10, 18)) == date(2023, 11, 29)


@given(lengths, days, st.integers(0, 400))
def test_a_later_day_never_falls_due_earlier(length: Interval, day: date, later: int) -> None:
    assert day <= length.after(day) <= length.after(day + timedelta(days=later))


@given(days, st.integers(0, 80), st.sampled_from(["1 March", "28 February"]))
def test_an_anniversary_is_within_a_day_of_that_many_years(
    day: date, years: int, leap_day: str
) -> None:
    on = anniversary(day, years, "1 March" if leap_day == "1 March" else "28 February")

    assert on.year == day.year + years
    assert (on.month, on.day) == (day.month, day.day) or (day.month, day.day) == (2, 29)


def test_a_score_is_judged_by_the_row_that_names_its_tool_most_exactly() -> None:
    total = SHIPPED.tools.score_range("SDQ", "4-17", "total", TODAY)
    percentile = SHIPPED.tools.score_range("New Group Reading Test", "NGRT-C", "percentile", TODAY)

    assert total is not None
    assert percentile is not None
    assert (total.low, total.high, percentile.low, percentile.high) == (0, 40, 1, 99)
    assert SHIPPED.tools.score_range("Boxall Profile", "BP2017", "strand", TODAY) is None


@pytest.mark.parametrize(
    ("interval", "clock", "field"),
    [
        ("annual_review_notice", "annual_review_notice", "weeks"),
        ("annual_review_report", "annual_review_report", "weeks"),
        ("annual_review_decision", "la_review_decision", "weeks"),
        ("appeal_from_letter", "appeal_window", "months"),
    ],
)
def test_what_is_shown_as_late_is_late_by_its_clock(interval: str, clock: str, field: str) -> None:
    row = clocks_of().in_force(clock, TODAY)

    assert row is not None
    said = SHIPPED.interval(interval, TODAY)
    assert getattr(said, field) == abs(getattr(row, field)) > 0


def test_a_mediation_certificate_gives_as_long_by_the_clock() -> None:
    row = clocks_of().in_force("appeal_window", TODAY)

    assert row is not None
    assert row.later_months == SHIPPED.interval("appeal_from_certificate", TODAY).months
