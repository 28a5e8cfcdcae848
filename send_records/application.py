"""The application: the only way to change a record, and the only way to read one back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import cast
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import ApplicationRecorder, IntegrityError, Mapper
from eventsourcing.utils import Environment, EnvType

from send_records.aggregates import PEOPLE_EVENTS
from send_records.aggregates.base import Actor, By, Command, DomainEvent, Metadata
from send_records.aggregates.contents import Content
from send_records.aggregates.enrolment import AdmitPupil
from send_records.aggregates.pupil import Pupil
from send_records.aggregates.rules import Rules
from send_records.aggregates.values import Source, day_in_london
from send_records.errors import Erased, Moved, NotFound, SendRecordsError
from send_records.execution import (
    Appending,
    Execution,
    Executions,
    IdempotencyKeyReused,
    Outcome,
    go_on,
    require_role,
    said,
)
from send_records.pupils import Pupils, erased
from send_records.receipts import Receipt
from send_records.store.contents import Contents
from send_records.store.keyring import KeyDestroyed
from send_records.store.mapper import EventMapper, Recorded
from send_records.store.notes import Signer
from send_records.store.recorder import PostgresRecorder
from send_records.store.sealing import Seals
from send_records.threads import DECIDING, in_thread

REFUSALS = (IntegrityError, KeyDestroyed, SendRecordsError)
"""What an append may be refused with, which the command looks into."""


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks, in the course of what, and under which key."""

    actor: Actor
    command_id: UUID
    correlation_id: UUID
    causation_id: UUID | None = None
    source: Source = Source.API
    contact_id: UUID | None = None
    """Which contact on the pupil's record whoever asks is, if they are a parent."""


def metadata_of(request: Request, rules: Rules, today: date) -> Metadata:
    """Return what a request says of every event that it comes to, on a day."""
    return Metadata(
        recorded_by=request.actor,
        command_id=request.command_id,
        correlation_id=request.correlation_id,
        causation_id=request.causation_id,
        source=request.source,
        policy_version=rules.edition(today).id,
    )


class SendRecords(Application[UUID]):
    """Executes commands against pupils, one stream of events each."""

    name = "send_records"

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
        self._pupils = Pupils(recorder, self._mapper, seals.keyring)
        self._contents = Contents(recorder.pool, seals)
        self._executions = Executions(recorder, seals, self._mapper, receipts, self._pupils)
        super().__init__()

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Return an empty environment: no variable of the library's changes what is built."""
        return Environment(name, {})

    def construct_mapper(self) -> Mapper[UUID]:
        return self._mapper

    def construct_recorder(self) -> ApplicationRecorder:
        return self._recorder

    def admit(self, command: AdmitPupil, request: Request) -> Receipt:
        """Open a pupil's record, whose id is the command's."""
        require_role(command, request.actor)
        pupil_id = request.command_id
        asked = said(pupil_id, command, request.actor)
        if repeated := self._executions.receipt_of(pupil_id, pupil_id, asked):
            return repeated
        by = self._by(request)
        events = command.decide(by)
        self._seals.keyring.make(request.command_id)
        try:
            sealed = self._executions.sealed(events, by.metadata, asked)
            recorded = self._recorder.append(sealed.events, sealed.row)
        except IntegrityError:
            raise IdempotencyKeyReused("That key is the id of a record already.") from None
        except KeyDestroyed:
            raise erased() from None
        return self._executions.receipt(recorded, pupil_id, pupil_id, asked)

    def execute(
        self,
        pupil_id: UUID,
        command: Command,
        request: Request,
        *,
        expected_version: int | None = None,
    ) -> Receipt:
        """Decide the command against the pupil as it stands, and record what was decided.

        ``expected_version`` is the version the caller had read: StaleVersion if it is no longer
        that.  With None the command is decided anew when someone else was quicker, a few times,
        then Conflict.  Raise NotFound, NotPermitted, IdempotencyKeyReused, or what the command
        refuses with.
        """
        steps = self._execution(pupil_id, command, request, expected_version)
        step = go_on(steps)
        while not isinstance(step, Receipt):
            outcome: Outcome = None
            if isinstance(step, Appending):
                try:
                    outcome = self._recorder.append(step.events, step.row)
                except REFUSALS as error:
                    outcome = error
            step = go_on(steps, outcome)
        return step

    async def execute_soon(
        self,
        pupil_id: UUID,
        command: Command,
        request: Request,
        *,
        expected_version: int | None = None,
    ) -> Receipt:
        """Do as ``execute`` does, for a task of an event loop: what may wait is done in a thread,
        and no thread waits for the commit."""
        steps = self._execution(pupil_id, command, request, expected_version)
        step = go_on(steps)
        while not isinstance(step, Receipt):
            outcome: Outcome = None
            if isinstance(step, Appending):
                try:
                    outcome = await self._recorder.append_soon(step.events, step.row)
                except REFUSALS as error:
                    outcome = error
                step = go_on(steps, outcome)
            else:
                step = await in_thread(partial(go_on, steps), DECIDING)
        return step

    def _execution(
        self,
        pupil_id: UUID,
        command: Command,
        request: Request,
        expected_version: int | None,
    ) -> Execution:
        require_role(command, request.actor)
        asked = said(pupil_id, command, request.actor)
        by = partial(self._by_of, pupil_id, command, request)
        return self._executions.of(
            pupil_id, command, request.command_id, by, asked, expected_version
        )

    def pupil(self, pupil_id: UUID) -> Pupil:
        """Return the pupil as it stands; raise NotFound if there is none, and Erased if it is
        no more."""
        return self._pupils.now(pupil_id)

    def history(
        self, pupil_id: UUID, *, after: int = 0, limit: int | None = None
    ) -> list[DomainEvent]:
        """Return what was recorded of the pupil, oldest first, after a version; raise Erased if
        it is no more.  An id that is a person's stream is no pupil's, and has no history here."""
        rows = self._recorder.select_events(pupil_id, gt=after, limit=limit)
        if self._recorder.erased([pupil_id]):
            raise erased()
        of_pupil = (row for row in rows if row.topic not in PEOPLE_EVENTS)
        return [self._mapper.to_domain_event(row) for row in of_pupil]

    def absence(self, pupil_id: UUID) -> SendRecordsError:
        """Return why nothing is shown of a pupil of whom no view has a row."""
        try:
            self._pupils.now(pupil_id).require_unmerged()
        except (Erased, NotFound, Moved) as why:
            return why
        return NotFound("Nothing of that is on record of this pupil.")

    def feed(self, *, after: int, limit: int) -> list[Recorded]:
        """Return events of all pupils in the order of the log, after a position, and miss none."""
        rows = self._recorder.feed(after=after, limit=limit, without=list(PEOPLE_EVENTS))
        gone = self._recorder.erased({cast(UUID, row.originator_id) for row in rows})
        return list(self._mapper.read(rows, gone))

    def today(self) -> date:
        """Return the day it is where the academies are."""
        return day_in_london(self._clock())

    def size(self) -> int:
        """Return how many events the log holds, which is the last one's position."""
        return self._recorder.head()[0]

    def _uploaded(self, pupil_id: UUID, command: Command, request: Request) -> Content | None:
        """Return what the store knows of the content that a command files, if it files one."""
        if not command.files_content:
            return None
        try:
            kept = self._contents.find(pupil_id, request.command_id)
        except KeyDestroyed:
            raise erased() from None
        return None if kept is None else kept.content

    def _by_of(self, pupil_id: UUID, command: Command, request: Request) -> By:
        return self._by(request, self._uploaded(pupil_id, command, request))

    def _by(self, request: Request, content: Content | None = None) -> By:
        now = self._clock()
        today = day_in_london(now)
        metadata = metadata_of(request, self._rules, today)
        return By(
            *(metadata, today, self._rules),
            content=content,
            now=now,
            contact_id=request.contact_id,
        )
