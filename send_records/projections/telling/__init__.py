"""What each event says, in its own words and codes: one module for each part of the record.

A part gives PHASES (the phase of each kind of record, by module), PHASES_OF_THEIR_OWN where an
event differs from its kind, and SENTENCES.
"""

from __future__ import annotations

from typing import Any

from send_records.aggregates.base import DomainEvent
from send_records.projections.telling import (
    corrections,
    documents,
    ehcp,
    family,
    keeping,
    leaving,
    planning,
    provision,
    support,
)
from send_records.projections.telling.base import Phase, Words

PARTS = (
    corrections,
    documents,
    ehcp,
    family,
    keeping,
    leaving,
    planning,
    provision,
    support,
)

PHASES: dict[str, Phase] = {kind: phase for part in PARTS for kind, phase in part.PHASES.items()}
"""The phase of each kind of record; those below differ from their kind."""

PHASES_OF_THEIR_OWN: dict[type[DomainEvent], Phase] = {
    event: phase
    for part in PARTS
    for event, phase in getattr(part, "PHASES_OF_THEIR_OWN", {}).items()
}

SENTENCES: dict[type[DomainEvent], Words[Any]] = dict(
    sentence for part in PARTS for sentence in part.SENTENCES
)
"""What each kind of event says; those not named say why, if they have a reason of their own."""


def phase_of(event: DomainEvent) -> Phase:
    """Return the part of assess, plan, do, review that an event is evidence of."""
    return PHASES_OF_THEIR_OWN.get(type(event), PHASES[type(event).__module__])


def detail_of(event: DomainEvent) -> str:
    """Return what the event says; "" where its name says it all."""
    words = SENTENCES.get(type(event))
    return words(event) if words else getattr(event, "why", "")
