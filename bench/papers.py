"""Papers as they lie on the file of a large case, of people who are nobody: letters as office
programs write them, scans without a word of text, forms, photographs, texts.  Always the same ones.

``python -m bench.papers FILE`` leaves a bundle's there, made in a process of its own, whose memory
is not counted as that of whoever works on them.
"""

from __future__ import annotations

import io
import pickle
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docx
from PIL import Image, ImageDraw

from send_records.disclosure.redaction.outcome import QUALITY
from send_records.disclosure.redaction.pictures import encoded
from send_records.disclosure.redaction.rebuilding import Rebuilt, assembled
from tests.disclosure.bundle.papers import form, plain
from tests.disclosure.redaction.files import HEAD, PEOPLE, WAYS, dressed, prose, typeset

PDF, JPEG, TEXT = "application/pdf", "image/jpeg", "text/plain"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

STAFF = ("Ms Harrow", "Mr Oxley")
"""Who stays, for they are named in their role."""

A4 = HEAD.replace("148mm", "210mm").replace("210mm, margin", "297mm, margin")
DOTS = 1_240, 1_754
"""Of A4, at 150 to the inch, as a copier sends it."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A file, and what is taken out of it where it is redacted."""

    title: str
    media_type: str
    content: bytes
    phrases: tuple[str, ...] = ()
    pages: int = 1
    scanned: bool = False
    """Whether its pages have no text: of such a paper an area is taken out, and no phrase."""


def of_a_bundle() -> list[Paper]:
    """Return 68 papers of some 240 pages, before their texts are set."""
    return [
        *(letter(number, 8) for number in range(15)),
        *(scan(number, 8) for number in range(10)),
        *(a_form(number) for number in range(16)),
        *(photograph(number) for number in range(12)),
        *(text(number, 9_000) for number in range(15)),
    ]


def of_a_case() -> list[Paper]:
    """Return 150 papers of some 400 pages, the first 20 of them to be redacted."""
    return [
        *(about_others(number, 4) for number in range(16)),
        *(scan(number, 3) for number in range(4)),
        *(letter(number, 3) for number in range(70)),
        *(scan(number, 3) for number in range(4, 20)),
        *(a_form(number) for number in range(14)),
        *(photograph(number) for number in range(12)),
        *(text(number, 4_000) for number in range(10)),
        *(minutes(number) for number in range(8)),
    ]


def letter(number: int, pages: int) -> Paper:
    """Return a letter that fills some pages."""
    chance = random.Random(number)
    body = "\n\n#pagebreak()\n\n".join(
        f"= Letter {number}, part {part}\n\n"
        + "\n\n".join(prose(chance, STAFF, 110) for _ in range(4))
        for part in range(pages)
    )
    content = typeset(A4.format(page="", title=f"Letter {number}") + body)
    return Paper(f"Letter {number} of the school", PDF, content, pages=pages)


def about_others(number: int, pages: int) -> Paper:
    """Return a letter that names two who are taken out of it, in one of the ways that are hard."""
    chance = random.Random(number)
    names = chance.sample(PEOPLE, 2)
    content = typeset(WAYS[number % len(WAYS)](chance, names, pages))
    if number % 2:
        content = dressed(content, names[0])
    return Paper(f"Notes {number} of a meeting", PDF, content, tuple(names), pages)


def scan(number: int, pages: int) -> Paper:
    """Return what a copier makes of some pages: pictures, grey and grainy, and no text."""
    drawn = (encoded(_copied(number, page), QUALITY) for page in range(pages))
    content = assembled(Rebuilt(picture, (), 595.0, 842.0) for picture in drawn)
    return Paper(f"Scan {number} of a report", PDF, content, pages=pages, scanned=True)


def a_form(number: int) -> Paper:
    """Return a form with a field, a comment and a note in its margin."""
    drawn = f"BT /F1 12 Tf 72 700 Td (Form number {number}) Tj ET".encode()
    return Paper(f"Form {number}", PDF, plain(drawn, change=form))


def photograph(number: int) -> Paper:
    """Return a photograph of a page, as a telephone takes it."""
    out = io.BytesIO()
    _copied(number, 99).convert("RGB").resize((2_480, 3_508)).save(out, "JPEG", quality=85)
    return Paper(f"Photograph {number} of work", JPEG, out.getvalue(), scanned=True)


def text(number: int, length: int) -> Paper:
    """Return a text of some characters."""
    chance = random.Random(number)
    said = "\n\n".join(prose(chance, STAFF, 80) for _ in range(length // 700))
    return Paper(f"Notes {number} of calls", TEXT, said.encode())


def minutes(number: int) -> Paper:
    """Return what a word processor saves."""
    chance, written, out = random.Random(number), docx.Document(), io.BytesIO()
    for _ in range(20):
        written.add_paragraph(prose(chance, STAFF, 60))
    written.save(out)
    return Paper(f"Minutes {number}", DOCX, out.getvalue())


def _copied(number: int, page: int) -> Image.Image:
    """Return a page in grey with lines like print on it, and the grain of a copier."""
    chance = random.Random(number * 1_000 + page)
    paper = Image.new("L", DOTS, 244)
    drawing = ImageDraw.Draw(paper)
    for down in range(120, DOTS[1] - 120, 28):
        across = 120
        while across < DOTS[0] - 220:
            length = chance.randrange(20, 100)
            drawing.rectangle((across, down, across + length, down + 12), fill=40)
            across += length + 14
    grain = Image.frombytes("L", (310, 438), chance.randbytes(310 * 438)).resize(DOTS)
    return Image.blend(paper, grain, 0.06)


def main(leave: str) -> None:
    """Leave a bundle's papers in a file."""
    Path(leave).write_bytes(pickle.dumps(of_a_bundle()))


def left(where: str) -> Iterator[Paper]:
    """Yield the papers that were left."""
    yield from pickle.loads(Path(where).read_bytes())


if __name__ == "__main__":
    main(sys.argv[1])
