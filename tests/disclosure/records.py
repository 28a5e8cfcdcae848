"""Records to gather from: kept in a log of the test's own, and gathered as the application does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import orjson
from hypothesis import strategies as st
from psycopg import Connection
from pydantic import ValidationError

from send_records.aggregates.base import Command, DomainEvent
from send_records.bootstrap import Database
from send_records.disclosure.gathering import accesses_at, cut_at, gather
from send_records.disclosure.held import Cut, Held
from send_records.store.access import AccessLog
from send_records.store.appending import CommandRow, append_commands
from send_records.store.connections import Pool, one, pool
from send_records.store.mapper import VersionedEvent
from send_records.store.scopes import Scope, within
from tests.aggregates.test_invariants import COMMANDS, OPENINGS, History, fields, known_in
from tests.keys import held as keys
from tests.keys import mapper, sealed
from tests.scenario import MOTHER, SENCO

GOLDEN = Path(__file__).parent.parent / "golden"


class Kept:
    """Records in a database, written as the owner and read as the application."""

    def __init__(self, log: Connection, app: Pool) -> None:
        self._log = log
        self._app = app
        self.access = AccessLog(app, keys().seals)

    def keep(self, events: Sequence[DomainEvent], pupil: UUID | None = None) -> UUID:
        """Record events as a pupil's: of a new one, unless it is said which."""
        pupil = pupil or uuid4()
        keys().seals.keyring.make(pupil)
        for event in events:
            own = event.model_copy(update={"originator_id": pupil})
            stored = mapper().to_stored_event(own)
            append_commands(self._log, [([stored], CommandRow(uuid4(), SENCO.id, bytes(32)))])
        return pupil

    def keep_example(self, name: str, pupil: UUID, version: int) -> None:
        """Record an example of what was once stored, as a pupil's."""
        topic, class_version = name.split(".v")
        words = (GOLDEN / f"{name}.json").read_bytes()
        state = sealed(
            words, pupil=pupil, version=version, topic=topic, class_version=int(class_version)
        )
        event = VersionedEvent(
            originator_id=pupil,
            originator_version=version,
            topic=topic,
            state=state,
            class_version=int(class_version),
            clear="{}",
        )
        append_commands(self._log, [([event], CommandRow(uuid4(), SENCO.id, bytes(32)))])

    def cut(self, pupil: UUID, as_of: date | None = None, known_on: date | None = None) -> Cut:
        with self._app.connection() as connection:
            return cut_at(connection, pupil, as_of, known_on)

    def accesses_at(self, pupil: UUID, instant: datetime) -> int:
        """Return where the access log was at an instant."""
        with self._app.connection() as connection:
            return accesses_at(connection, pupil, instant)

    def gathered(self, pupil: UUID, cut: Cut | None = None) -> Held:
        cut = cut or self.cut(pupil)
        with self._app.connection() as connection, within(connection, Scope.of(pupil)):
            return gather(connection, keys().seals, self.access, pupil, cut)


@contextmanager
def kept_in(database: Database) -> Iterator[Kept]:
    """Yield records in a database."""
    with one(database.as_owner()) as log, pool(database.app) as app:
        yield Kept(log, app)


def as_json(made: object) -> bytes:
    return orjson.dumps(made)


def as_bytes(held: Held) -> bytes:
    """Return all that is held, to the byte."""
    return orjson.dumps(asdict(held), default=str)


@st.composite
def lives(draw: st.DrawFn) -> list[DomainEvent]:
    """Return what is recorded of a pupil when anything is asked, about days in any order."""
    history = History()
    opening: list[Command] = draw(st.sampled_from(OPENINGS))
    for place, command in enumerate(opening):
        history.ask(command, MOTHER if place == 0 else UUID(int=100 + place))
    for place in range(draw(st.integers(0, 10))):
        command_class = draw(st.sampled_from(COMMANDS))
        with suppress(ValidationError):
            known = known_in(history, command_class)
            command = command_class(**draw(fields(command_class, known)))
            history.ask(command, UUID(int=1000 + place))
    return history.events
