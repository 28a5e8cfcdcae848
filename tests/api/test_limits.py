"""Nobody is let to ask for, or told, more than their work needs; what was is told to the DPO, and
to whom the record is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from psycopg import Connection

from send_records.aggregates.base import Actor
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.values import Role
from send_records.api.app import create_app
from send_records.api.describing import completed
from send_records.application import Request
from send_records.bootstrap import Database, System
from send_records.rules.watch import watch_rules
from send_records.store.access import Act
from send_records.store.api_keys import ApiKeys
from send_records.store.connections import one
from send_records.watch import Watch
from send_records.workers import notarising
from tests.api.client import Client, problem_of, reading_routes, routes_of
from tests.api.conftest import serving
from tests.api.grants import give_one
from tests.conftest import Cluster, new_database
from tests.scenario import ADMIT, SENCO, but

BURST, TRIES = 40, 3
LIMITS = f"""
[[rate]]
caller = "person"
per_minute = 60
burst = {BURST}
effective_from = 2015-01-01
citation = "test"

[[rate]]
caller = "service"
per_minute = 60
burst = {BURST + 20}
effective_from = 2015-01-01
citation = "test"

[[rate]]
caller = "failed"
per_minute = 60
burst = {TRIES}
effective_from = 2015-01-01
citation = "test"

[[quota]]
role = "*"
opened = 2
listed = 5
exports = 1
effective_from = 2015-01-01
citation = "test"
"""
NAMED = LIMITS + '[[naming]]\nstaff_to_family = true\neffective_from = 2015-01-01\ncitation = ""\n'
NAME = "Aisha Rahman"


class Clock:
    """The watch's clock, which stands until it is put forward: however slow this machine is."""

    now = 9_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class House:
    """An API with small limits, four pupils, and an eye on its access log."""

    database: Database
    folder: Path
    client: Client
    system: System
    watching: Connection
    pupils: Sequence[UUID]
    clock: Clock

    def newcomer(self, role: Role = Role.SENCO) -> Client:
        """A client of somebody who has asked for nothing yet."""
        named = {"id": uuid4(), "role": role}
        return self.client.signed_as(SENCO.model_copy(update=named))

    def refusals(self, client: Client) -> list[tuple[str, str, list[UUID]]]:
        return self.watching.execute(
            "SELECT what, outcome, pupils FROM access_log WHERE actor_id = %s AND act = 'refusal' "
            "ORDER BY position",
            [client.actor.id],
        ).fetchall()


def limits(folder: Path, text: str = LIMITS) -> Path:
    file = folder / f"{uuid4()}.toml"
    file.write_text(text)
    return file


@pytest.fixture(scope="module")
def house(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with (
        new_database(cluster) as database,
        serving(database, folder, watch=limits(folder)) as (client, system),
        one(database.as_owner()) as watching,
        notarising(database, system.keys),
    ):
        clock = Clock()
        watch = Watch(system.watch.log, system.watch.rules, clock)
        system = replace(system, watch=watch)
        asked = [Request(SENCO, uuid4(), uuid4()) for _ in range(4)]
        admit = but(ADMIT, legal_name=NAME, upn=None)
        pupils = [system.records.admit(admit, each).pupil_id for each in asked]
        with TestClient(create_app(system)) as http:
            yield House(
                database, folder, replace(client, http=http), system, watching, pupils, clock
            )


def read(client: Client, pupil: UUID, what: str = "history") -> Response:
    return client.get(f"/v1/pupils/{pupil}/{what}")


def told_to_wait(response: Response, name: str, *, longest: int) -> None:
    problem = problem_of(response, 429)
    assert problem["type"] == f"urn:send-records:problem:{name}"
    assert problem["basis"]
    assert 1 <= int(response.headers["Retry-After"]) <= longest
    assert response.headers["Cache-Control"] == "no-store"
    assert NAME not in response.text


# Turns


def used_up(client: Client, burst: int = BURST) -> Response:
    """Ask as often as may be and once more; all but the last is answered."""
    unknown = f"/v1/pupils/{uuid4()}"
    answers = [client.get(unknown).status_code for _ in range(burst)]
    assert 429 not in answers
    return client.get(unknown)


def test_whoever_asks_too_often_is_told_to_wait_and_then_goes_on(house: House) -> None:
    client = house.newcomer()

    told_to_wait(used_up(client), "too-many-requests", longest=1)
    house.clock.now += 1.0
    assert read(client, house.pupils[0]).status_code == 200
    told_to_wait(read(client, house.pupils[0]), "too-many-requests", longest=1)


def test_one_row_says_so_however_often_they_go_on(house: House) -> None:
    client = house.newcomer()
    used_up(client)
    before = len(house.refusals(client))
    more = [read(client, house.pupils[0]).status_code for _ in range(10)]

    assert more == [429] * 10
    assert len(house.refusals(client)) == before
    assert [outcome for _, outcome, _ in house.refusals(client)].count("TooManyRequests") == 1


def test_another_person_does_not_wait_for_them(house: House) -> None:
    used_up(house.newcomer())

    assert read(house.newcomer(), house.pupils[0]).status_code == 200


def test_a_service_has_turns_of_its_own(house: House) -> None:
    feed = house.newcomer(Role.INTEGRATION)
    assert feed.owner is not None
    give_one(feed.owner, feed.actor, ScopeKind.ACADEMIES)
    keys = ApiKeys(house.system.views.pool, house.system.keys.seals)
    lasts = timedelta(days=1)
    _, text = keys.make(feed.actor.id, "Feed", ["get_pupil"], made_by=SENCO.id, lasts=lasts)
    own = {"Authorization": f"Bearer {text}"}
    answers = [feed.http.get(f"/v1/pupils/{uuid4()}", headers=own) for _ in range(BURST + 21)]

    assert 429 not in [answer.status_code for answer in answers[:-1]]
    told_to_wait(answers[-1], "too-many-requests", longest=1)


def test_recording_takes_turns_too(house: House) -> None:
    client = house.newcomer()
    used_up(client)

    told_to_wait(client.admit(), "too-many-requests", longest=1)


def test_a_token_that_is_renewed_is_the_same_person(house: House) -> None:
    client = house.newcomer()
    used_up(client)
    other = replace(client, actor=client.actor.model_copy(update={"academy": "Alder Park"}))

    problem_of(other.get("/v1/activity"), 429)


def from_address(house: House, address: str) -> TestClient:
    return TestClient(create_app(house.system), client=(address, 5000))


def test_those_who_fail_to_sign_in_are_told_to_wait_by_address(house: House) -> None:
    http = from_address(house, "192.0.2.7")
    answers = [
        http.get("/v1/activity", headers={"Authorization": f"Bearer {word}"} if word else {})
        for word in ("nonsense", "", "nonsense", "nonsense", "")
    ]

    assert [answer.status_code for answer in answers] == [401] * TRIES + [429, 429]
    told_to_wait(answers[-1], "too-many-requests", longest=1)
    there = from_address(house, "192.0.2.8")
    assert there.get("/v1/activity").status_code == 401
    assert "192.0.2" not in answers[-1].text


def test_the_secret_of_a_calendar_is_not_guessed_either(house: House) -> None:
    http = from_address(house, "192.0.2.9")
    paths = [f"/v1/duties/calendar/{number:040}.ics" for number in range(TRIES + 1)]

    assert [http.get(path).status_code for path in paths] == [404] * TRIES + [429]


def test_whoever_is_signed_in_does_not_pay_for_the_failures_of_their_address(house: House) -> None:
    http = from_address(house, "192.0.2.10")
    for _ in range(TRIES + 2):
        http.get("/v1/activity")

    assert http.get("/v1/activity", headers=house.newcomer().token).status_code == 200
    assert http.get("/health/live").status_code == 200


def test_an_address_that_a_header_names_is_not_believed(house: House) -> None:
    http = from_address(house, "192.0.2.11")
    answers = [
        http.get("/v1/activity", headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code
        for number in range(100, 100 + TRIES + 1)
    ]

    assert answers[-1] == 429


# Pupils


def test_a_third_pupil_within_the_hour_is_not_told_of(house: House) -> None:
    client, (first, second, third, _) = house.newcomer(), house.pupils
    assert [read(client, each).status_code for each in (first, second)] == [200, 200]

    told_to_wait(read(client, third), "too-many-pupils", longest=3601)
    assert house.refusals(client) == [("get_history", "TooManyPupils", [third])]
    assert read(client, first).status_code == 200
    assert read(client, second, "accesses").status_code == 200


def test_the_refusal_of_a_pupil_says_the_same_whoever_it_is(house: House) -> None:
    client = house.newcomer()
    for pupil in house.pupils[:2]:
        read(client, pupil)

    bodies = {read(client, pupil).text for pupil in house.pupils[2:]}
    assert len(bodies) == 1
    problem_of(read(client, uuid4()), 404)


def test_lists_do_not_use_up_what_may_be_opened(house: House) -> None:
    dpo = house.newcomer(Role.DPO)
    for _ in range(3):
        assert dpo.get("/v1/events", limit=4).status_code == 200

    assert [read(dpo, each).status_code for each in house.pupils[:3]] == [200, 200, 429]


def test_recording_is_no_reading(house: House) -> None:
    client = house.newcomer()
    for pupil in house.pupils[:2]:
        read(client, pupil)

    assert client.admit().status_code == 201


def test_it_holds_over_a_restart_and_in_a_second_process(house: House, tmp_path: Path) -> None:
    client = house.newcomer()
    for pupil in house.pupils[:2]:
        read(client, pupil)

    with serving(house.database, house.folder, watch=limits(tmp_path)) as (again, _):
        told_to_wait(
            read(again.signed_as(client.actor), house.pupils[2]), "too-many-pupils", longest=3601
        )


def test_a_second_export_on_a_day_is_refused(house: House) -> None:
    client = house.newcomer()
    assert read(client, house.pupils[0], "extract").status_code == 200

    told_to_wait(read(client, house.pupils[0], "extract"), "too-many-exports", longest=86_401)
    assert read(client, house.pupils[0]).status_code == 200


class Asleep(Watch):
    """A planted defect: nobody counts."""

    def require_quota(
        self, actor: Actor, pupils: Sequence[UUID], act: Act, request_id: UUID
    ) -> None: ...


class Dozing(Watch):
    """A planted defect: counts each answer when it has been given."""

    def require_quota(
        self, actor: Actor, pupils: Sequence[UUID], act: Act, request_id: UUID
    ) -> None:
        super().require_quota(actor, list(getattr(self, "last", [])), act, request_id)
        self.last = pupils


@pytest.mark.parametrize("planted", [Asleep, Dozing])
def test_a_watch_that_sleeps_would_be_found(house: House, planted: type[Watch]) -> None:
    watch = planted(house.system.watch.log, house.system.watch.rules)
    with TestClient(create_app(replace(house.system, watch=watch))) as http:
        client = replace(house.newcomer(), http=http)
        statuses = [read(client, each).status_code for each in house.pupils[:3]]

    assert statuses == [200, 200, 200]


def test_every_route_says_that_it_may_tell_to_wait(house: House) -> None:
    described = completed(house.client.app)

    def said(route: Any) -> set[str]:
        method = next(iter(route.methods)).lower()
        responses = described["paths"][route.path][method]["responses"]
        return set(responses["429"]["content"]["application/problem+json"]["examples"])

    reading = {route.path for route in reading_routes(house.client.app)}
    for route in routes_of(house.client.app):
        wanted = {"TooManyRequests"} | ({"TooManyPupils"} if route.path in reading else set())
        assert wanted <= said(route), route.path
    [extract] = [r for r in routes_of(house.client.app) if r.operation_id == "get_extract"]
    assert "TooManyExports" in said(extract)


# The DPO's list


def rows(client: Client, path: str, **asked: Any) -> list[dict[str, Any]]:
    response = client.get(path, **asked)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["data"]
    return found


def test_the_dpo_is_told_who_takes_records_out_and_of_no_pupil(house: House) -> None:
    client = house.newcomer()
    read(client, house.pupils[0], "extract")
    dpo = house.newcomer(Role.DPO)
    later = {"until": "2099-01-01T00:00:00Z", "since": "2098-12-01T00:00:00Z"}

    found = rows(dpo, "/v1/anomalies", until=tomorrow())

    [export] = [
        row for row in found if (row["actor_id"], row["kind"]) == (str(client.actor.id), "export")
    ]
    assert export["name"] == client.actor.name
    assert (export["role"], export["pupils"], export["what"]) == ("senco", 1, ["get_extract"])
    assert not any(str(pupil) in str(found) for pupil in house.pupils)
    assert NAME not in str(found)
    assert rows(dpo, "/v1/anomalies", **later) == []


def tomorrow() -> str:
    return (datetime.now(UTC) + timedelta(days=1)).isoformat()


def test_the_list_comes_in_pages_of_one_span(house: House) -> None:
    for _ in range(3):
        read(house.newcomer(), house.pupils[0], "extract")
    dpo, until = house.newcomer(Role.DPO), tomorrow()
    whole = rows(dpo, "/v1/anomalies", until=until, limit=200)

    found, cursor = [], None
    for _ in range(len(whole) + 1):
        more = {"cursor": cursor} if cursor else {"until": until}
        answer = dpo.get("/v1/anomalies", limit=1, **more).json()
        found += answer["data"]
        read(house.newcomer(), house.pupils[0], "extract")  # goes on meanwhile, and is later
        cursor = answer["meta"]["next"]
        if len(found) == len(whole):
            break

    assert [(row["actor_id"], row["kind"]) for row in found] == [
        (row["actor_id"], row["kind"]) for row in whole
    ]


@pytest.mark.parametrize(
    "asked",
    [
        {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
        {"since": "2025-12-01T00:00:00Z", "until": "2026-01-01T00:00:01Z"},
        {"until": "2026-01-01T00:00:00"},
        {"until": "yesterday"},
        {"since": "0001-01-01T00:00:00Z"},
        {"until": "0001-01-01T00:00:00Z"},
        {"since": "0001-01-01T00:00:00+14:00", "until": "0001-01-01T00:00:01Z"},
        {"until": "9999-12-31T23:59:59-14:00"},
        {"cursor": "x"},
        {"cursor": "OTIyMzM3MjAzNjg1NDc3NTgwNw"},
        {"limit": "201"},
    ],
)
def test_a_span_that_is_none_is_refused(house: House, asked: dict[str, str]) -> None:
    problem_of(house.newcomer(Role.DPO).get("/v1/anomalies", **asked), 422)


# Who has read a record


@contextmanager
def watched_by(house: House, watch: Watch) -> Iterator[TestClient]:
    """An app with another watch."""
    with TestClient(create_app(replace(house.system, watch=watch))) as http:
        yield http


def test_a_sendco_is_told_who_has_read_a_record(house: House) -> None:
    reader = house.newcomer()
    pupil = house.system.records.admit(ADMIT, Request(SENCO, uuid4(), uuid4())).pupil_id
    for _ in range(2):
        reader.http.get(
            f"/v1/pupils/{pupil}/history", headers=reader.token | {"X-Purpose": "transfer"}
        )
    problem_of(read(house.newcomer(Role.ANALYST), pupil), 403)

    [found] = rows(house.newcomer(), f"/v1/pupils/{pupil}/readers")
    assert found["name"] == SENCO.name
    assert (found["role"], found["times"]) == ("senco", 2)
    assert found["what"].startswith("read: the whole record")
    assert found["why"] == "because the pupil changes school"


@pytest.mark.parametrize("role", [Role.PARENT, Role.PUPIL])
@pytest.mark.parametrize("named", [False, True])
def test_a_family_is_told_roles_and_names_if_the_trust_says_so(
    house: House, tmp_path: Path, role: Role, named: bool
) -> None:
    pupil = house.pupils[3]
    read(house.newcomer(), pupil)
    rules = watch_rules(limits(tmp_path, NAMED if named else LIMITS))
    with watched_by(house, Watch(house.system.watch.log, rules)) as http:
        family = replace(house.newcomer(role), http=http)
        response = family.get(f"/v1/pupils/{pupil}/readers")

    assert response.status_code == 200
    assert response.json()["data"][0]["role"] == "senco"
    assert (SENCO.name in response.text) is named
    assert str(SENCO.id) not in response.text
    assert "refus" not in response.text


def test_readers_come_in_pages(house: House) -> None:
    pupil = house.system.records.admit(ADMIT, Request(SENCO, uuid4(), uuid4())).pupil_id
    for _ in range(3):
        read(house.newcomer(), pupil)
    client = house.newcomer()

    first = client.get(f"/v1/pupils/{pupil}/readers", limit=2).json()
    rest = client.get(f"/v1/pupils/{pupil}/readers", cursor=first["meta"]["next"]).json()

    assert len(first["data"]) == 2
    assert len(rest["data"]) == 2  # the third, and who asked for the first page
    assert rest["meta"]["next"] is None
