"""The version of all that people are judged by: it moves with every change, and never holds anybody
up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from uuid import uuid4

import pytest
from psycopg import Connection

from send_records.aggregates.base import Actor
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.values import Role
from send_records.authority.standing import Standings
from send_records.bootstrap import Database
from send_records.store.authority_head import AuthorityHead
from send_records.store.connections import Pool
from tests.api.grants import give

SENCO = Actor(id=uuid4(), name="Sam Okoro", role=Role.SENCO)
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def head(database: Database) -> Iterator[AuthorityHead]:
    with closing(AuthorityHead(database.app)) as found:
        yield found


def test_before_it_is_connected_there_is_none_and_nobody_waits(head: AuthorityHead) -> None:
    assert head.version() is None
    head.connect()
    assert head.version() is not None


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO grants (grant_id, person_id, role, kind, from_on) "
        "VALUES (gen_random_uuid(), gen_random_uuid(), 'dpo', 'trust', '2026-01-01')",
        "UPDATE grants SET ended_at = now()",
        "DELETE FROM grants",
        "INSERT INTO whereabouts (pupil_id, academy, version) "
        "VALUES (gen_random_uuid(), 'Alder Park Academy', 1)",
        "UPDATE whereabouts SET academy = 'Birch Lane Academy'",
        "TRUNCATE whereabouts",
    ],
)
def test_it_moves_with_every_change_once_that_is_committed(
    head: AuthorityHead, owner: Connection, change: str
) -> None:
    head.connect()
    before = head.version()

    with owner.transaction():
        owner.execute(change.encode())
        assert head.version() == before

    assert head.version() != before
    assert head.version() == head.version()


def test_a_connection_that_was_lost_is_no_version_and_comes_back(
    head: AuthorityHead, superuser: Connection
) -> None:
    head.connect()
    known = head.version()
    superuser.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND query LIKE '%authority_head%' "
        "AND pid <> pg_backend_pid()"
    )

    assert head.version() is None
    head.connect()
    assert head.version() == known


def standings(pool: Pool, head: AuthorityHead, at: list[datetime]) -> Standings:
    return Standings(pool, head, lambda: at[0])


@pytest.mark.anyio
async def test_what_is_known_is_true_still_or_read_again(
    app_pool: Pool, head: AuthorityHead, owner: Connection
) -> None:
    at = [NOON]
    found = standings(app_pool, head, at)
    give(owner, SENCO, ScopeKind.ACADEMIES, academies=["Alder Park Academy"], until_on=NOON.date())
    head.connect()

    first = await found.soon(SENCO.id)
    assert await found.soon(SENCO.id) is first, "known, and not read again"
    owner.execute("UPDATE grants SET ended_at = now()")
    assert (await found.soon(SENCO.id)).held == ()
    owner.execute("UPDATE grants SET ended_at = NULL")
    assert (await found.soon(SENCO.id)).held == first.held
    at[0] = datetime(2026, 11, 25, 12, tzinfo=UTC)
    assert (await found.soon(SENCO.id)).held == (), "its last day is over"


@pytest.mark.anyio
async def test_who_ends_within_the_hour_is_read_each_time(
    app_pool: Pool, head: AuthorityHead, owner: Connection
) -> None:
    at = [NOON]
    found = standings(app_pool, head, at)
    owner.execute(
        "INSERT INTO grants (grant_id, person_id, role, kind, pupils, from_on, until_at) "
        "VALUES (gen_random_uuid(), %s, 'senco', 'emergency', ARRAY[gen_random_uuid()], %s, %s)",
        [SENCO.id, date(2026, 11, 24), datetime(2026, 11, 24, 13, tzinfo=UTC)],
    )
    head.connect()
    assert len((await found.soon(SENCO.id)).held) == 1

    at[0] = datetime(2026, 11, 24, 13, 1, tzinfo=UTC)

    assert (await found.soon(SENCO.id)).held == ()


@pytest.mark.anyio
async def test_a_version_that_stood_still_would_be_seen(
    app_pool: Pool, head: AuthorityHead, owner: Connection
) -> None:
    """Planted: a change of a grant that is not noted leaves the leaver in."""
    found = standings(app_pool, head, [NOON])
    give(owner, SENCO, ScopeKind.ACADEMIES, academies=["Alder Park Academy"])
    head.connect()
    await found.soon(SENCO.id)
    owner.execute("ALTER TABLE grants DISABLE TRIGGER noted")

    owner.execute("UPDATE grants SET ended_at = now()")

    assert (await found.soon(SENCO.id)).held != ()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
