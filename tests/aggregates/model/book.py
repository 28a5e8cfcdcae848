"""The book: what is on record of one pupil, as somebody with a pen would keep it.

Plain values only: days, flags, names, lists.  It is written from the catalogue of records, the
facts and the policy, and asks nothing of the aggregates but what a command says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from send_records.aggregates.base import Command
from send_records.aggregates.rules import Rules
from send_records.aggregates.values import Role

Span = tuple[date, date]
"""The first day and the last."""


@dataclass
class Plan:
    """A plan of targets."""

    id: UUID
    kind: str
    targets: list[str]
    review_on: date


@dataclass
class Concern:
    """A worry about the pupil, with what became of it."""

    factors: set[str]
    home_language: bool | None
    answer: str | None = None
    outcome: str | None = None


@dataclass
class Provision:
    """Something given beside teaching: the weeks of each way in which it is given, and the logs."""

    weeks: list[tuple[date, int]]
    planned_to: date
    logs: list[Span] = field(default_factory=list)
    ended_on: date | None = None


@dataclass
class EhcPlan:
    """A plan of the local authority."""

    since: date
    outcomes: list[str]
    ceased_on: date | None = None

    def on(self, day: date) -> bool:
        return self.since <= day and not (self.ceased_on is not None and self.ceased_on <= day)


@dataclass
class AccessRequest:
    """Somebody's request to see what is held."""

    received_on: date
    on_behalf: bool
    identified: bool = False
    asked: list[tuple[str, date, date | None]] = field(default_factory=list)
    """What was asked back, when, and when it was answered."""
    extended_by: int = 0
    closed_on: date | None = None
    responsible: bool = False
    """Whether somebody with parental responsibility is known to ask."""
    searches: int = 0
    workers: set[UUID] = field(default_factory=set)
    """Who decided on items of it."""

    def awaits(self, what: str) -> list[date]:
        return [sought for of, sought, came in self.asked if of == what and came is None]


@dataclass
class Preparation:
    """Something that was made of the record to be sent."""

    purpose: str
    request_id: UUID | None
    appeal_id: UUID | None
    reference: str | None
    sha256: str
    prepared_by: UUID
    approved_by: UUID | None = None
    approved_on: date | None = None
    void: bool = False
    sent: bool = False


@dataclass
class Access:
    """A record opened in an emergency."""

    taken_by: UUID
    until: datetime
    reviewed: bool = False


@dataclass
class Book:
    """What the record and the book both know, and below it what the record shows otherwise."""

    academy: str
    nc_year: str
    class_name: str | None = None
    left_on: date | None = None
    contacts: dict[UUID, bool] = field(default_factory=dict)
    """Whether each has parental responsibility."""
    concerns: dict[UUID, Concern] = field(default_factory=dict)
    monitoring: Span | None = None
    """Since when, and when it is reviewed next."""
    needs: dict[str, int] = field(default_factory=dict)
    agencies: dict[str, date] = field(default_factory=dict)
    register: tuple[date, str] | None = None
    """Since when, at which level."""
    agreements: dict[tuple[str, str | None], list[Span]] = field(default_factory=dict)
    notices: dict[str, list[date]] = field(default_factory=dict)
    plan: Plan | None = None
    draft: Plan | None = None
    scheduled: dict[UUID, tuple[str, date]] = field(default_factory=dict)
    reviews: dict[date, tuple[bool, bool]] = field(default_factory=dict)
    """Whether the pupil took part, and the parents."""
    voices: dict[str, list[date]] = field(default_factory=dict)
    provisions: dict[UUID, Provision] = field(default_factory=dict)
    adjustments: dict[UUID, date] = field(default_factory=dict)
    profiles: int = 0
    medical: dict[str, date] = field(default_factory=dict)
    transitions: dict[UUID, date] = field(default_factory=dict)
    handovers: dict[UUID, tuple[date, bool]] = field(default_factory=dict)
    move: tuple[str, date] | None = None
    """To where, when, while nobody there has accepted it."""
    timetable: tuple[date, date, date] | None = None
    """Agreed when, from when, until when it is reduced."""
    complaints: dict[UUID, tuple[date, bool, bool]] = field(default_factory=dict)
    """When each came, whether it was acknowledged, and answered."""
    access: dict[UUID, AccessRequest] = field(default_factory=dict)
    preparations: dict[UUID, Preparation] = field(default_factory=dict)
    ehc_request: tuple[date, bool, str | None] | None = None
    """When the authority received it, whether to assess anew, and the authority's decision."""
    ehc_plans: list[EhcPlan] = field(default_factory=list)
    annual_reviews: list[date] = field(default_factory=list)
    decisions: list[tuple[str, date]] = field(default_factory=list)
    """What can be appealed: the ground, and the day of the letter."""
    certificates: list[tuple[str, date]] = field(default_factory=list)
    appeals: dict[UUID, tuple[str, date, bool]] = field(default_factory=dict)
    """The ground, the day of the letter, and whether it is decided."""
    holds: dict[UUID, str] = field(default_factory=dict)
    documents: dict[UUID, tuple[str, UUID | None]] = field(default_factory=dict)
    """The hash of each, and what superseded it."""
    retention: tuple[str, str] = ("", "")
    """The class, and the id of the rule."""
    emergencies: dict[UUID, Access] = field(default_factory=dict)
    merged_into: UUID | None = None
    """The record in which this one goes on."""


@dataclass
class Desk:
    """The book, with who writes in it, on which day, under which rules."""

    book: Book
    today: date
    rules: Rules
    role: Role
    academy: str | None
    who: UUID
    now: datetime
    new_id: UUID
    """Of what the command makes."""
    entries: Mapping[int, tuple[str, Role]]
    """Each entry by its version: its kind, and who recorded it."""
    withdrawn: set[int]
    restricted: dict[int, date]
    uploaded: tuple[int, str, str, timedelta] | None = None
    """What was uploaded under the command's own key: its size, hash, type and age."""
    contact: UUID | None = None
    """The contact that whoever writes is, if it is a parent."""
    of_health: set[int] = field(default_factory=set)
    """The entries classed as health, as they read."""
    filed_by: dict[UUID, int] = field(default_factory=dict)
    """Which entry filed each document."""

    def ahead(self, *days: date | None) -> bool:
        """Whether one of the days is still to come."""
        return any(day is not None and day > self.today for day in days)


Refuses = Callable[[Desk, Any], Iterator[str]]
Writes = Callable[[Desk, Any], None]
REFUSES: dict[type[Command], Refuses] = {}
WRITES: dict[type[Command], Writes] = {}
MAY_REFUSE: dict[type[Command], frozenset[str]] = {}
"""What a command may also be refused with, where the book does not hold what decides it."""

AFTER_LEAVING: set[type[Command]] = set()
"""What the law allows about days after a pupil left: disclosure, retention, correction."""

AFTER_MERGING: set[type[Command]] = set()
"""What a record that was merged into another still takes: disclosure, retention, correction."""

C = TypeVar("C", bound=Command)


def refuses(
    command: type[C],
) -> Callable[[Callable[[Desk, C], Iterator[str]]], Callable[[Desk, C], Iterator[str]]]:
    """Say which rules of the book stand in the way of a command, by the names of refusals."""

    def kept(rules: Callable[[Desk, C], Iterator[str]]) -> Callable[[Desk, C], Iterator[str]]:
        assert command not in REFUSES, f"{command.__name__} is told twice"
        REFUSES[command] = rules
        return rules

    return kept


def writes(
    command: type[C],
) -> Callable[[Callable[[Desk, C], None]], Callable[[Desk, C], None]]:
    """Say what a command changes in the book."""

    def kept(pen: Callable[[Desk, C], None]) -> Callable[[Desk, C], None]:
        assert command not in WRITES, f"{command.__name__} is written twice"
        WRITES[command] = pen
        return pen

    return kept


def never_refused(*commands: type[Command]) -> None:
    """Say that no rule of its own stands in the way of a command."""
    for command in commands:
        refuses(command)(lambda _desk, _said: iter(()))


def changes_nothing(*commands: type[Command]) -> None:
    """Say that a command is a fact of its own, on which no later decision depends."""
    for command in commands:
        writes(command)(lambda _desk, _said: None)


def expected(desk: Desk, said: Command) -> set[str]:
    """Return the refusals that the book has for a command; none, if it must be taken."""
    found = set(REFUSES[type(said)](desk, said))
    if desk.ahead(said.occurred_on):
        found.add("NotYetHappened")
    left_on = desk.book.left_on
    if left_on is not None and said.occurred_on > left_on and type(said) not in AFTER_LEAVING:
        found.add("PupilNotOnRoll")
    if desk.book.merged_into is not None and type(said) not in AFTER_MERGING:
        found.add("RecordMerged")
    own = {Role.PARENT: "parent", Role.PUPIL: "pupil", Role.PROFESSIONAL: "professional"}
    if "origin" in said.model_fields_set and said.origin != own.get(desk.role, said.origin):
        found.add("OriginNotTheirs")
    return found


def in_another_name(desk: Desk, contact_id: UUID) -> Iterator[str]:
    """Refuse a parent who answers for another (Children Act 1989 s.2(7))."""
    if desk.role is Role.PARENT and desk.contact != contact_id:
        yield "AnswersForAnother"


def strangers(desk: Desk, contact_ids: Iterable[UUID]) -> Iterator[str]:
    """Refuse people who are not among the pupil's contacts."""
    if any(contact_id not in desk.book.contacts for contact_id in contact_ids):
        yield "NotFound"


def without_responsibility(desk: Desk, contact_id: UUID) -> Iterator[str]:
    """Refuse a stranger, and a contact without parental responsibility (Children Act 1989 s.3)."""
    if contact_id not in desk.book.contacts:
        yield "NotFound"
    elif not desk.book.contacts[contact_id]:
        yield "NoParentalResponsibility"


def agreed(desk: Desk, purpose: str, agency: str | None, on: date) -> list[Span]:
    """Return the agreements in force on a day, the one given last, and so recorded, at the end."""
    given = desk.book.agreements.get((purpose, agency), [])
    in_force = [span for span in given if span[0] <= on <= span[1]]
    return sorted(in_force, key=lambda span: span[0])


def heard(desk: Desk, voice: str, on: date) -> bool:
    """Whether a voice was heard by the day of a review, since any review before it."""
    book = desk.book
    before = [day for day in (*book.reviews, *book.annual_reviews) if day < on]
    return any(
        day <= on and all(day > review for review in before) for day in book.voices.get(voice, [])
    )


def ehc_plan(desk: Desk, on: date) -> EhcPlan | None:
    """Return the EHC plan in force on a day, the latest if a day has two."""
    found = [plan for plan in desk.book.ehc_plans if plan.on(on)]
    return found[-1] if found else None


def not_standing(desk: Desk, preparation_id: UUID, purposes: set[str]) -> Iterator[str]:
    """Refuse what was not prepared for this, was sent, or is void."""
    found = desk.book.preparations.get(preparation_id)
    if found is None or found.purpose not in purposes:
        yield "NotFound"
        return
    if found.sent:
        yield "AlreadySent"
    if found.void:
        yield "PreparationVoid"
