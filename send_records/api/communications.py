"""Communications: contact with the family, meetings, and where the family was pointed to."""

from __future__ import annotations

from send_records.aggregates.communications import (
    GiveSignposting,
    RecordContactWithFamily,
    RecordMeeting,
)
from send_records.api.recording import records, router_for

router = router_for("communications")

records(router, "communications/contact", RecordContactWithFamily)
records(router, "communications/meet", RecordMeeting)
records(router, "communications/signpost", GiveSignposting)
