"""Our own pages: that what is put on them appears as itself, and that they are the same again."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import JsonValue

from send_records.disclosure import typesetting
from send_records.disclosure.child import Limits, WorkFailed, WorkStopped, WorkTooLarge
from send_records.disclosure.glyphs import shown
from send_records.disclosure.typesetting import typeset
from tests.disclosure.reading_pdf import closed_up, fonts, opened, page_texts

DATED = datetime(2026, 3, 3, 14, 5, tzinfo=UTC)

PAGE = """#import "base.typ": *
#let data = json("data.json")
#show: paper.with(title: data.title, running: data.title)
#section(data.title, "words", {
  say(data.words)
  text(weight: 600, say(data.words))
  facts((("Label", data.words),))
  register((1fr, 1fr), ("One", "Two"), ((data.words, data.words),))
  not-printable(data.not_printable)
})
"""

HOSTILE = {
    "html": "<script>alert(1)</script> &amp; <b>bold</b> <!-- gone -->",
    "markup": '*b* _i_ `r` $x^2$ #panic("no") @ref <label> = Head\n- item\n/ term: x // gone',
    "code": '#{ let x = 1 } #read("/etc/passwd") #(6*7) \\u{41} #sys.inputs https://x.example',
    "operators": ") Tj ET Q endstream endobj 1 0 obj << /JS (app.alert(1)) >> (\\051) %%EOF",
    "formula": "=HYPERLINK(\"http://x.example\") =cmd|' /C calc'!A0 @SUM(1+1) -2+3",
    "typography": 'it\'s "so" -- and --- then... 1/2 fi ffi (c) ~ -? a\u00a0b',
    "long": "x" * 300,
}
"""Texts that must appear as themselves, whatever reads them."""


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of templates with one for these tests in it, beside those shipped."""
    for shipped in typesetting.TEMPLATES.iterdir():
        (tmp_path / shipped.name).write_bytes(shipped.read_bytes())
    (tmp_path / "page.typ").write_text(PAGE)
    monkeypatch.setattr(typesetting, "TEMPLATES", tmp_path)
    return tmp_path


def page(words: str, title: str = "Title") -> bytes:
    return typeset("page.typ", {"title": title, "words": words}, dated=DATED)


def absent(data: bytes, texts: Mapping[str, str]) -> list[str]:
    """Which of some texts no page shows as themselves."""
    all_pages = closed_up("".join(page_texts(data)))
    return [name for name, text in texts.items() if closed_up(text) not in all_pages]


@pytest.mark.usefixtures("templates")
def test_hostile_text_appears_as_itself() -> None:
    assert absent(page("\n".join(HOSTILE.values()), title="A #b *c*"), HOSTILE) == []


def test_a_template_that_evaluates_a_string_is_caught(templates: Path) -> None:
    base, says = templates / "base.typ", 'text.split("\\n").map(_line).join(linebreak())'
    assert says in base.read_text()
    base.write_text(base.read_text().replace(says, 'eval(text, mode: "markup")'))
    plain = {"markup": "*b* _i_", "code": "#(6*7)"}
    assert absent(page(" ".join(plain.values())), plain) == ["markup", "code"]
    with pytest.raises(WorkFailed):
        page(HOSTILE["markup"])


def test_no_shipped_template_evaluates_anything() -> None:
    for template in typesetting.TEMPLATES.iterdir():
        source = template.read_text(encoding="utf-8")
        assert "eval" not in source.replace("evaluates", ""), template.name


@pytest.mark.usefixtures("templates")
def test_every_character_said_to_be_shown_is(monkeypatch: pytest.MonkeyPatch) -> None:
    every = " ".join(sorted(shown()))
    assert len(page(every)) > 1_000  # PDF/UA-1 refuses a glyph that is missing, in either weight
    monkeypatch.setattr(typesetting, "named", lambda text, missing: text)
    for unseen in ("\u0995", "\ue000"):
        with pytest.raises(WorkFailed):
            page(unseen)


@pytest.mark.usefixtures("templates")
def test_what_cannot_be_printed_is_named_and_listed() -> None:
    words = "\U0001f600 a\u202eb \u0995 \u2588\u2588\u2588\u2588"
    text = closed_up("".join(page_texts(page(words))))
    for said in (
        "[U+1F600 not printable here]",
        "a[U+202E not printable here]b",
        "[taken out]",
        "U+202E RIGHT-TO-LEFT OVERRIDE 1",
        "3 characters of this record cannot be printed",
    ):
        assert closed_up(said) in text


@pytest.mark.usefixtures("templates")
def test_a_long_word_stays_on_the_page() -> None:
    lines = page_texts(page("w" * 400))[0].splitlines()
    assert max(line.count("w") for line in lines) < 70


@pytest.mark.usefixtures("templates")
def test_the_same_data_gives_the_same_bytes() -> None:
    first = page("same")
    assert page("same") == first
    later = typeset("page.typ", {"title": "Title", "words": "same"}, dated=DATED.replace(year=2027))
    assert later != first


@pytest.mark.usefixtures("templates")
def test_only_our_fonts_are_used_and_all_are_embedded() -> None:
    with opened(page("Plain")) as pdf:
        named = fonts(pdf)
    assert all(named.values())
    assert {name.split("+")[1].split("-")[0] for name in named} == {"SourceSansPro"}


@pytest.mark.usefixtures("templates")
def test_no_word_of_it_is_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    seen: list[str] = []

    def looking() -> bool:
        seen.extend(
            str(Path(folder, file))
            for folder, _, files in os.walk(tmp_path / "tmp")
            for file in files
            if not Path(folder, file).is_symlink()
        )
        return False

    data: dict[str, JsonValue] = {"title": "Title", "words": "Words of a record"}
    typeset("page.typ", data, dated=DATED, stopped=looking)
    assert seen == []
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.usefixtures("templates")
def test_it_keeps_to_limits_and_stops_when_told() -> None:
    data: dict[str, JsonValue] = {"title": "Title", "words": "Many words. " * 200_000}
    with pytest.raises(WorkStopped):
        typeset("page.typ", data, dated=DATED, stopped=lambda: True)
    with pytest.raises((WorkTooLarge, WorkFailed)):
        typeset("page.typ", data, dated=DATED, limits=Limits(seconds=30, megabytes=300))
    with pytest.raises(WorkTooLarge):
        typeset("page.typ", data, dated=DATED, limits=Limits(seconds=0.3))
