"""Assessments, attainment and observations: one route a command."""

from __future__ import annotations

from send_records.aggregates.assessments import RecordAssessment
from send_records.aggregates.attainments import RecordAttainment, RecordObservation
from send_records.api.recording import records, router_for

router = router_for("assessments")

records(router, "assessments/record", RecordAssessment)
records(router, "assessments/attainment", RecordAttainment)
records(router, "assessments/observation", RecordObservation)
