"""Locks and files that outlive a crash, as the embedded PostgreSQL needs them."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO


def open_private(file: Path) -> BinaryIO:
    """Open a file that only we may open: whoever can open a lock could hold it for ever."""
    return open(file, "ab", opener=lambda path, flags: os.open(path, flags, 0o600))


def try_lock(file: BinaryIO, how: int) -> bool:
    """Take a lock if nobody holds it otherwise; the kernel drops it with its last holder."""
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def within(seconds: float, happened: Callable[[], bool]) -> bool:
    """Ask until it has happened; False if it has not after so many seconds."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def first_number(file: Path) -> int:
    """Return the number in the first line of a file; raise ValueError if there is none."""
    return int(file.read_text().partition("\n")[0])


def sync(path: Path) -> None:
    """Make what is in the file or folder outlive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
