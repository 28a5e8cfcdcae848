"""One duty: as a row, and while the clocks run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID, uuid5

from send_records.aggregates.clocks import Clock
from send_records.projections.duty_state import Happened
from send_records.projections.rows import SEALED


@dataclass(frozen=True, slots=True)
class DutyRow:
    """One duty; see the comments on the table's columns."""

    duty_id: UUID
    pupil_id: UUID
    academy: str
    clock: str
    state: str
    due_on: date
    started_on: date
    started_event: str
    started_version: int
    counted_from: date
    done_on: date | None
    late: bool
    paused_since: date | None
    estimate: bool
    window: bool
    role: str
    acts: str
    rule_id: str
    what: str = field(metadata=SEALED)
    until: str = field(metadata=SEALED)
    citation: str = field(metadata=SEALED)
    about: dict[str, str] = field(metadata=SEALED)
    corrected: list[str] = field(default_factory=list)


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
    paused_by: set[str] = field(default_factory=set)
    paused_days: int = 0
    extended: int = 0
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

    def row(self, pupil_id: UUID) -> DutyRow:
        """Return the duty as its row."""
        clock, start = self.clock, self.start
        key = f"{start.version}/{clock.name}/{start.about.get('row', '')}"
        return DutyRow(
            duty_id=uuid5(pupil_id, key),
            pupil_id=pupil_id,
            academy=self.academy,
            clock=clock.name,
            state=self.state,
            due_on=self.due,
            started_on=start.on,
            started_event=start.event,
            started_version=start.version,
            counted_from=start.day,
            done_on=self.done_on,
            late=self.state == "met" and self.done_on is not None and self.done_on > self.due,
            paused_since=self.paused_since,
            estimate=self.estimate,
            window=clock.window,
            role=clock.role,
            acts=clock.acts or clock.role,
            rule_id=start.frozen.get("rule_id", clock.id),
            what=clock.what,
            until=clock.until,
            citation=start.frozen.get("citation", clock.citation),
            about=start.about,
        )
