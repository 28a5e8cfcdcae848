"""The worked cases, told to the API in this process: what the record says, midway and after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from send_records.api.app import create_app
from send_records.bootstrap import running
from send_records.demo.cases import Entry, entries
from send_records.demo.client import Api
from send_records.demo.clock import demo_clock
from send_records.demo.people import DPO
from send_records.demo.roles import begin
from send_records.demo.run import Told, clock_that_can_be_set, tell
from send_records.projections.engine import Engine
from send_records.reception import issuer
from send_records.settings import Settings
from send_records.store.connections import pool
from send_records.store.places import Place
from tests.conftest import Cluster, new_database
from tests.keys import held


@dataclass
class Tale:
    """The API after the entries up to a day have been told to it."""

    api: Api
    told: Told
    wanted: list[Entry]
    engine: Engine

    def pupil(self, name: str) -> dict[str, Any]:
        rows = self.api.get("/v1/register", show="all", left=True, limit=200)["data"]
        [row] = [row for row in rows if row["legal_name"] == name]
        return dict(row)

    def story(self, name: str) -> list[dict[str, Any]]:
        pupil_id = self.pupil(name)["pupil_id"]
        rows: list[dict[str, Any]] = self.api.get(f"/v1/pupils/{pupil_id}/chronology", limit=200)[
            "data"
        ]
        return rows


@contextmanager
def telling(cluster: Cluster, folder: Path, until: date = date.max) -> Iterator[Tale]:
    """Tell the entries recorded until a day to an API of its own."""
    settings = Settings(data_dir=folder)
    keys = replace(held(), places=(Place(folder / "checkpoints"),))
    wanted = [e for e in entries() if date.fromisoformat(e.recorded_on) <= until]
    with (
        new_database(cluster) as database,
        clock_that_can_be_set(database) as owner,
        pool(database.app, most=1) as connections,
        running(settings, database, keys, clock=demo_clock(connections), throwaway=True) as system,
        TestClient(create_app(system)) as client,
    ):
        api, told = Api(client, issuer(settings)), Told()
        begin(api, owner, system.granting)
        tell(api, owner, told, wanted)
        engine = Engine(database.as_projector(), keys.seals)
        engine.catch_up()
        yield Tale(api, told, wanted, engine)


@pytest.fixture(scope="module")
def tale(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tale]:
    """Every case, told to its end."""
    with telling(cluster, tmp_path_factory.mktemp("issuer")) as told:
        yield told


def test_every_entry_of_a_kind_that_is_built_is_recorded(tale: Tale) -> None:
    assert tale.told.refused == []
    assert tale.told.recorded + tale.told.not_built.total() == len(entries())


def test_every_kind_of_entry_in_the_cases_is_built(tale: Tale) -> None:
    assert not tale.told.not_built


def test_each_record_is_kept_until_twenty_five_and_leo_is_held(tale: Tale) -> None:
    rows = tale.api.get("/v1/retention", DPO)["data"]

    assert [(r["legal_name"], r["earliest_disposal_on"], r["held"]) for r in rows] == [
        ("Tomasz Nowak", "2039-11-30", False),
        ("Leo Bennett-Okafor", "2041-03-01", True),
        ("Aisha Rahman", "2042-03-11", False),
    ]
    assert {r["rule_id"] for r in rows} == {"send-record-dob-25"}


def test_a_concern_that_was_eal_leaves_tomasz_off_the_register(
    cluster: Cluster, tmp_path: Path
) -> None:
    with telling(cluster, tmp_path, until=date(2024, 10, 8)) as tale:
        pupil = tale.pupil("Tomasz Nowak")
        story = tale.story("Tomasz Nowak")

    assert (pupil["status"], pupil["sen_provision"], pupil["added_on"]) == ("none", "N", None)
    assert story[-1]["detail"] == "EAL not SEN"


def test_his_mother_s_refusal_does_not_stop_send_support(cluster: Cluster, tmp_path: Path) -> None:
    with telling(cluster, tmp_path, until=date(2025, 6, 3)) as tale:
        pupil = tale.pupil("Tomasz Nowak")
        told = [row["event"] for row in tale.story("Tomasz Nowak")]

    assert (pupil["status"], pupil["sen_provision"]) == ("targeted", "K")
    assert told[-2:] == ["ParentalAgreementRefused", "PlanDrafted"]


def test_the_register_read_afterwards_says_from_when_to_when(tale: Tale) -> None:
    pupil = tale.pupil("Tomasz Nowak")

    assert (pupil["status"], pupil["sen_provision"]) == ("removed", "N")
    assert (pupil["added_on"], pupil["removed_on"]) == ("2025-05-19", "2026-02-06")
    assert pupil["left_on"] == "2026-07-17"


def test_leo_moved_academy_with_his_record(tale: Tale) -> None:
    pupil = tale.pupil("Leo Bennett-Okafor")

    assert pupil["academy"] == "Brook Lane Academy"
    assert [need["sen_type"] for need in pupil["needs"]] == ["HI", "SLCN"]
    assert pupil["upn"] == "G001000026003"


def test_tomasz_had_a_reduced_timetable_and_his_record_went_after_he_had_left(tale: Tale) -> None:
    story = {row["event"]: row for row in tale.story("Tomasz Nowak")}

    assert story["ReducedTimetableAgreed"]["detail"] == (
        "re induction; Re-induction after anxiety-related absence; "
        "16 September 2025 to 24 October 2025; mornings; from 6 October 2025 to 14:00"
    )
    assert story["ReducedTimetableEnded"]["detail"] == "Full time from 28 October 2025"
    assert story["HandoverSent"]["occurred_on"] > story["PupilLeft"]["occurred_on"]
    assert story["HandoverSent"]["detail"] == (
        "To Northgate High School; SEND file, chronology, last plan; secure transfer"
    )


def test_what_was_asked_at_the_gate_is_a_request_and_a_late_call_says_so(tale: Tale) -> None:
    story = {row["event"]: row for row in tale.story("Aisha Rahman")}

    assert story["SubjectAccessRequested"]["detail"] == (
        "Nasreen Rahman; verbal, at the gate; everything held"
    )
    call = story["ContactWithFamilyRecorded"]
    assert (call["days_late"], call["role"]) == (21, "class_teacher")


def test_what_aisha_was_given_is_costed_as_planned_and_as_delivered(tale: Tale) -> None:
    [row] = tale.api.get("/v1/provision-map")["data"]

    assert (row["pupil"]["legal_name"], row["intervention"], row["target"]) == (
        "Aisha Rahman",
        "Precision teaching",
        "T1",
    )
    assert (row["planned_sessions"], row["planned_cost_pence"]) == (50, 13667)
    assert (row["delivered_sessions"], row["delivered_cost_pence"]) == (3, 820)
    assert (row["impact_rating"], row["going_on"]) == (1, False)


def test_leo_is_on_both_registers_and_his_healthcare_plan_was_to_be_reviewed(tale: Tale) -> None:
    [row] = tale.api.get("/v1/medical-register", academy="Brook Lane Academy")["data"]

    assert tale.pupil("Leo Bennett-Okafor")["sen_provision"] != "N"
    assert (row["condition"], row["next_review_on"]) == ("Type 1 diabetes", "2022-09-20")
    assert (row["medication"], row["trained_staff"]) == (["insulin, per pump"], 2)


def test_aisha_has_a_plan_after_a_refusal_and_her_level_is_that_of_the_plan(tale: Tale) -> None:
    pupil, story = tale.pupil("Aisha Rahman"), tale.story("Aisha Rahman")
    about = [
        (row["event"], row["detail"])
        for row in story
        if row["event"].startswith(("Ehc", "La", "Mediation", "AnnualReview"))
    ]

    assert (pupil["status"], pupil["sen_provision"]) == ("ehcp", "E")
    assert [event for event, _ in about] == [
        "EhcAssessmentRequested",
        "LaDecisionToAssessReceived",
        "MediationRecorded",
        "EhcPlanIssued",
        "AnnualReviewCalled",
        "AnnualReviewHeld",
        "AnnualReviewReported",
    ]
    said = dict(about)
    assert said["MediationRecorded"].startswith("refusal to assess; certificate of 20 March 2025")
    assert said["EhcPlanIssued"].endswith("without section H1, H2, J")
    assert said["AnnualReviewCalled"] == "For 14 May 2026; 31 days' notice; not invited: head"


def test_what_was_entered_late_says_so(tale: Tale) -> None:
    [advice] = [r for r in tale.story("Aisha Rahman") if r["event"] == "AgencyAdviceReceived"]

    assert (advice["occurred_on"], advice["days_late"]) == ("2024-06-10", 7)


def test_a_score_that_was_misread_is_shown_as_corrected(tale: Tale) -> None:
    [tested] = [r for r in tale.story("Aisha Rahman") if r["corrected"]]
    entry = tale.api.get(f"/v1/pupils/{tested['pupil_id']}/entries/{tested['version']}")

    said, reads = (
        [s["value"] for s in entry[name]["scores"] if s["name"] == "percentile"]
        for name in ("recorded", "reads")
    )
    assert (tested["event"], tested["occurred_on"]) == ("AssessmentRecorded", "2023-11-14")
    assert (said, reads) == (["7"], ["8"])
    assert {"ReviewHeld", "AddedToSendRegister"} <= {e["event"] for e in entry["relied_on"]}


def test_an_assessment_of_another_pupil_is_struck(tale: Tale) -> None:
    [struck] = [r for r in tale.story("Aisha Rahman") if r["withdrawn"]]

    assert (struck["event"], struck["detail"]) == ("AssessmentRecorded", "Withdrawn: wrong pupil")


def test_the_record_bears_the_hour_and_the_role_of_the_case(tale: Tale) -> None:
    [raised] = [r for r in tale.story("Aisha Rahman") if r["event"] == "ConcernRaised"]

    assert raised["recorded_at"].startswith("2023-10-09T")
    assert raised["role"] == "class_teacher"
