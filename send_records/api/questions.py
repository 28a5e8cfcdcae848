"""What is asked of the record as a whole: what is missing in it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from send_records.aggregates.values import Day
from send_records.api.accounting import ProvisionAccess
from send_records.api.dependencies import (
    Academy,
    After,
    Cursor,
    Limit,
    Reader,
    ReadSide,
    Records,
)
from send_records.api.recording import router_for
from send_records.api.views import Listing, listing, pupil_after, wait_for
from send_records.projections.evidence_gaps import GapRow, gaps_page
from send_records.projections.gap_spans import GapKind
from send_records.projections.whose import of_pupil, with_pupils
from send_records.threads import threaded

router = router_for("questions")


@router.get(
    "/evidence-gaps",
    operation_id="get_evidence_gaps",
    summary="Get evidence gaps",
    response_model=Listing[of_pupil(GapRow)],  # type: ignore[misc]
)
@threaded
def get_evidence_gaps(
    views: ReadSide,
    service: Records,
    reader: Reader,
    access: ProvisionAccess,
    academy: Academy = None,
    pupil_id: UUID | None = None,
    kind: GapKind | None = None,
    on: Annotated[Day | None, Query(description="As of this day; today if none is named")] = None,
    closed: Annotated[bool, Query(description="Also what had been closed by then")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """Return what the record should hold on a day and does not, with the clause that asks for it,
    in the order in which it began to be missing."""
    wait_for(views, "evidence_gaps", after)
    page = gaps_page(
        views,
        academy=academy,
        pupil_id=pupil_id,
        kind=kind,
        on=on or service.today(),
        closed=closed,
        after=pupil_after(cursor),
        limit=limit,
    )
    return access.given([row.pupil_id for row in page.rows], listing(with_pupils(views, page)))
