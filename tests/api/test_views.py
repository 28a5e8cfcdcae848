"""The questions that can be asked: pages without gap or repeat, and what was just written."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import TypeAdapter

from send_records.aggregates.enrolment import AdmitPupil, MovePupilAcademy, RecordLeaving
from send_records.api import views
from send_records.api.search import Found
from send_records.api.views import Listing
from send_records.application import Request, SendRecords
from send_records.bootstrap import Database, System
from send_records.errors import NotReadyYet
from send_records.projections.chronology import ChronologyRow
from send_records.projections.engine import Engine, wait_until_seen
from send_records.projections.names import plain_name
from send_records.projections.register_rows import RegisterRow
from send_records.projections.retention_schedule import RetentionRow
from send_records.store.access import AccessRow
from send_records.workers import projecting
from tests.api.client import Client, problem_of
from tests.api.conftest import serving
from tests.api.story import DPO, HELD_ON, PUPIL
from tests.conftest import Cluster, new_database
from tests.keys import held
from tests.scenario import ADD, ADMIT, IDENTIFY, RECORD_MOTHER, SENCO, TELL, but

ALDER, BIRCH = "Alder Park Academy", "Birch Lane Academy"
LEAVING = RecordLeaving(occurred_on=date(2024, 7, 19), why="Moved to Leeds")
NAMES = ["Ana Lopez", "ana lopez", "Ana Lopez", "Öykü Demir", "Zoë O'Neill", "আয়েশা রহমান"]


@pytest.fixture(scope="module")
def crowded(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, System]]:
    """30 pupils, many of one name: 20 on the register, 5 of whom left, at two academies."""
    with (
        new_database(cluster) as database,
        serving(database, tmp_path_factory.mktemp("crowded")) as (client, system),
    ):
        for number in range(30):
            entry = but(
                ADMIT,
                legal_name=NAMES[number % len(NAMES)],
                academy=(ALDER, BIRCH)[number % 2],
                upn=None,
            )
            admit(system.records, entry, supported=number < 20, leaves=number < 5)
        Engine(database.as_projector(), held().seals).catch_up()
        yield client, system


def admit(records: SendRecords, entry: AdmitPupil, *, supported: bool, leaves: bool) -> None:
    def asked(key: UUID | None = None) -> Request:
        return Request(SENCO, key or uuid4(), uuid4())

    pupil_id, mother = records.admit(entry, asked()).pupil_id, uuid4()
    if supported:
        records.execute(pupil_id, RECORD_MOTHER, asked(mother))
        for command in (IDENTIFY, but(TELL, contact_ids=[mother]), ADD):
            records.execute(pupil_id, command, asked())
    if leaves:
        records.execute(pupil_id, LEAVING, asked())


@pytest.fixture
def reader(crowded: tuple[Client, System]) -> Client:
    return crowded[0]


def pages(client: Client, path: str, **parameters: Any) -> Iterator[list[dict[str, Any]]]:
    """Follow the cursors to the end."""
    cursor: dict[str, str] = {}
    while True:
        response = client.get(path, **parameters, **cursor)
        assert response.status_code == 200, response.text
        page = response.json()
        yield page["data"]
        if page["meta"]["next"] is None:
            return
        cursor = {"cursor": page["meta"]["next"]}


@pytest.mark.parametrize("limit", [1, 7, 20, 199])
@pytest.mark.parametrize(
    ("path", "key", "asked"),
    [
        ("/v1/register", "pupil_id", {"show": "all", "left": True}),
        ("/v1/retention", "pupil_id", {}),
        ("/v1/events", "position", {}),
    ],
)
def test_pages_follow_one_another_without_gap_or_repeat(
    reader: Client, limit: int, path: str, key: str, asked: dict[str, Any]
) -> None:
    reader = reader.signed_as(DPO if path == "/v1/events" else SENCO)
    whole = [row[key] for page in pages(reader, path, limit=200, **asked) for row in page]

    found = list(pages(reader, path, limit=limit, **asked))

    assert [row[key] for page in found for row in page] == whole
    assert len(set(whole)) == len(whole) >= 30
    assert {len(page) for page in found[:-1]} <= {limit}


@pytest.mark.parametrize("limit", [1, 7, 200])
@pytest.mark.parametrize(("view", "key"), [("chronology", "position"), ("history", "version")])
def test_a_story_is_told_in_pages_without_gap_or_repeat(
    storied: tuple[Client, System], limit: int, view: str, key: str
) -> None:
    client, system = storied
    found = list(pages(client, f"/v1/pupils/{PUPIL}/{view}", limit=limit))

    told = [row[key] for page in found for row in page]
    assert sorted(told) == list(range(1, system.records.size() + 1))


def test_the_register_shows_those_on_it_and_on_roll(reader: Client) -> None:
    rows = reader.get("/v1/register", limit=200).json()["data"]

    assert len(rows) == 15
    assert {row["status"] for row in rows} == {"targeted"}
    assert {row["left_on"] for row in rows} == {None}
    names = [row["legal_name"] for row in rows]
    assert names == sorted(names, key=plain_name)


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({"show": "all"}, 25),
        ({"show": "all", "left": True}, 30),
        ({"left": True}, 20),
        ({"show": "monitoring"}, 0),
        ({"show": "removed"}, 0),
        ({"show": "all", "academy": ALDER, "left": True}, 15),
        ({"academy": BIRCH}, 8),
        ({"academy": "Nowhere"}, 0),
    ],
)
def test_the_register_shows_what_is_asked_for(
    reader: Client, asked: dict[str, Any], count: int
) -> None:
    rows = reader.get("/v1/register", limit=200, **asked).json()["data"]

    assert len(rows) == count
    assert {row["academy"] for row in rows} <= {asked.get("academy", ALDER), ALDER, BIRCH}


def test_those_removed_and_those_monitored_are_shown_when_asked_for(
    storied: tuple[Client, System],
) -> None:
    client, _ = storied

    def shown(**asked: str) -> list[str]:
        return [row["pupil_id"] for row in client.get("/v1/register", **asked).json()["data"]]

    assert shown() == shown(show="monitoring") == []
    assert shown(show="removed") == shown(show="all") == [str(PUPIL)]


def test_a_pupil_is_shown_with_the_version_to_match(storied: tuple[Client, System]) -> None:
    client, system = storied

    response = client.get(f"/v1/pupils/{PUPIL}")

    version = system.records.pupil(PUPIL).version
    assert response.headers["ETag"] == f'"{version}"'
    row = response.json()
    assert (row["version"], row["legal_name"], row["preferred_name"]) == (
        version,
        "Aisha Rahman",
        "Ash",
    )
    assert (row["status"], row["sen_provision"]) == ("removed", "N")
    assert (row["added_on"], row["removed_on"]) == ("2024-02-14", "2024-07-03")


def test_the_chronology_is_in_the_order_in_which_it_happened(
    storied: tuple[Client, System],
) -> None:
    client, _ = storied
    rows = client.get(f"/v1/pupils/{PUPIL}/chronology", limit=200).json()["data"]

    places = [(row["occurred_on"], row["position"]) for row in rows]
    assert places == sorted(places)
    assert {row["phase"] for row in rows} == {"assess", "plan", "do", "review", "record"}


def test_the_history_is_the_events_themselves(storied: tuple[Client, System]) -> None:
    client, system = storied
    rows = client.get(f"/v1/pupils/{PUPIL}/history", limit=200).json()["data"]

    assert [row["event"] for row in rows] == [
        type(event).__name__ for event in system.records.history(PUPIL)
    ]
    assert rows[0]["metadata"]["recorded_by"]["name"] == SENCO.name
    assert rows[0]["legal_name"] == "Aisha Rahman"
    [held] = [row for row in rows if row["event"] == "ReviewHeld"]
    assert held["occurred_on"] == HELD_ON.isoformat()
    assert {row["pupil_id"] for row in rows} == {str(PUPIL)}


def test_the_schedule_says_until_when_and_by_which_rule(storied: tuple[Client, System]) -> None:
    client, _ = storied
    [row] = client.get("/v1/retention").json()["data"]

    assert row["earliest_disposal_on"] == "2042-03-11"
    assert "policy s.11" in row["rule_citation"]
    assert client.get("/v1/retention", held=True).json()["data"] == []
    assert len(client.get("/v1/retention", held=False).json()["data"]) == 1


def test_the_feed_goes_on_from_any_position(reader: Client, crowded: tuple[Client, System]) -> None:
    dpo = reader.signed_as(DPO)
    size = crowded[1].records.size()

    rows = dpo.get("/v1/events", after=size - 3).json()

    assert [row["position"] for row in rows["data"]] == [size - 2, size - 1, size]
    assert rows["meta"]["next"] is None
    assert dpo.get("/v1/events", after=size).json()["data"] == []


@pytest.mark.parametrize("view", ["", "/chronology", "/history"])
def test_a_pupil_nobody_knows_is_not_found(reader: Client, view: str) -> None:
    problem_of(reader.get(f"/v1/pupils/{uuid4()}{view}"), 404)


LISTINGS: dict[str, Any] = {
    "/v1/register?show=all&limit=7": Listing[RegisterRow],
    "/v1/register?academy=Nowhere": Listing[RegisterRow],
    "/v1/retention?limit=200": Listing[RetentionRow],
    f"/v1/pupils/{PUPIL}": RegisterRow,
    f"/v1/pupils/{PUPIL}/chronology?limit=5": Listing[ChronologyRow],
    f"/v1/pupils/{PUPIL}/accesses?limit=2": Listing[AccessRow],
}


@pytest.mark.parametrize("path", LISTINGS)
def test_an_answer_is_what_its_description_makes_of_it(
    storied: tuple[Client, System], path: str
) -> None:
    client, _ = storied
    described = TypeAdapter[Any](LISTINGS[path])

    response = client.http.get(path, headers=client.token)

    assert response.headers["content-type"] == "application/json"
    same = described.dump_json(described.validate_json(response.content))
    assert response.json() == json.loads(same)


def test_what_was_found_is_what_its_description_makes_of_it(
    storied: tuple[Client, System],
) -> None:
    client, _ = storied
    for name, number in (("rahman", 1), ("nobody", 0)):
        response = client.search(name=name)
        found = Found.model_validate_json(response.content)
        assert response.json() == found.model_dump(mode="json")
        assert len(response.json()["data"]) == number


def test_a_page_after_somebody_who_is_not_there_is_refused(reader: Client) -> None:
    for path in ("/v1/register", "/v1/retention"):
        problem = problem_of(reader.get(path, cursor=views.cursor_of(uuid4())), 422)
        assert problem["type"] == "urn:send-records:problem:place-gone"


def test_no_name_is_in_any_cursor(reader: Client) -> None:
    cursors = [
        reader.get("/v1/register", show="all", limit=limit).json()["meta"]["next"]
        for limit in range(1, 20)
    ]

    for cursor in cursors:
        UUID(base64.urlsafe_b64decode(cursor + "==").decode())


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


GOOD = cursor(str(PUPIL))


@pytest.mark.parametrize(
    "tampered",
    [
        "",
        "x",
        "!!!!",
        "é",
        "\x00",
        GOOD[:-1],
        GOOD + "=",
        GOOD + "A",
        GOOD[:4] + "!" + GOOD[4:],
        cursor("12"),
        cursor("Aisha Rahman"),
        cursor(f"{{{PUPIL}}}"),
        cursor(str(PUPIL).upper()),
        cursor("' OR 1=1 --"),
        "A" * 101,
    ],
)
def test_a_cursor_that_was_changed_is_refused(reader: Client, tampered: str) -> None:
    for path in ("/v1/register", "/v1/retention"):
        problem_of(reader.get(path, cursor=tampered), 422)


@pytest.mark.parametrize(
    "text", ["-1", "+1", " 1", "01", "1_0", "1.0", "1e3", "٣", str(2**63), "x"]
)
def test_a_place_in_a_cursor_that_was_changed_is_refused(
    storied: tuple[Client, System], text: str
) -> None:
    client, _ = storied
    for view in ("chronology", "history"):
        response = client.get(f"/v1/pupils/{PUPIL}/{view}", cursor=cursor(text))
        problem_of(response, 422)
    problem_of(client.signed_as(DPO).get("/v1/events", cursor=cursor(text)), 422)


def test_what_was_just_recorded_is_shown_to_who_asks_for_it(
    database: Database, tmp_path: Path
) -> None:
    with serving(database, tmp_path) as (client, system), projecting(database, system.keys):
        for _ in range(5):
            receipt = client.admit(but(ADMIT, upn=None)).json()
            path, after = f"/v1/pupils/{receipt['pupil_id']}", receipt["position"]
            assert client.get(path, after=after).json()["version"] == 2
            assert len(client.get(f"{path}/chronology", after=after).json()["data"]) == 2
            for listed in ("/v1/register?show=all", "/v1/retention?limit=50"):
                rows = client.http.get(f"{listed}&after={after}", headers=client.token).json()
                assert receipt["pupil_id"] in [row["pupil_id"] for row in rows["data"]]
            moved = client.record(
                receipt["pupil_id"],
                MovePupilAcademy(
                    occurred_on=date(2024, 9, 2),
                    to_academy=BIRCH,
                    nc_year="3",
                    accepted_by="Kim Ade",
                ),
                seen=2,
            ).json()
            assert client.get(path, after=moved["position"]).json()["academy"] == BIRCH


def test_what_a_view_does_not_show_in_time_is_asked_for_again(
    storied: tuple[Client, System], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, system = storied
    monkeypatch.setattr(views, "PATIENCE", 0.05)
    asked = {"after": system.records.size() + 1}

    for path in (
        "/v1/register",
        "/v1/retention",
        f"/v1/pupils/{PUPIL}",
        f"/v1/pupils/{PUPIL}/chronology",
    ):
        response = client.get(path, **asked)
        problem_of(response, 503)
        assert response.headers["Retry-After"] == "1"


def test_waiting_ends_when_its_patience_does(storied: tuple[Client, System]) -> None:
    _, system = storied
    wait_until_seen(system.views.pool, "send_register", system.records.size(), patience=0)

    with pytest.raises(NotReadyYet):
        wait_until_seen(
            system.views.pool, "send_register", system.records.size() + 1, patience=0.01
        )
    with pytest.raises(NotReadyYet):
        wait_until_seen(system.views.pool, "no_such_view", 0, patience=0)


def test_a_database_that_is_away_is_asked_again_later(database: Database, tmp_path: Path) -> None:
    with serving(database, tmp_path) as (client, system):
        system.views.pool.close()

        for path in ("/v1/register", f"/v1/pupils/{PUPIL}", "/health/ready"):
            response = client.get(path)
            problem_of(response, 503)
            assert response.headers["Retry-After"] == "1"
