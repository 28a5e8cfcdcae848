"""The concerns log: each worry a row, from the day it was noticed to how it ended."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.concern_answers import AnswerConcern, CloseConcern
from send_records.aggregates.concern_questionnaires import (
    CompleteConcernQuestionnaire,
    Frequency,
    Statement,
)
from send_records.aggregates.concerns import (
    Answer,
    DiscussConcernWithParents,
    Outcome,
    RaiseConcern,
)
from send_records.aggregates.values import Area
from send_records.application import Request, SendRecords
from send_records.projections.base import folded
from send_records.projections.concerns_log import ConcernRow, ConcernsLog, concerns_page
from send_records.projections.engine import Engine
from send_records.projections.pages import Views
from send_records.store.connections import Pool
from send_records.store.scopes import WHOLE_TRUST
from tests.keys import held
from tests.projections.lives import Life
from tests.projections.planned import any_events
from tests.scenario import ADMIT, MOTHER, RECORD_MOTHER, SENCO, but

CONCERN, OTHER = UUID(int=555), UUID(int=556)

RAISE = RaiseConcern(
    occurred_on=date(2023, 9, 20),
    noticed_on=date(2023, 9, 14),
    areas=(Area.WELLBEING, Area.COGNITION),
    description="Reads well below the class",
    strengths="Draws with care",
)
DISCUSS = DiscussConcernWithParents(
    occurred_on=date(2023, 9, 22),
    concern_id=CONCERN,
    contact_ids=(MOTHER,),
    how="At the gate",
    parent_comment="She is tired",
)
ASK = CompleteConcernQuestionnaire(
    occurred_on=date(2023, 9, 25),
    concern_id=CONCERN,
    statements=(
        Statement(area=Area.COGNITION, statement="Forgets letters", score=Frequency.OFTEN),
    ),
)
ANSWER = AnswerConcern(
    occurred_on=date(2023, 10, 2),
    concern_id=CONCERN,
    decision=Answer.OBSERVE,
    why="Too early to say",
)
MONITOR = but(ANSWER, occurred_on=date(2023, 10, 16), decision=Answer.MONITOR, why="It goes on")
CLOSE = CloseConcern(
    occurred_on=date(2023, 10, 20), concern_id=CONCERN, outcome=Outcome.MOVED_TO_MONITORING
)


def worried() -> Life:
    return Life().then(RECORD_MOTHER, key=MOTHER).then(RAISE, key=CONCERN)


def rows(life: Life) -> list[ConcernRow]:
    made: list[ConcernRow] = list(folded(ConcernsLog(), life.events).values())
    return sorted(made, key=lambda row: row.position)


def test_a_concern_nobody_answered_says_when_it_was_noticed_and_raised_and_by_whom() -> None:
    [row] = rows(worried())

    assert (row.noticed_on, row.raised_on) == (RAISE.noticed_on, RAISE.occurred_on)
    assert (row.raised_by, row.raised_role) == ("Sam Okoro", "senco")
    assert row.areas == ["cognition_and_learning", "social_emotional_mental_health"]
    assert (row.answered_on, row.days_to_answer, row.decision, row.outcome) == (None,) * 4


def test_each_step_says_when_it_was_taken() -> None:
    [row] = rows(worried().then(DISCUSS, ASK, ANSWER, CLOSE))

    assert (row.discussed_on, row.parent_comment) == (DISCUSS.occurred_on, "She is tired")
    assert row.questionnaire_on == ASK.occurred_on
    assert (row.answered_on, row.days_to_answer) == (ANSWER.occurred_on, 12)
    assert (row.decision, row.why) == ("observe", "Too early to say")
    assert (row.closed_on, row.outcome) == (CLOSE.occurred_on, "moved_to_monitoring")


def test_the_first_answer_says_how_long_it_took_and_the_last_given_what_was_decided() -> None:
    for both in ((ANSWER, MONITOR), (MONITOR, ANSWER)):
        [row] = rows(worried().then(*both))

        assert (row.answered_on, row.days_to_answer) == (ANSWER.occurred_on, 12)
        assert (row.decided_on, row.decision, row.why) == (
            MONITOR.occurred_on,
            "monitor",
            "It goes on",
        )


def test_one_concern_is_not_another() -> None:
    life = worried().then(but(RAISE, occurred_on=date(2023, 9, 21)), key=OTHER).then(ANSWER)

    assert [(row.concern_id, row.decision) for row in rows(life)] == [
        (CONCERN, "observe"),
        (OTHER, None),
    ]


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(any_events())
def test_whatever_happened_nothing_took_less_than_no_time(events: list[DomainEvent]) -> None:
    for row in folded(ConcernsLog(), events).values():
        assert (row.days_to_answer is None) == (row.decision is None)
        assert row.days_to_answer is None or row.days_to_answer >= 0


def asked(key: UUID | None = None) -> Request:
    return Request(SENCO, key or uuid4(), uuid4())


def test_concerns_are_asked_for_by_what_was_decided(
    records: SendRecords, engine: Engine, app_pool: Pool
) -> None:
    pupil = records.admit(ADMIT, asked()).pupil_id
    records.execute(pupil, RAISE, asked(CONCERN))
    records.execute(pupil, but(RAISE, occurred_on=date(2023, 9, 21)), asked(OTHER))
    for command in (ANSWER, CLOSE):
        records.execute(pupil, command, asked())
    engine.catch_up()

    def found(**more: Any) -> list[UUID]:
        anything: dict[str, Any] = {
            "academy": ADMIT.academy,
            "pupil_id": None,
            "unanswered": False,
            "decision": None,
            "outcome": None,
            "open_only": False,
        }
        page = concerns_page(
            Views(app_pool, held().seals).within(WHOLE_TRUST),
            after=None,
            limit=9,
            **(anything | more),
        )
        return [row.concern_id for row in page.rows]

    assert found() == found(pupil_id=pupil) == [CONCERN, OTHER]
    assert found(unanswered=True) == found(open_only=True) == [OTHER]
    assert found(decision=Answer.OBSERVE) == [CONCERN]
    assert found(outcome=Outcome.MOVED_TO_MONITORING) == [CONCERN]
    assert found(academy="Elsewhere") == []
