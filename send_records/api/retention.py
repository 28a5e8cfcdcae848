"""Retention: the schedule, and what holds a record beyond it."""

from __future__ import annotations

from fastapi import Response

from send_records.aggregates.retention import (
    AssignRetentionClass,
    PlaceLegalHold,
    ReleaseLegalHold,
)
from send_records.api.accounting import RestrictedAccess
from send_records.api.dependencies import Academy, After, Limit
from send_records.api.moments import PagesAtAnyTime
from send_records.api.recording import records, router_for
from send_records.api.views import ListingAtAnyTime, listing, pupil_after, wait_for
from send_records.projections.retention_schedule import RetentionRow, schedule_page
from send_records.threads import threaded

router = router_for("retention")

records(router, "retention/assign", AssignRetentionClass)
records(router, "retention/hold", PlaceLegalHold)
records(router, "retention/release", ReleaseLegalHold)


@router.get(
    "/retention",
    operation_id="get_retention_schedule",
    response_model=ListingAtAnyTime[RetentionRow],
)
@threaded
def get_retention_schedule(
    asked: PagesAtAnyTime,
    access: RestrictedAccess,
    academy: Academy = None,
    held: bool | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """Return until when each record is kept, by which rule, and what holds it; soonest first."""
    wait_for(asked.views, "retention_schedule", after)
    going_on = pupil_after(asked.cursor)
    page = schedule_page(asked.views, academy=academy, held=held, after=going_on, limit=limit)
    return access.given([row.pupil_id for row in page.rows], listing(page, asked.moment))
