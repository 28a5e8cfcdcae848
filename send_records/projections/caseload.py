"""The caseload: how many pupils stand where, by what the trust counts by; no names.

Counted from the register's clear columns: in SQL as it is today, from its rows as it was then, and
added up by one function either way.  Who may read the register is told how many they are, however
few; who may see counts alone is not told of fewer than five (``suppressed``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from typing import Any

from send_records.projections.pages import Views
from send_records.projections.send_register import SendRegister


class By(StrEnum):
    """What pupils are counted by.  By ``need`` a pupil counts under each need, so that what is
    counted adds up to more than the pupils there are."""

    ACADEMY = "academy"
    STATUS = "status"
    SEN_PROVISION = "sen_provision"
    NEED = "need"
    PRIMARY_NEED = "primary_need"
    NC_YEAR = "nc_year"
    EAL = "eal"
    PUPIL_PREMIUM = "pupil_premium"
    LOOKED_AFTER = "looked_after"
    PREVIOUSLY_LOOKED_AFTER = "previously_looked_after"
    SERVICE_CHILD = "service_child"
    YOUNG_CARER = "young_carer"
    DISABILITY = "disability"


FEWEST = 5
"""The fewest pupils that are told to those who may know none."""

COLUMN = {By.NEED: "needs"}
"""The column of the register that a count needs, where it is not of the same name."""

Answer = str | bool | None


@dataclass(frozen=True, slots=True)
class CaseloadRow:
    """How many pupils are alike in what is counted by; null is not known, or none."""

    of: dict[str, Answer]
    pupils: int | None
    """Null where there are so few that one might be known by it."""


@dataclass(frozen=True, slots=True)
class Caseload:
    """The pupils counted, and how many there are."""

    rows: list[CaseloadRow]
    pupils: int | None

    def suppressed(self) -> Caseload:
        """Return the same for those who may know no pupil: no count below five and, if there is
        one, no total, from which it could be worked out."""
        rows = [replace(row, pupils=_told(row.pupils)) for row in self.rows]
        few = any(row.pupils is None for row in rows)
        return Caseload(rows, None if few else _told(self.pupils))


def caseload(
    views: Views,
    by: Sequence[By],
    *,
    academy: str | None,
    left: bool,
    suppressed: bool = False,
) -> Caseload:
    """Return how many pupils stand where, now or at the moment of the views: those on roll, unless
    those who left are asked for; ``suppressed`` as ``Caseload.suppressed`` does."""
    where = {"academy": academy} if academy is not None else {}
    columns = [COLUMN.get(each, str(each)) for each in by]
    found = views.counts(SendRegister, columns, where if left else where | {"left_on": None})
    counts = counted(by, (([*values], pupils) for values, pupils in found))
    return counts.suppressed() if suppressed else counts


def counted(by: Sequence[By], standings: Iterable[tuple[Sequence[Any], int]]) -> Caseload:
    """Add up pupils: given as values of the columns, in the order of ``by``, and how many have
    them."""
    total, counts = 0, Counter[tuple[Answer, ...]]()
    for values, pupils in standings:
        total += pupils
        for cell in product(*map(_answers, by, values)):
            counts[cell] += pupils
    rows = [
        CaseloadRow(dict(zip(map(str, by), cell, strict=True)), counts[cell])
        for cell in sorted(counts, key=_place)
    ]
    return Caseload(rows, total)


def _answers(by: By, value: Any) -> Sequence[Answer]:
    """Return under what a value is counted."""
    if by is not By.NEED:
        return [value]
    needs: Sequence[Mapping[str, str]] = value
    return sorted({need["sen_type"] for need in needs}) or [None]


def _told(pupils: int | None) -> int | None:
    return None if pupils is None or 0 < pupils < FEWEST else pupils


def _place(cell: tuple[Answer, ...]) -> tuple[tuple[bool, str], ...]:
    return tuple((answer is None, str(answer)) for answer in cell)
