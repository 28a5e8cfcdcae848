"""Concerns, and the monitoring that may follow (policy s.6, 10.1; Code of Practice 6.24, 6.45)."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from send_records.aggregates.concern_answers import AnswerConcern, CloseConcern
from send_records.aggregates.concern_questionnaires import CompleteConcernQuestionnaire
from send_records.aggregates.concerns import DiscussConcernWithParents, RaiseConcern
from send_records.aggregates.monitoring import EndMonitoring, ReviewMonitoring, StartMonitoring
from tests.aggregates.model.book import (
    Concern,
    Desk,
    changes_nothing,
    refuses,
    strangers,
    writes,
)
from tests.aggregates.model.numbers import later

changes_nothing(DiscussConcernWithParents, CompleteConcernQuestionnaire)


def not_open(desk: Desk, concern_id: UUID) -> Iterator[str]:
    concern = desk.book.concerns.get(concern_id)
    if concern is None:
        yield "NotFound"
    elif concern.outcome is not None:
        yield "ConcernAlreadyClosed"


@refuses(RaiseConcern)
def raising(desk: Desk, said: RaiseConcern) -> Iterator[str]:
    """Anyone on the staff may; it was noticed by the day it is raised."""
    if said.noticed_on is not None and said.noticed_on > said.occurred_on:
        yield "Invalid"
    if desk.ahead(said.noticed_on):
        yield "NotYetHappened"


@writes(RaiseConcern)
def raised(desk: Desk, said: RaiseConcern) -> None:
    factors = {str(factor) for factor in said.factors_considered}
    desk.book.concerns[desk.new_id] = Concern(factors, said.home_language_assessed)


@refuses(DiscussConcernWithParents)
def discussing(desk: Desk, said: DiscussConcernWithParents) -> Iterator[str]:
    """A closed concern is discussed too: parents are told how it ended."""
    if said.concern_id not in desk.book.concerns:
        yield "NotFound"
    yield from strangers(desk, said.contact_ids)


@refuses(CompleteConcernQuestionnaire)
def questioning(desk: Desk, said: CompleteConcernQuestionnaire) -> Iterator[str]:
    yield from not_open(desk, said.concern_id)


@refuses(AnswerConcern)
def answering(desk: Desk, said: AnswerConcern) -> Iterator[str]:
    yield from not_open(desk, said.concern_id)


@writes(AnswerConcern)
def answered(desk: Desk, said: AnswerConcern) -> None:
    """What was looked at since adds to what was looked at before."""
    concern = desk.book.concerns[said.concern_id]
    concern.factors |= {str(factor) for factor in said.factors_considered}
    if said.home_language_assessed is not None:
        concern.home_language = said.home_language_assessed
    concern.answer = said.decision


@refuses(CloseConcern)
def closing(desk: Desk, said: CloseConcern) -> Iterator[str]:
    """A concern ends answered; EAL or a disability alone is considered, and is not SEND."""
    yield from not_open(desk, said.concern_id)
    concern = desk.book.concerns.get(said.concern_id)
    if concern is None:
        return
    if concern.answer is None:
        yield "ConcernNotAnswered"
    put_down_to = {"eal_not_sen": "eal", "disability_not_sen": "disability"}.get(said.outcome)
    if put_down_to is not None and put_down_to not in concern.factors:
        yield "FactorNotConsidered"
    if put_down_to == "eal" and concern.home_language is not True:
        yield "HomeLanguageNotAssessed"


@writes(CloseConcern)
def closed(desk: Desk, said: CloseConcern) -> None:
    desk.book.concerns[said.concern_id].outcome = said.outcome


@refuses(StartMonitoring)
def watching(desk: Desk, said: StartMonitoring) -> Iterator[str]:
    """Monitored is not on the register, and is once at a time."""
    if desk.book.monitoring is not None:
        yield "AlreadyMonitored"
    if desk.book.register is not None:
        yield "AlreadySupported"
    if said.next_review_on is not None and said.next_review_on <= said.occurred_on:
        yield "Invalid"


@writes(StartMonitoring)
def watched(desk: Desk, said: StartMonitoring) -> None:
    half_term = later(desk.rules, "monitoring_review", said.occurred_on)
    desk.book.monitoring = (said.occurred_on, said.next_review_on or half_term)


@refuses(ReviewMonitoring)
def looking(desk: Desk, said: ReviewMonitoring) -> Iterator[str]:
    if desk.book.monitoring is None:
        yield "NotMonitored"
    goes_on = said.next_step == "continue"
    if goes_on and said.next_review_on is not None and said.next_review_on <= said.occurred_on:
        yield "Invalid"


@writes(ReviewMonitoring)
def looked(desk: Desk, said: ReviewMonitoring) -> None:
    assert desk.book.monitoring is not None
    if said.next_step == "continue":
        half_term = later(desk.rules, "monitoring_review", said.occurred_on)
        desk.book.monitoring = (desk.book.monitoring[0], said.next_review_on or half_term)


@refuses(EndMonitoring)
def ending(desk: Desk, said: EndMonitoring) -> Iterator[str]:
    if desk.book.monitoring is None:
        yield "NotMonitored"


@writes(EndMonitoring)
def ended(desk: Desk, said: EndMonitoring) -> None:
    desk.book.monitoring = None
