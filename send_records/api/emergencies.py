"""Emergency access to one record, and its review: one route a command; and who took which.

Whoever breaks the glass has not read the record, and so sends ``If-Match: *``.
"""

from __future__ import annotations

from fastapi import Response

from send_records.aggregates.emergencies import BreakGlass, ReviewEmergencyAccess
from send_records.api.accounting import EmergencyAccess
from send_records.api.dependencies import Cursor, Limit, ReadSide
from send_records.api.recording import records, router_for
from send_records.api.views import Listing, cursor_of, listed, position_after
from send_records.projections.emergency_accesses import EmergencyAccessRow, accesses_page
from send_records.projections.pages import as_json
from send_records.threads import threaded

router = router_for("emergencies")

records(router, "break-glass", BreakGlass)
records(router, "break-glass/review", ReviewEmergencyAccess)


@router.get(
    "/emergency-access",
    operation_id="get_emergency_accesses",
    response_model=Listing[EmergencyAccessRow],
)
@threaded
def get_emergency_accesses(
    views: ReadSide, access: EmergencyAccess, cursor: Cursor = None, limit: Limit = 50
) -> Response:
    """Return who broke the glass, for which pupil, when and why, and what the review of it found,
    the newest first: to the DPO all, to a Principal those of pupils of their academies.  It is
    read from the log, and so has each from the moment it was taken."""
    rows, following = accesses_page(views, before=position_after(cursor), limit=limit)
    answer = listed(map(as_json, rows), cursor_of(following) if following else None)
    return access.given([row.pupil_id for row in rows], answer)
