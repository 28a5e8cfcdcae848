"""The clocks of statute, run: the EHC assessment, annual review, appeal, and subject access.

The events are told by their names and the fields that the clocks read; that the domain's own have
those fields is for ``tests/aggregates/test_clocks.py``.
"""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from send_records.aggregates.base import PupilEvent
from send_records.aggregates.details import YearGroupChanged
from send_records.aggregates.enrolment import PupilLeft
from send_records.projections.duties import Duties
from send_records.projections.duty import DutyRow
from tests.projections.lives import Life
from tests.scenario import ADMIT, but

DUTIES = Duties()
REQUEST = UUID(int=490)


class Told:
    """A pupil of whom events are told: what, on which day, and what else it says."""

    def __init__(self, **admitted: Any) -> None:
        self._events: list[Any] = list(Life(but(ADMIT, **admitted)).events)

    def then(self, name: str, day: date, /, **said: Any) -> Told:
        kind = type(name, (SimpleNamespace,), {})
        pupil = self._events[0].originator_id
        event = kind(
            originator_id=pupil,
            originator_version=len(self._events) + 1,
            occurred_on=day,
            **said,
        )
        self._events.append(event)
        return self

    def moved_up(self, on: date, nc_year: str) -> Told:
        return self._take(YearGroupChanged, occurred_on=on, nc_year=nc_year)

    def left(self, on: date) -> Told:
        return self._take(PupilLeft, occurred_on=on, destination=None, why="Moved")

    def _take(self, kind: type[PupilEvent], **said: Any) -> Told:
        first = self._events[0]
        shared = {name: getattr(first, name) for name in ("data_class", "origin", "metadata")}
        shared |= {"originator_id": first.originator_id}
        version = len(self._events) + 1
        self._events.append(kind(originator_version=version, **shared, **said))
        return self

    def rows(self, clock: str) -> list[DutyRow]:
        case = None
        for event in self._events:
            case = DUTIES.project(case, event)
        assert case is not None
        return [row for row in DUTIES.rows(case.state) if row.clock == clock]

    def row(self, clock: str) -> DutyRow:
        [row] = self.rows(clock)
        return row

    def is_(self, clock: str) -> tuple[str, date, date | None, bool]:
        row = self.row(clock)
        return row.state, row.due_on, row.done_on, row.late


def requested() -> Told:
    return Told().then(
        "EhcAssessmentRequested", date(2024, 1, 16), received_by_la_on=date(2024, 1, 18)
    )


def test_the_weeks_run_from_the_day_the_local_authority_received_the_request() -> None:
    """SEND Regulations 2014 regs 5, 10 and 13; 29 February 2024 is day 42."""
    told = requested()

    assert told.is_("ehc_decision_to_assess") == ("open", date(2024, 2, 29), None, False)
    assert told.is_("ehc_decision_not_to_issue") == ("open", date(2024, 5, 9), None, False)
    assert told.is_("ehc_final_plan") == ("open", date(2024, 6, 6), None, False)
    row = told.row("ehc_final_plan")
    assert (row.acts, row.role, row.counted_from) == (
        "local_authority",
        "senco",
        date(2024, 1, 18),
    )
    assert not row.estimate


def test_a_request_whose_receipt_is_not_known_gives_estimates() -> None:
    told = Told().then("EhcAssessmentRequested", date(2024, 1, 16), received_by_la_on=None)

    assert told.row("ehc_final_plan").estimate
    assert told.row("ehc_final_plan").due_on == date(2024, 6, 4)


def test_the_day_of_the_letter_counts_and_not_that_of_its_arrival() -> None:
    told = requested().then(
        "LaDecisionToAssessReceived",
        date(2024, 3, 4),
        decision="agreed",
        letter_dated=date(2024, 2, 28),
    )
    late = requested().then(
        "LaDecisionToAssessReceived",
        date(2024, 3, 4),
        decision="agreed",
        letter_dated=date(2024, 3, 1),
    )

    assert told.is_("ehc_decision_to_assess") == (
        "met",
        date(2024, 2, 29),
        date(2024, 2, 28),
        False,
    )
    assert told.is_("ehc_final_plan")[0] == "open"
    assert late.is_("ehc_decision_to_assess")[3]


def refused() -> Told:
    return requested().then(
        "LaDecisionToAssessReceived",
        date(2024, 2, 27),
        decision="refused",
        letter_dated=date(2024, 2, 26),
    )


def test_a_refusal_to_assess_ends_the_weeks_and_opens_the_appeal() -> None:
    told = refused()

    assert told.is_("ehc_decision_not_to_issue")[0] == "lapsed"
    assert told.is_("ehc_final_plan")[0] == "lapsed"
    assert told.is_("appeal_window") == ("open", date(2024, 4, 26), None, False)
    assert told.row("appeal_window").window
    assert told.row("appeal_window").acts == "parent"


def test_a_mediation_certificate_gives_a_month_if_that_is_later() -> None:
    later = refused().then(
        "MediationRecorded", date(2024, 4, 15), certificate_dated=date(2024, 4, 12)
    )
    sooner = refused().then(
        "MediationRecorded", date(2024, 3, 11), certificate_dated=date(2024, 3, 8)
    )

    assert later.row("appeal_window").due_on == date(2024, 5, 12)
    assert sooner.row("appeal_window").due_on == date(2024, 4, 26)
    lodged = later.then("AppealLodged", date(2024, 5, 10))
    assert lodged.is_("appeal_window") == ("met", date(2024, 5, 12), date(2024, 5, 10), False)


def test_the_tribunals_thirty_days_have_no_august() -> None:
    told = Told().then("AppealLodged", date(2024, 7, 22))

    assert told.row("appeal_response").due_on == date(2024, 10, 2)
    assert told.row("appeal_response").estimate


def test_each_direction_of_the_tribunal_has_its_day() -> None:
    directions = (
        SimpleNamespace(what="Evidence", due_on=date(2024, 9, 20)),
        SimpleNamespace(what="Bundle", due_on=date(2024, 10, 4)),
    )
    more = (SimpleNamespace(what="Attendance form", due_on=date(2024, 10, 11)),)
    told = (
        Told()
        .then("AppealLodged", date(2024, 7, 18))
        .then("AppealDirectionsReceived", date(2024, 8, 5), directions=directions)
        .then("AppealDirectionsReceived", date(2024, 9, 9), directions=more)
    )

    days = [row.due_on for row in told.rows("appeal_direction")]
    assert days == [date(2024, 9, 20), date(2024, 10, 4), date(2024, 10, 11)]
    assert len({row.duty_id for row in told.rows("appeal_direction")}) == 3
    told.then("AppealDecided", date(2024, 10, 21))
    assert {row.state for row in told.rows("appeal_direction")} == {"lapsed"}


def test_advice_is_due_six_weeks_after_it_is_asked_for() -> None:
    """SEND Regulations 2014 reg 8."""
    told = Told().then("EhcAdviceRequested", date(2024, 3, 6), asked_on=date(2024, 3, 4))
    assert told.row("ehc_advice").due_on == date(2024, 4, 15)

    told.then("EhcAdviceSubmitted", date(2024, 4, 16), submitted_on=date(2024, 4, 16))
    assert told.is_("ehc_advice") == ("met", date(2024, 4, 15), date(2024, 4, 16), True)


def test_a_draft_is_answered_in_fifteen_days() -> None:
    told = requested().then(
        "DraftPlanReceived", date(2024, 5, 7), dated=date(2024, 5, 3), received_on=date(2024, 5, 7)
    )

    assert told.row("draft_plan_views").due_on == date(2024, 5, 22)
    assert told.is_("ehc_decision_not_to_issue") == (
        "met",
        date(2024, 5, 9),
        date(2024, 5, 3),
        False,
    )


def issued(on: date = date(2024, 2, 29), **admitted: Any) -> Told:
    return Told(**admitted).then("EhcPlanIssued", on, final_dated=on)


def test_a_plan_of_29_february_is_reviewed_by_28_february() -> None:
    """Children and Families Act 2014 s.44."""
    assert issued().row("annual_review").due_on == date(2025, 2, 28)


def test_an_under_five_is_reviewed_every_six_months() -> None:
    young = issued(date_of_birth=date(2019, 3, 1))
    five = issued(date_of_birth=date(2019, 2, 28))

    assert young.row("annual_review").due_on == date(2024, 8, 29)
    assert five.row("annual_review").due_on == date(2025, 2, 28)


def called(notice: date | None) -> Told:
    return issued().then(
        "AnnualReviewCalled",
        date(2025, 1, 6),
        meeting_on=date(2025, 1, 27),
        notice_given_on=notice,
    )


def test_notice_of_the_meeting_is_given_two_weeks_before_it() -> None:
    """SEND Regulations 2014 reg 20(3)."""
    in_time, late, none = called(date(2025, 1, 6)), called(date(2025, 1, 14)), called(None)

    assert in_time.is_("annual_review_notice") == (
        "met",
        date(2025, 1, 13),
        date(2025, 1, 6),
        False,
    )
    assert late.is_("annual_review_notice")[3]
    assert none.is_("annual_review_notice") == ("open", date(2025, 1, 13), None, False)
    assert none.row("annual_review_advice").due_on == date(2025, 1, 13)
    assert none.row("annual_review_meeting").due_on == date(2025, 1, 27)


def held(circulated: date | None = None) -> Told:
    return called(date(2025, 1, 6)).then(
        "AnnualReviewHeld", date(2025, 1, 27), advice_circulated_on=circulated
    )


def test_report_decision_and_plan_are_counted_from_the_meeting() -> None:
    """SEND Regulations 2014 regs 20 to 22; [2022] EWHC 493 (Admin): 2, 4 and 12 weeks."""
    told = held(date(2025, 1, 10))

    assert told.row("annual_review_report").due_on == date(2025, 2, 10)
    assert told.row("la_review_decision").due_on == date(2025, 2, 24)
    assert told.row("final_amended_plan").due_on == date(2025, 4, 21)
    assert told.is_("annual_review_advice") == (
        "met",
        date(2025, 1, 13),
        date(2025, 1, 10),
        False,
    )
    assert told.row("annual_review_meeting").state == "met"
    assert told.row("annual_review").state == "open"  # until the decision concludes it


def test_advice_that_was_sent_round_late_is_late_and_unmet_if_nothing_says_when() -> None:
    """SEND Regulations 2014 reg 20(4)."""
    late, silent = held(date(2025, 1, 14)), held()

    assert late.is_("annual_review_advice")[2:] == (date(2025, 1, 14), True)
    assert silent.row("annual_review_advice").state == "lapsed"


def test_the_local_authoritys_decision_concludes_the_review_and_starts_the_next_year() -> None:
    told = held().then(
        "LaReviewDecisionReceived",
        date(2025, 2, 20),
        decision="maintain",
        letter_dated=date(2025, 2, 18),
    )

    first, second = told.rows("annual_review")
    assert (first.state, first.done_on, first.late) == ("met", date(2025, 2, 18), False)
    assert (second.state, second.due_on) == ("open", date(2026, 2, 18))
    assert told.row("final_amended_plan").state == "lapsed"
    assert told.rows("appeal_window")[-1].due_on == date(2025, 4, 18)


def test_an_amended_plan_comes_within_twelve_weeks_of_the_meeting() -> None:
    told = (
        held()
        .then(
            "LaReviewDecisionReceived",
            date(2025, 2, 20),
            decision="amend",
            letter_dated=date(2025, 2, 18),
        )
        .then("EhcPlanAmended", date(2025, 4, 25), final_dated=date(2025, 4, 22))
    )

    assert told.is_("final_amended_plan") == ("met", date(2025, 4, 21), date(2025, 4, 22), True)
    assert told.rows("annual_review")[-1].due_on == date(2026, 2, 18)


def test_a_plan_is_amended_before_15_february_of_the_year_of_transfer() -> None:
    """SEND Regulations 2014 reg 18."""
    told = issued(date(2026, 3, 3), nc_year="5").then(
        "EhcPlanAmended", date(2026, 6, 1), final_dated=date(2026, 6, 1)
    )
    assert told.rows("phase_transfer") == []

    moved = told.moved_up(date(2026, 9, 2), "6")
    assert moved.is_("phase_transfer") == ("open", date(2027, 2, 15), None, False)
    moved.then("EhcPlanAmended", date(2027, 2, 16), final_dated=date(2027, 2, 12))
    assert moved.is_("phase_transfer") == ("met", date(2027, 2, 15), date(2027, 2, 12), False)


def test_a_review_of_the_transfer_meets_it_without_an_amendment() -> None:
    told = issued(date(2024, 1, 8), nc_year="6").then(
        "PhaseTransferReviewed", date(2024, 2, 19), decided_on=date(2024, 2, 16)
    )

    assert told.is_("phase_transfer") == ("met", date(2024, 2, 15), date(2024, 2, 16), True)


def test_a_record_that_was_sent_before_the_last_day_need_not_be_sent_again() -> None:
    sent = {"receipt_expected_by": date(2024, 7, 9), "handover_id": REQUEST}
    before = Told().then("HandoverSent", date(2024, 7, 2), **sent).left(date(2024, 7, 19))
    long_before = Told().then("HandoverSent", date(2024, 3, 1), **sent).left(date(2024, 7, 19))

    assert before.rows("record_transfer") == []
    assert long_before.row("record_transfer").due_on == date(2024, 9, 23)


def test_a_plan_issued_after_15_february_waits_for_no_transfer_date() -> None:
    assert issued(date(2024, 2, 16), nc_year="6").rows("phase_transfer") == []
    assert issued(date(2024, 2, 15), nc_year="6").row("phase_transfer").due_on == date(2024, 2, 15)
    assert issued(date(2024, 1, 8), nc_year="11").row("phase_transfer_post_16").due_on == date(
        2024, 3, 31
    )


def asked_for() -> Told:
    return Told().then(
        "SubjectAccessRequested",
        date(2026, 1, 30),
        received_on=date(2026, 1, 30),
        request_id=REQUEST,
    )


def test_subject_access_is_answered_in_a_month() -> None:
    """UK GDPR Art 12(3): 28 February 2026 is a Saturday."""
    told = asked_for()
    assert told.row("subject_access").due_on == date(2026, 3, 2)
    assert told.row("disposal_due").state == "paused"

    told.then("DisclosureSent", date(2026, 3, 2), request_id=REQUEST)

    assert told.is_("subject_access") == ("met", date(2026, 3, 2), date(2026, 3, 2), False)
    assert told.row("disposal_due").state == "open"


def test_a_pause_for_clarification_adds_its_days() -> None:
    """Data (Use and Access) Act 2025: the clock stops until it is clear what is asked for."""
    of = {"request_id": REQUEST, "of": "information"}
    told = asked_for().then("ClarificationSought", date(2026, 2, 5), **of)
    assert told.row("subject_access").state == "paused"
    assert told.row("subject_access").paused_since == date(2026, 2, 5)

    told.then("ClarificationReceived", date(2026, 2, 17), **of)
    assert told.is_("subject_access") == ("open", date(2026, 3, 12), None, False)

    again = told.then("ClarificationSought", date(2026, 2, 20), **of).then(
        "ClarificationReceived", date(2026, 2, 23), **of
    )
    assert again.row("subject_access").due_on == date(2026, 3, 16)  # the 15th is a Sunday


def test_days_of_two_pauses_count_once() -> None:
    who, what = ({"request_id": REQUEST, "of": of} for of in ("identity", "information"))
    told = (
        asked_for()
        .then("ClarificationSought", date(2026, 2, 5), **who)
        .then("ClarificationSought", date(2026, 2, 9), **what)
        .then("ClarificationReceived", date(2026, 2, 10), **who)
    )
    assert told.row("subject_access").state == "paused"

    told.then("ClarificationReceived", date(2026, 2, 17), **what)

    assert told.is_("subject_access") == ("open", date(2026, 3, 12), None, False)


def test_an_extension_adds_two_months_to_the_first_and_keeps_the_pause() -> None:
    one = asked_for().then("DeadlineExtended", date(2026, 2, 20), request_id=REQUEST, months=1)
    assert one.row("subject_access").due_on == date(2026, 3, 30)
    extended = asked_for().then("DeadlineExtended", date(2026, 2, 20), request_id=REQUEST, months=2)
    assert extended.row("subject_access").due_on == date(2026, 4, 30)

    of = {"request_id": REQUEST, "of": "information"}
    paused = (
        extended.then("DeadlineExtended", date(2026, 2, 21), request_id=REQUEST, months=2)
        .then("ClarificationSought", date(2026, 3, 2), **of)
        .then("ClarificationReceived", date(2026, 3, 6), **of)
    )
    assert paused.row("subject_access").due_on == date(2026, 5, 5)  # the 4th is a bank holiday


def test_one_request_is_not_answered_by_another() -> None:
    told = asked_for().then("DisclosureSent", date(2026, 2, 2), request_id=UUID(int=491))

    assert told.row("subject_access").state == "open"


def test_a_complaint_is_acknowledged_within_thirty_days() -> None:
    told = Told().then(
        "ComplaintReceived", date(2026, 1, 30), complaint_id=REQUEST, data_protection=True
    )
    assert told.row("complaint_acknowledgement").due_on == date(2026, 3, 1)
    assert told.row("disposal_due").state == "paused"

    told.then("ComplaintAnswered", date(2026, 3, 2), complaint_id=REQUEST)
    assert told.is_("complaint_acknowledgement")[3]
    assert told.row("disposal_due").state == "open"


def test_a_complaint_to_the_academy_is_not_the_officer_s_to_acknowledge() -> None:
    """SEND policy s.20: the Principal or the SENDCo hears parents first."""
    told = Told().then(
        "ComplaintReceived", date(2026, 1, 30), complaint_id=REQUEST, data_protection=False
    )

    row = told.row("academy_complaint_acknowledgement")
    assert (row.due_on, row.role, row.acts) == (date(2026, 3, 1), "senco", "principal")


def test_an_appeal_keeps_disposal_waiting_until_it_is_decided() -> None:
    told = Told().then("AppealLodged", date(2026, 1, 30), appeal_id=REQUEST)
    assert told.row("disposal_due").state == "paused"

    told.then("AppealDecided", date(2026, 3, 2), appeal_id=REQUEST)
    assert told.row("disposal_due").state == "open"


def test_a_reduced_timetable_is_reviewed_and_ends() -> None:
    told = (
        Told()
        .then(
            "ReducedTimetableAgreed",
            date(2026, 1, 5),
            start_on=date(2026, 1, 6),
            end_on=date(2026, 2, 13),
            review_on=date(2026, 1, 20),
        )
        .then("ReducedTimetableReviewed", date(2026, 1, 21), next_review_on=date(2026, 2, 3))
    )
    assert [(row.state, row.late) for row in told.rows("reduced_timetable_review")] == [
        ("met", True),
        ("open", False),
    ]

    told.then("ReducedTimetableEnded", date(2026, 2, 2))

    assert told.rows("reduced_timetable_review")[-1].state == "lapsed"
    assert told.is_("reduced_timetable_end") == (
        "met",
        date(2026, 2, 13),
        date(2026, 2, 2),
        False,
    )


def test_a_receipt_is_chased_and_a_healthcare_plan_reviewed() -> None:
    told = (
        Told()
        .then(
            "HandoverSent",
            date(2026, 1, 12),
            receipt_expected_by=date(2026, 1, 19),
            handover_id=REQUEST,
        )
        .then(
            "HealthcarePlanRecorded",
            date(2026, 1, 12),
            place_id=REQUEST,
            review_on=date(2027, 1, 12),
        )
        .then("HandoverAcknowledged", date(2026, 1, 22), on=date(2026, 1, 21), handover_id=REQUEST)
    )

    assert told.is_("handover_receipt") == ("met", date(2026, 1, 19), date(2026, 1, 21), True)
    assert told.row("healthcare_plan_review").due_on == date(2027, 1, 12)
