"""Mediation: what a family and the local authority try before an appeal.

    decision (``la_decisions``) ---> certificate ---> appeal (``appeals``)

A family that means to appeal contacts a mediation adviser first, save about section I alone, and
is given a certificate whether or not it then mediates (Children and Families Act 2014 s.52 to 55).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from send_records.aggregates.base import By, Command, PupilEvent
from send_records.aggregates.days import require_past
from send_records.aggregates.la_decisions import (
    AppealGround,
    LaDecision,
    NothingToAppeal,
    require_letter,
)
from send_records.aggregates.values import SENDCOS, Day, Origin, Words

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


@dataclass(frozen=True, slots=True)
class Mediation:
    """One mediation certificate, and the kind of decision it is about."""

    about: AppealGround
    certificate_dated: date


class MediationRecorded(PupilEvent):
    about: AppealGround
    certificate_dated: date
    held_on: date | None
    outcome: str

    def apply(self, pupil: Pupil) -> Pupil:
        mediation = Mediation(self.about, self.certificate_dated)
        return replace(pupil, mediations=(*pupil.mediations, mediation))


class RecordMediation(Command):
    """Record a mediation certificate, and what came of it if the family went to mediation."""

    roles = SENDCOS

    origin: Origin = Origin.PARENT
    about: AppealGround | None = None
    """The decision it is about: the one received last, unless it is said."""
    certificate_dated: Day
    held_on: Day | None = None
    outcome: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        require_letter(self.certificate_dated, self.occurred_on, by)
        if self.held_on is not None:
            require_past(self.held_on, by)
        return [
            MediationRecorded(
                **self.entry(pupil, by),
                about=self._decision(pupil).ground,
                certificate_dated=self.certificate_dated,
                held_on=self.held_on,
                outcome=self.outcome,
            )
        ]

    def _decision(self, pupil: Pupil) -> LaDecision:
        decisions = [
            decision
            for decision in pupil.la_decisions
            if self.about in (None, decision.ground)
            and decision.letter_dated <= self.certificate_dated
        ]
        if not decisions:
            raise NothingToAppeal("Record the local authority's decision, and its letter, first.")
        return max(decisions, key=lambda decision: decision.letter_dated)
