"""Clocks: what starts one, when it is due, what stops it, and who must act.

    started ---> (paused ---> resumed, extended) ---> stopped: in time, or late
            \\--> lapsed, for it no longer applies

A clock is a row of ``rules/clocks.toml``: it names events and their fields, so that a deadline of
law or policy is read, changed and cited in one place.  What counts is the row in force on the day
on which a clock starts (``facts.md`` 2, 3, 4 and 8; ``events.md``, "Clocks").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal, get_args

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.calendars import Calendars, Counted, days_after, months_after
from send_records.aggregates.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """An event that does something to a clock."""

    event: str
    day: str = "occurred_on"
    """The field with the day that counts; ``occurred_on`` where that is empty."""
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Fields that must have one of these codes; "" stands for an empty field."""
    same: tuple[str, ...] = ()
    """The fields that tell one clock of the name from another: the same concern, the same hold."""
    each: str | None = None
    """The field whose rows are each a signal of their own; ``day`` is then a field of the row."""
    said: bool = False
    """Whether it counts only where the event itself says that day."""
    count: str | None = None
    """The field with a number that counts, of months."""

    def found_in(self, event: DomainEvent) -> Iterator[Found]:
        """Yield what the signal finds in an event of its name."""
        for name, codes in self.where.items():
            value = getattr(event, name, None)
            if ("" if value is None else str(value)) not in codes:
                return
        about = {name: str(getattr(event, name, "")) for name in self.same}
        if self.each is None:
            count = getattr(event, self.count, None) if self.count else None
            day, said = _day(event, self.day, event.occurred_on)
            if said or not self.said:
                yield Found(about, day, said, count)
            return
        for number, row in enumerate(getattr(event, self.each, ())):
            which = {"row": f"{event.originator_version}.{number}"}
            yield Found(about | which, *_day(row, self.day, event.occurred_on))


@dataclass(frozen=True, slots=True)
class Found:
    """What a signal found: about what, on which day, and whether the event names that day."""

    about: Mapping[str, str]
    day: date
    said: bool
    count: int | None = None


def _day(holder: Any, name: str, otherwise: date) -> tuple[date, bool]:
    value = getattr(holder, name, None)
    return (value, True) if isinstance(value, date) else (otherwise, False)


Way = Literal["given", "calendar", "school", "tribunal", "retention"]
"""How a due date is found: it is said by the event itself, counted by one of three calendars, or
reached by the retention rule that the event froze."""


Verb = Literal["stops", "lapses", "pauses", "resumes", "extends", "later", "starts", "done"]
"""What a signal does to a clock, in the order in which one event does it: what it ends, it ends
before it starts anything anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock(Row):
    """One clock."""

    id: str
    name: str
    what: str
    """What is to be done, in words that name nobody: a calendar shows them."""
    until: str
    """What stops it, in words."""
    role: str
    """Which role of ours acts, or sees to it that others do."""
    acts: str = ""
    """Who must act where that is somebody else: a role, ``local_authority`` or ``parent``."""
    counts: Way
    starts: tuple[Signal, ...]
    done: tuple[Signal, ...] = ()
    """What the event that starts it may say itself of its being done."""
    stops: tuple[Signal, ...] = ()
    lapses: tuple[Signal, ...] = ()
    pauses: tuple[Signal, ...] = ()
    resumes: tuple[Signal, ...] = ()
    extends: tuple[Signal, ...] = ()
    later: tuple[Signal, ...] = ()
    """What moves the due date to ``later_months`` after it, if that is later."""
    months: int = 0
    weeks: int = 0
    days: int = 0
    """Calendar days, school days or the tribunal's, as it ``counts``; negative ones come before."""
    under_five: int | None = None
    """Months instead of ``months`` while the child is under five, where the age is known."""
    extension: int = 0
    """Months that an extension adds."""
    later_months: int = 0
    on: str | None = None
    """The day of the year, MM-DD, on or after the day it starts."""
    years: tuple[str, ...] = ()
    """The NC years that it is for; empty, for all."""
    rolls: bool = False
    """Whether a due date on a weekend or bank holiday moves to the next working day."""
    stretches: bool = False
    """Whether a pause adds its days to the due date."""
    early: bool = True
    """Whether what stops it may come before the due day."""
    beforehand: int | None = None
    """Days for which what stops it may come first, and then it does not start until it lapsed."""
    estimate: bool = False
    """Whether its due date is never more than an estimate."""
    window: bool = False
    """Whether it is a right that passes, or a day that comes, and so is never late."""
    goes_on: bool = False
    """Whether it goes on after the pupil has left."""

    def due(
        self,
        found: Found,
        academy: str,
        calendars: Calendars,
        *,
        months: int | None = None,
        paused: int = 0,
    ) -> Counted:
        """Return when a clock that starts so is due; ``months`` instead of its own, and so many
        days later for which it was paused."""
        due = self._counted(found, academy, calendars, self.months if months is None else months)
        day = days_after(due.day, paused) if paused else due.day
        return Counted(calendars.working_day_from(day) if self.rolls else day, due.estimate)

    def _counted(self, found: Found, academy: str, calendars: Calendars, months: int) -> Counted:
        if self.on is not None:
            return Counted(next_day_of_year(found.day, self.on), not found.said)
        if self.counts == "school":
            counted = calendars.school_days_after(academy, found.day, self.days)
        elif self.counts == "tribunal":
            counted = calendars.tribunal_days_after(found.day, self.days)
        else:
            counted = Counted(
                days_after(months_after(found.day, months), 7 * self.weeks + self.days)
            )
        return Counted(counted.day, counted.estimate or not found.said)


def next_day_of_year(day: date, month_and_day: str) -> date:
    """Return the first such day of a year, MM-DD, that is not before another."""
    month, number = map(int, month_and_day.split("-"))
    this = day.replace(month=month, day=number)
    return this if this >= day else this.replace(year=min(day.year + 1, date.max.year))


@dataclass(frozen=True)
class Clocks:
    """The clocks that the trust keeps, and the calendars that they run by."""

    rows: tuple[Clock, ...]
    calendars: Calendars

    def in_force(self, name: str, on: date) -> Clock | None:
        """Return the row of a name in force on a day; a day before its first is judged by that,
        for old records are entered too."""
        rows = self._named.get(name, ())
        first = min((row.effective_from for row in rows), default=on)
        found = [row for row in rows if row.in_force(max(on, first))]
        return max(found, key=lambda row: row.effective_from, default=None)

    @cached_property
    def _named(self) -> dict[str, list[Clock]]:
        found: dict[str, list[Clock]] = {}
        for row in self.rows:
            found.setdefault(row.name, []).append(row)
        return found

    @cached_property
    def by_id(self) -> dict[str, Clock]:
        """The rows, by their ids."""
        return {row.id: row for row in self.rows}

    @cached_property
    def heard(self) -> dict[str, list[tuple[Verb, Clock, Signal]]]:
        """What each kind of event does to which clock."""
        found: dict[str, list[tuple[Verb, Clock, Signal]]] = {}
        for row in self.rows:
            for verb in get_args(Verb):
                for signal in getattr(row, verb):
                    found.setdefault(signal.event, []).append((verb, row, signal))
        return found

    @cached_property
    def fingerprint(self) -> str:
        """What these clocks, terms and bank holidays are known by: otherwise if any is."""
        holidays = sorted(self.calendars.bank_holidays)
        said = repr((self.rows, self.calendars.academies, holidays))
        return sha256(said.encode()).hexdigest()[:32]
