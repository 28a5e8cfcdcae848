"""A folder for a database that a test makes and leaves behind nothing of."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def quick_folder() -> str | None:
    """Memory to put the clusters in, far quicker than a disk, if it has room and runs programs."""
    with suppress(FileNotFoundError):
        memory = os.statvfs("/dev/shm")
        if memory.f_bavail * memory.f_frsize > 2**30 and not memory.f_flag & os.ST_NOEXEC:
            return "/dev/shm"
    return None


@contextmanager
def scratch() -> Iterator[Path]:
    """A directory yet to be made, that must end with nothing running in it.

    Not under `tmp_path`: pytest closes its parents, and root's server runs as another user.
    """
    with tempfile.TemporaryDirectory(prefix="send-records-test-", dir=quick_folder()) as folder:
        Path(folder).chmod(0o711)
        yield Path(folder, "data")
        left = processes_in(Path(folder))
        kill(left)
        while processes_in(Path(folder)):
            time.sleep(0.01)
        assert left == []


def processes_in(folder: Path) -> list[int]:
    """The server's living processes: PostgreSQL works inside its cluster."""

    def works_inside(process: Path) -> bool:
        with suppress(OSError):
            return (process / "cwd").readlink().is_relative_to(folder.resolve())
        return False

    return [int(process.name) for process in Path("/proc").glob("[1-9]*") if works_inside(process)]


def kill(processes: Iterable[int]) -> None:
    """Kill processes; one may be gone by then, as that of a connection which has just closed."""
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
