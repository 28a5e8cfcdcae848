"""One page of an uploaded document: what stands on it, and where it goes on a page of ours.

All lengths are points, of which 72 are an inch.  A page is placed at its own size wherever what is
printed on it keeps clear of our number and header, so that 12 point stays 12 point; it is moved
before it is made smaller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from send_records.errors import Invalid

PRACTICE_DIRECTION = "HESC Practice Direction No. 1 of 2025"

PDF = "application/pdf"
TEXT = "text/plain"
IMAGES = frozenset({"image/png", "image/jpeg"})


class ItemNotReadable(Invalid):
    """A file of the bundle is broken, locked, or of no kind whose pages can be taken."""

    basis = PRACTICE_DIRECTION


Box = tuple[float, float, float, float]
"""Left, bottom, right, top."""

Matrix = tuple[float, float, float, float, float, float]
"""As PDF writes it."""

A4 = (595.276, 841.89)
HEADER = 28.35
"""10 mm at the top, for the document's title."""
FOOTER = 31.18
"""11 mm at the bottom, for the page's number: what office programs print in their own footers
stands 12.7 mm from the edge, and above."""


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What was seen on a page, as a reader shows it: turned upright, and cut to its crop box."""

    crop: Box
    """What is shown of it, in the page's own lengths, before it is turned upright."""
    turned: int = 0
    """By how many degrees clockwise it is to be turned: 0, 90, 180 or 270."""
    ink: Box | None = None
    """What everything printed on it keeps within; None if nothing is."""
    text: str = field(default="", repr=False)
    sizes: Mapping[float, int] = field(default_factory=dict)
    """How many characters a reader sees in which size: of what text recognition laid under a scan
    none, which has no size that tells anything."""
    notes: int = 0
    """Comments attached to it, whose words no page shows."""
    fonts_missing: bool = False
    """Whether a font it uses is not in the file."""
    as_image: bool = False
    """Whether it came over as an image, for something on it was hidden."""

    @property
    def width(self) -> float:
        """As it is shown."""
        return (self.crop[3] - self.crop[1]) if self.turned % 180 else self.crop[2] - self.crop[0]

    @property
    def height(self) -> float:
        """As it is shown."""
        return (self.crop[2] - self.crop[0]) if self.turned % 180 else self.crop[3] - self.crop[1]

    @property
    def upright(self) -> Matrix:
        """What turns it upright, with its lower left corner at 0, 0."""
        left, bottom, right, top = self.crop
        return {
            0: (1.0, 0.0, 0.0, 1.0, -left, -bottom),
            90: (0.0, -1.0, 1.0, 0.0, -bottom, right),
            180: (-1.0, 0.0, 0.0, -1.0, right, top),
            270: (0.0, 1.0, -1.0, 0.0, top, -left),
        }[self.turned]

    @property
    def characters(self) -> int:
        """How many characters of a size there are."""
        return sum(self.sizes.values())

    @property
    def landscape(self) -> bool:
        """Whether it lies on its side."""
        return self.width > self.height + 1


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a page goes: made smaller by ``scale``, then moved."""

    landscape: bool
    scale: float
    right: float
    up: float

    @property
    def matrix(self) -> Matrix:
        """What puts a page that stands upright where it goes."""
        return (self.scale, 0.0, 0.0, self.scale, self.right, self.up)


def size_of(landscape: bool) -> tuple[float, float]:
    """Return width and height of a page of ours."""
    return (A4[1], A4[0]) if landscape else A4


def free_area(landscape: bool) -> Box:
    """Return where an uploaded page may print."""
    width, height = size_of(landscape)
    return 0.0, FOOTER, width, height - HEADER


def placed(facts: PageFacts) -> Placement:
    """Return where a page goes: in the middle, moved as little as keeps our number clear."""
    across = _turned(facts)
    left, bottom, right, top = free_area(across)
    ink = facts.ink or (0.0, 0.0, 1.0, 1.0)
    wide, high = max(ink[2] - ink[0], 1.0), max(ink[3] - ink[1], 1.0)
    scale = min(1.0, (right - left) / wide, (top - bottom) / high)
    width, height = size_of(across)
    x = (width - facts.width * scale) / 2
    y = (height - facts.height * scale) / 2
    x = _within(x, left - ink[0] * scale, right - ink[2] * scale)
    y = _within(y, bottom - ink[1] * scale, top - ink[3] * scale)
    return Placement(across, scale, x, y)


def moved(box: Box, by: Matrix) -> Box:
    """Return what a box keeps within once it is moved, turned or made smaller."""
    a, b, c, d, e, f = by
    xs = [a * x + c * y + e for x in (box[0], box[2]) for y in (box[1], box[3])]
    ys = [b * x + d * y + f for x in (box[0], box[2]) for y in (box[1], box[3])]
    return min(xs), min(ys), max(xs), max(ys)


def common(one: Box, other: Box) -> Box | None:
    """Return what two boxes have in common; None if nothing."""
    left, bottom = max(one[0], other[0]), max(one[1], other[1])
    right, top = min(one[2], other[2]), min(one[3], other[3])
    return (left, bottom, right, top) if left < right and bottom < top else None


def _turned(facts: PageFacts) -> bool:
    """Whether a page of ours is turned for it: not for a small slip that is merely wide."""
    return facts.landscape and facts.width > A4[0] + 1


def _within(wanted: float, least: float, most: float) -> float:
    return max(least, min(wanted, most))
