"""Rows in and out of PostgreSQL: a dataclass is a table, and ``rows.py`` says how it is kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composable, Composed, Identifier

from send_records.projections.base import Key, Projection
from send_records.projections.rows import Rows, tag_of
from send_records.projections.writing import Writer
from send_records.store.connections import Pool
from send_records.store.sealing import Seals

R = TypeVar("R")

AT_ONCE = 2000
"""Rows that are in hand at once when all of a table are read."""


@dataclass(frozen=True, slots=True)
class Views:
    """The read side, as whoever asks it needs it: connections, and what opens the words."""

    pool: Pool
    seals: Seals


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Some rows, and the key after which the next page starts, if there is one."""

    rows: list[R]
    next: Key | None


class Table(Generic[R]):
    """The table of one projection, or a shadow of it under another name."""

    def __init__(self, projection: Projection[R], seals: Seals, name: str | None = None) -> None:
        self.projection = projection
        self.name = name or projection.name
        self._seals = seals
        self._rows = Rows(projection, seals)
        self._writer = Writer(self.name, projection.key, self._rows.columns)

    def _sql(self, template: str, **parts: Any) -> Composed:
        return SQL(template).format(
            table=Identifier(self.name),
            key=Identifier(self.projection.key),
            columns=SQL(", ").join(map(Identifier, self._rows.columns)),
            **parts,
        )

    # Reading

    def load(self, connection: Connection, keys: Collection[Key]) -> dict[Key, R | None]:
        """Return the rows with these keys, by key."""
        query = self._sql("SELECT {columns} FROM {table} WHERE {key} = ANY(%s)")
        rows = self._rows.opened(self._select(connection, query, [list(keys)]))
        return {getattr(row, self.projection.key): row for row in rows}

    def page(
        self,
        connection: Connection,
        *,
        where: Mapping[str, Any],
        order: str,
        after: Key | None,
        limit: int,
    ) -> Page[R]:
        """Return a page of rows: those whose columns equal, or are among, the values of ``where``.

        ``order`` is a column, or an expression of ours; the key settles ties.  ``after`` is the
        key of the last row of the page before, so that no name travels in a cursor.
        """
        condition, values = _condition(where)
        sort = SQL(order)
        if after is not None:
            condition += self._sql(
                " AND ({sort}, {key}) > (SELECT {sort}, {key} FROM {table} WHERE {key} = %s)",
                sort=sort,
            )
            values.append(after)
        query = self._sql(
            "SELECT {columns} FROM {table} WHERE {where} ORDER BY {sort}, {key} LIMIT %s",
            where=condition,
            sort=sort,
        )
        found = self._select(connection, query, [*values, limit + 1])
        shown = found[:limit]
        following = shown[-1][self.projection.key] if len(found) > limit else None
        return Page(list(self._rows.opened(shown)), following)

    def page_by(
        self,
        connection: Connection,
        *,
        where: Mapping[str, Any],
        order: Callable[[R], str],
        after: Key | None,
        limit: int,
    ) -> Page[R]:
        """Return a page of rows in an order that only their sealed words give: all that ``where``
        names are opened, and sorted here."""

        def place(row: R) -> tuple[str, Key]:
            return order(row), getattr(row, self.projection.key)

        rows = sorted(self.every(connection, where), key=place)
        if after is not None:
            last = self.load(connection, [after]).get(after)
            rows = [row for row in rows if last is not None and place(row) > place(last)]
        shown = rows[:limit]
        return Page(shown, place(shown[-1])[1] if len(rows) > limit else None)

    def every(
        self,
        connection: Connection,
        where: Mapping[str, Any] | None = None,
        damaged: list[tuple[UUID, Key]] | None = None,
    ) -> Iterator[R]:
        """Yield all rows that ``where`` names, in no order, some at a time; as ``Rows.opened``."""
        condition, values = _condition(where or {})
        query = self._sql("SELECT {columns} FROM {table} WHERE {where}", where=condition)
        with (
            connection.transaction(),
            connection.cursor("every_row", row_factory=dict_row) as cursor,
        ):
            cursor.execute(query, values, binary=True)
            while found := cursor.fetchmany(AT_ONCE):
                yield from self._rows.opened(found, damaged)

    def _select(
        self, connection: Connection, query: Composed, values: Sequence[Any]
    ) -> list[dict[str, Any]]:
        with connection.cursor(row_factory=dict_row, binary=True) as cursor:
            return cursor.execute(query, values).fetchall()

    # Writing

    def save(self, connection: Connection, rows: Mapping[Key, R | None]) -> None:
        """Write rows that are new or changed, all at once; delete those that are None.  A row whose
        pupil was erased meanwhile is not written."""
        kept = self._rows.stored(row for row in rows.values() if row is not None)
        if self.projection.row_an_event:
            self._writer.delete(connection, list(rows))  # none is there, unless they are seen again
            self._writer.copy(connection, kept)
        else:
            self._writer.delete(connection, [key for key, row in rows.items() if row is None])
            self._writer.upsert(connection, kept)

    def fill(self, connection: Connection, rows: Mapping[Key, R], pupils: Collection[UUID]) -> int:
        """Write all the rows of some pupils to this table, a shadow in which none of them is yet;
        return how many the projection's own has otherwise, or has not, or should not have."""
        query = self._sql(
            "SELECT {key}, {columns} FROM {live} WHERE pupil_id = ANY(%s)",
            live=Identifier(self.projection.name),
        )
        with connection.cursor(binary=True) as cursor:
            found = cursor.execute(query, [list(pupils)], prepare=True)
            before = {row[0]: row[1:] for row in found}
        differing: list[Key] = []
        self._writer.copy(connection, self._rows.compared(rows, before, differing))
        return len(differing)

    def forget(self, connection: Connection, pupils: Collection[UUID]) -> None:
        """Delete every row of some pupils."""
        if pupils:
            query = self._sql("DELETE FROM {table} WHERE pupil_id = ANY(%s)")
            connection.execute(query, [list(pupils)])

    def retag(self, connection: Connection) -> None:
        """Write the tags of every row anew, under the index key of now; within a transaction that
        keeps the engine off the table."""
        for name, column in self._rows.tags.items():
            query = self._sql(
                "UPDATE {table} SET {column} = %s WHERE {key} = %s", column=Identifier(column)
            )
            index = self._seals.index()
            tagged = [
                (tag_of(index, getattr(row, name)), getattr(row, self.projection.key))
                for row in self.every(connection)
            ]
            with connection.cursor() as cursor:
                cursor.executemany(query, tagged)

    def mistagged(self, connection: Connection, pupils: Collection[UUID]) -> list[UUID]:
        """Return which of some pupils stand under a tag that is not their value's."""
        index = self._seals.index() if self._rows.tags else None
        found = []
        for name, column in self._rows.tags.items():
            query = self._sql(
                "SELECT {key}, {column} FROM {table} WHERE {key} = ANY(%s)",
                column=Identifier(column),
            )
            tags: dict[UUID, bytes | None] = dict(
                connection.execute(query, [list(pupils)], binary=True).fetchall()
            )
            for key, row in self.load(connection, pupils).items():
                value = getattr(row, name)
                right = index.tags(value) if index and value is not None else [None]
                found += [key] if tags[key] not in right else []
        return found


def _condition(where: Mapping[str, Any]) -> tuple[Composed, list[Any]]:
    conditions: list[Composable] = [SQL("true")]
    values: list[Any] = []
    for column, value in where.items():
        test = "{} = ANY(%s)" if isinstance(value, list) else "{} IS NOT DISTINCT FROM %s"
        conditions.append(SQL(test).format(Identifier(column)))
        values.append(value)
    return SQL(" AND ").join(conditions), values
