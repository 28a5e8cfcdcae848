"""Questions about the past: by two clocks, answered the same whenever they are asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import TypeAdapter

from send_records.aggregates.agencies import RecordAgencyInvolvement
from send_records.aggregates.attainments import RecordObservation
from send_records.aggregates.consents import Purpose, RecordAgreement
from send_records.aggregates.enrolment import AdmitPupil, MovePupilAcademy, RecordLeaving
from send_records.aggregates.register import ChangeSupportLevel, SupportLevel
from send_records.api.caseload import CaseloadCount
from send_records.api.differences import DifferencesOfPupil, DifferencesOfRegister
from send_records.api.moments import Question
from send_records.api.views import ListingAtAnyTime
from send_records.application import Request
from send_records.bootstrap import Database, System, now
from send_records.keeper import Keeper
from send_records.projections import then
from send_records.projections.caseload import By
from send_records.projections.chronology import ChronologyRow
from send_records.projections.engine import Engine
from send_records.projections.moments import Moment
from send_records.projections.past import rows_of
from send_records.projections.register_rows import RegisterRow
from send_records.projections.then import Then
from send_records.store.scopes import Scope
from tests.api.client import Client, problem_of
from tests.api.conftest import serving
from tests.api.grants import ACADEMIES
from tests.conftest import Cluster, new_database
from tests.keys import held
from tests.scenario import ADD, ADMIT, IDENTIFY, RECORD_MOTHER, SENCO, TELL, but

OVER_ALL = Scope(places=ACADEMIES)
"""The scope of a SENDCo of all the academies of the tests."""

AISHA, LEO, TOMASZ, ERASED = (UUID(int=n) for n in range(530, 534))
CENSUS_2024, CENSUS_2026 = "2024-01-18", "2026-01-15"
CALL = RecordObservation(
    occurred_on=date(2024, 6, 12), setting="The father's call", observed="He reads with her."
)
"""Entered later than it happened: see ``Story.told``."""


AGREED = RecordAgreement(
    occurred_on=date(2023, 12, 12), purpose=Purpose.ANNUAL, contact_id=UUID(int=534)
)


@dataclass
class Story:
    """A trust whose entries were recorded when it says so: its application has a clock of ours."""

    client: Client
    system: System
    database: Database
    before_erasure: int = 0

    def record(self, pupil: UUID, *commands: Any, key: UUID | None = None) -> int:
        """Record commands of a pupil; return the position of the last."""
        position = 0
        for command in commands:
            asked = Request(SENCO, key or uuid4(), uuid4())
            position = (
                self.system.records.admit(command, Request(SENCO, pupil, uuid4())).position
                if isinstance(command, AdmitPupil)
                else self.system.records.execute(pupil, command, asked).position
            )
        return position

    def put_on_register(self, pupil: UUID, **more: Any) -> int:
        mother = uuid4()
        self.record(pupil, but(ADMIT, upn=None, **more))
        self.record(pupil, RECORD_MOTHER, key=mother)
        self.record(pupil, but(AGREED, contact_id=mother))
        return self.record(pupil, IDENTIFY, but(TELL, contact_ids=[mother]), ADD)

    def project(self) -> None:
        Engine(self.database.as_projector(), held().seals).catch_up()

    def get(self, path: str, **parameters: Any) -> Any:
        response = self.client.get(path, **parameters)
        assert response.status_code == 200, response.text
        return response.json()


RAISED = ChangeSupportLevel(
    occurred_on=date(2024, 9, 10),
    to_level=SupportLevel.SPECIALIST,
    why="The psychologist's advice",
)


@pytest.fixture(scope="module")
def story(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Aisha and Leo on the register since December 2023, Tomasz not; and one who was erased."""
    with (
        new_database(cluster) as database,
        serving(database, tmp_path_factory.mktemp("past")) as (client, system),
    ):
        found = Story(client, system, database)
        found.put_on_register(AISHA, legal_name="Aisha Rahman")
        found.put_on_register(LEO, legal_name="Leo Bennett-Okafor", academy="Birch Lane Academy")
        found.record(TOMASZ, but(ADMIT, legal_name="Tomasz Nowak", upn=None))
        found.before_erasure = found.put_on_register(ERASED, legal_name="Nobody Now")
        Keeper(database, system.keys, SENCO).destroy(ERASED, "Decision 12", now())
        found.project()
        yield found


def named(answer: dict[str, Any]) -> list[str]:
    return [row["legal_name"] for row in answer["data"]]


# One code path


def test_as_of_today_is_what_is_shown_today(story: Story) -> None:
    story.project()
    today = now().date().isoformat()

    for path in ("/v1/register", f"/v1/pupils/{AISHA}/chronology"):
        assert story.get(path, as_of=today)["data"] == story.get(path)["data"] != []
    pupil = f"/v1/pupils/{AISHA}"
    assert story.get(pupil, as_of=today) == story.get(pupil)


def test_the_register_is_filtered_in_the_past_as_it_is_today(story: Story) -> None:
    story.project()
    position = story.get("/v1/register", as_of=CENSUS_2026)["meta"]["position"]
    for asked in (
        {"show": "all"},
        {"show": "removed"},
        {"academy": "Birch Lane Academy"},
        {"left": "true", "show": "all"},
        {"show": "all", "limit": 2},
    ):
        then = story.get("/v1/register", known_at=f"position:{position}", **asked)
        assert then["data"] == story.get("/v1/register", **asked)["data"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/retention",
        "/v1/retention?academy=Birch Lane Academy",
        "/v1/agreements",
        "/v1/agreements?academy=Birch Lane Academy",
        "/v1/agreements?academy=Alder Park Academy&purpose=annual_send_agreement",
        f"/v1/agreements?pupil_id={AISHA}",
        "/v1/evidence-gaps?limit=200",
        "/v1/evidence-gaps?kind=agreement_missing&academy=Alder Park Academy",
        "/v1/evidence-gaps?kind=late_entry&closed=true",
        "/v1/register?academy=Birch Lane Academy",
        "/v1/caseload?by=need&by=nc_year",
    ],
)
def test_every_list_of_now_is_the_list_of_today(story: Story, path: str) -> None:
    story.project()
    joined = "&" if "?" in path else "?"
    today = story.client.http.get(path, headers=story.client.token).json()
    then = story.client.http.get(
        f"{path}{joined}as_of={now().date()}", headers=story.client.token
    ).json()

    assert then["data"] == today["data"] != []
    assert then["meta"]["position"] == story.system.records.size()


def test_a_list_by_academy_is_of_those_who_were_there_then(story: Story) -> None:
    pupil = uuid4()
    story.put_on_register(pupil, legal_name="Mia Moved")
    before = story.system.records.size()
    story.record(
        pupil,
        MovePupilAcademy(
            occurred_on=date(2024, 9, 2),
            to_academy="Cedar Hill Academy",
            nc_year="3",
            accepted_by="Kim Ade",
        ),
    )
    story.project()

    def there(academy: str, **asked: Any) -> bool:
        found = story.get("/v1/agreements", academy=academy, limit=200, **asked)["data"]
        return str(pupil) in [row["pupil_id"] for row in found]

    assert there("Cedar Hill Academy")
    assert not there("Alder Park Academy")
    assert there("Alder Park Academy", known_at=f"position:{before}")
    assert there("Alder Park Academy", as_of="2024-09-01")
    assert not there("Cedar Hill Academy", as_of="2024-09-01")


# Two clocks


def test_as_of_a_day_is_what_had_happened_by_then(story: Story) -> None:
    known = {"known_at": f"position:{story.before_erasure}"}
    assert named(story.get("/v1/register", as_of="2023-12-13", **known)) == [
        "Aisha Rahman",
        "Leo Bennett-Okafor",
    ]
    assert named(story.get("/v1/register", as_of="2023-12-12", **known)) == []
    assert len(named(story.get("/v1/register", as_of="2023-12-12", **known, show="all"))) == 3
    assert named(story.get("/v1/register", as_of="2023-09-03", **known, show="all")) == []


def test_what_was_not_recorded_was_not_known(story: Story) -> None:
    """Aisha's SENCO did not know on 20 June of the father's call of 12 June: it was recorded
    later, and stands in the chronology of that day only as it is known later."""
    chronology = f"/v1/pupils/{AISHA}/chronology"
    before = story.system.records.size()
    at = story.record(AISHA, CALL)
    story.project()

    def days(**asked: Any) -> list[str]:
        return [row["occurred_on"] for row in story.get(chronology, **asked)["data"]]

    assert "2024-06-12" not in days(known_at=f"position:{before}", as_of="2024-06-20")
    assert "2024-06-12" in days(known_at=f"position:{at}", as_of="2024-06-20")
    assert "2024-06-12" not in days(known_at=f"position:{at}", as_of="2024-06-11")
    [row] = [r for r in story.get(chronology)["data"] if r["occurred_on"] == "2024-06-12"]
    instant = datetime.fromisoformat(row["recorded_at"]).astimezone(UTC).isoformat()
    assert "2024-06-12" in days(known_at=instant)


def test_both_clocks_together(story: Story) -> None:
    """The level was changed on a day, and that was recorded at a position."""
    before = story.system.records.size()
    story.record(
        LEO, RecordAgencyInvolvement(occurred_on=date(2024, 9, 2), agency="EP", professional="Kim")
    )
    after = story.record(LEO, RAISED)

    def level(known_at: int, as_of: str) -> str:
        pupil = story.get(f"/v1/pupils/{LEO}", known_at=f"position:{known_at}", as_of=as_of)
        return str(pupil["status"])

    assert level(before, "2024-12-01") == "targeted"
    assert level(after, "2024-12-01") == "specialist"
    assert level(after, "2024-09-09") == "targeted"
    assert level(before, "2024-09-09") == "targeted"


# Again


def test_the_register_of_census_day_is_the_same_to_the_byte_when_asked_again(story: Story) -> None:
    position = story.system.records.size()
    asked = [
        {"as_of": as_of, "known_at": f"position:{position}", "show": show}
        for as_of in (CENSUS_2024, CENSUS_2026)
        for show in ("on", "all")
    ]
    first = [story.client.get("/v1/register", **each).content for each in asked]

    story.put_on_register(uuid4(), legal_name="Somebody Later")
    story.record(AISHA, but(CALL, observed="Said again, of the same day"))
    story.record(TOMASZ, RecordLeaving(occurred_on=date(2024, 1, 17), why="Moved to Leeds"))
    story.system.views.past.drop(("send_register", position, date(2024, 1, 18), OVER_ALL))
    again = [story.client.get("/v1/register", **each).content for each in asked]

    assert again == first
    assert b'"as_of":"2024-01-18"' in first[0]
    assert b"Aisha Rahman" in first[0]


def test_an_answer_says_how_to_ask_the_same_again(story: Story) -> None:
    answer = story.get("/v1/register", as_of=CENSUS_2026)
    meta = answer["meta"]
    story.put_on_register(uuid4(), legal_name="Another Later")

    again = story.get("/v1/register", as_of=meta["as_of"], known_at=f"position:{meta['position']}")
    by_instant = story.get("/v1/register", as_of=meta["as_of"], known_at=meta["known_at"])

    assert again == answer
    assert by_instant["data"] == answer["data"]
    assert by_instant["meta"]["position"] == meta["position"]


def test_the_headers_of_a_pupil_say_of_when_they_are_and_no_version_to_match(story: Story) -> None:
    position = story.system.records.size()
    response = story.client.get(
        f"/v1/pupils/{AISHA}", as_of=CENSUS_2024, known_at=f"position:{position}"
    )

    assert response.headers["As-Of"] == CENSUS_2024
    assert response.headers["Position"] == str(position)
    assert datetime.fromisoformat(response.headers["Known-At"]).tzinfo is not None
    assert "ETag" not in response.headers
    assert story.client.get(f"/v1/pupils/{AISHA}").headers["ETag"]


# Pages of one moment


def test_later_pages_are_of_the_moment_of_the_first(story: Story) -> None:
    first = story.get("/v1/register", as_of=CENSUS_2026, show="all", limit=1)
    whole = named(story.get("/v1/register", as_of=CENSUS_2026, show="all"))
    story.put_on_register(uuid4(), legal_name="Aaron Afterwards")

    found, page = named(first), first
    while cursor := page["meta"]["next"]:
        page = story.get("/v1/register", as_of=CENSUS_2026, show="all", limit=1, cursor=cursor)
        assert page["meta"]["position"] == first["meta"]["position"]
        found += named(page)

    assert found == whole
    chronology = f"/v1/pupils/{AISHA}/chronology"
    told: list[Any] = []
    page = {"meta": {"next": None}}
    while not told or page["meta"]["next"]:
        cursor = {"cursor": page["meta"]["next"]} if told else {}
        page = story.get(chronology, as_of=CENSUS_2026, limit=2, **cursor)
        told += page["data"]
    assert told == story.get(chronology, as_of=CENSUS_2026)["data"]


def test_a_cursor_is_not_for_another_moment(story: Story) -> None:
    size = story.system.records.size()
    then = {"as_of": CENSUS_2026, "known_at": f"position:{size}", "limit": 1, "show": "all"}
    cursor = story.get("/v1/register", **then)["meta"]["next"]
    today = story.get("/v1/register", limit=1, show="all")["meta"]["next"]

    for asked in (
        {"cursor": cursor},
        {"cursor": cursor, "as_of": CENSUS_2024},
        {"cursor": cursor, "known_at": f"position:{size}"},
        {"cursor": cursor, "as_of": CENSUS_2026, "known_at": f"position:{size - 1}"},
        {"cursor": today, "as_of": CENSUS_2026},
        {"cursor": cursor + "0", "as_of": CENSUS_2026},
        {"cursor": f"{today}.00{size}.{CENSUS_2026}", "as_of": CENSUS_2026},
        {"cursor": f"{today}.x.{CENSUS_2026}", "as_of": CENSUS_2026},
    ):
        problem = problem_of(story.client.get("/v1/register", limit=1, show="all", **asked), 422)
        assert problem["title"] == "Cursor unknown"


# What there is not


def test_whoever_was_erased_is_gone_from_the_past_as_well(story: Story) -> None:
    before = f"position:{story.before_erasure}"

    assert "Nobody Now" not in named(story.get("/v1/register", known_at=before, show="all"))
    for path in (f"/v1/pupils/{ERASED}", f"/v1/pupils/{ERASED}/chronology"):
        problem_of(story.client.get(path, known_at=before), 410)


def test_an_erasure_takes_what_is_in_hand(story: Story) -> None:
    gone = uuid4()
    story.put_on_register(gone, legal_name="Gone Tomorrow")
    asked = {"known_at": f"position:{story.system.records.size()}", "show": "all"}
    assert "Gone Tomorrow" in named(story.get("/v1/register", **asked))

    Keeper(story.database, story.system.keys, SENCO).destroy(gone, "Decision 13", now())

    assert "Gone Tomorrow" not in named(story.get("/v1/register", **asked))


def test_an_erasure_counts_from_when_the_log_says_so(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the log's word and the key store's, what is in hand is shown no more either."""
    gone = uuid4()
    story.put_on_register(gone, legal_name="Gone Halfway")
    asked = {"known_at": f"position:{story.system.records.size()}", "show": "all"}
    assert "Gone Halfway" in named(story.get("/v1/register", **asked))

    def dies(_: UUID) -> bool:
        raise OSError("the key store is away")

    monkeypatch.setattr(story.system.keys.seals.keyring, "destroy", dies)
    with pytest.raises(OSError, match="away"):
        Keeper(story.database, story.system.keys, SENCO).destroy(gone, "Decision 14", now())

    assert "Gone Halfway" not in named(story.get("/v1/register", **asked))


def test_a_pupil_of_whom_nothing_was_there_is_not_found(story: Story) -> None:
    for path in (f"/v1/pupils/{AISHA}", f"/v1/pupils/{AISHA}/chronology"):
        then = problem_of(story.client.get(path, as_of="2023-09-03"), 404)
        assert then["title"] == "Not on record then"
        never = problem_of(story.client.get(path.replace(str(AISHA), str(uuid4()))), 404)
        assert never["title"] == "Not found"
        never = problem_of(
            story.client.get(path.replace(str(AISHA), str(uuid4())), as_of="2023-09-03"), 404
        )
        assert never["title"] == "Not found"


@pytest.mark.parametrize(
    "path", ["/v1/register", f"/v1/pupils/{AISHA}", f"/v1/pupils/{AISHA}/chronology"]
)
@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ({"as_of": "2149-01-01"}, "Still to come"),
        ({"known_at": "2149-01-01T00:00:00Z"}, "Still to come"),
        ({"known_at": "position:999999999"}, "Still to come"),
        ({"as_of": "18.1.2024"}, "Moment unclear"),
        ({"known_at": "2024-01-18T09:00:00"}, "Moment unclear"),
    ],
)
def test_what_cannot_be_answered_again_is_refused(
    story: Story, path: str, asked: dict[str, str], title: str
) -> None:
    assert problem_of(story.client.get(path, **asked), 422)["title"] == title


def test_who_asks_about_the_past_is_accounted_for(story: Story) -> None:
    before = len(story.get(f"/v1/pupils/{AISHA}/accesses", limit=200)["data"])
    story.get(f"/v1/pupils/{AISHA}", as_of=CENSUS_2024)
    story.get("/v1/register", as_of=CENSUS_2024)
    told = story.get(f"/v1/pupils/{AISHA}/accesses", limit=200)["data"][before:]

    assert [line["what"] for line in told] == ["get_accesses", "get_pupil", "get_register"]


def test_nobody_who_may_not_read_learns_how_long_the_log_is(story: Story) -> None:
    response = story.client.http.get("/v1/register", params={"known_at": "position:999999999"})

    problem_of(response, 401)


# Of which day a question is


@pytest.mark.parametrize(
    ("as_of", "known_at", "day"),
    [
        (None, datetime(2026, 7, 15, 23, 30, tzinfo=UTC), date(2026, 7, 16)),
        (date(2026, 1, 15), datetime(2026, 7, 15, 12, tzinfo=UTC), date(2026, 1, 15)),
        (date(2026, 1, 15), None, date(2026, 1, 15)),
    ],
)
def test_what_was_known_then_is_overdue_by_that_day(
    story: Story, as_of: date | None, known_at: datetime | None, day: date
) -> None:
    moment = Moment(3, as_of, known_at)
    asked = Question(Then.of(story.system.views, moment), None)

    assert asked.day(story.system.records) == day
    today = Question(story.system.views, None)
    assert today.day(story.system.records) == story.system.records.today()


# Not too many at once


def test_the_past_of_one_pupil_at_an_academy_folds_nobody_else(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Any:
        raise AssertionError("all pupils were folded")

    monkeypatch.setattr(then, "rows_of_all", refuse)

    asked = {"pupil_id": str(AISHA), "known_at": "position:5", "show": "all"}
    at = {
        place: story.get("/v1/duties", **asked, academy=place)["data"]
        for place in ("Alder Park Academy", "Birch Lane Academy")
    }
    assert story.get("/v1/agreements", **asked, academy="Birch Lane Academy")["data"] == []
    assert any(at.values())
    assert not all(at.values())


def test_the_past_of_all_pupils_leaves_threads_for_today(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(then.WAITING, "acquire", lambda **_: False)
    story.system.views.past.drop(("send_register", 3, None, OVER_ALL))

    response = story.client.get("/v1/register", known_at="position:3", show="all")

    assert problem_of(response, 503)["title"] == "Past is busy"
    assert response.headers["Retry-After"] == "1"
    assert story.get("/v1/register")["data"]


def test_the_second_page_is_read_from_what_is_in_hand(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"known_at": f"position:{story.system.records.size()}", "show": "all", "limit": 1}
    first = story.get("/v1/register", **asked)

    def refuse(*_: Any) -> Callable[[], Any]:
        raise AssertionError("folded again")

    monkeypatch.setattr(then, "rows_of_all", refuse)
    monkeypatch.setattr(then, "rows_of", refuse)
    assert story.get("/v1/register", **asked, cursor=first["meta"]["next"])["data"]


def test_one_pupil_is_read_alone(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a scope of their own: never from what was read of more than them."""
    known_at = f"position:{story.system.records.size()}"
    read = list[UUID]()

    def of_all(*_: Any) -> Callable[[], Any]:
        raise AssertionError("folded all")

    def of_one(*asked: Any) -> list[Any]:
        read.extend(asked[-1])
        return rows_of(*asked)

    monkeypatch.setattr(then, "rows_of_all", of_all)
    monkeypatch.setattr(then, "rows_of", of_one)
    assert story.get(f"/v1/pupils/{AISHA}", known_at=known_at)
    assert read == [AISHA]


def test_an_instant_and_its_position_are_one_question(story: Story) -> None:
    noon = datetime.combine(now().date(), time(), UTC).isoformat()

    at_noon = story.get("/v1/register", known_at=noon, show="all")

    assert at_noon["data"] == []
    assert at_noon["meta"]["position"] == 0


# The caseload


def test_the_caseload_is_counted_as_it_was(story: Story) -> None:
    story.project()
    by = {"by": ["status", "academy"], "academy": "Birch Lane Academy"}
    then = story.get("/v1/caseload", as_of="2023-12-12", **by)
    later = story.get("/v1/caseload", as_of="2023-12-13", **by)

    leo = {"academy": "Birch Lane Academy"}
    assert then["data"] == [{"of": {"status": "none", **leo}, "pupils": 1}]
    assert later["data"] == [{"of": {"status": "targeted", **leo}, "pupils": 1}]
    assert later["meta"]["as_of"] == "2023-12-13"
    assert later["meta"]["pupils"] == 1
    today = story.get("/v1/caseload")
    now_then = story.get("/v1/caseload", as_of=now().date().isoformat())
    assert today["data"] == now_then["data"]
    assert today["meta"] == {"pupils": now_then["meta"]["pupils"], "suppressed": False}


def test_the_caseload_names_nobody(story: Story) -> None:
    told = story.client.get("/v1/caseload", by=[each for each in By], left="true").text

    for pupil in (AISHA, LEO, TOMASZ):
        assert str(pupil) not in told
    assert "Rahman" not in told
    assert problem_of(story.client.get("/v1/caseload", by="legal_name"), 422)
    assert problem_of(story.client.get("/v1/caseload", by=list(By)[:6] * 2), 422)


# Differences


def test_what_was_recorded_between_two_positions_of_a_pupil(story: Story) -> None:
    pupil = uuid4()
    at = story.put_on_register(pupil, legal_name="Dee Roy")
    involved = RecordAgencyInvolvement(
        occurred_on=date(2024, 9, 2), agency="EP", professional="Kim"
    )
    after = story.record(pupil, involved, RAISED)
    differences = f"/v1/pupils/{pupil}/differences"

    found = story.get(differences, from_known_at=f"position:{at}", to_known_at=f"position:{after}")

    data = {name: found[name] for name in ("changed", "came", "gone")}
    assert data["changed"]["status"] == {"from": "targeted", "to": "specialist"}
    assert data["changed"]["agencies"] == {"from": [], "to": ["EP"]}
    assert "version" not in data["changed"]
    assert [row["event"] for row in data["came"]] == ["AgencyInvolved", "SupportLevelChanged"]
    assert data["gone"] == []
    assert found["meta"]["from"]["position"] == at
    assert found["meta"]["to"]["position"] == after
    assert story.get(differences, from_known_at=f"position:{at}").items() >= data.items()
    back = story.get(differences, from_known_at=f"position:{after}", to_known_at=f"position:{at}")
    assert back["came"] == []
    assert [row["event"] for row in back["gone"]] == [row["event"] for row in data["came"]]


def test_what_happened_between_two_days_of_a_pupil(story: Story) -> None:
    pupil = uuid4()
    story.put_on_register(pupil, legal_name="Eve Roy")
    differences = f"/v1/pupils/{pupil}/differences"

    found = story.get(differences, from_as_of="2023-12-12", to_as_of="2023-12-13")

    assert found["changed"]["added_on"] == {"from": None, "to": "2023-12-13"}
    assert [row["event"] for row in found["came"]] == ["NoticeGiven", "AddedToSendRegister"]
    since = story.get(differences, from_as_of="2023-09-03", to_as_of="2023-12-13")
    assert since["changed"]["legal_name"] == {"from": None, "to": "Eve Roy"}
    refused = story.client.get(differences, from_as_of="2023-09-01", to_as_of="2023-09-03")
    assert problem_of(refused, 404)["title"] == "Not on record then"
    assert problem_of(story.client.get(differences), 422)["title"] == "Moment unclear"
    erased = f"/v1/pupils/{ERASED}/differences"
    problem_of(story.client.get(erased, from_known_at="position:0"), 410)


def test_what_became_of_the_register_page_by_page(story: Story) -> None:
    before = story.system.records.size()
    names = ["Dora Later", "Bea Later", "Cem Later"]
    for name in names:
        story.put_on_register(uuid4(), legal_name=name)
    after = story.system.records.size()
    asked: dict[str, Any] = {"from_known_at": f"position:{before}", "limit": 1}
    found, page = list[Any](), story.get("/v1/register/differences", **asked)
    story.put_on_register(uuid4(), legal_name="Aaa Afterwards")
    while True:
        found += page["data"]
        assert page["meta"]["to"]["position"] == after
        if (cursor := page["meta"]["next"]) is None:
            break
        page = story.get("/v1/register/differences", **asked, cursor=cursor)

    assert [(row["legal_name"], row["what"]) for row in found] == [
        (name, "joined") for name in sorted(names)
    ]
    assert found[0]["changed"]["status"] == {"from": None, "to": "targeted"}
    cursor = story.get("/v1/register/differences", **asked)["meta"]["next"]
    for other in ({"from_known_at": f"position:{before - 1}"}, {"from_as_of": CENSUS_2024}):
        refused = story.client.get("/v1/register/differences", **(asked | other), cursor=cursor)
        assert problem_of(refused, 422)["title"] == "Cursor unknown"


def test_every_answer_about_the_past_is_as_described(story: Story) -> None:
    for path, kind in (
        (f"/v1/register?as_of={CENSUS_2026}", ListingAtAnyTime[RegisterRow]),
        (f"/v1/pupils/{AISHA}/chronology?as_of={CENSUS_2026}", ListingAtAnyTime[ChronologyRow]),
        (f"/v1/pupils/{AISHA}/differences?from_known_at=position:3", DifferencesOfPupil),
        ("/v1/register/differences?from_known_at=position:0", DifferencesOfRegister),
        (f"/v1/caseload?as_of={CENSUS_2026}", CaseloadCount),
        ("/v1/caseload", CaseloadCount),
    ):
        described = TypeAdapter[Any](kind)
        response = story.client.http.get(path, headers=story.client.token)
        same = described.dump_json(described.validate_json(response.content), by_alias=True)
        assert response.json() == json.loads(same), path
