"""What the check of a bundle says before it is sent: each breach by its code, and none without."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date

import pytest

from send_records.disclosure import typesetting
from send_records.disclosure.bundle import making
from send_records.disclosure.bundle.making import bundle
from send_records.disclosure.bundle.one_document import paragraphs
from send_records.disclosure.bundle.parts import Breach, Budget, Bundle, BundleOf, Limits, SheetItem
from tests.disclosure.bundle.papers import (
    WORDS,
    bundle_of,
    document,
    entry,
    form,
    picture,
    plain,
    written,
)

LIMITS = Limits(
    expert_report_pages=15,
    expert_report_years=3,
    summary_within_pages=2,
    witness_statement_pages=10,
    text_points=12,
    citation="HESC Practice Direction No. 1 of 2025",
)
HEARING = date(2026, 5, 20)
NUMBERED = "\n\n".join(f"{n}. {WORDS}" for n in range(1, 9))
SUMMARY = f"Executive summary\n\n{NUMBERED}"
LOOSE = "\n\n".join([f"{WORDS}{WORDS}"] * 8)


FAULTLESS = [
    SheetItem("Chronology", [entry(1)]),
    document("Letter", written(), on=date(2025, 1, 1)),
    document(
        "Report",
        written([SUMMARY, NUMBERED]),
        on=date(2025, 2, 1),
        expert_report=True,
    ),
    document(
        "Statement",
        written([f"1. I am the teacher. {WORDS}"]),
        date(2025, 3, 1),
        witness_statement=True,
    ),
]
WRONG: Sequence[tuple[str, object]] = [
    ("undated", replace(document("X", written([LOOSE])), dated=None)),
    ("date_order", document("X", written([LOOSE]), on=date(2024, 1, 1))),
    ("no_text", document("X", picture(), date(2025, 4, 1), media_type="image/png")),
    ("small_text", document("X", written(points=10), date(2025, 4, 1))),
    ("landscape", document("X", written(more=", flipped: true"), date(2025, 4, 1))),
    ("not_pdf", document("X", b"PK", date(2025, 4, 1), media_type="application/msword")),
    ("notes", document("X", plain(change=form), date(2025, 4, 1))),
    ("font_missing", document("X", plain(), date(2025, 4, 1))),
    ("duplicate", document("X", written(), date(2025, 4, 1))),
    ("same_text", document("X", written(paper="a5"), date(2025, 4, 1))),
    (
        "report_long",
        document("X", written([SUMMARY, *["9. Then."] * 15]), date(2025, 4, 1), expert_report=True),
    ),
    ("report_old", document("X", written([SUMMARY]), date(2023, 5, 19), expert_report=True)),
    (
        "summary_missing",
        document("X", written([NUMBERED, NUMBERED, SUMMARY]), date(2025, 4, 1), expert_report=True),
    ),
    (
        "statement_long",
        document("X", written(["9. Then."] * 11), date(2025, 4, 1), witness_statement=True),
    ),
    ("unnumbered", document("X", written([LOOSE]), date(2025, 4, 1), witness_statement=True)),
]


@pytest.fixture(autouse=True, scope="module")
def in_this_process() -> Iterator[None]:
    """Start no process for each step: what is checked here is what the steps say."""

    def here(work: Callable[..., object], *given: object, **_: object) -> object:
        return work(*given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(making, "in_child", here)
        patch.setattr(typesetting, "in_child", here)
        yield


def of_one(code: str, whole: Bundle) -> list[Breach]:
    return [one for one in whole.breaches if one.code == code]


def test_a_bundle_without_fault_has_no_breach() -> None:
    whole = bundle(of(FAULTLESS), LIMITS)
    assert whole.breaches == ()
    assert whole.duplicates == ()


def of(items: Sequence[object], budget: Budget | None = None) -> BundleOf:
    return bundle_of(items, budget=budget, hearing_on=HEARING)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def wrong() -> dict[str, list[Breach]]:
    """Each wrong document beside those without fault, in a section of its own of one bundle."""
    sections = [[*FAULTLESS, item] for _, item in WRONG[:2]]
    whole = bundle(
        bundle_of(*sections, *([item] for _, item in WRONG[2:]), hearing_on=HEARING),  # type: ignore[arg-type]
        LIMITS,
    )
    found: dict[str, list[Breach]] = {}
    for one in whole.breaches:
        found.setdefault(one.code, []).append(one)
    return found


@pytest.mark.parametrize("code", [code for code, _ in WRONG])
def test_each_fault_is_found(wrong: dict[str, list[Breach]], code: str) -> None:
    assert any("X" in one.detail for one in wrong[code])
    assert all(one.detail.endswith(".") and "[" not in one.detail for one in wrong[code])
    assert all(one.page is not None or code in {"duplicate", "same_text"} for one in wrong[code])


def test_nothing_is_held_to_limits_that_are_not_given() -> None:
    items = [item for code, item in WRONG if code.startswith(("report", "statement", "small"))]
    codes = {one.code for one in bundle(of(items)).breaches}
    assert codes <= {"unnumbered", "duplicate", "same_text", "date_order"}


def test_pages_are_counted_against_the_budget_of_a_party() -> None:
    budget = Budget("discrimination.evidence", 3, "Practice Direction 1 of 2025")
    letters = [document(f"Letter {n}", written([WORDS * n] * 2)) for n in (1, 2)]
    whole = bundle(bundle_of(letters[:1], letters[1:], budget=budget), LIMITS)
    [meter] = whole.meters
    assert (meter.budget, meter.party, meter.used, meter.limit) == (
        "discrimination.evidence",
        "Responsible body",
        4,
        3,
    )
    assert [section.pages for section in whole.sections] == [2, 2]
    [over] = of_one("over_limit", whole)
    assert "4 pages, of 3 there may be" in over.detail
    assert "SEND7" in over.detail


def test_a_budget_used_to_the_last_page_is_kept() -> None:
    budget = Budget("discrimination.evidence", 2)
    whole = bundle(bundle_of([document("Letter", written([WORDS] * 2))], budget=budget), LIMITS)
    assert whole.meters[0].used == 2
    assert not of_one("over_limit", whole)


def test_duplicates_name_both_and_where_they_begin() -> None:
    letter = document("Letter", written([WORDS * 8]))
    whole = bundle(bundle_of([letter], [document("Copy", letter.content)]))
    [one] = whole.duplicates
    assert (one.first, one.second) == ("Letter (page 4)", "Copy (page 6)")
    assert not one.by_text


@pytest.mark.parametrize(("dated", "old"), [(date(2023, 5, 19), True), (date(2023, 5, 20), False)])
def test_a_report_is_old_the_day_after_three_years(dated: date, old: bool) -> None:
    report = document("Report", written([SUMMARY]), dated, expert_report=True)
    assert bool(of_one("report_old", bundle(of([report]), LIMITS))) is old


def test_scaling_that_makes_text_small_is_found() -> None:
    big = plain(
        b"0.9 g 0 0 842 1191 re f 0 g BT /F1 14 Tf 72 700 Td (Plain words of the page) Tj ET",
        box=(0, 0, 842, 1191),
    )
    assert of_one("small_text", bundle(of([document("Poster", big)]), LIMITS))


@pytest.mark.parametrize(
    ("words", "counts"),
    [
        (NUMBERED, (8, 8)),
        (LOOSE, (0, 8)),
        ("1.1 One\n(b) two\nIV. not so\n12) three", (3, 3)),
        (
            f"Heading\n{WORDS}\nand so it goes on and on and on in a line that is long enough.",
            (0, 0),
        ),
    ],
)
def test_paragraphs_are_told_by_their_first_line(words: str, counts: tuple[int, int]) -> None:
    assert paragraphs(words) == counts
