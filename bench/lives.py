"""Pupils' lives, for benchmarks: events of three kinds in turn, of some 600 bytes each, sealed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from uuid import UUID, uuid4

from send_records.aggregates.assessments import Informant, RecordAssessment, Score
from send_records.aggregates.attainments import RecordObservation
from send_records.aggregates.base import Command, DomainEvent
from send_records.aggregates.concerns import RaiseConcern
from send_records.aggregates.pupil import Pupil
from send_records.aggregates.values import Area
from tests.scenario import ADD, ADMIT, IDENTIFY, MOTHER, RECORD_MOTHER, TELL, but, by

DAY = date(2024, 3, 12)

OBSERVATION = RecordObservation(
    occurred_on=DAY, setting="Mathematics, whole class", observed="Copies peers. " * 10
)
"""What most benchmarks record: 600 bytes of state."""

COMMANDS: list[Command] = [
    RaiseConcern(
        occurred_on=DAY,
        areas=(Area.COGNITION, Area.COMMUNICATION),
        noticed_on=DAY,
        description="Reading well below the class; cannot hold two-step instructions.",
        strengths="Warm, keen to please, draws with care and detail.",
    ),
    OBSERVATION,
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
    told = _life(events)
    return told if pupil_id is None else list(of_pupil(told, pupil_id))


@cache
def _life(events: int) -> Sequence[DomainEvent]:
    told: list[DomainEvent] = list(ADMIT.decide(by(command_id=uuid4())))
    pupil: Pupil | None = None
    for event in told:
        pupil = event.mutate(pupil)
    while pupil is not None and pupil.version < events:
        for event in COMMANDS[pupil.version % len(COMMANDS)].decide(pupil, by()):
            pupil = event.mutate(pupil)
            told.append(event)
    return told[:events]


def of_pupil(events: Sequence[DomainEvent], pupil_id: UUID) -> Iterator[DomainEvent]:
    """Yield events as another pupil's: deciding them again is not what is measured.

    What they made has ids of its own, as if it had been decided: rows are kept under those.
    """
    for event in events:
        made = {name: _own(getattr(event, name), pupil_id) for name in _ids(type(event))}
        yield event.model_copy(update={**made, "originator_id": pupil_id})


@cache
def _ids(kind: type[DomainEvent]) -> Sequence[str]:
    """Return the fields that hold the id of something of the pupil's."""
    return [name for name, field in kind.model_fields.items() if field.annotation is UUID]


def _own(made: UUID, pupil_id: UUID) -> UUID:
    return UUID(int=made.int ^ pupil_id.int)


def observation(pupil_id: UUID, version: int) -> DomainEvent:
    """Return an event of the usual size, as a pupil's at a version."""
    update = {"originator_id": pupil_id, "originator_version": version}
    return _observation().model_copy(update=update)


@cache
def _observation() -> DomainEvent:
    pupil: Pupil | None = None
    for event in life(2):
        pupil = event.mutate(pupil)
    assert pupil is not None
    [event] = OBSERVATION.decide(pupil, by())
    return event


def on_the_register(pupil_id: UUID, name: str, academy: str) -> Sequence[DomainEvent]:
    """Return how a pupil comes to be on the SEND register."""
    admit = but(ADMIT, legal_name=name, academy=academy, upn=None)
    told = list(admit.decide(by(command_id=pupil_id)))
    pupil: Pupil | None = None
    for event in told:
        pupil = event.mutate(pupil)
    for command, made in ((RECORD_MOTHER, MOTHER), (IDENTIFY, None), (TELL, None), (ADD, None)):
        assert pupil is not None
        for event in command.decide(pupil, by(command_id=made)):
            pupil = event.mutate(pupil)
            told.append(event)
    return told
