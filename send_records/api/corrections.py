"""Corrections of entries, and their withdrawal: one route a command."""

from __future__ import annotations

from send_records.aggregates.corrections import CorrectEntry, WithdrawEntry
from send_records.api.recording import records, router_for

router = router_for("corrections")

records(router, "corrections/correct", CorrectEntry)
records(router, "corrections/withdraw", WithdrawEntry)
