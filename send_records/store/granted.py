"""The roles that are in force, from the table that follows the log in the same transaction.

No name is in it: names are opened from people's own streams.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row


@dataclass(frozen=True, slots=True)
class HeldRole:
    """One role that one person holds, and over whom."""

    grant_id: UUID
    person_id: UUID
    role: str
    kind: str
    academies: list[str]
    classes: list[str]
    years: list[str]
    pupils: list[UUID]
    from_on: date
    until_on: date | None
    """The last day; None if it has no end."""
    until_at: datetime | None
    """The instant it ends, of an emergency access."""


HELD = """
    SELECT grant_id, person_id, role, kind, academies, classes, years, pupils, from_on, until_on,
           until_at
    FROM grants_in_force(%(today)s, %(at)s)
    WHERE (%(role)s::text IS NULL OR role = %(role)s)
      AND (%(academy)s::text IS NULL OR %(academy)s = ANY(academies))
      AND (%(until_before)s::date IS NULL OR until_on < %(until_before)s)
      AND (%(after)s::uuid IS NULL OR grant_id > %(after)s)
    ORDER BY grant_id LIMIT %(limit)s
"""


def roles_held(
    connection: Connection,
    today: date,
    at: datetime,
    *,
    role: str | None = None,
    academy: str | None = None,
    until_before: date | None = None,
    after: UUID | None = None,
    limit: int | None = None,
) -> list[HeldRole]:
    """Return roles in force, in the order of their ids: of a role, over an academy by name, whose
    last day is before a day, after an id, so many at most."""
    asked = {
        "today": today,
        "at": at,
        "role": role,
        "academy": academy,
        "until_before": until_before,
        "after": after,
        "limit": limit,
    }
    with connection.cursor(row_factory=class_row(HeldRole)) as cursor:
        return cursor.execute(HELD, asked).fetchall()
