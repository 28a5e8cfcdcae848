"""What an integrator may count on, whatever is recorded."""

from __future__ import annotations

from datetime import date
from uuid import UUID, uuid4

import pytest
from httpx2 import Response

from send_records.aggregates.base import Actor, DomainEvent
from send_records.aggregates.concerns import RaiseConcern
from send_records.aggregates.details import RecordCircumstances
from send_records.aggregates.enrolment import AdmitPupil
from send_records.aggregates.preparations import MakesPack
from send_records.aggregates.register import ExitCriterion, RemoveFromSendRegister
from send_records.aggregates.values import Role
from send_records.bootstrap import System
from send_records.store.notes import open_note
from send_records.store.signing import Purpose
from tests.api.client import Client, problem_of
from tests.api.steps import body_of
from tests.api.story import EXAMPLES, PUPIL, REFUSED, STORY, request_of
from tests.api.story_documents import CONTENTS
from tests.scenario import ADD, ADMIT, IDENTIFY, RECORD_MOTHER, SENCO, TELL, but


def version_of(system: System, pupil_id: str | UUID) -> int:
    return system.records.pupil(UUID(str(pupil_id))).version


CIRCUMSTANCES = EXAMPLES[RecordCircumstances].entry
OTHER_CIRCUMSTANCES = RecordCircumstances(occurred_on=date(2023, 9, 8), eal=False)


def test_admission_answers_with_a_receipt_an_etag_and_where_the_pupil_is(
    client: Client, system: System
) -> None:
    key = uuid4()

    response = client.admit(key=key)

    assert response.status_code == 201
    position = system.records.size()
    receipt = response.json()
    proof = receipt.pop("proof")
    assert receipt == {"pupil_id": str(key), "version": 2, "position": position}
    promised = open_note(proof, [system.keys.signing.public(Purpose.RECEIPTS)]).splitlines()
    assert promised[:2] == ["send-records.local/receipts", str(key)]
    assert [line.split()[0] for line in promised[2:]] == [str(position - 1), str(position)]
    assert response.headers["ETag"] == '"2"'
    assert response.headers["Location"] == f"/v1/pupils/{key}"
    assert "Idempotent-Replayed" not in response.headers


def test_an_entry_answers_with_a_receipt_and_the_new_version(
    client: Client, system: System, pupil_id: str
) -> None:
    response = client.record(pupil_id, CIRCUMSTANCES, seen=2)

    assert response.status_code == 201
    position = system.records.size()
    receipt = response.json()
    del receipt["proof"]
    assert receipt == {"pupil_id": pupil_id, "version": 3, "position": position}
    assert response.headers["ETag"] == '"3"'


def test_the_version_of_an_answer_is_the_one_to_match_next(client: Client, pupil_id: str) -> None:
    first = client.record(pupil_id, CIRCUMSTANCES, seen=2)

    second = client.record(pupil_id, OTHER_CIRCUMSTANCES, seen=first.headers["ETag"])

    assert second.status_code == 201


@pytest.mark.parametrize("key", ["", "12", "not-a-uuid", "x" * 10_000])
def test_an_entry_needs_a_key_that_is_a_uuid(client: Client, pupil_id: str, key: str) -> None:
    headers = client.token | {"If-Match": "*", "Idempotency-Key": key}
    path = f"/v1/pupils/{pupil_id}/details/circumstances"

    response = client.http.post(path, json=body_of(CIRCUMSTANCES), headers=headers)

    [error] = problem_of(response, 422)["errors"]
    assert error["pointer"] == "header/idempotency-key"


def test_an_entry_without_a_key_is_refused(client: Client, pupil_id: str) -> None:
    headers = client.token | {"If-Match": "*"}
    for path in ("/v1/pupils", f"/v1/pupils/{pupil_id}/details/circumstances"):
        response = client.http.post(path, json=body_of(CIRCUMSTANCES), headers=headers)

        errors = problem_of(response, 422)["errors"]
        wanted = {"pointer": "header/idempotency-key", "code": "missing", "detail": "Enter this"}
        assert wanted in errors


def test_a_repeated_admission_has_the_same_answer_and_stores_nothing(
    client: Client, system: System
) -> None:
    key = uuid4()
    first = client.admit(key=key)
    size = system.records.size()

    again = client.admit(key=key)

    assert again.status_code == 201
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert system.records.size() == size


def test_a_repeated_entry_has_the_same_answer_whatever_came_between(
    client: Client, system: System, pupil_id: str
) -> None:
    key = uuid4()
    first = client.record(pupil_id, CIRCUMSTANCES, key=key, seen=2)
    client.record(pupil_id, OTHER_CIRCUMSTANCES)

    again = client.record(pupil_id, CIRCUMSTANCES, key=key, seen=2)

    assert again.status_code == 201
    assert again.json() == first.json()
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert version_of(system, pupil_id) == 4


def test_a_key_is_not_for_another_body(client: Client, system: System, pupil_id: str) -> None:
    key = uuid4()
    client.record(pupil_id, CIRCUMSTANCES, key=key)

    response = client.record(pupil_id, OTHER_CIRCUMSTANCES, key=key)

    assert problem_of(response, 422)["type"].endswith(":idempotency-key-reused")
    assert version_of(system, pupil_id) == 3


def test_a_key_is_not_for_another_person(client: Client, system: System, pupil_id: str) -> None:
    key = uuid4()
    client.record(pupil_id, CIRCUMSTANCES, key=key)
    colleague = Actor(id=UUID(int=9), name="Kim Ade", role=Role.SENCO)

    response = client.signed_as(colleague).record(pupil_id, CIRCUMSTANCES, key=key)

    problem_of(response, 422)
    assert version_of(system, pupil_id) == 3


def test_a_key_is_not_for_another_pupil(client: Client, pupil_id: str) -> None:
    key = uuid4()
    client.record(pupil_id, CIRCUMSTANCES, key=key)
    other = client.admit().json()["pupil_id"]

    problem_of(client.record(other, CIRCUMSTANCES, key=key), 422)


def test_a_key_is_not_for_an_admission_and_an_entry(client: Client, pupil_id: str) -> None:
    problem_of(client.record(pupil_id, CIRCUMSTANCES, key=pupil_id), 422)
    problem_of(client.admit(but(ADMIT, legal_name="Ash Rahman"), key=pupil_id), 422)


def test_an_entry_says_which_version_it_was_decided_on(client: Client, pupil_id: str) -> None:
    headers = client.token | {"Idempotency-Key": str(uuid4())}
    path = f"/v1/pupils/{pupil_id}/details/circumstances"

    response = client.http.post(path, json=body_of(CIRCUMSTANCES), headers=headers)

    assert problem_of(response, 428)["type"] == "urn:send-records:problem:version-not-said"


@pytest.mark.parametrize("seen", ["2", 'W/"2"', '"two"', '"-2"', '"2", "3"', '"1234567890"', ""])
def test_a_version_is_said_as_it_was_given(client: Client, pupil_id: str, seen: str) -> None:
    problem_of(client.record(pupil_id, CIRCUMSTANCES, seen=seen), 428)


def test_a_stale_version_is_refused(client: Client, system: System, pupil_id: str) -> None:
    client.record(pupil_id, CIRCUMSTANCES, seen=2)

    response = client.record(pupil_id, OTHER_CIRCUMSTANCES, seen=2)

    assert "version 3" in problem_of(response, 412)["detail"]
    assert version_of(system, pupil_id) == 3


def test_a_star_matches_any_version(client: Client, pupil_id: str) -> None:
    client.record(pupil_id, CIRCUMSTANCES, seen="*")

    assert client.record(pupil_id, OTHER_CIRCUMSTANCES, seen="*").status_code == 201


def test_a_role_that_may_not_is_refused_and_told_so(client: Client, pupil_id: str) -> None:
    response = client.signed_in_as(Role.PARENT).record(pupil_id, CIRCUMSTANCES)

    assert problem_of(response, 403)["detail"] == "No role that you hold does this."
    problem_of(client.signed_in_as(Role.CLASS_TEACHER).admit(), 403)


def test_nobody_makes_a_record_at_an_academy_that_is_not_theirs(client: Client) -> None:
    elsewhere = client.admit(but(ADMIT, academy="Nowhere Academy"))

    assert problem_of(elsewhere, 403)["detail"] == "Your role is for other academies."


def test_a_pupil_nobody_knows_is_not_found(client: Client) -> None:
    problem_of(client.record(uuid4(), CIRCUMSTANCES), 404)


def test_a_record_within_a_pupil_that_nobody_knows_is_not_found(
    client: Client, pupil_id: str
) -> None:
    problem_of(client.record(pupil_id, TELL), 404)


def test_a_broken_rule_cites_where_it_comes_from(client: Client, pupil_id: str) -> None:
    mother = uuid4()
    client.record(pupil_id, RECORD_MOTHER, key=mother)
    for entry in (IDENTIFY, but(TELL, contact_ids=[mother]), ADD):
        assert client.record(pupil_id, entry).status_code == 201
    remove = RemoveFromSendRegister(
        occurred_on=date(2024, 3, 1),
        criterion=ExitCriterion.EXPECTED_PROGRESS,
        review_on=date(2024, 2, 28),
    )

    problem = problem_of(client.record(pupil_id, remove), 409)

    assert problem["type"] == "urn:send-records:problem:review-missing"
    assert problem["title"] == "Review missing"
    assert problem["basis"] == "SEND policy s.14"


def test_what_is_malformed_is_named_by_its_place(client: Client, pupil_id: str) -> None:
    body = EXAMPLES[RaiseConcern].body
    body["areas"] = ["cognition_and_learning", "reading"]
    body["noticed_on"] = "yesterday"
    body["strategies_tried"][0]["effect"] = ""
    del body["strengths"]

    response = client.post(f"/v1/pupils/{pupil_id}/concerns/raise", body)

    found = {error["pointer"]: error["detail"] for error in problem_of(response, 422)["errors"]}
    assert found == {
        "#/areas/1": "Choose one of the values listed for this field",
        "#/noticed_on": "Enter a date as YYYY-MM-DD",
        "#/strategies_tried/0/effect": "Enter some text",
        "#/strengths": "Enter this",
    }


def test_a_class_teacher_raises_a_concern_in_one_call_with_four_fields(
    client: Client, pupil_id: str
) -> None:
    teacher = client.signed_in_as(Role.CLASS_TEACHER)
    body = {
        "occurred_on": "2024-01-15",
        "areas": ["cognition_and_learning"],
        "description": "Guesses words from the picture",
        "strengths": "Listens closely",
    }

    assert teacher.post(f"/v1/pupils/{pupil_id}/concerns/raise", body).status_code == 201
    for field in body:
        less = {name: value for name, value in body.items() if name != field}
        problem = problem_of(teacher.post(f"/v1/pupils/{pupil_id}/concerns/raise", less), 422)
        assert [error["pointer"] for error in problem["errors"]] == [f"#/{field}"]


def test_nothing_is_at_another_address(client: Client) -> None:
    problem_of(client.get("/v1/children"), 404)
    problem_of(client.get("/v1/register/"), 404)


def test_an_address_says_which_methods_it_takes(client: Client) -> None:
    response = client.http.delete("/v1/register", headers=client.token)

    problem_of(response, 405)
    assert response.headers["Allow"] == "GET"


def test_the_correlation_id_is_the_callers_or_a_new_one(client: Client, system: System) -> None:
    mine = uuid4()
    given = client.http.post(
        "/v1/pupils",
        json=body_of(ADMIT),
        headers=client.token | {"Idempotency-Key": str(uuid4()), "X-Correlation-Id": str(mine)},
    )
    other = client.admit()

    def correlated(answer: Response) -> set[UUID]:
        events = system.records.history(UUID(answer.json()["pupil_id"]))
        return {event.metadata.correlation_id for event in events}

    assert correlated(given) == {mine}
    assert len(correlated(other)) == 1
    assert correlated(other) != {mine}


def test_who_asked_is_in_the_log_at_the_academy_of_the_pupil(
    client: Client, system: System
) -> None:
    pupil_id = client.admit().json()["pupil_id"]

    [first, *_] = system.records.history(UUID(pupil_id))

    assert first.metadata.recorded_by == SENCO


def test_who_asks_is_never_taken_from_a_header_or_the_body(client: Client, system: System) -> None:
    forged = {"id": str(UUID(int=9)), "name": "Somebody else", "role": "dpo"}
    seen = system.records.size()
    headers = client.token | {"Idempotency-Key": str(uuid4())}
    said = {"X-Actor-Id": str(UUID(int=9)), "X-Actor-Role": "dpo", "X-Forwarded-User": "root"}

    with_headers = client.http.post("/v1/pupils", json=body_of(ADMIT), headers=headers | said)
    with_body = client.post("/v1/pupils", body_of(ADMIT) | {"recorded_by": forged})
    with_metadata = client.post("/v1/pupils", body_of(ADMIT) | {"metadata": forged})

    assert [r.status_code for r in (with_headers, with_body, with_metadata)] == [201, 422, 422]
    events = system.records.feed(after=seen, limit=10)
    assert {e.metadata.recorded_by for e in events if isinstance(e, DomainEvent)} == {SENCO}


def test_an_example_of_every_command_is_recorded_in_the_order_of_the_story(
    client: Client, system: System
) -> None:
    for step in STORY:
        recorder = client.signed_as(step.actor)
        if step.key in CONTENTS:
            assert recorder.upload(PUPIL, CONTENTS[step.key], step.key).status_code == 201
        if isinstance(step.entry, MakesPack):
            system.records.execute(PUPIL, step.entry, request_of(step))  # once a job made it
            continue
        if isinstance(step.entry, AdmitPupil):
            answer = recorder.admit(step.entry, key=step.key)
        else:
            answer = recorder.record(
                PUPIL, step.entry, key=step.key, seen=version_of(system, PUPIL)
            )
        wanted = 409 if type(step.entry) in REFUSED else 201
        assert answer.status_code == wanted, (type(step.entry), answer.text)
