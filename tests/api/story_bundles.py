"""The bundle's part of the story: prepared, returned, prepared anew, approved and served."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from send_records.aggregates.approvals import ApproveDisclosure, ReturnDisclosure
from send_records.aggregates.bundle_contents import (
    BundleKind,
    ItemWanted,
    PageBudget,
    SectionWanted,
    Sheet,
)
from send_records.aggregates.bundles import PrepareBundle, ServeBundle
from send_records.aggregates.values import day_in_london
from tests.api.steps import Step, step
from tests.api.story_documents import CORRECTED
from tests.api.story_family import DPO
from tests.scenario import pack

RETURNED, SERVED = UUID(int=470), UUID(int=471)

PREPARE = PrepareBundle(
    occurred_on=date(2024, 11, 11),
    kind=BundleKind.DISCRIMINATION,
    reference="EH999/24/00017",
    hearing_on=date(2024, 12, 9),
    sections=(
        SectionWanted(
            title="Evidence of the responsible body",
            budget=PageBudget.EVIDENCE,
            items=(ItemWanted(document_id=CORRECTED, expert_report=True),),
        ),
        SectionWanted(
            title="The school's record",
            items=(ItemWanted(sheet=Sheet.CHRONOLOGY, known_on=date(2024, 2, 12)),),
        ),
    ),
)
SERVE = ServeBundle(
    occurred_on=date(2024, 11, 15),
    preparation_id=SERVED,
    to="First-tier Tribunal (SEND)",
    how="Secure mail",
)

STEPS: list[Step] = [
    step(PREPARE, RETURNED),
    step(
        ReturnDisclosure(
            occurred_on=date(2024, 11, 12),
            preparation_id=RETURNED,
            why="Another witness statement has come",
        ),
        actor=DPO,
    ),
    step(PREPARE.model_copy(update={"occurred_on": date(2024, 11, 13)}), SERVED),
    step(
        ApproveDisclosure(
            occurred_on=date(2024, 11, 14), preparation_id=SERVED, sha256=pack(SERVED).sha256
        ),
        actor=DPO,
    ),
    step(SERVE.model_copy(update={"occurred_on": day_in_london(datetime.now(UTC))})),
]

OF_ANY_DAY: list[Step] = [step(SERVE)]
"""What the story tells of today, since it was approved today, as an example of any day."""

PLAN = {
    "child": "Aisha Rahman",
    "reference": "EH999/24/00017",
    "issued_on": "2024-06-03",
    "sections": {"F": ["Daily precision teaching of ten minutes.", "A radio aid in all lessons."]},
}
"""What a working document is made of."""
