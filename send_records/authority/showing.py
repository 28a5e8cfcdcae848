"""Cutting an answer to what its reader may see: what they may not is left out, and named.

Who may see all of it is given the bytes as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson

from send_records.authority.cuts import WHOLE, Cut
from send_records.authority.fields import AROUND, NAMED_FIELDS, TIERS, tier_of
from send_records.authority.rows import ALL, Rows, rows_of, shows_entry
from send_records.authority.shapes import WHOSE, Shape
from send_records.store.access import Tier

NOTHING = Cut()

CORRECTED = "corrected"
"""The field of a row that names those of its fields that were put right."""

OF_PUPILS = frozenset({Tier.DIRECTORY, Tier.PROVISION, Tier.ASSESSMENT, Tier.RESTRICTED})


@dataclass(frozen=True)
class Showing:
    """What somebody may see of answers: by their tiers, or by name."""

    tiers: frozenset[Tier]
    cut: Cut = NOTHING

    @property
    def rows(self) -> Rows:
        """Which rows are shown."""
        if self.cut.whole:
            return ALL
        return {**rows_of(self.tiers), **self.cut.rows}

    @property
    def counts_alone(self) -> bool:
        """Whether no pupil may be known by what is shown."""
        return not self.tiers & OF_PUPILS

    def shows_entry(self, event: str, data_class: str = "education") -> bool:
        """Whether an entry of a kind, and of a class of data, is shown."""
        return shows_entry(self.rows, event, data_class)

    def shows(self, kind: str, field: str) -> bool:
        """Whether a field of a kind of row is shown."""
        if self.cut.whole or field in AROUND.get(kind, ()):
            return True
        if kind in self.cut.only:
            return field in self.cut.only[kind]
        return tier_of(kind, field) in self.tiers

    def withheld(self, shape: Shape) -> tuple[str, ...]:
        """Return the names of the fields that are left out of an answer: for whoever may see as
        much, always the same, be there something in them or not."""
        return _withheld(self, shape)

    def highest(self, shape: Shape) -> Tier:
        """Return the most sensitive tier of what is shown of an answer."""
        return _highest(self, shape)

    def fields(self, shape: Shape) -> Iterator[tuple[Shape, str, bool]]:
        """Yield each field of an answer and of what is shown in it, and whether it is shown."""
        for field, inner in shape.fields.items():
            shown = self._shows(shape, field)
            yield shape, field, shown
            if shown:
                for each in inner:
                    yield from self.fields(each)

    def _shows(self, shape: Shape, field: str) -> bool:
        """Whether a field is shown; the pupil whose a row is, if anything of them is."""
        if field == WHOSE:
            return Tier.DIRECTORY in self.tiers or self.cut.whole
        return self.shows(shape.kind, field)

    def of(self, shape: Shape, body: bytes) -> bytes:
        """Return an answer, JSON, as it is shown."""
        if not self.withheld(shape):
            return body
        return orjson.dumps(cut((_cutter(self, shape),), orjson.loads(body)))

    def cutter(self, shape: Shape) -> Cutter:
        """Return what cuts the objects of a shape."""
        shown = {field for field in shape.fields if self._shows(shape, field)}
        inner = {
            field: tuple(_cutter(self, each) for each in shape.fields[field])
            for field in shown
            if any(self.withheld(each) for each in shape.fields[field])
        }
        named = {field: NAMED_FIELDS[field] for field in shown & NAMED_FIELDS.keys()}
        return Cutter(self, shape.fields.keys(), frozenset(shown), inner, named)


@dataclass(frozen=True, eq=False)
class Cutter:
    """Takes out of objects of one kind what is not shown: found once, and not for each row."""

    showing: Showing
    known: Set[str]
    """The fields that the kind has."""
    shown: frozenset[str]
    inner: Mapping[str, tuple[Cutter, ...]]
    """The fields with objects from which something is to be taken."""
    named: Mapping[str, str]
    """The fields whose own names are fields of another kind of row."""

    def cut(self, found: dict[str, Any]) -> None:
        """Take it out."""
        for field in found.keys() - self.shown:
            del found[field]
        for field, kind in self.named.items():
            changed = found.get(field, {})
            kept = {name for name in changed if self.showing.shows(kind, name)}
            found[field] = {name: changed[name] for name in changed if name in kept}
        for field, cutters in self.inner.items():
            if field in found and field not in self.named:
                found[field] = cut(cutters, found[field])
        if found.get(CORRECTED) and isinstance(found[CORRECTED], list):
            found[CORRECTED] = [name for name in found[CORRECTED] if name in found]


def cut(cutters: Sequence[Cutter], value: Any) -> Any:
    """Take out of a JSON value, of one of some kinds or a list of such, what is not shown."""
    if isinstance(value, list):
        for each in value:
            cut(cutters, each)
    elif isinstance(value, dict):
        _of(cutters, value).cut(value)
    return value


def _of(cutters: Sequence[Cutter], value: Mapping[str, Any]) -> Cutter:
    """Return which of some kinds an object is: the narrowest that has all its fields."""
    if len(cutters) == 1:
        return cutters[0]
    fitting = [each for each in cutters if value.keys() <= each.known]
    return min(fitting or cutters, key=lambda each: len(each.known))


@cache
def _cutter(showing: Showing, shape: Shape) -> Cutter:
    return showing.cutter(shape)


@cache
def _withheld(showing: Showing, shape: Shape) -> tuple[str, ...]:
    return tuple(sorted({field for _, field, shown in showing.fields(shape) if not shown}))


@cache
def _highest(showing: Showing, shape: Shape) -> Tier:
    found = {(of.kind, field) for of, field, shown in showing.fields(shape) if shown}
    for kind in {NAMED_FIELDS[field] for _, field in found if field in NAMED_FIELDS}:
        found |= {(kind, name) for name in TIERS[kind] if showing.shows(kind, name)}
    tiers = {tier_of(kind, name) for kind, name in found if kind in TIERS and name != WHOSE}
    return max(tiers, default=Tier.AGGREGATES)


EVERYTHING = Showing(frozenset(Tier), WHOLE)
"""What is shown where nobody is to be told less."""
