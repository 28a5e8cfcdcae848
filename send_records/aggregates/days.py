"""Days on which things happened: a record holds no other."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from send_records.aggregates.values import day_in_words
from send_records.errors import RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.base import By


class NotYetHappened(RuleBroken):
    """A record holds what has happened; what is planned is recorded as planned."""


def require_past(day: date, by: By) -> None:
    """Refuse a day that is still to come."""
    if day > by.today:
        raise NotYetHappened(
            f"{day_in_words(day)} is still to come: record it on the day or after it."
        )
