"""The check of a bundle: everything in it that the tribunal's rules would not have, said before it
is sent.

The figures come in as ``Limits`` and as each section's budget; what is held against them is what
stands on the finished pages.  Nothing here refuses anything: a person decides, and says why.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator

from send_records.disclosure.bundle.layout import Pages, day
from send_records.disclosure.bundle.numbers import PageOf
from send_records.disclosure.bundle.one_document import Standing, breaches
from send_records.disclosure.bundle.pages import PRACTICE_DIRECTION, TEXT, PageFacts
from send_records.disclosure.bundle.parts import (
    Breach,
    Budget,
    BundleOf,
    DocumentItem,
    Duplicate,
    Limits,
    Meter,
)

SAME_TEXT = 200
"""Characters: shorter texts are equal by chance, as compliment slips are."""


def meters(of: BundleOf, pages: tuple[PageOf, ...]) -> tuple[Meter, ...]:
    """Return how much of each budget is used, by party: pages of items, those that open a section
    left out."""
    used: Counter[tuple[str, str]] = Counter()
    budgets: dict[tuple[str, str], Budget] = {}
    for number, section in enumerate(of.sections):
        if section.budget is not None:
            key = section.budget.name, section.party
            budgets.setdefault(key, section.budget)
            used[key] += sum(p.section == number and p.item is not None for p in pages)
    return tuple(
        Meter(name, party, used[name, party], one.limit) for (name, party), one in budgets.items()
    )


def duplicates(of: BundleOf, pages: Pages, made: tuple[PageOf, ...]) -> tuple[Duplicate, ...]:
    """Return which documents are the same: to the byte, or in all their words."""
    starts = _starts(made)
    by_bytes: dict[bytes, str] = {}
    by_text: dict[str, str] = {}
    found = []
    for at, item in _documents(of):
        named = f"{item.title} (page {starts[at].label})"
        digest = hashlib.sha256(item.content).digest()
        text = _words(item, pages[at].pages if at in pages else ())
        if digest in by_bytes:
            found.append(Duplicate(by_bytes[digest], named, by_text=False))
        elif len(text) >= SAME_TEXT and text in by_text:
            found.append(Duplicate(by_text[text], named, by_text=True))
        by_bytes.setdefault(digest, named)
        by_text.setdefault(text, named)
    return tuple(found)


def checked(
    of: BundleOf, limits: Limits, pages: Pages, made: tuple[PageOf, ...]
) -> tuple[Breach, ...]:
    """Return every breach, in the order of the file; those of the whole of it come first."""
    starts = _starts(made)
    found = [*_over(of, made), *_same(of, pages, made)]
    for at, item in _documents(of):
        taken = pages[at].pages if at in pages else ()
        length = sum((page.section, page.item) == at for page in made)
        standing = Standing(item, taken, starts[at].number, length)
        found += [*_order(of, at, starts), *breaches(standing, limits, of.hearing_on)]
    return tuple(found)


def _starts(made: tuple[PageOf, ...]) -> dict[tuple[int, int], PageOf]:
    starts: dict[tuple[int, int], PageOf] = {}
    for page in made:
        if page.section is not None and page.item is not None:
            starts.setdefault((page.section, page.item), page)
    return starts


def _documents(of: BundleOf) -> Iterator[tuple[tuple[int, int], DocumentItem]]:
    for number, section in enumerate(of.sections):
        for n, item in enumerate(section.items):
            if isinstance(item, DocumentItem):
                yield (number, n), item


def _words(item: DocumentItem, pages: tuple[PageFacts, ...]) -> str:
    if item.media_type == TEXT:
        return " ".join(item.content.decode("utf-8-sig", "replace").split())
    return " ".join(word for page in pages for word in page.text.split())


def _over(of: BundleOf, made: tuple[PageOf, ...]) -> Iterator[Breach]:
    cited = {s.budget.name: s.budget.citation for s in of.sections if s.budget is not None}
    for meter in meters(of, made):
        if meter.used > meter.limit:
            whose = f" of {meter.party}" if meter.party else ""
            yield Breach(
                "over_limit",
                f"{meter.budget}{whose}: {meter.used} pages, of {meter.limit} there may be "
                f"({cited[meter.budget]}). More are asked for by form SEND7, with reasons.",
            )


def _same(of: BundleOf, pages: Pages, made: tuple[PageOf, ...]) -> Iterator[Breach]:
    for one in duplicates(of, pages, made):
        how = "in all their words" if one.by_text else "to the byte"
        yield Breach(
            "same_text" if one.by_text else "duplicate",
            f"{one.first} and {one.second} are the same {how}: leave one of them out.",
        )


def _order(
    of: BundleOf, at: tuple[int, int], starts: dict[tuple[int, int], PageOf]
) -> Iterator[Breach]:
    section = of.sections[at[0]]
    item = section.items[at[1]]
    before = [one for one in section.items[: at[1]] if isinstance(one, DocumentItem) and one.dated]
    if item.dated is None:
        yield Breach(
            "undated", f"{item.title}: it has no date to stand in order by.", starts[at].number
        )
    elif before and before[-1].dated is not None and item.dated < before[-1].dated:
        yield Breach(
            "date_order",
            f"{item.title} is of {day(item.dated)}, and stands after one of "
            f"{day(before[-1].dated)}: within a section documents stand in the order of their "
            f"dates ({PRACTICE_DIRECTION}).",
            starts[at].number,
        )
