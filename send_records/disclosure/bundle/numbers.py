"""Which page is which: what begins where in the pages typst has set, and the number of each."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class PageNumbering(StrEnum):
    """How pages are numbered; what is printed is always what a PDF reader shows too."""

    CONTINUOUS = "continuous"
    """1, 2, 3 over the whole file, cover and index included."""
    BY_SECTION = "by_section"
    """i, ii for cover and index, then A1, A2, B1."""


@dataclass(frozen=True, slots=True)
class PageOf:
    """One page of the bundle."""

    number: int
    """In the file, from 1."""
    label: str
    """As printed on it."""
    section: int | None = None
    """From 0; None for cover and index."""
    item: int | None = None
    """From 0 within the section; None for the page that opens it."""
    entries: tuple[int, ...] = ()
    """Versions of the entries that stand on it."""


@dataclass(frozen=True, slots=True)
class Outset:
    """Where sections and items begin; pages count from 1."""

    count: int
    index: int
    sections: tuple[int, ...]
    items: dict[tuple[int, int], int] = field(default_factory=dict)
    entries: dict[int, tuple[int, ...]] = field(default_factory=dict)
    """By page, the versions of the entries on it."""


def outset(marks: Sequence[dict[str, object]], count: int) -> Outset:
    """Return what ``pages.json`` of the template says, of a file of so many pages."""
    sections: list[int] = []
    items: dict[tuple[int, int], int] = {}
    entries: dict[int, list[int]] = defaultdict(list)
    index = began = 1
    for mark in marks:
        page, where = _numbers(mark)
        match mark["what"], where:
            case "index", []:
                index = page
            case "section", [_]:
                sections.append(page)
            case "item", [section, item]:
                items[section, item] = page
            case "entry", [_]:
                began = page
            case "entry-end", [version]:
                for one in range(began, page + 1):
                    entries[one].append(version)
    held = {page: tuple(dict.fromkeys(versions)) for page, versions in entries.items()}
    return Outset(count, index, tuple(sections), items, held)


def _numbers(mark: dict[str, object]) -> tuple[int, list[int]]:
    page, where = mark["page"], mark["where"]
    if not isinstance(page, int) or not isinstance(where, list):
        raise ValueError("pages.json is not what the template writes")
    return page, where


def letter(section: int) -> str:
    """Return by which letters a section is called: A to Z, AA, AB."""
    return (letter(section // 26 - 1) if section > 25 else "") + chr(ord("A") + section % 26)


def roman(number: int) -> str:
    """Return a number in small Roman numerals."""
    numerals: tuple[tuple[int, str], ...] = (
        (1000, "m"),
        (900, "cm"),
        (500, "d"),
        (400, "cd"),
        (100, "c"),
        (90, "xc"),
    )
    numerals += ((50, "l"), (40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i"))
    said = ""
    for value, numeral in numerals:
        said += numeral * (number // value)
        number %= value
    return said


def label_of(page: int, begun: Outset, numbering: PageNumbering) -> str:
    """Return what is printed on a page."""
    if numbering is PageNumbering.CONTINUOUS:
        return str(page)
    section = bisect_right(begun.sections, page) - 1
    if section < 0:
        return roman(page)
    return f"{letter(section)}{page - begun.sections[section] + 1}"


def pages_of(begun: Outset, numbering: PageNumbering) -> tuple[PageOf, ...]:
    """Return every page of the file, and what stands on it."""
    order = sorted(begun.items, key=begun.items.__getitem__)
    starts = [begun.items[one] for one in order]
    pages = []
    for number in range(1, begun.count + 1):
        section = bisect_right(begun.sections, number) - 1
        last = bisect_right(starts, number) - 1
        item = order[last][1] if last >= 0 and order[last][0] == section else None
        pages.append(
            PageOf(
                number,
                label_of(number, begun, numbering),
                section if section >= 0 else None,
                item,
                begun.entries.get(number, ()),
            )
        )
    return tuple(pages)
