"""The matrix of the database: each role x each table x each verb x how the pupil stands to the
scope; what comes of each is tried, and compared with the table of privileges.

A cell is a leak if it does more than the table says, or less.  ``sentences`` are written by hand:
what must never work, whatever the table says.  Who can make the application run SQL of their own
can widen its scope too: the scope narrows what a mistake shows, not what an intruder reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid5

import psycopg
from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier, Literal

from send_records.bootstrap import Database
from send_records.store.access import Access, AccessPurpose, Act, Tier, append_access
from send_records.store.connections import one
from send_records.store.privileges import TABLES, Owner, Rows
from send_records.store.scopes import NOBODY, Scope, set_scope
from tests.keys import held
from tests.scenario import SENCO
from tests.store.writing import append, event

HERE, THERE = UUID(int=0x4E0), UUID(int=0x4E1)
"""A pupil in the scope, and one at another academy."""
VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
RELATIONS = {
    "by id": Scope.of(HERE),
    "by place": Scope(places=("Northgate",)),
    "elsewhere": Scope(places=("Southgate",)),
    "unset": NOBODY,
}
NEAR = ("by id", "by place")
REFUSED = {"42501", "SR002", "SR003"}
"""insufficient_privilege, and the log's own."""
WHOSE = {Rows.STREAM: "stream_id", Rows.PUPIL: "pupil_id", Rows.WHERE: "pupil_id"}
APPEND_ONLY = {
    "events": "UPDATE DELETE TRUNCATE",
    "commands": "UPDATE DELETE TRUNCATE",
    "access_log": "UPDATE DELETE TRUNCATE",
    "checkpoints": "UPDATE DELETE TRUNCATE",
    "trust": "UPDATE DELETE TRUNCATE",
    "data_keys": "DELETE TRUNCATE",
    "log_head": "DELETE TRUNCATE",
    "access_head": "DELETE TRUNCATE",
    "document_uploads": "UPDATE TRUNCATE",
    "document_chunks": "UPDATE TRUNCATE",
    "document_contents": "UPDATE TRUNCATE",
}
"""What not even the owner does."""
INSERTS: dict[str, str] = {
    "document_uploads": "(upload_id, pupil_id) VALUES (gen_random_uuid(), '{here}')",
    "document_chunks": "(upload_id, chunk, sealed) VALUES ('{here}', 7, '{sealed}')",
    "document_contents": "(content_id, upload_id, chunks, sealed) "
    "VALUES (gen_random_uuid(), '{here}', 1, '{sealed}')",
    "jobs": "(job_id, pupil_id, kind, asked_by, expires_at, request_mac, sealed) VALUES "
    "(gen_random_uuid(), '{here}', 'X', gen_random_uuid(), now(), '\\x00', '{sealed}')",
}
LOOKED = Access(
    SENCO, UUID(int=7), Act.READ, "get_pupil", Tier.PROVISION, AccessPurpose.SUPPORT, []
)
SEALED = b"\x01\x00\x01" + bytes(97)
OF_A_TYPE: dict[str, Any] = {
    "text": "x",
    "smallint": 1,
    "numeric": 1,
    "date": "2024-01-15",
    "timestamp with time zone": "2024-01-15 12:00Z",
    "boolean": False,
    "bytea": SEALED,
    "text[]": [],
    "json": "{}",
    "jsonb": "{}",
    "date[]": [],
}


# What there is to see


def fill(database: Database) -> None:
    """Give each table that has rows of pupils one of each pupil."""
    with one(database.as_owner()) as owner:
        for pupil, academy in ((HERE, "Northgate"), (THERE, "Southgate")):
            clear = f'{{"academy": "{academy}", "nc_year": "4"}}'
            append(owner, event(pupil, 1, topic="PupilAdmitted", clear=clear))
            append_access(owner, held().seals, replace(LOOKED, pupils=[pupil]))
            owner.execute(
                "INSERT INTO document_uploads (upload_id, pupil_id) VALUES (%s, %s)", [pupil] * 2
            )
            owner.execute("INSERT INTO document_chunks VALUES (%s, 0, %s)", [pupil, SEALED])
            owner.execute(
                "INSERT INTO document_contents (content_id, upload_id, chunks, sealed) "
                "VALUES (%s, %s, 1, %s)",
                [pupil, pupil, SEALED],
            )
            for table, its in TABLES.items():
                if its.rows is Rows.PUPIL and table != "document_uploads":
                    _row(owner, table, pupil)


def columns_of(connection: Connection, table: str) -> dict[str, tuple[str, bool]]:
    """Return the columns of a table that can be written: of each its type, and if it must be."""
    rows = connection.execute(
        "SELECT attname, format_type(atttypid, NULL), attnotnull AND NOT atthasdef "
        "FROM pg_attribute WHERE attrelid = quote_ident(%s)::regclass AND attnum > 0 "
        "AND NOT attisdropped AND attgenerated = '' AND attidentity = ''",
        [table],
    )
    return {name: (kind, needed) for name, kind, needed in rows}


def _row(owner: Connection, table: str, pupil: UUID) -> None:
    needed = {n: kind for n, (kind, must) in columns_of(owner, table).items() if must}
    number = pupil.int - HERE.int + 1
    values = {
        name: pupil
        if name == "pupil_id"
        else uuid5(pupil, name)
        if kind == "uuid"
        else number
        if kind in ("integer", "bigint")
        else OF_A_TYPE[kind]
        for name, kind in needed.items()
    }
    owner.execute(
        SQL("INSERT INTO {} ({}) VALUES ({})").format(
            Identifier(table),
            SQL(", ").join(map(Identifier, values)),
            SQL(", ").join(map(Literal, values.values())),
        )
    )


# The cells


@dataclass(frozen=True, slots=True)
class Eyes:
    """A role, as it connects; ``kind`` is its name in the table of privileges."""

    name: str
    kind: str
    conninfo: str


def eyes_of(database: Database) -> list[Eyes]:
    """Return the roles of a trust; the owner twice, for in maintenance it sees more."""
    plain = database.as_owner().replace(" -c send_records.maintenance=on", "")
    plain = plain.replace("\\ -c\\ send_records.maintenance=on", "")
    return [
        Eyes("app", "app", database.app),
        Eyes("projector", "projector", database.as_projector()),
        Eyes("notary", "notary", database.as_notary()),
        Eyes("owner", "owner", plain),
        Eyes("owner in maintenance", "owner", database.as_owner()),
    ]


def granted(kind: str, table: str) -> dict[str, set[str] | None]:
    """Return the verbs of a role by the table of privileges: of each its columns, None for all."""
    found: dict[str, set[str] | None] = {}
    for verb, columns in re.findall(
        r"([A-Z]+)(?: \(([^)]*)\))?", TABLES[table].grants.get(kind, "")
    ):
        found[verb] = set(columns.split(", ")) if columns else None
    return found


def sql_cells(database: Database) -> tuple[int, list[str]]:
    """Try every cell of a database that was filled, and every sentence; return how many that were,
    and those that do not do what they should."""
    cells, leaks = 0, list[str]()
    for eyes in eyes_of(database):
        with one(eyes.conninfo) as connection, one(database.as_owner()) as owner:
            for table in TABLES:
                columns = columns_of(owner, table)
                for verb in VERBS:
                    for relation in RELATIONS:
                        cells += 1
                        cell = Cell(eyes, table, verb, relation, columns)
                        if (came := cell.came(connection)) != (right := cell.right()):
                            leaks.append(f"{cell.named}: {came}, not {right}")
            for sentence in SENTENCES.get(eyes.name, ()):
                cells += 1
                if works(connection, sentence):
                    leaks.append(f"{eyes.name}: {sentence}")
    return cells, leaks


@dataclass(frozen=True, slots=True)
class Cell:
    """One of them."""

    eyes: Eyes
    table: str
    verb: str
    relation: str
    columns: Mapping[str, tuple[str, bool]]

    @property
    def named(self) -> str:
        return f"{self.eyes.name} {self.verb} {self.table} {self.relation}"

    @property
    def _whose(self) -> str | None:
        rows = TABLES[self.table].rows
        if rows is None:
            return None
        if rows is Rows.NAMED:
            return f"pupils @> ARRAY['{HERE}'::uuid]"
        if rows is Rows.UPLOAD:
            return f"upload_id = '{HERE}'"
        return f"{WHOSE[rows]} = '{HERE}'"

    # What should come of it

    def right(self) -> str:
        """Return what the table of privileges says: refused, or how many rows of the pupil."""
        its, kind = TABLES[self.table], self.eyes.kind
        if kind == "owner":
            if self.verb in APPEND_ONLY.get(self.table, ""):
                return "refused" if self.verb == "TRUNCATE" or self._owner_sees else "0"
            if its.rows is None or self.verb in ("INSERT", "TRUNCATE"):
                return "done"
            return "1" if self._owner_sees else "0"
        verbs = granted(kind, self.table)
        if self.verb not in verbs:
            return "refused"
        if its.rows is None or (self.verb == "INSERT" and kind != "app"):
            return "done"
        if kind != "app":
            return "1"
        near = NEAR if its.rows is not Rows.NAMED else ("by id",)
        seen = self.relation in near
        if self.verb == "INSERT":
            return "1" if seen else "refused"
        return "1" if seen else "0"

    @property
    def _owner_sees(self) -> bool:
        its = TABLES[self.table]
        always = its.rows is None or its.owner is Owner.ALWAYS
        return always or self.eyes.name == "owner in maintenance"

    # What comes of it

    def came(self, connection: Connection) -> str:
        """Try it, and say what came of it."""
        verbs = granted(self.eyes.kind, self.table)
        allowed = verbs.get(self.verb, set()) if self.eyes.kind != "owner" else None
        beyond = [] if allowed is None else [c for c in self.columns if c not in allowed]
        if self.verb in ("SELECT", "INSERT", "UPDATE"):
            for column in beyond:
                if self._tried(connection, self._of_column(column)) != "refused":
                    return f"done with {column}"
            if allowed is not None and not allowed:
                return "refused"
        return self._tried(connection, self._statement(allowed))

    def _of_column(self, column: str) -> Composed:
        named, table = Identifier(column), Identifier(self.table)
        if self.verb == "SELECT":
            return SQL("SELECT {} FROM {} WHERE false").format(named, table)
        if self.verb == "UPDATE":
            return SQL("UPDATE {} SET {} = NULL WHERE false").format(table, named)
        return SQL("INSERT INTO {} ({}) SELECT NULL WHERE false").format(table, named)

    def _statement(self, allowed: set[str] | None) -> Composed:
        table, whose = Identifier(self.table), SQL(self._whose or "false")
        column = sorted(allowed or self.columns)[0]
        if self.verb == "SELECT" and allowed:  # the notary's, by leaves
            return SQL("SELECT {} FROM {} LIMIT 1").format(Identifier(column), table)
        if self.verb == "SELECT":
            return SQL("SELECT * FROM {} WHERE {}").format(table, whose)
        if self.verb == "UPDATE":
            named = Identifier(column)
            return SQL("UPDATE {} SET {} = {} WHERE {}").format(table, named, named, whose)
        if self.verb == "DELETE":
            return SQL("DELETE FROM {} WHERE {}").format(table, whose)
        if self.verb == "TRUNCATE":
            return SQL("TRUNCATE {} CASCADE").format(table)
        if self.eyes.kind == "app" and self.table in INSERTS:
            said = INSERTS[self.table].format(here=HERE, sealed="\\x" + SEALED.hex())
            return SQL("INSERT INTO {} {}").format(table, SQL(said))
        return SQL("INSERT INTO {} ({}) SELECT NULL WHERE false").format(table, Identifier(column))

    def _tried(self, connection: Connection, statement: Composed) -> str:
        try:
            with trying(connection, RELATIONS[self.relation]):
                done = connection.execute(statement).rowcount
        except psycopg.DatabaseError as error:
            if error.sqlstate in REFUSED:
                return "refused"
            # That the like of it is there already is looked at last.
            return "1" if error.sqlstate == "23505" else f"error {error.sqlstate}"
        if TABLES[self.table].rows is None or self.verb == "TRUNCATE":
            return "done"
        if self.verb == "INSERT" and not (self.eyes.kind == "app" and self.table in INSERTS):
            return "done"
        return str(done)


@contextmanager
def trying(connection: Connection, scope: Scope) -> Iterator[None]:
    """Do something in a scope, and undo it."""
    with connection.transaction(force_rollback=True):
        if scope != NOBODY:
            set_scope(connection, scope)
        yield


# Written by hand


def works(connection: Connection, sentence: str) -> bool:
    """Return whether a sentence, in the scope of one pupil, shows or does anything."""
    try:
        with trying(connection, Scope.of(HERE)):
            done = None
            for part in sentence.split(";; "):
                done = connection.execute(part.encode())
            if done is not None and done.description is not None:
                return any(any(value not in (None, False) for value in row) for row in done)
            return done is not None and done.rowcount != 0
    except psycopg.errors.DivisionByZero:  # which tells what is not shown
        return True
    except psycopg.DatabaseError:
        return False


SENTENCES: dict[str, list[str]] = {
    "app": [
        f"SELECT 1 FROM events WHERE stream_id = '{THERE}'",
        f"SELECT 1 FROM events WHERE stream_id <> '{HERE}'",
        "SELECT 1 FROM events WHERE clear->>'academy' = 'Southgate'",
        f"SELECT 1 FROM data_keys WHERE stream_id = '{THERE}'",
        f"SELECT 1 FROM whereabouts WHERE pupil_id <> '{HERE}'",
        f"SELECT 1 FROM send_register WHERE pupil_id <> '{HERE}'",
        f"SELECT 1 FROM send_register WHERE pupil_id = '{THERE}' OR true LIMIT 1 OFFSET 1",
        f"SELECT 1 FROM chronology FULL JOIN send_register USING (pupil_id) WHERE pupil_id <> "
        f"'{HERE}'",
        f"SELECT 1 FROM access_log WHERE NOT pupils @> ARRAY['{HERE}'::uuid]",
        "SELECT max(position) > 1 FROM events",
        f"SELECT EXISTS (SELECT FROM document_chunks WHERE upload_id = '{THERE}')",
        f"SELECT 1 FROM events WHERE 1 / (CASE stream_id WHEN '{THERE}' THEN 0 ELSE 1 END) = 2",
        f"SELECT 1 FROM duties WHERE 1 / (CASE pupil_id WHEN '{THERE}' THEN 0 ELSE 1 END) = 2",
        "SELECT count(*) >= 0 FROM commands",
        "SELECT count(*) >= 0 FROM grants",
        "SELECT count(*) >= 0 FROM duties_states",
        "SELECT count(*) >= 0 FROM evidence_gaps_states",
        "SELECT count(*) >= 0 FROM privileges_applied",
        "SELECT 1 FROM pg_stats WHERE schemaname = 'send_records' AND tablename = 'events'",
        "SELECT count(*) >= 0 FROM pg_statistic",
        "SELECT count(*) >= 0 FROM pg_authid",
        "SELECT 1 FROM events FOR UPDATE",
        f"SET LOCAL row_security = off;; SELECT 1 FROM events WHERE stream_id = '{THERE}'",
        "SET LOCAL send_records.maintenance = 'on';; SELECT 1 FROM send_register "
        f"WHERE pupil_id = '{THERE}'",
        "SET ROLE send_records_owner",
        "SET ROLE send_records_projector",
        "SET SESSION AUTHORIZATION send_records_owner",
        "SET LOCAL session_replication_role = replica",
        "ALTER TABLE events DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE events NO FORCE ROW LEVEL SECURITY",
        "ALTER TABLE events OWNER TO send_records_app",
        "ALTER ROLE send_records_app BYPASSRLS",
        "CREATE POLICY mine ON events USING (true)",
        "ALTER POLICY seen_by_app ON events USING (true)",
        "DROP POLICY seen_by_app ON events",
        "GRANT SELECT ON commands TO send_records_app",
        "CREATE VIEW mine AS SELECT * FROM events",
        "CREATE TEMPORARY VIEW mine AS SELECT * FROM events",
        "CREATE OR REPLACE FUNCTION scope_places() RETURNS text[] LANGUAGE sql AS "
        "'SELECT NULL::text[]'",
        f"INSERT INTO document_uploads (upload_id, pupil_id) VALUES (gen_random_uuid(), '{THERE}')",
        f"INSERT INTO document_chunks (upload_id, chunk, sealed) VALUES ('{THERE}', 9, '\\x00')",
        "INSERT INTO jobs (job_id, pupil_id, kind, asked_by, expires_at, request_mac) VALUES "
        f"(gen_random_uuid(), '{THERE}', 'X', gen_random_uuid(), now(), '')",
        f"SELECT nullif(cancel_job(job_id, NULL), false) FROM jobs WHERE pupil_id = '{THERE}'",
        f"SELECT remove_result('{THERE}', '{THERE}')",
        "INSERT INTO whereabouts (pupil_id, academy, version) VALUES (gen_random_uuid(), 'N', 1)",
        "UPDATE whereabouts SET academy = 'Northgate'",
        "UPDATE calendar_feeds SET academy = NULL",
        "MERGE INTO events USING (SELECT 1) AS x ON true WHEN MATCHED THEN DELETE",
        "WITH gone AS (DELETE FROM chronology RETURNING 1) SELECT * FROM gone",
        f"SELECT destroy_key('{THERE}')",
        "SELECT follow()",
        "SELECT texts_of('[]')",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT lo_import('/etc/passwd')",
        "COPY (SELECT 1) TO PROGRAM 'cat'",
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM events WHERE stream_id = '{THERE}') "
        "THEN RAISE insufficient_privilege; END IF; END $$",
    ],
    "projector": [
        "INSERT INTO events SELECT * FROM events WHERE false;; SELECT 1",
        "SELECT count(*) >= 0 FROM access_log",
        "SELECT count(*) >= 0 FROM commands",
        "SELECT count(*) >= 0 FROM grants",
        "SELECT count(*) >= 0 FROM document_chunks",
        "UPDATE whereabouts SET pupil_id = pupil_id",
        "SELECT count(*) >= 0 FROM standing('{}', '{}', current_date, now())",
        "SELECT count(*) >= 0 FROM find_commands('{}')",
        "CREATE ROLE mine",
        "SET ROLE send_records_owner",
    ],
    "notary": [
        "SELECT stream_id FROM events",
        "SELECT clear FROM events",
        "SELECT sealed FROM events",
        "SELECT 1 FROM events WHERE topic = 'PupilAdmitted'",
        "SELECT pupils FROM access_log",
        "SELECT count(*) >= 0 FROM send_register",
        "SELECT count(*) >= 0 FROM whereabouts",
        "SELECT count(*) >= 0 FROM data_keys",
        "UPDATE checkpoints SET note = ''",
    ],
    "owner": [
        "SELECT 1 FROM send_register",
        "SELECT 1 FROM chronology",
        "SELECT 1 FROM duties_states",
        "CREATE VIEW mine AS SELECT * FROM send_register;; SELECT 1 FROM mine",
        "UPDATE events SET topic = topic",
        "DELETE FROM access_log",
        "TRUNCATE commands CASCADE;; SELECT 1",
        "SET LOCAL session_replication_role = replica",
        "ALTER ROLE send_records_owner BYPASSRLS",
        "SET ROLE send_records_projector",
    ],
}
"""What must never work, in the scope of one pupil, by role; parts of a sentence after another."""
