"""What a route may ask for, spelled as the type of a parameter.

All of it is found without waiting for anything, so all of it is ``async``: what is not would be
sent to another thread and back, each time.
"""

from __future__ import annotations

import re
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import Depends, Header, Path, Query, Security
from fastapi import Request as HttpRequest
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from send_records.aggregates.base import Actor
from send_records.aggregates.values import Name, Role
from send_records.application import Request, SendRecords
from send_records.bootstrap import System
from send_records.documents import Documents
from send_records.errors import NotPermitted, NotSignedIn, VersionNotSaid
from send_records.projections.pages import Views

bearer = HTTPBearer(auto_error=False, description="A token of the identity provider")

READERS = frozenset(
    {
        Role.SENCO,
        Role.TRUST_SENCO,
        Role.PRINCIPAL,
        Role.HEAD_OF_INCLUSION,
        Role.TRUST_SEND_LEADER,
        Role.DPO,
    }
)
"""Who may read whole records, until roles have scopes: those who answer for them (policy s.8)."""

ACCESS_READERS = frozenset({Role.SENCO, Role.TRUST_SENCO, Role.DPO, Role.AUDITOR})
"""Who may read who has read (``security.md``, tier T5)."""


async def get_system(request: HttpRequest) -> System:
    """Return the system that the app was made for."""
    system: System = request.app.state.system
    return system


async def get_actor(
    http: HttpRequest,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
) -> Actor:
    """Return who the token speaks of: verified on every request, never taken from elsewhere."""
    if credentials is None:
        raise NotSignedIn("Send a bearer token.")
    system = await get_system(http)
    http.state.actor = system.verifier.actor(credentials.credentials)
    actor: Actor = http.state.actor
    return actor


async def get_reader(actor: Annotated[Actor, Depends(get_actor)]) -> Actor:
    """Return who asks, if their role may read records."""
    if actor.role not in READERS:
        raise NotPermitted(
            "Records are read by SENDCos, Principals, inclusion leaders and the DPO."
        )
    return actor


async def get_feed_reader(actor: Annotated[Actor, Depends(get_actor)]) -> Actor:
    """Return who asks, if their role may read every event."""
    if actor.role is not Role.DPO:
        raise NotPermitted("The feed of all events is read by the DPO.")
    return actor


async def get_request(
    actor: Annotated[Actor, Depends(get_actor)],
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
    return Request(actor, idempotency_key, x_correlation_id or uuid4())


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


async def get_access_reader(actor: Annotated[Actor, Depends(get_actor)]) -> Actor:
    """Return who asks, if their role may read who read."""
    if actor.role not in ACCESS_READERS:
        raise NotPermitted("Who has read a record is told to SENDCos, the DPO and auditors.")
    return actor


async def get_views(http: HttpRequest) -> Views:
    """Return the read side."""
    return (await get_system(http)).views


async def get_papers(http: HttpRequest) -> Documents:
    """Return the way in and out for documents."""
    return (await get_system(http)).documents


CurrentSystem = Annotated[System, Depends(get_system)]
Records = Annotated[SendRecords, Depends(get_records)]
ReadSide = Annotated[Views, Depends(get_views)]
Papers = Annotated[Documents, Depends(get_papers)]
DocumentId = Annotated[UUID, Path(description="The document")]
Asked = Annotated[Request, Depends(get_request)]
Reader = Annotated[Actor, Depends(get_reader)]
FeedReader = Annotated[Actor, Depends(get_feed_reader)]
AccessReader = Annotated[Actor, Depends(get_access_reader)]
After = Annotated[
    int | None,
    Query(ge=0, le=2**53, description="A receipt's position: wait until the view shows it."),
]
Academy = Annotated[Name | None, Query(description="Only this academy")]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=100, description="``meta.next`` of the last page.")]
