from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from send_records.aggregates.concern_answers import (
    AnswerConcern,
    CloseConcern,
    ConcernAnswered,
    ConcernClosed,
    ConcernNotAnswered,
    FactorNotConsidered,
    HomeLanguageNotAssessed,
)
from send_records.aggregates.concern_questionnaires import (
    CompleteConcernQuestionnaire,
    ConcernQuestionnaireCompleted,
    Frequency,
    Statement,
)
from send_records.aggregates.concerns import (
    Answer,
    ConcernAlreadyClosed,
    ConcernDiscussedWithParents,
    ConcernRaised,
    DiscussConcernWithParents,
    Factor,
    Outcome,
    RaiseConcern,
)
from send_records.aggregates.days import NotYetHappened
from send_records.aggregates.values import STAFF, Area, Role
from send_records.errors import Invalid, NotFound
from tests.scenario import MOTHER, NOBODY, Scenario, a_family, a_pupil, but

CONCERN = UUID(int=11)
RAISE = RaiseConcern(
    occurred_on=date(2023, 10, 9),
    areas=(Area.COGNITION, Area.COMMUNICATION),
    noticed_on=date(2023, 10, 2),
    description="Reads well below the class",
    strengths="Draws with care",
    factors_considered=(Factor.EAL, Factor.PUPIL_PREMIUM),
    home_language_assessed=False,
)
DISCUSS = DiscussConcernWithParents(
    occurred_on=date(2023, 10, 11),
    concern_id=CONCERN,
    contact_ids=(MOTHER,),
    how="Meeting with interpreter",
    parent_comment="Her older cousin has dyslexia",
)
COMPLETE = CompleteConcernQuestionnaire(
    occurred_on=date(2023, 10, 16),
    concern_id=CONCERN,
    statements=(
        Statement(area=Area.COGNITION, statement="Reading below peers", score=Frequency.ALWAYS),
    ),
)
ANSWER = AnswerConcern(
    occurred_on=date(2023, 10, 18),
    concern_id=CONCERN,
    decision=Answer.MONITOR,
    why="Language of instruction does not explain the reading",
    parents_told_on=date(2023, 10, 19),
    parents_told_how="Phone, interpreter",
)
CLOSE = CloseConcern(
    occurred_on=date(2023, 12, 13), concern_id=CONCERN, outcome=Outcome.MOVED_TO_REGISTER
)


def raised() -> Scenario:
    return a_family().given(RAISE, new_id=CONCERN)


def test_a_class_teacher_raises_a_concern_with_four_fields() -> None:
    required = {name for name, field in RaiseConcern.model_fields.items() if field.is_required()}
    assert required == {"occurred_on", "areas", "description", "strengths"}
    assert Role.CLASS_TEACHER in RaiseConcern.roles

    a_pupil().when(RaiseConcern(**{name: getattr(RAISE, name) for name in required})).then(
        ConcernRaised,
        noticed_on=date(2023, 10, 9),
        strategies_tried=(),
        factors_considered=(),
        home_language_assessed=None,
    )


def test_a_concern_keeps_the_day_it_was_noticed() -> None:
    a_pupil().when(RAISE).then(
        ConcernRaised, noticed_on=date(2023, 10, 2), areas=(Area.COGNITION, Area.COMMUNICATION)
    )


def test_staff_parents_and_pupils_may_raise_a_concern_and_only_a_sendco_answers_it() -> None:
    assert RaiseConcern.roles == STAFF | {Role.PARENT, Role.PUPIL}
    assert Role.TEACHING_ASSISTANT in RaiseConcern.roles
    assert AnswerConcern.roles == CloseConcern.roles == {Role.SENCO, Role.TRUST_SENCO}


def test_a_concern_is_not_noticed_after_it_was_raised() -> None:
    a_pupil().when(but(RAISE, noticed_on=date(2023, 10, 10))).refused(Invalid)
    a_pupil().when(but(RAISE, noticed_on=date(2026, 11, 24))).refused(NotYetHappened)


def test_a_second_worry_is_a_second_concern() -> None:
    assert len(a_pupil().given(RAISE, RAISE).pupil.concerns) == 2


def test_what_parents_said_of_a_concern_is_recorded_with_their_names() -> None:
    [event] = raised().when(DISCUSS).decided()

    assert isinstance(event, ConcernDiscussedWithParents)
    assert [party.name for party in event.discussed_with] == ["Nasreen Rahman"]
    assert event.parent_comment == "Her older cousin has dyslexia"


def test_the_questionnaire_is_recorded_with_its_concern() -> None:
    raised().when(COMPLETE).then(ConcernQuestionnaireCompleted, concern_id=CONCERN)


def test_a_concern_is_answered_with_a_decision_and_its_reason() -> None:
    answered = raised().when(ANSWER).then(ConcernAnswered, decision=Answer.MONITOR)

    assert answered.pupil.concerns[CONCERN].answer is Answer.MONITOR


def test_a_later_answer_replaces_the_first() -> None:
    twice = raised().given(ANSWER, but(ANSWER, decision=Answer.REFER))

    assert twice.pupil.concerns[CONCERN].answer is Answer.REFER


def test_the_answer_may_say_on_which_day_parents_are_going_to_be_told() -> None:
    raised().when(but(ANSWER, parents_told_on=date(2026, 11, 24))).then(ConcernAnswered)


def test_closing_a_concern_needs_an_answer() -> None:
    raised().when(CLOSE).refused(ConcernNotAnswered)


def test_a_concern_has_one_outcome() -> None:
    closed = (
        raised().given(ANSWER).when(CLOSE).then(ConcernClosed, outcome=Outcome.MOVED_TO_REGISTER)
    )

    closed.when(CLOSE).refused(ConcernAlreadyClosed)
    closed.when(ANSWER).refused(ConcernAlreadyClosed)
    closed.when(COMPLETE).refused(ConcernAlreadyClosed)


def test_parents_may_be_told_how_a_concern_ended() -> None:
    closed = raised().given(ANSWER, CLOSE)

    closed.when(but(DISCUSS, occurred_on=date(2023, 12, 14))).then(ConcernDiscussedWithParents)


@pytest.mark.parametrize("command", [DISCUSS, COMPLETE, ANSWER, CLOSE])
def test_only_a_concern_of_the_pupil_can_be_taken_further(
    command: DiscussConcernWithParents
    | CompleteConcernQuestionnaire
    | AnswerConcern
    | CloseConcern,
) -> None:
    raised().when(but(command, concern_id=NOBODY)).refused(NotFound)


def test_a_concern_is_discussed_with_people_on_record() -> None:
    raised().when(but(DISCUSS, contact_ids=(NOBODY,))).refused(NotFound)


def test_what_a_concern_is_put_down_to_has_been_considered() -> None:
    answered = raised().given(ANSWER)

    answered.when(but(CLOSE, outcome=Outcome.DISABILITY_NOT_SEN)).refused(FactorNotConsidered)


def test_eal_explains_a_difficulty_only_once_the_home_language_is_assessed() -> None:
    close = but(CLOSE, outcome=Outcome.EAL_NOT_SEN)

    raised().given(ANSWER).when(close).refused(HomeLanguageNotAssessed)
    raised().given(but(ANSWER, home_language_assessed=None)).when(close).refused(
        HomeLanguageNotAssessed
    )


def test_the_home_language_may_be_assessed_after_the_concern_was_raised() -> None:
    answer = but(ANSWER, decision=Answer.NO_ACTION, home_language_assessed=True)
    close = but(CLOSE, outcome=Outcome.EAL_NOT_SEN)

    raised().given(answer).when(close).then(ConcernClosed, outcome=Outcome.EAL_NOT_SEN)


def test_the_sendco_may_consider_what_the_teacher_did_not() -> None:
    answer = but(ANSWER, factors_considered=(Factor.DISABILITY,))
    close = but(CLOSE, outcome=Outcome.DISABILITY_NOT_SEN)

    considered = raised().given(answer)

    assert considered.pupil.concerns[CONCERN].factors == {
        Factor.EAL,
        Factor.PUPIL_PREMIUM,
        Factor.DISABILITY,
    }
    considered.when(close).then(ConcernClosed)
