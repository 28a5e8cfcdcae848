"""A font whose letters are never drawn: of what lies under the picture of a page, for whoever
searches it, copies from it, or has it read aloud.

As programs that read scans do, a letter's number is mapped to its character, of any script, by a
table (ISO 32000-2, 9.10.3), while all have one glyph (9.7.4.3): so it is embedded, and covers
Unicode, in a few hundred bytes.  The glyph is a box, for readers leave out letters without extent.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import pack

from pikepdf import Array, Dictionary, Name, Object, Pdf

UNITS = 1_000
ASCENT, DESCENT = 800, -200
WIDTH, SPACE_WIDTH = 500, 250
"""In thousandths of the size."""

MOST_LETTERS = 65_000
"""Different ones in one file: more than any script has, and than two bytes can number."""

NAME = Name.SENDRecordsUnseen


def true_type() -> bytes:
    """Return a TrueType font of two glyphs, none and a box (the tables of ISO 32000-2, 9.9.1)."""
    tables = {
        b"glyf": _box(),
        b"head": pack(">IIIIHH", 0x10000, 0x10000, 0, 0x5F0F3CF5, 3, UNITS)
        + pack(">qqhhhhHHhhh", 0, 0, 0, DESCENT, UNITS, ASCENT, 0, 8, 2, 0, 0),
        b"hhea": pack(">IhhhHhhhhhhhhhhhhH", 0x10000, ASCENT, DESCENT, 0, WIDTH, *[0] * 12, 2),
        b"hmtx": pack(">HhHh", WIDTH, 0, WIDTH, 0),
        b"loca": pack(">HHH", 0, 0, len(_box()) // 2),
        b"maxp": pack(">I14H", 0x10000, 2, 4, 1, 0, 0, 2, *[0] * 8),
    }
    place = 12 + 16 * len(tables)
    directory, body = pack(">IHHHH", 0x10000, len(tables), 64, 2, 32), b""
    for tag, table in tables.items():
        padded = table.ljust(-(-len(table) // 4) * 4, b"\0")
        words = [int.from_bytes(padded[at : at + 4], "big") for at in range(0, len(padded), 4)]
        directory += pack(">4sIII", tag, sum(words) % 2**32, place + len(body), len(table))
        body += padded
    return directory + body


def _box() -> bytes:
    """Return the outline of a box: one contour of four points, each by its step from the last."""
    head = pack(">hhhhhHH", 1, 0, DESCENT, WIDTH, ASCENT, 3, 0)
    height = ASCENT - DESCENT
    steps = pack(">8h", 0, 0, WIDTH, 0, DESCENT, height, 0, -height)
    return head + b"\1\1\1\1" + steps + b"\0\0"


def numbered(letters: Sequence[str]) -> dict[str, int]:
    """Return the number of each letter: a space has 1, the others follow in Unicode's order."""
    return {letter: number for number, letter in enumerate([" ", *sorted({*letters} - {" "})], 1)}


def font(pdf: Pdf, numbers: dict[str, int]) -> Object:
    """Put into a file the font whose letters have these numbers, and return it."""
    program = pdf.make_stream(true_type())
    program[Name.Length1] = len(true_type())
    descriptor = Dictionary(
        Type=Name.FontDescriptor,
        FontName=NAME,
        Flags=4,
        FontBBox=Array([0, DESCENT, UNITS, ASCENT]),
        ItalicAngle=0,
        Ascent=ASCENT,
        Descent=DESCENT,
        CapHeight=ASCENT,
        StemV=80,
        FontFile2=program,
    )
    letters = Dictionary(
        Type=Name.Font,
        Subtype=Name.CIDFontType2,
        BaseFont=NAME,
        CIDSystemInfo=Dictionary(Registry="Adobe", Ordering="Identity", Supplement=0),
        FontDescriptor=pdf.make_indirect(descriptor),
        DW=WIDTH,
        W=Array([1, Array([SPACE_WIDTH])]),
        CIDToGIDMap=pdf.make_stream(pack(">H", 0) + pack(">H", 1) * len(numbers)),
    )
    whole = Dictionary(
        Type=Name.Font,
        Subtype=Name.Type0,
        BaseFont=NAME,
        Encoding=Name("/Identity-H"),
        DescendantFonts=Array([pdf.make_indirect(letters)]),
        ToUnicode=pdf.make_stream(_to_unicode(numbers)),
    )
    return pdf.make_indirect(whole)


def _to_unicode(numbers: dict[str, int]) -> bytes:
    lines = [
        "/CIDInit /ProcSet findresource begin",
        "12 dict begin",
        "begincmap",
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def",
        "/CMapName /Adobe-Identity-UCS def",
        "/CMapType 2 def",
        "1 begincodespacerange",
        "<0000> <FFFF>",
        "endcodespacerange",
    ]
    rows = [f"<{number:04X}> <{_utf_16(letter)}>" for letter, number in numbers.items()]
    for start in range(0, len(rows), 100):
        some = rows[start : start + 100]
        lines += [f"{len(some)} beginbfchar", *some, "endbfchar"]
    lines += ["endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end"]
    return "\n".join(lines).encode("ascii")


def _utf_16(letter: str) -> str:
    return letter.encode("utf-16-be").hex().upper()
