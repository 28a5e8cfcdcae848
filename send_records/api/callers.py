"""Who a request comes from: by its ``Authorization`` or, without one, by the session's cookie.

A browser sends a cookie whoever makes it ask.  So a request that changes anything, and is known by
its cookie alone, must come from a page of this site.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any

from fastapi import Depends, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from send_records.api.strict import StrictRoute
from send_records.authority.standing import Standing
from send_records.bootstrap import System
from send_records.errors import NotPermitted, NotSignedIn
from send_records.identity import Caller, Door
from send_records.threads import in_thread

bearer = HTTPBearer(auto_error=False, description="A token of the identity provider, or a key")

SESSION, ON_ITS_WAY = "session", "sign-in"
"""Cookies: of a session, and of a browser that is at the provider."""

ONLY_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110 s.9.2.1)."""


class AskedFromElsewhere(NotPermitted):
    """A page of another site asks in somebody's name."""


def cookie_name(door: Door, name: str) -> str:
    """Return a cookie's name: over TLS one that browsers let no other host and no plain connection
    set (RFC 6265bis s.4.1.3.2)."""
    return f"__Host-{name}" if door.secure else name


def set_cookie(answer: Response, door: Door, name: str, value: str, seconds: int | None) -> None:
    """Hand a browser a secret that no script can read; without ``seconds``, until it is closed."""
    answer.set_cookie(
        cookie_name(door, name),
        value,
        max_age=seconds,
        path="/",
        secure=door.secure,
        httponly=True,
        samesite="lax",
    )


def require_asked_from_here(http: Request, door: Door) -> None:
    """Raise AskedFromElsewhere if a request that changes something does not come from a page of
    this site, by what the browser says of it (Fetch s.3.2; Fetch Metadata)."""
    if http.method in ONLY_LOOKING:
        return
    origin, site = http.headers.get("origin"), http.headers.get("sec-fetch-site")
    here = origin == door.origin if origin is not None else site == "same-origin"
    if door.origin is None or not here or site not in (None, "same-origin"):
        raise AskedFromElsewhere("Ask from a page of this site, or with a token.")


async def get_system(request: Request) -> System:
    """Return the system that the app was made for."""
    system: System = request.app.state.system
    return system


def address_of(http: Request) -> str | None:
    """Return the address that a request comes from, as the server knows it: never a header's."""
    return None if http.client is None else http.client.host


@contextmanager
def failing_in_turn(http: Request) -> Iterator[None]:
    """Let whoever is not signed in know it no faster than an address may ask; raise
    TooManyRequests instead if it must wait."""
    try:
        yield
    except NotSignedIn:
        system: System = http.app.state.system
        system.watch.require_turn_to_fail(address_of(http))
        raise


async def get_door(http: Request) -> Door:
    """Return what says who is calling, and nothing else."""
    return (await get_system(http)).door


async def get_caller(
    http: Request,
    door: Annotated[Door, Depends(get_door)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)],
) -> Caller:
    """Return who calls: found out on every request; raise NotSignedIn or AskedFromElsewhere, or
    TooManyRequests if too many were not signed in."""
    with failing_in_turn(http):
        caller = await _known(http, door, credentials)
    http.state.caller = caller
    return caller


async def _known(
    http: Request, door: Door, credentials: HTTPAuthorizationCredentials | None
) -> Caller:
    if credentials is not None:
        text = credentials.credentials
        if (known := door.known(text)) is not None:
            return known
        return await in_thread(partial(door.by_credentials, text))
    secret = http.cookies.get(cookie_name(door, SESSION))
    if secret is None or "authorization" in http.headers:
        raise NotSignedIn("Send a bearer token.")
    require_asked_from_here(http, door)
    return await in_thread(partial(door.by_session, secret))


async def get_own_standing(
    http: Request, caller: Annotated[Caller, Depends(get_caller)]
) -> Standing:
    """Return the roles that whoever calls holds."""
    return await (await get_system(http)).standings.soon(caller.person_id)


OwnStanding = Annotated[Standing, Depends(get_own_standing)]
Calling = Annotated[Caller, Depends(get_caller)]
AtTheDoor = Annotated[Door, Depends(get_door)]


class ShowsTooMuch(Exception):
    """A route that is to tell of nobody but the caller reaches for more: a defect of ours."""


class OwnRoute(StrictRoute):
    """A route that tells of nobody but whoever calls, and so has no line in the access log: it is
    given the door, the caller and their roles, and nothing by which a pupil could be read."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any) -> None:
        super().__init__(path, endpoint, **more)
        given = {parameter.call for parameter in self.dependant.dependencies}
        if not given <= {get_door, get_caller, get_own_standing} or self.body_field is not None:
            raise ShowsTooMuch(f"{path} is given more than who is calling.")
