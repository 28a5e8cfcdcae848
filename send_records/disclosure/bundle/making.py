"""A bundle made: its uploads opened, its pages set, the two joined, and the whole looked through.

Every step is done in a child, for every step reads what others wrote.
"""

from __future__ import annotations

from collections.abc import Iterator

from send_records.disclosure.batches import Stopped
from send_records.disclosure.bundle.checking import checked, duplicates, meters
from send_records.disclosure.bundle.joining import Joined, Source, Titles, joined
from send_records.disclosure.bundle.layout import TEMPLATE, Pages, data_of
from send_records.disclosure.bundle.pages import IMAGES, PDF, ItemNotReadable
from send_records.disclosure.bundle.parts import (
    Bundle,
    BundleNotSound,
    BundleOf,
    DocumentItem,
    Limits,
    SectionOf,
)
from send_records.disclosure.bundle.sound import Fault, Wanted, faults
from send_records.disclosure.bundle.uploads import Taken, Upload, taken
from send_records.disclosure.child import Limits as ChildLimits
from send_records.disclosure.child import WorkFailed, WorkTooLarge, in_child
from send_records.disclosure.typesetting import typeset

NONE = Limits()
STEP = ChildLimits()

ALONE = ChildLimits(seconds=10.0)
"""What a file may take that is opened by itself, to see whether it is the one that cannot be."""


def bundle(
    of: BundleOf,
    limits: Limits = NONE,
    *,
    child: ChildLimits = STEP,
    stopped: Stopped = lambda: False,
) -> Bundle:
    """Return the bundle as one PDF, with all there is to be said about it; the same of the same, to
    the byte.

    ``child`` is what each step of the work may take.  Raise ItemNotReadable by the title of the
    file that is broken, locked or no such file, BundleNotSound if what was made is not right,
    WorkTooLarge past the limits, WorkStopped once ``stopped``.
    """
    pages = _opened(of, child, stopped)
    own = typeset(TEMPLATE, data_of(of, pages), dated=of.known_at, limits=child, stopped=stopped)
    sources = tuple(_sources(of, pages))
    titles = Titles(tuple((one.title, tuple(i.title for i in one.items)) for one in of.sections))
    made: Joined = in_child(
        joined, own, sources, titles, of.numbering, limits=child, stopped=stopped
    )
    _require_sound(made, titles, child, stopped)
    return Bundle(
        made.data,
        made.pages,
        tuple(_section(of, made, number) for number in range(len(of.sections))),
        meters(of, made.pages),
        checked(of, limits, pages, made.pages),
        duplicates(of, pages, made.pages),
    )


def _opened(of: BundleOf, child: ChildLimits, stopped: Stopped) -> Pages:
    at = [
        (section, item)
        for section, one in enumerate(of.sections)
        for item, document in enumerate(one.items)
        if isinstance(document, DocumentItem) and document.media_type in IMAGES | {PDF}
    ]
    uploads = tuple(_upload(of, *one) for one in at)
    try:
        opened: tuple[Taken, ...] = in_child(taken, uploads, limits=child, stopped=stopped)
    except (WorkFailed, WorkTooLarge):
        _name_the_one(uploads, stopped)
        raise
    return dict(zip(at, opened, strict=True))


def _upload(of: BundleOf, section: int, item: int) -> Upload:
    document = of.sections[section].items[item]
    assert isinstance(document, DocumentItem)  # noqa: S101 - none other was chosen
    return Upload(document.title, document.media_type, document.content)


def _name_the_one(uploads: tuple[Upload, ...], stopped: Stopped) -> None:
    """Open every file by itself: one that takes its process with it cannot say its own name."""
    for upload in uploads:
        try:
            in_child(taken, (upload,), limits=ALONE, stopped=stopped)
        except (WorkFailed, WorkTooLarge):
            raise ItemNotReadable(f"{upload.name}: the file cannot be worked on.") from None


def _sources(of: BundleOf, pages: Pages) -> Iterator[Source]:
    for at, opened in pages.items():
        data = opened.data
        yield Source(at, _upload(of, *at).content if data is None else data, opened.pages)


def _section(of: BundleOf, made: Joined, number: int) -> SectionOf:
    section = of.sections[number]
    pages = sum(page.section == number and page.item is not None for page in made.pages)
    return SectionOf(section.title, pages, section.budget.limit if section.budget else None)


def _require_sound(made: Joined, titles: Titles, child: ChildLimits, stopped: Stopped) -> None:
    wanted = Wanted(made.pages, 1 + sum(1 + len(items) for _, items in titles.sections))
    found: tuple[Fault, ...] = in_child(faults, made.data, wanted, limits=child, stopped=stopped)
    if found:
        raise BundleNotSound("The bundle is not right: " + " ".join(f.detail for f in found[:5]))
