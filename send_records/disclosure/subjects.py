"""Whose record it is, as the record has it: folded from the pupil's own events; and as much of it
as the entries that are given say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any, cast

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.classes import PlacedInClass
from send_records.aggregates.enrolment import PupilLeft, PupilMovedAcademy, PupilReadmitted
from send_records.aggregates.merging import RecordMergedInto
from send_records.disclosure.held import HeldEntry, Subject
from send_records.projections.base import Key, fold
from send_records.projections.register_rows import RegisterRow
from send_records.projections.send_register import SendRegister

BEGINS_ANEW = (PupilLeft, PupilMovedAcademy, PupilReadmitted)
"""What ends a pupil's place in a class."""


SAID_IN = {
    "upn": {"upn"},
    "date_of_birth": {"date_of_birth"},
    "academy": {"academy", "to_academy"},
    "nc_year": {"nc_year"},
    "class_name": {"class_name"},
}
"""In which fields of entries each of these is said; of a correction, in what it reads now."""

SAID_BY = {"left_on": PupilLeft.__name__, "merged_into": RecordMergedInto.__name__}
"""By which entries alone the others are said."""

UNTOLD: dict[str, Any] = {"academy": "", "nc_year": ""}
"""What stands for what is not told; for all others None."""


def told_of(subject: Subject, held: Sequence[HeldEntry], given: Sequence[HeldEntry]) -> Subject:
    """Return whom a record is about without what only entries say of them that are not given, or
    of which that is taken out: to which school a pupil has moved, say.

    The legal name stays: whoever asks has asked for it by that.
    """
    untold = [
        name
        for name, fields in SAID_IN.items()
        if (value := getattr(subject, name)) is not None
        and _is_said(str(value), held, fields)
        and not _is_said(str(value), given, fields)
        and not (name == "academy" and any(entry.academy == value for entry in given))
    ]
    for name, event in SAID_BY.items():
        if any(e.event == event for e in held) and not any(e.event == event for e in given):
            untold.append(name)
    gone: dict[str, Any] = {name: UNTOLD.get(name) for name in untold}
    return replace(subject, **gone)


def _is_said(value: str, entries: Sequence[HeldEntry], fields: Collection[str]) -> bool:
    return any(value in _said(entry, fields) for entry in entries)


def _said(entry: HeldEntry, fields: Collection[str]) -> Iterator[str]:
    for name in (*fields, "to_value"):
        if name in entry.recorded:
            yield str(entry.recorded[name])


def subject_of(standing: Sequence[DomainEvent]) -> Subject:
    """Return whom one pupil's events, as they stand, are about; also one who left, or whose record
    was merged into another and is on no register."""
    rows: dict[Key, RegisterRow | None] = {}
    fold(SendRegister(), rows, [e for e in standing if not isinstance(e, RecordMergedInto)])
    [found] = rows.values()
    row = cast(RegisterRow, found)  # the admission, which opened it, is never withdrawn
    merges = [event.into_pupil_id for event in standing if isinstance(event, RecordMergedInto)]
    return Subject(
        pupil_id=row.pupil_id,
        legal_name=row.legal_name,
        date_of_birth=row.date_of_birth,
        upn=row.upn,
        academy=row.academy,
        nc_year=row.nc_year,
        class_name=_class_name(standing),
        left_on=row.left_on,
        merged_into=merges[-1] if merges else None,
    )


def _class_name(standing: Sequence[DomainEvent]) -> str | None:
    name: str | None = None
    for event in standing:
        if isinstance(event, PlacedInClass):
            name = event.class_name
        elif isinstance(event, BEGINS_ANEW):
            name = None
    return name
