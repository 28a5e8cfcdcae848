"""Running the clocks over what happened to a pupil: which duties there were, and which are open.

What happened is taken in the order of its days, not of its recording; so an entry that was late
meets the duty that it met, and what is due follows from the days alone.  An event ends what it ends
before it starts anything anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import get_args
from uuid import uuid5

from send_records.aggregates.calendars import months_after
from send_records.aggregates.clocks import Clock, Clocks, Found, Verb, next_day_of_year
from send_records.projections.duty_state import DutiesState, DutyRow, Happened

ORDER = {verb: place for place, verb in enumerate(("left", *get_args(Verb)))}
"""In which order one event does what it does; what it says of the pupil comes first."""


@dataclass(slots=True)
class Duty:
    """One duty while the clocks run."""

    clock: Clock
    start: Happened
    academy: str
    due: date
    estimate: bool
    months: int
    state: str = "open"
    done_on: date | None = None
    paused_since: date | None = None
    paused_days: int = 0
    extended: bool = False
    not_before: date = field(default=date.min)
    """The day before which it is not due, whatever it was counted from."""

    @property
    def runs(self) -> bool:
        """Whether it is neither met nor lapsed."""
        return self.state in ("open", "paused")

    def is_about(self, about: dict[str, str]) -> bool:
        """Return whether what is said of a matter is said of this one: what both name agrees."""
        own = self.start.about
        return all(own.get(name, value) == value for name, value in about.items())

    def end(self, state: str, on: date) -> None:
        """End as met or lapsed, on a day."""
        self.state, self.done_on, self.paused_since = state, on, None


class Run:
    """The clocks of one pupil, run from the first day to the last."""

    def __init__(self, clocks: Clocks, state: DutiesState) -> None:
        self._clocks = clocks
        self._state = state
        self._duties: list[Duty] = []
        self._told: set[str] = set()
        """The clocks of which what stops them came beforehand."""
        self._held: dict[str, set[str]] = {}
        """By what the clocks are paused that no pause makes longer."""
        self._academy = self._year = ""
        self._plan = False

    def rows(self) -> list[DutyRow]:
        """Return every duty there was, in the order in which they started."""
        for each in sorted(self._state.happened, key=_order):
            getattr(self, f"_{each.verb}")(each)
        return [self._row(duty) for duty in self._duties]

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
                self._duties.append(self._duty(clock, start))

    # Of the clocks

    def _starts(self, each: Happened) -> None:
        clock = self._clocks.by_id.get(each.clock)
        if clock is None or (clock.counts == "retention" and self._state.born is None):
            return
        name = clock.name
        before = [d for d in self._running() if d.clock.name == name]
        if clock.beforehand and (before or name in self._told):
            return
        new = self._duty(clock, each)
        for duty in before:
            if duty.start.about == each.about:
                if duty.due == new.due:
                    return
                duty.end("lapsed", each.on)
        self._duties.append(new)

    def _duty(self, clock: Clock, start: Happened) -> Duty:
        months = clock.months
        born = self._state.born
        if clock.under_five is not None and born and start.day < months_after(born, 60):
            months = clock.under_five
        duty = Duty(clock, start, self._academy, start.day, not start.said, months)
        self._set_due(duty)
        if self._held.get(clock.name):
            duty.state, duty.paused_since = "paused", start.on
        return duty

    def _set_due(self, duty: Duty) -> None:
        clock, months = duty.clock, duty.months + (duty.clock.extension if duty.extended else 0)
        found = duty.start.found
        if clock.counts == "retention":
            born = self._state.born or found.day
            years = int(duty.start.frozen.get("years", "0"))
            found = Found({}, months_after(born, 12 * years), True)
        due = clock.due(
            found, duty.academy, self._clocks.calendars, months=months, paused=duty.paused_days
        )
        duty.due, duty.estimate = max(due.day, duty.not_before), due.estimate

    def _done(self, each: Happened) -> None:
        for duty in self._duties:
            if (duty.start.version, duty.start.clock) == (each.version, each.clock):
                duty.end("met", each.day)

    def _stops(self, each: Happened) -> None:
        for duty in self._concerned(each):
            if duty.clock.early or each.day >= duty.due:
                duty.end("met", each.day)
        self._told.add(self._name(each))

    def _lapses(self, each: Happened) -> None:
        for duty in self._concerned(each):
            duty.end("lapsed", each.day)
        self._told.discard(self._name(each))

    def _pauses(self, each: Happened) -> None:
        for duty in self._concerned(each):
            if duty.state == "open":
                duty.state, duty.paused_since = "paused", each.day
        clock = self._clocks.by_id.get(each.clock)
        if clock is not None and not clock.stretches:
            self._held.setdefault(self._name(each), set()).add(str(each.about))

    def _resumes(self, each: Happened) -> None:
        held = self._held.get(self._name(each), set())
        held.discard(str(each.about))
        if held:
            return
        for duty in self._concerned(each):
            if duty.paused_since is not None:
                if duty.clock.stretches:
                    duty.paused_days += max(0, (each.day - duty.paused_since).days)
                duty.state, duty.paused_since = "open", None
                self._set_due(duty)

    def _extends(self, each: Happened) -> None:
        for duty in self._concerned(each):
            duty.extended = True
            self._set_due(duty)

    def _later(self, each: Happened) -> None:
        for duty in self._concerned(each):
            duty.not_before = max(duty.not_before, months_after(each.day, duty.clock.later_months))
            self._set_due(duty)

    def _name(self, each: Happened) -> str:
        clock = self._clocks.by_id.get(each.clock)
        return clock.name if clock else ""

    def _running(self) -> list[Duty]:
        return [duty for duty in self._duties if duty.runs]

    def _concerned(self, each: Happened) -> Iterator[Duty]:
        name = self._name(each)
        for duty in self._running():
            if duty.clock.name == name and duty.is_about(each.about):
                yield duty

    def _row(self, duty: Duty) -> DutyRow:
        clock, start = duty.clock, duty.start
        key = f"{start.version}/{clock.name}/{start.about.get('row', '')}"
        return DutyRow(
            duty_id=uuid5(self._state.pupil_id, key),
            pupil_id=self._state.pupil_id,
            academy=duty.academy,
            clock=clock.name,
            state=duty.state,
            due_on=duty.due,
            started_on=start.on,
            started_event=start.event,
            started_version=start.version,
            counted_from=start.day,
            done_on=duty.done_on,
            late=duty.state == "met" and duty.done_on is not None and duty.done_on > duty.due,
            paused_since=duty.paused_since,
            estimate=duty.estimate,
            window=clock.window,
            role=clock.role,
            acts=clock.acts or clock.role,
            rule_id=start.frozen.get("rule_id", clock.id),
            what=clock.what,
            until=clock.until,
            citation=start.frozen.get("citation", clock.citation),
            about=start.about,
        )


def _order(each: Happened) -> tuple[date, int, int]:
    return each.on, each.version, ORDER.get(each.verb, -1)


def _school_year(day: date) -> int:
    return day.year if day.month >= 9 else day.year - 1
