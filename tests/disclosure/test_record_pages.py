"""The record as pages: what is on them, what is not, and that they are what they say they are."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import unescape

import pytest

from send_records.aggregates.items import Ground
from send_records.aggregates.values import Value
from send_records.disclosure import typesetting
from send_records.disclosure.held import Line
from send_records.disclosure.readings import readings
from send_records.disclosure.record_cover import TITLES, shortened
from send_records.disclosure.record_pages import RecordPdf, record_pdf
from send_records.disclosure.typesetting import printable
from send_records.rules.disclosure import disclosure_rules
from tests.disclosure import answers
from tests.disclosure.reading_pdf import (
    body,
    bookmarks,
    closed_up,
    fonts,
    links,
    opened,
    page_texts,
    sized_texts,
    tags,
)

SHIPPED = typesetting.TEMPLATES

PURPOSES = sorted(TITLES)


@pytest.fixture(scope="module")
def made() -> dict[str, RecordPdf]:
    """The pages of one answer, for each purpose."""
    given = answers.answer(entries=30)
    return {purpose: record_pdf(given, answers.made(purpose)) for purpose in PURPOSES}


@pytest.fixture(scope="module")
def copy(made: dict[str, RecordPdf]) -> RecordPdf:
    """The answer to a subject access request."""
    return made["subject_access"]


def shown(pdf: RecordPdf, running: str = f"{TITLES['subject_access']}: Mina Example") -> str:
    return body(pdf.data, running)


# What they are made of


@pytest.mark.parametrize("purpose", PURPOSES)
def test_it_is_tagged_as_pdf_ua_says(made: dict[str, RecordPdf], purpose: str) -> None:
    with opened(made[purpose].data) as pdf:
        assert pdf.check_pdf_syntax() == []
        metadata = unescape(pdf.Root.Metadata.read_bytes().decode(), {"&apos;": "'"})
        assert re.search(r"pdfuaid:part(>1<|=.1.)", metadata)
        title = f"{TITLES[purpose]}: Mina Example"
        assert title in metadata
        assert str(pdf.docinfo.Title) == title
        assert pdf.Root.Lang == "en-GB"
        assert pdf.Root.MarkInfo.Marked
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        assert "/StructTreeRoot" in pdf.Root
        assert all(fonts(pdf).values())
        assert "/JavaScript" not in pdf.Root.Names
        assert "/OpenAction" not in pdf.Root


@pytest.mark.parametrize("purpose", PURPOSES)
def test_tables_have_rows_of_headings_and_headings_come_in_order(
    made: dict[str, RecordPdf], purpose: str
) -> None:
    with opened(made[purpose].data) as pdf:
        found = list(tags(pdf))
        tables = [node for tag, node in found if tag == "/Table"]
        assert tables
        for table in tables:
            assert [str(part.S) for part in table.K][:1] == ["/THead"]
        levels = [int(tag[2]) for tag, _ in found if re.fullmatch(r"/H[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("purpose", PURPOSES)
def test_every_link_lands_and_bookmarks_are_complete(
    made: dict[str, RecordPdf], purpose: str
) -> None:
    pages = page_texts(made[purpose].data)
    with opened(made[purpose].data) as pdf:
        targets = [target for _, target in links(pdf)]
        marks = bookmarks(pdf)
    assert len(targets) > 29
    assert None not in targets
    for _, title, number in marks:
        assert closed_up(title) in closed_up(pages[number - 1]), title
    entries = {f"{given.entry.version}. " for given in answers.answer(entries=30).entries}
    assert entries == {re.match(r"\d+\. ", title)[0] for depth, title, _ in marks if depth == 3}  # type: ignore[index]
    indexed = [title for depth, title, _ in marks if depth < 3 and title != "Index"]
    assert [line for line in _index(pages[1]) if line] == indexed


def _index(page: str) -> list[str]:
    lines = (re.fullmatch(r"(.*?)[ .]*\. \.[ .]*\d+", line) for line in page.splitlines())
    return [line[1].rstrip(" .") for line in lines if line]


@pytest.mark.parametrize("purpose", PURPOSES)
def test_the_number_printed_is_the_label(made: dict[str, RecordPdf], purpose: str) -> None:
    pages = page_texts(made[purpose].data)
    with opened(made[purpose].data) as pdf:
        labels = [page.label for page in pdf.pages]
    assert [page.label for page in made[purpose].pages] == labels
    for number, (text, label) in enumerate(zip(pages, labels, strict=True), 1):
        assert text.rstrip().endswith(f"Page {label} of {len(pages)}")
        assert label == str(number)


def test_the_index_says_where_things_are(copy: RecordPdf) -> None:
    with opened(copy.data) as pdf:
        marks = {title: number for depth, title, number in bookmarks(pdf) if depth == 1}
    lines = dict(re.findall(r"^(.+?) \. .*?(\d+)\r?$", page_texts(copy.data)[1], re.M))
    for title in ("Chronology", "The record", "What was not given", "Who has read it"):
        assert lines[title] == str(marks[title])


def test_the_same_answer_gives_the_same_bytes(copy: RecordPdf) -> None:
    again = record_pdf(answers.answer(entries=30), answers.made())
    assert again == copy


# What is on them


def test_the_law_s_questions_are_answered(copy: RecordPdf) -> None:
    text = shown(copy)
    rules = disclosure_rules()
    for row in rules.told(answers.KNOWN.date()):
        for said in (row.title, row.text, row.citation):
            assert closed_up(said) in text
    for said in (
        "Until 1 March 2041: 25 years from the date of birth (SEND policy s.11).",
        "Kept longer: an appeal is going on",
        "All that was recorded by 3 March 2026, 14:05 (position 4,711 of the trust's log)",
        "29 entries and 4 documents",
        rules.controller(answers.KNOWN.date()).complaints,
    ):
        assert closed_up(said) in text


def test_the_schedule_says_what_was_not_given_and_nothing_more(copy: RecordPdf) -> None:
    text = shown(copy)
    for ground in (Ground.THIRD_PARTY, Ground.EDU_SERIOUS_HARM, Ground.PRIVILEGE):
        assert closed_up(disclosure_rules().ground(ground, answers.KNOWN.date()).words) in text
    assert closed_up("Entry 5, Meeting held Parts taken out, in 2 places Third party") in text
    for secret in ("Somebody Else", "Told by a withheld entry", "1. Observation recorded"):
        assert closed_up(secret) not in text


def test_readers_are_grouped_and_named_only_if_they_are_to_be() -> None:
    given = answers.answer()
    unnamed = shown(record_pdf(given, answers.made()))
    named = shown(record_pdf(given, answers.made(names_readers=True)))
    assert "TomOkafor" not in unnamed
    assert "TomOkafor,classteacher" in named
    assert "SENCo,NorthmoorPrimaryAcademyRead:support:plans,targets,provisionandreviews" in unnamed
    assert sum(one.times for one in readings(given.held.accesses, named=False)) == 39


def test_the_other_packs_say_what_theirs_are_for(made: dict[str, RecordPdf]) -> None:
    handover, advice = (
        shown(made[purpose], f"{TITLES[purpose]}: Mina Example")
        for purpose in ("handover", "la_advice")
    )
    assert "Receipt" in handover
    assert "Signature" in handover
    for text in (handover, advice):
        assert "Whatwasnotgiven" not in text.replace("seethesectiononwhatwasnotgiven", "")
        assert "Whohasreadit" not in text
    assert closed_up("Attainment in literacy and numeracy Gap: nothing of this is") in advice
    assert closed_up("Previous individual plans and targets 2, 7, 12") in advice


def test_no_page_ends_with_a_heading(copy: RecordPdf, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _ended_by_headings(copy) == []
    monkeypatch.setattr(typesetting, "TEMPLATES", _Unstuck())
    assert _ended_by_headings(record_pdf(answers.answer(entries=60), answers.made())) != []


HEADED = re.compile(r"\d+\. \w+ \w+, |Recorded |(Plans|Reviews|Assessments|Observations)$")
"""An entry's heading, who recorded it, or a kind's heading."""


def _ended_by_headings(pdf: RecordPdf) -> list[str]:
    last = [text.split("Page ")[0].split("\r\n")[-2] for text in page_texts(pdf.data)]
    return [
        line
        for line in last
        if re.match(r"\d+\. \w+ \w+, |Recorded |(Plan|Review|Asses)\w+s$", line)
    ]


class _Unstuck:
    """The shipped templates, in which nothing sticks to what follows it: the defect."""

    def iterdir(self) -> list[Any]:
        return [_Read(file) for file in SHIPPED.iterdir()]


class _Read:
    def __init__(self, file: Any) -> None:
        self.name, self._text = file.name, file.read_text(encoding="utf-8")

    def is_file(self) -> bool:
        return True

    def read_bytes(self) -> bytes:
        return str(self._text).replace("sticky: true", "sticky: false").encode()


# Which entries are on which page


def test_pages_say_which_entries_are_on_them() -> None:
    plain = answers.answer(entries=30)
    long = replace(
        plain.entries[4].entry,
        lines=(Line("observed", "Observed", "\n".join(f"Line {n} of it." for n in range(200))),),
    )
    entries = tuple(
        replace(one, entry=long) if one.entry.version == long.version else one
        for one in plain.entries
    )
    pdf = record_pdf(replace(plain, entries=entries), answers.made())
    texts = page_texts(pdf.data)
    on = {
        version: [p.number for p in pdf.pages if version in p.entries] for version in range(2, 31)
    }
    assert len(on[long.version]) > 4
    assert on[long.version] == [
        n for n, text in enumerate(texts, 1) if re.search(r"Line \d+ of", text)
    ]
    for given in entries:
        heading = f"{given.entry.version}. {given.entry.title}, "
        first = on[given.entry.version][0]
        assert heading in texts[first - 1]
        assert sorted(on[given.entry.version]) == list(
            range(first, on[given.entry.version][-1] + 1)
        )


def test_nothing_but_head_and_foot_is_smaller_than_12_point(copy: RecordPdf) -> None:
    small = {words for size, words in sized_texts(copy.data) if size < 11.95}
    allowed = re.compile(r"Copy of a pupil's SEND record: Mina Example Confidential|Page .* of .*")
    assert {words for words in small if not allowed.fullmatch(words)} == set()
    assert small


# Hostile words, in every field


HOSTILE = (
    '<script>alert(1)</script> &amp; *b* _i_ `r` $x^2$ #panic("no") @ref <label> #(6*7) '
    ") Tj ET endstream =cmd|' /C calc'!A0 a\u202eb\u202c \u0645\u0631 \u0995\u09be"
    " \U0001f600 x\u0323"
)

CODES = {
    *("event", "role", "origin", "data_class", "act", "tier", "purpose", "outcome"),
    *("upn", "path"),
}
"""Fields that hold codes of ours and nobody's words, or are not printed: a UPN is on no report
(``facts.md`` 1.4)."""


def hostile(value: Any, found: list[str], field: str = "") -> Any:
    """The same value with hostile words in every field that can hold words; they are noted."""
    match value:
        case str() if type(value) is str and field not in CODES:
            found.append(f"F{len(found):04d} {HOSTILE} F{len(found):04d}")
            return found[-1]
        case tuple():
            return tuple(hostile(one, found, field) for one in value)
        case Value():
            words = {
                name: hostile(getattr(value, name), found, name) for name in ("title", "author")
            }
            return value.model_copy(update=words)
        case _ if is_dataclass(value) and not isinstance(value, type):
            changed = {
                each.name: hostile(getattr(value, each.name), found, each.name)
                for each in fields(value)
                if each.name not in {"recorded", "schedule", "phrases"}
            }
            return replace(value, **changed)
        case _:
            return value


def test_hostile_words_appear_as_themselves_in_every_field() -> None:
    found: list[str] = []
    plain = answers.answer(entries=4, documents=2)
    given = tuple(replace(one, entry=hostile(one.entry, found)) for one in plain.entries)
    documents = tuple(hostile(one, found) for one in plain.documents)
    schedule = tuple(replace(one, what=hostile(one.what, found)) for one in plain.schedule[:1])
    held = plain.held
    told = [hostile(part, found) for part in (held.subject, held.recipients[:2], held.kept)]
    made = answers.made()
    asked = {name: hostile(name, found) for name in ("to", "asked_for", "reference")}
    answer = replace(
        plain,
        held=replace(held, subject=told[0]),
        recipients=told[1],
        kept=told[2],
        entries=given,
        documents=documents,
        schedule=schedule,
        phrases=(),
    )
    pdf = record_pdf(answer, replace(made, **asked))
    text = shown(pdf, f"{TITLES['subject_access']}: {shortened(answer.held.subject.legal_name)}")
    assert 'F0000<script>alert(1)</script>&amp;*b*_i_`r`$x^2$#panic("no")@ref<label>' in text
    missing = [words for words in found if closed_up(_named(words)) not in text]
    assert len(found) > 55
    assert missing == []


def _named(words: str) -> str:
    named = printable({"words": words})["words"]
    assert isinstance(named, str)
    return named
