"""Assessments: what was measured, attained and seen, for needs to be found from.

    assessed, attained, observed ---> (a need is identified: see ``needs``)

The tools are those of policy s.9 and 12, and any other.  A score is no diagnosis, and is never
compared here across editions of a tool (``facts.md`` 7).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.values import (
    STAFF,
    TEACHERS,
    Area,
    Count,
    Few,
    Measure,
    Name,
    Some,
    Value,
    Words,
)
from send_records.errors import Invalid

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class ScoreOutOfRange(Invalid):
    """A score lies within the range of its tool and edition."""

    basis = "Ranges of the tools named in SEND policy s.9 and s.12"


class Informant(StrEnum):
    """Who answered, or who tested."""

    CLASS_TEACHER = "class_teacher"
    TEACHING_ASSISTANT = "teaching_assistant"
    SENCO = "senco"
    SPECIALIST = "specialist"
    PARENT = "parent"
    PUPIL = "pupil"


class Score(Value):
    """One result, with its confidence band (in per cent) where the tool gives one."""

    name: Name
    value: Measure
    low: Measure | None = None
    high: Measure | None = None
    confidence: Count | None = None


class AssessmentRecorded(PupilEvent):
    tool: str
    edition: str
    informant: Informant
    scores: tuple[Score, ...]
    note: str | None
    norms: str | None = None

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil

    def require_valid(self, by: By) -> None:
        for score in self.scores:
            bounds = by.rules.score_range(self.tool, self.edition, score.name, self.occurred_on)
            values = [v for v in (score.value, score.low, score.high) if v is not None]
            if bounds and not all(bounds.low <= value <= bounds.high for value in values):
                raise ScoreOutOfRange(
                    f"The score {bounds.name} runs from {bounds.low} to {bounds.high}."
                )


class RecordAssessment(Command):
    """Record the scores of one assessment, with the tool and edition they belong to."""

    roles = TEACHERS

    tool: Name
    edition: Name
    informant: Informant
    scores: Some[Score]
    note: Words | None = None
    norms: Name | None = None
    """The norm set or year by which the scores were worked out, where the tool has several."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        recorded = AssessmentRecorded(
            **self.entry(pupil, by),
            tool=self.tool,
            edition=self.edition,
            informant=self.informant,
            scores=self.scores,
            note=self.note,
            norms=self.norms,
        )
        recorded.require_valid(by)
        return [recorded]


class AttainmentRecorded(PupilEvent):
    subject: str
    scale: str
    result: str
    expected: str | None

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class RecordAttainment(Command):
    """Record where a pupil stands in a subject, in the words of the scale used."""

    roles = TEACHERS

    subject: Name
    scale: Name
    """For example: KS2 teacher assessment, pre-key-stage, PIVATS 5."""
    result: Name
    expected: Name | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        return [
            AttainmentRecorded(
                **self.entry(pupil, by),
                subject=self.subject,
                scale=self.scale,
                result=self.result,
                expected=self.expected,
            )
        ]


class ObservationRecorded(PupilEvent):
    setting: str
    observed: str
    areas: tuple[Area, ...]
    minutes: int | None

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class RecordObservation(Command):
    """Record what was seen of a pupil at work or at play."""

    roles = STAFF

    setting: Name
    observed: Words
    areas: Few[Area] = ()
    minutes: Count | None = None

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        return [
            ObservationRecorded(
                **self.entry(pupil, by),
                setting=self.setting,
                observed=self.observed,
                areas=self.areas,
                minutes=self.minutes,
            )
        ]
