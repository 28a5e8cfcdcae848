"""What can be wrong with what is stored, and where it begins."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from send_records.store.ledger import Log

MOST_FINDINGS = 100
"""Findings kept of each kind; the first is what counts, and damage can be everywhere."""


class Damage(StrEnum):
    """What can be wrong, as it is told."""

    ALTERED = "altered"
    MISSING = "missing"
    SURPLUS = "surplus"
    CUT = "cut short"
    REWRITTEN = "rewritten"
    OUT_OF_ORDER = "out of order"
    UNKNOWN = "unknown topic"
    MISCOUNTED = "miscounted"
    UNSIGNED = "not as signed"
    FORGED = "forged"
    LOST = "key lost"
    VIEW = "view differs"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, and where it begins."""

    where: str
    position: int | None
    damage: Damage
    detail: str


@dataclass
class Walked:
    """What came of walking through one log."""

    log: Log
    entries: int = 0
    checkpoints: int = 0
    root: bytes = b""
    findings: list[Finding] = field(default_factory=list)
    _counts: Counter[Damage] = field(default_factory=Counter)

    def found(self, position: int | None, damage: Damage, detail: str) -> None:
        """Take a finding, unless there are many of its kind."""
        self._counts[damage] += 1
        if self._counts[damage] <= MOST_FINDINGS:
            self.findings.append(Finding(self.log, position, damage, detail))
