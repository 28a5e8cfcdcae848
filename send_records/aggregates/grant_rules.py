"""What a role is granted by: who may hand it out, to whom, for how long, and how many there may be.

The numbers are rows of ``rules/limits.toml``, each with its citation.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from send_records.aggregates.base import By
from send_records.aggregates.grant_scopes import SECURITY, GrantScope, ScopeKind, require_fits
from send_records.aggregates.people import ByGranter, Grant, Person, Proposal, Terms
from send_records.aggregates.values import Role, day_in_words
from send_records.errors import Invalid, NotFound, NotPermitted, RuleBroken

OF_THE_ACADEMY = frozenset(
    {
        Role.PHASE_LEADER,
        Role.CLASS_TEACHER,
        Role.SUPPORT_ASSISTANT,
        Role.TEACHING_ASSISTANT,
        Role.PROFESSIONAL,
        Role.PARENT,
        Role.PUPIL,
    }
)
"""The roles that a SENDCo or Principal may propose: those who work with the academy's own pupils,
parents, and the pupils themselves (policy s.8.6, 8.7)."""

LONGEST = {
    ScopeKind.REFERRAL: "referral_days",
    ScopeKind.ENGAGEMENT: "engagement_days",
    ScopeKind.CASE: "case_days",
}
"""The kinds of scope that end by themselves, and the limit that says when at the latest."""

RELATED = frozenset({Role.PARENT, Role.PUPIL})
"""The roles of people whose own, or whose child's, the record is."""


class NobodyGrantsToThemself(NotPermitted):
    """Nobody proposes or grants a role for themself."""

    basis = SECURITY


class ProposerDoesNotGrant(NotPermitted):
    """Two people stand behind every role: one proposes it, another grants it."""

    basis = SECURITY


class NotTheirsToPropose(NotPermitted):
    """SENDCos and Principals propose roles of their own academies; all others a platform
    administrator proposes."""

    basis = SECURITY


class OutOfReach(NotPermitted):
    """Nobody hands out, or takes away, more than they reach themselves."""

    basis = SECURITY


class NotTheOperator(NotPermitted):
    """Only the first roles are given by one person alone: by the operator, at the machine."""

    basis = SECURITY


class NoSuchProposal(NotFound):
    """A proposal is granted or refused once, while the person is there."""


class NoSuchGrant(NotFound):
    """A role that was ended, or never granted, is not the person's."""


class RoleIsOver(RuleBroken):
    """A role of which the last day is past needs no end."""


class EndsBeforeItBegins(Invalid):
    """A role's last day is not before its first."""


class OverAlready(Invalid):
    """A role is not given for days that are past alone."""


class EndNotSaid(Invalid):
    """A referral, an engagement and a case end: their last day is said with them."""

    basis = SECURITY


class LastsTooLong(RuleBroken):
    """A referral lasts at most 90 days, an engagement and a case as long as the trust has decided;
    what goes on is proposed again, so that somebody looks at it."""

    basis = SECURITY


class RelationshipNotVerified(Invalid):
    """A parent or pupil sees a record once somebody has verified who they are, and how is said; a
    parent is one of the pupil's contacts."""

    basis = (
        "UK GDPR Art 12(6) and 32; Education (Pupil Information) (England) Regulations 2005 reg 5"
    )


class TooManyRoles(RuleBroken):
    """A person has so many roles at most: more are never looked through again."""

    basis = SECURITY


class TooManyProposals(RuleBroken):
    """So many proposals wait at most: answer some of them first."""


def proposal_of(person: Person, proposal_id: UUID) -> Proposal:
    """Return a proposal that waits for an answer; raise NoSuchProposal."""
    if proposal_id not in person.proposals:
        raise NoSuchProposal("No such proposal waits for an answer.")
    return person.proposals[proposal_id]


def grant_of(person: Person, grant_id: UUID, by: By) -> Grant:
    """Return a grant that is not over; raise NoSuchGrant or RoleIsOver."""
    if grant_id not in person.grants:
        raise NoSuchGrant("This person has no such role.")
    grant = person.grants[grant_id]
    if grant.until_on is not None and grant.over(by.today):
        raise RoleIsOver(f"Its last day was {day_in_words(grant.until_on)}.")
    return grant


def require_own_to_propose(role: Role, by: By) -> None:
    """Refuse a role that whoever proposes it may not propose."""
    who = by.metadata.recorded_by.role
    if who is not Role.ADMINISTRATOR and role not in OF_THE_ACADEMY:
        raise NotTheirsToPropose("A platform administrator proposes it.")


def require_reach(scope: GrantScope, by: ByGranter) -> None:
    """Refuse a scope beyond the reach of whoever acts."""
    if not by.reach.holds(scope):
        raise OutOfReach("It reaches beyond what you reach yourself.")


def require_terms(terms: Terms, by: By) -> None:
    """Refuse a scope that does not fit the role, days that make no sense, a relationship that
    nobody verified, and what lasts too long."""
    require_fits(terms.role, terms.scope)
    require_days(terms, by)
    related = terms.role in RELATED
    if related != (terms.verified_how is not None):
        raise RelationshipNotVerified("Say how it was verified, of a parent or a pupil alone.")
    if (terms.role is Role.PARENT) != (terms.contact_id is not None):
        raise RelationshipNotVerified("Say which contact of the pupil's it is, of a parent alone.")


def require_days(terms: Terms, by: By) -> None:
    """Refuse days in the wrong order, all past, or further apart than the kind of scope allows."""
    limit = LONGEST.get(terms.scope.kind)
    if terms.until_on is None:
        if limit is not None:
            raise EndNotSaid("Say which day is the last.")
        return
    if terms.until_on < terms.from_on:
        raise EndsBeforeItBegins(f"It begins on {day_in_words(terms.from_on)}.")
    if terms.until_on < by.today:
        raise OverAlready(f"{day_in_words(terms.until_on)} is past.")
    if limit is None:
        return
    most = by.rules.limit(limit, by.today).most
    if terms.until_on > terms.from_on + timedelta(days=most):
        raise LastsTooLong(f"It lasts at most {most} days.")


def require_room(person: Person, by: By) -> None:
    """Refuse one role more than a person may have."""
    most = by.rules.limit("roles_of_a_person", by.today).most
    if len(person.standing(by.today)) >= most:
        raise TooManyRoles(f"A person has at most {most} roles: end one first.")


def require_room_to_propose(person: Person, by: By) -> None:
    """Refuse one proposal more than may wait, and one for which there would be no room."""
    require_room(person, by)
    most = by.rules.limit("proposals_waiting", by.today).most
    if len(person.proposals) >= most:
        raise TooManyProposals(f"At most {most} proposals wait for an answer.")
