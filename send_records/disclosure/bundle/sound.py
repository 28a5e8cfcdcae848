"""A bundle looked through as whoever receives it would: printed numbers against the labels, every
link and bookmark followed, and nothing in it that does anything.  Runs in a child.

It knows nothing of how the bundle was made, and reads the finished file only.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name, NameTree, Object, Stream, String

from send_records.disclosure.bundle.numbers import PageOf
from send_records.disclosure.bundle.pages import FOOTER

PAGE = re.compile(r"\(page ([0-9A-Za-z]+)\)\Z")
COLUMN = 6.0
"""Points within which numbers at the right edge of the index end."""

DOES = frozenset({"/JS", "/AA", "/OpenAction", "/EF", "/EmbeddedFiles", "/AcroForm", "/XFA"})
ACTS = frozenset({"/JavaScript", "/Launch", "/URI", "/GoToR", "/GoToE", "/SubmitForm"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a file is held against."""

    pages: tuple[PageOf, ...]
    bookmarks: int
    """How many there are to be: index, sections and documents."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is not right in a finished file."""

    code: str
    detail: str
    page: int | None = None


@dataclass(frozen=True, slots=True)
class _Opened:
    """A finished file, opened by both libraries."""

    pdf: pikepdf.Pdf
    seen: pypdfium2.PdfDocument
    labels: tuple[str, ...]
    numbers: dict[tuple[int, int], int] = field(default_factory=dict)
    """Which object is which page."""


@dataclass(frozen=True, slots=True)
class _Link:
    """A link, and on which page it lands, from 0; None if on none."""

    right: float
    top: float
    said: str
    there: int | None


def faults(data: bytes, wanted: Wanted) -> tuple[Fault, ...]:
    """Return everything that is not right in a finished bundle: the child's part."""
    with pikepdf.open(io.BytesIO(data)) as pdf, closing(pypdfium2.PdfDocument(data)) as seen:
        labels = tuple(page.label for page in pdf.pages)
        numbers = {page.obj.objgen: number for number, page in enumerate(pdf.pages)}
        opened = _Opened(pdf, seen, labels, numbers)
        return (
            *(Fault("syntax", f"The file is damaged: {one}.") for one in pdf.check_pdf_syntax()),
            *_labels(opened, wanted),
            *_links(opened),
            *_bookmarks(opened, wanted),
            *_does(opened),
        )


def printed_number(page: pypdfium2.PdfPage) -> str:
    """Return what is printed at the foot of a page."""
    width, _ = page.get_size()
    with closing(page.get_textpage()) as words:
        return str(words.get_text_bounded(0, 0, width, FOOTER - 0.5)).strip()


def _labels(opened: _Opened, wanted: Wanted) -> Iterator[Fault]:
    if len(opened.labels) != len(wanted.pages):
        yield Fault("pages", f"There are {len(opened.labels)} pages, not {len(wanted.pages)}.")
        return
    for number, (label, page) in enumerate(zip(opened.labels, wanted.pages, strict=True)):
        with closing(opened.seen[number]) as shown:
            printed = printed_number(shown)
        if not label == printed == page.label:
            yield Fault(
                "label",
                f"Page {number + 1} is {label} to a PDF reader, and has {printed} printed on it.",
                number + 1,
            )


def _links(opened: _Opened) -> Iterator[Fault]:
    """Follow every link: those at the right edge stand on the number of the page they lead to, and
    the others of a page lead where one of these does."""
    names = NameTree(opened.pdf.Root.Names.Dests) if Name.Names in opened.pdf.Root else None
    found = 0
    for number, page in enumerate(opened.pdf.pages):
        links = []
        for one in page.obj.get(Name.Annots, ()):
            if one.get(Name.Subtype) != Name.Link or Name.A in one:
                yield Fault("annotation", f"Page {number + 1} has more than links.", number + 1)
                continue
            box = tuple(float(side) for side in one.Rect)
            with closing(opened.seen[number]) as shown, closing(shown.get_textpage()) as words:
                said = words.get_text_bounded(*box).strip()
            links.append(_Link(box[2], box[3], said, _landing(opened, one.get(Name.Dest), names)))
        found += len(links)
        yield from _wrong(opened, number, links)
    if not found:
        yield Fault("index_missing", "There is no index with links.")


def _wrong(opened: _Opened, number: int, links: list[_Link]) -> Iterator[Fault]:
    edge = max((link.right for link in links), default=0.0) - COLUMN
    numbered = {round(link.top): link for link in links if link.right > edge}
    for link in numbered.values():
        landed = opened.labels[link.there] if link.there is not None else "no page"
        if link.said != landed:
            yield Fault("link", f"A link to {link.said!r} lands on {landed}.", number + 1)
    told = {link.there for link in numbered.values()}
    for link in links:
        beside = numbered.get(round(link.top))
        if link.there not in told or (beside is not None and link.there != beside.there):
            yield Fault("link", f"{link.said!r} leads where its number does not.", number + 1)


def _landing(opened: _Opened, where: Object | None, names: NameTree | None) -> int | None:
    """Return on which page a link lands, from 0; None if on none."""
    if isinstance(where, String) and names is not None:
        where = names.get(str(where))
    if isinstance(where, Dictionary):
        where = where.get(Name.D)
    if not isinstance(where, Array) or not len(where):
        return None
    page = where[0]
    return opened.numbers.get(page.objgen) if isinstance(page, Dictionary) else None


def _bookmarks(opened: _Opened, wanted: Wanted) -> Iterator[Fault]:
    found = 0
    with opened.pdf.open_outline() as outline:
        waiting = list(outline.root)
        while waiting:
            mark = waiting.pop()
            waiting += mark.children
            found += 1
            there = _landing(opened, mark.destination, None)  # type: ignore[arg-type]
            named = PAGE.search(mark.title)
            if there is None or named is None or opened.labels[there] != named[1]:
                yield Fault("bookmark", f"The bookmark {mark.title!r} lands elsewhere.")
    if found != wanted.bookmarks:
        yield Fault("bookmark", f"There are {found} bookmarks, not {wanted.bookmarks}.")


def _does(opened: _Opened) -> Iterator[Fault]:
    """Find whatever is more than pages to be read."""
    for thing in opened.pdf.objects:
        if not isinstance(thing, Dictionary | Stream):
            continue
        keys = set(thing.keys())
        for key in sorted(DOES & keys):
            yield Fault("acts", f"The file has {key} in it.")
        if "/S" in keys and isinstance(thing.get(Name.S), Name) and str(thing.S) in ACTS:
            yield Fault("acts", f"The file has an action {thing.S}.")
        if thing.get(Name.Subtype) == Name.Widget:
            yield Fault("form", "The file has a form in it.")
