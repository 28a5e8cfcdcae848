"""Concern questionnaires: what teachers observe of a pupil about whom there is a concern.

    (``concerns``) raised ---> questionnaire, while it is open ---> answered (``concern_answers``)

Policy s.11.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.concerns import open_concern
from send_records.aggregates.values import TEACHERS, Area, Some, Value, Words

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


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
