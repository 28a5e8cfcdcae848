"""Grants of roles: proposed by one person, granted by another, and never to either of them.

Two people, always different (``security.md``): so that no one person, nor a thief of one person's
token, opens a door.  Policy s.8 says who holds which role; UK GDPR Art 32 asks that whoever acts
under the trust does so on its instructions.  The numbers are rows of ``rules/limits.toml``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from send_records.aggregates.grant_rules import (
    NobodyGrantsToThemself,
    NotTheOperator,
    ProposerDoesNotGrant,
    proposal_of,
    require_own_to_propose,
    require_reach,
    require_room,
    require_room_to_propose,
    require_terms,
)
from send_records.aggregates.grant_scopes import GrantScope, ScopeKind
from send_records.aggregates.people import (
    ByGranter,
    Grant,
    Person,
    PersonCommand,
    PersonEvent,
    Proposal,
    Terms,
)
from send_records.aggregates.values import (
    SENDCOS,
    Clear,
    Day,
    Few,
    Name,
    Role,
    Source,
    Words,
)

PROPOSERS = SENDCOS | {Role.PRINCIPAL, Role.ADMINISTRATOR}
"""Who may propose a role: for which, ``require_own_to_propose`` says."""

GRANTERS = PROPOSERS | {Role.DPO}
"""Who may grant, refuse and end a role, within their own reach."""


class RoleProposed(PersonEvent):
    proposal_id: UUID
    person_id: UUID
    name: str
    role: Role
    kind: ScopeKind
    academies: tuple[str, ...]
    classes: tuple[str, ...]
    years: tuple[str, ...]
    pupils: tuple[UUID, ...]
    from_on: date
    until_on: date | None
    contact_id: UUID | None
    verified_how: str | None
    why: str

    def apply(self, person: Person) -> Person:
        by, on = self.metadata.recorded_by.id, self.occurred_on
        proposal = Proposal(self.proposal_id, Terms.of(self), by, on)
        return replace(person.with_proposal(proposal), name=self.name)


class RoleTerms(PersonCommand):
    """What every request for a role says of it."""

    name: Name
    """The name of whoever is to have it."""
    role: Role
    kind: ScopeKind
    academies: Few[Name] = ()
    classes: Few[Name] = ()
    years: Few[Name] = ()
    pupils: Few[UUID] = ()
    from_on: Day
    until_on: Day | None = None
    """The last day; none if it lasts until it is ended."""
    contact_id: UUID | None = None
    """Which contact on the pupil's record a parent is."""
    verified_how: Words | None = None
    """How it was verified that a parent, or a pupil, is who they say."""
    why: Words

    def scopes_asked(self, person: Person) -> tuple[GrantScope, ...]:
        return (Terms.of(self).scope,)


class ProposeRole(RoleTerms):
    """Propose a role for somebody else; a second person grants it, or refuses.

    A platform administrator may propose any; a SENDCo or Principal those who work with pupils of
    their own academies, parents and pupils.
    """

    roles = PROPOSERS

    def decide(self, person: Person, by: ByGranter) -> Sequence[PersonEvent]:
        terms = Terms.of(self)
        if by.metadata.recorded_by.id == person.id:
            raise NobodyGrantsToThemself("Somebody else proposes it.")
        require_own_to_propose(terms.role, by)
        require_terms(terms, by)
        require_reach(terms.scope, by)
        require_room_to_propose(person, by)
        proposed = RoleProposed(
            **self.about(person, by),
            proposal_id=by.new_id,
            person_id=person.id,
            **terms.fields(),
            why=self.why,
        )
        return [proposed]


class RoleGranted(PersonEvent):
    grant_id: Clear[UUID]
    person_id: Clear[UUID]
    name: str
    role: Clear[Role]
    kind: Clear[ScopeKind]
    academies: Clear[tuple[str, ...]]
    classes: Clear[tuple[str, ...]]
    years: Clear[tuple[str, ...]]
    pupils: Clear[tuple[UUID, ...]]
    from_on: Clear[date]
    until_on: Clear[date | None]
    contact_id: Clear[UUID | None]
    verified_how: str | None
    proposal_id: UUID | None
    proposed_by: UUID | None
    why: str | None
    bootstrap: bool = False
    """Whether the operator gave it, before there was anybody who could."""

    def apply(self, person: Person) -> Person:
        terms = Terms.of(self)
        grant = Grant(self.grant_id, terms.role, terms.scope, terms.from_on, terms.until_on)
        granted = person.without_proposal(self.proposal_id).with_grant(grant)
        return replace(granted, name=self.name)


class GrantRole(PersonCommand):
    """Grant a role that somebody else proposed for a third person, as it was proposed.

    It is judged again, on the day and under the rules of the grant.
    """

    roles = GRANTERS

    proposal_id: UUID
    why: Words | None = None

    def scopes_asked(self, person: Person) -> tuple[GrantScope, ...]:
        proposal = person.proposals.get(self.proposal_id)
        return () if proposal is None else (proposal.terms.scope,)

    def decide(self, person: Person, by: ByGranter) -> Sequence[PersonEvent]:
        proposal = proposal_of(person, self.proposal_id)
        granter = by.metadata.recorded_by.id
        if granter == person.id:
            raise NobodyGrantsToThemself("Somebody else grants it.")
        if granter == proposal.proposed_by:
            raise ProposerDoesNotGrant("You proposed it: somebody else grants it.")
        require_terms(proposal.terms, by)
        require_reach(proposal.terms.scope, by)
        require_room(person, by)
        granted = RoleGranted(
            **self.about(person, by),
            grant_id=by.new_id,
            person_id=person.id,
            **proposal.terms.fields(),
            proposal_id=proposal.id,
            proposed_by=proposal.proposed_by,
            why=self.why,
        )
        return [granted]


class RoleRefused(PersonEvent):
    proposal_id: UUID
    why: str

    def apply(self, person: Person) -> Person:
        return person.without_proposal(self.proposal_id)


class RefuseRole(PersonCommand):
    """Refuse a role that was proposed; whoever proposed it may so take the proposal back."""

    roles = GRANTERS

    proposal_id: UUID
    why: Words

    def scopes_asked(self, person: Person) -> tuple[GrantScope, ...]:
        proposal = person.proposals.get(self.proposal_id)
        return () if proposal is None else (proposal.terms.scope,)

    def decide(self, person: Person, by: ByGranter) -> Sequence[PersonEvent]:
        proposal = proposal_of(person, self.proposal_id)
        require_reach(proposal.terms.scope, by)
        about = self.about(person, by)
        return [RoleRefused(**about, proposal_id=proposal.id, why=self.why)]


class BootstrapRole(RoleTerms):
    """Give the very first roles, before there is anybody who could propose or grant: by the
    operator, at the machine, and never through the API."""

    roles = frozenset[Role]()

    def decide(self, person: Person, by: ByGranter) -> Sequence[PersonEvent]:
        if by.metadata.source is not Source.SYSTEM:
            raise NotTheOperator("Propose the role, and have somebody else grant it.")
        terms = Terms.of(self)
        require_terms(terms, by)
        require_room(person, by)
        granted = RoleGranted(
            **self.about(person, by),
            grant_id=by.new_id,
            person_id=person.id,
            **terms.fields(),
            proposal_id=None,
            proposed_by=None,
            why=self.why,
            bootstrap=True,
        )
        return [granted]
