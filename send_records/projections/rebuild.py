"""Rebuild: fold the whole log again beside a projection's table, compare, and swap.

The table goes on serving and being written meanwhile.  At the end the projection's position is
locked, the shadow is brought level with it, the two are compared, and the shadow takes the name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from send_records.projections.base import Key, Projection, fold
from send_records.projections.tables import Table
from send_records.store.mapper import EventMapper
from send_records.store.recorder import read_log
from send_records.store.sealing import Seals

R = TypeVar("R")

BATCH = 2000


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found."""

    name: str
    events: int
    rows: int
    differences: int
    """Rows that the old table had otherwise, or had not, or should not have had."""


def rebuild(
    owner: Connection,
    projection: Projection[Any],
    seals: Seals,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Rebuilt:
    """Fold a projection from nothing into a shadow table and swap it in.

    ``owner`` is an autocommit connection of the schema's owner.  ``progress`` is told the position
    reached and the one to reach.  Differences are reported and not refused: a projection is
    rebuilt because its meaning changed, or to prove that it did not.
    """
    mapper = EventMapper(seals)
    rows: dict[Key, Any] = {}
    seen = 0
    while seen < (size := _size(owner)):
        seen = _fold_batch(owner, projection, mapper, rows, seen, size)
        progress(seen, size)
    live = Table(projection, seals)
    shadow = Table(projection, seals, f"{projection.name}_rebuilt")
    with owner.transaction():
        at = _lock_position(owner, projection)
        if at < seen:
            rows, seen = {}, 0
        while seen < at:
            seen = _fold_batch(owner, projection, mapper, rows, seen, at)
        _make_shadow(owner, shadow)
        kept = {key: row for key, row in rows.items() if row is not None}
        shadow.copy_in(owner, kept.values())
        found = differences(projection, kept, live.every(owner))
        _swap(owner, live.name, shadow.name)
    return Rebuilt(projection.name, seen, len(kept), len(found))


def differences(
    projection: Projection[R], folded: Mapping[Key, R], stored: Iterable[R]
) -> list[tuple[Key, R | None, R | None]]:
    """Return the rows that a table should have and has not, or has and should not have: for each
    its key, the row as folded (None if there should be none) and as stored (or None)."""
    found: list[tuple[Key, R | None, R | None]] = []
    missing = dict(folded)
    for row in stored:
        key = getattr(row, projection.key)
        right = missing.pop(key, None)
        if right != row:
            found.append((key, right, row))
    return [*found, *((key, right, None) for key, right in missing.items())]


def _size(owner: Connection) -> int:
    row = owner.execute("SELECT size FROM log_head").fetchone()
    return row[0] if row else 0


def _fold_batch(
    owner: Connection,
    projection: Projection[Any],
    mapper: EventMapper,
    rows: dict[Key, Any],
    seen: int,
    until: int,
) -> int:
    batch = read_log(owner, after=seen, limit=min(BATCH, until - seen))
    fold(projection, rows, mapper.read(batch))
    return batch[-1].id


def _lock_position(owner: Connection, projection: Projection[Any]) -> int:
    """Hold the engine off this projection, and return where it is."""
    row = owner.execute(
        "SELECT position FROM projection_positions WHERE name = %s FOR UPDATE", [projection.name]
    ).fetchone()
    return row[0] if row else 0


def _make_shadow(owner: Connection, shadow: Table[Any]) -> None:
    parts = {"shadow": Identifier(shadow.name), "live": Identifier(shadow.projection.name)}
    owner.execute(SQL("DROP TABLE IF EXISTS {shadow}").format(**parts))
    owner.execute(SQL("CREATE TABLE {shadow} (LIKE {live} INCLUDING ALL)").format(**parts))


def _swap(owner: Connection, live: str, shadow: str) -> None:
    """Give the shadow the table's grants, its name and its indexes' names, and drop the old one."""
    grants = owner.execute(
        "SELECT privilege_type, grantee::regrole::text FROM pg_class, aclexplode(relacl) "
        "WHERE oid = %s::regclass AND grantee <> relowner",
        [live],
    ).fetchall()
    for privilege, grantee in grants:
        owner.execute(
            SQL("GRANT {} ON {} TO {}").format(SQL(privilege), Identifier(shadow), SQL(grantee))
        )
    names = _indexes(owner, live)
    owner.execute(SQL("DROP TABLE {}").format(Identifier(live)))
    for columns, index in _indexes(owner, shadow).items():
        renamed = Identifier(names[columns])
        owner.execute(SQL("ALTER INDEX {} RENAME TO {}").format(Identifier(index), renamed))
    owner.execute(SQL("ALTER TABLE {} RENAME TO {}").format(Identifier(shadow), Identifier(live)))


def _indexes(owner: Connection, table: str) -> dict[str, str]:
    """Return the names of a table's indexes, by what they are over."""
    rows = owner.execute(
        "SELECT concat_ws('|', indkey, indisunique, pg_get_expr(indexprs, indrelid)), relname "
        "FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE indrelid = %s::regclass",
        [table],
    ).fetchall()
    return dict(rows)
