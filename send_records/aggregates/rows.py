"""A row of rules: what every one of them says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What every row of rules says of itself: its source, and from which day it is in force."""

    citation: str
    effective_from: date
    effective_to: date | None = None
    """The last day on which it is in force; None while it is."""

    def in_force(self, on: date) -> bool:
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)
