"""What holds for every route, found by walking the app: a route left out of a convention fails."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import Response

from send_records import aggregates
from send_records.aggregates.base import Command, Entry
from send_records.aggregates.documents import FileDocument
from send_records.aggregates.enrolment import AdmitPupil
from send_records.aggregates.values import Role
from send_records.api.accounting import AccountedRoute
from send_records.api.dependencies import ACCESS_READERS, READERS
from send_records.api.recording import snake_case
from send_records.api.strict import StrictRoute
from send_records.receipts import Receipt
from tests.api.client import (
    Client,
    path_of,
    problem_of,
    reading_routes,
    recording_routes,
    routes_of,
)
from tests.api.story import EXAMPLES, PUPIL

assert aggregates.EVENTS, "importing the package makes every command known"

Schema = dict[str, Any]


def subclasses(base: type[Entry]) -> Iterator[type[Entry]]:
    for found in base.__subclasses__():
        yield found
        yield from subclasses(found)


def every_command() -> list[type[Entry]]:
    found: set[type[Entry]] = {AdmitPupil, *subclasses(Command)}
    shipped = [
        command
        for command in found
        if not inspect.isabstract(command) and command.__module__.startswith("send_records.")
    ]
    return sorted(shipped, key=lambda command: command.__name__)


COMMANDS = every_command()

UPLOADING = f"/v1/pupils/{PUPIL}/documents/content"

READINGS = {
    "/v1/register": READERS,
    "/v1/register/differences": READERS,
    "/v1/caseload": READERS,
    "/v1/retention": READERS,
    "/v1/agreements": READERS,
    "/v1/provision-map": READERS,
    "/v1/medical-register": READERS,
    "/v1/evidence-gaps": READERS,
    "/v1/targets": READERS,
    "/v1/concerns": READERS,
    "/v1/duties": READERS,
    "/v1/duties/calendar": READERS,
    "/v1/activity": READERS,
    "/v1/search": READERS,
    "/v1/events": frozenset({Role.DPO}),
    f"/v1/pupils/{PUPIL}": READERS,
    f"/v1/pupils/{PUPIL}/chronology": READERS,
    f"/v1/pupils/{PUPIL}/differences": READERS,
    f"/v1/pupils/{PUPIL}/lag": READERS,
    f"/v1/pupils/{PUPIL}/plan": READERS,
    f"/v1/pupils/{PUPIL}/history": READERS,
    f"/v1/pupils/{PUPIL}/entries/{{version}}": READERS,
    f"/v1/pupils/{PUPIL}/extract": READERS,
    f"/v1/pupils/{PUPIL}/accesses": ACCESS_READERS,
    f"/v1/pupils/{PUPIL}/proofs": ACCESS_READERS,
    f"/v1/pupils/{PUPIL}/documents": READERS,
    f"/v1/pupils/{PUPIL}/documents/{{document_id}}/content": READERS,
    UPLOADING: FileDocument.roles,
}
"""Every question that can be asked, and whose roles may ask it."""

BY_SECRET = {"/v1/duties/calendar/{token}.ics"}
"""What is asked with a secret in its address, and without a token: see ``test_duties``."""

CHANGED = {"/v1/duties/calendar/{feed_id}"}
"""What is no question: it ends something of the asker's own."""

BODIES_THAT_ONLY_ASK = {"FindPupils", "MakeCalendar"}


def asked(client: Client, path: str, headers: dict[str, str]) -> Response:
    if path == "/v1/search":
        return client.http.post(path, json={"name": "Aisha"}, headers=headers)
    if path == UPLOADING:
        key = {"Idempotency-Key": str(uuid4())}
        return client.http.post(path, content=b"A letter", headers=headers | key)
    path = path.replace("{document_id}", str(uuid4())).replace("{version}", "1")
    return client.http.get(path, headers=headers)


@pytest.fixture(scope="module")
def schema(served: tuple[Client, object]) -> Schema:
    found: Schema = served[0].http.get("/openapi.json").json()
    return found


def bodies_of(schema: Schema) -> list[str]:
    """Return the name of each route's body, as integrators read it."""
    return [
        operation["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"].split(
            "/"
        )[-1]
        for operation in schema["paths"].values()
        if "application/json"
        in operation.get("post", {}).get("requestBody", {"content": {}})["content"]
    ]


def test_every_command_has_exactly_one_route(schema: Schema) -> None:
    recording = [name for name in bodies_of(schema) if name not in BODIES_THAT_ONLY_ASK]

    assert sorted(recording) == [command.__name__ for command in COMMANDS]


def test_every_command_has_an_example_here() -> None:
    assert sorted(EXAMPLES, key=lambda command: command.__name__) == COMMANDS


def test_a_route_is_named_for_its_command(client: Client) -> None:
    names = sorted(str(route.operation_id) for route in recording_routes(client.app))

    assert names == sorted(snake_case(command.__name__) for command in COMMANDS)


def test_operation_ids_are_short_and_used_once(schema: Schema) -> None:
    ids = [
        operation["operationId"] for path in schema["paths"].values() for operation in path.values()
    ]

    assert len(set(ids)) == len(ids)
    assert [name for name in ids if not re.fullmatch(r"[a-z]+(_[a-z]+){0,4}", name)] == []
    assert max(map(len, ids)) <= 32


def test_every_route_says_what_it_does(schema: Schema) -> None:
    silent = [
        operation["operationId"]
        for path in schema["paths"].values()
        for operation in path.values()
        if not operation.get("summary") or not operation.get("description")
    ]

    assert silent == []


def test_a_routes_description_is_its_commands_docstring(client: Client) -> None:
    said = {route.operation_id: route.description for route in recording_routes(client.app)}

    for command in COMMANDS:
        if command is not AdmitPupil:
            assert said[snake_case(command.__name__)] == inspect.cleandoc(command.__doc__ or "")


def test_every_body_is_read_strictly(client: Client) -> None:
    assert [
        route.path
        for route in routes_of(client.app)
        if not isinstance(route.original_route, StrictRoute)
    ] == []


def test_a_route_either_records_or_is_in_the_access_log(client: Client) -> None:
    recording, reading = recording_routes(client.app), reading_routes(client.app)

    assert len(recording) + len(reading) == len(routes_of(client.app))
    paths = {str(r.path).replace("{pupil_id}", str(PUPIL)) for r in reading}
    assert paths == set(READINGS) | BY_SECRET | CHANGED
    assert {route.response_model for route in recording} == {Receipt}
    assert {frozenset(route.methods or ()) for route in recording} == {frozenset({"POST"})}


def test_no_route_escapes_accounting(client: Client) -> None:
    """The router's class checks it when a route is made; a plain router would not."""
    assert [
        route.path
        for route in routes_of(client.app)
        if not isinstance(route.original_route, AccountedRoute)
    ] == []


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_an_entry_needs_a_token_a_key_and_a_version(client: Client, command: type[Entry]) -> None:
    path = path_of(client.app, command, uuid4())
    example = EXAMPLES[command]
    sender = client.signed_as(example.actor)
    everything = sender.token | {"Idempotency-Key": str(uuid4()), "If-Match": "*"}

    def answered(without: str) -> int:
        headers = {name: value for name, value in everything.items() if name != without}
        return client.http.post(path, json=example.body, headers=headers).status_code

    assert answered("Authorization") == 401
    assert answered("Idempotency-Key") == 422
    if command is not AdmitPupil:
        assert answered("If-Match") == 428
        assert answered("nothing") == 404


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_an_entry_is_for_the_roles_of_its_command(client: Client, command: type[Entry]) -> None:
    example = EXAMPLES[command]
    assert command.roles < set(Role)
    outsider = min(set(Role) - command.roles)

    answer = client.signed_in_as(outsider).post(path_of(client.app, command, uuid4()), example.body)

    problem_of(answer, 403)


@pytest.mark.parametrize("path", READINGS)
def test_a_reading_needs_a_token(client: Client, path: str) -> None:
    response = asked(client, path, {})

    problem_of(response, 401)
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("path", READINGS)
def test_a_reading_is_for_those_who_answer_for_the_record(client: Client, path: str) -> None:
    for role in Role:
        status = asked(client, path, client.signed_in_as(role).token).status_code
        assert (status == 403) == (role not in READINGS[path]), (role, status)


def test_health_is_told_to_anyone_and_says_nothing_of_anyone(client: Client) -> None:
    assert client.http.get("/health/live").json() == {"status": "alive"}
    ready = client.http.get("/health/ready")

    assert ready.status_code == 200
    assert ready.json()["status"] == "ready"
    assert all(isinstance(count, int) for count in ready.json()["behind"].values())
