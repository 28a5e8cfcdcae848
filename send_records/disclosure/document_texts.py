"""What documents say, page by page, for whoever looks through them for names; in a process of its
own, for others wrote them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from typing import cast
from uuid import UUID

import docx
from docx.document import Document
from docx.table import Table

from send_records.disclosure.batches import in_children
from send_records.disclosure.child import Limits, WorkFailed, WorkTooLarge, in_child
from send_records.disclosure.redaction.outcome import NotRedactable
from send_records.disclosure.redaction.reading import opened

LIMITS = Limits(seconds=60.0, megabytes=1_024)

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def texts_of(
    data: bytes, media_type: str, *, stopped: Callable[[], bool] = lambda: False
) -> tuple[str, ...] | None:
    """Return what each page of a document says; of a text, or a Word file, all of it as one.

    None where it cannot be told: of pictures and other types, and of what is damaged, closed by a
    password, or takes too long.  A person reads those without suggestions.  Raise WorkStopped.
    """
    try:
        found = in_child(read, data, media_type, limits=LIMITS, stopped=stopped)
    except (WorkFailed, WorkTooLarge, NotRedactable):
        return None
    return cast("tuple[str, ...] | None", found)


def texts_of_all(
    files: Mapping[UUID, tuple[bytes, str]], *, stopped: Callable[[], bool] = lambda: False
) -> dict[UUID, tuple[str, ...]]:
    """Return what ``texts_of`` returns of files, by their media types, where it can be told."""
    found = in_children(read, list(files.values()), limits=LIMITS, stopped=stopped)
    said = zip(files, found, strict=True)
    return {each: texts for each, texts in said if isinstance(texts, tuple)}


def read(data: bytes, media_type: str) -> tuple[str, ...] | None:
    """Do as ``texts_of`` says, in the child."""
    if media_type == "application/pdf":
        with opened(data) as pdf:
            return tuple(page.get_textpage().get_text_range() for page in pdf)
    if media_type == "text/plain":
        return (data.decode("utf-8", errors="replace"),)
    if media_type == WORD:
        return ("\n".join(_said(docx.Document(io.BytesIO(data)))),)
    return None


def _said(document: Document) -> Iterator[str]:
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                yield "\t".join(cell.text for cell in row.cells)
        else:
            yield block.text
