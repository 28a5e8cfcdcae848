"""What a gap is: something that the record should hold, missing from one day until another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from send_records.projections.gap_facts import Fact


class GapKind(StrEnum):
    """What is missing."""

    REVIEW_WITHOUT_PUPIL_VOICE = "review_without_pupil_voice"
    REVIEW_WITHOUT_PARENT_VOICE = "review_without_parent_voice"
    PLAN_PAST_REVIEW = "plan_past_review"
    AGREEMENT_MISSING = "agreement_missing"
    SPECIALIST_WITHOUT_AGENCY = "specialist_without_agency"
    PARENTS_NOT_TOLD = "parents_not_told"
    LEVEL_NOT_TOLD = "level_not_told"
    MONITORING_PAST_REVIEW = "monitoring_past_review"
    TARGET_NOT_EVALUATED = "target_not_evaluated"
    LATE_ENTRY = "late_entry"


@dataclass(frozen=True, slots=True)
class Gap:
    """Something missing: open from a day, until it is there."""

    kind: GapKind
    from_on: date
    closed_on: date | None
    """The first day on which it is a gap no more; None while it is one."""
    started_by: int
    """The position of the event without which it would not be one."""
    place: int = 0
    """Which of several gaps of that kind that the event began."""
    target: str | None = None
    days: int | None = None


Since = tuple[Fact, date | None]
"""A fact, and from which day on there is a gap as long as nothing else is said; or None."""


def spans(kind: GapKind, said: Iterable[Since]) -> Iterator[Gap]:
    """Yield the gaps that facts, one after another, open and close."""
    by, since = 0, None
    for fact, begins in said:
        is_one = since is not None and since <= fact.on
        if is_one and begins is not None and begins <= fact.on:
            continue  # it is one still
        if since is not None and since < fact.on:
            yield Gap(kind, since, fact.on, by)
        by, since = fact.position, None if begins is None else max(begins, fact.on)
    if since is not None:
        yield Gap(kind, since, None, by)


@dataclass(slots=True)
class Standing:
    """Whether a pupil is on the register and on roll, as the facts come."""

    level: str | None = None
    on_roll: bool = True

    def take(self, fact: Fact) -> bool:
        """Take a fact, and return whether it was one of these."""
        match fact.event:
            case "AddedToSendRegister":
                self.level = fact.what
            case "SupportLevelChanged":
                self.level = fact.what if self.level is not None else None
            case "RemovedFromSendRegister":
                self.level = None
            case "PupilLeft":
                self.on_roll = False
            case "PupilReadmitted":
                self.on_roll = True
            case _:
                return False
        return True

    @property
    def supported(self) -> bool:
        """Whether the pupil has support on the register now."""
        return self.level is not None and self.on_roll
