"""The composition root: builds the running system from its settings, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from send_records.application import SendRecords
from send_records.authority.standing import Standings
from send_records.custody import Keys
from send_records.disclosure.bundling import Bundling
from send_records.disclosure.looking import Looking
from send_records.disclosure.packs import Packs
from send_records.disclosure.preparing import Preparing, Proof
from send_records.documents import Documents
from send_records.granting import Granting
from send_records.identity import Door
from send_records.jobs import Makers
from send_records.jobs.asking import Jobs
from send_records.jobs.making import makers_of
from send_records.jobs.runner import Runner
from send_records.projections.base import Projection
from send_records.projections.engine import PROJECTIONS, under
from send_records.projections.pages import Views
from send_records.reception import receiving
from send_records.rules import shipped_rules
from send_records.rules.clocks import clocks_of
from send_records.rules.watch import watch_rules
from send_records.settings import Settings
from send_records.store.access import AccessLog
from send_records.store.authority_head import AuthorityHead
from send_records.store.connections import in_schema, one, pool
from send_records.store.contents import Contents
from send_records.store.data_directory import SUPERUSER
from send_records.store.embedded import EmbeddedPostgres
from send_records.store.guards import require_safe
from send_records.store.jobs import JobStore
from send_records.store.migrate import claim, migrate, require_trust
from send_records.store.notary import Notary, require_as_signed
from send_records.store.places import Place
from send_records.store.recorder import PostgresRecorder
from send_records.store.roles import Roles, provision
from send_records.store.signing import OF_LOG, Purpose, SigningKeys
from send_records.store.watching import Watching
from send_records.watch import Watch

Clock = Callable[[], datetime]

AT_ONCE = 4
"""Connections on which pieces of documents come and go: so that they leave the others alone."""


class RoleNotConfigured(Exception):
    """The settings name no URL for the role that this needs."""


@dataclass(frozen=True, slots=True)
class Database:
    """Where the trust's schema is, as each of its roles; and what its views are made by."""

    roles: Roles
    app: str
    owner: str | None
    projector: str | None
    notary: str | None
    projections: Sequence[Projection[Any]] = PROJECTIONS

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

    def as_notary(self) -> str:
        """Return the notary's connection string; raise RoleNotConfigured without one."""
        if self.notary is None:
            raise RoleNotConfigured(
                "Set SEND_RECORDS_NOTARY_URL: who signs has a role of their own."
            )
        return self.notary


@dataclass(frozen=True, slots=True)
class System:
    """The write side, the read side and who may knock, as the API sees them."""

    records: SendRecords
    views: Views
    access: AccessLog
    keys: Keys
    door: Door
    documents: Documents
    granting: Granting
    watch: Watch
    standings: Standings
    jobs: Jobs
    runner: Runner
    packs: Packs
    looking: Looking


Making = Callable[[Preparing, Bundling], Makers]
"""Who makes what is asked for as a job."""


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
        with one(server.conninfo(SUPERUSER, SUPERUSER)) as admin:
            admin.execute("SELECT pg_advisory_lock(hashtextextended('send_records.provision', 0))")
            passwords = {name: server.password(name) for name in roles.logins}
            provision(admin, roles, settings.database, passwords)
        owner, app, projector, notary = (
            in_schema(
                server.conninfo(name, settings.database),
                roles.schema,
                name,
                maintains=name == roles.owner,
            )
            for name in roles.logins
        )
        with one(owner) as connection:
            migrate(connection, roles)
            claim(connection, roles, settings.trust)
        yield Database(roles, app, owner, projector, notary, _projections(settings))


def _projections(settings: Settings) -> Sequence[Projection[Any]]:
    """Return the projections by the terms that the settings name; raise AcademiesDamaged."""
    return PROJECTIONS if settings.academies is None else under(clocks_of(settings.academies))


def notary(found: Database, signing: SigningKeys, published: Sequence[Place]) -> Notary:
    """Return the notary, who needs no key that opens anything."""
    signers = {log: signing.signer(purpose) for log, purpose in OF_LOG.items()}
    return Notary(found.as_notary(), signers, published)


def on_server(settings: Settings) -> Database:
    """Return the roles that the settings name on a PostgreSQL server."""

    def reached(name: str) -> str | None:
        url = getattr(settings, f"{name}_url")
        if url is None:
            return None
        schema, called = settings.schema_name, f"send-records {name}"
        return in_schema(url.get_secret_value(), schema, called, maintains=name == "owner")

    app, owner = reached("database"), reached("owner")
    projector, notary = reached("projector"), reached("notary")
    if app is None:
        raise RoleNotConfigured("Set SEND_RECORDS_DATABASE_URL.")
    users = [
        str(conninfo_to_dict(conninfo).get("user", "")) if conninfo else ""
        for conninfo in (owner, app, projector, notary)
    ]
    roles = Roles(settings.schema_name, *users)
    return Database(roles, app, owner, projector, notary, _projections(settings))


def prepare_server(settings: Settings, found: Database) -> list[str]:
    """Make roles and database where an admin URL is given; migrate; return what was applied."""
    owner = found.as_owner()
    urls = (owner, found.app, found.as_projector(), found.as_notary())
    if settings.admin_url is not None:
        parts = [conninfo_to_dict(url) for url in urls]
        passwords = {str(part["user"]): str(part.get("password", "")) for part in parts}
        with one(settings.admin_url.get_secret_value()) as admin:
            provision(admin, found.roles, str(parts[0]["dbname"]), passwords)
    with one(owner) as connection:
        applied = migrate(connection, found.roles)
        claim(connection, found.roles, settings.trust)
    return applied


@contextmanager
def running(
    settings: Settings,
    found: Database,
    keys: Keys,
    *,
    clock: Clock = now,
    throwaway: bool = False,
    making: Making = makers_of,
) -> Iterator[System]:
    """Run the system on a database that is safe to run on, and whose log is the one that was
    signed; raise UnsafeDatabase, OtherTrust or LogContradicted otherwise."""
    _require_ours(settings, found, keys, throwaway)
    receipts = keys.signing.signer(Purpose.RECEIPTS)
    with (
        pool(found.app) as writing,
        pool(found.app) as reading,
        pool(found.app, most=AT_ONCE) as carrying,
        pool(found.app, most=2) as judging,  # who may is asked beside what takes long
        pool(found.app, most=2) as toiling,  # a worker is heard of, however many ask
        closing(AuthorityHead(found.app)) as head,
        receiving(settings, reading, keys.seals) as door,
    ):
        recorder = PostgresRecorder(writing)
        records = SendRecords(recorder, keys.seals, receipts, shipped_rules(), clock)
        views = Views(reading, keys.seals, found.projections)
        access = AccessLog(reading, keys.seals)
        contents = Contents(carrying, keys.seals)
        documents = Documents(records, contents, shipped_rules(), clock)
        granting = Granting(recorder, keys.seals, receipts, shipped_rules(), clock)
        watch = Watch(Watching(reading, keys.seals), watch_rules(settings.watch))
        standings = Standings(judging, head, clock)
        proof = Proof.of(keys.signing, watch.rules.names_staff)
        preparing = Preparing(records, documents, access, reading, keys.seals, proof)
        makers = making(preparing, Bundling(preparing, shipped_rules()))
        jobs = Jobs(JobStore(reading, keys.seals), records, shipped_rules(), makers)
        runner = Runner(JobStore(toiling, keys.seals), records, contents, makers)
        out = (jobs, runner, Packs(records, contents), Looking(preparing, views))
        yield System(
            records, views, access, keys, door, documents, granting, watch, standings, *out
        )


def _require_ours(settings: Settings, found: Database, keys: Keys, throwaway: bool) -> None:
    with one(found.app) as connection:
        require_safe(connection, throwaway=throwaway)
        require_trust(connection, settings.trust)
        require_as_signed(connection, keys.places, keys.of_logs())
