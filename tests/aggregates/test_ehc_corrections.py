"""What can be put right of an EHC plan, and who was given something of the record."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from send_records.aggregates.annual_review_results import ReportAnnualReview
from send_records.aggregates.corrected import EntryCorrected
from send_records.aggregates.corrections import CorrectEntry
from send_records.aggregates.ehc_plans import SectionNotInForce
from send_records.aggregates.needs import SenTypeNotInForce
from send_records.aggregates.reviews import AnnualReviewIsItsOwnEntry
from send_records.aggregates.standing import DaysMiscounted
from send_records.errors import Invalid
from tests.aggregates.test_annual_reviews import CALL, DECIDE, HOLD, REPORT
from tests.aggregates.test_appeals import LODGE, REFUSED
from tests.aggregates.test_ehc_plans import AMEND
from tests.aggregates.test_ehc_requests import AGREE, BY_PARENT, REQUEST
from tests.aggregates.test_reliance import HELD
from tests.aggregates.test_reviews import SCHEDULE
from tests.api.story_ehcp import ADVISE
from tests.scenario import EHC_PLAN, Scenario, a_family, a_pupil, but


def put_right(scenario: Scenario, field: str, said: Any, should: Any) -> Scenario:
    """One value of the last entry, to be put right."""
    correct = CorrectEntry(
        occurred_on=date(2026, 11, 20),
        entry_version=scenario.pupil.version,
        field=field,
        from_value=said,
        to_value=should,
        why="Misread",
    )
    return scenario.when(correct)


@pytest.mark.parametrize(
    ("field", "said", "should", "error"),
    [
        ("primary_need", "SPLD", "PLD", SenTypeNotInForce),
        ("sections.0", "A", "L", SectionNotInForce),
        ("sections.0", "A", "C", SectionNotInForce),
    ],
)
def test_a_plan_is_put_right_by_codes_that_there_are(
    field: str, said: str, should: str, error: type[Invalid]
) -> None:
    put_right(a_pupil().given(EHC_PLAN), field, said, should).refused(error)
    put_right(a_pupil().given(EHC_PLAN, AMEND), field, said, should).refused(error)


def test_a_plan_is_put_right() -> None:
    issued = a_pupil().given(EHC_PLAN)

    put_right(issued, "primary_need", "SPLD", "SLCN").then(EntryCorrected)
    put_right(issued, "final_dated", "2024-05-17", "2024-05-16").then(EntryCorrected)
    changed = a_pupil().given(EHC_PLAN, AMEND)
    put_right(changed, "sections_changed.0", "E", "L").refused(SectionNotInForce)
    put_right(changed, "sections_changed.0", "E", "B").then(EntryCorrected)


def test_days_that_were_counted_are_not_put_right_behind_the_count() -> None:
    called = a_pupil().given(EHC_PLAN, CALL)
    reported = a_pupil().given(EHC_PLAN, HOLD, REPORT)

    put_right(called, "meeting_on", "2025-05-14", "2025-05-15").refused(DaysMiscounted)
    put_right(called, "invited.0.name", "parent", "Nasreen Rahman").then(EntryCorrected)
    put_right(reported, "sent_on", "2025-05-28", "2025-05-27").refused(DaysMiscounted)
    put_right(reported, "to.0", "Oldham", "Oldham SEND team").then(EntryCorrected)
    put_right(called, "short_notice", False, True).refused(DaysMiscounted)
    put_right(reported, "late", False, True).refused(DaysMiscounted)


def test_what_was_said_to_be_late_is_not_so_once_its_day_was_another() -> None:
    late = but(DECIDE, letter_dated=date(2025, 6, 12))
    decided = a_pupil().given(EHC_PLAN, HOLD, late)
    appealed = a_pupil().given(BY_PARENT, REFUSED, LODGE)

    put_right(decided, "letter_dated", "2025-06-12", "2025-06-11").refused(DaysMiscounted)
    put_right(decided, "why", None, "The outcomes are met").then(EntryCorrected)
    put_right(appealed, "occurred_on", "2025-02-28", "2025-03-01").refused(DaysMiscounted)
    put_right(appealed, "occurred_on", "2025-02-28", "2025-02-27").then(EntryCorrected)
    put_right(appealed, "certificate_dated", None, "2025-02-07").refused(DaysMiscounted)


def test_no_review_becomes_an_annual_one_by_a_correction() -> None:
    scheduled = a_pupil().given(SCHEDULE)
    held = a_family().given(HELD)

    put_right(scheduled, "kind", "termly", "ehcp_annual").refused(AnnualReviewIsItsOwnEntry)
    put_right(held, "kind", "termly", "ehcp_annual").refused(AnnualReviewIsItsOwnEntry)


def test_whoever_was_given_something_of_the_record_is_named() -> None:
    [ours] = a_family().given(AGREE).when(REQUEST).decided()
    [theirs] = a_pupil().when(BY_PARENT).decided()
    [advice] = a_pupil().when(ADVISE).decided()
    report: ReportAnnualReview = REPORT
    [sent] = a_pupil().given(EHC_PLAN, HOLD).when(report).decided()

    assert [e.recipients() for e in (ours, theirs, advice)] == [("Oldham",), (), ("Oldham",)]
    assert sent.recipients() == ("Oldham", "Nasreen Rahman")
