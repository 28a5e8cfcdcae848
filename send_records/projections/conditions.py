"""Conditions on rows that ask for no one value: each in SQL, and of a row in hand.

Today's rows are asked for in SQL, those of the past are in hand, and both say the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString


@dataclass(frozen=True, slots=True)
class Condition:
    """What is asked of a column, in both ways."""

    sql: LiteralString
    """The test, of ``{}``, the column."""
    holds: Callable[[Any], bool]
    """Whether a row meets it, as the SQL says."""
    values: tuple[Any, ...] = ()
    """What stands for each ``%s`` of the SQL."""


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
