"""Verification: every stored byte is read and hashed again, and compared with what was signed.

The database is not believed in anything.  Rows come as PostgreSQL's COPY writes them, in binary;
each is hashed here, its leaf compared with the one stored and with the one published outside, and
the tree over all of them with every checkpoint there is.  Comparing stored leaves alone, or roots
alone, would miss a log that was recomputed as a whole (``security.md``, measured 4).

Nothing is opened and no key is needed: it works as well after an erasure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import chain, islice
from typing import cast

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from send_records.store.crosschecks import cross_checking
from send_records.store.damage import Damage, Finding, Walked
from send_records.store.ledger import Log
from send_records.store.merkle import TILE, Tree, grown
from send_records.store.outside import Outside, alike
from send_records.store.shapes import LEAF, AccessShape, EventShape, Row, Shape, position_of

Progress = Callable[[int, int], None]
"""Is told how many entries have been read, of how many."""


def unseen(done: int, total: int) -> None:
    """Take no notice of progress."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What came of verifying a trust's logs."""

    walked: list[Walked]
    findings: list[Finding]


def verify(
    connection: Connection,
    outside: Iterable[Outside],
    watching: Callable[[Log], AbstractContextManager[Progress]] = lambda log: nullcontext(unseen),
    beside: Connection | None = None,
) -> Verified:
    """Walk through each log, and check what stands beside them, on a connection that sees one
    moment (``connections.at_one_moment``).  ``watching`` gives who is told of the progress in one.

    ``beside`` is another connection that sees the same moment (``at_that_moment``): what stands
    beside the logs is checked on it meanwhile, by a process of the server's that would be idle.
    """
    with cross_checking(connection, beside) as cross_checked:
        walked = []
        for each in outside:
            with watching(each.log) as progress:
                walked.append(walk(connection, shape_of(each.log), each, progress))
        found = [finding for each in walked for finding in each.findings]
        return Verified(walked, found + cross_checked())


def shape_of(log: Log) -> Shape:
    """Return how the rows of a log come."""
    return EventShape() if log is Log.EVENTS else AccessShape()


def walk(
    connection: Connection,
    shape: Shape,
    outside: Outside,
    progress: Progress = unseen,
) -> Walked:
    """Read one log from its first entry to its last, and return what is wrong with it, compared
    with what was published outside before it is read.

    Memory is bounded: for each pupil the last version, and 32 bytes for 256 entries.
    """
    walked = Walked(shape.log)
    notes = connection.execute("SELECT note FROM checkpoints WHERE tree = %s", [shape.log])
    outside.take_notes(note for (note,) in notes)
    walked.findings += outside.findings
    head = _head(connection, shape.log)
    walker = _Walker(connection, shape, outside, walked)
    walker.walk(head, progress)
    walker.check_tiles()
    _compare_ends(walked, outside, head)
    walked.findings.sort(key=lambda found: found.position or 0)
    return walked


class _Walker:
    """One walk: the rows come one by one, and are hashed, a tile of them at a time.

    It is the source of its own tiles: all above the leaves, 32 bytes for 256 entries, and of the
    leaves those of the tile in hand.
    """

    def __init__(
        self, connection: Connection, shape: Shape, outside: Outside, walked: Walked
    ) -> None:
        self._connection = connection
        self._shape = shape
        self._outside = outside
        self._walked = walked
        self._tiles: dict[tuple[int, int], bytes] = {}
        self._folded = 0
        self._due = sorted(size for size in outside.roots if size > 0)
        self._agreed = 0
        self._last = 0
        self._suspect: int | None = None

    def tile(self, level: int, index: int) -> bytes:
        """Return a tile, as merkle.TileSource has it."""
        return self._tiles.get((level, index), b"")

    def walk(self, total: int, progress: Progress) -> None:
        """Read the log to its end."""
        shape, walked = self._shape, self._walked
        query = SQL("COPY (SELECT {} FROM {} ORDER BY position) TO STDOUT (FORMAT BINARY)").format(
            SQL(shape.columns), Identifier(shape.log)
        )
        with self._connection.cursor().copy(query) as blocks:
            for tile in _tiles_of(blocks):
                leaves = shape.sound(tile, self._last) or self._diagnosed(tile)
                self._last = max(self._last + 1, position_of(tile[-1]) or 0)
                self._fold(leaves)
                progress(self._folded, total)
        walked.entries, walked.root = self._folded, Tree(self).root(self._folded)
        progress(self._folded, self._folded)
        if self._suspect is not None:
            walked.found(self._suspect, Damage.REWRITTEN, "it is not the one published outside")

    def _diagnosed(self, rows: Sequence[Row]) -> list[bytes]:
        """Find out, row by row, what is wrong with rows that are not sound; return their leaves."""
        last, leaves = self._last, []
        for row in rows:
            leaves.append(self._shape.leaf_of(row))
            position = position_of(row)
            if position is None:
                last += 1
                self._walked.found(last, Damage.ALTERED, "its leaf or its position is missing")
                continue
            if position != last + 1:
                self._walked.found(last + 1, *_misplaced(position, last))
            last = position
            if leaves[-1] != row[LEAF]:
                self._walked.found(position, Damage.ALTERED, "it is not what was appended")
            if (wrong := self._shape.follows(row)) is not None:
                self._walked.found(position, *wrong)
        return leaves

    def _fold(self, leaves: Sequence[bytes]) -> None:
        """Take leaves into the tree, and see what was signed of them."""
        start, index = self._folded, self._folded // TILE
        if self._suspect is None:
            self._suspect = self._outside.first_difference(index, leaves)
        self._tiles.pop((0, index - 1), None)
        self._tiles |= grown(self, start, leaves)
        self._folded += len(leaves)
        while self._due and self._due[0] <= self._folded:
            self._compare(self._due.pop(0))

    def _compare(self, size: int) -> None:
        walked, suspect = self._walked, self._suspect
        if Tree(self).root(size) != self._outside.roots[size]:
            between = f"one of entries {self._agreed + 1} to {size} is not the one signed"
            known = suspect is not None and suspect <= size
            walked.found(suspect if known else self._agreed + 1, Damage.REWRITTEN, between)
            self._suspect = None
            self._due.clear()  # no later root can agree
            return
        walked.checkpoints += 1
        self._agreed = size
        if suspect is not None and suspect <= size:
            walked.found(suspect, Damage.UNSIGNED, "the leaf published outside is not as signed")
            self._suspect = None

    def check_tiles(self) -> None:
        """Compare the tiles that the database keeps with those that the leaves add up to; of a log
        in which something is wrong they are of course others."""
        if self._walked.findings:
            return
        stored = self._connection.execute(
            "SELECT level, index, hashes FROM tiles WHERE tree = %s ORDER BY level, index",
            [self._shape.log],
            binary=True,
        )
        for level, index, hashes in stored:
            mine = self.tile(level, index)
            if not hashes or not mine.startswith(hashes):
                first = (index * TILE + alike(mine, hashes or b"")) * TILE**level + 1
                self._walked.found(first, Damage.ALTERED, "a hash kept above it is another")


def _misplaced(position: int, last: int) -> tuple[Damage, str]:
    if position <= last:
        return Damage.OUT_OF_ORDER, f"place {position} is taken twice"
    return Damage.MISSING, f"nothing is stored here, and the next is at {position}"


def _tiles_of(blocks: Iterable[bytes | bytearray | memoryview]) -> Iterator[list[Row]]:
    """Yield the rows of a binary COPY, a tile of them at a time: a block is a row, but that the
    first begins with the header (19 bytes), and the last (2 bytes) is the end."""
    ahead = iter(blocks)
    rows = chain((memoryview(block)[19:] for block in islice(ahead, 1)), ahead)
    while tile := cast(list[Row], list(islice(rows, TILE))):
        if len(tile[-1]) <= 2:
            tile.pop()
        if tile:
            yield tile


def _head(connection: Connection, log: Log) -> int:
    row = connection.execute(SQL("SELECT size FROM {}").format(Identifier(log.head))).fetchone()
    return row[0] if row else 0


def _compare_ends(walked: Walked, outside: Outside, head: int) -> None:
    longest = max(outside.roots, default=0)
    if longest > walked.entries:
        walked.found(
            walked.entries + 1,
            Damage.CUT,
            f"{longest} entries were signed and {walked.entries} are stored: the end was cut off, "
            "or the database is an old copy",
        )
    elif head != walked.entries:
        walked.found(
            min(head, walked.entries) + 1,
            Damage.MISCOUNTED,
            f"the log counts {head} entries, and {walked.entries} are stored",
        )
