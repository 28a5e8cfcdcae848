"""The ledger in the database: a Merkle tree over each log, its upper hashes kept in tiles.

Level 0, the leaves, is the column ``leaf`` of the logs themselves; the levels above are rows of
``tiles``, 256 hashes to a row.  Lost or short tiles are no disaster: they follow from the leaves.
"""

from __future__ import annotations

from enum import StrEnum

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from send_records.store.merkle import TILE, grown

PAGE = 50 * TILE
"""How many leaves are taken into a tree at once."""


class Log(StrEnum):
    """What has a tree; the value is its table, and the end of its name in signatures."""

    EVENTS = "events"
    ACCESS = "access_log"

    @property
    def head(self) -> str:
        """The table that says how long it is."""
        return {Log.EVENTS: "log_head", Log.ACCESS: "access_head"}[self]


class LogHasGap(Exception):
    """Leaves are missing from a log, so no tree can be built over it."""


class Tiles:
    """The hashes of one tree, as the database has them (see ``merkle.TileSource``)."""

    def __init__(self, connection: Connection, log: Log) -> None:
        self._connection = connection
        self._log = log

    def tile(self, level: int, index: int) -> bytes:
        """Return the hashes of a tile, one after another, as many as there are."""
        if level == 0:
            return b"".join(self.leaves(after=index * TILE, limit=TILE))
        row = self._connection.execute(
            "SELECT hashes FROM tiles WHERE tree = %s AND level = %s AND index = %s",
            [self._log, level, index],
            binary=True,
        ).fetchone()
        return b"" if row is None else row[0]

    def leaves(self, *, after: int, limit: int) -> list[bytes]:
        """Return the leaves after a position, whoever's entries they are of; raise LogHasGap if one
        is missing among them."""
        rows = self._connection.execute(
            "SELECT position, leaf FROM leaves(%s, %s, %s)",
            [self._log, after, limit],
            binary=True,
        ).fetchall()
        if rows and rows[-1][0] != after + len(rows):
            raise LogHasGap(f"The {self._log} miss a row between {after + 1} and {rows[-1][0]}.")
        return [leaf for _, leaf in rows]

    def size(self) -> int:
        """Return how long the log is."""
        query = SQL("SELECT size FROM {}").format(Identifier(self._log.head))
        row = self._connection.execute(query).fetchone()
        return row[0] if row else 0

    def signed(self) -> int:
        """Return the size of the last checkpoint, up to which the tiles are complete; 0 if none."""
        row = self._connection.execute(
            "SELECT max(size) FROM checkpoints WHERE tree = %s", [self._log]
        ).fetchone()
        return (row[0] or 0) if row else 0

    def unsigned(self) -> int:
        """Return how many entries of the log no checkpoint covers."""
        query = SQL(
            "SELECT size - coalesce((SELECT max(size) FROM checkpoints WHERE tree = %s), 0) FROM {}"
        ).format(Identifier(self._log.head))
        row = self._connection.execute(query, [self._log], prepare=True).fetchone()
        return row[0] if row else 0

    def grow(self, start: int, until: int) -> None:
        """Take the leaves after ``start`` up to ``until`` into the tiles."""
        while start < until:
            leaves = self.leaves(after=start, limit=min(PAGE, until - start))
            if not leaves:
                raise LogHasGap(f"The {self._log} end at {start}, not at {until}.")
            changed = grown(self, start, leaves, lowest=1)
            with self._connection.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO tiles VALUES (%s, %s, %s, %s) "
                    "ON CONFLICT (tree, level, index) DO UPDATE SET hashes = excluded.hashes",
                    [(self._log, level, at, new) for (level, at), new in changed.items()],
                )
            start += len(leaves)
