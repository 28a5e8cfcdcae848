from __future__ import annotations

from datetime import date

from send_records.aggregates.monitoring import (
    AlreadyMonitored,
    AlreadySupported,
    EndMonitoring,
    MonitoringEnd,
    MonitoringEnded,
    MonitoringOutcome,
    MonitoringReviewed,
    MonitoringStarted,
    NextStep,
    NotMonitored,
    ReviewMonitoring,
    StartMonitoring,
)
from send_records.aggregates.values import Role
from send_records.errors import Invalid
from tests.scenario import a_pupil, but, on_register

START = StartMonitoring(
    occurred_on=date(2023, 10, 18),
    focus="Reading accuracy and working memory",
    next_review_on=date(2023, 12, 8),
)
REVIEW = ReviewMonitoring(
    occurred_on=date(2023, 12, 8),
    present=("The class teacher", "The SENDCo", "The Principal"),
    outcome=MonitoringOutcome.LITTLE_PROGRESS,
    summary="14 to 19 of 40 after seven weeks",
    next_step=NextStep.CONTINUE,
)
END = EndMonitoring(occurred_on=date(2024, 1, 19))


def test_a_monitored_pupil_is_not_on_the_register() -> None:
    monitored = a_pupil().when(START).then(MonitoringStarted, next_review_on=date(2023, 12, 8))

    assert monitored.pupil.monitoring is not None
    assert monitored.pupil.registration is None


def test_the_review_is_half_a_term_on_unless_a_day_is_set() -> None:
    started = a_pupil().when(but(START, next_review_on=None))

    started.then(MonitoringStarted, next_review_on=date(2023, 11, 29))


def test_a_pupil_is_monitored_once_at_a_time() -> None:
    a_pupil().given(START).when(START).refused(AlreadyMonitored)
    again = but(START, occurred_on=date(2024, 2, 1), next_review_on=None)
    a_pupil().given(START, END).when(again).then(MonitoringStarted)


def test_a_pupil_on_the_register_is_not_monitored_beside_it() -> None:
    on_register().when(but(START, occurred_on=date(2024, 1, 8), next_review_on=None)).refused(
        AlreadySupported
    )


def test_a_half_termly_review_sets_the_next() -> None:
    reviewed = (
        a_pupil()
        .given(START)
        .when(REVIEW)
        .then(
            MonitoringReviewed,
            outcome=MonitoringOutcome.LITTLE_PROGRESS,
            next_review_on=date(2024, 1, 19),
        )
    )

    assert reviewed.pupil.monitoring is not None
    assert reviewed.pupil.monitoring.next_review_on == date(2024, 1, 19)


def test_a_review_that_says_to_move_on_sets_no_next_one_and_moves_nobody() -> None:
    move = but(REVIEW, next_step=NextStep.MOVE_TO_REGISTER)

    reviewed = a_pupil().given(START).when(move).then(MonitoringReviewed, next_review_on=None)

    assert reviewed.pupil.monitoring is not None
    assert reviewed.pupil.registration is None


def test_the_next_review_is_later_than_this_one() -> None:
    a_pupil().when(but(START, next_review_on=date(2023, 10, 18))).refused(Invalid)
    a_pupil().given(START).when(but(REVIEW, next_review_on=date(2023, 12, 8))).refused(Invalid)


def test_monitoring_ends_once() -> None:
    ended = a_pupil().given(START).when(END).then(MonitoringEnded, outcome=MonitoringEnd.RESOLVED)

    assert ended.pupil.monitoring is None
    ended.when(END).refused(NotMonitored)


def test_only_what_was_started_is_reviewed() -> None:
    a_pupil().when(REVIEW).refused(NotMonitored)


def test_monitoring_is_the_sendcos() -> None:
    assert StartMonitoring.roles == {Role.SENCO, Role.TRUST_SENCO}
