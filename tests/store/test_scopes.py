"""The scope of a unit of work: what is seen in it, and that it ends with it, however that ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID, uuid4

import psycopg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from send_records.bootstrap import Database
from send_records.store.connections import Pool, one, pool
from send_records.store.privileges import TABLES
from send_records.store.scopes import (
    NOBODY,
    WHOLE,
    WHOLE_TRUST,
    Scope,
    class_of,
    set_scope,
    within,
    year_of,
)
from tests.conftest import Cluster, new_database
from tests.store.writing import append, event

SETTINGS = "current_setting('send_records.{}', true)"
HERE = '{"academy": "Northgate", "nc_year": "4"}'
UPLOAD = "INSERT INTO document_uploads (upload_id, pupil_id) VALUES (%s, %s)"
THERE = '{"academy": "Southgate", "nc_year": "4"}'


def admitted(owner: Connection, clear: str = HERE) -> UUID:
    """Admit a pupil to the log, in no words; return who it is."""
    pupil = uuid4()
    append(owner, event(pupil, 1, topic="PupilAdmitted", clear=clear))
    return pupil


def seen(connection: Connection) -> set[UUID]:
    """Return whose entries a connection shows."""
    return {pupil for (pupil,) in connection.execute("SELECT DISTINCT stream_id FROM events")}


def seen_in(connection: Connection, scope: Scope) -> set[UUID]:
    with within(connection, scope):
        return seen(connection)


# What is seen


def test_each_scope_shows_its_pupils_and_no_others(app: Connection, owner: Connection) -> None:
    here, there = admitted(owner), admitted(owner, THERE)
    append(owner, event(here, 2, topic="PlacedInClass", clear='{"class_name": "4B"}'))

    for scope, shown in (
        (NOBODY, set()),
        (Scope.of(here), {here}),
        (Scope.of(here, there), {here, there}),
        (Scope.of(uuid4()), set()),
        (Scope(places=("Northgate",)), {here}),
        (Scope(places=("Southgate", "Nowhere")), {there}),
        (Scope(places=(year_of("Northgate", "4"),)), {here}),
        (Scope(places=(year_of("Northgate", "5"),)), set()),
        (Scope(places=(class_of("Northgate", "4B"),)), {here}),
        (Scope(places=(class_of("Southgate", "4B"),)), set()),
        (Scope(pupils=(here,), places=("Southgate",)), {here, there}),
        (WHOLE_TRUST, {here, there}),
    ):
        assert seen_in(app, scope) == shown, scope


@pytest.mark.parametrize("table", [name for name, it in TABLES.items() if it.rows and it.app])
def test_without_a_scope_no_table_shows_anybody(storied: Database, table: str) -> None:
    """And with the whole trust each shows somebody that has rows at all."""
    count = SQL("SELECT count(*) FROM {}").format(Identifier(table))
    with one(storied.app) as app, one(storied.as_owner()) as owner:
        [(there,)] = owner.execute(count).fetchall()
        assert app.execute(count).fetchone() == (0,)
        with within(app, NOBODY):
            assert app.execute(count).fetchone() == (0,)
        with within(app, WHOLE_TRUST):
            [(shown,)] = app.execute(count).fetchall()
        assert shown == (0 if table == "access_log" else there)
        assert app.execute(count).fetchone() == (0,)


@pytest.fixture(scope="module")
def storied(cluster: Cluster) -> Iterator[Database]:
    """A database with a pupil in the log and in a view, for tests that leave it as it is."""
    with new_database(cluster) as database, one(database.as_owner()) as owner:
        pupil = admitted(owner)
        owner.execute(
            "INSERT INTO document_uploads (upload_id, pupil_id) VALUES (%s, %s)", [pupil] * 2
        )
        yield database


# It ends with the unit of work


def left(connection: Connection) -> list[str | None]:
    """Return what is left of a scope on a connection that is in no unit of work."""
    query = f"SELECT {SETTINGS.format('pupils')}, {SETTINGS.format('places')}"
    [found] = connection.execute(query.encode()).fetchall()
    return [value or None for value in found]


def test_it_ends_with_its_block(app: Connection, owner: Connection) -> None:
    pupil = admitted(owner)

    assert seen_in(app, Scope.of(pupil)) == {pupil}

    assert left(app) == [None, None]
    assert seen(app) == set()


def test_it_ends_with_an_error_of_ours(app: Connection, owner: Connection) -> None:
    admitted(owner)
    with pytest.raises(KeyError), within(app, WHOLE_TRUST):
        raise KeyError

    assert left(app) == [None, None]
    assert seen(app) == set()


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("SELECT 1 / 0", psycopg.errors.DivisionByZero),
        ("SET LOCAL statement_timeout = '50ms'; SELECT pg_sleep(5)", psycopg.errors.QueryCanceled),
        ("SELECT * FROM commands", psycopg.errors.InsufficientPrivilege),
    ],
    ids=["an error", "cancelled", "refused"],
)
def test_it_ends_with_an_error_of_the_databases(
    app: Connection, owner: Connection, query: str, error: type[psycopg.Error]
) -> None:
    admitted(owner)
    with pytest.raises(error), within(app, WHOLE_TRUST):
        app.execute(query.encode())

    assert left(app) == [None, None]
    assert seen(app) == set()


@pytest.mark.parametrize("alone", [True, False])
def test_it_ends_with_its_connection(
    database: Database, superuser: Connection, alone: bool
) -> None:
    """Whether the server ends it, or what it was lent to, nobody who comes next has it."""
    pupil = admitted(superuser)
    with pool(database.app, most=1) as connections:
        with (
            suppress(psycopg.OperationalError),
            connections.connection() as connection,
            within(connection, WHOLE_TRUST),
        ):
            assert seen(connection) == {pupil}
            if alone:
                connection.close()
            else:
                superuser.execute("SELECT pg_terminate_backend(%s)", [connection.info.backend_pid])
            connection.execute("SELECT 1")
        with connections.connection() as connection:
            assert left(connection) == [None, None]
            assert seen(connection) == set()


def test_a_scope_that_is_left_open_is_undone_by_the_pool(app_pool: Pool, owner: Connection) -> None:
    """Somebody who forgets to end the unit of work."""
    admitted(owner)
    with app_pool.connection() as connection:
        connection.execute("BEGIN")
        set_scope(connection, WHOLE_TRUST)
        assert len(seen(connection)) == 1
    with app_pool.connection() as connection:
        assert left(connection) == [None, None]


def test_what_was_done_in_it_is_kept_or_undone_as_a_whole(
    app: Connection, owner: Connection
) -> None:
    pupil = admitted(owner)
    insert = "INSERT INTO document_uploads (upload_id, pupil_id) VALUES (%s, %s)"

    with within(app, Scope.of(pupil)):
        app.execute(insert, [uuid4(), pupil])
    with suppress(KeyError), within(app, Scope.of(pupil)):
        app.execute(insert, [uuid4(), pupil])
        raise KeyError

    assert owner.execute("SELECT count(*) FROM document_uploads").fetchone() == (1,)


# What SET LOCAL is worth: a planted defect


@contextmanager
def for_the_session(connection: Connection, scope: Scope) -> Iterator[Connection]:
    """A planted defect: SET where SET LOCAL belongs."""
    with connection.transaction():
        places = "{" + ",".join(scope.places) + "}"
        connection.execute("SELECT set_config('send_records.places', %s, false)", [places])
        yield connection


def leaked(database: Database, entered: object) -> int:
    """Return how many of 20 requests with no scope, each after one of somebody else's on one pool,
    show anything."""
    shown = 0
    with pool(database.app, most=1) as connections:
        for _ in range(20):
            with connections.connection() as connection, entered(connection, WHOLE_TRUST):  # type: ignore[operator]
                assert seen(connection)
            with connections.connection() as connection:
                shown += bool(seen(connection))
    return shown


def test_through_a_pool_nothing_leaks_and_with_set_it_would(
    database: Database, owner: Connection
) -> None:
    admitted(owner)

    assert leaked(database, within) == 0
    assert leaked(database, for_the_session) > 0


# Names as they are


@pytest.fixture(scope="module")
def asking(cluster: Cluster) -> Iterator[Connection]:
    with new_database(cluster) as database, one(database.app) as connection:
        yield connection


NAMES = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))


@given(NAMES)
@example(
    ['St "Mary\'s"', "back\\slash", "{brace}", "a,b", "", "NULL", "null", " ", "%s", "$$", WHOLE]
)
@example(["'); DROP TABLE events; --", "\\'", '\\"', "é", "\U0001f9d2", "\n", "{}", '"'])
def test_any_name_of_a_place_is_taken_as_it_is(asking: Connection, names: list[str]) -> None:
    scope = Scope(places=tuple(names))
    with within(asking, scope):
        assert asking.execute("SELECT scope_places()").fetchone() == (names,)
    with asking.transaction():
        set_scope(asking, scope)
        assert asking.execute("SELECT scope_places()").fetchone() == (names,)


@pytest.mark.parametrize("name", ['St "Mary"', "back\\slash", "{Brace}", "A, B", "O'Neill", "NULL"])
def test_a_pupil_at_a_place_with_such_a_name_is_found_by_it(
    app: Connection, owner: Connection, name: str
) -> None:
    pupil = uuid4()
    owner.execute(
        "INSERT INTO whereabouts (pupil_id, academy, nc_year, version) VALUES (%s, %s, '4', 1)",
        [pupil, name],
    )
    for place in (name, year_of(name, "4"), WHOLE):
        with within(app, Scope(places=(place,))):
            found = app.execute("SELECT pupil_id FROM whereabouts").fetchall()
        assert found == [(pupil,)]


def test_a_scope_is_judged_here_as_the_database_judges_it(
    app: Connection, owner: Connection
) -> None:
    here, there = admitted(owner), admitted(owner, THERE)
    places: dict[UUID, list[str]] = dict(
        owner.execute("SELECT pupil_id, places FROM whereabouts").fetchall()
    )

    for scope in (NOBODY, WHOLE_TRUST, Scope.of(here), Scope(places=("Southgate",))):
        assert {each for each in (here, there) if scope.holds(each, places[each])} == seen_in(
            app, scope
        )
