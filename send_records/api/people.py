"""People and their roles: proposed, granted, refused and ended; cases; and who holds which role.

Each command's scope is to be within the reach of whoever gives it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date
from inspect import getdoc
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Query, Response

from send_records.aggregates.cases import CloseCase, OpenCase
from send_records.aggregates.grant_scopes import EVERYWHERE, Reach
from send_records.aggregates.grants import GrantRole, ProposeRole, RefuseRole
from send_records.aggregates.people import PersonCommand
from send_records.aggregates.role_endings import EndRole, RecordPersonLeft
from send_records.aggregates.values import Role
from send_records.api.accounting import AccessClass, Accounting
from send_records.api.dependencies import Academy, Asked, CurrentSystem, Cursor, Limit
from send_records.api.permits import Permitted, Recording
from send_records.api.recording import acknowledged, router_for, snake_case
from send_records.api.roles_shown import RoleShown, RolesOfPerson
from send_records.api.views import Listing, Meta, cursor_of, pupil_after
from send_records.authority.authorize import Over, Permit
from send_records.bootstrap import System
from send_records.receipts import Receipt
from send_records.store.access import Act, Tier
from send_records.store.recorder import seen_among
from send_records.threads import in_thread, threaded

router = router_for("people")

PersonId = Annotated[UUID, Path(description="The person")]
RolesAccess = Annotated[Accounting, Depends(AccessClass(Act.READ, Tier.CONFIGURATION, Over.NOBODY))]

UNLIMITED = frozenset({Role.ADMINISTRATOR, Role.DPO})
"""Whose reach is the trust, when they hand out roles: not when they read (policy s.8)."""


def reach_of(permit: Permit, pupils: Iterable[UUID] = ()) -> Reach:
    """Return how far whoever asks reaches; ``pupils`` are those in question whom they may see.
    A role that is held over the whole trust, and is none of those above, hands out nothing."""
    if permit.actor.role in UNLIMITED:
        return EVERYWHERE
    return Reach(permit.academies or frozenset(), frozenset(pupils))


def reach_for(system: System, permit: Permit, person_id: UUID, command: PersonCommand) -> Reach:
    """Return how far whoever gives a command reaches, as to the pupils that it is about."""
    scopes = command.scopes_asked(system.granting.person(person_id))
    asked = [pupil for scope in scopes for pupil in scope.pupils]
    return reach_of(permit, among(system, permit, asked))


def among(system: System, permit: Permit, pupils: Collection[UUID]) -> set[UUID]:
    """Return which of some pupils are those of whoever asks."""
    if not pupils:
        return set()
    with system.views.within(permit.reach).connection() as connection:
        return seen_among(connection, pupils)


def changes(to: APIRouter, path: str, command_class: type[PersonCommand]) -> None:
    """Add ``POST /people/{person_id}/<path>``, which executes the command in its body."""

    async def record(
        person_id: PersonId, command: Any, system: CurrentSystem, request: Asked, permit: Permitted
    ) -> Response:
        def execute() -> Receipt:
            reach = reach_for(system, permit, person_id, command)
            return system.granting.execute(person_id, command, request, reach=reach)

        return acknowledged(await in_thread(execute))

    record.__annotations__["command"] = Annotated[command_class, Body()]
    to.add_api_route(
        f"/people/{{person_id}}/{path}",
        record,
        methods=["POST"],
        status_code=201,
        dependencies=[Depends(Recording(command_class.roles, Over.NOBODY, steps_up=True))],
        response_model=Receipt,
        operation_id=snake_case(command_class.__name__),
        summary=re.sub(r"(?<=[a-z])(?=[A-Z])", " ", command_class.__name__).capitalize(),
        description=getdoc(command_class),
    )


changes(router, "roles/propose", ProposeRole)
changes(router, "roles/grant", GrantRole)
changes(router, "roles/refuse", RefuseRole)
changes(router, "roles/end", EndRole)
changes(router, "leave", RecordPersonLeft)
changes(router, "cases/open", OpenCase)
changes(router, "cases/close", CloseCase)


@router.get("/people/{person_id}/roles", operation_id="get_roles_of_person")
@threaded
def get_roles_of_person(
    person_id: PersonId,
    system: CurrentSystem,
    permit: Permitted,
    access: RolesAccess,
) -> RolesOfPerson:
    """Return a person's roles that are not over, and those that were proposed and wait for an
    answer: to a SENDCo or Principal those over their own academies and pupils.  Of somebody who
    has, and had, none there are none."""
    granting = system.granting
    found = RolesOfPerson.of(granting.person(person_id), granting.today())
    reach = reach_of(permit, among(system, permit, found.pupils))
    found = found.within(reach)
    return access.given(found.pupils, found)


@router.get("/roles", operation_id="get_roles")
@threaded
def get_roles(
    system: CurrentSystem,
    access: RolesAccess,
    role: Annotated[Role | None, Query(description="Only this role")] = None,
    academy: Academy = None,
    until_before: Annotated[
        date | None, Query(description="Only those whose last day is before this one")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Listing[RoleShown]:
    """Return the roles that are in force, and who has them: for the review of who has access."""
    granting = system.granting
    held = granting.held(
        role=role,
        academy=academy,
        until_before=until_before,
        after=pupil_after(cursor),
        limit=limit,
    )
    names = granting.names({each.person_id for each in held})
    following = cursor_of(held[-1].grant_id) if len(held) == limit else None
    shown = [RoleShown.of(each, names[each.person_id]) for each in held]
    answer = Listing[RoleShown](data=shown, meta=Meta(next=following))
    return access.given([pupil for each in held for pupil in each.pupils], answer)
