"""The sections of a record that leaves, as data for its template: words and dates ready to read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from pydantic import JsonValue

from send_records.aggregates.values import day_in_words
from send_records.disclosure.answer import Answer, GivenDocument, GivenEntry
from send_records.disclosure.held import HeldEntry
from send_records.disclosure.readings import role_in_words
from send_records.disclosure.record_cover import RecordOf, moment_in_words
from send_records.disclosure.record_told import (
    check,
    evidence,
    part,
    readers,
    received,
    schedule,
    told,
)
from send_records.projections.telling.base import in_plain_words

Section = Callable[[Answer, RecordOf], JsonValue]

ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What names something to a program, and to no reader: it is in the data beside the pages."""

PARTS_TAKEN_OUT = "Parts of this entry are taken out: see the section on what was not given."


def sections(answer: Answer, made: RecordOf) -> list[JsonValue]:
    """Return the sections that go for a purpose, in their order."""
    return [section(answer, made) for section in SECTIONS[made.purpose]]


def _chronology(answer: Answer, made: RecordOf) -> JsonValue:
    entries = sorted(answer.entries, key=lambda one: (one.entry.occurred_on, one.entry.version))
    return part(
        "chronology",
        "Chronology",
        "Each entry by the day on which it happened. Its number leads to all that was recorded.",
        rows=[[_in_short(given), given.entry.version, _said(given.entry)] for given in entries],
    )


def _said(entry: HeldEntry) -> str:
    return f"{entry.title}: {entry.says}" if entry.says else entry.title


def _in_short(given: GivenEntry) -> str:
    day = given.entry.occurred_on
    return f"{day.day} {day:%b %Y}"


def _record(answer: Answer, made: RecordOf) -> JsonValue:
    kinds: dict[str, list[JsonValue]] = {}
    for given in answer.entries:
        kinds.setdefault(given.entry.kind, []).append(_entry(given))
    return part(
        "record",
        "The record",
        "Every entry as it was recorded, by kind. An entry is never changed: a later one corrects"
        " it, and is named beside it.",
        kinds=[
            {"name": f"kind-{number}", "title": kind, "entries": entries}
            for number, (kind, entries) in enumerate(sorted(kinds.items()), 1)
        ],
    )


def _entry(given: GivenEntry) -> JsonValue:
    entry = given.entry
    by = ", ".join(
        part for part in (entry.recorded_by, role_in_words(entry.role), entry.academy) if part
    )
    marks = [*entry.marks, *([PARTS_TAKEN_OUT] if given.redacted else [])]
    return {
        "version": entry.version,
        "title": f"{entry.version}. {entry.title}, {day_in_words(entry.occurred_on)}",
        "recorded": f"Recorded {moment_in_words(entry.recorded_at)}, by {by}."
        f" Source: {in_plain_words(entry.origin)}.",
        "marks": list[JsonValue](marks),
        "lines": [[line.label, line.value] for line in entry.lines if not ID.fullmatch(line.value)],
    }


def _documents(answer: Answer, made: RecordOf) -> JsonValue:
    return part(
        "documents",
        "Documents",
        "These documents are files of their own beside this one."
        if answer.documents
        else "There are no documents.",
        rows=[_document(number, given) for number, given in enumerate(answer.documents, 1)],
    )


def _document(number: int, given: GivenDocument) -> JsonValue:
    row, pages = given.document.row, given.document.pages
    told = [
        row.title,
        f"Kind: {in_plain_words(row.kind)}",
        *([f"Author: {row.author}"] if row.author else []),
        f"File: {given.name}",
        *(["A newer one takes its place"] if row.superseded_by else []),
    ]
    return [
        str(number),
        day_in_words(row.dated),
        "\n".join(told),
        "-" if pages is None else str(pages),
        "Parts taken out" if given.redacted else "Whole",
    ]


SECTIONS: dict[str, Sequence[Section]] = {
    "subject_access": (
        told,
        _chronology,
        _record,
        _documents,
        schedule,
        received,
        readers,
        check,
    ),
    "handover": (_chronology, _record, _documents, check),
    "la_advice": (evidence, _chronology, _record, _documents, check),
}
"""Which sections go for which purpose, in their order.  Whoever gets the record to teach the pupil,
or to assess their needs, is told nothing of who else has read it."""
