"""What a file is, by its bytes: what is known is known however it arrives, and what pretends is
refused."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_records.errors import SendRecordsError
from send_records.rules import shipped_rules
from send_records.sniffing import KEPT, NotAsDeclared, Sniffer, Unrecognised, require_declared
from send_records.sniffing.archives import (
    DIRECTORY,
    END,
    CutShort,
    MacrosInside,
    NotOffice,
    TwoTypesInOne,
)
from tests.sniffing.files import (
    DOCX,
    EXCEL,
    JPEG,
    PDF,
    PNG,
    TEXT,
    WHOLE,
    WORD,
    archive,
    office,
)


def sniffed(content: bytes, step: int = 256 * 1024) -> str:
    sniffer = Sniffer()
    for at in range(0, len(content), step):
        sniffer.take(content[at : at + step])
    return sniffer.finish()


@pytest.mark.parametrize("media_type", WHOLE)
@pytest.mark.parametrize("step", [1, 3, 16, 1000])
def test_a_file_is_known_by_its_bytes_however_they_arrive(media_type: str, step: int) -> None:
    assert sniffed(WHOLE[media_type], step) == media_type


def test_every_type_that_may_be_filed_is_one_that_is_known() -> None:
    assert {row.media_type for row in shipped_rules().document_types} == set(WHOLE)


@pytest.mark.parametrize("media_type", WHOLE)
def test_large_files_are_known_too(media_type: str) -> None:
    padding = {
        "application/pdf": PDF[:9] + b"%" + b"x" * 3 * KEPT + b"\n" + PDF[9:],
        "image/png": PNG[:33] + bytes(3 * KEPT) + PNG[33:],
        "image/jpeg": JPEG[:-2] + bytes(3 * KEPT) + JPEG[-2:],
        "text/plain": TEXT * (3 * KEPT // len(TEXT)),
    }
    large = padding.get(media_type) or office(
        {DOCX: "word/document.xml"}.get(media_type)
        or ("xl/workbook.xml" if "spreadsheet" in media_type else "ppt/presentation.xml"),
        *(f"media/{n}.png" for n in range(300)),
    )

    assert sniffed(large) == media_type


@dataclass(frozen=True)
class Hostile:
    """A file that is not to be taken, and what it is refused as."""

    what: str
    content: bytes
    refusal: type[SendRecordsError]


def patched(content: bytes, at: int, by: bytes) -> bytes:
    at %= len(content)
    return content[:at] + by + content[at + len(by) :]


def directory_at(content: bytes) -> int:
    return int(END.unpack(content[-END.size :])[6])


def hostile() -> Iterator[Hostile]:
    yield Hostile("nothing", b"", CutShort)
    for name, magic in {
        "an old Word file": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "a program": b"MZ\x90\0" + bytes(100),
        "another program": b"\x7fELF" + bytes(100),
        "a GIF": b"GIF89a" + bytes(100),
        "gzip": b"\x1f\x8b\x08" + bytes(100),
        "RAR": b"Rar!\x1a\x07\x01\0" + bytes(100),
        "7z": b"7z\xbc\xaf\x27\x1c" + bytes(100),
        "UTF-16": "Hello, parents of Aisha".encode("utf-16"),
        "Latin 1": "O\xb4Neill, d\xe9j\xe0 vu, again and again".encode("latin-1"),
        "a page": b"<!DOCTYPE html><script>alert(1)</script>",
        "a page behind a mark and a space": b"\xef\xbb\xbf \n<HTML><body>",
        "a picture with scripts": b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
        "XML": b"<?xml version='1.0'?><a/>",
        "a script": b"#!/bin/sh\nrm -rf /\n",
        "PostScript": b"%!PS-Adobe-3.0\n",
        "RTF": b"{\\rtf1\\ansi hello}",
        "mail": b"MIME-Version: 1.0\nContent-Type: text/html\n\n<p>",
        "text with a NUL": b"Hello,\0 world, and so on and on",
        "text with an escape": b"Hello\x1b[31m red, and so on and on",
        "text with C1": "Hello\x9b31m red and so on".encode(),
        "text cut in a letter": TEXT[:10] + "\u2019".encode()[:2],
        "a lone surrogate": b"Hello \xed\xa0\x80 and so on",
        "overlong": b"Hello \xc0\xaf and so on and on",
    }.items():
        yield Hostile(name, magic, Unrecognised)
    yield Hostile("a PDF cut short", PDF[:-6], CutShort)
    yield Hostile("a PDF with something behind", PDF + b"<script>", CutShort)
    yield Hostile("a PDF's first line", b"%PDF-1.7\n", CutShort)
    yield Hostile("a PNG cut short", PNG[:-1], CutShort)
    yield Hostile("a PNG with something behind", PNG + b"x", CutShort)
    yield Hostile("a PNG's first bytes", PNG[:33], CutShort)
    yield Hostile("a PNG without a header", PNG[:8] + PNG[33:], Unrecognised)
    yield Hostile("a JPEG cut short", JPEG[:-2], CutShort)
    yield Hostile("a JPEG with something behind", JPEG + b"\0", CutShort)
    yield Hostile(
        "a picture that is an archive", PNG[:-12] + archive("a") + PNG[-12:], TwoTypesInOne
    )
    yield Hostile("a JPEG that is an archive", JPEG[:-2] + archive("a") + JPEG[-2:], TwoTypesInOne)
    yield Hostile("a PDF that is an archive", PDF + archive("a") + b"\n%%EOF\n", TwoTypesInOne)
    yield Hostile("a JPEG that is a PDF", JPEG[:20] + PDF + JPEG[20:], TwoTypesInOne)
    yield Hostile("a PNG that is a PDF", PNG[:40] + PDF + PNG[40:], TwoTypesInOne)
    yield Hostile("text that is a PDF", b"Dear all\n" + PDF, TwoTypesInOne)
    yield from hostile_archives()


def hostile_archives() -> Iterator[Hostile]:
    word = "word/document.xml"
    yield Hostile("any archive", archive("letter.txt"), NotOffice)
    yield Hostile("a jar", archive("META-INF/MANIFEST.MF", "A.class"), NotOffice)
    yield Hostile("a book", archive("mimetype", "META-INF/container.xml"), NotOffice)
    yield Hostile("Office without its table", archive(word), NotOffice)
    yield Hostile("two kinds at once", office(word, "xl/workbook.xml"), NotOffice)
    for part in ("word/vbaProject.bin", "word/VBAPROJECT.BIN", "word/vbaData.xml"):
        yield Hostile(f"macros in {part}", office(word, part), MacrosInside)
    for part in ("xl/macrosheets/sheet1.xml", "xl/activeX/activeX1.xml", "xl/embeddings/o.bin"):
        yield Hostile(f"macros in {part}", office("xl/workbook.xml", part), MacrosInside)
    yield Hostile("a program inside", office(word, "word/media/setup.exe"), MacrosInside)
    yield Hostile("an archive cut short", WORD[:-1], CutShort)
    yield Hostile("an archive's beginning", WORD[:200], CutShort)
    yield Hostile("a comment behind", archive("a", comment=b"PK\x05\x06"), CutShort)
    yield Hostile("something behind", WORD + b"\0", CutShort)
    yield Hostile("something before", b"PK\x03\x04" + bytes(26) + WORD, TwoTypesInOne)
    yield Hostile("a way out", office(word, "../../etc/passwd"), NotOffice)
    yield Hostile("an absolute way out", office(word, "/etc/passwd"), NotOffice)
    yield Hostile("one name twice", office(word, "WORD/document.xml"), TwoTypesInOne)
    start = directory_at(WORD)
    yield Hostile("a password", patched(WORD, start + 8, b"\x01\0"), NotOffice)
    yield Hostile("packed otherwise", patched(WORD, start + 10, b"\x63\0"), NotOffice)
    yield Hostile("huge by its own word", patched(WORD, start + 24, b"\xfe" * 4), NotOffice)
    yield Hostile("ZIP64", patched(WORD, start + 24, b"\xff" * 4), NotOffice)
    second = start + DIRECTORY.size + len("[Content_Types].xml")
    yield Hostile("one upon another", patched(WORD, second + 42, bytes(4)), TwoTypesInOne)
    yield Hostile("upon its directory", patched(WORD, start + 20, b"\0\0\1\0"), TwoTypesInOne)
    yield Hostile("fewer than it says", patched(WORD, -14, b"\1\0\1\0"), TwoTypesInOne)
    yield Hostile("more than it says", patched(WORD, -14, b"\x09\0\x09\0"), CutShort)
    yield Hostile("on two disks", patched(WORD, -18, b"\1\0"), TwoTypesInOne)
    yield Hostile("not a directory", patched(WORD, start, b"XX"), NotOffice)
    yield Hostile("too many entries", office(word, *(f"{n:0>100}" for n in range(2000))), NotOffice)


HOSTILE = list(hostile())


@pytest.mark.parametrize("case", HOSTILE, ids=lambda case: case.what)
@pytest.mark.parametrize("step", [7, 256 * 1024])
def test_what_pretends_is_refused(case: Hostile, step: int) -> None:
    with pytest.raises(SendRecordsError) as refused:
        sniffed(case.content, step)

    assert refused.type is case.refusal, refused.value


@pytest.mark.parametrize("media_type", WHOLE)
@given(st.data())
def test_no_beginning_of_a_file_is_taken_for_the_whole(
    media_type: str, data: st.DataObject
) -> None:
    """But of text, whose every beginning is text."""
    content = WHOLE[media_type]
    cut = data.draw(st.integers(0, len(content.rstrip()) - 1))

    try:
        found = sniffed(content[:cut])
    except SendRecordsError:
        return
    assert found == "text/plain"
    assert content[:cut].decode().isprintable() or media_type in ("text/plain", "application/pdf")


@given(st.binary(max_size=300), st.sampled_from([b"", PDF[:8], PNG[:16], JPEG[:4], WORD[:60]]))
def test_any_bytes_are_known_or_refused_and_nothing_else(rest: bytes, head: bytes) -> None:
    with suppress(SendRecordsError):
        assert sniffed(head + rest) in WHOLE


@given(st.integers(0, len(WORD) - 1), st.integers(0, 255))
def test_a_byte_of_an_archive_may_be_anything(at: int, byte: int) -> None:
    with suppress(SendRecordsError):
        assert sniffed(patched(WORD, at, bytes([byte]))) == DOCX


def test_a_declared_type_is_the_one_that_was_found_or_none() -> None:
    require_declared(None, "image/png")
    require_declared("image/png", "image/png")
    for declared in ("image/jpeg", "image/*", "text/html", ""):
        with pytest.raises(NotAsDeclared):
            require_declared(declared, "image/png")


def test_an_archive_that_would_unpack_to_much_is_never_unpacked() -> None:
    """40 MB of zeros in 40 KB: taken, for a document may be so; and no memory is spent on it."""
    bomb = office("word/document.xml", content=bytes(40_000_000))
    tracemalloc.start()
    try:
        assert sniffed(bomb) == DOCX
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_little_is_held_of_a_large_file() -> None:
    piece, sniffer = bytes(range(32, 127)) * 2760, Sniffer()
    tracemalloc.start()
    try:
        for _ in range(100):
            sniffer.take(piece)
        assert tracemalloc.get_traced_memory()[1] < 8 * KEPT
    finally:
        tracemalloc.stop()
    assert sniffer.finish() == "text/plain"


def test_excel_keeps_the_state_of_its_printer() -> None:
    assert sniffed(EXCEL)
