"""Accounting for what is shown: every answer that tells of a pupil says so in the access log first.

A route either records, and is then accounted for by the log itself, or has an access class among
its parameters.  One that has neither is not built.  An answer that was not accounted for is not
sent, whatever the route did.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from uuid import UUID, uuid4

from fastapi import Depends, Header, Response
from fastapi import Request as HttpRequest

from send_records.aggregates.base import Actor
from send_records.api.dependencies import get_actor, get_system
from send_records.api.strict import StrictRoute
from send_records.bootstrap import System
from send_records.receipts import Receipt
from send_records.store.access import Access, AccessLog, AccessPurpose, Act, Tier

T = TypeVar("T")


class NotAccountedFor(Exception):
    """A route showed, or was made to show, something of a pupil that the access log knows nothing
    of: a defect of ours."""


@dataclass(frozen=True, slots=True)
class Accounting:
    """One request's line in the access log, still to be written."""

    http: HttpRequest
    log: AccessLog
    actor: Actor
    act: Act
    tier: Tier
    purpose: AccessPurpose

    def given(self, pupils: Iterable[UUID], answer: T) -> T:
        """Record of whom the answer tells, and return it; raise AccessNotRecorded if it cannot
        be, and then there is no answer."""
        self.log.record(
            Access(
                actor=self.actor,
                request_id=request_id(self.http),
                act=self.act,
                what=operation(self.http),
                tier=self.tier,
                purpose=self.purpose,
                pupils=list(dict.fromkeys(pupils)),
            )
        )
        self.http.state.accounted = True
        return answer


@dataclass(frozen=True, slots=True)
class AccessClass:
    """What kind of access a route is; as a dependency, the request's line in the access log."""

    act: Act
    tier: Tier

    async def __call__(  # not in a thread: it waits for nothing
        self,
        http: HttpRequest,
        system: Annotated[System, Depends(get_system)],
        actor: Annotated[Actor, Depends(get_actor)],
        x_purpose: Annotated[
            AccessPurpose, Header(description="Why you look; kept in the access log.")
        ] = AccessPurpose.SUPPORT,
    ) -> Accounting:
        return Accounting(http, system.access, actor, self.act, self.tier, x_purpose)


class AccountedRoute(StrictRoute):
    """A route that records or is accounted for; anything else is refused when the app is made."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        super().__init__(path, endpoint, **more)
        if access_class_of(self) is None and self.response_model is not Receipt:
            raise NotAccountedFor(f"{path} records nothing and has no access class.")

    def get_route_handler(self) -> Callable[[HttpRequest], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def accounted(request: HttpRequest) -> Response:
            response = await handle(request)
            shows = access_class_of(self) is not None
            if shows and not getattr(request.state, "accounted", False):
                raise NotAccountedFor(f"{self.path} did not say of whom it told.")
            response.headers["X-Request-Id"] = str(request_id(request))
            response.headers["Cache-Control"] = "no-store"
            return response

        return accounted


def access_class_of(route: Any) -> AccessClass | None:
    """Return the access class among a route's parameters, or None."""
    calls = (parameter.call for parameter in route.dependant.dependencies)
    return next((call for call in calls if isinstance(call, AccessClass)), None)


def request_id(http: HttpRequest) -> UUID:
    """Return the id under which a request is in the access log."""
    if not hasattr(http.state, "request_id"):
        http.state.request_id = uuid4()
    found: UUID = http.state.request_id
    return found


def operation(http: HttpRequest) -> str:
    """Return the operation of the API that a request is for."""
    route = http.scope.get("route")
    return getattr(route, "operation_id", None) or getattr(route, "path", None) or "unknown"


def record_refusal(http: HttpRequest, refusal: str) -> None:
    """Record that a request by somebody known was refused, and of whom it asked; raise
    AccessNotRecorded if that cannot be, for a refusal may tell something of a pupil."""
    actor = getattr(http.state, "actor", None)
    if actor is None:
        return
    system: System = http.app.state.system
    known = access_class_of(http.scope["route"]) if "route" in http.scope else None
    system.access.record(
        Access(
            actor=actor,
            request_id=request_id(http),
            act=Act.REFUSAL,
            what=operation(http),
            tier=known.tier if known else Tier.PROVISION,
            purpose=_purpose(http),
            pupils=_asked_of(http),
            outcome=refusal,
        )
    )


def _purpose(http: HttpRequest) -> AccessPurpose:
    with suppress(ValueError):
        return AccessPurpose(http.headers.get("x-purpose", AccessPurpose.SUPPORT))
    return AccessPurpose.SUPPORT


def _asked_of(http: HttpRequest) -> list[UUID]:
    with suppress(KeyError, ValueError):
        return [UUID(str(http.path_params["pupil_id"]))]
    return []


AggregatesAccess = Annotated[Accounting, Depends(AccessClass(Act.READ, Tier.AGGREGATES))]
DirectoryAccess = Annotated[Accounting, Depends(AccessClass(Act.READ, Tier.DIRECTORY))]
ProvisionAccess = Annotated[Accounting, Depends(AccessClass(Act.READ, Tier.PROVISION))]
AssessmentAccess = Annotated[Accounting, Depends(AccessClass(Act.READ, Tier.ASSESSMENT))]
RestrictedAccess = Annotated[Accounting, Depends(AccessClass(Act.READ, Tier.RESTRICTED))]
AccessLogAccess = Annotated[Accounting, Depends(AccessClass(Act.READ, Tier.ACCESS))]
SearchAccess = Annotated[Accounting, Depends(AccessClass(Act.SEARCH, Tier.PROVISION))]
ProofAccess = Annotated[Accounting, Depends(AccessClass(Act.PROOF, Tier.DIRECTORY))]
UploadAccess = Annotated[Accounting, Depends(AccessClass(Act.UPLOAD, Tier.RESTRICTED))]
ExportAccess = Annotated[Accounting, Depends(AccessClass(Act.EXPORT, Tier.RESTRICTED))]
