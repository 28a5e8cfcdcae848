"""Access requests: received, identified, clarified, extended, searched for and looked through,
and answered or refused."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Path, Response
from fastapi import Request as HttpRequest

from send_records.aggregates.access_answers import RefuseRequest, SendDisclosure
from send_records.aggregates.access_clock import (
    ExtendDeadline,
    IdentifyRequester,
    ReceiveClarification,
    SeekClarification,
)
from send_records.aggregates.access_requests import ReceiveAccessRequest
from send_records.aggregates.decisions import DiscloseItems, RedactItem, WithholdItem
from send_records.aggregates.searches import RecordSearch
from send_records.api.accounting import RestrictedAccess
from send_records.api.callers import get_system
from send_records.api.recording import PupilId, records, router_for
from send_records.api.views import Listing, listed
from send_records.disclosure.listing import ItemShown
from send_records.disclosure.looking import Looking
from send_records.threads import threaded

router = router_for("access_requests")

records(router, "access-requests/receive", ReceiveAccessRequest)
records(router, "access-requests/identify", IdentifyRequester)
records(router, "access-requests/seek-clarification", SeekClarification)
records(router, "access-requests/clarify", ReceiveClarification)
records(router, "access-requests/extend", ExtendDeadline)
records(router, "access-requests/record-search", RecordSearch)
records(router, "access-requests/disclose-items", DiscloseItems)
records(router, "access-requests/withhold-item", WithholdItem)
records(router, "access-requests/redact-item", RedactItem)
records(router, "access-requests/send", SendDisclosure)
records(router, "access-requests/refuse", RefuseRequest)


async def get_looking(http: HttpRequest) -> Looking:
    """Return who goes through records."""
    return (await get_system(http)).looking


RequestId = Annotated[UUID, Path(description="The access request")]


@router.get(
    "/pupils/{pupil_id}/access-requests/{request_id}/items",
    operation_id="get_items",
    response_model=Listing[ItemShown],
)
@threaded
def get_items(
    pupil_id: PupilId,
    request_id: RequestId,
    looking: Annotated[Looking, Depends(get_looking)],
    access: RestrictedAccess,
) -> Response:
    """Return every item of the record that is to be decided on, those undecided first: what it
    says, what to look at twice, and what was decided.  All of them, for suggestions are made of the
    whole."""
    items = looking.items(pupil_id, request_id)
    answer = listed([item.model_dump_json().encode() for item in items], None)
    return access.given([pupil_id], answer)
