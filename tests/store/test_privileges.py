"""The table of privileges is what the database has: every table, every policy, every function."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any, LiteralString
from uuid import UUID, uuid4

import pytest
from psycopg import Connection

from send_records.bootstrap import Database
from send_records.projections.engine import PROJECTIONS
from send_records.projections.rebuild import rebuild
from send_records.store.connections import one
from send_records.store.privileges import FUNCTIONS, TABLES, apply_privileges
from send_records.store.scopes import Scope, within
from tests.conftest import ROLES
from tests.keys import held
from tests.store.writing import append, event

NOT_OF_PUPILS = {
    ("commands", "command_id"),
    ("calendar_feeds", "feed_id"),
    ("grants", "grant_id"),
    ("api_keys", "key_id"),
    ("sessions", "session_id"),
    ("sign_ins", "person_id"),
}
"""What has the id of something else in it, or of a member of staff."""

OURS = "relnamespace = 'send_records'::regnamespace"


def tables(connection: Connection) -> set[str]:
    query = f"SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND {OURS}"
    return {name for (name,) in connection.execute(query.encode())}


def unsecured(connection: Connection) -> set[str]:
    """Return the tables with somebody's id in them that are not under forced row-level security,
    or have no policy."""
    rows = connection.execute(
        "SELECT DISTINCT relname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid "
        "WHERE relkind IN ('r', 'p') AND relnamespace = 'send_records'::regnamespace "
        "AND attnum > 0 AND NOT attisdropped AND format_type(atttypid, NULL) LIKE 'uuid%' "
        "AND NOT (relrowsecurity AND relforcerowsecurity "
        "AND EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid))"
    )
    return {name for (name,) in rows} - {name for name, _ in NOT_OF_PUPILS}


def seen_through(connection: Connection) -> list[str]:
    """Return the views of the schema that show what whoever asks does not see: those that look with
    their owner's eyes, and those that keep what they saw."""
    rows = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'send_records'::regnamespace "
        "AND (relkind = 'm' OR relkind = 'v' "
        "AND NOT coalesce(reloptions, '{}') && '{security_invoker=true, security_invoker=on}') "
        "ORDER BY 1"
    )
    return [name for (name,) in rows]


def definers_for_everyone(connection: Connection) -> list[str]:
    """Return the functions that work as their owner, and that anybody may call."""
    rows = connection.execute(
        "SELECT proname FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) "
        "WHERE pronamespace = 'send_records'::regnamespace AND prosecdef AND grantee = 0"
    )
    return [name for (name,) in rows]


def test_the_table_names_the_tables_that_there_are(owner: Connection) -> None:
    assert tables(owner) == set(TABLES)

    owner.execute("CREATE TABLE planted ()")
    assert tables(owner) - set(TABLES) == {"planted"}


def test_every_table_that_holds_pupils_is_secured(owner: Connection) -> None:
    assert unsecured(owner) == set()

    for planted in (
        "CREATE TABLE planted (pupil_id uuid)",
        "ALTER TABLE planted ENABLE ROW LEVEL SECURITY",
        "ALTER TABLE planted FORCE ROW LEVEL SECURITY",
    ):
        owner.execute(planted.encode())
        assert unsecured(owner) == {"planted"}
    owner.execute("CREATE POLICY mine ON planted USING (false)")
    assert unsecured(owner) == set()
    owner.execute("ALTER TABLE chronology NO FORCE ROW LEVEL SECURITY")
    assert unsecured(owner) == {"chronology"}


def test_what_is_not_under_it_is_named_here(owner: Connection) -> None:
    """And out of the application's reach, but for the calendars, which name nobody."""
    assert {name for name, its in TABLES.items() if its.rows is None} >= {
        name for name, _ in NOT_OF_PUPILS
    }
    assert TABLES["commands"].app == TABLES["grants"].app == ""


def test_no_view_shows_more_than_whoever_asks_sees(owner: Connection) -> None:
    assert seen_through(owner) == []


def test_a_view_with_its_owners_eyes_would_leak_and_is_found(
    app: Connection, owner: Connection
) -> None:
    """Of the log, which its owner sees; of what is projected, the owner sees nothing itself."""
    here, there = uuid4(), uuid4()
    for pupil in (here, there):
        append(owner, event(pupil, 1, topic="PupilAdmitted", clear='{"academy": "Northgate"}'))
    owner.execute("CREATE VIEW planted AS SELECT stream_id FROM events")
    owner.execute("CREATE VIEW sound WITH (security_invoker) AS SELECT stream_id FROM events")
    owner.execute("CREATE MATERIALIZED VIEW kept AS SELECT stream_id FROM events")
    owner.execute("GRANT SELECT ON planted, sound, kept TO send_records_app")

    def shown(view: LiteralString) -> set[UUID]:
        return {pupil for (pupil,) in app.execute("SELECT stream_id FROM " + view)}

    with within(app, Scope.of(here)):
        assert shown("sound") == {here}
        assert shown("planted") == shown("kept") == {here, there}
    assert seen_through(owner) == ["kept", "planted"]


def test_a_view_of_what_is_projected_shows_nothing_even_so(
    database: Database, app: Connection, owner: Connection
) -> None:
    append(owner, event(uuid4(), 1, topic="PupilAdmitted", clear='{"academy": "Northgate"}'))
    owner.execute("CREATE VIEW planted AS SELECT pupil_id FROM send_register")
    owner.execute("GRANT SELECT ON planted TO send_records_app")

    assert app.execute("SELECT count(*) FROM planted").fetchone() == (0,)


def test_no_function_that_works_as_its_owner_is_for_everyone(owner: Connection) -> None:
    assert definers_for_everyone(owner) == []

    owner.execute(
        "CREATE FUNCTION planted() RETURNS int SECURITY DEFINER LANGUAGE sql AS 'SELECT 1'"
    )
    assert definers_for_everyone(owner) == ["planted"]


def callers(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Return who may call what, beside its owner."""
    rows = connection.execute(
        "SELECT proname, array_agg(replace(rolname, 'send_records_', '') ORDER BY rolname) "
        "FROM pg_proc JOIN LATERAL aclexplode(coalesce(proacl, acldefault('f', proowner))) AS a "
        "ON a.grantee <> proowner JOIN pg_roles ON pg_roles.oid = a.grantee "
        "WHERE pronamespace = 'send_records'::regnamespace GROUP BY proname"
    )
    return {name: tuple(sorted(who)) for name, who in rows}


def test_functions_are_called_by_whom_the_table_names(owner: Connection) -> None:
    assert callers(owner) == {name: tuple(sorted(who)) for name, who in FUNCTIONS.items() if who}


# Applied


def state(connection: Connection) -> list[Any]:
    """Return every grant, policy and setting of row-level security there is in the schema."""
    found: list[Any] = []
    queries: list[LiteralString] = [
        "SELECT relname, relrowsecurity, relforcerowsecurity, "
        "array(SELECT each::text FROM unnest(relacl) AS each ORDER BY 1) FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = 'send_records'::regnamespace ORDER BY 1",
        "SELECT relname, attname, attacl::text FROM pg_attribute JOIN pg_class ON attrelid = "
        "pg_class.oid WHERE attacl IS NOT NULL AND relnamespace = 'send_records'::regnamespace "
        "ORDER BY 1, 2",
        "SELECT tablename, policyname, permissive, roles::text, cmd, qual, with_check "
        "FROM pg_policies WHERE schemaname = 'send_records' ORDER BY 1, 2",
        "SELECT proname, proacl::text FROM pg_proc "
        "WHERE pronamespace = 'send_records'::regnamespace ORDER BY 1, oid",
    ]
    for query in queries:
        found += connection.execute(query).fetchall()
    return found


def test_applied_again_nothing_is_done(owner: Connection) -> None:
    before = state(owner)
    assert not apply_privileges(owner, ROLES)
    assert state(owner) == before


def test_made_anew_all_is_as_it_was(owner: Connection) -> None:
    before = state(owner)
    owner.execute("DELETE FROM privileges_applied")

    assert apply_privileges(owner, ROLES)

    assert state(owner) == before
    assert not apply_privileges(owner, ROLES)


@pytest.mark.parametrize(
    "defect",
    [
        "GRANT SELECT ON grants TO send_records_app",
        "ALTER TABLE chronology DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE chronology NO FORCE ROW LEVEL SECURITY",
        "DROP POLICY seen_by_app ON chronology",
        "ALTER POLICY seen_by_app ON chronology USING (true)",
        "GRANT EXECUTE ON FUNCTION standing TO PUBLIC",
    ],
)
def test_made_anew_what_was_changed_is_put_right(owner: Connection, defect: str) -> None:
    before = state(owner)
    owner.execute(defect.encode())
    assert state(owner) != before

    owner.execute("DELETE FROM privileges_applied")
    apply_privileges(owner, ROLES)

    assert state(owner) == before


def test_tables_that_a_rebuild_swapped_in_are_secured_as_those_before(
    database: Database, owner: Connection
) -> None:
    before, oids = state(owner), "SELECT oid FROM pg_class WHERE relname = 'chronology'"
    [was] = owner.execute(oids).fetchall()

    rebuild(database.as_owner(), PROJECTIONS, lambda: nullcontext(held().seals))

    with one(database.as_owner()) as after:
        assert after.execute(oids).fetchall() != [was]
        assert state(after) == before
