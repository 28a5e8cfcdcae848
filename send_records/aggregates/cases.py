"""Cases: what the data protection officer opens before they see a pupil's record, and closes.

The officer's tasks (UK GDPR Art 39) reach every record, and the record itself only in the course of
one: a request, a complaint, a breach.  A case names one pupil, why, and its last day; it needs no
second person, for it is there to be seen, and ends by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from send_records.aggregates.grant_rules import (
    EndsBeforeItBegins,
    LastsTooLong,
    grant_of,
    require_room,
)
from send_records.aggregates.grant_scopes import GrantScope, ScopeKind
from send_records.aggregates.people import (
    ByGranter,
    Grant,
    Person,
    PersonCommand,
    PersonEvent,
)
from send_records.aggregates.values import Clear, Day, Name, Role, Words, day_in_words
from send_records.errors import NotPermitted, RuleBroken

ART_39 = "UK GDPR Art 38(2) and 39"


class CaseKind(StrEnum):
    """What a case is of."""

    SUBJECT_ACCESS = "subject_access"
    COMPLAINT = "complaint"
    BREACH = "breach"
    TRIBUNAL = "tribunal"
    RIGHTS_REQUEST = "rights_request"
    AUDIT = "audit"


class CaseIsOnesOwn(NotPermitted):
    """The data protection officer opens and closes their own cases, and nobody else's."""

    basis = ART_39


class NotTheOfficer(NotPermitted):
    """A case is opened by who is data protection officer of the trust on that day."""

    basis = ART_39


class NotACase(RuleBroken):
    """A case that was opened is closed; any other role is ended."""


class CaseOpened(PersonEvent):
    grant_id: Clear[UUID]
    person_id: Clear[UUID]
    pupil_id: Clear[UUID]
    until_on: Clear[date]
    case_kind: CaseKind
    reference: str
    why: str

    def apply(self, person: Person) -> Person:
        scope = GrantScope(ScopeKind.CASE, pupils=(self.pupil_id,))
        grant = Grant(self.grant_id, Role.DPO, scope, self.occurred_on, self.until_on, opened=True)
        return person.with_grant(grant)


class OpenCase(PersonCommand):
    """Open a case, for oneself: the record of one pupil can then be read until it is closed, or
    its last day is over."""

    roles = frozenset({Role.DPO})

    pupil_id: UUID
    case_kind: CaseKind
    reference: Name
    """Under which the case is known: of the request, the complaint, the appeal."""
    why: Words
    until_on: Day

    def decide(self, person: Person, by: ByGranter) -> Sequence[PersonEvent]:
        require_own(person, by)
        held = person.acting_as(Role.DPO, ScopeKind.TRUST, by.today)
        if not held:
            raise NotTheOfficer("You are not data protection officer of the trust today.")
        if self.until_on < by.today:
            raise EndsBeforeItBegins("Its last day is today or later.")
        most = by.rules.limit("case_days", by.today).most
        latest = min(
            by.today + timedelta(days=most), max(grant.until_on or date.max for grant in held)
        )
        if self.until_on > latest:
            raise LastsTooLong(f"Its last day is {day_in_words(latest)} at the latest.")
        require_room(person, by)
        opened = CaseOpened(
            **self.about(person, by),
            grant_id=by.new_id,
            person_id=person.id,
            pupil_id=self.pupil_id,
            until_on=self.until_on,
            case_kind=self.case_kind,
            reference=self.reference,
            why=self.why,
        )
        return [opened]


class CaseClosed(PersonEvent):
    grant_id: Clear[UUID]
    why: str

    def apply(self, person: Person) -> Person:
        return person.without_grant(self.grant_id)


class CloseCase(PersonCommand):
    """Close one's own case: the record is closed again."""

    roles = frozenset({Role.DPO})

    grant_id: UUID
    why: Words

    def decide(self, person: Person, by: ByGranter) -> Sequence[PersonEvent]:
        require_own(person, by)
        grant = grant_of(person, self.grant_id, by)
        if not grant.opened:
            raise NotACase("That is a role: somebody else ends it.")
        return [CaseClosed(**self.about(person, by), grant_id=grant.id, why=self.why)]


def require_own(person: Person, by: ByGranter) -> None:
    """Refuse what is about somebody else's cases."""
    if by.metadata.recorded_by.id != person.id:
        raise CaseIsOnesOwn("Cases are opened and closed by whoever works on them.")
