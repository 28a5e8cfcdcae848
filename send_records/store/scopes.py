"""The scope of a unit of work: of which pupils the database shows anything, for one transaction.

Row-level security reads it (``privileges``).  It is set with SET LOCAL and so ends with the
transaction: set for the session it would stay on a pooled connection, for whoever is next, which
was measured to leak in 377 of 379 requests (``security.md``, measured 7).  Unset, nobody is seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from psycopg import Connection
from psycopg.sql import SQL, Literal

INSIDE = "\x1f"
"""What stands between an academy and a year group or class of it: in no name, for names hold no
control characters."""

WHOLE = INSIDE
"""The place where every pupil is, the trust: so no academy can be called that."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Some pupils by id, and all who are at some places; see ``whereabouts.places``."""

    pupils: tuple[UUID, ...] = ()
    places: tuple[str, ...] = ()

    @classmethod
    def of(cls, *pupils: UUID) -> Scope:
        """Return the scope of these pupils, or of one person's stream, alone."""
        return cls(pupils=pupils)

    def holds(self, pupil_id: UUID, places: Iterable[str]) -> bool:
        """Whether a pupil who is at these places is in the scope, as the database judges it."""
        return pupil_id in self.pupils or not set(self.places).isdisjoint(places)


NOBODY = Scope()
WHOLE_TRUST = Scope(places=(WHOLE,))
"""For what is asked of all and tells of nobody: counts, positions, the operator's own commands."""


def year_of(academy: str, year: str) -> str:
    """Return the place that is a year group of an academy."""
    return f"{academy}{INSIDE}year:{year}"


def class_of(academy: str, class_name: str) -> str:
    """Return the place that is a class of an academy."""
    return f"{academy}{INSIDE}class:{class_name}"


BEGIN = SQL("BEGIN; SET LOCAL send_records.pupils = {}; SET LOCAL send_records.places = {}")
"""In one round trip, for it comes before every question."""


@contextmanager
def within(connection: Connection, scope: Scope) -> Iterator[Connection]:
    """Do a unit of work in a scope: one transaction on a connection that is in none, ended with
    the block, and the scope with it."""
    pupils = "{" + ",".join(map(str, scope.pupils)) + "}"
    connection.execute(BEGIN.format(Literal(pupils), Literal(_array(scope.places))))
    try:
        yield connection
    except BaseException:
        if not connection.closed:
            connection.rollback()
        raise
    connection.commit()


def set_scope(connection: Connection, scope: Scope) -> None:
    """Set the scope of the transaction that a connection is in."""
    pupils = "{" + ",".join(map(str, scope.pupils)) + "}"
    connection.execute(
        "SELECT set_config('send_records.pupils', %s, true), "
        "set_config('send_records.places', %s, true)",
        [pupils, _array(scope.places)],
    )


def _array(texts: Iterable[str]) -> str:
    """Return texts as PostgreSQL writes an array of them."""
    quoted = (text.replace("\\", "\\\\").replace('"', '\\"') for text in texts)
    return "{" + ",".join(f'"{text}"' for text in quoted) + "}"
