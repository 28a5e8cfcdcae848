"""Concerns: a worry about a pupil, what was asked and answered, and how it ended.

    raised ---> discussed with parents, questionnaire ---> answered ---> closed

A concern is a referral for SEND monitoring (policy s.10.1 and 11).  "Schools should take seriously
any concerns raised by a parent" (Code of Practice 6.45), so one is never deleted, and closing it
needs an answer.  English as an additional language or a disability alone is recorded as considered
and is not SEND (policy s.6; Code of Practice 6.24).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent, require_past
from send_records.aggregates.contacts import Party, parties
from send_records.aggregates.values import (
    SENDCOS,
    STAFF,
    TEACHERS,
    Area,
    Day,
    Few,
    Flag,
    Name,
    Some,
    Value,
    Words,
)
from send_records.errors import Invalid, NotFound, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class Factor(StrEnum):
    """What is looked at first, and is not in itself SEND (policy s.6)."""

    DISABILITY = "disability"
    ATTENDANCE = "attendance_and_punctuality"
    HEALTH = "health_and_welfare"
    EAL = "eal"
    PUPIL_PREMIUM = "pupil_premium"
    LOOKED_AFTER = "looked_after"
    SERVICE_CHILD = "service_child"
    BEHAVIOUR = "behaviour"
    TRAUMA = "trauma_and_childhood_experience"


class ProgressTest(StrEnum):
    """The four marks of less than expected progress (Code of Practice 6.17); policy s.10.1 has
    all but the last."""

    SLOWER_THAN_PEERS = "slower_than_peers_same_baseline"
    BELOW_OWN_RATE = "below_own_previous_rate"
    GAP_NOT_CLOSING = "gap_not_closing"
    GAP_WIDENING = "gap_widening"


class Answer(StrEnum):
    """What the SENDCo decides to do about a concern."""

    OBSERVE = "observe"
    ADVISE = "advise"
    MONITOR = "monitor"
    ASSESS = "assess"
    REFER = "refer"
    NO_ACTION = "no_action"


class Outcome(StrEnum):
    """How a concern ended."""

    RESOLVED = "resolved"
    MOVED_TO_MONITORING = "moved_to_monitoring"
    MOVED_TO_REGISTER = "moved_to_register"
    EAL_NOT_SEN = "eal_not_sen"
    DISABILITY_NOT_SEN = "disability_not_sen"
    NO_ACTION = "no_action"


NOT_SEN = {Outcome.EAL_NOT_SEN: Factor.EAL, Outcome.DISABILITY_NOT_SEN: Factor.DISABILITY}


@dataclass(frozen=True, slots=True)
class Concern:
    """One concern, as it stands."""

    id: UUID
    factors: frozenset[Factor]
    home_language_assessed: bool | None
    answer: Answer | None = None
    outcome: Outcome | None = None


class ConcernAlreadyClosed(RuleBroken):
    """A concern has one outcome; raise a new concern to reopen the matter."""


class ConcernNotAnswered(RuleBroken):
    """A concern is closed once the SENDCo has answered it."""

    basis = "SEND Code of Practice 6.45; SEND policy s.10.1"


class FactorNotConsidered(RuleBroken):
    """What a concern is put down to must be among the factors that were considered."""

    basis = "SEND policy s.6; SEND Code of Practice 6.24"


class HomeLanguageNotAssessed(RuleBroken):
    """A difficulty is put down to English as an additional language only after the home language
    has been assessed."""

    basis = "SEND policy s.6; SEND Code of Practice 6.24"


def known_concern(pupil: Pupil, concern_id: UUID) -> Concern:
    """Return the pupil's concern, open or closed."""
    concern = pupil.concerns.get(concern_id)
    if concern is None:
        raise NotFound(f"The pupil has no concern {concern_id}.")
    return concern


def open_concern(pupil: Pupil, concern_id: UUID) -> Concern:
    """Return the pupil's concern, which must still be open."""
    concern = known_concern(pupil, concern_id)
    if concern.outcome is not None:
        raise ConcernAlreadyClosed(f"The concern was closed: {concern.outcome}.")
    return concern


def with_concern(pupil: Pupil, concern: Concern) -> Pupil:
    """Return the pupil with one concern added or replaced."""
    return replace(pupil, concerns={**pupil.concerns, concern.id: concern})


class Strategy(Value):
    """Something tried in class before asking for help (quality first teaching)."""

    what: Words
    since: Day
    effect: Words


class ConcernRaised(PupilEvent):
    concern_id: UUID
    areas: tuple[Area, ...]
    noticed_on: date
    description: str
    strengths: str
    strategies_tried: tuple[Strategy, ...]
    progress_tests: tuple[ProgressTest, ...]
    factors_considered: tuple[Factor, ...]
    home_language_assessed: bool | None
    hearing_checked: bool | None
    vision_checked: bool | None

    def apply(self, pupil: Pupil) -> Pupil:
        factors = frozenset(self.factors_considered)
        return with_concern(pupil, Concern(self.concern_id, factors, self.home_language_assessed))


class RaiseConcern(Command):
    """Refer a worry about a pupil to the SENDCo.  Anyone on the staff may, in one call with four
    fields: the day, the areas, what is seen, and the pupil's strengths."""

    roles = STAFF

    areas: Some[Area]
    description: Words
    """What is seen, how often, how strongly, how long."""
    strengths: Words
    noticed_on: Day | None = None
    """The day of this entry, unless it was noticed before."""
    strategies_tried: Few[Strategy] = ()
    progress_tests: Few[ProgressTest] = ()
    factors_considered: Few[Factor] = ()
    home_language_assessed: Flag | None = None
    hearing_checked: Flag | None = None
    vision_checked: Flag | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        noticed_on = self.noticed_on or self.occurred_on
        require_past(noticed_on, by)
        if noticed_on > self.occurred_on:
            raise Invalid("A concern is noticed on the day it is raised, or before.")
        return [
            ConcernRaised(
                **self.entry(pupil, by),
                concern_id=by.new_id,
                areas=self.areas,
                noticed_on=noticed_on,
                description=self.description,
                strengths=self.strengths,
                strategies_tried=self.strategies_tried,
                progress_tests=self.progress_tests,
                factors_considered=self.factors_considered,
                home_language_assessed=self.home_language_assessed,
                hearing_checked=self.hearing_checked,
                vision_checked=self.vision_checked,
            )
        ]


class ConcernDiscussedWithParents(PupilEvent):
    concern_id: UUID
    discussed_with: tuple[Party, ...]
    how: str
    parent_comment: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class DiscussConcernWithParents(Command):
    """Record what was said to the parents about a concern, and what they said (policy s.10.1).

    A closed concern may be discussed too: parents are told how it ended.
    """

    roles = STAFF

    concern_id: UUID
    contact_ids: Some[UUID]
    how: Words
    parent_comment: Words | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        concern = known_concern(pupil, self.concern_id)
        return [
            ConcernDiscussedWithParents(
                **self.entry(pupil, by),
                concern_id=concern.id,
                discussed_with=parties(pupil, self.contact_ids),
                how=self.how,
                parent_comment=self.parent_comment,
            )
        ]


class Frequency(StrEnum):
    """How often a statement of the questionnaire holds."""

    NOT_OBSERVED = "not_observed"
    SOMETIMES = "sometimes"
    OFTEN = "often"
    ALWAYS = "always"


class Statement(Value):
    """One line of the concern questionnaire."""

    area: Area
    statement: Words
    score: Frequency
    example: Words | None = None


class ConcernQuestionnaireCompleted(PupilEvent):
    concern_id: UUID
    statements: tuple[Statement, ...]

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class CompleteConcernQuestionnaire(Command):
    """Record the concern questionnaire for SEND monitoring (policy s.11)."""

    roles = TEACHERS

    concern_id: UUID
    statements: Some[Statement]

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        concern = open_concern(pupil, self.concern_id)
        return [
            ConcernQuestionnaireCompleted(
                **self.entry(pupil, by), concern_id=concern.id, statements=self.statements
            )
        ]


class ConcernAnswered(PupilEvent):
    concern_id: UUID
    decision: Answer
    why: str
    parents_told_on: date | None
    parents_told_how: str | None
    factors_considered: tuple[Factor, ...] = ()
    home_language_assessed: bool | None = None

    def apply(self, pupil: Pupil) -> Pupil:
        concern = pupil.concerns.get(self.concern_id)
        if concern is None:
            return pupil
        assessed = self.home_language_assessed
        answered = replace(
            concern,
            factors=concern.factors | set(self.factors_considered),
            home_language_assessed=concern.home_language_assessed if assessed is None else assessed,
            answer=self.decision,
        )
        return with_concern(pupil, answered)


class AnswerConcern(Command):
    """Record what the SENDCo decided to do about a concern; a later answer may follow."""

    roles = SENDCOS

    concern_id: UUID
    decision: Answer
    why: Words
    parents_told_on: Day | None = None
    """The day on which the parents are told: a plan, while it is still to come."""
    parents_told_how: Name | None = None
    factors_considered: Few[Factor] = ()
    """What was looked at since the concern was raised, besides what was then."""
    home_language_assessed: Flag | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        concern = open_concern(pupil, self.concern_id)
        return [
            ConcernAnswered(
                **self.entry(pupil, by),
                concern_id=concern.id,
                decision=self.decision,
                why=self.why,
                parents_told_on=self.parents_told_on,
                parents_told_how=self.parents_told_how,
                factors_considered=self.factors_considered,
                home_language_assessed=self.home_language_assessed,
            )
        ]


class ConcernClosed(PupilEvent):
    concern_id: UUID
    outcome: Outcome

    def apply(self, pupil: Pupil) -> Pupil:
        concern = pupil.concerns.get(self.concern_id)
        if concern is None:
            return pupil
        return with_concern(pupil, replace(concern, outcome=self.outcome))


class CloseConcern(Command):
    """Record how a concern ended.

    Not checked: that monitoring has begun, or the pupil is on the register, where it says so.
    """

    roles = SENDCOS

    concern_id: UUID
    outcome: Outcome

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        concern = open_concern(pupil, self.concern_id)
        if concern.answer is None:
            raise ConcernNotAnswered("Answer the concern first.")
        factor = NOT_SEN.get(self.outcome)
        if factor is not None and factor not in concern.factors:
            raise FactorNotConsidered(f"The concern does not name {factor} as considered.")
        if factor is Factor.EAL and not concern.home_language_assessed:
            raise HomeLanguageNotAssessed("Assess the pupil in the home language first.")
        return [ConcernClosed(**self.entry(pupil, by), concern_id=concern.id, outcome=self.outcome)]
