"""The documents of a pack: read whole, redacted where it was decided, and proved to be so.

What was taken out of one must not be found in it again by any means that its receiver has; and what
was taken out everywhere must be found in none.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol
from uuid import UUID

import orjson

from send_records.disclosure.answer import Answer, GivenDocument
from send_records.disclosure.child import WorkFailed, WorkStopped, WorkTooLarge
from send_records.disclosure.cleaning import strings_in
from send_records.disclosure.document_texts import texts_of
from send_records.disclosure.redaction import (
    Redacted,
    Searched,
    leaks_in,
    page_counts,
    redact_all,
)
from send_records.documents import Documents
from send_records.errors import Damaged, RuleBroken, TooLarge

MOST = 600 * 1024 * 1024
"""Bytes of all documents of one pack: it is made in memory, for nothing of it may be in a file."""


class Working(Protocol):
    """By which whoever works says how far it is, and is told to stop: see ``jobs``."""

    def at(self, stage: str, done: int, total: int) -> None:
        """Say what is being done, and how many of how many steps of it are."""
        ...

    def stopped(self) -> bool:
        """Whether nobody wants it any more."""
        ...


class TooMuchAtOnce(TooLarge):
    """A pack holds documents of 600 MB at most: answer in parts, or withhold what is not theirs."""


class PageNotRead(RuleBroken):
    """Where nobody can look for words, such as on a scan, a person says which areas are taken out;
    else what was decided on would be given."""

    basis = "Data Protection Act 2018 Sch 2 para 16; UK GDPR Art 5(1)(f)"


class WordsNotFound(RuleBroken):
    """Words that are to be taken out of a document stand in it: if they do not, something else was
    meant, and would be given."""


class WordsStillGiven(RuleBroken):
    """What was taken out of one item is not given in a document: take it out there too, or withhold
    the document."""

    basis = "Data Protection Act 2018 Sch 2 para 16; UK GDPR Art 5(1)(f)"


class NotLookedThrough(RuleBroken):
    """A document is given whole where words were taken out of others only once it was looked
    through for them: file one without a password, or withhold it."""

    basis = "Data Protection Act 2018 Sch 2 para 16; UK GDPR Art 5(1)(f)"


class RedactionLeaks(Damaged):
    """Words that were taken out could still be found in what was made: nobody is given it."""


def require_size(sizes: Iterable[int]) -> None:
    """Raise TooMuchAtOnce for documents that together are too large."""
    if (size := sum(sizes)) > MOST:
        raise TooMuchAtOnce(f"The documents are {size // 1024**2:,} MB together: 600 is the most.")


def content_of(documents: Documents, pupil_id: UUID, document_id: UUID) -> bytes:
    """Return a document as it was filed, whole; raise ContentDamaged, NotFound or Erased."""
    return b"".join(documents.content(pupil_id, document_id).pieces)


def pages_of(
    contents: Mapping[UUID, bytes], types: Mapping[UUID, str], working: Working
) -> dict[UUID, int | None]:
    """Return how many pages each document has; None where that cannot be told."""
    files = [(data, types[document_id]) for document_id, data in contents.items()]

    def done(number: int) -> None:
        going_on(working, "counting_pages", number, len(files))

    done(0)
    counted = page_counts(files, stopped=working.stopped, done=done)
    return dict(zip(contents, counted, strict=True))


def going_on(working: Working, stage: str, done: int, total: int) -> None:
    """Say how far the work is; raise WorkStopped if nobody wants it any more."""
    working.at(stage, done, total)
    if working.stopped():
        raise WorkStopped("It was stopped.")


def given_files(
    answer: Answer, contents: Mapping[UUID, bytes], working: Working
) -> tuple[tuple[GivenDocument, ...], dict[str, bytes]]:
    """Return the documents that are given, and their files by name, redacted and proved.

    Raise PageNotRead, WordsNotFound, WordsStillGiven, NotRedactable or RedactionLeaks, each saying
    of which document, and none of which words.
    """
    made = _redacted(answer, contents, working)
    given, files = list[GivenDocument](), dict[str, bytes]()
    for each in answer.documents:
        data = contents[each.document.row.document_id]
        if each.redacted:
            result = made[each.name]
            _require_taken_out(each, result)
            each, data = _as_made(each, result), result.data
        given.append(each)
        files[each.name] = data
    _require_clean(given, files, answer.phrases, working)
    return tuple(given), files


def _redacted(
    answer: Answer, contents: Mapping[UUID, bytes], working: Working
) -> dict[str, Redacted]:
    """Return by their names the documents of which something is taken out, without it."""
    some = [each for each in answer.documents if each.redacted]

    def done(number: int) -> None:
        going_on(working, "redacting", number, len(some))

    done(0)
    asked = [
        (contents[row.document_id], row.media_type, each.phrases, each.areas)
        for each in some
        for row in [each.document.row]
    ]
    made = redact_all(asked, stopped=working.stopped, done=done)
    return {each.name: one for each, one in zip(some, made, strict=True)}


def _as_made(each: GivenDocument, made: Redacted) -> GivenDocument:
    """Return a document under the name that its new type has."""
    row = each.document.row
    if made.media_type == row.media_type:
        return each
    name = each.name.rpartition(".")[0] + ".pdf"
    row = row.model_copy(update={"media_type": made.media_type})
    return replace(each, name=name, document=replace(each.document, row=row, pages=made.pages))


def _require_taken_out(each: GivenDocument, made: Redacted) -> None:
    if made.unread:
        pages = ", ".join(map(str, made.unread))
        raise PageNotRead(f"Say which areas of {each.name} are taken out: page {pages} has no text")
    lacking = [number for number, times in enumerate(made.found.values(), start=1) if not times]
    if lacking:
        which = ", ".join(map(str, lacking))
        raise WordsNotFound(
            f"Of the words to be taken out of {each.name}, no. {which} is not in it."
        )


def _require_clean(
    given: Sequence[GivenDocument],
    files: Mapping[str, bytes],
    everywhere: tuple[str, ...],
    working: Working,
) -> None:
    some = [each for each in given if each.phrases or everywhere]

    def done(number: int) -> None:
        going_on(working, "looking_through", number, len(some))

    done(0)
    searched = [
        (files[each.name], each.document.row.media_type, (*each.phrases, *everywhere))
        for each in some
    ]
    try:
        looked = leaks_in(searched, stopped=working.stopped, done=done)
    except (WorkFailed, WorkTooLarge):
        raise _not_looked_through(some, searched) from None
    for each, found in zip(some, looked, strict=True):
        for leak in found:
            if leak.phrase_number <= len(each.phrases):
                raise RedactionLeaks(f"Words are left in {each.name}: {leak.where}.")
        if found:
            raise WordsStillGiven(
                f"What was taken out elsewhere is in {each.name}, {found[0].where}."
            )


def _not_looked_through(some: Sequence[GivenDocument], searched: Sequence[Searched]) -> Exception:
    """Return the refusal that names the first document through which nobody could look."""
    for each, one in zip(some, searched, strict=True):
        try:
            leaks_in([one])
        except (WorkFailed, WorkTooLarge):
            return NotLookedThrough(f"{each.name} cannot be opened, or takes too long to read.")
    return NotLookedThrough("A document cannot be opened, or takes too long to read.")


def require_clean_own(
    name: str, pdf: bytes, data: Mapping[str, bytes], answer: Answer, working: Working
) -> None:
    """Raise RedactionLeaks if anything that was taken out, and is given nowhere, is in what we make
    ourselves: in what the pages say, or the data beside them."""
    phrases = (*answer.phrases, *answer.kept_back)
    if not phrases:
        return
    pages = texts_of(pdf, "application/pdf", stopped=working.stopped) or ()
    said = {name: "\n".join(pages)} | {each: _said(each, data[each]) for each in data}
    searched = [(text.encode(), "text/plain", phrases) for text in said.values()]
    looked = leaks_in(searched, stopped=working.stopped)
    for each, found in zip(said, looked, strict=True):
        if found:
            raise RedactionLeaks(f"Words are left in {each}.")


def _said(name: str, content: bytes) -> str:
    """Return what a file of data says, as it was before it was written as JSON."""
    if name.endswith(".json"):
        return "\n".join(strings_in(orjson.loads(content)))
    return content.decode()
