"""The application: the only way to change a record, and the only way to read one back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.persistence import ApplicationRecorder, IntegrityError, Mapper
from eventsourcing.utils import Environment, EnvType

from send_records.aggregates.base import Actor, By, Command, Metadata
from send_records.aggregates.contents import Content, Pack
from send_records.aggregates.enrolment import AdmitPupil
from send_records.aggregates.preparations import MakesPack
from send_records.aggregates.rules import Rules
from send_records.aggregates.values import Source, day_in_london
from send_records.errors import SendRecordsError
from send_records.execution import (
    Appending,
    Execution,
    Executions,
    IdempotencyKeyReused,
    Outcome,
    go_on,
    require_role,
    require_version,
    said,
)
from send_records.pupils import Pupils, erased
from send_records.readings import Readings
from send_records.receipts import Receipt
from send_records.store.contents import Contents
from send_records.store.keyring import KeyDestroyed
from send_records.store.mapper import EventMapper
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
    pack: Pack | None = None
    """What was made for the command, which whoever runs its job says: never the API."""


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


class SendRecords(Readings, Application[UUID]):
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

    def receipt_of(self, pupil_id: UUID, command: Command, request: Request) -> Receipt | None:
        """Return the receipt of a command that was recorded already, or None; raise
        IdempotencyKeyReused if its key was another request's, and Erased."""
        asked = said(pupil_id, command, request.actor)
        return self._executions.receipt_of(request.command_id, pupil_id, asked)

    def require_ready(
        self,
        pupil_id: UUID,
        command: MakesPack,
        request: Request,
        *,
        expected_version: int | None = None,
    ) -> None:
        """See to it, before the work on what it records is begun, that a command would be recorded
        as the pupil stands; raise as ``execute`` does, or what it would be refused with."""
        require_role(command, request.actor)
        pupil = self._pupils.now(pupil_id)
        require_version(pupil, expected_version)
        by = self._by_of(pupil_id, command, request)
        if command.needs_history:
            by = replace(by, history=self._pupils.history(pupil))
        command.require_ready(pupil, by)

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
        said = (metadata, today, self._rules)
        who, pack = request.contact_id, request.pack
        return By(*said, content=content, contact_id=who, pack=pack, now=now)
