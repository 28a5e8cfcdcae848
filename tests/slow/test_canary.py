"""Erased means erased, from a restored old backup too (``security.md``, P7).

A pupil whose every word is known again is recorded over HTTP, projected, searched for, refused,
erased; and looked for in everything that is on the disk, before and after.  A base backup taken
before the erasure is restored as a second server, and tried with every key the trust still holds.
"""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from psycopg import Connection
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Literal

from send_records.aggregates.base import Actor, Command
from send_records.aggregates.concern_answers import CloseConcern
from send_records.aggregates.enrolment import AdmitPupil
from send_records.aggregates.plans import DraftPlan
from send_records.aggregates.reviews import HoldReview
from send_records.aggregates.values import Role
from send_records.api.app import create_app
from send_records.bootstrap import Database, database, notary, now, running
from send_records.custody import Keys, open_keys
from send_records.keeper import Keeper
from send_records.reception import issuer
from send_records.settings import Settings
from send_records.store.connections import in_schema, one
from send_records.store.data_directory import SUPERUSER
from send_records.store.embedded import EmbeddedPostgres
from send_records.store.programs import Programs
from tests.api.client import path_of
from tests.api.story import DPO
from tests.keys import verified
from tests.scenario import SENCO
from tests.scratch import scratch
from tests.slow.canary import Canary, Scan, Thief, spelt_as
from tests.store.proxy import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

ADMINISTRATOR = Actor(id=UUID(int=9), name="Robin Hale", role=Role.ADMINISTRATOR)


def say(figures: str) -> None:
    sys.stdout.write(f"\n  {figures}\n")


@dataclass
class Trust:
    """One installation, all of it below one folder, with its API served by a process."""

    data_dir: Path
    settings: Settings
    found: Database
    keys: Keys
    http: httpx2.Client
    routes: Any
    pupil: Canary = field(default_factory=Canary)
    """Who is erased, and of whom nothing may be found."""
    control: Canary = field(default_factory=Canary)
    """Who is in a plaintext table, and must be found everywhere."""
    twin: Canary = field(default_factory=Canary)
    """Who is erased too, and whose wrapped key was kept in the log's database."""
    other: Canary = field(default_factory=Canary)
    """Who stays."""

    @property
    def server(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(self.data_dir)

    def as_superuser(self) -> Connection:
        return superuser_of(self.server, self.settings)

    # What people do

    def signed(self, actor: Actor, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {issuer(self.settings).token(actor)}", **more}

    def post(self, path: str, body: Any, actor: Actor = SENCO, key: object = None) -> int:
        headers = self.signed(actor, **{"Idempotency-Key": str(key or uuid4()), "If-Match": "*"})
        return self.http.post(path, json=body, headers=headers).status_code

    def get(self, path: str, actor: Actor = SENCO, **parameters: str) -> httpx2.Response:
        return self.http.get(path, params=parameters, headers=self.signed(actor))

    def tell(self, whose: Canary, at_most: int = 1000) -> int:
        """Record a pupil's story, and return how many entries it has."""
        told = 0
        for kind, key, actor, body in list(whose.steps())[:at_most]:
            path = path_of(self.routes, kind, whose.pupil)
            if issubclass(kind, Command) and kind.files_content:
                self.upload(whose, key, actor)
            status = self.post(path, body, actor, key)
            assert status in (200, 201), (kind, status)
            told += 1
            assert kind is AdmitPupil or told > 1
        return told

    def upload(self, whose: Canary, key: UUID, actor: Actor) -> None:
        """Upload a document that names the pupil on its every line, some 600 kB of it."""
        line = f"{key}: {whose.name}, {whose.mark}, {whose.phone}, {whose.upn}\n".encode()
        answer = self.http.post(
            f"/v1/pupils/{whose.pupil}/documents/content",
            content=line * (600_000 // len(line)),
            headers=self.signed(actor, **{"Idempotency-Key": str(key)}),
        )
        assert answer.status_code == 201, answer.text

    def look_up(self, whose: Canary) -> None:
        """Search for a pupil, read everything of it, and be refused in several ways."""
        for wanted in ({"name": whose.name}, {"upn": whose.upn}):
            answer = self.http.post("/v1/search", json=wanted, headers=self.signed(SENCO))
            assert [row["legal_name"] for row in answer.json()["data"]] == [whose.name]
        base = f"/v1/pupils/{whose.pupil}"
        for path in ("", "/chronology", "/history", "/accesses", "/documents"):
            assert self.get(base + path, DPO).is_success, path
        for row in self.get(f"{base}/documents", DPO).json()["data"]:
            content = self.get(f"{base}/documents/{row['document_id']}/content", DPO).text
            assert content.count(whose.mark) > 1000
        assert self.get("/v1/retention", DPO).is_success
        for kind, _, actor, body in whose.steps():
            path = path_of(self.routes, kind, whose.pupil)
            if kind is CloseConcern:  # closed already, says the rule
                assert self.post(path, body, actor) == 409
            if kind in (CloseConcern, DraftPlan, HoldReview):
                assert self.post(path, body | {whose.mark: whose.mark}, actor) == 422

    def level(self) -> bool:
        """Return whether the views show all that was recorded."""
        ready = self.http.get("/health/ready").json()
        return not any(ready["behind"].values())

    # What is on the disk

    def scan(self) -> Scan:
        """Look through the data directory, what pg_dump writes, and the words of both logs."""
        with self.as_superuser() as superuser:
            superuser.execute("CHECKPOINT")
        scan = Scan({"pupil": self.pupil, "control": self.control})
        scan.look_in(self.data_dir)
        for form in ("plain", "custom"):
            scan.look(f"pg_dump {form}", self.dump(form))
        return scan

    def dump(self, form: str) -> bytes:
        file = self.data_dir.parent / f"dump-{form}"
        programs = Programs(self.data_dir)
        file.touch()
        programs.hand_over(file)
        conninfo = self.server.conninfo(SUPERUSER, self.settings.database)
        programs.run(
            "pg_dump",
            f"--format={form}",
            "--compress=none",
            f"--file={file}",
            f"--dbname={conninfo}",
        )
        content = file.read_bytes()
        file.unlink()
        return content

    def plant(self) -> None:
        """Put the control everywhere: in a plaintext table in every spelling, changed and analysed,
        in what PostgreSQL logs, and in a file beside each kind of ours."""
        spelt = [each for needle in self.control.needles for each in spelt_as(needle).values()]
        with self.as_superuser() as superuser:
            superuser.execute("CREATE TABLE plain (words text, bytes bytea)")
            for text in self.control.needles:
                superuser.execute("INSERT INTO plain VALUES (%s, %s)", [text, text.encode()])
            for each in spelt:
                shown = each.decode("latin-1").replace("\0", "") or None
                superuser.execute("INSERT INTO plain VALUES (%s, %s)", [shown, each])
            superuser.execute("UPDATE plain SET words = words || ' again'")
            superuser.execute("VACUUM ANALYZE plain")
            say_it = SQL("DO $$ BEGIN RAISE LOG '%', {}; END $$")
            for text in self.control.needles:
                superuser.execute(say_it.format(Literal(text)))
        for folder in ("keyring", "kek", "signing", "checkpoints", "secrets"):
            (self.data_dir / folder / "control").write_bytes(b"\n".join(spelt))
        with (self.data_dir / "api.log").open("ab") as log:
            log.write(b"\n".join(spelt))

    def keep_key_beside_the_events(self, whose: Canary) -> None:
        """Plant a defect: a wrapped key in a table of the log's database."""
        store = sqlite3.connect(self.data_dir / "keyring" / "keys.sqlite")
        [(wrapped,)] = store.execute(
            "SELECT wrapped FROM keys WHERE owner = ?", [whose.pupil.bytes]
        ).fetchall()
        store.close()
        with self.as_superuser() as superuser:
            superuser.execute("CREATE TABLE wrapped_keys (wrapped bytea)")
            superuser.execute("INSERT INTO wrapped_keys VALUES (%s)", [wrapped])

    def back_up(self, into: Path) -> None:
        """Take a base backup as pg_basebackup does, WAL included; the key store is no part of it.

        The superuser may replicate over the socket: that is in the pg_hba.conf that initdb wrote.
        """
        programs = Programs(self.data_dir)
        into.mkdir()
        programs.hand_over(into)
        conninfo = make_conninfo(self.server.conninfo(SUPERUSER, SUPERUSER), dbname="replication")
        programs.run(
            "pg_basebackup",
            f"--pgdata={into / 'postgres'}",
            f"--dbname={conninfo}",
            "--wal-method=stream",
            "--checkpoint=fast",
            "--no-sync",
        )
        os.chown(into, os.geteuid(), os.getegid())
        into.chmod(0o711)
        shutil.copytree(self.data_dir / "secrets", into / "secrets")

    def erase(self, whose: Canary) -> None:
        Keeper(self.found, self.keys, ADMINISTRATOR).destroy(whose.pupil, "Disposal 1", now())

    def findings(self) -> list[Any]:
        """Return what ``send-records verify`` finds."""
        return verified(self.found.as_owner(), self.keys)

    def thief(self, connection: Connection) -> Thief:
        store = self.data_dir / "keyring" / "keys.sqlite"
        return Thief(connection, self.keys.seals, self.keys.keks, store)


def superuser_of(server: EmbeddedPostgres, settings: Settings) -> Connection:
    conninfo = server.conninfo(SUPERUSER, settings.database)
    return one(in_schema(conninfo, settings.schema_name, "verdict"))


@contextmanager
def served(settings: Settings) -> Iterator[httpx2.Client]:
    """Run the API as a process, its log a file of the data directory."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "send_records.cli", "serve", "--demo", "--port", str(port)]
    with (settings.data_dir / "api.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--data-dir", str(settings.data_dir)], stdout=log, stderr=log
        )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
            until(lambda: answers(http), seconds=60)
            yield http
    finally:
        process.terminate()
        process.wait(timeout=60)


def answers(http: httpx2.Client) -> bool:
    try:
        return http.get("/health/ready").is_success
    except httpx2.TransportError:
        time.sleep(0.05)
        return False


@contextmanager
def trust() -> Iterator[Trust]:
    with scratch() as data_dir, ExitStack() as stack:
        settings = Settings(data_dir=data_dir)
        found = stack.enter_context(database(settings))
        keys = stack.enter_context(open_keys(settings, found.app))
        system = stack.enter_context(running(settings, found, keys))
        http = stack.enter_context(served(settings))
        yield Trust(data_dir, settings, found, keys, http, create_app(system))


def scanned(what: str, scan: Scan, started: float) -> None:
    places = ", ".join(f"{place} {size:,}" for place, size in sorted(scan.places.items()))
    say(
        f"{what}: {scan.files} files and dumps, {sum(scan.places.values()):,} bytes "
        f"({places}); pupil {sum(scan.of('pupil').values())} hits, "
        f"control {sum(scan.of('control').values())}; {time.monotonic() - started:.1f} s"
    )


PLACES = {
    "WAL",
    "api.log",
    "checkpoints",
    "cluster",
    "kek",
    "keyring",
    "pg_dump custom",
    "pg_dump plain",
    "postgres.log",
    "secrets",
    "signing",
}


def test_a_canary_is_found_nowhere_and_after_its_erasure_opens_nowhere() -> None:
    with trust() as here:
        entries = alive(here)
        backup = here.data_dir.parent / "restored"
        here.keep_key_beside_the_events(here.twin)
        here.back_up(backup)
        say(f"{entries} entries of the pupil; a base backup by pg_basebackup --wal-method=stream")
        erased(here)
        with EmbeddedPostgres(backup) as server, superuser_of(server, here.settings) as thieved:
            stolen(here, here.thief(thieved))


def alive(here: Trust) -> int:
    """Record, look up and scan: of the pupil nothing, of the control everything."""
    entries = here.tell(here.pupil)
    here.tell(here.twin, at_most=12)
    here.tell(here.other, at_most=12)
    until(here.level, seconds=30)
    here.look_up(here.pupil)
    notary(here.found, here.keys.signing, here.keys.places).sign_all()
    here.plant()
    started = time.monotonic()

    scan = here.scan()

    scanned("Alive", scan, started)
    assert scan.of("pupil") == {}
    assert set(scan.places) >= PLACES
    control = scan.of("control")
    say("control: " + ", ".join(f"{place} {n}" for place, n in sorted(control.items())))
    assert set(control) >= PLACES
    assert scan.encodings("control") == set(spelt_as("any"))
    return entries


def erased(here: Trust) -> None:
    """Erase two pupils; scan and verify again."""
    with here.as_superuser() as superuser:
        before = here.thief(superuser)
        keys = before.held()
        opened, sealed = before.opened(here.pupil.pupil, keys)
        assert opened == sealed > 100  # it is the keys that make the difference
        assert before.tagged(here.pupil.upn, keys) == 1
    for each in (here.pupil, here.twin):
        here.erase(each)
    started = time.monotonic()

    scan = here.scan()

    scanned("Erased", scan, started)
    assert scan.of("pupil") == {}
    assert set(scan.of("control")) >= PLACES
    assert here.findings() == []
    assert here.get(f"/v1/pupils/{here.pupil.pupil}/history", DPO).status_code == 410
    assert here.get(f"/v1/pupils/{here.other.pupil}/history", DPO).is_success


def stolen(here: Trust, thief: Thief) -> None:
    """Try everything of the backup with every key that is left, and with any found in it."""
    started, held, found = time.monotonic(), thief.held(), thief.harvested()
    assert len(found) == 1  # the one that was planted
    opened = {
        name: thief.opened(whose.pupil, held | found)
        for name, whose in (("pupil", here.pupil), ("twin", here.twin), ("other", here.other))
    }
    say(
        f"restored: {len(held)} keys held, {len(found)} found beside the events; opened "
        + ", ".join(f"{name} {n} of {total}" for name, (n, total) in opened.items())
        + f"; {time.monotonic() - started:.1f} s"
    )
    assert opened["pupil"][0] == 0
    assert opened["pupil"][1] > 100
    assert opened["twin"][0] == opened["twin"][1] > 0  # planted, and so it would be found
    assert opened["other"][0] == opened["other"][1] > 0
    assert [thief.tagged(each.upn, held | found) for each in (here.pupil, here.other)] == [0, 0]

    done = Keeper(here.found, here.keys, ADMINISTRATOR).rotate(lambda at, total: None)

    assert done.keys > 0
    assert thief.harvested() == set()  # with the KEK of then, that key is dead too
    assert thief.opened(here.twin.pupil, thief.held())[0] == 0
    assert thief.opened(here.other.pupil, thief.held())[0] > 0
