"""What the figures were taken on: they mean nothing without it."""

from __future__ import annotations

import os
import platform
import statistics
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.rounds import timed
from send_records.store.connections import one
from send_records.store.data_directory import SUPERUSER
from send_records.store.embedded import EmbeddedPostgres

PEERS = ("eventsourcing", "psycopg", "pydantic", "fastapi", "uvicorn", "cryptography", "orjson")


def described(server: EmbeddedPostgres) -> dict[str, Any]:
    """Return versions, cores, load and how long an fsync takes here."""
    with one(server.conninfo(SUPERUSER, SUPERUSER)) as connection:
        postgres = connection.info.server_version
        durable = {
            name: connection.execute(f"SHOW {name}".encode()).fetchone()
            for name in ("fsync", "synchronous_commit", "full_page_writes")
        }
    return {
        "taken_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "load": [round(figure, 2) for figure in os.getloadavg()],
        "fsync_ms": round(fsync_ms(server.data_dir), 3),
        "system": platform.platform(),
        "python": platform.python_version(),
        "postgresql": f"{postgres // 10000}.{postgres % 10000}",
        "packages": {name: version(name) for name in PEERS},
        **{name: row[0] if row else None for name, row in durable.items()},
    }


def fsync_ms(folder: Path, times: int = 50) -> float:
    """Return the median time of a write of 8 kB and its fsync, in milliseconds: nearly nothing
    says that the folder is in memory, and then an append is not what it is elsewhere."""

    def write_and_sync() -> None:
        file.write(bytes(8192))
        file.flush()
        os.fdatasync(file.fileno())

    with tempfile.TemporaryFile(dir=folder) as file:
        return statistics.median(timed(write_and_sync) for _ in range(times)) * 1000


def sentence(machine: dict[str, Any]) -> str:
    """Return the machine in one line, to stand above the table."""
    load = ", ".join(map(str, machine["load"]))
    return (
        f"{machine['cores']} cores, load {load} at the start, an 8 kB fsync "
        f"{machine['fsync_ms']} ms; Python {machine['python']}, PostgreSQL "
        f"{machine['postgresql']} (fsync {machine['fsync']}, synchronous_commit "
        f"{machine['synchronous_commit']}), eventsourcing {machine['packages']['eventsourcing']}; "
        f"{machine['taken_at']}"
    )
