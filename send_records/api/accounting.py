"""Accounting for what is shown: every answer that tells of a pupil says so in the access log first.

A route either records, and is then accounted for by the log itself, or has an access class among
its parameters.  One that has neither is not built.  An answer that was not accounted for is not
sent, whatever the route did.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from uuid import UUID, uuid4

from fastapi import Depends, Header, Response
from fastapi import Request as HttpRequest

from send_records.aggregates.base import Actor, DomainEvent
from send_records.aggregates.documents import FileDocument
from send_records.aggregates.values import Role
from send_records.api.callers import get_system
from send_records.api.jobs_shown import JobShown
from send_records.api.permits import OF_PUPIL, Permitted, marker_of, verb_of
from send_records.api.strict import StrictRoute
from send_records.authority.authorize import Over, RoleMissing, Verb
from send_records.authority.shapes import Shape, shapes_of
from send_records.authority.showing import EVERYTHING, Showing
from send_records.bootstrap import System
from send_records.errors import NotFound
from send_records.projections.plan_now import PlansNow
from send_records.receipts import Receipt
from send_records.store.access import Access, AccessLog, AccessPurpose, Act, Tier
from send_records.watch import Watch

T = TypeVar("T")
V = TypeVar("V")


class NotAccountedFor(Exception):
    """A route showed, or was made to show, something of a pupil that the access log knows nothing
    of: a defect of ours."""


@dataclass(frozen=True, slots=True)
class Accounting:
    """One request's line in the access log, still to be written."""

    http: HttpRequest
    log: AccessLog
    watch: Watch
    actor: Actor
    act: Act
    tier: Tier
    purpose: AccessPurpose
    showing: Showing = EVERYTHING
    """What may be shown to whoever asks."""

    @property
    def tiers(self) -> frozenset[Tier]:
        """The tiers of what may be shown to whoever asks."""
        return self.showing.tiers

    def given(self, pupils: Iterable[UUID], answer: T) -> T:
        """Record of whom the answer tells, and return it, cut to what its reader may see; raise
        AccessNotRecorded if it cannot be, or TooMany if that would be more than the reader's quota:
        then there is no answer."""
        shape = shape_of(self.http.scope["route"])
        highest = self.tier if shape is None else max(self.tier, self.showing.highest(shape))
        told = list(dict.fromkeys(pupils))
        self.watch.require_quota(self.actor, told, self.act, request_id(self.http))
        self.log.record(
            Access(
                actor=self.actor,
                request_id=request_id(self.http),
                act=self.act,
                what=operation(self.http),
                tier=highest,
                purpose=self.purpose,
                pupils=told,
            )
        )
        self.http.state.accounted = True
        return answer if shape is None else self._cut(shape, answer)

    def may_ask(self, kind: str, field: str, value: V) -> V:
        """Return a value that rows are asked for by, if any; raise RoleMissing if its field is not
        shown, for then it would be told by which rows there are."""
        if value is not None and not self.showing.shows(kind, field):
            raise RoleMissing(f"You may not ask by {field}.")
        return value

    def entries(self, events: Iterable[DomainEvent]) -> list[DomainEvent]:
        """Return the entries, of a record's, that are shown."""
        shows = self.showing.shows_entry
        return [event for event in events if shows(type(event).__name__, event.data_class)]

    def shared(self, plans: PlansNow) -> PlansNow:
        """Return plans as they are, to those who are shown what is shared alone if the plan in
        force was; raise NotFound if not."""
        once = self.showing.cut.once
        if once and not any(getattr(plans.in_force, name, None) for name in once):
            raise NotFound("Nothing of that is shared.")
        return plans

    def _cut(self, shape: Shape, answer: T) -> T:
        """Return an answer without what is not shown, whose names a header says: they depend on
        who reads, and on nothing that is in the record."""
        withheld = self.showing.withheld(shape)
        if not withheld:
            return answer
        if not isinstance(answer, Response):
            raise NotAccountedFor("What is to be cut must be JSON already.")
        answer.body = self.showing.of(shape, bytes(answer.body))
        answer.headers["Content-Length"] = str(len(answer.body))
        answer.headers["Withheld"] = ", ".join(withheld)
        return answer


@dataclass(frozen=True, slots=True)
class AccessClass:
    """What kind of access a route is; as a dependency, the request's line in the access log."""

    act: Act
    tier: Tier
    over: Over | None = None
    """What it is about; unsaid, a pupil if its path names one, else a list."""
    roles: frozenset[Role] = frozenset()
    """Who may send what it takes in, if it takes something in."""
    named: bool = False
    """Whether it is for those alone whose line of the table names it, whatever tiers they have."""

    def verb(self, operation: str, path: str) -> Verb:
        """Return what a route does."""
        over = self.over or (Over.PUPIL if OF_PUPIL in path else Over.LIST)
        steps_up = self.act is Act.EXPORT and over is Over.PUPIL
        tier = None if self.named else self.tier
        return Verb(operation, over, self.act, tier, self.roles, steps_up)

    async def __call__(  # not in a thread: it waits for nothing
        self,
        http: HttpRequest,
        system: Annotated[System, Depends(get_system)],
        permit: Permitted,
        x_purpose: Annotated[
            AccessPurpose, Header(description="Why you look; kept in the access log.")
        ] = AccessPurpose.SUPPORT,
    ) -> Accounting:
        return Accounting(
            *(http, system.access, system.watch, permit.actor, self.act, self.tier),
            x_purpose,
            permit.showing,
        )


class AccountedRoute(StrictRoute):
    """A route that records or is accounted for; anything else is refused when the app is made."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        super().__init__(path, endpoint, **more)
        self.verb = verb = verb_of(self)
        if verb.act is None and self.response_model not in (Receipt, JobShown):
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


def shape_of(route: Any) -> Shape | None:
    """Return what a route's answers are made of, as their type says; None without one."""
    return next(iter(shapes_of(route.response_model)), None)


def access_class_of(route: Any) -> AccessClass | None:
    """Return the access class among a route's parameters, or None."""
    marker = marker_of(route)
    return marker if isinstance(marker, AccessClass) else None


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


AggregatesAccess = Annotated[Accounting, Depends(AccessClass(Act.READ, Tier.AGGREGATES))]
DirectoryAccess = Annotated[Accounting, Depends(AccessClass(Act.READ, Tier.DIRECTORY))]
ProvisionAccess = Annotated[Accounting, Depends(AccessClass(Act.READ, Tier.PROVISION))]
AssessmentAccess = Annotated[Accounting, Depends(AccessClass(Act.READ, Tier.ASSESSMENT))]
RestrictedAccess = Annotated[Accounting, Depends(AccessClass(Act.READ, Tier.RESTRICTED))]
AccessLogAccess = Annotated[Accounting, Depends(AccessClass(Act.READ, Tier.ACCESS))]
SearchAccess = Annotated[Accounting, Depends(AccessClass(Act.SEARCH, Tier.DIRECTORY))]
ProofAccess = Annotated[Accounting, Depends(AccessClass(Act.PROOF, Tier.DIRECTORY))]
UploadAccess = Annotated[
    Accounting,
    Depends(AccessClass(Act.UPLOAD, Tier.RESTRICTED, roles=FileDocument.roles)),
]
ExportAccess = Annotated[Accounting, Depends(AccessClass(Act.EXPORT, Tier.RESTRICTED))]
WatchAccess = Annotated[
    Accounting, Depends(AccessClass(Act.READ, Tier.ACCESS, Over.NOBODY, named=True))
]
EmergencyAccess = Annotated[Accounting, Depends(AccessClass(Act.READ, Tier.ACCESS, named=True))]
FeedOfAllAccess = Annotated[Accounting, Depends(AccessClass(Act.READ, Tier.DIRECTORY, named=True))]
