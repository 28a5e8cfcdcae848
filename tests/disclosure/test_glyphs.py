"""Which characters can be printed, and how the others are named."""

from __future__ import annotations

import unicodedata
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_records.disclosure.glyphs import MARK, named, shown

ANY = st.text(st.characters(exclude_categories=()))


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("Zo\u00eb \u0141ukasz \u0391\u03b8\u03b7\u03bd\u03ac", None),
        ("x\u0323\u0301 combining", None),
        ("\u201cquotes\u201d \u2013 \u2014 \u2026 \u00a3 \u20ac", None),
        ("a\r\nb\rc\td", "a\nb\nc    d"),
        ("\U0001f600!", "[U+1F600 not printable here]!"),
        ("\u0995\u09be", "[U+0995 U+09BE not printable here]"),
        ("\u0645 a", "[U+0645 not printable here] a"),
        ("a\u202eb\u202cc", "a[U+202E not printable here]b[U+202C not printable here]c"),
        ("\ud800\x00\ufeff\ue000", "[U+D800 U+0000 U+FEFF U+E000 not printable here]"),
        ("e\u2028f\u200bg", "e[U+2028 not printable here]f[U+200B not printable here]g"),
    ],
)
def test_what_cannot_be_printed_is_named(text: str, printed: str | None) -> None:
    assert named(text, Counter()) == (text if printed is None else printed)


def test_what_was_named_is_counted() -> None:
    missing: Counter[str] = Counter()
    named("\U0001f600\U0001f600 and \u0995", missing)
    assert missing == {"\U0001f600": 2, "\u0995": 1}


@given(ANY)
def test_nothing_is_left_that_cannot_be_shown(text: str) -> None:
    missing: Counter[str] = Counter()
    printed = named(text, missing)
    assert set(printed) <= shown() | {"\n"}
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", "    ")
    assert MARK.sub("", printed) == "".join(c for c in plain if c in shown() | {"\n"})
    assert missing.total() == sum(c not in shown() | {"\n"} for c in plain)


def test_no_shown_character_turns_the_direction_or_shows_nothing() -> None:
    assert not {c for c in shown() if unicodedata.bidirectional(c) in {"R", "AL", "RLO", "LRO"}}
    assert not {c for c in shown() if unicodedata.category(c).startswith("C")}
    assert set("abcdefghijklmnopqrstuvwxyz0123456789 #$*_@<>()[]{}\\/'\"`~^&|+=") <= shown()
