"""Boxes: where something is on the picture of a page, in dots, from its upper left corner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Box(NamedTuple):
    """Where something is, in dots."""

    left: float
    top: float
    right: float
    bottom: float

    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return self.right <= self.left or self.bottom <= self.top

    def with_(self, other: Box) -> Box:
        """Return the smallest box that holds both; an empty one counts for nothing."""
        if self.is_empty() or other.is_empty():
            return other if self.is_empty() else self
        (a, b, c, d), (e, f, g, h) = self, other
        return Box(min(a, e), min(b, f), max(c, g), max(d, h))

    def meets(self, other: Box) -> bool:
        """Whether they have a part in common."""
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > 0 and down > 0


NOWHERE = Box(0, 0, 0, 0)


def together(boxes: Sequence[Box]) -> Box:
    """Return the smallest box that holds all."""
    whole = NOWHERE
    for box in boxes:
        whole = whole.with_(box)
    return whole


def goes_on(one: Box, other: Box) -> bool:
    """Whether a box stands beside another as in one line, and not far off."""
    height = min(one.bottom - one.top, other.bottom - other.top)
    beside = min(one.bottom, other.bottom) - max(one.top, other.top) > 0.3 * height
    apart = max(one.left, other.left) - min(one.right, other.right)
    return beside and apart < 2 * max(one.bottom - one.top, other.bottom - other.top)


def turned(box: Box, turns: int) -> Box:
    """Return a box as it lies when the line it is of is turned level."""
    left, top, right, bottom = box
    if turns == 1:
        return Box(-bottom, left, -top, right)
    if turns == 2:
        return Box(-right, -bottom, -left, -top)
    if turns == 3:
        return Box(top, -right, bottom, -left)
    return box
