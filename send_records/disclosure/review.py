"""What a review came to: of each item that was decided on, what becomes of it, on which grounds,
and by whom that was said.  Decisions are events; this reads them for whoever makes an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.corrected import that_stand
from send_records.aggregates.decisions import Decided, ItemRedacted, ItemWithheld, decided
from send_records.aggregates.items import Ground, ItemRef, Parts
from send_records.disclosure.answer import Fate
from send_records.disclosure.held import Held


@dataclass(frozen=True, slots=True)
class Taking:
    """What one decision takes out of an item; no parts if it is withheld whole."""

    ground: Ground
    why: str
    on_schedule: bool
    parts: Parts | None = None

    @property
    def phrases(self) -> tuple[str, ...]:
        """Words that are taken out, wherever they stand in the item."""
        return self.parts.phrases if self.parts else ()

    @property
    def fields(self) -> tuple[str, ...]:
        """Of an entry: whole fields."""
        return self.parts.fields if self.parts else ()


@dataclass(frozen=True, slots=True)
class Decision:
    """What stands decided of one item."""

    fate: Fate
    takings: tuple[Taking, ...]
    """One if it is withheld; one or more of what is taken out of it; none if it is disclosed."""
    by: str
    """Who decided last."""
    on: date


@dataclass(frozen=True, slots=True)
class Review:
    """What stands decided for one request."""

    decisions: Mapping[ItemRef, Decision]

    def fate_of(self, item: ItemRef) -> Fate | None:
        """Return what becomes of an item; None while nobody has decided."""
        decision = self.decisions.get(item)
        return None if decision is None else decision.fate

    def takings_of(self, item: ItemRef) -> tuple[Taking, ...]:
        """Return what is taken out of an item."""
        decision = self.decisions.get(item)
        return () if decision is None else decision.takings


FATES: dict[type[Decided], Fate] = {ItemWithheld: Fate.WITHHELD, ItemRedacted: Fate.REDACTED}


def review_of(events: Sequence[DomainEvent], request_id: UUID) -> Review:
    """Return what stands decided for a request, of a pupil's events in order, those withdrawn left
    out."""
    found = decided(that_stand(events), request_id)
    return Review({item: _decision(stands) for item, stands in found.items()})


def items_of(held: Held) -> list[ItemRef]:
    """Return all items of what is held: entries in order, then documents."""
    return [*(each.item for each in held.entries), *(each.item for each in held.documents)]


def _decision(stands: Sequence[Decided]) -> Decision:
    last = stands[-1]
    fate = FATES.get(type(last), Fate.DISCLOSED)
    return Decision(fate, tuple(_takings(stands)), last.metadata.recorded_by.name, last.occurred_on)


def _takings(stands: Iterable[Decided]) -> Iterable[Taking]:
    for each in stands:
        if isinstance(each, ItemRedacted):
            yield Taking(each.ground, each.why, each.on_schedule, each.parts)
        elif isinstance(each, ItemWithheld):
            yield Taking(each.ground, each.why, each.on_schedule)
