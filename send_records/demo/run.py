"""The demo: a fresh database, the API as a process of its own, and the cases sent to it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import httpx2
from psycopg import Connection

from send_records.bootstrap import Database, running
from send_records.custody import Keys
from send_records.demo import DemoFailed
from send_records.demo.cases import Entry
from send_records.demo.client import Api
from send_records.demo.clock import close_door, demo_clock, open_door, set_clock
from send_records.demo.roles import place_in_class, recorder_of
from send_records.demo.said import post_for
from send_records.granting import Granting
from send_records.reception import issuer
from send_records.settings import Settings
from send_records.store.connections import one, pool

LAST_DAY = date(2026, 7, 20)
"""Of the cases: the day it is when they are told."""

CAME = frozenset({"PupilAdmitted", "PupilMovedAcademy"})
"""Entries after which a pupil is in a class of the academy."""


@dataclass
class Told:
    """What became of the entries."""

    recorded: int = 0
    last_position: int = 0
    not_built: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    seconds: float = 0.0


def throwaway(folder: Path) -> Settings:
    """Return settings for an embedded database in a folder, whatever the environment says."""
    return Settings(
        data_dir=folder,
        database_url=None,
        projector_url=None,
        notary_url=None,
        owner_url=None,
        admin_url=None,
        key_store=None,
        kek_dir=None,
        signing_dir=None,
        checkpoints=(),
        jwks_file=None,
    )


@contextmanager
def serving(settings: Settings) -> Iterator[Api]:
    """Run the API as a process on a free port, until the block is left."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "send_records.cli", "serve", "--demo", "--demo-clock"]
    with tempfile.TemporaryFile() as said:  # not a pipe, which a talkative server would fill
        process = subprocess.Popen(  # noqa: S603 - our own program, with our own arguments
            [*command, "--port", str(port), "--data-dir", str(settings.data_dir)],
            stdout=subprocess.DEVNULL,
            stderr=said,
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith("SEND_RECORDS_")},
                "SEND_RECORDS_WATCH": str(Path(__file__).with_name("watch.toml")),
            },
        )
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
                _await_ready(http, process, said)
                yield Api(http, issuer(settings))
        finally:
            process.terminate()
            process.wait(timeout=60)


def _await_ready(http: httpx2.Client, process: subprocess.Popen[bytes], said: BinaryIO) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            said.seek(0)
            words = said.read().decode(errors="replace")
            raise DemoFailed(f"The API ended before it was ready:\n{words[-2000:]}")
        try:
            if http.get("/health/ready").is_success:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.05)
    raise DemoFailed("The API was not ready within a minute.")


@contextmanager
def clock_that_can_be_set(found: Database) -> Iterator[Connection]:
    """Open the demo's door to the clock, and close it on the way out."""
    with one(found.as_owner()) as owner:
        open_door(owner, found.roles)
        try:
            yield owner
        finally:
            close_door(owner, found.roles)


@contextmanager
def granting(settings: Settings, found: Database, keys: Keys) -> Iterator[Granting]:
    """Open what gives the first roles, as the operator's own commands do."""
    with (
        pool(found.app, most=1) as connections,
        running(settings, found, keys, clock=demo_clock(connections), throwaway=True) as system,
    ):
        yield system.granting


def tell(
    api: Api,
    owner: Connection,
    told: Told,
    wanted: Sequence[Entry],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Send entries in their order, each at the hour it was recorded."""
    started = time.monotonic()
    hour = datetime.min.replace(tzinfo=UTC)
    for done, entry in enumerate(wanted, start=1):
        morning = datetime.fromisoformat(f"{entry.recorded_on}T09:00:00+00:00")
        hour = max(morning, hour + timedelta(minutes=5))
        set_clock(owner, hour)
        _tell_one(api, entry, told, hour.date())
        progress(done, len(wanted))
    told.seconds = time.monotonic() - started


def _tell_one(api: Api, entry: Entry, told: Told, today: date) -> None:
    post, story = post_for(entry), entry.story
    if post is None:
        told.not_built[entry.kind] += 1
        return
    answer = api.record(post, recorder_of(api, entry, today), story.version)
    if answer.status_code != 201:
        told.refused.append(f"{story.name}, {entry.kind}: {answer.json()}")
        return
    receipt = answer.json()
    story.pupil_id = UUID(receipt["pupil_id"])
    entry.recorded(receipt["version"])
    told.recorded += 1
    told.last_position = receipt["position"]
    if entry.kind in CAME:
        told.last_position = place_in_class(api, story, entry.occurred_on)
