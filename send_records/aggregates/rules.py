"""Rules with numbers in them: what kinds of rows there are, and which row is in force on a day.

The rows themselves are data (``send_records/rules/*.toml``) and reach a command with ``by.rules``.
What a decision relied on is copied into its event, so that no later row can change what it meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

from send_records.aggregates.calendars import days_after, months_after
from send_records.aggregates.rows import Row
from send_records.aggregates.tools import Tools


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition(Row):
    """An edition of the trust's policy."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Code(Row):
    """One code of one set."""

    set: str
    code: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval(Row):
    """A length of time, by name, in whole months and weeks."""

    name: str
    months: int = 0
    weeks: int = 0

    def after(self, day: date) -> date:
        """Return the day this long after another: 31 January and a month is 28 or 29 February."""
        return days_after(months_after(day, self.months), 7 * self.weeks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(Row):
    """How much of something there may be at most, by name."""

    name: str
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TimetableLimit(Row):
    """For how many days a timetable may be reduced, first and last counted; ``*`` is anywhere."""

    local_authority: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule(Row):
    """How long a class of record is kept, and from what."""

    id: str
    record_class: str
    trigger: Literal["date_of_birth"]
    years: int
    leap_day: Literal["1 March", "28 February"]
    advisory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentType(Row):
    """A type of file that may be filed, and how it is named when it is handed out."""

    media_type: str
    label: str
    extension: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimit(Row):
    """How large a document may be, and for how long one that nobody files is kept."""

    largest_bytes: int
    file_within_hours: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyLimit(Row):
    """For how many minutes a record is open in an emergency, and how much is said of why."""

    minutes: int
    reason_characters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLimit(Row):
    """How many pages of a bundle there may be of something, by name."""

    name: str
    label: str
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleLayout(Row):
    """How a bundle is laid out: pages of some documents, the size of letters, how old a report may
    be, and how many working days before the hearing it is served."""

    expert_report_pages: int
    """Its executive summary included."""
    executive_summary_pages: int
    expert_report_years: int
    witness_statement_pages: int
    type_size_points: int
    due_working_days: int


def anniversary(day: date, years: int, leap_day: Literal["1 March", "28 February"]) -> date:
    """Return the day a number of years on; 29 February falls where the rule says without one."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        month, first = (3, 1) if leap_day == "1 March" else (2, 28)
        return date(day.year + years, month, first)


R = TypeVar("R", bound=Row)


class RuleMissing(LookupError):
    """No row is in force: the shipped rules are incomplete, which no caller can mend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """Every row there is; each question names the day for which it is asked."""

    editions: tuple[Edition, ...]
    codes: tuple[Code, ...]
    intervals: tuple[Interval, ...]
    retention: tuple[RetentionRule, ...]
    tools: Tools
    limits: tuple[Limit, ...] = ()
    timetable_limits: tuple[TimetableLimit, ...] = ()
    document_types: tuple[DocumentType, ...] = ()
    document_limits: tuple[DocumentLimit, ...] = ()
    emergency_limits: tuple[EmergencyLimit, ...] = ()
    page_limits: tuple[PageLimit, ...] = ()
    bundle_layouts: tuple[BundleLayout, ...] = ()

    def edition(self, on: date) -> Edition:
        """Return the edition of the policy in force; raise RuleMissing if there is none."""
        return _latest(self.editions, on, "edition of the policy")

    def code(self, set_name: str, code: str, on: date) -> Code | None:
        """Return the code if the set holds it on that day."""
        return next(
            (c for c in self.codes if c.set == set_name and c.code == code and c.in_force(on)), None
        )

    def codes_of(self, set_name: str, on: date) -> tuple[Code, ...]:
        """Return every code of a set on that day, in the order of its rows."""
        return tuple(c for c in self.codes if c.set == set_name and c.in_force(on))

    def interval(self, name: str, on: date) -> Interval:
        """Return the interval in force; raise RuleMissing if there is none.

        A day before the first row of that name is judged by the first, for old records are
        entered too.
        """
        rows = [i for i in self.intervals if i.name == name]
        return _latest_or_first(rows, on, f"interval {name}")

    def limit(self, name: str, on: date) -> Limit:
        """Return the limit in force, as ``interval`` does; raise RuleMissing if there is none."""
        rows = [limit for limit in self.limits if limit.name == name]
        return _latest_or_first(rows, on, f"limit {name}")

    def retention_rule(self, record_class: str, on: date) -> RetentionRule:
        """Return the rule the trust has adopted; raise RuleMissing if there is none."""
        adopted = (r for r in self.retention if r.record_class == record_class and not r.advisory)
        return _latest(adopted, on, f"retention rule for {record_class}")

    def retention_advice(self, record_class: str, on: date) -> RetentionRule | None:
        """Return the longer period that the sector advises, if it does."""
        advice = [
            r
            for r in self.retention
            if r.record_class == record_class and r.advisory and r.in_force(on)
        ]
        return max(advice, key=lambda rule: rule.effective_from, default=None)

    def timetable_limit(self, local_authority: str | None, on: date) -> TimetableLimit:
        """Return the local authority's own limit or, if none is known, everybody's."""
        named = [
            row
            for row in self.timetable_limits
            if local_authority is not None
            and row.local_authority.casefold() == local_authority.casefold()
            and row.in_force(on)
        ]
        rows = named or [row for row in self.timetable_limits if row.local_authority == "*"]
        return _latest(rows, on, "limit of a reduced timetable")

    def types_taken(self, on: date) -> list[DocumentType]:
        """Return the types of file that may be filed."""
        return [row for row in self.document_types if row.in_force(on)]

    def document_type(self, media_type: str, on: date) -> DocumentType | None:
        """Return the row of a type of file; None if it may not be filed."""
        return next((row for row in self.types_taken(on) if row.media_type == media_type), None)

    def document_limit(self, on: date) -> DocumentLimit:
        """Return the limits in force; raise RuleMissing if there are none."""
        return _latest(self.document_limits, on, "limit of documents")

    def emergency_limit(self, on: date) -> EmergencyLimit:
        """Return the limits in force; raise RuleMissing if there are none."""
        return _latest(self.emergency_limits, on, "limit of emergency access")

    def page_budget(self, name: str, on: date) -> PageLimit:
        """Return how many pages there may be, as ``interval`` does; raise RuleMissing if there is
        none of that name: see ``bundle_contents.budget_row``."""
        rows = [row for row in self.page_limits if row.name == name]
        return _latest_or_first(rows, on, f"limit of pages {name}")

    def bundle_layout(self, on: date) -> BundleLayout:
        """Return the rules in force, as ``interval`` does."""
        return _latest_or_first(self.bundle_layouts, on, "layout of a bundle")


def _latest(rows: Iterable[R], on: date, what: str) -> R:
    in_force = [row for row in rows if row.in_force(on)]
    if not in_force:
        raise RuleMissing(f"No {what} is in force on {on}.")
    return max(in_force, key=lambda row: row.effective_from)


def _latest_or_first(rows: Sequence[R], on: date, what: str) -> R:
    first = min((row.effective_from for row in rows), default=on)
    return _latest(rows, max(on, first), what)
