"""Who recorded what, counted: for whoever has to see that records are kept, and when."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from send_records.aggregates.values import Day, Name, Value
from send_records.api.accounting import AggregatesAccess
from send_records.api.dependencies import After, ReadSide
from send_records.api.recording import router_for
from send_records.api.views import listed_with, wait_for
from send_records.projections.activity import ActivityRow, By, activity
from send_records.projections.pages import as_json
from send_records.threads import threaded

router = router_for("activity")


class ActivityCounted(Value):
    """What a count says of itself."""

    events: int
    """How many events were counted, each once: an entry may be several, of several kinds."""


class ActivityCount(Value):
    """What was recorded, counted."""

    data: list[ActivityRow]
    meta: ActivityCounted


Counted = Annotated[list[By], Query(min_length=1, max_length=3, description="What to count by")]
Since = Annotated[Day | None, Query(alias="from", description="Recorded on this day or later")]
Until = Annotated[Day | None, Query(description="Recorded on this day or before")]
OfPeopleAt = Annotated[Name | None, Query(description="Only by people of this academy")]


@router.get(
    "/activity",
    operation_id="get_activity",
    summary="Count what was recorded",
    response_model=ActivityCount,
)
@threaded
def get_activity(
    views: ReadSide,
    access: AggregatesAccess,
    by: Counted = [By.ROLE],  # noqa: B006 - FastAPI copies it
    since: Since = None,
    until: Until = None,
    academy: OfPeopleAt = None,
    after: After = None,
) -> Response:
    """Return how much was recorded, by role, academy, kind of event, month or day.  It names
    nobody, so its line in the access log is of nobody."""
    wait_for(views, "chronology", after)
    found = activity(views, list(dict.fromkeys(by)), since=since, until=until, academy=academy)
    meta = {"events": sum(row.events for row in found)}
    return access.given([], listed_with(map(as_json, found), meta))
