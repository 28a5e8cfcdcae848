"""Provision, its sessions and its end, and adjustments: one route a command."""

from __future__ import annotations

from uuid import UUID

from fastapi import Response

from send_records.aggregates.adjustments import AgreeAdjustment, EndAdjustment
from send_records.aggregates.provision import ChangeProvision, StartProvision
from send_records.aggregates.sessions import EndProvision, LogProvisionSessions
from send_records.api.accounting import ProvisionAccess
from send_records.api.dependencies import Academy, After, Limit
from send_records.api.moments import PagesAtAnyTime
from send_records.api.recording import records, router_for
from send_records.api.views import ListingAtAnyTime, pupil_after, wait_for
from send_records.projections.provision_map import ProvisionRow, provision_page
from send_records.projections.whose import of_pupil
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
    response_model=ListingAtAnyTime[of_pupil(ProvisionRow)],  # type: ignore[misc]
)
@threaded
def get_provision_map(
    asked: PagesAtAnyTime,
    access: ProvisionAccess,
    academy: Academy = None,
    pupil_id: UUID | None = None,
    open: bool | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """Return what pupils are given, how much of it came about, what it costs and what it changed,
    in the order in which it started; ``open`` asks for what is going on, or for what is over.
    As it is or, with ``as_of`` or ``known_at``, as it was."""
    wait_for(asked.views, "provision_map", after)
    page = provision_page(
        asked.views,
        academy=academy,
        pupil_id=pupil_id,
        going_on=open,
        after=pupil_after(asked.cursor),
        limit=limit,
    )
    return access.given([row.pupil_id for row in page.rows], asked.listed(page))
