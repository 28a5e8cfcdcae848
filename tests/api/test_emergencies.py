"""Who broke the glass is told to whoever has to look into it, at once and until they have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import Connection

from send_records.aggregates.base import Actor
from send_records.aggregates.emergencies import BreakGlass, Finding, ReviewEmergencyAccess
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.values import Role, day_in_london
from send_records.application import Request
from send_records.bootstrap import Database, System, now
from send_records.keeper import Keeper
from send_records.projections.engine import Engine
from send_records.store.connections import one
from tests.api.client import Client, problem_of
from tests.api.conftest import serving
from tests.api.grants import give
from tests.conftest import Cluster, new_database
from tests.scenario import ADMIT, SENCO, but

ALDER, BIRCH = "Alder Park Academy", "Birch Lane Academy"
TODAY = day_in_london(now())
WHY = "At the clinic with her now: what may she eat?"
PATH = "/v1/emergency-access"
TEACHER = Actor(id=uuid4(), name="Tom Hale", role=Role.CLASS_TEACHER)


@dataclass(frozen=True)
class Ward:
    """Two academies with a pupil each, and those who look into emergencies."""

    client: Client
    system: System
    database: Database
    owner: Connection
    at_alder: UUID
    at_birch: UUID
    officer: Client
    principal: Client
    """Of Alder Park alone."""

    def taken(self, pupil: UUID, who: Actor = TEACHER) -> UUID:
        """Have somebody break the glass; return the access's id."""
        key = uuid4()
        person = self.client.as_they_are().signed_as(who)
        glass = BreakGlass(occurred_on=TODAY, reason_given=WHY)
        assert person.record(pupil, glass, key=key).status_code == 201
        return key

    def reviewed(self, pupil: UUID, access: UUID, by: Client) -> None:
        review = ReviewEmergencyAccess(
            occurred_on=TODAY,
            access_id=access,
            finding=Finding.JUSTIFIED,
            explanation="The clinic did ask",
        )
        assert by.record(pupil, review).status_code == 201

    def duties(self, access: UUID, pupil: UUID, show: str = "open") -> dict[str, dict[str, Any]]:
        """Return the duties of an access, by their clocks, once the views are level."""
        Engine(self.database.as_projector(), self.system.keys.seals).catch_up()
        senco = self.client.signed_in_as(Role.SENCO)
        answer = senco.get("/v1/duties", pupil_id=str(pupil), show=show, limit=200)
        assert answer.status_code == 200
        about = str(access)
        return {d["clock"]: d for d in answer.json()["data"] if about in d["about"].values()}


def told(client: Client, **more: Any) -> list[dict[str, Any]]:
    answer = client.get(PATH, **more)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


@pytest.fixture(scope="module")
def ward(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    with (
        new_database(cluster) as database,
        serving(database, tmp_path_factory.mktemp("ward")) as (client, system),
        one(database.as_owner()) as owner,
    ):

        def admitted(academy: str) -> UUID:
            pupil = but(ADMIT, academy=academy, upn=None)
            return system.records.admit(pupil, Request(SENCO, uuid4(), uuid4())).pupil_id

        def somebody(role: Role, kind: ScopeKind, *academies: str) -> Client:
            who = Actor(id=uuid4(), name="Priya Shah", role=role)
            give(owner, who, kind, academies=academies)
            return client.as_they_are().signed_as(who)

        give(owner, TEACHER, ScopeKind.CLASSES, academies=[ALDER], classes=["2W"])
        yield Ward(
            client,
            system,
            database,
            owner,
            admitted(ALDER),
            admitted(BIRCH),
            somebody(Role.DPO, ScopeKind.TRUST),
            somebody(Role.PRINCIPAL, ScopeKind.ACADEMIES, ALDER),
        )


@pytest.fixture
def newcomer(ward: Ward) -> Actor:
    """A teacher who has not broken any glass yet."""
    who = TEACHER.model_copy(update={"id": uuid4()})
    give(ward.owner, who, ScopeKind.CLASSES, academies=[ALDER], classes=["2W"])
    return who


def test_an_access_is_told_at_once_with_who_when_and_why(ward: Ward, newcomer: Actor) -> None:
    before = now()
    access = ward.taken(ward.at_alder, newcomer)

    for reader in (ward.officer, ward.principal):
        row = told(reader)[0]
        at = [row.pop("taken_at"), row.pop("until")]
        assert before.isoformat()[:19] <= at[0] < at[1]
        assert row == {
            "access_id": str(access),
            "pupil_id": str(ward.at_alder),
            "taken_by": "Tom Hale",
            "taken_by_id": str(newcomer.id),
            "role": "class_teacher",
            "academy": ALDER,
            "reason": WHY,
            "review": None,
        }


def test_its_review_is_told_with_it(ward: Ward, newcomer: Actor) -> None:
    access = ward.taken(ward.at_alder, newcomer)
    ward.reviewed(ward.at_alder, access, ward.principal)

    review = told(ward.officer)[0]["review"]
    assert review.pop("reviewed_at")
    assert review == {
        "reviewed_by": "Priya Shah",
        "role": "principal",
        "finding": "justified",
        "explanation": "The clinic did ask",
    }


def test_a_review_is_of_one_access_and_no_other_of_the_same_pupil(
    ward: Ward, newcomer: Actor
) -> None:
    """Planted: reviews found by pupil alone would mark the second as looked into."""
    first = ward.taken(ward.at_alder, newcomer)
    ward.reviewed(ward.at_alder, first, ward.principal)
    other = TEACHER.model_copy(update={"id": uuid4()})
    give(ward.owner, other, ScopeKind.CLASSES, academies=[ALDER], classes=["2W"])
    second = ward.taken(ward.at_alder, other)

    found = {row["access_id"]: row["review"] for row in told(ward.officer, limit=2)}
    assert found[str(second)] is None
    assert found[str(first)] is not None


def test_a_principal_is_told_of_their_own_academies_alone(ward: Ward, newcomer: Actor) -> None:
    access = ward.taken(ward.at_birch, newcomer)

    assert str(access) == told(ward.officer)[0]["access_id"]
    rows = told(ward.principal, limit=200)
    assert {row["pupil_id"] for row in rows} <= {str(ward.at_alder)}


def test_nobody_else_is_told(ward: Ward) -> None:
    for role in sorted(set(Role) - {Role.DPO, Role.PRINCIPAL}):
        problem_of(ward.client.signed_in_as(role).get(PATH), 403)
    assert ward.client.http.get(PATH).status_code == 401


def test_accesses_come_in_pages_the_newest_first(ward: Ward, newcomer: Actor) -> None:
    for pupil in (ward.at_alder, ward.at_birch):
        ward.taken(pupil, newcomer)
    everything = told(ward.officer, limit=200)
    paged, more = list[dict[str, Any]](), dict[str, Any]()
    while True:
        answer = ward.officer.get(PATH, limit=1, **more).json()
        paged += answer["data"]
        if answer["meta"]["next"] is None:
            break
        more = {"cursor": answer["meta"]["next"]}

    assert paged == everything
    times = [row["taken_at"] for row in paged]
    assert times == sorted(times, reverse=True)


def test_who_looked_is_in_the_access_log_with_those_of_whom_they_were_told(
    ward: Ward, newcomer: Actor
) -> None:
    ward.taken(ward.at_alder, newcomer)
    answer = ward.officer.get(PATH, limit=1)
    [line] = ward.owner.execute(
        "SELECT what, act, tier, outcome, pupils FROM access_log WHERE request_id = %s",
        [UUID(answer.headers["X-Request-Id"])],
    ).fetchall()

    assert line == ("get_emergency_accesses", "read", "T5", "given", [ward.at_alder])


def test_of_a_pupil_who_was_erased_none_is_told(ward: Ward, newcomer: Actor) -> None:
    gone = but(ADMIT, academy=ALDER, upn=None)
    pupil = ward.system.records.admit(gone, Request(SENCO, uuid4(), uuid4())).pupil_id
    kept = ward.taken(ward.at_alder, newcomer)
    ward.taken(pupil, newcomer)
    Keeper(ward.database, ward.system.keys, SENCO).destroy(pupil, "Decision 12", now())

    rows = told(ward.officer, limit=200)
    assert str(kept) in {row["access_id"] for row in rows}
    assert str(pupil) not in {row["pupil_id"] for row in rows}


def test_an_access_is_on_two_lists_the_same_day_until_it_was_reviewed(
    ward: Ward, newcomer: Actor
) -> None:
    """Planted: a clock whose list is another's, or that a review does not stop, is seen here."""
    access = ward.taken(ward.at_alder, newcomer)
    open_now = ward.duties(access, ward.at_alder)

    assert {
        clock: (duty["role"], duty["due_on"])
        for clock, duty in open_now.items()
        if clock in ("emergency_access_dpo", "emergency_access_principal")
    } == {
        "emergency_access_dpo": ("dpo", str(TODAY)),
        "emergency_access_principal": ("principal", str(TODAY)),
    }
    own = ward.officer.get("/v1/duties", pupil_id=str(ward.at_alder), limit=200).json()["data"]
    assert open_now["emergency_access_dpo"]["duty_id"] in {duty["duty_id"] for duty in own}
    review = open_now["emergency_access_review"]
    assert review["role"] == "dpo"
    weekdays = sum(
        (TODAY + timedelta(days=n)).weekday() < 5
        for n in range(1, (date.fromisoformat(review["due_on"]) - TODAY).days + 1)
    )
    assert weekdays >= 5  # five school days, and holidays are none
    assert date.fromisoformat(review["due_on"]) - TODAY < timedelta(days=60)  # the longest one

    ward.reviewed(ward.at_alder, access, ward.principal)

    assert ward.duties(access, ward.at_alder) == {}
    met = ward.duties(access, ward.at_alder, show="all")
    assert {duty["state"] for duty in met.values()} == {"met"}
    assert {"emergency_access_dpo", "emergency_access_principal", "emergency_access_review"} <= set(
        met
    )
