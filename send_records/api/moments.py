"""Of when a question is: of today or of the past, by its two clocks; and of which its cursor is.

A route that shows a view can be asked of both by naming ``AtAnyTime`` among its parameters, or
``PagesAtAnyTime`` if it is a list: the read side that it is given is then the one of that moment.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import Depends, Query, Response

from send_records.aggregates.values import day_in_london
from send_records.api.dependencies import Cursor, ReadSide
from send_records.api.views import CursorUnknown, at_moments, listing, told
from send_records.application import SendRecords
from send_records.errors import Erased, Moved, SendRecordsError
from send_records.projections.moments import Moment, MomentUnclear, moment_at
from send_records.projections.pages import Page, Views
from send_records.projections.reading import Record, record_of
from send_records.projections.then import NotOnRecordThen, Then
from send_records.projections.whose import with_pupils
from send_records.store.scopes import WHOLE_TRUST
from send_records.threads import in_thread

AsOf = Annotated[
    str | None,
    Query(
        max_length=40,
        description="What had happened by the end of this day (YYYY-MM-DD).",
    ),
]
KnownAt = Annotated[
    str | None,
    Query(
        max_length=40,
        description="What had been recorded by then: an instant with its offset (RFC 3339), a day "
        "(its end in London), or ``position:`` and a position of the log.",
    ),
]


POSITION = re.compile(r"\d{1,18}", re.ASCII)

SAME = "Send as_of and known_at with a cursor as with the first page."


Clocks = tuple[str | None, str | None]
"""``as_of`` and ``known_at``, as they were said."""


class Versioned(Protocol):
    """A row that says which version of its pupil it shows."""

    @property
    def version(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Question:
    """Of when something is asked: the read side of that moment, and where a list goes on."""

    views: Views
    cursor: str | None

    @property
    def moment(self) -> Moment | None:
        """When, if it is about the past."""
        return self.views.moment

    def day(self, service: SendRecords) -> date:
        """Return the day that is asked about, by which something is overdue: today or, of the
        past, the day of ``as_of`` or else of ``known_at``."""
        moment = self.moment
        if moment is None:
            return service.today()
        known_on = service.today() if moment.known_at is None else day_in_london(moment.known_at)
        return moment.as_of or known_on

    def absence(self, service: SendRecords, pupil_id: UUID) -> SendRecordsError:
        """Return why nothing is shown of a pupil."""
        why = service.absence(pupil_id)
        if self.moment is None or isinstance(why, Erased | Moved):
            return why
        if not service.history(pupil_id, limit=1):
            return why
        return NotOnRecordThen("Nothing was on record of this pupil at that moment.")

    def record(self, service: SendRecords, pupil_id: UUID) -> Record:
        """Return what is on record of a pupil, as it reads; raise what says that nothing is."""
        record = record_of(service.history(pupil_id), self.moment)
        if not record.read:
            raise self.absence(service, pupil_id)
        return record

    def listed(self, page: Page[Any]) -> Response:
        """Return a page with whose each row is, as of that moment."""
        return listing(with_pupils(self.views, page), self.moment)

    def headers_of(self, row: Versioned) -> dict[str, str]:
        """Return the headers of an answer that is one row."""
        moment = self.moment
        if moment is None:
            return {"ETag": f'"{row.version}"'}
        told = {"As-Of": moment.as_of, "Known-At": moment.known_at}
        found = {name: value.isoformat() for name, value in told.items() if value is not None}
        return found | {"Position": str(moment.position)}


async def get_question(views: ReadSide, as_of: AsOf = None, known_at: KnownAt = None) -> Question:
    """Return of when something is asked, for somebody who may read."""
    if as_of is None and known_at is None:
        return Question(views, None)
    [then], _ = await in_thread(partial(resolved, views, [(as_of, known_at)], None))
    return Question(then, None)


async def get_question_by_pages(
    views: ReadSide,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    cursor: Cursor = None,
) -> Question:
    """Return of when a page is asked, for somebody who may read; raise CursorUnknown for the cursor
    of another moment's list."""
    if as_of is None and known_at is None:
        if cursor is not None and "." in cursor:
            raise CursorUnknown(SAME)
        return Question(views, cursor)
    [then], place = await in_thread(partial(resolved, views, [(as_of, known_at)], cursor))
    return Question(then, place)


AtAnyTime = Annotated[Question, Depends(get_question)]
PagesAtAnyTime = Annotated[Question, Depends(get_question_by_pages)]


def resolved(
    views: Views, clocks: Sequence[Clocks], cursor: str | None
) -> tuple[list[Then], str | None]:
    """Return the read side at each of some moments, and where their list goes on.

    Where it was not said what was known, later pages are of the moment of the first, as the cursor
    has it; raise CursorUnknown for the cursor of other moments.
    """
    place, positions = _taken_apart(cursor, len(clocks))
    with views.within(WHOLE_TRUST).connection() as connection:  # positions alone are read
        moments = [
            moment_at(connection, as_of, at if known_at is None else known_at)
            for (as_of, known_at), at in zip(clocks, positions, strict=True)
        ]
    if place is not None and cursor != at_moments(place, *moments):
        raise CursorUnknown(SAME)
    return [Then.of(views, moment) for moment in moments], place


def _taken_apart(cursor: str | None, moments: int) -> tuple[str | None, Sequence[str | None]]:
    """Return where a cursor goes on, and the position of each of its moments."""
    if cursor is None:
        return None, [None] * moments
    place, *rest = cursor.split(".")
    if len(rest) != 2 * moments or not all(POSITION.fullmatch(at) for at in rest[::2]):
        raise CursorUnknown(SAME)
    return place, [f"position:{at}" for at in rest[::2]]


@dataclass(frozen=True, slots=True)
class Between:
    """Two moments that are compared, and where the list goes on."""

    before: Then
    after: Then
    cursor: str | None

    def told(self) -> dict[str, Any]:
        """Return the two moments as an answer says them."""
        return {"from": told(self.before.moment), "to": told(self.after.moment)}

    def cursor_of(self, place: str) -> str:
        """Return a cursor that goes on between the same moments."""
        return at_moments(place, self.before.moment, self.after.moment)

    def absence(self, service: SendRecords, pupil_id: UUID) -> SendRecordsError:
        """Return why nothing is shown of a pupil."""
        return Question(self.after, None).absence(service, pupil_id)


async def get_between(
    views: ReadSide,
    from_as_of: AsOf = None,
    from_known_at: KnownAt = None,
    to_as_of: AsOf = None,
    to_known_at: KnownAt = None,
) -> Between:
    """Return between which moments is asked, for somebody who may read; without a second one, up
    to what is known now."""
    clocks = [(from_as_of, from_known_at), (to_as_of, to_known_at)]
    return await in_thread(partial(_between, views, clocks, None))


async def get_between_by_pages(
    views: ReadSide,
    from_as_of: AsOf = None,
    from_known_at: KnownAt = None,
    to_as_of: AsOf = None,
    to_known_at: KnownAt = None,
    cursor: Cursor = None,
) -> Between:
    """Do as ``get_between`` does, for a page."""
    clocks = [(from_as_of, from_known_at), (to_as_of, to_known_at)]
    return await in_thread(partial(_between, views, clocks, cursor))


def _between(views: Views, clocks: Sequence[Clocks], cursor: str | None) -> Between:
    if clocks[0] == (None, None):
        raise MomentUnclear("Say from when: from_as_of, from_known_at, or both.")
    [before, after], place = resolved(views, clocks, cursor)
    return Between(before, after, place)


BetweenMoments = Annotated[Between, Depends(get_between)]
PagesBetweenMoments = Annotated[Between, Depends(get_between_by_pages)]
