"""The two tables of a projection with several rows for each pupil: of its rows, of its states."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from psycopg import Connection

from send_records.projections.base import Key, Projection
from send_records.projections.several import Several, StateRow
from send_records.projections.tables import Table
from send_records.store.sealing import Seals


class SeveralTable(Table[Any]):
    """The table of a projection with several rows for each pupil, and that of its states."""

    projection: Several[Any, Any]

    def __init__(
        self, projection: Several[Any, Any], seals: Seals, name: str | None = None
    ) -> None:
        super().__init__(projection, seals, name)
        shadow = self.name.removeprefix(projection.name)
        states = projection.states
        self._states = Table(states, seals, states.name + shadow)

    def load(self, connection: Connection, keys: Collection[Key]) -> dict[Key, Any]:
        """Return the cases of some pupils."""
        kept = self._states.load(connection, keys)
        return {pupil: self.projection.taken(row) for pupil, row in kept.items() if row}

    def save(
        self, connection: Connection, rows: Mapping[Key, Any], before: Mapping[Key, Any]
    ) -> None:
        """Write the rows that cases add up to now and did not before, and the cases."""
        were = self.projection.shown({pupil: before.get(pupil) for pupil in rows})
        now = self.projection.shown(rows)
        changed = {key: row for key, row in now.items() if were.get(key) != row}
        gone = dict.fromkeys(key for key in were if key not in now)
        super().save(connection, changed | gone, were)
        self._states.save(connection, self._kept(rows), dict.fromkeys(before))

    def _kept(self, cases: Mapping[Key, Any]) -> dict[Key, StateRow | None]:
        return {
            pupil: None if case is None else self.projection.kept(case)
            for pupil, case in cases.items()
        }

    def parts(self, folded: Mapping[Key, Any]) -> list[tuple[Table[Any], dict[Key, Any]]]:
        rows = Table(self.projection, self._seals, self.name)
        kept = {pupil: state for pupil, state in self._kept(folded).items() if state}
        return [(rows, self.projection.shown(folded)), (self._states, kept)]

    def forget(self, connection: Connection, pupils: Collection[UUID]) -> None:
        super().forget(connection, pupils)
        self._states.forget(connection, pupils)


def table_of(projection: Projection[Any], seals: Seals, name: str | None = None) -> Table[Any]:
    """Return the table of a projection, or a shadow of it under another name."""
    if isinstance(projection, Several):
        return SeveralTable(projection, seals, name)
    return Table(projection, seals, name)
