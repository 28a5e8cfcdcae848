"""The read side as it is asked: rows in order, a page at a time, each as JSON already.

Names and some days are sealed, so a view that is ordered by them is opened and sorted here.  What
was opened, of it or of a page by a column, is kept in hand under the row's stamp, which is new with
each write: so each question reads from the database which rows there are now, and opens those that
are new to it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from operator import attrgetter
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson

from send_records.errors import Invalid
from send_records.projections.base import Key, Projection
from send_records.projections.conditions import InOrder
from send_records.projections.inscope import InScope, Lets
from send_records.projections.moments import Moment
from send_records.projections.tables import Stamped
from send_records.store.connections import Pool
from send_records.store.inhand import InHand
from send_records.store.scopes import Scope
from send_records.store.sealing import Seals

R = TypeVar("R")

MOST = 20_000
"""Opened rows that are kept in hand: some 50 MB."""

MOST_LISTED = 10_000
"""Rows of lists by a column that are kept in hand: 50 pages."""

Asked = tuple[str, int, date | None, Scope | None]
"""All rows of a projection in a scope, by its name, at a position, as of a day."""

MOMENTS = 4
"""Questions about the past whose rows are kept in hand: of a trust of 5,000 pupils, 15 MB each."""


class PlaceGone(Invalid):
    """The row at which the last page ended is no longer there, so nobody knows what follows it:
    begin again with the first page."""


@dataclass(frozen=True, slots=True)
class Opened(Generic[R]):
    """A row with its words, and as JSON; ``place`` is where it stands among others."""

    row: R
    key: Key
    place: str
    json: bytes


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """Some rows, and the key after which the next page starts, if there is one."""

    opened: Sequence[Opened[R]]
    next: Key | None = None

    @property
    def rows(self) -> list[R]:
        """The rows themselves."""
        return [each.row for each in self.opened]


@dataclass(frozen=True)
class Views(InScope):
    """The read side, as whoever asks it needs it: connections, and what opens the words."""

    pool: Pool
    seals: Seals
    ruled: Sequence[Projection[Any]] = ()
    """The projections by the rules that the trust has set."""

    moment: Moment | None = None
    """Of the past, when; None for today."""

    scope: Scope | None = None
    """Of whom rows are shown; None for what is set on the connections themselves, of which the
    application's show nobody."""

    lets: Lets = field(default_factory=dict)
    """Which rows are shown, where not all are."""

    @cached_property
    def opened(self) -> InHand[bytes, Opened[Any]]:
        """The rows that are in hand, by their stamps."""
        return InHand(self.seals.keyring, most=MOST)

    @cached_property
    def listed(self) -> InHand[Stamped, Opened[Any]]:
        """The rows in hand of the lists by a column: theirs are not opened in another order."""
        return InHand(self.seals.keyring, most=MOST_LISTED)

    @cached_property
    def past(self) -> InHand[Asked, list[Any]]:
        """The rows of the last few questions about the past of all pupils."""
        return InHand(self.seals.keyring, most=MOMENTS)

    def every(
        self,
        projection: type[Projection[R]],
        order: Callable[[R], str],
        where: Mapping[str, Any],
    ) -> list[Opened[R]]:
        """Return all rows that ``where`` names, by what their words give, then by key: which must
        be the pupil's id.  A table is always listed in the same order."""
        table, since = self.table(projection), self.opened.now()
        where = self.narrowed(projection, where)
        with self.connection() as connection:
            stamps = table.stamps(connection, where)
            found = self.opened.among(stamps)
            missing = [UUID(bytes=stamp[:16]) for stamp in stamps if stamp not in found]
            if missing:
                fresh = {
                    stamp: opened(row, table.projection.key, order(row))
                    for stamp, row in table.stamped(connection, missing, where)
                }
                self.opened.keep_all(fresh, since)
                found |= fresh
        shown = (each for each in found.values() if self.shows(projection, each.row))
        return sorted(shown, key=attrgetter("place"))

    def in_order(
        self,
        projection: type[Projection[Any]],
        order: str,
        where: Mapping[str, Any],
        after: Key | None,
        limit: int,
    ) -> list[Opened[Any]]:
        """Return some rows that ``where`` names, by a column that is in clear, then by key, from
        after a row on; raise PlaceGone if there is no such row."""
        table, since = self.table(projection), self.listed.now()
        asked = InOrder(where, order, after, limit)
        with self.connection() as connection:
            listed = table.in_order(connection, asked)
            found = self.listed.among(listed)
            if len(found) < len(listed):
                listed, rows = table.in_order_opened(connection, asked, found)
                fresh = {at: opened(row, table.projection.key, "") for at, row in rows.items()}
                self.listed.keep_all(fresh, since)
                found |= fresh
            shown = [found[stamped] for stamped in listed if stamped in found]
            if not shown and after is not None and not table.load(connection, [after]):
                raise PlaceGone("The list has changed: begin again with its first page.")
        return shown

    def counts(
        self, projection: type[Projection[R]], columns: Sequence[str], where: Mapping[str, Any]
    ) -> list[tuple[Sequence[Any], int]]:
        """Return how many of the rows that ``where`` names have the same values of some columns
        that are in clear: each time the values, and how many; the same values perhaps twice."""
        with self.connection() as connection:
            return self.table(projection).counts(connection, columns, where)


def all_by(
    views: Views,
    projection: type[Projection[R]],
    order: Callable[[R], str],
    where: Mapping[str, Any],
) -> list[Opened[R]]:
    """Return all rows that ``where`` names, as ``Views.every`` does."""
    return views.every(projection, order, where)


def page_by(
    views: Views,
    projection: type[Projection[R]],
    order: Callable[[R], str],
    where: Mapping[str, Any],
    *,
    after: UUID | None,
    limit: int,
) -> Page[R]:
    """Return a page of what ``all_by`` returns.

    ``after`` is the key of the last row of the page before, so that no name travels in a cursor;
    the page starts where that row stands now, be it no longer among these.  Raise PlaceGone if
    there is no such row.
    """
    rows = all_by(views, projection, order, where)
    if after is not None and not any(each.key == after for each in rows):
        elsewhere = all_by(views, projection, order, {projection.key: after})
        return page_of(rows, after, limit, elsewhere)
    return page_of(rows, after, limit)


def page_of(
    rows: list[Opened[R]], after: Key | None, limit: int, elsewhere: Sequence[Opened[R]] = ()
) -> Page[R]:
    """Return a page of rows that are in order, from after a row on, be it no longer among them but
    elsewhere; raise PlaceGone if there is no such row."""
    if after is not None:
        last = next((each for each in (*rows, *elsewhere) if each.key == after), None)
        if last is None:
            raise PlaceGone("The list has changed: begin again with its first page.")
        rows = rows[bisect_right(rows, last.place, key=attrgetter("place")) :]
    return _cut(rows, limit)


def page_in_order(
    views: Views,
    projection: type[Projection[Any]],
    order: str,
    where: Mapping[str, Any],
    *,
    after: Key | None,
    limit: int,
) -> Page[Any]:
    """Return a page of the rows that ``where`` names, by a column that is in clear, then by key;
    ``after`` and PlaceGone as for ``page_by``."""
    if views.lets.get(projection.name) and after is not None and not views.has(projection, after):
        raise PlaceGone("The list has changed: begin again with its first page.")
    where, rows, last = views.narrowed(projection, where), list[Opened[Any]](), after
    while len(rows) <= limit:
        found = views.in_order(projection, order, where, last, limit + 1)
        rows += [each for each in found if views.shows(projection, each.row)]
        if len(found) <= limit:
            break
        last = found[-1].key
    return _cut(rows, limit)


def _cut(rows: list[Opened[R]], limit: int) -> Page[R]:
    shown = rows[:limit]
    return Page(shown, shown[-1].key if len(rows) > limit else None)


def opened(row: R, key: str, order: str) -> Opened[R]:
    """Return a row as it is shown, given which of its fields is its key."""
    value = getattr(row, key)
    return Opened(row, value, f"{order}\0{value}", as_json(row))


def as_json(row: object) -> bytes:
    """Return a row, a dataclass, as the JSON that its type has in the API's description."""
    return orjson.dumps(row, option=orjson.OPT_UTC_Z)
