"""What a grant of a role reaches: which kinds of scope a role takes, and what each kind names.

A role says what a person does, its scope with whose records they do it: an academy's, a class's, a
caseload's, one child's.  The table ``FITS`` follows policy s.8; a scope of another kind would give
a class teacher an academy, or a SENDCo the trust.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from send_records.aggregates.values import Role
from send_records.errors import Invalid

SECURITY = "UK GDPR Art 5(1)(f) and 32; SEND policy s.8"
"""Where it comes from that everybody sees what their work needs, and no more."""


class ScopeKind(StrEnum):
    """What a grant's scope is made of."""

    TRUST = "trust"
    ACADEMIES = "academies"
    PHASE = "phase"
    """Years of academies."""
    CLASSES = "classes"
    """Classes of academies."""
    PUPILS = "pupils"
    """A caseload, or pupils who were referred."""
    ENGAGEMENT = "engagement"
    """Academies, for as long as an engagement lasts."""
    REFERRAL = "referral"
    """Pupils referred to somebody outside the trust."""
    CASE = "case"
    """Pupils of a case: a complaint, an approval, a request."""
    RELATIONSHIP = "relationship"
    """One's own child, or oneself."""
    EMERGENCY = "emergency"
    """One pupil, for minutes; taken and never granted."""


@dataclass(frozen=True, slots=True)
class GrantScope:
    """Whose records a grant reaches: what its kind names, and nothing else."""

    kind: ScopeKind
    academies: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    years: tuple[str, ...] = ()
    pupils: tuple[UUID, ...] = ()

    @property
    def named(self) -> frozenset[str]:
        """Which of its lists are not empty."""
        lists = ("academies", "classes", "years", "pupils")
        return frozenset(each for each in lists if getattr(self, each))


@dataclass(frozen=True, slots=True)
class Reach:
    """How far whoever hands out or takes away roles reaches themselves; None is not limited.

    Of pupils it need only say of those that a scope in question names which are within reach:
    see ``PersonCommand.scopes_asked``.
    """

    academies: frozenset[str] | None = None
    pupils: frozenset[UUID] | None = None

    def holds(self, scope: GrantScope) -> bool:
        """Whether a scope lies within it.  The whole trust lies within no list of academies."""
        if self.academies is not None and scope.kind is ScopeKind.TRUST:
            return False
        academies = self.academies is None or self.academies.issuperset(scope.academies)
        pupils = self.pupils is None or self.pupils.issuperset(scope.pupils)
        return academies and pupils


EVERYWHERE = Reach()
NOWHERE = Reach(frozenset(), frozenset())

_K = ScopeKind
FITS: Mapping[Role, frozenset[ScopeKind]] = MappingProxyType(
    {
        Role.TRUSTEE: frozenset({_K.TRUST}),
        Role.CEO: frozenset({_K.TRUST}),
        Role.DIRECTOR_OF_EDUCATION: frozenset({_K.TRUST}),
        Role.HEAD_OF_INCLUSION: frozenset({_K.PUPILS}),
        Role.TRUST_SEND_LEADER: frozenset({_K.ENGAGEMENT}),
        Role.PRINCIPAL: frozenset({_K.ACADEMIES, _K.CASE}),
        Role.TRUST_SENCO: frozenset({_K.ACADEMIES}),
        Role.SENCO: frozenset({_K.ACADEMIES}),
        Role.PHASE_LEADER: frozenset({_K.PHASE, _K.CASE}),
        Role.CLASS_TEACHER: frozenset({_K.CLASSES}),
        Role.SUPPORT_ASSISTANT: frozenset({_K.PUPILS}),
        Role.TEACHING_ASSISTANT: frozenset({_K.PUPILS}),
        Role.PROFESSIONAL: frozenset({_K.REFERRAL}),
        Role.PARENT: frozenset({_K.RELATIONSHIP}),
        Role.PUPIL: frozenset({_K.RELATIONSHIP}),
        Role.DPO: frozenset({_K.TRUST, _K.CASE}),
        Role.ANALYST: frozenset({_K.TRUST}),
        Role.INTEGRATION: frozenset({_K.ACADEMIES}),
        Role.AUDITOR: frozenset({_K.TRUST}),
        Role.ADMINISTRATOR: frozenset({_K.TRUST}),
    }
)
"""Which kinds of scope each role takes (policy s.8; ``security.md``, who may do what)."""

NAMES: Mapping[ScopeKind, frozenset[str]] = MappingProxyType(
    {
        _K.TRUST: frozenset[str](),
        _K.ACADEMIES: frozenset({"academies"}),
        _K.PHASE: frozenset({"academies", "years"}),
        _K.CLASSES: frozenset({"academies", "classes"}),
        _K.PUPILS: frozenset({"pupils"}),
        _K.ENGAGEMENT: frozenset({"academies"}),
        _K.REFERRAL: frozenset({"pupils"}),
        _K.CASE: frozenset({"pupils"}),
        _K.RELATIONSHIP: frozenset({"pupils"}),
        _K.EMERGENCY: frozenset({"pupils"}),
    }
)
"""What a scope of each kind names."""

EVERY = {"*", "all", "any", "every", "everything", "all academies"}
"""What stands for a list and is none."""


class RoleTakesAnotherScope(Invalid):
    """A role takes the kinds of scope that its work needs: a class teacher classes, a SENDCo
    academies, an assistant pupils."""

    basis = SECURITY


class ScopeNotWhole(Invalid):
    """A scope names what its kind is made of, and nothing else."""

    basis = SECURITY


class AcademiesNotListed(Invalid):
    """Academies, classes and years are listed one by one: "all" is no list."""

    basis = SECURITY


class OneChildOnly(Invalid):
    """A relationship is to one child: a parent of two has two grants, each verified."""

    basis = SECURITY


def require_fits(role: Role, scope: GrantScope) -> None:
    """Refuse a scope that the role does not take, or that is not what its kind is made of."""
    if scope.kind not in FITS[role]:
        kinds = ", ".join(sorted(FITS[role]))
        raise RoleTakesAnotherScope(f"This role takes a scope of kind: {kinds}.")
    if scope.named != NAMES[scope.kind]:
        wanted = " and ".join(sorted(NAMES[scope.kind])) or "nothing"
        raise ScopeNotWhole(f"A scope of kind {scope.kind} names {wanted}, and nothing else.")
    if any(each.casefold() in EVERY for each in (*scope.academies, *scope.classes, *scope.years)):
        raise AcademiesNotListed("Name each of them.")
    if scope.kind is ScopeKind.RELATIONSHIP and len(scope.pupils) != 1:
        raise OneChildOnly("Name one pupil.")
