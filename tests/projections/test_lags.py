"""From knowing to acting: what followed each thing that was known, and in how many days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from hypothesis import HealthCheck, given, settings

from send_records.aggregates.agencies import RecordAgencyAdvice
from send_records.aggregates.base import Command, DomainEvent
from send_records.aggregates.corrected import WhyWithdrawn
from send_records.aggregates.corrections import CorrectEntry, WithdrawEntry
from send_records.aggregates.voices import RecordParentVoice
from send_records.projections.lags import Known, KnownBy, Lag, Step, lag_in
from send_records.projections.moments import Moment
from send_records.projections.reading import record_of
from tests.projections.lives import Life
from tests.projections.planned import DRAFT, PLAN, REVIEW, WATCH, any_events
from tests.projections.test_concerns_log import ANSWER, CONCERN, DISCUSS, OTHER, RAISE
from tests.scenario import ADD, IDENTIFY, MOTHER, RECORD_MOTHER, TELL, but

RAISED_LATE = datetime(2023, 10, 9, 12, tzinfo=UTC)
ADVICE = RecordAgencyAdvice(
    occurred_on=date(2024, 2, 12),
    agency="Psychology",
    report_dated=date(2024, 1, 30),
    summary="Works best with pictures",
)
WORRY = RecordParentVoice(
    occurred_on=date(2024, 2, 19),
    contact_id=MOTHER,
    worries="She cries about spellings",
    happy_to_share=True,
)


def worried(*commands: Command) -> Lag:
    life = Life().then(RECORD_MOTHER, key=MOTHER).then(RAISE, key=CONCERN, recorded_at=RAISED_LATE)
    return lag_in(life.then(*commands).events)


def days(known: Known) -> dict[Step, tuple[int, int]]:
    return {
        each.step: (each.days_from_noticing, each.days_from_recording) for each in known.followed
    }


def test_what_was_known_says_when_it_was_noticed_told_and_recorded() -> None:
    lag = worried()
    [known] = lag.known

    assert (known.known_by, known.noticed_on) == (KnownBy.CONCERN, RAISE.noticed_on)
    assert known.detail == "Reads well below the class"
    assert (known.entry.version, known.entry.event) == (4, "ConcernRaised")
    assert (known.entry.occurred_on, known.entry.recorded_on, known.entry.days_late) == (
        RAISE.occurred_on,
        date(2023, 10, 9),
        19,
    )
    assert (lag.first_noticed_on, lag.first_recorded_on) == (RAISE.noticed_on, date(2023, 10, 9))


def test_of_what_was_never_done_there_is_no_entry() -> None:
    [known] = worried().known

    assert (known.followed, known.before) == ([], [])
    assert known.not_on_record == list(Step)


def test_each_step_counts_days_from_noticing_and_from_recording() -> None:
    lag = worried(DISCUSS, ANSWER, WATCH, IDENTIFY, TELL, ADD)
    concern = lag.known[0]

    assert days(concern) == {
        Step.MONITORED: (6, -19),
        Step.PARENTS_SPOKEN_TO: (8, -17),
        Step.CONCERN_ANSWERED: (18, -7),
        Step.NEED_IDENTIFIED: (89, 64),
        Step.PARENTS_TOLD: (90, 65),
        Step.REGISTERED: (90, 65),
    }
    assert concern.not_on_record == [
        Step.ASSESSED,
        Step.REFERRED,
        Step.PLANNED,
        Step.PROVIDED,
        Step.REVIEWED,
        Step.EHC_REQUESTED,
    ]


def test_the_first_of_each_kind_counts_by_the_day_it_tells_of() -> None:
    [known] = worried(but(ANSWER, occurred_on=date(2023, 11, 1)), ANSWER).known

    assert days(known) == {Step.CONCERN_ANSWERED: (18, -7)}


def test_an_answer_is_to_its_own_concern() -> None:
    life = Life().then(RAISE, key=CONCERN).then(RAISE, key=OTHER).then(ANSWER)
    first, second = lag_in(life.events).known

    assert Step.CONCERN_ANSWERED in days(first)
    assert Step.CONCERN_ANSWERED in second.not_on_record


def test_what_was_in_place_before_is_not_missing() -> None:
    lag = worried(WATCH, IDENTIFY, TELL, ADD, ADVICE)
    [advice] = [known for known in lag.known if known.known_by is KnownBy.ADVICE]

    assert {each.step: each.entry.occurred_on for each in advice.before} == {
        Step.MONITORED: WATCH.occurred_on,
        Step.NEED_IDENTIFIED: IDENTIFY.occurred_on,
        Step.PARENTS_TOLD: TELL.occurred_on,
        Step.REGISTERED: ADD.occurred_on,
    }
    assert advice.not_on_record == [
        Step.ASSESSED,
        Step.REFERRED,
        Step.PLANNED,
        Step.PROVIDED,
        Step.REVIEWED,
        Step.EHC_REQUESTED,
    ]


def test_advice_was_known_when_it_came_and_a_parents_worry_when_it_was_said() -> None:
    life = Life().then(RECORD_MOTHER, key=MOTHER).then(IDENTIFY, TELL, ADD, ADVICE, WORRY)
    life.then(but(WORRY, occurred_on=date(2024, 2, 20), worries=None, hopes="A friend"))
    lag = lag_in(life.then(but(DRAFT, occurred_on=date(2024, 2, 26)), key=PLAN).events)

    assert [(known.known_by, known.noticed_on) for known in lag.known] == [
        (KnownBy.NEED, IDENTIFY.occurred_on),
        (KnownBy.ADVICE, ADVICE.occurred_on),
        (KnownBy.PARENT, WORRY.occurred_on),
    ]
    assert [days(known)[Step.PLANNED] for known in lag.known] == [(76, 76), (14, 14), (7, 7)]


def test_the_first_review_of_a_plan_follows() -> None:
    life = Life().then(IDENTIFY).then(DRAFT, key=PLAN).then(REVIEW)
    [need] = lag_in(life.events).known

    assert [each.step for each in need.followed] == [Step.PLANNED, Step.REVIEWED]
    assert days(need)[Step.REVIEWED] == (107, 107)


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(any_events())
def test_whatever_happened_every_step_is_told_once_and_none_before_it_was_noticed(
    events: Sequence[DomainEvent],
) -> None:
    lag = lag_in(events)

    assert [known.noticed_on for known in lag.known] == sorted(k.noticed_on for k in lag.known)
    for known in lag.known:
        assert known.noticed_on <= known.entry.occurred_on
        told = [
            *(each.step for each in known.followed),
            *(each.step for each in known.before),
            *known.not_on_record,
        ]
        assert len(set(told)) == len(told)
        assert all(each.days_from_noticing >= 0 for each in known.followed)
        assert all(each.entry.occurred_on < known.noticed_on for each in known.before)


# As it reads


def test_what_was_put_right_counts_and_says_so_and_what_was_withdrawn_does_not() -> None:
    life = Life().then(RECORD_MOTHER, key=MOTHER).then(RAISE, key=CONCERN).then(ANSWER, WATCH)
    sooner = CorrectEntry(
        occurred_on=date(2023, 11, 1),
        entry_version=5,
        field="occurred_on",
        from_value="2023-10-02",
        to_value="2023-09-29",
        why="The letter has another date",
    )
    wrong = WithdrawEntry(
        occurred_on=date(2023, 11, 1),
        entry_version=6,
        why=WhyWithdrawn.WRONG_PUPIL,
        explanation="Another pupil's",
    )
    record = record_of(life.then(sooner, wrong).events, None)
    [known] = lag_in(record.read, record.corrected).known

    assert [(each.step, each.days_from_noticing) for each in known.followed] == [
        (Step.CONCERN_ANSWERED, 15)
    ]
    assert known.followed[0].entry.corrected
    assert not known.entry.corrected
    assert Step.MONITORED in known.not_on_record


def test_what_was_not_put_right_yet_reads_as_it_was_known() -> None:
    life = Life().then(RECORD_MOTHER, key=MOTHER).then(RAISE, key=CONCERN).then(ANSWER)
    answered = len(life.events)
    sooner = CorrectEntry(
        occurred_on=date(2023, 11, 1),
        entry_version=5,
        field="occurred_on",
        from_value="2023-10-02",
        to_value="2023-09-29",
        why="The letter has another date",
    )
    life.then(sooner)

    for position, as_of, days_to_answer in (
        (answered, None, [18]),
        (answered + 1, None, [15]),
        (answered + 1, date(2023, 9, 29), [15]),
        (answered, date(2023, 9, 29), []),
    ):
        record = record_of(life.events, Moment(position, as_of, None))
        [known] = lag_in(record.read, record.corrected).known
        assert [each.days_from_noticing for each in known.followed] == days_to_answer
