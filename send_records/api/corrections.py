"""Corrections of entries, and their withdrawal; and an entry with all that was said of it since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Path

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.corrected import EntryCorrected, EntryWithdrawn, Struck, as_corrected
from send_records.aggregates.corrections import CorrectEntry, WithdrawEntry, entry_of
from send_records.aggregates.disputes import (
    EntryDisputed,
    ProcessingRestricted,
    RestrictionLifted,
    restrictions,
)
from send_records.aggregates.reliance import Reliance, put_right_at, relied_on
from send_records.api.accounting import RestrictedAccess
from send_records.api.dependencies import CurrentSystem
from send_records.api.entries import entry as shown
from send_records.api.recording import PupilId, records, router_for
from send_records.store.access import GIVEN, AccessLog, Act, Tier
from send_records.threads import threaded

router = router_for("corrections")

records(router, "corrections/correct", CorrectEntry)
records(router, "corrections/withdraw", WithdrawEntry)


@dataclass(frozen=True, slots=True)
class Export:
    """A time when somebody was given the record with the entry in it."""

    recorded_at: datetime
    name: str
    role: str
    what: str
    purpose: str


@dataclass(frozen=True, slots=True)
class EntryStory:
    """An entry, what was said of it since, and what went by it until it was put right."""

    recorded: dict[str, Any]
    reads: dict[str, Any] | None
    """As it reads now; null if it was withdrawn."""
    corrections: list[dict[str, Any]]
    withdrawals: list[dict[str, Any]]
    disputes: list[dict[str, Any]]
    restrictions: list[dict[str, Any]]
    """Those placed and those lifted."""
    restricted: bool
    """Whether it is stored and not used for now."""
    relied_on: list[Reliance]
    """Who is to be told, and what is to be looked at again (UK GDPR Art 19)."""
    exports: list[Export] | None
    """Null to those who may not read who has read."""


@router.get("/pupils/{pupil_id}/entries/{version}", operation_id="get_entry")
@threaded
def get_entry(
    pupil_id: PupilId,
    version: Annotated[int, Path(ge=1, le=2**31 - 1, description="Its version in the record")],
    system: CurrentSystem,
    access: RestrictedAccess,
) -> EntryStory:
    """Return one entry as it was recorded and as it reads now, with each correction, dispute and
    restriction, and what went by it until it was put right: the entries, each with the reasons,
    and, for those who may read who has read, who had the record exported."""
    history = system.records.history(pupil_id)
    if not history:
        raise system.records.absence(pupil_id)
    told = Tier.ACCESS in access.tiers
    exports = exports_of(system.access, history, version) if told else None
    return access.given([pupil_id], story_of(history, version, exports))


def story_of(
    history: Sequence[DomainEvent], version: int, exports: list[Export] | None
) -> EntryStory:
    """Return an entry with what was said of it since; raise NoSuchEntry."""
    recorded = entry_of(history, version)
    now = next(each for each in as_corrected(history) if each.originator_version == version)

    def said(*kinds: type[DomainEvent]) -> list[dict[str, Any]]:
        return [shown(e) for e in history if isinstance(e, kinds) and version in named_by(e)]

    return EntryStory(
        recorded=shown(recorded),
        reads=None if isinstance(now, Struck) else shown(now),
        corrections=said(EntryCorrected),
        withdrawals=said(EntryWithdrawn),
        disputes=said(EntryDisputed),
        restrictions=said(ProcessingRestricted, RestrictionLifted),
        restricted=version in restrictions(history),
        relied_on=relied_on(history, version),
        exports=exports,
    )


def named_by(event: DomainEvent) -> tuple[int, ...]:
    """Return the entries that one is about."""
    if isinstance(event, EntryWithdrawn):
        return event.entry_versions
    return (getattr(event, "entry_version", 0),)


def exports_of(log: AccessLog, history: Sequence[DomainEvent], version: int) -> list[Export]:
    """Return when the record was exported with the entry in it, until it was last put right."""
    since, until = entry_of(history, version).recorded_at, put_right_at(history, version)
    last = until.recorded_at if until is not None else None
    return [
        Export(row.recorded_at, row.name, row.role, row.what, row.purpose)
        for row in log.of_pupil(history[0].originator_id, limit=None, act=Act.EXPORT)
        if row.outcome == GIVEN
        and (since is None or row.recorded_at >= since)
        and (last is None or row.recorded_at <= last)
    ]
