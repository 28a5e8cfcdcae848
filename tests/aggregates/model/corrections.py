"""Corrections, disputes and restrictions (UK GDPR Art 16, 18; facts 3.4).

The book holds no entry's words, so of a correction it knows only what is refused whatever the words
are; after one that is taken the book is written anew from the record as it then reads.
"""

from __future__ import annotations

from collections.abc import Iterator

from send_records.aggregates.corrections import CorrectEntry, WithdrawEntry
from send_records.aggregates.disputes import DisputeEntry, LiftRestriction, RestrictProcessing
from send_records.aggregates.values import Role
from tests.aggregates.model.book import (
    AFTER_LEAVING,
    MAY_REFUSE,
    Desk,
    changes_nothing,
    refuses,
    strangers,
    writes,
)

AFTER_LEAVING |= {CorrectEntry, WithdrawEntry, DisputeEntry, RestrictProcessing, LiftRestriction}
changes_nothing(CorrectEntry, WithdrawEntry, DisputeEntry)

KEEPING = {"EntryCorrected", "EntryWithdrawn", "PersonalDataErased", "RetentionClassAssigned"}
KEEPING |= {"EmergencyAccessTaken", "EmergencyAccessReviewed", "PlacedInClass"}
KEEPING |= {"ItemsDisclosed", "ItemWithheld", "ItemRedacted"}
KEEPING |= {"DisclosurePrepared", "DisclosureApproved", "DisclosureReturned", "BundlePrepared"}
"""What keeps the record, and is put right in another way."""

NOT_STANDING = {"WouldSayNothing", "LaterEntryReliesOnIt", "RecordContradictsItself"}
MAY_REFUSE[WithdrawEntry] = frozenset(NOT_STANDING)
MAY_REFUSE[CorrectEntry] = frozenset(
    NOT_STANDING
    | {"FieldNotThere", "FieldNotCorrectable", "ValueNotValid", "NotWhatIsSaid"}
    | {"NothingCorrected", "NotYetHappened", "Invalid", "NotACode", "NotAPupilNumber"}
    | {"SenTypeNotInForce", "ScoreOutOfRange", "SectionNotInForce", "DaysMiscounted"}
)


def not_correctable(desk: Desk, version: int) -> Iterator[str]:
    if version not in desk.entries:
        yield "NoSuchEntry"
        return
    kind, role = desk.entries[version]
    if kind in KEEPING:
        yield "NotPutRightThisWay"
    if kind in ("RecordMergedInto", "RecordsMerged"):
        yield "MergeStandsInBoth"
    if role is Role.DPO and desk.role is not Role.DPO:
        yield "RecordedByTheDpo"
    if version in desk.withdrawn:
        yield "AlreadyWithdrawn"


@refuses(CorrectEntry)
def correcting(desk: Desk, said: CorrectEntry) -> Iterator[str]:
    yield from not_correctable(desk, said.entry_version)


@refuses(WithdrawEntry)
def withdrawing(desk: Desk, said: WithdrawEntry) -> Iterator[str]:
    """The admission opened the record, and stays in it."""
    yield from not_correctable(desk, said.entry_version)
    if desk.entries.get(said.entry_version, ("", None))[0] == "PupilAdmitted":
        yield "NotPutRightThisWay"


@refuses(DisputeEntry)
def disputing(desk: Desk, said: DisputeEntry) -> Iterator[str]:
    """Anybody of the family, of any entry, and again."""
    if said.entry_version not in desk.entries:
        yield "NoSuchEntry"
    if said.contact_id is not None:
        yield from strangers(desk, [said.contact_id])


@refuses(RestrictProcessing)
def restricting(desk: Desk, said: RestrictProcessing) -> Iterator[str]:
    if said.entry_version not in desk.entries:
        yield "NoSuchEntry"
    if said.entry_version in desk.restricted:
        yield "AlreadyRestricted"


@writes(RestrictProcessing)
def restricted(desk: Desk, said: RestrictProcessing) -> None:
    desk.restricted[said.entry_version] = said.occurred_on


@refuses(LiftRestriction)
def lifting(desk: Desk, said: LiftRestriction) -> Iterator[str]:
    """Whoever obtained it is told first (Art 18(3))."""
    if said.entry_version not in desk.entries:
        yield "NoSuchEntry"
    since = desk.restricted.get(said.entry_version)
    if since is None:
        yield "NotRestricted"
    elif said.told_on < since or said.told_on > said.occurred_on:
        yield "NotToldBeforeLifting"


@writes(LiftRestriction)
def lifted(desk: Desk, said: LiftRestriction) -> None:
    del desk.restricted[said.entry_version]
