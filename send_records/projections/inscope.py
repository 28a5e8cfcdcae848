"""The read side in a scope: what it reads from the database, it reads of some pupils only; and of
what it reads it shows some rows only, by what they have in their columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from functools import cached_property
from typing import Any, TypeVar

from psycopg import Connection

from send_records.projections.base import Key, Projection
from send_records.projections.conditions import Condition
from send_records.projections.tables import Table
from send_records.store.connections import Pool
from send_records.store.scopes import Scope, within
from send_records.store.sealing import Seals

R = TypeVar("R")
S = TypeVar("S", bound="InScope")

IN_HAND = ("opened", "listed", "past", "_tables")
"""What the read side keeps, whoever asks: rows by their stamps, which say whose they are."""


Lets = Mapping[str, Mapping[str, frozenset[object]]]
"""By projection and column, the values that a row must have one of in order to be shown."""


class InScope:
    """What has connections, and a scope to use them in."""

    pool: Pool
    seals: Seals
    ruled: Sequence[Projection[Any]]
    scope: Scope | None
    lets: Lets

    def within(self: S, scope: Scope, lets: Lets | None = None) -> S:
        """Return the read side in a scope, with what is in hand here in hand there: which rows
        there are is asked of the database each time; and, if it is said, of some rows only."""
        read_side: Any = self
        narrowed: S = replace(read_side, scope=scope, lets=self.lets if lets is None else lets)
        for name in IN_HAND:
            vars(narrowed)[name] = getattr(self, name)
        return narrowed

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """A connection for one unit of work, in the scope."""
        with self.pool.connection() as connection:
            if self.scope is None:
                yield connection
            else:
                with within(connection, self.scope):
                    yield connection

    def table(self, projection: type[Projection[R]]) -> Table[R]:
        """Return the table of a projection."""
        found: Table[R] | None = self._tables.get(projection)
        made = found or Table(self.made(projection), self.seals)
        return self._tables.setdefault(projection, made)

    def made(self, projection: type[Projection[R]]) -> Projection[R]:
        """Return a projection, by the rules that the trust has set for it, if it has."""
        return next((each for each in self.ruled if type(each) is projection), projection())

    @cached_property
    def _tables(self) -> dict[type[Projection[Any]], Table[Any]]:
        return {}

    def has(self, projection: type[Projection[Any]], key: Key) -> bool:
        """Whether a row is there, and shown."""
        with self.connection() as connection:
            found = self.table(projection).load(connection, [key])
        return any(self.shows(projection, row) for row in found.values())

    def shows(self, projection: type[Projection[Any]], row: object) -> bool:
        """Whether a row is shown."""
        rule = self.lets.get(projection.name, {})
        return all(getattr(row, column) in values for column, values in rule.items())

    def narrowed(
        self, projection: type[Projection[Any]], where: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """Return what is asked of rows together with what they must have in clear to be shown; what
        is sealed, ``shows`` looks at."""
        rule = self.lets.get(projection.name)
        if rule is None:
            return where
        sealed = {each.name for each in fields(projection.row) if each.metadata.get("sealed")}
        asked = dict(where)
        for column in rule.keys() - sealed:
            wanted = where.get(column, list(rule[column]))
            if isinstance(wanted, Condition):
                raise TypeError("What is shown by a column can be asked by value alone.")
            several = wanted if isinstance(wanted, list) else [wanted]
            asked[column] = [value for value in several if value in rule[column]]
        return asked
