"""The two verbs of the domain: a command decides, and an event applies."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import TYPE_CHECKING, ClassVar, TypedDict
from uuid import UUID

from eventsourcing.domain import OriginatorIDError, OriginatorVersionError

from send_records.aggregates.contents import Content, Pack
from send_records.aggregates.days import require_past
from send_records.aggregates.origins import origin_for
from send_records.aggregates.rules import Rules
from send_records.aggregates.values import (
    CLEAR,
    Clear,
    DataClass,
    Day,
    Origin,
    Role,
    Source,
    Value,
    Words,
)

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil


class Kept(Value):
    """What no correction changes: who acted or approved, and what a rule said when applied."""


class Actor(Kept):
    """Who acted, as they were on the day: frozen into every event."""

    id: UUID
    name: str
    role: Role
    academy: str | None = None


class Metadata(Value):
    """Who recorded an event, in the course of what, and which edition of the rules judged it."""

    recorded_by: Actor
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None = None
    source: Source
    policy_version: str


@dataclass(frozen=True, slots=True)
class By:
    """What a command is told besides the pupil: by whom, on which day, under which rules."""

    metadata: Metadata
    today: date
    rules: Rules
    history: Sequence[DomainEvent] = ()
    """What is on record of the pupil, oldest first; only for a command that needs its history."""
    content: Content | None = None
    """What was uploaded under the command's own key, for one that ``files_content``, if it was."""
    another: Pupil | None = None
    """The other pupil of a command of two records; None if there is none, or no more."""
    contact_id: UUID | None = None
    """The contact that a recording parent is; None for all others."""
    pack: Pack | None = None
    """What was made under the command's own key, for one that is to make a pack, once it was."""
    now: datetime = field(kw_only=True)
    """The instant, for what lasts minutes."""

    @property
    def new_id(self) -> UUID:
        """The id of whatever the command makes: the command's own, so that a retry makes no twin
        and the caller knows it before the answer comes."""
        return self.metadata.command_id


class Envelope(TypedDict):
    """What every event carries besides its own fields; see ``Command.entry``."""

    originator_id: UUID
    originator_version: int
    occurred_on: date
    reason: str | None
    data_class: DataClass
    origin: Origin
    metadata: Metadata


class DomainEvent(Value):
    """A fact, named in the past tense, with who recorded it and the day on which it happened.

    It is stored under its class name, so a class may move between modules but must not be
    renamed.  When its fields change, raise ``class_version`` and add ``upcast_v1_v2(state)``, a
    static method that brings the stored fields of version 1 to those of version 2.
    """

    class_version: ClassVar[int] = 1

    under_trust_key: ClassVar[bool] = False
    """Whether its words are the trust's own, and so are sealed under the trust's key and outlive
    the pupil's: of the note of an erasure alone."""

    measured: ClassVar[frozenset[str]] = frozenset()
    """The names of fields that nobody said, for they were measured: nobody puts them right."""

    originator_id: UUID
    """The pupil."""
    originator_version: int
    """The place in the pupil's stream, from 1."""
    occurred_on: Clear[date]
    reason: str | None = None
    data_class: DataClass
    origin: Origin
    metadata: Metadata
    recorded_at: datetime | None = None
    """When the log took it, by the database's clock; None until then."""
    position: int | None = None
    """Its place in the whole log, from 1; None until recorded."""

    @classmethod
    @cache
    def clear_fields(cls) -> frozenset[str]:
        """Return the names of the fields that the log keeps in clear: see ``Clear``."""
        return frozenset(
            name for name, field in cls.model_fields.items() if CLEAR in field.metadata
        )

    def place(self, position: int, recorded_at: datetime) -> None:
        """Say where the log has this event, and since when.  For the log, which alone knows, and
        before anybody else has seen the event: to copy it for that would double its cost."""
        self.__dict__.update(position=position, recorded_at=recorded_at)

    def require_valid(self, by: By) -> None:
        """Refuse what a correction would make of this event, where the types of its fields do not
        say so themselves: a code that is not in force, a score out of its range."""

    def recipients(self) -> tuple[str, ...]:
        """Return who was given something of the record, if the event says that somebody was (UK
        GDPR Art 19)."""
        return ()

    @abstractmethod
    def mutate(self, pupil: Pupil | None) -> Pupil:
        """Return the pupil after this event."""


class PupilEvent(DomainEvent):
    """A fact about a pupil already admitted: all of them but the first."""

    def mutate(self, pupil: Pupil | None) -> Pupil:
        if pupil is None or pupil.id != self.originator_id:
            raise OriginatorIDError(self.originator_id, pupil and pupil.id)
        if pupil.version + 1 != self.originator_version:
            raise OriginatorVersionError(self.originator_version, pupil.version + 1)
        return self.apply(pupil).at(self.originator_version)

    @abstractmethod
    def apply(self, pupil: Pupil) -> Pupil:
        """Return the pupil as this fact leaves it.  Never refuse: what is recorded happened."""


class Entry(Value):
    """What the body of every request to record something has in common."""

    roles: ClassVar[frozenset[Role]]
    """Who may give it."""

    occurred_on: Day
    """The day on which it happened."""
    reason: Words | None = None
    """Why it is recorded late, or recorded at all, when that is worth saying."""
    data_class: DataClass = DataClass.EDUCATION
    origin: Origin = Origin.STAFF

    def envelope(self, pupil_id: UUID, version: int, by: By) -> Envelope:
        require_past(self.occurred_on, by)
        return Envelope(
            originator_id=pupil_id,
            originator_version=version,
            occurred_on=self.occurred_on,
            reason=self.reason,
            data_class=self.data_class,
            origin=self.origin,
            metadata=by.metadata,
        )


class Command(Entry):
    """A request to record something, named in the imperative; also the body of its API route."""

    after_leaving: ClassVar[bool] = False
    """Whether it may be given about days after the pupil left (disclosure, retention)."""

    after_merging: ClassVar[bool] = False
    """Whether a record that was merged into another still takes it: see ``merging``."""

    needs_history: ClassVar[bool] = False
    """Whether it is decided on what was recorded, and not only on what that adds up to."""

    files_content: ClassVar[bool] = False
    """Whether it is about bytes that were uploaded before it, under its own key."""

    beyond_scope: ClassVar[bool] = False
    """Whether it is for a pupil whom whoever gives it need not otherwise be able to see."""

    steps_up: ClassVar[bool] = False
    """Whether it asks for a second factor of the last few minutes."""

    def others(self) -> tuple[UUID, ...]:
        """Return the other pupils in whose records it is recorded too."""
        return ()

    @abstractmethod
    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        """Return the events that record the command, or raise; change nothing."""

    def comes_from(self, pupil: Pupil) -> Origin:
        """Return whom it comes from where what is said tells, and the entry does not say."""
        return self.origin

    def classed(self) -> DataClass:
        """Return its kind of information where what is said tells, and the entry does not say."""
        return self.data_class

    def entry(self, pupil: Pupil, by: By) -> Envelope:
        """Return the envelope of the pupil's next event: ``ConcernRaised(**self.entry(...))``.

        Late entries are taken, and shown as late.  Refuse a day still to come, one after the
        pupil left, and a record that was merged into another.
        """
        if not self.after_merging:
            pupil.require_unmerged()
        if not self.after_leaving:
            pupil.require_on_roll(self.occurred_on)
        envelope = self.envelope(pupil.id, pupil.version + 1, by)
        said = self.origin if "origin" in self.model_fields_set else None
        envelope["origin"] = origin_for(by.metadata.recorded_by.role, said, self.comes_from(pupil))
        if "data_class" not in self.model_fields_set:
            envelope["data_class"] = self.classed()
        return envelope
