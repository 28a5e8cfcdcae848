"""An execution: the steps of a command, whoever waits for its commit.

A command is decided and sealed, yields what is to be appended, is told what became of that, and
ends with a receipt, or yields again.  Before it waits for the database or the key store it yields
WAITS.  So threads and tasks of an event loop go through the same steps, each in its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import cast
from uuid import UUID

import orjson
from eventsourcing.persistence import IntegrityError

from send_records.aggregates.base import Actor, By, Command, DomainEvent, Entry, Metadata
from send_records.aggregates.merging import OfTwoRecords
from send_records.aggregates.people import PersonCommand
from send_records.aggregates.pupil import Pupil
from send_records.errors import (
    Conflict,
    Invalid,
    NotPermitted,
    NotReadyYet,
    SendRecordsError,
    StaleVersion,
)
from send_records.pupils import Pupils, erased
from send_records.receipts import Receipt, receipt
from send_records.store.appending import CommandRow, RecordedCommand
from send_records.store.keyring import KeyDestroyed
from send_records.store.mapper import EventMapper, VersionedEvent
from send_records.store.notes import Signer
from send_records.store.recorder import PostgresRecorder
from send_records.store.sealing import Seals

ATTEMPTS = 5


class IdempotencyKeyReused(Invalid):
    """A key stands for one request: another request needs a key of its own."""


@dataclass(frozen=True, slots=True)
class Appending:
    """What a command came to, sealed, and still to be appended."""

    events: Sequence[VersionedEvent]
    row: CommandRow


class Waits(Enum):
    """What comes next may wait."""

    HERE = "here"


WAITS = Waits.HERE

Step = Appending | Waits
Outcome = RecordedCommand | Exception | None
"""What became of a step: of WAITS, nothing."""

Execution = Generator[Step, RecordedCommand | None, Receipt]
"""A command on its way."""


def go_on(steps: Execution, outcome: Outcome = None) -> Step | Receipt:
    """Tell an execution what became of its last step, None at first; return its next, or its
    receipt."""
    try:
        return steps.throw(outcome) if isinstance(outcome, Exception) else steps.send(outcome)
    except StopIteration as ended:
        receipt: Receipt = ended.value
        return receipt


def require_role(entry: Entry | type[Entry] | PersonCommand, actor: Actor) -> None:
    """Raise NotPermitted unless the actor's role may give the command."""
    if actor.role not in entry.roles:
        wanted = ", ".join(sorted(role.replace("_", " ") for role in entry.roles))
        raise NotPermitted(f"This is for: {wanted}.")


def require_version(pupil: Pupil, expected: int | None) -> None:
    """Raise StaleVersion unless the pupil is at the version that the caller had read."""
    if expected not in (None, pupil.version):
        raise StaleVersion(f"The record is now at version {pupil.version}: read it again.")


def said(about: UUID, entry: Entry | PersonCommand, actor: Actor) -> bytes:
    """Return what is asked, about whom and by whom, as bytes: equal for a retry only."""
    asked = [type(entry).__name__, about, actor.id, entry.model_dump(mode="json")]
    return orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)


class Recordings:
    """What every command comes to in the end: what is appended, sealed, and what it is answered
    with, once and again."""

    def __init__(
        self, recorder: PostgresRecorder, seals: Seals, mapper: EventMapper, receipts: Signer
    ) -> None:
        self._recorder = recorder
        self._seals = seals
        self._mapper = mapper
        self._receipts = receipts

    def sealed(self, events: Sequence[DomainEvent], by: Metadata, asked: bytes) -> Appending:
        """Return what is to be appended; raise KeyDestroyed if somebody is no more."""
        stored = [self._mapper.to_stored_event(event) for event in events]
        mac = self._seals.mac(events[-1].originator_id, asked)
        return Appending(stored, CommandRow(by.command_id, by.recorded_by.id, mac))

    def receipt_of(self, command_id: UUID, about: UUID, asked: bytes) -> Receipt | None:
        """Return the receipt of a command that was recorded already; raise as ``receipt``."""
        recorded = self._recorder.find_command(command_id)
        if recorded is None:
            return None
        return self.receipt(recorded, command_id, about, asked)

    def receipt(
        self, recorded: RecordedCommand, command_id: UUID, about: UUID, asked: bytes
    ) -> Receipt:
        """Return the receipt of a recorded command; raise IdempotencyKeyReused if it was for
        another request than the one asked, Erased if whom that is ``about`` is no more.

        That somebody else is no more is not said: who asks may know nothing of them.
        """
        try:
            same = recorded.request_mac == self._seals.mac(recorded.stream_id, asked)
        except KeyDestroyed:
            if recorded.stream_id == about:
                raise erased() from None
            same = False
        if not same:
            raise IdempotencyKeyReused("That Idempotency-Key was used for another request.")
        return receipt(self._receipts, command_id, recorded)


class Executions(Recordings):
    """The executions of one trust's commands about pupils."""

    def __init__(
        self,
        recorder: PostgresRecorder,
        seals: Seals,
        mapper: EventMapper,
        receipts: Signer,
        pupils: Pupils,
    ) -> None:
        super().__init__(recorder, seals, mapper, receipts)
        self._pupils = pupils

    def of(
        self,
        pupil_id: UUID,
        command: Command,
        command_id: UUID,
        by: Callable[[], By],
        asked: bytes,
        expected_version: int | None,
    ) -> Execution:
        """Yield the steps of a command, return its receipt; ``by`` is called once it may wait."""
        if command.files_content or not self._seals.keyring.at_hand(pupil_id):
            yield WAITS
        try:
            return (yield from self._decision(pupil_id, command, by(), asked, expected_version))
        except NotReadyYet:
            raise
        except SendRecordsError:
            # What it asks for may be refused because it was recorded already: by itself.
            yield WAITS
            if repeated := self.receipt_of(command_id, pupil_id, asked):
                return repeated
            raise

    def _decision(
        self,
        pupil_id: UUID,
        command: Command,
        by: By,
        asked: bytes,
        expected_version: int | None,
    ) -> Execution:
        """Decide on the pupil as last seen here, which costs no question to the database: if it has
        moved on since, the log takes no event of that version, and a refusal is looked into."""
        for _ in range(ATTEMPTS):
            seen = self._pupils.seen(pupil_id)
            if seen is None:
                yield WAITS
            pupil = seen or self._pupils.now(pupil_id)
            try:
                require_version(pupil, expected_version)
                by = yield from self._told(pupil, command, by)
                events = command.decide(pupil, by)
            except SendRecordsError:
                if seen is None:
                    raise
                yield WAITS
                if self._pupils.now(pupil_id) is seen:
                    raise
                continue
            try:
                recorded = cast(RecordedCommand, (yield self.sealed(events, by.metadata, asked)))
            except (IntegrityError, KeyDestroyed):  # of the pupil, or of another: see which
                self._pupils.drop(pupil_id)
                continue
            if recorded.found:
                yield WAITS
                return self.receipt(recorded, by.new_id, pupil_id, asked)
            self._pupils.move_on(events, pupil, by.another)
            return receipt(self._receipts, by.new_id, recorded)
        raise Conflict("Others are writing in this record at this moment: try again.")

    def _told(
        self, pupil: Pupil, command: Command, by: By
    ) -> Generator[Step, RecordedCommand | None, By]:
        """Return what the command is told, with as much of the log as it asks for; another pupil
        always as it stands now."""
        if command.needs_history:
            yield WAITS
            by = replace(by, history=self._pupils.history(pupil))
        if isinstance(command, OfTwoRecords):
            yield WAITS
            by = replace(by, another=self._pupils.if_any(command.into_pupil_id))
        return by
