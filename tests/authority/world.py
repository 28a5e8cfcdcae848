"""A trust made for the matrix: pupils who are told apart by every word, and people of every role.

Each pupil's record holds a mark in every free text, with the kind of entry in it; so a word that is
seen says whose it is and what kind of entry it was said in.  Each line of ``authority.table`` is
held by one person, over ``own`` or over where ``own`` is.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache, cached_property
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4, uuid5

from psycopg import Connection

from send_records.aggregates.base import Actor, Command, Entry
from send_records.aggregates.cases import CaseKind, OpenCase
from send_records.aggregates.classes import PlaceInClass
from send_records.aggregates.details import ChangeYearGroup
from send_records.aggregates.emergencies import BreakGlass
from send_records.aggregates.enrolment import (
    AdmitPupil,
    MovePupilAcademy,
    ReadmitPupil,
    RecordLeaving,
)
from send_records.aggregates.grant_scopes import EVERYWHERE, NAMES, ScopeKind
from send_records.aggregates.grants import GrantRole, ProposeRole
from send_records.aggregates.people import PersonCommand
from send_records.aggregates.plans import EndPlan
from send_records.aggregates.register import RemoveFromSendRegister
from send_records.aggregates.role_endings import RecordPersonLeft
from send_records.aggregates.values import Role, day_in_london
from send_records.application import Request
from send_records.authority.table import LINES
from send_records.bootstrap import Database, System, now, running
from send_records.custody import Keys
from send_records.errors import SendRecordsError
from send_records.keeper import Keeper
from send_records.projections.engine import Engine
from send_records.settings import Settings
from send_records.store.connections import one
from tests.api.grants import give
from tests.api.story import STORY, request_of
from tests.api.story_documents import CONTENTS, keep
from tests.conftest import GENEROUS
from tests.scenario import MOTHER
from tests.slow.canary import Canary

ALDER, BIRCH = "Alder Park Academy", "Birch Lane Academy"
ORIGIN = "https://records.example.org"
YEAR, OTHER_YEAR = "3", "4"
CLASS, OTHER_CLASS = "3M", "4M"

WORLD = UUID("6a000000-0000-4000-8000-0000000000aa")
ADMIN = Actor(id=UUID(int=10), name="Ada Nowak", role=Role.ADMINISTRATOR)
SECOND = Actor(id=UUID(int=11), name="Ben Osei", role=Role.ADMINISTRATOR)
RECORDER = Actor(id=UUID(int=12), name="Sam Okoro", role=Role.SENCO)

OWN, OWN_CLASS, OTHER, ACROSS, LEFT, ERASED, UNKNOWN = RELATIONS = (
    "own",
    "own_class",
    "other_class",
    "other_academy",
    "left",
    "erased",
    "unknown",
)
"""How a pupil stands to whoever asks, as their own scope is made: around ``own``."""

LEFT_OUT = {
    PlaceInClass,
    ChangeYearGroup,
    MovePupilAcademy,
    RecordLeaving,
    ReadmitPupil,
    RemoveFromSendRegister,
    EndPlan,
    BreakGlass,
}
"""What of the story is not told: where each pupil is, is said below; and what would clear a view of
somebody who is to be in it."""


@cache
def kinds() -> dict[type[Entry], str]:
    """Return three letters for each kind of entry, which stand at the end of its words."""
    letters = string.ascii_lowercase
    numbers = count()
    found: dict[type[Entry], str] = {}
    for each in STORY:
        if type(each.entry) not in found:
            number = next(numbers)
            found[type(each.entry)] = f"{letters[number // 26]}{letters[number % 26]}q"
    return found


class Known(Canary):
    """A pupil all of whose words are known again, and the kind of entry each was said in: but of
    who their teacher is, which is said in plans and belongs with where they are."""

    def marked(self, entry: Entry) -> dict[str, Any]:
        said = replace(self, mark=self.mark + kinds()[type(entry)])
        body: dict[str, Any] = Canary.marked(said, entry)
        bare = {"upn": self.upn, "class_teacher": f"Jo {self.mark.capitalize()}"}
        return body | {name: said for name, said in bare.items() if body.get(name)}


def known_as(relation: str) -> Known:
    """Return a pupil by the relation it is made for: the same in every run."""
    digest = sha256(relation.encode()).digest()
    mark = "zq" + "".join(string.ascii_lowercase[each % 26] for each in digest[:9])
    digits = "".join(str(each % 10) for each in digest[:9])
    born = date(2014, 9, 1) + timedelta(days=digest[0])
    return Known(pupil=uuid5(WORLD, relation), mark=mark, digits=digits, born=born)


@dataclass(frozen=True)
class Child:
    """One pupil of the world."""

    relation: str
    academy: str
    year: str
    class_name: str | None
    whole: bool = True
    """Whether the whole story is told of them, or how they came only."""

    @cached_property
    def canary(self) -> Known:
        return known_as(self.relation)

    @property
    def id(self) -> UUID:
        return self.canary.pupil


CHILDREN: Mapping[str, Child] = {
    child.relation: child
    for child in (
        Child(OWN, ALDER, YEAR, CLASS),
        Child(OWN_CLASS, ALDER, YEAR, CLASS),
        Child(OTHER, ALDER, OTHER_YEAR, OTHER_CLASS),
        Child(ACROSS, BIRCH, YEAR, CLASS),
        Child(LEFT, ALDER, YEAR, CLASS),
        Child(ERASED, ALDER, YEAR, CLASS, whole=False),
    )
}
"""The class of the pupil across is called as own's is, so that nobody reaches it by its name."""

NOBODY_AT_ALL = uuid5(WORLD, UNKNOWN)


def id_of(relation: str) -> UUID:
    """Return the id of the pupil of a relation; of nobody's, if unknown."""
    return NOBODY_AT_ALL if relation == UNKNOWN else CHILDREN[relation].id


@dataclass(frozen=True)
class Holding:
    """A role over a kind of scope, around one of the pupils."""

    role: Role
    kind: ScopeKind
    around: str = OWN

    @property
    def names(self) -> dict[str, Any]:
        """What its scope names."""
        child = CHILDREN[self.around]
        every = {
            "academies": (child.academy,),
            "classes": (child.class_name,),
            "years": (child.year,),
            "pupils": (child.id,),
        }
        return {name: every[name] for name in NAMES[self.kind]}

    @property
    def reached(self) -> frozenset[str]:
        """Which relations are in its scope: said here by hand, of what the kinds mean."""
        if self.kind is ScopeKind.TRUST:
            return frozenset(CHILDREN)
        if self.kind in (ScopeKind.ACADEMIES, ScopeKind.ENGAGEMENT):
            at = CHILDREN[self.around].academy
            return frozenset(each.relation for each in CHILDREN.values() if each.academy == at)
        if self.kind in (ScopeKind.PHASE, ScopeKind.CLASSES):
            return {
                OWN: frozenset({OWN, OWN_CLASS}),
                OTHER: frozenset({OTHER}),
                ACROSS: frozenset({ACROSS}),
            }[self.around]
        return frozenset({self.around})


@dataclass(frozen=True)
class Reader:
    """Somebody who asks, and what they hold."""

    called: str
    held: tuple[Holding, ...] = ()
    left: bool = False
    id: UUID = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "id", uuid5(WORLD, f"person {self.called}"))

    @property
    def actor(self) -> Actor:
        """As whom they are signed in: the role is not believed."""
        role = self.held[0].role if self.held else Role.SENCO
        return Actor(id=self.id, name=f"Kay {self.called.title()}", role=role)


def of_line(role: Role, kind: ScopeKind) -> Reader:
    return Reader(f"{role} {kind}".replace("_", " "), (Holding(role, kind),))


_R, _K = Role, ScopeKind
READERS: tuple[Reader, ...] = (
    *(of_line(line.role, line.kind) for line in LINES),
    Reader(
        "teacher here senco there",
        (Holding(_R.CLASS_TEACHER, _K.CLASSES), Holding(_R.SENCO, _K.ACADEMIES, ACROSS)),
    ),
    Reader(
        "principal here leader there",
        (Holding(_R.PRINCIPAL, _K.ACADEMIES), Holding(_R.PHASE_LEADER, _K.PHASE, ACROSS)),
    ),
    Reader(
        "teacher and parent",
        (Holding(_R.CLASS_TEACHER, _K.CLASSES, OTHER), Holding(_R.PARENT, _K.RELATIONSHIP)),
    ),
    Reader("officer with a case", (Holding(_R.DPO, _K.TRUST), Holding(_R.DPO, _K.CASE))),
    Reader("trustee and senco", (Holding(_R.TRUSTEE, _K.TRUST), Holding(_R.SENCO, _K.ACADEMIES))),
    Reader("parent across", (Holding(_R.PARENT, _K.RELATIONSHIP, ACROSS),)),
    Reader("senco across", (Holding(_R.SENCO, _K.ACADEMIES, ACROSS),)),
    Reader("nobody"),
    Reader("leaver", (Holding(_R.SENCO, _K.ACADEMIES),), left=True),
)
"""One for each line of the table, and some who hold two; one without a role, and one who left."""


@dataclass(frozen=True)
class World:
    """The trust, as it stands once all was told, run in this process."""

    system: System
    database: Database
    settings: Settings
    owner: Connection


def told_of(system: System, child: Child) -> int:
    """Tell a pupil's story in the application itself; return how many entries were taken."""
    taken, canary = 0, child.canary
    for step in STORY:
        kind = type(step.entry)
        if kind in LEFT_OUT or not (child.whole or taken < 3):
            continue
        body = canary.marked(step.entry)
        if kind is AdmitPupil:
            body |= {"academy": child.academy, "nc_year": child.year}
        key = canary.own(step.key)
        request = request_of(step, key)
        entry = kind.model_validate(body)
        try:
            if isinstance(entry, AdmitPupil):
                system.records.admit(entry, request)
            elif isinstance(entry, Command):
                if entry.files_content:
                    keep(system.records, child.id, key, CONTENTS[step.key] + canary.mark.encode())
                system.records.execute(child.id, entry, request)
            taken += 1
        except SendRecordsError:
            continue  # it follows from what was left out
    place(system, child)
    return taken


def place(system: System, child: Child) -> None:
    """Put a pupil in their class, or on their way."""

    def execute(command: Command) -> None:
        system.records.execute(child.id, command, Request(RECORDER, uuid4(), uuid4()))

    if child.class_name is not None:
        execute(PlaceInClass(occurred_on=date(2025, 9, 3), class_name=child.class_name))
    if child.relation == LEFT:
        execute(RecordLeaving(occurred_on=date(2025, 12, 19), why=f"Moved {child.canary.mark}"))


def granted(system: System, owner: Connection, reader: Reader) -> None:
    """Give somebody what they hold: by the real commands, where two people can."""
    for holding in reader.held:
        if holding.kind is ScopeKind.EMERGENCY:
            taken = BreakGlass(
                occurred_on=day_in_london(now()), reason_given="At the clinic: what may they eat?"
            )
            actor = reader.actor.model_copy(update={"role": holding.role})
            request = Request(actor, uuid4(), uuid4())
            system.records.execute(CHILDREN[holding.around].id, taken, request)
        elif holding.kind is ScopeKind.CASE and holding.role is Role.DPO:
            case(system, owner, reader, holding)
        else:
            propose_and_grant(system, reader, holding)
    if reader.left:
        gone = RecordPersonLeft(left_on=day_in_london(now()))
        system.granting.execute(reader.id, gone, Request(ADMIN, uuid4(), uuid4()), reach=EVERYWHERE)


def case(system: System, owner: Connection, reader: Reader, holding: Holding) -> None:
    """Open a case as an officer does; give it to whoever is to hold nothing else."""
    if len(reader.held) == 1:
        give(owner, reader.actor, holding.kind, **holding.names)
        return
    opened = OpenCase(
        pupil_id=CHILDREN[holding.around].id,
        case_kind=CaseKind.SUBJECT_ACCESS,
        reference="SAR 14",
        why="Asked for",
        until_on=day_in_london(now()) + timedelta(days=30),
    )
    asked = Request(reader.actor, uuid4(), uuid4())
    system.granting.execute(reader.id, opened, asked, reach=EVERYWHERE)


UNTIL = {ScopeKind.REFERRAL: 30, ScopeKind.ENGAGEMENT: 30, ScopeKind.CASE: 30}
"""Days, of what ends by itself."""


def propose_and_grant(system: System, reader: Reader, holding: Holding) -> None:
    today = day_in_london(now())
    days = UNTIL.get(holding.kind)
    related = holding.kind is ScopeKind.RELATIONSHIP
    parent = related and holding.role is Role.PARENT
    proposed = ProposeRole(
        name=reader.actor.name,
        role=holding.role,
        kind=holding.kind,
        **holding.names,
        from_on=today,
        until_on=today + timedelta(days=days) if days else None,
        contact_id=CHILDREN[holding.around].canary.own(MOTHER) if parent else None,
        verified_how="Passport seen" if related else None,
        why="Works here",
    )

    def execute(actor: Actor, command: PersonCommand, key: UUID) -> None:
        system.granting.execute(reader.id, command, Request(actor, key, uuid4()), reach=EVERYWHERE)

    proposal = uuid4()
    execute(ADMIN, proposed, proposal)
    execute(SECOND, GrantRole(proposal_id=proposal, why="Seen"), uuid4())


def document_of(child: Child) -> UUID:
    [first, *_] = [step.key for step in STORY if step.key in CONTENTS]
    return child.canary.own(first)


def make(found: World) -> int:
    """Tell everything, and have it projected; return how many entries were told."""
    system, database = found.system, found.database
    told = sum(told_of(system, child) for child in CHILDREN.values())
    for reader in READERS:
        granted(system, found.owner, reader)
    Keeper(database, system.keys, RECORDER).destroy(CHILDREN[ERASED].id, "Decision 3", now())
    Engine(database.as_projector(), system.keys.seals).catch_up()
    return told


@contextmanager
def opened(database: Database, data_dir: Path, keys: Keys) -> Iterator[World]:
    """Run the system on a database, whatever is told in it, until the block is left."""
    settings = Settings(data_dir=data_dir, watch=GENEROUS)
    with running(settings, database, keys) as system, one(database.as_owner()) as owner:
        # People sign in over TLS at a site, without a provider to send them to.
        door = replace(system.door, origin=ORIGIN)
        yield World(replace(system, door=door), database, settings, owner)


@contextmanager
def world(database: Database, data_dir: Path, keys: Keys) -> Iterator[World]:
    """The same, with the world told in it."""
    with opened(database, data_dir, keys) as found:
        make(found)
        yield found
