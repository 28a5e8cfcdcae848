"""The working document is opened as Word's own: every word of the plan, and the key to mark it."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime

import docx
import pytest
from docx.document import Document

from send_records.disclosure.bundle.working_document import (
    KEY,
    SectionsMissing,
    WorkingDocumentOf,
    working_document,
    written,
)

OF = WorkingDocumentOf(
    "Leo Marsh", "EH/26/00045", date(2025, 11, 3), datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
)
HOSTILE = "<b>bold</b> & =SUM(A1) {\\rtf} \U0001f600 \u202eright to left \x0b end"
PLAN = {
    "A": "Leo likes drawing.",
    "B": f"Leo has difficulty with attention.\n\n{HOSTILE}",
    "F": "Ten minutes daily with a teaching assistant.\nA visual timetable.",
    "I": "Northfield Academy.",
}


@pytest.fixture(scope="module")
def data() -> bytes:
    return working_document(OF, PLAN)


@pytest.fixture
def word(data: bytes) -> Document:
    return docx.Document(io.BytesIO(data))


def test_paragraphs_of_b_f_and_i_are_numbered(word: Document) -> None:
    numbered = [one.text.split("\t") for one in word.paragraphs if "\t" in one.text]
    assert [number for number, _ in numbered] == ["B1.", "B2.", "F1.", "F2.", "I1."]
    assert numbered[0][1] == "Leo has difficulty with attention."
    assert numbered[4][1] == "Northfield Academy."


def test_words_appear_as_themselves_or_are_named(word: Document) -> None:
    said = "\n".join(one.text for one in word.paragraphs)
    assert "<b>bold</b> & =SUM(A1) {\\rtf} \U0001f600 [U+202E]right to left [U+000B] end" in said
    assert "Leo likes drawing." not in said


def test_what_xml_cannot_write_is_named() -> None:
    word = docx.Document(io.BytesIO(written(OF, {"B": "before\x01after"})))
    assert any("before[U+0001]after" in one.text for one in word.paragraphs)


def test_the_plan_itself_is_unmarked_and_the_key_shows_each_way(word: Document) -> None:
    ways = {
        run.text: (run.bold, run.italic, run.underline, run.font.strike)
        for one in word.paragraphs
        for run in one.runs
    }
    assert [ways[what] for what, _ in KEY] == [
        (None, None, None, None),
        (None, None, True, None),
        (None, None, True, True),
        (True, None, None, None),
        (True, None, None, True),
        (None, True, None, None),
        (None, True, None, True),
    ]
    assert ways["I1.\tNorthfield Academy."] == (None, None, None, None)


def test_it_is_twelve_point_and_says_nothing_of_the_machine(word: Document) -> None:
    assert word.styles["Normal"].font.size.pt == 12
    assert word.core_properties.author == ""
    assert word.core_properties.created == datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def test_the_same_plan_gives_the_same_bytes(data: bytes) -> None:
    assert written(OF, {letter: PLAN[letter] for letter in "BFI"}) == data
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_plan_without_words_to_work_on_is_refused() -> None:
    with pytest.raises(SectionsMissing):
        working_document(OF, {"A": "Leo likes drawing.", "B": " \n"})
