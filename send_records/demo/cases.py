"""The case files, and each pupil's story as far as it was told.

A case file tells a pupil's story, one entry a line: when it happened, when it was recorded, by
which role, and what.  How it is said to the API: ``said``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any
from uuid import UUID

import orjson

from send_records.demo.said_corrections import ToldEntry, label_of

Details = dict[str, Any]


@dataclass
class Story:
    """One pupil's case, and what has become of it so far."""

    name: str
    pupil_id: UUID | None = None
    academy: str = ""
    version: int = 0
    opened_for: set[str] = field(default_factory=set)
    """The roles of the cases to which the record was opened for its own sake."""
    contacts: dict[str, str] = field(default_factory=dict)
    concern_id: str | None = None
    plan_id: str | None = None
    targets: dict[str, str] = field(default_factory=dict)
    """Of the plan drafted last: the area of each."""
    provisions: dict[str, str] = field(default_factory=dict)
    told: dict[str, ToldEntry] = field(default_factory=dict)
    """The entries recorded so far, by the names that later ones call them by."""

    def contact_ids(self, names: list[str]) -> list[str]:
        """Return the ids of those among the names who are contacts."""
        return [self.contacts[name] for name in names if name in self.contacts]


@dataclass(frozen=True)
class Entry:
    """One line of a case file."""

    story: Story
    occurred_on: str
    recorded_on: str
    by: str
    kind: str
    details: Details
    reason: str | None
    label: str | None = None

    def recorded(self, version: int) -> None:
        """Take note that it was recorded, as which version of the record."""
        label = label_of(self.kind, self.occurred_on, self.label)
        self.story.version = version
        self.story.told[label] = ToldEntry(version, self.details)


def entries() -> list[Entry]:
    """Return every entry of every case in the order in which they were recorded."""
    told = [entry for story in _stories() for entry in story]
    return sorted(told, key=lambda entry: entry.recorded_on)


def _stories() -> Iterator[list[Entry]]:
    folder = files(__package__).joinpath("cases")
    for file in sorted(folder.iterdir(), key=lambda path: path.name):
        story = Story(file.name.removesuffix(".jsonl"))
        lines = [orjson.loads(line) for line in file.read_bytes().splitlines() if line.strip()]
        yield [
            Entry(
                story,
                line["occurred_on"],
                line["recorded_on"],
                line["by"],
                line["kind"],
                line["details"],
                line.get("reason"),
                line.get("label"),
            )
            for line in lines
        ]
