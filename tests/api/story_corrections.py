"""The part of the story in which entries are put right, disputed and withdrawn."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from send_records.aggregates.attainments import RecordObservation
from send_records.aggregates.base import Actor
from send_records.aggregates.corrected import WhyWithdrawn
from send_records.aggregates.corrections import CorrectEntry, WithdrawEntry
from send_records.aggregates.disputes import (
    DisputeEntry,
    LiftRestriction,
    RestrictionGround,
    RestrictProcessing,
)
from send_records.aggregates.values import Role
from tests.api.steps import Step, step

DPO = Actor(id=UUID(int=3), name="Priya Shah", role=Role.DPO)

SEEN = 3
"""The version of the observation: these steps come right after the admission, which has two."""

STATEMENT = 5
"""The version of what the pupil says to it, after its correction."""

STEPS: list[Step] = [
    step(
        RecordObservation(
            occurred_on=date(2023, 9, 5), setting="Assembly", observed="Sits apart", minutes=20
        ),
        UUID(int=501),
    ),
    step(
        CorrectEntry(
            occurred_on=date(2023, 9, 6),
            entry_version=SEEN,
            field="minutes",
            from_value=20,
            to_value=10,
            why="Misread the clock",
        )
    ),
    step(
        DisputeEntry(
            occurred_on=date(2023, 9, 7), entry_version=SEEN, statement="I sat with my friends"
        )
    ),
    step(
        RestrictProcessing(
            occurred_on=date(2023, 9, 7),
            entry_version=SEEN,
            ground=RestrictionGround.ACCURACY_CONTESTED,
            why="Two accounts of one morning",
        ),
        actor=DPO,
    ),
    step(
        LiftRestriction(
            occurred_on=date(2023, 9, 9),
            entry_version=SEEN,
            told_on=date(2023, 9, 8),
            why="Looked into",
        ),
        actor=DPO,
    ),
    step(
        WithdrawEntry(
            occurred_on=date(2023, 9, 9),
            entry_version=SEEN,
            why=WhyWithdrawn.WRONG_PUPIL,
            explanation="It was another child",
        )
    ),
]
