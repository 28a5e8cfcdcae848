"""Rows in and out of PostgreSQL: a dataclass is a table, its fields the columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Generic, TypeVar, cast

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.sql import SQL, Composable, Composed, Identifier
from psycopg.types.json import Jsonb

from send_records.projections.base import Key, Projection

R = TypeVar("R")

JSON = {"json": True}
"""The ``metadata`` of a dataclass field whose column is jsonb."""


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Some rows, and the key after which the next page starts, if there is one."""

    rows: list[R]
    next: Key | None


class Table(Generic[R]):
    """The table of one projection, or a shadow of it under another name."""

    def __init__(self, projection: Projection[R], name: str | None = None) -> None:
        self.projection = projection
        self.name = name or projection.name

    @cached_property
    def columns(self) -> list[str]:
        return [field.name for field in fields(cast(Any, self.projection.row))]

    @cached_property
    def _json(self) -> set[str]:
        row = cast(Any, self.projection.row)
        return {field.name for field in fields(row) if field.metadata.get("json")}

    def _sql(self, template: str, **parts: Any) -> Composed:
        return SQL(template).format(
            table=Identifier(self.name),
            key=Identifier(self.projection.key),
            columns=SQL(", ").join(map(Identifier, self.columns)),
            **parts,
        )

    def load(self, connection: Connection, keys: Collection[Key]) -> dict[Key, R | None]:
        """Return the rows with these keys, by key."""
        query = self._sql("SELECT {columns} FROM {table} WHERE {key} = ANY(%s)")
        with connection.cursor(row_factory=class_row(self.projection.row)) as cursor:
            rows = cursor.execute(query, [list(keys)])
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
        conditions: list[Composable] = [SQL("true")]
        values: list[Any] = []
        for column, value in where.items():
            test = "{} = ANY(%s)" if isinstance(value, list) else "{} IS NOT DISTINCT FROM %s"
            conditions.append(SQL(test).format(Identifier(column)))
            values.append(value)
        sort = SQL(order)
        if after is not None:
            conditions.append(
                self._sql(
                    "({sort}, {key}) > (SELECT {sort}, {key} FROM {table} WHERE {key} = %s)",
                    sort=sort,
                )
            )
            values.append(after)
        query = self._sql(
            "SELECT {columns} FROM {table} WHERE {where} ORDER BY {sort}, {key} LIMIT %s",
            where=SQL(" AND ").join(conditions),
            sort=sort,
        )
        with connection.cursor(row_factory=class_row(self.projection.row)) as cursor:
            rows = cursor.execute(query, [*values, limit + 1]).fetchall()
        more = len(rows) > limit
        rows = rows[:limit]
        return Page(rows, getattr(rows[-1], self.projection.key) if more else None)

    def save(self, connection: Connection, rows: Mapping[Key, R | None]) -> None:
        """Write rows that are new or changed; delete those that are None."""
        kept = [self._values(row) for row in rows.values() if row is not None]
        gone = [key for key, row in rows.items() if row is None]
        with connection.cursor() as cursor:
            if kept:
                cursor.executemany(self._upsert, kept)
            if gone:
                cursor.execute(self._sql("DELETE FROM {table} WHERE {key} = ANY(%s)"), [gone])

    @cached_property
    def _upsert(self) -> Composed:
        return self._sql(
            "INSERT INTO {table} ({columns}) VALUES ({values}) "
            "ON CONFLICT ({key}) DO UPDATE SET {changes}",
            values=SQL(", ").join(SQL("%s") for _ in self.columns),
            changes=SQL(", ").join(
                SQL("{0} = excluded.{0}").format(Identifier(column)) for column in self.columns
            ),
        )

    def copy_in(self, connection: Connection, rows: Iterable[R]) -> None:
        """Fill an empty table."""
        copy = self._sql("COPY {table} ({columns}) FROM STDIN")
        with connection.cursor() as cursor, cursor.copy(copy) as sink:
            for row in rows:
                sink.write_row(self._values(row))

    def _values(self, row: R) -> list[Any]:
        values = [getattr(row, column) for column in self.columns]
        return [
            Jsonb(value) if column in self._json else value
            for column, value in zip(self.columns, values, strict=True)
        ]
