"""The SEND register: who is on it, and how they come to be and cease to be."""

from __future__ import annotations

from fastapi import Response

from send_records.aggregates.register import (
    AddToSendRegister,
    ChangeSupportLevel,
    RemoveFromSendRegister,
)
from send_records.api.accounting import DirectoryAccess
from send_records.api.dependencies import Academy, After, Limit
from send_records.api.moments import PagesAtAnyTime
from send_records.api.recording import records, router_for
from send_records.api.views import ListingAtAnyTime, listing, pupil_after, wait_for
from send_records.projections.register_rows import RegisterRow
from send_records.projections.send_register import Show, register_page
from send_records.threads import threaded

router = router_for("register")

records(router, "register/add", AddToSendRegister)
records(router, "register/change-level", ChangeSupportLevel)
records(router, "register/remove", RemoveFromSendRegister)


@router.get("/register", operation_id="get_register", response_model=ListingAtAnyTime[RegisterRow])
@threaded
def get_register(
    asked: PagesAtAnyTime,
    access: DirectoryAccess,
    academy: Academy = None,
    show: Show = Show.ON,
    left: bool = False,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """Return the register by name: on roll, unless ``left`` asks for those who left as well; as it
    is or, with ``as_of`` or ``known_at``, as it was."""
    wait_for(asked.views, "send_register", after)
    page = register_page(
        asked.views,
        academy=academy,
        show=show,
        left=left,
        after=pupil_after(asked.cursor),
        limit=limit,
    )
    return access.given([row.pupil_id for row in page.rows], listing(page, asked.moment))
