"""What the template is told of a bundle: all words of its own pages, and how many pages each
uploaded document needs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import JsonValue

from send_records.disclosure.answer import GivenEntry
from send_records.disclosure.bundle.numbers import PageNumbering, letter
from send_records.disclosure.bundle.pages import TEXT, ItemNotReadable, placed
from send_records.disclosure.bundle.parts import (
    BundleOf,
    DocumentItem,
    Item,
    Section,
    SheetItem,
    SheetKind,
)
from send_records.disclosure.bundle.uploads import Taken
from send_records.projections.telling.base import in_plain_words

TEMPLATE = "bundle.typ"

TAKEN_OUT = "Words were taken out of this entry: the schedule says on which ground."

BESIDE = (
    "This document is a file of an office program, and no PDF. It goes beside the bundle, as it "
    "came. To have it in the bundle, file it as a PDF too."
)

HEAD = 90
"""Characters of a title that fit in a line above a page."""

Pages = dict[tuple[int, int], Taken]
"""The pages of uploaded documents, by section and item."""


def day(on: date | None) -> str:
    """Return a day as people write it: "3 March 2026"."""
    return "undated" if on is None else f"{on.day} {on:%B %Y}"


def data_of(bundle: BundleOf, pages: Pages) -> dict[str, JsonValue]:
    """Return what the template reads.  Raise ItemNotReadable for a text that is none."""
    return {
        "titles": list(bundle.titles),
        "facts": _cover(bundle),
        "numbering": bundle.numbering.value,
        "sections": [_section(n, section, pages) for n, section in enumerate(bundle.sections)],
    }


def _cover(bundle: BundleOf) -> list[JsonValue]:
    of = bundle.cut.as_of
    facts = [
        ("Tribunal", bundle.tribunal),
        ("Reference", bundle.reference),
        ("Child", bundle.child),
        *(("Party", party) for party in bundle.parties),
        ("Bundle", bundle.kind),
        ("Hearing", day(bundle.hearing_on) if bundle.hearing_on else None),
        ("Record as of", day(of) if of else None),
        ("Record up to", f"entry {bundle.cut.position:,} of the trust's log"),
        ("Pages", _numbered(bundle.numbering)),
    ]
    return [[label, value] for label, value in facts if value]


def _numbered(numbering: PageNumbering) -> str:
    if numbering is PageNumbering.CONTINUOUS:
        return "Numbered from this cover to the last page, as a PDF reader counts them"
    return "Numbered by section, as a PDF reader shows them: A1, A2, B1"


def _section(number: int, section: Section, pages: Pages) -> dict[str, JsonValue]:
    lines = [section.party] if section.party else []
    return {
        "letter": letter(number),
        "title": section.title,
        "lines": list[JsonValue](lines),
        "items": [
            _item(item, pages.get((number, n)), (number, n)) for n, item in enumerate(section.items)
        ],
    }


def _item(item: Item, pages: Taken | None, at: tuple[int, int]) -> dict[str, JsonValue]:
    said: dict[str, JsonValue] = {
        "at": list[JsonValue](at),
        "number": f"{at[1] + 1}.",
        "title": item.title,
        "head": _head(item.title),
    }
    match item:
        case SheetItem(kind=SheetKind.CHRONOLOGY):
            rows = [_line(given) for given in item.entries]
            return {**said, "kind": "chronology", "date": "", "rows": list[JsonValue](rows)}
        case SheetItem():
            rows = [_entry(given) for given in item.entries]
            return {**said, "kind": "entries", "date": "", "rows": list[JsonValue](rows)}
        case DocumentItem() if pages is not None:
            turned = [placed(page).landscape for page in pages.pages]
            said |= {"kind": "uploaded", "pages": list[JsonValue](turned)}
            return {**said, "date": day(item.dated)}
        case DocumentItem():
            paragraphs = list[JsonValue](_paragraphs(item))
            said |= {"kind": "words", "facts": _facts(item), "paragraphs": paragraphs}
            return {**said, "date": day(item.dated)}


def _head(title: str) -> str:
    """Return a title as it fits in a line above an uploaded page."""
    return title if len(title) <= HEAD else title[: HEAD - 1] + "\u2026"


def _facts(item: DocumentItem) -> list[JsonValue]:
    author: list[JsonValue] = [["From", item.author]] if item.author else []
    return [*author, ["Date", day(item.dated)]]


def _paragraphs(item: DocumentItem) -> Sequence[str]:
    if item.media_type != TEXT:
        return (BESIDE,)
    try:
        words = item.content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ItemNotReadable(f"{item.title}: the file is no text.") from None
    lines = words.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n\n").expandtabs(4)
    return [part.strip("\n") for part in lines.split("\n\n") if part.strip()]


def _line(given: GivenEntry) -> dict[str, JsonValue]:
    entry = given.entry
    return {
        "entry": entry.version,
        "date": day(entry.occurred_on),
        "says": f"{entry.title}: {entry.says}" if entry.says else entry.title,
        "marks": list[JsonValue]([*entry.marks, *([TAKEN_OUT] if given.redacted else [])]),
        "source": _source(given),
    }


def _entry(given: GivenEntry) -> dict[str, JsonValue]:
    lines: list[JsonValue] = [[line.label, line.value] for line in given.entry.lines]
    return {**_line(given), "title": given.entry.title, "lines": lines}


def _source(given: GivenEntry) -> str:
    entry = given.entry
    return (
        f"Entry {entry.version}, recorded by {entry.recorded_by} ({in_plain_words(entry.role)}) on "
        f"{day(entry.recorded_at.date())}."
    )
