"""Mediation, appeals and what the Tribunal says: one route a command."""

from __future__ import annotations

from send_records.aggregates.appeals import LodgeAppeal
from send_records.aggregates.mediations import RecordMediation
from send_records.aggregates.tribunal import RecordAppealDecision, RecordAppealDirections
from send_records.api.recording import records, router_for

router = router_for("appeals")

records(router, "appeals/mediate", RecordMediation)
records(router, "appeals/lodge", LodgeAppeal)
records(router, "appeals/direct", RecordAppealDirections)
records(router, "appeals/decide", RecordAppealDecision)
