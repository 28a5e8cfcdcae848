"""Phrases are found however they are written, and not within other words."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_records.disclosure.redaction.byte_search import Needles, strings
from send_records.disclosure.redaction.words import Phrases, folded
from tests.disclosure.redaction.files import URDU

FOUND = [
    ("Fatima Begum", "by Fatima\nBegum.", "Fatima\nBegum"),
    ("Fatima Begum", "FATIMA   BEGUM", "FATIMA   BEGUM"),
    ("Fatima Begum", "fatima.begum@example.org", "fatima.begum"),
    ("Fatima Begum", "letter_Fatima_Begum.pdf", "Fatima_Begum"),
    ("Fatima Begum", "F a t i m a Be-\r\ngum", "F a t i m a Be-\r\ngum"),
    ("Fatima Begum", "Fat\x02ima Be\u00adgum\ufffe", "Fat\x02ima Be\u00adgum"),
    ("Mary-Ann O'Brien", "Mary Ann O\u2019Brien\u2019s", "Mary Ann O\u2019Brien"),
    ("Fatima Begum", "play\x02Fatima Be\x02gum", "Fatima Be\x02gum"),
    ("Mary-Ann", "Mary-\nAnn", "Mary-\nAnn"),
    ("Ann", "planned; Ann's plan", "Ann"),
    ("Zoë", "a ZOE\u0308!", "ZOE\u0308"),
    ("Zoë", "zo¨e", "zo¨e"),
    ("Griffiths", "Griﬃths", "Griﬃths"),
    ("Weiß", "WEISS", "WEISS"),
    ("রহিম", "রহিমের বই", "রহিম"),
    (URDU, f"\u0648{URDU}", URDU),
    ("\u0627", "\ufe8e", "\ufe8e"),
    (URDU, URDU[::-1], URDU[::-1]),
    ("王小明", "是王小明说", "王小明"),
    ("Fatima", "F\0tima", "F\0tima"),
    ("07", "7 07 007", "07"),
]


@pytest.mark.parametrize(("phrase", "text", "found"), FOUND)
def test_a_phrase_is_found_however_it_is_written(phrase: str, text: str, found: str) -> None:
    spans = Phrases(["nobody", phrase]).spans(text)

    assert [text[span.start : span.end] for span in spans] == [found]
    assert Phrases(["nobody", phrase]).stand_in(text) == {1}


@pytest.mark.parametrize(
    ("phrase", "text"),
    [
        *(("Ann", "planned"), ("Ann", "Anna"), ("Martin", "Martinez"), ("Fatima Begum", "Fatima")),
        *(("Jo", "\0\0"), ("...", "..."), ("", "a"), ("Ann Lee", "Ann, so Lee")),
    ],
)
def test_another_word_is_not(phrase: str, text: str) -> None:
    assert Phrases([phrase]).spans(text) == []
    assert Phrases([phrase]).stand_in(text) == set()


@given(st.text(max_size=30), st.text(max_size=8), st.text(max_size=30))
def test_what_stands_alone_is_found_and_where_it_is_told(
    before: str, phrase: str, after: str
) -> None:
    text = f"{before} {phrase} {after}"
    phrases = Phrases([phrase])

    spans = phrases.spans(text)

    assert bool(spans) == bool(phrases.stand_in(text))
    for span in spans:
        assert 0 <= span.start < span.end <= len(text)
        assert phrases.stand_in(text[span.start : span.end]) == {0}
    if any(map(str.isalnum, folded(phrase))) and "\0" not in text:
        assert spans


WRITTEN = [
    *(("NFC", "utf-8"), ("NFC", "utf-16-be"), ("NFC", "utf-16-le"), ("NFC", "latin-1")),
    *(("NFD", "utf-8"), ("NFD", "utf-16-be"), ("NFD", "utf-16-le")),
]


@pytest.mark.parametrize(("form", "encoding"), WRITTEN)
def test_bytes_are_searched_in_each_way_of_writing(form: str, encoding: str) -> None:
    text = unicodedata.normalize("NFC" if form == "NFC" else "NFD", "ZOË MÜLLER")
    noise = bytes(range(128, 256)) * 4

    data = noise + " by ".encode(encoding) + text.encode(encoding) + ", ".encode(encoding) + noise

    assert Needles(["nobody", "Zoë Müller"]).stand_in(data) == {1}
    assert Needles(["nobody", "Zoë Müll"]).stand_in(data) == set()


def test_a_short_name_among_noise_is_chance_and_in_text_is_not() -> None:
    assert Needles(["Ann"]).stand_in(b"\x00\x01ann\x02\x03") == set()
    assert Needles(["Ann"]).stand_in(b"\x00\x01 told by Ann in May \x02") == {0}
    assert Needles(["Ann"]).stand_in(b"Ann") == {0}
    assert Needles(["Page"], of_format=False).stand_in(b"<< /Type /Page /Parent 1 0 R >>") == set()
    assert Needles(["Page"]).stand_in(b"it was Page who told the school") == {0}


# Strings in the source of a PDF


def test_an_eight_and_a_nine_begin_no_octal_code() -> None:
    """ISO 32000-2, 7.3.4.2: of what is no code, the reverse solidus is left out."""
    assert strings(rb"(Jo\9 \101\8\1018)") == b"Jo9 A8A8"


@given(st.binary())
def test_whatever_bytes_look_like_a_string_are_read(data: bytes) -> None:
    strings(b"(" + data + b")")
    strings(data)
