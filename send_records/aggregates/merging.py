"""Merging: two records of one child, opened twice by mistake, become one that is kept.

    (two records) ---> merged: one is kept, the other is read only ---> (separated again)

UK GDPR Art 5(1)(d): the record of a child is accurate, and is one.  One command records it in both
records or in neither.  Nothing is copied: what the kept record is to say is recorded there, by
somebody who says so; what the other one says stays readable, and is disclosed, under its own id.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from send_records.aggregates.base import By, Command, Envelope, PupilEvent
from send_records.aggregates.corrected import EntryWithdrawn, WhyWithdrawn
from send_records.aggregates.values import SENDCOS, Name, Role, Words
from send_records.errors import Moved, NotFound, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil

MERGERS = SENDCOS | {Role.DPO}
"""Who keeps the record, and who answers for its accuracy (policy s.8.6; UK GDPR Art 39)."""

ACCURACY = "UK GDPR Art 5(1)(d)"


@dataclass(frozen=True, slots=True)
class Merge:
    """The merge of a record into another, as the record that was merged knows it."""

    into: UUID
    version: int
    """The version of the entry that says so."""


class RecordMerged(Moved):
    """A record that was merged into another takes only disclosure, retention and correction; what
    is new of the child is recorded in the record that was kept."""

    basis = f"{ACCURACY}; SEND policy s.11"


class MergedIntoItself(RuleBroken):
    """Two records are merged, of which one is kept."""


class KeptRecordMerged(RuleBroken):
    """A record is merged into one that is kept: one that was merged itself is not."""

    basis = ACCURACY


class ConfirmedByOneself(RuleBroken):
    """That two records are of one child is confirmed by a second person."""

    basis = ACCURACY


class OpenMattersRemain(RuleBroken):
    """A matter that is open in a record would be lost with it: it is closed there, or withdrawn,
    and recorded in the record that is kept, before the two are merged."""

    basis = f"{ACCURACY} and (f); SEND policy s.11"


class NotMergedInto(RuleBroken):
    """Only a record that was merged is separated, and from the record it was merged into."""


class MergeStandsInBoth(RuleBroken):
    """A merge is in two records, and is put right in both at once: by separating them."""

    basis = ACCURACY


def _any(items: Any, is_open: Callable[[Any], bool]) -> bool:
    return any(map(is_open, items))


OPEN: dict[str, Callable[[Pupil], object]] = {
    "monitoring": lambda p: p.monitoring,
    "a place on the SEND register": lambda p: p.registration,
    "a plan in force": lambda p: p.plan,
    "a drafted plan": lambda p: p.draft,
    "a scheduled review": lambda p: p.scheduled_reviews,
    "a concern": lambda p: _any(p.concerns.values(), lambda each: each.outcome is None),
    "a provision": lambda p: _any(p.provisions.values(), lambda each: each.ended_on is None),
    "an adjustment": lambda p: p.adjustments,
    "an agency's involvement": lambda p: p.agencies,
    "a place on the medical register": lambda p: p.medical,
    "a reduced timetable": lambda p: p.reduced_timetable,
    "a request for an EHC assessment": lambda p: p.ehc_request,
    "an EHC plan": lambda p: _any(p.ehc_plans, lambda each: each.ceased_on is None),
    "an appeal": lambda p: _any(p.appeals.values(), lambda each: not each.decided),
    "a complaint": lambda p: _any(p.complaints.values(), lambda each: not each.answered),
    "an access request": lambda p: _any(
        p.access_requests.values(), lambda each: each.closed_on is None
    ),
    "a hold": lambda p: p.holds,
}
"""What may be open in a record, and how a pupil shows it."""


def open_matters(pupil: Pupil) -> list[str]:
    """Return what is open in a record."""
    return [name for name, found in OPEN.items() if found(pupil)]


class RecordMergedInto(PupilEvent):
    into_pupil_id: UUID
    """The record that is kept."""
    why: str
    confirmed_by: str

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, merged_into=Merge(self.into_pupil_id, self.originator_version))


class RecordsMerged(PupilEvent):
    from_pupil_id: UUID
    """The record that was merged into this one."""
    from_version: int
    """How many entries it had."""
    why: str
    confirmed_by: str

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, merged={**pupil.merged, self.from_pupil_id: self.originator_version})


class OfTwoRecords(Command):
    """What the two requests about a pair of records have in common.  Each is recorded in both, or
    in neither, and is given about the record that is not kept: its version is the one to name, and
    its event comes last, which is the one that the receipt is of."""

    roles = MERGERS
    after_leaving = True

    into_pupil_id: UUID
    """The record that is kept."""

    def others(self) -> tuple[UUID, ...]:
        return (self.into_pupil_id,)

    def entry_of(self, kept: Pupil, by: By) -> Envelope:
        """Return the envelope of the kept record's next event."""
        return self.envelope(kept.id, kept.version + 1, by)


class MergeRecords(OfTwoRecords):
    """Merge this record, opened by mistake, into another record of the same child, which is kept.

    This record then leaves the register, the search and the duties, and answers which record was
    kept; its story, its history and its extract stay, and so does its own retention.  A hold on
    either keeps both.  Nothing is copied.  Not checked: that both are of one child, which a second
    person confirms; and what is no open matter, such as contacts, agreements, needs, documents and
    plans for a transition: what of these the kept record lacks is recorded there.
    """

    why: Words
    """By what the two are known to be of one child."""
    confirmed_by: Name
    """The second person."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        envelope = self.entry(pupil, by)
        if self.into_pupil_id == pupil.id:
            raise MergedIntoItself("Name the other record, which is kept.")
        kept = by.another
        if kept is None:
            raise NotFound("There is no record to keep: none has that id, or it was erased.")
        if kept.merged_into is not None:
            raise KeptRecordMerged("That record was merged as well: name the one that was kept.")
        if self.confirmed_by.casefold() == by.metadata.recorded_by.name.casefold():
            raise ConfirmedByOneself("Name a second person, who looked at both records.")
        if matters := open_matters(pupil):
            named = ", ".join(matters)
            raise OpenMattersRemain(
                f"Close or withdraw here, and record there what still counts: {named}."
            )
        return [
            RecordsMerged(
                **self.entry_of(kept, by),
                from_pupil_id=pupil.id,
                from_version=pupil.version,
                why=self.why,
                confirmed_by=self.confirmed_by,
            ),
            RecordMergedInto(
                **envelope, into_pupil_id=kept.id, why=self.why, confirmed_by=self.confirmed_by
            ),
        ]


class SeparateRecords(OfTwoRecords):
    """Undo a merge made in error: what recorded it is withdrawn from both records, and this one
    is a record of its own again, as it was.

    If the kept record was erased since, nothing is left there to withdraw.
    """

    after_merging = True

    explanation: Words
    """How the two are known to be of two children."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        envelope = self.entry(pupil, by)
        merge = pupil.merged_into
        if merge is None or merge.into != self.into_pupil_id:
            raise NotMergedInto("This record was not merged into that one.")
        kept = by.another
        at = None if kept is None else kept.merged.get(pupil.id)
        there = []
        if kept is not None and at is not None:
            there.append(self._withdrawn(self.entry_of(kept, by), RecordsMerged, at))
        return [*there, self._withdrawn(envelope, RecordMergedInto, merge.version)]

    def _withdrawn(
        self, envelope: Envelope, event: type[PupilEvent], version: int
    ) -> EntryWithdrawn:
        return EntryWithdrawn(
            **envelope,
            entry_versions=(version,),
            entry_event=event.__name__,
            why=WhyWithdrawn.ENTERED_IN_ERROR,
            explanation=self.explanation,
        )
