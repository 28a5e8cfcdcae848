"""Reviews: one route a command."""

from __future__ import annotations

from send_records.aggregates.reviews import HoldReview
from send_records.aggregates.scheduled_reviews import RecordMissedReview, ScheduleReview
from send_records.api.recording import records, router_for

router = router_for("reviews")

records(router, "reviews/schedule", ScheduleReview)
records(router, "reviews/hold", HoldReview)
records(router, "reviews/miss", RecordMissedReview)
