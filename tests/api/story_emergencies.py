"""The part of the story in which the record is opened in an emergency, and that is reviewed."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from send_records.aggregates.base import Actor
from send_records.aggregates.emergencies import BreakGlass, Finding, ReviewEmergencyAccess
from send_records.aggregates.values import Role
from tests.api.steps import Step, step

TEACHER = Actor(id=UUID(int=4), name="Tom Hale", role=Role.CLASS_TEACHER)
DPO = Actor(id=UUID(int=3), name="Priya Shah", role=Role.DPO)

ACCESS = UUID(int=620)

STEPS: list[Step] = [
    step(
        BreakGlass(
            occurred_on=date(2024, 12, 19),
            reason_given="At the clinic with her now: what may she eat?",
        ),
        ACCESS,
        TEACHER,
    ),
    step(
        ReviewEmergencyAccess(
            occurred_on=date(2024, 12, 20),
            access_id=ACCESS,
            finding=Finding.JUSTIFIED,
            explanation="The clinic did ask, and so could not wait",
        ),
        actor=DPO,
    ),
]
