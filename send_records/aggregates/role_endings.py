"""How roles end: one by one, or all at once when the person leaves.

A leaver is out within a minute (``security.md``): whoever's feed says first that somebody left has
every role of theirs ended, and no proposal of before can be granted to them any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from send_records.aggregates.cases import ART_39, CaseClosed
from send_records.aggregates.days import NotYetHappened
from send_records.aggregates.grant_rules import grant_of, require_reach
from send_records.aggregates.grant_scopes import GrantScope, ScopeKind
from send_records.aggregates.grants import GRANTERS
from send_records.aggregates.people import (
    NO_GRANTS,
    NO_PROPOSALS,
    ByGranter,
    Grant,
    Person,
    PersonCommand,
    PersonEvent,
)
from send_records.aggregates.values import Clear, Day, Role, Words, day_in_words
from send_records.errors import NotFound, NotPermitted, RuleBroken


class CaseIsTheOfficers(NotPermitted):
    """A case is closed by the data protection officer who opened it: nobody instructs them."""

    basis = ART_39


class NobodyOfThatId(NotFound):
    """Of this person nothing is on record: they have no role that could end."""


class HasLeft(RuleBroken):
    """That a person left is recorded once, until they have a role again."""


class RoleEnded(PersonEvent):
    grant_id: Clear[UUID]
    why: str

    def apply(self, person: Person) -> Person:
        return person.without_grant(self.grant_id)


class EndRole(PersonCommand):
    """End a role, from this moment on.  With the data protection officer's role end the cases that
    they opened in it."""

    roles = GRANTERS

    grant_id: UUID
    why: Words

    def scopes_asked(self, person: Person) -> tuple[GrantScope, ...]:
        grant = person.grants.get(self.grant_id)
        return () if grant is None else (grant.scope,)

    def decide(self, person: Person, by: ByGranter) -> Sequence[PersonEvent]:
        grant = grant_of(person, self.grant_id, by)
        if grant.opened:
            raise CaseIsTheOfficers("Whoever opened the case closes it.")
        require_reach(grant.scope, by)
        ended = RoleEnded(**self.about(person, by), grant_id=grant.id, why=self.why)
        closed = [
            CaseClosed(**self.about(person, by, after=after), grant_id=case.id, why=self.why)
            for after, case in enumerate(cases_of(person, grant, by), start=1)
        ]
        return [ended, *closed]


def cases_of(person: Person, grant: Grant, by: ByGranter) -> list[Grant]:
    """Return the cases that a person may not go on with once a role of theirs has ended."""
    left = person.without_grant(grant.id).acting_as(Role.DPO, ScopeKind.TRUST, by.today)
    return [] if left else [case for case in person.standing(by.today) if case.opened]


class PersonLeft(PersonEvent):
    person_id: Clear[UUID]
    why: str | None

    def apply(self, person: Person) -> Person:
        return replace(person, grants=NO_GRANTS, proposals=NO_PROPOSALS, left_on=self.occurred_on)


class RecordPersonLeft(PersonCommand):
    """Record that somebody left: all their roles end at this moment, and their cases."""

    roles = frozenset({Role.INTEGRATION, Role.ADMINISTRATOR, Role.PRINCIPAL})

    left_on: Day
    why: Words | None = None

    def scopes_asked(self, person: Person) -> tuple[GrantScope, ...]:
        return tuple(grant.scope for grant in person.grants.values())

    def decide(self, person: Person, by: ByGranter) -> Sequence[PersonEvent]:
        if person.version == 0:
            raise NobodyOfThatId("Nobody of that id has, or had, a role.")
        if person.left_on is not None and not person.proposals:
            raise HasLeft(f"That they left on {day_in_words(person.left_on)} is on record.")
        if self.left_on > by.today:
            raise NotYetHappened("Record it on the day, or give their roles a last day.")
        for grant in person.standing(by.today):
            require_reach(grant.scope, by)
        about = self.about(person, by)
        about["occurred_on"] = self.left_on
        return [PersonLeft(**about, person_id=person.id, why=self.why)]
