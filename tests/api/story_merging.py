"""Beside the story: the pupil's record opened a second time, and merged into the first.

Told of a record of its own, for the story is of one: see ``story.told``.
"""

from __future__ import annotations

from datetime import date
from uuid import UUID

from send_records.aggregates.merging import MergeRecords, SeparateRecords
from tests.api.steps import Step, step
from tests.scenario import ADMIT, but

KEPT, DUPLICATE = UUID(int=61), UUID(int=585)
"""The pupil of the story, and the record that was opened of the same child."""

MERGE = MergeRecords(
    occurred_on=date(2024, 9, 5),
    into_pupil_id=KEPT,
    why="Opened again by the import, which had no UPN",
    confirmed_by="Priya Shah",
)

STEPS: list[Step] = [
    step(but(ADMIT, upn=None), DUPLICATE),
    step(MERGE),
    step(
        SeparateRecords(
            occurred_on=date(2024, 9, 6), into_pupil_id=KEPT, explanation="Looked at once more"
        )
    ),
    step(but(MERGE, occurred_on=date(2024, 9, 9))),
]
