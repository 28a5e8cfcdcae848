"""Uploaded pages put on the pages that were set for them; then labels and bookmarks.  Runs in a
child.

Nothing of an uploaded file comes over but what its pages draw with: no annotation, action, script,
attachment, layer, nor anything a drawing might refer to besides.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, OutlineItem, Stream

from send_records.disclosure.bundle.numbers import (
    Outset,
    PageNumbering,
    PageOf,
    label_of,
    letter,
    outset,
    pages_of,
)
from send_records.disclosure.bundle.pages import PageFacts, free_area, placed

MARKS = "pages.json"

DRAWS_WITH = frozenset(
    ("/Font", "/XObject", "/ColorSpace", "/Pattern", "/Shading", "/ExtGState", "/Properties")
)
"""Of a page's resources."""

LEADS_AWAY = frozenset(
    {
        *("/A", "/AA", "/AF", "/Dests", "/EF", "/JS", "/Launch", "/Next", "/OC", "/OCProperties"),
        *(
            "/OPI",
            "/OpenAction",
            "/Metadata",
            "/Names",
            "/PieceInfo",
            "/Ref",
            "/RF",
            "/StructParent",
        ),
        *("/StructParents", "/URI", "/XFA", "/Alternates", "/LastModified"),
    }
)
"""Keys that do something, or tell of something else than how it looks."""

EMPTIED = (Name.Catalog, Name.Pages, Name.Page, Name.Annot, Name.Filespec, Name.Action, Name.OCG)
"""Whatever refers to such an object is left with an empty one."""

ACTIONS = frozenset(
    {
        *("/JavaScript", "/Launch", "/URI", "/GoTo", "/GoToR", "/GoToE", "/Named", "/SubmitForm"),
        *("/ImportData", "/ResetForm", "/Rendition", "/Movie", "/Sound", "/Hide", "/Thread"),
    }
)


@dataclass(frozen=True, slots=True)
class Source:
    """An uploaded document as it is to be put in."""

    at: tuple[int, int]
    """Section and item, from 0."""
    data: bytes = field(repr=False)
    pages: tuple[PageFacts, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Titles:
    """What bookmarks are called: each section, and its items."""

    sections: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """The whole file."""

    data: bytes = field(repr=False)
    pages: tuple[PageOf, ...]


def joined(
    own: bytes, sources: tuple[Source, ...], titles: Titles, numbering: PageNumbering
) -> Joined:
    """Return our own pages with the uploaded ones put in, labelled and bookmarked: the child's
    part."""
    with ExitStack() as opened:
        pdf = opened.enter_context(pikepdf.open(io.BytesIO(own)))
        begun = _begun(pdf)
        for source in sources:
            # Until the whole is saved, for what is copied is read no sooner.
            taken = opened.enter_context(pikepdf.open(io.BytesIO(source.data)))
            _put_in(pdf, begun.items[source.at], taken, source)
        _label(pdf, begun, numbering)
        _bookmark(pdf, begun, titles, numbering)
        _say_what_it_is(pdf)
        saved = io.BytesIO()
        pdf.save(
            saved,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
        )
    return Joined(saved.getvalue(), pages_of(begun, numbering))


def _begun(pdf: pikepdf.Pdf) -> Outset:
    marks = json.loads(pdf.attachments[MARKS].get_file().read_bytes())
    del pdf.attachments[MARKS]
    for key in (Name.AF, Name.Outlines):
        if key in pdf.Root:
            del pdf.Root[key]
    return outset(marks, len(pdf.pages))


def _put_in(pdf: pikepdf.Pdf, first: int, taken: pikepdf.Pdf, source: Source) -> None:
    forms = [
        _form(taken, page, facts) for page, facts in zip(taken.pages, source.pages, strict=True)
    ]
    _bare(taken)
    for number, (form, facts) in enumerate(zip(forms, source.pages, strict=True), first - 1):
        place = placed(facts)
        left, bottom, right, top = free_area(place.landscape)
        page = pdf.pages[number]
        name = page.add_resource(pdf.copy_foreign(form), Name.XObject, Name("/Uploaded"))
        clip = f"{left:.3f} {bottom:.3f} {right - left:.3f} {top - bottom:.3f} re W n"
        moved = " ".join(f"{part:.5f}" for part in place.matrix)
        # Below our own, so that nothing of it hides the number.
        drawn = f"q {clip} {moved} cm {name} Do Q\n".encode()
        page.contents_add(pdf.make_stream(drawn), prepend=True)


def _form(taken: pikepdf.Pdf, page: pikepdf.Page, facts: PageFacts) -> Stream:
    """Return a page as a drawing that can be put on another."""
    kept = page.obj.get(Name.Group)
    resources = page.resources
    written = page.obj.get(Name.Contents, Array())
    parts = written if isinstance(written, Array) else (written,)
    form = taken.make_stream(b"\n".join(part.read_bytes() for part in parts))
    form.Type, form.Subtype = Name.XObject, Name.Form
    form.BBox = Array(facts.crop)
    form.Matrix = Array(facts.upright)
    form.Resources = Dictionary({k: v for k, v in resources.items() if k in DRAWS_WITH})
    if isinstance(kept, Dictionary):
        form.Group = kept
    return form


def _bare(taken: pikepdf.Pdf) -> None:
    """Leave nothing of a file but what is drawn."""
    waiting: list[object] = list(taken.objects)
    while waiting:
        thing = waiting.pop()
        if isinstance(thing, Dictionary | Stream):
            _bare_one(thing)
            parts: Iterable[object] = [thing[key] for key in list(thing.keys())]
        elif isinstance(thing, Array):
            parts = list(thing)
        else:
            continue
        # What is indirect has its own turn.
        waiting += [one for one in parts if isinstance(one, Object) and not one.is_indirect]


def _bare_one(thing: Dictionary | Stream) -> None:
    gone = set(thing.keys())
    if thing.get(Name.Type) not in EMPTIED and str(thing.get(Name.S)) not in ACTIONS:
        gone &= LEADS_AWAY
    for key in gone - {"/Length"}:
        del thing[key]
    named = thing.get(Name.Properties)
    if isinstance(named, Dictionary):
        thing.Properties = Dictionary({key: Dictionary() for key in set(named.keys())})


def _label(pdf: pikepdf.Pdf, begun: Outset, numbering: PageNumbering) -> None:
    """Write as the file's labels what is printed (ISO 32000-1, 12.4.2)."""
    if numbering is PageNumbering.CONTINUOUS:
        ranges: list[object] = [0, Dictionary(S=Name.D)]
    else:
        ranges = [0, Dictionary(S=Name.r)]
        for section, first in enumerate(begun.sections):
            ranges += [first - 1, Dictionary(S=Name.D, P=pikepdf.String(letter(section)))]
    pdf.Root.PageLabels = Dictionary(Nums=Array(ranges))


def _bookmark(pdf: pikepdf.Pdf, begun: Outset, titles: Titles, numbering: PageNumbering) -> None:
    """Mark the index, every section and every document, each with its page; whoever follows one
    keeps their own zoom."""

    def mark(title: str, page: int) -> OutlineItem:
        said = f"{' '.join(title.split())} (page {label_of(page, begun, numbering)})"
        there = Array([pdf.pages[page - 1].obj, Name.XYZ, None, None, None])
        return OutlineItem(said, there)

    with pdf.open_outline() as outline:
        outline.root.append(mark("Index", begun.index))
        for section, (title, items) in enumerate(titles.sections):
            top = mark(f"{letter(section)}. {title}", begun.sections[section])
            for item, name in enumerate(items):
                top.children.append(mark(f"{item + 1}. {name}", begun.items[section, item]))
            outline.root.append(top)
    pdf.Root.PageMode = Name.UseOutlines


def _say_what_it_is(pdf: pikepdf.Pdf) -> None:
    """Claim no more than is so: our own pages are tagged, uploaded ones are as they came."""
    pdf.Root.MarkInfo = Dictionary(Marked=True, Suspects=True)
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as said:
        if "pdfuaid:part" in said:
            del said["pdfuaid:part"]
