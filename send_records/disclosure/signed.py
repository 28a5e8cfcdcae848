"""What is proved by a checkpoint waits for the notary to have signed one."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar
from uuid import UUID

from psycopg import Connection

from send_records.disclosure.extract import NotSignedYet
from send_records.store.connections import Pool
from send_records.store.notary import ask_to_sign
from send_records.store.scopes import Scope, within

T = TypeVar("T")

PATIENCE, PAUSE = 5.0, 0.1
"""Seconds that it waits for a checkpoint over the last entry, and between two looks."""


def when_signed(pool: Pool, pupil_id: UUID, make: Callable[[Connection], T]) -> T:
    """Return what is made of a pupil's entries, on a connection in the pupil's scope, as soon as
    the notary has signed them; no connection is held meanwhile.  Raise NotSignedYet at last."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with pool.connection() as connection, within(connection, Scope.of(pupil_id)):
                return make(connection)
        except NotSignedYet:
            if time.monotonic() > deadline:
                raise
            # Not in the unit of work that has failed: what is asked in it is taken back with it.
            with pool.connection() as connection:
                ask_to_sign(connection)
            time.sleep(PAUSE)
