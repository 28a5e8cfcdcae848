"""Projections with several rows for each pupil: duties, targets, provision.

What such a question needs to know of a pupil is a state, folded from the pupil's events as any
projection's row is; and the rows are what the state adds up to.  So an event may open, change and
close as many rows as it likes, and the fold of today, of a rebuild and of a past moment is the one
of ``base.fold``.  The state is kept, sealed, in a table of its own beside the rows':
``<name>_states``.

To write one (``agreements`` is an example): a frozen dataclass for the state; one for the row, with
``pupil_id`` and the key; ``changes``, which says what each kind of event makes of the state; and
``rows``.  Its two tables stand in a migration, and the instance in ``engine.PROJECTIONS``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

import orjson
from pydantic import TypeAdapter

from send_records.aggregates.base import DomainEvent
from send_records.projections.base import Key, Projection, differing, marked_as
from send_records.projections.rows import SEALED

S = TypeVar("S")
R = TypeVar("R")
E = TypeVar("E", bound=DomainEvent)

Change = Callable[[Any, Any], Any]


def on(kind: type[E], change: Callable[[S, E], S]) -> tuple[type[DomainEvent], Change]:
    """Return what an event of a kind makes of a state, for ``changes``; all are of one type."""
    return kind, change


@dataclass(frozen=True, slots=True)
class Case(Generic[S]):
    """One pupil's state, and the version of the last event that changed it: an event that is seen
    again changes nothing."""

    pupil_id: UUID
    version: int
    state: S
    marks: Mapping[Key, Sequence[str]] = field(default_factory=dict)
    """Which fields of which rows were put right.  They are not kept with the state: a record with a
    correction is folded anew each time."""


class Several(Projection[Case[S]], Generic[S, R]):
    """Base of the projections whose rows follow from a state; as a projection, it is of cases."""

    state: type[S]
    """A frozen dataclass of what JSON can hold, dates, UUIDs and decimals."""
    row: type[Any]
    """What a row is: as for any projection, one field for each column or sealed value."""
    changes: ClassVar[Mapping[type[DomainEvent], Change]]
    """What each kind of event makes of the state; those not named change nothing, and are not
    even looked at.  A change may never raise."""

    @abstractmethod
    def start(self, pupil_id: UUID) -> S:
        """Return the state before the first event that matters."""

    @abstractmethod
    def rows(self, state: S) -> Iterable[R]:
        """Return the rows that the state adds up to."""

    def project(self, row: Case[S] | None, event: DomainEvent) -> Case[S] | None:
        change = self.changes.get(type(event))
        if change is None or (row is not None and event.originator_version <= row.version):
            return row
        before = self.start(event.originator_id) if row is None else row.state
        return Case(event.originator_id, event.originator_version, change(before, event))

    def matters(self, event: DomainEvent) -> bool:
        return type(event) in self.changes

    def topics(self) -> frozenset[str]:
        return frozenset(kind.__name__ for kind in self.changes)

    @property
    def tables(self) -> tuple[str, ...]:
        return self.name, self.states.name

    def shown(self, folded: Mapping[Key, Case[S] | None]) -> dict[Key, Any]:
        cases = (case for case in folded.values() if case is not None)
        return {
            (key := getattr(row, self.key)): marked_as(row, case.marks.get(key, ()))
            for case in cases
            for row in self.rows(case.state)
        }

    def marked(
        self, rows: Mapping[Key, Case[S] | None], recorded: Mapping[Key, Case[S] | None]
    ) -> dict[Key, Case[S] | None]:
        before = self.shown(recorded)
        return {
            pupil: case
            and replace(
                case,
                marks={
                    key: differing(row, before.get(key))
                    for key, row in self.shown({pupil: case}).items()
                },
            )
            for pupil, case in rows.items()
        }

    @cached_property
    def states(self) -> States:
        """The projection that is the states' table."""
        return States(f"{self.name}_states")

    @cached_property
    def _adapter(self) -> TypeAdapter[S]:
        return TypeAdapter(self.state)

    def kept(self, case: Case[S]) -> StateRow:
        """Return a case as it is kept."""
        state = orjson.dumps(case.state, default=str, option=OPTIONS).decode()
        return StateRow(case.pupil_id, case.version, state)

    def taken(self, kept: StateRow) -> Case[S]:
        """Return the case that is kept."""
        return Case(kept.pupil_id, kept.version, self._adapter.validate_json(kept.state))


OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_SORT_KEYS


@dataclass(frozen=True, slots=True)
class StateRow:
    """What is known of one pupil, as JSON, for one question."""

    pupil_id: UUID
    version: int
    state: str = field(metadata=SEALED)


class States(Projection[StateRow]):
    """The table of the states of one question.  It is not folded: ``Several`` is."""

    row = StateRow

    def __init__(self, name: str) -> None:
        self.name = name  # type: ignore[misc]

    def project(self, row: StateRow | None, event: DomainEvent) -> StateRow | None:
        raise NotImplementedError("Several is folded, and its states are kept here.")
