"""Bodies of every command, spoilt at random: never 5xx, never echoed, and never a poisoned log."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from send_records.aggregates.base import Entry
from send_records.aggregates.enrolment import AdmitPupil
from send_records.aggregates.handovers import AcceptPupilMove
from send_records.bootstrap import Database, System
from send_records.projections.engine import Engine
from tests.api.client import PROBLEM, Client, path_of
from tests.api.conftest import serving
from tests.api.hostile import CANARY, echoes, overheard
from tests.api.story import DPO, EXAMPLES, PUPIL, told
from tests.conftest import Cluster, new_database
from tests.keys import held

Stage = tuple[Client, System, Database]
Body = dict[str, Any]
Place = tuple[str | int, ...]

STATUSES = {201, 404, 409, 422}


@pytest.fixture(scope="module")
def stage(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The pupil of the story, about whom anything may now be said."""
    with (
        new_database(cluster) as database,
        serving(database, tmp_path_factory.mktemp("stage")) as (client, system),
    ):
        told(system.records)
        yield client, system, database


NASTY: st.SearchStrategy[Any] = st.sampled_from(
    [
        *["", " ", CANARY, f"{CANARY}\x00", f"{CANARY}\ud800", f"{CANARY}\u202e", "\u200b", "NaN"],
        *["1e999999", "-0", "0x10", "true", "null", "2026-02-30", "0001-01-01", "9999-12-31"],
        *[
            "x" * 201,
            "x" * 8001,
            "e\u0301" * 200,
            str(PUPIL),
            "\U0001f9d2",
            "<script>",
            "{0}",
            "%s",
        ],
        *[0, -1, 1, 2**31, 2**53, 2**63, 10**30, 0.5, 1e15, -1e308],
        *[float("nan"), float("inf"), float("-inf"), True, False, None],
    ]
)
TEXT = st.text(st.characters(codec=None), max_size=12)
LEAVES = st.one_of(
    NASTY, st.integers(), st.floats(), TEXT, st.dates().map(str), st.uuids().map(str)
)
NAMES = st.one_of(st.just(CANARY), st.sampled_from(["reason", "version", "roles", "why"]), TEXT)
JUNK = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def places(value: object, at: Place = ()) -> Iterator[Place]:
    """Yield where everything within a value is, the value itself first."""
    yield at
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from places(inner, (*at, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*at, index))


def inside(value: Any, at: Place) -> Any:
    for part in at:
        value = value[part]
    return value


def replaced(draw: Callable[..., Any], body: Body, at: Place) -> None:
    inside(body, at[:-1])[at[-1]] = draw(JUNK)


def dropped(draw: Callable[..., Any], body: Body, at: Place) -> None:
    del inside(body, at[:-1])[at[-1]]


def added(draw: Callable[..., Any], body: Body, at: Place) -> None:
    value = inside(body, at)
    if isinstance(value, dict):
        value[draw(NAMES)] = draw(JUNK)
    elif isinstance(value, list):
        value.extend(draw(st.lists(JUNK, min_size=1, max_size=2)) * draw(st.sampled_from([1, 30])))


def nested(draw: Callable[..., Any], body: Body, at: Place) -> None:
    value = inside(body, at)
    for _ in range(draw(st.sampled_from([1, 2, 11, 60]))):
        value = [value] if draw(st.booleans()) else {CANARY: value}
    inside(body, at[:-1])[at[-1]] = value


def retyped(draw: Callable[..., Any], body: Body, at: Place) -> None:
    value = inside(body, at)
    kinds: list[Any] = [str(value), [value], {"value": value}, bool(value), len(str(value)), None]
    inside(body, at[:-1])[at[-1]] = draw(st.sampled_from(kinds))


@st.composite
def spoilt(draw: Callable[..., Any]) -> tuple[type[Entry], bytes]:
    """An example with one to three things wrong with it (or, now and then, still right)."""
    kind = draw(st.sampled_from(sorted(EXAMPLES, key=lambda found: found.__name__)))
    body = deepcopy(EXAMPLES[kind].body)
    body["reason"] = CANARY
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.sampled_from(list(places(body))))
        change = draw(st.sampled_from([replaced, dropped, added, nested, retyped]))
        if at or change is added:
            change(draw, body, at)
    return kind, json.dumps(body).encode()


@settings(
    max_examples=500,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)
@given(case=spoilt())
def test_whatever_is_sent_is_recorded_or_refused(
    stage: Stage, case: tuple[type[Entry], bytes]
) -> None:
    client, system, _ = stage
    kind, content = case
    size = system.records.size()
    path = path_of(client.app, kind, PUPIL)
    headers = client.signed_as(EXAMPLES[kind].actor).known(path) | {
        "Content-Type": "application/json",
        "Idempotency-Key": str(uuid4()),
        "If-Match": "*",
    }

    with overheard() as lines:
        response = client.http.post(path, content=content, headers=headers)

    # What names an academy may be spoilt to name one that is not theirs.
    statuses = STATUSES | {403} if kind in (AcceptPupilMove, AdmitPupil) else STATUSES
    assert response.status_code in statuses, (response.text, lines)
    assert echoes(response, lines) == []
    if response.status_code != 201:
        assert response.headers["content-type"] == PROBLEM
        assert system.records.size() == size


def test_what_was_recorded_of_it_can_be_read_and_projected(stage: Stage) -> None:
    client, system, database = stage
    Engine(database.as_projector(), held().seals).catch_up()

    for view in ("", "/chronology?limit=200", "/history?limit=200"):
        assert client.get(f"/v1/pupils/{PUPIL}{view}").status_code == 200
    for listed in ("register?show=all&left=1", "retention"):
        assert client.get(f"/v1/{listed}").status_code == 200
    assert client.signed_as(DPO).get("/v1/events?limit=200").status_code == 200
    positions = system.records.feed(after=0, limit=10_000)
    assert [event.position for event in positions] == list(range(1, system.records.size() + 1))
