"""How corrections in the case files are said to the API: which entry, and where in it.

The case files name an entry by its label, or as "AssessmentRecorded of 2023-11-14", and a score by
its name; the API names an entry by its version, and a score by its number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Details = dict[str, Any]

WHY = {"recorded on the wrong pupil": "wrong_pupil"}
"""The codes of what the case files give as reasons."""


@dataclass(frozen=True)
class ToldEntry:
    """An entry that was told: its version in the record, and what it said."""

    version: int
    details: Details


def label_of(kind: str, occurred_on: str, label: str | None) -> str:
    """Return the name by which a later entry of a case file means an entry."""
    return label or f"{kind} of {occurred_on}"


def corrected(told: dict[str, ToldEntry], details: Details) -> Details:
    """Return a correction as the API takes it."""
    entry = told[details["corrects"]]
    return {
        "entry_version": entry.version,
        "field": place_in(entry.details, details["field"]),
        "from_value": details["from"],
        "to_value": details["to"],
        "why": details["why"],
    }


def withdrawn(told: dict[str, ToldEntry], details: Details) -> Details:
    """Return a withdrawal as the API takes it."""
    return {
        "entry_version": told[details["entry"]].version,
        "why": WHY[details["why"]],
        "explanation": details["why"],
    }


def place_in(details: Details, field: str) -> str:
    """Return where a value stands: "scores.percentile" is the value of the score of that name."""
    name, _, of = field.partition(".")
    if name != "scores":
        return field
    [number] = [n for n, score in enumerate(details["scores"]) if score["name"] == of]
    return f"scores.{number}.value"
