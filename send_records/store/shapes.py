"""How the rows of the two logs come from PostgreSQL's COPY, and what must hold of them.

``leaf()`` and ``access_leaf()`` in the migrations say what a leaf is over.  A row of COPY in binary
is the number of its columns (2 bytes), then each column behind its length (4): so what a leaf is
over is, but for the words, a piece of the row as it comes.
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise
from typing import LiteralString

from send_records.store.damage import Damage
from send_records.store.ledger import Log

Row = bytes | memoryview
"""One row of a COPY in binary."""

LEAF, POSITION = slice(6, 38), slice(42, 50)
"""Where the stored leaf and the position are in a row: the first two columns of both logs."""

COVERED = 38
"""Where in a row that begins which its leaf is over: behind the leaf."""

TOPIC = 176
"""Where in a row of events the topic is, behind columns that are all of one length."""

ACCESSED_AT = slice(54, 62)
"""Where in a row of the access log its time is."""


def position_of(row: Row) -> int | None:
    """Return the position of a row; None if it, or the leaf before it, is not as long as it is."""
    if row[2:6] != b"\x00\x00\x00\x20" or row[38:42] != b"\x00\x00\x00\x08":
        return None
    return int.from_bytes(row[POSITION], "big", signed=True)


class Shape(ABC):
    """How the rows of one log come, and what must hold from each to the next."""

    log: Log
    columns: LiteralString

    @abstractmethod
    def leaf_of(self, row: Row) -> bytes:
        """Return the leaf that a row should have, computed from its bytes."""

    @abstractmethod
    def follows(self, row: Row) -> tuple[Damage, str] | None:
        """Return what is wrong with where the row stands, or None; called in order."""

    @abstractmethod
    def sound(self, rows: Sequence[Row], after: int) -> list[bytes] | None:
        """Return the leaves of rows that should come after a position, all of them looked at
        together; None if anything is wrong with one, and then nothing has been taken, and
        ``leaf_of`` and ``follows`` tell what it is.  This is what takes the time."""


class EventShape(Shape):
    """The log of events."""

    log = Log.EVENTS
    columns = (
        "leaf, position, stream_id, version, class_version, recorded_at, actor_id, command_id, "
        "request_mac, topic, clear, sealed"
    )
    prefix = b"\x00send-records/event/2"
    _fixed = struct.Struct(">6x32s4xq4x16s4xi4x2x4xq4x16x4x16s4x32xi")
    """Leaf, position, stream, version, recorded_at, command, length of the topic behind them."""

    def __init__(self) -> None:
        self._versions: dict[bytes, int] = {}
        self._last = (-(2**63), b"")

    def leaf_of(self, row: Row) -> bytes:
        end = TOPIC + int.from_bytes(row[TOPIC - 4 : TOPIC], "big", signed=True)
        return self._leaves([row], [end])[0]

    def _leaves(self, rows: Sequence[Row], ends: Sequence[int]) -> list[bytes]:
        """Return the leaves of rows, the places given where their topics end."""
        prefix, join, hashed = self.prefix, b"".join, sha256
        return [
            hashed(join((prefix, row[COVERED:end], hashed(row[end:]).digest()))).digest()
            for row, end in zip(rows, ends, strict=True)
        ]

    def follows(self, row: Row) -> tuple[Damage, str] | None:
        try:
            _, _, stream, version, instant, command, _ = self._fixed.unpack_from(row)
        except struct.error:
            return Damage.ALTERED, "a column is missing"
        wrong = None
        expected = self._versions.get(stream, 0) + 1
        if version != expected:
            wrong = Damage.OUT_OF_ORDER, f"version {version} of its pupil, and {expected} is next"
        before, author = self._last
        if instant < before or (instant == before and command != author):
            wrong = Damage.OUT_OF_ORDER, "recorded no later than the one before it"
        self._versions[stream] = version
        self._last = (instant, command)
        return wrong

    def sound(self, rows: Sequence[Row], after: int) -> list[bytes] | None:
        try:
            columns = zip(*map(self._fixed.unpack_from, rows), strict=True)
        except struct.error:
            return None
        stored, positions, streams, versions, instants, commands, lengths = columns
        leaves = self._leaves(rows, [TOPIC + length for length in lengths])
        if not (
            leaves == list(stored)
            and positions == tuple(range(after + 1, after + 1 + len(rows)))
            and self._in_time(instants, commands)
            and self._in_versions(streams, versions)
        ):
            return None
        self._last = (instants[-1], commands[-1])
        return leaves

    def _in_time(self, instants: tuple[int, ...], commands: tuple[bytes, ...]) -> bool:
        """Say whether time never goes back, and stands still within one command only."""
        instants, commands = (self._last[0], *instants), (self._last[1], *commands)
        told = set(zip(instants, commands, strict=True))
        return list(instants) == sorted(instants) and len(told) == len(set(instants))

    def _in_versions(self, streams: tuple[bytes, ...], versions: tuple[int, ...]) -> bool:
        """Take each pupil's next versions; none at all if one is not the next."""
        last = self._versions
        for row, (stream, version) in enumerate(zip(streams, versions, strict=True)):
            if last.get(stream, 0) + 1 != version:
                for taken in range(row):
                    last[streams[taken]] = min(last[streams[taken]], versions[taken] - 1)
                return False
            last[stream] = version
        return True


class AccessShape(Shape):
    """The access log: a leaf is over the whole rest of the row."""

    log = Log.ACCESS
    columns = (
        "leaf, position, recorded_at, request_id, actor_id, role, academy, act, what, tier, "
        "purpose, outcome, pupils, sealed"
    )
    prefix = b"\x00send-records/access/1"

    def __init__(self) -> None:
        self._last = -(2**63)

    def leaf_of(self, row: Row) -> bytes:
        return sha256(b"".join((self.prefix, row[COVERED:]))).digest()

    def follows(self, row: Row) -> tuple[Damage, str] | None:
        before, self._last = self._last, int.from_bytes(row[ACCESSED_AT], "big", signed=True)
        if self._last <= before:
            return Damage.OUT_OF_ORDER, "recorded no later than the one before it"
        return None

    def sound(self, rows: Sequence[Row], after: int) -> list[bytes] | None:
        leaves = [self.leaf_of(row) for row in rows]
        instants = [
            self._last,
            *(int.from_bytes(row[ACCESSED_AT], "big", signed=True) for row in rows),
        ]
        positions = [int.from_bytes(row[POSITION], "big", signed=True) for row in rows]
        if (
            leaves != [row[LEAF] for row in rows]
            or positions != list(range(after + 1, after + 1 + len(rows)))
            or any(later <= earlier for earlier, later in pairwise(instants))
        ):
            return None
        self._last = instants[-1]
        return leaves
