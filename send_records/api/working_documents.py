"""The working document of an appeal: the sections of the plan in dispute, as a Word file."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Literal

from fastapi import Response

from send_records.aggregates.values import Day, Name, Some, Value, Words
from send_records.api.accounting import ExportAccess
from send_records.api.dependencies import Records
from send_records.api.recording import PupilId, router_for
from send_records.disclosure.bundle.working_document import WorkingDocumentOf, working_document
from send_records.threads import threaded

router = router_for("disclosures")

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class WorkingDocument(Value):
    """What the working document is made of: the plan's own words, which the record does not hold
    but as the document that was filed."""

    child: Name
    reference: Name
    """The number of the appeal."""
    issued_on: Day
    """The day of the plan."""
    sections: dict[Literal["B", "F", "I"], Some[Words]]
    """Their paragraphs, by the letters of the sections."""


@router.post(
    "/pupils/{pupil_id}/working-document",
    operation_id="get_working_document",
    response_class=Response,
)
@threaded
def get_working_document(
    pupil_id: PupilId, wanted: WorkingDocument, service: Records, access: ExportAccess
) -> Response:
    """Return sections B, F and I as a Word file in which changes are marked by the Tribunal's key:
    underlined what is agreed, bold the parents' and italic the local authority's.  Nothing of it is
    kept."""
    service.pupil(pupil_id)
    made = working_document(
        WorkingDocumentOf(
            child=wanted.child,
            reference=wanted.reference,
            issued_on=wanted.issued_on,
            made_at=datetime.combine(service.today(), time(), UTC),
        ),
        {letter: "\n\n".join(parts) for letter, parts in wanted.sections.items()},
    )
    headers = {"Content-Disposition": 'attachment; filename="working-document.docx"'}
    return access.given([pupil_id], Response(made, 200, headers, WORD))
