"""Register rows: what the SEND register says of one pupil, and the levels it knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID

from typing_extensions import TypedDict  # typing's own is not enough for pydantic before 3.12

from send_records.projections.rows import SEALED, found_by


class Status(StrEnum):
    """The trust's own levels, finer than the DfE's codes (policy s.10; ``facts.md`` 0)."""

    NONE = "none"
    MONITORING = "monitoring"
    TARGETED = "targeted"
    SPECIALIST = "specialist"
    EHCP = "ehcp"
    REMOVED = "removed"


SEN_PROVISION = {
    Status.NONE: "N",
    Status.MONITORING: "N",
    Status.TARGETED: "K",
    Status.SPECIALIST: "K",
    Status.EHCP: "E",
    Status.REMOVED: "N",
}
"""The DfE code that follows (school census; ``facts.md`` 1.1: N includes those once on support)."""


class NeedRow(TypedDict):
    """One need of a row, as JSON."""

    sen_type: str
    label: str
    rank: int
    areas: list[str]
    since: str


@dataclass(frozen=True)
class RegisterRow:
    """One pupil; see the comments on the table's columns."""

    pupil_id: UUID
    legal_name: str = field(metadata=SEALED)
    preferred_name: str | None = field(metadata=SEALED)
    date_of_birth: date = field(metadata=SEALED)
    upn: str | None = field(metadata=SEALED | found_by("upn_tag"))
    academy: str
    nc_year: str
    version: int
    status: str = Status.NONE
    sen_provision: str = SEN_PROVISION[Status.NONE]
    needs: list[NeedRow] = field(default_factory=list)
    primary_need: str | None = None
    areas: list[str] = field(default_factory=list)
    agencies: list[str] = field(default_factory=list, metadata=SEALED)
    monitored_since: date | None = None
    added_on: date | None = None
    added_because: str | None = field(default=None, metadata=SEALED)
    parents_informed_on: date | None = None
    level_since: date | None = None
    removed_on: date | None = None
    removal_criterion: str | None = None
    class_teacher: str | None = field(default=None, metadata=SEALED)
    last_review_on: date | None = None
    next_review_on: date | None = None
    eal: bool | None = None
    pupil_premium: bool | None = None
    looked_after: bool | None = None
    previously_looked_after: bool | None = None
    service_child: bool | None = None
    young_carer: bool | None = None
    disability: bool | None = None
    left_on: date | None = None
    corrected: list[str] = field(default_factory=list)

    def at(self, version: int) -> RegisterRow:
        """Return the row at a version.  This is ``replace`` spelled out: it is done once for each
        event, and the library's way takes six times as long."""
        moved = object.__new__(RegisterRow)
        moved.__dict__.update(self.__dict__, version=version)
        return moved
