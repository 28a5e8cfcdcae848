"""Bad input never gives 5xx, is never stored and never echoed (``security.md``, P8)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response

from send_records.aggregates.agencies import EndAgencyInvolvement, RecordAgencyAdvice, ReferToAgency
from send_records.aggregates.assessments import RecordAssessment
from send_records.aggregates.attainments import RecordAttainment, RecordObservation
from send_records.aggregates.base import Entry
from send_records.aggregates.concern_answers import AnswerConcern
from send_records.aggregates.concerns import DiscussConcernWithParents, RaiseConcern
from send_records.aggregates.consents import WithdrawAgreement
from send_records.aggregates.contacts import RecordContact
from send_records.aggregates.details import ChangeYearGroup, RecordCircumstances, ReplaceUpn
from send_records.aggregates.enrolment import AdmitPupil, MovePupilAcademy
from send_records.aggregates.healthcare import RecordHealthcarePlan
from send_records.aggregates.needs import EndNeed, IdentifyNeed, RerankNeeds
from send_records.aggregates.plans import DraftPlan
from send_records.aggregates.profiles import WriteOnePageProfile
from send_records.aggregates.provision import StartProvision
from send_records.aggregates.reviews import HoldReview
from send_records.api.app import create_app
from send_records.api.strict import LARGEST_BODY
from send_records.bootstrap import System
from tests.api.client import PROBLEM, Client, path_of
from tests.api.hostile import CANARY, echoes, overheard
from tests.api.story import DPO, EXAMPLES, PUPIL
from tests.scenario import SENCO

INDIC_DAY = "\u0662\u0660\u0662\u0664-\u0660\u0661-\u0660\u0661"
"""2024-01-01, in the digits of Arabic."""

Case = tuple[type[Entry], str, str]


@pytest.fixture
def client(storied: tuple[Client, System]) -> Client:
    return storied[0]


@pytest.fixture
def system(storied: tuple[Client, System]) -> System:
    return storied[1]


def raw(kind: type[Entry], field: str, value: str) -> bytes:
    """Return an example body with one field written as given, and the canary in another."""
    body = EXAMPLES[kind].body | {"reason": CANARY, field: "@@"}
    return json.dumps(body).replace('"@@"', value).encode()


def sent(client: Client, kind: type[Entry], content: bytes, **more: str | bytes) -> Response:
    """Send a body as it is, with everything else in order."""
    sender = client.signed_as(EXAMPLES[kind].actor)
    headers: dict[str, str | bytes] = {
        **sender.token,
        "Content-Type": "application/json",
        "Idempotency-Key": str(uuid4()),
        "If-Match": "*",
        **more,
    }
    return client.http.post(
        path_of(client.app, kind, PUPIL),
        content=content,
        headers=[
            (name.encode(), value if isinstance(value, bytes) else value.encode())
            for name, value in headers.items()
        ],
    )


class Watch:
    """What became of a request: its answer, what was logged meanwhile, and what was stored."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._size = system.records.size()

    def refused(self, response: Response, lines: list[str], *statuses: int) -> None:
        assert response.status_code in (statuses or (422,)), response.text
        assert response.headers["content-type"] == PROBLEM
        self.unheard(response, lines)

    def unheard(self, response: Response, lines: list[str]) -> None:
        assert response.status_code < 500, (response.text, lines)
        assert echoes(response, lines) == []
        assert self._system.records.size() == self._size


@pytest.fixture
def watch(system: System) -> Watch:
    return Watch(system)


def quoted(*texts: str) -> list[str]:
    return [json.dumps(text) for text in texts]


OUT_OF_BOUNDS = {
    "group_size": ["0", "-1", "1.0", "true", "null", '"2"', "100001"],
    "minutes": ["0", "-10", "1e2", f'"{CANARY}"'],
    "sessions_per_week": ["0", "50.5", "0.0001", '"NaN"', '"sNaN"', "true", "null", "[]"],
    "hourly_rate": ["-0.01", "10000.01", '"16.405"', '"1e-400"', '"Infinity"', "true", "null"],
    "cost": ["82"],
}


def delivery(field: str, value: str) -> str:
    """Return how provision is given, with one field written as given."""
    given = {
        "deliverer": {"role": CANARY},
        "group_size": 1,
        "sessions_per_week": 5,
        "minutes": 10,
        "hourly_rate": "16.40",
        field: "@",
    }
    return json.dumps(given).replace('"@"', value)


def cases() -> Iterator[Case]:
    for value in [
        rf'"{CANARY}\u0000x"',
        rf'"{CANARY}\ud800x"',
        rf'"\udc00{CANARY}"',
        rf'"{CANARY}\ud800\ud800x"',
        rf'"{CANARY}\u202ex"',
        rf'"{CANARY}\u2066x"',
        rf'"{CANARY}\u0007x"',
        rf'"{CANARY}\u001b[31mx"',
        rf'"{CANARY}\u0085x"',
        rf'"{CANARY}\ue000x"',
        f'"{CANARY}\\x00"',
        f'"{CANARY}\n"',
        '""',
        '"   "',
        r'"\u200b\ufeff"',
        f'"{CANARY * 1000}"',
        "5",
        "true",
        "null",
        "[]",
        f'["{CANARY}"]',
        f'{{"{CANARY}": 1}}',
    ]:
        yield RaiseConcern, "description", value
        yield AdmitPupil, "legal_name", value
    for value in [
        *quoted("0001-01-01", "9999-12-31", "1989-12-31", "2150-01-02", "2026-02-30"),
        *quoted("2023-02-29", "2024-1-1", "24-01-01", "2024-01-01T00:00:00", "2024-01-01Z"),
        *quoted(
            "\u0662\u0660\u0662\u0664-\u0660\u0661-\u0660\u0661",
            " 2024-01-01",
            "2024-01-01\n",
            "2024-01-01\x00",
            "-2024-01-01",
        ),
        *quoted("2024-W01-1", "20240101", "1704067200", "now", "", CANARY, "0000-00-00"),
        *["20240101", "1704067200", "1704067200000", "-1", "1.5", "1e12", "true", "null", "[]"],
        f'{{"{CANARY}": 1}}',
    ]:
        yield RecordAgencyAdvice, "report_dated", value
        yield AdmitPupil, "date_of_birth", value
        yield MovePupilAcademy, "occurred_on", value
    for value in [
        *["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9" * 5000, "-" + "9" * 5000],
        *["-1", "100001", "1.5", "1.0", "1e2", "true", "false", "[20]", "{}", '"20"', '""'],
        *["9007199254740993", "2147483648", "9223372036854775808", "01", "+1", "0x10", "1_0"],
        f'"{CANARY}"',
    ]:
        yield RecordObservation, "minutes", value
    for value in [
        *["NaN", "Infinity", "1e400", "1e16", "1000000", "0.1234", "true", "null", "[]", "{}"],
        *quoted("NaN", "Infinity", "-Infinity", "sNaN", "1e400", "1e-400", "1e999999999", ""),
        *quoted("14.5.1", "0x10", "\u0661\u0664\u066b\u0665", CANARY, "9" * 5000),
    ]:
        yield RecordAssessment, "scores", f'[{{"name": "{CANARY}", "value": {value}}}]'
        if value != "null":
            confidence = f'[{{"name": "{CANARY}", "value": 1, "confidence": {value}}}]'
            yield RecordAssessment, "scores", confidence
    for value in ["1", "0", "1.0", '"true"', '"yes"', '""', "[]", "{}", f'"{CANARY}"']:
        yield RecordCircumstances, "eal", value
    for value in [
        '"cognition_and_learning"',
        "[]",
        "{}",
        "null",
        "[null]",
        '[["cognition_and_learning"]]',
        '["COGNITION_AND_LEARNING"]',
        '["cognition_and_learning "]',
        f'["{CANARY}"]',
        json.dumps(["cognition_and_learning"] * 41),
    ]:
        yield RaiseConcern, "areas", value
    for value in [
        f'{{"{CANARY}": "x"}}',
        '{"": "x"}',
        '{"cognition_and_learning": 5}',
        '{"cognition_and_learning": ""}',
        '{"cognition_and_learning": "a", "cognition_and_learning": "b"}',
        r'{"\ud800": "x"}',
        r'{"\u0000": "x"}',
        '[["cognition_and_learning", "x"]]',
        "null",
        "5",
    ]:
        yield IdentifyNeed, "strengths", value
    for field, values in OUT_OF_BOUNDS.items():
        for value in values:
            yield StartProvision, "delivery", delivery(field, value)
    for value in ["0", "-1", "105", "1.5", "true", '"10"', "[]", f'"{CANARY}"', "1e400"]:
        yield StartProvision, "weeks", value
    yield WriteOnePageProfile, "like_and_admire", "[]"
    yield WriteOnePageProfile, "like_and_admire", f'["{CANARY * 400}"]'
    yield RecordHealthcarePlan, "medication", f'[{{"name": "{CANARY}"}}]'
    yield RecordHealthcarePlan, "emergency", "null"
    for value in ["5", "null", "{}", '""', r'"\u0000"', f'"{CANARY}"', "true", f'"{"0" * 33}"']:
        yield AnswerConcern, "concern_id", value
        yield DiscussConcernWithParents, "contact_ids", f"[{value}]"
    yield DiscussConcernWithParents, "contact_ids", json.dumps([str(PUPIL)] * 41)
    yield RecordAgencyAdvice, "recommendations", json.dumps([CANARY] * 41)
    yield RecordAgencyAdvice, "recommendations", f'"{CANARY}"'
    yield AdmitPupil, "home_languages", json.dumps([CANARY] * 41)
    yield AdmitPupil, "sex", f'"{CANARY}"'
    yield AdmitPupil, "upn", f'"{CANARY}"'
    yield AdmitPupil, "upn", '"A001000026001"'
    yield AdmitPupil, "nc_year", f'"{CANARY}"'
    yield ReplaceUpn, "upn", '"D00100002600\u0661"'
    yield ChangeYearGroup, "nc_year", f'"{CANARY}"'
    yield RaiseConcern, "data_class", f'"{CANARY}"'
    yield RaiseConcern, "origin", "5"
    yield RaiseConcern, CANARY, "1"
    yield RaiseConcern, "metadata", f'{{"recorded_by": "{CANARY}"}}'
    yield RaiseConcern, "originator_id", f'"{PUPIL}"'
    yield RaiseConcern, "position", "1"
    yield RaiseConcern, "__class__", f'"{CANARY}"'
    yield RecordContact, "contact", f'{{"name": "{CANARY}"}}'
    yield RecordContact, "contact", f'"{CANARY}"'
    yield DraftPlan, "targets", f'[{{"{CANARY}": 1}}]'
    yield DraftPlan, "targets", "[[]]"


CASES = list(cases())


def test_each_case_differs_from_an_example_in_one_thing(client: Client) -> None:
    for kind in {kind for kind, _, _ in CASES}:
        response = client.signed_as(EXAMPLES[kind].actor).record_example(uuid4(), kind, seen=1)
        assert response.status_code in (201, 404), response.text


@pytest.mark.parametrize(
    ("kind", "field", "value"), CASES, ids=[f"{k.__name__}.{f}={v[:24]!a}" for k, f, v in CASES]
)
def test_a_bad_value_is_refused(
    client: Client, watch: Watch, kind: type[Entry], field: str, value: str
) -> None:
    with overheard() as lines:
        response = sent(client, kind, raw(kind, field, value))

    watch.refused(response, lines)


GOOD = raw(RaiseConcern, "description", f'"{CANARY}"')
DEEP = 10_000

BODIES: dict[str, bytes] = {
    "empty": b"",
    "null": b"null",
    "an array": b"[" + GOOD + b"]",
    "a number": b"5",
    "a string": json.dumps(CANARY).encode(),
    "true": b"true",
    "cut short": GOOD[:-1],
    "with more behind it": GOOD + GOOD,
    "with a comma too many": GOOD[:-1] + b",}",
    "with a comment": GOOD[:-1] + b"/* */}",
    "in single quotes": GOOD.replace(b'"', b"'"),
    "not UTF-8": GOOD.replace(CANARY.encode(), CANARY.encode() + b"\xff\xfe"),
    "a surrogate in bytes": GOOD.replace(CANARY.encode(), CANARY.encode() + b"\xed\xa0\x80"),
    "an overlong NUL": GOOD.replace(CANARY.encode(), CANARY.encode() + b"\xc0\x80"),
    "a NUL in bytes": GOOD.replace(CANARY.encode(), CANARY.encode() + b"\x00"),
    "UTF-16": GOOD.decode().encode("utf-16"),
    "UTF-32": GOOD.decode().encode("utf-32"),
    "with a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "a name twice": GOOD[:-1] + b', "description": "' + CANARY.encode() + b'"}',
    "a name twice, once escaped": GOOD[:-1] + rb', "\u0064escription": "x"}',
    "a name that is half a character": GOOD[:-1] + rb', "\ud800": 1}',
    "a name of a NUL": GOOD[:-1] + rb', "\u0000": 1}',
    "deep arrays": b"[" * DEEP + GOOD + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + GOOD + b"}" * DEEP,
    "deep within": raw(RaiseConcern, "description", "[" * DEEP + "]" * DEEP),
    "deep and open": b"[" * 100_000,
    "thirteen deep": raw(RaiseConcern, "description", "[" * 13 + "]" * 13),
    "a thousand unknown fields": GOOD[:-1]
    + b"".join(b', "%s%d": 1' % (CANARY.encode(), n) for n in range(1000))
    + b"}",
    "ten thousand items": raw(RaiseConcern, "areas", json.dumps([CANARY] * 10_000)),
}


@pytest.mark.parametrize("content", BODIES.values(), ids=BODIES.keys())
def test_a_bad_body_is_refused(client: Client, watch: Watch, content: bytes) -> None:
    with overheard() as lines:
        response = sent(client, RaiseConcern, content)

    watch.refused(response, lines)
    assert len(response.content) < 10_000


def test_a_body_that_is_too_large_is_refused(client: Client, watch: Watch) -> None:
    large = raw(RaiseConcern, "description", f'"{CANARY * (300 * 1024 // len(CANARY))}"')
    assert len(large) > LARGEST_BODY

    with overheard() as lines:
        response = sent(client, RaiseConcern, large)

    watch.refused(response, lines, 413)


def test_a_body_that_grows_too_large_on_the_way_is_refused(client: Client, watch: Watch) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(300):
            yield (CANARY * 400).encode()[:1024]

    headers = client.token | {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
    with overheard() as lines:
        response = client.http.post("/v1/pupils", content=chunks(), headers=headers)

    watch.refused(response, lines, 413)


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "text/json",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
        "application/octet-stream",
        "application/jsonp",
        "",
        ";",
        f"{CANARY}/json",
        "x" * 5000,
    ],
)
def test_a_body_of_another_type_is_refused(client: Client, watch: Watch, content_type: str) -> None:
    with overheard() as lines:
        response = sent(client, RaiseConcern, GOOD, **{"Content-Type": content_type})

    watch.refused(response, lines)


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("Idempotency-Key", CANARY * 1100, 422),
        ("Idempotency-Key", f"{PUPIL}, {PUPIL}", 422),
        ("Idempotency-Key", CANARY, 422),
        ("Idempotency-Key", "null", 422),
        ("If-Match", CANARY, 428),
        ("If-Match", f'"{CANARY}"', 428),
        ("If-Match", CANARY * 1000, 422),
        ("If-Match", b'"\xb2"', 428),
        ("If-Match", '"99999999999999999999"', 428),
        ("X-Correlation-Id", CANARY, 422),
        ("Authorization", CANARY, 401),
        ("Authorization", f"Bearer {CANARY}", 401),
        ("Authorization", f"Bearer {CANARY * 1100}", 401),
        ("Authorization", f"Basic {CANARY}", 401),
        ("Authorization", "Bearer", 401),
        ("Authorization", b"Bearer \xe9.\xe9.\xe9", 401),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_bad_header_is_refused(
    client: Client, watch: Watch, name: str, value: str | bytes, status: int
) -> None:
    with overheard() as lines:
        response = sent(client, RaiseConcern, GOOD, **{name: value})

    watch.refused(response, lines, status)


def asker_of(client: Client, path: str) -> Client:
    """Somebody who may ask there, so that it is what they ask that is refused."""
    return client.signed_as(DPO if path.startswith("/v1/events") else SENCO)


@pytest.mark.parametrize(
    "path",
    [
        f"/{CANARY}",
        f"/v1/{CANARY}",
        f"//{CANARY}",
        f"/v1/register/?academy={CANARY}",
        f"/v1/register/{CANARY}",
        f"/v1/register;{CANARY}",
        f"/v1/register%00{CANARY}",
        f"/v1/pupils/{CANARY}",
        f"/v1/pupils/{CANARY}/chronology",
        f"/v1/pupils/%00{CANARY}",
        f"/v1/pupils/%ff{CANARY}",
        f"/v1/pupils/%ED%A0%80{CANARY}",
        f"/v1/pupils/..%2f..%2f{CANARY}",
        f"/v1/pupils/{'9' * 5000}{CANARY}",
        f"/v1/pupils/{PUPIL}/{CANARY}",
        f"/v1/pupils/{PUPIL}/chronology?cursor={CANARY}",
        f"/v1/pupils/{PUPIL}/history?cursor={CANARY}",
        f"/v1/pupils/{PUPIL}/history?limit={CANARY}",
        f"/v1/register?limit={CANARY}",
        f"/v1/register?limit=1&limit={CANARY}",
        f"/v1/register?show={CANARY}",
        f"/v1/register?left={CANARY}",
        f"/v1/register?after={CANARY}",
        f"/v1/register?cursor={CANARY}",
        f"/v1/register?cursor={CANARY * 100}",
        f"/v1/register?academy=%00{CANARY}",
        f"/v1/register?academy={CANARY}%E2%80%AE",
        f"/v1/register?academy={CANARY * 30}",
        "/v1/register?academy=",
        "/v1/register?academy=%00",
        f"/v1/retention?academy=%00{CANARY}",
        f"/v1/retention?held={CANARY}",
        *[
            f"/v1/register?limit={n}"
            for n in ("-1", "0", "201", "1e2", "1.5", "9" * 5000, "NaN", "%00", "", "true")
        ],
        *[f"/v1/register?after={n}" for n in ("-1", 2**53 + 1, "9" * 5000, "1e3", "NaN", "%00")],
        *[f"/v1/events?after={n}" for n in ("-1", 2**63, "9" * 5000, CANARY, "%00")],
        *[f"/v1/events?limit={n}" for n in ("-1", "0", "201", CANARY)],
    ],
    ids=lambda path: path[:60],
)
def test_a_bad_address_is_refused(client: Client, watch: Watch, path: str) -> None:
    with overheard() as lines:
        response = asker_of(client, path).get(path)

    watch.refused(response, lines, 404, 422)


@pytest.mark.parametrize(
    "path",
    [
        f"/v1/register?academy={CANARY}",
        f"/v1/register?academy=%ED%A0%80{CANARY}",
        f"/v1/register?{CANARY}={CANARY}",
        f"/v1/register?academy={CANARY}'%20OR%201=1%20--",
        "/v1/register?after=0&limit=200&show=all&left=1",
        "/v1/events?after=9007199254740992",
        f"/v1/pupils/{PUPIL}#{CANARY}",
        f"/openapi.json?{CANARY}",
        f"/health/ready?{CANARY}",
    ],
)
def test_a_question_is_not_repeated_in_its_answer(client: Client, watch: Watch, path: str) -> None:
    with overheard() as lines:
        response = asker_of(client, path).get(path)

    assert response.status_code == 200
    watch.unheard(response, lines)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "HEAD", "TRACE", "BREW"])
def test_another_method_is_refused(client: Client, watch: Watch, method: str) -> None:
    with overheard() as lines:
        response = client.http.request(
            method,
            f"/v1/pupils/{PUPIL}/concerns/raise?{CANARY}",
            content=GOOD,
            headers=client.token | {"X-HTTP-Method-Override": "POST", "Host": CANARY},
        )

    watch.refused(response, lines, 405)


Change = dict[str, Any]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (ReferToAgency, {"agency": CANARY}),
        (WithdrawAgreement, {"agency": CANARY}),
        (EndAgencyInvolvement, {"agency": CANARY}),
        (RecordAssessment, {"tool": CANARY, "scores": [{"name": "percentile", "value": 500}]}),
        (RecordAssessment, {"scores": [{"name": "total", "value": 500}], "note": CANARY}),
        (EndNeed, {"sen_type": CANARY}),
        (IdentifyNeed, {"sen_type": CANARY}),
        (RerankNeeds, {"order": [CANARY]}),
        (HoldReview, {"targets": [{"ref": CANARY, "outcome": "met", "evidence": CANARY}]}),
        (DraftPlan, {"targets": []}),
        (MovePupilAcademy, {"to_academy": "Alder Park Academy", "accepted_by": CANARY}),
        (RecordAttainment, {"occurred_on": "2149-12-31", "result": CANARY}),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)[:40]),
)
def test_what_a_rule_refuses_is_not_repeated(
    client: Client, watch: Watch, kind: type[Entry], change: Change
) -> None:
    body = EXAMPLES[kind].body | {"reason": CANARY} | change
    with overheard() as lines:
        response = sent(client, kind, json.dumps(body).encode())

    watch.refused(response, lines, 404, 409, 422)


@pytest.mark.parametrize("key", ["same", "taken"])
def test_what_a_key_is_refused_for_is_not_repeated(client: Client, watch: Watch, key: str) -> None:
    used = {"same": EXAMPLES[RaiseConcern].key, "taken": PUPIL}[key]
    with overheard() as lines:
        response = sent(client, RaiseConcern, GOOD, **{"Idempotency-Key": str(used)})

    watch.refused(response, lines)


class Fault(Exception):
    """Something of ours that went wrong, with words of the record in its message."""


def test_our_own_fault_is_not_told_outside_nor_logged_in_words(system: System) -> None:
    app = create_app(system)

    @app.get("/fault")
    def fail() -> None:
        try:
            raise ValueError(CANARY)
        except ValueError as error:
            raise Fault(f"cannot read {CANARY}") from error

    # A client to which errors that leave the app are raised, as a server would log them.
    with TestClient(app) as http, overheard() as lines:
        response = http.get("/fault", params={"q": CANARY})

    assert response.json() == {
        "type": "urn:send-records:problem:internal-problem",
        "title": "Internal problem",
        "status": 500,
        "detail": "Something went wrong here; it has been logged.",
    }
    assert response.headers["content-type"] == PROBLEM
    assert echoes(response, lines) == []
    [logged] = [line for line in lines if "request_failed" in line]
    assert "Fault" in logged
    assert "test_hostile.py" in logged
    assert "/fault" in logged


def test_an_echo_would_be_heard(client: Client) -> None:
    """The defect planted: FastAPI's own answer to a bad body repeats it."""
    app = FastAPI()

    @app.post("/v1/pupils")
    def record(command: AdmitPupil) -> None: ...

    with TestClient(app) as http, overheard() as lines:
        response = http.post("/v1/pupils", json=EXAMPLES[AdmitPupil].body | {CANARY: CANARY})

    assert response.status_code == 422
    assert echoes(response, lines) == ["body"]


def test_a_word_in_a_log_would_be_heard() -> None:
    with overheard() as lines:
        structlog.get_logger().warning("said", word=CANARY)
        try:
            raise ValueError(CANARY)
        except ValueError:
            logging.getLogger("uvicorn.error").exception("failed")

    assert [CANARY in line for line in lines] == [True, True]
    assert echoes(Response(200), lines) == ["logs"]
