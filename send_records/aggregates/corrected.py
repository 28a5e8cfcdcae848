"""How a record reads once it was corrected: as it should have been recorded in the first place.

The log is as it was.  Whatever is made of it, a pupil to decide on or a row of a view, is made of
what ``as_corrected`` returns: each entry in its place, as corrected, and those withdrawn struck.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import JsonValue

from send_records.aggregates.base import DomainEvent, PupilEvent
from send_records.aggregates.paths import FieldNotThere, ValueNotValid, saying

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class WhyWithdrawn(StrEnum):
    """Why an entry should not have been made."""

    WRONG_PUPIL = "wrong_pupil"
    DUPLICATE = "duplicate"
    ENTERED_IN_ERROR = "entered_in_error"


class EntryCorrected(PupilEvent):
    entry_version: int
    entry_event: str
    field: str
    from_value: JsonValue
    to_value: JsonValue
    why: str

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, corrections=pupil.corrections + 1)


class EntryWithdrawn(PupilEvent):
    entry_versions: tuple[int, ...]
    """The entry, with whatever else the same command recorded."""
    entry_event: str
    why: WhyWithdrawn
    explanation: str

    def apply(self, pupil: Pupil) -> Pupil:
        return replace(pupil, corrections=pupil.corrections + 1)


Corrects = EntryCorrected | EntryWithdrawn
"""What makes other entries read otherwise."""


@dataclass(frozen=True, slots=True)
class Struck:
    """An entry that was withdrawn: in its place, and saying nothing any more."""

    event: DomainEvent

    @property
    def originator_id(self) -> UUID:
        """The pupil."""
        return self.event.originator_id

    @property
    def originator_version(self) -> int:
        """Its place in the pupil's stream."""
        return self.event.originator_version

    @property
    def position(self) -> int | None:
        """Its place in the log."""
        return self.event.position

    def mutate(self, pupil: Pupil | None) -> Pupil:
        """Return the pupil as it was, at the next version."""
        if pupil is None:
            raise ValueError("The first entry of a record is not withdrawn.")
        return pupil.at(self.originator_version)


Reading = DomainEvent | Struck
"""An entry as it reads."""


def as_corrected(events: Sequence[Reading]) -> list[Reading]:
    """Return one pupil's events as they read with their corrections, in the order given.

    Whatever is there is read: a correction of an entry that is not there, or that does not fit it,
    says nothing; and so does one of a correction, which another follows instead.
    """
    read: dict[int, Reading] = {event.originator_version: event for event in events}
    withdrawn: set[int] = set()
    for event in events:
        if isinstance(event, EntryCorrected):
            _correct(read, event)
        elif isinstance(event, EntryWithdrawn):
            withdrawn.update(event.entry_versions)
    for version in withdrawn & read.keys():
        found = read[version]
        if not isinstance(found, Struck | Corrects):
            read[version] = Struck(found)
    return [read[event.originator_version] for event in events]


def _correct(read: dict[int, Reading], correction: EntryCorrected) -> None:
    entry = read.get(correction.entry_version)
    if isinstance(entry, DomainEvent) and not isinstance(entry, Corrects):
        with suppress(FieldNotThere, ValueNotValid):
            corrected = saying(entry, correction.field, correction.to_value)
            read[correction.entry_version] = corrected


def that_stand(events: Sequence[Reading]) -> list[DomainEvent]:
    """Return one pupil's events as they read, without those withdrawn."""
    return [event for event in as_corrected(events) if isinstance(event, DomainEvent)]


def pupil_of(events: Iterable[Reading]) -> Pupil | None:
    """Return the pupil that events add up to; None if there are none."""
    pupil: Pupil | None = None
    for event in events:
        pupil = event.mutate(pupil)
    return pupil
