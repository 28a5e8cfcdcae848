"""The feed: every event of every pupil of the trust, in the one order."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from send_records.api.accounting import FeedOfAllAccess
from send_records.api.dependencies import Cursor, Limit, Records
from send_records.api.entries import Feed, feed_of, heading
from send_records.api.recording import router_for
from send_records.api.views import position_after
from send_records.threads import threaded

router = router_for("events")


@router.get("/events", operation_id="get_events")
@threaded
def get_events(
    service: Records,
    access: FeedOfAllAccess,
    after: Annotated[int, Query(ge=0, le=2**53, description="The last position seen")] = 0,
    cursor: Cursor = None,
    limit: Limit = 100,
) -> Feed:
    """Return the events of pupils after a position, or after the last page.  Ask again after the
    last one: nothing is ever missed, for events appear in the order of their positions.  Positions
    that are not here are of what is recorded of people's roles."""
    seen = position_after(cursor) or after
    events = service.feed(after=seen, limit=limit)
    return access.given(
        [event.originator_id for event in events],
        feed_of(events, limit, lambda event: event.position or 0, heading),
    )
