"""The three calendars by which days are counted, and what each academy says of its terms.

* Calendar days: weeks are seven days; a month ends on the day of the same number, or on the last
  day of a shorter month.  So a month from 31 January, and a year from 29 February, is 28 February
  where there is no such day: a period of months ends on the corresponding date.
* School days: by the academy's own term dates, which are data and never guessed.  Where they are
  not known, weekdays that are no bank holiday are counted, and the answer says that it is an
  estimate: it is never later than the true day.
* The tribunal's working days: no weekend, no English bank holiday, no day from 25 December to
  1 January, and no day in August (``facts.md`` 2.4).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from send_records.aggregates.rows import Row

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Term:
    """The first and the last day of half a term: pupils come on both."""

    first: date
    last: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Academy(Row):
    """An academy of the trust, and the terms that it has set; several rows add up."""

    name: str
    local_authority: str
    laestab: str | None = None
    terms: tuple[Term, ...] = ()
    closed: tuple[date, ...] = ()
    """Days within a term on which pupils do not come: training, and closures announced."""


@dataclass(frozen=True, slots=True)
class Counted:
    """A day that was counted to, and whether the calendar was known all the way."""

    day: date
    estimate: bool = False


@dataclass(frozen=True)
class Terms:
    """What is known of one academy's school days: from the first term known to the last."""

    first: date
    last: date
    days: frozenset[date]


@dataclass(frozen=True)
class Calendars:
    """The academies of a trust and the bank holidays of England."""

    academies: tuple[Academy, ...] = ()
    bank_holidays: frozenset[date] = frozenset()

    @cached_property
    def _terms(self) -> dict[str, Terms]:
        return {name: self._known(name) for name in {each.name for each in self.academies}}

    def _known(self, name: str) -> Terms:
        rows = [each for each in self.academies if each.name == name]
        terms = [term for each in rows for term in each.terms]
        closed = {day for each in rows for day in each.closed} | self.bank_holidays
        days = {day for term in terms for day in _days(term) if day.weekday() < 5}
        first = min((term.first for term in terms), default=date.max)
        last = max((term.last for term in terms), default=date.min)
        return Terms(first, last, frozenset(days - closed))

    @cached_property
    def _last_year(self) -> int:
        """Return the last year whose bank holidays are known."""
        return max((day.year for day in self.bank_holidays), default=0)

    def school_day(self, academy: str, day: date) -> Counted | None:
        """Return a day as a school day, None if it is none."""
        terms = self._terms.get(academy)
        if terms is not None and terms.first <= day <= terms.last:
            return Counted(day) if day in terms.days else None
        return Counted(day, estimate=True) if self.working_day(day) else None

    def working_day(self, day: date) -> bool:
        """Return whether a day is neither of a weekend nor a bank holiday."""
        return day.weekday() < 5 and day not in self.bank_holidays

    def tribunal_day(self, day: date) -> Counted | None:
        """Return a day as a working day of the tribunal, None if it is none."""
        closed = day.month == 8 or (day.month, day.day) == (1, 1)
        if closed or (day.month == 12 and day.day >= 25) or not self.working_day(day):
            return None
        return Counted(day, estimate=day.year > self._last_year)

    def school_days_after(self, academy: str, day: date, number: int) -> Counted:
        """Return the day so many school days after another, which itself does not count."""
        return _counted(lambda at: self.school_day(academy, at), day, number)

    def tribunal_days_after(self, day: date, number: int) -> Counted:
        """Return the day so many working days of the tribunal after another, likewise."""
        return _counted(self.tribunal_day, day, number)

    def working_day_from(self, day: date) -> date:
        """Return a day or, if it is none, the first working day after it."""
        while not self.working_day(day) and day < date.max:
            day += A_DAY
        return day


def months_after(day: date, months: int) -> date:
    """Return the day so many months on, or before: of the same number, or the month's last."""
    years, month = divmod(day.month - 1 + months, 12)
    year = min(max(day.year + years, date.min.year), date.max.year)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def days_after(day: date, days: int) -> date:
    """Return the day so many days on, or before; none is beyond the last that there is."""
    return date.fromordinal(min(max(day.toordinal() + days, 1), date.max.toordinal()))


def _days(term: Term) -> list[date]:
    return [term.first + n * A_DAY for n in range((term.last - term.first).days + 1)]


def _counted(counts: Callable[[date], Counted | None], day: date, number: int) -> Counted:
    estimate = False
    while number > 0 and day < date.max:
        day += A_DAY
        if found := counts(day):
            number -= 1
            estimate = estimate or found.estimate
    return Counted(day, estimate)
