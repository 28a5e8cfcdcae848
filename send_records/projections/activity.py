"""The activity: how much was recorded, when, in which role, at which academy, of what kind.

Counted in the chronology, whose codes and days are in clear: it names nobody and opens nothing.  An
entry is what somebody recorded at once; it may be several events.  Of pupils erased nothing is
counted, for their story is gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from psycopg.rows import dict_row
from psycopg.sql import SQL, Composed, Identifier

from send_records.errors import Invalid
from send_records.projections.pages import Views


class By(StrEnum):
    """What activity is counted by."""

    ROLE = "role"
    ACADEMY = "academy"
    EVENT = "event"
    MONTH = "month"
    DAY = "day"


RECORDED_ON = SQL("CAST(recorded_at AT TIME ZONE 'Europe/London' AS date)")

COLUMNS: dict[By, Composed | SQL] = {
    By.ROLE: SQL("role"),
    By.ACADEMY: SQL("academy"),
    By.EVENT: SQL("event"),
    By.MONTH: SQL("CAST(date_trunc('month', {}) AS date)").format(RECORDED_ON),
    By.DAY: RECORDED_ON,
}

MOST = 10_000
"""Lines of one answer: 27 years, day by day."""

COUNT = """
    SELECT {columns}, count(*) AS events, count(DISTINCT entry_id) AS entries,
           count(DISTINCT entry_id) FILTER (WHERE days_late > 0) AS late
    FROM chronology
    WHERE (%(since)s::date IS NULL OR recorded_at >= %(since)s::date::timestamp
                                                     AT TIME ZONE 'Europe/London')
      AND (%(until)s::date IS NULL OR recorded_at < (%(until)s::date + 1)::timestamp
                                                     AT TIME ZONE 'Europe/London')
      AND (%(academy)s::text IS NULL OR academy = %(academy)s)
    GROUP BY {places}
    ORDER BY {places}
    LIMIT %(most)s
"""


class TooManyLines(Invalid):
    """One answer has at most 10,000 lines: name fewer days, or count by less."""


@dataclass(frozen=True, slots=True)
class ActivityRow:
    """How much was recorded of what is alike in all that is counted by; the rest is null."""

    role: str | None
    academy: str | None
    event: str | None
    month: date | None
    """Its first day."""
    day: date | None
    events: int
    entries: int
    late: int
    """Of the entries, those recorded on a later day than they tell of."""


def activity(
    views: Views, by: Sequence[By], *, since: date | None, until: date | None, academy: str | None
) -> list[ActivityRow]:
    """Return how much was recorded from a day to a day, both included, by people of an academy;
    raise TooManyLines."""
    query = SQL(COUNT).format(
        columns=SQL(", ").join(
            SQL("{} AS {}").format(COLUMNS[each], Identifier(each)) for each in by
        ),
        places=SQL(", ").join(SQL(str(place)) for place in range(1, len(by) + 1)),
    )
    asked = {"since": since, "until": until, "academy": academy, "most": MOST + 1}
    with (
        views.connection() as connection,
        connection.cursor(row_factory=dict_row) as cursor,
    ):
        found = cursor.execute(query, asked).fetchall()
    if len(found) > MOST:
        raise TooManyLines("Name fewer days, or count by less.")
    nothing: dict[str, Any] = {str(each): None for each in By}
    return [ActivityRow(**{**nothing, **row}) for row in found]
