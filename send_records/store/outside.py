"""What was signed and published of a log, wherever it is still to be had, to compare it with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile

from send_records.store.damage import Damage, Finding
from send_records.store.ledger import Log
from send_records.store.merkle import HASH, TILE
from send_records.store.notes import BadNote, Checkpoint, NoteKey, open_note
from send_records.store.places import Place, PlaceDamaged, opened


class Outside:
    """The checkpoints of one log, and the leaves published with them.

    Read it before the log that is to be compared with it: what is published after belongs to
    entries that one may not see.
    """

    def __init__(self, log: Log, places: Sequence[Place], key: NoteKey) -> None:
        self.log = log
        self.roots: dict[int, bytes] = {}
        """The root that was signed for each size."""
        self.findings: list[Finding] = []
        self._places = places
        self._key = key
        for place in places:
            for file in place.files(log):
                try:
                    self._take(opened(file, key), str(place.folder))
                except PlaceDamaged as error:
                    self._found(None, str(error))

    def take_notes(self, notes: Iterable[str]) -> None:
        """Take the database's own copies as well: nobody can have signed others."""
        for note in notes:
            try:
                self._take(Checkpoint.parse(open_note(note, [self._key])), "the database")
            except BadNote as error:
                self._found(None, f"a checkpoint in the database: {error}")

    def _take(self, checkpoint: Checkpoint, where: str) -> None:
        size, root = checkpoint.size, checkpoint.root
        if self.roots.setdefault(size, root) != root:
            self._found(size, f"two histories of {size} entries were signed; one is in {where}")

    def _found(self, position: int | None, detail: str) -> None:
        self.findings.append(Finding(self.log, position, Damage.UNSIGNED, detail))

    def first_difference(self, tile: int, leaves: Sequence[bytes]) -> int | None:
        """Return the position of the first leaf of a tile that is not the one published."""
        mine = b"".join(leaves)
        for place in self._places:
            theirs = place.leaves(self.log, tile)
            if not mine.startswith(theirs[: len(mine)]):
                return tile * TILE + alike(mine, theirs) + 1
        return None


def alike(mine: bytes, theirs: bytes) -> int:
    """Return how many hashes of two tiles are the same, from the first on."""
    pairs = zip(hashes_of(mine), hashes_of(theirs), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def hashes_of(tile: bytes) -> Iterator[bytes]:
    """Yield the hashes of a tile."""
    return (tile[at : at + HASH] for at in range(0, len(tile), HASH))
