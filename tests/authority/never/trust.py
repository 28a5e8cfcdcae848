"""A small trust: two academies, eight pupils, and whoever a sentence needs.

What is tried here is written down from policy s.8 and ``security.md``.  It knows nothing of the
table that the system goes by, so a wrong table cannot pass itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

from httpx2 import Response
from psycopg import Connection

from send_records.aggregates.base import Actor, Entry
from send_records.aggregates.classes import PlaceInClass
from send_records.aggregates.concerns import RaiseConcern
from send_records.aggregates.emergencies import BreakGlass
from send_records.aggregates.enrolment import MovePupilAcademy, RecordLeaving
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.medical import PlaceOnMedicalRegister
from send_records.aggregates.people import PersonCommand
from send_records.aggregates.plans import AgreePlan, DraftPlan, SharePlan
from send_records.aggregates.values import Role, day_in_london
from send_records.api.recording import snake_case
from send_records.application import Request
from send_records.bootstrap import Database, System, now
from send_records.projections.engine import Engine
from send_records.store.authority_head import AuthorityHead
from tests.api.client import Client, path_of, problem_of, routes_of
from tests.api.grants import give
from tests.api.story import EXAMPLES
from tests.api.story_documents import FILE, keep
from tests.api.story_people import body_of as body_of_person
from tests.keys import held
from tests.scenario import (
    ADD,
    ADMIT,
    IDENTIFY,
    RECORD_GRANDMOTHER,
    RECORD_MOTHER,
    SENCO,
    TELL,
    but,
)

ALDER, BIRCH = "Alder Park Academy", "Birch Lane Academy"
TODAY = day_in_london(now())
DAY = timedelta(days=1)

WORRY = "Hides under the table when numbers come up"
AIM = "Counts to twenty with a friend"
HEALTH = "Epilepsy with absences"
LETTER = b"To the parents, from the psychologist"
READER = "Rosalind Quick"
"""Words and a name that may not be seen by whom a sentence is about."""

UPN = "D001000026001"


@dataclass(frozen=True)
class Child:
    """A pupil on record, and what is known of the family."""

    id: UUID
    name: str
    mother: UUID
    grandmother: UUID
    letter: UUID
    plan: UUID

    def at(self, path: str = "") -> str:
        """Where something of the record is."""
        return f"/v1/pupils/{self.id}{path}"

    @property
    def letter_at(self) -> str:
        return self.at(f"/documents/{self.letter}/content")


@dataclass(frozen=True)
class Person(Client):
    """Somebody who signs in, with the roles that they were given and no others."""

    trust: Trust = field(kw_only=True)

    def holding(self, role: Role, kind: ScopeKind, **scope: Any) -> Person:
        """The same person with one more role."""
        give(self.trust.owner_, self.actor.model_copy(update={"role": role}), kind, **scope)
        return self

    def breaks_glass(self, child: Child, why: str = "", **headers: Any) -> Response:
        reason = why or "At the hospital with him: what may he be given?"
        return self.record(child.id, BreakGlass(occurred_on=TODAY, reason_given=reason))

    def asks_of(self, person_id: UUID, command: PersonCommand, **more: Any) -> Response:
        """Give a command about a person."""
        name = snake_case(type(command).__name__)
        paths = {route.operation_id: route.path for route in self.trust.routes}
        path = str(paths[name]).replace("{person_id}", str(person_id))
        return self.post(path, body_of_person(command), **more)

    def record(self, pupil_id: object, entry: Entry, **more: Any) -> Response:
        """Record something, leaving out what need not be said."""
        body = entry.model_dump(mode="json", exclude_defaults=True)
        return self.post(path_of(self.app, type(entry), pupil_id), body, **more)

    def finds(self, **wanted: str) -> Response:
        return self.search(**wanted)

    def raises_concern(self, child: Child) -> Response:
        return self.record(child.id, but(EXAMPLES[RaiseConcern].entry, occurred_on=TODAY))


@dataclass(frozen=True)
class Trust:
    """The running system, and everybody in it."""

    client: Client
    system: System
    database: Database
    owner_: Connection
    children: dict[str, Child] = field(default_factory=dict)

    @property
    def routes(self) -> list[Any]:
        return routes_of(self.client.app)

    def __getattr__(self, name: str) -> Child:
        try:
            return self.children[name]
        except KeyError:
            raise AttributeError(name) from None

    # Pupils

    def admit(self, name: str, academy: str = ALDER, class_name: str = "4B", **more: Any) -> Child:
        """Admit a pupil, of whom everything is on record that a sentence may ask for."""
        child = Child(uuid4(), name, uuid4(), uuid4(), uuid4(), uuid4())
        more = {"nc_year": "4", "upn": None} | more
        self.system.records.admit(
            but(ADMIT, legal_name=name, academy=academy, **more), self.asked(child.id)
        )
        self.do(child, RECORD_MOTHER, child.mother)
        self.do(child, RECORD_GRANDMOTHER, child.grandmother)
        self.do(child, PlaceInClass(occurred_on=TODAY, class_name=class_name))
        worry = but(EXAMPLES[RaiseConcern].entry, description=WORRY)
        for command in (worry, IDENTIFY, but(TELL, contact_ids=[child.mother]), ADD):
            self.do(child, command)
        draft = EXAMPLES[DraftPlan].entry
        targets = [dict(target) | {"text": AIM} for target in draft.targets]  # type: ignore[attr-defined]
        self.do(child, but(draft, targets=targets), child.plan)
        keep(self.system.records, child.id, child.letter, LETTER)
        self.do(child, FILE, child.letter)
        return child

    def do(self, child: Child, command: Any, key: UUID | None = None) -> None:
        """Record something, as the SENDCo would."""
        self.system.records.execute(child.id, command, self.asked(key))

    def asked(self, key: UUID | None = None) -> Request:
        return Request(SENCO.model_copy(update={"name": READER}), key or uuid4(), uuid4())

    def project(self) -> None:
        """Bring the views level with the log."""
        Engine(self.database.as_projector(), held().seals).catch_up()

    # People

    def somebody(self, role: Role, kind: ScopeKind | None = None, **scope: Any) -> Person:
        """Somebody new, with one role or none."""
        actor = Actor(id=uuid4(), name=READER, role=role)
        person = Person(self.client.http, self.client.issuer, None, actor, trust=self)
        return person if kind is None else person.holding(role, kind, **scope)

    def senco(self, *academies: str) -> Person:
        return self.somebody(Role.SENCO, ScopeKind.ACADEMIES, academies=academies or [ALDER])

    def principal(self, *academies: str) -> Person:
        return self.somebody(Role.PRINCIPAL, ScopeKind.ACADEMIES, academies=academies or [ALDER])

    def teacher(self, class_name: str = "4B", academy: str = ALDER) -> Person:
        scope: dict[str, Any] = {"academies": [academy], "classes": [class_name]}
        return self.somebody(Role.CLASS_TEACHER, ScopeKind.CLASSES, **scope)

    def assistant(self, *children: Child, role: Role = Role.TEACHING_ASSISTANT) -> Person:
        return self.somebody(role, ScopeKind.PUPILS, pupils=[each.id for each in children])

    def trustwide(self, role: Role) -> Person:
        return self.somebody(role, ScopeKind.TRUST)

    def mother(self, child: Child) -> Person:
        scope: dict[str, Any] = {"pupils": [child.id], "contact_id": child.mother}
        return self.somebody(Role.PARENT, ScopeKind.RELATIONSHIP, **scope)

    def child(self, child: Child) -> Person:
        return self.somebody(Role.PUPIL, ScopeKind.RELATIONSHIP, pupils=[child.id])

    def professional(self, child: Child, until: date | None = None) -> Person:
        return self.somebody(
            Role.PROFESSIONAL, ScopeKind.REFERRAL, pupils=[child.id], until_on=until or TODAY + DAY
        )

    def feed(self, *academies: str) -> Person:
        """A program of the schools' own information system, with a token of its own."""
        return self.somebody(Role.INTEGRATION, ScopeKind.ACADEMIES, academies=academies or [ALDER])

    # Time

    @contextmanager
    def later(self, by: timedelta) -> Iterator[None]:
        """Go on when some time has passed, as far as roles are concerned."""
        standings = self.system.standings
        with closing(AuthorityHead(self.database.app)) as head:
            then = type(standings)(self.system.views.pool, head, lambda: now() + by)
            self.client.app.state.system = replace(self.system, standings=then)
            try:
                yield
            finally:
                self.client.app.state.system = self.system


def furnish(trust: Trust) -> None:
    """Have some pupils on record."""
    trust.children.update(
        aisha=trust.admit("Aisha Rahman", upn=UPN),
        leo=trust.admit("Leo Bennett-Okafor", class_name="5A", nc_year="5"),
        tomasz=trust.admit("Tomasz Nowak", academy=BIRCH),
        moved=trust.admit("Mina Haddad"),
        gone=trust.admit("Gwen Parry"),
        placed=trust.admit("Priti Desai"),
        shared=trust.admit("Sol Adeyemi"),
        kit=trust.admit("Kit Moreau", class_name="6C", nc_year="6"),
    )
    moves = EXAMPLES[MovePupilAcademy].entry
    trust.do(trust.moved, but(moves, occurred_on=TODAY, to_academy=BIRCH, nc_year="4"))
    trust.do(trust.gone, but(EXAMPLES[RecordLeaving].entry, occurred_on=TODAY))
    trust.do(trust.placed, PlaceInClass(occurred_on=TODAY, class_name="5A"))
    child = trust.shared
    agree = but(EXAMPLES[AgreePlan].entry, plan_id=child.plan, contact_ids=[child.mother])
    trust.do(child, agree)
    trust.do(trust.aisha, but(EXAMPLES[PlaceOnMedicalRegister].entry, condition=HEALTH))
    trust.do(child, but(EXAMPLES[SharePlan].entry, plan_id=child.plan))
    trust.project()


# Sentences

Attempt = Callable[[Trust], None]
NEVER: dict[str, Attempt] = {}
"""What must never happen, and an attempt at it that fails unless it is refused."""


def never(sentence: str) -> Callable[[Attempt], Attempt]:
    """Say what an attempt shows."""

    def said(attempt: Attempt) -> Attempt:
        assert sentence not in NEVER, sentence
        NEVER[sentence] = attempt
        return attempt

    return said


def shown(answer: Response) -> Response:
    """See that something is there for whoever may see it: else a refusal would show nothing."""
    assert answer.status_code in (200, 201), answer.text
    return answer


def refused(answer: Response, status: int) -> None:
    """See that an answer is a refusal, and tells nothing of anybody."""
    problem_of(answer, status)
    tells_nothing(answer)


def forbidden(answer: Response) -> None:
    refused(answer, 403)


def hidden(answer: Response) -> None:
    """See that an answer is the one that is given of a pupil who is not there."""
    refused(answer, 404)


WORDS = (WORRY, AIM, HEALTH, READER, "Rahman", "Okafor", "Nowak", "Haddad", "Parry", "Adeyemi")
BEYOND = ("date_of_birth", "upn", "needs", "added_because", "disability", "looked_after")


def tells_nothing(answer: Response) -> None:
    for word in WORDS:
        assert word not in answer.text, word


def directory(answer: Response) -> None:
    """See that an answer says who and where a pupil is and how they are supported, and no more."""
    for name in BEYOND:
        assert f'"{name}"' not in shown(answer).text, name


def without(answer: Response, *children: Child) -> None:
    """See that an answer tells of others, and of none of these."""
    shown(answer)
    for child in children:
        assert str(child.id) not in answer.text
        assert child.name not in answer.text
