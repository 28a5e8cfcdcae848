"""The one decision: may this person do this, to this pupil or over these many?

Denied unless a line of the table allows it.  A pupil out of the person's scope is answered as one
who does not exist, to the byte; one in scope of whom this may not be done is a plain refusal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from send_records.aggregates.base import Actor
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.values import Role
from send_records.authority.cuts import Cut
from send_records.authority.showing import NOTHING, Showing
from send_records.authority.standing import NOWHERE, Held, Standing
from send_records.authority.table import RANK, Line, line_of
from send_records.errors import NotFound, NotPermitted, NotSignedIn
from send_records.identity.callers import Caller, CallerKind
from send_records.store.access import Act, Tier
from send_records.store.scopes import NOBODY, Scope

STEP_UP_SECONDS = 300.0
"""How long a second factor counts for what takes things out, or opens doors (``security.md``)."""


class RoleMissing(NotPermitted):
    """Everybody does what their role is for, and no more."""

    basis = "UK GDPR Art 5(1)(f), 25 and 32; SEND policy s.8"


class SecondFactorMissing(NotSignedIn):
    """Records of children are opened by those who proved who they are in two ways."""

    basis = "UK GDPR Art 32"


class SignInAgain(NotSignedIn):
    """What takes records out, or opens doors, asks for a second factor within the last five
    minutes."""

    basis = "UK GDPR Art 32"


class Over(StrEnum):
    """What an operation is about."""

    PUPIL = "pupil"
    LIST = "list"
    ANY_PUPIL = "any_pupil"
    """A pupil who need not be in scope: only to break the glass."""
    NOBODY = "nobody"
    """Counts, roles, oneself."""


@dataclass(frozen=True, slots=True)
class Verb:
    """What a route does: its line of policy."""

    operation: str
    over: Over
    act: Act | None = None
    """How it is accounted for; None if it records, and the log accounts for it."""
    tier: Tier | None = None
    """The least sensitive that it shows; None if it shows nothing, or is theirs alone whose line
    of the table names it."""
    roles: frozenset[Role] = frozenset()
    """Who may record it."""
    steps_up: bool = False

    def allowed_by(self, line: Line) -> bool:
        """Whether a line of the table allows it."""
        if self.over is Over.LIST and not line.lists:
            return False
        if self.act is None or self.act is Act.UPLOAD:
            held_to = line.only is None or self.operation in line.only
            return line.records and line.role in self.roles and held_to
        if self.operation in line.also:
            return True
        if self.tier not in line.tiers:
            return False
        return line.exports or self.act not in (Act.EXPORT, Act.PROOF)

    def cut_by(self, line: Line) -> Cut:
        """Return what a line lets be shown of it by name, besides what its tiers do."""
        return line.also.get(self.operation, NOTHING)


@dataclass(frozen=True, slots=True)
class Permit:
    """Who may go on, in which role, over whom, and how much they see."""

    actor: Actor
    """With the role that allowed it."""
    line: Line
    scope: Scope
    held: tuple[Held, ...] = field(repr=False)
    """The grants that allow it."""
    pupil_id: UUID | None = None
    contact_id: UUID | None = None
    """Which contact a parent is, on the pupil's record."""
    cut: Cut = NOTHING

    @property
    def showing(self) -> Showing:
        """What of an answer is shown."""
        return Showing(self.tiers, self.cut)

    @property
    def tiers(self) -> frozenset[Tier]:
        """What may be shown."""
        return self.line.tiers

    @property
    def reach(self) -> Scope:
        """All whom the grants that allow it reach, be it about one pupil or about nobody."""
        return _of(self.held)

    @property
    def academies(self) -> frozenset[str] | None:
        """The academies that whoever asks is limited to; None if to none, or not by academy."""
        if self.line.kind is ScopeKind.TRUST:
            return None
        return frozenset(academy for held in self.held for academy in held.over.academies)

    def actor_at(self, academy: str) -> Actor:
        """Return who acts, at an academy that their grants name; raise RoleMissing if it is none of
        theirs, so that nobody makes a record which they could not see."""
        if self.academies is None:
            return self.actor
        if academy not in self.academies:
            raise RoleMissing("Your role is for other academies.")
        return self.actor.model_copy(update={"academy": academy})


def authorize(
    caller: Caller, verb: Verb, standing: Standing, pupil_id: UUID | None, now: float
) -> Permit:
    """Return how a caller may do something: about a pupil if the verb is about one.

    ``now`` is in seconds of the epoch.  Raise SecondFactorMissing or SignInAgain; RoleMissing if
    no role of theirs does this, or not to that pupil; NotFound if the pupil is out of their scope,
    or is none.
    """
    require_strong(caller, verb, now)
    if caller.only is not None and verb.operation not in caller.only:
        raise RoleMissing("This key is not for that.")
    able = sorted(_able(verb, standing), key=lambda each: RANK[each[0].role, each[0].kind])
    if not able:
        raise RoleMissing("No role that you hold does this.")
    if verb.over is Over.PUPIL:
        return _over_pupil(caller, verb, able, standing, pupil_id)
    if verb.over is Over.ANY_PUPIL:
        return _over_any(caller, able, standing, pupil_id)
    line = _of_several(able)
    held = tuple(held for of, held in able if of is line)
    scope = NOBODY if verb.over is Over.NOBODY and verb.tier is not Tier.AGGREGATES else _of(held)
    return Permit(_actor(caller, line, held, None), line, scope, held, cut=verb.cut_by(line))


def require_strong(caller: Caller, verb: Verb, now: float) -> None:
    """Raise SecondFactorMissing, or SignInAgain: a program proves itself by its key alone."""
    if caller.kind is CallerKind.SERVICE:
        return
    if caller.strong_at is None:
        raise SecondFactorMissing("Sign in with a second factor.")
    if verb.steps_up and now - caller.strong_at > STEP_UP_SECONDS:
        raise SignInAgain("Prove who you are again: this asks for a sign-in of the last 5 minutes.")


def _able(verb: Verb, standing: Standing) -> Iterator[tuple[Line, Held]]:
    for held in standing.held:
        line = line_of(held.role, held.over.kind)
        if line is not None and verb.allowed_by(line):
            yield line, held


def _of_several(able: list[tuple[Line, Held]]) -> Line:
    """Return the line by which somebody asks for several pupils, or for none: not a case's, which
    is of single ones, if another allows it; else who works on a case would see less than before."""
    return next((line for line, _ in able if line.kind is not ScopeKind.CASE), able[0][0])


def _over_pupil(
    caller: Caller,
    verb: Verb,
    able: list[tuple[Line, Held]],
    standing: Standing,
    pupil_id: UUID | None,
) -> Permit:
    if pupil_id is None:
        raise unknown()
    places, there = standing.places or NOWHERE, standing.places is not None
    for line, held in able:
        if held.scope.holds(pupil_id, places) and there:
            actor = _actor(caller, line, (held,), standing.academy)
            scope = Scope.of(pupil_id)
            cut = verb.cut_by(line)
            return Permit(actor, line, scope, (held,), pupil_id, held.contact_id, cut)
    if any(_reaches(held, pupil_id, places) for held in standing.held) and there:
        raise RoleMissing("Your role does not do this for this pupil.")
    raise unknown()


def _reaches(held: Held, pupil_id: UUID, places: tuple[str, ...]) -> bool:
    """Whether a grant lets somebody know of a pupil: one that shows counts alone does not."""
    line = line_of(held.role, held.over.kind)
    knows = line is not None and bool(line.tiers - {Tier.AGGREGATES, Tier.CONFIGURATION})
    return knows and held.scope.holds(pupil_id, places)


def _over_any(
    caller: Caller, able: list[tuple[Line, Held]], standing: Standing, pupil_id: UUID | None
) -> Permit:
    if pupil_id is None or standing.places is None:
        raise unknown()
    line, held = able[0]
    actor = _actor(caller, line, (held,), None)
    return Permit(actor, line, Scope.of(pupil_id), (held,), pupil_id)


def unknown() -> NotFound:
    """Return the refusal of a pupil who is not there, or not for whoever asks: one and the same."""
    return NotFound("No pupil has that id.")


def _of(held: tuple[Held, ...]) -> Scope:
    scopes = [each.scope for each in held]
    return Scope(
        tuple(dict.fromkeys(pupil for scope in scopes for pupil in scope.pupils)),
        tuple(dict.fromkeys(place for scope in scopes for place in scope.places)),
    )


def _actor(caller: Caller, line: Line, held: tuple[Held, ...], academy: str | None) -> Actor:
    """Return who acts: at the pupil's academy if their grant names it, or at the one it names."""
    named = {each for one in held for each in one.over.academies}
    if academy not in named:
        academy = named.pop() if len(named) == 1 else None
    return Actor(id=caller.person_id, name=caller.name, role=line.role, academy=academy)
