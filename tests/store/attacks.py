"""What whoever rules the database could do to a log, each attack of ``security.md`` by its name.

Triggers are off and constraints gone; whatever follows from what was changed (leaves, positions,
the head, the commands, the tiles) is made right again where that helps to go unseen.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL

from send_records.aggregates.base import Actor
from send_records.aggregates.enrolment import RecordLeaving
from send_records.aggregates.values import Role
from send_records.application import Request
from send_records.bootstrap import Database, notary
from send_records.custody import Keys
from send_records.keeper import Keeper
from send_records.projections.checking import check_views
from send_records.projections.engine import Engine
from send_records.receipts import Receipt
from send_records.store.access import Access, AccessLog, AccessPurpose, Act, Tier
from send_records.store.connections import Pool, in_schema, pool
from send_records.store.damage import Damage, Finding
from send_records.store.data_directory import SUPERUSER
from send_records.store.ledger import Log, Tiles
from send_records.store.notes import Checkpoint, Signer
from send_records.store.places import Place
from send_records.store.recorder import PostgresRecorder
from send_records.store.shapes import Shape
from send_records.store.signing import OF_LOG
from send_records.store.verify import verify
from tests.api.story import DPO, PUPIL, told
from tests.conftest import Cluster
from tests.keys import held, records_by
from tests.projections.lives import storied
from tests.scenario import ADMIT, IDENTIFY, RECORD_MOTHER, SENCO, but
from tests.scratch import quick_folder

KEEPER = Actor(id=UUID(int=9), name="Ann Keeper", role=Role.ADMINISTRATOR)


# The scene


@dataclass(frozen=True)
class Scene:
    """A log with a history; its positions are the constants below."""

    database: Database
    keys: Keys
    receipts: list[Receipt]
    erased: UUID


ADMISSION = 1
"""Of a pupil who is still there."""
FIRST_SIGNED = 10
"""After the erasure of a pupil, of whom entries 7 to 10 are."""
ENTRY, ENTRY_AFTER, LATER_ENTRY = 20, 21, 30
"""Of the pupil of the story, who has those from 11."""
STORY_ENDS = FIRST_SIGNED + len(storied().events)
SIGNED = STORY_ENDS + 3
LATE, LATE_TOO, SIZE = SIGNED + 1, SIGNED + 2, SIGNED + 3
"""What is recorded after the last checkpoint: an admission of two entries, and another entry."""

SEEN, SEEN_BY_NO_ACADEMY, ACCESSES = 2, 3, 7
"""In the access log, all signed; the fourth is the keeper's."""


def asked() -> Request:
    return Request(SENCO, uuid4(), uuid4())


def looked(actor: Actor, *pupils: UUID) -> Access:
    return Access(
        actor, uuid4(), Act.READ, "get_pupil", Tier.ASSESSMENT, AccessPurpose.REVIEW, pupils
    )


def staged(database: Database, keys: Keys) -> Scene:
    """Record the lives of five pupils: signed thrice, one erased, and the last entries unsigned."""
    with pool(database.app) as connections:
        scene = _recorded(database, keys, connections)
    Engine(database.as_projector(), keys.seals).catch_up()
    return scene


def _recorded(database: Database, keys: Keys, connections: Pool) -> Scene:
    records = records_by(PostgresRecorder(connections))
    access = AccessLog(connections, keys.seals)
    signing = notary(database, keys.signing, keys.places)
    *others, erased = [records.admit(but(ADMIT, upn=None), asked()).pupil_id for _ in range(4)]
    records.execute(erased, RECORD_MOTHER, asked())
    for actor in (SENCO, SENCO, DPO):
        access.record(looked(actor, *others))
    Keeper(database, keys, KEEPER).destroy(erased, "Decision 7", datetime.now(UTC))
    assert records.size() == FIRST_SIGNED
    receipts = told(records)
    assert records.size() == STORY_ENDS
    signing.sign_all()
    for other in others:
        records.execute(other, IDENTIFY, asked())
        access.record(looked(SENCO, other))
    assert {log: made.size for log, made in signing.sign_all().items()} == {
        Log.EVENTS: SIGNED,
        Log.ACCESS: ACCESSES,
    }
    records.admit(but(ADMIT, upn=None), asked())
    leaving = RecordLeaving(occurred_on=ADMIT.occurred_on, why="Moved")
    records.execute(others[0], leaving, asked())
    assert records.size() == SIZE
    return Scene(database, keys, receipts, erased)


def superuser_of(cluster: Cluster, database: Database) -> str:
    """Return how somebody who may do anything connects to a database."""
    name = str(conninfo_to_dict(database.app)["dbname"])
    return in_schema(cluster.server.conninfo(SUPERUSER, name), database.roles.schema, "intruder")


@contextmanager
def published() -> Iterator[Keys]:
    """The keys of the run, with a place of the test's own, in memory, to publish in."""
    with tempfile.TemporaryDirectory(dir=quick_folder()) as folder:
        yield replace(held(), places=(Place(Path(folder)),))


def verified_on(
    connection: Connection, keys: Keys, places: Sequence[Place] | None = None
) -> list[Finding]:
    """Return what ``send-records verify`` finds, on a connection of an intruder's."""
    looking = keys if places is None else replace(keys, places=tuple(places))
    return verify(connection, looking.outside()).findings + check_views(connection, keys.seals)


# What is always at hand

Deed = Callable[[Connection, Scene], None]

UNTIE = """
DO $$ DECLARE tied record; BEGIN
    FOR tied IN
        SELECT conrelid::regclass AS it, conname FROM pg_constraint WHERE conrelid = ANY(ARRAY[
            'events', 'commands', 'access_log', 'data_keys']::regclass[])
        ORDER BY contype IN ('p', 'u') DESC
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', tied.it, tied.conname); END LOOP;
    FOR tied IN SELECT DISTINCT tgrelid::regclass AS it FROM pg_trigger WHERE NOT tgisinternal
    LOOP EXECUTE format('ALTER TABLE %s DISABLE TRIGGER ALL', tied.it); END LOOP;
END $$
"""


def untie(connection: Connection) -> None:
    """Take away whatever stands between a superuser and the tables."""
    connection.execute(UNTIE)


def sql(*statements: LiteralString) -> Deed:
    def do(connection: Connection, scene: Scene) -> None:
        for statement in statements:
            connection.execute(statement)

    return do


RELEAF = (
    "UPDATE events SET leaf = leaf(position, stream_id, version, class_version, recorded_at, "
    "actor_id, command_id, request_mac, topic, clear, sealed)",
    "UPDATE access_log SET leaf = access_leaf(position, recorded_at, request_id, actor_id, role, "
    "academy, act, what, tier, purpose, outcome, pupils, sealed)",
)

COUNT_AGAIN = (
    "UPDATE log_head SET (size, recorded_at) = "
    "(SELECT count(*), coalesce(max(recorded_at), 'epoch') FROM events)",
    "UPDATE access_head SET (size, recorded_at) = "
    "(SELECT count(*), coalesce(max(recorded_at), 'epoch') FROM access_log)",
)

releaf = sql(*RELEAF)

tidy = sql(
    *COUNT_AGAIN,
    "DELETE FROM commands",
    "INSERT INTO commands SELECT command_id, min(position), max(position) FROM events GROUP BY 1",
    "INSERT INTO data_keys SELECT stream_id, 1 FROM events WHERE version = 1 "
    "AND stream_id NOT IN (SELECT stream_id FROM data_keys)",
    "DELETE FROM data_keys WHERE stream_id NOT IN (SELECT stream_id FROM events)",
)

renumber = sql(
    "UPDATE events e SET position = at, version = nth FROM (SELECT ctid, row_number() "
    "OVER (ORDER BY position) AS at, row_number() "
    "OVER (PARTITION BY stream_id ORDER BY position) AS nth FROM events) AS x "
    "WHERE e.ctid = x.ctid",
    "UPDATE access_log a SET position = at FROM (SELECT ctid, row_number() OVER "
    "(ORDER BY position) AS at FROM access_log) AS x WHERE a.ctid = x.ctid",
)

forget_checkpoints = sql("DELETE FROM checkpoints")


def regrow(connection: Connection, scene: Scene) -> None:
    """Make the tiles anew, from the leaves there are."""
    connection.execute("DELETE FROM tiles")
    for log in Log:
        tiles = Tiles(connection, log)
        tiles.grow(0, tiles.size())


def sign_again(connection: Connection, scene: Scene) -> None:
    """Sign every checkpoint anew, under the right name and with a key that is not the trust's."""
    for log in Log:
        signer = Signer.generate(scene.keys.signing.name(OF_LOG[log]))
        leaves = Tiles(connection, log).leaves(after=0, limit=SIZE)
        made = Checkpoint(signer.name, len(leaves), b"".join(leaves)[:32])
        connection.execute(
            "UPDATE checkpoints SET root = %s, note = %s WHERE tree = %s",
            [made.root, signer.sign(made.text), log],
        )


# The attacks


@dataclass(frozen=True)
class Attack:
    """One attack, and what the verifier is to say of it."""

    name: str
    """As ``security.md`` names it."""
    how: str
    deeds: tuple[Deed, ...]
    position: int
    damage: Damage
    where: str = "events"

    def __str__(self) -> str:
        return f"{self.name}, {self.how}"

    def do(self, connection: Connection, scene: Scene) -> None:
        for deed in self.deeds:
            deed(connection, scene)


def in_two_strengths(name: str, what: str, deed: Deed, at: int = ENTRY) -> list[Attack]:
    """A change of an entry that was signed: its leaf left as it was, and made to fit."""
    return [
        Attack(name, f"{what}, leaf left", (deed,), at, Damage.ALTERED),
        Attack(name, f"{what}, leaf recomputed", (deed, releaf, tidy), at, Damage.REWRITTEN),
    ]


def unsigned(name: str, what: str, deed: Deed, damage: Damage, at: int = LATE) -> Attack:
    """A change of what no checkpoint is over as yet, the leaf made to fit."""
    return Attack(name, f"{what}, not signed yet", (deed, releaf, tidy), at, damage)


def accessed(name: str, what: str, deed: Deed, at: int, damage: Damage, *more: Deed) -> Attack:
    return Attack(name, what, (deed, *more, tidy), at, damage, "access_log")


def of_entry(change: LiteralString, at: int) -> Deed:
    def do(connection: Connection, scene: Scene) -> None:
        query = SQL("UPDATE events SET {} WHERE position = %s").format(SQL(change))
        assert connection.execute(query, [at]).rowcount == 1

    return do


A_BIT_OF_WORDS: LiteralString = "sealed = set_byte(sealed, 99, get_byte(sealed, 99) # 1)"
ELSEWHERE: LiteralString = (
    "clear = replace(clear::text, 'Alder Park Academy', 'Birch Lane Academy')::json"
)


def between(what: LiteralString, one_of: int, other: int) -> Deed:
    """Exchange some columns of two entries."""

    def do(connection: Connection, scene: Scene) -> None:
        connection.execute(
            SQL(
                "UPDATE events e SET ({0}) = (SELECT {0} FROM events o WHERE o.position = "
                "%(sum)s - e.position) WHERE position IN (%(one)s, %(other)s)"
            ).format(SQL(what)),
            {"one": one_of, "other": other, "sum": one_of + other},
        )

    return do


CONTENT: LiteralString = "topic, class_version, actor_id, command_id, request_mac, clear, sealed"

EDITS = [
    *in_two_strengths("edit", "words", of_entry(A_BIT_OF_WORDS, ENTRY)),
    *in_two_strengths("edit", "who", of_entry("actor_id = gen_random_uuid()", ENTRY)),
    unsigned("edit", "words", of_entry(A_BIT_OF_WORDS, LATE), Damage.FORGED),
    *in_two_strengths("move to another academy", "by a move", of_entry(ELSEWHERE, 1), ADMISSION),
    unsigned("move to another academy", "by a move", of_entry(ELSEWHERE, LATE), Damage.FORGED),
    Attack(
        "backdate",
        "by a year",
        (of_entry("recorded_at = recorded_at - interval '1 year'", ENTRY), releaf, tidy),
        ENTRY,
        Damage.OUT_OF_ORDER,
    ),
    *in_two_strengths(
        "backdate",
        "by a microsecond",
        of_entry("recorded_at = recorded_at - interval '1 microsecond'", ENTRY),
    ),
    unsigned(
        "backdate",
        "before the last checkpoint",
        of_entry("recorded_at = recorded_at - interval '1 year'", LATE),
        Damage.OUT_OF_ORDER,
    ),
    *in_two_strengths("NULL against empty", "words to NULL", of_entry("sealed = NULL", ENTRY)),
    *in_two_strengths("NULL against empty", "words to nothing", of_entry("sealed = ''", ENTRY)),
    Attack(
        "unknown topic",
        "signed",
        (of_entry("topic = 'Imported'", ENTRY), releaf, tidy),
        ENTRY,
        Damage.UNKNOWN,
    ),
    unsigned("unknown topic", "a topic", of_entry("topic = 'Imported'", LATE), Damage.UNKNOWN),
]

DELETIONS = [
    Attack(
        "delete",
        "without renumbering",
        (sql("DELETE FROM events WHERE position = 20"), tidy),
        ENTRY,
        Damage.MISSING,
    ),
    Attack(
        "delete",
        "with renumbering",
        (sql("DELETE FROM events WHERE position = 20"), renumber, releaf, tidy),
        ENTRY,
        Damage.REWRITTEN,
    ),
    Attack(
        "delete",
        "of the first",
        (sql("DELETE FROM events WHERE position = 1"), renumber, releaf, tidy),
        1,
        Damage.REWRITTEN,
    ),
    Attack(
        "cut the tail",
        "at a checkpoint",
        (sql(f"DELETE FROM events WHERE position > {STORY_ENDS}"), tidy),
        STORY_ENDS + 1,
        Damage.CUT,
    ),
    Attack(
        "cut the tail",
        "its checkpoints too",
        (
            sql("DELETE FROM events WHERE position > 60"),
            tidy,
            sql("DELETE FROM checkpoints WHERE size > 60"),
        ),
        61,
        Damage.CUT,
    ),
    Attack("cut the tail", "of everything", (sql("DELETE FROM events"), tidy), 1, Damage.CUT),
    Attack(
        "cut the tail",
        "not signed yet, the head left",
        (sql(f"DELETE FROM events WHERE position > {LATE_TOO}"),),
        SIZE,
        Damage.MISCOUNTED,
    ),
]

MOVES = [
    *in_two_strengths("swap", "what two entries say", between(CONTENT, ENTRY, ENTRY_AFTER)),
    Attack(
        "swap",
        "the places of two",
        (
            sql("UPDATE events SET position = 41 - position WHERE position IN (20, 21)"),
            releaf,
            tidy,
        ),
        ENTRY,
        Damage.OUT_OF_ORDER,
    ),
    *in_two_strengths("swap ciphertexts", "words", between("sealed", ENTRY, LATER_ENTRY)),
    unsigned("swap ciphertexts", "words", between("sealed", LATE, LATE_TOO), Damage.FORGED),
]

COLUMNS: LiteralString = (
    "position, stream_id, version, topic, class_version, recorded_at, actor_id, command_id, "
    "request_mac, clear, sealed, leaf"
)


def added(values: LiteralString, of: int = ENTRY) -> Deed:
    """Add an entry made of another one."""

    def do(connection: Connection, scene: Scene) -> None:
        query = SQL("INSERT INTO events ({}) SELECT {} FROM events e WHERE position = %s")
        connection.execute(query.format(SQL(COLUMNS), SQL(values)), [of])

    return do


NEXT: LiteralString = (
    "(SELECT max(position) + 1 FROM events), stream_id, "
    "(SELECT max(version) + 1 FROM events v WHERE v.stream_id = e.stream_id), topic, "
    "class_version, clock_timestamp(), actor_id, gen_random_uuid(), sha256(request_mac), clear, "
)
UNSEALED: LiteralString = (
    "'\\x010001'::bytea || sha256('nonce') || sha256('words') || sha256('more'), leaf"
)

ADDITIONS = [
    Attack("forge", "at the end", (added(NEXT + UNSEALED), releaf, tidy), SIZE + 1, Damage.FORGED),
    Attack(
        "forge",
        "at the end, in the name of the trust",
        (
            added(NEXT + UNSEALED),
            sql(f"UPDATE events SET sealed = set_byte(sealed, 0, 2) WHERE position = {SIZE + 1}"),
            releaf,
            tidy,
        ),
        SIZE + 1,
        Damage.FORGED,
    ),
    Attack(
        "forge",
        "of a pupil who never was",
        (
            added(NEXT + UNSEALED, of=ADMISSION),
            sql(
                "UPDATE events SET stream_id = gen_random_uuid(), version = 1 "
                f"WHERE position = {SIZE + 1}"
            ),
            releaf,
            tidy,
        ),
        SIZE + 1,
        Damage.FORGED,
    ),
    Attack(
        "forge",
        "among what is signed",
        (
            sql("UPDATE events SET position = position + 1 WHERE position >= 20"),
            added("20" + COLUMNS.removeprefix("position"), of=ENTRY_AFTER),
            sql(
                "UPDATE events SET recorded_at = recorded_at - interval '1 microsecond', "
                "command_id = gen_random_uuid() WHERE position = 20"
            ),
            renumber,
            releaf,
            tidy,
        ),
        ENTRY,
        Damage.REWRITTEN,
    ),
    Attack(
        "duplicate",
        "at the end",
        (added(f"{SIZE + 1}" + COLUMNS.removeprefix("position")), releaf, tidy),
        SIZE + 1,
        Damage.OUT_OF_ORDER,
    ),
    Attack(
        "duplicate",
        "as the next of its pupil",
        (added(NEXT + "sealed, leaf"), releaf, tidy),
        SIZE + 1,
        Damage.FORGED,
    ),
    Attack("duplicate", "in one place", (added(COLUMNS), tidy), ENTRY, Damage.OUT_OF_ORDER),
]

OF_EVERYTHING = [
    Attack(
        "recompute everything",
        how,
        (of_entry(A_BIT_OF_WORDS, ENTRY), releaf, tidy, regrow, *more),
        ENTRY,
        Damage.REWRITTEN,
    )
    for how, more in (
        ("leaves and tiles", ()),
        ("checkpoints gone", (forget_checkpoints,)),
        ("checkpoints signed by another", (sign_again,)),
    )
]

OF_ACCESSES = [
    accessed(
        "edit or delete an access-log row",
        "edit, leaf left",
        sql("UPDATE access_log SET pupils = '{}' WHERE position = 2"),
        SEEN,
        Damage.ALTERED,
    ),
    accessed(
        "edit or delete an access-log row",
        "edit, leaf recomputed",
        sql("UPDATE access_log SET actor_id = gen_random_uuid() WHERE position = 2"),
        SEEN,
        Damage.REWRITTEN,
        releaf,
    ),
    accessed(
        "edit or delete an access-log row",
        "delete",
        sql("DELETE FROM access_log WHERE position = 2"),
        SEEN,
        Damage.MISSING,
    ),
    accessed(
        "edit or delete an access-log row",
        "delete, renumbered",
        sql("DELETE FROM access_log WHERE position = 2"),
        SEEN,
        Damage.REWRITTEN,
        renumber,
        releaf,
    ),
    accessed(
        "edit or delete an access-log row",
        "the last",
        sql("DELETE FROM access_log WHERE position = 7"),
        ACCESSES,
        Damage.CUT,
    ),
    accessed(
        "NULL against empty",
        "an academy to nothing, leaf left",
        sql("UPDATE access_log SET academy = '' WHERE position = 3"),
        SEEN_BY_NO_ACADEMY,
        Damage.ALTERED,
    ),
    accessed(
        "NULL against empty",
        "an academy to nothing, leaf recomputed",
        sql("UPDATE access_log SET academy = '' WHERE position = 3"),
        SEEN_BY_NO_ACADEMY,
        Damage.REWRITTEN,
        releaf,
    ),
]


def viewed(what: str, view: str, statement: LiteralString, at: int) -> Attack:
    def do(connection: Connection, scene: Scene) -> None:
        assert connection.execute(statement, {"pupil": PUPIL}).rowcount == 1

    return Attack("edit a projection", what, (do,), at, Damage.VIEW, view)


OF_VIEWS = [
    viewed(
        "a clear column",
        "send_register",
        "UPDATE send_register SET status = 'specialist' WHERE pupil_id = %(pupil)s",
        STORY_ENDS,
    ),
    viewed(
        "a tag",
        "send_register",
        "UPDATE send_register SET upn_tag = sha256('x') WHERE pupil_id = %(pupil)s",
        STORY_ENDS,
    ),
    viewed(
        "a tag gone",
        "send_register",
        "UPDATE send_register SET upn_tag = NULL WHERE pupil_id = %(pupil)s",
        STORY_ENDS,
    ),
    viewed(
        "a row gone",
        "retention_schedule",
        "DELETE FROM retention_schedule WHERE pupil_id = %(pupil)s",
        STORY_ENDS,
    ),
    viewed(
        "a line of the story gone", "chronology", "DELETE FROM chronology WHERE position = 20", 20
    ),
    viewed(
        "a line of the story late",
        "chronology",
        "UPDATE chronology SET days_late = 0 WHERE position = 20",
        20,
    ),
]

ATTACKS = [*EDITS, *DELETIONS, *MOVES, *ADDITIONS, *OF_EVERYTHING, *OF_ACCESSES, *OF_VIEWS]


# Single bits


HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""How a COPY in binary begins; it ends in two bytes of FF."""


def rows_of(connection: Connection, shape: Shape) -> list[bytes]:
    """Return the rows as the verifier reads them."""
    query = f"COPY (SELECT {shape.columns} FROM {shape.log} ORDER BY position) TO STDOUT"
    with connection.cursor().copy(f"{query} (FORMAT BINARY)".encode()) as blocks:
        first, *others = map(bytes, blocks)
    return [row for row in (first[len(HEADER) :], *others) if row[:2] != b"\xff\xff"]


def columns_in(row: bytes | bytearray) -> list[range]:
    """Return where in a row the bytes of each column are, in order."""
    found, at = [], 2
    while at < len(row):
        length = max(int.from_bytes(row[at : at + 4], "big", signed=True), 0)  # -1: it is NULL
        found.append(range(at + 4, at + 4 + length))
        at += 4 + length
    return found


def flips(row: bytes) -> Iterator[bytes]:
    """Yield the row with each bit of each column turned, one at a time."""
    turned = bytearray(row)
    for column in columns_in(row):
        for at in column:
            for bit in range(8):
                turned[at] ^= 1 << bit
                yield bytes(turned)
                turned[at] ^= 1 << bit


def unnoticed(shape: Shape, rows: Sequence[bytes]) -> tuple[int, int]:
    """Return how many bits there are in the rows of a log, and how many could be turned unnoticed.

    The walk is at the row in question each time: what came before it is seen and right.
    """
    tried = missed = 0
    for after, row in enumerate(rows):
        for turned in flips(row):
            tried += 1
            missed += shape.sound([turned], after) is not None
        assert shape.sound([row], after) == [row[6:38]]
    return tried, missed
