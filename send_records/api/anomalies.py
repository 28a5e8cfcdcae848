"""What is out of the ordinary in the access log: for the DPO to look into, and names no pupil."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Query, Response
from pydantic import AwareDatetime

from send_records.api.accounting import WatchAccess
from send_records.api.dependencies import CurrentSystem, Cursor, Limit
from send_records.api.recording import router_for
from send_records.api.views import Listing, cursor_of, listed, position_after
from send_records.errors import Invalid
from send_records.projections.pages import as_json
from send_records.rules.watch import WatchRules
from send_records.store.watching import Anomaly, Ordinary
from send_records.threads import threaded
from send_records.watch import today

router = router_for("anomalies")

LONGEST = timedelta(days=31)
"""A month: the longest span of one list."""

USUAL = timedelta(days=7)
"""The span of a list whose beginning is not named."""

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Between which a span may be."""

PLACES = 1_000_000
"""More findings than a span has.  A cursor is one number: the second at which the span ends, so
that all pages are of one span, and the place of the last finding told."""


class SpanUnclear(Invalid):
    """A list is of the time from one instant to a later one, 31 days at most."""


@router.get("/anomalies", operation_id="get_anomalies", response_model=Listing[Anomaly])
@threaded
def get_anomalies(
    system: CurrentSystem,
    access: WatchAccess,
    since: Annotated[
        AwareDatetime | None, Query(description="From this instant; unset, for seven days")
    ] = None,
    until: Annotated[
        AwareDatetime | None, Query(description="Before this instant; unset, until now")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Return what is out of the ordinary in a span of time: bulk reading, nights and weekends,
    other academies, probing, exports, emergency access; one row a finding, in order.  A finding is
    a question to ask somebody, and no more."""
    ends, skip = _ends(until, position_after(cursor))
    begins = since or max(ends - USUAL, EARLIEST)
    if not EARLIEST <= begins < ends <= LATEST or ends - begins > LONGEST:
        raise SpanUnclear("Name two instants, the second later by 31 days at most.")
    rows = system.watch.log.anomalies(
        begins, ends, ordinary(system.watch.rules), skip=skip, limit=limit
    )
    place = int(ends.timestamp()) * PLACES + skip + limit
    following = cursor_of(place) if len(rows) == limit else None
    return access.given([], listed(map(as_json, rows), following))


def _ends(until: datetime | None, place: int | None) -> tuple[datetime, int]:
    """Return the whole second before which the span ends, and how many findings were told of."""
    if place is None:
        return max(until or datetime.now(UTC), EARLIEST).replace(microsecond=0), 0
    seconds, skip = divmod(place, PLACES)
    try:
        return datetime.fromtimestamp(seconds, UTC), skip
    except (OverflowError, ValueError, OSError):
        raise SpanUnclear("Use the cursor of the last page as it is.") from None


def ordinary(rules: WatchRules) -> Ordinary:
    """Return what is in the ordinary, by the rows in force today."""
    day = today()
    hours = rules.working_hours(day)
    return Ordinary(
        opened=rules.threshold("opened", day),
        listed=rules.threshold("listed", day),
        refused=rules.threshold("refused", day),
        opens=hours.opens,
        closes=hours.closes,
        weekdays=hours.weekdays,
        exempt=hours.exempt,
    )
