"""What events say of other entries: what was wrong in them, and who says so."""

from __future__ import annotations

from pydantic import JsonValue

from send_records.aggregates import corrected, disputes
from send_records.projections.telling.base import (
    Phase,
    Sentence,
    coded,
    in_plain_words,
    joined,
    of,
)

PHASES: dict[str, Phase] = {
    corrected.__name__: Phase.RECORD,
    disputes.__name__: Phase.RECORD,
}


def _correction(event: corrected.EntryCorrected) -> str:
    """What it says now and why; what it said is for those who may open the entry itself."""
    now = in_words(event.to_value)
    return joined(f"Entry {event.entry_version}, {event.field}: now {now}", event.why)


def in_words(value: JsonValue) -> str:
    """Return a value of an entry as it can stand in a sentence."""
    if isinstance(value, dict):
        return ", ".join(f"{name}: {in_words(item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(in_words, value)) or "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "nothing" if value is None else str(value)


def _withdrawal(event: corrected.EntryWithdrawn) -> str:
    entries = ", ".join(map(str, event.entry_versions))
    which = f"Entry {entries}" if len(event.entry_versions) == 1 else f"Entries {entries}"
    return joined(f"{which}: {in_plain_words(event.why)}", event.explanation)


def _dispute(event: disputes.EntryDisputed) -> str:
    who = event.disputed_by.name if event.disputed_by else "the pupil"
    return joined(f"Entry {event.entry_version}, by {who}", event.statement)


SENTENCES: list[Sentence] = [
    of(corrected.EntryCorrected, _correction),
    of(corrected.EntryWithdrawn, _withdrawal),
    of(disputes.EntryDisputed, _dispute),
    of(
        disputes.ProcessingRestricted,
        lambda e: joined(f"Entry {e.entry_version}", coded(e.ground, e.why)),
    ),
    of(disputes.RestrictionLifted, lambda e: joined(f"Entry {e.entry_version}", e.why)),
]
