"""What holds for every route, found by walking the app: a route left out of a convention fails."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from fastapi.routing import RouteContext
from httpx2 import Response

from send_records import aggregates
from send_records.aggregates.base import Actor, Command, Entry
from send_records.aggregates.enrolment import AdmitPupil
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.values import Role
from send_records.api.accounting import AccountedRoute
from send_records.api.jobs_shown import JobShown
from send_records.api.recording import snake_case
from send_records.api.strict import StrictRoute
from send_records.authority.table import LINES, STAFF
from send_records.receipts import Receipt
from tests.api.client import (
    Client,
    answers_to,
    path_of,
    problem_of,
    reading_routes,
    recording_routes,
    routes_of,
)
from tests.api.grants import give_one
from tests.api.story import EXAMPLES, PUPIL
from tests.api.story_bundles import PLAN
from tests.api.story_people import OF_PEOPLE
from tests.scenario import SENCO

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
LOCKING = f"/v1/pupils/{PUPIL}/packs/{{preparation_id}}/locked"
WORKING = f"/v1/pupils/{PUPIL}/working-document"

READINGS = [
    "/v1/register",
    "/v1/register/differences",
    "/v1/caseload",
    "/v1/retention",
    "/v1/agreements",
    "/v1/provision-map",
    "/v1/medical-register",
    "/v1/evidence-gaps",
    "/v1/targets",
    "/v1/concerns",
    "/v1/duties",
    "/v1/duties/calendar",
    "/v1/activity",
    "/v1/search",
    "/v1/events",
    "/v1/roles",
    "/v1/people/{person_id}/roles",
    f"/v1/pupils/{PUPIL}",
    f"/v1/pupils/{PUPIL}/chronology",
    f"/v1/pupils/{PUPIL}/differences",
    f"/v1/pupils/{PUPIL}/lag",
    f"/v1/pupils/{PUPIL}/plan",
    f"/v1/pupils/{PUPIL}/history",
    f"/v1/pupils/{PUPIL}/entries/{{version}}",
    f"/v1/pupils/{PUPIL}/extract",
    f"/v1/pupils/{PUPIL}/accesses",
    f"/v1/pupils/{PUPIL}/readers",
    "/v1/anomalies",
    "/v1/jobs",
    "/v1/jobs/{job_id}",
    "/v1/jobs/{job_id}/cancel",
    "/v1/emergency-access",
    f"/v1/pupils/{PUPIL}/proofs",
    f"/v1/pupils/{PUPIL}/documents",
    f"/v1/pupils/{PUPIL}/documents/{{document_id}}/content",
    f"/v1/pupils/{PUPIL}/disclosures",
    f"/v1/pupils/{PUPIL}/packs/{{preparation_id}}/content",
    f"/v1/pupils/{PUPIL}/access-requests/{{request_id}}/items",
    LOCKING,
    WORKING,
    UPLOADING,
]
"""Every question that can be asked."""

_R, _K = Role, ScopeKind
SENCOS = {(_R.SENCO, _K.ACADEMIES), (_R.TRUST_SENCO, _K.ACADEMIES)}
BY_CASE = {(_R.DPO, _K.CASE), (_R.PRINCIPAL, _K.CASE), (_R.PHASE_LEADER, _K.CASE)}
CASELOAD = {(_R.HEAD_OF_INCLUSION, _K.PUPILS)}
GLASS_BROKEN = {(role, _K.EMERGENCY) for role in STAFF}
WHOLE = SENCOS | BY_CASE | CASELOAD
"""Who sees what is restricted."""
TEACHING = WHOLE | {
    (_R.PRINCIPAL, _K.ACADEMIES),
    (_R.PHASE_LEADER, _K.PHASE),
    (_R.CLASS_TEACHER, _K.CLASSES),
    (_R.TRUST_SEND_LEADER, _K.ENGAGEMENT),
}
ASSISTANTS = {(_R.SUPPORT_ASSISTANT, _K.PUPILS), (_R.TEACHING_ASSISTANT, _K.PUPILS)}
FAMILY = {(_R.PARENT, _K.RELATIONSHIP), (_R.PUPIL, _K.RELATIONSHIP)}
OFFICER, AUDITOR = (_R.DPO, _K.TRUST), (_R.AUDITOR, _K.TRUST)

KNOWING = TEACHING | ASSISTANTS | {OFFICER, (_R.INTEGRATION, _K.ACADEMIES)}
"""Who is told, of several, at the least that they are there."""
TAKING_OUT = SENCOS | CASELOAD | BY_CASE - {(_R.PHASE_LEADER, _K.CASE)}
OUTSIDE = FAMILY | {(_R.PROFESSIONAL, _K.REFERRAL)}

TELLING = {
    "/v1/register": KNOWING,
    "/v1/search": KNOWING,
    "/v1/targets": TEACHING | ASSISTANTS,
    "/v1/medical-register": TEACHING,
    "/v1/emergency-access": {OFFICER, (_R.PRINCIPAL, _K.ACADEMIES)},
    "/v1/retention": WHOLE | {OFFICER},
    "/v1/events": {OFFICER, AUDITOR},
    "/v1/anomalies": {OFFICER},
    "/v1/jobs/{job_id}": KNOWING,
    "/v1/roles": {OFFICER, (_R.ADMINISTRATOR, _K.TRUST)},
    f"/v1/pupils/{PUPIL}": KNOWING | GLASS_BROKEN | OUTSIDE,
    f"/v1/pupils/{PUPIL}/history": WHOLE | GLASS_BROKEN,
    f"/v1/pupils/{PUPIL}/documents": WHOLE | GLASS_BROKEN,
    f"/v1/pupils/{PUPIL}/extract": TAKING_OUT,
    f"/v1/pupils/{PUPIL}/disclosures": WHOLE | GLASS_BROKEN,
    f"/v1/pupils/{PUPIL}/packs/{{preparation_id}}/content": TAKING_OUT,
    f"/v1/pupils/{PUPIL}/access-requests/{{request_id}}/items": WHOLE | GLASS_BROKEN,
    LOCKING: TAKING_OUT,
    WORKING: TAKING_OUT,
    f"/v1/pupils/{PUPIL}/plan": TEACHING | GLASS_BROKEN | ASSISTANTS | OUTSIDE,
    f"/v1/pupils/{PUPIL}/accesses": SENCOS | {(_R.DPO, _K.CASE), OFFICER, AUDITOR},
    f"/v1/pupils/{PUPIL}/readers": SENCOS | FAMILY | {(_R.DPO, _K.CASE), OFFICER, AUDITOR},
}
"""Of some, who may ask them: written down a second time, by hand (policy s.8)."""

BY_SECRET = {"/v1/duties/calendar/{token}.ics"}
"""What is asked with a secret in its address, and without a token: see ``test_duties``."""

CHANGED = {"/v1/duties/calendar/{feed_id}"}
"""What is no question: it ends something of the asker's own."""

BODIES_THAT_ONLY_ASK = {"FindPupils", "MakeCalendar", "Locking", "WorkingDocument"}


def asked(client: Client, path: str, headers: dict[str, str]) -> Response:
    if path == "/v1/search":
        return client.http.post(path, json={"name": "Aisha"}, headers=headers)
    if path == UPLOADING:
        key = {"Idempotency-Key": str(uuid4())}
        return client.http.post(path, content=b"A letter", headers=headers | key)
    path = path.replace("{document_id}", str(uuid4())).replace("{version}", "1")
    path = path.replace("{person_id}", str(uuid4())).replace("{job_id}", str(uuid4()))
    path = path.replace("{preparation_id}", str(uuid4()))
    path = path.replace("{request_id}", str(uuid4()))
    if path == WORKING:
        return client.http.post(path, json=PLAN, headers=headers)
    if path.endswith("/locked"):
        return client.http.post(path, json={"passphrase": "correct horse"}, headers=headers)
    if path.endswith("/cancel"):
        return client.http.post(path, headers=headers)
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

    of_people = [command.__name__ for command in OF_PEOPLE]
    assert sorted(recording) == sorted([*(command.__name__ for command in COMMANDS), *of_people])


def test_every_command_has_an_example_here() -> None:
    assert sorted(EXAMPLES, key=lambda command: command.__name__) == COMMANDS


def test_a_route_is_named_for_its_command(client: Client) -> None:
    names = sorted(str(route.operation_id) for route in recording_routes(client.app))

    assert names == sorted(snake_case(command.__name__) for command in [*COMMANDS, *OF_PEOPLE])


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
    assert len(READINGS) == len(set(READINGS))
    assert paths == set(READINGS) | BY_SECRET | CHANGED
    assert {route.response_model for route in recording} <= {Receipt, JobShown}
    assert {frozenset(route.methods or ()) for route in recording} == {frozenset({"POST"})}


def test_no_route_escapes_accounting(client: Client) -> None:
    """The router's class checks it when a route is made; a plain router would not."""
    assert [
        route.path
        for route in routes_of(client.app)
        if not isinstance(route.original_route, AccountedRoute)
    ] == []


@pytest.fixture(scope="module")
def known(served: tuple[Client, object]) -> str:
    """A pupil who is there."""
    return str(served[0].admit().json()["pupil_id"])


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_an_entry_needs_a_token_a_key_and_a_version(
    client: Client, known: str, command: type[Entry]
) -> None:
    example = EXAMPLES[command]
    sender = client.signed_as(example.actor)

    def answered(without: str, pupil: object = known) -> int:
        path = path_of(client.app, command, pupil)
        everything = sender.known(path) | {"Idempotency-Key": str(uuid4()), "If-Match": "*"}
        headers = {name: value for name, value in everything.items() if name != without}
        return client.http.post(path, json=example.body, headers=headers).status_code

    assert answered("Authorization") == 401
    assert answered("Idempotency-Key") == 422
    if command is not AdmitPupil:
        assert answered("If-Match") == 428
        assert answered("nothing", uuid4()) == 404


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


@pytest.fixture(scope="module")
def holders(served: tuple[Client, object]) -> dict[tuple[Role, ScopeKind], Client]:
    """Somebody for each line of the table, who has that role over ``PUPIL`` and nothing else."""
    client, _ = served
    assert client.owner is not None
    found = {}
    for line in LINES:
        actor = Actor(id=uuid4(), name="Nobody Else", role=line.role)
        give_one(client.owner, actor, line.kind, PUPIL)
        found[line.role, line.kind] = client.as_they_are().signed_as(actor)
    return found


def route_at(client: Client, path: str) -> RouteContext:
    posted = path in ("/v1/search", UPLOADING, LOCKING, WORKING) or path.endswith("/cancel")
    method = "POST" if posted else "GET"
    [route] = [
        route
        for route in reading_routes(client.app)
        if str(route.path).replace("{pupil_id}", str(PUPIL)) == path
        and method in (route.methods or ())
    ]
    return route


@pytest.mark.parametrize("path", READINGS)
def test_a_reading_is_for_those_who_answer_for_the_record(
    client: Client, holders: dict[tuple[Role, ScopeKind], Client], path: str
) -> None:
    """Of a pupil who is not there, those who may are told so."""
    allowed = answers_to(route_at(client, path))
    if path in TELLING:
        assert allowed == TELLING[path]
    for who, holder in holders.items():
        answer = asked(holder, path, holder.token)
        assert (answer.status_code == 403) == (who not in allowed), (who, answer.status_code)


def test_enough_readings_are_written_down_by_hand() -> None:
    assert set(TELLING) < set(READINGS)
    assert len(TELLING) >= 12


@pytest.mark.parametrize("path", READINGS)
def test_a_reading_is_not_for_somebody_without_a_role(client: Client, path: str) -> None:
    nobody = client.as_they_are().signed_as(SENCO.model_copy(update={"id": uuid4()}))

    problem_of(asked(nobody, path, nobody.token), 403)


def test_health_is_told_to_anyone_and_says_nothing_of_anyone(client: Client) -> None:
    assert client.http.get("/health/live").json() == {"status": "alive"}
    ready = client.http.get("/health/ready")

    assert ready.status_code == 200
    assert ready.json()["status"] == "ready"
    assert all(isinstance(count, int) for count in ready.json()["behind"].values())
