"""The steps of which the API's story is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from send_records.aggregates.base import Actor, Entry
from tests.scenario import SENCO


@dataclass(frozen=True)
class Step:
    """One entry of the story: what is recorded, under which key, and by whom."""

    entry: Entry
    key: UUID
    actor: Actor

    @property
    def body(self) -> dict[str, Any]:
        return body_of(self.entry)


def body_of(entry: Entry) -> dict[str, Any]:
    """Return the body that says an entry."""
    body: dict[str, Any] = entry.model_dump(mode="json")
    return body


def step(entry: Entry, key: UUID | None = None, actor: Actor = SENCO) -> Step:
    return Step(entry, key or uuid4(), actor)
