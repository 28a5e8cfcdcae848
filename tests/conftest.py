"""A PostgreSQL of the run's own, shared by its workers; a database of its own for each test."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from psycopg.sql import SQL, Identifier

from send_records.application import SendRecords
from send_records.bootstrap import Database
from send_records.projections.engine import Engine
from send_records.store.connections import Pool, in_schema, one, pool
from send_records.store.data_directory import SUPERUSER
from send_records.store.embedded import EmbeddedPostgres
from send_records.store.migrate import claim, migrate
from send_records.store.recorder import PostgresRecorder
from send_records.store.roles import Roles, admit_only, provision
from tests.keys import DATA_DIR, OPENED, TRUST, held, records_by
from tests.scratch import quick_folder

WATCH = "SEND_RECORDS_WATCH"
GENEROUS = Path(__file__).with_name("watch.toml")
"""The setting that names how much may be asked for, and what it is here: tests ask faster than
people do."""

TEMPLATE = "template_records"
ROLES = Roles.named_after("send_records")

# Hypothesis searches the same way each time, and has no clock to fail on.
settings.register_profile(
    "ours", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ours")


@pytest.fixture(autouse=True)
def _only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse any connection that would leave this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            raise AssertionError(f"a test tried to reach {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session", autouse=True)
def _key_stores_are_closed() -> Iterator[None]:
    yield
    for store in OPENED:
        store.close()


@dataclass(frozen=True)
class Cluster:
    """The run's PostgreSQL, with a template database that every migration has been applied to."""

    server: EmbeddedPostgres

    def admin(self, database: str = SUPERUSER) -> psycopg.Connection:
        return one(self.server.conninfo(SUPERUSER, database))

    def database(self, name: str) -> Database:
        def reached(role: str) -> str:
            conninfo = self.server.conninfo(role, name)
            return in_schema(conninfo, ROLES.schema, role, maintains=role == ROLES.owner)

        owner, app, projector, notary = map(reached, ROLES.logins)
        return Database(ROLES, app, owner, projector, notary)


def begin_run() -> None:
    """Make the run's data directory, which whatever processes it starts inherit by name.

    Not one of pytest's own, which are closed to the account PostgreSQL runs under for root.
    """
    folder = tempfile.mkdtemp(prefix="send-records-test-", dir=quick_folder())
    Path(folder).chmod(0o711)
    os.environ[DATA_DIR] = folder
    os.environ[WATCH] = str(GENEROUS)


def end_run() -> None:
    """Remove it."""
    shutil.rmtree(os.environ.pop(DATA_DIR))
    del os.environ[WATCH]


def pytest_configure(config: pytest.Config) -> None:
    """Begin the run in the controller, before its workers."""
    if not hasattr(config, "workerinput"):
        begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        end_run()


@contextmanager
def started() -> Iterator[Cluster]:
    """Start the run's PostgreSQL, or join it."""
    with EmbeddedPostgres(Path(os.environ[DATA_DIR]) / "data") as server:
        found = Cluster(server)
        with found.admin() as admin:
            admin.execute("SELECT pg_advisory_lock(1)")
            passwords = {role: server.password(role) for role in ROLES.logins}
            provision(admin, ROLES, TEMPLATE, passwords)
            with one(found.database(TEMPLATE).as_owner()) as owner:
                migrate(owner, ROLES)
                claim(owner, ROLES, TRUST)
        yield found


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with started() as found:
        yield found


@contextmanager
def new_database(cluster: Cluster) -> Iterator[Database]:
    """Make a database as shipped, migrated and empty, and drop it at the end."""
    name = f"t_{uuid4().hex}"
    with cluster.admin() as admin:
        admin.execute("SELECT pg_advisory_lock(1)")
        admin.execute(
            SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}").format(
                Identifier(name), Identifier(TEMPLATE), Identifier(ROLES.owner)
            )
        )
        admit_only(admin, ROLES, name)  # a template hands down its tables, not who may enter
    yield cluster.database(name)
    with cluster.admin() as admin:
        admin.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@pytest.fixture
def database(cluster: Cluster) -> Iterator[Database]:
    """A database of the test's own."""
    with new_database(cluster) as found:
        yield found


@pytest.fixture
def app_pool(database: Database) -> Iterator[Pool]:
    """Connections as the application's role."""
    with pool(database.app) as connections:
        yield connections


@pytest.fixture
def owner_pool(database: Database) -> Iterator[Pool]:
    """Connections as the schema's owner, in maintenance: for whoever looks on at the tables."""
    with pool(database.as_owner()) as connections:
        yield connections


@pytest.fixture
def recorder(app_pool: Pool) -> PostgresRecorder:
    return PostgresRecorder(app_pool)


@pytest.fixture
def records(recorder: PostgresRecorder) -> SendRecords:
    return records_by(recorder)


@pytest.fixture
def engine(database: Database) -> Engine:
    return Engine(database.as_projector(), held().seals)
