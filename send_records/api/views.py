"""How a view is answered: read after what was just written, and a page at a time."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from fastapi import Response

from send_records.aggregates.values import Value
from send_records.errors import Invalid
from send_records.projections.engine import wait_until_seen
from send_records.projections.pages import Page, Views

R = TypeVar("R")
K = TypeVar("K", UUID, int)

PATIENCE = 5.0
"""Seconds that an answer waits for a view to show what ``after`` names."""


class Meta(Value):
    """What a list says of itself."""

    next: str | None
    """The cursor of the next page; null on the last."""


class Listing(Value, Generic[R]):
    """A page of a view."""

    data: list[R]
    meta: Meta


class CursorUnknown(Invalid):
    """A cursor is what ``meta.next`` gave, unchanged."""


def listing(page: Page[Any]) -> Response:
    """Return a page as the JSON of a list with its cursor.

    The rows are JSON already, and are joined, not read and written again; the route's
    ``response_model`` says what they are.
    """
    following = None if page.next is None else cursor_of(page.next)
    return listed([each.json for each in page.opened], following)


def listed(rows: Iterable[bytes], following: str | None) -> Response:
    """Return rows of JSON as a list that says how to go on."""
    meta = orjson.dumps({"next": following})
    return json_response(b'{"data":[' + b",".join(rows) + b'],"meta":' + meta + b"}")


def json_response(body: bytes) -> Response:
    """Return an answer that is JSON already."""
    return Response(body, media_type="application/json")


def cursor_of(key: UUID | int) -> str:
    """Return a key as an opaque cursor."""
    return base64.urlsafe_b64encode(str(key).encode()).decode().rstrip("=")


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
    if position is not None:
        wait_until_seen(views.pool, view, position, patience=PATIENCE)
