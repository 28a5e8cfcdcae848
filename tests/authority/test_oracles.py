"""What is out of scope cannot be told from what is not there: by time, or by anything said.

Whoever asks here are a SENCo of Alder Park and people with less; whom they ask about is at Birch
Lane, and the other is nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4, uuid5

import orjson
import pytest

from send_records.aggregates.enrolment import AdmitPupil
from send_records.api import permits
from send_records.application import Request
from send_records.errors import SendRecordsError
from send_records.projections.engine import Engine
from send_records.rules.watch import watch_rules
from send_records.store.watching import Watching
from send_records.watch import Watch
from tests.api.story import STORY
from tests.authority.asking import Answer, Asked, answers
from tests.authority.lists import Lists, with_query
from tests.authority.matrix import Matrix
from tests.authority.questions import Question, document_of
from tests.authority.timing import Apart, timed
from tests.authority.world import (
    ACROSS,
    BIRCH,
    CHILDREN,
    ERASED,
    OWN,
    OWN_CLASS,
    READERS,
    UNKNOWN,
    WORLD,
    YEAR,
    Child,
    Reader,
    id_of,
    told_of,
)
from tests.conftest import GENEROUS

SENCO, TEACHER = (
    next(each for each in READERS if each.called == called)
    for called in ("senco academies", "class teacher classes")
)
TIMED = ("get_pupil", "get_chronology", "raise_concern", "get_document_content")
FEW, MANY = 100, 500
NEAR = {FEW: 0.12, MANY: 0.05}
"""How far from 0.5 the AUC may be: some three standard errors, of 0.041 and 0.018."""


def question(matrix: Matrix, operation: str) -> Question:
    return next(each for each in matrix.questions if each.operation == operation)


def ask(matrix: Matrix, reader: Reader, *asked: Asked) -> list[Answer]:
    token = matrix.token(reader)
    return answers(matrix.app, [each.but(**token) for each in asked])


def of(asked: Asked, pupil_id: UUID) -> Asked:
    """Return a question about ``other_academy`` as one about somebody else."""
    return replace(asked, path=asked.path.replace(str(id_of(ACROSS)), str(pupil_id)))


# Time


def told_apart(matrix: Matrix, operation: str, samples: int) -> Apart:
    """Time questions about a pupil of another academy against ones about nobody: about one of each,
    for an id that is new to the log of refusals each time takes longer to be written there."""
    token, route = matrix.token(SENCO), question(matrix, operation)

    def there() -> Asked:
        return route.asked(ACROSS).but(**token)

    return timed(matrix.app, there, lambda: of(there(), id_of(UNKNOWN)), samples)


def separable(measure: Callable[[], Apart], near: float) -> list[Apart]:
    """Measure up to three times; return what was found if each time tells them apart the same way,
    for one measurement in some hundreds does by chance."""
    found: list[Apart] = []
    while len(found) < 3:
        found.append(measure())
        sides = {each.auc > 0.5 for each in found}
        if abs(found[-1].auc - 0.5) <= near or len(sides) > 1:
            return []
    return found


@pytest.mark.parametrize("operation", TIMED[::2])
def test_time_does_not_tell_another_academys_pupil_from_nobody(
    matrix: Matrix, operation: str
) -> None:
    found = separable(lambda: told_apart(matrix, operation, FEW), NEAR[FEW])

    assert found == [], [each.told for each in found]


@pytest.mark.slow
@pytest.mark.parametrize("operation", TIMED)
def test_time_does_not_tell_them_apart_in_500_samples(matrix: Matrix, operation: str) -> None:
    found = separable(lambda: told_apart(matrix, operation, MANY), NEAR[MANY])

    assert found == [], [each.told for each in found]


def test_waiting_for_ones_turn_does_not_tell_them_apart(matrix: Matrix, tmp_path: Path) -> None:
    """How many may be asked about is counted alike, be they somebody or nobody."""
    rules = tmp_path / "watch.toml"
    rules.write_text(GENEROUS.read_text().replace("1_000_000", "3"))
    system = matrix.world.system
    watching = Watching(system.views.pool, system.keys.seals)

    def asked(pupil_id: UUID) -> list[int]:
        strict = replace(system, watch=Watch(watching, watch_rules(rules)))
        world = replace(matrix.world, system=strict)
        about = of(question(matrix, "get_pupil").asked(ACROSS), pupil_id)
        told = ask(Matrix.of(world), SENCO, *[about] * 6)
        return sorted(each.status for each in told)

    assert asked(id_of(ACROSS)) == asked(id_of(UNKNOWN)) == [404] * 3 + [429] * 3


def test_a_route_that_reads_the_pupil_before_it_authorises_is_found(
    matrix: Matrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: a pupil's events are read and opened, and only then is it asked who may see them."""
    asked_of = permits.asked_of

    def reads_first(http: object) -> UUID | None:
        pupil_id = asked_of(http)  # type: ignore[arg-type]
        if pupil_id is not None:
            with suppress(SendRecordsError):
                matrix.world.system.records.history(pupil_id)
        return pupil_id

    monkeypatch.setattr(permits, "asked_of", reads_first)
    found = separable(lambda: told_apart(matrix, "get_pupil", FEW // 2), 0.15)

    assert len(found) == 3
    assert min(each.auc for each in found) > 0.65


# What is said


def lists_of(matrix: Matrix, reader: Reader) -> list[object]:
    """Return what every list says to somebody, its first page and its second; headers and all but
    the position of the log, which counts every entry of the trust."""
    told: list[object] = []
    for route, names in Lists.of(matrix).several:
        queries = [{"limit": 3}, {"limit": 200}] if "limit" in names else [{}]
        asked = [with_query(route.asked(OWN), **query) for query in queries]
        told += [(route.operation, each.told) for each in ask(matrix, reader, *asked)]
    return told


@pytest.mark.parametrize("reader", [SENCO, TEACHER], ids=lambda reader: reader.called)
def test_nothing_changes_when_somebody_comes_to_another_academy(
    matrix: Matrix, reader: Reader
) -> None:
    """Counts, order, cursors, ETags and bodies are of those in scope alone."""
    about_own = [
        each.asked(OWN)
        for each in matrix.questions
        if each.method == "GET" and each.of_pupil and each.operation not in TELLS_OF_READING
    ]
    before = lists_of(matrix, reader), [each.told for each in ask(matrix, reader, *about_own)]

    newcomer = Child(f"newcomer for {reader.called}", BIRCH, YEAR, CHILDREN[ACROSS].class_name)
    assert told_of(matrix.world.system, newcomer) > 90
    seals = matrix.world.system.keys.seals
    Engine(matrix.world.database.as_projector(), seals).catch_up()

    after = lists_of(matrix, reader), [each.told for each in ask(matrix, reader, *about_own)]
    assert after == before


TELLS_OF_READING = {"get_accesses", "get_readers", "get_extract", "get_proofs", "get_entry"}
"""What the asking itself changes, or what is proved by the whole log."""


def same(matrix: Matrix, first: Asked, second: Asked, reader: Reader = SENCO) -> bool:
    """Whether two questions are answered alike."""
    one, other = ask(matrix, reader, first, second)
    return one.told == other.told


def test_a_upn_of_another_academy_is_not_found(matrix: Matrix) -> None:
    def searched(upn: str) -> Asked:
        body = orjson.dumps({"upn": upn})
        return replace(question(matrix, "find_pupils").asked(OWN), body=body)

    nobody = "T" + "".join(reversed(CHILDREN[ACROSS].canary.upn[1:]))
    [own] = ask(matrix, SENCO, searched(CHILDREN[OWN].canary.upn))
    assert CHILDREN[OWN].canary.mark in own.text
    [across] = ask(matrix, SENCO, searched(CHILDREN[ACROSS].canary.upn))
    assert orjson.loads(across.body)["data"] == []
    assert nobody != CHILDREN[ACROSS].canary.upn


@pytest.mark.parametrize(
    "query",
    [
        {"as_of": "2024-06-01"},
        {"known_at": "2024-06-01T12:00:00Z"},
        {"known_at": "position:100"},
        {"known_at": "position:999999999"},
        {"limit": 1, "cursor": "7"},
        {"after": 999_999_999},
        {"limit": 0},
        {"as_of": "tomorrow"},
    ],
    ids=str,
)
@pytest.mark.parametrize("operation", ["get_pupil", "get_chronology", "get_plan", "get_documents"])
def test_no_parameter_tells_them_apart(
    matrix: Matrix, operation: str, query: dict[str, object]
) -> None:
    asked = with_query(question(matrix, operation).asked(ACROSS), **query)

    assert same(matrix, asked, of(asked, id_of(UNKNOWN)))


@pytest.mark.parametrize(
    "headers",
    [
        {"If-Match": '"1"'},
        {"If-Match": "*"},
        {"If-Match": "nonsense"},
        {"If-None-Match": '"109"'},
        {"Idempotency-Key": "nonsense"},
        {"X-Purpose": "nonsense"},
        {"Content-Type": "text/plain"},
        {"Range": "bytes=0-1"},
    ],
    ids=str,
)
@pytest.mark.parametrize("operation", ["raise_concern", "upload_content", "get_document_content"])
def test_no_header_tells_them_apart(
    matrix: Matrix, operation: str, headers: dict[str, str]
) -> None:
    asked = question(matrix, operation).asked(ACROSS).but(**headers)

    assert same(matrix, asked, of(asked, id_of(UNKNOWN)))


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"[]", b'{"surprise": 1}'])
def test_no_body_tells_them_apart(matrix: Matrix, body: bytes) -> None:
    asked = replace(question(matrix, "raise_concern").asked(ACROSS), body=body)

    assert same(matrix, asked, of(asked, id_of(UNKNOWN)))


def test_a_document_of_anothers_is_not_told_from_none_of_ones_own_pupils(matrix: Matrix) -> None:
    """By an address of a pupil in scope, and the id of a document of somebody who is not."""
    asked = question(matrix, "get_document_content").asked(OWN)
    own = str(document_of(OWN))

    def other(document_id: object) -> Asked:
        return replace(asked, path=asked.path.replace(own, str(document_id)))

    assert same(matrix, other(document_of(ACROSS)), other(uuid5(WORLD, "no document")))


def test_a_key_that_was_used_for_anothers_record_does_not_open_it(matrix: Matrix) -> None:
    """It is not asked whose a key is where the pupil is not to be seen."""
    key = {"Idempotency-Key": str(key_of(ACROSS))}
    asked = question(matrix, "raise_concern").asked(ACROSS).but(**key)

    assert same(matrix, asked, of(asked, id_of(UNKNOWN)))


@pytest.mark.parametrize("whose", [ACROSS, ERASED, OWN_CLASS])
@pytest.mark.parametrize("operation", ["raise_concern", "admit_pupil", "upload_content"])
def test_a_key_that_was_used_tells_that_it_was_and_no_more(
    matrix: Matrix, operation: str, whose: str
) -> None:
    """An id is of one thing in the whole trust, so that it was used must be said: but not of whom,
    nor that they are no more."""
    asked = question(matrix, operation).asked(OWN)
    used, own = ({"Idempotency-Key": str(key_of(each))} for each in (whose, OWN))

    [answer, like] = ask(matrix, SENCO, asked.but(**used), asked.but(**own))
    assert answer.told == like.told


def key_of(relation: str) -> UUID:
    """Return a key that was used for a pupil's record: the one by which it was opened."""
    return CHILDREN[relation].canary.own(STORY[0].key)


def test_whether_a_upn_is_taken_elsewhere_is_not_told_at_admission(matrix: Matrix) -> None:
    """Admission does not look for the UPN among other records at all."""
    body = CHILDREN[ACROSS].canary.marked(STORY[0].entry)
    asked = question(matrix, "admit_pupil").asked(OWN)
    used = replace(asked, body=orjson.dumps(body))

    assert same(matrix, used, asked)


def test_who_is_away_across_and_who_is_nobody_read_alike_whatever_was_recorded(
    matrix: Matrix,
) -> None:
    """However much is on record: a pupil just admitted there is nobody here as well."""
    records, key = matrix.world.system.records, uuid4()
    entry = AdmitPupil.model_validate({**STORY[0].body, "academy": BIRCH, "upn": None})
    records.admit(entry, Request(STORY[0].actor, key, uuid4()))
    asked = question(matrix, "get_pupil").asked(ACROSS)

    assert same(matrix, of(asked, key), of(asked, id_of(UNKNOWN)))
    assert same(matrix, of(asked, key), asked)


def test_calendars_and_roles_of_others_read_as_none(matrix: Matrix) -> None:
    ended = question(matrix, "end_calendar")
    [made] = ask(matrix, next(r for r in READERS if r.called == "senco across"),
                 question(matrix, "make_calendar").asked(OWN))  # fmt: skip
    feed = orjson.loads(made.body)["calendar"]["feed_id"]
    nothing = ended.asked(OWN)
    theirs = replace(nothing, path=nothing.path.replace(nothing.path.split("/")[-1], feed))

    assert same(matrix, theirs, nothing)
