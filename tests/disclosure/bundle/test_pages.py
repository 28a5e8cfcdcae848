"""Where an uploaded page goes: clear of our number, and as large as it came wherever it can be."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from send_records.disclosure.bundle.numbers import (
    Outset,
    PageNumbering,
    label_of,
    letter,
    pages_of,
    roman,
)
from send_records.disclosure.bundle.pages import (
    A4,
    FOOTER,
    HEADER,
    Box,
    PageFacts,
    free_area,
    moved,
    placed,
)

SIDE = st.floats(5, 4_000)
PART = st.floats(0, 0.45)


@st.composite
def papers(draw: st.DrawFn) -> PageFacts:
    """Pages of every size, corner and turn, with something printed somewhere on them."""
    left, bottom = draw(st.floats(-500, 500)), draw(st.floats(-500, 500))
    crop = (left, bottom, left + draw(SIDE), bottom + draw(SIDE))
    blank = PageFacts(crop, draw(st.sampled_from([0, 90, 180, 270])))
    a, b, c, d = (draw(PART) for _ in range(4))
    ink = blank.width * a, blank.height * b, blank.width * (1 - c), blank.height * (1 - d)
    return PageFacts(crop, blank.turned, ink)


def inside(box: Box, other: Box) -> bool:
    return all(box[n] >= other[n] - 0.01 for n in (0, 1)) and all(
        box[n] <= other[n] + 0.01 for n in (2, 3)
    )


@given(papers())
def test_what_is_printed_keeps_clear_of_our_number(paper: PageFacts) -> None:
    place = placed(paper)
    assert paper.ink is not None
    assert 0 < place.scale <= 1
    assert inside(moved(paper.ink, place.matrix), free_area(place.landscape))


@given(papers())
def test_nothing_is_made_smaller_that_fits(paper: PageFacts) -> None:
    place = placed(paper)
    assert paper.ink is not None
    left, bottom, right, top = free_area(place.landscape)
    fits = (
        paper.ink[2] - paper.ink[0] <= right - left and paper.ink[3] - paper.ink[1] <= top - bottom
    )
    assert (place.scale == 1) == fits


@given(papers())
def test_upright_is_with_the_corner_at_nought(paper: PageFacts) -> None:
    shown = moved(paper.crop, paper.upright)
    assert all(abs(side) < 0.01 for side in shown[:2])
    assert abs(shown[2] - paper.width) < 0.01
    assert abs(shown[3] - paper.height) < 0.01


def test_a4_with_margins_stays_where_it_was() -> None:
    place = placed(PageFacts((0, 0, *A4), ink=(20, FOOTER + 1, 570, A4[1] - HEADER - 1)))
    assert place.matrix == (1, 0, 0, 1, 0, 0)


def test_a_foot_too_low_is_moved_before_it_is_made_smaller() -> None:
    place = placed(PageFacts((0, 0, *A4), ink=(20, 10, 570, 700)))
    assert place.scale == 1
    assert round(place.up, 2) == round(FOOTER - 10, 2)


def test_numbers_by_section_begin_anew() -> None:
    begun = Outset(9, 2, (4, 7), {(0, 0): 5, (1, 0): 8, (1, 1): 9}, {5: (3,)})
    pages = pages_of(begun, PageNumbering.BY_SECTION)
    assert [one.label for one in pages] == ["i", "ii", "iii", "A1", "A2", "A3", "B1", "B2", "B3"]
    assert [one.section for one in pages] == [None] * 3 + [0] * 3 + [1] * 3
    assert [one.item for one in pages] == [None] * 4 + [0, 0, None, 0, 1]
    assert label_of(9, begun, PageNumbering.CONTINUOUS) == "9"


def test_letters_go_on_after_z() -> None:
    assert [letter(n) for n in (0, 25, 26, 27, 51, 52)] == ["A", "Z", "AA", "AB", "AZ", "BA"]


def test_roman_numbers() -> None:
    assert [roman(n) for n in (1, 4, 9, 14, 40)] == ["i", "iv", "ix", "xiv", "xl"]
