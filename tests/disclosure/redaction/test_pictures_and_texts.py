"""Pictures lose areas, and all of them that is not seen; texts lose words; others are refused."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from send_records.aggregates.items import PageArea
from send_records.disclosure.blanks import TAKEN_OUT
from send_records.disclosure.redaction import Leak, NoSuchPage, NotRedactable, leaks_in, redact_all
from send_records.disclosure.redaction.leaking import found
from send_records.disclosure.redaction.outcome import QUALITY, Redacted
from send_records.disclosure.redaction.working import JPEG, PNG, TEXT, redacted

OFFICE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

LEFT_HALF = PageArea(
    page=1, left=Decimal(0), top=Decimal(0), right=Decimal(50), bottom=Decimal(100)
)


def done(
    data: bytes, kind: str, phrases: tuple[str, ...] = (), areas: tuple[PageArea, ...] = ()
) -> Redacted:
    return redacted(data, kind, phrases, areas, QUALITY)


def png() -> bytes:
    """White under full transparency on the left, as if empty; blue on the right."""
    picture = Image.new("RGBA", (100, 60), (0, 0, 255, 255))
    picture.paste((200, 10, 10, 0), (0, 0, 50, 60))
    words, out = PngImagePlugin.PngInfo(), io.BytesIO()
    words.add_itxt("Comment", "by Fatima Begum", zip=True)
    picture.save(out, "PNG", pnginfo=words)
    return out.getvalue()


def jpeg() -> bytes:
    """Taken with the camera on its side: it is seen turned, with the dark half above."""
    picture = Image.new("RGB", (100, 60), "white")
    picture.paste((0, 90, 0), (0, 0, 50, 60))
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112], exif[0x010E] = 6, "Fatima Begum"
    picture.save(out, "JPEG", exif=exif, comment=b"Fatima Begum", quality=95)
    return out.getvalue()


def test_a_picture_keeps_nothing_but_what_is_seen() -> None:
    result = done(png(), PNG)

    with Image.open(io.BytesIO(result.data)) as picture:
        assert (picture.mode, picture.size, picture.info) == ("RGB", (100, 60), {})
        assert picture.getpixel((10, 10)) == (255, 255, 255)
        assert picture.getpixel((90, 10)) == (0, 0, 255)
    assert found(png(), PNG, ["Fatima Begum"]) == (Leak("metadata", 1),)
    assert found(result.data, PNG, ["Fatima Begum"]) == ()


def test_areas_of_a_picture_are_of_it_as_it_is_seen() -> None:
    result = done(jpeg(), JPEG, ("Fatima Begum",), (LEFT_HALF,))

    with Image.open(io.BytesIO(result.data)) as picture:
        assert picture.size == (60, 100)
        grey = picture.convert("L")
        assert sum(grey.crop((0, 0, 26, 100)).histogram()[12:]) == 0
        assert sum(grey.crop((40, 60, 60, 100)).histogram()[:240]) == 0
        assert not picture.getexif()
    assert found(jpeg(), JPEG, ["Fatima Begum"])
    assert found(result.data, JPEG, ["Fatima Begum"]) == ()
    assert (result.unread, result.pages, result.found) == ((), 1, {"Fatima Begum": 0})


def test_words_in_a_picture_cannot_be_looked_for() -> None:
    assert done(png(), PNG, ("Fatima Begum",)).unread == (1,)


def test_a_picture_has_one_page_and_has_to_be_one() -> None:
    with pytest.raises(NoSuchPage):
        done(png(), PNG, (), (LEFT_HALF.model_copy(update={"page": 2}),))
    with pytest.raises(NotRedactable, match="withhold it"):
        done(png()[:60], PNG, (), (LEFT_HALF,))
    with pytest.raises(NotRedactable, match="withhold it"):
        done(jpeg(), PNG, (), (LEFT_HALF,))


LETTER = (
    "\ufeffMrs Begum wrote: Fatima\r\nBegum\u2019s plan. FATIMA BEG-\nUM agreed; "
    "Begumpur did not.\n"
)


def test_words_of_a_text_are_blocks_of_one_length() -> None:
    [result] = redact_all([(LETTER.encode(), TEXT, ["Fatima Begum", "Begum"], [])])

    assert result.data.decode() == (
        f"Mrs {TAKEN_OUT} wrote: {TAKEN_OUT}\u2019s plan. {TAKEN_OUT} agreed; Begumpur did not.\n"
    )
    assert result.found == {"Fatima Begum": 2, "Begum": 3}
    assert leaks_in([(result.data, TEXT, ["Fatima Begum", "Begum"])]) == [()]
    assert Leak("text", 1) in found(LETTER.encode(), TEXT, ["Fatima Begum"])


LETTERS = "aAbßñéה -\n\u2019."


@given(st.text(LETTERS, max_size=60), st.lists(st.text(LETTERS, max_size=6), max_size=4))
def test_whatever_a_text_says_nothing_is_left(text: str, phrases: list[str]) -> None:
    result = done(text.encode(), TEXT, tuple(phrases))

    assert found(result.data, TEXT, phrases) == ()


def test_a_text_has_no_areas_and_is_in_utf_8() -> None:
    with pytest.raises(NotRedactable, match="say the words"):
        done(b"words", TEXT, (), (LEFT_HALF,))
    with pytest.raises(NotRedactable, match="UTF-8"):
        done(b"\xff\xfe", TEXT)


def test_other_files_are_withheld_whole() -> None:
    with pytest.raises(NotRedactable, match="file a PDF"):
        done(b"PK", OFFICE, ("Fatima Begum",))
