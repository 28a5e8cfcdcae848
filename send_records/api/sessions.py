"""Sessions: signing in at the identity provider, proving a second factor again, signing out.

These routes tell of nobody but the caller, so none is in the access log of pupils.  Two of them are
open to whoever comes, for nobody is known before they have signed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.values import Role, Value
from send_records.api.callers import (
    ON_ITS_WAY,
    SESSION,
    AtTheDoor,
    Calling,
    OwnRoute,
    OwnStanding,
    cookie_name,
    failing_in_turn,
    require_asked_from_here,
    set_cookie,
)
from send_records.authority.standing import Held
from send_records.errors import NotFound, NotSignedIn
from send_records.identity import CallerKind, Door
from send_records.store.sessions import Session
from send_records.threads import threaded

router = APIRouter(tags=["sessions"], route_class=OwnRoute)

LONGEST_ANSWER = 8192
"""Characters of what the provider sends a browser back with."""

SECONDS = 600
"""For how long a browser remembers that it is at the provider."""

QUIET = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
"""The address of a callback has a code in it, which is nobody else's business."""


class NoSignInHere(NotFound):
    """People bring tokens to this installation: there is no provider to sign in with."""


class OwnRole(Value):
    """A role that the caller holds."""

    role: Role
    kind: ScopeKind
    academies: tuple[str, ...]
    classes: tuple[str, ...]
    years: tuple[str, ...]
    pupils: tuple[UUID, ...]

    @classmethod
    def of(cls, held: Held) -> OwnRole:
        """Return a role as its holder is told of it."""
        over = held.over
        return cls(
            role=held.role,
            kind=over.kind,
            academies=over.academies,
            classes=over.classes,
            years=over.years,
            pupils=over.pupils,
        )


class Me(Value):
    """Who is calling, as far as the provider or the key says, and the roles they hold."""

    person_id: UUID
    name: str
    kind: CallerKind
    strong_at: datetime | None
    """When a second factor was last proven."""
    only: list[str] | None
    """The operations that an integration's key is held to."""
    roles: list[OwnRole]
    """What the caller is here, and over whom."""


@router.get("/sign-in", status_code=302, operation_id="sign_in", response_class=Response)
@threaded
def sign_in(
    door: AtTheDoor,
    return_to: Annotated[
        str | None, Query(max_length=200, description="The path of this site to come back to.")
    ] = None,
) -> Response:
    """Go to the identity provider, to sign in there."""
    return _to_provider(door, 302, return_to)


@router.get(
    "/sign-in/callback", status_code=303, operation_id="sign_in_callback", response_class=Response
)
@threaded
def sign_in_callback(http: Request, door: AtTheDoor) -> Response:
    """Come back from the identity provider, with a code that is exchanged for a session."""
    if door.sign_in is None:
        raise NoSignInHere("There is no identity provider to sign in with here.")
    before = _session(http, door)
    browser = http.cookies.get(cookie_name(door, ON_ITS_WAY))
    with failing_in_turn(http):
        who = door.sign_in.complete(_answer(http), browser, before)
    _, secret = door.sessions.begin(
        who.caller.person_id,
        who.caller.name,
        who.strong_at,
        instead_of=before.session_id if before else None,
    )
    there = RedirectResponse(who.return_to, 303, headers=QUIET)
    there.delete_cookie(cookie_name(door, ON_ITS_WAY), secure=door.secure, httponly=True)
    set_cookie(there, door, SESSION, secret, None)
    return there


@router.post("/session/step-up", status_code=303, operation_id="step_up", response_class=Response)
@threaded
def step_up(
    http: Request,
    door: AtTheDoor,
    return_to: Annotated[
        str | None, Query(max_length=200, description="The path of this site to come back to.")
    ] = None,
) -> Response:
    """Go to the identity provider again, to prove a second factor: for exports, break-glass,
    disposal and grants it must have been within five minutes."""
    require_asked_from_here(http, door)
    session = _session(http, door)
    with failing_in_turn(http):
        if session is None:
            raise NotSignedIn("Sign in again: the session is over.")
    return _to_provider(door, 303, return_to, session)


@router.post("/sign-out", status_code=204, operation_id="sign_out", response_class=Response)
@threaded
def sign_out(
    http: Request,
    door: AtTheDoor,
    everywhere: Annotated[
        bool, Query(description="End your sessions in other browsers as well.")
    ] = False,
) -> Response:
    """End the session, at once for whoever has it; the provider's own is not touched."""
    require_asked_from_here(http, door)
    session = _session(http, door)
    if session is not None and everywhere:
        door.sessions.end_all(session.person_id)
    elif session is not None:
        door.sessions.end(session.session_id)
    done = Response(status_code=204, headers=QUIET)
    done.delete_cookie(cookie_name(door, SESSION), secure=door.secure, httponly=True)
    return done


@router.get("/me", operation_id="get_me", response_model=Me)
async def get_me(caller: Calling, standing: OwnStanding, response: Response) -> Me:
    """Return who you are taken for, and your roles."""
    response.headers.update(QUIET)
    at = caller.strong_at
    return Me(
        person_id=caller.person_id,
        name=caller.name,
        kind=caller.kind,
        strong_at=None if at is None else datetime.fromtimestamp(at, UTC),
        only=None if caller.only is None else sorted(caller.only),
        roles=[OwnRole.of(held) for held in standing.held],
    )


def _to_provider(
    door: Door, status: int, return_to: str | None, session: Session | None = None
) -> Response:
    if door.sign_in is None:
        raise NoSignInHere("There is no identity provider to sign in with here.")
    address, browser = door.sign_in.begin(return_to, session)
    there = RedirectResponse(address, status, headers=QUIET)
    set_cookie(there, door, ON_ITS_WAY, browser, SECONDS)
    return there


def _session(http: Request, door: Door) -> Session | None:
    secret = http.cookies.get(cookie_name(door, SESSION))
    return None if secret is None else door.sessions.find(secret)


def _answer(http: Request) -> dict[str, str]:
    """Return what the provider answered; raise NotSignedIn if it says anything twice, or more
    than it would."""
    said: Sequence[tuple[str, str]] = http.query_params.multi_items()
    if len(http.url.query) > LONGEST_ANSWER or len(dict(said)) < len(said):
        raise NotSignedIn("This is no answer of the identity provider: sign in again.")
    return dict(said)
