"""Whether a question is about today or about the past: of its two clocks, and of its cursor.

Every route that shows a view can be asked of both by naming ``AtAnyTime`` among its parameters:
the read side that it is given is then the one of that moment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Protocol
from uuid import UUID

from fastapi import Depends, Query

from send_records.api.dependencies import Cursor, Reader, ReadSide
from send_records.api.views import CursorUnknown, at
from send_records.application import SendRecords
from send_records.errors import Erased, SendRecordsError
from send_records.projections.moments import Moment, moment_at
from send_records.projections.pages import Views
from send_records.projections.then import NotOnRecordThen, Then
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


PAST_CURSOR = re.compile(r"([\w-]+)\.(\d{1,18})\.(\d{4}-\d{2}-\d{2})?", re.ASCII)

SAME = "Send as_of and known_at with a cursor as with the first page."


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

    def absence(self, service: SendRecords, pupil_id: UUID) -> SendRecordsError:
        """Return why nothing is shown of a pupil."""
        why = service.absence(pupil_id)
        if self.moment is None or isinstance(why, Erased) or not service.history(pupil_id, limit=1):
            return why
        return NotOnRecordThen("Nothing was on record of this pupil at that moment.")

    def headers_of(self, row: Versioned) -> dict[str, str]:
        """Return the headers of an answer that is one row."""
        moment = self.moment
        if moment is None:
            return {"ETag": f'"{row.version}"'}
        told = {"As-Of": moment.as_of, "Known-At": moment.known_at}
        found = {name: value.isoformat() for name, value in told.items() if value is not None}
        return found | {"Position": str(moment.position)}


async def get_question(
    reader: Reader,
    views: ReadSide,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    cursor: Cursor = None,
) -> Question:
    """Return of when is asked, for somebody who may read; raise CursorUnknown for the cursor of
    another moment's list."""
    if as_of is None and known_at is None:
        if cursor is not None and "." in cursor:
            raise CursorUnknown(SAME)
        return Question(views, cursor)
    return await in_thread(partial(question_then, views, as_of, known_at, cursor))


AtAnyTime = Annotated[Question, Depends(get_question)]


def question_then(
    views: Views, as_of: str | None, known_at: str | None, cursor: str | None
) -> Question:
    """Return a question about the past; where only the day was said, its later pages are of the
    moment of the first."""
    going_on = None if cursor is None else PAST_CURSOR.fullmatch(cursor)
    if cursor is not None and going_on is None:
        raise CursorUnknown(SAME)
    if going_on is not None and known_at is None:
        known_at = f"position:{going_on[2]}"
    with views.pool.connection() as connection:
        moment = moment_at(connection, as_of, known_at)
    place = going_on[1] if going_on else None
    if place is not None and cursor != at(moment, place):
        raise CursorUnknown(SAME)
    return Question(Then.of(views, moment), place)
