"""Roles as they are shown: those a person has, those that wait for an answer, those in force."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from send_records.aggregates.grant_scopes import GrantScope, Reach, ScopeKind
from send_records.aggregates.people import Grant, Person, Proposal
from send_records.aggregates.values import Role, Value
from send_records.store.granted import HeldRole


class ScopeShown(Value):
    """A role and whose records it reaches."""

    role: Role
    kind: ScopeKind
    academies: tuple[str, ...]
    classes: tuple[str, ...]
    years: tuple[str, ...]
    pupils: tuple[UUID, ...]
    from_on: date
    until_on: date | None

    @property
    def scope(self) -> GrantScope:
        """Whom it reaches."""
        return GrantScope(self.kind, self.academies, self.classes, self.years, self.pupils)


class ProposalShown(ScopeShown):
    """A role that waits for a second person's answer."""

    proposal_id: UUID
    name: str
    proposed_by: UUID
    proposed_on: date

    @classmethod
    def of(cls, proposal: Proposal) -> ProposalShown:
        """Return a proposal as it is shown."""
        terms = proposal.terms.fields()
        return cls(
            **{name: terms[name] for name in (*ScopeShown.model_fields, "name")},
            proposal_id=proposal.id,
            proposed_by=proposal.proposed_by,
            proposed_on=proposal.proposed_on,
        )


class GrantShown(ScopeShown):
    """A role that a person has, from its first day to its last."""

    grant_id: UUID

    @classmethod
    def of(cls, grant: Grant) -> GrantShown:
        """Return a grant as it is shown."""
        scope = grant.scope
        return cls(
            role=grant.role,
            kind=scope.kind,
            academies=scope.academies,
            classes=scope.classes,
            years=scope.years,
            pupils=scope.pupils,
            from_on=grant.from_on,
            until_on=grant.until_on,
            grant_id=grant.id,
        )


class RolesOfPerson(Value):
    """A person's roles, and those that wait to be granted."""

    person_id: UUID
    name: str | None
    left_on: date | None
    proposals: list[ProposalShown]
    grants: list[GrantShown]

    @classmethod
    def of(cls, person: Person, today: date) -> RolesOfPerson:
        """Return what is shown of a person: what is not over."""
        return cls(
            person_id=person.id,
            name=person.name,
            left_on=person.left_on,
            proposals=[ProposalShown.of(each) for each in person.proposals.values()],
            grants=[GrantShown.of(each) for each in person.standing(today)],
        )

    def within(self, reach: Reach) -> RolesOfPerson:
        """Return what of it is told to somebody who reaches so far."""
        return self.model_copy(
            update={
                "proposals": [each for each in self.proposals if reach.holds(each.scope)],
                "grants": [each for each in self.grants if reach.holds(each.scope)],
            }
        )

    @property
    def pupils(self) -> list[UUID]:
        """Of whom it tells that somebody sees their record."""
        return [pupil for each in (*self.proposals, *self.grants) for pupil in each.pupils]


class RoleShown(ScopeShown):
    """A role in force, and who has it."""

    grant_id: UUID
    person_id: UUID
    name: str | None
    until_at: datetime | None
    """The instant it ends, of an emergency access."""

    @classmethod
    def of(cls, held: HeldRole, name: str | None) -> RoleShown:
        """Return a role in force as it is shown."""
        fields = {each: getattr(held, each) for each in cls.model_fields if each != "name"}
        return cls(**fields, name=name)
