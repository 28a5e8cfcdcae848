"""Provision, its sessions and its end, and adjustments: one route a command."""

from __future__ import annotations

from send_records.aggregates.adjustments import AgreeAdjustment, EndAdjustment
from send_records.aggregates.provision import ChangeProvision, StartProvision
from send_records.aggregates.sessions import EndProvision, LogProvisionSessions
from send_records.api.recording import records, router_for

router = router_for("provision")

records(router, "provision/start", StartProvision)
records(router, "provision/change", ChangeProvision)
records(router, "provision/log", LogProvisionSessions)
records(router, "provision/end", EndProvision)
records(router, "adjustments/agree", AgreeAdjustment)
records(router, "adjustments/end", EndAdjustment)
