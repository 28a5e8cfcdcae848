"""The duties as they are asked for, and the calendars that tell of them without a name."""

from __future__ import annotations

import json
import pickle
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, LiteralString
from uuid import UUID, uuid4

import pytest
import structlog
import typer
from httpx2 import Response
from icalendar import Calendar
from psycopg.errors import InsufficientPrivilege
from psycopg.rows import dict_row
from pydantic import SecretStr, TypeAdapter
from structlog.testing import capture_logs

from send_records.aggregates.base import Actor
from send_records.aggregates.clocks import Clocks
from send_records.aggregates.concerns import RaiseConcern
from send_records.aggregates.consents import Purpose, RecordAgreement
from send_records.aggregates.enrolment import RecordLeaving
from send_records.aggregates.monitoring import StartMonitoring
from send_records.aggregates.values import Area, Role
from send_records.api.views import ListingAtAnyTime
from send_records.application import Request
from send_records.bootstrap import Database, System, on_server
from send_records.cli.views import show_lag
from send_records.projections.duties import Duties
from send_records.projections.duty import DutyRow
from send_records.projections.engine import Engine, under
from send_records.projections.pages import Views
from send_records.projections.rebuild import rebuild
from send_records.projections.whose import of_pupil
from send_records.rules.clocks import clocks_of
from send_records.settings import Settings
from send_records.store.connections import one
from send_records.store.feeds import hashed
from send_records.store.sealing import Seals
from tests.api.client import Client, problem_of
from tests.api.conftest import serving
from tests.conftest import Cluster, new_database
from tests.keys import held
from tests.scenario import ADMIT, RECORD_MOTHER, SENCO, but

ALDER, BIRCH = "Alder Park Academy", "Birch Lane Academy"
ANA, BEN = "Ana Lopez", "Ben Adeyemi"
DPO = Actor(id=uuid4(), name="Priya Shahnaz", role=Role.DPO)
RAISE = RaiseConcern(
    occurred_on=date(2026, 11, 12),
    areas=(Area.COGNITION,),
    noticed_on=date(2026, 11, 12),
    description="Signs, then reads",
    strengths="Kind",
)
WATCH = StartMonitoring(
    occurred_on=date(2026, 10, 5), focus="Reading", next_review_on=date(2026, 11, 20)
)


def asked(key: UUID | None = None) -> Request:
    return Request(SENCO, key or uuid4(), uuid4())


@dataclass(frozen=True)
class School:
    client: Client
    system: System
    database: Database
    ana: UUID
    ben: UUID

    def duties(self, **wanted: Any) -> list[dict[str, Any]]:
        response = self.client.get("/v1/duties", **wanted)
        assert response.status_code == 200, response.text
        found: list[dict[str, Any]] = response.json()["data"]
        return found

    def kinds(self, **wanted: Any) -> list[str]:
        return [row["clock"] for row in self.duties(**wanted) if row["clock"] != "disposal_due"]


@pytest.fixture(scope="module")
def school(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    """Ana at one academy has a concern and an agreement, and Ben at another is monitored."""
    with (
        new_database(cluster) as database,
        serving(database, tmp_path_factory.mktemp("duties")) as (client, system),
    ):
        records, mother = system.records, uuid4()
        ana = records.admit(but(ADMIT, legal_name=ANA, upn=None), asked()).pupil_id
        ben = records.admit(but(ADMIT, legal_name=BEN, upn=None, academy=BIRCH), asked()).pupil_id
        records.execute(ana, RAISE, asked())
        records.execute(ana, RECORD_MOTHER, asked(mother))
        photograph = RecordAgreement(
            occurred_on=date(2025, 10, 1), purpose=Purpose.PHOTOGRAPH, contact_id=mother
        )
        records.execute(ana, photograph, asked())
        records.execute(ben, WATCH, asked())
        Engine(database.as_projector(), held().seals).catch_up()
        yield School(client, system, database, ana, ben)


@pytest.fixture(autouse=True)
def _today(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(school.system.records, "today", lambda: date(2026, 11, 23))


def test_what_is_due_soonest_comes_first_and_says_all_about_itself(school: School) -> None:
    rows = school.duties()

    assert [row["due_on"] for row in rows] == sorted(row["due_on"] for row in rows)
    first = rows[0]
    assert first == {
        "duty_id": first["duty_id"],
        "pupil_id": str(school.ben),
        "academy": BIRCH,
        "clock": "monitoring_review",
        "state": "open",
        "due_on": "2026-11-20",
        "started_on": "2026-10-05",
        "started_event": "MonitoringStarted",
        "started_version": 3,
        "counted_from": "2026-11-20",
        "done_on": None,
        "late": False,
        "paused_since": None,
        "estimate": False,
        "window": False,
        "role": "senco",
        "acts": "senco",
        "rule_id": "monitoring-review",
        "what": "Hold the half-termly review of monitoring, with class teacher and Principal",
        "until": "A monitoring review is held, or monitoring ends",
        "citation": clocks_of().by_id["monitoring-review"].citation,
        "about": {},
        "corrected": [],
        "pupil": first["pupil"],
    }
    assert first["pupil"]["legal_name"] == BEN


def test_the_answer_is_what_its_description_says(school: School) -> None:
    response = school.client.get("/v1/duties", show="all")

    of_a_pupil: Any = of_pupil(DutyRow)
    listing: TypeAdapter[Any] = TypeAdapter(ListingAtAnyTime[of_a_pupil])
    assert len(listing.validate_json(response.content).data) == len(response.json()["data"]) > 3
    assert "Outdated" not in response.headers


@pytest.mark.parametrize(
    ("wanted", "kinds"),
    [
        ({}, ["monitoring_review", "concern_answer"]),
        ({"academy": ALDER}, ["concern_answer"]),
        ({"academy": "Nowhere"}, []),
        ({"role": "dpo"}, []),
        ({"acts": "local_authority"}, []),
        ({"acts": "senco", "role": "senco"}, ["monitoring_review", "concern_answer"]),
        ({"role": "senco"}, ["monitoring_review", "concern_answer"]),
        ({"kind": "concern_answer"}, ["concern_answer"]),
        ({"overdue": True}, ["monitoring_review"]),
        ({"overdue": True, "show": "all"}, ["monitoring_review"]),
        ({"overdue": True, "show": "lapsed"}, []),
        ({"from": "2026-11-21"}, ["concern_answer"]),
        ({"until": "2026-11-20"}, ["monitoring_review"]),
        ({"from": "2026-11-20", "until": "2026-11-26"}, ["monitoring_review", "concern_answer"]),
        ({"show": "met"}, []),
        ({"show": "all"}, ["agreement_expires", "monitoring_review", "concern_answer"]),
    ],
)
def test_it_is_asked_by_place_person_kind_and_time(
    school: School, wanted: dict[str, Any], kinds: list[str]
) -> None:
    """A right that has passed, like an agreement that ended in October, is shown with all only."""
    assert school.kinds(**wanted) == kinds


def test_it_is_asked_of_one_pupil(school: School) -> None:
    assert school.kinds(pupil_id=str(school.ana)) == ["concern_answer"]


def test_pages_follow_each_other_without_gap_or_repeat(school: School) -> None:
    found, cursor = [], None
    for _ in range(9):
        more: dict[str, Any] = {} if cursor is None else {"cursor": cursor}
        response = school.client.get("/v1/duties", limit=1, **more).json()
        found += [row["duty_id"] for row in response["data"]]
        cursor = response["meta"]["next"]
        if cursor is None:
            break

    assert found == [row["duty_id"] for row in school.duties()]
    assert len(found) == 4


def test_it_is_asked_as_of_a_day_in_the_past(school: School) -> None:
    """On 20 October the review of Ben was to come, and nobody worried about Ana yet."""
    assert school.kinds(as_of="2026-10-20") == ["monitoring_review"]
    assert school.kinds(as_of="2026-10-20", overdue=True) == []
    assert school.kinds(as_of="2025-10-03") == ["agreement_expires"]


@pytest.mark.parametrize(
    "wanted", [{"role": "caretaker"}, {"from": "soon"}, {"show": "hidden"}, {"limit": 1000}]
)
def test_what_cannot_be_asked_is_refused(school: School, wanted: dict[str, Any]) -> None:
    problem_of(school.client.get("/v1/duties", **wanted), 422)


# Calendars -------------------------------------------------------------------------------------


def made(client: Client, **wanted: Any) -> dict[str, Any]:
    response = client.http.post("/v1/duties/calendar", json=wanted, headers=client.token)
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.json()
    return body


def read(client: Client, path: str) -> Response:
    """Ask as a calendar program does, which is not signed in."""
    return client.http.get(path)


def events_of(response: Response) -> list[Any]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    return list(Calendar.from_ical(response.text).walk("VEVENT"))


def ended(client: Client, feed_id: str) -> Response:
    return client.http.delete(f"/v1/duties/calendar/{feed_id}", headers=client.token)


def test_a_calendar_tells_what_is_due_where_and_when_and_names_nobody(school: School) -> None:
    calendar = made(school.client)

    response = read(school.client, calendar["path"])

    events = events_of(response)
    assert [(str(e["SUMMARY"]), str(e["LOCATION"]), e["DTSTART"].dt) for e in events] == [
        (
            "Overdue: Hold the half-termly review of monitoring, with class teacher and Principal",
            BIRCH,
            date(2026, 11, 20),
        ),
        ("Answer a concern about a pupil", ALDER, date(2026, 11, 26)),
    ]
    text = response.text.replace("\r\n ", "")
    for word in (ANA, BEN, "Ana", "Ben", "Lopez", str(school.ana), str(school.ben), SENCO.name):
        assert word not in text


def test_its_events_are_the_same_each_time(school: School) -> None:
    first, second = made(school.client), made(school.client)

    def uids(calendar: dict[str, Any]) -> list[str]:
        return [str(event["UID"]) for event in events_of(read(school.client, calendar["path"]))]

    assert uids(first) == uids(first) == uids(second)
    assert len(set(uids(first))) == 2


def test_what_it_shows_is_fixed_when_it_is_made(school: School) -> None:
    birch, nobodys = made(school.client, academy=BIRCH), made(school.client, role="principal")

    assert [e["LOCATION"] for e in events_of(read(school.client, birch["path"]))] == [BIRCH]
    assert (
        events_of(read(school.client, f"{birch['path']}?academy={ALDER}"))[0]["LOCATION"] == BIRCH
    )
    assert events_of(read(school.client, nobodys["path"])) == []


def test_several_of_a_kind_on_a_day_are_one_event_with_their_number(school: School) -> None:
    third = school.system.records.admit(
        but(ADMIT, legal_name="Cara Novak", upn=None), asked()
    ).pupil_id
    school.system.records.execute(third, RAISE, asked())
    Engine(school.database.as_projector(), held().seals).catch_up()

    summaries = [
        str(e["SUMMARY"]) for e in events_of(read(school.client, made(school.client)["path"]))
    ]
    assert "Answer a concern about a pupil (2)" in summaries

    leave = RecordLeaving(occurred_on=date(2026, 11, 20), why="Moved")
    school.system.records.execute(third, leave, asked())
    Engine(school.database.as_projector(), held().seals).catch_up()


def test_of_too_much_a_calendar_shows_what_is_nearest(
    school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made(school.client)["path"]
    monkeypatch.setattr(school.system.records, "today", lambda: date(2026, 11, 25))
    days = [event["DTSTART"].dt for event in events_of(read(school.client, path))]
    assert days[:2] == [date(2026, 11, 20), date(2026, 11, 26)]

    monkeypatch.setattr("send_records.projections.duties.MOST", 1)

    [event] = events_of(read(school.client, path))
    assert event["DTSTART"].dt == date(2026, 11, 26)


def test_a_calendar_that_was_ended_leads_nowhere(school: School) -> None:
    calendar = made(school.client)
    feed_id = calendar["calendar"]["feed_id"]

    assert ended(school.client, feed_id).status_code == 204

    problem_of(read(school.client, calendar["path"]), 404)
    assert ended(school.client, feed_id).status_code == 204
    mine = school.client.get("/v1/duties/calendar").json()["data"]
    [row] = [row for row in mine if row["feed_id"] == feed_id]
    assert row["ended_at"] is not None


def test_a_calendar_is_ended_by_whoever_made_it_or_by_the_dpo(school: School) -> None:
    calendar = made(school.client)
    feed_id = calendar["calendar"]["feed_id"]
    other = school.client.signed_as(SENCO.model_copy(update={"id": uuid4()}))

    problem_of(ended(other, feed_id), 404)
    assert other.get("/v1/duties/calendar").json()["data"] == []
    seen = school.client.signed_as(DPO).get("/v1/duties/calendar").json()["data"]
    assert str(SENCO.id) in {row["made_by"] for row in seen if row["feed_id"] == feed_id}
    assert events_of(read(school.client, calendar["path"]))
    assert ended(school.client.signed_as(DPO), feed_id).status_code == 204
    problem_of(read(school.client, calendar["path"]), 404)


@pytest.mark.parametrize("secret", ["x", "0" * 43, "%F0%9F%92%A9", "a" * 90])
def test_a_secret_that_is_none_is_not_found(school: School, secret: str) -> None:
    problem_of(read(school.client, f"/v1/duties/calendar/{secret}.ics"), 404)


def test_the_secret_is_256_random_bits_and_only_its_hash_is_kept(school: School) -> None:
    calendars = [made(school.client) for _ in range(3)]
    secrets = [re.fullmatch(r"/v1/duties/calendar/(.{43})\.ics", c["path"]) for c in calendars]

    with one(school.database.app) as app, app.cursor(row_factory=dict_row) as rows:
        found = rows.execute(
            "SELECT *, calendar_feeds::text AS whole FROM calendar_feeds"
        ).fetchall()

    hashes = {row["token_hash"] for row in found}
    for secret in secrets:
        assert secret is not None
        assert hashed(secret[1]) in hashes
        assert not any(secret[1] in row["whole"] for row in found)
    assert not any(SENCO.name in row["whole"] for row in found)


def test_no_secret_is_ever_logged(school: School, capsys: pytest.CaptureFixture[str]) -> None:
    calendar = made(school.client)
    secret = calendar["path"].split("/")[-1].removesuffix(".ics")
    structlog.reset_defaults()

    with capture_logs() as logs:
        read(school.client, calendar["path"])
        ended(school.client, calendar["calendar"]["feed_id"])
        refused = read(school.client, calendar["path"])
        again = made(school.client)
        with one(school.database.owner or "") as owner:
            owner.execute("ALTER TABLE duties RENAME TO duties_away")
            try:
                failed = read(school.client, again["path"])
            finally:
                owner.execute("ALTER TABLE duties_away RENAME TO duties")

    said = json.dumps(logs, default=str) + "".join(capsys.readouterr()) + refused.text
    assert failed.status_code >= 500
    assert len(logs) > 0
    assert secret not in said
    assert again["path"].split("/")[-1].removesuffix(".ics") not in said + failed.text


def test_who_made_it_reads_it_in_the_access_log_and_of_nobody(school: School) -> None:
    maker = SENCO.model_copy(update={"id": uuid4()})
    client = school.client.signed_as(maker)
    calendar = made(client)
    read(client, calendar["path"])
    ended(client, calendar["calendar"]["feed_id"])

    with one(school.database.as_owner()) as owner:
        rows = owner.execute(
            "SELECT act, what, tier, outcome, pupils FROM access_log WHERE actor_id = %s "
            "ORDER BY position DESC LIMIT 3",
            [maker.id],
        ).fetchall()

    assert rows == [
        ("export", what, tier, "given", [])
        for what, tier in (("end_calendar", "T2"), ("get_calendar", "T0"), ("make_calendar", "T2"))
    ]


@pytest.mark.parametrize("role", [Role.CLASS_TEACHER, Role.PARENT, Role.ANALYST])
def test_a_calendar_is_made_by_those_who_may_read(school: School, role: Role) -> None:
    client = school.client.signed_in_as(role)

    response = client.http.post("/v1/duties/calendar", json={}, headers=client.token)

    problem_of(response, 403)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE calendar_feeds SET token_hash = sha256('x')",
        "UPDATE calendar_feeds SET academy = NULL, role = NULL",
        "DELETE FROM calendar_feeds",
        "TRUNCATE calendar_feeds",
    ],
)
def test_the_application_can_end_a_calendar_and_not_widen_it(
    school: School, statement: LiteralString
) -> None:
    with one(school.database.app) as app, pytest.raises(InsufficientPrivilege):
        app.execute(statement)


def test_the_projector_and_the_notary_see_no_calendar(school: School) -> None:
    for conninfo in (school.database.as_projector(), school.database.as_notary()):
        with one(conninfo) as connection, pytest.raises(InsufficientPrivilege):
            connection.execute("SELECT FROM calendar_feeds")


# Other rules -----------------------------------------------------------------------------------


def other_rules() -> Clocks:
    clocks = clocks_of()
    return Clocks(clocks.rows[1:], clocks.calendars)


def test_when_the_rules_change_the_list_says_that_it_is_outdated_until_it_is_rebuilt(
    school: School, capsys: pytest.CaptureFixture[str]
) -> None:
    database, seals, changed = school.database, held().seals, under(other_rules())

    def opening() -> AbstractContextManager[Seals]:
        return nullcontext(seals)

    kinds = school.kinds()

    with capture_logs() as logs:
        Engine(database.as_projector(), seals, changed).catch_up()

    assert [(entry["event"], entry["name"]) for entry in logs] == [("view_outdated", "duties")]
    assert school.client.get("/v1/duties").headers["Outdated"] == "true"
    assert school.kinds() == kinds
    with pytest.raises(typer.Exit):
        show_lag(replace(database, projections=changed), as_json=False)
    assert "project --rebuild duties" in capsys.readouterr().err
    duties = [each for each in changed if isinstance(each, Duties)]
    rebuild(database.as_owner(), duties, opening)
    assert "Outdated" not in school.client.get("/v1/duties").headers
    assert "concern_answer" in kinds
    assert school.kinds() == [kind for kind in kinds if kind != "concern_answer"]

    Engine(database.as_projector(), seals).catch_up()
    assert school.client.get("/v1/duties").headers["Outdated"] == "true"
    rebuild(database.as_owner(), [Duties()], opening)
    assert "Outdated" not in school.client.get("/v1/duties").headers
    assert school.kinds() == kinds
    capsys.readouterr()
    show_lag(database, as_json=True)
    assert json.loads(capsys.readouterr().out)["duties"] == 0


def test_a_trusts_own_terms_reach_every_view_of_its_duties(tmp_path: Path) -> None:
    file = tmp_path / "academies.toml"
    file.write_text(
        '[[academy]]\nname = "Cedar Hill Academy"\nlocal_authority = "Oldham"\n'
        'effective_from = 2026-09-01\ncitation = "Governors"\n'
        "[[academy.term]]\nfirst = 2026-09-02\nlast = 2026-10-23\n"
    )
    url = SecretStr("postgresql://app@localhost/records")

    own = on_server(Settings(database_url=url, academies=file)).projections
    shipped = on_server(Settings(database_url=url)).projections

    [duties] = [each for each in own if isinstance(each, Duties)]
    assert [each.name for each in own] == [each.name for each in shipped]
    assert {each.name for each in duties.clocks.calendars.academies} == {"Cedar Hill Academy"}
    assert pickle.loads(pickle.dumps(duties)).rules == duties.rules  # as a rebuild's processes do
    assert duties.rules not in {each.rules for each in shipped}
    views = Views(None, None, own)  # type: ignore[arg-type]
    assert views.made(Duties) is duties
