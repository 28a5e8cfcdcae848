"""How somebody stands at this moment: the roles they hold, and where the pupil they ask about is.

Every request reads the version of all grants and whereabouts, which the log keeps level in its own
transactions: so who has left is out with the next thing they ask.  What was read under the present
version is known still; else it is read, and those who ask at once are read together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from send_records.aggregates.grant_scopes import GrantScope, ScopeKind
from send_records.aggregates.values import Role, day_in_london
from send_records.errors import NotReadyYet
from send_records.store.authority_head import AuthorityHead, Version
from send_records.store.connections import AMBIGUOUS, Pool
from send_records.store.gathering import Gathering, TaskGathering
from send_records.store.scopes import INSIDE, WHOLE_TRUST, Scope, class_of, year_of

NOWHERE = tuple(f"{INSIDE}{INSIDE}{at}" for at in ("", "no academy", "no year", "no class"))
"""Where somebody is who is not: places in no scope, as many as a pupil's, that are fetched and
looked at all the same.  Else answers about nobody came some microseconds sooner, and 500 questions
told (AUC 0.57) whether there is a pupil of an id at another academy."""


class AuthorityAway(NotReadyYet):
    """Whoever asks is judged by the roles they hold now; what cannot be read allows nothing."""


@dataclass(frozen=True, slots=True)
class Held:
    """A role in force."""

    grant_id: UUID
    role: Role
    over: GrantScope
    contact_id: UUID | None = None
    """Which contact on the pupil's record a parent is."""

    @property
    def scope(self) -> Scope:
        """Whom it reaches, as the database is told."""
        over = self.over
        match over.kind:
            case ScopeKind.TRUST:
                return WHOLE_TRUST
            case ScopeKind.ACADEMIES | ScopeKind.ENGAGEMENT:
                return Scope(places=over.academies)
            case ScopeKind.PHASE:
                return Scope(
                    places=tuple(year_of(a, y) for a in over.academies for y in over.years)
                )
            case ScopeKind.CLASSES:
                within = over.classes
                return Scope(places=tuple(class_of(a, c) for a in over.academies for c in within))
            case _:
                return Scope(pupils=over.pupils)


@dataclass(frozen=True, slots=True)
class Standing:
    """The roles that a person holds and, if a pupil was asked about, where that pupil is."""

    held: tuple[Held, ...]
    places: tuple[str, ...] | None
    """None if no pupil was asked about, or there is none of that id."""

    @property
    def ends_within_the_day(self) -> bool:
        """Whether a role ends at an instant, and so nobody can know it without the time."""
        return any(held.over.kind is ScopeKind.EMERGENCY for held in self.held)

    @property
    def academy(self) -> str | None:
        """The academy that the pupil is at."""
        return None if self.places is None else self.places[1]


Asked = tuple[UUID, UUID | None]
"""A person, and a pupil if the question is about one."""


class Known(NamedTuple):
    """How somebody stood, by which version, on which day."""

    standing: Standing
    version: Version
    day: date


KNOWN = 20_000
"""Answers that are known at once: some megabytes."""


class Standings:
    """Reads how people stand."""

    def __init__(self, pool: Pool, head: AuthorityHead, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._head = head
        self._clock = clock
        self._known: dict[Asked, Known] = {}
        self._threads = Gathering[Asked, Standing](self._read)
        self._tasks = TaskGathering[Asked, Standing](self._read)

    def of(self, person_id: UUID, pupil_id: UUID | None = None) -> Standing:
        """Return how somebody stands, as to a pupil; raise AuthorityAway."""
        return self._threads.submit((person_id, pupil_id))

    async def soon(self, person_id: UUID, pupil_id: UUID | None = None) -> Standing:
        """Do as ``of`` does, for a task of an event loop; what is known still is not read again."""
        asked, version, day = (person_id, pupil_id), self._head.version(), self._today()
        known = self._known.get(asked)
        if known is not None and known.version == version and known.day == day:
            return known.standing
        standing = await self._tasks.submit(asked)
        if version is not None and not standing.ends_within_the_day:
            if len(self._known) >= KNOWN:
                self._known.clear()
            self._known[asked] = Known(standing, version, day)
        return standing

    def _today(self) -> date:
        return day_in_london(self._clock())

    def _read(self, batch: Sequence[Asked]) -> Sequence[Standing | Exception]:
        self._head.connect()
        now = self._clock()
        persons = [person for person, _ in batch]
        pupils = [pupil for _, pupil in batch]
        try:
            with self._pool.connection() as connection:
                rows = connection.execute(
                    "SELECT held, coalesce(places, %s::text[]), places IS NOT NULL "
                    "FROM standing(%s::uuid[], %s::uuid[], %s, %s) ORDER BY o",
                    [list(NOWHERE), persons, pupils, day_in_london(now), now],
                    prepare=True,
                ).fetchall()
        except AMBIGUOUS:
            return [AuthorityAway("Nobody can be judged at this moment: ask again.") for _ in batch]
        return [_standing(held or (), places, there) for held, places, there in rows]


def _standing(held: Sequence[Sequence[Any]], places: Sequence[str], there: bool) -> Standing:
    found = tuple(places)
    return Standing(tuple(map(_held, held)), found if there else None)


def _held(row: Sequence[Any]) -> Held:
    grant_id, role, kind, academies, classes, years, pupils, contact_id = row
    over = GrantScope(
        ScopeKind(kind),
        tuple(academies),
        tuple(classes),
        tuple(years),
        tuple(map(UUID, pupils)),
    )
    return Held(UUID(grant_id), Role(role), over, contact_id and UUID(contact_id))
