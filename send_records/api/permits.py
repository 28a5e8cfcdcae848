"""The door of every route: who calls, in which roles, and whether they may do what the route does.

A route says what it does by a marker among its dependencies: an access class (``accounting``) if it
shows something, ``Recording`` if it records.  One that has neither is not built.  The permit is
found once for a request, and everything that the route is given comes from it: the actor with the
role that allowed it, the read side narrowed to the scope, the tiers that may be shown.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Annotated, Any, Protocol, runtime_checkable
from uuid import UUID

from fastapi import Depends
from fastapi import Request as HttpRequest

from send_records.aggregates.base import Actor
from send_records.aggregates.values import Role
from send_records.api.callers import get_caller, get_system
from send_records.authority.authorize import Over, Permit, Verb, authorize
from send_records.authority.standing import Standing
from send_records.authority.table import RANK
from send_records.bootstrap import System
from send_records.errors import SendRecordsError, TooMany
from send_records.identity import Caller
from send_records.watch import Queue


class NoPolicy(Exception):
    """A route without a line of policy: a defect of ours, found when the app is made."""


@runtime_checkable
class Marker(Protocol):
    """What says what a route does."""

    def verb(self, operation: str, path: str) -> Verb:
        """Return what a route does, given its operation and where it is."""
        ...


@dataclass(frozen=True, slots=True)
class Recording:
    """Marks a route that records: who may, about whom."""

    roles: frozenset[Role]
    over: Over | None = None
    """What it is about; unsaid, a pupil if its path names one."""
    steps_up: bool = False

    def verb(self, operation: str, path: str) -> Verb:
        over = self.over or (Over.PUPIL if OF_PUPIL in path else Over.NOBODY)
        return Verb(operation, over, roles=self.roles, steps_up=self.steps_up)

    async def __call__(self) -> None:
        """Mark, and do nothing else: a dependency that is called."""


OF_PUPIL = "{pupil_id}"


def marker_of(route: Any) -> Marker | None:
    """Return what marks a route, or None."""
    calls = (parameter.call for parameter in route.dependant.dependencies)
    return next((call for call in calls if isinstance(call, Marker)), None)


def verb_of(route: Any) -> Verb:
    """Return what a route does; raise NoPolicy if it does not say."""
    marker = marker_of(route)
    if marker is None:
        raise NoPolicy(f"{route.path} has no line of policy.")
    return marker.verb(route.operation_id or route.name, route.path)


CallerAtDoor = Annotated[Caller, Depends(get_caller)]
"""Who calls, where a role is asked for."""


async def get_permit(http: HttpRequest, caller: CallerAtDoor) -> Permit:
    """Return what lets this request go on; raise what it is refused with."""
    system = await get_system(http)
    verb: Verb = http.scope["route"].verb
    pupil_id = asked_of(http)
    await _require_turn(http, system, caller)
    standing = await system.standings.soon(caller.person_id, pupil_id)
    if verb.over is Over.PUPIL and pupil_id is None:
        verb = replace(verb, over=Over.NOBODY)
    try:
        permit = authorize(caller, verb, standing, pupil_id, time.time())
    except SendRecordsError:
        http.state.actor = known_as(caller, standing)
        raise
    http.state.actor = permit.actor
    return permit


async def _require_turn(http: HttpRequest, system: System, caller: Caller) -> None:
    """Raise TooManyRequests if whoever calls must wait; and find out as whom the first refusal is
    recorded, which the next ones need not be."""
    try:
        system.watch.require_turn(caller.person_id, Queue(caller.kind))
    except TooMany as refusal:
        if not refusal.on_record:
            http.state.actor = known_as(caller, await system.standings.soon(caller.person_id))
        raise


async def require_also(http: HttpRequest, pupils: Iterable[UUID]) -> None:
    """See to it that what a request does to its pupil may be done to some others by whoever sent
    it; raise what would be raised of each."""
    verb, caller = http.scope["route"].verb, http.state.caller
    standings = (await get_system(http)).standings
    for pupil_id in pupils:
        standing = await standings.soon(caller.person_id, pupil_id)
        authorize(caller, verb, standing, pupil_id, time.time())


def asked_of(http: HttpRequest) -> UUID | None:
    """Return the pupil that a request's address names; None if it names none, or not by an id,
    which is then refused as such."""
    with suppress(KeyError, ValueError):
        return UUID(str(http.path_params["pupil_id"]))
    return None


def known_as(caller: Caller, standing: Standing) -> Actor | None:
    """Return as whom somebody's refusal is recorded: in the first of their roles; None without."""
    ranked = [held for held in standing.held if (held.role, held.over.kind) in RANK]
    if not ranked:
        return None
    first = min(ranked, key=lambda held: RANK[held.role, held.over.kind])
    academy = first.over.academies[0] if len(first.over.academies) == 1 else None
    return Actor(id=caller.person_id, name=caller.name, role=first.role, academy=academy)


Permitted = Annotated[Permit, Depends(get_permit)]
