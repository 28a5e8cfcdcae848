"""Who may do what in the database: the log is appended to, by one function, and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import psycopg
import pytest
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from send_records.bootstrap import Database
from send_records.store.connections import one
from send_records.store.guards import require_safe
from send_records.store.migrate import migrate
from send_records.store.roles import Roles, provision
from tests.conftest import ROLES, Cluster
from tests.store.writing import append, events

CHANGE = [
    "UPDATE events SET topic = topic",
    "DELETE FROM events",
    "TRUNCATE events",
    "INSERT INTO events SELECT * FROM events ON CONFLICT (position) DO UPDATE SET topic = 'x'",
    "MERGE INTO events USING (SELECT 1) AS x ON true WHEN MATCHED THEN DELETE",
    "UPDATE commands SET first_position = first_position",
    "DELETE FROM commands",
    "TRUNCATE commands",
    "DELETE FROM log_head",
    "TRUNCATE log_head",
    "UPDATE access_log SET what = what",
    "DELETE FROM access_log",
    "TRUNCATE access_log",
    "DELETE FROM access_head",
    "TRUNCATE access_head",
    "UPDATE checkpoints SET note = note",
    "DELETE FROM checkpoints",
    "TRUNCATE checkpoints",
    "UPDATE trust SET name = name",
    "DELETE FROM trust",
    "DELETE FROM data_keys",
    "TRUNCATE data_keys",
    "UPDATE document_uploads SET pupil_id = pupil_id",
    "UPDATE document_chunks SET sealed = sealed",
    "TRUNCATE document_chunks",
    "UPDATE document_contents SET chunks = chunks",
    "TRUNCATE document_contents",
]
"""Refused to everyone."""

BYPASS = [
    "INSERT INTO events SELECT * FROM events WHERE false",
    "INSERT INTO commands SELECT * FROM commands WHERE false",
    "UPDATE log_head SET size = 0",
    "UPDATE log_head SET recorded_at = 'epoch'",
    "SELECT leaf(position, stream_id, version, class_version, recorded_at, actor_id, command_id, "
    "request_mac, topic, clear, sealed) FROM events",
    "INSERT INTO access_log SELECT * FROM access_log WHERE false",
    "UPDATE access_head SET size = 0",
    "UPDATE data_keys SET destroyed_at = now()",
    "SELECT destroy_key(gen_random_uuid())",
    "DELETE FROM document_uploads",
    "DELETE FROM document_chunks",
    "DELETE FROM document_contents",
    "INSERT INTO document_uploads (upload_id, pupil_id, begun_at) "
    "VALUES (gen_random_uuid(), gen_random_uuid(), now())",
    "INSERT INTO document_contents (content_id, upload_id, chunks, sealed, stored_at) "
    "VALUES (gen_random_uuid(), gen_random_uuid(), 1, '', now())",
    "SELECT remove_documents()",
    "UPDATE jobs SET state = state",
    "DELETE FROM jobs",
    "INSERT INTO jobs (job_id, pupil_id, kind, asked_by, expires_at, request_mac, state) "
    "VALUES (gen_random_uuid(), gen_random_uuid(), 'X', gen_random_uuid(), now(), '', 'done')",
    "SELECT remove_jobs()",
    "SELECT remove_result(gen_random_uuid(), gen_random_uuid())",
    "SELECT require_live_key()",
    "INSERT INTO trust VALUES (true, 'x')",
    "INSERT INTO tiles VALUES ('events', 1, 0, '')",
    "INSERT INTO checkpoints VALUES ('events', 0, sha256(''), '')",
    "SELECT refuse_change()",
    "ALTER TABLE events DISABLE TRIGGER append_only",
    "DROP TRIGGER one_head ON log_head",
    "ALTER FUNCTION append RESET search_path",
    "DROP TABLE events",
    "SET session_replication_role = replica",
    "UPDATE schema_migrations SET sha256 = ''",
    "CREATE TABLE send_records.mine ()",
    "CREATE FUNCTION send_records.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "CREATE TABLE public.mine ()",
    "CREATE TEMPORARY TABLE mine ()",
    "CREATE SCHEMA mine",
    "SELECT * FROM other_trust.events",
    "SELECT * FROM other_trust.commands",
    "SELECT other_trust.append(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
]
"""Refused to application and projector."""

UNREAD = [
    "SELECT * FROM commands",
    "SELECT * FROM grants",
    "SELECT * FROM privileges_applied",
    "SELECT * FROM duties_states",
    "UPDATE whereabouts SET academy = academy",
    "INSERT INTO whereabouts (pupil_id, academy, version) VALUES (gen_random_uuid(), '', 1)",
    "INSERT INTO grants SELECT * FROM grants WHERE false",
    "ALTER TABLE events NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE send_register DISABLE ROW LEVEL SECURITY",
    "DROP POLICY seen_by_app ON events",
    "CREATE POLICY mine ON events USING (true)",
]
"""Refused to the application, which sees who is in its scope, and decides nothing about that."""

PROJECT = ["DELETE FROM send_register", "UPDATE projection_positions SET position = 0"]
"""Refused to the application, which only reads what is projected."""

APPEND = [
    "SELECT append(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    "SELECT append_access(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
    "SELECT * FROM commands",
    "SELECT * FROM access_log",
]
"""Refused to the projector, which only reads the log."""

REFUSALS = {"42501", "SR002"}
"""insufficient_privilege, and the log's own."""


def allowed(conninfo: str, statements: Sequence[str]) -> list[str]:
    """Return the statements that the database lets this role do; undo them."""
    done = []
    with one(conninfo) as connection:
        for statement in statements:
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(statement.encode())
            except psycopg.DatabaseError as error:
                if error.sqlstate not in REFUSALS:
                    raise
            else:
                done.append(statement)
    return done


def make_roles(cluster: Cluster, database: str) -> None:
    with cluster.admin() as admin:
        admin.execute("SELECT pg_advisory_lock(1)")
        provision(
            admin, ROLES, database, {name: cluster.server.password(name) for name in ROLES.logins}
        )


@pytest.fixture(autouse=True)
def _something_to_lay_hands_on(database: Database, app: Connection, owner: Connection) -> None:
    """An event; and another trust's schema, of which our application and projector are no part."""
    append(app, *events(uuid4(), 1, 2))
    ours = database.roles
    migrate(
        owner,
        Roles("other_trust", ours.owner, app=ours.owner, projector=ours.owner, notary=ours.owner),
    )


def powers(database: Database, as_superuser: str) -> set[tuple[str, str]]:
    """Return what each role may do that it must not."""
    tried = [
        ("app", database.app, CHANGE + BYPASS + UNREAD + PROJECT),
        ("projector", database.as_projector(), CHANGE + BYPASS + APPEND),
        ("owner", database.as_owner(), CHANGE),
        ("superuser", as_superuser, CHANGE),
    ]
    return {
        (role, statement)
        for role, conninfo, statements in tried
        for statement in allowed(conninfo, statements)
    }


def test_nobody_changes_the_log_and_only_append_adds_to_it(
    database: Database, as_superuser: str
) -> None:
    assert powers(database, as_superuser) == set()


@pytest.mark.parametrize("statement", CHANGE)
def test_a_superuser_who_says_to_be_a_replica_is_refused_as_well(
    superuser: Connection, statement: str
) -> None:
    superuser.execute("SET session_replication_role = replica")

    with pytest.raises(psycopg.Error, match="append-only"):
        superuser.execute(statement.encode())


DEFECTS = {
    "DROP TRIGGER append_only ON events": {
        (role, statement)
        for role in ("owner", "superuser")
        for statement in CHANGE
        if "events" in statement
    },
    "ALTER TABLE commands DISABLE TRIGGER append_only": {
        (role, statement)
        for role in ("owner", "superuser")
        for statement in CHANGE
        if "commands" in statement
    },
    "GRANT INSERT ON events TO {app}": {("app", BYPASS[0])},
    "GRANT SELECT, INSERT ON commands TO {app}": {
        ("app", statement) for statement in (BYPASS[1], *UNREAD[:1])
    },
    "GRANT UPDATE (recorded_at) ON log_head TO {app}": {("app", BYPASS[3])},
    "GRANT EXECUTE ON FUNCTION leaf, col TO PUBLIC": {("app", BYPASS[4]), ("projector", BYPASS[4])},
    "GRANT SELECT ON commands TO {projector}": {("projector", APPEND[2])},
    "GRANT DELETE ON send_register TO {app}": {("app", PROJECT[0])},
    "GRANT TEMPORARY ON DATABASE {database} TO {app}": {("app", "CREATE TEMPORARY TABLE mine ()")},
    "GRANT CREATE ON DATABASE {database} TO {app}": {("app", "CREATE SCHEMA mine")},
    "GRANT CREATE ON SCHEMA public TO {app}": {("app", "CREATE TABLE public.mine ()")},
    "GRANT CREATE ON SCHEMA send_records TO {projector}": {
        ("projector", statement) for statement in BYPASS if "send_records.mine" in statement
    },
    "GRANT USAGE ON SCHEMA other_trust TO {app}; GRANT SELECT ON other_trust.events TO {app}": {
        ("app", "SELECT * FROM other_trust.events")
    },
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_power_too_many_is_found(
    database: Database, as_superuser: str, superuser: Connection, defect: str
) -> None:
    roles = database.roles
    superuser.execute(
        SQL(defect).format(
            app=Identifier(roles.app),
            projector=Identifier(roles.projector),
            database=Identifier(superuser.info.dbname),
        )
    )

    assert powers(database, as_superuser) == DEFECTS[defect]


def functions_for_everyone(connection: Connection) -> list[str]:
    """Return the functions of the schema that PUBLIC may execute."""
    rows = connection.execute(
        "SELECT proname FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) "
        "WHERE pronamespace = 'send_records'::regnamespace AND grantee = 0 ORDER BY proname"
    )
    return [name for (name,) in rows]


def test_no_function_is_for_everyone(app: Connection, owner: Connection) -> None:
    assert functions_for_everyone(app) == []

    owner.execute("CREATE FUNCTION planted() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
    assert functions_for_everyone(app) == ["planted"]


def test_no_role_of_ours_may_do_anything(superuser: Connection, database: Database) -> None:
    roles = database.roles
    rows = superuser.execute(
        "SELECT rolname, rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication, rolbypassrls "
        "FROM pg_roles WHERE rolname = ANY(%s)",
        [list(roles.logins)],
    ).fetchall()
    assert {name: (above, seeing_all) for name, above, seeing_all in rows} == {
        role: (False, role == roles.projector) for role in roles.logins
    }


def test_a_stranger_cannot_connect(superuser: Connection) -> None:
    assert superuser.execute(
        "SELECT has_database_privilege('pg_monitor', current_database(), 'CONNECT')"
    ).fetchone() == (False,)


def test_the_projector_alone_commits_without_waiting(database: Database) -> None:
    """What it loses with a crash it makes again from the log; the log itself is on the disk."""
    found = []
    for conninfo in (database.as_owner(), database.app, database.as_projector()):
        with one(conninfo) as connection:
            found.append(connection.execute("SHOW synchronous_commit").fetchone())
    assert found == [("on",), ("on",), ("off",)]


def test_making_the_roles_again_changes_nothing_but_passwords(
    cluster: Cluster, database: Database, superuser: Connection
) -> None:
    make_roles(cluster, superuser.info.dbname)

    with one(database.app) as app:
        require_safe(app)
