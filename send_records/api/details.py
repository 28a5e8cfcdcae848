"""The pupil's details and circumstances: one route a command."""

from __future__ import annotations

from send_records.aggregates.details import (
    ChangeYearGroup,
    CorrectPupilDetails,
    RecordCircumstances,
    ReplaceUpn,
)
from send_records.api.recording import records, router_for

router = router_for("details")

records(router, "details/correct", CorrectPupilDetails)
records(router, "details/replace-upn", ReplaceUpn)
records(router, "details/circumstances", RecordCircumstances)
records(router, "details/year-group", ChangeYearGroup)
