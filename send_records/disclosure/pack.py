"""The pack: all that is handed over, in one zip, with what proves it to somebody who has neither
our database nor our program.

    README.txt                      what it is, and how to check it
    record.pdf, or bundle.pdf       for people to read
    documents/                      the documents that are given, those that were redacted so
    data/                           the same as data: record.json and tables; not of a bundle
    proof/extract.json              the entries, with what opens them and their place in the log
    proof/verify_pack.py            checks the pack, with verify_extract.py beside it
    proof/manifest.json, .note      every file, block and page; and the note that signs it

Of the same contents it is the same to the byte, on another machine and in another year too: so it
is stored without compression, which is not the same with every release of zlib.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.resources import files as resources

from send_records.disclosure.answer import Answer
from send_records.disclosure.extract import VERIFIER as EXTRACT_VERIFIER
from send_records.disclosure.extract import Way
from send_records.disclosure.manifest import PackContents, Page, as_json, manifest, note
from send_records.disclosure.readme import readme
from send_records.disclosure.tables import data_files
from send_records.errors import Invalid
from send_records.store.notes import Signer

__all__ = ["NameNotPortable", "PackContents", "Page", "pack", "ways_of", "zipped"]

VERIFIER = resources("send_records.disclosure").joinpath("verify_pack.py")
"""What the receiver runs on it, beside ``verify_extract.py``."""

MANIFEST, NOTE = "proof/manifest.json", "proof/manifest.note"

LONGEST = 200
"""Bytes of a document's name: some file systems have no room for more than 255."""

RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices."""


class NameNotPortable(Invalid):
    """A document's name could not be a file's on every machine, or is another's in capitals."""


def pack(contents: PackContents, signer: Signer) -> bytes:
    """Return the zip that is handed over; ``signer`` has the trust's key for packs.

    Raise NameNotPortable; PackIncomplete if the contents do not fit one another.
    """
    require_portable([contents.pdf[0], *contents.documents])
    files = {"README.txt": b"", contents.pdf[0]: contents.pdf[1]}
    for name in sorted(contents.documents):
        files[f"documents/{name}"] = contents.documents[name]
    files |= data_files(contents)
    files["proof/extract.json"] = as_json(contents.extract)
    files["proof/verify_pack.py"] = VERIFIER.read_bytes()
    files["proof/verify_extract.py"] = EXTRACT_VERIFIER.read_bytes()
    files["README.txt"] = readme(contents, files)
    files[MANIFEST] = manifest(contents, files)
    files[NOTE] = note(contents, files[MANIFEST], signer).encode()
    return zipped(files, contents.known_at)


def ways_of(answer: Answer) -> dict[int, Way]:
    """Return how much an extract is to tell of each entry that is given, by position: of all others
    it tells nothing."""
    return {
        given.entry.position: Way.CLOSED if given.redacted else Way.OPENED
        for given in answer.entries
    }


def zipped(files: Mapping[str, bytes], at: datetime | None) -> bytes:
    """Return a zip of the files in their order: stored, all of one moment, in UTC (of 1980 if none
    is said) and to two seconds, and to be read by everybody."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, dated(at))
            info.create_system, info.external_attr = 3, 0o100644 << 16
            archive.writestr(info, data)
    return out.getvalue()


def dated(at: datetime | None) -> tuple[int, int, int, int, int, int]:
    """Return a moment as a zip can tell it: from 1980, to two seconds."""
    if at is None or (utc := at.astimezone(UTC)).year < 1980:
        return 1980, 1, 1, 0, 0, 0
    return utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second & ~1


def require_portable(names: Iterable[str]) -> None:
    """Raise NameNotPortable unless each is a name wherever it is unpacked, and of one file."""
    seen: set[str] = set()
    for name in names:
        plain = name.isprintable() and not set(name) & set('/\\:*?"<>|')
        if not plain or name.strip(" .") != name or not 1 <= len(name.encode()) <= LONGEST:
            raise NameNotPortable("A file of a pack has a plain name, and no folder in it.")
        if RESERVED.fullmatch(name) or name.casefold() in seen:
            raise NameNotPortable("A file of a pack has a name of its own.")
        seen.add(name.casefold())
