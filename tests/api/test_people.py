"""Roles through the API: two people behind each, the same conventions as for pupils' entries."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import Response

from send_records.aggregates import grants  # noqa: F401 - makes every command known
from send_records.aggregates.base import Actor
from send_records.aggregates.cases import CaseKind, CloseCase, OpenCase
from send_records.aggregates.grant_scopes import EVERYWHERE, GrantScope, Reach, ScopeKind
from send_records.aggregates.grants import BootstrapRole, GrantRole, ProposeRole, RefuseRole
from send_records.aggregates.people import PersonCommand, stream_of
from send_records.aggregates.role_endings import EndRole, RecordPersonLeft
from send_records.aggregates.values import Role, Source, day_in_london
from send_records.api.people import UNLIMITED, reach_of
from send_records.api.recording import snake_case
from send_records.api.refusals import refusals_of_command
from send_records.application import Request
from send_records.authority.authorize import Permit
from send_records.authority.standing import Held
from send_records.authority.table import LINES
from send_records.bootstrap import System, now
from send_records.store.scopes import NOBODY
from tests.api.client import Client, problem_of, recording_routes
from tests.api.hostile import CANARY, echoes, overheard
from tests.api.story_people import (
    ADMIN,
    OF_PEOPLE,
    OFFICER,
    OTHER_ADMIN,
    TARIQ,
    TEACHER,
    body_of,
    today_teacher,
)
from tests.scenario import SENCO

TODAY = day_in_london(now())
HEAD = Actor(id=UUID(int=12), name="Helen Marsh", role=Role.PRINCIPAL, academy="Alder Park Academy")
ALDER_SENCO = SENCO


def commands() -> list[type[PersonCommand]]:
    def below(base: Any) -> Iterator[type[PersonCommand]]:
        for found in base.__subclasses__():
            yield found
            yield from below(found)

    shipped = {
        command
        for command in below(PersonCommand)
        if command.__module__.startswith("send_records.") and not inspect.isabstract(command)
    }
    return sorted(shipped - {BootstrapRole}, key=lambda command: command.__name__)


def path_of(client: Client, command: type[PersonCommand], person_id: UUID) -> str:
    name = snake_case(command.__name__)
    [path] = [r.path for r in recording_routes(client.app) if r.operation_id == name]
    return str(path).replace("{person_id}", str(person_id))


def give(
    client: Client, command: PersonCommand, actor: Actor, whose: UUID = TARIQ, **more: Any
) -> Response:
    path = path_of(client, type(command), whose)
    return client.signed_as(actor).post(path, body_of(command), **more)


def proposed(client: Client, command: ProposeRole | None = None, whose: UUID = TARIQ) -> UUID:
    key = uuid4()
    assert give(client, command or today_teacher(), ADMIN, whose, key=key).status_code == 201
    return key


def granted(client: Client, command: ProposeRole | None = None, whose: UUID = TARIQ) -> UUID:
    proposal, key = proposed(client, command, whose), uuid4()
    answer = give(client, GrantRole(proposal_id=proposal), OTHER_ADMIN, whose, key=key)
    assert answer.status_code == 201
    return key


def roles_of(client: Client, whose: UUID = TARIQ) -> dict[str, Any]:
    answer = client.signed_as(OFFICER).get(f"/v1/people/{whose}/roles")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def person() -> UUID:
    """Somebody of whom nothing is on record."""
    return uuid4()


each_command = pytest.mark.parametrize("command", commands(), ids=lambda command: command.__name__)


def test_every_command_has_an_example_here() -> None:
    assert sorted(OF_PEOPLE, key=lambda command: command.__name__) == commands()


@each_command
def test_a_command_needs_a_token_and_a_key(client: Client, command: type[PersonCommand]) -> None:
    asking = OF_PEOPLE[command]
    path = path_of(client, command, uuid4())
    sender = client.signed_as(asking.actor)
    key = {"Idempotency-Key": str(uuid4())}

    assert client.http.post(path, json=asking.body, headers=key).status_code == 401
    answer = client.http.post(path, json=asking.body, headers=sender.token)
    assert problem_of(answer, 422)["errors"][0]["pointer"] == "header/idempotency-key"


@each_command
def test_a_command_is_for_the_roles_it_names(client: Client, command: type[PersonCommand]) -> None:
    for role in sorted(set(Role) - command.roles):
        answer = give(client, OF_PEOPLE[command].command, Actor(id=uuid4(), name="N", role=role))
        problem_of(answer, 403)


@each_command
def test_its_description_is_its_docstring_and_names_what_it_is_refused_with(
    client: Client, command: type[PersonCommand]
) -> None:
    schema = client.http.get("/openapi.json").json()
    path = str(path_of(client, command, UUID(int=0))).replace(str(UUID(int=0)), "{person_id}")
    described = schema["paths"][path]["post"]

    assert described["description"] == inspect.cleandoc(command.__doc__ or "")
    said = {
        name
        for response in described["responses"].values()
        for content in response["content"].values()
        for name in content.get("examples", {})
    }
    assert refusals_of_command(command)
    assert {refusal.__name__ for refusal in refusals_of_command(command)} <= said


def test_a_role_is_proposed_granted_and_ended(client: Client, person: UUID) -> None:
    proposal = proposed(client, whose=person)
    waiting = roles_of(client, person)
    assert [each["proposal_id"] for each in waiting["proposals"]] == [str(proposal)]
    assert (waiting["grants"], waiting["name"]) == ([], "Tariq Aziz")

    key = uuid4()
    answer = give(client, GrantRole(proposal_id=proposal), OTHER_ADMIN, person, key=key)

    assert answer.status_code == 201
    assert answer.headers["ETag"] == '"2"'
    assert answer.json()["pupil_id"] == str(stream_of(person))
    found = roles_of(client, person)
    assert found["proposals"] == []
    assert found["grants"] == [
        {
            "grant_id": str(key),
            "role": "class_teacher",
            "kind": "classes",
            "academies": ["Alder Park Academy"],
            "classes": ["4B"],
            "years": [],
            "pupils": [],
            "from_on": str(TODAY),
            "until_on": None,
        }
    ]
    end = give(client, EndRole(grant_id=key, why="Moved"), ADMIN, person)
    assert end.status_code == 201
    assert roles_of(client, person)["grants"] == []


def test_one_person_alone_gives_nobody_a_role(client: Client, person: UUID) -> None:
    """The senders are one person, whatever roles the tokens say."""
    proposal = proposed(client, whose=person)
    command = GrantRole(proposal_id=proposal)

    for role in (Role.ADMINISTRATOR, Role.DPO):
        alone = ADMIN.model_copy(update={"role": role})
        answer = give(client, command, alone, person)
        assert problem_of(answer, 403)["type"].endswith(":proposer-does-not-grant")
    themself = ADMIN.model_copy(update={"id": person})
    for asked in (today_teacher(), command):
        answer = give(client, asked, themself, person)
        assert problem_of(answer, 403)["type"].endswith(":nobody-grants-to-themself")
    assert roles_of(client, person)["grants"] == []


def holding(client: Client, system: System, role: Role, academy: str) -> tuple[Client, Actor]:
    """Return the client as somebody who holds a role over one academy, and nothing else."""
    actor = Actor(id=uuid4(), name="Sam Okoro", role=role, academy=academy)
    first = BootstrapRole(
        name=actor.name,
        role=role,
        kind=ScopeKind.ACADEMIES,
        academies=(academy,),
        from_on=TODAY,
        why="As in the test",
    )
    operator = Request(ADMIN, uuid4(), uuid4(), source=Source.SYSTEM)
    assert system.granting.bootstrap(actor.id, first, operator, local=True)
    return client.as_they_are(), actor


def test_a_senco_of_one_academy_reaches_that_academy_alone(
    client: Client, system: System, person: UUID
) -> None:
    there = today_teacher(academies=("Birchwood Academy",))
    as_they_are, senco = holding(client, system, Role.SENCO, "Alder Park Academy")
    _, elsewhere = holding(client, system, Role.SENCO, "Birchwood Academy")

    for command, own, other in [(today_teacher(), senco, elsewhere), (there, elsewhere, senco)]:
        assert give(as_they_are, command, own, person).status_code == 201
        answer = give(as_they_are, command, other, person)
        assert problem_of(answer, 403)["type"].endswith(":out-of-reach")


def test_reach_is_of_the_grants_and_of_no_pupil_unless_it_is_of_the_trust() -> None:
    for line in LINES:
        over = GrantScope(line.kind, academies=("Alder Park Academy",))
        actor = Actor(id=uuid4(), name="N", role=line.role)
        reach = reach_of(Permit(actor, line, NOBODY, (Held(uuid4(), line.role, over),)))
        of_academies = frozenset[str]() if line.kind is ScopeKind.TRUST else over.academies
        limited = Reach(frozenset(of_academies), frozenset())
        assert reach == (EVERYWHERE if line.role in UNLIMITED else limited), line


def test_the_same_request_again_has_the_same_answer(client: Client, person: UUID) -> None:
    key = uuid4()
    first = give(client, today_teacher(), ADMIN, person, key=key)

    again = give(client, today_teacher(), ADMIN, person, key=key)

    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["Idempotent-Replayed"] == "true"
    other = give(client, today_teacher(why="Another"), ADMIN, person, key=key)
    assert problem_of(other, 422)["type"].endswith(":idempotency-key-reused")


def test_a_refused_proposal_and_a_leaver_have_no_role(client: Client, person: UUID) -> None:
    refused = proposed(client, whose=person)
    answer = give(client, RefuseRole(proposal_id=refused, why="No"), OTHER_ADMIN, person)
    assert answer.status_code == 201
    granted(client, whose=person)

    administrator = give(client, RecordPersonLeft(left_on=TODAY), ADMIN, person)

    assert administrator.status_code == 201
    found = roles_of(client, person)
    assert (found["proposals"], found["grants"], found["left_on"]) == ([], [], str(TODAY))


def test_a_feed_of_another_academy_ends_nobodys_roles(
    client: Client, system: System, person: UUID
) -> None:
    granted(client, whose=person)
    left = RecordPersonLeft(left_on=TODAY)
    as_they_are, here = holding(client, system, Role.INTEGRATION, "Alder Park Academy")
    _, elsewhere = holding(client, system, Role.INTEGRATION, "Birchwood Academy")

    answer = give(as_they_are, left, elsewhere, person)

    assert problem_of(answer, 403)["type"].endswith(":out-of-reach")
    assert give(as_they_are, left, here, person).status_code == 201


def test_a_case_is_opened_and_closed(client: Client, person: UUID) -> None:
    officer = OFFICER.model_copy(update={"id": person})
    appointed = today_teacher(
        name="Ruth Adeyemi", role="dpo", kind="trust", academies=(), classes=()
    )
    granted(client, appointed, person)
    pupil, key = uuid4(), uuid4()
    case = OpenCase(
        pupil_id=pupil,
        case_kind=CaseKind.COMPLAINT,
        reference="C-7",
        why="Complaint of 3 November",
        until_on=TODAY + timedelta(days=30),
    )

    assert give(client, case, officer, person, key=key).status_code == 201

    answer = client.signed_as(OFFICER).get("/v1/roles", role="dpo", limit=200)
    cases = [each for each in answer.json()["data"] if each["kind"] == "case"]
    assert [(each["pupils"], each["name"]) for each in cases] == [([str(pupil)], "Ruth Adeyemi")]
    closed = give(client, CloseCase(grant_id=key, why="Answered"), officer, person)
    assert closed.status_code == 201


# Reading


def test_who_reads_whose_roles(client: Client, person: UUID) -> None:
    readers = {Role.ADMINISTRATOR, Role.DPO, Role.PRINCIPAL, Role.SENCO, Role.TRUST_SENCO}
    for role in Role:
        asker = client.signed_as(Actor(id=uuid4(), name="N", role=role))
        one = asker.get(f"/v1/people/{person}/roles").status_code
        every = asker.get("/v1/roles").status_code
        assert one == (200 if role in readers else 403)
        assert every == (200 if role in {Role.ADMINISTRATOR, Role.DPO} else 403)


def test_of_somebody_unknown_there_are_none(client: Client, person: UUID) -> None:
    assert roles_of(client, person) == {
        "person_id": str(person),
        "name": None,
        "left_on": None,
        "proposals": [],
        "grants": [],
    }


def test_the_roles_in_force_are_listed_page_by_page(client: Client) -> None:
    made = set[str]()
    until = TODAY + timedelta(days=9)
    for _ in range(5):
        proposal = today_teacher(academies=("Cedar Lane Academy",), until_on=until)
        made.add(str(granted(client, proposal, uuid4())))
    asker = client.signed_as(OFFICER)

    found, cursor = list[str](), None
    while True:
        asked = {"academy": "Cedar Lane Academy", "limit": 2, "role": "class_teacher"}
        page = asker.get("/v1/roles", **asked, **({"cursor": cursor} if cursor else {})).json()
        found += [each["grant_id"] for each in page["data"]]
        assert {each["name"] for each in page["data"]} <= {"Tariq Aziz"}
        cursor = page["meta"]["next"]
        if cursor is None:
            break

    assert found == sorted(made)
    of_academy = {"academy": "Cedar Lane Academy"}
    soon = asker.get("/v1/roles", until_before=str(until + timedelta(days=1)), **of_academy)
    assert len(soon.json()["data"]) == 5
    assert asker.get("/v1/roles", until_before=str(until), **of_academy).json()["data"] == []


def test_the_pupils_whom_it_tells_of_are_in_the_access_log(
    client: Client, system: System, person: UUID
) -> None:
    pupil = uuid4()
    therapist = today_teacher(
        role="external_professional",
        kind="referral",
        academies=(),
        classes=(),
        pupils=(pupil,),
        until_on=TODAY + timedelta(days=30),
    )
    granted(client, therapist, person)
    roles_of(client, person)
    client.signed_as(OFFICER).get("/v1/roles", role="external_professional")

    rows = system.access.of_pupil(pupil, after=0, limit=10)

    assert [(row.what, row.tier) for row in rows] == [
        ("get_roles_of_person", "T6"),
        ("get_roles", "T6"),
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("role", CANARY),
        ("kind", CANARY),
        ("academies", [CANARY + "\u0000"]),
        ("academies", CANARY),
        ("pupils", [CANARY]),
        ("name", CANARY * 100),
        ("from_on", CANARY),
        ("until_on", 20260101),
        (CANARY, CANARY),
        ("why", None),
    ],
)
def test_what_cannot_be_read_is_refused_and_never_echoed(
    client: Client, system: System, person: UUID, field: str, value: object
) -> None:
    size = system.records.size()
    body = body_of(TEACHER) | {"why": CANARY, field: value}

    with overheard() as lines:
        path = path_of(client, ProposeRole, person)
        answer = client.signed_as(ADMIN).post(path, body)

    problem_of(answer, 422)
    assert echoes(answer, lines) == []
    assert system.records.size() == size


def test_nobody_bootstraps_through_the_api(client: Client) -> None:
    named = [route.operation_id for route in recording_routes(client.app)]

    assert snake_case(BootstrapRole.__name__) not in named
