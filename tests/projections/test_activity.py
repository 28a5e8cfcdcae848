"""The activity: what was recorded, counted, in codes and days alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from send_records.aggregates.values import Role
from send_records.application import Request
from send_records.projections import activity as module
from send_records.projections.activity import ActivityRow, By, TooManyLines, activity
from send_records.projections.engine import Engine
from send_records.projections.pages import Views
from send_records.store.connections import one, pool
from send_records.store.recorder import PostgresRecorder
from send_records.store.scopes import WHOLE_TRUST
from tests.conftest import Cluster, new_database
from tests.keys import held, records_by
from tests.scenario import ADMIT, IDENTIFY, RECORD_MOTHER, SENCO

FEED = SENCO.model_copy(update={"role": Role.INTEGRATION, "academy": None})
MIDNIGHT = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
"""It is 2 July in London."""
RECORDED = {1: MIDNIGHT, 2: MIDNIGHT, 3: MIDNIGHT - timedelta(hours=1), 4: MIDNIGHT}


@pytest.fixture(scope="module")
def views(cluster: Cluster) -> Iterator[Views]:
    """One admission by the feed, two entries of a SENDCo's, all but one after midnight."""
    with new_database(cluster) as database, pool(database.app) as connections:
        records = records_by(PostgresRecorder(connections))
        pupil = records.admit(ADMIT, Request(FEED, uuid4(), uuid4())).pupil_id
        for command in (RECORD_MOTHER, IDENTIFY):
            records.execute(pupil, command, Request(SENCO, uuid4(), uuid4()))
        Engine(database.as_projector(), held().seals).catch_up()
        with one(database.as_projector()) as projector:
            for position, at in RECORDED.items():
                projector.execute(
                    "UPDATE chronology SET recorded_at = %s WHERE position = %s", [at, position]
                )
        yield Views(connections, held().seals).within(WHOLE_TRUST)


def counted(
    views: Views,
    *by: By,
    since: date | None = None,
    until: date | None = None,
    academy: str | None = None,
) -> list[ActivityRow]:
    return activity(views, by, since=since, until=until, academy=academy)


def test_entries_are_counted_beside_their_events_by_role(views: Views) -> None:
    assert counted(views, By.ROLE) == [
        ActivityRow("integration", None, None, None, None, events=2, entries=1, late=1),
        ActivityRow("senco", None, None, None, None, events=2, entries=2, late=2),
    ]


def test_by_day_and_by_month_as_they_are_in_london(views: Views) -> None:
    first, second = date(2026, 7, 1), date(2026, 7, 2)

    assert [(row.day, row.events) for row in counted(views, By.DAY)] == [(first, 1), (second, 3)]
    assert [(row.month, row.entries) for row in counted(views, By.MONTH)] == [(first, 3)]


def test_by_kind_of_event_and_by_academy(views: Views) -> None:
    assert [
        (row.event, row.academy, row.events) for row in counted(views, By.EVENT, By.ACADEMY)
    ] == [
        ("ContactRecorded", "Alder Park Academy", 1),
        ("NeedIdentified", "Alder Park Academy", 1),
        ("PupilAdmitted", None, 1),
        ("RetentionClassAssigned", None, 1),
    ]


def test_from_a_day_until_a_day_at_an_academy(views: Views) -> None:
    first, second = date(2026, 7, 1), date(2026, 7, 2)

    def events(**asked: Any) -> int:
        return sum(row.events for row in counted(views, By.ROLE, **asked))

    assert events(since=second) == 3
    assert events(until=first) == 1
    assert events(since=first, until=second) == 4
    assert events(since=second, academy="Alder Park Academy") == 1
    assert events(academy="Elsewhere") == events(until=date(2026, 6, 30)) == 0


def test_an_answer_too_long_to_read_is_refused(
    views: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 3)

    assert len(counted(views, By.ROLE)) == 2
    with pytest.raises(TooManyLines):
        counted(views, By.EVENT)
