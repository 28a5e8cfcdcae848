"""What is left out of answers, and that nothing tells so: of one pupil's whole story."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from send_records.aggregates.concerns import RaiseConcern
from send_records.aggregates.values import DataClass, Role
from send_records.api.views import cursor_of
from send_records.authority.rows import RESTRICTED_CLOCKS, RESTRICTED_ENTRIES
from send_records.projections.engine import Engine
from tests.api.client import Client, problem_of
from tests.api.conftest import serving
from tests.api.story import EXAMPLES, PUPIL
from tests.api.story import told as tell
from tests.conftest import Cluster, new_database
from tests.keys import held

TEACHER, SENCO, ASSISTANT = Role.CLASS_TEACHER, Role.SENCO, Role.TEACHING_ASSISTANT
STORY = f"/v1/pupils/{PUPIL}/chronology"
"""Where the pupil's story is."""

SECRET = "Canary of a harm that was told in confidence"


@pytest.fixture(scope="module")
def told(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """The story, and a concern of what is not education."""
    with (
        new_database(cluster) as database,
        serving(database, tmp_path_factory.mktemp("fields")) as (client, system),
    ):
        tell(system.records)
        entry = EXAMPLES[RaiseConcern].entry.model_copy(
            update={"data_class": DataClass.CHILD_ABUSE, "description": SECRET}
        )
        assert client.record(PUPIL, entry).status_code == 201
        Engine(database.as_projector(), held().seals).catch_up()
        client.signed_in_as(TEACHER).get(f"/v1/pupils/{PUPIL}")  # who is then in their class
        yield client


def pages(client: Client, path: str, **asked: Any) -> Iterator[dict[str, Any]]:
    """Yield each page of a list."""
    cursor: str | None = None
    while True:
        more = asked if cursor is None else {**asked, "cursor": cursor}
        answer = client.get(path, **more)
        assert answer.status_code == 200, answer.text
        yield answer.json()
        cursor = answer.json()["meta"]["next"]
        if cursor is None:
            return


def rows(client: Client, path: str, **asked: Any) -> list[dict[str, Any]]:
    return [row for page in pages(client, path, **asked) for row in page["data"]]


@pytest.mark.parametrize("when", [{}, {"known_at": "2099-01-01"}, {"as_of": "2026-10-01"}])
def test_a_class_teacher_reads_the_story_without_what_is_restricted(
    told: Client, when: dict[str, str]
) -> None:
    if "known_at" in when:
        position = max(row["position"] for row in rows(told, STORY))
        when = {"known_at": f"position:{position}"}
    everything = rows(told, STORY, limit=200, **when)
    teacher = told.signed_in_as(TEACHER)
    seen = rows(teacher, STORY, limit=200, **when)
    assert {row["event"] for row in everything} & RESTRICTED_ENTRIES
    assert not {row["event"] for row in seen} & RESTRICTED_ENTRIES
    assert {row["data_class"] for row in seen} == {"education"}
    left = [
        row["position"]
        for row in everything
        if row["event"] not in RESTRICTED_ENTRIES and row["data_class"] == "education"
    ]
    assert [row["position"] for row in seen] == left
    assert SECRET not in str(seen)
    assert all("version" not in row for row in seen)


def test_each_page_is_full_and_the_last_is_the_last(told: Client) -> None:
    teacher = told.signed_in_as(TEACHER)
    whole = rows(teacher, STORY, limit=200)
    for limit in (1, 3, len(whole)):
        by_page = list(pages(teacher, STORY, limit=limit))
        assert [row for page in by_page for row in page["data"]] == whole
        assert [len(page["data"]) for page in by_page[:-1]] == [limit] * (len(by_page) - 1)
        assert by_page[-1]["data"]


def test_a_cursor_at_what_is_left_out_is_as_one_at_nothing(told: Client) -> None:
    hidden = next(r for r in rows(told, STORY, limit=200) if r["event"] in RESTRICTED_ENTRIES)
    teacher = told.signed_in_as(TEACHER)
    refused = [
        teacher.get(STORY, cursor=cursor_of(position)) for position in (hidden["position"], 10**9)
    ]
    assert problem_of(refused[0], 422) == problem_of(refused[1], 422)


def test_the_header_names_fields_and_is_the_same_whatever_is_in_them(told: Client) -> None:
    teacher, assistant = told.signed_in_as(TEACHER), told.signed_in_as(ASSISTANT)
    pupil = f"/v1/pupils/{PUPIL}"
    assert "Withheld" not in told.get(pupil).headers
    assert teacher.get(pupil).headers["Withheld"] == (
        "agencies, disability, looked_after, previously_looked_after, pupil_premium, "
        "service_child, young_carer"
    )
    shown = assistant.get(pupil)
    assert "upn" in shown.headers["Withheld"].split(", ")
    assert shown.json().keys() == {
        "pupil_id", "legal_name", "preferred_name", "academy", "nc_year", "version", "status",
        "sen_provision", "primary_need", "areas", "class_teacher", "left_on", "corrected",
    }  # fmt: skip
    assert int(shown.headers["Content-Length"]) == len(shown.content)


def test_duties_gaps_and_concerns_are_without_what_is_restricted(told: Client) -> None:
    teacher = told.signed_in_as(TEACHER)
    asked = {"pupil_id": str(PUPIL), "limit": 200}
    assert {row["clock"] for row in rows(told, "/v1/duties", show="all", **asked)} & (
        RESTRICTED_CLOCKS
    )
    duties = rows(teacher, "/v1/duties", show="all", **asked)
    assert duties
    assert not {row["clock"] for row in duties} & RESTRICTED_CLOCKS
    assert SECRET in str(rows(told, "/v1/concerns", **asked))
    concerns = rows(teacher, "/v1/concerns", **asked)
    assert concerns
    assert SECRET not in str(concerns)
    gaps = rows(teacher, "/v1/evidence-gaps", closed=True, **asked)
    assert not {row["kind"] for row in gaps} & {"agreement_missing", "specialist_without_agency"}
    asked_for = rows(teacher, "/v1/duties", show="all", kind="healthcare_plan_review", **asked)
    assert asked_for == []


def test_from_knowing_to_acting_says_nothing_of_agencies(told: Client) -> None:
    path = f"/v1/pupils/{PUPIL}/lag"
    assert "agency" in told.get(path).text
    shown = told.signed_in_as(TEACHER).get(path)
    assert shown.status_code == 200
    assert "agency" not in shown.text.lower()
    assert SECRET not in shown.text


def test_differences_are_without_what_is_restricted(told: Client) -> None:
    path = f"/v1/pupils/{PUPIL}/differences"
    whole = told.get(path, from_known_at="position:1").json()
    cut = told.signed_in_as(TEACHER).get(path, from_known_at="position:1").json()
    of_circumstances = {"agencies", "looked_after", "young_carer", "pupil_premium", "disability"}
    assert whole["changed"].keys() & of_circumstances
    assert cut["changed"].keys() == whole["changed"].keys() - of_circumstances - {
        "previously_looked_after",
        "service_child",
    }
    assert not {row["event"] for row in cut["came"]} & RESTRICTED_ENTRIES
    assert cut["came"]


def test_the_medical_register_tells_a_class_teacher_what_to_do(told: Client) -> None:
    asked = {"pupil_id": str(PUPIL), "past": True}
    [row, *_] = rows(told.signed_in_as(TEACHER), "/v1/medical-register", **asked)
    assert row.keys() == {
        "place_id", "pupil_id", "on_register", "placed_on", "emergency", "trained_staff",
        "next_review_on", "corrected", "pupil",
    }  # fmt: skip


def test_whoever_sees_counts_alone_is_told_none_below_five(told: Client) -> None:
    shown = told.signed_in_as(Role.TRUSTEE).get("/v1/caseload").json()
    assert shown["meta"] == {"pupils": None, "suppressed": True}
    assert {row["pupils"] for row in shown["data"]} == {None}
    assert told.get("/v1/caseload").json()["meta"] == {"pupils": 1, "suppressed": False}


def test_an_assistant_is_shown_targets_and_strategies(told: Client) -> None:
    assistant = told.signed_in_as(ASSISTANT)
    shown = assistant.get(f"/v1/pupils/{PUPIL}/plan")
    assert shown.status_code == 200, shown.text
    assert shown.json().keys() == {"version", "in_force"}
    if (plan := shown.json()["in_force"]) is not None:
        assert plan.keys() == {
            "plan_id", "kind", "version", "review_on", "review_due_on", "class_teacher", "targets",
        }  # fmt: skip
    for row in rows(assistant, "/v1/targets", pupil_id=str(PUPIL)):
        assert not row.keys() & {"evidence", "outcome", "baseline"}


def test_what_was_shown_is_in_the_access_log_by_its_highest_tier(told: Client) -> None:
    for who, tier in ((ASSISTANT, "T1"), (TEACHER, "T3"), (SENCO, "T4")):
        answer = told.signed_in_as(who).get(f"/v1/pupils/{PUPIL}")
        [line] = [
            line
            for line in rows(told, f"/v1/pupils/{PUPIL}/accesses", limit=200)
            if line["request_id"] == answer.headers["X-Request-Id"]
        ]
        assert line["tier"] == tier


def test_a_parent_is_shown_a_plan_that_was_shared_and_never_a_draft(told: Client) -> None:
    parent, path = told.signed_in_as(Role.PARENT), f"/v1/pupils/{PUPIL}/plan"
    story = {row["event"]: row["position"] for row in reversed(rows(told, STORY, limit=200))}
    drafted, agreed = (f"position:{story[each]}" for each in ("PlanDrafted", "PlanAgreed"))
    assert told.get(path, known_at=drafted).json()["draft"]
    unshared = problem_of(parent.get(path, known_at=drafted), 404)
    assert unshared["detail"] == "Nothing of that is shared."
    shown = parent.get(path, known_at=agreed)
    assert shown.json().keys() == {"version", "in_force", "last_review_on"}
    assert not shown.json()["in_force"].keys() & {"shared", "drafted_on", "corrected"}
    assert all("evidence" not in target for target in shown.json()["in_force"]["targets"])


def test_a_professional_is_shown_a_plan_once_it_was_shared(told: Client) -> None:
    outside, path = told.signed_in_as(Role.PROFESSIONAL), f"/v1/pupils/{PUPIL}/plan"
    story = {row["event"]: row["position"] for row in reversed(rows(told, STORY, limit=200))}
    agreed, shared = (f"position:{story[each]}" for each in ("PlanAgreed", "PlanShared"))
    problem_of(outside.get(path, known_at=agreed), 404)
    assert outside.get(path, known_at=shared).json()["in_force"]["targets"]


def test_the_dpo_is_shown_their_own_duties_and_when_records_end(told: Client) -> None:
    officer = told.signed_in_as(Role.DPO)
    duties = rows(officer, "/v1/duties", show="all", limit=200)
    assert {row["role"] for row in duties} == {"dpo"}
    assert not {key for row in duties for key in row} & {"about", "started_version"}
    schedule = rows(officer, "/v1/retention")
    assert schedule
    assert all("date_of_birth" not in row for row in schedule)


def test_a_page_of_which_no_row_is_shown_goes_on(told: Client) -> None:
    """The planted defect: a page that ends where the database's does would be short."""
    teacher = told.signed_in_as(TEACHER)
    whole = rows(told, STORY, limit=200)
    confidential = [row for row in whole if row["data_class"] != "education"]
    assert {row["event"] for row in confidential} - RESTRICTED_ENTRIES == {"ConcernRaised"}
    assert len(rows(teacher, STORY, limit=1)) == len(rows(teacher, STORY, limit=200))


def test_the_description_says_what_may_be_left_out(told: Client) -> None:
    described = told.app.openapi()
    schemas, paths = described["components"]["schemas"], described["paths"]
    assert not {"agencies", "upn", "date_of_birth"} & set(schemas["RegisterRow"]["required"])
    assert "legal_name" in schemas["RegisterRow"]["required"]
    assert "version" not in schemas["ChronologyRow"]["required"]
    said = paths["/v1/pupils/{pupil_id}"]["get"]["description"]
    assert "Needs tier T1" in said
    assert "T4 for agencies" in said


def test_what_is_not_shown_is_not_asked_by(told: Client) -> None:
    path, asked = "/v1/targets", {"pupil_id": str(PUPIL), "outcome": "met"}
    assert told.signed_in_as(TEACHER).get(path, **asked).status_code == 200
    problem_of(told.signed_in_as(ASSISTANT).get(path, **asked), 403)
