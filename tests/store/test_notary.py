"""The notary signs what was appended, soon, and nothing else ever."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from psycopg import Connection, errors
from structlog.testing import capture_logs

from send_records.application import SendRecords
from send_records.bootstrap import Database, notary, running
from send_records.custody import Keys
from send_records.settings import Settings
from send_records.store import notary as notaries
from send_records.store.access import append_access
from send_records.store.connections import one
from send_records.store.erasure import ErasureNotNoted, erase_again
from send_records.store.ledger import Log, LogHasGap, Tiles
from send_records.store.merkle import HASH, TILE, Tree
from send_records.store.notary import LogContradicted, Notary, ask_to_sign, require_as_signed
from send_records.store.notes import Checkpoint, Signer, open_note
from send_records.store.outside import Outside
from send_records.store.places import Place, PlaceAway, PlaceDamaged
from send_records.store.shapes import EventShape
from send_records.store.signing import OF_LOG
from send_records.store.verify import walk
from tests.keys import held
from tests.scenario import ADMIT, SENCO, but
from tests.scratch import quick_folder
from tests.store.attacks import COUNT_AGAIN, RELEAF, asked, looked, untie
from tests.store.naive_merkle import mth
from tests.store.proxy import until
from tests.store.test_places import all_of
from tests.store.writing import append, at_once, events

KEY = OF_LOG[Log.EVENTS]


@pytest.fixture
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(dir=quick_folder()) as folder:
        yield Place(Path(folder) / "published")


@pytest.fixture
def keys(place: Place) -> Keys:
    return replace(held(), places=(place,))


@pytest.fixture
def signing(database: Database, keys: Keys) -> Notary:
    return notary(database, keys.signing, keys.places)


@pytest.fixture
def as_notary(database: Database) -> Iterator[Connection]:
    with one(database.as_notary()) as connection:
        yield connection


def record(connection: Connection, number: int) -> None:
    """Append so many entries at once."""
    append(connection, *events(uuid4(), *range(1, number + 1)))


def latest(place: Place, keys: Keys, log: Log = Log.EVENTS) -> int:
    """Return the size last published, 0 if none was."""
    found = place.latest(log, keys.signing.public(OF_LOG[log]))
    return found.size if found else 0


def kept(connection: Connection) -> list[int]:
    """Return the sizes of the checkpoints of events that the database keeps."""
    rows = connection.execute("SELECT size FROM checkpoints WHERE tree = 'events' ORDER BY 1")
    return [size for (size,) in rows]


def verdict(connection: Connection, keys: Keys) -> list[str]:
    found = walk(
        connection,
        EventShape(),
        Outside(Log.EVENTS, keys.places, keys.signing.public(KEY)),
    )
    return [f"{each.position} {each.damage}" for each in found.findings]


@contextmanager
def at_work(signing: Notary) -> Iterator[None]:
    stop = threading.Event()
    worker = threading.Thread(target=signing.run, args=[stop])
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()


def a_few_looks() -> None:
    threading.Event().wait(4 * notaries.LOOK)


# When


def test_a_hundred_entries_are_signed_and_ninety_nine_are_not_yet(
    signing: Notary, app: Connection, place: Place, keys: Keys
) -> None:
    with at_work(signing):
        record(app, 99)
        a_few_looks()
        before = latest(place, keys)
        record(app, 1)
        until(lambda: latest(place, keys) == 100)

    assert before == 0


def test_who_asks_has_a_signature_at_once(
    signing: Notary, app: Connection, place: Place, keys: Keys
) -> None:
    with at_work(signing):
        record(app, 1)
        a_few_looks()
        before = latest(place, keys)
        ask_to_sign(app)
        until(lambda: latest(place, keys) == 1)

    assert before == 0


def test_when_the_time_is_up_what_there_is_is_signed(
    signing: Notary, app: Connection, place: Place, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert notaries.LONGEST_UNSIGNED < 60
    monkeypatch.setattr(notaries, "LONGEST_UNSIGNED", 0.2)
    with at_work(signing):
        record(app, 1)
        until(lambda: latest(place, keys) == 1)
        record(app, 1)
        until(lambda: latest(place, keys) == 2)


def test_at_the_end_everything_is_signed(
    signing: Notary, app: Connection, place: Place, keys: Keys
) -> None:
    with at_work(signing):
        record(app, 3)
        append_access(app, keys.seals, looked(SENCO))

    assert (latest(place, keys), latest(place, keys, Log.ACCESS)) == (3, 1)


def test_when_nothing_is_new_nothing_is_signed(
    signing: Notary,
    app: Connection,
    place: Place,
    keys: Keys,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(notaries, "LONGEST_UNSIGNED", 0.0)
    with at_work(signing):
        a_few_looks()
        of_nothing = kept(app)
        record(app, 2)
        until(lambda: kept(app) == [2])
        file = place.folder / "events" / "checkpoint"
        written = file.stat().st_mtime_ns
        a_few_looks()
        assert file.stat().st_mtime_ns == written

    assert (of_nothing, kept(app)) == ([], [2])


# What


@pytest.mark.parametrize("size", [1, 255, 256, 257, 512, 700])
def test_the_tree_is_the_one_that_the_definition_gives(
    size: int,
    signing: Notary,
    app: Connection,
    owner: Connection,
    as_notary: Connection,
    place: Place,
    keys: Keys,
) -> None:
    record(app, size // 3 + 1)
    signing.sign_all()
    if rest := size - size // 3 - 1:
        record(app, rest)
    signing.sign_all()

    leaves = Tiles(as_notary, Log.EVENTS).leaves(after=0, limit=size)
    tree = Tree(Tiles(as_notary, Log.EVENTS))
    assert [tree.root(n) for n in {1, size // 2, size}] == [
        mth(leaves[:n]) for n in {1, size // 2, size}
    ]
    seen = place.latest(Log.EVENTS, keys.signing.public(KEY))
    assert seen == Checkpoint(keys.signing.name(KEY), size, mth(leaves))
    published = [place.leaves(Log.EVENTS, tile) for tile in range(size // TILE + 1)]
    assert b"".join(published) == b"".join(leaves)
    stored = as_notary.execute("SELECT level, index, octet_length(hashes) FROM tiles").fetchall()
    assert stored == ([(1, 0, size // TILE * HASH)] if size >= TILE else [])
    assert verdict(owner, keys) == []


def test_lost_or_short_tiles_are_no_disaster(
    signing: Notary,
    app: Connection,
    owner: Connection,
    superuser: Connection,
    place: Place,
    keys: Keys,
) -> None:
    record(app, 700)
    signing.sign_all()
    superuser.execute("DELETE FROM tiles")
    record(app, 400)
    signing.sign_all()
    superuser.execute("UPDATE tiles SET hashes = substring(hashes, 1, 32)")
    record(app, 400)

    signing.sign_all()

    leaves = Tiles(app, Log.EVENTS).leaves(after=0, limit=1500)
    seen = place.latest(Log.EVENTS, keys.signing.public(KEY))
    assert seen is not None
    assert (seen.size, seen.root) == (1500, mth(leaves))
    assert verdict(owner, keys) == []


def test_both_logs_are_signed_each_under_its_own_name_and_key(
    signing: Notary, app: Connection, keys: Keys
) -> None:
    record(app, 2)
    append_access(app, keys.seals, looked(SENCO))

    made = signing.sign_all()

    assert {log: (each.origin, each.size) for log, each in made.items()} == {
        Log.EVENTS: ("send-records.local/events", 2),
        Log.ACCESS: ("send-records.local/access", 1),
    }
    notes: dict[str, str] = dict(app.execute("SELECT tree, note FROM checkpoints").fetchall())
    for log, purpose in OF_LOG.items():
        text = open_note(notes[log], [keys.signing.public(purpose)])
        assert Checkpoint.parse(text) == made[log]


def test_the_notary_sees_leaves_and_no_words(
    app: Connection, as_notary: Connection, signing: Notary
) -> None:
    record(app, 2)
    signing.sign_all()

    for refused in (
        *(f"SELECT {name} FROM events" for name in ("sealed", "clear", "topic", "stream_id", "*")),
        *(f"SELECT {name} FROM access_log" for name in ("sealed", "pupils", "actor_id", "*")),
        *(f"SELECT * FROM {name}" for name in ("send_register", "chronology", "data_keys")),
        "SELECT append(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
        "UPDATE checkpoints SET size = 0",
        "DELETE FROM checkpoints",
        "DELETE FROM tiles",
        "UPDATE events SET leaf = leaf",
        "UPDATE log_head SET size = 0",
    ):
        with pytest.raises(errors.InsufficientPrivilege):
            as_notary.execute(refused.encode())
    assert len(as_notary.execute("SELECT position, leaf FROM events").fetchall()) == 2


# More than one, and killed


def test_two_notaries_at_once_do_no_harm(
    database: Database, app: Connection, owner: Connection, place: Place, keys: Keys
) -> None:
    def sign_and_append() -> None:
        signing = notary(database, keys.signing, keys.places)
        with one(database.app) as connection:
            for _ in range(8):
                record(connection, 7)
                signing.sign_all()

    at_once([sign_and_append, sign_and_append])

    assert latest(place, keys) == 112
    published = [each.size for each in all_of(place, Log.EVENTS, keys.signing.public(KEY))]
    assert published == kept(app)
    assert verdict(owner, keys) == []


# Places that cannot be reached


def no_folder(tmp_path: Path) -> Place:
    file = tmp_path / "a file, as when a disk was not mounted"
    file.write_text("x")
    return Place(file)


def test_a_place_that_is_away_keeps_no_other_from_being_published_in(
    database: Database, keys: Keys, place: Place, app: Connection, tmp_path: Path
) -> None:
    away = no_folder(tmp_path)
    record(app, 3)

    with capture_logs() as said:
        notary(database, keys.signing, [away, place]).sign_all()
        require_as_signed(app, [away, place], keys.of_logs())

    assert latest(place, keys) == 3
    assert {entry["event"] for entry in said} == {"checkpoint_place_away"}


def test_with_every_place_away_nothing_is_signed_and_nothing_started(
    database: Database, keys: Keys, place: Place, app: Connection, tmp_path: Path
) -> None:
    away = no_folder(tmp_path)
    record(app, 3)
    before = kept(app)

    with pytest.raises(PlaceAway):
        notary(database, keys.signing, [away]).sign_all()
    with pytest.raises(PlaceAway):
        require_as_signed(app, [away], keys.of_logs())

    assert kept(app) == before
    assert latest(place, keys) in (None, 0)


def test_a_newest_checkpoint_that_was_removed_is_still_known(
    signing: Notary, app: Connection, place: Place, keys: Keys
) -> None:
    record(app, 3)
    signing.sign_all()

    (place.folder / "events" / "checkpoint").unlink()

    assert latest(place, keys) == 3


class DyingAfter(Place):
    """Whoever publishes here is killed once all is written, before the database has it."""

    def publish(self, log: Log, size: int, note: str, leaves: Iterable[tuple[int, bytes]]) -> None:
        super().publish(log, size, note, leaves)
        raise KeyboardInterrupt


class DyingBetween(Place):
    """Whoever publishes here is killed between the tiles and the note."""

    def publish(self, log: Log, size: int, note: str, leaves: Iterable[tuple[int, bytes]]) -> None:
        def until_the_last() -> Iterator[tuple[int, bytes]]:
            yield from leaves
            raise KeyboardInterrupt

        super().publish(log, size, note, until_the_last())


@pytest.mark.parametrize("dying", [DyingAfter, DyingBetween])
def test_killed_while_publishing_the_next_goes_on_rightly(
    dying: type[Place],
    database: Database,
    signing: Notary,
    app: Connection,
    owner: Connection,
    place: Place,
    keys: Keys,
) -> None:
    record(app, 250)
    signing.sign_all()
    record(app, 20)
    killed = notary(database, keys.signing, (dying(place.folder),))
    with pytest.raises(KeyboardInterrupt):
        killed.sign_all()
    assert kept(app) == [250]
    assert verdict(owner, keys) == []

    record(app, 300)
    signing.sign_all()

    assert latest(place, keys) == 570
    assert verdict(owner, keys) == []


def test_a_place_that_was_away_is_brought_up_to_date(
    database: Database,
    signing: Notary,
    app: Connection,
    owner: Connection,
    keys: Keys,
    tmp_path: Path,
) -> None:
    record(app, 300)
    signing.sign_all()
    record(app, 300)
    second = Place(tmp_path / "second")

    notary(database, keys.signing, (*keys.places, second)).sign_all()

    assert latest(second, keys) == 600
    assert verdict(owner, replace(keys, places=(second,))) == []
    assert [len(second.leaves(Log.EVENTS, n)) // HASH for n in range(3)] == [256, 256, 88]


# What it refuses


def cut(superuser: Connection, size: int) -> None:
    untie(superuser)
    superuser.execute("DELETE FROM events WHERE position > %s", [size])
    superuser.execute(COUNT_AGAIN[0])


def rewrite(superuser: Connection, position: int) -> None:
    untie(superuser)
    superuser.execute(
        "UPDATE events SET actor_id = gen_random_uuid() WHERE position = %s", [position]
    )
    superuser.execute(RELEAF[0])


@pytest.mark.parametrize("attack", ["cut", "rewritten", "cut and gone on", "recomputed"])
def test_a_log_that_contradicts_what_is_published_gets_no_signature(
    attack: str,
    signing: Notary,
    app: Connection,
    superuser: Connection,
    place: Place,
    keys: Keys,
) -> None:
    record(app, 300)
    signing.sign_all()
    cut(superuser, 290) if attack.startswith("cut") else rewrite(superuser, 20)
    if attack == "cut and gone on":
        record(app, 30)
    elif attack in ("recomputed", "rewritten"):
        superuser.execute("DELETE FROM tiles")
        superuser.execute("DELETE FROM checkpoints") if attack == "recomputed" else None
        record(app, 30)
    before = kept(app)

    with pytest.raises(LogContradicted, match=str(place.folder)):
        signing.sign_all()

    assert (latest(place, keys), kept(app)) == (300, before)


def test_a_notary_at_work_says_why_it_refuses_and_signs_nothing(
    signing: Notary,
    app: Connection,
    superuser: Connection,
    place: Place,
    keys: Keys,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record(app, 3)
    signing.sign_all()
    rewrite(superuser, 2)
    monkeypatch.setattr(notaries, "LONGEST_UNSIGNED", 0.0)
    with capture_logs() as said, at_work(signing):
        record(app, 1)
        until(lambda: bool(said))

    assert [each["event"] for each in said] == [
        "notary_refuses_to_sign",
        "notary_left_something_unsigned",
    ]
    assert "not those" in said[0]["error"]
    assert latest(place, keys) == 3


def test_a_log_with_a_gap_gets_no_signature(
    signing: Notary, app: Connection, superuser: Connection
) -> None:
    record(app, 300)
    untie(superuser)
    superuser.execute("DELETE FROM events WHERE position = 20")

    with pytest.raises(LogHasGap):
        signing.sign_all()


# What is refused at the start


def start(database: Database, keys: Keys, tmp_path: Path) -> None:
    with running(Settings(data_dir=tmp_path), database, keys):
        pass


def test_a_log_as_it_was_signed_is_run(
    database: Database, signing: Notary, app: Connection, keys: Keys, tmp_path: Path
) -> None:
    record(app, 3)
    signing.sign_all()
    record(app, 2)

    start(database, keys, tmp_path)


def test_a_log_that_was_cut_is_not_run(
    database: Database,
    signing: Notary,
    app: Connection,
    superuser: Connection,
    keys: Keys,
    tmp_path: Path,
) -> None:
    record(app, 3)
    signing.sign_all()
    cut(superuser, 2)
    retie(superuser)

    with pytest.raises(LogContradicted, match="the end was cut off"):
        start(database, keys, tmp_path)


def test_a_log_that_was_rewritten_is_not_run(
    database: Database,
    signing: Notary,
    app: Connection,
    superuser: Connection,
    keys: Keys,
    tmp_path: Path,
) -> None:
    record(app, 3)
    signing.sign_all()
    rewrite(superuser, 1)
    retie(superuser)

    with pytest.raises(LogContradicted, match="are not those"):
        start(database, keys, tmp_path)


def retie(superuser: Connection) -> None:
    """Put the guards back, so that nobody takes offence at these."""
    for table in ("events", "commands", "log_head"):
        superuser.execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL".encode())


def test_a_place_signed_by_another_key_is_refused_at_the_start_and_by_the_notary(
    database: Database,
    signing: Notary,
    app: Connection,
    place: Place,
    keys: Keys,
    tmp_path: Path,
) -> None:
    record(app, 3)
    other = Signer.generate(keys.signing.name(KEY))
    place.publish(Log.EVENTS, 1, other.sign(Checkpoint(other.name, 1, bytes(32)).text), [])

    with pytest.raises(PlaceDamaged):
        start(database, keys, tmp_path)
    with pytest.raises(PlaceDamaged):
        signing.sign_all()
    with pytest.raises(PlaceDamaged):
        require_as_signed(app, [place], keys.of_logs())


def test_no_key_is_destroyed_because_a_table_says_that_it_was(
    records: SendRecords, owner: Connection, app: Connection, keys: Keys
) -> None:
    """An insider who wants a record gone, with one UPDATE; the log holds no erasure.  Whoever opens
    the keys next would do what the table says, for good."""
    pupil = records.admit(but(ADMIT, upn=None), asked()).pupil_id
    owner.execute("UPDATE data_keys SET destroyed_at = clock_timestamp()")

    with pytest.raises(ErasureNotNoted, match=str(pupil)):
        erase_again(app, keys.seals)

    assert pupil not in keys.seals.keyring.destroyed()
