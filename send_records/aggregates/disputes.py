"""Disputes and restrictions: what a family says is wrong, and what is stored but not used.

    (entry) ---> disputed, in the words of whoever disputes it
            \\--> processing restricted ---> restriction lifted, once they were told

UK GDPR Art 16: a family may have a statement put beside what is recorded; an opinion that was
genuinely held need not be changed, and the dispute is shown with it.  Art 18: while accuracy or an
objection is looked into, an entry is stored and not used (``facts.md`` 3.4).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from send_records.aggregates.base import By, DomainEvent, PupilEvent
from send_records.aggregates.contacts import Party, party
from send_records.aggregates.corrected import as_corrected
from send_records.aggregates.corrections import AboutAnEntry, entry_of
from send_records.aggregates.values import Day, Origin, Role, Words, day_in_words
from send_records.errors import RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class RestrictionGround(StrEnum):
    """Why processing is restricted (UK GDPR Art 18(1)(a) to (d))."""

    ACCURACY_CONTESTED = "accuracy_contested"
    UNLAWFUL = "unlawful"
    NEEDED_FOR_CLAIMS = "needed_for_claims"
    OBJECTION = "objection"


class AlreadyRestricted(RuleBroken):
    """An entry is restricted once at a time."""


class NotRestricted(RuleBroken):
    """The entry is not restricted now."""


class NotToldBeforeLifting(RuleBroken):
    """Whoever obtained a restriction is told before it is lifted."""

    basis = "UK GDPR Art 18(3)"


class EntryDisputed(PupilEvent):
    entry_version: int
    entry_event: str
    statement: str
    disputed_by: Party | None
    """None for the pupil."""

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class DisputeEntry(AboutAnEntry):
    """Put a family's statement beside an entry that they say is wrong or incomplete.

    Not checked: whether they are right.  That may need no answer but the statement itself.
    """

    statement: Words
    contact_id: UUID | None = None
    """Who says so; nobody for the pupil."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        entry = entry_of(by.history, self.entry_version)
        envelope = self.envelope_of(entry, pupil, by)
        if "origin" not in self.model_fields_set:
            envelope["origin"] = Origin.PUPIL if self.contact_id is None else Origin.PARENT
        return [
            EntryDisputed(
                **envelope,
                entry_version=self.entry_version,
                entry_event=type(entry).__name__,
                statement=self.statement,
                disputed_by=None if self.contact_id is None else party(pupil, self.contact_id),
            )
        ]


class ProcessingRestricted(PupilEvent):
    entry_version: int
    entry_event: str
    ground: RestrictionGround
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class RestrictProcessing(AboutAnEntry):
    """Store an entry and do not use it: what it says is withheld from the story until it is lifted.

    Not checked, and not done: what the entry counts for in other views.  A pupil's place on the
    register does not wait for a question about one sentence.
    """

    ground: RestrictionGround
    why: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        entry = entry_of(by.history, self.entry_version)
        restriction = restrictions(by.history).get(self.entry_version)
        if restriction is not None:
            since = day_in_words(restriction.occurred_on)
            raise AlreadyRestricted(f"Entry {self.entry_version} is restricted since {since}.")
        return [
            ProcessingRestricted(
                **self.envelope_of(entry, pupil, by),
                entry_version=self.entry_version,
                entry_event=type(entry).__name__,
                ground=self.ground,
                why=self.why,
            )
        ]


class RestrictionLifted(PupilEvent):
    entry_version: int
    entry_event: str
    told_on: date
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        return pupil


class LiftRestriction(AboutAnEntry):
    """Use an entry again, once whoever had it restricted was told (UK GDPR Art 18(3))."""

    roles = frozenset({Role.DPO})

    told_on: Day
    """When they were told that it would be."""
    why: Words

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        entry = entry_of(by.history, self.entry_version)
        restriction = restrictions(by.history).get(self.entry_version)
        if restriction is None:
            raise NotRestricted(f"Entry {self.entry_version} is not restricted.")
        if not restriction.occurred_on <= self.told_on <= self.occurred_on:
            raise NotToldBeforeLifting("Tell them that it will be lifted, and then lift it.")
        return [
            RestrictionLifted(
                **self.envelope_of(entry, pupil, by),
                entry_version=self.entry_version,
                entry_event=type(entry).__name__,
                told_on=self.told_on,
                why=self.why,
            )
        ]


def restrictions(history: Sequence[DomainEvent]) -> dict[int, ProcessingRestricted]:
    """Return the restrictions in force, by the entries that they are on: one that was withdrawn
    counts for nothing, and so does the lifting of one."""
    found: dict[int, ProcessingRestricted] = {}
    for event in as_corrected(history):
        if isinstance(event, ProcessingRestricted):
            found[event.entry_version] = event
        elif isinstance(event, RestrictionLifted):
            found.pop(event.entry_version, None)
    return found
