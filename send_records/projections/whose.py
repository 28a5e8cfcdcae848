"""Whose a row is: the pupil's name, academy and year beside it, in a list that a person reads.

Names are sealed once, in the register.  What other views list is joined with it as it is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, make_dataclass, replace
from datetime import date
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from send_records.projections.names import by_name
from send_records.projections.pages import Page, Views, all_by, as_json
from send_records.projections.send_register import SendRegister

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Whose:
    """Of which pupil a row is, as the register has them now."""

    legal_name: str
    preferred_name: str | None
    academy: str
    nc_year: str
    left_on: date | None


@cache
def of_pupil(row: type[Any]) -> type[Any]:
    """Return the type of a row with ``pupil`` beside its own fields, for an API's description."""
    own = [(each.name, each.type) for each in fields(row)]
    return make_dataclass(
        f"{row.__name__}OfPupil",
        [*own, ("pupil", Whose)],
        namespace={"__doc__": row.__doc__, "__module__": row.__module__},
        frozen=True,
    )


def with_pupils(views: Views, page: Page[R]) -> Page[R]:
    """Return the page with whose each row is; without rows of pupils erased a moment ago."""
    ids = {_pupil_of(row) for row in page.rows}
    known = all_by(views, SendRegister, by_name, {"pupil_id": list(ids)}) if ids else []
    whose = {
        each.row.pupil_id: as_json(
            Whose(
                each.row.legal_name,
                each.row.preferred_name,
                each.row.academy,
                each.row.nc_year,
                each.row.left_on,
            )
        )
        for each in known
    }
    shown = [
        replace(each, json=each.json[:-1] + b',"pupil":' + whose[pupil] + b"}")
        for each in page.opened
        if (pupil := _pupil_of(each.row)) in whose
    ]
    return replace(page, opened=shown)


def _pupil_of(row: Any) -> UUID:
    pupil: UUID = row.pupil_id
    return pupil
