"""Where things landed in a document of our own pages: read back from it, and not remembered.

Every entry has a heading with a name, ``entry-14``, and so a named destination in the PDF; it goes
on to where the next heading stands.
"""

from __future__ import annotations

import io
from bisect import bisect_right

from pikepdf import Array, Dictionary, NameTree, Pdf

PREFIX = "entry-"

Place = tuple[int, float]
"""Page, from 0, and how far from its foot, in points, with its sign turned: in reading order."""


def landed(data: bytes) -> list[tuple[int, str, tuple[int, ...]]]:
    """Return each page of a document: its number, its label, and the versions of the entries on it,
    in reading order."""
    with Pdf.open(io.BytesIO(data)) as pdf:
        places = _places(pdf)
        ends = sorted(places.values())
        on_page: list[list[int]] = [[] for _ in pdf.pages]
        for name, place in sorted(places.items(), key=lambda one: one[1]):
            if name.startswith(PREFIX):
                after = bisect_right(ends, place)
                for page in range(place[0], _last(pdf, place, ends[after:]) + 1):
                    on_page[page].append(int(name.removeprefix(PREFIX)))
        return [(page.index + 1, page.label, tuple(on_page[page.index])) for page in pdf.pages]


def _places(pdf: Pdf) -> dict[str, Place]:
    """Return where each named destination is."""
    numbers = {page.obj.objgen: page.index for page in pdf.pages}
    found: dict[str, Place] = {}
    names = pdf.Root.get("/Names", Dictionary()).get("/Dests")
    for name, target in () if names is None else NameTree(names).items():
        if isinstance(target, Dictionary):
            target = target["/D"]
        if isinstance(target, Array):
            found[name] = numbers[target[0].objgen], -float(target[3])
    return found


def _last(pdf: Pdf, place: Place, following: list[Place]) -> int:
    """Return the last page of what begins at a place: the next heading's, or the one before if that
    stands at the head of its page."""
    if not following:
        return len(pdf.pages) - 1
    page, height = following[0]
    if page == place[0]:
        return page
    head = -float(pdf.pages[page].mediabox[3]) + HEAD
    return page - 1 if height <= head else page


HEAD = 100.0
"""Points from the upper edge of a page, above which a heading is the first thing on it: the margin
and a line."""
