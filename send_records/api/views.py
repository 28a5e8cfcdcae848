"""How a view is answered: read after what was just written, and a page at a time."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from fastapi import Response

from send_records.aggregates.values import Value
from send_records.errors import Invalid
from send_records.projections.engine import wait_until_seen
from send_records.projections.moments import Moment
from send_records.projections.pages import Page, Views, as_json

R = TypeVar("R")
K = TypeVar("K", UUID, int)

PATIENCE = 5.0
"""Seconds that an answer waits for a view to show what ``after`` names."""


class Meta(Value):
    """What a list says of itself."""

    next: str | None
    """The cursor of the next page; null on the last."""


class When(Value):
    """A moment, as an answer about the past says it."""

    as_of: date | None
    """What had happened by the end of this day; null for all that was recorded."""
    known_at: datetime | None
    """What had been recorded by this instant."""
    position: int
    """The last position of the log by then: ``known_at=position:...`` asks the same again."""


class MetaThen(Meta, When):
    """What a list of the past says of itself."""


class Listing(Value, Generic[R]):
    """A page of a view."""

    data: list[R]
    meta: Meta


class ListingAtAnyTime(Value, Generic[R]):
    """A page of a view, as it is or as it was."""

    data: list[R]
    meta: Meta | MetaThen


class CursorUnknown(Invalid):
    """A cursor is what ``meta.next`` gave, unchanged."""


def listing(page: Page[Any], moment: Moment | None = None) -> Response:
    """Return a page as the JSON of a list with its cursor and, if it is of the past, of when.

    The rows are JSON already, and are joined, not read and written again; the route's
    ``response_model`` says what they are.
    """
    following = None if page.next is None else cursor_of(page.next)
    return listed([each.json for each in page.opened], following, moment)


def listed(rows: Iterable[bytes], following: str | None, moment: Moment | None = None) -> Response:
    """Return rows of JSON as a list that says how to go on and, if it is of the past, of when."""
    if moment is None:
        return listed_with(rows, {"next": following})
    following = following and at_moments(following, moment)
    return listed_with(rows, {"next": following, **told(moment)})


def listed_with(rows: Iterable[bytes], meta: Mapping[str, Any]) -> Response:
    """Return rows of JSON as a list, with what it says of itself."""
    return json_response(b'{"data":[' + b",".join(rows) + b'],"meta":' + as_json(meta) + b"}")


def json_response(body: bytes) -> Response:
    """Return an answer that is JSON already."""
    return Response(body, media_type="application/json")


def cursor_of(key: UUID | int) -> str:
    """Return a key as an opaque cursor."""
    return base64.urlsafe_b64encode(str(key).encode()).decode().rstrip("=")


def told(moment: Moment) -> dict[str, Any]:
    """Return a moment as an answer says it."""
    return {"as_of": moment.as_of, "known_at": moment.known_at, "position": moment.position}


def at_moments(cursor: str, *moments: Moment) -> str:
    """Return a cursor that goes on at the same moments, and at no others."""
    return ".".join([cursor, *(f"{each.position}.{each.as_of or ''}" for each in moments)])


def pupil_after(cursor: str | None) -> UUID | None:
    """Return the pupil at whom the last page ended."""
    return None if cursor is None else _decoded(cursor, UUID)


def position_after(cursor: str | None) -> int | None:
    """Return the position at which the last page ended."""
    position = None if cursor is None else _decoded(cursor, int)
    if position is not None and not 0 <= position < 2**63:
        raise CursorUnknown("Use the cursor of the last page as it is.")
    return position


def _decoded(cursor: str, kind: type[K]) -> K:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
        key = kind(text)
    except (binascii.Error, ValueError):
        key = None
    if key is None or cursor_of(key) != cursor:
        raise CursorUnknown("Use the cursor of the last page as it is.")
    return key


def wait_for(views: Views, view: str, position: int | None) -> None:
    """Wait until a view shows what was recorded at a position, if one is named."""
    if position is not None and views.moment is None:  # of the past, the log lacks nothing
        wait_until_seen(views.pool, view, position, patience=PATIENCE)
