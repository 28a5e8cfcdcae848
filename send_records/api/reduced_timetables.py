"""Reduced timetables: agreed, notified to the local authority, reviewed, ended."""

from __future__ import annotations

from send_records.aggregates.reduced_timetables import AgreeReducedTimetable
from send_records.aggregates.timetable_reviews import (
    EndReducedTimetable,
    NotifyReducedTimetable,
    ReviewReducedTimetable,
)
from send_records.api.recording import records, router_for

router = router_for("reduced_timetables")

records(router, "reduced-timetables/agree", AgreeReducedTimetable)
records(router, "reduced-timetables/notify", NotifyReducedTimetable)
records(router, "reduced-timetables/review", ReviewReducedTimetable)
records(router, "reduced-timetables/end", EndReducedTimetable)
