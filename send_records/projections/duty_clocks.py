"""Running the clocks over what happened to a pupil: which duties there were, and which are open.

What happened is taken in the order of its days, not of its recording; so an entry that was late
meets the duty that it met, and what is due follows from the days alone.  An event ends what it ends
before it starts anything anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import get_args

from send_records.aggregates.calendars import months_after
from send_records.aggregates.clocks import Clock, Clocks, Found, Verb, next_day_of_year
from send_records.projections.duty import Duty, DutyRow
from send_records.projections.duty_state import DutiesState, Happened

ORDER = {verb: place for place, verb in enumerate(("left", *get_args(Verb)))}
"""In which order one event does what it does; what it says of the pupil comes first."""


class Run:
    """The clocks of one pupil, run from the first day to the last."""

    def __init__(self, clocks: Clocks, state: DutiesState) -> None:
        self._clocks = clocks
        self._state = state
        self._duties: list[Duty] = []
        self._open: list[Duty] = []
        """Those among which are all that run: what has ended does not begin again."""
        self._told: dict[str, date] = {}
        """The clocks of which what stops them came beforehand, and on which day."""
        self._held: dict[str, set[str]] = {}
        """By what the clocks are paused that no pause makes longer."""
        self._academy = self._year = ""
        self._plan = False

    def rows(self) -> list[DutyRow]:
        """Return every duty there was, in the order in which they started."""
        for each in sorted(self._state.happened, key=_order):
            getattr(self, f"_{each.verb}")(each)
        return [duty.row(self._state.pupil_id) for duty in self._duties]

    # Of the pupil

    def _is_at(self, each: Happened) -> None:
        self._academy = each.about.get("academy", self._academy)
        self._year = each.about.get("nc_year", self._year)
        for duty in self._running():
            duty.academy = self._academy
        self._start_by_year(each)

    def _left(self, each: Happened) -> None:
        for duty in self._running():
            if not duty.clock.goes_on:
                duty.end("lapsed", each.on)

    def _has_plan(self, each: Happened) -> None:
        self._plan = True
        self._start_by_year(each)

    def _has_no_plan(self, each: Happened) -> None:
        self._plan = False

    def _start_by_year(self, each: Happened) -> None:
        """Start what is due on a day of the year for pupils of some years with an EHC plan."""
        if not self._plan:
            return
        for clock in self._clocks.rows:
            if self._year not in clock.years or clock.on is None:
                continue
            if self._clocks.in_force(clock.name, each.on) is not clock:
                continue
            due = next_day_of_year(each.on, clock.on)
            known = any(duty.clock.name == clock.name and duty.due == due for duty in self._duties)
            if not known and _school_year(due) == _school_year(each.on):
                start = Happened(each.on, each.version, each.event, "starts", clock.id, day=each.on)
                self._begin(self._duty(clock, start))

    # Of the clocks

    def _starts(self, each: Happened) -> None:
        clock = self._clocks.by_id.get(each.clock)
        if clock is None or (clock.counts == "retention" and self._state.born is None):
            return
        name = clock.name
        before = [d for d in self._running() if d.clock.name == name]
        if clock.beforehand is not None:
            told = self._told.get(name)
            if before or (told and (each.on - told).days <= clock.beforehand):
                return
        new = self._duty(clock, each)
        for duty in before:
            if duty.start.about == each.about:
                if duty.due == new.due:
                    return
                duty.end("lapsed", each.on)
        self._begin(new)

    def _begin(self, duty: Duty) -> None:
        self._duties.append(duty)
        self._open.append(duty)

    def _duty(self, clock: Clock, start: Happened) -> Duty:
        months = clock.months
        born = self._state.born
        if clock.under_five is not None and born and start.day < months_after(born, 60):
            months = clock.under_five
        duty = Duty(clock, start, self._academy, start.day, not start.said, months)
        self._set_due(duty)
        duty.paused_by = set(self._held.get(clock.name, ()))
        if duty.paused_by:
            duty.state, duty.paused_since = "paused", start.on
        return duty

    def _set_due(self, duty: Duty) -> None:
        clock, months = duty.clock, duty.months + duty.extended
        found = duty.start.found
        if clock.counts == "retention":
            born = self._state.born or found.day
            years = int(duty.start.frozen.get("years", "0"))
            found = Found({}, months_after(born, 12 * years), True)
        due = clock.due(
            found, duty.academy, self._clocks.calendars, months=months, paused=duty.paused_days
        )
        duty.due = max(due.day, duty.not_before)
        duty.estimate = due.estimate or clock.estimate

    def _done(self, each: Happened) -> None:
        for duty in self._duties:
            if (duty.start.version, duty.start.clock) == (each.version, each.clock):
                duty.end("met", each.day)

    def _stops(self, each: Happened) -> None:
        for duty in self._concerned(each):
            if duty.clock.early or each.day >= duty.due:
                duty.end("met", each.day)
        self._told[self._name(each)] = each.on

    def _lapses(self, each: Happened) -> None:
        for duty in self._concerned(each):
            duty.end("lapsed", each.day)
        self._told.pop(self._name(each), None)

    def _pauses(self, each: Happened) -> None:
        for duty in self._concerned(each):
            duty.paused_by.add(str(each.about))
            if duty.state == "open":
                duty.state, duty.paused_since = "paused", each.day
        clock = self._clocks.by_id.get(each.clock)
        if clock is not None and not clock.stretches:
            self._held.setdefault(self._name(each), set()).add(str(each.about))

    def _resumes(self, each: Happened) -> None:
        self._held.get(self._name(each), set()).discard(str(each.about))
        for duty in self._concerned(each):
            duty.paused_by.discard(str(each.about))
            if duty.paused_since is not None and not duty.paused_by:
                if duty.clock.stretches:
                    duty.paused_days += max(0, (each.day - duty.paused_since).days)
                duty.state, duty.paused_since = "open", None
                self._set_due(duty)

    def _extends(self, each: Happened) -> None:
        for duty in self._concerned(each):
            duty.extended = duty.clock.extension if each.count is None else each.count
            self._set_due(duty)

    def _later(self, each: Happened) -> None:
        for duty in self._concerned(each):
            duty.not_before = max(duty.not_before, months_after(each.day, duty.clock.later_months))
            self._set_due(duty)

    def _name(self, each: Happened) -> str:
        clock = self._clocks.by_id.get(each.clock)
        return clock.name if clock else ""

    def _running(self) -> list[Duty]:
        self._open = [duty for duty in self._open if duty.runs]
        return self._open

    def _concerned(self, each: Happened) -> Iterator[Duty]:
        name = self._name(each)
        for duty in self._running():
            if duty.clock.name == name and duty.is_about(each.about):
                yield duty


def _order(each: Happened) -> tuple[date, int, int]:
    return each.on, each.version, ORDER.get(each.verb, -1)


def _school_year(day: date) -> int:
    return day.year if day.month >= 9 else day.year - 1
