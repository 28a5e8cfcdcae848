"""Jobs over HTTP: asked for, followed, cancelled; and there for nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import Response
from psycopg import Connection

from send_records.aggregates.base import Actor
from send_records.aggregates.disclosures import PrepareDisclosure
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.preparations import PackPurpose
from send_records.aggregates.values import Role
from send_records.api.jobs import makes
from send_records.api.jobs_shown import problem_named, refusals
from send_records.api.recording import router_for
from send_records.api.strict import LARGEST_BODY
from send_records.bootstrap import Database, System
from send_records.errors import RuleBroken
from send_records.jobs import Made, Makers, Task, Working
from send_records.store.connections import one
from tests.api.client import Client, problem_of
from tests.api.conftest import serving
from tests.api.grants import give
from tests.api.steps import body_of
from tests.conftest import Cluster, new_database
from tests.jobs.workshop import HANDOVER, pack_maker
from tests.scenario import ADMIT, SENCO, but

NEVER = threading.Event()
COLLEAGUE = Actor(id=uuid4(), name="Priya Shahnaz", role=Role.SENCO)
TEACHER = Actor(id=uuid4(), name="Jo Whitfield", role=Role.CLASS_TEACHER)
ELSEWHERE = Actor(id=uuid4(), name="Una Far", role=Role.SENCO)
REFUSED = "refused"


class NotOnSundays(RuleBroken):
    """Nothing is made on Sundays."""

    basis = "Exodus 20:8"


def maker(task: Task, working: Working) -> Made:
    if task.command.reason == REFUSED:
        raise NotOnSundays("words about Aisha Rahman")
    return pack_maker(task, working)


def making(*_: object) -> Makers:
    return {PrepareDisclosure: maker}


@dataclass(frozen=True)
class Office:
    """A pupil, the SENDCo who asks, and the way to ask."""

    client: Client
    system: System
    watching: Connection
    pupil: UUID

    def ask(self, *, key: object = None, seen: object = "*", **changed: Any) -> Response:
        body = body_of(but(HANDOVER, **changed))
        return self.client.post(
            f"/v1/pupils/{self.pupil}/prepared", body, key=key or uuid4(), seen=seen
        )

    def asked(self, **changed: Any) -> str:
        answer = self.ask(**changed)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    def job(self, job_id: str) -> Any:
        answer = self.client.get(f"/v1/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def cancel(self, job_id: object, client: Client | None = None) -> Response:
        client = client or self.client
        path = f"/v1/jobs/{job_id}/cancel"
        return client.http.post(path, headers=client.known(path))

    def accesses(self) -> list[tuple[str, str, list[UUID]]]:
        return self.watching.execute(
            "SELECT act, what, pupils FROM access_log ORDER BY position"
        ).fetchall()


@pytest.fixture(scope="module")
def house(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, System, Database]]:
    with (
        new_database(cluster) as database,
        serving(database, tmp_path_factory.mktemp("jobs"), making) as (client, system),
    ):
        router = router_for("jobs")
        makes(router, "prepared", PrepareDisclosure)
        client.app.include_router(router, prefix="/v1")
        assert client.owner is not None
        client.get("/v1/register")  # by which the SENDCo is given their role
        give(client.owner, COLLEAGUE, ScopeKind.ACADEMIES, academies=["Alder Park Academy"])
        give(client.owner, ELSEWHERE, ScopeKind.ACADEMIES, academies=["Birch Lane Academy"])
        yield client, system, database


@pytest.fixture
def office(house: tuple[Client, System, Database]) -> Iterator[Office]:
    client, system, database = house
    key = uuid4()
    assert client.admit(but(ADMIT, upn=None), key=key).status_code == 201
    with one(database.as_owner()) as watching:
        yield Office(client, system, watching, key)
        while system.runner.do_one(NEVER):
            pass


def test_a_job_is_asked_for_followed_and_done(office: Office) -> None:
    answer = office.ask()

    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["Location"] == f"/v1/jobs/{job['job_id']}"
    assert answer.headers["Retry-After"] == "1"
    assert "Idempotent-Replayed" not in answer.headers
    assert job["pupil_id"] == str(office.pupil)
    assert (job["kind"], job["state"], job["stage"]) == (
        *("prepare_disclosure", "waiting", "Waiting to begin"),
    )
    assert (job["percent"], job["result"], job["problem"]) == (None, None, None)

    assert office.system.runner.do_one(NEVER)

    done = office.job(job["job_id"])
    assert (done["state"], done["stage"], done["percent"]) == ("done", "Done", 100)
    assert done["result"] == f"/v1/pupils/{office.pupil}/packs/{job['job_id']}/content"
    assert done["asked_at"] < done["ended_at"] < done["expires_at"]
    assert "Retry-After" not in office.client.get(f"/v1/jobs/{job['job_id']}").headers


def test_what_is_being_done_is_said_in_words(office: Office) -> None:
    job_id, worker = UUID(office.asked()), uuid4()
    store = office.system.runner._store
    while (claimed := store.claim(worker, timedelta(60), ["PrepareDisclosure"])) is not None:
        store.beat(claimed.job_id, worker, "removing_what_is_withheld", 7, 20)
    job = office.job(str(job_id))

    assert (job["state"], job["stage"]) == ("running", "Removing what is withheld")
    assert (job["done"], job["total"], job["percent"]) == (7, 20, 35)
    store.release(job_id, worker, counts=False)


def test_asked_again_it_is_the_same_job(office: Office) -> None:
    key = uuid4()
    first = office.ask(key=key)
    again = office.ask(key=key)

    assert again.status_code == 202
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    another = office.ask(key=key, purpose=PackPurpose.LA_ADVICE)
    assert problem_of(another, 422)["title"] == "Idempotency key reused"


def test_what_cannot_be_recorded_is_refused_at_once(office: Office) -> None:
    unknown = office.ask(purpose=PackPurpose.SUBJECT_ACCESS, request_id=uuid4())
    problem_of(unknown, 404)
    problem_of(office.ask(seen=1), 412)
    problem_of(office.ask(seen="x"), 428)
    mine = office.client.get("/v1/jobs", limit=200).json()["data"]
    assert str(office.pupil) not in {job["pupil_id"] for job in mine}


def test_one_that_failed_says_what_it_was_refused_with_and_keeps_it_sealed(office: Office) -> None:
    job_id = office.asked(reason=REFUSED)
    office.system.runner.do_one(NEVER)
    job = office.job(job_id)

    assert (job["state"], job["stage"], job["result"]) == ("failed", "Failed", None)
    assert job["problem"] == {
        "title": "Not on sundays",
        "detail": "words about Aisha Rahman",
        "basis": "Exodus 20:8",
    }
    kept = office.watching.execute("SELECT sealed FROM jobs WHERE job_id = %s", [job_id]).fetchone()
    assert kept is not None
    assert b"Aisha" not in kept[0]


def test_every_refusal_can_be_said(office: Office) -> None:
    assert len(refusals()) > 100
    for name in refusals():
        said = problem_named(name, None)
        assert said.title
        assert said.detail, name


def test_a_job_is_cancelled_once_and_not_when_it_is_done(office: Office) -> None:
    waiting = office.asked()
    assert office.cancel(waiting).json()["state"] == "cancelled"
    again = office.cancel(waiting)
    assert (again.status_code, again.json()["stage"]) == (200, "Cancelled")

    done = office.asked()
    office.system.runner.do_one(NEVER)
    problem_of(office.cancel(done), 409)
    assert office.job(done)["state"] == "done"


# Whose


def unknown_to(office: Office, client: Client, job_id: str) -> bool:
    """Whether a job is to somebody as one that is not there, to the byte."""
    asking: list[Callable[[object], Response]] = [
        lambda at: client.get(f"/v1/jobs/{at}"),
        lambda at: office.cancel(at, client),
    ]
    for ask in asking:
        there, nowhere = ask(job_id), ask(uuid4())
        assert {there.status_code, nowhere.status_code} <= {200, 404, 409}
        if there.status_code != 404 or there.content != nowhere.content:
            return False
    return bool(office.job(job_id)["state"] == "waiting")


def test_anothers_job_is_not_there(office: Office) -> None:
    job_id = office.asked()
    mine = office.client.as_they_are()
    teacher = office.client.signed_as(TEACHER)  # who has the pupil in their class
    teacher.known(f"/v1/pupils/{office.pupil}")
    standing = office.system.standings.of(TEACHER.id, office.pupil)
    assert any(held.scope.holds(office.pupil, standing.places or ()) for held in standing.held)

    assert unknown_to(office, mine.signed_as(ELSEWHERE), job_id)
    assert unknown_to(office, teacher.as_they_are(), job_id)
    assert not unknown_to(office, mine.signed_as(COLLEAGUE), job_id)


def test_somebody_without_a_role_is_refused(office: Office) -> None:
    job_id = office.asked()
    parent = office.client.signed_in_as(Role.PARENT)
    problem_of(parent.get(f"/v1/jobs/{job_id}"), 403)
    problem_of(parent.get("/v1/jobs"), 403)
    problem_of(office.cancel(job_id, parent), 403)
    assert office.job(job_id)["state"] == "waiting"


def test_a_list_is_of_ones_own(office: Office) -> None:
    several = [office.asked() for _ in range(3)]
    found, cursor = list[str](), None
    while True:
        more: dict[str, str] = {} if cursor is None else {"cursor": cursor}
        page = office.client.get("/v1/jobs", limit=2, **more).json()
        found += [job["job_id"] for job in page["data"]]
        cursor = page["meta"]["next"]
        if cursor is None:
            break
    colleague = office.client.as_they_are().signed_as(COLLEAGUE)

    assert found[:3] == several[::-1]
    assert len(found) == len(set(found))
    assert colleague.get("/v1/jobs").json()["data"] == []
    problem_of(office.client.get("/v1/jobs", cursor="x"), 422)


# Recorded, and held to limits


def test_who_asks_follows_or_cancels_is_in_the_access_log(office: Office) -> None:
    before = len(office.accesses())
    job_id = office.asked()
    office.job(job_id)
    office.cancel(job_id)
    problem_of(office.client.get(f"/v1/jobs/{uuid4()}"), 404)

    assert office.accesses()[before:] == [
        ("read", "prepare_disclosure", [office.pupil]),
        ("read", "get_job", [office.pupil]),
        ("read", "cancel_job", [office.pupil]),
        ("refusal", "get_job", []),
    ]


def test_a_body_over_the_limit_is_refused_and_nothing_waits(office: Office) -> None:
    key = uuid4()
    path = f"/v1/pupils/{office.pupil}/prepared"
    body = body_of(HANDOVER) | {"reason": "x" * LARGEST_BODY}

    problem_of(office.client.post(path, body, key=key), 413)
    problem_of(office.client.post(path, body | {"reason": "x" * 8001}, key=key), 422)
    problem_of(office.client.get(f"/v1/jobs/{key}"), 404)


def test_only_those_of_its_roles_may_ask(office: Office) -> None:
    path = f"/v1/pupils/{office.pupil}/prepared"
    teacher = office.client.signed_in_as(Role.CLASS_TEACHER)
    problem_of(teacher.post(path, body_of(HANDOVER)), 403)
    assert SENCO.role in PrepareDisclosure.roles
