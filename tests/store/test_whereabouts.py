"""Where each pupil is, level with the log: by the trigger, by the migration, and put right."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from uuid import UUID, uuid4

import orjson
import psycopg
import pytest
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from send_records.bootstrap import Database
from send_records.projections.whole import put_right
from send_records.store import migrate as module
from send_records.store.connections import one
from send_records.store.migrate import migrate, migrations
from send_records.store.roles import provision
from tests.conftest import ROLES, Cluster
from tests.store.writing import SEALED, append, event

Row = tuple[str, str | None, str | None, date | None, int]
Entry = tuple[str, dict[str, object]]

ADMITTED: Entry = ("PupilAdmitted", {"academy": "Northgate", "nc_year": "4"})
MOVED: Entry = ("PupilMovedAcademy", {"to_academy": "Southgate", "nc_year": "5"})
A_YEAR_ON: Entry = ("YearGroupChanged", {"nc_year": "6"})
IN_CLASS: Entry = ("PlacedInClass", {"class_name": "4B"})
LEFT: Entry = ("PupilLeft", {"occurred_on": "2024-07-19"})
BACK: Entry = ("PupilReadmitted", {"academy": "Westgate", "nc_year": "7"})
ERASED: Entry = ("PersonalDataErased", {})
NOTED: Entry = ("Noted", {"academy": "Elsewhere", "nc_year": "9"})
GONE = date(2024, 7, 19)

LIVES: list[tuple[list[Entry], Row]] = [
    ([ADMITTED], ("Northgate", "4", None, None, 1)),
    ([ADMITTED, NOTED], ("Northgate", "4", None, None, 1)),
    ([ADMITTED, MOVED], ("Southgate", "5", None, None, 2)),
    ([ADMITTED, A_YEAR_ON], ("Northgate", "6", None, None, 2)),
    ([ADMITTED, A_YEAR_ON, MOVED], ("Southgate", "5", None, None, 3)),
    ([ADMITTED, MOVED, A_YEAR_ON], ("Southgate", "6", None, None, 3)),
    ([ADMITTED, LEFT], ("Northgate", "4", None, GONE, 2)),
    ([ADMITTED, MOVED, LEFT], ("Southgate", "5", None, GONE, 3)),
    ([ADMITTED, LEFT, BACK], ("Westgate", "7", None, None, 3)),
    ([ADMITTED, LEFT, BACK, LEFT], ("Westgate", "7", None, GONE, 4)),
    ([ADMITTED, LEFT, BACK, A_YEAR_ON], ("Westgate", "6", None, None, 4)),
]
IN_CLASSES: list[tuple[list[Entry], Row]] = [
    ([ADMITTED, IN_CLASS], ("Northgate", "4", "4B", None, 2)),
    ([ADMITTED, IN_CLASS, A_YEAR_ON], ("Northgate", "6", "4B", None, 3)),
    ([ADMITTED, IN_CLASS, MOVED], ("Southgate", "5", None, None, 3)),
    ([ADMITTED, IN_CLASS, LEFT], ("Northgate", "4", None, GONE, 3)),
    ([ADMITTED, IN_CLASS, LEFT, BACK], ("Westgate", "7", None, None, 4)),
]
"""Those in whose life is what no log has from before the migration."""


def live(owner: Connection, life: list[Entry]) -> UUID:
    """Record a life, in no words, as a new pupil's."""
    pupil = uuid4()
    for version, (topic, clear) in enumerate(life, 1):
        said = orjson.dumps(clear).decode()
        append(owner, event(pupil, version, topic=topic, clear=said))
    return pupil


def erase(owner: Connection, pupil: UUID, version: int) -> None:
    """Mark a pupil's key as destroyed, and say so under the trust's own."""
    with owner.transaction():
        owner.execute("SELECT destroy_key(%s)", [pupil])
        state = b"\x02" + SEALED[1:]
        append(owner, event(pupil, version, topic=ERASED[0], state=state))


def rows(connection: Connection) -> dict[UUID, Row]:
    found = connection.execute(
        "SELECT pupil_id, academy, nc_year, class_name, left_on, version FROM whereabouts"
    )
    return {pupil: tuple(row) for pupil, *row in found}


def places(connection: Connection, pupil: UUID) -> set[str]:
    query = "SELECT places FROM whereabouts WHERE pupil_id = %s"
    [(found,)] = connection.execute(query, [pupil]).fetchall()
    return set(found)


# By the trigger


@pytest.mark.parametrize(("life", "row"), LIVES + IN_CLASSES)
def test_each_entry_that_moves_a_pupil_is_followed(
    owner: Connection, life: list[Entry], row: Row
) -> None:
    other = live(owner, [ADMITTED])

    pupil = live(owner, life)

    assert rows(owner) == {pupil: row, other: ("Northgate", "4", None, None, 1)}


def test_of_the_erased_the_academy_alone_is_left(owner: Connection) -> None:
    pupil = live(owner, [ADMITTED, IN_CLASS])

    erase(owner, pupil, 3)

    assert rows(owner) == {pupil: ("Northgate", None, None, None, 3)}
    assert places(owner, pupil) == {"\x1f", "Northgate"}


def test_places_are_those_of_whoever_is_on_roll(owner: Connection) -> None:
    pupil = live(owner, [ADMITTED, IN_CLASS])
    gone = live(owner, [ADMITTED, IN_CLASS, LEFT])

    assert places(owner, pupil) == {
        "\x1f",
        "Northgate",
        "Northgate\x1fyear:4",
        "Northgate\x1fclass:4B",
    }
    assert places(owner, gone) == {"\x1f", "Northgate"}


def test_an_entry_that_is_taken_back_takes_the_row_back(owner: Connection) -> None:
    pupil = live(owner, [ADMITTED])
    said = orjson.dumps(MOVED[1]).decode()

    with owner.transaction(force_rollback=True):
        append(owner, event(pupil, 2, topic=MOVED[0], clear=said))
        assert rows(owner)[pupil][0] == "Southgate"

    assert rows(owner)[pupil][0] == "Northgate"


def test_a_person_is_nowhere(owner: Connection) -> None:
    live(owner, [("RoleProposed", {"role": "senco"})])

    assert rows(owner) == {}


def test_a_trigger_that_is_off_would_be_missed(owner: Connection) -> None:
    owner.execute("ALTER TABLE events DISABLE TRIGGER followed")
    live(owner, [ADMITTED])

    assert rows(owner) == {}


def test_it_is_followed_whatever_role_replication_plays(superuser: Connection) -> None:
    superuser.execute("SET session_replication_role = replica")
    pupil = live(superuser, [ADMITTED])

    assert rows(superuser) == {pupil: ("Northgate", "4", None, None, 1)}


# Put right


def register(projector: Connection, pupil: UUID, **columns: object) -> None:
    """Say in the register where a pupil is."""
    kinds = projector.execute(
        "SELECT attname, format_type(atttypid, NULL) FROM pg_attribute "
        "WHERE attrelid = 'send_register'::regclass AND attnum > 0 AND attnotnull "
        "AND NOT atthasdef AND NOT attisdropped"
    ).fetchall()
    of = {"text": "x", "integer": 1, "bigint": 1, "smallint": 1, "boolean": False, "bytea": b"x"}
    of |= {"json": "{}", "jsonb": "{}", "text[]": []}
    values = {name: of.get(kind, "2024-01-15") for name, kind in kinds}
    values |= {"pupil_id": pupil} | columns
    projector.execute(
        SQL("INSERT INTO send_register ({}) VALUES ({})").format(
            SQL(", ").join(map(Identifier, values)),
            SQL(", ").join(SQL("%s") for _ in values),
        ),
        list(values.values()),
    )


@pytest.mark.parametrize(
    ("stands", "row"),
    [
        ({"academy": "Southgate"}, ("Southgate", "4", None, None, 3)),
        ({"nc_year": "5"}, ("Northgate", "5", "4B", None, 3)),
        ({"left_on": GONE}, ("Northgate", "4", None, GONE, 3)),
        ({}, ("Northgate", "4", "4B", None, 2)),
        ({"academy": "Southgate", "version": 1}, ("Northgate", "4", "4B", None, 2)),
    ],
    ids=["academy", "year", "leaving", "nothing", "not seen yet"],
)
def test_what_was_corrected_is_put_right_by_the_projector(
    database: Database, owner: Connection, stands: dict[str, object], row: Row
) -> None:
    pupil, other = live(owner, [ADMITTED, IN_CLASS]), live(owner, [ADMITTED])
    is_at = {"academy": "Northgate", "nc_year": "4", "left_on": None, "version": 3} | stands
    with one(database.as_projector()) as projector:
        for each in (pupil, other):
            register(projector, each, **is_at)
        put_right(projector, {pupil: []})

    assert rows(owner) == {pupil: row, other: ("Northgate", "4", None, None, 1)}


def test_nobody_else_moves_a_pupil(database: Database, owner: Connection) -> None:
    live(owner, [ADMITTED])
    for conninfo in (database.app, database.as_notary()):
        with one(conninfo) as other, pytest.raises(psycopg.errors.InsufficientPrivilege):
            other.execute("UPDATE whereabouts SET academy = 'Southgate'")


# By the migration


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[Database]:
    """A database with roles and without a schema."""
    name = f"t_{uuid4().hex}"
    with cluster.admin() as admin:
        admin.execute("SELECT pg_advisory_lock(1)")
        passwords = {role: cluster.server.password(role) for role in ROLES.logins}
        provision(admin, ROLES, name, passwords)
    yield cluster.database(name)
    with cluster.admin() as admin:
        admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


def test_a_log_from_before_gives_what_the_trigger_gives(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows of the migration are those of the same log, appended to after it."""
    before = [each for each in migrations() if each.number < 14]
    expected: dict[UUID, Row] = {}
    with one(empty.as_owner()) as owner:
        with monkeypatch.context() as older:
            older.setattr(module, "migrations", lambda: before)
            older.setattr(module, "apply_privileges", lambda *_: False)
            migrate(owner, ROLES)
        owner.execute("SET search_path = send_records")
        for life, row in LIVES:
            expected[live(owner, life)] = row
        gone = live(owner, [ADMITTED, MOVED])
        erase(owner, gone, 3)
        expected[gone] = ("Southgate", None, None, None, 2)
        live(owner, [NOTED])

        assert migrate(owner, ROLES) == [each.name for each in migrations()[13:]]

        assert {pupil: row[:4] for pupil, row in rows(owner).items()} == {
            pupil: row[:4] for pupil, row in expected.items()
        }
        for pupil, row in rows(owner).items():
            assert row[4] <= expected[pupil][4]
        late = live(owner, LIVES[2][0])
        assert rows(owner)[late] == LIVES[2][1]
