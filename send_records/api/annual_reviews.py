"""Annual reviews of EHC plans, and what follows them: one route a command."""

from __future__ import annotations

from send_records.aggregates.annual_review_meetings import HoldAnnualReview
from send_records.aggregates.annual_review_results import (
    RecordLaReviewDecision,
    RecordPhaseTransferReview,
    ReportAnnualReview,
)
from send_records.aggregates.annual_reviews import CallAnnualReview
from send_records.api.recording import records, router_for

router = router_for("annual reviews")

records(router, "annual-reviews/call", CallAnnualReview)
records(router, "annual-reviews/hold", HoldAnnualReview)
records(router, "annual-reviews/report", ReportAnnualReview)
records(router, "annual-reviews/decide", RecordLaReviewDecision)
records(router, "annual-reviews/transfer", RecordPhaseTransferReview)
