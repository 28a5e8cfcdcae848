"""Monitoring before the register: one route a command."""

from __future__ import annotations

from send_records.aggregates.monitoring import (
    EndMonitoring,
    ReviewMonitoring,
    StartMonitoring,
)
from send_records.api.recording import records, router_for

router = router_for("monitoring")

records(router, "monitoring/start", StartMonitoring)
records(router, "monitoring/review", ReviewMonitoring)
records(router, "monitoring/end", EndMonitoring)
