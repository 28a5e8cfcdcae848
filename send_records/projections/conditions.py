"""Conditions on a column that ask for no one value: a day, and what lies on one side of it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, LiteralString


@dataclass(frozen=True, slots=True)
class Condition(ABC):
    """What is asked of a column that holds a day, in SQL and of a row in hand."""

    day: date

    sql: ClassVar[LiteralString]
    """The test, of ``{}``, the column."""

    @abstractmethod
    def holds(self, value: date | None) -> bool:
        """Return whether a value meets it, as the SQL says."""


class By(Condition):
    """That something was so by a day, and on it."""

    __slots__ = ()
    sql = "{} <= %s"

    def holds(self, value: date | None) -> bool:
        return value is not None and value <= self.day


class NotBy(Condition):
    """That something was not so by a day: it comes later, or never."""

    __slots__ = ()
    sql = "({0} > %s) IS NOT FALSE"

    def holds(self, value: date | None) -> bool:
        return value is None or value > self.day
