"""The composition root: builds the running system from its settings, and nothing else does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg.conninfo import conninfo_to_dict

from send_records.aggregates import EVENTS
from send_records.application import SendRecords
from send_records.identity import LocalIssuer, Verifier, keys_from
from send_records.projections.engine import Engine
from send_records.rules import shipped_rules
from send_records.settings import Settings
from send_records.store.connections import Pool, in_schema, one, pool
from send_records.store.embedded import SUPERUSER, EmbeddedPostgres
from send_records.store.guards import require_safe
from send_records.store.mapper import EventMapper
from send_records.store.migrate import migrate
from send_records.store.recorder import PostgresRecorder
from send_records.store.roles import Roles, provision

Clock = Callable[[], datetime]


class RoleNotConfigured(Exception):
    """The settings name no URL for the role that this needs."""


@dataclass(frozen=True, slots=True)
class Database:
    """Where the trust's schema is, as each of its roles."""

    roles: Roles
    app: str
    owner: str | None
    projector: str | None

    def as_owner(self) -> str:
        """Return the owner's connection string; raise RoleNotConfigured without one."""
        if self.owner is None:
            raise RoleNotConfigured(
                "Set SEND_RECORDS_OWNER_URL: this is done by the schema's owner."
            )
        return self.owner

    def as_projector(self) -> str:
        """Return the projector's connection string; raise RoleNotConfigured without one."""
        if self.projector is None:
            raise RoleNotConfigured(
                "Set SEND_RECORDS_PROJECTOR_URL: the worker has a role of its own."
            )
        return self.projector


@dataclass(frozen=True, slots=True)
class System:
    """The write side, the read side and who may knock, as the API sees them."""

    records: SendRecords
    views: Pool
    verifier: Verifier


def mapper() -> EventMapper:
    """Return the mapper between the events this program knows and rows."""
    return EventMapper(EVENTS)


def now() -> datetime:
    """Return the present instant, in UTC: the clock of all but the demo."""
    return datetime.now(UTC)


@contextmanager
def database(settings: Settings) -> Iterator[Database]:
    """Reach the database: start or join the embedded one, and bring it up to date; or name the
    roles on a server, where ``send-records migrate`` is a person's decision."""
    if settings.database_url is not None:
        yield on_server(settings)
        return
    with EmbeddedPostgres(settings.data_dir) as server:
        roles = Roles.named_after(settings.schema_name)
        names = (roles.owner, roles.app, roles.projector)
        with one(server.conninfo(SUPERUSER, SUPERUSER)) as admin:
            admin.execute("SELECT pg_advisory_lock(hashtextextended('send_records.provision', 0))")
            passwords = {name: server.password(name) for name in names}
            provision(admin, roles, settings.database, passwords)
        owner, app, projector = (
            in_schema(server.conninfo(name, settings.database), roles.schema, name)
            for name in names
        )
        with one(owner) as connection:
            migrate(connection, roles)
        yield Database(roles, app, owner, projector)


def on_server(settings: Settings) -> Database:
    """Return the roles that the settings name on a PostgreSQL server."""

    def reached(name: str) -> str | None:
        url = getattr(settings, f"{name}_url")
        if url is None:
            return None
        return in_schema(url.get_secret_value(), settings.schema_name, f"send-records {name}")

    app, owner, projector = reached("database"), reached("owner"), reached("projector")
    if app is None:
        raise RoleNotConfigured("Set SEND_RECORDS_DATABASE_URL.")
    users = [
        str(conninfo_to_dict(conninfo).get("user", "")) if conninfo else ""
        for conninfo in (owner, app, projector)
    ]
    return Database(Roles(settings.schema_name, *users), app, owner, projector)


def prepare_server(settings: Settings, found: Database) -> list[str]:
    """Make roles and database where an admin URL is given; migrate; return what was applied."""
    owner, projector = found.as_owner(), found.as_projector()
    if settings.admin_url is not None:
        urls = (owner, found.app, projector)
        parts = [conninfo_to_dict(url) for url in urls]
        passwords = {str(part["user"]): str(part.get("password", "")) for part in parts}
        with one(settings.admin_url.get_secret_value()) as admin:
            provision(admin, found.roles, str(parts[0]["dbname"]), passwords)
    with one(owner) as connection:
        return migrate(connection, found.roles)


def verifier(settings: Settings) -> Verifier:
    """Return what believes tokens: of the configured provider or, without one, the local issuer."""
    keys = keys_from(settings.jwks_file) if settings.jwks_file else issuer(settings).public_keys()
    return Verifier(keys, issuer=settings.issuer, audience=settings.audience)


def issuer(settings: Settings) -> LocalIssuer:
    """Return the local issuer of the data directory."""
    return LocalIssuer(settings.data_dir, issuer=settings.issuer, audience=settings.audience)


@contextmanager
def running(
    settings: Settings, found: Database, *, clock: Clock = now, throwaway: bool = False
) -> Iterator[System]:
    """Run the system on a database that is safe to run on; raise UnsafeDatabase otherwise."""
    with one(found.app) as connection:
        require_safe(connection, throwaway=throwaway)
    with pool(found.app) as writing, pool(found.app) as reading:
        records = SendRecords(PostgresRecorder(writing), mapper(), shipped_rules(), clock)
        yield System(records, reading, verifier(settings))


@contextmanager
def projecting(found: Database) -> Iterator[None]:
    """Keep the projections level, in a thread, until the block is left."""
    stop = threading.Event()
    engine = Engine(found.as_projector(), mapper())
    worker = threading.Thread(target=engine.run, args=[stop], name="projector")
    worker.start()
    try:
        yield
    finally:
        stop.set()
        worker.join()
