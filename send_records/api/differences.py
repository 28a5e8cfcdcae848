"""Differences: what changed between two moments, of one pupil and of the register.

Each moment is named by either clock or both; the second, if it is not named, is now.
"""

from __future__ import annotations

from dataclasses import asdict

from fastapi import Response
from pydantic import Field

from send_records.aggregates.values import Value
from send_records.api.accounting import AssessmentAccess, DirectoryAccess
from send_records.api.dependencies import Academy, Limit, Records
from send_records.api.moments import BetweenMoments, PagesBetweenMoments
from send_records.api.recording import PupilId, router_for
from send_records.api.views import When, cursor_of, json_response, listed_with, pupil_after
from send_records.projections.chronology import ChronologyRow
from send_records.projections.differences import (
    STANDING,
    Changes,
    RegisterDifference,
    pupil_differences,
    register_differences,
)
from send_records.projections.pages import as_json
from send_records.threads import threaded

router = router_for("differences")


class Moments(Value):
    """Between which moments."""

    earlier: When = Field(alias="from")
    later: When = Field(alias="to")


class MomentsOfPage(Moments):
    """Between which moments, and how the list goes on."""

    next: str | None


class DifferencesOfPupil(Value):
    """How the pupil's place in the register differs, and the entries in between: those that came
    and those that were there at the first moment and not at the second."""

    changed: Changes
    came: list[ChronologyRow]
    gone: list[ChronologyRow]
    meta: Moments


class DifferencesOfRegister(Value):
    """What became of pupils' places on the register."""

    data: list[RegisterDifference]
    meta: MomentsOfPage


@router.get(
    "/pupils/{pupil_id}/differences",
    operation_id="get_differences",
    response_model=DifferencesOfPupil,
)
@threaded
def get_differences(
    pupil_id: PupilId, asked: BetweenMoments, service: Records, access: AssessmentAccess
) -> Response:
    """Return how the pupil's place in the register differs, and which entries came in between: by
    ``from_known_at``, what was recorded since; by ``from_as_of``, what happened since."""
    found = pupil_differences(pupil_id, asked.before, asked.after)
    if found is None:
        raise asked.absence(service, pupil_id)
    body = as_json({**asdict(found), "meta": asked.told()})
    return access.given([pupil_id], json_response(body))


@router.get(
    "/register/differences",
    operation_id="get_register_differences",
    response_model=DifferencesOfRegister,
)
@threaded
def get_register_differences(
    asked: PagesBetweenMoments,
    access: DirectoryAccess,
    academy: Academy = None,
    limit: Limit = 50,
) -> Response:
    """Return who joined or left the register, or stands on it otherwise, by name: with one academy
    named, of the pupils who were there at either moment."""
    page = register_differences(
        asked.before,
        asked.after,
        academy=academy,
        page_after=pupil_after(asked.cursor),
        limit=limit,
        names=[name for name in STANDING if access.showing.shows("RegisterRow", name)],
    )
    meta = {"next": page.next and asked.cursor_of(cursor_of(page.next)), **asked.told()}
    answer = listed_with([each.json for each in page.opened], meta)
    return access.given([row.pupil_id for row in page.rows], answer)
