"""Search: by UPN through the blind index, by name through what can be opened, and nobody erased."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import Response
from psycopg import Connection

from send_records.aggregates.details import CorrectPupilDetails
from send_records.aggregates.values import Role
from send_records.application import Request
from send_records.bootstrap import Database, System, now
from send_records.keeper import Keeper
from send_records.projections.engine import Engine
from send_records.projections.names import plain_name
from send_records.store.connections import one
from send_records.store.scopes import WHOLE_TRUST, within
from tests.api.client import Client, problem_of
from tests.api.conftest import serving
from tests.api.hostile import CANARY, echoes, overheard
from tests.api.story import DPO, upn_of
from tests.conftest import Cluster, new_database
from tests.scenario import ADMIT, SENCO, but

ALDER, BIRCH = "Alder Park Academy", "Birch Lane Academy"
ERASED = "Erin Valewood"
PUPILS = [
    "Aisha Rahman",
    "Leo Bennett-Okafor",
    "Zo\u00eb O'Neill",
    "\u00d6yk\u00fc Demir",
    "\u0141ukasz Wi\u015bniewski",
    "Zofia \u017b\u00f3\u0142\u0107",
    "J\u00fcrgen Stra\u00dfer",
    "\u0986\u09af\u09bc\u09c7\u09b6\u09be \u09b0\u09b9\u09ae\u09be\u09a8",
    ERASED,
]
"""With accents, with Polish letters, in Bengali."""

UPNS = {name: upn_of(f"8012000010{number:02}") for number, name in enumerate(PUPILS)}


@dataclass(frozen=True)
class Sought:
    """The pupils above, at two academies, one of them erased."""

    client: Client
    system: System
    database: Database
    ids: dict[str, UUID]
    kept: str
    """The row of the one who was erased, from before."""

    def found(self, **wanted: Any) -> list[str]:
        response = self.client.search(**wanted)
        assert response.status_code == 200, response.text
        return [row["legal_name"] for row in response.json()["data"]]

    def tag(self, name: str) -> bytes:
        return self.system.keys.seals.index().tags(UPNS[name])[0]


@pytest.fixture(scope="module")
def sought(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sought]:
    with (
        new_database(cluster) as database,
        serving(database, tmp_path_factory.mktemp("sought")) as (client, system),
    ):
        ids = dict[str, UUID]()
        for number, name in enumerate(PUPILS):
            academy = (ALDER, BIRCH)[number % 2]
            pupil = but(ADMIT, legal_name=name, academy=academy, upn=UPNS[name])
            ids[name] = system.records.admit(pupil, asked()).pupil_id
        as_called = CorrectPupilDetails(
            occurred_on=ADMIT.occurred_on, preferred_name="Mini", why="As the family calls her"
        )
        system.records.execute(ids["Aisha Rahman"], as_called, asked())
        Engine(database.as_projector(), system.keys.seals).catch_up()
        found = Sought(client, system, database, ids, row_of(database, ids[ERASED]))
        assert found.found(upn=UPNS[ERASED]) == found.found(name="valewood") == [ERASED]
        Keeper(database, system.keys, DPO).destroy(ids[ERASED], "Decision 12", now())
        yield found


def row_of(database: Database, pupil: UUID) -> str:
    with one(database.app) as connection, within(connection, WHOLE_TRUST) as app:
        query = "SELECT send_register::text FROM send_register WHERE pupil_id = %s"
        [(row,)] = app.execute(query, [pupil]).fetchall()
    return str(row)


def asked() -> Request:
    return Request(SENCO, uuid4(), uuid4())


# By UPN


@pytest.mark.parametrize("name", [name for name in PUPILS if name != ERASED])
def test_a_pupil_is_found_by_upn(sought: Sought, name: str) -> None:
    assert sought.found(upn=UPNS[name]) == [name]


def test_a_upn_is_found_whole_or_not_at_all(sought: Sought) -> None:
    assert sought.found(upn=upn_of("801200009999")) == []
    for part in (UPNS[PUPILS[0]][:-1], UPNS[PUPILS[0]][1:], UPNS[PUPILS[0]].lower(), "%", ""):
        problem_of(sought.client.search(upn=part), 422)


def test_a_upn_and_a_name_must_both_be_the_pupils(sought: Sought) -> None:
    assert sought.found(upn=UPNS["Aisha Rahman"], name="aisha") == ["Aisha Rahman"]
    assert sought.found(upn=UPNS["Aisha Rahman"], name="leo") == []
    assert sought.found(upn=UPNS["Aisha Rahman"], academy=ALDER) == ["Aisha Rahman"]
    assert sought.found(upn=UPNS["Aisha Rahman"], academy=BIRCH) == []


@contextmanager
def altered(sought: Sought, change: str, values: list[Any]) -> Iterator[None]:
    """Change the register by hand, as whoever can write it could, until the block is left."""
    with one(sought.database.as_projector()) as projector:
        before = projector.execute("SELECT upn_tag, sealed, pupil_id FROM send_register").fetchall()
        projector.execute(change.encode(), values)
        try:
            yield
        finally:
            projector.cursor().executemany(
                "UPDATE send_register SET upn_tag = %s, sealed = %s WHERE pupil_id = %s", before
            )


def test_a_pupil_under_another_tag_is_not_found_by_upn(sought: Sought) -> None:
    """So it is the tag that a pupil is found by: without it nobody's UPN would be looked at."""
    leo = sought.ids["Leo Bennett-Okafor"]
    change = "UPDATE send_register SET upn_tag = %s WHERE pupil_id = %s"
    with altered(sought, change, [os.urandom(32), leo]):
        assert sought.found(upn=UPNS["Leo Bennett-Okafor"]) == []
        assert sought.found(name="okafor") == ["Leo Bennett-Okafor"]

    assert sought.found(upn=UPNS["Leo Bennett-Okafor"]) == ["Leo Bennett-Okafor"]


def test_a_pupil_under_somebody_elses_tag_is_not_found_by_it(sought: Sought) -> None:
    """What is opened has the last word: a tag that was copied finds nobody new."""
    leo = sought.ids["Leo Bennett-Okafor"]
    change = "UPDATE send_register SET upn_tag = %s WHERE pupil_id = %s"
    with altered(sought, change, [sought.tag("Aisha Rahman"), leo]):
        assert sought.found(upn=UPNS["Aisha Rahman"]) == ["Aisha Rahman"]


def test_only_the_rows_under_the_tag_are_opened(sought: Sought) -> None:
    """Rows that cannot be opened stand in the way of a name, and not of a UPN."""
    aisha = sought.ids["Aisha Rahman"]
    change = "UPDATE send_register SET sealed = set_byte(sealed, 60, 0) WHERE pupil_id <> %s"
    with altered(sought, change, [aisha]):
        assert sought.found(upn=UPNS["Aisha Rahman"]) == ["Aisha Rahman"]
        problem_of(sought.client.search(name="aisha"), 500)


def plan(connection: Connection, condition: str, value: object) -> str:
    """Return how PostgreSQL would look for it among many: here, with a few, it reads them all."""
    connection.execute("SET enable_seqscan = off")
    query = f"EXPLAIN SELECT sealed FROM send_register WHERE {condition}"
    return "\n".join(row for (row,) in connection.execute(query.encode(), [value]).fetchall())


def test_a_tag_is_looked_up_in_an_index(sought: Sought) -> None:
    with one(sought.database.app) as app, within(app, WHOLE_TRUST) as connection:
        found = plan(connection, "upn_tag = ANY(%s)", [sought.tag("Aisha Rahman")])
        assert "send_register_upn" in found
        assert "Seq Scan" in plan(connection, "sealed = %s", b"")


def test_a_tag_says_nothing_without_its_key(sought: Sought) -> None:
    with one(sought.database.app) as app, within(app, WHOLE_TRUST) as connection:
        rows = connection.execute("SELECT send_register::text FROM send_register").fetchall()

    stored = " ".join(row for (row,) in rows)
    assert len(rows) == len(PUPILS) - 1
    assert sought.tag("Aisha Rahman").hex() in stored
    for name, upn in UPNS.items():
        assert upn not in stored
        assert upn.encode().hex() not in stored
        assert name.split()[0] not in stored


# By name


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("aisha", "Aisha Rahman"),
        ("RAHMAN", "Aisha Rahman"),
        ("rahman aisha", "Aisha Rahman"),
        ("  aisha \t rahman ", "Aisha Rahman"),
        ("sha rah", "Aisha Rahman"),
        ("mini", "Aisha Rahman"),
        ("mini RAHMAN", "Aisha Rahman"),
        ("okafor", "Leo Bennett-Okafor"),
        ("bennett-okafor", "Leo Bennett-Okafor"),
        ("okafor bennett", "Leo Bennett-Okafor"),
        ("zoe", "Zo\u00eb O'Neill"),
        ("ZO\u00cb", "Zo\u00eb O'Neill"),
        ("zoe\u0308", "Zo\u00eb O'Neill"),
        ("z\u00f2\u00e9", "Zo\u00eb O'Neill"),
        ("o'neill", "Zo\u00eb O'Neill"),
        ("oyku", "\u00d6yk\u00fc Demir"),
        ("\u00f6YK\u00dc", "\u00d6yk\u00fc Demir"),
        ("wisniewski", "\u0141ukasz Wi\u015bniewski"),
        ("WI\u015aNIEWSKI", "\u0141ukasz Wi\u015bniewski"),
        ("\u0142ukasz", "\u0141ukasz Wi\u015bniewski"),
        ("\u0141UKASZ", "\u0141ukasz Wi\u015bniewski"),
        ("zo\u0142c", "Zofia \u017b\u00f3\u0142\u0107"),
        ("\u017b\u00d3\u0141\u0106", "Zofia \u017b\u00f3\u0142\u0107"),
        ("STRASSER", "J\u00fcrgen Stra\u00dfer"),
        ("stra\u00dfer jurgen", "J\u00fcrgen Stra\u00dfer"),
        ("\u09b0\u09b9\u09ae\u09be\u09a8", PUPILS[7]),
        ("\u0986\u09df\u09c7\u09b6\u09be", PUPILS[7]),
    ],
)
def test_a_pupil_is_found_by_words_of_the_name(sought: Sought, words: str, name: str) -> None:
    assert sought.found(name=words) == [name]


@pytest.mark.parametrize(
    "words",
    ["aisha okafor", "rahmann", "%", "_isha", "a.*a", "aisha' OR 1=1 --", "2017-03-11", "D0010"],
)
def test_a_word_that_is_not_in_the_name_finds_nobody(sought: Sought, words: str) -> None:
    assert sought.found(name=words) == []


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("lukasz", "\u0141ukasz Wi\u015bniewski"),
        ("\u0142ukasz wisniewski", "\u0141ukasz Wi\u015bniewski"),
        ("zolc", "Zofia \u017b\u00f3\u0142\u0107"),
    ],
)
def test_a_letter_with_a_stroke_is_found_without_it(sought: Sought, words: str, name: str) -> None:
    """By whoever has no Polish keyboard: in Unicode l with stroke is no l with an accent."""
    assert sought.found(name=words) == [name]


@pytest.mark.parametrize("words", ["\u0301", "\u0308 \u0301"])
def test_accents_without_letters_find_nobody(sought: Sought, words: str) -> None:
    assert sought.client.search(name=words).json().get("data", []) == []


def test_those_found_are_shown_by_name_as_the_register_shows_them(sought: Sought) -> None:
    response = sought.client.search(name="e")

    rows = response.json()["data"]
    names = [row["legal_name"] for row in rows]
    assert names == sorted(names, key=plain_name)
    assert len(names) == 5
    register = sought.client.get("/v1/register", show="all", limit=200).json()["data"]
    assert [row for row in register if row["pupil_id"] in {r["pupil_id"] for r in rows}] == rows


def test_an_academy_may_be_named(sought: Sought) -> None:
    both = sought.found(name="a")
    alder, birch = sought.found(name="a", academy=ALDER), sought.found(name="a", academy=BIRCH)

    assert alder
    assert birch
    assert sorted(alder + birch) == sorted(both)
    assert sought.found(name="a", academy="Nowhere") == []
    assert sought.found(name="a", academy="alder park academy") == []


def limited(sought: Sought, limit: object) -> Response:
    path = f"/v1/search?limit={limit}"
    return sought.client.http.post(path, json={"name": "e"}, headers=sought.client.token)


def test_no_more_are_shown_than_asked_for(sought: Sought) -> None:
    whole = limited(sought, 200).json()["data"]

    assert [limited(sought, n).json()["data"] for n in (1, 3)] == [whole[:1], whole[:3]]
    for limit in (0, 201, -1, "x", ""):
        problem_of(limited(sought, limit), 422)


# Nobody who was erased


def test_a_pupil_who_was_erased_is_found_no_more(sought: Sought) -> None:
    assert sought.found(upn=UPNS[ERASED]) == []
    for words in ("valewood", "erin", ERASED):
        assert sought.found(name=words) == []
    everybody = {name for letter in "aeiou" for name in sought.found(name=letter)}
    assert ERASED not in everybody
    assert len(everybody) == len(PUPILS) - 2  # and the one in Bengali


def test_a_row_that_an_erasure_left_behind_is_found_no_more(sought: Sought) -> None:
    """As when a backup of the views alone is put back: the key is gone, so the row is no row."""
    erased = [sought.ids[ERASED]]
    with one(sought.database.as_projector()) as projector:
        projector.execute("INSERT INTO send_register SELECT (%s::send_register).*", [sought.kept])
        projector.execute(
            "UPDATE send_register SET upn_tag = %s WHERE pupil_id = %s",
            [sought.tag(ERASED), *erased],
        )
        try:
            assert sought.found(upn=UPNS[ERASED]) == []
            assert sought.found(name="valewood") == []
            assert sought.found(name="okafor") == ["Leo Bennett-Okafor"]
        finally:
            projector.execute("DELETE FROM send_register WHERE pupil_id = %s", erased)


# What is no search


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"academy": "' + CANARY.encode() + b'"}',
        b'{"name": ""}',
        b'{"name": " "}',
        b'{"name": 5}',
        b'{"name": null}',
        b'{"name": ["' + CANARY.encode() + b'"]}',
        b'{"name": {"' + CANARY.encode() + b'": 1}}',
        b'{"name": "' + CANARY.encode() * 100 + b'"}',
        b'{"name": "' + CANARY.encode() + b'\\u0000"}',
        b'{"name": "' + CANARY.encode() + b'\\ud800"}',
        b'{"name": "' + CANARY.encode() + b'\\u202e"}',
        b'{"name": "a", "name": "' + CANARY.encode() + b'"}',
        b'{"name": "' + CANARY.encode() + b'", "x": 1}',
        b'{"name": "a", "' + CANARY.encode() + b'": 1}',
        b'{"name": "a", "academy": "\\u0000' + CANARY.encode() + b'"}',
        b'{"upn": "' + CANARY.encode() + b'"}',
        b'{"upn": "A801200001000", "name": "' + CANARY.encode() + b'"}',
        b'{"upn": 8012000010}',
        b'{"name": "' + CANARY.encode(),
        b'{"name": "' + CANARY.encode() + b'\xff"}',
        b"[" * 10_000 + CANARY.encode(),
    ],
    ids=lambda content: content[:40].decode("ascii", "replace"),
)
def test_what_is_no_search_is_refused_and_not_repeated(sought: Sought, content: bytes) -> None:
    headers = sought.client.token | {"Content-Type": "application/json"}
    with overheard() as lines:
        response = sought.client.http.post("/v1/search", content=content, headers=headers)

    problem_of(response, 422)
    assert echoes(response, lines) == []


def test_what_is_looked_for_is_in_no_answer_and_no_log(sought: Sought) -> None:
    with overheard() as lines:
        response = sought.client.search(name=CANARY, academy=CANARY)

    assert response.json() == {"data": []}
    assert echoes(response, lines) == []


def test_a_search_is_no_address_that_could_be_kept(sought: Sought) -> None:
    response = sought.client.get("/v1/search", name="aisha")

    problem_of(response, 405)
    assert response.headers["Allow"] == "POST"


def test_a_search_needs_no_key_and_no_version(sought: Sought) -> None:
    assert sought.client.search(name="aisha").status_code == 200
    problem_of(sought.client.signed_in_as(Role.PARENT).search(name="aisha"), 403)
    problem_of(sought.client.signed_in_as(Role.AUDITOR).search(name="aisha"), 403)
