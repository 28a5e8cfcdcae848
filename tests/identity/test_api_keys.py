"""An integration's key: held to some operations, over within a year, and ended at once."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from send_records.bootstrap import Database
from send_records.errors import Invalid, NotFound, NotSignedIn
from send_records.identity import CallerKind, Door, LocalIssuer, Verifier
from send_records.store.api_keys import ApiKeys
from send_records.store.connections import Pool, one
from send_records.store.sessions import Sessions
from tests.keys import held

BY = UUID(int=7)
OPERATIONS = ["admit_pupil", "place_in_class"]


@pytest.fixture
def keys(app_pool: Pool) -> ApiKeys:
    return ApiKeys(app_pool, held().seals)


@pytest.fixture
def door(keys: ApiKeys, app_pool: Pool, tmp_path: Path) -> Door:
    local = LocalIssuer(tmp_path, issuer="urn:test", audience="test")
    verifier = Verifier(local.public_keys(), issuer="urn:test", audience="test")
    day = timedelta(days=1)
    return Door(verifier, Sessions(app_pool, held().seals, idle=day, longest=day), keys)


def made(keys: ApiKeys, service: UUID | None = None, days: float = 90) -> tuple[UUID, str]:
    key, text = keys.make(
        service or uuid4(), "MIS sync", OPERATIONS, made_by=BY, lasts=timedelta(days=days)
    )
    return key.key_id, text


def refused(door: Door, text: str) -> None:
    with pytest.raises(NotSignedIn) as caught:
        door.by_credentials(text)
    assert str(caught.value) == "The key is unknown, ended or expired."


def test_a_key_is_of_a_service_that_is_held_to_what_it_is_for(door: Door, keys: ApiKeys) -> None:
    service = uuid4()
    caller = door.by_credentials(made(keys, service)[1])

    assert (caller.person_id, caller.name) == (service, "MIS sync")
    assert caller.kind is CallerKind.SERVICE
    assert caller.only == frozenset(OPERATIONS)
    assert caller.strong_at is None
    assert caller.session_id is None


def test_a_key_can_be_told_from_a_token_and_found_in_a_leak(keys: ApiKeys) -> None:
    key_id, text = made(keys)

    assert text.startswith(f"srk_{key_id.hex}_")
    assert len(text) == 4 + 32 + 1 + 43


def test_the_database_holds_no_secret_and_no_name(keys: ApiKeys, database: Database) -> None:
    text = made(keys)[1]
    with one(database.as_owner()) as owner:
        [(row,)] = owner.execute("SELECT k::text FROM api_keys k").fetchall()

    secret = text.split("_", 2)[2]
    assert sha256(secret.encode()).hexdigest() in row
    for never in (secret[:12], secret[-12:], "MIS sync"):
        assert never not in row
        assert never.encode().hex() not in row


def test_a_key_that_was_changed_is_refused(door: Door, keys: ApiKeys) -> None:
    (_, text), (other_id, other) = made(keys), made(keys)
    head, key_id, secret = text.split("_", 2)
    for spoilt in (
        f"{head}_{other_id.hex}_{secret}",
        f"{head}_{uuid4().hex}_{secret}",
        f"{head}_{key_id}_{'A' if secret[0] != 'A' else 'B'}{secret[1:]}",
        f"{head}_{key_id}_{secret[:-1]}",
        f"{head}_{key_id}_{secret}=",
        f"{head}_{key_id}_{secret}\n",
        f"{head}_{key_id.upper()}_{secret}",
        f"{head}_{key_id}_",
        f"{head}_{key_id}_{'A' * 43}",
        "srk_",
        "srk_\x00",
        "srk_" + "a" * 1_000_000,
    ):
        refused(door, spoilt)
    assert door.by_credentials(text) != door.by_credentials(other)


def test_a_key_is_over_when_it_is_ended(door: Door, keys: ApiKeys) -> None:
    key_id, text = made(keys)
    door.by_credentials(text)
    keys.end(key_id)

    refused(door, text)
    [row] = keys.all()
    assert row.ended_at is not None
    keys.end(key_id)
    assert keys.all() == [row]  # ended once, at the first moment
    with pytest.raises(NotFound):
        keys.end(uuid4())


def test_all_of_a_service_are_ended_together(door: Door, keys: ApiKeys) -> None:
    service = uuid4()
    texts = [made(keys, service)[1] for _ in range(2)]
    other = made(keys)[1]

    assert keys.end_all(service) == 2
    for text in texts:
        refused(door, text)
    door.by_credentials(other)


def test_a_key_is_over_when_it_expires(door: Door, keys: ApiKeys, database: Database) -> None:
    text = made(keys, days=1)[1]
    with one(database.as_owner()) as owner:
        owner.execute(
            "UPDATE api_keys SET made_at = made_at - interval '1 day', "
            "expires_at = expires_at - interval '1 day'"
        )

    refused(door, text)


@pytest.mark.parametrize("days", [0, -1, 365.01, 4000])
def test_a_key_lasts_a_year_at_most(keys: ApiKeys, days: float) -> None:
    with pytest.raises(Invalid):
        made(keys, days=days)


def test_the_database_would_keep_none_that_lasts_longer(database: Database, keys: ApiKeys) -> None:
    made(keys)
    with one(database.as_owner()) as owner, pytest.raises(psycopg.errors.CheckViolation):
        owner.execute("UPDATE api_keys SET expires_at = made_at + interval '367 days'")


@pytest.mark.parametrize(
    "operations",
    [[], ["*"], ["admit_pupil", ""], ["Admit"], [f"a{n}" for n in range(101)]],
    ids=lambda operations: str(operations)[:20],
)
def test_a_key_for_everything_or_nothing_is_not_made(keys: ApiKeys, operations: list[str]) -> None:
    with pytest.raises(Invalid):
        keys.make(uuid4(), "MIS sync", operations, made_by=BY, lasts=timedelta(days=1))


def test_the_day_of_its_last_use_is_known(door: Door, keys: ApiKeys) -> None:
    text = made(keys)[1]
    assert [key.last_used_on for key in keys.all()] == [None]
    door.by_credentials(text)

    [key] = keys.all()
    assert key.last_used_on is not None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE api_keys SET operations = '{export_record}'",
        "UPDATE api_keys SET expires_at = expires_at + interval '1 day'",
        "UPDATE api_keys SET secret_hash = sha256('mine')",
        "UPDATE api_keys SET person_id = gen_random_uuid()",
        "DELETE FROM api_keys",
        "UPDATE sessions SET expires_at = expires_at + interval '1 day'",
        "UPDATE sessions SET strong_at = now()",
        "UPDATE sessions SET person_id = gen_random_uuid()",
        "UPDATE sign_ins SET session_id = gen_random_uuid()",
    ],
)
def test_the_application_can_give_nobody_more(database: Database, change: str) -> None:
    with one(database.app) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute(change)


def test_no_other_role_reads_them(database: Database) -> None:
    for conninfo in (database.as_projector(), database.as_notary()):
        for table in ("sessions", "sign_ins", "api_keys"):
            with one(conninfo) as other, pytest.raises(psycopg.errors.InsufficientPrivilege):
                other.execute(f"SELECT * FROM {table}")
