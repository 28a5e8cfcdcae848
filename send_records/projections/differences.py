"""Differences: what changed between two moments of the past, of one pupil and of the register."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any
from uuid import UUID

from typing_extensions import TypedDict  # typing's own is not enough for pydantic before 3.12

from send_records.projections.chronology import Chronology, ChronologyRow
from send_records.projections.names import by_name
from send_records.projections.pages import Opened, Page, opened, page_of
from send_records.projections.register_rows import RegisterRow
from send_records.projections.send_register import SHOWN, SendRegister, Show
from send_records.projections.then import Then

Change = TypedDict("Change", {"from": Any, "to": Any})
"""What a field was, and what it became; null where there was nothing."""

Changes = dict[str, Change]

STANDING = (
    "academy",
    "status",
    "primary_need",
    "needs",
    "added_on",
    "removed_on",
    "removal_criterion",
    "left_on",
)
"""The fields of the register that are compared of all pupils: who stands where, and why."""


class What(StrEnum):
    """What became of a pupil's place on the register."""

    JOINED = "joined"
    LEFT = "left"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class PupilDifferences:
    """How a pupil's row differs, and the entries in between: those that came, and those that were
    there at the first moment and not at the second."""

    changed: Changes
    came: Sequence[ChronologyRow]
    gone: Sequence[ChronologyRow]


@dataclass(frozen=True, slots=True)
class RegisterDifference:
    """What became of one pupil's place on the register; their name as of the second moment."""

    pupil_id: UUID
    legal_name: str
    what: What
    changed: Changes


def pupil_differences(pupil_id: UUID, before: Then, after: Then) -> PupilDifferences | None:
    """Return what changed of a pupil between two moments; None if nothing was there at either."""
    where = {"pupil_id": pupil_id}
    were, now = (each.rows(SendRegister, where) for each in (before, after))
    if not were and not now:
        return None
    names = [each.name for each in fields(RegisterRow) if each.name != "version"]
    told = _by_position(before, pupil_id), _by_position(after, pupil_id)
    return PupilDifferences(
        changed=_changed(next(iter(were), None), next(iter(now), None), names),
        came=_without(told[1], told[0]),
        gone=_without(told[0], told[1]),
    )


def register_differences(
    before: Then,
    after: Then,
    *,
    academy: str | None,
    page_after: UUID | None,
    limit: int,
    names: Sequence[str] = STANDING,
) -> Page[RegisterDifference]:
    """Return who joined, left, or stands otherwise on the register, by name; of those at one
    academy at either moment, if it is named, and by some of the fields that are compared."""
    rows = before.rows(SendRegister, {}), after.rows(SendRegister, {})
    found = differing(*rows, academy, names)
    return page_of(found, page_after, limit)


def differing(
    before: Iterable[RegisterRow],
    after: Iterable[RegisterRow],
    academy: str | None = None,
    names: Sequence[str] = STANDING,
) -> list[Opened[RegisterDifference]]:
    """Return what became of each pupil whose place on the register is not what it was, by name."""
    were, now = ({row.pupil_id: row for row in rows} for rows in (before, after))
    found = []
    for pupil_id in were.keys() | now.keys():
        was, is_now = were.get(pupil_id), now.get(pupil_id)
        row = is_now or was
        if row is None or academy not in (None, row.academy, was and was.academy):
            continue
        what, changed = _what(was, is_now), _changed(was, is_now, names)
        if what is not None and changed:
            difference = RegisterDifference(pupil_id, row.legal_name, what, changed)
            found.append(opened(difference, "pupil_id", by_name(difference)))
    return sorted(found, key=lambda each: each.place)


def _what(was: RegisterRow | None, is_now: RegisterRow | None) -> What | None:
    match _is_on(was), _is_on(is_now):
        case False, True:
            return What.JOINED
        case True, False:
            return What.LEFT
        case True, True:
            return What.CHANGED
        case _:
            return None


def _is_on(row: RegisterRow | None) -> bool:
    """Whether a pupil is on roll and on the register."""
    return row is not None and row.left_on is None and row.status in SHOWN[Show.ON]


def _changed(was: object, is_now: object, names: Iterable[str]) -> Changes:
    pairs = {name: (getattr(was, name, None), getattr(is_now, name, None)) for name in names}
    return {
        name: Change({"from": before, "to": after})
        for name, (before, after) in pairs.items()
        if before != after
    }


def _by_position(views: Then, pupil_id: UUID) -> dict[int, ChronologyRow]:
    return {row.position: row for row in views.rows(Chronology, {"pupil_id": pupil_id})}


def _without(
    rows: Mapping[int, ChronologyRow], others: Mapping[int, ChronologyRow]
) -> list[ChronologyRow]:
    """Return the rows that are not among others, in the order in which they happened."""
    left = [row for position, row in rows.items() if position not in others]
    return sorted(left, key=lambda row: (row.occurred_on, row.position))
