"""The duties: what is due for whom, by which rule, since when, and what will stop it.

The list that a SENDCo opens in the morning (``events.md``, "Clocks").  A duty is a row, open, met
(in time or late), lapsed or paused; which there are follows from what happened, by the clocks of
``rules/clocks.toml`` and the academies' terms.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from operator import attrgetter
from typing import Any, ClassVar, Literal
from uuid import UUID

from psycopg import Connection

from send_records.aggregates import EVENTS
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.clocks import Clocks
from send_records.projections.conditions import Condition
from send_records.projections.duty import DutyRow
from send_records.projections.duty_clocks import Run
from send_records.projections.duty_state import FACTS, DutiesState, after, as_text, from_text
from send_records.projections.pages import Page, Views, page_in_order
from send_records.projections.rulings import is_outdated
from send_records.projections.several import Case, Several, StateRow
from send_records.rules.clocks import clocks_of

Shown = Literal["open", "met", "late", "lapsed", "all"]
"""Which duties: those to be done, those that were done, done late, or no longer applied."""


class Duties(Several[DutiesState, DutyRow]):
    """What is due, one row a duty that there ever was."""

    name = "duties"
    key = "duty_id"
    state = DutiesState
    row = DutyRow
    changes: ClassVar = {}  # the clocks say what matters

    def __init__(self, clocks: Clocks | None = None) -> None:
        self._given = clocks

    @cached_property
    def clocks(self) -> Clocks:
        """The clocks that it runs: those shipped, unless others were given."""
        return self._given or clocks_of()

    @property
    def rules(self) -> str:
        return self.clocks.fingerprint

    def start(self, pupil_id: UUID) -> DutiesState:
        return DutiesState(pupil_id)

    def topics(self) -> frozenset[str]:
        """Return what the clocks hear of, of what can be recorded by now."""
        return frozenset([*FACTS, *self.clocks.heard]) & EVENTS.keys()

    def matters(self, event: DomainEvent) -> bool:
        name = type(event).__name__
        return name in FACTS or name in self.clocks.heard

    def project(
        self, row: Case[DutiesState] | None, event: DomainEvent
    ) -> Case[DutiesState] | None:
        if not self.matters(event) or (row and event.originator_version <= row.version):
            return row
        before = self.start(event.originator_id) if row is None else row.state
        state = after(before, event, self.clocks)
        return Case(event.originator_id, event.originator_version, state)

    def kept(self, case: Case[DutiesState]) -> StateRow:
        return StateRow(case.pupil_id, case.version, as_text(case.state))

    def taken(self, kept: StateRow) -> Case[DutiesState]:
        return Case(kept.pupil_id, kept.version, from_text(kept.state))

    def rows(self, state: DutiesState) -> Iterable[DutyRow]:
        return Run(self.clocks, state).rows()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which duties are asked for."""

    today: date
    show: Shown = "open"
    academy: str | None = None
    role: str | None = None
    acts: str | None = None
    clock: str | None = None
    pupil_id: UUID | None = None
    overdue: bool = False
    first: date | None = None
    last: date | None = None

    def where(self) -> dict[str, Any]:
        """Return the condition on the table; written so that the index of open duties serves it.

        A right that has passed is not open, though nothing ended it, and is not overdue either:
        that is only what is to be done, and is not paused.
        """
        equal = {
            "academy": self.academy,
            "role": self.role,
            "acts": self.acts,
            "clock": self.clock,
            "pupil_id": self.pupil_id,
        }
        where: dict[str, Any] = {name: value for name, value in equal.items() if value is not None}
        first, last = self.first or date.min, self.last or date.max
        where["due_on"] = Condition(
            "{0} >= %s AND {0} <= %s", lambda row: first <= row.due_on <= last, (first, last)
        )
        if self.show == "open":
            where["state"] = Condition(
                "{} IN ('open', 'paused')", lambda row: row.state in ("open", "paused")
            )
            where["window"] = Condition(
                "NOT ({} AND due_on < %s)",
                lambda row: not (row.window and row.due_on < self.today),
                (self.today,),
            )
        elif self.show == "late":
            where["late"] = Condition("{}", lambda row: row.late)
        elif self.show != "all":
            where["state"] = self.show
        if self.overdue:
            where["window"] = Condition(
                "state = 'open' AND NOT {} AND due_on < %s",
                lambda row: row.state == "open" and not row.window and row.due_on < self.today,
                (self.today,),
            )
        return where


def duties_page(views: Views, wanted: Wanted, *, after: UUID | None, limit: int) -> Page[DutyRow]:
    """Return duties, soonest first."""
    return page_in_order(views, Duties, "due_on", wanted.where(), after=after, limit=limit)


def duties_outdated(views: Views) -> bool:
    """Return whether the clocks or terms in use are others than those the duties were made by."""
    with views.connection() as connection:
        return is_outdated(connection, Duties.name)


@dataclass(frozen=True, slots=True)
class Due:
    """How many duties of a kind are due at an academy on a day: it names nobody."""

    due_on: date
    academy: str
    clock: str
    number: int
    what: str
    citation: str
    role: str
    """On whose list; empty if no clock of the name is in force."""


MOST = 5000
"""Days of a calendar, at most, by kind and academy: the nearest, so that what has been overdue for
long never takes the place of what comes next."""

COUNTED = """
    SELECT due_on, academy, clock, count(*) FROM duties
    WHERE state IN ('open', 'paused') AND NOT ("window" AND due_on < %(today)s)
      AND due_on BETWEEN %(first)s AND %(last)s
      AND (%(academy)s::text IS NULL OR academy = %(academy)s)
      AND (%(role)s::text IS NULL OR role = %(role)s)
    GROUP BY 1, 2, 3 ORDER BY abs(due_on - %(today)s), 1, 2, 3 LIMIT %(most)s
"""


def due_between(
    connection: Connection,
    today: date,
    first: date,
    last: date,
    *,
    academy: str | None,
    role: str | None,
) -> list[Due]:
    """Return what is open between two days, of an academy and a role, or of all, counted; soonest
    first and, if it is too much, what is nearest to today."""
    asked = {"today": today, "first": first, "last": last, "academy": academy, "role": role}
    found = []
    for due_on, where, name, number in connection.execute(COUNTED, asked | {"most": MOST}):
        clock = clocks_of().in_force(name, due_on)
        of = (clock.what, clock.citation, clock.role) if clock else (name, "", "")
        found.append(Due(due_on, where, name, number, *of))
    return sorted(found, key=attrgetter("due_on", "academy", "clock"))
