"""The notary: builds the trees, signs checkpoints over them, and publishes these outside.

It signs at least every 60 seconds or 100 entries while there is something new (D8).  Before it
signs it looks at what is published already: a log that contradicts it, or is shorter, was rewritten
or rolled back, and gets no signature.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence

import structlog
from psycopg import Connection

from send_records.store.connections import AMBIGUOUS, one
from send_records.store.ledger import Log, LogHasGap, Tiles
from send_records.store.merkle import HASH, TILE, LeavesMissing, Tree
from send_records.store.notes import Checkpoint, NoteKey, Signer
from send_records.store.places import Place, PlaceAway, PlaceDamaged

MOST_UNSIGNED = 100
"""Entries after which a checkpoint is due."""

LONGEST_UNSIGNED = 59.0
"""Seconds after which one is due, counted from when an entry was first seen."""

LOOK = 0.05
"""Seconds between looks at how long the logs are."""

log = structlog.get_logger()


class LogContradicted(Exception):
    """The log is not the one that was signed: it was cut, rolled back or rewritten.

    Keep everything as it is, and have it looked at: ``send-records verify`` names the first entry
    that differs.
    """


def require_as_signed(
    connection: Connection, places: Sequence[Place], keys: Mapping[Log, NoteKey]
) -> None:
    """Raise LogContradicted if a log is shorter than what was published last, or its tree is
    another; PlaceDamaged if what was published is not signed by the trust; PlaceAway if none of
    the places can be reached, for one has to be asked.

    It reads a few tiles, and so takes no time at any size.  That the tiles are those of the
    entries is for ``verify`` to say, which reads every byte.
    """
    for log_name, key in keys.items():
        tiles = Tiles(connection, log_name)
        for place in reachable(places, log_name, key):
            seen = place.latest(log_name, key)
            if seen is not None:
                _require(tiles, log_name, seen, place)


def reachable(places: Sequence[Place], log_name: Log, key: NoteKey) -> list[Place]:
    """Return the places that can be reached now, and say of which that is not so; raise PlaceAway
    if it is so of none."""
    found, away = [], None
    for place in places:
        try:
            place.latest(log_name, key)
            found.append(place)
        except PlaceAway as error:
            log.error("checkpoint_place_away", error=str(error))
            away = error
    if away is not None and not found:
        raise away
    return found


def _require(tiles: Tiles, log_name: Log, seen: Checkpoint, place: Place) -> None:
    size = tiles.size()
    if size < seen.size:
        raise LogContradicted(
            f"The {log_name} have {size} entries, and {place.folder} holds a signed checkpoint "
            f"of {seen.size}: the end was cut off, or the database is an old copy."
        )
    try:
        root = Tree(tiles).root(seen.size)
    except (LeavesMissing, LogHasGap):
        root = b""
    if root != seen.root:
        raise LogContradicted(
            f"The first {seen.size} of the {log_name} are not those that {place.folder} holds a "
            "signed checkpoint of."
        )


def asking(connection: Connection) -> str:
    """Return the channel by which the notary is asked to sign now."""
    row = connection.execute("SELECT current_schema() || '.sign'").fetchone()
    return row[0] if row else ""


def ask_to_sign(connection: Connection) -> None:
    """Ask the notary to sign now what there is; it would do so by itself within a minute."""
    connection.execute("SELECT pg_notify(%s, '')", [asking(connection)])


class Notary:
    """Signs the checkpoints of one trust, as the role that sees leaves only."""

    def __init__(
        self, conninfo: str, signers: Mapping[Log, Signer], places: Sequence[Place]
    ) -> None:
        self._conninfo = conninfo
        self._signers = signers
        self._keys = {name: NoteKey.parse(signer.vkey) for name, signer in signers.items()}
        self._places = places
        self._since: dict[Log, float] = {}

    def run(self, stop: threading.Event) -> None:
        """Sign what is due until told to stop, and then all there is."""
        while not stop.is_set():
            try:
                with one(self._conninfo) as connection:
                    connection.execute(f'LISTEN "{asking(connection)}"'.encode())
                    while not stop.is_set():
                        asked = list(connection.notifies(timeout=LOOK, stop_after=1))
                        self._sign_what_is_due(connection, asked=bool(asked))
            except AMBIGUOUS as error:
                log.warning("notary_waits_for_database", error=type(error).__name__)
                stop.wait(1)
            except (LogContradicted, LogHasGap, PlaceAway, PlaceDamaged) as error:
                log.error("notary_refuses_to_sign", error=str(error))
                stop.wait(5)
            except Exception as error:
                log.error("notary_failed", error=type(error).__name__)
                stop.wait(5)
        self._sign_at_the_end()

    def _sign_what_is_due(self, connection: Connection, *, asked: bool) -> None:
        for name in self._signers:
            waiting = Tiles(connection, name).unsigned()
            if waiting == 0:
                self._since.pop(name, None)
                continue
            since = self._since.setdefault(name, time.monotonic())
            if asked or waiting >= MOST_UNSIGNED or time.monotonic() - since >= LONGEST_UNSIGNED:
                self.sign(connection, name)
                self._since.pop(name, None)

    def _sign_at_the_end(self) -> None:
        try:
            self.sign_all()
        except (*AMBIGUOUS, LogContradicted, LogHasGap, PlaceAway, PlaceDamaged) as error:
            log.error("notary_left_something_unsigned", error=type(error).__name__)

    def sign_all(self) -> dict[Log, Checkpoint]:
        """Sign each log as it is now, and return the checkpoints; one that is signed already is
        published again where it is missing."""
        with one(self._conninfo) as connection:
            return {name: self.sign(connection, name) for name in self._signers}

    def sign(self, connection: Connection, name: Log) -> Checkpoint:
        """Take what is new into the tree, sign, and publish.

        Raise LogContradicted if a place holds a checkpoint that the log contradicts, PlaceAway if
        no place can be reached.
        """
        signer, tiles = self._signers[name], Tiles(connection, name)
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
            before, size = tiles.signed(), tiles.size()
            tiles.grow(before, size)
            require_as_signed(connection, self._places, {name: self._keys[name]})
            made = Checkpoint(signer.name, size, Tree(tiles).root(size))
            note = signer.sign(made.text)
            connection.execute(
                "INSERT INTO checkpoints (tree, size, root, note) VALUES (%s, %s, %s, %s) "
                "ON CONFLICT DO NOTHING",
                [name, size, made.root, note],
            )
            self._publish(tiles, name, made, note)
        return made

    def _publish(self, tiles: Tiles, name: Log, made: Checkpoint, note: str) -> None:
        """Publish in every place that can be reached; raise PlaceAway if it is none, and then
        nothing was signed."""
        published, away = 0, None
        for place in reachable(self._places, name, self._keys[name]):
            try:
                self._publish_in(place, tiles, name, made, note)
                published += 1
            except PlaceAway as error:
                log.error("checkpoint_place_away", error=str(error))
                away = error
        if away is not None and not published:
            raise away

    def _publish_in(
        self, place: Place, tiles: Tiles, name: Log, made: Checkpoint, note: str
    ) -> None:
        seen = place.latest(name, self._keys[name])
        if seen is not None and seen.size >= made.size:
            return
        first = seen.size // TILE if seen else 0
        last = (made.size + TILE - 1) // TILE
        leaves = (
            (index, tiles.tile(0, index)[: (made.size - index * TILE) * HASH])
            for index in range(first, last)
        )
        place.publish(name, made.size, note, leaves)
