"""Redaction that removes, and the proof that it did.

Of a PDF nothing is left where something was taken out: each page becomes a picture of itself, with
black where the words were, and the words that are left lie under it, unseen, to be searched and
read aloud.  Black boxes drawn over a text that stays are what others are known for.

What it cannot do: tell words in a scan without text (``Redacted.unread`` says where), and hide how
wide a word was.  A person looks through what comes out, as policy has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

from send_records.disclosure.batches import Done, Stopped, in_children
from send_records.disclosure.child import Limits, WorkFailed, WorkTooLarge
from send_records.disclosure.redaction import leaking, working
from send_records.disclosure.redaction.outcome import (
    QUALITY,
    Leak,
    NoSuchPage,
    NotRedactable,
    Quality,
    Redacted,
)
from send_records.errors import SendRecordsError

if TYPE_CHECKING:  # at run time it would load the record's whole language into each child
    from send_records.aggregates.items import PageArea

__all__ = [
    "Leak",
    "NoSuchPage",
    "NotRedactable",
    "Quality",
    "Redacted",
    "Searched",
    "leaks_in",
    "page_counts",
    "redact_all",
]

LIMITS = Limits(seconds=240.0, megabytes=2_048)
"""For one file: technical, not legal.  A page takes about a tenth of a second, 20 MB are held."""


Asked: TypeAlias = "tuple[bytes, str, Sequence[str], Sequence[PageArea]]"
"""A file, its media type, and which phrases and which areas are taken out of it."""

Searched = tuple[bytes, str, Sequence[str]]
"""A file, its media type, and which phrases are looked for in it."""


def redact_all(
    files: Sequence[Asked],
    *,
    quality: Quality = QUALITY,
    limits: Limits = LIMITS,
    stopped: Stopped = lambda: False,
    done: Done = lambda number: None,
) -> list[Redacted]:
    """Return each file without its phrases, wherever they stand, and without its areas of pages;
    two are worked on at a time, each in a child of its own.

    A PDF gives a PDF, a picture the same type of picture, a text a text.  The same file, phrases
    and areas give the same bytes.  Raise, of the first file of which it is so, NotRedactable if it
    cannot be done for certain or NoSuchPage for an area of a page that is not there; WorkStopped
    once ``stopped``.
    """
    given = [
        (data, media_type, tuple(phrases), tuple(areas), quality)
        for data, media_type, phrases, areas in files
    ]
    try:
        found = in_children(
            working.redacted, given, limits=limits, most=1, stopped=stopped, done=done
        )
        return cast("list[Redacted]", _none_refused(found))
    except (WorkFailed, WorkTooLarge):
        raise NotRedactable(
            "The file is damaged, or takes more time or memory than one may: withhold it, or file"
            " a PDF that was printed from it, in parts if it is long."
        ) from None


def leaks_in(
    files: Sequence[Searched],
    *,
    limits: Limits = LIMITS,
    stopped: Stopped = lambda: False,
    done: Done = lambda number: None,
) -> list[tuple[Leak, ...]]:
    """Return where in each file which of its phrases still stand, as far as a program can tell.

    Of a PDF: in the text of its pages by two ways of reading it, in all that is written in any of
    its objects and streams, in earlier versions of it, and in its bytes.  Raise WorkFailed or
    WorkTooLarge if one could not be looked through: then nothing is proved.
    """
    given = [(data, media_type, tuple(phrases)) for data, media_type, phrases in files]
    found = in_children(leaking.found, given, limits=limits, stopped=stopped, done=done)
    return cast("list[tuple[Leak, ...]]", _none_refused(found))


def page_counts(
    files: Sequence[tuple[bytes, str]],
    *,
    limits: Limits = LIMITS,
    stopped: Stopped = lambda: False,
    done: Done = lambda number: None,
) -> list[int | None]:
    """Return how many pages each file has: 1 of a picture, None of what has no fixed pages or
    cannot be opened, such as a PDF with a password: it is given as it is, or withheld."""
    found = in_children(working.pages, files, limits=limits, stopped=stopped, done=done)
    return [None if isinstance(each, SendRecordsError) else each for each in found]


def _none_refused(found: list[object]) -> list[object]:
    for each in found:
        if isinstance(each, SendRecordsError):
            raise each
    return found
