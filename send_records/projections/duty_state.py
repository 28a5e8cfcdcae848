"""What the duties need to know of a pupil: what happened that any clock listens to, day by day."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

import orjson

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.clocks import Clock, Clocks, Found
from send_records.aggregates.details import PupilDetailsCorrected, YearGroupChanged
from send_records.aggregates.enrolment import (
    PupilAdmitted,
    PupilLeft,
    PupilMovedAcademy,
    PupilReadmitted,
)
from send_records.aggregates.merging import RecordMergedInto
from send_records.aggregates.retention import RetentionClassAssigned

FACTS = frozenset(
    {
        "PupilAdmitted",
        "PupilMovedAcademy",
        "PupilReadmitted",
        "PupilLeft",
        "RecordMergedInto",
        "PupilDetailsCorrected",
        "YearGroupChanged",
        "EhcPlanIssued",
        "EhcPlanCeased",
    }
)
"""The events that say where a pupil is, in which year, how old, and whether with an EHC plan."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Something that a clock listens to, or that says where the pupil is."""

    on: date
    version: int
    event: str
    verb: str
    clock: str = ""
    """The id of the clock's row; "" for what is said of the pupil."""
    about: dict[str, str] = field(default_factory=dict)
    day: date = date.min
    said: bool = True
    count: int | None = None
    frozen: dict[str, str] = field(default_factory=dict)
    """The retention rule that the event froze, if it is such an event."""

    @property
    def found(self) -> Found:
        """What the signal found."""
        return Found(self.about, self.day, self.said)


@dataclass(frozen=True, slots=True)
class DutiesState:
    """One pupil, as the clocks need to know them."""

    pupil_id: UUID
    born: date | None = None
    happened: tuple[Happened, ...] = ()


def as_text(state: DutiesState) -> str:
    """Return a state as it is kept: a list for each thing that happened, for their names would be
    most of it."""
    happened = [
        [e.on, e.version, e.event, e.verb, e.clock, e.about, e.day, e.said, e.count, e.frozen]
        for e in state.happened
    ]
    return orjson.dumps([state.pupil_id, state.born, happened]).decode()


def from_text(text: str) -> DutiesState:
    """Return the state that was kept."""
    pupil_id, born, happened = orjson.loads(text)
    return DutiesState(
        UUID(pupil_id),
        None if born is None else date.fromisoformat(born),
        tuple(
            Happened(
                date.fromisoformat(on),
                version,
                event,
                verb,
                clock,
                about,
                date.fromisoformat(day),
                said,
                count,
                frozen,
            )
            for on, version, event, verb, clock, about, day, said, count, frozen in happened
        ),
    )


def after(state: DutiesState, event: DomainEvent, clocks: Clocks) -> DutiesState:
    """Return the state after an event, which may be about a day before others: what happened is
    put in order when the clocks are run."""
    happened = [*_of_pupil(event), *_of_clocks(event, clocks)]
    born = state.born
    if isinstance(event, PupilAdmitted):
        born = event.date_of_birth
    if isinstance(event, PupilDetailsCorrected):
        born = event.date_of_birth or born
    if not happened and born == state.born:
        return state
    return replace(state, born=born, happened=(*state.happened, *happened))


def _of_pupil(event: DomainEvent) -> list[Happened]:
    where: dict[str, str] = {}
    verb = "is_at"
    if isinstance(event, PupilAdmitted | PupilReadmitted):
        where = {"academy": event.academy, "nc_year": event.nc_year}
    elif isinstance(event, PupilMovedAcademy):
        where = {"academy": event.to_academy, "nc_year": event.nc_year}
    elif isinstance(event, YearGroupChanged):
        where = {"nc_year": event.nc_year}
    elif isinstance(event, PupilLeft | RecordMergedInto):
        verb = "left"
    elif (name := type(event).__name__) in ("EhcPlanIssued", "EhcPlanCeased"):
        verb = "has_plan" if name == "EhcPlanIssued" else "has_no_plan"
    else:
        return []
    kind = type(event).__name__
    return [Happened(event.occurred_on, event.originator_version, kind, verb, about=where)]


def _of_clocks(event: DomainEvent, clocks: Clocks) -> list[Happened]:
    name = type(event).__name__
    return [
        Happened(
            event.occurred_on,
            event.originator_version,
            name,
            verb,
            clock.id,
            dict(found.about),
            found.day,
            found.said,
            found.count,
            _frozen(event),
        )
        for verb, clock, signal in clocks.heard.get(name, ())
        if clocks.in_force(clock.name, event.occurred_on) is clock
        for found in signal.found_in(event)
        if found.said or not _must_say(verb, clock)
    ]


def _must_say(verb: str, clock: Clock) -> bool:
    """Return whether an event that leaves the day out says nothing to the clock."""
    return verb == "done" or (verb == "starts" and clock.counts == "given")


def _frozen(event: DomainEvent) -> dict[str, str]:
    """Return the retention rule that the event froze, by which a record is kept so long."""
    if not isinstance(event, RetentionClassAssigned):
        return {}
    rule = event.rule
    return {"rule_id": rule.id, "years": str(rule.years), "citation": rule.citation}
