"""The provision map and the medical register as they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from send_records.aggregates.base import Command
from send_records.aggregates.delivery import Tier
from send_records.aggregates.medical import PlaceOnMedicalRegister, RemoveFromMedicalRegister
from send_records.aggregates.provision import StartProvision
from send_records.aggregates.sessions import EndProvision
from send_records.aggregates.values import Area
from send_records.application import Request, SendRecords
from send_records.bootstrap import System
from send_records.projections.engine import Engine
from tests.api.client import Client
from tests.api.conftest import serving
from tests.api.story_provision import TAUGHT
from tests.conftest import Cluster, new_database
from tests.keys import held
from tests.scenario import ADMIT, SENCO, but

ALDER, BIRCH = "Alder Park Academy", "Birch Lane Academy"

START = StartProvision(
    occurred_on=date(2024, 1, 8),
    intervention="Reading aloud",
    tier=Tier.UNIVERSAL,
    area=Area.COGNITION,
    delivery=TAUGHT,
    weeks=6,
    entry_data="Reads to nobody",
)
PLACE = PlaceOnMedicalRegister(occurred_on=date(2024, 1, 9), condition="Asthma")
REMOVE = RemoveFromMedicalRegister(
    occurred_on=date(2024, 2, 9), condition="Asthma", why="No attack for years"
)


def asked(key: UUID | None = None) -> Request:
    return Request(SENCO, key or uuid4(), uuid4())


def admit(records: SendRecords, name: str, academy: str, *commands: Command) -> UUID:
    pupil = but(ADMIT, legal_name=name, academy=academy, upn=None)
    pupil_id = records.admit(pupil, asked()).pupil_id
    for command in commands:
        records.execute(pupil_id, command, asked())
    return pupil_id


@pytest.fixture(scope="module")
def school(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, dict[str, UUID]]]:
    """Ana and Ben are at one academy and Cai is at another; what Ben had is over."""
    with (
        new_database(cluster) as database,
        serving(database, tmp_path_factory.mktemp("school")) as (client, system),
    ):
        records = system.records
        later = but(START, occurred_on=date(2024, 1, 15))
        ids = {
            "Ana Lopez": admit(records, "Ana Lopez", ALDER, later, PLACE),
            "Cai Rees": admit(records, "Cai Rees", BIRCH, but(START, weeks=7), PLACE),
            "Ben Haddad": admit_with_ended(system),
        }
        Engine(database.as_projector(), held().seals).catch_up()
        yield client, ids


def admit_with_ended(system: System) -> UUID:
    pupil_id, provision = admit(system.records, "Ben Haddad", ALDER, PLACE, REMOVE), uuid4()
    early = but(START, occurred_on=date(2023, 11, 6))
    system.records.execute(pupil_id, early, asked(provision))
    end = EndProvision(
        occurred_on=date(2023, 12, 18), provision_id=provision, exit_data="Reads", impact_rating=2
    )
    system.records.execute(pupil_id, end, asked())
    return pupil_id


def names(client: Client, path: str, **parameters: Any) -> list[str]:
    response = client.get(path, **parameters)
    assert response.status_code == 200, response.text
    return [row["pupil"]["legal_name"] for row in response.json()["data"]]


def test_the_map_is_in_the_order_in_which_it_started(
    school: tuple[Client, dict[str, UUID]],
) -> None:
    client, _ = school

    assert names(client, "/v1/provision-map") == ["Ben Haddad", "Cai Rees", "Ana Lopez"]


def test_the_map_is_of_an_academy_or_a_pupil_and_of_what_goes_on_or_is_over(
    school: tuple[Client, dict[str, UUID]],
) -> None:
    client, ids = school
    path = "/v1/provision-map"

    assert names(client, path, academy=ALDER) == ["Ben Haddad", "Ana Lopez"]
    assert names(client, path, pupil_id=str(ids["Cai Rees"])) == ["Cai Rees"]
    assert names(client, path, open="true") == ["Cai Rees", "Ana Lopez"]
    assert names(client, path, open="false") == ["Ben Haddad"]
    assert names(client, path, open="true", academy=BIRCH) == ["Cai Rees"]


def test_the_map_says_what_was_given_in_words_and_what_it_costs(
    school: tuple[Client, dict[str, UUID]],
) -> None:
    client, ids = school
    [row] = client.get("/v1/provision-map", pupil_id=str(ids["Ben Haddad"])).json()["data"]

    said = {name: row[name] for name in ("intervention", "exit_data", "impact", "deliverer")}
    assert said == {
        "intervention": "Reading aloud",
        "exit_data": "Reads",
        "impact": "Target met",
        "deliverer": "Bo Quist (teaching_assistant)",
    }
    assert row["planned_cost_pence"] == 4100  # 6 x 5 x 1/6 x 16.40 / 2


def test_pages_of_the_map_follow_one_another(school: tuple[Client, dict[str, UUID]]) -> None:
    client, _ = school
    first = client.get("/v1/provision-map", limit=2).json()

    second = client.get("/v1/provision-map", limit=2, cursor=first["meta"]["next"]).json()

    assert [len(first["data"]), len(second["data"])] == [2, 1]
    assert second["meta"]["next"] is None


def test_the_medical_register_shows_who_is_on_it_and_when_asked_who_was(
    school: tuple[Client, dict[str, UUID]],
) -> None:
    client, ids = school
    path = "/v1/medical-register"

    assert sorted(names(client, path)) == ["Ana Lopez", "Cai Rees"]
    assert sorted(names(client, path, past="true")) == ["Ana Lopez", "Ben Haddad", "Cai Rees"]
    assert names(client, path, academy=BIRCH) == ["Cai Rees"]
    assert names(client, path, pupil_id=str(ids["Ben Haddad"])) == []
    [row] = client.get(path, pupil_id=str(ids["Ana Lopez"])).json()["data"]
    assert (row["condition"], row["next_review_on"]) == ("Asthma", None)


def test_both_can_be_asked_of_the_past(school: tuple[Client, dict[str, UUID]]) -> None:
    client, ids = school
    ben = str(ids["Ben Haddad"])

    assert names(client, "/v1/provision-map", as_of="2023-12-17", open="true") == ["Ben Haddad"]
    assert names(client, "/v1/provision-map", as_of="2023-11-05") == []
    [row] = client.get("/v1/provision-map", as_of="2023-12-17").json()["data"]
    assert (row["ended_on"], row["exit_data"], row["impact_rating"]) == (None, None, None)
    assert names(client, "/v1/medical-register", as_of="2024-02-08", pupil_id=ben) == ["Ben Haddad"]
    assert names(client, "/v1/medical-register", as_of="2024-02-09", pupil_id=ben) == []
    assert names(client, "/v1/medical-register", as_of="2024-02-08", academy=BIRCH) == ["Cai Rees"]


@pytest.mark.parametrize("path", ["/v1/provision-map", "/v1/medical-register"])
def test_the_list_of_today_is_that_of_now(
    school: tuple[Client, dict[str, UUID]], path: str
) -> None:
    client, _ = school
    today = client.get(path).json()["data"]

    assert client.get(path, as_of="2026-11-22").json()["data"] == today != []
