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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID, uuid5

import httpx2
from psycopg import Connection

from send_records.aggregates.base import Actor
from send_records.aggregates.values import Role
from send_records.bootstrap import Database, issuer
from send_records.demo import DemoFailed
from send_records.demo.cases import TEACHER, Entry
from send_records.demo.clock import close_door, open_door, set_clock
from send_records.demo.said import Post, post_for
from send_records.identity import LocalIssuer
from send_records.settings import Settings
from send_records.store.connections import one

PEOPLE = {
    Role.SENCO: "Sam Okoro",
    Role.CLASS_TEACHER: TEACHER,
    Role.TEACHING_ASSISTANT: "Alex Reid",
    Role.DPO: "Priya Shah",
    Role.INTEGRATION: "MIS feed",
}
"""Who acts in each role; fictional, like the pupils."""

STAFF_IDS = UUID("5e4d0000-0000-4000-8000-000000000001")


@dataclass
class Told:
    """What became of the entries."""

    recorded: int = 0
    last_position: int = 0
    not_built: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(frozen=True)
class Api:
    """The API as its clients see it, with a token for each role."""

    http: httpx2.Client
    tokens: dict[Role, str]

    def get(self, path: str, role: Role = Role.SENCO, **parameters: Any) -> Any:
        """Return what a view answers."""
        answer = self.http.get(path, params=parameters, headers=self._signed(role))
        answer.raise_for_status()
        return answer.json()

    def record(self, post: Post, role: Role, version: int) -> httpx2.Response:
        headers = {"Idempotency-Key": str(post.key), "If-Match": f'"{version}"'}
        return self.http.post(post.path, json=post.body, headers=self._signed(role) | headers)

    def _signed(self, role: Role) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[role]}"}


def actor(role: Role) -> Actor:
    """Return who acts in a role in the demo."""
    return Actor(id=uuid5(STAFF_IDS, role), name=PEOPLE[role], role=role)


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
    command = [sys.executable, "-m", "send_records.cli", "serve", "--demo"]
    with tempfile.TemporaryFile() as said:  # not a pipe, which a talkative server would fill
        process = subprocess.Popen(  # noqa: S603 - our own program, with our own arguments
            [*command, "--port", str(port), "--data-dir", str(settings.data_dir)],
            stdout=subprocess.DEVNULL,
            stderr=said,
            env={k: v for k, v in os.environ.items() if not k.startswith("SEND_RECORDS_")},
        )
        try:
            with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
                _await_ready(http, process, said)
                yield Api(http, tokens(issuer(settings)))
        finally:
            process.terminate()
            process.wait(timeout=60)


def tokens(local: LocalIssuer) -> dict[Role, str]:
    """Return a token for each role that the cases name."""
    return {role: local.token(actor(role)) for role in PEOPLE}


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
        _tell_one(api, entry, told)
        progress(done, len(wanted))
    told.seconds = time.monotonic() - started


def _tell_one(api: Api, entry: Entry, told: Told) -> None:
    post = post_for(entry)
    if post is None:
        told.not_built[entry.kind] += 1
        return
    answer = api.record(post, Role(entry.by), entry.story.version)
    if answer.status_code != 201:
        told.refused.append(f"{entry.story.name}, {entry.kind}: {answer.json()}")
        return
    receipt = answer.json()
    entry.story.pupil_id = UUID(receipt["pupil_id"])
    entry.recorded(receipt["version"])
    told.recorded += 1
    told.last_position = receipt["position"]
