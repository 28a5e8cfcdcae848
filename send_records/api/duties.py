"""The duties: what is due, soonest first, for those who may read records."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from send_records.aggregates.values import Name, Role
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
from send_records.projections.duties import Shown, Wanted, duties_outdated, duties_page
from send_records.projections.duty import DutyRow
from send_records.projections.whose import of_pupil, with_pupils
from send_records.threads import threaded

router = router_for("duties")

Kind = Annotated[Name | None, Query(description="Only this clock, for example annual_review")]
ForRole = Annotated[Role | None, Query(description="Only what is on this role's list")]
First = Annotated[date | None, Query(alias="from", description="Due on this day or after it")]
Last = Annotated[date | None, Query(alias="until", description="Due on this day or before it")]


@router.get(
    "/duties",
    operation_id="get_duties",
    response_model=Listing[of_pupil(DutyRow)],  # type: ignore[misc]
)
@threaded
def get_duties(
    views: ReadSide,
    records: Records,
    reader: Reader,
    access: ProvisionAccess,
    academy: Academy = None,
    role: ForRole = None,
    kind: Kind = None,
    pupil_id: UUID | None = None,
    show: Shown = "open",
    overdue: bool = False,
    first: First = None,
    last: Last = None,
    cursor: Cursor = None,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """Return what is due, soonest first: which event started it, which rule set its date, who must
    act, and what will stop it.  ``Outdated: true`` in the headers says that clocks or term dates
    have changed since, and the list is to be rebuilt."""
    wait_for(views, "duties", after)
    wanted = Wanted(
        today=records.today(),
        show=show,
        academy=academy,
        role=role,
        clock=kind,
        pupil_id=pupil_id,
        overdue=overdue,
        first=first,
        last=last,
    )
    page = duties_page(views, wanted, after=pupil_after(cursor), limit=limit)
    answer = listing(with_pupils(views, page))
    if duties_outdated(views):
        answer.headers["Outdated"] = "true"
    return access.given([row.pupil_id for row in page.rows], answer)
