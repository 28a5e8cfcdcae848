"""What the child does: look for phrases in all that a file holds."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence

import pikepdf
import pypdfium2 as pdfium
from pikepdf import Array, Dictionary, Name, Object, Stream, String
from PIL import Image

from send_records.disclosure.redaction.byte_search import Needles, is_format, read, strings
from send_records.disclosure.redaction.drawn_text import drawn
from send_records.disclosure.redaction.outcome import Leak
from send_records.disclosure.redaction.reading import characters
from send_records.disclosure.redaction.words import Phrases
from send_records.disclosure.redaction.working import JPEG, PDF, PNG, TEXT

MOST_VERSIONS = 20
"""Earlier versions that are opened each by itself; all are looked through as bytes."""

END_OF_VERSION = re.compile(rb"startxref\s+\d+\s+%%EOF\s*")

PARTED = " | "
"""Between strings that are no text together: no phrase is found across it."""

Where = Iterator[tuple[str, set[int]]]


def found(data: bytes, media_type: str, phrases: Sequence[str]) -> tuple[Leak, ...]:
    """Return where in a file which phrases stand; see ``leaks_in``."""
    places = _Search(phrases).places(data, media_type)
    return tuple(sorted({Leak(where, number + 1) for where, some in places for number in some}))


class _Search:
    def __init__(self, phrases: Sequence[str]) -> None:
        self._phrases = Phrases(phrases)
        self._written = Phrases(
            ["" if is_format(phrase) or not _has(3, phrase) else phrase for phrase in phrases]
        )
        """Those that are looked for in the source of a PDF, whose operators are shorter."""
        self._coded = Phrases([phrase if _has(4, phrase) else "" for phrase in phrases])
        """Those that are looked for in bytes that may be numbers of letters: no short ones, which
        come together by chance."""
        self._needles = Needles(phrases)
        self._source = Needles(phrases, of_format=False)

    def places(self, data: bytes, media_type: str) -> Where:
        if media_type == PDF:
            yield "bytes of the file", self._source.stand_in(data)
            ends = [match.end() for match in END_OF_VERSION.finditer(data)]
            yield from self._pdf(data, "")
            for end in ends[:-1][-MOST_VERSIONS:]:
                yield from self._earlier(data[:end])
            return
        yield "bytes of the file", self._needles.stand_in(data)
        if media_type in (PNG, JPEG):
            yield from self._picture(data)
        elif media_type == TEXT:
            yield "text", self._phrases.stand_in(data.decode("utf-8-sig", "replace"))
        else:
            yield "text", read(data, self._phrases)
            yield from self._archive(data)

    def _earlier(self, data: bytes) -> Where:
        try:
            yield from self._pdf(data, ", in an earlier version")
        except (pikepdf.PdfError, pdfium.PdfiumError):
            return  # the first part of a file that is ordered for the web is no version of it

    def _picture(self, data: bytes) -> Where:
        with Image.open(io.BytesIO(data), formats=["PNG", "JPEG"]) as picture:
            picture.load()
            said = PARTED.join(f"{name} {value}" for name, value in picture.info.items())
        yield "metadata", self._phrases.stand_in(said)

    def _archive(self, data: bytes) -> Where:
        if not zipfile.is_zipfile(io.BytesIO(data)):
            return
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for entry in archive.infolist():
                held = archive.read(entry)
                text = re.sub(r"<[^>]*>", "", held.decode("utf-8", "replace"))
                some = self._phrases.stand_in(entry.filename) | self._phrases.stand_in(text)
                yield "a file in it", some | self._needles.stand_in(held)

    def _pdf(self, data: bytes, when: str) -> Where:
        yield from self._pages(data, when)
        with pikepdf.open(io.BytesIO(data)) as pdf:
            drawn_already = set[tuple[int, int]]()
            for number, page in enumerate(pdf.pages, 1):
                contents = page.obj.get("/Contents", Array())
                parts = contents if isinstance(contents, Array) else [contents]
                drawn_already |= {part.objgen for part in parts if isinstance(part, Stream)}
                for some in self._content(page, page.obj.get("/Resources")):
                    yield f"operators of page {number}{when}", some
            information = pdf.trailer.get("/Info")
            for held in pdf.objects:
                where = _where(held) + when
                if information is not None and held.objgen == information.objgen != (0, 0):
                    where = "document information" + when
                yield where, self._object(held)
                if isinstance(held, Stream):
                    yield where, self._stream(held, held.objgen in drawn_already)
                    if held.get("/Subtype") == Name.Form:
                        for some in self._content(held, held.get("/Resources")):
                            yield where, some
            pdf.trailer[Name.ID] = Array()  # numbers that are of none of its words
            yield "trailer" + when, self._object(pdf.trailer)

    def _pages(self, data: bytes, when: str) -> Where:
        """Yield what pdfium reads on the pages, and over the turn from each to the next."""
        with pdfium.PdfDocument(data) as pdf:
            before = ""
            for number in range(1, len(pdf) + 1):
                page = pdf[number - 1]
                text = characters(page)
                page.close()
                yield f"page {number}{when}", self._phrases.stand_in(text)
                yield f"page {number}{when}", self._phrases.stand_in(f"{before}\n{text[:1_000]}")
                before = text[-1_000:]

    def _content(
        self, content: Object | pikepdf.Page, resources: Object | None
    ) -> Iterator[set[int]]:
        try:
            told, plain, kept = drawn(content, resources)
            yield self._phrases.stand_in(told) | self._phrases.stand_in(kept)
            yield self._coded.stand_in(plain)
        except pikepdf.PdfError:
            return  # no content, though it says so: it is looked through as bytes

    def _object(self, held: Object) -> set[int]:
        """Return what is in the strings and the names of an object, without those it refers to."""
        said, coded, named = list[str](), list[str](), list[str]()
        waiting: list[Object] = [held]
        while waiting:
            one = waiting.pop()
            if isinstance(one, String):
                said.append(str(one))
                coded += [bytes(one).decode(codec, "replace") for codec in ("latin-1", "utf-8")]
            elif isinstance(one, Name):
                named.append(_plain_name(str(one)))
            elif isinstance(one, Dictionary | Stream):
                for name, value in one.items():
                    named.append(_plain_name(name))
                    waiting += [value] if _is_held_here(value) else []
            elif isinstance(one, Array):
                waiting += [value for value in one if _is_held_here(value)]
        return (
            self._phrases.stand_in(PARTED.join(said))
            | self._coded.stand_in(PARTED.join(coded))
            | self._written.stand_in(PARTED.join(named))
        )

    def _stream(self, held: Stream, drawn_already: bool) -> set[int]:
        if held.get("/Subtype") == Name.Image:
            return self._needles.stand_in(held.read_raw_bytes())
        if any(name in held for name in ("/Length1", "/Length2")) or held.get("/Alternate"):
            return set()  # the program of a font, or a profile of colours: of none of a record
        try:
            data = held.read_bytes()
        except pikepdf.PdfError:
            data = held.read_raw_bytes()
        if held.get("/Type") == Name.Metadata:
            said = re.sub(rb"<[^>]*>", b" | ", data) + b"|".join(re.findall(rb'="([^"]*)"', data))
            return read(said, self._phrases) | self._source.stand_in(data)
        if held.get("/Type") == Name.EmbeddedFile:
            return read(data, self._phrases) | self._needles.stand_in(data)
        some = read(data, self._written) | self._source.stand_in(data)
        if not drawn_already:
            joined = strings(data)
            some |= read(joined, self._coded) | self._needles.stand_in(joined)
        return some


def _has(letters: int, phrase: str) -> bool:
    return sum(map(str.isalnum, phrase)) >= letters


def _is_held_here(value: object) -> bool:
    return isinstance(value, Object) and not value.is_indirect


def _plain_name(name: str) -> str:
    return re.sub("#([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), name[1:])


KINDS = (
    ("/Type", "/Metadata", "metadata"),
    ("/Type", "/Annot", "comment or field"),
    ("/Type", "/Page", "page"),
    ("/Type", "/OCG", "layer"),
    ("/Type", "/Filespec", "attachment"),
    ("/Type", "/EmbeddedFile", "attachment"),
    ("/Subtype", "/Image", "picture"),
    ("/Subtype", "/Form", "part of a page"),
)


def _where(held: Object) -> str:
    """Say in plain words what an object is."""
    if not isinstance(held, Dictionary | Stream):
        return "an object"
    for name, value, word in KINDS:
        if str(held.get(name, "")) == value:
            return word
    if "/FT" in held or "/Fields" in held:
        return "form"
    if "/Title" in held and "/Parent" in held:
        return "bookmark"
    return "a stream" if isinstance(held, Stream) else "an object"
