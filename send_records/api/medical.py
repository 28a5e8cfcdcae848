"""The medical register and its healthcare plans: one route a command."""

from __future__ import annotations

from send_records.aggregates.healthcare import RecordHealthcarePlan
from send_records.aggregates.medical import PlaceOnMedicalRegister, RemoveFromMedicalRegister
from send_records.api.recording import records, router_for

router = router_for("medical")

records(router, "medical/place", PlaceOnMedicalRegister)
records(router, "medical/record-plan", RecordHealthcarePlan)
records(router, "medical/remove", RemoveFromMedicalRegister)
