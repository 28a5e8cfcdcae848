"""Who has seen, or was refused, anything of a pupil: what subject access asks for first."""

from __future__ import annotations

from fastapi import Response

from send_records.api.accounting import AccessLogAccess
from send_records.api.dependencies import CurrentSystem, Cursor, Limit
from send_records.api.recording import PupilId, router_for
from send_records.api.views import Listing, cursor_of, listed, position_after
from send_records.projections.pages import as_json
from send_records.store.access import AccessRow
from send_records.threads import threaded

router = router_for("accesses")


@router.get(
    "/pupils/{pupil_id}/accesses",
    operation_id="get_accesses",
    response_model=Listing[AccessRow],
)
@threaded
def get_accesses(
    pupil_id: PupilId,
    system: CurrentSystem,
    access: AccessLogAccess,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Return who looked at, searched for, exported or was refused the pupil's record, in order."""
    rows = system.access.of_pupil(pupil_id, after=position_after(cursor) or 0, limit=limit)
    following = cursor_of(rows[-1].position) if len(rows) == limit else None
    return access.given([pupil_id], listed(map(as_json, rows), following))
