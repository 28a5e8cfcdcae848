"""The battery's parts: a system of its own, kills, and writers that remember what they are told."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

from psycopg import Connection

from send_records.aggregates.base import Command
from send_records.aggregates.details import RecordCircumstances
from send_records.application import Request, SendRecords
from send_records.bootstrap import Database
from send_records.errors import NotReadyYet, SendRecordsError
from send_records.receipts import Receipt
from send_records.store.connections import in_schema, one
from send_records.store.data_directory import SUPERUSER
from send_records.store.embedded import EmbeddedPostgres
from send_records.store.migrate import claim, migrate
from send_records.store.roles import Roles, provision
from tests.keys import TRUST
from tests.scenario import ADMIT, RECORD_GRANDMOTHER, RECORD_MOTHER, SENCO
from tests.scratch import kill, processes_in
from tests.store.audit import rows, violations

ROLES = Roles.named_after("send_records")
DATABASE = "records"
COMMANDS: list[Command] = [
    RECORD_MOTHER,
    RECORD_GRANDMOTHER,
    RecordCircumstances(occurred_on=date(2024, 9, 2), eal=True),
]


@dataclass(frozen=True)
class Private:
    """A server that may be killed, and the database on it."""

    server: EmbeddedPostgres
    database: Database

    def kill(self) -> None:
        """End every process of the server at once, as a power cut or the kernel would."""
        first = self.server.postmaster_pid
        while running := processes_in(self.server.data_dir):
            kill(sorted(running, key=lambda pid: pid != first))

    def start(self) -> None:
        self.server.ensure_running()

    @contextmanager
    def as_superuser(self) -> Iterator[Connection]:
        conninfo = self.server.conninfo(SUPERUSER, DATABASE)
        with one(in_schema(conninfo, ROLES.schema, "verdict")) as connection:
            yield connection


@contextmanager
def private_server() -> Iterator[Private]:
    """A server in a data directory of its own; not pytest's, which is closed to its account."""
    with tempfile.TemporaryDirectory(prefix="send-records-test-") as folder:
        Path(folder).chmod(0o711)
        with EmbeddedPostgres(Path(folder, "data")) as server:
            names = ROLES.logins
            with one(server.conninfo(SUPERUSER, SUPERUSER)) as admin:
                provision(admin, ROLES, DATABASE, {name: server.password(name) for name in names})
            owner, app, projector, notary = (
                in_schema(
                    server.conninfo(name, DATABASE),
                    ROLES.schema,
                    name,
                    maintains=name == ROLES.owner,
                )
                for name in names
            )
            with one(owner) as connection:
                migrate(connection, ROLES)
                claim(connection, ROLES, TRUST)
            yield Private(server, Database(ROLES, app, owner, projector, notary))


@dataclass
class Told:
    """What callers were told of each command, all of them together."""

    recorded: dict[UUID, Receipt] = field(default_factory=dict)
    refused: dict[UUID, str] = field(default_factory=dict)
    pupils: dict[int, UUID] = field(default_factory=dict)
    """The pupil that each writer writes about."""
    unknown: Counter[str] = field(default_factory=Counter)
    """How often a caller was told to ask again, and why."""
    cuts: int = 0
    """How many connections were cut under them."""


class Writer(threading.Thread):
    """A caller who goes on until stopped, and then until everything it asked for is settled.

    It asks mostly with the version it has read of its own pupil, as a client with If-Match; and now
    and then writes in another writer's pupil, with no version.
    """

    def __init__(self, number: int, records: SendRecords, told: Told, stop: threading.Event):
        super().__init__(name=f"writer {number}")
        self._number = number
        self._records = records
        self._told = told
        self._stop_asking = stop
        self._random = Random(number)
        self.failure: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._stop_asking.is_set():
                self._write_about_a_pupil()
        except BaseException as error:
            self.failure = error

    def _write_about_a_pupil(self) -> None:
        request = _request()
        admitted = self._settle(request, lambda: self._records.admit(ADMIT, request))
        if admitted is None:
            return
        pupil_id, version = admitted.pupil_id, admitted.version
        self._told.pupils[self._number] = pupil_id
        for _ in range(self._random.randint(5, 25)):
            if self._stop_asking.is_set():
                return
            if self._random.random() < 0.2:
                self._execute(self._random.choice(list(self._told.pupils.values())), None)
            elif receipt := self._execute(pupil_id, version):
                version = receipt.version
            else:
                version = self._settled_version(pupil_id, version)

    def _execute(self, pupil_id: UUID, version: int | None) -> Receipt | None:
        request, command = _request(), self._random.choice(COMMANDS)
        return self._settle(
            request,
            lambda: self._records.execute(pupil_id, command, request, expected_version=version),
        )

    def _settle(self, request: Request, ask: Callable[[], Receipt]) -> Receipt | None:
        """Ask, with the same key, until there is an answer; remember it."""
        while True:
            try:
                receipt = ask()
            except NotReadyYet as error:
                self._told.unknown[type(error).__name__] += 1
                time.sleep(0.05)
            except SendRecordsError as error:
                self._told.refused[request.command_id] = type(error).__name__
                return None
            else:
                self._told.recorded[request.command_id] = receipt
                return receipt

    def _settled_version(self, pupil_id: UUID, version: int) -> int:
        """Read the record again, as a client that was told that it has moved on."""
        while not self._stop_asking.is_set():
            try:
                return self._records.pupil(pupil_id).version
            except NotReadyYet:
                time.sleep(0.05)
        return version


def _request() -> Request:
    return Request(SENCO, uuid4(), uuid4())


@contextmanager
def writing(records: list[SendRecords]) -> Iterator[Told]:
    """Let one writer each write until the block is left and all is settled."""
    told, stop = Told(), threading.Event()
    writers = [Writer(number, each, told, stop) for number, each in enumerate(records)]
    for writer in writers:
        writer.start()
    try:
        yield told
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    for writer in writers:
        if writer.failure is not None:
            raise writer.failure


@dataclass(frozen=True)
class Verdict:
    """How what callers were told differs from what the log holds."""

    lost: list[UUID]
    """Acknowledged, and not stored, or not where the receipt says."""
    duplicated: list[UUID]
    """Stored with more events than the command has."""
    ghosts: list[UUID]
    """Reported as failed, and stored."""
    unheard: list[UUID]
    """Stored, and no caller was told so."""
    disorder: list[str]
    """What the audit says of the log itself."""

    @property
    def clean(self) -> bool:
        return not any((self.lost, self.duplicated, self.ghosts, self.unheard, self.disorder))


def verdict(connection: Connection, told: Told) -> Verdict:
    stored: dict[UUID, list[tuple[UUID, int, int]]] = {}
    for row in rows(connection):
        where = (row.stream_id, row.version, row.position)
        stored.setdefault(row.command_id, []).append(where)

    def as_told(command_id: UUID, receipt: Receipt) -> bool:
        there = stored.get(command_id)
        return there is not None and there[-1] == (
            receipt.pupil_id,
            receipt.version,
            receipt.position,
        )

    return Verdict(
        lost=[key for key, receipt in told.recorded.items() if not as_told(key, receipt)],
        duplicated=[
            key for key, there in stored.items() if len(there) > (2 if there[0][1] == 1 else 1)
        ],
        ghosts=[key for key in told.refused if key in stored],
        unheard=[key for key in stored if key not in told.recorded and key not in told.refused],
        disorder=violations(connection),
    )
