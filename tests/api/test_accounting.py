"""Who looks is recorded first: each answer has its row in the access log, or is not given."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, LiteralString
from uuid import UUID, uuid4, uuid5

import pytest
from fastapi import Depends, FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from psycopg import Connection
from psycopg.rows import class_row
from starlette.types import ASGIApp, Message

from send_records.aggregates import consents
from send_records.aggregates.access_requests import ReceiveAccessRequest
from send_records.aggregates.base import Actor, Command, Entry
from send_records.aggregates.concerns import RaiseConcern
from send_records.aggregates.delivery import Tier as Wave
from send_records.aggregates.emergencies import BreakGlass
from send_records.aggregates.medical import PlaceOnMedicalRegister
from send_records.aggregates.needs import EndNeed, IdentifyNeed
from send_records.aggregates.plans import DraftPlan
from send_records.aggregates.provision import StartProvision
from send_records.aggregates.values import Area, Role
from send_records.api.accounting import AccountedRoute, NotAccountedFor, ProvisionAccess
from send_records.api.app import create_app
from send_records.api.dependencies import ReadSide
from send_records.api.permits import NoPolicy, Recording
from send_records.api.recording import router_for
from send_records.application import Request
from send_records.bootstrap import Database, System, now
from send_records.identity import LocalIssuer
from send_records.keeper import Keeper
from send_records.projections.engine import Engine
from send_records.projections.register_rows import RegisterRow
from send_records.projections.send_register import register_row
from send_records.store.access import Access, AccessLog, AccessNotRecorded, AccessPurpose, Act, Tier
from send_records.store.connections import one, pool
from send_records.store.ledger import Log
from send_records.store.outside import Outside
from send_records.store.shapes import AccessShape
from send_records.store.signing import Purpose
from send_records.store.verify import walk
from send_records.workers import notarising
from tests.api.client import PROBLEM, Client, problem_of, reading_routes, routes_of
from tests.api.conftest import serving
from tests.api.story import EXAMPLES, upn_of
from tests.api.story_bundles import PLAN
from tests.api.story_documents import FILE, keep
from tests.api.story_family import DPO as FAMILY_DPO
from tests.api.story_family import REQUEST
from tests.api.story_provision import TAUGHT
from tests.conftest import Cluster, new_database
from tests.jobs.workshop import HANDOVER, JOB
from tests.scenario import ADD, ADMIT, IDENTIFY, RECORD_MOTHER, SENCO, TELL, but

WORRIED: list[Command] = [
    entry
    for kind in (RaiseConcern, DraftPlan)
    if isinstance(entry := EXAMPLES[kind].entry, Command)
]

AISHA, LEO, TOMASZ, ERASED = "Aisha Rahman", "Leo Bennett-Okafor", "Tomasz Nowak", "Erin Valewood"
READER = Actor(id=uuid4(), name="Priya Shahnaz", role=Role.SENCO)
OFFICER = Actor(id=uuid4(), name="Ruth Adeyemi", role=Role.DPO)
"""Who asks what is of all pupils, or of everybody's roles."""
UNIVERSAL = StartProvision(
    occurred_on=TELL.occurred_on,
    intervention="Reading aloud",
    tier=Wave.UNIVERSAL,
    area=Area.COGNITION,
    delivery=TAUGHT,
    weeks=6,
    entry_data="Reads to nobody",
)
ASTHMA = PlaceOnMedicalRegister(occurred_on=TELL.occurred_on, condition="Asthma")
LETTER = uuid4()
"""The id of Aisha's document."""
PACK = uuid4()
"""The id of what was prepared of Aisha's record."""
NOBODYS = uuid4()
"""The id of no pupil."""


@dataclass(frozen=True)
class Reading:
    """A question, and how it stands in the access log."""

    path: str
    tier: Tier
    act: Act = Act.READ
    body: dict[str, Any] | None = None
    of_nobody: bool = False
    """Whether its answer tells of no pupil: it counts them."""
    content: bytes | None = None
    """What is uploaded."""
    status: int = 200
    by: Actor = READER
    posts: bool = False
    """Whether it is a POST without a body."""

    @property
    def academy(self) -> str | None:
        """The academy that is recorded: the pupil's, if it is of one and a grant names it."""
        return "Alder Park Academy" if "{}" in self.path else None

    @property
    def method(self) -> str:
        return "POST" if self.body or self.content or self.posts else "GET"

    @property
    def headers(self) -> dict[str, str]:
        return {"Idempotency-Key": str(uuid4())} if self.content else {}

    def at(self, pupil: UUID) -> str:
        return self.path.format(pupil, document=LETTER, job=JOB, pack=PACK, request=REQUEST)


READINGS = {
    "get_register": Reading("/v1/register?show=all", Tier.RESTRICTED),
    "get_retention_schedule": Reading("/v1/retention", Tier.RESTRICTED),
    "get_agreements": Reading("/v1/agreements", Tier.RESTRICTED),
    "get_provision_map": Reading("/v1/provision-map", Tier.RESTRICTED),
    "get_medical_register": Reading("/v1/medical-register", Tier.RESTRICTED),
    "get_caseload": Reading("/v1/caseload", Tier.AGGREGATES, of_nobody=True),
    "get_register_differences": Reading(
        "/v1/register/differences?from_known_at=position:0", Tier.RESTRICTED
    ),
    "get_differences": Reading(
        "/v1/pupils/{}/differences?from_as_of=2023-12-12&to_as_of=2023-12-13", Tier.RESTRICTED
    ),
    "get_evidence_gaps": Reading("/v1/evidence-gaps", Tier.PROVISION),
    "get_targets": Reading("/v1/targets", Tier.ASSESSMENT),
    "get_concerns": Reading("/v1/concerns", Tier.RESTRICTED),
    "get_duties": Reading("/v1/duties", Tier.RESTRICTED),
    "get_lag": Reading("/v1/pupils/{}/lag", Tier.RESTRICTED),
    "get_plan": Reading("/v1/pupils/{}/plan", Tier.ASSESSMENT),
    "get_activity": Reading("/v1/activity", Tier.AGGREGATES, of_nobody=True),
    "get_events": Reading("/v1/events?limit=200", Tier.DIRECTORY, by=OFFICER),
    "find_pupils": Reading("/v1/search", Tier.RESTRICTED, Act.SEARCH, {"name": "okafor"}),
    "get_pupil": Reading("/v1/pupils/{}", Tier.RESTRICTED),
    "get_chronology": Reading("/v1/pupils/{}/chronology", Tier.RESTRICTED),
    "get_history": Reading("/v1/pupils/{}/history", Tier.RESTRICTED),
    "get_entry": Reading("/v1/pupils/{}/entries/3", Tier.RESTRICTED),
    "get_accesses": Reading("/v1/pupils/{}/accesses", Tier.ACCESS),
    "get_readers": Reading("/v1/pupils/{}/readers", Tier.ACCESS),
    "get_anomalies": Reading("/v1/anomalies", Tier.ACCESS, of_nobody=True, by=OFFICER),
    "get_emergency_accesses": Reading("/v1/emergency-access", Tier.ACCESS, by=OFFICER),
    "get_extract": Reading("/v1/pupils/{}/extract", Tier.RESTRICTED, Act.EXPORT),
    "get_proofs": Reading("/v1/pupils/{}/proofs", Tier.DIRECTORY, Act.PROOF),
    "get_documents": Reading("/v1/pupils/{}/documents", Tier.RESTRICTED),
    "get_document_content": Reading("/v1/pupils/{}/documents/{document}/content", Tier.RESTRICTED),
    "upload_content": Reading(
        "/v1/pupils/{}/documents/content",
        Tier.RESTRICTED,
        Act.UPLOAD,
        content=b"A letter from home",
        status=201,
    ),
    "get_jobs": Reading("/v1/jobs", Tier.DIRECTORY),
    "get_job": Reading("/v1/jobs/{job}", Tier.DIRECTORY),
    "cancel_job": Reading("/v1/jobs/{job}/cancel", Tier.DIRECTORY, posts=True),
    "get_disclosures": Reading("/v1/pupils/{}/disclosures", Tier.RESTRICTED),
    "get_pack_content": Reading("/v1/pupils/{}/packs/{pack}/content", Tier.RESTRICTED, Act.EXPORT),
    "get_locked_pack": Reading(
        "/v1/pupils/{}/packs/{pack}/locked",
        *(Tier.RESTRICTED, Act.EXPORT, {"passphrase": "seven tall ladders"}),
    ),
    "get_items": Reading("/v1/pupils/{}/access-requests/{request}/items", Tier.RESTRICTED),
    "get_working_document": Reading(
        "/v1/pupils/{}/working-document",
        *(Tier.RESTRICTED, Act.EXPORT, PLAN),
    ),
    "get_roles": Reading("/v1/roles?role=trustee", Tier.CONFIGURATION, of_nobody=True, by=OFFICER),
    "get_roles_of_person": Reading(
        f"/v1/people/{NOBODYS}/roles", Tier.CONFIGURATION, of_nobody=True
    ),
}
"""Every operation that reads of pupils, and how sensitive what its reader is shown may be: whoever
sees less is recorded as having seen less."""

OF_NOBODY = {"make_calendar", "get_calendars", "end_calendar", "get_calendar"}
"""The operations whose answers tell of no pupil; their rows are in ``test_duties``."""


@dataclass(frozen=True)
class Line:
    """A row of the access log, as it is stored."""

    request_id: UUID
    actor_id: UUID
    role: str
    academy: str | None
    act: str
    what: str
    tier: str
    purpose: str
    outcome: str
    pupils: list[UUID]


@dataclass(frozen=True)
class School:
    """Three pupils and one who was erased, with a notary at work, and an eye on the access log."""

    client: Client
    system: System
    database: Database
    watching: Connection
    pupils: dict[str, UUID] = field(default_factory=dict)

    @property
    def size(self) -> int:
        [(size,)] = self.watching.execute("SELECT size FROM access_head").fetchall()
        return int(size)

    def lines(self, *, after: int) -> list[Line]:
        with self.watching.cursor(row_factory=class_row(Line)) as cursor:
            return cursor.execute(
                "SELECT request_id, actor_id, role, academy, act, what, tier, purpose, outcome, "
                "pupils FROM access_log WHERE position > %s ORDER BY position",
                [after],
            ).fetchall()

    def answered(self, ask: Callable[[], Response]) -> tuple[Response, list[Line]]:
        """Return an answer, and the rows that the access log has of it."""
        seen = self.size
        response = ask()
        return response, self.lines(after=seen)

    def mentioned(self, response: Response) -> set[UUID]:
        """Return the pupils of whom something is in an answer: the id, or the name."""
        return {
            pupil
            for name, pupil in self.pupils.items()
            if str(pupil) in response.text or name in response.text
        }

    def admit(self, name: str, upn: str | None) -> UUID:
        pupil = but(ADMIT, legal_name=name, upn=upn)
        self.pupils[name] = self.system.records.admit(pupil, asked()).pupil_id
        return self.pupils[name]

    def put_on_register(self, pupil: UUID) -> None:
        mother = uuid4()
        self.system.records.execute(pupil, RECORD_MOTHER, asked(mother))
        agreed = consents.RecordAgreement(
            occurred_on=TELL.occurred_on, purpose=consents.Purpose.ANNUAL, contact_id=mother
        )
        told = but(TELL, contact_ids=[mother])
        for command in (*WORRIED, IDENTIFY, told, ADD, agreed, UNIVERSAL, ASTHMA):
            self.system.records.execute(pupil, command, asked())


def asked(key: UUID | None = None) -> Request:
    return Request(SENCO, key or uuid4(), uuid4())


def ask(
    client: Client, name: str, pupil: UUID = NOBODYS, *, query: str = "", **headers: str
) -> Response:
    """Put a question, as a person with a token does: whoever may put it, unless it is another."""
    reading = READINGS[name]
    client = client.signed_as(reading.by) if client.actor == READER else client
    return client.http.request(
        reading.method,
        reading.at(pupil) + query,
        json=reading.body,
        content=reading.content,
        headers=client.known(reading.at(pupil)) | reading.headers | headers,
    )


@pytest.fixture(scope="module")
def school(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[School]:
    with (
        new_database(cluster) as database,
        serving(database, tmp_path_factory.mktemp("school")) as (client, system),
        one(database.as_owner()) as watching,
        notarising(database, system.keys),
    ):
        found = School(client.signed_as(READER), system, database, watching)
        for name in (AISHA, LEO, TOMASZ, ERASED):
            pupil = found.admit(name, upn_of("801200001009") if name == LEO else None)
            if name in (AISHA, LEO):
                found.put_on_register(pupil)
        keep(system.records, found.pupils[AISHA], LETTER, b"To Aisha Rahman's parents")
        system.records.execute(found.pupils[AISHA], FILE, asked(LETTER))
        glass = EXAMPLES[BreakGlass].entry
        assert isinstance(glass, BreakGlass)
        system.records.execute(found.pupils[AISHA], glass, asked())
        received = EXAMPLES[ReceiveAccessRequest].entry
        assert isinstance(received, ReceiveAccessRequest)
        by_officer = Request(FAMILY_DPO, REQUEST, uuid4())
        system.records.execute(found.pupils[AISHA], received, by_officer)
        system.jobs.ask(found.pupils[AISHA], HANDOVER, Request(READER, PACK, uuid4()))
        assert system.runner.do_one(threading.Event())
        system.jobs.ask(found.pupils[AISHA], HANDOVER, Request(READER, JOB, uuid4()))
        Engine(database.as_projector(), system.keys.seals).catch_up()
        Keeper(database, system.keys, SENCO).destroy(found.pupils[ERASED], "Decision 12", now())
        yield found


@pytest.fixture
def client(school: School) -> Client:
    return school.client


@pytest.fixture
def aisha(school: School) -> UUID:
    return school.pupils[AISHA]


every_reading = pytest.mark.parametrize("name", READINGS)


# Who, what, why


def test_no_question_is_left_out_here(client: Client) -> None:
    names = {route.operation_id for route in reading_routes(client.app)}

    assert names == set(READINGS) | OF_NOBODY


@every_reading
def test_an_answer_leaves_one_row_that_says_who_saw_what_and_why(
    school: School, client: Client, aisha: UUID, name: str
) -> None:
    response, lines = school.answered(lambda: ask(client, name, aisha))

    assert response.status_code == READINGS[name].status, response.text
    [line] = lines
    assert line == Line(
        request_id=UUID(response.headers["X-Request-Id"]),
        actor_id=READINGS[name].by.id,
        role=READINGS[name].by.role,
        academy=READINGS[name].academy,
        act=READINGS[name].act,
        what=name,
        tier=READINGS[name].tier,
        purpose="support",
        outcome="given",
        pupils=line.pupils,
    )
    assert response.headers["Cache-Control"] == "no-store"


@every_reading
def test_the_row_names_those_of_whom_something_was_in_the_answer(
    school: School, client: Client, aisha: UUID, name: str
) -> None:
    response, [line] = school.answered(lambda: ask(client, name, aisha))

    of_one = {aisha} if "{}" in READINGS[name].path else set[UUID]()
    assert set(line.pupils) == school.mentioned(response) | of_one
    assert (line.pupils == []) is READINGS[name].of_nobody
    assert len(line.pupils) == len(set(line.pupils))


@pytest.mark.parametrize(
    ("role", "tier"), [(Role.SENCO, "T4"), (Role.CLASS_TEACHER, "T3"), (Role.INTEGRATION, "T1")]
)
def test_the_row_says_how_sensitive_what_was_shown_could_be(
    school: School, client: Client, aisha: UUID, role: Role, tier: str
) -> None:
    asker = client.signed_in_as(role)

    _, [line] = school.answered(lambda: ask(asker, "get_pupil", aisha))

    assert (line.what, line.role, line.tier) == ("get_pupil", role, tier)


def test_the_feed_is_also_of_pupils_who_were_erased(school: School, client: Client) -> None:
    _, [line] = school.answered(lambda: ask(client, "get_events"))

    assert set(line.pupils) == set(school.pupils.values())


@pytest.mark.parametrize("name", ["get_register", "get_retention_schedule", "get_events"])
def test_the_row_of_a_page_names_those_on_it_and_nobody_else(
    school: School, client: Client, name: str
) -> None:
    """A cursor is opaque and no part of what is shown: it holds the last pupil of its own page."""
    at, shown = "", list[set[UUID]]()
    joined = "&" if "?" in READINGS[name].path else "?"
    more = joined + "limit=1&left=true" if name == "get_register" else joined + "limit=1"
    for _ in range(3):
        response, [line] = school.answered(lambda: ask(client, name, query=more + at))  # noqa: B023
        assert set(line.pupils) == school.mentioned(response)
        shown.append(set(line.pupils))
        at = f"&cursor={response.json()['meta']['next']}"

    assert {len(page) for page in shown} == {1}


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("get_register", "&academy=Nowhere"),
        ("get_retention_schedule", "?held=true"),
        ("get_events", "&after=100000"),
    ],
)
def test_an_empty_page_leaves_a_row_of_nobody(
    school: School, client: Client, name: str, query: str
) -> None:
    response, [line] = school.answered(lambda: ask(client, name, query=query))

    assert response.json()["data"] == []
    assert (line.outcome, line.pupils) == ("given", [])


@pytest.mark.parametrize("purpose", ["tribunal", "safeguarding"])
def test_the_purpose_is_the_one_that_was_given(
    school: School, client: Client, aisha: UUID, purpose: str
) -> None:
    _, [line] = school.answered(lambda: ask(client, "get_pupil", aisha, **{"X-Purpose": purpose}))

    assert line.purpose == purpose


@every_reading
@pytest.mark.parametrize("purpose", ["Curiosity", "", "SUPPORT", "support, audit"])
def test_a_purpose_that_is_none_is_refused(
    school: School, client: Client, aisha: UUID, name: str, purpose: str
) -> None:
    response, lines = school.answered(lambda: ask(client, name, aisha, **{"X-Purpose": purpose}))

    problem_of(response, 422)
    assert "Curiosity" not in response.text
    assert school.mentioned(response) == set()
    assert lines == []


def test_what_is_recorded_is_accounted_for_by_the_log_itself(school: School) -> None:
    response, lines = school.answered(
        lambda: school.client.signed_as(SENCO).admit(but(ADMIT, legal_name="Ana", upn=None))
    )

    assert response.status_code == 201
    assert lines == []
    assert UUID(response.headers["X-Request-Id"])
    assert response.headers["Cache-Control"] == "no-store"


def held_in(school: School, words: list[str], *, after: int) -> list[str]:
    """Return which words are anywhere in the rows: as text, in bytes, or sealed."""
    [(text, act, sealed)] = school.watching.execute(
        "SELECT access_log::text, act, sealed FROM access_log WHERE position > %s", [after]
    ).fetchall()
    assert act == "search"
    rows = school.system.access.of_pupil(school.pupils[LEO], after=after, limit=10)
    heard = f"{text} {bytes(sealed)!r} {rows}".casefold()
    return [word for word in words if word.casefold() in heard]


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": "okafor BENNETT"},
        {"upn": upn_of("801200001009")},
        {"name": "leo", "academy": "Alder Park Academy"},
    ],
    ids=["name", "upn", "academy"],
)
def test_what_was_searched_for_is_not_kept(
    school: School, client: Client, wanted: dict[str, str]
) -> None:
    seen = school.size
    response = client.search(**wanted)

    assert school.mentioned(response) == {school.pupils[LEO]}
    words = [w for value in wanted.values() for w in value.split() if w != "Academy"]
    assert held_in(school, words, after=seen) == []


def test_what_was_searched_for_would_be_found_there(school: School, client: Client) -> None:
    """The defect planted: the operation with the words behind it."""
    seen = school.size
    words = Access(
        actor=READER,
        request_id=uuid4(),
        act=Act.SEARCH,
        what="find_pupils Okafor",
        tier=Tier.PROVISION,
        purpose=AccessPurpose.SUPPORT,
        pupils=[school.pupils[LEO]],
    )
    school.system.access.record(words)

    assert held_in(school, ["okafor", "bennett"], after=seen) == ["okafor"]


# Refusals


@dataclass(frozen=True)
class Refusal:
    """A request that is refused, and how it stands in the access log."""

    ask: Callable[[School], Response]
    status: int
    outcome: str
    what: str
    tier: Tier
    of: str | None = AISHA


def recorded(
    kind: type[Entry], of: str | None = AISHA, role: Role | None = None, **more: Any
) -> Callable[[School], Response]:
    def ask(school: School) -> Response:
        client = school.client.signed_as(SENCO)
        pupil = school.pupils[of] if of else NOBODYS
        sender = client.signed_in_as(role) if role else client
        return sender.record(pupil, EXAMPLES[kind].entry, **more)

    return ask


def question(
    name: str, of: str | None = AISHA, role: Role | None = None, query: str = ""
) -> Callable[[School], Response]:
    def put(school: School) -> Response:
        client = school.client.signed_in_as(role) if role else school.client
        return ask(client, name, school.pupils[of] if of else NOBODYS, query=query)

    return put


def key_of_another(school: School) -> Response:
    client, key = school.client.signed_as(SENCO), uuid4()
    pupil = school.pupils[AISHA]
    assert client.record(pupil, RECORD_MOTHER, key=key).status_code == 201
    return client.record(pupil, IDENTIFY, key=key)


T1, T2, T3, T4 = Tier.DIRECTORY, Tier.PROVISION, Tier.ASSESSMENT, Tier.RESTRICTED
REFUSALS = {
    "a role": Refusal(
        question("get_chronology", role=Role.PARENT), 403, "RoleMissing", "get_chronology", T3
    ),
    "a role for all": Refusal(
        question("get_events", None, Role.SENCO), 403, "RoleMissing", "get_events", T1, None
    ),
    "a role that records": Refusal(
        recorded(EndNeed, role=Role.TEACHING_ASSISTANT), 403, "RoleMissing", "end_need", T2
    ),
    "no such pupil": Refusal(question("get_pupil", None), 404, "NotFound", "get_pupil", T1, None),
    "no such story": Refusal(
        question("get_chronology", None), 404, "NotFound", "get_chronology", T3, None
    ),
    "none to record of": Refusal(recorded(EndNeed, None), 404, "NotFound", "end_need", T2, None),
    "erased": Refusal(question("get_history", ERASED), 410, "Erased", "get_history", T4, ERASED),
    "erased, exported": Refusal(
        question("get_extract", ERASED), 410, "Erased", "get_extract", T4, ERASED
    ),
    "erased, recorded of": Refusal(
        recorded(EndNeed, ERASED), 410, "Erased", "end_need", T2, ERASED
    ),
    "a rule": Refusal(recorded(IdentifyNeed), 409, "NeedAlreadyIdentified", "identify_need", T2),
    "a version": Refusal(recorded(EndNeed, seen=1), 412, "StaleVersion", "end_need", T2),
    "no version": Refusal(recorded(EndNeed, seen="x"), 428, "VersionNotSaid", "end_need", T2),
    "a key": Refusal(key_of_another, 422, "IdempotencyKeyReused", "identify_need", T2),
    "a cursor": Refusal(
        question("get_history", query="?cursor=MDE"), 422, "CursorUnknown", "get_history", T4
    ),
    "a checkpoint": Refusal(
        question("get_proofs", query="?seen=9999"),
        *(422, "CheckpointUnknown", "get_proofs", Tier.DIRECTORY),
    ),
}


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refusal_leaves_a_row_of_the_pupil_asked_for(school: School, refusal: Refusal) -> None:
    response, lines = school.answered(lambda: refusal.ask(school))

    problem_of(response, refusal.status)
    [line] = lines
    assert (line.act, line.outcome) == ("refusal", refusal.outcome)
    assert (line.what, line.tier) == (refusal.what, refusal.tier)
    of_all = refusal.what == "get_events"
    asked_of = school.pupils[refusal.of] if refusal.of else NOBODYS
    assert line.pupils == ([] if of_all else [asked_of])
    assert line.actor_id in (READER.id, SENCO.id, *(uuid5(SENCO.id, role) for role in Role))


def test_a_refusal_keeps_the_purpose_that_was_given(school: School, client: Client) -> None:
    _, [line] = school.answered(
        lambda: ask(client, "get_pupil", NOBODYS, **{"X-Purpose": "tribunal"})
    )

    assert (line.act, line.purpose) == ("refusal", "tribunal")


def test_a_refusal_is_answered_under_the_id_of_its_row_and_kept_by_nobody(school: School) -> None:
    for refusal in REFUSALS.values():
        response, lines = school.answered(lambda: refusal.ask(school))  # noqa: B023

        assert response.headers["Cache-Control"] == "no-store"
        assert UUID(response.headers["X-Request-Id"]) == lines[-1].request_id


@pytest.mark.parametrize("name", ["get_pupil", "get_chronology"])
def test_of_a_pupil_who_was_erased_the_views_say_so_as_the_history_does(
    school: School, client: Client, name: str
) -> None:
    problem_of(ask(client, "get_history", school.pupils[ERASED]), 410)
    problem_of(ask(client, name, school.pupils[ERASED]), 410)


def credentials(school: School) -> dict[str, dict[str, str]]:
    local: LocalIssuer = school.client.issuer
    good = local.token(READER)
    return {
        "none": {},
        "nonsense": {"Authorization": "Bearer nonsense"},
        "cut": {"Authorization": f"Bearer {good[:-4]}"},
        "expired": {"Authorization": f"Bearer {local.token(READER, now=lambda: 0.0)}"},
        "basic": {"Authorization": f"Basic {good}"},
    }


@every_reading
def test_nobody_known_leaves_no_row(school: School, client: Client, aisha: UUID, name: str) -> None:
    reading = READINGS[name]
    for headers in credentials(school).values():
        response, lines = school.answered(
            lambda: client.http.request(
                reading.method,
                reading.at(aisha),
                json=reading.body,
                content=reading.content,
                headers=headers | reading.headers,  # noqa: B023
            )
        )
        problem_of(response, 401)
        assert lines == []


# First the row, then the answer


def rows_at_the_start(app: ASGIApp, school: School, name: str, pupil: UUID) -> list[int]:
    """Return how many rows another connection sees of a request when its answer begins, and when
    each part of the body is sent."""
    reading, seen = READINGS[name], list[int]()
    before = school.size
    path, _, query = reading.at(pupil).partition("?")
    headers = {**school.client.signed_as(reading.by).known(path), **reading.headers}
    headers["content-type"] = "text/plain" if reading.content else "application/json"
    sent = reading.content or json.dumps(reading.body or {}).encode()

    async def receive() -> Message:
        return {"type": "http.request", "body": sent}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            assert message["status"] == reading.status
        seen.append(len(school.lines(after=before)))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": reading.method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
    }
    asyncio.run(app(scope, receive, send))  # type: ignore[arg-type]
    return seen


@every_reading
def test_the_row_is_committed_before_the_answer_begins(
    school: School, client: Client, aisha: UUID, name: str
) -> None:
    rows = rows_at_the_start(client.app, school, name, aisha)

    assert len(rows) > 1
    assert set(rows) == {1}


class Late(AccessLog):
    """A planted defect: records when it is convenient."""

    waiting: list[Access]

    def record(self, access: Access) -> int:
        self.waiting = [access]
        return 0


def with_log(school: School, log: AccessLog) -> FastAPI:
    return create_app(replace(school.system, access=log))


def test_a_row_that_comes_later_would_be_missed(school: School, aisha: UUID) -> None:
    late = Late(school.system.views.pool, school.system.keys.seals)

    assert rows_at_the_start(with_log(school, late), school, "get_pupil", aisha) == [0, 0]


# No row, no answer

BREAKS: dict[str, tuple[LiteralString, LiteralString]] = {
    "no right to append": (
        "REVOKE EXECUTE ON FUNCTION append_access FROM send_records_app",
        "GRANT EXECUTE ON FUNCTION append_access TO send_records_app",
    ),
    "a trigger that raises": (
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$; "
        "CREATE TRIGGER no BEFORE INSERT ON access_log FOR EACH ROW EXECUTE FUNCTION no()",
        "DROP FUNCTION no CASCADE",
    ),
    "a full disk": (
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE disk_full; END $$; "
        "CREATE TRIGGER no BEFORE INSERT ON access_log FOR EACH ROW EXECUTE FUNCTION no()",
        "DROP FUNCTION no CASCADE",
    ),
}
AWAY = "nobody answers"


@contextmanager
def unable(school: School, why: str) -> Iterator[Client]:
    """A client of an API that can read everything, and append no row to the access log."""
    if why == AWAY:
        with pool(school.database.app) as closed:
            log = AccessLog(closed, school.system.keys.seals)
        with TestClient(with_log(school, log)) as http:
            yield replace(school.client, http=http)
        return
    broken, mended = BREAKS[why]
    with one(school.database.as_owner()) as owner:
        owner.execute(broken)
        try:
            yield school.client
        finally:
            owner.execute(mended)


def unrecorded(school: School, why: str) -> Iterator[Response]:
    """Yield the answers to every question and every refusal while no row can be written, having
    seen that they tell nothing of anybody."""
    with unable(school, why) as client:
        changed = replace(school, client=client)
        asking = [partial(ask, client, name, school.pupils[AISHA]) for name in READINGS]
        asking += [partial(each.ask, changed) for each in REFUSALS.values()]
        for each in asking:
            response, lines = school.answered(each)
            assert response.headers["content-type"] == PROBLEM
            assert school.mentioned(response) == set()
            assert lines == []
            yield response


REFUSED_BY_THE_DATABASE = ["no right to append", "a trigger that raises"]


@pytest.mark.parametrize("why", [*BREAKS, AWAY])
def test_what_cannot_be_recorded_is_not_shown_and_not_refused_either(
    school: School, why: str
) -> None:
    answers = list(unrecorded(school, why))

    assert len({answer.text for answer in answers}) == 1
    if why in REFUSED_BY_THE_DATABASE:
        assert {answer.status_code for answer in answers} <= {500, 503}
    else:
        ask_again_later(answers)


def ask_again_later(answers: list[Response]) -> None:
    for answer in answers:
        problem = problem_of(answer, 503)
        assert problem["type"] == "urn:send-records:problem:access-not-recorded"
        assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize("why", REFUSED_BY_THE_DATABASE)
def test_what_the_database_will_not_record_is_to_be_asked_for_again(
    school: School, why: str
) -> None:
    ask_again_later(list(unrecorded(school, why)))


class Careless(AccessLog):
    """A planted defect: what cannot be recorded is shown all the same."""

    def record(self, access: Access) -> int:
        with suppress(AccessNotRecorded):
            return super().record(access)
        return 0


def test_what_is_shown_all_the_same_would_be_seen(school: School, aisha: UUID) -> None:
    with pool(school.database.app) as closed:
        careless = Careless(closed, school.system.keys.seals)
    with TestClient(with_log(school, careless)) as http:
        response, lines = school.answered(
            lambda: ask(replace(school.client, http=http), "get_pupil", aisha)
        )

    assert school.mentioned(response) == {aisha}
    assert lines == []


# A route that forgets


def test_a_route_without_an_access_class_is_not_built() -> None:
    router = router_for("planted")

    with pytest.raises(NoPolicy, match="planted"):

        @router.get("/planted/{pupil_id}")
        def show(pupil_id: UUID, views: ReadSide) -> RegisterRow | None:
            found = register_row(views, pupil_id)
            return found.row if found else None


def test_a_route_that_is_to_record_and_shows_something_is_not_built() -> None:
    router = router_for("planted")

    with pytest.raises(NotAccountedFor, match="planted"):

        @router.get("/planted/{pupil_id}", dependencies=[Depends(Recording(frozenset(Role)))])
        def show(pupil_id: UUID, views: ReadSide) -> RegisterRow | None:
            found = register_row(views, pupil_id)
            return found.row if found else None


def test_a_route_of_another_class_would_be_seen(school: School) -> None:
    """What ``test_routes`` looks for, planted: a router made without ``router_for``."""
    app = create_app(school.system)

    @app.get("/v1/planted")
    def show() -> None: ...

    assert [
        route.path
        for route in routes_of(app)
        if not isinstance(route.original_route, AccountedRoute)
    ] == ["/v1/planted"]


@contextmanager
def planted(
    school: School, told: Callable[[School], list[UUID]] | None
) -> Iterator[Callable[[UUID], Response]]:
    """An app with one more route, that shows a pupil, and says it was of whomever; or nothing."""
    router, app = router_for("planted"), create_app(school.system)

    @router.get("/planted/{pupil_id}", operation_id="planted")
    def show(pupil_id: UUID, views: ReadSide, access: ProvisionAccess) -> RegisterRow | None:
        found = register_row(views, pupil_id)
        row = found.row if found else None
        return row if told is None else access.given(told(school), row)

    app.include_router(router, prefix="/v1")
    with TestClient(app) as http:
        yield lambda pupil: http.get(f"/v1/planted/{pupil}", headers=school.client.token)


def test_a_route_that_does_not_say_of_whom_it_told_tells_nothing(
    school: School, aisha: UUID
) -> None:
    with planted(school, None) as get:
        response, lines = school.answered(lambda: get(aisha))

    problem_of(response, 500)
    assert school.mentioned(response) == set()
    assert lines == []


def test_a_route_that_names_somebody_else_would_be_found(school: School, aisha: UUID) -> None:
    with planted(school, lambda school: [school.pupils[LEO]]) as get:
        response, [line] = school.answered(lambda: get(aisha))

    assert set(line.pupils) != school.mentioned(response) == {aisha}


# Who looked


def test_who_looked_is_told_with_their_names(school: School, client: Client) -> None:
    leo = school.pupils[LEO]
    ask(client, "get_chronology", leo, **{"X-Purpose": "review"})
    ask(client.signed_in_as(Role.PARENT), "get_history", leo)
    path = READINGS["get_accesses"].path.format(leo)

    rows = client.get(path, limit=200).json()["data"]

    looked, refused = rows[-2:]
    assert (looked["name"], looked["role"], looked["academy"]) == (
        *("Priya Shahnaz", "senco"),
        "Alder Park Academy",
    )
    assert (looked["act"], looked["what"], looked["purpose"], looked["outcome"]) == (
        *("read", "get_chronology", "review"),
        "given",
    )
    assert (refused["name"], refused["role"]) == (SENCO.name, "parent")
    assert (refused["act"], refused["outcome"]) == ("refusal", "RoleMissing")
    assert [row["position"] for row in rows] == sorted(row["position"] for row in rows)


def test_that_somebody_asked_who_looked_is_told_to_the_next(school: School, client: Client) -> None:
    pupil = school.pupils[TOMASZ]
    first = ask(client, "get_accesses", pupil, query="?limit=200")

    rows = ask(client, "get_accesses", pupil, query="?limit=200").json()["data"]

    assert rows[-1]["what"] == "get_accesses"
    assert rows[-1]["request_id"] == first.headers["X-Request-Id"]


def test_who_destroyed_the_key_is_told(school: School, client: Client) -> None:
    rows = ask(client, "get_accesses", school.pupils[ERASED], query="?limit=200").json()["data"]

    [destroyed] = [row for row in rows if row["act"] == "keys"]
    assert (destroyed["name"], destroyed["what"]) == (SENCO.name, "destroy_key")


def test_who_looked_at_one_pupil_says_nothing_of_another(school: School, client: Client) -> None:
    ask(client, "get_events")

    response = ask(client, "get_accesses", school.pupils[LEO], query="?limit=200")

    assert school.mentioned(response) - {school.pupils[LEO]} == set()


def test_who_looked_comes_in_pages(school: School, client: Client) -> None:
    pupil = school.system.records.admit(but(ADMIT, upn=None), asked()).pupil_id
    for _ in range(5):
        ask(client, "get_chronology", pupil)

    first = ask(client, "get_accesses", pupil, query="?limit=3").json()
    rest = ask(client, "get_accesses", pupil, query=f"?cursor={first['meta']['next']}").json()

    assert [row["what"] for row in first["data"] + rest["data"]] == [
        *["get_chronology"] * 5,
        "get_accesses",
    ]
    assert rest["meta"]["next"] is None


def test_who_looked_is_told_to_sendcos_the_dpo_and_auditors(
    school: School, client: Client, aisha: UUID
) -> None:
    told = {Role.SENCO, Role.TRUST_SENCO, Role.DPO, Role.AUDITOR}
    for role in Role:
        status = ask(client.signed_in_as(role), "get_accesses", aisha).status_code
        assert status == (200 if role in told else 403), role


# All of it holds


def test_the_access_log_is_as_it_was_written(school: School) -> None:
    keys = school.system.keys
    outside = Outside(Log.ACCESS, keys.places, keys.signing.public(Purpose.ACCESS))
    walked = walk(school.watching, AccessShape(), outside)

    assert (walked.findings, walked.entries) == ([], school.size)
    assert walked.checkpoints > 0
