"""message-db, an event store in PL/pgSQL, from its npm package, in a folder outside the source."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from psycopg import Connection
from psycopg.errors import FeatureNotSupported

from bench.lines import PeerAway
from send_records.store.connections import one

PACKAGE = "@eventide/message-db"
SCRIPTS = (
    "schema/message-store",
    "tables/messages",
    "types/message",
    "functions/message-store-version",
    "functions/hash-64",
    "functions/acquire-lock",
    "functions/category",
    "functions/is-category",
    "functions/id",
    "functions/cardinal-id",
    "functions/stream-version",
    "functions/write-message",
    "indexes/messages-id",
    "indexes/messages-stream",
    "indexes/messages-category",
)
"""What writing needs, in the order of its own installer."""


def installed(cache: Path) -> Path:
    """Return the folder of the package's scripts, fetched by npm the first time; raise PeerAway
    if it cannot be had."""
    scripts = cache / "node_modules" / PACKAGE / "database"
    if scripts.exists():
        return scripts
    npm = shutil.which("npm")
    if npm is None:
        raise PeerAway("message-db comes by npm, which is not on this machine")
    cache.mkdir(parents=True, exist_ok=True)
    options = ("--no-audit", "--no-fund", "--ignore-scripts", f"--prefix={cache}")
    try:
        subprocess.run(
            [npm, "install", *options, PACKAGE], capture_output=True, timeout=60, check=True
        )
    except subprocess.SubprocessError:
        raise PeerAway("message-db was not fetched: npm does not reach its registry") from None
    return scripts


def prepare(conninfo: str, scripts: Path) -> None:
    """Install message-db in a database, unless it is there."""
    with one(conninfo) as connection:
        found = connection.execute("SELECT to_regclass('message_store.messages')").fetchone()
        if found != (None,):
            return
        with suppress(FeatureNotSupported):  # the wheel has none, and all that is used of it,
            connection.execute("CREATE EXTENSION pgcrypto")  # gen_random_uuid, is built in now
        connection.execute("SET search_path TO message_store, public")
        for script in SCRIPTS:
            connection.execute((scripts / f"{script}.sql").read_bytes())


def writer(connection: Connection, data: str) -> Callable[[], None]:
    """Return a caller that writes the next message of a stream of its own, having written one;
    ``data`` is JSON."""
    connection.execute("SET search_path TO message_store, public")
    stream, version = f"pupil-{uuid4()}", -1

    def write_next() -> None:
        nonlocal version
        connection.execute(
            "SELECT write_message(%s, %s, 'Observed', %s::jsonb, NULL, %s)",
            [str(uuid4()), stream, data, version],
            prepare=True,
        )
        version += 1

    write_next()
    return write_next
