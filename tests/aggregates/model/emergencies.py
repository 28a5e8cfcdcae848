"""Emergency access to a record, and its review (security.md, "Break-glass")."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from send_records.aggregates.emergencies import BreakGlass, ReviewEmergencyAccess
from tests.aggregates.model.book import (
    AFTER_LEAVING,
    AFTER_MERGING,
    Access,
    Desk,
    refuses,
    writes,
)

AFTER_LEAVING |= {BreakGlass, ReviewEmergencyAccess}
AFTER_MERGING |= {ReviewEmergencyAccess}


@refuses(BreakGlass)
def breaking(desk: Desk, said: BreakGlass) -> Iterator[str]:
    """With a reason of 20 characters, and not while one has it open."""
    if len(said.reason_given) < 20:
        yield "ReasonTooShort"
    for access in desk.book.emergencies.values():
        if access.taken_by == desk.who and desk.now < access.until:
            yield "AccessAlreadyOpen"


@writes(BreakGlass)
def broken(desk: Desk, said: BreakGlass) -> None:
    until = desk.now + timedelta(minutes=60)
    desk.book.emergencies[desk.new_id] = Access(desk.who, until)


@refuses(ReviewEmergencyAccess)
def reviewing(desk: Desk, said: ReviewEmergencyAccess) -> Iterator[str]:
    """Once, by somebody else."""
    access = desk.book.emergencies.get(said.access_id)
    if access is None:
        yield "NotFound"
        return
    if access.taken_by == desk.who:
        yield "ReviewedByOneself"
    if access.reviewed:
        yield "AccessAlreadyReviewed"


@writes(ReviewEmergencyAccess)
def reviewed(desk: Desk, said: ReviewEmergencyAccess) -> None:
    desk.book.emergencies[said.access_id].reviewed = True
