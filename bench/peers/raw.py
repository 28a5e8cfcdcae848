"""The barest durable insert of an event: one row, one commit, by psycopg and by pgbench.

The table has the columns and the indexes of our log; no order over all, no leaf, no idempotency.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

from psycopg import Connection

from bench.lines import PeerAway
from bench.rounds import rate_for
from send_records.store.connections import libpq_environment, one
from send_records.store.mapper import VersionedEvent
from send_records.store.programs import binary
from tests.scenario import SENCO

TABLE = """
CREATE TABLE raw_events (
    position      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    stream_id     uuid        NOT NULL,
    version       integer     NOT NULL,
    topic         text        NOT NULL,
    class_version smallint    NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor_id      uuid        NOT NULL,
    command_id    uuid        NOT NULL,
    request_mac   bytea       NOT NULL,
    clear         json        NOT NULL,
    sealed        bytea       NOT NULL,
    leaf          bytea       NOT NULL,
    UNIQUE (stream_id, version)
);
CREATE UNIQUE INDEX raw_commands ON raw_events (command_id);
"""

INSERT = """
INSERT INTO raw_events (stream_id, version, topic, class_version, actor_id, command_id,
                        request_mac, clear, sealed, leaf)
VALUES (%b, %b, %b, %b, %b, %b, %b, %s::json, %b, %b) RETURNING position
"""

PGBENCH = """
\\set version random(1, 2000000000)
INSERT INTO raw_events (stream_id, version, topic, class_version, actor_id, command_id,
                        request_mac, clear, sealed, leaf)
VALUES (gen_random_uuid(), :version, '{topic}', 1, '{actor}', gen_random_uuid(),
        '{hash}', '{clear}', '{sealed}', '{hash}') RETURNING position;
"""


def make_table(conninfo: str) -> None:
    """Make the table in a peer's database."""
    with one(conninfo) as connection:
        connection.execute(TABLE.encode())


def insert(connection: Connection, event: VersionedEvent, stream: UUID, version: int) -> None:
    """Insert one row, and commit it."""
    connection.execute(
        INSERT,
        [
            stream,
            version,
            event.topic,
            event.class_version,
            SENCO.id,
            uuid4(),
            bytes(32),
            event.clear,
            event.state,
            bytes(32),
        ],
        prepare=True,
    )


def inserter(connection: Connection, event: VersionedEvent) -> Callable[[], None]:
    """Return a caller that inserts the bytes of an event as the next version of its own stream,
    having inserted the first."""
    stream, version = uuid4(), 0

    def insert_next() -> None:
        nonlocal version
        version += 1
        insert(connection, event, stream, version)

    insert_next()
    return insert_next


@contextmanager
def connections(conninfo: str, number: int) -> Iterator[Sequence[Connection]]:
    """Open so many connections, for this round only: a server has a hundred."""
    with ExitStack() as stack:
        yield [stack.enter_context(one(conninfo)) for _ in range(number)]


def rate(conninfo: str, event: VersionedEvent, callers: int, seconds: float) -> float:
    """Return inserts a second by some threads, each with a connection of its own."""
    with connections(conninfo, callers) as opened:
        return rate_for([inserter(connection, event) for connection in opened], seconds)


def pgbench_rate(
    conninfo: str, event: VersionedEvent, callers: int, seconds: float, folder: Path
) -> float:
    """Return inserts a second by PostgreSQL's own load generator, which is no Python."""
    program = binary("postgres").with_name("pgbench")
    if not program.exists():
        raise PeerAway("the wheel has no pgbench")
    script = folder / "pgbench.sql"
    script.write_text(
        PGBENCH.format(
            topic=event.topic,
            actor=SENCO.id,
            hash="\\x" + bytes(32).hex(),
            clear=event.clear.replace("'", "''"),
            sealed="\\x" + event.state.hex(),
        )
    )
    done = subprocess.run(
        [
            program,
            "--no-vacuum",
            "--protocol=prepared",
            f"--client={callers}",
            f"--time={max(2, round(seconds))}",  # whole seconds, of which connecting is a part
            f"--file={script}",
        ],
        env=libpq_environment(conninfo),
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if done.returncode or found is None:
        raise ChildProcessError(f"{done.returncode}: {(done.stderr or done.stdout)[-300:]}")
    return float(found[1])
