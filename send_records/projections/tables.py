"""Rows in and out of PostgreSQL: a dataclass is a table, and ``rows.py`` says how it is kept."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterator, Mapping, Sequence
from typing import Any, Generic, LiteralString, TypeVar
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.sql import SQL, Composed, Identifier

from send_records.projections.base import Key, Projection
from send_records.projections.conditions import InOrder, as_sql
from send_records.projections.rows import Rows, Values, tag_of
from send_records.projections.writing import MANY, Writer
from send_records.store.sealing import Seals

R = TypeVar("R")

AT_ONCE = 2000
"""Rows that are in hand at once when all of a table are read."""

WRITTEN: LiteralString = "xidsend(xmin) || substring(sealed FROM 4 FOR 12)"
"""What is new with each write of a row: the transaction that wrote it, its seal's nonce."""
STAMP: LiteralString = "uuid_send({key}) || " + WRITTEN
STAMP_SIZE = 32
"""A row's stamp: its key, a UUID, and what is new with each write of it."""

Stamped = tuple[Key, bytes]
"""A row's key, whatever it is, and what is new with each write of it."""


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

    def stamps(self, connection: Connection, where: Mapping[str, Any]) -> list[bytes]:
        """Return the stamps of all rows that ``where`` names, in no order: each is a row's key, a
        UUID, and what is new with each write of the row.

        The transaction that wrote it alone would do for the whole row; the nonce of its seal is
        there because no two are ever alike, whatever database was restored.
        """
        condition, values = as_sql(where)
        query = self._sql(
            "SELECT string_agg({stamp}, '') FROM {table} WHERE {where}",
            stamp=self._sql(STAMP),
            where=condition,
        )
        with connection.cursor(binary=True) as cursor:
            [(stamps,)] = cursor.execute(query, values, prepare=True).fetchall()
        return [stamps[at : at + STAMP_SIZE] for at in range(0, len(stamps or ()), STAMP_SIZE)]

    def stamped(
        self, connection: Connection, keys: Sequence[Key], where: Mapping[str, Any]
    ) -> Iterator[tuple[bytes, R]]:
        """Yield those rows with these keys that ``where`` names still, with their stamps."""
        condition, values = as_sql(where)
        query = self._sql(
            "SELECT {stamp} AS stamp, {columns} FROM {table} WHERE {key} = ANY(%s) AND {where}",
            stamp=self._sql(STAMP),
            where=condition,
        )
        for start in range(0, len(keys), AT_ONCE):
            some = list(keys[start : start + AT_ONCE])
            found = self._select(connection, query, [some, *values])
            stamps = {row[self.projection.key]: row["stamp"] for row in found}
            for row in self._rows.opened(found):
                yield stamps[getattr(row, self.projection.key)], row

    def in_order(self, connection: Connection, asked: InOrder) -> list[Stamped]:
        """Return the rows that are asked for, by a column and then by key, unread."""
        query, values = self._listing(self._sql("{key}, {written}", written=SQL(WRITTEN)), asked)
        with connection.cursor(binary=True) as cursor:
            return cursor.execute(query, values).fetchall()

    def in_order_opened(
        self, connection: Connection, asked: InOrder, known: Container[Stamped]
    ) -> tuple[list[Stamped], dict[Stamped, R]]:
        """Return what ``in_order`` does, and of the same moment those rows that are not known."""
        what = self._sql("{written} AS written, {columns}", written=SQL(WRITTEN))
        found = self._select(connection, *self._listing(what, asked))
        key = self.projection.key
        listed = {row[key]: (row[key], row["written"]) for row in found}
        fresh = [row for row in found if listed[row[key]] not in known]
        rows = {listed[getattr(row, key)]: row for row in self._rows.opened(fresh)}
        return list(listed.values()), rows

    def _listing(self, what: Composed, asked: InOrder) -> tuple[Composed, list[Any]]:
        condition, values = as_sql(asked.where)
        order = Identifier(asked.order)
        if asked.after is not None:
            condition += self._sql(
                " AND ({order}, {key}) > (SELECT {order}, {key} FROM {table} WHERE {key} = %s)",
                order=order,
            )
            values.append(asked.after)
        query = self._sql(
            "SELECT {what} FROM {table} WHERE {where} ORDER BY {order}, {key} LIMIT %s",
            what=what,
            where=condition,
            order=order,
        )
        return query, [*values, asked.limit]

    def counts(
        self, connection: Connection, columns: Sequence[str], where: Mapping[str, Any]
    ) -> list[tuple[Sequence[Any], int]]:
        """Return the values of some columns, and how many of the rows that ``where`` names have
        them."""
        condition, values = as_sql(where)
        query = self._sql(
            "SELECT {counted}, count(*) FROM {table} WHERE {where} GROUP BY {counted}",
            counted=SQL(", ").join(map(Identifier, columns)),
            where=condition,
        )
        found = connection.execute(query, values, binary=True).fetchall()
        return [(row[:-1], row[-1]) for row in found]

    def every(
        self,
        connection: Connection,
        where: Mapping[str, Any] | None = None,
        damaged: list[tuple[UUID, Key]] | None = None,
    ) -> Iterator[R]:
        """Yield all rows that ``where`` names, in no order, some at a time; as ``Rows.opened``."""
        condition, values = as_sql(where or {})
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

    def save(
        self, connection: Connection, rows: Mapping[Key, R | None], before: Mapping[Key, R | None]
    ) -> None:
        """Write rows that are new or changed, all at once; delete those that are None.  ``before``
        are the rows as they were loaded.  A row whose pupil was erased meanwhile is not written."""
        kept = {key: row for key, row in rows.items() if row is not None}
        new = {key: row for key, row in kept.items() if key not in before}
        if self.projection.row_an_event or len(new) >= MANY:
            self._writer.delete(connection, list(rows.keys() - before.keys()))  # if seen again
            self._writer.copy(connection, self._rows.stored(new.values()))
            kept = {key: row for key, row in kept.items() if key in before}
        self._writer.delete(connection, list(rows.keys() - kept.keys() - new.keys()))
        self._writer.upsert(connection, self._rows.stored(kept.values()))

    def parts(self, folded: Mapping[Key, R | None]) -> list[tuple[Table[Any], dict[Key, Any]]]:
        """Return each table that this is, and what should be in it of what was folded."""
        return [(self, self.projection.shown(folded))]

    def fill(self, connection: Connection, rows: Mapping[Key, R], pupils: Collection[UUID]) -> int:
        """Write all the rows of some pupils to this table, a shadow in which none of them is yet;
        return how many the projection's own has otherwise, or has not, or should not have."""
        before = self._stored(connection, self.projection.name, pupils)
        differing: list[Key] = []
        self._writer.copy(connection, self._rows.compared(rows, before, differing))
        return len(differing)

    def level(self, connection: Connection, rows: Mapping[Key, R], pupils: set[UUID]) -> None:
        """See to it that these are all the rows of some pupils; what is right stays as it is."""
        before = self._stored(connection, self.name, pupils)
        there = dict.fromkeys(before)
        differing: list[Key] = []
        list(self._rows.compared(rows, before, differing))
        self.save(connection, {key: rows.get(key) for key in differing}, there)

    def _stored(
        self, connection: Connection, name: str, pupils: Collection[UUID]
    ) -> dict[Key, Values]:
        """Return the rows of some pupils as a table has them, by key, unread."""
        query = self._sql(
            "SELECT {key}, {columns} FROM {name} WHERE pupil_id = ANY(%s)", name=Identifier(name)
        )
        with connection.cursor(binary=True) as cursor:
            cursor.execute(query, [list(pupils)], prepare=True)
            return {row[0]: row[1:] for row in cursor}

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
