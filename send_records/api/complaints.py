"""Complaints: received, acknowledged, answered."""

from __future__ import annotations

from send_records.aggregates.complaints import (
    AcknowledgeComplaint,
    AnswerComplaint,
    ReceiveComplaint,
)
from send_records.api.recording import records, router_for

router = router_for("complaints")

records(router, "complaints/receive", ReceiveComplaint)
records(router, "complaints/acknowledge", AcknowledgeComplaint)
records(router, "complaints/answer", AnswerComplaint)
