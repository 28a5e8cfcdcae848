"""Concern answers: what the SENDCo decided to do about a concern, and how it ended.

    (``concerns``) raised ---> answered, and again ---> closed

Closing a concern needs an answer (Code of Practice 6.45).  English as an additional language or a
disability alone is recorded as considered and is not SEND (policy s.6; Code of Practice 6.24).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.concerns import Answer, Factor, Outcome, open_concern, with_concern
from send_records.aggregates.values import SENDCOS, Day, Few, Flag, Name, Words
from send_records.errors import RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


NOT_SEN = {Outcome.EAL_NOT_SEN: Factor.EAL, Outcome.DISABILITY_NOT_SEN: Factor.DISABILITY}


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
