"""The access log as the database keeps it: in order, without gaps, append-only, hashed whole."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import LiteralString
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import Connection, errors
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import class_row

from send_records.aggregates.base import Actor
from send_records.aggregates.values import Role
from send_records.bootstrap import Database
from send_records.store.access import (
    Access,
    AccessLog,
    AccessPurpose,
    Act,
    Tier,
    append_access,
    append_accesses,
)
from send_records.store.connections import Pool, in_schema, one, pool
from send_records.store.damage import Damage, Walked
from send_records.store.data_directory import SUPERUSER
from send_records.store.ledger import Log
from send_records.store.outside import Outside
from send_records.store.sealing import DoesNotOpen
from send_records.store.shapes import AccessShape
from send_records.store.signing import Purpose
from send_records.store.verify import walk
from tests.conftest import Cluster, new_database
from tests.keys import held
from tests.scenario import SENCO
from tests.store.audit import EPOCH, sized
from tests.store.writing import at_once

WRITERS = 6
PUPIL = UUID(int=61)

ACCESS = Access(
    actor=SENCO,
    request_id=UUID(int=7),
    act=Act.READ,
    what="get_pupil",
    tier=Tier.PROVISION,
    purpose=AccessPurpose.SUPPORT,
    pupils=[PUPIL],
)


@dataclass(frozen=True)
class Row:
    """A row as it is stored."""

    position: int
    recorded_at: datetime
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
    sealed: bytes
    leaf: bytes


def rows(connection: Connection) -> list[Row]:
    with connection.cursor(row_factory=class_row(Row)) as cursor:
        return cursor.execute("SELECT * FROM access_log ORDER BY position").fetchall()


def array(pupils: Sequence[UUID]) -> bytes:
    """A list of UUIDs as PostgreSQL's binary COPY writes it: dimensions, whether one is NULL, the
    type, then for the one dimension its length and where it begins, and each behind its length."""
    start = struct.pack(">iiI", 1 if pupils else 0, 0, 2950)
    bounds = struct.pack(">ii", len(pupils), 1) if pupils else b""
    return start + bounds + b"".join(sized(pupil.bytes) for pupil in pupils)


def encoded(row: Row) -> bytes:
    """What the comments in the migrations say that a leaf is over, written again from them."""
    microseconds = (row.recorded_at - EPOCH) // timedelta(microseconds=1)
    texts = (row.act, row.what, row.tier, row.purpose, row.outcome)
    columns = [
        struct.pack(">q", row.position),
        struct.pack(">q", microseconds),
        row.request_id.bytes,
        row.actor_id.bytes,
        row.role.encode(),
        None if row.academy is None else row.academy.encode(),
        *(text.encode() for text in texts),
        array(row.pupils),
        row.sealed,
    ]
    return b"\x00send-records/access/1" + b"".join(
        struct.pack(">i", -1) if column is None else sized(column) for column in columns
    )


def violations(connection: Connection) -> list[str]:
    """Return everything that is wrong with the access log."""
    log = rows(connection)
    found = [
        f"leaf of {row.position}"
        for row in log
        if row.leaf != hashlib.sha256(encoded(row)).digest()
    ]
    if [row.position for row in log] != list(range(1, len(log) + 1)):
        found.append("positions have gaps")
    found += [
        f"time stands still or goes back at {after.position}"
        for before, after in pairwise(log)
        if before.recorded_at >= after.recorded_at
    ]
    [(size, last)] = connection.execute("SELECT size, recorded_at FROM access_head").fetchall()
    if log and (size, last) != (log[-1].position, log[-1].recorded_at):
        found.append("the head is not the last row")
    return found


def walked(connection: Connection) -> Walked:
    """What ``send-records verify`` says of it."""
    return walk(
        connection, AccessShape(), Outside(Log.ACCESS, (), held().signing.public(Purpose.ACCESS))
    )


def append(connection: Connection, access: Access = ACCESS) -> int:
    return append_access(connection, held().seals, access)


@dataclass(frozen=True)
class Shared:
    """A log for a whole module, of three rows and more, as three see it."""

    app: Connection
    owner: Connection
    superuser: Connection


@pytest.fixture(scope="module")
def shared(cluster: Cluster) -> Iterator[Shared]:
    with new_database(cluster) as found:
        name = str(conninfo_to_dict(found.app)["dbname"])
        above = in_schema(cluster.server.conninfo(SUPERUSER, name), found.roles.schema, "superuser")
        with one(found.app) as app, one(found.as_owner()) as owner, one(above) as superuser:
            for _ in range(3):
                append(app, replace(ACCESS, actor=SENCO.model_copy(update={"academy": None})))
            yield Shared(app, owner, superuser)


# In order


def test_six_writers_leave_no_gap_and_no_two_at_one_time(database: Database) -> None:
    told: list[int] = []

    def write() -> None:
        with one(database.app) as connection:
            for _ in range(30):
                told.append(append(connection, replace(ACCESS, request_id=uuid4())))

    at_once([write] * WRITERS)

    assert sorted(told) == list(range(1, WRITERS * 30 + 1))
    with one(database.as_owner()) as connection:
        assert violations(connection) == []
        found = walked(connection)
        assert (found.entries, found.findings) == (WRITERS * 30, [])


def test_those_that_are_written_together_have_each_its_own_people(
    app: Connection, owner: Connection
) -> None:
    """None, one, several: and each its place and its time."""
    people = [[], [uuid4()], [uuid4(), uuid4()], []]
    accesses = [
        replace(ACCESS, pupils=pupils, request_id=uuid4(), actor=actor)
        for pupils, actor in zip(
            people,
            [SENCO, SENCO.model_copy(update={"academy": None})] * 2,
            strict=True,
        )
    ]

    positions = append_accesses(app, held().seals, accesses)

    stored = rows(owner)
    assert positions == [row.position for row in stored] == [1, 2, 3, 4]
    assert [list(row.pupils) for row in stored] == people
    assert [row.academy for row in stored] == [access.actor.academy for access in accesses]
    assert violations(owner) == []
    assert walked(owner).findings == []


def test_readers_at_once_are_recorded_together_and_each_is_told_its_place(
    database: Database,
) -> None:
    told: list[int] = []
    with pool(database.app) as connections:
        log = AccessLog(connections, held().seals)
        at_once([lambda: told.extend(log.record(ACCESS) for _ in range(30))] * WRITERS)

    assert sorted(told) == list(range(1, WRITERS * 30 + 1))
    with one(database.as_owner()) as connection:
        assert violations(connection) == []


@pytest.mark.parametrize("count", [0, 2, None])
def test_counts_that_do_not_share_out_the_people_are_refused(
    app: Connection, owner: Connection, count: int | None
) -> None:
    """Or it could not be said who was seen."""
    with pytest.raises(psycopg.DatabaseError) as refused:
        app.execute(
            "SELECT append_access(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::integer[], %s, %s)",
            [[uuid4()]] * 2 + [["x"]] * 7 + [[count], [uuid4()], [b"x"]],
        )
    assert refused.value.sqlstate == "SR001"
    assert rows(owner) == []


PLACES_FROM_A_SEQUENCE = """
CREATE SEQUENCE places;
CREATE OR REPLACE FUNCTION append_access(
    p_request_ids uuid[], p_actor_ids uuid[], p_roles text[], p_academies text[], p_acts text[],
    p_whats text[], p_tiers text[], p_purposes text[], p_outcomes text[], p_counts integer[],
    p_pupils uuid[], p_sealed bytea[]
) RETURNS SETOF bigint LANGUAGE sql SECURITY DEFINER SET search_path FROM CURRENT AS $$
    INSERT INTO access_log SELECT p, t, p_request_ids[1], p_actor_ids[1], p_roles[1],
        p_academies[1], p_acts[1], p_whats[1], p_tiers[1], p_purposes[1], p_outcomes[1], p_pupils,
        p_sealed[1],
        access_leaf(p, t, p_request_ids[1], p_actor_ids[1], p_roles[1], p_academies[1], p_acts[1],
                    p_whats[1], p_tiers[1], p_purposes[1], p_outcomes[1], p_pupils, p_sealed[1])
    FROM (SELECT nextval('places') p, clock_timestamp() t) x RETURNING position
$$
"""


def undone(connection: Connection, owner: Connection) -> list[str]:
    """Return what is wrong after a row that was undone, between two that were not."""
    append(connection)
    with connection.transaction(force_rollback=True):
        append(connection)
    append(connection)
    return violations(owner)


def test_a_row_that_is_undone_leaves_no_gap(app: Connection, owner: Connection) -> None:
    assert undone(app, owner) == []


def test_with_places_from_a_sequence_it_would(app: Connection, owner: Connection) -> None:
    owner.execute(PLACES_FROM_A_SEQUENCE)

    assert "positions have gaps" in undone(app, owner)
    assert Damage.MISSING in {finding.damage for finding in walked(owner).findings}


def test_time_goes_on_when_the_clock_steps_back(
    app: Connection, owner: Connection, superuser: Connection
) -> None:
    append(app)
    [(ahead,)] = superuser.execute(
        "UPDATE access_head SET recorded_at = clock_timestamp() + interval '1 hour' "
        "RETURNING recorded_at"
    ).fetchall()
    append(app)
    append(app)

    tick = timedelta(microseconds=1)
    assert [row.recorded_at for row in rows(owner)][1:] == [ahead + tick, ahead + 2 * tick]


# The leaf


@pytest.mark.parametrize(
    "access",
    [
        replace(ACCESS, pupils=[]),
        replace(ACCESS, pupils=[uuid4() for _ in range(200)]),
        replace(ACCESS, pupils=[PUPIL, PUPIL]),
        replace(ACCESS, actor=SENCO.model_copy(update={"academy": None})),
        replace(ACCESS, actor=SENCO.model_copy(update={"academy": ""})),
        replace(
            ACCESS, actor=SENCO.model_copy(update={"academy": "\u0141\u00f3d\u017a \U0001f9d2"})
        ),
        replace(ACCESS, act=Act.REFUSAL, outcome="Erased", what="", tier=Tier.RESTRICTED),
    ],
    ids=["nobody", "200 pupils", "a pupil twice", "no academy", "empty", "not ASCII", "refusal"],
)
def test_the_leaf_is_the_hash_of_every_stored_column(shared: Shared, access: Access) -> None:
    append(shared.app, access)

    [*_, row] = rows(shared.owner)
    assert row.leaf == hashlib.sha256(encoded(row)).digest()
    assert (row.pupils, row.academy) == (list(access.pupils), access.actor.academy)
    assert walked(shared.owner).findings == []


def test_no_academy_and_an_academy_without_a_name_are_told_apart(
    app: Connection, owner: Connection
) -> None:
    append(app, replace(ACCESS, actor=SENCO.model_copy(update={"academy": None})))

    [row] = rows(owner)
    assert row.academy is None
    other = hashlib.sha256(encoded(replace(row, academy=""))).digest()
    assert row.leaf not in (other, hashlib.sha256(encoded(replace(row, academy="-1"))).digest())


def test_the_leaf_depends_on_no_setting_of_the_connection(
    app: Connection, owner: Connection
) -> None:
    for setting in ("timezone = 'Asia/Kathmandu'", "bytea_output = 'escape'"):
        app.execute(f"SET {setting}".encode())
        append(app)

    assert violations(owner) == []


# What the audit above, and the walk, are worth: planted defects

DEFECTS: dict[str, LiteralString] = {
    "a row gone": "DELETE FROM access_log WHERE position = 2",
    "the last row gone": "DELETE FROM access_log a USING access_head WHERE position = size",
    "another reader": "UPDATE access_log SET actor_id = gen_random_uuid() WHERE position = 2",
    "another request": "UPDATE access_log SET request_id = gen_random_uuid() WHERE position = 2",
    "another name": "UPDATE access_log SET sealed = sealed || 'x' WHERE position = 2",
    "another role": "UPDATE access_log SET role = 'dpo' WHERE position = 2",
    "an academy for none": "UPDATE access_log SET academy = '' WHERE position = 2",
    "another act": "UPDATE access_log SET act = 'proof' WHERE position = 2",
    "another operation": "UPDATE access_log SET what = 'x' WHERE position = 2",
    "a lower tier": "UPDATE access_log SET tier = 'T1' WHERE position = 2",
    "another purpose": "UPDATE access_log SET purpose = 'audit' WHERE position = 2",
    "refused, it says": "UPDATE access_log SET outcome = 'Erased' WHERE position = 2",
    "a pupil left out": "UPDATE access_log SET pupils = '{}' WHERE position = 2",
    "backdated": "UPDATE access_log SET recorded_at = 'epoch' WHERE position = 2",
    "words moved over": "UPDATE access_log SET act = 'readg', what = 'et_pupil' WHERE position = 2",
    "a leaf for leaf": "UPDATE access_log SET leaf = sha256(leaf) WHERE position = 2",
    "a head that forgets": "UPDATE access_head SET size = size - 1",
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_is_found(shared: Shared, defect: str) -> None:
    superuser = shared.superuser
    assert violations(superuser) == []
    assert walked(superuser).findings == []

    with superuser.transaction(force_rollback=True):
        superuser.execute("ALTER TABLE access_log DISABLE TRIGGER ALL")
        superuser.execute(DEFECTS[defect])

        assert violations(superuser) != []
        assert walked(superuser).findings != []


# Append-only


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO access_log SELECT position + 1, recorded_at, request_id, actor_id, role, "
        "academy, act, what, tier, purpose, outcome, pupils, sealed, leaf FROM access_log",
        "UPDATE access_log SET outcome = 'given'",
        "DELETE FROM access_log",
        "TRUNCATE access_log",
        "COPY access_log FROM STDIN",
        "UPDATE access_head SET size = 0",
        "SELECT access_leaf(1, now(), NULL, NULL, '', '', '', '', '', '', '', '{}', '')",
        "ALTER TABLE access_log DISABLE TRIGGER ALL",
        "DROP TABLE access_log",
    ],
)
def test_the_application_has_no_other_way_to_write(shared: Shared, statement: str) -> None:
    before = rows(shared.owner)

    with pytest.raises(errors.InsufficientPrivilege):
        shared.app.execute(statement.encode())

    assert rows(shared.owner) == before


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE access_log SET outcome = 'given'",
        "DELETE FROM access_log",
        "TRUNCATE access_log",
        "DELETE FROM access_head",
    ],
)
@pytest.mark.parametrize("replica", [False, True], ids=["plainly", "as a replica"])
def test_nobody_changes_what_was_appended(shared: Shared, statement: str, replica: bool) -> None:
    before = rows(shared.owner)
    role = "replica" if replica else "origin"

    shared.superuser.execute(f"SET session_replication_role = {role}".encode())
    with pytest.raises(psycopg.DatabaseError, match="append-only"):
        shared.superuser.execute(statement.encode())
    shared.superuser.execute("RESET session_replication_role")

    assert rows(shared.owner) == before


@pytest.mark.parametrize("who", ["as_projector", "as_notary"])
def test_no_other_role_appends_or_reads_who_looked(database: Database, who: str) -> None:
    with one(getattr(database, who)()) as connection:
        with pytest.raises(errors.InsufficientPrivilege):
            append(connection)
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("SELECT actor_id, pupils FROM access_log")


# Read back


@pytest.fixture
def log(app_pool: Pool) -> AccessLog:
    return AccessLog(app_pool, held().seals)


def pages(log: AccessLog, pupil: UUID, limit: int) -> Iterator[list[int]]:
    after = 0
    while found := log.of_pupil(pupil, after=after, limit=limit):
        yield [row.position for row in found]
        after = found[-1].position


@pytest.mark.parametrize("limit", [1, 3, 10, 11])
def test_who_looked_at_a_pupil_is_told_in_pages_without_gap_or_repeat(
    log: AccessLog, limit: int
) -> None:
    other = uuid4()
    mine = [
        log.record(replace(ACCESS, request_id=uuid4(), pupils=pupils))
        for pupils in [[PUPIL], [other, PUPIL], [other], []] * 5
    ]

    found = list(pages(log, PUPIL, limit))

    assert [position for page in found for position in page] == [
        position for n, position in enumerate(mine) if n % 4 < 2
    ]
    assert {len(page) for page in found[:-1]} <= {limit}
    assert log.of_pupil(uuid4(), after=0, limit=10) == []


def test_a_row_is_read_back_with_the_name_opened(log: AccessLog, owner: Connection) -> None:
    reader = Actor(id=uuid4(), name="Kim \u0141ukasz", role=Role.DPO)
    position = log.record(replace(ACCESS, actor=reader, purpose=AccessPurpose.AUDIT))

    [row] = log.of_pupil(PUPIL, after=0, limit=10)

    assert (row.position, row.name, row.role, row.academy) == (position, reader.name, "dpo", None)
    assert (row.act, row.what, row.tier, row.purpose, row.outcome) == (
        *("read", "get_pupil", "T2", "audit"),
        "given",
    )
    [stored] = rows(owner)
    assert reader.name.encode() not in b"".join(
        value if isinstance(value, bytes) else str(value).encode() for value in astuple(stored)
    )


def test_a_name_moved_to_another_row_does_not_open(
    log: AccessLog, app: Connection, superuser: Connection
) -> None:
    log.record(ACCESS)
    log.record(replace(ACCESS, request_id=uuid4(), actor=SENCO.model_copy(update={"name": "X"})))
    superuser.execute("ALTER TABLE access_log DISABLE TRIGGER ALL")
    superuser.execute(
        "UPDATE access_log a SET sealed = b.sealed FROM access_log b WHERE a.position <> b.position"
    )

    with pytest.raises(DoesNotOpen):
        log.of_pupil(PUPIL, after=0, limit=10)
