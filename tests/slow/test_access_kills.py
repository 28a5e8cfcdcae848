"""The API killed while it is read: whoever was shown anything is in the access log.

The figures are printed; and the same check is shown to find an API that records who looked a moment
after it has answered.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import httpx2
import pytest

from send_records.aggregates.base import Actor
from send_records.aggregates.values import Role
from send_records.demo.run import throwaway
from send_records.reception import issuer
from tests.api.steps import body_of
from tests.conftest import GENEROUS, WATCH
from tests.scenario import ADMIT, RECORD_MOTHER, but
from tests.scratch import scratch
from tests.store.proxy import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

READS, KILLS, READERS = 1000, 20, 4
PROGRAM = (sys.executable, "-m", "send_records.cli")
LATE = """
import threading
from send_records.store.access import AccessLog

record = AccessLog.record

def later(self, access):
    threading.Timer(0.05, record, [self, access]).start()
    return 0

AccessLog.record = later

from send_records.cli import main
main()
"""
"""A planted defect: the answer goes out at once, and the row follows when there is time."""

ENVIRONMENT = {k: v for k, v in os.environ.items() if not k.startswith("SEND_RECORDS_")} | {
    WATCH: str(GENEROUS)
}
READER = Actor(id=uuid4(), name="Priya Shah", role=Role.DPO)


@dataclass
class Served:
    """The API as a process that may be killed, on a data directory that stays."""

    data_dir: Path
    program: Sequence[str]
    port: int
    kills: int = 0
    process: subprocess.Popen[bytes] | None = None
    """None while nobody answers."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def token(self, role: Role = Role.DPO) -> dict[str, str]:
        reader = READER.model_copy(update={"role": role})
        return {"Authorization": f"Bearer {issuer(throwaway(self.data_dir)).token(reader)}"}

    def start(self) -> None:
        command = [*self.program, "serve", "--demo", "--port", str(self.port)]
        process = subprocess.Popen(
            [*command, "--data-dir", str(self.data_dir)],
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while not self._ready():
            assert process.poll() is None, "the API ended before it was ready"
            assert time.monotonic() < deadline, "the API was not ready in time"
            time.sleep(0.02)
        self.process = process

    def _ready(self) -> bool:
        try:
            return httpx2.get(f"{self.url}/health/ready", timeout=5).is_success
        except httpx2.TransportError:
            return False

    def kill(self) -> None:
        """End the API at once, wherever it is; PostgreSQL stays, and is found by the next."""
        process, self.process = self.process, None
        assert process is not None
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.kills += 1

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=60)

    def asked(self, *arguments: str) -> str:
        done = subprocess.run(
            [*PROGRAM, *arguments, "--data-dir", str(self.data_dir)],
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def rows(self) -> set[UUID]:
        """Return the requests in the access log."""
        query = "SELECT request_id FROM access_log WHERE outcome = 'given'"
        return {UUID(line) for line in self.asked("psql", "-Atc", query).split()}


@contextmanager
def served(program: Sequence[str]) -> Iterator[tuple[Served, list[str]]]:
    """The API, on a new data directory with a few pupils, and what can be asked there."""
    with scratch() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        api = Served(folder, program, port)
        try:
            api.start()
            yield api, ["/v1/register?show=all", "/v1/events", *admitted(api)]
        finally:
            api.stop()


def admitted(api: Served) -> Iterator[str]:
    """Admit some pupils, and yield the addresses at which something of them is shown."""
    signed = api.token(Role.SENCO)
    with httpx2.Client(base_url=api.url, timeout=30) as http:
        for number in range(5):
            pupil = str(uuid4())
            for path, body, key in (
                ("", body_of(but(ADMIT, legal_name=f"Pupil {number}", upn=None)), pupil),
                (f"/{pupil}/contacts/record", body_of(RECORD_MOTHER), str(uuid4())),
            ):
                headers = signed | {"Idempotency-Key": key, "If-Match": "*"}
                answer = http.post(f"/v1/pupils{path}", json=body, headers=headers)
                assert answer.status_code == 201, answer.text
            after = answer.json()["position"]
            assert http.get(f"/v1/pupils/{pupil}?after={after}", headers=signed).is_success
            yield from (f"/v1/pupils/{pupil}{view}" for view in ("", "/chronology", "/history"))


@dataclass
class Seen:
    """What readers were shown, all of them together."""

    bodies: list[UUID] = field(default_factory=list)
    """The request of each body that came whole."""
    cut: int = 0
    """Requests that came to nothing."""
    strange: list[str] = field(default_factory=list)


def read(api: Served, paths: list[str], seen: Seen, stop: threading.Event, number: int) -> None:
    """Read one thing after another; whatever comes whole is remembered under its request's id."""
    random, signed = Random(number), api.token()
    while not stop.is_set():
        try:
            with httpx2.Client(base_url=api.url, timeout=10) as http:
                while not stop.is_set():
                    answer = http.get(random.choice(paths), headers=signed)
                    if answer.status_code == 200 and answer.json():
                        seen.bodies.append(UUID(answer.headers["X-Request-Id"]))
                    else:
                        seen.strange.append(answer.text[:200])
        except httpx2.TransportError:
            seen.cut += 1
            stop.wait(0.05)


@contextmanager
def reading(api: Served, paths: list[str]) -> Iterator[Seen]:
    seen, stop = Seen(), threading.Event()
    readers = [
        threading.Thread(target=read, args=[api, paths, seen, stop, number])
        for number in range(READERS)
    ]
    for reader in readers:
        reader.start()
    try:
        yield seen
    finally:
        stop.set()
        for reader in readers:
            reader.join()


def unaccounted(api: Served, paths: list[str], *, kills: int, reads: int) -> tuple[Seen, set[UUID]]:
    """Kill the API again and again while it is read, and return what was seen, and which of it the
    access log does not know of."""
    random = Random(20)
    with reading(api, paths) as seen:
        for kill in range(1, kills + 1):
            wanted = reads * kill // (kills + 1)
            until(lambda: len(seen.bodies) >= wanted, seconds=60)  # noqa: B023
            time.sleep(random.uniform(0, 0.05))
            api.kill()
            api.start()
        until(lambda: len(seen.bodies) >= reads, seconds=60)
    return seen, set(seen.bodies) - api.rows()


def test_killed_20_times_the_access_log_knows_of_every_body_that_came_whole() -> None:
    started = time.monotonic()
    with served(PROGRAM) as (api, paths):
        seen, missing = unaccounted(api, paths, kills=KILLS, reads=READS)
        rows = api.rows()
        verified = api.asked("verify")
    sys.stdout.write(
        f"\n  {api.kills} kills of the API under {READERS} readers: {len(seen.bodies)} bodies came "
        f"whole, {seen.cut} requests came to nothing; {len(rows)} rows in the access log; bodies "
        f"without a row {len(missing)}; {time.monotonic() - started:.0f} s\n"
    )
    assert missing == set()
    assert len(seen.bodies) >= READS
    assert len(set(seen.bodies)) == len(seen.bodies)
    assert seen.cut > 0
    assert seen.strange == []
    assert "Nothing is wrong." in verified


def test_an_api_that_records_a_moment_later_is_found() -> None:
    started = time.monotonic()
    with served((sys.executable, "-c", LATE)) as (api, paths):
        seen, missing = unaccounted(api, paths, kills=5, reads=300)
    sys.stdout.write(
        f"\n  planted, recording 50 ms late: {api.kills} kills, {len(seen.bodies)} bodies came "
        f"whole, {len(missing)} of them without a row; {time.monotonic() - started:.0f} s\n"
    )
    assert missing != set()
    assert seen.strange == []
