"""Conditions on rows: each in SQL, and of a row in hand.

Today's rows are asked for in SQL, those of the past are in hand, and both say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString

from psycopg.sql import SQL, Composable, Composed, Identifier


class OfAcademy(str):
    """An academy, in a condition on rows that do not say which their pupil is at now."""

    __slots__ = ()


AT_ACADEMY = "pupil_id IN (SELECT pupil_id FROM send_register WHERE academy = %s)"


@dataclass(frozen=True, slots=True)
class Condition:
    """What is asked of a column, in both ways."""

    sql: LiteralString
    """The test, of ``{}``, the column."""
    holds: Callable[[Any], bool]
    """Whether a row meets it, as the SQL says."""
    values: tuple[Any, ...] = ()
    """What stands for each ``%s`` of the SQL."""


@dataclass(frozen=True, slots=True)
class InOrder:
    """Some rows that ``where`` names, by a column that is in clear, then by key, from after a row
    on; at most so many."""

    where: Mapping[str, Any]
    order: str
    after: Any
    """The key of that row; None for the first."""
    limit: int


def asked(academy: str | None, **columns: Any) -> dict[str, Any]:
    """Return the condition that rows are of pupils at an academy and have these values in their
    columns; what is None is not asked."""
    where = {**columns, "academy": None if academy is None else OfAcademy(academy)}
    return {name: value for name, value in where.items() if value is not None}


def by(column: str, day: date) -> Condition:
    """Return the condition that something was so by a day, and on it."""

    def holds(row: Any) -> bool:
        value = getattr(row, column)
        return value is not None and bool(value <= day)

    return Condition("{} <= %s", holds, (day,))


def not_by(column: str, day: date) -> Condition:
    """Return the condition that something was not so by a day: it comes later, or never."""

    def holds(row: Any) -> bool:
        value = getattr(row, column)
        return value is None or bool(value > day)

    return Condition("({0} > %s) IS NOT FALSE", holds, (day,))


def before(column: str, day: date) -> Condition:
    """Return the condition that something was so before a day."""

    def holds(row: Any) -> bool:
        value = getattr(row, column)
        return value is not None and bool(value < day)

    return Condition("{} < %s", holds, (day,))


def as_sql(where: Mapping[str, Any]) -> tuple[Composed, list[Any]]:
    """Return what rows are asked for in SQL, and what stands for each ``%s`` of it."""
    conditions: list[Composable] = [SQL("true")]
    values: list[Any] = []
    for column, value in where.items():
        if value is None:  # each test as an index can answer it
            conditions.append(SQL("{} IS NULL").format(Identifier(column)))
            continue
        if isinstance(value, OfAcademy):
            conditions.append(SQL(AT_ACADEMY))
            values.append(str(value))
            continue
        if isinstance(value, Condition):
            conditions.append(SQL(value.sql).format(Identifier(column)))
            values.extend(value.values)
            continue
        test = "{} = ANY(%s)" if isinstance(value, list) else "{} = %s"
        conditions.append(SQL(test).format(Identifier(column)))
        values.append(value)
    return SQL(" AND ").join(conditions), values
