"""The documents' part of the story: a report, its corrected version, and what was uploaded."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from send_records.aggregates.document_kinds import DocumentKind
from send_records.aggregates.documents import FileDocument, SupersedeDocument
from send_records.aggregates.values import DataClass, Origin
from send_records.application import SendRecords
from send_records.documents.uploads import Upload
from send_records.rules import shipped_rules
from send_records.store.contents import Place
from tests.api.steps import Step, step
from tests.scenario import TODAY

REPORT, CORRECTED = UUID(int=450), UUID(int=451)

CONTENTS = {
    REPORT: b"%PDF-1.7\n% Vorlesung, misspelt\n%%EOF\n",
    CORRECTED: b"%PDF-1.7\n% Assessment of reading\n%%EOF\n",
}
"""What is uploaded before the steps of those keys."""

FILE = FileDocument(
    occurred_on=date(2024, 2, 12),
    data_class=DataClass.HEALTH,
    origin=Origin.PROFESSIONAL,
    kind=DocumentKind.PROFESSIONAL_REPORT,
    title="Psychologist's findings",
    author="Dr Ines Marsh",
    dated=date(2024, 2, 9),
)

STEPS: list[Step] = [
    step(FILE, REPORT),
    step(FILE.model_copy(update={"title": "Findings, corrected"}), CORRECTED),
    step(
        SupersedeDocument(
            occurred_on=date(2024, 2, 13),
            document_id=REPORT,
            superseded_by=CORRECTED,
            why="Corrected by its author",
        )
    ),
]


def keep(records: SendRecords, pupil_id: UUID, key: UUID, content: bytes) -> None:
    """Upload something straight into the store."""
    contents = records._contents
    place = Place(pupil_id, key, contents.begin(pupil_id), 0)
    upload = Upload(contents, place, shipped_rules(), TODAY, None, len(content))
    upload.take(content)
    upload.finish()
