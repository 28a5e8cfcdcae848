"""Who has read a record, in words: what a parent or pupil may ask, and a SENDCo to answer them
(UK GDPR Art 15(1)(c); ICO, Right of access).

A parent or pupil is told the role, the academy, what was read, why and when; names of staff only if
the trust has decided so (``rules/watch.toml``).  What was refused was not read, and is not told.
"""

from __future__ import annotations

from datetime import date

from fastapi import Response

from send_records.aggregates.values import Role, Value
from send_records.api.accounting import AccessLogAccess
from send_records.api.dependencies import CurrentSystem, Cursor, Limit
from send_records.api.recording import PupilId, router_for
from send_records.api.views import Listing, cursor_of, listed, position_after
from send_records.disclosure.readings import DONE, THINGS, WHY
from send_records.store.access import AccessPurpose, Act, Tier
from send_records.store.watching import Reading
from send_records.threads import threaded
from send_records.watch import today

router = router_for("accesses")

FAMILY = frozenset({Role.PARENT, Role.PUPIL})


class RecordReader(Value):
    """That somebody read of the pupil on a day."""

    name: str | None
    """Null where names of staff are not told."""
    role: str
    academy: str | None
    what: str
    """What was done with what kind of thing."""
    why: str
    """The purpose they gave."""
    on: date
    times: int
    """How often on that day."""

    @classmethod
    def of(cls, reading: Reading, *, named: bool) -> RecordReader:
        """Return a reading in words."""
        return cls(
            name=reading.name if named else None,
            role=reading.role.replace("_", " "),
            academy=reading.academy,
            what=f"{DONE[Act(reading.act)]}: {THINGS[Tier(reading.tier)]}",
            why=WHY[AccessPurpose(reading.purpose)],
            on=reading.day,
            times=reading.times,
        )


@router.get(
    "/pupils/{pupil_id}/readers",
    operation_id="get_readers",
    response_model=Listing[RecordReader],
)
@threaded
def get_readers(
    pupil_id: PupilId,
    system: CurrentSystem,
    access: AccessLogAccess,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Response:
    """Return who has read of the pupil, what, why and on which days, in order.  A parent or pupil
    is told roles; names of staff are told to staff who answer for the record."""
    skip = position_after(cursor) or 0
    readings = system.watch.log.readings(pupil_id, skip=skip, limit=limit)
    named = access.actor.role not in FAMILY or system.watch.rules.names_staff(today())
    rows = [RecordReader.of(each, named=named).model_dump_json().encode() for each in readings]
    following = cursor_of(skip + limit) if len(rows) == limit else None
    return access.given([pupil_id], listed(rows, following))
