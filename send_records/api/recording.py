"""How a command becomes a route: its body is the command, its name the operation, its docstring
the description.  Every route that records is made here, so all of them keep the same conventions.
"""

from __future__ import annotations

import re
from inspect import getdoc
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Response
from fastapi import Request as HttpRequest

from send_records.aggregates.base import Command
from send_records.api.accounting import AccountedRoute
from send_records.api.callers import get_system
from send_records.api.dependencies import Asked, IfMatch, expected_version
from send_records.api.permits import Recording, require_also
from send_records.authority.authorize import Over
from send_records.receipts import Receipt

PupilId = Annotated[UUID, Path(description="The pupil")]


def router_for(kind: str) -> APIRouter:
    """Return a router for one kind of record, whose bodies are read strictly, and whose answers
    are accounted for."""
    return APIRouter(tags=[kind], route_class=AccountedRoute)


def records(to: APIRouter, path: str, command_class: type[Command]) -> None:
    """Add ``POST /pupils/{pupil_id}/<path>``, which executes the command in its body."""

    async def record(
        pupil_id: PupilId,
        command: Any,
        http: HttpRequest,
        request: Asked,
        if_match: IfMatch = None,
    ) -> Response:
        records = (await get_system(http)).records
        version = expected_version(if_match)
        await require_also(http, command.others())
        return acknowledged(
            await records.execute_soon(pupil_id, command, request, expected_version=version)
        )

    record.__annotations__["command"] = Annotated[command_class, Body()]
    over = Over.ANY_PUPIL if command_class.beyond_scope else Over.PUPIL
    marker = Recording(command_class.roles, over, command_class.steps_up)
    to.add_api_route(
        f"/pupils/{{pupil_id}}/{path}",
        record,
        methods=["POST"],
        status_code=201,
        dependencies=[Depends(marker)],
        response_model=Receipt,
        operation_id=snake_case(command_class.__name__),
        summary=re.sub(r"(?<=[a-z])(?=[A-Z])", " ", command_class.__name__).capitalize(),
        description=getdoc(command_class),
    )


def acknowledged(receipt: Receipt, **headers: str) -> Response:
    """Answer with the receipt, the record's new version, and whether it is an old answer again."""
    headers["ETag"] = f'"{receipt.version}"'
    if receipt.replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(receipt.model_dump_json(), 201, headers, "application/json")


def snake_case(name: str) -> str:
    """Return a class's name as an operation is named: raise_concern."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
