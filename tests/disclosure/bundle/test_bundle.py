"""A bundle is opened as whoever receives it does, and what it says of itself is so."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator

import pikepdf
import pypdfium2
import pytest
from pikepdf import Array, Dictionary, Name, NameTree, String

from send_records.disclosure.bundle import making
from send_records.disclosure.bundle.making import bundle
from send_records.disclosure.bundle.numbers import PageNumbering
from send_records.disclosure.bundle.pages import FOOTER, PDF, ItemNotReadable
from send_records.disclosure.bundle.parts import Bundle, BundleOf, SheetItem
from send_records.disclosure.bundle.sound import Wanted, faults
from send_records.disclosure.bundle.uploads import Upload, taken
from send_records.disclosure.child import WorkStopped, WorkTooLarge
from tests.disclosure.bundle.papers import (
    HOSTILE,
    bundle_of,
    document,
    dynamic,
    entry,
    everything,
    form,
    layered,
    picture,
    plain,
    written,
)

Made = tuple[BundleOf, Bundle]


@pytest.fixture(scope="module", params=list(PageNumbering))
def made(request: pytest.FixtureRequest) -> Made:
    """A bundle of all that comes, numbered either way."""
    of = everything(request.param)
    return of, bundle(of)


@pytest.fixture
def pdf(made: Made) -> Iterator[pikepdf.Pdf]:
    with pikepdf.open(io.BytesIO(made[1].data)) as opened:
        yield opened


@pytest.fixture
def seen(made: Made) -> Iterator[pypdfium2.PdfDocument]:
    opened = pypdfium2.PdfDocument(made[1].data)
    yield opened
    opened.close()


def text_of(page: pypdfium2.PdfPage) -> str:
    return " ".join(page.get_textpage().get_text_range().split())


def first_page(made: Made, title: str) -> int:
    """Return on which page, from 0, an item begins."""
    of, whole = made
    at = next(
        (s, i)
        for s, section in enumerate(of.sections)
        for i, item in enumerate(section.items)
        if item.title == title
    )
    return next(page.number - 1 for page in whole.pages if (page.section, page.item) == at)


def test_the_number_printed_on_a_page_is_its_label(made: Made, seen: pypdfium2.PdfDocument) -> None:
    of, whole = made
    assert len(seen) == len(whole.pages) > 20
    for number, page in enumerate(seen):
        width, _ = page.get_size()
        printed = page.get_textpage().get_text_bounded(0, 0, width, FOOTER - 0.5).strip()
        assert printed == seen.get_page_label(number) == whole.pages[number].label
    if of.numbering is PageNumbering.CONTINUOUS:
        assert [page.label for page in whole.pages] == [str(n + 1) for n in range(len(seen))]
    else:
        assert [page.label for page in whole.pages[:4]] == ["i", "ii", "A1", "A2"]


def test_every_link_of_the_index_lands_on_the_page_whose_number_it_names(
    made: Made, pdf: pikepdf.Pdf, seen: pypdfium2.PdfDocument
) -> None:
    names = NameTree(pdf.Root.Names.Dests)
    objects = [page.obj.objgen for page in pdf.pages]
    landed: dict[str, set[str]] = {}
    for link in pdf.pages[1].obj.Annots:
        there = names[str(link.Dest)] if isinstance(link.Dest, String) else link.Dest
        there = there.D if isinstance(there, Dictionary) else there
        said = seen[1].get_textpage().get_text_bounded(*map(float, link.Rect)).strip()
        label = seen.get_page_label(objects.index(there[0].objgen))
        landed.setdefault(label, set()).add(said)
    of = made[0]
    items = [item.title for section in of.sections for item in section.items]
    assert len(landed) == len(items) + len(of.sections)
    assert all(label in said for label, said in landed.items())
    for title in ("Turned", "Cropped", "Huge", "Armed", "Chronology"):
        assert title in landed[made[1].pages[first_page(made, title)].label]


def test_bookmarks_name_every_section_and_document_and_its_page(
    made: Made, pdf: pikepdf.Pdf
) -> None:
    of, whole = made
    objects = [page.obj.objgen for page in pdf.pages]
    with pdf.open_outline() as outline:
        index, *sections = outline.root
        assert index.title.startswith("Index (page ")
        assert len(sections) == len(of.sections)
        for section, mark in zip(of.sections, sections, strict=True):
            assert [section.title, *(item.title for item in section.items)] == [
                re.sub(r"^\w+\. | \(page \w+\)$", "", one.title) for one in (mark, *mark.children)
            ]
            for one in (mark, *mark.children):
                there = one.destination
                assert isinstance(there, Array)
                label = whole.pages[objects.index(there[0].objgen)].label
                assert one.title.endswith(f"(page {label})")
                assert list(there)[1:] == [Name.XYZ, None, None, None]


def test_titles_appear_as_themselves(made: Made, seen: pypdfium2.PdfDocument) -> None:
    index = text_of(seen[1])
    for title in HOSTILE:
        assert title.replace("ﬁ", "fi") in index.replace("ﬁ", "fi")
    assert HOSTILE[0] in text_of(seen[0])


def test_the_file_is_clean_and_does_nothing(pdf: pikepdf.Pdf) -> None:
    assert not pdf.check_pdf_syntax()
    assert not pdf.attachments
    written_out = b"".join(
        one.unparse(resolved=False) if isinstance(one, Dictionary) else b"" for one in pdf.objects
    )
    for word in (b"/JS", b"JavaScript", b"/Launch", b"/URI", b"/AcroForm", b"/AA", b"tracker"):
        assert word not in written_out
    kinds = {str(a.Subtype) for page in pdf.pages for a in page.obj.get(Name.Annots, ())}
    assert kinds == {"/Link"}


def test_it_claims_no_more_than_is_so(pdf: pikepdf.Pdf) -> None:
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as said:
        assert "pdfuaid:part" not in said
        assert said["dc:title"] == "Evidence of the responsible body"
        assert str(said["xmp:CreateDate"]).startswith("2026-03-02T09:30:00")
    assert pdf.Root.MarkInfo.Suspects
    assert Name.StructTreeRoot in pdf.Root


def test_fonts_of_our_own_and_of_office_programs_are_in_the_file(
    made: Made, pdf: pikepdf.Pdf
) -> None:
    by_hand = {
        name for one in made[1].breaches if one.code == "font_missing" for name in [one.page]
    }
    fonts = [
        one
        for one in pdf.objects
        if isinstance(one, Dictionary) and one.get(Name.Type) == Name.Font
    ]
    missing = [one.BaseFont for one in fonts if not _embedded(one)]
    assert len(fonts) > 4
    assert set(map(str, missing)) <= {"/Helvetica", "/Helv", "/Times-Roman"}
    assert by_hand >= {first_page(made, HOSTILE[2]) + 1, first_page(made, "Armed") + 1}
    assert first_page(made, HOSTILE[0]) + 1 not in by_hand


def _embedded(font: pikepdf.Object) -> bool:
    if Name.DescendantFonts in font:
        font = font.DescendantFonts[0]
    described = font.get(Name.FontDescriptor, Dictionary())
    return any(key in described for key in ("/FontFile", "/FontFile2", "/FontFile3"))


def test_words_of_uploaded_pages_can_be_found_on_their_page(
    made: Made, seen: pypdfium2.PdfDocument
) -> None:
    filled = text_of(seen[first_page(made, HOSTILE[2])])
    assert "Value of the field" in filled
    assert "Written in the margin" in filled
    for by in (90, 180, 270):
        assert "Plain words" in text_of(seen[first_page(made, f"Rotated by {by}")])
    cropped = text_of(seen[first_page(made, "Cropped")])
    assert "Plain words" in cropped
    assert "Last line" in cropped
    assert "Words at the foot" in text_of(seen[first_page(made, "Huge")])


@pytest.mark.parametrize(
    "title", ["Huge", "To the edge", "Cropped", "Photograph", "Rotated by 90", "Rotated by 180"]
)
def test_nothing_uploaded_is_drawn_over_the_number_or_the_header(
    made: Made, seen: pypdfium2.PdfDocument, title: str
) -> None:
    page = seen[first_page(made, title)]
    image = page.render(scale=1).to_pil().convert("L")
    left_of_number = image.crop((0, image.height - 30, image.width - 90, image.height))
    assert left_of_number.getextrema() == (255, 255)
    right_of_header = image.crop((int(image.width * 0.9), 0, image.width, 28))
    assert right_of_header.getextrema() == (255, 255)


def test_twelve_point_stays_twelve_point(made: Made) -> None:
    [facts] = taken((Upload("the bundle", PDF, made[1].data),))
    shown = facts.pages[first_page(made, HOSTILE[0])]
    assert max(shown.sizes, key=lambda size: shown.sizes[size]) == 12.0


def test_pages_of_the_record_say_which_entries_are_on_them(
    made: Made, seen: pypdfium2.PdfDocument
) -> None:
    start = first_page(made, "Chronology")
    sheet = [page for page in made[1].pages if (page.section, page.item) == (0, 0)]
    assert len(sheet) > 1
    assert sheet[0].number == start + 1
    told = [version for page in sheet for version in page.entries]
    assert sorted(set(told)) == list(range(1, 40))
    for page in sheet:
        said = text_of(seen[page.number - 1])
        for version in page.entries[1:-1]:
            assert f"Entry {version}, recorded by Sam Okoro" in said


def test_the_same_is_made_of_the_same(made: Made) -> None:
    assert bundle(made[0]).data == made[1].data


def test_what_a_camera_wrote_beside_a_photograph_stays_behind(made: Made) -> None:
    assert b"Remark of the camera" in picture("JPEG")
    with pikepdf.open(io.BytesIO(made[1].data)) as pdf:
        for one in pdf.objects:
            if isinstance(one, pikepdf.Stream):
                assert b"Remark of the camera" not in one.read_raw_bytes()


def test_what_no_reader_shows_does_not_come_over() -> None:
    hidden = document("Layers", plain(change=layered))
    outside = document(
        "Outside",
        plain(
            b"BT /F1 12 Tf 72 700 Td (Shown words) Tj ET "
            b"BT /F1 12 Tf 72 -90 Td (Hidden words) Tj ET"
        ),
    )
    whole = bundle(bundle_of([hidden, outside]))
    seen = pypdfium2.PdfDocument(whole.data)
    assert "Hidden words" not in " ".join(text_of(page) for page in seen)
    assert (
        seen[3].render(scale=1).to_pil().convert("L").crop((0, 40, 595, 780)).getextrema()[0] < 90
    )
    assert [one.code for one in whole.breaches].count("as_image") == 2
    seen.close()


def test_an_index_of_many_pages_and_long_titles_is_sound() -> None:
    words = ["Letter of the educational psychologist on attention", "7", "W" * 200, "9 12 15"]
    titles = [" ".join(words[n % 4 :] * (n % 3 + 1)) for n in range(90)]
    for numbering in PageNumbering:
        items = [document(title, plain()) for title in titles]
        whole = bundle(bundle_of(items[:60], items[60:], numbering=numbering))
        front = [page for page in whole.pages if page.section is None]
        assert len(front) > 5
        assert len(whole.pages) == len(front) + 92


# What is refused


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"%PDF-1.7 nothing more", "the file is broken"),
        (plain(encryption=pikepdf.Encryption(user="x", owner="y")), "opens by a password only"),
        (plain(change=lambda pdf, page: pdf.pages.__delitem__(0)), "has no pages"),
        (plain(change=dynamic), "(XFA)"),
    ],
    ids=["broken", "locked", "empty", "xfa"],
)
def test_a_file_that_cannot_be_taken_is_refused_by_its_title(content: bytes, says: str) -> None:
    with pytest.raises(ItemNotReadable, match=r"^The letter: ") as refused:
        taken((Upload("The report", PDF, plain()), Upload("The letter", PDF, content)))
    assert says in str(refused.value)


def test_a_file_that_was_locked_against_printing_only_is_taken() -> None:
    locked = plain(encryption=pikepdf.Encryption(user="", owner="y"))
    [facts] = taken((Upload("The letter", PDF, locked),))
    assert "Plain words" in facts.pages[0].text


def test_an_image_that_is_none_is_refused() -> None:
    with pytest.raises(ItemNotReadable, match=r"^Photograph: the file is broken"):
        bundle(bundle_of([document("Photograph", b"\x89PNG\r\n", media_type="image/png")]))


def test_a_file_that_takes_its_process_with_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def here(work: Callable[..., object], *given: object, **_: object) -> object:
        uploads = given[0]
        assert isinstance(uploads, tuple)
        if any(one.name == "The letter" for one in uploads):
            raise WorkTooLarge("It took more time or memory than it may: ask for less at once.")
        return work(*given)

    monkeypatch.setattr(making, "in_child", here)
    with pytest.raises(ItemNotReadable, match=r"^The letter: the file cannot be worked on"):
        bundle(bundle_of([document("The report", plain()), document("The letter", plain())]))


def test_it_stops_when_told_to() -> None:
    with pytest.raises(WorkStopped):
        bundle(bundle_of([document("The letter", plain())]), stopped=lambda: True)


# That the check of the finished file can fail


def _off_by_one(pdf: pikepdf.Pdf) -> None:
    pdf.Root.PageLabels = Dictionary(Nums=Array([0, Dictionary(S=Name.D, St=2)]))


def _wrong_link(pdf: pikepdf.Pdf) -> None:
    pdf.pages[1].obj.Annots[-1].Dest = Array([pdf.pages[0].obj, Name.XYZ, 0, 0, 0])


def _wrong_title_link(pdf: pikepdf.Pdf) -> None:
    pdf.pages[1].obj.Annots[0].Dest = Array([pdf.pages[4].obj, Name.XYZ, 0, 0, 0])


def _dead_link(pdf: pikepdf.Pdf) -> None:
    pdf.pages[1].obj.Annots[-1].Dest = String("nowhere")


def _no_index(pdf: pikepdf.Pdf) -> None:
    del pdf.pages[1].obj.Annots


def _wrong_bookmark(pdf: pikepdf.Pdf) -> None:
    with pdf.open_outline() as outline:
        outline.root[1].destination = Array([pdf.pages[0].obj, Name.XYZ, None, None, None])


def _lost_bookmark(pdf: pikepdf.Pdf) -> None:
    with pdf.open_outline() as outline:
        del outline.root[-1].children[-1]


def _unflattened(pdf: pikepdf.Pdf) -> None:
    form(pdf, pdf.pages[3].obj)


def _armed(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert(1)"))


def _page_more(pdf: pikepdf.Pdf) -> None:
    pdf.add_blank_page()


@pytest.mark.parametrize(
    ("plant", "code"),
    [
        (_off_by_one, "label"),
        (_wrong_link, "link"),
        (_wrong_title_link, "link"),
        (_dead_link, "link"),
        (_no_index, "index_missing"),
        (_wrong_bookmark, "bookmark"),
        (_lost_bookmark, "bookmark"),
        (_unflattened, "form"),
        (_armed, "acts"),
        (_page_more, "pages"),
    ],
)
def test_a_planted_defect_is_found(plant: Callable[[pikepdf.Pdf], None], code: str) -> None:
    of = bundle_of([document("A", plain()), document("B", written())], [SheetItem("C", [entry(1)])])
    whole = _kept(of)
    wanted = Wanted(whole.pages, 6)
    assert faults(whole.data, wanted) == ()
    with pikepdf.open(io.BytesIO(whole.data)) as pdf:
        plant(pdf)
        saved = io.BytesIO()
        pdf.save(saved)
    assert code in {one.code for one in faults(saved.getvalue(), wanted)}


KEPT: list[Bundle] = []


def _kept(of: BundleOf) -> Bundle:
    if not KEPT:
        KEPT.append(bundle(of))
    return KEPT[0]
