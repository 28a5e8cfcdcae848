"""Under which rules a view was made: a change of clocks or term dates leaves no row silently wrong.

A view whose rows follow from rules keeps their fingerprint beside its position.  When the rules in
use are others, its rows go on as they are, new ones follow the new rules, and it is called outdated
wherever it is shown, until it is rebuilt: also when the rules are those of before again, for some
of its rows may follow from those in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from send_records.projections.base import Projection

NOTED = """
    INSERT INTO projection_rules AS kept (name, fingerprint) VALUES (%s, %s)
    ON CONFLICT (name)
    DO UPDATE SET outdated = kept.outdated OR kept.fingerprint <> excluded.fingerprint
    RETURNING outdated
"""
OTHERWISE = "SELECT outdated OR fingerprint <> %s FROM projection_rules WHERE name = %s"
RENEWED = """
    INSERT INTO projection_rules (name, fingerprint) VALUES (%s, %s)
    ON CONFLICT (name) DO UPDATE SET fingerprint = excluded.fingerprint, outdated = false
"""


def outdated_under(connection: Connection, projections: Sequence[Projection[Any]]) -> list[str]:
    """Return the views that were made under other rules than those of these projections."""
    return [
        projection.name
        for projection in projections
        if projection.rules is not None
        and (True,) in connection.execute(OTHERWISE, [projection.rules, projection.name])
    ]


def go_on_under(connection: Connection, projections: Sequence[Projection[Any]]) -> list[str]:
    """Say beside views that they go on under the rules of these projections; return those that
    were made under others.  A view that is new is made under these."""
    found = []
    for projection in projections:
        if projection.rules is not None:
            [(outdated,)] = connection.execute(NOTED, [projection.name, projection.rules])
            found += [projection.name] if outdated else []
    return found


def renew(connection: Connection, projections: Sequence[Projection[Any]]) -> None:
    """Say that views were made anew, under the rules of these projections."""
    for projection in projections:
        if projection.rules is not None:
            connection.execute(RENEWED, [projection.name, projection.rules])


def is_outdated(connection: Connection, name: str) -> bool:
    """Return whether a view was made under other rules than those in use."""
    row = connection.execute(
        "SELECT outdated FROM projection_rules WHERE name = %s", [name], prepare=True
    ).fetchone()
    return row is not None and bool(row[0])
