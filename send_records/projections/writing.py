"""Writing rows to PostgreSQL, many at a time: as one statement, or by COPY in binary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import orjson
from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier

from send_records.projections.base import Key
from send_records.projections.rows import Values

MANY = 20
"""New rows that are better copied; fewer are upserted, in one round trip."""


class Writer:
    """Writes the rows of one table."""

    def __init__(self, table: str, key: str, columns: Sequence[str]) -> None:
        self._table = table
        self._key = key
        self._columns = columns
        self._oids: list[int] = []
        self._upserting = self._sql(
            "INSERT INTO {table} ({columns}) "
            "SELECT {columns} FROM json_populate_recordset(NULL::{table}, %s) "
            "ON CONFLICT ({key}) DO UPDATE SET ({columns}) = ROW({new})",
            new=SQL(", ").join(SQL("excluded.{}").format(Identifier(name)) for name in columns),
        )
        self._copying = self._sql("COPY {table} ({columns}) FROM STDIN (FORMAT BINARY)")
        self._deleting = self._sql("DELETE FROM {table} WHERE {key} = ANY(%s)")

    def _sql(self, template: str, **parts: Composed) -> Composed:
        return SQL(template).format(
            table=Identifier(self._table),
            key=Identifier(self._key),
            columns=SQL(", ").join(map(Identifier, self._columns)),
            **parts,
        )

    def upsert(self, connection: Connection, rows: Iterable[Values]) -> None:
        """Write rows, be they new or changed, as one value of JSON.

        A row of the register cost 33 us as a statement of its own, on both sides together, and 26
        this way.  COPY into a temporary table took 19, which the projector may not make; to delete
        and COPY, 21, which leaves five times as much behind: an update of columns that no index is
        over is written beside the old row, and that is tidied up without a vacuum.
        """
        records = [dict(zip(self._columns, row, strict=True)) for row in rows]
        if records:
            as_json = orjson.dumps(records, default=_hex).decode()
            connection.execute(self._upserting, [as_json], prepare=True)

    def copy(self, connection: Connection, rows: Iterable[Values]) -> None:
        """Write rows of which none is there."""
        types = self._types(connection)
        with connection.cursor() as cursor, cursor.copy(self._copying) as sink:
            sink.set_types(types)
            for row in rows:
                sink.write_row(row)

    def _types(self, connection: Connection) -> list[int]:
        """Return the types of the columns, by OID; asked for once."""
        if not self._oids:
            rows = connection.execute(
                "SELECT attname, atttypid::integer FROM pg_attribute "
                "WHERE attrelid = quote_ident(%s)::regclass",
                [self._table],
            )
            oids: dict[str, int] = dict(rows.fetchall())
            self._oids = [oids[column] for column in self._columns]
        return self._oids

    def delete(self, connection: Connection, keys: Sequence[Key]) -> None:
        """Delete the rows with these keys."""
        if keys:
            connection.execute(self._deleting, [keys], prepare=True)


def _hex(value: bytes) -> str:
    """Return bytes as PostgreSQL reads them in JSON: orjson asks for what it has no form for."""
    return "\\x" + value.hex()
