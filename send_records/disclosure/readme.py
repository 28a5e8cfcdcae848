"""README.txt of a pack: what it is, how to check it, and what a good result does not say."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping

from send_records.disclosure.manifest import PackContents, told

WIDTH = 78

PURPOSES = {
    "subject_access": "the answer to a request for a copy of a pupil's record (UK GDPR Art 15)",
    "handover": "a pupil's SEND record, handed over to the next school",
    "la_advice": "information and advice about a pupil that a local authority asked for",
    "discrimination_claim": "the bundle of a disability discrimination claim to the tribunal",
    "evidence": "evidence in an appeal to the tribunal",
}

FILES = {
    "record.pdf": "the record, to be read",
    "bundle.pdf": "the bundle, to be read",
    "documents/": "the documents that are given, each a file",
    "data/record.json": "the same as data, for a program; it says at its beginning what is what",
    "data/*.csv": "tables of the same, for a spreadsheet",
    "proof/": "what shows that it comes from the trust's log, and the programs that check it",
}

CSV = (
    "In the tables a cell that begins with = + - @, a tab or a new line has an apostrophe before "
    "it, so that no spreadsheet takes it for a formula.  The apostrophe is not part of what was "
    "recorded; record.json is without it."
)

REDACTED = (
    "Where words were taken out there is a black bar of one length.  Of an entry from which words "
    "were taken out, the proof shows what it is, when and by whom it was recorded, but not its "
    "words; of one that was withheld whole it shows only that something has that place in the log."
)

CHECK = (
    "Whether anything in it was changed since it left the trust can be checked without the trust, "
    "and without the internet, with Python 3.9 or later and its package cryptography (pip install "
    "cryptography).  In the folder into which you unpacked it, or with the zip's name in place of "
    "the dot:"
)

KEYS = (
    "The keys are the trust's public ones.  Take them from elsewhere than this pack: the trust's "
    "website, or a letter.  A forger's pack would bring a forger's keys, and a forger's program "
    "too: if much hangs on it, take verify_pack.py and verify_extract.py from elsewhere as well."
)

LIMITS = (
    "A good result says that the trust made this pack, that nothing in it was changed since, and "
    "that every entry in it stands in the trust's log as it was recorded then.  It does not say "
    "that what was recorded is true, nor that the pack holds all there is: parts may be withheld, "
    "and more may have been recorded since."
)


def readme(contents: PackContents, files: Mapping[str, bytes]) -> bytes:
    """Return the file, of lines of 78 characters at most that Windows ends as it does."""
    return "\r\n".join(_lines(contents, files)).encode()


def _lines(contents: PackContents, files: Mapping[str, bytes]) -> Iterator[str]:
    what = PURPOSES.get(contents.purpose, "a part of a pupil's SEND record")
    yield from _paragraph(f"This is {what}, made by {contents.trust}.")
    yield from _paragraph(f"It is about pupil {contents.pupil_id}.  {_extent(contents)}")
    yield "WHAT IS IN IT"
    yield from _present(files)
    if contents.answer is not None:
        yield from _paragraph(CSV)
    yield from _paragraph(REDACTED)
    yield "HOW TO CHECK IT"
    yield from _paragraph(CHECK)
    trust = contents.trust
    yield f"    python proof/verify_pack.py . --key {trust}/packs+... --key {trust}/events+..."
    yield ""
    yield from _paragraph(KEYS)
    yield "WHAT A GOOD RESULT DOES NOT SAY"
    yield from _paragraph(LIMITS)


def _extent(contents: PackContents) -> str:
    cut, entries = contents.cut, len(told(contents.extract))
    upto = f"position {cut.position} of the trust's log"
    days = "" if cut.as_of is None else f", and what had happened by {cut.as_of:%d %B %Y}"
    return f"It is of the record up to {upto}{days}: {entries} entries are given, whole or in part."


def _present(files: Mapping[str, bytes]) -> Iterator[str]:
    for name, what in FILES.items():
        stem = name.removesuffix("*.csv")
        if any(file.startswith(stem) for file in files):
            yield f"    {name:<18}{what}"
    yield ""


def _paragraph(text: str) -> Iterable[str]:
    return [*textwrap.wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False), ""]
