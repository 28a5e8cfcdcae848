"""What is taken out of a PDF is in it no more, anywhere; what stays can be read and found."""

from __future__ import annotations

import difflib
import io
import re
import resource
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pikepdf
import pypdfium2 as pdfium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pikepdf import Array, Dictionary, Name, Pdf, Stream
from PIL import Image, ImageChops

from send_records.aggregates.items import PageArea
from send_records.disclosure import redaction
from send_records.disclosure.blanks import TAKEN_OUT
from send_records.disclosure.child import Limits, WorkStopped
from send_records.disclosure.redaction import (
    Leak,
    NoSuchPage,
    NotRedactable,
    Quality,
    leaks_in,
    page_counts,
    rebuilding,
    redact_all,
)
from send_records.disclosure.redaction.leaking import found
from send_records.disclosure.redaction.outcome import QUALITY
from send_records.disclosure.redaction.reading import opened, shown
from send_records.disclosure.redaction.words import BROKEN, Phrases
from send_records.disclosure.redaction.working import PDF, pages, redacted
from tests.disclosure.redaction.files import HIDDEN, URDU, Made, corpus, dressed, typeset

COARSE = Quality(dots=100)
"""Enough to test by, at a quarter of the time."""

CORPUS = corpus(12, 2)

each = pytest.mark.parametrize(
    "made", CORPUS, ids=[f"{at}-{made.kind}" for at, made in enumerate(CORPUS)]
)


def text_of(data: bytes) -> str:
    with pdfium.PdfDocument(data) as pdf:
        return "\n".join(pdf[at].get_textpage().get_text_range() for at in range(len(pdf)))


def words_of(text: str) -> list[str]:
    """The words of a text, one broken at the end of a line made whole, and the marks left out."""
    whole = re.sub(f"[{BROKEN}]|-\\s*\n\\s*", "", text).replace("\u202c", "").replace("\0", "")
    return [word for word in re.split(rf"[\s{TAKEN_OUT[0]}]+", whole) if re.search(r"\w", word)]


def staying(made: Made) -> list[str]:
    """The words that are seen on the pages and are not to go, in the order of the file."""
    text = text_of(made.data)
    gone = [*made.phrases, HIDDEN, URDU.replace("\u06c1", "")]  # the font does not have it
    gone += [phrase.encode("cp1252", "replace").decode("cp1252") for phrase in made.phrases]
    for span in reversed(Phrases(list(dict.fromkeys(gone))).spans(text)):
        text = f"{text[: span.start]} {text[span.end :]}"
    return words_of(text)


def recall(wanted: list[str], got: list[str]) -> float:
    """Return which part of some words is among others, in the same order."""
    wanted, got = _unordered(wanted), _unordered(got)
    matching = difflib.SequenceMatcher(None, wanted, got, autojunk=False).get_matching_blocks()
    return sum(block.size for block in matching) / max(1, len(wanted))


def _unordered(words: list[str]) -> list[str]:
    """pdfium reads some short words that are written from right to left backwards."""
    return ["".join(sorted(word)) if word[0] > "\u0590" else word for word in words]


def require_clean(data: bytes) -> None:
    """Nothing is in a PDF but pages, each of one picture and one stream of content."""
    with pikepdf.open(io.BytesIO(data)) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert set(pdf.Root.keys()) == {"/Type", "/Pages"}
        assert set(pdf.trailer.keys()) <= {"/Root", "/Size", "/ID", "/Length", "/Type", "/W"} | {
            *("/Filter", "/Index")
        }
        for page in pdf.pages:
            assert set(page.obj.keys()) == {
                *("/Type", "/Parent", "/MediaBox", "/Resources", "/Contents"),
            }
            assert set(page.obj.Resources.keys()) == {"/XObject", "/Font"}
            assert list(page.obj.Resources.XObject.keys()) == ["/P"]
        kinds = {str(one.get("/Type", "")) for one in pdf.objects if isinstance(one, Dictionary)}
        assert kinds <= {"", "/Catalog", "/Page", "/Pages", "/Font", "/FontDescriptor"}


@each
def test_what_is_taken_out_is_nowhere_and_the_rest_is_there(made: Made) -> None:
    before = found(made.data, PDF, made.phrases)

    result = redacted(made.data, PDF, made.phrases, (), COARSE)

    assert {leak.phrase_number for leak in before} == set(range(1, len(made.phrases) + 1))
    assert all(result.found[phrase] for phrase in made.phrases)
    assert found(result.data, PDF, made.phrases) == ()
    left = words_of(text_of(result.data))
    assert recall(staying(made), left) >= 0.99
    assert recall(left, staying(made)) >= 0.96  # but for what comments and fields showed
    require_clean(result.data)
    assert HIDDEN not in text_of(result.data)


def picture_of(data: bytes, number: int) -> Image.Image:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        stream = pdf.pages[number - 1].obj.Resources.XObject.P
        assert isinstance(stream, Stream)
        return pikepdf.PdfImage(stream).as_pil_image().convert("L")


def ink(data: bytes, phrases: tuple[str, ...], quality: Quality) -> Iterator[Image.Image]:
    """Yield of each page of a file a picture that is white where the letters of phrases are."""
    with opened(data) as pdf:
        for number in range(1, len(pdf) + 1):
            page = shown(pdf, number, quality)
            mask = Image.new("L", page.picture.size, 0)
            text = "".join(letter.text for letter in page.letters)
            for span in Phrases(phrases).spans(text):
                for letter in page.letters[span.start : span.end]:
                    left, top, right, bottom = (int(edge) for edge in letter.ink)
                    mask.paste(255, (left, top, max(left, right), max(top, bottom)))
            yield mask


def is_covered(gone: Image.Image, after: Image.Image) -> bool:
    """Whether a page is black wherever letters were that are gone."""
    black = after.point([255 * (level < 40) for level in range(256)])
    return ImageChops.subtract(gone, black).getbbox() is None


def test_words_that_are_left_in_the_picture_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    (gone,) = ink(TOLD, ("Fatima Begum",), COARSE)
    assert is_covered(gone, picture_of(clean(), 1))

    monkeypatch.setattr(rebuilding, "_padded", lambda box: box._replace(bottom=box.top))

    assert not is_covered(gone, picture_of(clean(), 1))


@pytest.mark.parametrize("made", CORPUS[:6], ids=[made.kind for made in CORPUS[:6]])
def test_pages_look_alike_but_for_what_is_black(made: Made) -> None:
    result = redacted(made.data, PDF, made.phrases, (), COARSE)

    with opened(made.data) as pdf:
        for number, gone in enumerate(ink(made.data, made.phrases, COARSE), 1):
            before, after = shown(pdf, number, COARSE).picture, picture_of(result.data, number)
            black = after.point([255 * (level < 40) for level in range(256)])
            assert is_covered(gone, after)
            apart = ImageChops.subtract(ImageChops.difference(before, after), black)
            tolerance = 10 if made.kind != "scan" else 60  # sixteen shades; or a JPEG of noise
            assert (
                apart.point([255 * (level > tolerance) for level in range(256)]).histogram()[255]
                <= 0.02 * before.width * before.height
            )


def test_the_same_file_gives_the_same_bytes() -> None:
    made = CORPUS[2]

    assert redacted(made.data, PDF, made.phrases, (), COARSE) == redacted(
        made.data, PDF, made.phrases, (), COARSE
    )


def test_it_is_done_in_a_child_and_can_be_stopped() -> None:
    made = CORPUS[1]
    asked = made.data, PDF, made.phrases, ()

    [result] = redact_all([asked], quality=COARSE)

    assert result == redacted(made.data, PDF, made.phrases, (), COARSE)
    assert leaks_in([(result.data, PDF, made.phrases)]) == [()]
    with pytest.raises(WorkStopped):
        redact_all([asked], stopped=lambda: True)
    with pytest.raises(NotRedactable, match="withhold it"):
        redact_all([asked], limits=Limits(seconds=0.05))


# What a careless redaction leaves


def page(text: str, *, rest: str = "") -> str:
    return (
        f'#set page(width: 100mm, height: 60mm)\n#set text(font: "Libertinus Serif")\n{text}{rest}'
    )


TOLD = typeset(page("It was Fatima Begum who told the school."))


def changed(change: Callable[[Pdf], object], data: bytes = TOLD) -> bytes:
    with pikepdf.open(io.BytesIO(data)) as pdf:
        change(pdf)
        out = io.BytesIO()
        pdf.save(out, deterministic_id=True)
    return out.getvalue()


def clean() -> bytes:
    return redacted(TOLD, PDF, ["Fatima Begum"], (), COARSE).data


def black_box(pdf: Pdf) -> None:
    pdf.pages[0].contents_add(b"q 0 g 0 0 500 500 re f Q")


def bookmark(pdf: Pdf) -> None:
    with pdf.open_outline() as outline:
        outline.root.append(pikepdf.OutlineItem("Letter of Fatima  Begum", 0))


def metadata(pdf: Pdf) -> None:
    with pdf.open_metadata() as words:
        words["dc:title"] = "On FATIMA BEGUM"


def information(pdf: Pdf) -> None:
    pdf.docinfo["/Author"] = pikepdf.String("begum, fatima begum")


def attachment(pdf: Pdf) -> None:
    pdf.attachments["a.txt"] = pikepdf.AttachedFileSpec(
        pdf, b"by Fatima\r\nBegum", filename="a.txt"
    )


def name_of_attachment(pdf: Pdf) -> None:
    pdf.attachments["a"] = pikepdf.AttachedFileSpec(pdf, b"-", filename="Fatima_Begum.txt")


def comment(pdf: Pdf) -> None:
    words = pikepdf.String("Fatima Be\u00adgum")
    pdf.pages[0].obj.Annots = Array(
        [Dictionary(Type=Name.Annot, Subtype=Name.Text, Contents=words)]
    )


def field_value(pdf: Pdf) -> None:
    field = Dictionary(FT=Name.Tx, T=pikepdf.String("who"), V=pikepdf.String("Fatima Begum"))
    pdf.Root.AcroForm = Dictionary(Fields=Array([pdf.make_indirect(field)]))


def layer_name(pdf: Pdf) -> None:
    layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=pikepdf.String("Fatima Begum")))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary())


def name_of_a_thing(pdf: Pdf) -> None:
    pdf.Root.Dests = Dictionary({"/Fatima_Begum": Array([])})


def alternative_text(pdf: Pdf) -> None:
    pdf.Root.StructTreeRoot = Dictionary(K=Dictionary(S=Name.Figure, Alt="Photo of Fatima Begum"))


def written(content: bytes, **font: Any) -> Callable[[Pdf], None]:
    def add(pdf: Pdf) -> None:
        made = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, **font)
        if "/Font" not in pdf.pages[0].resources:
            pdf.pages[0].resources["/Font"] = Dictionary()
        pdf.pages[0].resources["/Font"][Name.Left] = pdf.make_indirect(made)
        pdf.pages[0].contents_add(b"BT 3 Tr /Left 9 Tf 20 20 Td " + content + b" ET")

    return add


def thread(pdf: Pdf) -> None:
    pdf.Root.PieceInfo = pdf.make_stream("who=Fatima Begum;".encode("utf-16-le"))


def hidden_script(pdf: Pdf) -> None:
    script = pdf.make_stream(b"app.alert('Fatima ' + '\\n' + 'Begum'); // fatima\tbegum")
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=script)


def in_a_picture(pdf: Pdf) -> None:
    out = io.BytesIO()
    Image.new("L", (8, 8)).save(out, "JPEG", comment=b"Fatima Begum")
    made = Stream(pdf, out.getvalue())
    made.stream_dict = Dictionary(
        Type=Name.XObject, Subtype=Name.Image, Width=8, Height=8, Filter=Name.DCTDecode
    )
    pdf.pages[0].resources["/XObject"][Name.Old] = pdf.make_indirect(made)


LEFT: list[Callable[[Pdf], None]] = [
    *(bookmark, metadata, information, attachment, name_of_attachment, comment, field_value),
    *(layer_name, name_of_a_thing, alternative_text, thread, hidden_script, in_a_picture),
]

SHOWN = {
    "whole": b"(Fatima Begum) Tj",
    "apart": b"[(F) 40 (at) -10 (ima) -300 (Be) 2 (gum)] TJ",
    "in hexadecimal": b"<466174696D61204265> Tj <67756D> Tj",
    "over lines": b"(Fati-) Tj 0 -10 Td (ma) Tj T* (Begum) Tj",
    "escaped": rb"(F\141tima\040Be\
gum) Tj",
    "in marked content": b"/Span <</ActualText (Fatima Begum)>> BDC (x) Tj EMC",
}


@pytest.mark.parametrize("leave", LEFT, ids=lambda leave: leave.__name__)
def test_what_is_left_beside_the_pages_is_found(leave: Callable[[Pdf], None]) -> None:
    data = changed(leave, clean())

    assert found(clean(), PDF, ["Fatima Begum"]) == ()
    assert {leak.phrase_number for leak in found(data, PDF, ["Nobody", "Fatima Begum"])} == {2}


@pytest.mark.parametrize("content", SHOWN.values(), ids=SHOWN)
def test_what_is_left_on_a_page_is_found(content: bytes) -> None:
    data = changed(written(content), clean())

    assert {leak.phrase_number for leak in found(data, PDF, ["Fatima Begum"])} == {1}


def test_a_black_box_over_words_takes_nothing_out() -> None:
    data = changed(black_box)

    assert Leak("page 1", 1) in found(data, PDF, ["Fatima Begum"])
    assert "Fatima" not in text_of(redacted(data, PDF, ["school"], (), COARSE).data)


def test_words_in_numbers_of_a_font_of_its_own_are_found() -> None:
    """Without a table of characters on which pdfium and we could both be wrong."""
    letters = sorted({*"Fatima Begum"})
    names = [Name(f"/{'space' if letter == ' ' else letter}") for letter in letters]
    coding = Dictionary(Type=Name.Encoding, Differences=Array([1, *names]))
    content = "".join(f"{letters.index(letter) + 1:02X}" for letter in "Fatima Begum")
    data = changed(written(f"<{content}> Tj".encode(), Encoding=coding), clean())

    assert Leak("operators of page 1", 1) in found(data, PDF, ["Fatima Begum"])


def test_an_earlier_version_in_the_file_is_found() -> None:
    """An editor that saves by adding keeps all that was there before."""
    old = changed(bookmark, clean())
    with pikepdf.open(io.BytesIO(old)) as pdf:
        (root, _), (pages, _), size = pdf.Root.objgen, pdf.Root.Pages.objgen, len(pdf.objects) + 1
        outline = pdf.Root.Outlines.objgen[0]
    data, places = old, {}
    for number, now in ((root, f"<</Type /Catalog /Pages {pages} 0 R>>"), (outline, "null")):
        places[number] = len(data)
        data += f"{number} 0 obj {now} endobj\n".encode()
    rows = "".join(f"{number} 1\n{at:010} 00000 n \n" for number, at in places.items())
    before = int(re.findall(rb"startxref\s+(\d+)", old)[-1])
    end = (
        f"trailer <</Root {root} 0 R /Size {size} /Prev {before}>>\nstartxref\n{len(data)}\n%%EOF\n"
    )
    data += f"xref\n{rows}{end}".encode()

    assert "/Outlines" not in pikepdf.open(io.BytesIO(data)).Root
    assert Leak("bookmark, in an earlier version", 1) in found(data, PDF, ["Fatima Begum"])


def test_a_redaction_that_leaves_words_under_the_picture_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rebuilding, "is_taken", lambda page, number: False)
    made = CORPUS[0]

    result = redacted(made.data, PDF, made.phrases, (), COARSE)

    assert found(result.data, PDF, made.phrases)


def test_words_of_the_format_are_looked_for_in_what_is_written_only() -> None:
    assert found(clean(), PDF, ["Page", "Font"]) == ()
    assert found(changed(written(b"(Mr Page) Tj"), clean()), PDF, ["Page"])


# What a person has to look at


def test_a_scan_without_text_is_named_unless_an_area_of_it_is_taken_out() -> None:
    scan = redacted(TOLD, PDF, [], (), COARSE).data
    bare = changed(_picture_only, scan)
    area = PageArea(page=1, left=Decimal(0), top=Decimal(0), right=Decimal(50), bottom=Decimal(40))

    assert redacted(bare, PDF, ["Fatima Begum"], (), COARSE).unread == (1,)
    assert redacted(bare, PDF, ["Fatima Begum"], (area,), COARSE).unread == ()
    assert redacted(bare, PDF, [], (), COARSE).unread == ()
    assert redacted(scan, PDF, ["Fatima Begum"], (), COARSE).unread == ()


def _picture_only(pdf: Pdf) -> None:
    width, height = pdf.pages[0].mediabox[2:]
    pdf.pages[0].obj.Contents = pdf.make_stream(f"q {width} 0 0 {height} 0 0 cm /P Do Q".encode())


def test_a_stamp_on_a_scan_does_not_make_it_read() -> None:
    scan = redacted(TOLD, PDF, [], (), COARSE).data
    stamped = changed(written(b"0 Tr (Scan 1) Tj"), changed(_picture_only, scan))

    assert redacted(stamped, PDF, ["Fatima Begum"], (), COARSE).unread == (1,)


def test_an_empty_page_needs_nobody() -> None:
    assert redacted(typeset(page("")), PDF, ["Fatima Begum"], (), COARSE).unread == ()


def test_comments_that_do_not_show_and_words_that_are_hidden_are_told() -> None:
    result = redacted(dressed(TOLD, "Ann Other"), PDF, ["Ann Other"], (), COARSE)

    assert result.unprinted == (1,)
    assert result.hidden == 12
    assert result.found == {"Ann Other": 5}
    assert words_of(text_of(result.data)) == [
        "It",
        "was",
        "Fatima",
        "Begum",
        "who",
        "told",
        "the",
        "school.",
    ]


def test_a_comment_that_is_drawn_with_letters_missing_is_taken_out_by_what_it_holds() -> None:
    """The font of a comment has not all letters; other programs take another font."""
    data = dressed(TOLD, "Nguyễn Thị Hòa")

    result = redacted(data, PDF, ["Nguyễn Thị Hòa"], (), COARSE)

    assert "Nguyn" in text_of(redacted(data, PDF, [], (), COARSE).data)
    assert result.found == {"Nguyễn Thị Hòa": 2}
    assert words_of(text_of(result.data)) == [
        "It",
        "was",
        "Fatima",
        "Begum",
        "who",
        "told",
        "the",
        "school.",
    ]
    assert found(result.data, PDF, ["Nguyễn", "Nguyn", "Field words"]) == ()


def test_an_area_is_black_and_no_word_of_it_is_left() -> None:
    area = PageArea(page=1, left=Decimal(0), top=Decimal(0), right=Decimal(100), bottom=Decimal(60))

    result = redacted(TOLD, PDF, [], (area,), COARSE)

    assert words_of(text_of(result.data)) == []
    picture = picture_of(result.data, 1)
    assert picture.crop((0, 0, picture.width, int(picture.height * 0.6))).getextrema() == (0, 0)
    with pytest.raises(NoSuchPage, match="Page 2 is not in it: it has 1"):
        redacted(TOLD, PDF, [], (area.model_copy(update={"page": 2}),), COARSE)


def shades(data: bytes, number: int = 1) -> Image.Image:
    """A page as any program shows it."""
    with pdfium.PdfDocument(data) as pdf:
        picture = pdf[number - 1].render(scale=200 / 72, grayscale=True).to_pil()
        assert isinstance(picture, Image.Image)
        return picture


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_that_is_turned_is_redacted_as_it_is_seen(turn: int) -> None:
    def turned(pdf: Pdf) -> None:
        pdf.pages[0].obj.Rotate = turn
        pdf.pages[0].obj.CropBox = Array([10, 10, 270, 160])

    name = '#text(size: 22pt, fill: luma(180), font: "DejaVu Sans Mono")[*Fatima Begum*]'
    data = changed(turned, typeset(page(f"It was {name} who told the school.")))
    result = redacted(data, PDF, ["Fatima Begum"], (), QUALITY)

    before, after = shades(data), shades(result.data)
    assert before.size == after.size
    assert sum(before.histogram()[178:183]) > 1_000 > 20 * sum(after.histogram()[178:183])
    black = after.point([255 * (level < 60) for level in range(256)])
    apart = ImageChops.subtract(ImageChops.difference(before, after), black)
    assert sum(apart.histogram()[100:]) < 0.002 * before.width * before.height
    left = words_of(text_of(result.data))  # pdfium reads what is upside down from its end
    assert (sorted(left) if turn == 180 else left) == (sorted(STAYS) if turn == 180 else STAYS)


STAYS = ["It", "was", "who", "told", "the", "school."]


def test_a_name_over_the_turn_of_a_page_goes_from_both() -> None:
    data = typeset(page("It was Fatima #pagebreak() Begum who told the school."))

    result = redacted(data, PDF, ["Fatima Begum"], (), COARSE)

    assert result.found == {"Fatima Begum": 1}
    assert words_of(text_of(result.data)) == STAYS


def test_a_name_broken_in_a_column_that_the_file_holds_line_by_line_is_found() -> None:
    cells = [("Fatima", 20, 150), ("was at", 150, 150), ("Begum", 20, 138), ("school", 150, 138)]
    rows = b" ".join(f"1 0 0 1 {x} {y} Tm ({cell}) Tj".encode() for cell, x, y in cells)
    data = changed(written(b"0 Tr " + rows), typeset(page("")))

    result = redacted(data, PDF, ["Fatima Begum"], (), COARSE)

    assert result.found == {"Fatima Begum": 1}
    assert words_of(text_of(result.data)) == ["was", "at", "school"]


# Files that are refused


def encrypted() -> bytes:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(TOLD)) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))
    return out.getvalue()


def large(pdf: Pdf) -> None:
    pdf.pages[0].obj.MediaBox = Array([0, 0, 14_400, 14_400])


def deep(pdf: Pdf) -> None:
    inner = pdf.Root.Pages
    for _ in range(5_000):
        outer = pdf.make_indirect(Dictionary(Type=Name.Pages, Kids=Array([inner]), Count=1))
        inner.Parent = outer
        inner = outer
    pdf.Root.Pages = inner


def xfa(pdf: Pdf) -> None:
    form = pdf.make_stream(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'></xdp:xdp>")
    pdf.Root.AcroForm = Dictionary(Fields=Array([]), XFA=form)


REFUSED: dict[str, Callable[[], bytes]] = {
    "encrypted": encrypted,
    "cut short": lambda: TOLD[:200],
    "no PDF": lambda: b"%PDF-1.7 no more",
    "nothing": lambda: b"",
    "a page of 5 metres": lambda: changed(large),
    "pages 5,000 deep": lambda: changed(deep),
    "a form drawn elsewhere": lambda: changed(xfa),
}


@pytest.mark.parametrize("made", REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_redacted_for_certain_is_refused(made: Callable[[], bytes]) -> None:
    with pytest.raises(NotRedactable, match="withhold it"):
        redacted(made(), PDF, ["Fatima Begum"], (), QUALITY)


def test_a_large_page_is_drawn_with_fewer_dots() -> None:
    def wide(pdf: Pdf) -> None:
        pdf.pages[0].obj.MediaBox = Array([0, 0, 3_370, 2_384])

    picture = picture_of(redacted(changed(wide), PDF, [], (), QUALITY).data, 1)

    assert 15_000_000 < picture.width * picture.height <= 16_100_000


def test_pages_are_counted() -> None:
    long = len(pikepdf.open(io.BytesIO(CORPUS[3].data)).pages)
    assert page_counts([(CORPUS[3].data, PDF), (b"none", PDF)]) == [long, None]
    assert [pages(b"", kind) for kind in ("image/png", "image/jpeg", "text/plain")] == [1, 1, None]


# Whatever the words


LETTERS = "abcdeo mnñøß-\u2019.ŁЖהע"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text(LETTERS, min_size=1, max_size=12), min_size=3, max_size=40),
    st.lists(
        st.text(LETTERS, min_size=2, max_size=8).filter(lambda one: one.strip(" -\u2019.")),
        max_size=4,
    ),
)
def test_whatever_is_written_nothing_is_left(words: list[str], phrases: list[str]) -> None:
    text = " ".join(words)
    fonts = '("Libertinus Serif", "DejaVu Sans")'
    source = page(f"#set par(justify: true)\n#text(font: {fonts}, {_literal(text)})")
    some = [*phrases, *(word for word in words[::7] if any(map(str.isalnum, word)))]

    result = redacted(typeset(source), PDF, some, (), Quality(dots=72))

    assert found(result.data, PDF, some) == ()


def _literal(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def test_urdu_is_left_as_it_was_written() -> None:
    result = redacted(CORPUS[5].data, PDF, [URDU], (), COARSE)

    assert "اسکول" in text_of(result.data).split()


@pytest.mark.slow
def test_forty_files_of_a_hundred_and_sixty_pages(capsys: pytest.CaptureFixture[str]) -> None:
    """As offices send them, at full size, each in a child of its own."""
    files = corpus(40, 4)
    counts, times, sizes = 0, [0.0, 0.0], 0
    for made in files:
        started = time.perf_counter()
        [result] = redact_all([(made.data, PDF, made.phrases, [])])
        times[0] += time.perf_counter() - started
        started = time.perf_counter()
        assert leaks_in([(result.data, PDF, made.phrases)]) == [()]
        times[1] += time.perf_counter() - started
        assert recall(staying(made), words_of(text_of(result.data))) >= 0.99
        counts, sizes = counts + (result.pages or 0), sizes + len(result.data)
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{len(files)} files, {counts} pages: redacted in {times[0]:.1f} s, looked through in"
            f" {times[1]:.1f} s, {memory:.0f} MB at most, {sizes / counts / 1000:.0f} kB a page"
        )
    assert counts >= 160
    assert redaction.LIMITS.megabytes > memory


@pytest.mark.parametrize("broken", ["\x02", "\ufffe"])
def test_a_name_after_a_word_that_is_broken_off_begins_anew(broken: str) -> None:
    """As where a cell of a table ends in a hyphen and goes on overleaf, and the next begins."""
    said = f"Feather{broken}Ada Quillfeather, and Ada Quill{broken}feather{broken}Ada"

    assert len(Phrases(["Ada Quillfeather"]).spans(said)) == 2


def test_a_name_beside_a_cell_that_goes_on_overleaf_is_taken_out() -> None:
    [made] = corpus(21, 4)[20:]

    result = redacted(made.data, PDF, made.phrases, (), Quality(dots=72))

    assert found(result.data, PDF, made.phrases) == ()
