"""Disputes of entries, and restrictions on their use: one route a command."""

from __future__ import annotations

from send_records.aggregates.disputes import DisputeEntry, LiftRestriction, RestrictProcessing
from send_records.api.recording import records, router_for

router = router_for("disputes")

records(router, "disputes/dispute", DisputeEntry)
records(router, "disputes/restrict", RestrictProcessing)
records(router, "disputes/lift", LiftRestriction)
