"""Assessments: what was measured, for needs to be found from.

    assessed ---> (a need is identified: see ``needs``)

The tools are those of policy s.9 and 12, and any other.  A score is no diagnosis, and is never
compared here across editions of a tool (``facts.md`` 7).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from uuid import UUID

from send_records.aggregates.base import By, Command, Kept, PupilEvent
from send_records.aggregates.values import (
    TEACHERS,
    Count,
    Few,
    Measure,
    Name,
    Value,
    Words,
)
from send_records.errors import Invalid, RuleBroken

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


class ToolHasNoScore(Invalid):
    """A tool that is told in words, area by area, gives no score; any other gives one at least."""

    basis = "DfE, The engagement model; SEND policy s.9 and s.12"


class Score(Value):
    """One result, with its confidence band (in per cent) where the tool gives one."""

    name: Name
    value: Measure
    low: Measure | None = None
    high: Measure | None = None
    confidence: Count | None = None


class AreaSeen(Value):
    """What was seen in one area of a tool that gives no score."""

    area: Name
    seen: Words


class ScoreBand(Kept):
    """What a score is called by the rules of its day, frozen with their source."""

    score: str
    label: str
    citation: str


class BandDiffers(RuleBroken):
    """What a score is called follows from its value: an entry in which it would not is withdrawn,
    and made anew."""


class AssessmentRecorded(PupilEvent):
    class_version = 2

    tool: str
    edition: str
    informant: Informant
    scores: tuple[Score, ...]
    bands: tuple[ScoreBand, ...]
    """Of the scores that have one, by tool, edition and informant."""
    told: tuple[AreaSeen, ...]
    """What was seen, area by area, by a tool that gives no score."""
    age_months: int | None
    """How old the pupil was, in months, where the scores depend on it."""
    document_id: UUID | None
    """The report in which it stands, if that is on file."""
    note: str | None
    norms: str | None = None

    @staticmethod
    def upcast_v1_v2(state: dict[str, Any]) -> None:
        state |= {"bands": [], "told": [], "age_months": None, "document_id": None}

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil

    def require_valid(self, by: By) -> None:
        tools = by.rules.tools
        narrative = tools.narrative(self.tool, self.occurred_on)
        if bool(self.scores) == (narrative is not None) or (narrative and not self.told):
            areas = ", ".join(narrative.areas) if narrative else ""
            raise ToolHasNoScore(
                f"Tell what was seen, by area: {areas}." if areas else "Enter a score at least."
            )
        for score in self.scores:
            bounds = tools.score_range(self.tool, self.edition, score.name, self.occurred_on)
            values = [v for v in (score.value, score.low, score.high) if v is not None]
            if bounds and not all(bounds.low <= value <= bounds.high for value in values):
                raise ScoreOutOfRange(
                    f"The score {bounds.name} runs from {bounds.low} to {bounds.high}."
                )
        if self.bands != bands_of(self, by):
            raise BandDiffers("Withdraw the entry and record the assessment anew.")


def bands_of(said: AssessmentRecorded | RecordAssessment, by: By) -> tuple[ScoreBand, ...]:
    """Return what the scores of an assessment are called, by the rules of its day."""
    found = [
        (
            each.name,
            by.rules.tools.band(
                said.tool, said.edition, said.informant, each.name, each.value, said.occurred_on
            ),
        )
        for each in said.scores
    ]
    return tuple(
        ScoreBand(score=name, label=band.label, citation=band.citation)
        for name, band in found
        if band is not None
    )


class RecordAssessment(Command):
    """Record the scores of one assessment, with the tool and edition they belong to; or, of a tool
    that gives none, what was seen in each area.

    What a score is called (its band) follows from the rules and is frozen with it.  Scores are not
    compared: those of two editions never are, and a score alone is no diagnosis (``facts.md`` 7).
    """

    roles = TEACHERS

    tool: Name
    edition: Name
    informant: Informant
    scores: Few[Score] = ()
    told: Few[AreaSeen] = ()
    """What was seen, by area, for a tool without scores, such as the Engagement model."""
    age_months: Count | None = None
    """The pupil's age at the test, in months."""
    document_id: UUID | None = None
    """The report, if it is on file."""
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
            bands=bands_of(self, by),
            told=self.told,
            age_months=self.age_months,
            document_id=self.document_id,
            note=self.note,
            norms=self.norms,
        )
        recorded.require_valid(by)
        return [recorded]
