"""Where checkpoints are published: what is in which file, and what is not believed."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from send_records.store.ledger import Log
from send_records.store.merkle import HASH, TILE
from send_records.store.notes import Checkpoint, NoteKey, Signer
from send_records.store.places import Place, PlaceAway, PlaceDamaged, opened, tile_path

SIGNER = Signer.generate("trust.example/events")
KEY: NoteKey = SIGNER.key


def note_in(place: Place, log: Log, size: int) -> str | None:
    """Return the note published for a size, or None."""
    file = place.folder / log / "checkpoints" / f"{size:015d}"
    return file.read_text() if file.exists() else None


def all_of(place: Place, log: Log, key: NoteKey) -> list[Checkpoint]:
    """Return every checkpoint of a place, smallest first."""
    return [opened(file, key) for file in place.files(log)[:-1]]


def leaves(number: int, first: int = 0) -> bytes:
    return b"".join(n.to_bytes(HASH, "big") for n in range(first, first + number))


def note(size: int, *, signer: Signer = SIGNER, origin: str = SIGNER.name) -> str:
    return signer.sign(Checkpoint(origin, size, bytes(HASH)).text)


def publish(place: Place, size: int) -> None:
    """Publish a log of a size, all of its tiles anew."""
    tiles = range(0, size, TILE)
    parts = [(at // TILE, leaves(min(TILE, size - at), at)) for at in tiles]
    place.publish(Log.EVENTS, size, note(size), parts)


def files_in(folder: Path) -> list[str]:
    return sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file())


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "published")


@pytest.mark.parametrize(
    ("index", "path"),
    [
        (0, "000"),
        (67, "067"),
        (999, "999"),
        (1000, "x001/000"),
        (1234067, "x001/x234/067"),  # the example of C2SP tlog-tiles
        (999_999, "x999/999"),
        (1_000_000, "x001/x000/000"),
    ],
)
def test_a_tile_is_where_tlog_tiles_has_it(index: int, path: str) -> None:
    assert str(tile_path(index)) == path


def test_of_a_place_that_is_empty_nothing_is_said(place: Place) -> None:
    assert place.latest(Log.EVENTS, KEY) is None
    assert list(all_of(place, Log.EVENTS, KEY)) == []
    assert note_in(place, Log.EVENTS, 5) is None
    assert place.leaves(Log.EVENTS, 0) == b""
    assert not place.folder.exists()


def test_what_is_published_is_in_these_files(place: Place) -> None:
    publish(place, 300)

    assert files_in(place.folder) == [
        "events/checkpoint",
        "events/checkpoints/000000000000300",
        "events/tile/0/000",
        "events/tile/0/001.p/44",
    ]
    events = place.folder / "events"
    assert (events / "checkpoint").read_text() == note(300) == note_in(place, Log.EVENTS, 300)
    assert (events / "tile/0/000").read_bytes() == leaves(256)
    assert (events / "tile/0/001.p/44").read_bytes() == leaves(44, 256)


def test_everybody_may_read_what_is_published(place: Place) -> None:
    publish(place, 300)

    files = [place.folder / name for name in files_in(place.folder)]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o644}


def test_what_is_published_is_read_back(place: Place) -> None:
    for size in (20, 300):
        publish(place, size)

    assert place.latest(Log.EVENTS, KEY) == Checkpoint(KEY.name, 300, bytes(HASH))
    assert [each.size for each in all_of(place, Log.EVENTS, KEY)] == [20, 300]
    assert place.leaves(Log.EVENTS, 0) == leaves(256)
    assert place.leaves(Log.EVENTS, 1) == leaves(44, 256)
    assert place.latest(Log.ACCESS, KEY) is None


def test_a_part_of_a_tile_gives_way_to_a_larger_one_and_to_the_whole(place: Place) -> None:
    seen = []
    for size in (9, 100, 256):
        publish(place, size)
        seen.append([name for name in files_in(place.folder) if "tile" in name])
        assert place.leaves(Log.EVENTS, 0) == leaves(size)

    assert seen == [
        ["events/tile/0/000.p/9"],
        ["events/tile/0/000.p/100"],
        ["events/tile/0/000"],
    ]
    assert not (place.folder / "events/tile/0/000.p").exists()


def test_of_two_parts_left_by_a_crash_the_larger_counts(place: Place) -> None:
    publish(place, 100)
    (place.folder / "events/tile/0/000.p/9").write_bytes(leaves(9))

    assert place.leaves(Log.EVENTS, 0) == leaves(100)


def test_a_note_that_is_published_is_never_replaced(place: Place) -> None:
    publish(place, 20)
    another = SIGNER.sign(Checkpoint(KEY.name, 20, b"\xff" * HASH).text)

    place.publish(Log.EVENTS, 20, another, [])

    assert note_in(place, Log.EVENTS, 20) == note(20)


def test_no_note_is_seen_before_its_tiles(place: Place) -> None:
    def failing() -> Iterator[tuple[int, bytes]]:
        yield 0, leaves(20)
        assert place.latest(Log.EVENTS, KEY) is None
        raise OSError(errno.ENOSPC, "no space left on device")

    with pytest.raises(PlaceAway, match="no space"):
        place.publish(Log.EVENTS, 20, note(20), failing())

    assert files_in(place.folder) == ["events/tile/0/000.p/20"]


def test_what_a_crash_left_half_written_is_passed_over(place: Place) -> None:
    publish(place, 20)
    for folder in ("checkpoints", "tile/0/000.p"):
        (place.folder / "events" / folder / "tmpabc.draft").write_bytes(b"half")

    assert [each.size for each in all_of(place, Log.EVENTS, KEY)] == [20]
    assert place.leaves(Log.EVENTS, 0) == leaves(20)


BAD = {
    "altered": note(20).replace("\n20\n", "\n21\n"),
    "cut": note(20)[:-10],
    "empty": "",
    "another key": note(20, signer=Signer.generate(SIGNER.name)),
    "another origin": note(20, origin="trust.example/access"),
    "no checkpoint": SIGNER.sign("something else\n"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_note_that_is_damaged_is_refused(what: str, place: Place) -> None:
    publish(place, 10)
    newest = place.folder / "events" / "checkpoint"
    newest.write_text(BAD[what])
    (newest.parent / "checkpoints" / f"{20:015d}").write_text(BAD[what])

    with pytest.raises(PlaceDamaged, match=str(newest)):
        place.latest(Log.EVENTS, KEY)
    with pytest.raises(PlaceDamaged):
        list(all_of(place, Log.EVENTS, KEY))


def test_a_note_that_is_no_text_is_refused(place: Place) -> None:
    publish(place, 10)
    (place.folder / "events" / "checkpoint").write_bytes(b"\xff\xfe")

    with pytest.raises(PlaceDamaged):
        place.latest(Log.EVENTS, KEY)


def test_a_tile_can_be_read_while_a_larger_part_of_it_is_published(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The larger one is published between the look into the folder and the reading of the file."""
    publish(place, 9)
    read = Path.read_bytes
    once = threading.Lock()

    def late(file: Path) -> bytes:
        if once.acquire(blocking=False):
            publish(place, 10)
        return read(file)

    monkeypatch.setattr(Path, "read_bytes", late)

    assert place.leaves(Log.EVENTS, 0)[: 9 * HASH] == leaves(9)
