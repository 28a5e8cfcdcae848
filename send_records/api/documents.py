"""Documents: uploaded as they are, filed, superseded; listed, and handed out as they came."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import Any
from uuid import UUID

from fastapi import Request as HttpRequest
from fastapi import Response
from fastapi.responses import StreamingResponse

from send_records.aggregates.documents import FileDocument, SupersedeDocument
from send_records.aggregates.values import Value
from send_records.api.accounting import RestrictedAccess, UploadAccess
from send_records.api.dependencies import Asked, DocumentId, Papers, Records
from send_records.api.moments import AtAnyTime
from send_records.api.recording import PupilId, records, router_for
from send_records.api.views import ListingAtAnyTime, listed
from send_records.documents import Shown
from send_records.documents.rows import DocumentRow, on_file
from send_records.documents.uploads import receive
from send_records.threads import in_thread, threaded

router = router_for("documents")

UNSAID = "application/octet-stream"
"""What a sender says who does not say which type a file is of."""

AS_IT_IS: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {UNSAID: {"schema": {"type": "string", "format": "binary"}}},
    }
}


class UploadedContent(Value):
    """What was uploaded, as it was found to be."""

    content_id: UUID
    media_type: str
    size: int
    sha256: str


@router.post(
    "/pupils/{pupil_id}/documents/content",
    operation_id="upload_content",
    status_code=201,
    response_model=UploadedContent,
    openapi_extra=AS_IT_IS,
)
async def upload_content(
    pupil_id: PupilId, http: HttpRequest, papers: Papers, request: Asked, access: UploadAccess
) -> Response:
    """Upload a document's bytes as the body, at most 25 MB.  File it within a day, under the same
    Idempotency-Key: that is the document's id."""
    declared, length = declared_type(http), declared_length(http)
    begun = partial(papers.begin, pupil_id, request, declared=declared, length=length)
    content, replayed = await receive(await in_thread(begun), http.stream())
    uploaded = UploadedContent(
        content_id=request.command_id,
        media_type=content.media_type,
        size=content.size,
        sha256=content.sha256,
    )
    headers = {"Idempotent-Replayed": "true"} if replayed else None
    answer = Response(uploaded.model_dump_json(), 201, headers, "application/json")
    return await in_thread(partial(access.given, [pupil_id], answer))


records(router, "documents/file", FileDocument)
records(router, "documents/supersede", SupersedeDocument)


@router.get(
    "/pupils/{pupil_id}/documents",
    operation_id="get_documents",
    response_model=ListingAtAnyTime[DocumentRow],
)
@threaded
def get_documents(
    pupil_id: PupilId,
    asked: AtAnyTime,
    service: Records,
    access: RestrictedAccess,
    superseded: bool = False,
) -> Response:
    """Return what is on the pupil's file, in the order in which it was filed: what is current,
    unless ``superseded`` asks for what a newer one has taken the place of as well.  As it is or,
    with ``as_of`` or ``known_at``, as it was."""
    rows = on_file(asked.record(service, pupil_id).read, superseded=superseded)
    answer = listed([row.model_dump_json().encode() for row in rows], None, asked.moment)
    return access.given([pupil_id], answer)


@router.get(
    "/pupils/{pupil_id}/documents/{document_id}/content",
    operation_id="get_document_content",
    response_class=Response,
)
@threaded
def get_document_content(
    pupil_id: PupilId,
    document_id: DocumentId,
    papers: Papers,
    access: RestrictedAccess,
) -> Response:
    """Return a document as it was uploaded.  All of it is checked before the first byte is sent."""
    shown = papers.content(pupil_id, document_id)
    answer = StreamingResponse(in_turn(shown.pieces), 200, as_a_file(shown))
    return access.given([pupil_id], answer)


def declared_type(http: HttpRequest) -> str | None:
    """Return the media type that the sender says the body is of, or None."""
    said = http.headers.get("content-type", UNSAID).partition(";")[0].strip().lower()
    return None if said == UNSAID else said


def declared_length(http: HttpRequest) -> int | None:
    """Return the length that the sender says the body has, or None."""
    said = http.headers.get("content-length", "")
    return int(said) if re.fullmatch(r"[0-9]{1,15}", said) else None


def as_a_file(shown: Shown) -> dict[str, str]:
    """Return the headers of a document: to be kept as a file and never shown in place as a page,
    under a name that names nobody."""
    document = shown.document
    return {
        "Content-Type": document.media_type,
        "Content-Length": str(document.size),
        "Content-Disposition": f'attachment; filename="document-{document.id}.{shown.extension}"',
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }


async def in_turn(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield pieces one after another, each fetched in a thread."""
    while (piece := await in_thread(partial(next, pieces, None))) is not None:
        yield piece
