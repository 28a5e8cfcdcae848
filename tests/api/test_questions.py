"""The questions about one pupil and about many, as somebody with a token asks them."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from pydantic import TypeAdapter

from send_records.api.activity import ActivityCount
from send_records.bootstrap import System
from send_records.projections.lags import Lag
from send_records.projections.plan_now import PlansNow
from tests.api.client import Client, problem_of
from tests.api.story import CONCERN, HELD_ON, PLAN, PUPIL

LAG, PLAN_PATH = f"/v1/pupils/{PUPIL}/lag", f"/v1/pupils/{PUPIL}/plan"


@pytest.fixture
def reader(storied: tuple[Client, System]) -> Client:
    return storied[0]


def asked(reader: Client, path: str, **parameters: Any) -> Any:
    response = reader.get(path, **parameters)
    assert response.status_code == 200, response.text
    return response.json()


# From knowing to acting


def test_the_lag_of_the_story_is_as_it_was_told(reader: Client) -> None:
    lag = TypeAdapter(Lag).validate_python(asked(reader, LAG))

    assert lag.first_noticed_on is not None
    assert lag.first_noticed_on.isoformat() == "2023-09-14"
    concern = next(known for known in lag.known if known.known_by == "concern")
    assert {each.step: each.days_from_noticing for each in concern.followed} == {
        "parents_spoken_to": 7,
        "concern_answered": 11,
        "monitoring_started": 12,
        "assessed": 81,
        "need_identified": 89,
        "agency_referred": 119,
        "notice_given": 152,
        "added_to_register": 153,
        "plan_drafted": 172,
        "provision_started": 179,
        "review_held": 288,
        "ehc_assessment_requested": 299,
    }
    assert concern.not_on_record == []


def test_every_line_of_the_lag_names_an_entry_of_the_history(reader: Client) -> None:
    history = asked(reader, f"/v1/pupils/{PUPIL}/history", limit=200)["data"]
    events = {event["version"]: event["event"] for event in history}
    lag = asked(reader, LAG)

    lines = [known["entry"] for known in lag["known"]]
    lines += [each["entry"] for known in lag["known"] for each in known["followed"]]
    lines += [each["entry"] for known in lag["known"] for each in known["before"]]
    assert len(lines) > 20
    assert [(line["version"], events[line["version"]]) for line in lines] == [
        (line["version"], line["event"]) for line in lines
    ]


def test_what_was_known_on_a_day_was_followed_by_what_had_happened_by_then(reader: Client) -> None:
    lag = asked(reader, LAG, as_of="2023-09-25")
    [known] = lag["known"]

    assert [each["step"] for each in known["followed"]] == ["parents_spoken_to", "concern_answered"]
    assert "monitoring_started" in known["not_on_record"]
    response = reader.get(LAG, as_of="2023-09-25")
    assert response.headers["As-Of"] == "2023-09-25"
    assert "ETag" not in response.headers


# The plan


def test_the_plan_of_a_day_has_its_targets_with_what_was_found(reader: Client) -> None:
    before = TypeAdapter(PlansNow).validate_python(asked(reader, PLAN_PATH, as_of="2024-03-05"))
    after = TypeAdapter(PlansNow).validate_python(asked(reader, PLAN_PATH, as_of="2024-06-28"))

    assert before.in_force is None
    assert before.draft is not None
    assert (before.draft.plan_id, before.draft.version) == (PLAN, 2)
    assert after.in_force is not None
    assert [(each.ref, each.outcome) for each in after.in_force.targets] == [("T1", "met")]
    assert after.in_force.agreed_with == ["Nasreen Rahman"]
    assert after.last_review_on == HELD_ON


def test_of_today_the_plan_says_which_version_it_was_read_at(
    reader: Client, storied: tuple[Client, System]
) -> None:
    response = reader.get(PLAN_PATH)
    version = storied[1].records.pupil(PUPIL).version

    assert response.json()["version"] == version
    assert response.headers["ETag"] == f'"{version}"'
    assert (response.json()["in_force"], response.json()["draft"]) == (None, None)


@pytest.mark.parametrize("path", ["/v1/pupils/{}/lag", "/v1/pupils/{}/plan"])
def test_of_nobody_there_is_nothing(reader: Client, path: str) -> None:
    problem_of(reader.get(path.format(uuid4())), 404)
    problem_of(reader.get(path.format(PUPIL), as_of="2023-09-03"), 404)


# Lists


def test_a_list_is_of_one_pupil_if_one_is_named(reader: Client) -> None:
    for path in ("/v1/targets", "/v1/concerns", "/v1/evidence-gaps?closed=true"):
        joined = "&" if "?" in path else "?"
        of_pupil = reader.http.get(f"{path}{joined}pupil_id={PUPIL}", headers=reader.token).json()
        of_nobody = reader.http.get(f"{path}{joined}pupil_id={uuid4()}", headers=reader.token)

        assert {row["pupil"]["legal_name"] for row in of_pupil["data"]} == {"Aisha Rahman"}
        assert of_nobody.json()["data"] == []


def test_concerns_and_targets_say_what_became_of_them(reader: Client) -> None:
    [concern] = asked(reader, "/v1/concerns", decision="monitor")["data"]
    targets = asked(reader, "/v1/targets", outcome="met")["data"]

    assert (concern["concern_id"], concern["days_to_answer"]) == (str(CONCERN), 5)
    assert {target["plan_id"] for target in targets} == {str(PLAN)}
    assert asked(reader, "/v1/concerns", unanswered="true")["data"] == []


def test_a_gap_is_told_with_its_clause(reader: Client) -> None:
    gaps = asked(reader, "/v1/evidence-gaps", on="2024-07-02")["data"]

    assert {gap["kind"] for gap in gaps} >= {"agreement_missing", "level_not_told"}
    assert all(gap["basis"] for gap in gaps)
    assert [gap["from_on"] for gap in gaps] == sorted(gap["from_on"] for gap in gaps)


def test_gaps_come_in_pages(reader: Client) -> None:
    whole = asked(reader, "/v1/evidence-gaps", closed="true", limit=200)["data"]
    found: list[Any] = []
    cursor: dict[str, Any] = {}
    while True:
        page = asked(reader, "/v1/evidence-gaps", closed="true", limit=7, **cursor)
        found += page["data"]
        if page["meta"]["next"] is None:
            break
        cursor = {"cursor": page["meta"]["next"]}

    assert len(whole) > 14
    assert found == whole


# Activity


def test_activity_is_counted_and_names_nobody(
    reader: Client, storied: tuple[Client, System]
) -> None:
    response = reader.get("/v1/activity", by=["role", "event"], **{"from": "2026-01-01"})
    count = ActivityCount.model_validate(response.json())

    assert count.meta.events == storied[1].records.size()
    assert {row.role for row in count.data} >= {"senco", "dpo"}
    assert "Okoro" not in response.text
    assert asked(reader, "/v1/activity", until="2020-01-01") == {
        "data": [],
        "meta": {"events": 0},
    }


@pytest.mark.parametrize(
    "query", [{"by": ["role", "event", "month", "day"]}, {"by": "name"}, {"from": "yesterday"}]
)
def test_what_cannot_be_counted_by_is_refused(reader: Client, query: dict[str, Any]) -> None:
    problem_of(reader.get("/v1/activity", **query), 422)
