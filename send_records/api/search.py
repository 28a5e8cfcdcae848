"""Search: find a pupil by UPN or by name.  A POST: what is looked for stays out of addresses."""

from __future__ import annotations

from fastapi import Response
from pydantic import model_validator

from send_records.aggregates.details import Upn
from send_records.aggregates.values import Name, Value
from send_records.api.accounting import SearchAccess
from send_records.api.dependencies import Limit, ReadSide
from send_records.api.recording import router_for
from send_records.api.views import json_response
from send_records.projections.finding import find_pupils
from send_records.projections.register_rows import RegisterRow
from send_records.threads import threaded

router = router_for("search")


class FindPupils(Value):
    """Whom to look for: by UPN, exactly; or by words that the name holds, in any order."""

    upn: Upn | None = None
    name: Name | None = None
    academy: Name | None = None

    @model_validator(mode="after")
    def _somebody(self) -> FindPupils:
        if self.upn is None and self.name is None:
            raise ValueError("Enter a UPN or a name")
        return self


class Found(Value):
    """The pupils found, by name."""

    data: list[RegisterRow]


@router.post("/search", operation_id="find_pupils", response_model=Found)
@threaded
def find(wanted: FindPupils, views: ReadSide, access: SearchAccess, limit: Limit = 50) -> Response:
    """Find pupils by UPN or name.  Records nothing of the pupil, so it takes no key and no version;
    that you looked, and whom you found, is in the access log."""
    found = find_pupils(
        views, upn=wanted.upn, name=wanted.name, academy=wanted.academy, limit=limit
    )
    rows = b",".join(each.json for each in found.opened)
    return access.given(
        [row.pupil_id for row in found.rows], json_response(b'{"data":[' + rows + b"]}")
    )
