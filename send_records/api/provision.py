"""Provision, its sessions and its end, and adjustments: one route a command."""

from __future__ import annotations

from uuid import UUID

from fastapi import Response

from send_records.aggregates.adjustments import AgreeAdjustment, EndAdjustment
from send_records.aggregates.provision import ChangeProvision, StartProvision
from send_records.aggregates.sessions import EndProvision, LogProvisionSessions
from send_records.api.accounting import ProvisionAccess
from send_records.api.dependencies import Academy, After, Cursor, Limit, Reader, ReadSide
from send_records.api.recording import records, router_for
from send_records.api.views import Listing, listing, pupil_after, wait_for
from send_records.projections.provision_map import ProvisionRow, provision_page
from send_records.projections.whose import of_pupil, with_pupils
from send_records.threads import threaded

router = router_for("provision")

records(router, "provision/start", StartProvision)
records(router, "provision/change", ChangeProvision)
records(router, "provision/log", LogProvisionSessions)
records(router, "provision/end", EndProvision)
records(router, "adjustments/agree", AgreeAdjustment)
records(router, "adjustments/end", EndAdjustment)


@router.get(
    "/provision-map",
    operation_id="get_provision_map",
    response_model=Listing[of_pupil(ProvisionRow)],  # type: ignore[misc]
)
@threaded
def get_provision_map(
    views: ReadSide,
    reader: Reader,
    access: ProvisionAccess,
    academy: Academy = None,
    pupil_id: UUID | None = None,
    open: bool | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """Return what pupils are given, how much of it came about, what it costs and what it changed,
    in the order in which it started; ``open`` asks for what is going on, or for what is over."""
    wait_for(views, "provision_map", after)
    page = provision_page(
        views,
        academy=academy,
        pupil_id=pupil_id,
        going_on=open,
        after=pupil_after(cursor),
        limit=limit,
    )
    return access.given([row.pupil_id for row in page.rows], listing(with_pupils(views, page)))
