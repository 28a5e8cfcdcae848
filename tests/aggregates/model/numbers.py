"""The rows of the rules, looked up and counted with by the model's own arithmetic."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import TypeVar

from send_records.aggregates.rows import Row
from send_records.aggregates.rules import Rules
from send_records.aggregates.tools import ScoreRange

R = TypeVar("R", bound=Row)


def holds(row: Row, on: date) -> bool:
    """Whether a row holds on a day."""
    return row.effective_from <= on and (row.effective_to is None or on <= row.effective_to)


def latest(rows: Iterable[R], on: date) -> R:
    """The row of a name on a day; a day before the first is judged by the first."""
    ordered = sorted(rows, key=lambda row: row.effective_from)
    held = [row for row in ordered if holds(row, max(on, ordered[0].effective_from))]
    return held[-1]


def is_code(rules: Rules, set_name: str, code: str, on: date) -> bool:
    """Whether a set has a code on a day."""
    return any(c.set == set_name and c.code == code and holds(c, on) for c in rules.codes)


def later(rules: Rules, name: str, day: date) -> date:
    """The day an interval after another: months by the number of the day, then weeks."""
    row = latest([i for i in rules.intervals if i.name == name], day)
    month = day.month + row.months
    year, month = day.year + (month - 1) // 12, (month - 1) % 12 + 1
    number = day.day
    while True:
        try:
            return date(year, month, number) + timedelta(weeks=row.weeks)
        except ValueError:
            number -= 1


def months_of(rules: Rules, name: str, day: date) -> int:
    """The months of an interval."""
    return latest([i for i in rules.intervals if i.name == name], day).months


def most(rules: Rules, name: str, day: date) -> int:
    """How much there may be at most."""
    return latest([limit for limit in rules.limits if limit.name == name], day).most


def timetable_days(rules: Rules, authority: str | None, on: date) -> int:
    """For how many days a timetable may be reduced: as the authority says, or everybody."""
    own = [
        row
        for row in rules.timetable_limits
        if row.local_authority.lower() == (authority or "").lower() and holds(row, on)
    ]
    return latest(own or [r for r in rules.timetable_limits if r.local_authority == "*"], on).days


def score_range(rules: Rules, tool: str, edition: str, name: str, on: date) -> ScoreRange | None:
    """The range of a score: of the tool and edition, of the tool, of any tool."""
    for wanted in ((tool, edition), (tool, "*"), ("*", edition), ("*", "*")):
        for row in rules.tools.score_ranges:
            if (row.tool, row.edition, row.name) == (*wanted, name) and holds(row, on):
                return row
    return None
