"""One-page profiles: one route a command."""

from __future__ import annotations

from send_records.aggregates.profiles import WriteOnePageProfile
from send_records.api.recording import records, router_for

router = router_for("profiles")

records(router, "profiles/write", WriteOnePageProfile)
