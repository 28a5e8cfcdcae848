"""People: one stream of events for each, and the roles that they add up to.

    proposed ---> granted ---> ended, or over
            \\--> refused

Who may see and do what is recorded as everything else is: who proposed a role, who granted it, who
ended it, and when.  A person's events are sealed under the person's own key; the clear fields are
what the database needs to know whose records somebody may see.  A person's stream is never a
pupil's: its id is made from the person's (``stream_of``).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import OriginatorIDError, OriginatorVersionError

from send_records.aggregates.base import By, DomainEvent, Envelope
from send_records.aggregates.grant_scopes import NOWHERE, GrantScope, Reach, ScopeKind
from send_records.aggregates.values import DataClass, Origin, Role, Value
from send_records.errors import NotFound

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil

PEOPLE = uuid5(NAMESPACE_URL, "urn:send-records:people")
"""The namespace of people's streams."""


def stream_of(person_id: UUID) -> UUID:
    """Return the id of a person's stream, which no pupil has: not even one with the person's id."""
    return uuid5(PEOPLE, str(person_id))


@dataclass(frozen=True, slots=True)
class Terms:
    """What is proposed, and granted as it was proposed: who, as what, with whose records, and for
    how long."""

    name: str
    role: Role
    scope: GrantScope
    from_on: date
    until_on: date | None
    """The last day; None until it is ended."""
    contact_id: UUID | None = None
    """Which contact on the pupil's record a parent is."""
    verified_how: str | None = None
    """How it was verified that a parent or a pupil is who they say."""

    @classmethod
    def of(cls, said: Any) -> Terms:
        """Return the terms that a command or an event says."""
        return cls(
            said.name,
            said.role,
            GrantScope(said.kind, said.academies, said.classes, said.years, said.pupils),
            said.from_on,
            said.until_on,
            said.contact_id,
            said.verified_how,
        )

    def fields(self) -> dict[str, Any]:
        """Return them as an event's fields."""
        return {
            "name": self.name,
            "role": self.role,
            "kind": self.scope.kind,
            "academies": self.scope.academies,
            "classes": self.scope.classes,
            "years": self.scope.years,
            "pupils": self.scope.pupils,
            "from_on": self.from_on,
            "until_on": self.until_on,
            "contact_id": self.contact_id,
            "verified_how": self.verified_how,
        }


@dataclass(frozen=True, slots=True)
class Proposal:
    """A role that somebody proposed, and nobody has granted or refused yet."""

    id: UUID
    terms: Terms
    proposed_by: UUID
    proposed_on: date


@dataclass(frozen=True, slots=True)
class Grant:
    """A role that a person has, or of which the last day is past; one that was ended is gone."""

    id: UUID
    role: Role
    scope: GrantScope
    from_on: date
    until_on: date | None
    opened: bool = False
    """Whether it is a case that the data protection officer opened."""

    def over(self, today: date) -> bool:
        """Whether its last day is past."""
        return self.until_on is not None and self.until_on < today

    def in_force(self, today: date) -> bool:
        """Whether the role may be acted in."""
        return self.from_on <= today and not self.over(today)


NO_PROPOSALS: Mapping[UUID, Proposal] = MappingProxyType({})
NO_GRANTS: Mapping[UUID, Grant] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Person:
    """A person as their stream leaves them; with version 0, one of whom nothing is on record."""

    id: UUID
    version: int = 0
    name: str | None = None
    """As it was said last."""
    proposals: Mapping[UUID, Proposal] = field(default_factory=lambda: NO_PROPOSALS)
    grants: Mapping[UUID, Grant] = field(default_factory=lambda: NO_GRANTS)
    left_on: date | None = None
    """The day on which they left; None if they have not, or came back."""

    @property
    def stream_id(self) -> UUID:
        return stream_of(self.id)

    def standing(self, today: date) -> tuple[Grant, ...]:
        """Return the grants that are not over: those that have yet to begin, too."""
        return tuple(grant for grant in self.grants.values() if not grant.over(today))

    def acting_as(self, role: Role, kind: ScopeKind, today: date) -> tuple[Grant, ...]:
        """Return the grants of a role, with scopes of a kind, that are in force."""
        return tuple(
            grant
            for grant in self.grants.values()
            if grant.role is role and grant.scope.kind is kind and grant.in_force(today)
        )

    def with_proposal(self, proposal: Proposal) -> Person:
        """Return the person with a role proposed."""
        return replace(self, proposals={**self.proposals, proposal.id: proposal})

    def with_grant(self, grant: Grant) -> Person:
        """Return the person with a grant added."""
        return replace(self, grants={**self.grants, grant.id: grant}, left_on=None)

    def without_grant(self, grant_id: UUID) -> Person:
        """Return the person with a grant ended."""
        left = {key: grant for key, grant in self.grants.items() if key != grant_id}
        return replace(self, grants=left)

    def without_proposal(self, proposal_id: UUID | None) -> Person:
        """Return the person with a proposal answered."""
        left = {key: each for key, each in self.proposals.items() if key != proposal_id}
        return replace(self, proposals=left)


class PersonEvent(DomainEvent):
    """A fact about a person who works with records, or whose own they are: none about a pupil."""

    def mutate(self, pupil: Pupil | None) -> Pupil:
        """Refuse, in the words in which any id that is no pupil's is refused."""
        raise NotFound("No pupil has that id.")

    def follow(self, person: Person) -> Person:
        """Return the person after this event."""
        if person.stream_id != self.originator_id:
            raise OriginatorIDError(self.originator_id, person.stream_id)
        if person.version + 1 != self.originator_version:
            raise OriginatorVersionError(self.originator_version, person.version + 1)
        return replace(self.apply(person), version=self.originator_version)

    @abstractmethod
    def apply(self, person: Person) -> Person:
        """Return the person as this fact leaves them.  Never refuse: what is recorded happened."""


@dataclass(frozen=True, slots=True)
class ByGranter(By):
    """What a command about a person is told: by whom, and how far they reach themselves."""

    reach: Reach = NOWHERE


class PersonCommand(Value):
    """A request to record something of a person, named in the imperative; also the body of its
    route.  It is recorded on the day on which it is given: a role is not given for yesterday."""

    roles: ClassVar[frozenset[Role]]
    """Who may give it."""

    @abstractmethod
    def decide(self, person: Person, by: ByGranter) -> Sequence[PersonEvent]:
        """Return the events that record the command, or raise; change nothing."""

    def scopes_asked(self, person: Person) -> tuple[GrantScope, ...]:
        """Return the scopes that are to be within the reach of whoever gives the command."""
        return ()

    def about(self, person: Person, by: By, *, after: int = 0) -> Envelope:
        """Return the envelope of the person's next event, or of one after it."""
        return Envelope(
            originator_id=person.stream_id,
            originator_version=person.version + 1 + after,
            occurred_on=by.today,
            reason=None,
            data_class=DataClass.EDUCATION,
            origin=Origin.STAFF,
            metadata=by.metadata,
        )
