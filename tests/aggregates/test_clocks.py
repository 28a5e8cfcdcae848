"""Every clock: when it is due, by which citation, and that its row names what there is."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from send_records.aggregates import EVENTS
from send_records.aggregates.clocks import Clock, Clocks, Found, Signal, next_day_of_year
from send_records.aggregates.values import Role
from send_records.rules import shipped_rules
from send_records.rules.clocks import AcademiesDamaged, clocks_of

CLOCKS = clocks_of()
ALDER = "Alder Park Academy"

DUE: list[tuple[str, date, date, str]] = [
    # name, counted from or said by the event, due, its basis
    ("concern_answer", date(2026, 10, 15), date(2026, 11, 6), "Code of Practice 6.45"),
    ("monitoring_review", date(2026, 11, 27), date(2026, 11, 27), "policy 10.1"),
    ("plan_review", date(2026, 12, 11), date(2026, 12, 11), "policy 10.2"),
    ("next_review", date(2026, 12, 11), date(2026, 12, 11), "Code of Practice 6.65"),
    ("scheduled_review", date(2026, 12, 1), date(2026, 12, 1), "Code of Practice 6.53"),
    ("annual_agreement", date(2027, 2, 28), date(2027, 2, 28), "policy 11"),
    ("agreement_expires", date(2027, 2, 28), date(2027, 2, 28), "policy 11"),
    ("parents_told", date(2026, 11, 2), date(2026, 11, 2), "s.68"),
    ("parents_told_of_level", date(2026, 11, 2), date(2026, 11, 2), "s.68"),
    ("provision_end", date(2026, 12, 4), date(2026, 12, 4), "6.54"),
    ("adjustment_review", date(2026, 12, 4), date(2026, 12, 4), "Equality Act 2010 s.20"),
    ("profile_review", date(2027, 9, 6), date(2027, 9, 6), "policy 11"),
    ("ehc_decision_to_assess", date(2026, 1, 20), date(2026, 3, 3), "reg 5:"),
    ("ehc_decision_to_assess", date(2024, 1, 18), date(2024, 2, 29), "reg 5:"),
    ("ehc_decision_not_to_issue", date(2026, 1, 20), date(2026, 5, 12), "reg 10:"),
    ("ehc_final_plan", date(2026, 1, 20), date(2026, 6, 9), "reg 13(2)"),
    ("ehc_final_plan", date(2026, 7, 21), date(2026, 12, 8), "reg 13(2)"),  # August counts
    ("ehc_advice", date(2026, 3, 10), date(2026, 4, 21), "reg 8:"),
    ("draft_plan_views", date(2026, 5, 12), date(2026, 5, 27), "reg 13(1)"),
    ("annual_review", date(2025, 5, 31), date(2026, 5, 31), "s.44"),
    ("annual_review", date(2024, 2, 29), date(2025, 2, 28), "s.44"),
    ("annual_review_notice", date(2026, 6, 15), date(2026, 6, 1), "reg 20(3)"),
    ("annual_review_advice", date(2026, 6, 15), date(2026, 6, 1), "reg 20(4)"),
    ("annual_review_meeting", date(2026, 6, 15), date(2026, 6, 15), "reg 20:"),
    ("annual_review_report", date(2026, 6, 15), date(2026, 6, 29), "reg 20(7)"),
    ("la_review_decision", date(2026, 6, 15), date(2026, 7, 13), "[2022] EWHC 493"),
    ("final_amended_plan", date(2026, 6, 15), date(2026, 9, 7), "[2022] EWHC 493"),
    ("phase_transfer", date(2026, 9, 2), date(2027, 2, 15), "15 February"),
    ("phase_transfer_post_16", date(2026, 9, 2), date(2027, 3, 31), "31 March"),
    ("appeal_window", date(2026, 12, 31), date(2027, 2, 28), "2 months"),
    ("appeal_window", date(2023, 12, 31), date(2024, 2, 29), "2 months"),
    ("appeal_window", date(2026, 6, 10), date(2026, 8, 10), "calendar time"),  # August counts
    ("appeal_response", date(2026, 7, 20), date(2026, 9, 29), "r.21"),  # and here it does not
    ("appeal_response", date(2026, 12, 1), date(2027, 1, 20), "facts.md 2.4"),
    ("appeal_direction", date(2026, 10, 5), date(2026, 10, 5), "r.5"),
    ("reduced_timetable_review", date(2026, 10, 5), date(2026, 10, 5), "policy 17"),
    ("reduced_timetable_end", date(2026, 10, 23), date(2026, 10, 23), "policy 17"),
    ("healthcare_plan_review", date(2027, 9, 6), date(2027, 9, 6), "s.100"),
    ("subject_access", date(2026, 1, 31), date(2026, 3, 2), "Art 12(3)"),  # the 28th, a Saturday
    ("subject_access", date(2024, 1, 31), date(2024, 2, 29), "Art 12(3)"),
    ("subject_access", date(2026, 7, 14), date(2026, 8, 14), "Art 12(3)"),  # holidays count
    ("subject_access", date(2026, 11, 25), date(2026, 12, 29), "Art 12(3)"),  # Christmas Day
    ("complaint_acknowledgement", date(2026, 1, 30), date(2026, 3, 1), "30 days"),
    ("academy_complaint_acknowledgement", date(2026, 1, 30), date(2026, 3, 1), "policy 20"),
    ("record_transfer", date(2026, 10, 15), date(2026, 11, 13), "reg 9"),  # half-term between
    ("record_transfer", date(2026, 7, 21), date(2026, 9, 22), "reg 9"),
    ("move_acceptance", date(2026, 10, 22), date(2026, 11, 6), "policy 17"),
    ("handover_receipt", date(2026, 10, 20), date(2026, 10, 20), "facts.md 4.3"),
    ("legal_hold_review", date(2027, 5, 23), date(2027, 5, 23), "no source fixes it"),
    ("emergency_access_dpo", date(2026, 10, 24), date(2026, 10, 24), "at once"),  # a Saturday
    ("emergency_access_principal", date(2026, 10, 22), date(2026, 10, 22), "at once"),
    ("emergency_access_review", date(2026, 10, 22), date(2026, 11, 6), "5 school days"),
    ("emergency_access_ends", date(2026, 10, 22), date(2026, 10, 22), "60 minutes"),
    ("disposal_due", date(2042, 3, 11), date(2042, 12, 31), "policy 11 and 22"),
]


@pytest.mark.parametrize(("name", "day", "due", "basis"), DUE)
def test_a_clock_is_due_as_its_source_says(name: str, day: date, due: date, basis: str) -> None:
    clock = CLOCKS.in_force(name, day)

    assert clock is not None
    assert clock.due(Found({}, day, True), ALDER, CLOCKS.calendars).day == due
    assert basis in clock.citation


def test_every_clock_stands_in_the_table_above() -> None:
    assert {clock.name for clock in CLOCKS.rows} == {name for name, *_ in DUE}


def test_a_day_that_the_event_does_not_name_makes_an_estimate() -> None:
    clock = CLOCKS.by_id["appeal-response-30-working-days"]

    due = clock.due(Found({}, date(2026, 10, 1), False), ALDER, CLOCKS.calendars)

    assert due.estimate


@pytest.mark.parametrize("clock", CLOCKS.rows, ids=lambda clock: clock.id)
def test_every_clock_says_who_acts_and_what_stops_it_and_why(clock: Clock) -> None:
    others = {"local_authority", "parent", ""}

    assert clock.role in set(Role)
    assert clock.acts in {*Role, *others}
    assert clock.what.strip()
    assert clock.until.strip()
    assert clock.citation.strip()
    assert re.fullmatch("[a-z0-9-]{1,60}", clock.id)
    assert re.fullmatch("[a-z0-9_]{1,40}", clock.name)
    assert clock.stops or clock.lapses


@pytest.mark.parametrize(
    ("clock", "length", "interval"),
    [
        ("subject_access", lambda row: (row.months, row.weeks), "subject_access"),
        ("subject_access", lambda row: (row.extension, 0), "subject_access_extension"),
        ("annual_review_notice", lambda row: (row.months, -row.weeks), "annual_review_notice"),
        ("annual_review_report", lambda row: (row.months, row.weeks), "annual_review_report"),
        ("la_review_decision", lambda row: (row.months, row.weeks), "annual_review_decision"),
        ("appeal_window", lambda row: (row.months, row.weeks), "appeal_from_letter"),
        ("appeal_window", lambda row: (row.later_months, 0), "appeal_from_certificate"),
    ],
)
def test_what_decisions_count_by_too_is_the_same_number_there(
    clock: str, length: Callable[[Clock], tuple[int, int]], interval: str
) -> None:
    today = date(2026, 11, 23)
    row, other = CLOCKS.in_force(clock, today), shipped_rules().interval(interval, today)

    assert row is not None
    assert length(row) == (other.months, other.weeks)


def test_ids_are_of_one_row_each() -> None:
    assert len(CLOCKS.by_id) == len(CLOCKS.rows)


NOT_YET = {"RecordTransferred", "RecordDisposed"}
"""What a clock waits for that cannot be recorded yet."""


def signals() -> list[tuple[str, Signal]]:
    return [(clock.id, signal) for found in CLOCKS.heard.values() for _, clock, signal in found]


@pytest.mark.parametrize(("clock_id", "signal"), signals())
def test_a_signal_names_an_event_and_fields_that_there_are(clock_id: str, signal: Signal) -> None:
    event = EVENTS.get(signal.event)
    assert (event is None) == (signal.event in NOT_YET)
    if event is None:
        return
    said = [signal.each or signal.day, *signal.where, *signal.same, signal.count or signal.day]
    if signal.each is not None:
        [row, *_] = get_args(event.model_fields[signal.each].annotation)
        assert signal.day in row.model_fields
        said.remove(signal.day)

    assert set(said) <= set(event.model_fields)


def test_a_later_row_counts_from_its_day_on() -> None:
    old = CLOCKS.by_id["ehc-final-plan-20-weeks"]
    new = replace(old, id="ehc-final-plan-12-weeks", weeks=12, effective_from=date(2029, 9, 1))
    clocks = Clocks((new, old), CLOCKS.calendars)

    assert clocks.in_force("ehc_final_plan", date(2029, 8, 31)) is old
    assert clocks.in_force("ehc_final_plan", date(2029, 9, 1)) is new
    assert clocks.in_force("ehc_final_plan", date(1999, 1, 1)) is old
    assert clocks.in_force("nothing", date(2029, 9, 1)) is None


def test_the_fingerprint_is_another_when_a_row_a_term_or_a_holiday_is() -> None:
    fewer = Clocks(CLOCKS.rows[1:], CLOCKS.calendars)
    other_terms = Clocks(
        CLOCKS.rows, replace(CLOCKS.calendars, academies=CLOCKS.calendars.academies[1:])
    )
    a_holiday = frozenset({*CLOCKS.calendars.bank_holidays, date(2027, 6, 1)})
    holiday = Clocks(CLOCKS.rows, replace(CLOCKS.calendars, bank_holidays=a_holiday))

    prints = {each.fingerprint for each in (CLOCKS, fewer, other_terms, holiday)}

    assert len(prints) == 4
    assert clocks_of.__wrapped__().fingerprint == CLOCKS.fingerprint


def test_the_next_fifteenth_of_february_may_be_today() -> None:
    assert next_day_of_year(date(2027, 2, 15), "02-15") == date(2027, 2, 15)
    assert next_day_of_year(date(2027, 2, 16), "02-15") == date(2028, 2, 15)
    assert next_day_of_year(date(2024, 2, 29), "03-31") == date(2024, 3, 31)


TERM = """
[[academy]]
name = "Cedar Hill Academy"
local_authority = "Oldham"
effective_from = 2025-09-01
citation = "Governors, 12 May 2025"
closed = [2026-11-06]

[[academy.term]]
first = 2026-11-02
last = {last}

[[academy.term]]
first = 2027-01-04
last = 2027-02-12
"""


def test_a_trust_names_its_own_academies(tmp_path: Path) -> None:
    file = tmp_path / "academies.toml"
    file.write_text(TERM.format(last="2026-12-18"))

    calendars = clocks_of(file).calendars

    assert calendars.school_days_after("Cedar Hill Academy", date(2026, 11, 5), 1).day == date(
        2026, 11, 9
    )
    assert calendars.school_days_after(ALDER, date(2026, 10, 23), 1).estimate


@pytest.mark.parametrize(
    "text",
    [
        TERM.format(last="2026-10-30"),  # ends before it begins
        TERM.format(last="2027-01-04"),  # begins within another
        TERM.format(last="2026-12-18").replace("local_authority", "council"),
        TERM.format(last="2026-12-32"),
        "[[school]]",
    ],
)
def test_a_file_that_does_not_say_what_it_should_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "academies.toml"
    file.write_text(text)

    with pytest.raises(AcademiesDamaged):
        clocks_of(file)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AcademiesDamaged):
        clocks_of(tmp_path / "nothing.toml")
