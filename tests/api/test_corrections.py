"""An entry with what was said of it since, over HTTP; and its marks in the story."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from send_records.aggregates.base import Actor
from send_records.aggregates.values import Role
from send_records.bootstrap import System
from send_records.store.access import Access, AccessPurpose, Act, Tier
from tests.api.client import Client, problem_of
from tests.api.story import PUPIL
from tests.scenario import SENCO

OBSERVED = {
    "occurred_on": "2024-06-03",
    "setting": "Phonics",
    "observed": "Will not try",
    "minutes": 20,
}
CORRECT = {
    "occurred_on": "2024-06-10",
    "entry_version": 3,
    "field": "minutes",
    "from_value": 20,
    "to_value": 10,
    "why": "Misread the clock",
}
RESTRICT = {
    "occurred_on": "2024-06-10",
    "entry_version": 3,
    "ground": "accuracy_contested",
    "why": "Two accounts",
}
DISPUTE = {"occurred_on": "2024-06-10", "entry_version": 3, "statement": "I did try"}
WITHDRAW = {
    "occurred_on": "2024-06-11",
    "entry_version": 3,
    "why": "wrong_pupil",
    "explanation": "It was another child",
}


def said(client: Client, pupil_id: str, **entries: Any) -> None:
    for verb, body in entries.items():
        path = verb.replace("__", "/")
        response = client.post(f"/v1/pupils/{pupil_id}/{path}", body)
        assert response.status_code == 201, response.text


def entry(client: Client, pupil_id: str, version: int = 3) -> dict[str, Any]:
    response = client.get(f"/v1/pupils/{pupil_id}/entries/{version}")
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def exported(system: System, pupil_id: str, name: str) -> None:
    system.access.record(
        Access(
            actor=Actor(id=uuid4(), name=name, role=Role.DPO),
            request_id=uuid4(),
            act=Act.EXPORT,
            what="get_extract",
            tier=Tier.RESTRICTED,
            purpose=AccessPurpose.SUBJECT_ACCESS,
            pupils=[UUID(pupil_id)],
        )
    )


def test_an_entry_that_nobody_put_right_reads_as_it_was_recorded(
    client: Client, pupil_id: str
) -> None:
    said(client, pupil_id, assessments__observation=OBSERVED)

    found = entry(client, pupil_id)

    assert found["recorded"] == found["reads"]
    assert found["recorded"]["minutes"] == 20
    assert found["corrections"] == found["withdrawals"] == found["disputes"] == []
    assert not found["restricted"]


def test_an_entry_is_shown_as_recorded_and_as_it_reads_with_who_put_it_right_and_why(
    client: Client, pupil_id: str
) -> None:
    said(
        client,
        pupil_id,
        assessments__observation=OBSERVED,
        corrections__correct=CORRECT,
        disputes__dispute=DISPUTE,
        disputes__restrict=RESTRICT,
    )

    found = entry(client, pupil_id)

    assert (found["recorded"]["minutes"], found["reads"]["minutes"]) == (20, 10)
    [correction] = found["corrections"]
    assert (correction["from_value"], correction["to_value"]) == (20, 10)
    assert correction["why"] == "Misread the clock"
    assert correction["metadata"]["recorded_by"]["name"] == SENCO.name
    assert [each["statement"] for each in found["disputes"]] == ["I did try"]
    assert found["restricted"]


def test_an_entry_that_was_withdrawn_reads_as_nothing(client: Client, pupil_id: str) -> None:
    said(client, pupil_id, assessments__observation=OBSERVED, corrections__withdraw=WITHDRAW)

    found = entry(client, pupil_id)

    assert found["reads"] is None
    assert found["recorded"]["observed"] == "Will not try"
    assert [each["explanation"] for each in found["withdrawals"]] == ["It was another child"]


def test_whoever_was_given_the_record_before_it_was_put_right_is_listed(
    client: Client, system: System, pupil_id: str
) -> None:
    exported(system, pupil_id, "Too early")
    said(client, pupil_id, assessments__observation=OBSERVED)
    exported(system, pupil_id, "Priya Shah")
    said(client, pupil_id, corrections__correct=CORRECT)
    exported(system, pupil_id, "Too late")

    assert [each["name"] for each in entry(client, pupil_id)["exports"]] == ["Priya Shah"]
    [given] = entry(client, pupil_id)["exports"]
    assert (given["what"], given["purpose"]) == ("get_extract", "subject_access")


def test_who_had_the_record_exported_is_told_to_those_who_may_read_who_has_read(
    client: Client, system: System, pupil_id: str
) -> None:
    said(client, pupil_id, assessments__observation=OBSERVED)
    exported(system, pupil_id, "Priya Shah")

    answers = {}
    for role in (Role.SENCO, Role.TRUST_SENCO, Role.DPO, Role.HEAD_OF_INCLUSION):
        reading = client.signed_in_as(role)
        answers[role] = reading.get(f"/v1/pupils/{pupil_id}/accesses").status_code
        assert (entry(reading, pupil_id)["exports"] is None) is (answers[role] == 403)
    assert answers[Role.HEAD_OF_INCLUSION] == 403
    assert set(answers.values()) == {200, 403}


def test_an_entry_is_asked_for_by_those_who_may_read_whole_records(
    client: Client, pupil_id: str
) -> None:
    path = f"/v1/pupils/{pupil_id}/entries/3"

    problem_of(client.signed_in_as(Role.CLASS_TEACHER).get(path), 403)
    problem_of(client.get(path), 404)
    problem_of(client.get(f"/v1/pupils/{uuid4()}/entries/1"), 404)


def test_a_refusal_names_the_later_entry_that_stands_in_the_way(
    client: Client, pupil_id: str
) -> None:
    watch = {"occurred_on": "2024-01-08", "focus": "Reading"}
    said(
        client,
        pupil_id,
        monitoring__start=watch,
        monitoring__end={"occurred_on": "2024-02-09"},
    )

    problem = problem_of(client.post(f"/v1/pupils/{pupil_id}/corrections/withdraw", WITHDRAW), 409)

    assert problem["detail"].startswith("Entry 4, MonitoringEnded of 9 February 2024")
    assert "UK GDPR Art 5(1)(d)" in str(problem)


def test_the_story_marks_the_entries_that_something_was_said_of(
    storied: tuple[Client, System],
) -> None:
    client, _ = storied
    rows = client.get(f"/v1/pupils/{PUPIL}/chronology", limit=200).json()["data"]
    marks = ("corrected", "withdrawn", "disputed", "restricted")

    [marked] = [row for row in rows if any(row[mark] for mark in marks)]

    assert marked["version"] == 3
    assert [marked[mark] for mark in marks] == [True, True, True, False]
    assert marked["detail"] == "Withdrawn: wrong pupil"
    assert entry(client, str(PUPIL))["recorded"]["observed"] == "Sits apart"
