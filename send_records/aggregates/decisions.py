"""Decisions: what of the record is given to whoever asked, item by item, and what is not, and why.

    (searched) ---> disclosed | withheld ---> decided otherwise: the last word counts
               \\--> redacted ---> redacted further: each with its own ground

UK GDPR Art 15; the grounds are those of the Data Protection Act 2018 Sch 2 and 3 (``facts.md``
3.3).  Everything is disclosed that nobody has a ground to keep, and nothing is decided by a
machine.  Whatever is decided makes void what was prepared before: see ``preparations``.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

from pydantic import model_validator

from send_records.aggregates.access_requests import REVIEWERS, RequestCommand, changed
from send_records.aggregates.base import By, DomainEvent, PupilEvent
from send_records.aggregates.grounds import require_ground
from send_records.aggregates.item_parts import OnRecord, on_record, require_parts
from send_records.aggregates.items import Ground, ItemRef, Items, Parts
from send_records.aggregates.opinions import Opinion, require_opinion
from send_records.aggregates.preparations import voided
from send_records.aggregates.values import Flag, Words
from send_records.errors import RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil

REVIEW_EVENTS = frozenset(
    {"SearchRecorded", "ItemsDisclosed", "ItemWithheld", "ItemRedacted"}
    | {"DisclosurePrepared", "DisclosureApproved", "DisclosureReturned", "BundlePrepared"}
)
"""The kinds of entry that record a review like this one.  They are no items of one, and leave with
none: a review would never end, and tell what it kept."""


class ReviewIsNoItem(RuleBroken):
    """What records a review is not itself looked through: it is not given with what it reviews."""


class Decided(PupilEvent):
    """Somebody decided what becomes of something that a request asks for."""

    request_id: UUID

    @abstractmethod
    def decides_on(self) -> tuple[ItemRef, ...]:
        """Return the items that it decides on."""

    def apply(self, pupil: Pupil) -> Pupil:
        request = pupil.access_requests.get(self.request_id)
        if request is None:
            return pupil
        workers = request.workers | {self.metadata.recorded_by.id}
        return voided(changed(pupil, self.request_id, workers=workers), self.request_id)


class ItemsDisclosed(Decided):
    items: tuple[ItemRef, ...]
    opinion: Opinion | None
    seen_by_requester: bool
    why: str | None

    def decides_on(self) -> tuple[ItemRef, ...]:
        return self.items


class ItemWithheld(Decided):
    item: ItemRef
    ground: Ground
    why: str
    opinion: Opinion | None
    on_schedule: bool

    def decides_on(self) -> tuple[ItemRef, ...]:
        return (self.item,)


class ItemRedacted(Decided):
    item: ItemRef
    parts: Parts
    ground: Ground
    why: str
    opinion: Opinion | None
    """Of what is taken out."""
    opinion_on_rest: Opinion | None
    seen_by_requester: bool
    """The rest."""
    on_schedule: bool

    def decides_on(self) -> tuple[ItemRef, ...]:
        return (self.item,)


class DecisionCommand(RequestCommand):
    """What every decision on items of a request has in common; before the requester is identified
    too, for only sending waits for that."""

    roles = REVIEWERS
    needs_history = True

    def items_held(self, pupil: Pupil, by: By, *items: ItemRef) -> list[OnRecord]:
        """Return what is on record of items; refuse what is none."""
        found = on_record(pupil, by.history, items)
        for each in found:
            if type(each.as_recorded).__name__ in REVIEW_EVENTS:
                raise ReviewIsNoItem(f"The entry of {each.item} records a review.")
        return found


class DiscloseItems(DecisionCommand):
    """Decide that items are disclosed whole, whatever was decided on them before.

    Not checked: that nobody else is named in them, which people see.
    """

    items: Items
    opinion: Opinion | None = None
    """The health professional's, where an item is classed as health."""
    seen_by_requester: Flag = False
    """That the pupil, or who asks for them, has seen what is held of health, or knows it."""
    why: Words | None = None

    @model_validator(mode="after")
    def _known(self) -> DiscloseItems:
        if self.seen_by_requester and self.why is None:
            raise ValueError("Say how it is known that they have seen it")
        return self

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        request = self.request(pupil)
        of_health = any(each.of_health for each in self.items_held(pupil, by, *self.items))
        if self.opinion is not None or (of_health and not self.seen_by_requester):
            require_opinion(self.opinion, self.occurred_on, by.rules, met=False)
        return [
            ItemsDisclosed(
                **self.entry(pupil, by),
                request_id=request.id,
                items=self.items,
                opinion=self.opinion,
                seen_by_requester=self.seen_by_requester,
                why=self.why,
            )
        ]


class WithholdItem(DecisionCommand):
    """Decide that an item is withheld whole, whatever was decided on it before.

    Not checked: that redacting it would not do, and that the ground holds, which people judge; the
    age of a pupil of whom child abuse is the ground.
    """

    item: ItemRef
    ground: Ground
    why: Words
    opinion: Opinion | None = None
    """The health professional's, where serious harm to health is the ground."""
    on_schedule: Flag = True
    """Whether the requester is told that something was withheld on this ground.  Where to tell of
    it would tell what it keeps, as of abuse or serious harm, they are not."""

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        request = self.request(pupil)
        require_ground(self.ground, request, self.opinion, self.occurred_on, by.rules)
        self.items_held(pupil, by, self.item)
        return [
            ItemWithheld(
                **self.entry(pupil, by),
                request_id=request.id,
                item=self.item,
                ground=self.ground,
                why=self.why,
                opinion=self.opinion,
                on_schedule=self.on_schedule,
            )
        ]


class RedactItem(DecisionCommand):
    """Decide that parts of an item are taken out and the rest is disclosed; besides what was taken
    out of it already, or instead of what else was decided on it before.

    The rest of an item classed as health needs what its disclosure would need.  Not checked: that
    the rest does not tell what was taken out.
    """

    item: ItemRef
    parts: Parts
    ground: Ground
    why: Words
    opinion: Opinion | None = None
    """The health professional's on what is taken out, where serious harm is the ground."""
    opinion_on_rest: Opinion | None = None
    """The health professional's on the rest, where the item is classed as health."""
    seen_by_requester: Flag = False
    """That the rest has been seen, or is known: say in ``why`` how that is known."""
    on_schedule: Flag = True

    def decide(self, pupil: Pupil, by: By) -> Sequence[PupilEvent]:
        request = self.request(pupil)
        require_ground(self.ground, request, self.opinion, self.occurred_on, by.rules)
        [held] = self.items_held(pupil, by, self.item)
        require_parts(pupil, held, self.parts)
        if self.opinion_on_rest is not None or (held.of_health and not self.seen_by_requester):
            require_opinion(self.opinion_on_rest, self.occurred_on, by.rules, met=False)
        return [
            ItemRedacted(
                **self.entry(pupil, by),
                request_id=request.id,
                item=self.item,
                parts=self.parts,
                ground=self.ground,
                why=self.why,
                opinion=self.opinion,
                opinion_on_rest=self.opinion_on_rest,
                seen_by_requester=self.seen_by_requester,
                on_schedule=self.on_schedule,
            )
        ]


def decided(events: Iterable[DomainEvent], request_id: UUID) -> dict[ItemRef, tuple[Decided, ...]]:
    """Return what stands decided on each item for a request, of a pupil's events in order: that it
    is disclosed, that it is withheld, or all that is taken out of it.

    The last word on an item counts; redactions that follow one another add up."""
    found: dict[ItemRef, tuple[Decided, ...]] = {}
    for event in events:
        if not isinstance(event, Decided) or event.request_id != request_id:
            continue
        for item in event.decides_on():
            before = found.get(item, ()) if isinstance(event, ItemRedacted) else ()
            added_to = tuple(each for each in before if isinstance(each, ItemRedacted))
            found[item] = (*added_to, event)
    return found
