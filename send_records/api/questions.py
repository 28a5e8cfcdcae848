"""What is asked of many records at once: what is missing, what pupils work towards, what worried
somebody."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from send_records.aggregates.concerns import Answer, Outcome
from send_records.aggregates.values import Day
from send_records.api.accounting import AssessmentAccess, ProvisionAccess
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
from send_records.projections.concerns_log import ConcernRow, concerns_page
from send_records.projections.evidence_gaps import GapRow, gaps_page
from send_records.projections.gap_spans import GapKind
from send_records.projections.targets import OutcomeAsked, TargetRow, targets_page
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


@router.get(
    "/targets",
    operation_id="get_targets",
    summary="Get targets",
    response_model=Listing[of_pupil(TargetRow)],  # type: ignore[misc]
)
@threaded
def get_targets(
    views: ReadSide,
    reader: Reader,
    access: ProvisionAccess,
    academy: Academy = None,
    pupil_id: UUID | None = None,
    outcome: OutcomeAsked | None = None,
    open: Annotated[bool, Query(description="Only what is worked towards now")] = False,
    due_before: Day | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """Return targets, each version of a plan with its own, in the order in which they are due, and
    what became of them."""
    wait_for(views, "targets", after)
    page = targets_page(
        views,
        academy=academy,
        pupil_id=pupil_id,
        outcome=outcome,
        open_only=open,
        due_before=due_before,
        after=pupil_after(cursor),
        limit=limit,
    )
    return access.given([row.pupil_id for row in page.rows], listing(with_pupils(views, page)))


@router.get(
    "/concerns",
    operation_id="get_concerns",
    summary="Get concerns",
    response_model=Listing[of_pupil(ConcernRow)],  # type: ignore[misc]
)
@threaded
def get_concerns(
    views: ReadSide,
    reader: Reader,
    access: AssessmentAccess,
    academy: Academy = None,
    pupil_id: UUID | None = None,
    unanswered: Annotated[bool, Query(description="Only those that nobody answered")] = False,
    decision: Answer | None = None,
    outcome: Outcome | None = None,
    open: Annotated[bool, Query(description="Only those that are not closed")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """Return what worried somebody and what was done about it, in the order in which it was
    raised."""
    wait_for(views, "concerns_log", after)
    page = concerns_page(
        views,
        academy=academy,
        pupil_id=pupil_id,
        unanswered=unanswered,
        decision=decision,
        outcome=outcome,
        open_only=open,
        after=pupil_after(cursor),
        limit=limit,
    )
    return access.given([row.pupil_id for row in page.rows], listing(with_pupils(views, page)))
