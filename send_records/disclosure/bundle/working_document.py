"""The working document: sections B, F and I of an EHC plan as a Word file, in which the parties
mark what they would have changed, and what they agree on (facts.md 5).

It is sent out with every word as the plan has it, and the key by which changes are marked.
Paragraphs carry numbers that are text, and stay as they are when others are put between them.  The
same plan gives the same bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

import docx
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from send_records.disclosure.child import Limits, in_child
from send_records.errors import Invalid

SECTIONS = {
    "B": "special educational needs",
    "F": "special educational provision",
    "I": "placement",
}
"""The sections of a plan that can be appealed (Children and Families Act 2014 s.51(2)(c); SEND
Regulations 2014 reg 12)."""

KEY = (
    ("The plan as it was issued", ""),
    ("Agreed by both parties, added", "underline"),
    ("Agreed by both parties, taken out", "underline strike"),
    ("Added by the parent", "bold"),
    ("Taken out by the parent", "bold strike"),
    ("Added by the local authority", "italic"),
    ("Taken out by the local authority", "italic strike"),
)
"""What each way of writing says."""

FACE = "Arial"
POINTS = 12
"""Practice Direction No. 1 of 2025: at least 12 point."""

FIXED = (1980, 1, 1, 0, 0, 0)
"""When every part of the file says it was written: the earliest a zip file can say."""

UNWRITABLE = re.compile(
    "[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\u202a-\u202e\u2066-\u2069]"
)
"""What XML has no way to write (XML 1.0, 2.2), and what turns the direction of the words after
it."""

STEP = Limits()


class SectionsMissing(Invalid):
    """The plan has no words in a section of which the parties could work on any."""

    basis = "HESC Practice Direction No. 1 of 2025"


@dataclass(frozen=True, slots=True)
class WorkingDocumentOf:
    """Whose plan it is, and which appeal it is for."""

    child: str
    reference: str | None
    issued_on: date
    """When the plan in force was issued."""
    made_at: datetime
    """When the file says it was made."""


def working_document(
    of: WorkingDocumentOf,
    sections: Mapping[str, str],
    *,
    limits: Limits = STEP,
    stopped: Callable[[], bool] = lambda: False,
) -> bytes:
    """Return the Word file of a plan's sections, by their letters.

    Sections other than B, F and I are left out, for nobody works on them here.  Raise
    SectionsMissing if none of these has words; WorkTooLarge, WorkStopped.
    """
    worked_on = {
        letter: sections[letter] for letter in SECTIONS if sections.get(letter, "").strip()
    }
    if not worked_on:
        raise SectionsMissing("The plan has no words in its sections B, F or I.")
    made: bytes = in_child(written, of, worked_on, limits=limits, stopped=stopped)
    return made


def written(of: WorkingDocumentOf, sections: Mapping[str, str]) -> bytes:
    """Return the file: the child's part."""
    document = docx.Document()
    _set_up(document, of)
    document.add_heading("Working document", 0)
    for label, value in _said(of):
        line = document.add_paragraph()
        _add(line, f"{label}: ").bold = True
        _add(line, value)
    _add_key(document)
    for letter, text in sections.items():
        document.add_heading(f"Section {letter}: {SECTIONS[letter]}", 1)
        for number, part in enumerate(paragraphs(text), 1):
            _add_numbered(document, f"{letter}{number}.", part)
    saved = io.BytesIO()
    document.save(saved)
    return _fixed(saved.getvalue())


def paragraphs(text: str) -> list[str]:
    """Return the paragraphs of a section: what an empty line, or the end of a line, parts."""
    return [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]


def _said(of: WorkingDocumentOf) -> list[tuple[str, str]]:
    issued = f"{of.issued_on.day} {of.issued_on:%B %Y}"
    lines = [("Child or young person", of.child), ("Plan issued", issued)]
    return [*lines, ("Appeal", of.reference)] if of.reference else lines


def _set_up(document: Document, of: WorkingDocumentOf) -> None:
    """A4, 12 point, British English, a page number; and nothing of the machine it was made on."""
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    normal = document.styles["Normal"]
    normal.font.name, normal.font.size = FACE, Pt(POINTS)
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "en-GB")
    normal.element.get_or_add_rPr().append(language)
    foot = page.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    foot._p.append(field)
    said = document.core_properties
    said.author = said.last_modified_by = said.comments = said.keywords = ""
    said.title, said.language, said.revision = "Working document", "en-GB", 1
    said.created = said.modified = of.made_at


def _add_key(document: Document) -> None:
    document.add_heading("Key", 1)
    for what, ways in KEY:
        _write(_add(document.add_paragraph(), what), ways)
    _add(
        document.add_paragraph(),
        "Beside each change stand the pages of the bundle with the evidence for it.",
    )


def _write(run: Run, ways: str) -> None:
    run.bold = "bold" in ways or None
    run.italic = "italic" in ways or None
    run.underline = "underline" in ways or None
    run.font.strike = "strike" in ways or None


def _add_numbered(document: Document, number: str, text: str) -> None:
    paragraph = document.add_paragraph()
    shape = paragraph.paragraph_format
    shape.left_indent, shape.first_line_indent = Mm(14), Mm(-14)
    shape.tab_stops.add_tab_stop(Mm(14))
    _add(paragraph, f"{number}\t{text}")


def _add(paragraph: Paragraph, text: str) -> Run:
    """Write words as themselves; what cannot be written is named."""
    return paragraph.add_run(UNWRITABLE.sub(lambda one: f"[U+{ord(one[0]):04X}]", text))


def _fixed(data: bytes) -> bytes:
    """Return the file without the time at which it was written."""
    fixed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as parts, zipfile.ZipFile(fixed, "w") as out:
        for name in parts.namelist():
            part = zipfile.ZipInfo(name, FIXED)
            part.compress_type = zipfile.ZIP_DEFLATED
            part.create_system = 0
            out.writestr(part, parts.read(name))
    return fixed.getvalue()
