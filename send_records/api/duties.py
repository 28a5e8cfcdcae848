"""The duties: what is due, soonest first, for those who may read records."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response

from send_records.aggregates.values import Name, Role
from send_records.api.accounting import ProvisionAccess
from send_records.api.dependencies import Academy, After, Limit, Records
from send_records.api.moments import PagesAtAnyTime
from send_records.api.recording import router_for
from send_records.api.views import ListingAtAnyTime, pupil_after, wait_for
from send_records.projections.duties import Shown, Wanted, duties_outdated, duties_page
from send_records.projections.duty import DutyRow
from send_records.projections.whose import of_pupil
from send_records.threads import threaded

router = router_for("duties")

Kind = Annotated[Name | None, Query(description="Only this clock, for example annual_review")]
ForRole = Annotated[Role | None, Query(description="Only what is on this role's list")]
Acts = Annotated[Name | None, Query(description="Only what this role, or local_authority, must do")]
First = Annotated[date | None, Query(alias="from", description="Due on this day or after it")]
Last = Annotated[date | None, Query(alias="until", description="Due on this day or before it")]


@router.get(
    "/duties",
    operation_id="get_duties",
    response_model=ListingAtAnyTime[of_pupil(DutyRow)],  # type: ignore[misc]
)
@threaded
def get_duties(
    asked: PagesAtAnyTime,
    records: Records,
    access: ProvisionAccess,
    academy: Academy = None,
    role: ForRole = None,
    acts: Acts = None,
    kind: Kind = None,
    pupil_id: UUID | None = None,
    show: Shown = "open",
    overdue: bool = False,
    first: First = None,
    last: Last = None,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """Return what is due, soonest first: which event started it, which rule set its date, who must
    act, and what will stop it; as it is or, with ``as_of`` or ``known_at``, as it was, by the rules
    of today.  ``Outdated: true`` in the headers says that clocks or term dates have changed since,
    and the list is to be rebuilt."""
    wait_for(asked.views, "duties", after)
    wanted = Wanted(
        today=asked.day(records),
        show=show,
        academy=academy,
        role=role,
        acts=acts,
        clock=kind,
        pupil_id=pupil_id,
        overdue=overdue,
        first=first,
        last=last,
    )
    page = duties_page(asked.views, wanted, after=pupil_after(asked.cursor), limit=limit)
    answer = asked.listed(page)
    if asked.moment is None and duties_outdated(asked.views):
        answer.headers["Outdated"] = "true"
    return access.given([row.pupil_id for row in page.rows], answer)
