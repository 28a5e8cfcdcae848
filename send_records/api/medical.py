"""The medical register and its healthcare plans: one route a command."""

from __future__ import annotations

from uuid import UUID

from fastapi import Response

from send_records.aggregates.healthcare import RecordHealthcarePlan
from send_records.aggregates.medical import PlaceOnMedicalRegister, RemoveFromMedicalRegister
from send_records.api.accounting import AssessmentAccess
from send_records.api.dependencies import Academy, After, Limit
from send_records.api.moments import PagesAtAnyTime
from send_records.api.recording import records, router_for
from send_records.api.views import ListingAtAnyTime, pupil_after, wait_for
from send_records.projections.medical_register import MedicalRow, medical_page
from send_records.projections.whose import of_pupil
from send_records.threads import threaded

router = router_for("medical")

records(router, "medical/place", PlaceOnMedicalRegister)
records(router, "medical/record-plan", RecordHealthcarePlan)
records(router, "medical/remove", RemoveFromMedicalRegister)


@router.get(
    "/medical-register",
    operation_id="get_medical_register",
    response_model=ListingAtAnyTime[of_pupil(MedicalRow)],  # type: ignore[misc]
)
@threaded
def get_medical_register(
    asked: PagesAtAnyTime,
    access: AssessmentAccess,
    academy: Academy = None,
    pupil_id: UUID | None = None,
    past: bool = False,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """Return who is on the medical register, for which condition, what an emergency is, and when
    the healthcare plan is reviewed; ``past`` asks for those who were on it as well.  As it is
    or, with ``as_of`` or ``known_at``, as it was."""
    wait_for(asked.views, "medical_register", after)
    page = medical_page(
        asked.views,
        academy=academy,
        pupil_id=pupil_id,
        on_register=None if past else True,
        after=pupil_after(asked.cursor),
        limit=limit,
    )
    return access.given([row.pupil_id for row in page.rows], asked.listed(page))
