"""How something is prepared, approved and left as files, as its people do it over HTTP."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2

from send_records.aggregates.base import Actor
from send_records.demo import DemoFailed
from send_records.demo.client import Api
from send_records.demo.people import DPO, SENCO
from send_records.demo.roles import done
from send_records.demo.run import LAST_DAY
from send_records.demo.said import Post
from send_records.disclosure.sending import passphrase

Json = dict[str, Any]

ON = LAST_DAY.isoformat()

PATIENCE = 120.0
"""Seconds that a job may take here."""


def say(api: Api, path: str, body: Json, who: Actor = SENCO) -> Json:
    """Record something, and return its receipt; raise DemoFailed."""
    answer: Json = done(api.record(Post(path, {"occurred_on": ON, **body}, uuid4()), who)).json()
    return answer


def asked(api: Api, path: str, body: Json) -> Json:
    """Ask for something to be prepared, and return its job once it has ended."""
    answer = api.record(Post(path, {"occurred_on": ON, **body}, uuid4()), SENCO)
    if answer.status_code != httpx2.codes.ACCEPTED:
        raise DemoFailed(f"{path} was refused: {answer.json()}")
    until, job = time.monotonic() + PATIENCE, answer.json()
    while job["state"] in ("waiting", "running"):
        if time.monotonic() > until:
            raise DemoFailed(f"{path} did not come to its end.")
        time.sleep(0.1)
        job = api.get(f"/v1/jobs/{job['job_id']}", SENCO)
    ended: Json = job
    return ended


def prepared(api: Api, path: str, body: Json) -> Json:
    """Have something prepared, and return what the record says of it."""
    job = asked(api, path, body)
    if job["state"] != "done":
        raise DemoFailed(f"{path} was refused: {job['problem']}")
    record = path.rpartition("/")[0].rpartition("/")[0]
    rows = api.get(f"{record}/disclosures", SENCO)["data"]
    [row] = [row for row in rows if row["preparation_id"] == job["job_id"]]
    found: Json = row
    return found


def approval(made: Json) -> Json:
    """Return what approves something that was prepared."""
    return {"preparation_id": made["preparation_id"], "sha256": made["sha256"]}


def approved(api: Api, record: str, made: Json) -> bytes:
    """Have the officer look at a pack, and approve what they looked at."""
    data = fetched(api, record, made)
    say(api, f"{record}/disclosures/approve", approval(made), DPO)
    return data


def fetched(api: Api, record: str, made: Json) -> bytes:
    """Return a pack, as the officer looks at it."""
    path = f"{record}/packs/{made['preparation_id']}/content"
    return api.ask(path, DPO).raise_for_status().content


def left(api: Api, record: str, made: Json, pack: bytes, to: Path) -> Json:
    """Leave the pack, its files, and the locked one that is sent; return where."""
    to.mkdir(parents=True, exist_ok=True)
    words = passphrase()
    path = f"{record}/packs/{made['preparation_id']}/locked"
    locked = api.record(Post(path, {"passphrase": words}, uuid4()), SENCO).raise_for_status()
    (to / "pack.zip").write_bytes(pack)
    (to / "to-send.zip").write_bytes(locked.content)
    with zipfile.ZipFile(io.BytesIO(pack)) as zipped:
        zipped.extractall(to / "pack")
    pdf = next((to / "pack").glob("*.pdf"))
    return {"pdf": str(pdf.resolve()), "pack": str(to.resolve()), "passphrase": words}


def check(to: Path, vkeys: list[str]) -> Json:
    """Check a pack as its receiver would: with what is in it, and the trust's keys."""
    checked = subprocess.run(  # noqa: S603 - our own file, in an interpreter that sees no more
        [sys.executable, "-I", "verify_pack.py", str((to / "pack.zip").resolve())]
        + [f"--key={vkey}" for vkey in vkeys],
        cwd=to / "pack" / "proof",
        env={"PATH": os.environ.get("PATH", "")},
        capture_output=True,
        text=True,
        check=False,
    )
    return {"exit": checked.returncode, "said": checked.stdout.splitlines()}
