"""What is given as data: one JSON file with all of it, and tables in CSV of each kind.

It is data in a commonly used electronic form (UK GDPR Art 15(3)), structured and machine-readable
as Art 20(1) has it.  Both say what the PDF says, and no more: of what was withheld, nothing.

A spreadsheet takes a cell that begins with = + - or @ for a formula and acts on it, whoever wrote
it; so an apostrophe stands before such a cell (OWASP, "CSV Injection").  In the JSON it does not.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

from send_records.disclosure.answer import Answer, GivenDocument, GivenEntry, Scheduled
from send_records.disclosure.blanks import TAKEN_OUT
from send_records.disclosure.held import Recipient
from send_records.disclosure.manifest import Json, PackContents, PackIncomplete, as_json
from send_records.store.access import AccessRow

FORMAT = "send-records/record/1"

ABOUT = (
    "This is what is given of one pupil's record, for a program to read.  Text is UTF-8; days are "
    "written 2026-11-24, moments 2026-11-24T06:07:26.123456+00:00.",
    "entries: what was recorded, in order.  version is the entry's number in the record, position "
    "its place in the log of the trust, occurred_on the day it is about, recorded_at when it was "
    "written down.  lines is the entry as people read it; recorded is the same as it was stored, "
    "which proof/extract.json proves.  redacted: parts of it were taken out.",
    "documents: what was filed; file is where it is in this pack, size and sha256 are that file's.",
    "accesses: who has seen the record.  recipients: who was given something of it.  sources: from "
    "whom the entries that are given come, and how many.  kept: how long it is kept, and why.",
    "schedule: what was taken out or not given, and on which ground.",
    f"{TAKEN_OUT} stands where words were taken out, always of the same length.",
)

ACTS_AS_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
"""How a cell begins that a spreadsheet might act on; the wide forms of the signs are among them."""

BOM = "\ufeff"
"""Without it Excel does not take the file for UTF-8."""


def data_files(contents: PackContents) -> dict[str, bytes]:
    """Return the files under ``data/``, none without an answer; raise PackIncomplete if a document
    that is given is not among the contents."""
    answer = contents.answer
    if answer is None:
        return {}
    record = _record(contents, answer)
    tables = {name: record[name] for name in ("documents", "accesses", "recipients", "schedule")}
    rows = {"entries": [_entry_row(one) for one in record["entries"]], **tables}
    files = {"data/record.json": as_json(record)}
    return files | {f"data/{name}.csv": table(COLUMNS[name], rows[name]) for name in COLUMNS}


COLUMNS: dict[str, tuple[str, ...]] = {
    "entries": (
        *("version", "position", "occurred_on", "recorded_at", "kind", "title", "says", "details"),
        *("recorded_by", "role", "academy", "data_class", "origin", "redacted", "marks"),
    ),
    "documents": (
        *("file", "kind", "title", "author", "dated", "filed_on", "filed_by", "media_type"),
        *("size", "pages", "sha256", "data_class", "origin", "entry", "redacted"),
    ),
    "accesses": (
        *("position", "recorded_at", "name", "role", "academy", "act", "what", "purpose"),
        "outcome",
    ),
    "recipients": ("to", "what", "on", "entry"),
    "schedule": ("number", "what", "fate", "ground", "basis", "times"),
}


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return a CSV file (RFC 4180) of these columns, every cell in quotes and none a formula."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([cell(row[name]) for name in columns] for row in rows)
    return (BOM + out.getvalue()).encode()


def cell(value: object) -> str:
    """Return a value as a cell's text, with an apostrophe before what would act as a formula."""
    if value is None or value is False or value is True:
        return {None: "", True: "yes", False: "no"}[value]
    text = str(value)
    return f"'{text}" if ACTS_AS_FORMULA.match(text) else text


def _record(contents: PackContents, answer: Answer) -> Json:
    held, cut = answer.held, contents.cut
    given = {one.entry.version for one in answer.entries}
    return {
        "format": FORMAT,
        "about": list(ABOUT),
        "trust": contents.trust,
        "purpose": contents.purpose,
        "subject": {
            "pupil_id": str(held.subject.pupil_id),
            "legal_name": held.subject.legal_name,
            "date_of_birth": _day(held.subject.date_of_birth),
            "upn": held.subject.upn,
            "academy": held.subject.academy,
            "nc_year": held.subject.nc_year,
            "class_name": held.subject.class_name,
            "left_on": _day(held.subject.left_on),
            "merged_into": held.subject.merged_into and str(held.subject.merged_into),
        },
        "cut": {
            "position": cut.position,
            "accesses": cut.accesses,
            "as_of": _day(cut.as_of),
            "known_at": contents.known_at and _moment(contents.known_at),
        },
        "entries": [_entry(one) for one in answer.entries],
        "documents": list(_documents(contents, answer)),
        "accesses": [_access(row) for row in answer.accesses],
        "recipients": [
            _recipient(one, answer.phrases) for one in answer.recipients if one.version in given
        ],
        "sources": dict(sorted(Counter(one.entry.origin for one in answer.entries).items())),
        "kept": {
            "until": _day(answer.kept.until),
            "rule": answer.kept.rule,
            "citation": answer.kept.citation,
            "holds": list(answer.kept.holds),
        },
        "schedule": [_scheduled(line) for line in answer.schedule],
    }


def _entry(given: GivenEntry) -> Json:
    entry = given.entry
    return {
        "version": entry.version,
        "position": entry.position,
        "event": entry.event,
        "title": entry.title,
        "kind": entry.kind,
        "occurred_on": _day(entry.occurred_on),
        "recorded_at": _moment(entry.recorded_at),
        "recorded_by": entry.recorded_by,
        "role": entry.role,
        "academy": entry.academy,
        "data_class": entry.data_class,
        "origin": entry.origin,
        "says": entry.says,
        "redacted": given.redacted,
        "lines": [
            {"path": line.path, "label": line.label, "value": line.value} for line in entry.lines
        ],
        "marks": list(entry.marks),
        "recorded": dict(entry.recorded),
    }


def _entry_row(entry: Json) -> Json:
    details = "\n".join(f"{line['label']}: {line['value']}" for line in entry["lines"])
    return entry | {"details": details, "marks": "\n".join(entry["marks"])}


def _documents(contents: PackContents, answer: Answer) -> Iterator[Json]:
    known = {given.document.row.document_id for given in answer.documents}
    for given in answer.documents:
        document = given.document
        row, data = document.row, _bytes_of(given, contents.documents)
        newer = row.superseded_by if row.superseded_by in known else None
        yield {
            "document_id": str(row.document_id),
            "file": f"documents/{given.name}",
            "kind": row.kind.value,
            "title": row.title,
            "author": row.author,
            "dated": _day(row.dated),
            "filed_on": _day(row.filed_on),
            "filed_by": row.filed_by,
            "media_type": row.media_type,
            "size": len(data),
            "sha256": sha256(data).hexdigest(),
            "pages": document.pages,
            "data_class": row.data_class.value,
            "origin": row.origin.value,
            "superseded_by": newer and str(newer),
            "entry": document.version,
            "position": document.position,
            "redacted": given.redacted,
        }


def _bytes_of(given: GivenDocument, documents: Mapping[str, bytes]) -> bytes:
    if given.name not in documents:
        raise PackIncomplete("A document that is given is not in the pack.")
    return documents[given.name]


def _access(row: AccessRow) -> Json:
    return {
        "position": row.position,
        "recorded_at": _moment(row.recorded_at),
        "name": row.name,
        "role": row.role,
        "academy": row.academy,
        "act": row.act,
        "what": row.what,
        "tier": row.tier,
        "purpose": row.purpose,
        "outcome": row.outcome,
    }


def _recipient(one: Recipient, phrases: Sequence[str]) -> Json:
    to = TAKEN_OUT if any(phrase.casefold() in one.to.casefold() for phrase in phrases) else one.to
    return {"to": to, "what": one.what, "on": _day(one.on), "entry": one.version}


def _scheduled(line: Scheduled) -> Json:
    return {
        "number": line.number,
        "what": line.what,
        "fate": line.fate.value,
        "ground": line.ground.value,
        "basis": line.basis,
        "times": line.times,
    }


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _moment(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="microseconds")
