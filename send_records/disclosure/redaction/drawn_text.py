"""What the operators of a PDF's content write: a second way to read its text, apart from pdfium.

Each string that is shown is read by its font's own table of characters, and as the bytes it has;
the parts of a line that is spaced letter by letter are joined.  Nothing is left out for not being
seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

import pikepdf
from pikepdf import Array, Dictionary, Name, Object, String

WIDE = -180
"""In thousandths of the size: a step to the right that parts words, as a space does."""

MOST_CODES = 65_536
"""Of one row of a table: as many as two bytes can number."""

MOVING = {"Td", "TD", "T*", "Tm", "BT", "'", '"'}

BASES = {"/MacRomanEncoding": "mac_roman", "/WinAnsiEncoding": "cp1252"}

LIGATURES = {"ff": "ff", "fi": "fi", "fl": "fl", "ffi": "ffi", "ffl": "ffl"}

GLYPHS = {"space": " ", "hyphen": "-", "quoteright": "'", "quotesingle": "'", "period": "."}

ACCENTS = {"acute": "\u0301", "grave": "\u0300", "circumflex": "\u0302", "dieresis": "\u0308"} | {
    **{"tilde": "\u0303", "ring": "\u030a", "caron": "\u030c", "cedilla": "\u0327"},
}

Decode = Callable[[bytes], str]


def drawn(content: Object | pikepdf.Page, resources: Object | None) -> tuple[str, str, str]:
    """Return what a stream of content writes: as its fonts say, as the bytes say, and what it keeps
    in marks beside the text."""
    fonts = _fonts(resources)
    told, plain, kept = list[str](), list[str](), list[str]()
    decode: Decode = _latin
    for instruction in pikepdf.parse_content_stream(content):
        operands, name = instruction.operands, str(instruction.operator)
        if name == "Tf" and operands:
            decode = fonts.get(str(operands[0]), _latin)
        if name in MOVING:
            told.append("\n")
            plain.append("\n")
        for part in _parts(operands):
            if isinstance(part, str):
                told.append(part)
                plain.append(part)
            elif name in ("Tj", "TJ", "'", '"'):
                told.append(decode(part))
                plain.append(_latin(part))
            else:
                kept.append(str(String(part)))
    return "".join(told), "".join(plain), " | ".join(kept)


def _parts(operands: Iterable[object]) -> Iterator[bytes | str]:
    """Yield the strings among operands as bytes, and a space for each wide step between them."""
    for operand in operands:
        if isinstance(operand, String):
            yield bytes(operand)
        elif isinstance(operand, Array):
            yield from _parts(operand)
        elif isinstance(operand, Dictionary):
            yield from _parts(value for _, value in operand.items())
        elif not isinstance(operand, Object | bool) and _is_wide(operand):
            yield " "


def _is_wide(step: object) -> bool:
    try:
        return float(str(step)) < WIDE
    except ValueError:
        return False


def _fonts(resources: Object | None) -> dict[str, Decode]:
    if not isinstance(resources, Dictionary) or not isinstance(resources.get("/Font"), Dictionary):
        return {}
    named = resources.Font.items()
    return {name: _decoder(font) for name, font in named if isinstance(font, Dictionary)}


def _decoder(font: Object) -> Decode:
    wide = font.get("/Subtype") == Name.Type0
    table = font.get("/ToUnicode")
    if isinstance(table, pikepdf.Stream):
        return _by_table(_read_table(table.read_bytes()), 2 if wide else 1)
    if wide:
        return lambda data: data.decode("utf-16-be", "replace")
    encoding = font.get("/Encoding")
    differences = encoding.get("/Differences") if isinstance(encoding, Dictionary) else None
    base = encoding.get("/BaseEncoding") if isinstance(encoding, Dictionary) else encoding
    codec = BASES.get(str(base), "latin-1")
    table_of = {code: bytes([code]).decode(codec, "replace") for code in range(256)}
    if isinstance(differences, Array):
        table_of |= dict(_differing(differences))
    return _by_table(table_of, 1)


def _latin(data: bytes) -> str:
    return data.decode("latin-1")


def _by_table(table: dict[int, str], width: int) -> Decode:
    def decode(data: bytes) -> str:
        codes = (int.from_bytes(data[at : at + width], "big") for at in range(0, len(data), width))
        return "".join(table.get(code, "\0") for code in codes)

    return decode


def _differing(differences: Array) -> Iterator[tuple[int, str]]:
    code = 0
    for item in differences:
        if isinstance(item, Name):
            if letter := _glyph(str(item)[1:]):
                yield code, letter
            code += 1
        else:
            code = int(str(item))


def _glyph(name: str) -> str | None:
    """Return the character of a glyph, where its name tells it plainly."""
    if len(name) == 1:
        return name
    if plain := re.fullmatch(r"(?:uni|u)([0-9A-F]{4,6})", name):
        code = int(plain[1], 16)
        return chr(code) if code < 0x110000 else None
    if name[1:] in ACCENTS:
        return name[0] + ACCENTS[name[1:]]
    return LIGATURES.get(name, GLYPHS.get(name))


SECTIONS = re.compile(rb"begin(bfchar|bfrange)(.*?)endbf", re.DOTALL)

CHARACTER = re.compile(rb"<([0-9A-Fa-f\s]+)>\s*<([0-9A-Fa-f\s]*)>")

RANGE = re.compile(
    rb"<([0-9A-Fa-f\s]+)>\s*<([0-9A-Fa-f\s]+)>\s*(?:<([0-9A-Fa-f\s]*)>|\[([^\]]*)\])"
)


def _read_table(table: bytes) -> dict[int, str]:
    """Return which character each code is, as a ToUnicode table says (ISO 32000-2, 9.10.3)."""
    read: dict[int, str] = {}
    for kind, body in SECTIONS.findall(table):
        if kind == b"bfchar":
            read |= {int(code, 16): _utf_16(text) for code, text in CHARACTER.findall(body)}
            continue
        for first, last, text, each in RANGE.findall(body):
            codes = range(int(first, 16), min(int(last, 16), int(first, 16) + MOST_CODES) + 1)
            if each:
                texts = re.findall(rb"<([0-9A-Fa-f\s]*)>", each)
                read |= {code: _utf_16(one) for code, one in zip(codes, texts, strict=False)}
            elif start := _utf_16(text):
                read |= {
                    code: start[:-1] + chr(min(ord(start[-1]) + step, 0x10FFFF))
                    for step, code in enumerate(codes)
                }
    return read


def _utf_16(digits: bytes) -> str:
    plain = b"".join(digits.split())
    return bytes.fromhex(plain.decode() + "0" * (len(plain) % 2)).decode("utf-16-be", "replace")
