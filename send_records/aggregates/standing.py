"""Whether a record still stands once one of its entries reads otherwise.

A person has a right to have wrong data put right, whoever relied on it: so what later entries
decided is no reason to refuse, and ``reliance`` lists it.  A reason is only that an entry would say
nothing any more, as the end of what never began, or would begin what has begun already: then that
one is withdrawn or corrected first, by somebody who says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.corrected import Corrects, Struck, as_corrected
from send_records.aggregates.values import day_in_words
from send_records.errors import Invalid, RuleBroken

if TYPE_CHECKING:
    from send_records.aggregates.pupil import Pupil

Place = tuple[str, Any]
"""A field of the pupil and, where that holds many by key, the key."""


class LaterEntryReliesOnIt(RuleBroken):
    """What later entries could not be without is put right after them: the last one first."""

    basis = "UK GDPR Art 5(1)(d): the record as a whole stays accurate"


class DaysMiscounted(Invalid):
    """What an entry counted from its days goes with them."""


class WouldSayNothing(RuleBroken):
    """As corrected, an entry still says something that the record does not: or it is withdrawn."""


class RecordContradictsItself(RuleBroken):
    """A pupil on the register has a primary need and is not monitored, and no two needs have one
    rank, also after a correction."""

    basis = "DfE school census, SEN type ranking; SEND policy s.10.1"


def require_stands(history: Sequence[DomainEvent], correction: Corrects) -> None:
    """Refuse a correction with which a later entry, or the record as a whole, could not stand."""
    before: Pupil | None = None
    after: Pupil | None = None
    now, then = as_corrected(history), as_corrected([*history, correction])
    for said, read in zip(now, then, strict=False):
        was, would_be = before, after
        before, after = said.mutate(before), read.mutate(after)
        if was is None or would_be is None or isinstance(read, Struck):
            continue
        if not _stands((was, before), (would_be, after)):
            if read != said:
                raise WouldSayNothing("The record says that, or cannot hold it: withdraw it.")
            raise LaterEntryReliesOnIt(
                f"Entry {read.originator_version}, {type(read).__name__} of "
                f"{day_in_words(read.occurred_on)}, could not stand: put that one right first."
            )
    if after is not None and before is not None and contradiction(after) > contradiction(before):
        raise RecordContradictsItself("Put right first what would contradict it.")


def _stands(now: tuple[Pupil, Pupil], then: tuple[Pupil, Pupil]) -> bool:
    """Return whether an entry, from a pupil to the next, still does what it did."""
    changed, would_change = dict(_changes(*now)), dict(_changes(*then))
    if not changed:
        return True
    found_alike = (
        _is_there(now[0], place) == _is_there(then[0], place)
        for place, ends in changed.items()
        if place[1] is None or not ends
    )
    taken = (
        _is_there(then[0], place)
        for place, ends in would_change.items()
        if place[1] is not None and not ends and place not in changed
    )
    return bool(would_change) and all(found_alike) and not any(taken)


def _changes(before: Pupil, after: Pupil) -> Iterator[tuple[Place, bool]]:
    """Yield the places at which two pupils differ, and whether what was there has ended.  What is
    kept of each as a list of days only grows, and relies on nothing; nor does a class list."""
    for field in fields(before):
        was, now = getattr(before, field.name), getattr(after, field.name)
        if field.name in ("version", "corrections", "class_name") or was == now:
            continue
        if not isinstance(was, Mapping):
            yield (field.name, None), now is None
            continue
        for key in was.keys() | now.keys():
            if was.get(key) != now.get(key):
                yield (field.name, key), key not in now


def _is_there(pupil: Pupil, place: Place) -> bool:
    name, key = place
    found = getattr(pupil, name)
    if not isinstance(found, Mapping):
        return found is not None
    return key in found and not isinstance(found[key], tuple)


def contradiction(pupil: Pupil) -> int:
    """Return how many rules on a pupil as a whole are broken."""
    ranks = [need.rank for need in pupil.needs.values()]
    registered = pupil.registration is not None
    return sum(
        (
            len(set(ranks)) < len(ranks),
            registered and 1 not in ranks,
            registered and pupil.monitoring is not None,
        )
    )
