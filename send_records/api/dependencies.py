"""What a route may ask for, spelled as the type of a parameter.

All of it is found without waiting for anything, so all of it is ``async``: what is not would be
sent to another thread and back, each time.
"""

from __future__ import annotations

import re
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Depends, Header, Path, Query
from fastapi import Request as HttpRequest

from send_records.aggregates.values import Name
from send_records.api.callers import get_system
from send_records.api.permits import Permitted
from send_records.application import Request, SendRecords
from send_records.bootstrap import System
from send_records.documents import Documents
from send_records.errors import VersionNotSaid
from send_records.projections.pages import Views


async def get_request(
    permit: Permitted,
    idempotency_key: Annotated[
        UUID,
        Header(
            description="A new UUID for each entry, the same again for a retry; "
            "it becomes the id of what the entry makes."
        ),
    ],
    x_correlation_id: Annotated[UUID | None, Header()] = None,
) -> Request:
    """Return who asks, under which key, in the course of what."""
    return Request(
        permit.actor,
        idempotency_key,
        x_correlation_id or uuid4(),
        contact_id=permit.contact_id,
    )


IfMatch = Annotated[
    str | None,
    Header(
        max_length=40,
        description='The ETag of the pupil as read, for example "12"; '
        "* to record whatever the version is.",
    ),
]


def expected_version(if_match: str | None) -> int | None:
    """Return the version the client last saw, or None for ``If-Match: *``; raise VersionNotSaid
    for anything else."""
    if if_match == "*":
        return None
    if if_match is None or not re.fullmatch(r'"\d{1,9}"', if_match):
        raise VersionNotSaid('Send If-Match with the ETag you read, for example "12", or *.')
    return int(if_match.strip('"'))


async def get_records(http: HttpRequest) -> SendRecords:
    """Return the write side."""
    return (await get_system(http)).records


async def get_views(http: HttpRequest, permit: Permitted) -> Views:
    """Return the read side, narrowed to those whom whoever asks may see."""
    return (await get_system(http)).views.within(permit.scope, permit.showing.rows)


async def get_papers(http: HttpRequest) -> Documents:
    """Return the way in and out for documents."""
    return (await get_system(http)).documents


CurrentSystem = Annotated[System, Depends(get_system)]
Records = Annotated[SendRecords, Depends(get_records)]
ReadSide = Annotated[Views, Depends(get_views)]
Papers = Annotated[Documents, Depends(get_papers)]
DocumentId = Annotated[UUID, Path(description="The document")]
Asked = Annotated[Request, Depends(get_request)]
After = Annotated[
    int | None,
    Query(ge=0, le=2**53, description="A receipt's position: wait until the view shows it."),
]
Academy = Annotated[Name | None, Query(description="Only this academy")]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=100, description="``meta.next`` of the last page.")]
