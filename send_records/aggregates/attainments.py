"""Attainments and observations: where a pupil stands in a subject, and what was seen of them.

    attained, observed ---> (a need is identified: see ``needs``)

The evidence of everyday teaching beside the tools of ``assessments`` (policy s.9; Code of Practice
6.45).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.values import STAFF, TEACHERS, Area, Count, Few, Name, Words
from send_records.errors import Invalid

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class ResultNotOnScale(Invalid):
    """A result is one of those that its scale has in the subject."""

    basis = "Scales of the tools named in SEND policy s.9 and s.12"


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
        results = by.rules.tools.results_of(self.scale, self.subject, self.occurred_on)
        if results is not None and self.result not in results:
            raise ResultNotOnScale(f"Enter one of {', '.join(results)}.")
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
