"""A workshop: a pupil whose record is prepared for the next school, and makers to prepare it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

from psycopg import Connection

from send_records.aggregates.base import Actor
from send_records.aggregates.contents import Pack
from send_records.aggregates.disclosures import DisclosurePrepared, PrepareDisclosure
from send_records.aggregates.preparations import MakesPack, PackPurpose
from send_records.application import Request, SendRecords
from send_records.bootstrap import Database
from send_records.jobs import Made, Maker, Makers, Task, Working
from send_records.jobs.asking import Jobs
from send_records.jobs.beating import LEASE
from send_records.jobs.runner import Runner
from send_records.rules import shipped_rules
from send_records.store.connections import pool
from send_records.store.contents import CHUNK, Contents
from send_records.store.job_rows import Job
from send_records.store.jobs import JobStore
from send_records.store.recorder import PostgresRecorder
from send_records.store.scopes import Scope
from tests.keys import held, records_by
from tests.scenario import ADMIT, SENCO, but

JOB = UUID("70b00000-0000-4000-8000-000000000001")
"""The id of a job that is asked for in the tests of the API."""
HANDOVER = PrepareDisclosure(occurred_on=date(2024, 7, 1), purpose=PackPurpose.HANDOVER)


def asked(key: UUID | None = None, actor: Actor = SENCO) -> Request:
    return Request(actor, key or uuid4(), uuid4())


def made_of(content: bytes, position: int) -> Made:
    pack = Pack(
        *(sha256(content).hexdigest(), len(content), 1, position, 1, None),
        *(1, 1, 0, 0),
    )
    return Made(content, pack)


def pack_maker(task: Task, working: Working) -> Made:
    """Make a pack of two pieces: of the task and the log as it was, and of nothing else."""
    working.at("gathering", 1, 2)
    words = f"{task.job_id} {task.pupil_id} {task.position} {task.accesses} {task.command}"
    content = words.encode() * (1 + CHUNK // len(words))
    return made_of(content, task.position)


def made_of_the_task(*_: object) -> Makers:
    """Return who makes what can be asked for, for a system to run with."""
    return {PrepareDisclosure: pack_maker}


@dataclass(frozen=True)
class Workshop:
    """A pupil, and what jobs are asked for and done with."""

    database: Database
    records: SendRecords
    contents: Contents
    store: JobStore
    jobs: Jobs
    pupil: UUID

    @property
    def scope(self) -> Scope:
        return Scope.of(self.pupil)

    def runner(self, maker: Maker = pack_maker, lease: timedelta = LEASE) -> Runner:
        return Runner(
            self.store, self.records, self.contents, {PrepareDisclosure: maker}, lease=lease
        )

    def ask(self, key: UUID | None = None, command: MakesPack = HANDOVER) -> UUID:
        job, _ = self.jobs.ask(self.pupil, command, asked(key))
        return job.job_id

    def job(self, job_id: UUID) -> Job:
        return self.jobs.find(self.scope, job_id, None)

    def kept(self, job_id: UUID) -> bytes | None:
        """Return the result of a job, if it is kept."""
        found = self.contents.find(self.pupil, job_id)
        if found is None:
            return None
        return b"".join(self.contents.chunk(found, number) for number in range(found.chunks))

    def prepared(self) -> list[DisclosurePrepared]:
        history = self.records.history(self.pupil)
        return [event for event in history if isinstance(event, DisclosurePrepared)]

    def complete(self, job_id: UUID) -> bool:
        """Whether a job came to one event and one result, the one being of the other."""
        events = [e for e in self.prepared() if e.preparation_id == job_id]
        result = self.kept(job_id)
        assert self.job(job_id).state == "done"
        assert len(events) == 1
        return result is not None and events[0].pack.sha256 == sha256(result).hexdigest()


@contextmanager
def workshop_in(database: Database) -> Iterator[Workshop]:
    """Yield a workshop in a database; the pupil is admitted."""
    with pool(database.app) as connections:
        records = records_by(PostgresRecorder(connections))
        store = JobStore(connections, held().seals)
        yield Workshop(
            database,
            records,
            Contents(connections, held().seals),
            store,
            Jobs(store, records, shipped_rules(), [PrepareDisclosure]),
            records.admit(but(ADMIT, upn=None), asked()).pupil_id,
        )


@contextmanager
def at_work(runner: Runner) -> Iterator[threading.Event]:
    """Have a runner work in a thread until the block is left; yield what stops it."""
    stop = threading.Event()
    worker = threading.Thread(target=runner.run, args=[stop])
    worker.start()
    try:
        yield stop
    finally:
        stop.set()
        worker.join(20)
        assert not worker.is_alive()


def uploads(owner: Connection) -> int:
    """Return how many uploads there are, whole or not."""
    [(number,)] = owner.execute("SELECT count(*) FROM document_uploads").fetchall()
    return int(number)
