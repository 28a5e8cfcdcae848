"""Assessment tools as data: what their scores can be and are called, and the results on a scale.

Ranges, editions, bands and codes only, with their citation: the text of an item belongs to its
publisher (``facts.md`` 7).  A tool, edition, score or scale that no row names is taken as it comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from send_records.aggregates.rows import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreRange(Row):
    """The lowest and highest value of a score; ``*`` stands for any tool or edition."""

    tool: str
    edition: str
    name: str
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Band(Row):
    """What the values of a score are called, from the lowest to the highest, by one informant."""

    tool: str
    edition: str
    informant: str
    name: str
    low: int
    high: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrative(Row):
    """A tool that is told in words, area by area, and gives no score."""

    tool: str
    areas: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale(Row):
    """The results that there are on a scale of attainment, subject by subject; ``*`` is any."""

    name: str
    subject: str
    results: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """The rows about tools, with a way to look each up."""

    score_ranges: tuple[ScoreRange, ...] = ()
    bands: tuple[Band, ...] = ()
    narratives: tuple[Narrative, ...] = ()
    scales: tuple[Scale, ...] = ()

    def score_range(self, tool: str, edition: str, name: str, on: date) -> ScoreRange | None:
        """Return the range of a score, from the row that names the tool most exactly."""
        rows = [
            r
            for r in self.score_ranges
            if r.name == name
            and r.tool in (tool, "*")
            and r.edition in (edition, "*")
            and r.in_force(on)
        ]
        return max(rows, key=lambda r: (r.tool != "*", r.edition != "*"), default=None)

    def band(
        self, tool: str, edition: str, informant: str, name: str, value: Decimal, on: date
    ) -> Band | None:
        """Return what a value of a score is called; None where no row says."""
        asked = (tool, edition, informant, name)
        return next(
            (
                row
                for row in self.bands
                if (row.tool, row.edition, row.informant, row.name) == asked
                and row.low <= value <= row.high
                and row.in_force(on)
            ),
            None,
        )

    def narrative(self, tool: str, on: date) -> Narrative | None:
        """Return the areas of a tool that gives no score; None for any other tool."""
        rows = (row for row in self.narratives if row.tool == tool and row.in_force(on))
        return next(rows, None)

    def results_of(self, scale: str, subject: str, on: date) -> tuple[str, ...] | None:
        """Return the results that there are on a scale in a subject; None if no row says."""
        rows = [
            row
            for row in self.scales
            if row.name == scale and row.subject in (subject, "*") and row.in_force(on)
        ]
        exact = max(rows, key=lambda row: row.subject != "*", default=None)
        return exact.results if exact else None
