"""An installation for the benchmarks: a real PostgreSQL on a real disk, and processes beside it.

Every subject has a database of its own there, and so has every peer: one server, one set of
settings, one disk for all that is compared.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast
from uuid import UUID, uuid4

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from bench.lives import of_pupil
from bench.rounds import Pace
from send_records.aggregates.base import Actor, DomainEvent
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.grants import BootstrapRole
from send_records.aggregates.values import Source
from send_records.application import Request, SendRecords
from send_records.bootstrap import Database, System, database, now, running
from send_records.custody import Keys, open_keys
from send_records.rules import shipped_rules
from send_records.settings import Settings
from send_records.store.appending import CommandRow, append_commands
from send_records.store.connections import one
from send_records.store.data_directory import SUPERUSER
from send_records.store.embedded import EmbeddedPostgres
from send_records.store.mapper import EventMapper, VersionedEvent
from send_records.store.recorder import PostgresRecorder
from send_records.store.signing import Purpose
from tests.scenario import SENCO

ROOT = Path(__file__).parents[1]
AT_ONCE = 1000


@dataclass(frozen=True)
class Subject:
    """A running system on a database of its own, whose projector and notary are off."""

    settings: Settings
    found: Database
    keys: Keys
    system: System

    @property
    def recorder(self) -> PostgresRecorder:
        return cast(PostgresRecorder, self.system.records.recorder)

    @cached_property
    def mapper(self) -> EventMapper:
        return EventMapper(self.keys.seals)

    def anew(self) -> SendRecords:
        """Return the write side as just started: nothing that it may keep is there yet."""
        signer = self.keys.signing.signer(Purpose.RECEIPTS)
        return SendRecords(self.recorder, self.keys.seals, signer, shipped_rules(), now)

    def pupils(self, number: int, events: Sequence[DomainEvent]) -> list[UUID]:
        """Record some pupils, each with the same life, and return their ids."""
        found = [uuid4() for _ in range(number)]
        for pupil_id in found:
            self.keys.seals.keyring.make(pupil_id)
        self.record(event for pupil_id in found for event in of_pupil(events, pupil_id))
        return found

    def record(self, events: Iterator[DomainEvent]) -> None:
        """Append events, many at a time; their pupils have keys."""
        with one(self.found.app) as connection:
            waiting = []
            for event in events:
                waiting.append(self.mapper.to_stored_event(event))
                if len(waiting) == AT_ONCE:
                    append_at_once(connection, waiting)
                    waiting.clear()
            if waiting:
                append_at_once(connection, waiting)

    def appoint(self, who: Actor, kind: ScopeKind, academies: Sequence[str] = ()) -> None:
        """Give somebody their role, if they do not have it."""
        wanted = BootstrapRole(
            name=who.name,
            role=who.role,
            kind=kind,
            academies=tuple(academies),
            from_on=self.system.granting.today(),
            why="To be measured",
        )
        asked = Request(who, uuid4(), uuid4(), source=Source.SYSTEM)
        self.system.granting.bootstrap(who.id, wanted, asked, local=True)

    @property
    def environment(self) -> dict[str, str]:
        """The settings, as another process reads them."""
        return {
            "SEND_RECORDS_DATA_DIR": str(self.settings.data_dir),
            "SEND_RECORDS_DATABASE": self.settings.database,
            "SEND_RECORDS_CHECKPOINTS": ",".join(map(str, self.settings.checkpoints)),
            "SEND_RECORDS_WATCH": str(ROOT / "tests" / "watch.toml"),
        }


def a_command() -> CommandRow:
    """Return a command like no other."""
    return CommandRow(uuid4(), SENCO.id, bytes(32))


def append_at_once(connection: Connection, events: Sequence[VersionedEvent]) -> None:
    """Append events as one command's, on a connection of one's own."""
    append_commands(connection, [(events, a_command())])


def a_request() -> Request:
    """Return a request like no other."""
    return Request(SENCO, uuid4(), uuid4())


@contextmanager
def started(settings: Settings) -> Iterator[Subject]:
    """Start a system, in whichever process."""
    with (
        database(settings) as found,
        open_keys(settings, found.app) as keys,
        running(settings, found, keys) as system,
    ):
        yield Subject(settings, found, keys, system)


@dataclass(frozen=True)
class Bench:
    """What every subject is given: where to measure, and for how long."""

    folder: Path
    server: EmbeddedPostgres
    pace: Pace
    full: bool
    """Whether what takes many minutes is measured too."""

    @contextmanager
    def subject(self, name: str) -> Iterator[Subject]:
        """Start a system on a database of this name."""
        settings = Settings(
            data_dir=self.folder / "data",
            database=name,
            checkpoints=(self.folder / f"checkpoints-{name}",),
        )
        with started(settings) as subject:
            yield subject

    @contextmanager
    def peer(self, name: str) -> Iterator[str]:
        """Make a database for a peer, and yield how it is reached, as superuser."""
        with one(self.server.conninfo(SUPERUSER, SUPERUSER)) as admin:
            create = SQL("CREATE DATABASE {}").format(Identifier(name))
            drop = SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name))
            admin.execute(drop)
            admin.execute(create)
            yield self.server.conninfo(SUPERUSER, name)
            admin.execute(drop)


@contextmanager
def bench(pace: Pace, *, full: bool) -> Iterator[Bench]:
    """Start the server that all is measured on.  Its folder is where temporary files are: set
    TMPDIR if that is not a disk."""
    with tempfile.TemporaryDirectory(prefix="send-records-bench-") as folder:
        Path(folder).chmod(0o711)
        with EmbeddedPostgres(Path(folder, "data")) as server:
            yield Bench(Path(folder), server, pace, full)


@contextmanager
def process(module: str, *arguments: str, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Run a module of the bench in a process of its own, and end it afterwards."""
    child = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    try:
        yield child
    finally:
        child.terminate()
        child.communicate(timeout=60)


def said(child: subprocess.Popen[str]) -> Any:
    """Return the next line, of JSON, that a process says."""
    if child.stdout is None or not (line := child.stdout.readline()):
        raise ChildProcessError(f"{child.args!r} ended with {child.wait(60)}")
    return json.loads(line)
