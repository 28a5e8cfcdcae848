"""The items of a review, as whoever decides sees them; and what documents say, read in a child."""

from __future__ import annotations

import io
from uuid import UUID

import docx
import pikepdf
import pytest

from send_records.aggregates.items import Ground, ItemRef
from send_records.disclosure.answer import Fate
from send_records.disclosure.document_texts import WORD, texts_of
from send_records.disclosure.held import Held
from send_records.disclosure.listing import ElsewhereShown, TakingShown, items_shown
from send_records.disclosure.naming import KnownPerson
from send_records.disclosure.review import Review
from send_records.disclosure.suggested import Code
from tests.disclosure.chosen import TALK, add_filed, held_from, redacted, reviewed
from tests.scenario import MOTHER, RECORD_MOTHER, a_pupil, but

FILED = UUID(int=700)


SAID = ("Kyle Brennan hit her.", "Kyle Brennan said sorry.")


def held_here() -> Held:
    talks = [but(TALK, summary=summary) for summary in SAID]
    life = list(a_pupil().given(RECORD_MOTHER, new_id=MOTHER).given(*talks).events)
    add_filed(life)
    return held_from(life)


def test_items_undecided_come_first_and_each_says_what_it_is() -> None:
    held = held_here()
    decisions = dict(reviewed(held, {4: redacted("Kyle Brennan", fields=["how"])}).decisions)
    del decisions[ItemRef(entry=5)], decisions[ItemRef(document_id=FILED)]
    shown = items_shown(
        held,
        Review(decisions),
        requester=["Nasreen Rahman"],
        others=[KnownPerson("Kyle Brennan")],
        texts={FILED: ["By Kyle Brennan"]},
    )
    first, second, *rest = shown
    assert [str(item.item) for item in rest] == [f"entry:{n}" for n in (1, 2, 3, 4, 6)]
    assert (first.item, first.decision) == (ItemRef(entry=5), None)
    assert (second.title, second.kind, second.says) == ("T", "Other", "A")
    assert [(one.code, one.phrases) for one in second.suggestions] == [
        (Code.ANOTHER_CHILD, ("Kyle Brennan",))
    ]
    four = rest[3]
    assert four.lines[-1].value == "Kyle Brennan hit her."
    assert four.decision is not None
    assert four.decision.fate is Fate.REDACTED
    assert four.decision.takings == (
        TakingShown(
            ground=Ground.THIRD_PARTY,
            why="Why",
            on_schedule=True,
            phrases=("Kyle Brennan",),
            fields=("how",),
            areas=0,
        ),
    )
    assert four.elsewhere == (), "it is not known before all is decided"


def test_where_words_that_are_taken_out_still_stand_is_said_beside_the_item() -> None:
    held = held_here()
    review = reviewed(held, {4: redacted("Kyle Brennan")})
    shown = {item.item: item for item in items_shown(held, review, requester=["Nasreen Rahman"])}
    assert shown[ItemRef(entry=4)].elsewhere == (
        ElsewhereShown(phrase="Kyle Brennan", times=1, stands_in=(ItemRef(entry=5),)),
    )
    assert shown[ItemRef(entry=5)].elsewhere == ()


def pdf_saying(*pages: str) -> bytes:
    pdf = pikepdf.new()
    for said in pages:
        page = pdf.add_blank_page()
        font = pikepdf.Dictionary(
            Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
        )
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F=font))
        page.Contents = pdf.make_stream(f"BT /F 12 Tf 50 700 Td ({said}) Tj ET".encode())
    data = io.BytesIO()
    pdf.save(data)
    return data.getvalue()


def word_saying(*said: str) -> bytes:
    document = docx.Document()
    for each in said:
        document.add_paragraph(each)
    document.add_table(rows=1, cols=2).rows[0].cells[1].text = "In a cell"
    data = io.BytesIO()
    document.save(data)
    return data.getvalue()


@pytest.mark.parametrize(
    ("data", "media_type", "said"),
    [
        (pdf_saying("Kyle", "Maryam"), "application/pdf", ("Kyle", "Maryam")),
        ("José\n".encode(), "text/plain", ("José\n",)),
        (word_saying("Kyle", "Maryam"), WORD, ("Kyle\nMaryam\n\tIn a cell",)),
        (b"%PDF-1.7 and no more", "application/pdf", None),
        (b"PK no Word file", WORD, None),
        (b"x", "image/png", None),
    ],
)
def test_what_documents_say(data: bytes, media_type: str, said: tuple[str, ...] | None) -> None:
    assert texts_of(data, media_type) == said
