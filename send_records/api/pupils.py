"""The pupil: admission, moves and leaving; where they stand, their story and their history."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from fastapi import Depends, Response

from send_records.aggregates.classes import PlaceInClass
from send_records.aggregates.enrolment import (
    AdmitPupil,
    MovePupilAcademy,
    ReadmitPupil,
    RecordLeaving,
)
from send_records.aggregates.merging import MergeRecords, SeparateRecords
from send_records.api.accounting import AssessmentAccess, DirectoryAccess, RestrictedAccess
from send_records.api.dependencies import After, Asked, Cursor, Limit, Records
from send_records.api.entries import Feed, feed_of
from send_records.api.moments import AtAnyTime, PagesAtAnyTime
from send_records.api.permits import Permitted, Recording
from send_records.api.recording import PupilId, acknowledged, records, router_for
from send_records.api.views import (
    ListingAtAnyTime,
    json_response,
    listing,
    position_after,
    wait_for,
)
from send_records.errors import Erased
from send_records.execution import IdempotencyKeyReused
from send_records.projections.chronology import ChronologyRow, chronology_page
from send_records.projections.register_rows import RegisterRow
from send_records.projections.send_register import register_row
from send_records.receipts import Receipt
from send_records.threads import in_thread, threaded

router = router_for("pupils")


@router.post(
    "/pupils",
    status_code=201,
    operation_id="admit_pupil",
    response_model=Receipt,
    dependencies=[Depends(Recording(AdmitPupil.roles))],
)
async def admit_pupil(
    command: AdmitPupil, service: Records, request: Asked, permit: Permitted
) -> Response:
    """Open a pupil's record, at an academy of yours.  Its id is the Idempotency-Key."""
    request = replace(request, actor=permit.actor_at(command.academy))
    try:
        receipt = await in_thread(partial(service.admit, command, request))
    except Erased:  # whoever may admit need not have known them: see ``receipt``
        raise IdempotencyKeyReused("That Idempotency-Key was used for another request.") from None
    return acknowledged(receipt, Location=f"/v1/pupils/{receipt.pupil_id}")


records(router, "class", PlaceInClass)
records(router, "move-academy", MovePupilAcademy)
records(router, "leave", RecordLeaving)
records(router, "readmit", ReadmitPupil)
records(router, "merge", MergeRecords)
records(router, "separate", SeparateRecords)


@router.get("/pupils/{pupil_id}", operation_id="get_pupil", response_model=RegisterRow)
@threaded
def get_pupil(
    pupil_id: PupilId,
    asked: AtAnyTime,
    service: Records,
    access: DirectoryAccess,
    after: After = None,
) -> Response:
    """Return where the pupil stands; the ETag is the version to name in If-Match.  Of the past,
    where the pupil stood: the headers As-Of, Known-At and Position say when, and there is no ETag,
    for nothing is decided on what is no more.  A record that was merged into another is answered
    with 410 and the id of the record that was kept: its story stays here, under its own id."""
    wait_for(asked.views, "send_register", after)
    found = register_row(asked.views, pupil_id)
    if found is None:
        raise asked.absence(service, pupil_id)
    response = json_response(found.json)
    response.headers.update(asked.headers_of(found.row))
    return access.given([pupil_id], response)


@router.get(
    "/pupils/{pupil_id}/chronology",
    operation_id="get_chronology",
    response_model=ListingAtAnyTime[ChronologyRow],
)
@threaded
def get_chronology(
    pupil_id: PupilId,
    asked: PagesAtAnyTime,
    service: Records,
    access: AssessmentAccess,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """Return the pupil's story, in the order in which it happened; as it is told now or, with
    ``as_of`` or ``known_at``, as it was then: without what was recorded later."""
    wait_for(asked.views, "chronology", after)
    page = chronology_page(asked.views, pupil_id, after=position_after(asked.cursor), limit=limit)
    if not page.rows and asked.cursor is None:
        raise asked.absence(service, pupil_id)
    return access.given([pupil_id], listing(page, asked.moment))


@router.get("/pupils/{pupil_id}/history", operation_id="get_history")
@threaded
def get_history(
    pupil_id: PupilId,
    service: Records,
    access: RestrictedAccess,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Feed:
    """Return the events themselves, from the log, in the order in which they were recorded."""
    seen = position_after(cursor) or 0
    events = service.history(pupil_id, after=seen, limit=limit)
    if not events and not seen:
        raise service.absence(pupil_id)
    return access.given([pupil_id], feed_of(events, limit, lambda event: event.originator_version))
