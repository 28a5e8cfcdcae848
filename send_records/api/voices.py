"""The voices of pupil and parents: one route a command."""

from __future__ import annotations

from send_records.aggregates.voices import RecordParentVoice, RecordPupilVoice
from send_records.api.recording import records, router_for

router = router_for("voices")

records(router, "voices/pupil", RecordPupilVoice)
records(router, "voices/parent", RecordParentVoice)
