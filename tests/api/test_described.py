"""The API's description is complete: a summary, an example that validates, and every refusal.

The examples are what the story says and is answered.  After a change of either, make them anew:
``MAKE_EXAMPLES=1 .venv/bin/python -m pytest tests/api/test_described.py``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic import TypeAdapter

import send_records.api
from send_records.aggregates.base import Command, Entry
from send_records.api.describing import PROBLEM, completed
from send_records.api.recording import snake_case
from send_records.api.refusals import refusals_of_command
from send_records.bootstrap import System
from send_records.errors import SendRecordsError
from tests.api.client import Client, routes_of
from tests.api.story import EXAMPLES, PUPIL
from tests.api.story_people import OF_PEOPLE
from tests.api.test_accounting import READINGS

FILE = Path(send_records.api.__file__).with_name("examples.json")

Json = dict[str, Any]

UNSHOWN = {"get_extract", "get_proofs"}
"""Answers that are as long as a record, and are described in ``disclosure``."""


def bodies() -> Json:
    """Return the body of each operation that has one, without what is left out by default."""
    recorded = {
        snake_case(kind.__name__): step.entry.model_dump(mode="json", exclude_defaults=True)
        for kind, step in sorted(EXAMPLES.items(), key=lambda found: found[0].__name__)
    }
    asked = {name: reading.body for name, reading in READINGS.items() if reading.body}
    of_people = {
        snake_case(kind.__name__): asking.body
        for kind, asking in sorted(OF_PEOPLE.items(), key=lambda found: found[0].__name__)
    }
    return (
        recorded
        | of_people
        | asked
        | {"make_calendar": {"academy": "Alder Park Academy", "role": "senco"}}
    )


def answers(client: Client) -> Json:
    """Return what each question is answered of the story, cut to one row."""
    found: Json = {}
    for name, asked in READINGS.items():
        if name in UNSHOWN or asked.body:
            continue
        asker = client.signed_in_as(asked.by.role)
        answer = asker.http.request(
            asked.method,
            asked.at(PUPIL),
            content=asked.content,
            headers=asker.known(asked.at(PUPIL)) | asked.headers,
        )
        if answer.headers["content-type"] == "application/json":
            said = answer.json()
            found[name] = said | {"data": said["data"][:1]} if "data" in said else said
    return found


def shape(value: Any) -> Any:
    """Return what there is in a value, whatever it is: then an old example is as good as a new."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value)


@pytest.fixture(scope="module")
def described(storied: tuple[Client, System]) -> Json:
    client, _ = storied
    if os.environ.get("MAKE_EXAMPLES"):
        kept = orjson.loads(FILE.read_bytes())["answers"]
        fresh = answers(client)
        same = {name for name in kept.keys() & fresh if shape(kept[name]) == shape(fresh[name])}
        made = {"bodies": bodies(), "answers": fresh | {name: kept[name] for name in same}}
        FILE.write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2) + b"\n")
    return completed(client.app)


def operations(described: Json) -> dict[str, Json]:
    return {
        operation["operationId"]: operation
        for path in described["paths"].values()
        for operation in path.values()
    }


def routes(app: FastAPI) -> dict[str, APIRoute]:
    return {
        str(route.operation_id): route.original_route
        for route in iter_route_contexts(app.routes)
        if isinstance(route.original_route, APIRoute)
    }


def bodies_in(described: Json) -> dict[str, Json]:
    return {
        name: operation["requestBody"]["content"]["application/json"]
        for name, operation in operations(described).items()
        if "application/json" in operation.get("requestBody", {}).get("content", {})
    }


def answers_in(described: Json) -> dict[str, Json]:
    return {
        name: operation["responses"]["200"]["content"]["application/json"]
        for name, operation in operations(described).items()
        if "application/json" in operation["responses"].get("200", {}).get("content", {})
    }


def test_the_examples_are_those_of_the_story(described: Json) -> None:
    kept = orjson.loads(FILE.read_bytes())

    assert kept["bodies"] == orjson.loads(orjson.dumps(bodies()))


def test_every_operation_says_what_it_is(described: Json) -> None:
    assert [
        name
        for name, operation in operations(described).items()
        if not operation.get("summary") or not operation.get("description")
    ] == []


def test_every_body_has_an_example_that_validates(
    described: Json, storied: tuple[Client, System]
) -> None:
    known = routes(storied[0].app)

    for name, body in bodies_in(described).items():
        [field] = known[name].dependant.body_params
        kind: Any = field.field_info.annotation
        TypeAdapter(kind).validate_json(orjson.dumps(body["example"]))


def test_every_answer_has_an_example_that_validates(
    described: Json, storied: tuple[Client, System]
) -> None:
    known = routes(storied[0].app)
    without = {name for name, answer in answers_in(described).items() if "example" not in answer}

    assert {name for name in without if name in READINGS} == UNSHOWN | {"find_pupils"} & without
    for name, answer in answers_in(described).items():
        model = known[name].response_model
        if "example" in answer and model is not None:
            TypeAdapter(model).validate_json(orjson.dumps(answer["example"]))


def test_every_refusal_in_the_description_is_a_problem_with_its_type(described: Json) -> None:
    for name, operation in operations(described).items():
        for status, response in operation["responses"].items():
            if int(status) < 400:
                continue
            examples = response["content"][PROBLEM]["examples"]
            assert examples, (name, status)
            for said in examples.values():
                assert said["value"]["status"] == int(status)
                assert said["value"]["type"].startswith("urn:send-records:problem:")
                assert said["value"]["detail"]


def refused_with(described: Json, operation: str) -> set[str]:
    return {
        name
        for response in operations(described)[operation]["responses"].values()
        for name in response.get("content", {}).get(PROBLEM, {}).get("examples", {})
    }


def test_what_stands_in_the_way_of_the_register_is_described(described: Json) -> None:
    """Read by hand from ``aggregates/register.py``."""
    assert refused_with(described, "add_to_send_register") >= {
        "AlreadyOnRegister",
        "ParentsNotInformed",
        "PrimaryNeedMissing",
        "AgencyNotInvolved",
        "PupilNotOnRoll",
        "NotYetHappened",
        "MalformedRequest",
        "NotSignedIn",
        "SecondFactorMissing",
        "RoleMissing",
        "AskedFromElsewhere",
        "TooManyRequests",
        "NotFound",
        "Erased",
        "StaleVersion",
        "VersionNotSaid",
        "IdempotencyKeyReused",
        "Conflict",
        "NotReadyYet",
    }


def test_every_route_says_what_its_door_refuses_with(
    described: Json, storied: tuple[Client, System]
) -> None:
    """A pupil out of scope, too, is one who is not there."""
    for route in routes_of(storied[0].app):
        said = refused_with(described, str(route.operation_id))
        if "{token}" in str(route.path):
            continue
        assert said >= {"NotSignedIn", "SecondFactorMissing", "RoleMissing", "TooManyRequests"}
        assert ("AskedFromElsewhere" in said) is (route.methods != {"GET"}), route.path
        if "{pupil_id}" in str(route.path):
            assert "NotFound" in said


def test_what_asks_for_a_fresh_sign_in_says_so(described: Json) -> None:
    again = {
        name for name in operations(described) if "SignInAgain" in refused_with(described, name)
    }

    assert again == {
        *("get_extract", "get_pack_content", "get_locked_pack", "break_glass"),
        "get_working_document",
        *("approve_disclosure", "serve_bundle"),
        *(snake_case(command.__name__) for command in OF_PEOPLE),
    }


def test_a_hold_may_be_placed_after_leaving(described: Json) -> None:
    assert "PupilNotOnRoll" not in refused_with(described, "place_legal_hold")


def test_a_page_can_be_gone(described: Json) -> None:
    assert refused_with(described, "get_register") >= {"CursorUnknown", "PlaceGone"}
    assert "PlaceGone" not in refused_with(described, "get_pupil")


def test_what_can_be_the_matter_with_a_document_is_described(described: Json) -> None:
    """Read by hand from ``documents`` and ``sniffing``."""
    assert refused_with(described, "upload_content") >= {
        *("TooLarge", "TypeNotTaken", "CutShort", "TwoTypesInOne", "MacrosInside", "NotOffice"),
        *("Unrecognised", "NotAsDeclared", "UploadCutShort", "IdempotencyKeyReused", "Erased"),
    }
    assert refused_with(described, "get_document_content") >= {"ContentDamaged", "NotFound"}
    assert refused_with(described, "file_document") >= {
        *("DocumentAlreadyFiled", "ContentUnknown", "ContentDiffers", "ContentTooOld"),
        *("TooLarge", "TypeNotTaken", "NotYetHappened"),
    }
    assert "CutShort" not in refused_with(described, "file_document")


def test_what_is_asked_of_the_past_can_be_refused(described: Json) -> None:
    of_the_past = {"MomentUnclear", "StillToCome", "PastIsBusy"}
    assert refused_with(described, "get_register") >= of_the_past
    assert refused_with(described, "get_pupil") >= of_the_past | {"NotOnRecordThen"}
    assert not refused_with(described, "get_history") & of_the_past


def commands() -> list[type[Entry]]:
    return [kind for kind in EXAMPLES if issubclass(kind, Command)]


def test_the_source_of_every_command_can_be_read() -> None:
    assert [kind.__name__ for kind in commands() if not refusals_of_command(kind)] == []


def test_a_refusal_planted_in_what_a_command_calls_would_be_described(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Planted(SendRecordsError):
        """Nobody has written this one down."""

    def deeper() -> None:
        raise Planted("no")

    def decide(self: Command, pupil: object, by: object) -> None:
        deeper()

    kind = type("Sown", (), {"decide": decide})
    decide.__module__ = deeper.__module__ = "send_records.aggregates.sown"

    assert Planted in refusals_of_command(kind)
