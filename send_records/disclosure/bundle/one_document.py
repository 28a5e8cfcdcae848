"""The check of one document of a bundle: what in it the tribunal's rules would not have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from send_records.disclosure.bundle.layout import day
from send_records.disclosure.bundle.pages import (
    IMAGES,
    PDF,
    PRACTICE_DIRECTION,
    TEXT,
    PageFacts,
    placed,
)
from send_records.disclosure.bundle.parts import Breach, DocumentItem, Limits

TOLERANCE = 0.5
"""Points: 11.5 is 12 as some programs round it."""

SMALL_SHARE = 0.1
"""Of a page's characters: page numbers, footnotes and letterheads are smaller everywhere."""

NUMBERED_SHARE = 0.4
"""Of what seem to be paragraphs, some of which are none."""

LEAST_PARAGRAPHS = 5
"""Fewer tell nothing."""

PARAGRAPH = 45
"""Characters of the first line of a paragraph; headings have fewer."""

SUMMARY = re.compile(
    r"^\W*(?:\d+(?:\.\d+)*[.)]?\s+)?(?:executive\s+summary\b|summary\b.{0,40}$)",
    re.IGNORECASE | re.MULTILINE,
)
NUMBER = re.compile(
    r"^\s*(?:\(?\d{1,3}(?:\.\d{1,3})*[.)]?|\([a-z]{1,4}\)|[a-z][.)])\s+\S", re.IGNORECASE
)
ENDED = re.compile(r"[.:;?!)\]\"\u201d\u2019]\s*$")


@dataclass(frozen=True, slots=True)
class Standing:
    """A document as it stands in the bundle."""

    item: DocumentItem
    pages: tuple[PageFacts, ...]
    """Of the file; none if it was set by us, or goes beside the bundle."""
    first: int
    """On which page of the bundle it begins, from 1."""
    length: int
    """How many pages it has in the bundle."""

    @property
    def text(self) -> str:
        """All its words, line by line."""
        if self.item.media_type == TEXT:
            return self.item.content.decode("utf-8-sig", "replace")
        return "\n".join(page.text for page in self.pages)

    def where(self, wanted: Callable[[PageFacts], bool]) -> list[int]:
        """Return on which pages of the bundle stand those of its pages that are such."""
        return [self.first + n for n, page in enumerate(self.pages) if wanted(page)]

    def breach(self, code: str, detail: str, page: int | None = None) -> Breach:
        """Return a breach that names the document."""
        return Breach(code, f"{self.item.title}: {detail}", self.first if page is None else page)


def breaches(standing: Standing, limits: Limits, hearing_on: date | None) -> Iterator[Breach]:
    """Yield every breach of one document; its place among others is not looked at."""
    if standing.item.media_type not in IMAGES | {PDF, TEXT}:
        yield standing.breach(
            "not_pdf", f"it is no PDF, and goes beside the bundle ({PRACTICE_DIRECTION})."
        )
        return
    yield from _pages(standing)
    yield from _small(standing, limits)
    if standing.item.expert_report:
        yield from _expert_report(standing, limits, hearing_on)
    if standing.item.witness_statement:
        yield from _long(standing, "statement_long", limits.witness_statement_pages, limits)
    if standing.item.expert_report or standing.item.witness_statement:
        yield from _unnumbered(standing, limits)


def _pages(standing: Standing) -> Iterator[Breach]:
    looked_for: tuple[tuple[str, str, Callable[[PageFacts], bool]], ...] = (
        (
            "no_text",
            "without words that can be searched or read aloud: have it recognised (OCR), "
            f"where possible ({PRACTICE_DIRECTION})",
            lambda page: not page.text.strip(),
        ),
        (
            "landscape",
            "lying on its side: upright is how a bundle is read on a screen (general "
            "guidance on electronic bundles)",
            lambda page: placed(page).landscape,
        ),
        (
            "font_missing",
            "with a font that is not in the file: it looks otherwise on another machine",
            lambda page: page.fonts_missing,
        ),
        (
            "notes",
            "with comments whose words stand on no page, and are not in the bundle",
            lambda page: page.notes > 0,
        ),
        (
            "as_image",
            "with something on it that no reader shows: it stands in the bundle as an image",
            lambda page: page.as_image,
        ),
    )
    for code, what, wanted in looked_for:
        found = standing.where(wanted)
        if found:
            yield standing.breach(code, f"{_counted(found)} {what}.", found[0])


def _counted(pages: Sequence[int]) -> str:
    return "1 page" if len(pages) == 1 else f"{len(pages)} pages, one of them the one named,"


def _small(standing: Standing, limits: Limits) -> Iterator[Breach]:
    least = limits.text_points
    if least is None:
        return

    def small(page: PageFacts) -> bool:
        scale = placed(page).scale
        below = sum(n for size, n in page.sizes.items() if size * scale < least - TOLERANCE)
        return below > page.characters * SMALL_SHARE

    found = standing.where(small)
    if found:
        yield standing.breach(
            "small_text",
            f"{_counted(found)} with text smaller than {least:g} point ({limits.citation}).",
            found[0],
        )


def _expert_report(standing: Standing, limits: Limits, hearing_on: date | None) -> Iterator[Breach]:
    yield from _long(standing, "report_long", limits.expert_report_pages, limits)
    dated, years = standing.item.dated, limits.expert_report_years
    if dated is not None and hearing_on is not None and years is not None:
        month = (dated.month, dated.day)
        if hearing_on.year - dated.year - ((hearing_on.month, hearing_on.day) <= month) >= years:
            yield standing.breach(
                "report_old",
                f"it is of {day(dated)}, over {years} years before the hearing, which is for "
                f"exceptions only ({limits.citation}).",
            )
    within = limits.summary_within_pages
    if within is None or not standing.text.strip():
        return
    start = [page.text for page in standing.pages[:within]] or [standing.text]
    if not any(SUMMARY.search(text.replace("\r", "\n")) for text in start):
        yield standing.breach(
            "summary_missing",
            f"no executive summary is seen on its first {within} pages ({limits.citation}).",
        )


def _long(standing: Standing, code: str, most: int | None, limits: Limits) -> Iterator[Breach]:
    if most is not None and standing.length > most:
        yield standing.breach(
            code, f"it has {standing.length} pages, of {most} there may be ({limits.citation})."
        )


def _unnumbered(standing: Standing, limits: Limits) -> Iterator[Breach]:
    numbered, all_of_them = paragraphs(standing.text)
    if all_of_them >= LEAST_PARAGRAPHS and numbered < all_of_them * NUMBERED_SHARE:
        yield standing.breach(
            "unnumbered",
            f"its paragraphs seem to have no numbers: {numbered} of {all_of_them} begin with one "
            f"({limits.citation}).",
        )


def paragraphs(text: str) -> tuple[int, int]:
    """Return how many of a text's paragraphs begin with a number, and how many there seem to be.

    A line begins one if it is numbered, or if it is long, begins with a capital letter and follows
    a line that ended something: PDF knows lines, and no paragraphs.
    """
    numbered = others = 0
    ended = True
    for line in filter(str.strip, text.splitlines()):
        if NUMBER.match(line):
            numbered += 1
        elif ended and len(line.strip()) >= PARAGRAPH and line.strip()[0].isupper():
            others += 1
        ended = bool(ENDED.search(line))
    return numbered, numbered + others
