"""PDFs that are hard to redact, of fictional people, made in many ways: set by typst, and written
by hand for what typst does not write.  Each says which words are to go."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import pikepdf
import typst
from pikepdf import Array, Dictionary, Name, OutlineItem, Pdf, String
from PIL import Image

from send_records.disclosure.redaction.boxes import Box
from send_records.disclosure.redaction.outcome import QUALITY
from send_records.disclosure.redaction.pictures import encoded
from send_records.disclosure.redaction.rebuilding import Piece, Rebuilt, assembled

PEOPLE = (
    "Fatima Begum",
    "Zoë Müller-O'Neill",
    "Christopher Featherstonehaugh",
    "Siobhán Ní Dhómhnaill",
    "Łukasz Wiśniewski",
    "Ffion Griffiths",
    "Jürgen Weiß",
    "Anastasia Papadopoulos-Fitzwilliam",
    "Nguyễn Thị Hòa",
    "Дмитрий Волков",
)

URDU, BENGALI = "فاطمہ بیگم", "রহিম উদ্দিন"

STAYING = [
    "attention",
    "autumn",
    "behaviour",
    "classroom",
    "concern",
    "difficult",
    "effective",
    "efficient",
    "family",
    "fluent",
    "friendly",
    "group",
    "handwriting",
    "intervention",
    "language",
    "listening",
    "literacy",
    "maths",
    "number",
    "office",
    "parents",
    "phonics",
    "playground",
    "progress",
    "reading",
    "review",
    "school",
    "session",
    "sixth",
    "speech",
    "spelling",
    "staff",
    "strategies",
    "support",
    "teacher",
    "term",
    "therapist",
    "together",
    "weekly",
    "writing",
    "affluent",
    "waffle",
    "offline",
]

HIDDEN = "Quentin Obscure"
"""What is on pages, and not shown on them."""


@dataclass(frozen=True)
class Made:
    """A PDF, and which phrases are to be taken out of it."""

    data: bytes
    phrases: tuple[str, ...]
    kind: str


@lru_cache(maxsize=1)
def setter() -> typst.Compiler:
    return typst.Compiler()


def typeset(source: str) -> bytes:
    made = setter().compile(source.encode())
    assert isinstance(made, bytes)
    return made


def prose(chance: random.Random, names: Sequence[str], count: int) -> str:
    words = [chance.choice(STAYING) for _ in range(count)]
    for at in sorted(chance.sample(range(count), max(2, count // 12)), reverse=True):
        words[at:at] = [chance.choice(names) + chance.choice(["", ",", ".", "\u2019s"])]
    return " ".join(words)


HEAD = """#set page(width: 148mm, height: 210mm, margin: 14mm{page})
#set text(font: ("Libertinus Serif", "DejaVu Sans"), size: 10pt, lang: "en", hyphenate: true)
#set par(justify: true)
#set document(title: "{title}", author: "{title}")
"""


def letter(chance: random.Random, names: Sequence[str], pages: int) -> str:
    """Justified and hyphenated, with names in its head, its headings and its links."""
    parts = [HEAD.format(page=f", header: [About {names[0]}]", title=names[0])]
    for number in range(pages):
        parts += [f"= Meeting {number} with {chance.choice(names)}", prose(chance, names, 90)]
        parts += [f'#link("mailto:{names[0]}@example.org")[write to #emph[{names[0]}]]']
        parts += ["#pagebreak(weak: true)"]
    return "\n\n".join(parts)


def narrow(chance: random.Random, names: Sequence[str], pages: int) -> str:
    """In columns so narrow that most names are broken over lines."""
    parts = [HEAD.format(page=", columns: 4", title="Notes") + "#set columns(gutter: 3mm)"]
    for _ in range(pages):
        parts += [prose(chance, names, 110), "#pagebreak(weak: true)"]
    return "\n\n".join(parts)


def table(chance: random.Random, names: Sequence[str], pages: int) -> str:
    """Names in narrow cells, turned on their side, spaced out, in white, small and in capitals."""
    parts = [HEAD.format(page="", title="Table")]
    for _ in range(pages):
        cells = [prose(chance, names, 14) for _ in range(12)]
        parts += ["#table(columns: (18mm, 1fr, 22mm, 1fr), " + ", ".join(f"[{c}]" for c in cells)]
        parts[-1] += f", table.cell(rowspan: 2, rotate(-90deg, reflow: true)[Seen by {names[0]}]))"
        parts += [f"#text(tracking: 3pt)[{names[0]}] and #upper[{names[-1]}] met."]
        parts += [f"#text(fill: white)[{HIDDEN} {names[0]}]", "#pagebreak(weak: true)"]
    return "\n\n".join(parts)


def turning(chance: random.Random, names: Sequence[str], pages: int) -> str:
    """Each page ends within a name and the next one goes on with it."""
    first, *rest = names[0].split()
    parts = [HEAD.format(page="", title="Turning")]
    parts.append(
        f" {first} #pagebreak() {' '.join(rest)} ".join(
            prose(chance, names[1:] or ["Nobody"], 60) for _ in range(pages)
        )
    )
    return "\n\n".join(parts)


def scan(chance: random.Random, names: Sequence[str], pages: int) -> bytes:
    """Pictures of pages with a text that a program read on them, in Bengali too."""

    def page() -> Rebuilt:
        dots = chance.randbytes(413 * 585)
        picture = Image.frombytes("L", (413, 585), dots)
        pieces = []
        for line in range(14):
            words = [*prose(chance, names, 4).split(), *BENGALI.split(), "বিদ্যালয়"]
            chance.shuffle(words) if line % 3 == 0 else None
            across = [20 + 370 * at // len(words) for at in range(len(words) + 1)]
            pieces += [
                Piece(word, Box(left, 20 + 38 * line, right - 6, 40 + 38 * line), 0, True)
                for word, left, right in zip(words, across, across[1:], strict=False)
            ]
        return Rebuilt(encoded(picture, QUALITY), tuple(pieces), 413 * 0.72, 585 * 0.72)

    return assembled(page() for _ in range(pages))


def urdu(chance: random.Random, pages: int) -> str:
    """From right to left, with a name over the ends of lines."""
    words = [
        "نے",
        "کہا",
        "کہ",
        "وہ",
        "اسکول",
        "میں",
        "آئی",
        "تھیں",
        "اور",
        "استاد",
        "سے",
        "بات",
        "کی",
    ]
    parts = [HEAD.format(page="", title="Urdu").replace('lang: "en"', 'lang: "ur", dir: rtl')]
    for _ in range(pages):
        text = [chance.choice([*words, URDU]) for _ in range(90)]
        parts += [" ".join(text), "#pagebreak(weak: true)"]
    return "\n\n".join(parts)


def dressed(data: bytes, name: str) -> bytes:
    """Put a name wherever a PDF can hold one beside its pages, seen and unseen."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        pdf.docinfo["/Title"] = String(f"About {name}")
        with pdf.open_metadata() as metadata:
            metadata["dc:subject"] = [name]
        with pdf.open_outline() as outline:
            outline.root.append(OutlineItem(f"Chapter on {name}", 0))
        attached = pikepdf.AttachedFileSpec(pdf, f"Seen: {name}".encode(), filename=f"{name}.txt")
        pdf.attachments[f"{name}.txt"] = attached
        pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String(f"app.alert('{name}')"))
        _commented(pdf, name)
        _layered(pdf, name)
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
    return out.getvalue()


def _commented(pdf: Pdf, name: str) -> None:
    """A comment and a field that show, and a comment that opens when clicked on."""
    font = pdf.make_indirect(
        Dictionary(
            Type=Name.Font,
            Subtype=Name.Type1,
            BaseFont=Name.Helvetica,
            Encoding=Name.WinAnsiEncoding,
        )
    )
    drawn = String("/Helv 8 Tf 0 g")
    common: dict[str, Any] = {"Type": Name.Annot, "F": 4, "DA": drawn}
    words = "Field words"
    shown = Dictionary(
        **common, Subtype=Name.FreeText, Rect=Array([10, 5, 130, 17]), Contents=String(name)
    )
    closed = Dictionary(
        **common, Subtype=Name.Text, Rect=Array([2, 100, 9, 107]), Contents=String(f"Ask {name}")
    )
    field = Dictionary(
        **common,
        Subtype=Name.Widget,
        FT=Name.Tx,
        T=String(f"about {name}"),
        V=String(f"{name} {words}"),
        Rect=Array([140, 5, 400, 17]),
    )
    annotations = [pdf.make_indirect(one) for one in (shown, closed, field)]
    pdf.pages[0].obj.Annots = Array([*pdf.pages[0].obj.get("/Annots", Array()), *annotations])
    pdf.Root.AcroForm = Dictionary(
        Fields=Array([annotations[2]]),
        NeedAppearances=True,
        DA=drawn,
        DR=Dictionary(Font=Dictionary(Helv=font)),
    )


def _layered(pdf: Pdf, name: str) -> None:
    """Words on a layer that is turned off, beyond the edge, and in no colour at all."""
    layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String(f"For {name}")))
    off = Dictionary(OFF=Array([layer]), Order=Array([layer]))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=off)
    page = pdf.pages[0]
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Courier)
    font.Encoding = Name.WinAnsiEncoding
    page.resources["/Properties"] = Dictionary(Layer=layer)
    page.resources["/Font"][Name.Hand] = pdf.make_indirect(font)
    said = (HIDDEN, f" {name}") if name.isascii() else (HIDDEN,)
    text = b" ".join(f"({part}) Tj".encode() for part in said)
    page.contents_add(
        b"/OC /Layer BDC BT /Hand 8 Tf 20 33 Td " + text + b" ET EMC "
        b"BT /Hand 8 Tf 20 -50 Td " + text + b" ET "
        b"BT 3 Tr /Hand 8 Tf 20 24 Td " + text + b" 0 Tr ET\n",
        prepend=True,
    )


WAYS: tuple[Callable[[random.Random, Sequence[str], int], str], ...] = (
    letter,
    narrow,
    table,
    turning,
)


def corpus(files: int, pages: int) -> list[Made]:
    """Return so many PDFs of so many pages each; always the same ones."""
    return [_made(number, pages) for number in range(files)]


def _made(number: int, pages: int) -> Made:
    chance = random.Random(number)
    names = chance.sample(PEOPLE, 3)
    leaving, kind = tuple(names[:2]), number % 6
    if kind == 4:
        return Made(scan(chance, names, pages), (*leaving, BENGALI), "scan")
    if kind == 5:
        return Made(typeset(urdu(chance, pages)), (URDU,), "urdu")
    way = WAYS[kind]
    data = typeset(way(chance, names, pages))
    if number % 2 == 0:
        data = dressed(data, leaving[0])
    return Made(data, leaving, way.__name__)
