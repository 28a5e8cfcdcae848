"""What a projector and a rebuild hold in memory does not grow with the log."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import pytest

from send_records.aggregates.base import Command
from send_records.store.appending import CommandRow, append_commands
from send_records.store.connections import one
from tests.keys import held, mapper, where_held
from tests.projections.lives import Life
from tests.scenario import IDENTIFY, RECORD_GRANDMOTHER, RECORD_MOTHER, SENCO
from tests.slow.killing import Private, private_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

SHORT, LONG = 20_000, 80_000
"""Events."""

COMMANDS: list[Command] = [RECORD_MOTHER, RECORD_GRANDMOTHER] * 23

MEASURED = """
import resource, sys
from send_records.cli import app
app(sys.argv[1:], standalone_mode=False)
with open("/proc/self/status") as status:  # ru_maxrss is our parent's, too, if that was more
    [most] = [int(line.split()[1]) for line in status if line.startswith("VmHWM:")]
child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(max(most, child) // 1024, file=sys.stderr)
"""


@pytest.fixture(scope="module")
def private() -> Iterator[Private]:
    with private_server() as private:
        yield private


def lengthen(private: Private, events: int) -> None:
    """Let pupils live, 49 events each, until the log has so many."""
    with one(private.database.app) as app:
        while True:
            [(size,)] = app.execute("SELECT size FROM log_head").fetchall()
            if size >= events:
                return
            pupil_id = uuid4()
            held().seals.keyring.make(pupil_id)
            life = Life(key=pupil_id).then(IDENTIFY, *COMMANDS)
            rows = [mapper().to_stored_event(event) for event in life.events]
            append_commands(app, [(rows, CommandRow(pupil_id, SENCO.id, bytes(32)))])


def peak(private: Private, *arguments: str) -> int:
    """Run ``project`` and return the most memory that one of its processes had, in MB."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, "project", *arguments],
        env={
            **where_held(),
            "SEND_RECORDS_DATABASE_URL": private.database.app,
            "SEND_RECORDS_PROJECTOR_URL": private.database.as_projector(),
            "SEND_RECORDS_OWNER_URL": private.database.as_owner(),
            "PYTHONPATH": ":".join(sys.path),
        },
        check=True,
        capture_output=True,
        text=True,
    )
    assert "differ" not in done.stdout
    return int(done.stderr.split()[-1])


def test_four_times_the_log_takes_no_more_memory(private: Private) -> None:
    peaks = []
    for events in (SHORT, LONG):
        lengthen(private, events)
        peaks.append(
            (
                peak(private, "--once"),
                peak(private, "--rebuild", "all", "--processes", "1"),
                peak(private, "--rebuild", "all", "--processes", "2"),
            )
        )

    sys.stdout.write(
        f"\n  MB, catching up, rebuilding, rebuilding in two: {peaks[0]} at {SHORT} events, "
        f"{peaks[1]} at {LONG}\n"
    )
    assert all(more - less < 20 for less, more in zip(*peaks, strict=True))
    assert max(peaks[1]) < 300
