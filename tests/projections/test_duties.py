"""Given events, the duties: which there are, when they are due, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from send_records.aggregates import EVENTS
from send_records.aggregates.base import Command, DomainEvent
from send_records.aggregates.clocks import Clocks, Signal
from send_records.aggregates.concern_answers import AnswerConcern
from send_records.aggregates.concerns import Answer, RaiseConcern
from send_records.aggregates.consents import Purpose, RecordAgreement, WithdrawAgreement
from send_records.aggregates.details import CorrectPupilDetails
from send_records.aggregates.enrolment import MovePupilAcademy, ReadmitPupil, RecordLeaving
from send_records.aggregates.monitoring import (
    EndMonitoring,
    MonitoringOutcome,
    NextStep,
    ReviewMonitoring,
    StartMonitoring,
)
from send_records.aggregates.notices import GiveNotice, NoticeOf
from send_records.aggregates.plan_contents import PlanKind, Target
from send_records.aggregates.plans import AmendPlan, DraftPlan, EndPlan
from send_records.aggregates.retention import HoldKind, PlaceLegalHold, ReleaseLegalHold
from send_records.aggregates.reviews import Attendee, HoldReview, Part, ReviewKind, TargetReview
from send_records.aggregates.scheduled_reviews import RecordMissedReview, ScheduleReview
from send_records.aggregates.values import STORED, Area
from send_records.projections.base import folded
from send_records.projections.duties import Duties
from send_records.projections.duty import DutyRow
from send_records.rules.clocks import clocks_of
from tests.aggregates.test_invariants import fields
from tests.projections.lives import Life, storied
from tests.scenario import ADMIT, MOTHER, RECORD_MOTHER, TELL, but

DUTIES = Duties()
CONCERN, PLAN, REVIEW, HOLD = (UUID(int=480 + n) for n in range(4))

RAISE = RaiseConcern(
    occurred_on=date(2023, 10, 12),
    areas=(Area.COGNITION,),
    noticed_on=date(2023, 10, 12),
    description="Signs, then reads",
    strengths="Kind",
)
ANSWER = AnswerConcern(
    occurred_on=date(2023, 11, 2), concern_id=CONCERN, decision=Answer.OBSERVE, why="In class"
)
WATCH = StartMonitoring(
    occurred_on=date(2023, 11, 6), focus="Reading", next_review_on=date(2023, 12, 15)
)
LOOK = ReviewMonitoring(
    occurred_on=date(2023, 12, 18),
    present=("Teacher",),
    outcome=MonitoringOutcome.SOME_PROGRESS,
    summary="Better",
    next_step=NextStep.CONTINUE,
    next_review_on=date(2024, 2, 2),
)
DRAFT = DraftPlan(
    occurred_on=date(2024, 1, 10),
    kind=PlanKind.IP,
    review_on=date(2024, 3, 22),
    class_teacher="Ms Hall",
    targets=(
        Target(
            ref="T1",
            text="Read 20 words",
            area=Area.COGNITION,
            baseline="5",
            success="20",
            due_on=date(2024, 3, 20),
            expected_impact="Reads alone",
        ),
    ),
)
HOLD_REVIEW = HoldReview(
    occurred_on=date(2024, 3, 25),
    kind=ReviewKind.TERMLY,
    attendees=(Attendee(part=Part.PARENT, name="Nasreen", invited=True, present=True),),
    targets=(TargetReview(ref="T1", outcome="met", evidence="Seen"),),
    impact="Reads",
    pupil_voice="I like it",
    parent_voice="So do I",
    next_steps="Go on",
    next_review_on=date(2024, 7, 5),
)
LEAVE = RecordLeaving(occurred_on=date(2024, 5, 14), destination="Elsewhere", why="Moved")


def shown(life: Life, duties: Duties = DUTIES) -> list[DutyRow]:
    rows = folded(duties, life.events).values()
    return sorted(rows, key=lambda row: (row.started_version, row.clock))


def of(life: Life, clock: str) -> list[dict[str, Any]]:
    """Return what became of the duties of one kind."""
    return [
        {"state": row.state, "due": row.due_on, "done": row.done_on, "late": row.late}
        for row in shown(life)
        if row.clock == clock
    ]


def duty(state: str, due: date, done: date | None = None, *, late: bool = False) -> dict[str, Any]:
    return {"state": state, "due": due, "done": done, "late": late}


def a_family() -> Life:
    return Life().then(RECORD_MOTHER, key=MOTHER)


def planned() -> Life:
    return a_family().then(TELL).then(DRAFT, key=PLAN)


def test_a_concern_is_answered_in_ten_school_days_of_the_academy() -> None:
    """Half-term 2023 is from 23 to 27 October."""
    raised = Life().then(RAISE, key=CONCERN)

    assert of(raised, "concern_answer") == [duty("open", date(2023, 11, 2))]
    [row] = [row for row in shown(raised) if row.clock == "concern_answer"]
    assert (row.started_event, row.started_on, row.role) == (
        "ConcernRaised",
        date(2023, 10, 12),
        "senco",
    )
    assert row.rule_id == "concern-answer-10-days"
    assert "6.45" in row.citation
    assert not row.estimate
    answered = raised.then(ANSWER)
    assert of(answered, "concern_answer") == [duty("met", date(2023, 11, 2), date(2023, 11, 2))]


def test_an_answer_is_to_one_concern() -> None:
    life = Life().then(RAISE, key=CONCERN).then(RAISE).then(ANSWER)

    assert [row["state"] for row in of(life, "concern_answer")] == ["met", "open"]


def test_at_an_academy_whose_terms_are_not_known_it_is_an_estimate() -> None:
    life = Life(but(ADMIT, academy="Cedar Hill Academy")).then(RAISE, key=CONCERN)

    [row] = [row for row in shown(life) if row.clock == "concern_answer"]
    assert (row.due_on, row.estimate) == (date(2023, 10, 26), True)


def test_what_was_done_late_says_so() -> None:
    life = Life().then(RAISE, key=CONCERN).then(but(ANSWER, occurred_on=date(2023, 11, 3)))

    assert of(life, "concern_answer") == [
        duty("met", date(2023, 11, 2), date(2023, 11, 3), late=True)
    ]


def test_each_review_of_monitoring_meets_one_and_starts_the_next() -> None:
    life = Life().then(WATCH, LOOK)

    assert of(life, "monitoring_review") == [
        duty("met", date(2023, 12, 15), date(2023, 12, 18), late=True),
        duty("open", date(2024, 2, 2)),
    ]
    life.then(EndMonitoring(occurred_on=date(2024, 1, 9)))
    assert of(life, "monitoring_review")[1] == duty("lapsed", date(2024, 2, 2), date(2024, 1, 9))


def test_an_entry_that_was_late_meets_the_duty_that_it_met() -> None:
    """The second review was held before the third, and recorded after it."""
    third = but(LOOK, occurred_on=date(2024, 2, 2), next_review_on=date(2024, 3, 22))
    in_order = Life().then(WATCH, LOOK, third)
    late = Life().then(WATCH, third, LOOK)

    assert of(in_order, "monitoring_review") == of_sorted(late, "monitoring_review")


def of_sorted(life: Life, clock: str) -> list[dict[str, Any]]:
    return sorted(of(life, clock), key=lambda row: row["due"])


def test_a_plan_is_reviewed_by_its_day_and_the_review_names_the_next() -> None:
    life = planned()
    assert of(life, "plan_review") == [duty("open", date(2024, 3, 22))]

    life.then(HOLD_REVIEW)

    assert of(life, "plan_review") == [duty("met", date(2024, 3, 22), date(2024, 3, 25), late=True)]
    assert of(life, "next_review") == [duty("open", date(2024, 7, 5))]


def test_an_amended_plan_is_reviewed_on_its_new_day() -> None:
    amend = AmendPlan(
        **{name: getattr(DRAFT, name) for name in ("class_teacher", "targets")},
        occurred_on=date(2024, 2, 1),
        review_on=date(2024, 3, 28),
        plan_id=PLAN,
        why="Later",
    )
    same = but(amend, occurred_on=date(2024, 2, 5))

    life = planned().then(amend, same)

    assert of(life, "plan_review") == [
        duty("lapsed", date(2024, 3, 22), date(2024, 2, 1)),
        duty("open", date(2024, 3, 28)),
    ]
    life.then(EndPlan(occurred_on=date(2024, 2, 6), plan_id=PLAN, why="Moved"))
    assert of(life, "plan_review")[1]["state"] == "lapsed"


def test_a_scheduled_review_is_held_on_its_day_or_missed() -> None:
    schedule = ScheduleReview(
        occurred_on=date(2024, 2, 1),
        kind=ReviewKind.TERMLY,
        planned_on=date(2024, 3, 25),
        invited=("Nasreen",),
    )
    life = planned().then(schedule, key=REVIEW)
    early = but(HOLD_REVIEW, occurred_on=date(2024, 3, 1))

    assert of(life, "scheduled_review") == [duty("open", date(2024, 3, 25))]
    assert of(planned().then(schedule).then(HOLD_REVIEW), "scheduled_review")[0]["state"] == "met"
    assert of(planned().then(schedule).then(early), "scheduled_review")[0]["state"] == "open"
    life.then(RecordMissedReview(occurred_on=date(2024, 3, 26), review_id=REVIEW, why="Snow"))
    assert of(life, "scheduled_review")[0]["state"] == "lapsed"


def test_parents_are_told_when_provision_is_made_and_they_were_not() -> None:
    """Children and Families Act 2014 s.68."""
    untold = a_family().then(DRAFT)
    assert of(untold, "parents_told") == [duty("open", date(2024, 1, 10))]
    untold.then(but(TELL, occurred_on=date(2024, 1, 12)))
    assert of(untold, "parents_told") == [
        duty("met", date(2024, 1, 10), date(2024, 1, 12), late=True)
    ]

    assert of(planned(), "parents_told") == []


def test_a_notice_of_something_else_does_not_tell_of_the_provision() -> None:
    other = GiveNotice(
        occurred_on=date(2024, 1, 11),
        notice_of=NoticeOf.OTHER,
        contact_ids=(MOTHER,),
        how="Letter",
    )

    assert of(a_family().then(DRAFT, other), "parents_told")[0]["state"] == "open"


def test_an_annual_agreement_is_renewed_within_the_year() -> None:
    agree = RecordAgreement(
        occurred_on=date(2024, 2, 29), purpose=Purpose.ANNUAL, contact_id=MOTHER
    )
    life = a_family().then(agree)
    assert of(life, "annual_agreement") == [duty("open", date(2025, 2, 28))]

    life.then(but(agree, occurred_on=date(2025, 3, 3)))

    assert of(life, "annual_agreement") == [
        duty("met", date(2025, 2, 28), date(2025, 3, 3), late=True),
        duty("open", date(2026, 3, 3)),
    ]
    withdraw = WithdrawAgreement(
        occurred_on=date(2025, 4, 1), purpose=Purpose.ANNUAL, contact_id=MOTHER
    )
    assert of(life.then(withdraw), "annual_agreement")[1]["state"] == "lapsed"


def test_an_agreement_for_one_agency_ends_and_is_not_late() -> None:
    agree = RecordAgreement(
        occurred_on=date(2024, 2, 1),
        purpose=Purpose.AGENCY_REFERRAL,
        agency="educational_psychology",
        contact_id=MOTHER,
    )
    other = but(agree, agency="speech_and_language")
    withdraw = WithdrawAgreement(
        occurred_on=date(2024, 3, 1),
        purpose=Purpose.AGENCY_REFERRAL,
        agency="speech_and_language",
        contact_id=MOTHER,
    )

    life = a_family().then(agree, other, withdraw)

    assert [row["state"] for row in of(life, "agreement_expires")] == ["open", "lapsed"]
    assert all(row.window for row in shown(life) if row.clock == "agreement_expires")


def test_nothing_is_due_in_a_record_that_was_merged_into_another_but_its_retention() -> None:
    """And nothing is to be sent: the pupil has not left."""
    life = planned().merged(LEAVE.occurred_on)

    assert of(life, "plan_review") == [duty("lapsed", date(2024, 3, 22), date(2024, 5, 14))]
    assert {row.clock for row in shown(life) if row.state == "open"} == {"disposal_due"}


def test_the_record_of_a_pupil_who_left_is_sent_within_fifteen_school_days() -> None:
    """From 14 May 2024; half-term is from 27 to 31 May."""
    life = planned().then(LEAVE)

    assert of(life, "record_transfer") == [duty("open", date(2024, 6, 11))]
    assert of(life, "plan_review") == [duty("lapsed", date(2024, 3, 22), date(2024, 5, 14))]
    back = ReadmitPupil(occurred_on=date(2024, 6, 3), academy="Brook Lane Academy", nc_year="2")
    assert of(life.then(back), "record_transfer")[0]["state"] == "lapsed"


def test_duties_go_with_the_pupil_to_another_academy() -> None:
    move = MovePupilAcademy(
        occurred_on=date(2024, 2, 5),
        to_academy="Birch Lane Academy",
        nc_year="2",
        accepted_by="Ada",
    )
    life = Life().then(RAISE, key=CONCERN).then(ANSWER, WATCH, move)

    academies = {row.clock: row.academy for row in shown(life)}
    assert academies["monitoring_review"] == "Birch Lane Academy"
    assert academies["concern_answer"] == "Alder Park Academy"


def test_disposal_is_due_at_the_end_of_the_year_so_that_no_birthday_can_be_read() -> None:
    [row] = shown(Life())

    assert (row.clock, row.due_on, row.rule_id) == (
        "disposal_due",
        date(2042, 12, 31),
        "send-record-dob-25",
    )
    assert "age of 25" in row.citation
    correct = CorrectPupilDetails(
        occurred_on=date(2023, 9, 5), date_of_birth=date(2016, 2, 29), why="Certificate"
    )
    assert of(Life().then(correct), "disposal_due") == [duty("open", date(2041, 12, 31))]


def test_a_hold_keeps_disposal_waiting_until_the_last_is_released() -> None:
    place = PlaceLegalHold(
        occurred_on=date(2024, 1, 8),
        kind=HoldKind.TRIBUNAL,
        why="Appeal",
        review_on=date(2024, 7, 8),
    )
    release = ReleaseLegalHold(occurred_on=date(2024, 6, 3), hold_id=HOLD, why="Decided")
    life = Life().then(place, key=HOLD).then(but(place, kind=HoldKind.COMPLAINT), key=REVIEW)

    assert of(life, "disposal_due")[0]["state"] == "paused"
    assert of(life, "legal_hold_review") == [duty("open", date(2024, 7, 8))] * 2
    life.then(release)
    assert of(life, "disposal_due")[0]["state"] == "paused"
    assert of(life, "legal_hold_review")[0]["state"] == "met"
    life.then(but(release, hold_id=REVIEW))
    assert of(life, "disposal_due") == [duty("open", date(2042, 12, 31))]


# Of the law, by events made for it: the same whichever module records them ---------------------


def test_every_duty_of_the_story_says_who_acts_by_which_rule_and_what_stops_it() -> None:
    rows = shown(storied())

    assert len({row.duty_id for row in rows}) == len(rows) > 10
    for row in rows:
        assert row.citation
        assert row.until
        assert row.what
        assert row.role
        assert row.acts
        assert (row.state in ("met", "lapsed")) == (row.done_on is not None)


def made(kind: type[DomainEvent]) -> st.SearchStrategy[DomainEvent]:
    return fields(kind).map(partial(kind.model_validate, context=STORED))


def some_event() -> st.SearchStrategy[DomainEvent]:
    """Any event of one pupil, whatever its fields say."""
    return st.one_of([made(kind) for name, kind in EVENTS.items() if name != "PersonalDataErased"])


def renumbered(events: Sequence[DomainEvent], *, after: int = 0) -> list[DomainEvent]:
    pupil = UUID(int=7)
    return [
        event.model_copy(update={"originator_id": pupil, "originator_version": n, "position": n})
        for n, event in enumerate(events, start=after + 1)
    ]


@given(events=st.lists(some_event(), max_size=12))
def test_what_is_kept_of_a_pupil_is_what_was_known(events: list[DomainEvent]) -> None:
    case = None
    for event in [*Life().events, *renumbered(events, after=2)]:
        case = DUTIES.project(case, event)

    assert case is not None
    assert DUTIES.taken(DUTIES.kept(case)) == case


@given(events=st.lists(some_event(), max_size=12))
def test_the_fold_is_total_and_what_is_open_is_due(events: list[DomainEvent]) -> None:
    rows = folded(DUTIES, renumbered(events)).values()

    for row in rows:
        assert isinstance(row.due_on, date)
        assert row.state in ("open", "paused", "met", "lapsed")
        assert (row.done_on is None) == (row.state in ("open", "paused"))
        assert (row.paused_since is not None) == (row.state == "paused")
        assert not row.late or (row.done_on is not None and row.done_on > row.due_on)


@given(events=st.lists(some_event(), min_size=1, max_size=8), again=st.integers(0, 7))
def test_to_stop_twice_changes_nothing(events: list[DomainEvent], again: int) -> None:
    """What only stops clocks, and starts none, may as well be recorded twice."""
    stops = set(clocks_of().heard) - {
        signal.event
        for found in clocks_of().heard.values()
        for verb, _, signal in found
        if verb in ("starts", "pauses", "extends", "later")
    }
    first = renumbered(events)
    chosen = first[again % len(first)]
    if type(chosen).__name__ not in stops:
        return
    # A twin of the same day, recorded directly after it.
    at = first.index(chosen)
    twice = renumbered([*first[: at + 1], chosen, *first[at + 1 :]])

    def ended(found: list[DomainEvent]) -> list[tuple[Any, ...]]:
        return sorted(
            (row.clock, row.state, row.due_on, str(row.done_on), row.late)
            for row in folded(DUTIES, found).values()
        )

    assert ended(twice) == ended(first)


@given(order=st.permutations(range(4)), start=st.dates(date(2024, 1, 8), date(2026, 6, 1)))
def test_in_whatever_order_it_is_recorded_the_duties_are_the_same(
    order: list[int], start: date
) -> None:
    later = [
        but(
            LOOK,
            occurred_on=start + timedelta(weeks=6 * n),
            next_review_on=start + timedelta(weeks=6 * (n + 1)),
        )
        for n in range(1, 5)
    ]
    watch = but(WATCH, occurred_on=start, next_review_on=start + timedelta(weeks=6))

    def told(commands: Sequence[Command]) -> list[dict[str, Any]]:
        return of_sorted(Life().then(watch, *commands), "monitoring_review")

    assert told([later[n] for n in order]) == told(later)


def test_other_clocks_make_other_duties() -> None:
    clocks = clocks_of()
    sooner = tuple(
        replace(row, days=5) if row.name == "concern_answer" else row for row in clocks.rows
    )
    life = Life().then(RAISE, key=CONCERN)

    [row] = [
        row
        for row in shown(life, Duties(Clocks(sooner, clocks.calendars)))
        if row.clock == "concern_answer"
    ]

    assert row.due_on == date(2023, 10, 19)
    assert Signal(event="X").day == "occurred_on"
