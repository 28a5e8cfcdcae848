"""The caseload: how many pupils stand where, for whoever plans for them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from send_records.aggregates.values import Value
from send_records.api.accounting import AggregatesAccess
from send_records.api.dependencies import Academy, After
from send_records.api.moments import AtAnyTime
from send_records.api.recording import router_for
from send_records.api.views import When, listed_with, told, wait_for
from send_records.projections.caseload import By, CaseloadRow, caseload
from send_records.projections.pages import as_json
from send_records.threads import threaded

router = router_for("caseload")


class Counted(Value):
    """What a count says of itself."""

    pupils: int | None
    """How many pupils were counted, each once; null where a count is."""
    suppressed: bool
    """Whether counts below five are null: so to whoever may know no pupil."""


class CountedThen(Counted, When):
    """What a count of the past says of itself."""


class CaseloadCount(Value):
    """The caseload, as it is or as it was."""

    data: list[CaseloadRow]
    meta: Counted | CountedThen


@router.get("/caseload", operation_id="get_caseload", response_model=CaseloadCount)
@threaded
def get_caseload(
    asked: AtAnyTime,
    access: AggregatesAccess,
    by: Annotated[
        list[By], Query(max_length=6, description="What to count by; by ``need``, under each need.")
    ] = [By.ACADEMY, By.STATUS],  # noqa: B006 - FastAPI copies it
    academy: Academy = None,
    left: bool = False,
    after: After = None,
) -> Response:
    """Return how many pupils are alike in what is counted by: on roll, unless ``left`` asks for
    those who left as well.  Whoever may see counts alone is told none below five, nor then
    the total.  It names nobody, so its line in the access log is of nobody."""
    wait_for(asked.views, "send_register", after)
    few, wanted = access.showing.counts_alone, list(dict.fromkeys(by))
    found = caseload(asked.views, wanted, academy=academy, left=left, suppressed=few)
    meta = {
        "pupils": found.pupils,
        "suppressed": few,
        **(told(asked.moment) if asked.moment else {}),
    }
    return access.given([], listed_with(map(as_json, found.rows), meta))
