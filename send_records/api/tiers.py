"""What the API's description says of tiers: what each part of an answer needs, and what may be left
out of it."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from send_records.api.accounting import access_class_of, shape_of
from send_records.authority.fields import TIERS, tier_of
from send_records.authority.shapes import WHOSE
from send_records.authority.showing import Showing
from send_records.authority.table import LINES

Json = dict[str, Any]


def said_of(route: Any) -> str | None:
    """Return one sentence of which tier each part of a route's answer needs; None if the route
    shows nothing, or of everything the same."""
    access, shape = access_class_of(route), shape_of(route)
    if access is None or shape is None:
        return None
    needed = defaultdict[str, set[str]](set)
    for each, field, shown in Showing(frozenset({access.tier})).fields(shape):
        if not shown and field != WHOSE and tier_of(each.kind, field) > access.tier:
            needed[tier_of(each.kind, field)].add(field)
    if not needed:
        return None
    parts = [f"{tier} for {', '.join(sorted(names))}" for tier, names in sorted(needed.items())]
    return (
        f"Needs tier {access.tier}; what needs more is left out, and its names are in the header "
        f"Withheld: {'; '.join(parts)}."
    )


def loosened(schemas: Json) -> None:
    """Make what may be left out of an answer optional in the description of its kind."""
    for name, schema in schemas.items():
        kind = name.removesuffix("OfPupil") if name not in TIERS else name
        if kind in TIERS and "required" in schema:
            kept = [field for field in schema["required"] if not may_be_withheld(kind, field)]
            schema["required"] = kept


def may_be_withheld(kind: str, field: str) -> bool:
    """Whether somebody who is shown a kind of row is not shown a field of it."""
    if field not in TIERS[kind]:
        return False
    base = min(TIERS[kind].values())
    showings = [Showing(line.tiers) for line in LINES if base in line.tiers]
    showings += [
        Showing(line.tiers, cut) for line in LINES for cut in line.also.values() if kind in cut.only
    ]
    return not all(each.shows(kind, field) for each in showings)
