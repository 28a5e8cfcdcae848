"""The adults in a pupil's life: one route a command."""

from __future__ import annotations

from send_records.aggregates.contacts import (
    AmendContact,
    RecordContact,
    RemoveContact,
)
from send_records.api.recording import records, router_for

router = router_for("contacts")

records(router, "contacts/record", RecordContact)
records(router, "contacts/amend", AmendContact)
records(router, "contacts/remove", RemoveContact)
