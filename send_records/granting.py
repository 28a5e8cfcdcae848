"""Granting: how people's roles are changed and read, as ``application`` does it for pupils.

A person's stream is replayed for each command, for there are few and it is short; what the log has
moved on meanwhile is decided on anew.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from eventsourcing.persistence import IntegrityError

from send_records.aggregates.grant_scopes import EVERYWHERE, SECURITY, Reach
from send_records.aggregates.grants import BootstrapRole
from send_records.aggregates.people import (
    ByGranter,
    Person,
    PersonCommand,
    PersonEvent,
    Terms,
    stream_of,
)
from send_records.aggregates.rules import Rules
from send_records.aggregates.values import Role, day_in_london
from send_records.application import Request, metadata_of
from send_records.errors import Conflict, NotFound, NotPermitted, NotReadyYet, SendRecordsError
from send_records.execution import ATTEMPTS, Recordings, require_role, said
from send_records.pupils import erased
from send_records.receipts import Receipt
from send_records.store.connections import AMBIGUOUS
from send_records.store.granted import HeldRole, roles_held
from send_records.store.keyring import KeyDestroyed
from send_records.store.mapper import EventMapper
from send_records.store.notes import Signer
from send_records.store.recorder import DatabaseAway, PostgresRecorder
from send_records.store.sealing import Seals


class AdministratorsThereAre(NotPermitted):
    """Once there is a platform administrator, roles are proposed and granted, by two people; the
    operator gives the first ones only."""

    basis = SECURITY


class Granting:
    """Executes commands about people, one stream of events each."""

    def __init__(
        self,
        recorder: PostgresRecorder,
        seals: Seals,
        receipts: Signer,
        rules: Rules,
        clock: Callable[[], datetime],
    ) -> None:
        self._recorder = recorder
        self._seals = seals
        self._mapper = EventMapper(seals)
        self._rules = rules
        self._clock = clock
        self._recordings = Recordings(recorder, seals, self._mapper, receipts)

    def execute(
        self, person_id: UUID, command: PersonCommand, request: Request, *, reach: Reach
    ) -> Receipt:
        """Decide the command about the person as they stand, and record what was decided.

        ``reach`` is how far whoever asks reaches themselves.  Raise NotPermitted,
        IdempotencyKeyReused, Conflict, or what the command refuses with.
        """
        require_role(command, request.actor)
        return self._recorded(person_id, command, request, reach)

    def bootstrap(
        self, person_id: UUID, command: BootstrapRole, request: Request, *, local: bool
    ) -> Receipt | None:
        """Give a role that no two people stand behind, for the operator; None if the person has it.

        ``local``: that it is a data directory of this machine's own, for demo and tests.  Raise
        AdministratorsThereAre anywhere else, once there is one.
        """
        terms, today = Terms.of(command), self.today()
        if not local and self.held(role=Role.ADMINISTRATOR, limit=1):
            raise AdministratorsThereAre("Have the role proposed and granted.")
        standing = self.person(person_id).standing(today)
        if any((grant.role, grant.scope) == (terms.role, terms.scope) for grant in standing):
            return None
        return self._recorded(person_id, command, request, EVERYWHERE)

    def person(self, person_id: UUID) -> Person:
        """Return the person as they stand: with version 0 if nothing is on record of them."""
        person = Person(person_id)
        for event in self._events(person_id):
            person = event.follow(person)
        return person

    def history(self, person_id: UUID) -> list[PersonEvent]:
        """Return what was recorded of the person, oldest first."""
        return list(self._events(person_id))

    def names(self, people: Collection[UUID]) -> dict[UUID, str | None]:
        """Return people's names, as they were said last; None of those of whom none was said."""
        return {person_id: self.person(person_id).name for person_id in set(people)}

    def held(
        self,
        *,
        role: Role | None = None,
        academy: str | None = None,
        until_before: date | None = None,
        after: UUID | None = None,
        limit: int,
    ) -> list[HeldRole]:
        """Return the roles that are in force: see ``roles_held``; raise DatabaseAway."""
        asked: dict[str, Any] = {
            "role": role,
            "academy": academy,
            "until_before": until_before,
            "after": after,
        }
        try:
            with self._recorder.pool.connection() as connection:
                return roles_held(connection, self.today(), self._clock(), limit=limit, **asked)
        except AMBIGUOUS as error:
            raise DatabaseAway("The database is away: ask again in a moment.") from error

    def today(self) -> date:
        """Return the day it is where the academies are."""
        return day_in_london(self._clock())

    def _recorded(
        self, person_id: UUID, command: PersonCommand, request: Request, reach: Reach
    ) -> Receipt:
        asked, whose = said(person_id, command, request.actor), stream_of(person_id)
        for _ in range(ATTEMPTS):
            if repeated := self._recordings.receipt_of(request.command_id, whose, asked):
                return repeated
            try:
                events = self._decided(person_id, command, request, reach)
                sealed = self._recordings.sealed(events, events[-1].metadata, asked)
                recorded = self._recorder.append(sealed.events, sealed.row)
            except IntegrityError:  # another was quicker, perhaps the same command: see which
                continue
            except KeyDestroyed:
                raise erased() from None
            except NotReadyYet:
                raise
            except SendRecordsError:
                # What it asks for may be refused because it was recorded already: by itself.
                if repeated := self._recordings.receipt_of(request.command_id, whose, asked):
                    return repeated
                raise
            return self._recordings.receipt(recorded, request.command_id, whose, asked)
        raise Conflict("Others are changing this person's roles at this moment: try again.")

    def _decided(
        self, person_id: UUID, command: PersonCommand, request: Request, reach: Reach
    ) -> Sequence[PersonEvent]:
        person, now = self.person(person_id), self._clock()
        today = day_in_london(now)
        metadata = metadata_of(request, self._rules, today)
        by = ByGranter(metadata, today, self._rules, reach=reach, now=now)
        events = command.decide(person, by)
        if person.version == 0:
            self._seals.keyring.make(person.stream_id)
        return events

    def _events(self, person_id: UUID) -> list[PersonEvent]:
        rows = self._recorder.stream(stream_of(person_id))
        try:
            events = [self._mapper.to_domain_event(row) for row in rows]
        except KeyDestroyed:
            raise erased() from None
        known = [event for event in events if isinstance(event, PersonEvent)]
        if len(known) < len(events):  # a pupil was admitted under the id: nobody's roles are there
            raise NotFound("Nobody has that id.")
        return known
