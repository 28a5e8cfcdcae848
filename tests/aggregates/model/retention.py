"""How long the record is kept, and what holds it (policy s.11, 22; facts 4.2)."""

from __future__ import annotations

from collections.abc import Iterator

from send_records.aggregates.retention import (
    AssignRetentionClass,
    PlaceLegalHold,
    ReleaseLegalHold,
)
from tests.aggregates.model.book import AFTER_LEAVING, Desk, refuses, writes
from tests.aggregates.model.numbers import latest

AFTER_LEAVING |= {AssignRetentionClass, PlaceLegalHold, ReleaseLegalHold}


def rule_now(desk: Desk, record_class: str) -> str:
    """Return the id of the rule in force today that the trust has adopted."""
    rows = [r for r in desk.rules.retention if r.record_class == record_class and not r.advisory]
    return latest(rows, desk.today).id


@refuses(AssignRetentionClass)
def assigning(desk: Desk, said: AssignRetentionClass) -> Iterator[str]:
    if desk.book.retention == (said.record_class, rule_now(desk, said.record_class)):
        yield "RetentionClassUnchanged"


@writes(AssignRetentionClass)
def assigned(desk: Desk, said: AssignRetentionClass) -> None:
    desk.book.retention = (said.record_class, rule_now(desk, said.record_class))


@refuses(PlaceLegalHold)
def holding(desk: Desk, said: PlaceLegalHold) -> Iterator[str]:
    if said.review_on is not None and said.review_on <= said.occurred_on:
        yield "Invalid"


@writes(PlaceLegalHold)
def held(desk: Desk, said: PlaceLegalHold) -> None:
    desk.book.holds[desk.new_id] = said.kind


@refuses(ReleaseLegalHold)
def releasing(desk: Desk, said: ReleaseLegalHold) -> Iterator[str]:
    if said.hold_id not in desk.book.holds:
        yield "NotFound"


@writes(ReleaseLegalHold)
def released(desk: Desk, said: ReleaseLegalHold) -> None:
    del desk.book.holds[said.hold_id]
