"""A pupil's long life, for benchmarks: events of three kinds in turn, of some 900 bytes each."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid4

from send_records.aggregates.assessments import (
    Informant,
    RecordAssessment,
    RecordObservation,
    Score,
)
from send_records.aggregates.base import Command, DomainEvent
from send_records.aggregates.concerns import RaiseConcern
from send_records.aggregates.pupil import Pupil
from send_records.aggregates.values import Area
from tests.scenario import ADMIT, by

DAY = date(2024, 3, 12)

COMMANDS: list[Command] = [
    RaiseConcern(
        occurred_on=DAY,
        areas=(Area.COGNITION, Area.COMMUNICATION),
        noticed_on=DAY,
        description="Reading well below the class; cannot hold two-step instructions. " * 3,
        strengths="Warm, keen to please, draws with care and detail.",
    ),
    RecordObservation(
        occurred_on=DAY, setting="Mathematics, whole class", observed="Copies peers. " * 20
    ),
    RecordAssessment(
        occurred_on=DAY,
        tool="SDQ",
        edition="4-17",
        informant=Informant.CLASS_TEACHER,
        scores=tuple(Score(name=n, value=v) for n, v in (("total", 19), ("peer", 4))),
    ),
]


def life(events: int, pupil_id: UUID | None = None) -> Sequence[DomainEvent]:
    """Return so many events of one pupil, from admission on."""
    told: list[DomainEvent] = list(ADMIT.decide(by(command_id=pupil_id or uuid4())))
    pupil: Pupil | None = None
    for event in told:
        pupil = event.mutate(pupil)
    while pupil is not None and pupil.version < events:
        for event in COMMANDS[pupil.version % len(COMMANDS)].decide(pupil, by()):
            pupil = event.mutate(pupil)
            told.append(event)
    return told[:events]
