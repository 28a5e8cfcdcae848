"""Whatever is done to a log, by whomever, is found, named, and said of the right entry (P4)."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from send_records.bootstrap import Database, notary
from send_records.cli import main
from send_records.custody import Keys
from send_records.projections.engine import Engine
from send_records.store.access import append_access
from send_records.store.connections import at_one_moment, at_that_moment, one, pool
from send_records.store.crosschecks import check_receipt
from send_records.store.damage import MOST_FINDINGS, Damage, Finding, Walked
from send_records.store.ledger import Log
from send_records.store.outside import Outside
from send_records.store.places import Place
from send_records.store.recorder import PostgresRecorder
from send_records.store.roles import admit_only
from send_records.store.shapes import AccessShape, EventShape, Row
from send_records.store.signing import Purpose
from send_records.store.verify import Progress, verify, walk
from tests.api.story import PUPIL
from tests.conftest import Cluster, new_database
from tests.keys import DATA_DIR, held, records_by
from tests.scenario import ADMIT, SENCO, but
from tests.store.attacks import (
    ACCESSES,
    ADMISSION,
    ATTACKS,
    ENTRY,
    FIRST_SIGNED,
    HEADER,
    LATE,
    SIGNED,
    SIZE,
    STORY_ENDS,
    Attack,
    Deed,
    Scene,
    asked,
    columns_in,
    forget_checkpoints,
    looked,
    of_entry,
    published,
    regrow,
    releaf,
    rows_of,
    sql,
    staged,
    superuser_of,
    tidy,
    unnoticed,
    untie,
    verified_on,
)
from tests.store.test_places import note_in
from tests.store.writing import append, events

STRUCTURAL = {
    "edit",
    "delete",
    "cut the tail",
    "swap",
    "forge",
    "duplicate",
    "swap ciphertexts",
    "backdate",
    "NULL against empty",
    "move to another academy",
    "unknown topic",
    "recompute everything",
    "roll back to an old backup",
    "edit a projection",
    "edit or delete an access-log row",
    "forge a receipt",
}
"""The attacks of ``security.md``; two of them are in this module, all others are ``ATTACKS``."""


@pytest.fixture(scope="module")
def scene(cluster: Cluster) -> Iterator[Scene]:
    with new_database(cluster) as database, published() as keys:
        made = staged(database, keys)
        with one(superuser_of(cluster, database)) as connection:
            untie(connection)
        yield made


@pytest.fixture
def intruder(cluster: Cluster, scene: Scene) -> Iterator[Connection]:
    """A superuser in the scene, where nothing stands in the way; what is done is undone."""
    with at_one_moment(superuser_of(cluster, scene.database)) as connection:
        yield connection


@pytest.fixture
def keys() -> Iterator[Keys]:
    with published() as keys:
        yield keys


def walked(
    connection: Connection, keys: Keys, shape: EventShape | None = None, *, outside: bool = True
) -> Walked:
    """Walk through the events alone."""
    shape = shape or EventShape()
    places: Sequence[Place] = keys.places if outside else ()
    return walk(connection, shape, Outside(shape.log, places, keys.of_logs()[shape.log]))


def first_of(found: Sequence[Finding], where: str) -> int | None:
    positions = [each.position for each in found if each.where == where and each.position]
    return min(positions, default=None)


# Nothing wrong


def test_of_a_log_that_was_only_appended_to_nothing_is_said(scene: Scene) -> None:
    """Though one of its pupils was erased, and its last entries are not signed yet."""
    with at_one_moment(scene.database.as_owner()) as connection:
        assert verified_on(connection, scene.keys) == []

        found = walked(connection, scene.keys)
        assert (found.entries, found.checkpoints) == (SIZE, 3)


def test_of_an_empty_log_nothing_is_said(database: Database, keys: Keys) -> None:
    notary(database, keys.signing, keys.places).sign_all()

    with at_one_moment(database.as_owner()) as connection:
        assert verified_on(connection, keys) == []


def recording(database: Database, keys: Keys, stop: threading.Event) -> None:
    """Admit pupils, and sign what is new, one after the other."""
    signing = notary(database, keys.signing, keys.places)
    with pool(database.app) as connections:
        records = records_by(PostgresRecorder(connections))
        while not stop.is_set():
            records.admit(but(ADMIT, upn=None), asked())
            signing.sign_all()


def test_while_others_append_and_sign_nothing_is_said(database: Database, keys: Keys) -> None:
    stop = threading.Event()
    writer = threading.Thread(target=recording, args=[database, keys, stop])
    seen: set[tuple[int, int]] = set()
    writer.start()
    try:
        while writer.is_alive() and len(seen) < 10:
            with at_one_moment(database.as_owner()) as connection:
                found = walked(connection, keys)
                assert found.findings == []
                seen.add((found.entries, found.checkpoints))
    finally:
        stop.set()
        writer.join()

    assert len(seen) == 10


def test_a_checkpoint_published_while_the_first_log_is_read_is_no_cut_of_the_second(
    database: Database, keys: Keys
) -> None:
    """Both are read as at one moment; what was published after it is about what it does not see."""
    outside = {each.log: each for each in keys.outside()}
    with at_one_moment(database.as_owner()) as connection:
        assert walk(connection, EventShape(), outside[Log.EVENTS]).findings == []
        with one(database.app) as another:
            append_access(another, keys.seals, looked(SENCO))
        notary(database, keys.signing, keys.places).sign_all()

        assert walk(connection, AccessShape(), outside[Log.ACCESS]).findings == []
        assert verified_on(connection, keys) != []  # planted: read afterwards, it looks like a cut


# Each attack


@pytest.mark.parametrize("attack", ATTACKS, ids=str)
def test_an_attack_is_named_with_the_first_entry_that_is_bad(
    attack: Attack, scene: Scene, intruder: Connection
) -> None:
    attack.do(intruder, scene)

    found = verified_on(intruder, scene.keys)

    named = [(each.where, each.position, each.damage) for each in found]
    assert (attack.where, attack.position, attack.damage) in named
    assert first_of(found, attack.where) == attack.position


def test_every_structural_attack_of_the_security_design_has_its_test() -> None:
    here = {"roll back to an old backup", "forge a receipt"}

    assert {attack.name for attack in ATTACKS} | here == STRUCTURAL
    assert len(STRUCTURAL) == 16


ROWS_ADDED: dict[str, Deed] = {
    "send_register": sql(
        "INSERT INTO send_register SELECT (jsonb_populate_record(r, "
        "jsonb_build_object('pupil_id', gen_random_uuid()))).* FROM send_register r LIMIT 1"
    ),
    "chronology": sql(
        "INSERT INTO chronology SELECT (jsonb_populate_record(c, "
        "jsonb_build_object('position', 1000))).* FROM chronology c WHERE position = 20"
    ),
    "retention_schedule": sql(
        "INSERT INTO retention_schedule SELECT (jsonb_populate_record(r, "
        "jsonb_build_object('pupil_id', gen_random_uuid()))).* FROM retention_schedule r LIMIT 1"
    ),
}


@pytest.mark.parametrize("view", ROWS_ADDED)
def test_a_row_added_to_a_view_is_found(view: str, scene: Scene, intruder: Connection) -> None:
    ROWS_ADDED[view](intruder, scene)

    found = verified_on(intruder, scene.keys)

    assert [(each.where, each.damage) for each in found] == [(view, Damage.VIEW)]


BESIDE_THE_LOG: dict[str, tuple[str, Deed]] = {
    "a command gone": ("commands", sql("DELETE FROM commands WHERE first_position = 20")),
    "a command that recorded nothing": (
        "commands",
        sql("INSERT INTO commands VALUES (gen_random_uuid(), 20, 20)"),
    ),
    "a command elsewhere": (
        "commands",
        sql("UPDATE commands SET last_position = 21 WHERE first_position = 20"),
    ),
    "a key that came back": ("data_keys", sql("UPDATE data_keys SET destroyed_at = NULL")),
    "a key said to be destroyed": ("data_keys", sql("UPDATE data_keys SET destroyed_at = now()")),
    "a key of nobody": (
        "data_keys",
        sql("INSERT INTO data_keys VALUES (gen_random_uuid(), 1, NULL)"),
    ),
    "a key gone": (
        "data_keys",
        sql(
            "DELETE FROM data_keys d USING events e "
            "WHERE position = 1 AND d.stream_id = e.stream_id"
        ),
    ),
    "another key": ("data_keys", sql("UPDATE data_keys SET key_no = 2")),
}


@pytest.mark.parametrize("what", BESIDE_THE_LOG)
def test_a_table_beside_the_log_that_says_otherwise_is_found(
    what: str, scene: Scene, intruder: Connection
) -> None:
    where, deed = BESIDE_THE_LOG[what]
    deed(intruder, scene)

    found = verified_on(intruder, scene.keys)

    assert (where, Damage.ALTERED) in {(each.where, each.damage) for each in found}


def test_what_is_checked_beside_the_walk_is_of_the_same_moment(
    cluster: Cluster, database: Database, keys: Keys
) -> None:
    """What was done before is found as on the one connection, and in its order; what is done from
    then on is not seen."""
    admissions(database, 2)
    outside = keys.outside()
    with one(superuser_of(cluster, database)) as superuser:
        untie(superuser)
        superuser.execute("DELETE FROM data_keys")
        superuser.execute("DELETE FROM commands WHERE first_position = 1")
        with (
            at_one_moment(database.as_owner()) as connection,
            at_that_moment(connection, database.as_owner()) as beside,
        ):
            superuser.execute("DELETE FROM commands")
            alone = verify(connection, outside).findings
            together = verify(connection, outside, beside=beside).findings

    assert [(each.where, each.position) for each in alone] == [
        ("commands", 1),
        ("data_keys", 1),
        ("data_keys", 3),
    ]
    assert together == alone


def test_a_walk_that_is_broken_off_does_not_wait_for_what_is_checked_beside_it(
    database: Database, keys: Keys
) -> None:
    with (
        at_one_moment(database.as_owner()) as connection,
        at_that_moment(connection, database.as_owner()) as beside,
        one(database.as_owner()) as owner,
    ):
        owner.execute("BEGIN; LOCK TABLE commands IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(KeyboardInterrupt):
            verify(connection, keys.outside(), interrupted, beside)
        owner.execute("ROLLBACK")


def interrupted(log: Log) -> AbstractContextManager[Progress]:
    raise KeyboardInterrupt


def test_a_forged_pupil_is_found_though_nothing_says_which_key_it_is_under(
    scene: Scene, intruder: Connection
) -> None:
    [attack] = [each for each in ATTACKS if each.how == "of a pupil who never was"]
    attack.do(intruder, scene)
    sql(
        "DELETE FROM data_keys WHERE stream_id = "
        f"(SELECT stream_id FROM events WHERE position = {SIZE + 1})"
    )(intruder, scene)

    found = verified_on(intruder, scene.keys)

    assert first_of(found, "events") == SIZE + 1


def test_an_entry_forged_of_somebody_erased_is_found(scene: Scene, intruder: Connection) -> None:
    """There can be none after the erasure: append() takes none under a key that was destroyed."""
    [forge] = [each for each in ATTACKS if str(each) == "forge, at the end"]
    forge.do(intruder, scene)
    intruder.execute(
        "UPDATE events SET stream_id = %s, version = 5 WHERE position = %s",
        [scene.erased, SIZE + 1],
    )
    releaf(intruder, scene)

    found = verified_on(intruder, scene.keys)

    assert first_of(found, "events") == SIZE + 1


def test_a_view_edited_is_found_though_the_pupils_key_was_struck_off(
    scene: Scene, intruder: Connection
) -> None:
    sql(
        "UPDATE send_register r SET status = 'ehcp' FROM events WHERE position = 1 "
        "AND pupil_id = stream_id",
        "DELETE FROM data_keys d USING events e WHERE position = 1 AND d.stream_id = e.stream_id",
    )(intruder, scene)

    found = verified_on(intruder, scene.keys)

    assert ("send_register", Damage.VIEW) in {(each.where, each.damage) for each in found}


def test_a_row_whose_words_do_not_open_is_named_by_its_pupil(
    scene: Scene, intruder: Connection
) -> None:
    intruder.execute(
        "UPDATE send_register SET sealed = set_byte(sealed, 99, get_byte(sealed, 99) # 1) "
        "WHERE pupil_id = %s",
        [PUPIL],
    )

    [found] = verified_on(intruder, scene.keys)

    assert (found.where, found.position, found.damage) == (
        "send_register",
        STORY_ENDS,
        Damage.VIEW,
    )


def test_a_row_left_of_somebody_erased_is_found(scene: Scene, intruder: Connection) -> None:
    intruder.execute(
        "INSERT INTO send_register SELECT (jsonb_populate_record(r, "
        "jsonb_build_object('pupil_id', %s::text))).* FROM send_register r LIMIT 1",
        [scene.erased],
    )

    found = verified_on(intruder, scene.keys)

    assert ("send_register", Damage.VIEW) in {(each.where, each.damage) for each in found}


def test_many_findings_do_not_hide_the_first(
    cluster: Cluster, database: Database, keys: Keys
) -> None:
    """One entry rewritten with care, and so many clumsily that the list is full of them."""
    plain = EventShape()
    with one(database.app) as app:
        append(app, *events(uuid4(), *range(1, MOST_FINDINGS + 50)))
    notary(database, keys.signing, keys.places).sign_all()
    with at_one_moment(superuser_of(cluster, database)) as connection:
        untie(connection)
        connection.execute("UPDATE events SET actor_id = gen_random_uuid() WHERE position = 3")
        connection.execute(
            "UPDATE events SET leaf = leaf(position, stream_id, version, class_version, "
            "recorded_at, actor_id, command_id, request_mac, topic, clear, sealed)"
        )
        connection.execute("UPDATE events SET actor_id = gen_random_uuid() WHERE position > 20")

        found = walked(connection, keys, plain).findings

    assert found[0].position == 3


@pytest.mark.parametrize("leaf", ["NULL", "''", "substring(leaf, 1, 20)", "leaf || leaf"])
def test_an_entry_whose_leaf_is_none_is_the_one_that_is_named(
    leaf: str, scene: Scene, intruder: Connection
) -> None:
    intruder.execute(f"UPDATE events SET leaf = {leaf} WHERE position = {ENTRY}".encode())

    found = [each for each in verified_on(intruder, scene.keys) if each.where == "events"]

    assert (found[0].position, found[0].damage) == (ENTRY, Damage.ALTERED)


NULLABLE = [name for name in EventShape.columns.split(", ") if name not in ("leaf", "position")]


@pytest.mark.parametrize("column", NULLABLE)
def test_an_entry_with_a_column_emptied_is_named_and_stops_nothing(
    column: str, scene: Scene, intruder: Connection
) -> None:
    intruder.execute(f"UPDATE events SET {column} = NULL WHERE position = {ENTRY}".encode())

    found = [each for each in verified_on(intruder, scene.keys) if each.where == "events"]

    assert (found[0].position, found[0].damage) == (ENTRY, Damage.ALTERED)


# Places


def test_a_note_in_a_place_that_is_not_signed_is_named(
    scene: Scene, intruder: Connection, tmp_path: Path
) -> None:
    place = Place(tmp_path)
    file = tmp_path / "events" / "checkpoints" / f"{SIZE:015d}"
    file.parent.mkdir(parents=True)
    file.write_text("events\n73\nnothing\n")

    [found] = verified_on(intruder, scene.keys, places=[place, *scene.keys.places])

    assert (found.where, found.damage) == ("events", Damage.UNSIGNED)


def test_one_damaged_note_does_not_silence_the_others(
    scene: Scene, intruder: Connection, tmp_path: Path
) -> None:
    place = shutil.copytree(scene.keys.places[0].folder, tmp_path / "copy")
    (place / "events" / "checkpoints" / f"{1:015d}").write_text("nothing")
    for deed in (sql("DELETE FROM events WHERE position > 60"), tidy, forget_checkpoints):
        deed(intruder, scene)

    found = walked(intruder, replace(scene.keys, places=(Place(place),))).findings

    assert (61, Damage.CUT) in [(each.position, each.damage) for each in found]


def test_a_leaf_changed_where_it_is_published_is_named(
    scene: Scene, intruder: Connection, tmp_path: Path
) -> None:
    [place] = scene.keys.places
    leaves = bytearray(place.leaves(Log.EVENTS, 0))
    leaves[32 * (ENTRY - 1)] ^= 1
    (tmp_path / "events" / "tile" / "0").mkdir(parents=True)
    (tmp_path / "events" / "tile" / "0" / "000").write_bytes(leaves)

    [found] = verified_on(intruder, scene.keys, places=[Place(tmp_path)])

    assert (found.where, found.position, found.damage) == ("events", ENTRY, Damage.UNSIGNED)


def test_with_the_published_leaves_lost_a_rewritten_entry_is_named_by_the_checkpoint_before_it(
    scene: Scene, intruder: Connection, tmp_path: Path
) -> None:
    for deed in (of_entry("actor_id = gen_random_uuid()", ENTRY), releaf):
        deed(intruder, scene)

    found = walked(intruder, replace(scene.keys, places=(Place(tmp_path),))).findings

    assert [(each.position, each.damage) for each in found] == [
        (FIRST_SIGNED + 1, Damage.REWRITTEN)
    ]


# Rolled back


@contextmanager
def copied(cluster: Cluster, database: Database) -> Iterator[Database]:
    """A copy of the database as it is, as a backup would bring it back."""
    source, name = str(conninfo_to_dict(database.app)["dbname"]), f"t_{uuid4().hex}"
    roles = database.roles
    with cluster.admin() as admin:
        query = SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
        named = Identifier(name)
        admin.execute(query.format(named, Identifier(source), Identifier(roles.owner)))
        admit_only(admin, roles, name)
    yield cluster.database(name)
    with cluster.admin() as admin:
        admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(named))


def admissions(database: Database, number: int) -> None:
    """Record so many admissions, of two entries each, and project them."""
    with pool(database.app) as connections:
        records = records_by(PostgresRecorder(connections))
        for _ in range(number):
            records.admit(but(ADMIT, upn=None), asked())
    Engine(database.as_projector(), held().seals).catch_up()


def test_an_old_copy_is_named_with_where_it_ends(
    cluster: Cluster, database: Database, keys: Keys
) -> None:
    admissions(database, 2)
    notary(database, keys.signing, keys.places).sign_all()
    with copied(cluster, database) as old:
        admissions(database, 1)
        notary(database, keys.signing, keys.places).sign_all()
        with at_one_moment(old.as_owner()) as connection:
            [found] = verified_on(connection, keys)

    assert (found.where, found.position, found.damage) == ("events", 5, Damage.CUT)


def test_an_old_copy_that_went_on_is_named_with_where_it_parted(
    cluster: Cluster, database: Database, keys: Keys
) -> None:
    admissions(database, 2)
    notary(database, keys.signing, keys.places).sign_all()
    with copied(cluster, database) as old:
        admissions(database, 1)
        notary(database, keys.signing, keys.places).sign_all()
        admissions(old, 2)
        with at_one_moment(old.as_owner()) as connection:
            [found] = verified_on(connection, keys)

    assert (found.where, found.position, found.damage) == ("events", 5, Damage.REWRITTEN)


# Receipts


def proof_of(scene: Scene, position: int) -> str:
    [receipt] = [each for each in scene.receipts if each.position == position]
    return receipt.proof


def checked(connection: Connection, scene: Scene, text: str) -> list[tuple[int | None, Damage]]:
    found = check_receipt(connection, text, scene.keys.signing.public(Purpose.RECEIPTS))
    return [(each.position, each.damage) for each in found]


def test_every_receipt_is_kept(scene: Scene, intruder: Connection) -> None:
    assert [checked(intruder, scene, each.proof) for each in scene.receipts] == [
        [] for _ in scene.receipts
    ]


def test_a_receipt_that_was_forged_is_known(scene: Scene, intruder: Connection) -> None:
    proof = proof_of(scene, ENTRY)
    checkpoint = note_in(scene.keys.places[0], Log.EVENTS, SIGNED)
    receipts = scene.keys.signing.signer(Purpose.RECEIPTS)
    forged = [
        proof.replace(f"\n{ENTRY} ", f"\n{LATE} "),
        proof.replace("\n\n", "\n\n\n"),
        proof.rstrip("\n"),
        type(receipts).generate(receipts.name).sign(proof.partition("\n\n")[0] + "\n"),
        str(checkpoint),
        receipts.sign("something else\n\n20 AAAA\n"),
        "",
    ]

    assert [checked(intruder, scene, text) for text in forged] == [
        [(None, Damage.FORGED)] for _ in forged
    ]


@pytest.mark.parametrize("damage", [Damage.REWRITTEN, Damage.MISSING])
def test_a_receipt_shows_that_an_entry_was_rewritten_or_cut_off(
    damage: Damage, scene: Scene, intruder: Connection
) -> None:
    """Without any checkpoint: it is what somebody holds who was told that it is recorded."""
    if damage is Damage.REWRITTEN:
        deed = of_entry("actor_id = gen_random_uuid()", ENTRY)
    else:
        deed = sql("DELETE FROM events WHERE position >= 20")
    for each in (deed, releaf, tidy, forget_checkpoints):
        each(intruder, scene)

    assert checked(intruder, scene, proof_of(scene, ENTRY)) == [(ENTRY, damage)]


# Large enough to have tiles


@pytest.fixture
def long(cluster: Cluster, database: Database, keys: Keys, scene: Scene) -> Iterator[Connection]:
    """A superuser in a log of 600 entries, all signed, of which the 300th was rewritten."""
    with one(database.app) as app:
        append(app, *events(uuid4(), *range(1, 601)))
    notary(database, keys.signing, keys.places).sign_all()
    with at_one_moment(superuser_of(cluster, database)) as connection:
        untie(connection)
        for deed in (of_entry("actor_id = gen_random_uuid()", 300), releaf):
            deed(connection, scene)
        yield connection


def test_a_log_recomputed_with_its_tiles_is_named_to_the_entry(
    long: Connection, keys: Keys, scene: Scene
) -> None:
    for deed in (regrow, forget_checkpoints):
        deed(long, scene)

    found = walked(long, keys, EventShape()).findings

    assert [(each.position, each.damage) for each in found] == [(300, Damage.REWRITTEN)]


def test_a_log_recomputed_without_its_tiles_is_named_to_the_entry(
    long: Connection, keys: Keys
) -> None:
    found = walked(long, keys, EventShape()).findings

    assert (found[0].position, found[0].damage) == (300, Damage.REWRITTEN)


def test_a_hash_changed_in_a_tile_is_named(long: Connection, keys: Keys, scene: Scene) -> None:
    regrow(long, scene)
    long.execute("DELETE FROM checkpoints")
    long.execute(
        "UPDATE tiles SET hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) "
        "WHERE tree = 'events'"
    )

    found = walked(long, keys, EventShape(), outside=False).findings

    assert "a hash kept above it is another" in [each.detail for each in found]


# What would miss it


class Believing(EventShape):
    """The defect planted: it takes the stored leaves for what the rows say."""

    def leaf_of(self, row: Row) -> bytes:
        return bytes(row[6:38])

    def sound(self, rows: Sequence[Row], after: int) -> list[bytes] | None:
        return None


def test_a_verifier_that_believes_the_stored_leaves_misses_an_edit(
    scene: Scene, intruder: Connection
) -> None:
    of_entry("actor_id = gen_random_uuid()", ENTRY)(intruder, scene)

    assert walked(intruder, scene.keys, Believing()).findings == []
    assert walked(intruder, scene.keys).findings != []


def test_a_verifier_without_outside_places_misses_a_log_recomputed_as_a_whole(
    scene: Scene, intruder: Connection
) -> None:
    changed = of_entry("actor_id = gen_random_uuid()", ENTRY)
    for deed in (changed, releaf, tidy, regrow, forget_checkpoints):
        deed(intruder, scene)

    assert walked(intruder, scene.keys, outside=False).findings == []
    assert walked(intruder, scene.keys).findings != []


# Single bits


def test_every_bit_of_every_column_of_a_small_log_matters(
    scene: Scene, intruder: Connection
) -> None:
    """Of 500 entries it is shown in ``tests/slow/test_flips.py``."""
    tried, missed = unnoticed(EventShape(), rows_of(intruder, EventShape())[:3])

    assert tried > 10_000
    assert missed == 0


def test_every_bit_of_every_column_of_an_access_matters(scene: Scene, intruder: Connection) -> None:
    rows = rows_of(intruder, AccessShape())

    assert len(rows) == ACCESSES
    assert unnoticed(AccessShape(), rows[:3])[1] == 0


class BlindToWhoDidIt(EventShape):
    """The defect planted: a leaf that is over less than the row."""

    def sound(self, rows: Sequence[Row], after: int) -> list[bytes] | None:
        [row] = rows
        first = bytearray(self.first)
        first[100:116] = row[100:116]
        return [bytes(row[6:38])] if bytes(first) == row else None

    def __init__(self, first: bytes) -> None:
        super().__init__()
        self.first = first


def test_a_verifier_that_passes_over_a_column_would_be_known_by_its_bits(
    scene: Scene, intruder: Connection
) -> None:
    row = rows_of(intruder, EventShape())[0]

    assert unnoticed(BlindToWhoDidIt(row), [row])[1] == 16 * 8


COLUMNS = [name.strip() for name in EventShape.columns.split(",")]


@pytest.mark.parametrize("column", range(len(COLUMNS)), ids=COLUMNS)
def test_a_bit_turned_in_the_table_itself_is_found(
    column: int, scene: Scene, intruder: Connection
) -> None:
    row = bytearray(rows_of(intruder, EventShape())[ADMISSION - 1])
    at = columns_in(row)[column]
    row[at[len(at) // 2]] ^= 2
    intruder.execute("DELETE FROM events WHERE position = 1")
    copy = f"COPY events ({EventShape.columns}) FROM STDIN (FORMAT BINARY)".encode()
    with intruder.cursor().copy(copy) as sink:
        sink.write(HEADER + bytes(row) + b"\xff\xff")

    found = walked(intruder, scene.keys).findings

    assert found[0].position == ADMISSION


# The command


Said = tuple[object, str]


@pytest.fixture
def commanded(
    database: Database,
    keys: Keys,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Said]:
    """``send-records verify`` on a log of six entries: the exit code, and what it says."""
    admissions(database, 3)
    notary(database, keys.signing, keys.places).sign_all()
    home = Path(os.environ[DATA_DIR], f"keys-{os.getpid()}")
    monkeypatch.setenv("SEND_RECORDS_DATABASE_URL", database.app)
    monkeypatch.setenv("SEND_RECORDS_OWNER_URL", database.as_owner())
    monkeypatch.setenv("SEND_RECORDS_DATA_DIR", str(home))
    monkeypatch.setenv("SEND_RECORDS_CHECKPOINTS", str(keys.places[0].folder))

    def run(*options: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["send-records", "verify", *options])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, capsys.readouterr().out

    return run


def damage_entry_4(cluster: Cluster, database: Database) -> None:
    with one(superuser_of(cluster, database)) as connection:
        untie(connection)
        connection.execute("UPDATE events SET actor_id = gen_random_uuid() WHERE position = 4")


def test_the_command_says_what_is_wrong_and_its_exit_code_does(
    cluster: Cluster, database: Database, commanded: Callable[..., Said]
) -> None:
    code, said = commanded()
    assert code == 0
    assert "The log: 6 entries read" in said
    assert "Nothing is wrong." in said

    damage_entry_4(cluster, database)

    code, said = commanded()
    assert code == 1
    assert "Altered: events, entry 4: it is not what was appended." in said


def test_the_command_says_it_to_machines_too(
    cluster: Cluster, database: Database, commanded: Callable[..., Said]
) -> None:
    code, text = commanded("--json")
    said = orjson.loads(text)
    assert (code, said["ok"], said["findings"]) == (0, True, [])
    assert {
        name: (each["entries"], each["checkpoints"]) for name, each in said["logs"].items()
    } == {
        "events": (6, 1),
        "access_log": (0, 0),
    }

    damage_entry_4(cluster, database)

    code, text = commanded("--json", "--no-views")
    said = orjson.loads(text)
    assert (code, said["ok"]) == (1, False)
    assert said["findings"][0] == {
        "where": "events",
        "position": 4,
        "damage": "altered",
        "detail": "it is not what was appended",
    }
