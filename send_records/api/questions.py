"""What is asked of many records at once: what is missing, what pupils work towards, what worried
somebody."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from send_records.aggregates.concerns import Answer, Outcome
from send_records.aggregates.values import Day
from send_records.api.accounting import AssessmentAccess, ProvisionAccess
from send_records.api.dependencies import Academy, After, Limit, Records
from send_records.api.moments import PagesAtAnyTime
from send_records.api.recording import router_for
from send_records.api.views import ListingAtAnyTime, pupil_after, wait_for
from send_records.projections.concerns_log import ConcernRow, concerns_page
from send_records.projections.evidence_gaps import GapRow, gaps_outdated, gaps_page
from send_records.projections.gap_spans import GapKind
from send_records.projections.targets import OutcomeAsked, TargetRow, targets_page
from send_records.projections.whose import of_pupil
from send_records.threads import threaded

router = router_for("questions")


@router.get(
    "/evidence-gaps",
    operation_id="get_evidence_gaps",
    summary="Get evidence gaps",
    response_model=ListingAtAnyTime[of_pupil(GapRow)],  # type: ignore[misc]
)
@threaded
def get_evidence_gaps(
    asked: PagesAtAnyTime,
    service: Records,
    access: ProvisionAccess,
    academy: Academy = None,
    pupil_id: UUID | None = None,
    kind: GapKind | None = None,
    on: Annotated[
        Day | None,
        Query(
            description="Open on this day; today, or the day that is asked about, if none is named"
        ),
    ] = None,
    closed: Annotated[bool, Query(description="Also what had been closed by then")] = False,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """Return what the record should hold on a day and does not, with the clause that asks for it,
    in the order in which it began to be missing.  ``Outdated: true`` in the headers says that an
    interval of the rules has changed since, and the list is to be rebuilt."""
    wait_for(asked.views, "evidence_gaps", after)
    page = gaps_page(
        asked.views,
        academy=academy,
        pupil_id=pupil_id,
        kind=kind,
        on=on or asked.day(service),
        closed=closed,
        after=pupil_after(asked.cursor),
        limit=limit,
    )
    shown = asked.listed(page)
    if asked.moment is None and gaps_outdated(asked.views):
        shown.headers["Outdated"] = "true"
    return access.given([row.pupil_id for row in page.rows], shown)


@router.get(
    "/targets",
    operation_id="get_targets",
    summary="Get targets",
    response_model=ListingAtAnyTime[of_pupil(TargetRow)],  # type: ignore[misc]
)
@threaded
def get_targets(
    asked: PagesAtAnyTime,
    access: ProvisionAccess,
    academy: Academy = None,
    pupil_id: UUID | None = None,
    outcome: OutcomeAsked | None = None,
    open: Annotated[bool, Query(description="Only what is worked towards now")] = False,
    due_before: Day | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """Return targets, each version of a plan with its own, in the order in which they are due, and
    what became of them."""
    wait_for(asked.views, "targets", after)
    page = targets_page(
        asked.views,
        academy=academy,
        pupil_id=pupil_id,
        outcome=access.may_ask("TargetRow", "outcome", outcome),
        open_only=open,
        due_before=due_before,
        after=pupil_after(asked.cursor),
        limit=limit,
    )
    return access.given([row.pupil_id for row in page.rows], asked.listed(page))


@router.get(
    "/concerns",
    operation_id="get_concerns",
    summary="Get concerns",
    response_model=ListingAtAnyTime[of_pupil(ConcernRow)],  # type: ignore[misc]
)
@threaded
def get_concerns(
    asked: PagesAtAnyTime,
    access: AssessmentAccess,
    academy: Academy = None,
    pupil_id: UUID | None = None,
    unanswered: Annotated[bool, Query(description="Only those that nobody answered")] = False,
    decision: Answer | None = None,
    outcome: Outcome | None = None,
    open: Annotated[bool, Query(description="Only those that are not closed")] = False,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """Return what worried somebody and what was done about it, in the order in which it was
    raised."""
    wait_for(asked.views, "concerns_log", after)
    page = concerns_page(
        asked.views,
        academy=academy,
        pupil_id=pupil_id,
        unanswered=unanswered,
        decision=decision,
        outcome=outcome,
        open_only=open,
        after=pupil_after(asked.cursor),
        limit=limit,
    )
    return access.given([row.pupil_id for row in page.rows], asked.listed(page))
