"""The rules with numbers in them, shipped as data: codes, intervals, retention, scores, limits.

Each row carries its citation and the day from which it is in force.  To change a rule, add a row
with a later day; never edit one, for decisions already recorded were judged by it.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from send_records.aggregates.rules import (
    BundleLayout,
    Code,
    DocumentLimit,
    DocumentType,
    Edition,
    EmergencyLimit,
    Interval,
    Limit,
    PageLimit,
    RetentionRule,
    Rules,
    TimetableLimit,
)
from send_records.aggregates.tools import Band, Narrative, Scale, ScoreRange, Tools


@cache
def shipped_rules() -> Rules:
    """Return the rules that come with this version of the program."""
    return Rules(
        editions=tuple(Edition(**row) for row in _rows("editions", "edition")),
        codes=tuple(
            Code(**{k: v for k, v in group.items() if k != "rows"}, **row)
            for group in _rows("codes", "code")
            for row in group["rows"]
        ),
        intervals=tuple(Interval(**row) for row in _rows("intervals", "interval")),
        limits=tuple(Limit(**row) for row in _rows("limits", "limit")),
        retention=tuple(RetentionRule(**row) for row in _rows("retention", "retention")),
        tools=_tools(),
        timetable_limits=tuple(
            TimetableLimit(**row) for row in _rows("reduced_timetables", "limit")
        ),
        document_types=tuple(DocumentType(**row) for row in _rows("documents", "type")),
        document_limits=tuple(DocumentLimit(**row) for row in _rows("documents", "limit")),
        emergency_limits=tuple(EmergencyLimit(**row) for row in _rows("emergencies", "limit")),
        page_limits=tuple(PageLimit(**row) for row in _rows("bundles", "budget")),
        bundle_layouts=tuple(BundleLayout(**row) for row in _rows("bundles", "layout")),
    )


def _tools() -> Tools:
    return Tools(
        score_ranges=tuple(
            ScoreRange(
                tool=tool["name"],
                edition=tool["edition"],
                citation=tool["citation"],
                effective_from=tool["effective_from"],
                **score,
            )
            for tool in _rows("tools", "tool")
            for score in tool["scores"]
        ),
        bands=tuple(
            Band(**{k: v for k, v in group.items() if k != "rows"}, name=name, **row)
            for group in _rows("tools", "band")
            for name, rows in group["rows"].items()
            for row in rows
        ),
        narratives=tuple(
            Narrative(**{**row, "areas": tuple(row["areas"])})
            for row in _rows("tools", "narrative")
        ),
        scales=tuple(
            Scale(**{**row, "results": tuple(row["results"])}) for row in _rows("tools", "scale")
        ),
    )


def _rows(file: str, table: str) -> list[dict[str, Any]]:
    text = files(__name__).joinpath(f"{file}.toml").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)[table]
    return rows
