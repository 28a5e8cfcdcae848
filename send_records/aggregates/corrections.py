"""Corrections: what was recorded wrongly, and how it reads instead.

    (entry) ---> corrected, value by value ---> corrected again, or back
            \\--> withdrawn: recorded on the wrong pupil, twice, or in error

UK GDPR Art 5(1)(d) and 16 (``facts.md`` 3.4): what is wrong is put right without delay.  The events
are in ``corrected``, with how a record reads after them.  An entry is named by its version in the
pupil's record.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from send_records.aggregates.approvals import DisclosureApproved, DisclosureReturned
from send_records.aggregates.base import By, Command, DomainEvent, Envelope, PupilEvent
from send_records.aggregates.bundles import BundlePrepared
from send_records.aggregates.classes import PlacedInClass
from send_records.aggregates.corrected import (
    EntryCorrected,
    EntryWithdrawn,
    Struck,
    WhyWithdrawn,
    as_corrected,
)
from send_records.aggregates.days import require_past
from send_records.aggregates.decisions import Decided
from send_records.aggregates.disclosures import DisclosurePrepared
from send_records.aggregates.emergencies import EmergencyAccessReviewed, EmergencyAccessTaken
from send_records.aggregates.merging import (
    MergeStandsInBoth,
    RecordMergedInto,
    RecordsMerged,
)
from send_records.aggregates.paths import (
    Said,
    ValueNotValid,
    require_judged,
    require_same_ids,
    saying,
    value_at,
)
from send_records.aggregates.retention import PersonalDataErased, RetentionClassAssigned
from send_records.aggregates.standing import require_stands
from send_records.aggregates.values import SENDCOS, Count, Name, Role, Words
from send_records.errors import NotFound, NotPermitted, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil

KEEPING = (
    BundlePrepared,
    Decided,
    DisclosureApproved,
    DisclosurePrepared,
    DisclosureReturned,
    EmergencyAccessReviewed,
    EmergencyAccessTaken,
    EntryCorrected,
    EntryWithdrawn,
    PersonalDataErased,
    PlacedInClass,
    RetentionClassAssigned,
)
"""What keeps the record, says who may see it and who did, what of it was to be disclosed, made and
approved, or follows from a rule: it is nobody's to put right value by value."""

CORRECTORS = SENDCOS | {Role.DPO}
"""Who keeps the record, and who answers for its accuracy (policy s.8.6; UK GDPR Art 39)."""


class NoSuchEntry(NotFound):
    """An entry is named by its version in the pupil's record."""


class AlreadyWithdrawn(RuleBroken):
    """What was withdrawn says nothing any more; record it anew if it is right after all."""


class NotPutRightThisWay(RuleBroken):
    """Corrections, and what keeps the record itself, are not corrected as entries are: a correction
    is corrected by another, a retention class by assigning it again, a class by placing in another,
    what was decided of a disclosure by deciding anew, what was prepared by preparing it anew; and
    that somebody opened a record in an emergency, nobody can make undone."""


class NotWhatIsSaid(RuleBroken):
    """A correction says what the entry says now, so that nobody puts right what is not wrong."""


class NothingCorrected(RuleBroken):
    """A correction changes what an entry says."""


class RecordedByTheDpo(NotPermitted):
    """What the data protection officer recorded, such as a hold, is theirs to put right."""

    basis = "UK GDPR Art 38(3)"


def entry_of(history: Sequence[DomainEvent], version: int) -> DomainEvent:
    """Return an entry as it was recorded; raise NoSuchEntry."""
    for event in history:
        if event.originator_version == version:
            return event
    raise NoSuchEntry(f"The record has no entry {version}.")


def correctable(by: By, version: int) -> DomainEvent:
    """Return an entry as it reads now, if the actor may put it right; raise otherwise."""
    entry = entry_of(by.history, version)
    if isinstance(entry, RecordMergedInto | RecordsMerged):
        raise MergeStandsInBoth("Separate the records: that withdraws it from both.")
    if isinstance(entry, KEEPING):
        raise NotPutRightThisWay("Correct the entry itself, or record anew what is so.")
    dpo = Role.DPO
    if entry.metadata.recorded_by.role is dpo and by.metadata.recorded_by.role is not dpo:
        raise RecordedByTheDpo("Ask the data protection officer, who recorded it.")
    now = next(e for e in as_corrected(by.history) if e.originator_version == version)
    if isinstance(now, Struck):
        raise AlreadyWithdrawn(f"Entry {version} was withdrawn.")
    return now


class AboutAnEntry(Command):
    """What every request about an entry has in common; it is of the entry's kind of information and
    origin, unless it says otherwise."""

    roles = CORRECTORS
    after_leaving = True  # UK GDPR Art 16 and 18 do not end when a pupil leaves
    after_merging = True
    needs_history = True

    entry_version: Count
    """The entry, by its version in the pupil's record."""

    def envelope_of(self, entry: DomainEvent, pupil: Pupil, by: By) -> Envelope:
        """Return the envelope of an event that is about an entry."""
        envelope = self.entry(pupil, by)
        if "data_class" not in self.model_fields_set:
            envelope["data_class"] = entry.data_class
        if "origin" not in self.model_fields_set:
            envelope["origin"] = entry.origin
        return envelope


class CorrectEntry(AboutAnEntry):
    """Say what a value of an entry should have been; what was recorded stays beside it.

    Not checked: the rules of the command that made the entry, but for the form of its values and
    for what later entries need.  What happened, happened, whatever should have been.
    """

    field: Name
    """Where the value stands: ``occurred_on``, ``scores.0.value``."""
    from_value: Said
    """What the entry says there now."""
    to_value: Said
    why: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        now = correctable(by, self.entry_version)
        said = value_at(now, self.field)
        self._require_said(now)
        after = saying(now, self.field, self.to_value)
        if after == now:
            raise NothingCorrected("The entry says that already.")
        require_same_ids(now, after, self.field)
        require_judged(after, self.field)
        require_past(after.occurred_on, by)
        after.require_valid(by)
        corrected = EntryCorrected(
            **self.envelope_of(now, pupil, by),
            entry_version=self.entry_version,
            entry_event=type(now).__name__,
            field=self.field,
            from_value=said,
            to_value=value_at(after, self.field),
            why=self.why,
        )
        require_stands(by.history, corrected)
        return [corrected]

    def _require_said(self, now: DomainEvent) -> None:
        try:
            agreed = saying(now, self.field, self.from_value) == now
        except ValueNotValid:
            agreed = False
        if not agreed:
            raise NotWhatIsSaid("The entry says something else there now: read it again.")


class WithdrawEntry(AboutAnEntry):
    """Withdraw an entry that should not be on this record, with all that was recorded with it.

    It stays in the history, and counts for nothing.  Not checked: that it is recorded on the right
    pupil's record, which is another record.
    """

    why: WhyWithdrawn
    explanation: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        entry = correctable(by, self.entry_version)
        together = [
            event.originator_version
            for event in by.history
            if event.metadata.command_id == entry.metadata.command_id
        ]
        if 1 in together:
            raise NotPutRightThisWay("The admission opened this record, and stays in it.")
        withdrawn = EntryWithdrawn(
            **self.envelope_of(entry, pupil, by),
            entry_versions=tuple(together),
            entry_event=type(entry).__name__,
            why=self.why,
            explanation=self.explanation,
        )
        require_stands(by.history, withdrawn)
        return [withdrawn]
