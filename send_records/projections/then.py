"""The read side as it was at a moment: asked as it is today, answered from the log."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, TypeVar

from send_records.errors import NotFound, NotReadyYet
from send_records.projections.base import Key, Projection
from send_records.projections.conditions import Condition, OfAcademy
from send_records.projections.moments import Moment
from send_records.projections.pages import Asked, Opened, PlaceGone, Views, opened
from send_records.projections.past import Progress, rows_of, rows_of_all
from send_records.projections.send_register import SendRegister
from send_records.store.inhand import InHand
from send_records.store.recorder import erased_among

R = TypeVar("R")

WAITING = threading.BoundedSemaphore(4)
"""Who may ask of all pupils at once: the others are told to come again, and threads are left for
what is asked of today."""
FOLDING = threading.BoundedSemaphore(1)
"""Of those, one folds; the next finds its rows in hand, if it asked the same."""


class PastIsBusy(NotReadyYet):
    """As many questions about the past of all pupils are being answered as can be at once."""


class NotOnRecordThen(NotFound):
    """The pupil has a record, of which nothing was there at that moment."""


@dataclass(frozen=True)
class Then(Views):
    """The read side at a moment, whose rows are folded from the log."""

    moment: Moment = field(kw_only=True)
    in_hand: InHand[Asked, list[Any]] = field(kw_only=True)
    progress: Progress = field(kw_only=True, default=lambda done, total: None)

    @classmethod
    def of(cls, views: Views, moment: Moment, **more: Any) -> Then:
        """Return the read side as it was; what is in hand stays so, for the next question."""
        pool, seals, ruled = views.pool, views.seals, views.ruled
        more |= {"scope": views.scope, "lets": views.lets}
        return cls(pool, seals, ruled, moment=moment, in_hand=views.past, **more)

    def every(
        self,
        projection: type[Projection[R]],
        order: Callable[[R], str],
        where: Mapping[str, Any],
    ) -> list[Opened[R]]:
        """Return rows as ``Views.every`` does, as they were."""
        found = self.rows(projection, where)
        shown = [opened(row, projection.key, order(row)) for row in found]
        return sorted(shown, key=attrgetter("place"))

    def in_order(
        self,
        projection: type[Projection[Any]],
        order: str,
        where: Mapping[str, Any],
        after: Key | None,
        limit: int,
    ) -> list[Opened[Any]]:
        """Return rows as ``Views.in_order`` does, as they were."""

        def place(row: Any) -> tuple[Any, ...]:
            value = getattr(row, order)
            return value is None, value, getattr(row, projection.key)

        found = sorted(self.rows(projection, where), key=place)
        if after is not None:
            keys = [getattr(row, projection.key) for row in found]
            if after not in keys:
                raise PlaceGone("Begin again with the first page.")
            found = found[keys.index(after) + 1 :]
        return [opened(row, projection.key, "") for row in found[:limit]]

    def has(self, projection: type[Projection[Any]], key: Key) -> bool:
        """Leave it to ``in_order``, which has all rows in hand."""
        return True

    def counts(
        self, projection: type[Projection[R]], columns: Sequence[str], where: Mapping[str, Any]
    ) -> list[tuple[Sequence[Any], int]]:
        """Return values as ``Views.counts`` does, as they were: one row's each time."""
        return [
            ([getattr(row, column) for column in columns], 1)
            for row in self.rows(projection, where)
        ]

    def rows(self, projection: type[Projection[Any]], where: Mapping[str, Any]) -> list[Any]:
        """Return the rows that ``where`` names, in no order: from what is in hand, or else of some
        pupils from their streams alone, of all from the whole log."""
        asked, made = where.get("pupil_id"), self.made(projection)
        if asked is None:
            found = self._all(made)
        elif (kept := self.in_hand.get(self._key(made))) is not None:
            found = kept
        else:
            pupils = asked if isinstance(asked, list) else [asked]
            with self.connection() as connection:
                found = rows_of(connection, self.seals, made, self.moment, pupils)
        named = {name: wanted for name, wanted in where.items() if not _of_academy(wanted)}
        found = [row for row in found if _is_named(row, named)]
        for academy in filter(_of_academy, where.values()):
            of_whom = {} if asked is None else {"pupil_id": asked}
            register = self.rows(SendRegister, {"academy": str(academy), **of_whom})
            there = {row.pupil_id for row in register}
            found = [row for row in found if row.pupil_id in there]
        with self.connection() as connection:  # what is in hand may be of somebody erased since
            gone = erased_among(connection, {row.pupil_id for row in found})
        left = (row for row in found if row.pupil_id not in gone)
        return [row for row in left if self.shows(projection, row)]

    def _key(self, projection: Projection[Any]) -> Asked:
        return projection.name, self.moment.position, self.moment.as_of, self.scope

    def _all(self, projection: Projection[Any]) -> list[Any]:
        since = self.in_hand.now()
        key = self._key(projection)
        if (kept := self.in_hand.get(key)) is not None:
            return kept
        with _in_turn():
            if (kept := self.in_hand.get(key)) is not None:
                return kept
            with self.connection() as connection:
                found = rows_of_all(connection, self.seals, projection, self.moment, self.progress)
            self.in_hand.keep(key, found, since)
            return found


@contextmanager
def _in_turn() -> Iterator[None]:
    """Wait until nobody else folds the whole log; raise PastIsBusy if too many wait already."""
    if not WAITING.acquire(blocking=False):
        raise PastIsBusy("Others are asking about the past: ask again in a moment.")
    try:
        with FOLDING:
            yield
    finally:
        WAITING.release()


def _of_academy(wanted: object) -> bool:
    """Whether it is where the row's pupil was that is asked, which the register says."""
    return isinstance(wanted, OfAcademy)


def _is_named(row: object, where: Mapping[str, Any]) -> bool:
    """Whether a row is one that ``where`` names, as ``Table`` would say it in SQL."""
    for column, wanted in where.items():
        if isinstance(wanted, Condition):
            if not wanted.holds(row):
                return False
            continue
        value = getattr(row, column)
        if not (value in wanted if isinstance(wanted, list) else value == wanted):
            return False
    return True
