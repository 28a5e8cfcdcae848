"""The library eventsourcing as it comes: its Application, its PostgreSQL recorder, its runner."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from send_records.aggregates.base import DomainEvent
from send_records.store.connections import one
from send_records.store.mapper import COLUMNS

AT_ONCE = 50


Fields = dict[str, Any]


def fields_of(event: DomainEvent) -> Fields:
    """Return the fields of an observation of ours as the library keeps them: ids as UUIDs, which
    its transcoder knows; days and codes, which it does not, as text."""

    def kept(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: kept(each) for name, each in value.items()}
        if isinstance(value, tuple):
            return [kept(each) for each in value]
        return value if value is None or isinstance(value, UUID) else str(value)

    found: Fields = kept(event.model_dump(exclude=COLUMNS))
    return found


class Record(Aggregate):
    """A record with one kind of event, in the library's declarative style."""

    @event("Started")
    def __init__(self) -> None:
        self.last = ""

    @event("Observed")
    def observe(
        self,
        occurred_on: str,
        setting: str,
        observed: str,
        areas: list[str],
        minutes: int | None,
        reason: str | None,
        data_class: str,
        origin: str,
        metadata: Fields,
    ) -> None:
        self.last = observed


class Observation(Aggregate):
    """A record that is all in its first event: what a route that only saves can do with."""

    @event("Made")
    def __init__(self, fields: Fields) -> None:
        self.fields = fields


def environment(conninfo: str) -> dict[str, str]:
    """Return the library's settings: what it needs to find the database, and defaults else."""
    parts = conninfo_to_dict(conninfo)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(parts["dbname"]),
        "POSTGRES_HOST": str(parts["host"]),
        "POSTGRES_PORT": str(parts["port"]),
        "POSTGRES_USER": str(parts["user"]),
        "POSTGRES_PASSWORD": str(parts["password"]),
    }


@contextmanager
def application(conninfo: str) -> Iterator[Application[UUID]]:
    """Open the library's application."""
    found = Application[UUID](environment(conninfo))
    try:
        yield found
    finally:
        found.close()


def saver(application: Application[UUID], fields: Fields) -> Callable[[], None]:
    """Return a caller that saves the next event of a record of its own."""
    record = Record()
    application.save(record)

    def save_next() -> None:
        record.observe(**fields)
        application.save(record)

    return save_next


def record_of(application: Application[UUID], events: int, fields: Fields) -> UUID:
    """Save a record of so many events, and return its id.

    A few at a time: a save of a thousand at once never came back, each side waiting for the other
    in psycopg's pipeline.
    """
    record = Record()
    for number in range(1, events):
        record.observe(**fields)
        if number % AT_ONCE == 0:
            application.save(record)
    application.save(record)
    return record.id


class Observations(PostgresTrackingRecorder):
    """A table with a row for each event, written with its tracking in one transaction."""

    def __init__(self, datastore: PostgresDatastore, **options: Any) -> None:
        super().__init__(datastore, **options)
        self._table = {"schema": Identifier(datastore.schema), "table": Identifier("observations")}
        self.sql_create_statements.append(
            SQL(
                "CREATE TABLE IF NOT EXISTS {schema}.{table} (record_id uuid, version integer, "
                "words text, PRIMARY KEY (record_id, version))"
            ).format(**self._table)
        )

    def insert(self, record_id: UUID, version: int, words: str, tracking: Tracking) -> None:
        """Insert a row."""
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute(
                SQL("INSERT INTO {schema}.{table} VALUES (%s, %s, %s)").format(**self._table),
                (record_id, version, words),
                prepare=True,
            )
            self._insert_tracking(cursor, tracking)


class EveryObservation(Projection[Observations]):
    """Writes what each event says, and tells when it has seen the last."""

    name = "observations"
    last = 0
    level = threading.Event()

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        words = getattr(domain_event, "observed", "")
        self.view.insert(
            domain_event.originator_id, domain_event.originator_version, words, tracking
        )
        if tracking.notification_id >= self.last:
            self.level.set()


def projection_rate(conninfo: str, events: int) -> float:
    """Return events a second by the library's runner, from nothing to the end of its log."""
    with one(conninfo) as connection:
        connection.execute("DROP TABLE IF EXISTS observations, observations_tracking")
    EveryObservation.last = events
    EveryObservation.level.clear()
    started = time.perf_counter()
    with ProjectionRunner(
        application_class=Application[UUID],
        projection_class=EveryObservation,
        view_class=Observations,
        env=environment(conninfo),
    ) as runner:
        while not EveryObservation.level.wait(1):
            if runner.is_interrupted.is_set():
                runner.run_forever(timeout=0)
                raise RuntimeError("the library's runner stopped")
        return events / (time.perf_counter() - started)
