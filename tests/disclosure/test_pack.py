"""The pack: the same of the same contents, and refused where the contents do not fit together."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_records.disclosure.extract import Way
from send_records.disclosure.manifest import PackContents, PackIncomplete, Page
from send_records.disclosure.pack import NameNotPortable, dated, pack, require_portable, ways_of
from send_records.disclosure.tables import COLUMNS, cell, data_files, table
from tests.disclosure.packs import (
    ANSWER,
    ANSWERED,
    BUNDLE,
    CONTENTS,
    DOCUMENTS,
    GOOD,
    LETTER,
    RAISED,
    RECORD,
    REFERRED,
    SECRET_WORDS,
    SIGNER,
    entry,
    unzipped,
)

FILES = unzipped(GOOD)


# The zip


def test_of_the_same_contents_it_is_the_same_bytes() -> None:
    backwards = dict(reversed(DOCUMENTS.items()))

    assert pack(replace(CONTENTS, documents=backwards), SIGNER) == GOOD
    assert pack(replace(CONTENTS, purpose="handover"), SIGNER) != GOOD


def test_it_is_stored_in_one_order_all_of_one_moment_and_to_be_read_by_all() -> None:
    with zipfile.ZipFile(io.BytesIO(GOOD)) as archive:
        found = archive.infolist()

    assert [info.filename for info in found] == [
        "README.txt",
        "record.pdf",
        "documents/001 2026-11-20 letter.pdf",
        "documents/002 2026-11-22 report.pdf",
        "data/record.json",
        *(f"data/{name}.csv" for name in COLUMNS),
        "proof/extract.json",
        "proof/verify_pack.py",
        "proof/verify_extract.py",
        "proof/manifest.json",
        "proof/manifest.note",
    ]
    assert {info.compress_type for info in found} == {zipfile.ZIP_STORED}
    # When the last entry that is given was recorded: 06:07:33.123456.
    assert {info.date_time for info in found} == {(2026, 11, 24, 6, 7, 34)}
    assert {info.external_attr >> 16 for info in found} == {0o100644}
    assert (FILES["record.pdf"], FILES[f"documents/{next(iter(DOCUMENTS))}"]) == (RECORD, LETTER)


def test_the_moment_of_a_zip_is_from_1980_and_to_two_seconds() -> None:
    assert dated(None) == (1980, 1, 1, 0, 0, 0)
    assert dated(datetime(1979, 12, 31, tzinfo=UTC)) == (1980, 1, 1, 0, 0, 0)
    assert dated(datetime(2026, 11, 24, 6, 7, 27, 9, UTC)) == (2026, 11, 24, 6, 7, 26)


def test_a_bundle_is_a_pdf_and_the_proofs() -> None:
    files = unzipped(pack(BUNDLE, SIGNER))

    assert [name for name in files if not name.startswith("proof/")] == ["README.txt", "bundle.pdf"]
    assert "data/" not in files["README.txt"].decode()


def test_an_extract_opens_what_is_given_whole_and_closes_what_is_redacted() -> None:
    ways = ways_of(ANSWER)

    assert ways == {
        **dict.fromkeys((1, RAISED, 4), Way.OPENED),
        **dict.fromkeys((ANSWERED, 8), Way.CLOSED),
    }


@pytest.mark.parametrize(
    "name",
    [
        *("", ".", "..", "a/b", "a\\b", "../a", "C:a", "a\x07", "a\u202eb", "a.", " a", "a*"),
        *("con", "NUL.txt", "x" * 201, "RECORD.PDF", "001 2026-11-20 LETTER.pdf"),
    ],
)
def test_a_name_that_is_not_portable_is_refused(name: str) -> None:
    with pytest.raises(NameNotPortable) as refused:
        pack(replace(CONTENTS, documents={**DOCUMENTS, name: b"x"}), SIGNER)

    assert name not in str(refused.value) or len(name) < 3
    require_portable(["003 2026-11-24 Bericht, \u00fcber (2).pdf"])


@pytest.mark.parametrize(
    "change",
    [
        lambda it: replace(it, pages=()),
        lambda it: replace(it, pages=it.pages[1:]),
        lambda it: replace(it, pages=it.pages[::-1]),
        lambda it: replace(it, pages=(Page(1, "1", (99,)),)),
        lambda it: replace(it, pages=(Page(1, "1", (REFERRED,)),)),
        lambda it: replace(it, pages=(Page(1, "1", (), "none.pdf"),)),
        lambda it: replace(it, documents={}),
        lambda it: replace(it, extract=BUNDLE.extract),
    ],
    ids=range(8),
)
def test_contents_that_do_not_fit_one_another_are_no_pack(
    change: Callable[[PackContents], PackContents],
) -> None:
    with pytest.raises(PackIncomplete):
        pack(change(CONTENTS), SIGNER)


# The data


def test_the_record_as_data_says_what_is_given_and_no_more() -> None:
    told = json.loads(FILES["data/record.json"])

    assert list(told)[:2] == ["format", "about"]
    assert [one["position"] for one in told["entries"]] == [1, RAISED, 4, ANSWERED, 8]
    assert told["entries"][1]["recorded"]["observed"] == "Reads aloud."
    assert [one["redacted"] for one in told["documents"]] == [False, True]
    assert told["documents"][1]["size"] == len(list(DOCUMENTS.values())[1])
    assert told["sources"] == {"staff": 5}
    assert [line["number"] for line in told["schedule"]] == [1, 2]


def test_who_received_what_is_withheld_is_withheld_and_a_name_taken_out_is_taken_out() -> None:
    told = json.loads(FILES["data/record.json"])["recipients"]

    assert [one["to"] for one in told] == ["The parents", "████"]
    assert SECRET_WORDS not in FILES["data/recipients.csv"].decode()


def rows(data: bytes) -> list[dict[str, str]]:
    """Return a table as a program reads it."""
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_the_tables_have_a_row_for_each() -> None:
    files = data_files(CONTENTS)
    counted = {name: len(rows(files[f"data/{name}.csv"])) for name in COLUMNS}

    assert counted == {
        "entries": 5,
        "documents": 2,
        "accesses": 1,
        "recipients": 2,
        "schedule": 2,
    }
    [_, raised, *_] = rows(files["data/entries.csv"])
    assert raised["details"].split("\n")[1] == "Observed: Reads aloud."
    assert (raised["redacted"], raised["academy"]) == ("no", "Alder Park")


FORMULAS = [
    '=HYPERLINK("http://evil.example","x")',
    "=1+1",
    "+1",
    "-1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1",
    "\uff1d1",
    "\uff0b1",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula_and_the_json_says_it_as_it_is(text: str) -> None:
    assert cell(text) == f"'{text}"
    hostile = replace(entry(RAISED, says=text, recorded_by=text, title=text))
    given = replace(ANSWER.entries[1], entry=hostile)
    answer = replace(ANSWER, entries=(ANSWER.entries[0], given, *ANSWER.entries[2:]))
    files = data_files(replace(CONTENTS, answer=answer))

    row = rows(files["data/entries.csv"])[1]
    assert [row[name] for name in ("says", "recorded_by", "title")] == [f"'{text}"] * 3
    assert json.loads(files["data/record.json"])["entries"][1]["says"] == text


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_whatever_a_cell_holds_it_is_one_cell_and_no_formula(texts: list[str]) -> None:
    texts = [text.encode("utf-8", "replace").decode() for text in texts]
    data = table(["a"], [{"a": text} for text in texts])
    read = [row["a"] for row in rows(data)]

    assert len(read) == len(texts)
    for text, one in zip(texts, read, strict=True):
        assert one in (text, f"'{text}")
        assert not one.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_what_is_no_text_is_a_cell_too() -> None:
    values: list[Any] = [None, True, False, 0, 12]

    assert [cell(value) for value in values] == ["", "yes", "no", "0", "12"]
    assert cell(-1) == "'-1"


# README.txt


def test_the_readme_says_what_it_is_how_to_check_it_and_what_that_does_not_say() -> None:
    text = FILES["README.txt"].decode()
    plain = " ".join(text.split())

    assert plain.startswith("This is the answer to a request for a copy of a pupil's record")
    assert "up to position 9 of the trust's log: 5 entries are given" in plain
    assert "python proof/verify_pack.py . --key alder-park.example/packs+..." in plain
    assert "has an apostrophe before it" in plain
    assert "It does not say that what was recorded is true" in plain
    assert text.count("\n") == text.count("\r\n")
    of_another = unzipped(pack(replace(CONTENTS, purpose="something else"), SIGNER))
    assert of_another["README.txt"].decode().startswith("This is a part of a pupil's SEND record")
