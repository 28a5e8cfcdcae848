"""Check a pack of a pupil's SEND record, away from the trust that made it.

This one file needs Python 3.9 or later, the package ``cryptography``, and ``verify_extract.py`` in
the same folder, which says how the trust's log is built and proved; nothing of the trust's besides.
What it relies on is written in the two of them, so that anybody can write a verifier of their own.

The pack.  A zip, or the folder that it was unpacked into, of these files and no others:

    README.txt
    record.pdf or bundle.pdf
    documents/<name>            any number
    data/record.json            and tables, data/<name>.csv; none of them in a bundle
    proof/extract.json          an extract, "send-records/extract/2", as verify_extract.py tells
    proof/verify_pack.py, proof/verify_extract.py
    proof/manifest.json
    proof/manifest.note

The manifest.  UTF-8 JSON of at most 100 MB, no name twice, no name but these, hashes SHA-256: in
lower-case hexadecimal for files and blocks, in base64 for the root:

    {"format": "send-records/pack/1", "trust", "pupil_id", "purpose", "preparation_id" (or null),
     "position": up to where in the trust's log the record was looked at, "accesses": likewise in
       the log of who read it, "as_of": a day by which what it tells had happened (or null),
     "known_at": when the last entry was recorded that is given (or null),
     "checkpoint": {"size", "root"}, of the log, the one in the extract,
     "files": [{"name", "size", "sha256", "blocks": of each 65,536 bytes and of the rest,
       "pages": how many pages the PDF has; null for all other files}],
     "pages": [{"file", "page": from 1, "label": as it is printed, "entries": positions in the log,
       "document": the name of the file of which it is a page (or null)}],
     "entries": [{"position", "redacted", "pages": numbers of those that it stands on}]}

``files`` are all files but the manifest and its note; ``pages`` every page of the PDF, in order;
``entries`` those of the extract that are not opaque, the redacted ones being closed there.

The note.  A signed note, by the key <trust>/packs, of six lines: the name of the key, the format
of the manifest, base64 of the manifest's SHA-256, the position, and the checkpoint's size and root.

The data.  ``data/record.json`` has, for each of the manifest's entries in order, the "version",
"position", "event", "recorded_at" and "redacted" of it, and as "recorded" what the entry's secret
opens, the clear fields and the words in one object; of a redacted entry less what was taken out.
For each file in documents/ it has "file", "sha256", "redacted", and "position" of the entry that
filed it; what that entry recorded as its "sha256" is that of the file, unless it is redacted.

The zip.  As the trust writes it: in the order of ``files``, then the manifest and its note, all
stored, of version 2.0, made on Unix, of mode 100644, at ``known_at`` in UTC cut to two seconds (of
1980-01-01 without one), without extra fields or comments.  One that was packed anew is noted, and
as good as the first, for its files are proved one by one.

What a good result does not say: that what was recorded is true, that the pack holds all there is
(what is withheld it counts at most), that the words of a redacted entry that are left are those
that were sealed, nor that a page shows what the entries on it say: that the trust vouches for.
And it says nothing at all if the verifier is the forger's own: take it from elsewhere.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import importlib.util
import io
import json
import os
import re
import stat
import struct
import sys
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO
from uuid import UUID


def beside(name: str) -> Any:
    """Return the module in the file of that name beside this one, and from nowhere else."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".py")
    spec = importlib.util.spec_from_file_location(name, path)
    if not os.path.isfile(path) or spec is None or spec.loader is None:
        sys.stderr.write(f"This needs {name}.py in its own folder.\n")
        raise SystemExit(2)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    quiet, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # no file more in the pack
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = quiet
    return module


if TYPE_CHECKING:
    from send_records.disclosure import verify_extract as extracts
else:
    extracts = beside("verify_extract")

FORMAT = "send-records/pack/1"
MANIFEST, NOTE = "proof/manifest.json", "proof/manifest.note"
EXTRACT, RECORD = "proof/extract.json", "data/record.json"
BLOCK = 65_536
MOST_FILES, MOST_PACK, MOST_MANIFEST = 20_000, 4_000_000_000, 100_000_000
MOST_SWOLLEN = 100  # times, that a zip may grow when it is unpacked: text grows by ten

ABOUT = """Says whether a pack of a pupil's SEND record is as the trust made it: that the trust
signed its manifest, that every file is there and unchanged, to the block, and every page told of,
that the entries in it stand in the trust's log, and that the data say of them what was recorded
then.  Give it the trust's public keys as you had them from elsewhere than the pack (its website,
a letter).  Name the zip, or the folder it was unpacked into; without a name it checks the folder
that it lies in.  It connects to nothing, unpacks nothing and changes nothing.  It ends with 0 if
all is good, 1 if there are findings, and 2 if the pack cannot be checked."""

NO_KEYS = (
    "no key was given.  The keys inside a pack come from whoever made it, so they cannot show that "
    "the trust did.  Give the trust's own keys: --key VKEY for each (or --enclosed-keys, to see "
    "only whether the pack agrees with itself)"
)


@dataclass(frozen=True)
class Finding(extracts.Finding):
    """One thing to tell, of a file or of an entry's position.

    Grave kinds, beside those of an extract: note, manifest, missing, extra, changed, pages,
    position, entries, record, documents, extract.  Notes, beside those: repacked.
    """

    file: str | None = None


# The manifest


def hexadecimal(value: Any) -> bytes:
    """Read a SHA-256, written the one right way."""
    if not re.fullmatch("[0-9a-f]{64}", extracts.text(value)):
        raise ValueError("not a SHA-256 in lower-case hexadecimal")
    return bytes.fromhex(value)


def count(value: Any) -> int:
    """Read a whole number from 0 up."""
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError("not a whole number from 0")
    return value


def yes_or_no(value: Any) -> bool:
    """Read true or false."""
    if type(value) is not bool:
        raise ValueError("neither true nor false")
    return value


def day(value: Any) -> date:
    """Read a day, written the one right way."""
    if (found := date.fromisoformat(extracts.text(value))).isoformat() != value:
        raise ValueError("not a day")
    return found


def or_null(read: Any, value: Any) -> Any:
    """Read null, or what it is otherwise."""
    return None if value is None else read(value)


def of_pack(value: Any) -> str:
    """Read the name of a file, which must be one wherever the pack is unpacked."""
    if why := unsafe(name := str(extracts.text(value))):
        raise ValueError(f"a file has a name that {why}")
    return name


def unsafe(name: str) -> str:
    """Say why a name may not be that of a file in a pack; nothing if it may."""
    parts = name.split("/")
    if not name.isprintable() or not name or len(name.encode("utf-8", "replace")) > 255:
        return "is empty, too long or cannot be printed"
    if name[0] == "/" or set(name) & set('\\:*?"<>|'):
        return "begins at the root of a disk, or has signs in it that no name has everywhere"
    if any(part.strip(" .") != part or not part for part in parts):
        return "leads out of the pack, or is read differently on different machines"
    return ""


by, many, read_as = extracts.by, extracts.many, extracts.read_as
POSITION = by(extracts.whole, 64)
POSITIONS = by(many, partial(extracts.whole, 64), 0, 1_000_000)


@dataclass(frozen=True)
class Head:
    """Which state of the log it is of."""

    size: int = field(metadata=POSITION)
    root: bytes = field(metadata=by(extracts.HASH))


@dataclass(frozen=True)
class FileOf:
    """A file of the pack."""

    name: str = field(metadata=by(of_pack))
    size: int = field(metadata=by(count))
    sha256: bytes = field(metadata=by(hexadecimal))
    blocks: list[bytes] = field(metadata=by(many, hexadecimal, 0, MOST_PACK // BLOCK))
    pages: int | None = field(metadata=by(or_null, count))


@dataclass(frozen=True)
class PageOf:
    """A page of the PDF."""

    file: str = field(metadata=by(of_pack))
    page: int = field(metadata=POSITION)
    label: str = field(metadata=by(extracts.text))
    entries: list[int] = field(metadata=POSITIONS)
    document: str | None = field(metadata=by(or_null, of_pack))


@dataclass(frozen=True)
class EntryOf:
    """An entry that is given, whole or in part."""

    position: int = field(metadata=POSITION)
    redacted: bool = field(metadata=by(yes_or_no))
    pages: list[int] = field(metadata=POSITIONS)


@dataclass(frozen=True)
class Manifest:
    """The whole manifest."""

    format: str = field(metadata=by(extracts.text))
    trust: str = field(metadata=by(extracts.key_name))
    pupil_id: UUID = field(metadata=by(extracts.uuid))
    purpose: str = field(metadata=by(extracts.text))
    preparation_id: UUID | None = field(metadata=by(or_null, extracts.uuid))
    position: int = field(metadata=POSITION)
    accesses: int = field(metadata=by(count))
    as_of: date | None = field(metadata=by(or_null, day))
    known_at: datetime | None = field(metadata=by(or_null, extracts.instant))
    checkpoint: Head = field(metadata=by(read_as, Head))
    files: list[FileOf] = field(metadata=by(many, partial(read_as, FileOf), 1, MOST_FILES))
    pages: list[PageOf] = field(metadata=by(many, partial(read_as, PageOf), 0, 1_000_000))
    entries: list[EntryOf] = field(metadata=by(many, partial(read_as, EntryOf), 0, 1_000_000))


def read_manifest(data: bytes) -> Manifest:
    """Read a manifest; raise Unreadable unless it has exactly the form told above."""
    try:
        value = extracts.read_json(data)
        if isinstance(value, dict) and value.get("format") != FORMAT:
            raise ValueError(f"its format is not {FORMAT}, the one that is known here")
        manifest: Manifest = read_as(Manifest, value)
        names = [one.name.casefold() for one in manifest.files]
        if len({*names, MANIFEST, NOTE}) != len(names) + 2:
            raise ValueError("a file is there twice, or is the manifest or its note")
        return manifest
    except ValueError as error:
        raise extracts.Unreadable(f"{MANIFEST} does not have the form it should: {error}") from None


# Where the files are; nothing is unpacked


class Folder:
    """A folder that a pack was unpacked into."""

    def __init__(self, path: str) -> None:
        """Look what is there; raise Unreadable if something is no plain file."""
        self.paths: dict[str, str] = {}
        self.sizes: dict[str, int] = {}
        for root, folders, names in os.walk(path, followlinks=False):
            for one in folders + names:
                full = os.path.join(root, one)
                name = os.path.relpath(full, path).replace(os.sep, "/")
                found = os.lstat(full)
                if stat.S_ISDIR(found.st_mode):
                    continue
                if not stat.S_ISREG(found.st_mode):
                    raise extracts.Unreadable(f"{name} is no plain file, but leads elsewhere")
                self.paths[name], self.sizes[name] = full, found.st_size
        require_moderate(len(self.sizes), sum(self.sizes.values()))

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield a file's bytes, block by block."""
        with open(self.paths[name], "rb") as file:
            while piece := file.read(BLOCK):
                yield piece


LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s4B4H3L5H2L")
END = struct.Struct("<4s4H2LH")
DAWN = datetime(1980, 1, 1)  # noqa: DTZ001 - of zip files, which know no zone


class Zip:
    """A zip; its own check sums are passed over, for the manifest's say more."""

    def __init__(self, file: BinaryIO) -> None:
        """Look what is in it; raise Unreadable for whatever two readers could take differently."""
        self.file = file
        try:
            with zipfile.ZipFile(file) as archive:
                found = archive.infolist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, struct.error):
            raise extracts.Unreadable("it is not a zip, or not whole") from None
        self.length = self.file.seek(0, os.SEEK_END)
        self.infos: dict[str, zipfile.ZipInfo] = {}
        for info in found:
            self._take(info)
        self.sizes = {name: info.file_size for name, info in self.infos.items()}
        require_moderate(len(found), sum(self.sizes.values()), self.length)
        self.starts = {name: self._start(info) for name, info in self.infos.items()}
        self._require_apart()

    def _take(self, info: zipfile.ZipInfo) -> None:
        name = info.orig_filename
        kind = stat.S_IFMT(info.external_attr >> 16)
        if info.flag_bits & 1:
            encrypted = "it is encrypted: open it with its passphrase first, then name the folder"
            raise extracts.Unreadable(encrypted)
        if name.endswith("/") and not info.file_size and not unsafe(name[:-1]):
            return  # a folder, as other programs pack them
        if why := unsafe(name):
            raise extracts.Unreadable(f"a file in it has a name that {why}")
        if kind not in (0, stat.S_IFREG) or info.compress_type not in (0, zipfile.ZIP_DEFLATED):
            raise extracts.Unreadable(f"{name} is no plain file, or packed in an unusual way")
        if not info.compress_type and info.file_size != info.compress_size:
            raise extracts.Unreadable(f"{name} has two sizes")
        if name.casefold() in {one.casefold() for one in self.infos}:
            raise extracts.Unreadable(f"{name} is in it twice")
        self.infos[name] = info

    def _start(self, info: zipfile.ZipInfo) -> int:
        """Return where the bytes of a file begin; raise Unreadable if its two names differ."""
        self.file.seek(info.header_offset)
        head = self.file.read(LOCAL.size)
        if len(head) == LOCAL.size and head[:4] == b"PK\x03\x04":
            flags, name_size, more = (int(LOCAL.unpack(head)[at]) for at in (2, 9, 10))
            coding = "utf-8" if flags & 0x800 else "cp437"
            name = self.file.read(name_size).decode(coding, "replace")
            if name == info.orig_filename and not flags & 1:
                return info.header_offset + LOCAL.size + name_size + more
        raise extracts.Unreadable(f"{info.orig_filename} is not where the zip says it is")

    def _require_apart(self) -> None:
        end = 0
        for name, info in sorted(self.infos.items(), key=lambda one: one[1].header_offset):
            if info.header_offset < end:
                raise extracts.Unreadable(f"{name} and another file in it are the same bytes")
            end = self.starts[name] + info.compress_size
        if end > self.length:
            raise extracts.Unreadable("it is not a zip, or not whole")

    def pieces(self, name: str) -> Iterator[bytes]:
        """Yield a file's bytes, block by block, as far as they can be unpacked; one byte more than
        its size if there are more."""
        kept, left = b"", self.sizes[name] + 1
        for made in self._unpacked(name):
            kept, left = kept + made[:left], left - len(made[:left])
            while len(kept) >= BLOCK:
                yield kept[:BLOCK]
                kept = kept[BLOCK:]
            if not left:
                break
        if kept:
            yield kept

    def _unpacked(self, name: str) -> Iterator[bytes]:
        if not self.infos[name].compress_type:
            yield from self._packed(name)
            return
        unpack = zlib.decompressobj(-zlib.MAX_WBITS)
        with suppress(zlib.error):
            for piece in self._packed(name):
                made = unpack.decompress(piece, BLOCK)
                while made:
                    yield made
                    made = unpack.decompress(unpack.unconsumed_tail, BLOCK)

    def _packed(self, name: str) -> Iterator[bytes]:
        at, left = self.starts[name], self.infos[name].compress_size
        while left:
            self.file.seek(at)
            piece = self.file.read(min(BLOCK, left))
            if not piece:
                return
            yield piece
            at, left = at + len(piece), left - len(piece)


def require_moderate(files: int, size: int, packed: int | None = None) -> None:
    """Raise Unreadable for more than a pack can be, or a zip that swells as none does."""
    if files > MOST_FILES or size > MOST_PACK:
        raise extracts.Unreadable("it has more files, or larger ones, than a pack can have")
    if packed is not None and size > MOST_SWOLLEN * packed:
        raise extracts.Unreadable("it would swell, unpacked, as no pack does")


Source = Any
"""A Folder or a Zip."""


def read(source: Source, name: str, most: int) -> bytes:
    """Return a whole file; raise Unreadable if it is not there or too large."""
    if name not in source.sizes:
        raise extracts.Unreadable(f"there is no {name} in it: it is no pack, or not whole")
    if source.sizes[name] > most:
        raise extracts.Unreadable(f"{name} is larger than {most:,} bytes")
    return b"".join(source.pieces(name))


# The checks


@dataclass
class Report:
    """What came of it all."""

    manifest: Manifest | None = None
    log: Any = None
    checks: list[Any] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def add(self, what: str, number: int, findings: Iterable[Finding]) -> None:
        """Take in the result of one check."""
        found = list(findings)
        self.findings += found
        wrong = sum(one.grave for one in found)
        self.checks.append(extracts.Check(what, number, wrong))

    def told(self, *, grave: bool) -> list[Finding]:
        """Return the findings, or else the notes: files first, then by position."""
        chosen = [one for one in self.findings if one.grave is grave]
        return sorted(chosen, key=lambda one: (one.position is not None, one.position or 0))

    @property
    def status(self) -> int:
        """0 if all is good, 1 if there are findings."""
        return int(bool(self.told(grave=True)))


@dataclass(frozen=True)
class Signed:
    """What the note says."""

    trust: str
    sha256: bytes
    position: int
    head: Head


def read_note(note: bytes, keys: Sequence[Any]) -> Signed:
    """Return what the note says; raise NotGenuine if no key for packs signed it, or not that."""
    try:
        lines = extracts.signed_lines(note.decode(), keys)
        origin, form, manifest, position, size, root = lines
        trust, _, kind = origin.rpartition("/")
        if kind != "packs" or form != FORMAT:
            raise ValueError("of something else")
        head = Head(extracts.decimal(size), extracts.HASH(root))
        return Signed(trust, extracts.HASH(manifest), extracts.decimal(position), head)
    except UnicodeDecodeError:
        raise extracts.NotGenuine("it is not text") from None
    except ValueError:
        raise extracts.NotGenuine("it is signed, but not as the note of a pack") from None


def note_findings(
    data: bytes, source: Source, keys: Sequence[Any], manifest: Manifest | None
) -> Iterator[Finding]:
    """Yield why the manifest is not one that the trust signed."""
    packs = [key for key in keys if key.name.endswith("/packs")]
    if not packs:
        raise extracts.Unreadable("no key of the trust's for packs, <trust>/packs+..., was given")
    if NOTE not in source.sizes:
        lacking = "it is missing: nothing shows that the trust made this pack"
        yield Finding("note", lacking, file=NOTE)
        return
    try:
        signed = read_note(read(source, NOTE, extracts.MOST_NOTE), packs)
    except extracts.NotGenuine as error:
        if manifest and not any(key.name == f"{manifest.trust}/packs" for key in packs):
            lacking = f"no key of {manifest.trust}/packs was given, which this needs"
            raise extracts.Unreadable(lacking) from None
        yield Finding("note", f"{error}", file=NOTE)
        return
    if signed.sha256 != hashlib.sha256(data).digest():
        yield Finding("manifest", "it is not the manifest that the trust signed", file=MANIFEST)
    if manifest and signed.trust != manifest.trust:
        yield Finding("note", f"it is signed by {signed.trust}, not by the trust named", file=NOTE)
    if manifest and signed.position != manifest.position:
        wrong = f"the manifest says {manifest.position}, what was signed says {signed.position}"
        yield Finding("position", wrong, file=MANIFEST)
    if manifest and signed.head != manifest.checkpoint:
        yield Finding(
            "manifest", "it names another state of the log than was signed", file=MANIFEST
        )


def spans(numbers: Sequence[int], size: int) -> str:
    """Write which bytes the blocks of these numbers, from 0, are."""
    written, first = [], 0
    while first < len(numbers):
        last = first
        while last + 1 < len(numbers) and numbers[last + 1] == numbers[last] + 1:
            last += 1
        start, end = numbers[first] * BLOCK, min((numbers[last] + 1) * BLOCK, size)
        blocks = f"{numbers[first] + 1}" + f" to {numbers[last] + 1}" * (last > first)
        written.append(f"bytes {start:,} to {end - 1:,} (block {blocks})")
        first = last + 1
    return ", ".join(written[:5]) + ", and more" * (len(written) > 5)


def file_findings(source: Source, file: FileOf) -> Iterator[Finding]:
    """Yield how a file is not as it was."""
    if file.name not in source.sizes:
        yield Finding("missing", "it is not there", file=file.name)
        return
    whole, blocks, size = hashlib.sha256(), [], 0
    for piece in source.pieces(file.name):
        whole.update(piece)
        blocks.append(hashlib.sha256(piece).digest())
        size += len(piece)
    if size == file.size and whole.digest() == file.sha256 and blocks == file.blocks:
        return
    changed = [n for n, one in enumerate(file.blocks) if blocks[n : n + 1] != [one]]
    where = f": {spans(changed, max(size, file.size))}" if changed else ""
    length = "" if size == file.size else f"; it has {size:,} bytes and had {file.size:,}"
    yield Finding("changed", f"it is not as it was{where}{length}", file=file.name)


def extra_findings(source: Source, manifest: Manifest) -> Iterator[Finding]:
    """Yield what is there besides."""
    due = {one.name for one in manifest.files} | {MANIFEST, NOTE}
    for name in sorted(source.sizes.keys() - due):
        yield Finding("extra", "it is not of this pack: nobody vouches for it", file=name)


def page_findings(manifest: Manifest) -> Iterator[Finding]:
    """Yield which pages are not told of, or not in their place, or not as the entries say."""
    names = {one.name for one in manifest.files}
    for file in manifest.files:
        if file.pages is not None:
            numbers = [page.page for page in manifest.pages if page.file == file.name]
            yield from run_findings(file.name, numbers, file.pages)
    bound = {one.name for one in manifest.files if one.pages is not None}
    for page in manifest.pages:
        named = f"page {page.page}, labelled {page.label!r}"
        if page.file not in bound:
            yield Finding("pages", f"{named}, is of no PDF of this pack", file=page.file)
        if page.document and page.document not in names:
            yield Finding("pages", f"{named}, is of {page.document}, not there", file=page.file)
        if not page.label:
            yield Finding("pages", f"page {page.page} has no label", file=page.file)
    yield from standing_findings(manifest)


def run_findings(file: str, numbers: list[int], due: int) -> Iterator[Finding]:
    """Yield where the pages that are told of are not 1, 2, 3, ... up to how many there are."""
    for lost in sorted(set(range(1, due + 1)) - set(numbers))[:20]:
        yield Finding("pages", f"page {lost} is not told of", file=file)
    often = Counter(numbers)
    for more in sorted(one for one in often if one > due or often[one] > 1)[:20]:
        yield Finding("pages", f"page {more} is told of twice, or is none", file=file)
    for number, one in enumerate(numbers[1:]):
        if one < numbers[number]:
            out_of = f"page {one} is told of after page {numbers[number]}"
            yield Finding("pages", out_of, file=file)


def standing_findings(manifest: Manifest) -> Iterator[Finding]:
    """Yield where pages and entries do not say the same of what stands where."""
    by_page = {(page.page, one) for page in manifest.pages for one in page.entries}
    by_entry = {(page, one.position) for one in manifest.entries for page in one.pages}
    for page, position in sorted(by_page ^ by_entry):
        one, other = ("page", "entry") if (page, position) in by_page else ("entry", "page")
        wrong = f"that it stands on page {page}, the {one} says and the {other} does not"
        yield Finding("pages", wrong, position, file=MANIFEST)


def position_findings(manifest: Manifest, extract: Any) -> Iterator[Finding]:
    """Yield which entries are said to be given and are not proved, or the other way round."""
    told, closed = {one.position: one for one in extract.told}, extracts.Closed
    for one in manifest.entries:
        if one.position not in told:
            wrong = "the manifest says that it is given, and no proof is there that it was recorded"
            yield Finding("position", wrong, one.position, file=MANIFEST)
        elif one.redacted is not isinstance(told[one.position], closed):
            wrong = "manifest and extract differ on whether it is redacted"
            yield Finding("entries", wrong, one.position, file=MANIFEST)
    positions = [one.position for one in manifest.entries]
    for lost in sorted(told.keys() - set(positions)):
        yield Finding("entries", "the manifest does not tell of it", lost, file=MANIFEST)
    if positions != sorted(set(positions)):
        yield Finding("entries", "its entries are not in order, or one is twice", file=MANIFEST)


def bound_findings(manifest: Manifest, report: Any) -> Iterator[Finding]:
    """Yield where the extract is not the one that the manifest is about."""
    extract = report.extract
    head = report.log and Head(report.log.size, report.log.root)
    for what, here, there in (
        ("trust", manifest.trust, extract.trust),
        ("pupil", manifest.pupil_id, extract.pupil_id),
        ("position", manifest.position, getattr(extract, "up_to", None)),
        ("state of the log", manifest.checkpoint, head or manifest.checkpoint),
    ):
        if here != there:
            yield Finding("extract", f"it is of another {what} than the manifest", file=EXTRACT)


# The data


@dataclass(frozen=True)
class RecordEntry:
    """An entry in ``record.json``, so far as it is checked."""

    version: int = field(metadata=by(extracts.whole, 32))
    position: int = field(metadata=POSITION)
    event: str = field(metadata=by(extracts.text))
    recorded_at: datetime = field(metadata=by(extracts.instant))
    redacted: bool = field(metadata=by(yes_or_no))
    recorded: Any = field(metadata=by(lambda value: value))


@dataclass(frozen=True)
class RecordDocument:
    """A document in ``record.json``, so far as it is checked."""

    file: str = field(metadata=by(of_pack))
    sha256: bytes = field(metadata=by(hexadecimal))
    position: int = field(metadata=POSITION)
    redacted: bool = field(metadata=by(yes_or_no))


@dataclass(frozen=True)
class Record:
    """``record.json``, so far as it is checked."""

    entries: list[RecordEntry] = field(
        metadata=by(many, partial(read_as, RecordEntry, more=True), 0, 1_000_000)
    )
    documents: list[RecordDocument] = field(
        metadata=by(many, partial(read_as, RecordDocument, more=True), 0, MOST_FILES)
    )


def differences(here: Any, there: Any, path: str = "") -> Iterator[str]:
    """Yield the names of the fields in which two JSON values differ."""
    if isinstance(here, dict) and isinstance(there, dict):
        for name in sorted(here.keys() | there.keys()):
            inner = f"{path}.{name}" if path else name
            if name not in here or name not in there:
                yield inner
            else:
                yield from differences(here[name], there[name], inner)
    elif isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        for number, one in enumerate(here):
            yield from differences(one, there[number], f"{path}.{number}")
    elif here != there or isinstance(here, bool) is not isinstance(there, bool):
        yield path or "all of it"


def record_findings(entry: RecordEntry, shown: Any) -> Iterator[Finding]:
    """Yield in what the data say otherwise of an entry than was recorded."""
    proved, at = shown.entry, entry.position
    heads = {"version": proved.version, "event": proved.topic, "recorded_at": proved.recorded_at}
    found = [name for name, value in heads.items() if getattr(entry, name) != value]
    if entry.redacted is not isinstance(proved, extracts.Closed):
        found.append("redacted")
    if extracts.too_deep(entry.recorded):
        found.append("recorded, which is too deep")
    elif shown.words is not None:
        found += differences(entry.recorded, {**shown.clear, **shown.words})
    for name in found[:5]:
        wrong = f"of this entry it says otherwise than was recorded: {name}"
        yield Finding("record", wrong, at, file=RECORD)
    if len(found) > 5:
        yield Finding("record", f"and otherwise in {len(found) - 5} more", at, file=RECORD)


def data_findings(record: Record, manifest: Manifest, inner: Any) -> Iterator[Finding]:
    """Yield which entries are not in the data, or not proved, or not as they were recorded."""
    shown = {one.entry.position: one for one in inner.shown if hasattr(one.entry, "topic")}
    for entry in record.entries:
        if entry.position not in shown:
            wrong = "it has an entry at this position, and no proof is there that it was recorded"
            yield Finding("position", wrong, entry.position, file=RECORD)
        else:
            yield from record_findings(entry, shown[entry.position])
    have = [entry.position for entry in record.entries]
    for lost in sorted({one.position for one in manifest.entries} - set(have)):
        yield Finding("entries", "the entry is not in it", lost, file=RECORD)
    if have != sorted(set(have)):
        yield Finding("entries", "its entries are not in order, or one is twice", file=RECORD)


def document_findings(record: Record, manifest: Manifest, inner: Any) -> Iterator[Finding]:
    """Yield which documents are not told of, or are not the files that were filed."""
    files = {one.name: one for one in manifest.files}
    shown = {one.entry.position: one for one in inner.shown}
    for one in record.documents:
        words = getattr(shown.get(one.position), "words", None)
        if one.position not in shown:
            wrong = "no proof is there that it was filed by an entry at this position"
            yield Finding("position", wrong, one.position, file=one.file)
        if one.file not in files or files[one.file].sha256 != one.sha256:
            yield Finding("documents", "record.json tells of another file", file=one.file)
        elif not one.redacted and words is not None:
            filed = {**shown[one.position].clear, **words}.get("sha256")
            if filed != one.sha256.hex():
                wrong = "it is not the file that was filed then"
                yield Finding("documents", wrong, one.position, file=one.file)
    known = {one.file for one in record.documents}
    for name in sorted(name for name in files if name.startswith("documents/")):
        if name not in known:
            yield Finding("documents", "record.json does not tell of it", file=name)


def check_data(report: Report, source: Source, manifest: Manifest, inner: Any) -> None:
    """Check ``record.json``, if the pack has one, against what was recorded."""
    if RECORD not in {one.name for one in manifest.files} or RECORD not in source.sizes:
        return
    try:
        data = read(source, RECORD, extracts.MOST_BYTES)
        record: Record = read_as(Record, extracts.read_json(data), more=True)
    except ValueError as error:
        wrong = f"it does not have the form it should: {error}"
        report.add("data in the form they should have", 1, [Finding("record", wrong, file=RECORD)])
        return
    found = data_findings(record, manifest, inner)
    report.add("entries in the data as they were recorded", len(record.entries), found)
    found = document_findings(record, manifest, inner)
    report.add("documents in the data as they were filed", len(record.documents), found)


# The zip as it was written


def written(source: Zip, manifest: Manifest) -> Iterator[bytes]:
    """Yield the zip of these files as the trust writes it."""
    at = manifest.known_at if manifest.known_at and manifest.known_at.year >= 1980 else DAWN
    dos_date = (at.year - 1980) << 9 | at.month << 5 | at.day
    dos_time = at.hour << 11 | at.minute << 5 | at.second >> 1
    offset, central = 0, []
    for name in [*(one.name for one in manifest.files), MANIFEST, NOTE]:
        raw, crc = name.encode(), 0
        flags = 0 if name.isascii() else 0x800
        for piece in source.pieces(name):
            crc = zlib.crc32(piece, crc)
        size = source.sizes[name]
        same = (flags, 0, dos_time, dos_date, crc, size, size, len(raw), 0)
        yield LOCAL.pack(b"PK\x03\x04", 20, *same) + raw
        yield from source.pieces(name)
        mode = (stat.S_IFREG | 0o644) << 16
        central.append(
            CENTRAL.pack(b"PK\x01\x02", 20, 3, 20, 0, *same, 0, 0, 0, mode, offset) + raw
        )
        offset += LOCAL.size + len(raw) + size
    yield from central
    number, length = len(central), sum(map(len, central))
    yield END.pack(b"PK\x05\x06", 0, 0, number, number, length, offset, 0)


def zip_findings(source: Source, manifest: Manifest) -> Iterator[Finding]:
    """Yield, as a note, that a zip is not the one that the trust wrote."""
    due = {one.name for one in manifest.files} | {MANIFEST, NOTE}
    if not isinstance(source, Zip) or source.sizes.keys() != due:
        return
    at = 0
    for piece in written(source, manifest):
        source.file.seek(at)
        if source.file.read(len(piece)) != piece:
            break
        at += len(piece)
    else:
        if at == source.length:
            return
    told = f"the zip is not the one that was made: it was packed anew, or altered after byte {at:,}"
    yield Finding("repacked", told + ".  Its files are checked each by itself", grave=False)


# All of it


def enclosed(source: Source) -> list[Any]:
    """Return the keys in the extract."""
    keys: list[Any] = extracts.read_extract(read(source, EXTRACT, extracts.MOST_BYTES)).keys
    return keys


def check_extract(
    report: Report, source: Source, manifest: Manifest, keys: Sequence[Any], *kept: Sequence[Any]
) -> None:
    """Check the extract by itself, then that it and the manifest and the data tell the same."""
    try:
        inner = extracts.examine(read(source, EXTRACT, extracts.MOST_BYTES), keys, *kept)
    except extracts.Unreadable as error:
        wrong = f"{error}.  Nothing shows that what is given was recorded"
        report.add("extract that can be checked", 1, [Finding("extract", wrong, file=EXTRACT)])
        return
    report.log = inner.log
    for check in inner.checks:
        what = f"in the extract: {check.what}"
        report.checks.append(extracts.Check(what, check.count, check.wrong))
    for one in inner.findings:
        report.findings.append(Finding(one.kind, one.text, one.position, one.grave, EXTRACT))
    report.add("extract of the manifest's position and log", 1, bound_findings(manifest, inner))
    found = position_findings(manifest, inner.extract)
    report.add("entries that are given and proved", len(manifest.entries), found)
    check_data(report, source, manifest, inner)


def check_manifest(report: Report, source: Source, keys: Sequence[Any], receipts: bool) -> None:
    """Read the manifest, if it can be, and check that the trust signed it; raise Unreadable if it
    did, in another format than is known here, or if a key is lacking."""
    data, why = read(source, MANIFEST, MOST_MANIFEST), ""
    try:
        report.manifest = read_manifest(data)
    except extracts.Unreadable as error:
        why = str(error)
    found = list(note_findings(data, source, keys, report.manifest))
    if report.manifest is None:
        if not found:
            raise extracts.Unreadable(why)
        found.append(Finding("manifest", f"{why}.  Nothing else was checked", file=MANIFEST))
    elif not found:
        for kind in ("events", "receipts") if receipts else ("events",):
            extracts.Ring(report.manifest.trust, keys).named(kind)
    report.add("manifest that the trust signed", 1, found)


def check_files(report: Report, source: Source, manifest: Manifest) -> None:
    """Check what is there, and what is told of the pages."""
    found = [one for file in manifest.files for one in file_findings(source, file)]
    report.add("files that are there, unchanged", len(manifest.files), found)
    found = list(extra_findings(source, manifest))
    report.add("files that do not belong there", len(found), found)
    found = list(page_findings(manifest))
    report.add("pages that are told of, each once", len(manifest.pages), found)


def examine(
    source: Source,
    keys: Sequence[Any] | None,
    kept: Sequence[Any] = (),
    receipts: Sequence[Any] = (),
) -> Report:
    """Check a pack, with the keys in it if None; raise Unreadable if it cannot be checked."""
    report = Report()
    believed = enclosed(source) if keys is None else keys
    if keys is None:
        report.findings.append(Finding("keys", extracts.ENCLOSED, grave=False))
    check_manifest(report, source, believed, bool(receipts))
    if manifest := report.manifest:
        check_files(report, source, manifest)
        check_extract(report, source, manifest, believed, kept, receipts)
        report.findings += zip_findings(source, manifest)
    return report


# What is printed


def as_lines(report: Report) -> Iterator[str]:
    """Yield the result in plain English."""
    if manifest := report.manifest:
        yield f"Pack of the SEND record of pupil {manifest.pupil_id}"
        yield f"  trust {manifest.trust}; made for: {manifest.purpose}"
        until = f", as of {manifest.as_of}" if manifest.as_of else ""
        yield f"  of the record up to position {manifest.position} of the log{until}"
    if report.log:
        root = base64.b64encode(report.log.root).decode()
        yield f"  log of {report.log.size} entries, root {root}"
    yield "Checked"
    for one in report.checks:
        good = "all good" if one.count else "nothing to check"
        yield f"  {one.what}: {one.count}, {f'{one.wrong} WRONG' if one.wrong else good}"
    for title, grave in (("Findings", True), ("To note", False)):
        findings = report.told(grave=grave)
        yield from [title] * bool(findings)
        for found in findings:
            file = "" if found.file is None else f"{found.file}, "
            where = "" if found.position is None else f"position {found.position}, "
            yield f"  {file}{where}{found.kind}: {found.text}"
    yield f"Result: {outcome(report)}"


def outcome(report: Report) -> str:
    """Return the result in a sentence."""
    if report.status or report.manifest is None:
        return "DO NOT RELY on this pack before the findings are explained."
    if any(found.kind == "keys" for found in report.findings):
        return "good by the keys in the pack itself; see the warning."
    return f"good: this is what {report.manifest.trust} handed over, recorded and signed."


def as_json(report: Report) -> str:
    """Return the result for a program to read, as ASCII."""
    manifest, log = report.manifest, report.log
    result = {
        "status": report.status,
        "trust": manifest and manifest.trust,
        "pupil_id": manifest and str(manifest.pupil_id),
        "purpose": manifest and manifest.purpose,
        "position": manifest and manifest.position,
        "log": log and {"size": log.size, "root": base64.b64encode(log.root).decode()},
        "checks": [asdict(one) for one in report.checks],
        "findings": [asdict(one) for one in report.told(grave=True)],
        "notes": [asdict(one) for one in report.told(grave=False)],
    }
    return json.dumps(result, indent=1)


# The command


def parser() -> argparse.ArgumentParser:
    """Return the reader of the command line."""
    made: argparse.ArgumentParser = extracts.Parser(
        prog="verify_pack.py", description=ABOUT, allow_abbrev=False
    )
    told = "the zip or the folder to check; without it, the folder around this file's"
    made.add_argument("pack", metavar="PACK", nargs="?", help=told)
    which = made.add_mutually_exclusive_group()
    for group, name, meta, told in (
        (which, "--key", "VKEY", "a key of the trust's, had from elsewhere; again for each"),
        (which, "--enclosed-keys", None, "believe the keys in the pack"),
        (made, "--seen", "NOTE_FILE", "a checkpoint of the log that you kept; again for each"),
        (made, "--receipt", "FILE", "a receipt that you kept; again for each"),
        (made, "--json", None, "print the result for a program to read"),
    ):
        if meta:
            group.add_argument(name, metavar=meta, action="append", default=[], help=told)
        else:
            group.add_argument(name, action="store_true", help=told)
    return made


@contextmanager
def opened(path: str | None) -> Iterator[Source]:
    """Give the pack at a path; raise Unreadable if there is none."""
    path = path or os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    if os.path.isdir(path):
        yield Folder(path)
        return
    with open(path, "rb") as file:
        yield Zip(file)


def answer(asked: argparse.Namespace) -> tuple[int, str]:
    """Return the status to end with, and what to print; raise Unreadable if nothing was checked."""
    if not asked.key and not asked.enclosed_keys:
        raise extracts.Unreadable(NO_KEYS)
    with opened(asked.pack) as source:
        report = examine(
            source,
            [extracts.read_key(key) for key in asked.key] if asked.key else None,
            [extracts.read_file(name) for name in asked.seen],
            [extracts.read_file(name) for name in asked.receipt],
        )
    if asked.json:
        return report.status, as_json(report)
    return report.status, "\n".join(map(extracts.scrub, as_lines(report)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Check as the command line says; return 0, 1 or 2, as ``--help`` tells."""
    asked = parser().parse_args(arguments)
    try:
        status, said = answer(asked)
    except (extracts.Unreadable, OSError, MemoryError, RecursionError) as error:
        why = str(error)[:1000] or "it is too large"
        status, said = 2, extracts.scrub(f"This cannot be checked: {why}.")
        if asked.json:
            said = json.dumps({"status": 2, "why": why})
    try:
        stream = sys.stderr if status == 2 and not asked.json else sys.stdout
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        stream.write(said + "\n")
        stream.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return status


if __name__ == "__main__":
    sys.exit(main())
