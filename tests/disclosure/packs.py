"""Packs to check: of a log of a trust's own (``extracts``), with answers made by hand."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from send_records.aggregates.document_kinds import DocumentKind
from send_records.aggregates.items import BASIS, Ground
from send_records.aggregates.values import DataClass, Origin
from send_records.disclosure.answer import Answer, Fate, GivenDocument, GivenEntry, Scheduled
from send_records.disclosure.blanks import TAKEN_OUT
from send_records.disclosure.held import (
    Cut,
    Held,
    HeldDocument,
    HeldEntry,
    Kept,
    Line,
    Recipient,
    Subject,
)
from send_records.disclosure.manifest import PackContents, Page
from send_records.disclosure.pack import pack
from send_records.documents.rows import DocumentRow
from send_records.store.access import AccessRow
from send_records.store.notes import Signer
from tests.disclosure.extracts import OTHER_PUPIL, PUPIL, SPACE, Json, Trust, b64

UP_TO = 9
"""The cut: after it an entry more is recorded."""

ADMITTED, RAISED, FILED, REFERRED, ANSWERED, REPORTED, REVIEWED = 1, 3, 4, 5, 6, 8, 9
"""Positions of the pupil's entries; the one between and one that follows are another's."""

WITHHELD_DAY = "2026-03-17"
SECRET_WORDS = "Marrowby"
"""Of the entry that is withheld: who was told, and when."""

LETTER = b"%PDF-1.7 a letter, as it was filed\n" * 2_000
REPORT = b"%PDF-1.7 a report, as it was filed\n" * 10
REPORT_REDACTED = b"%PDF-1.7 a report, without a name\n" * 10
RECORD = b"%PDF-1.7 the record, of three pages\n" * 4_000
DOCUMENTS = {"001 2026-11-20 letter.pdf": LETTER, "002 2026-11-22 report.pdf": REPORT_REDACTED}

WORDS: dict[int, Json] = {
    ADMITTED: {"legal_name": "Ada Quillfeather"},
    RAISED: {"observed": "Reads aloud.", "scores": [{"measure": "words", "value": 41}]},
    FILED: {"title": "Letter", "sha256": sha256(LETTER).hexdigest()},
    REFERRED: {"agency": SECRET_WORDS, "why": "A matter of which nothing is to be told."},
    ANSWERED: {"answer": "Told to Mr Oxley, who agrees."},
    REPORTED: {"title": "Report of Mr Oxley", "sha256": sha256(REPORT).hexdigest()},
    REVIEWED: {"reason": "It names somebody else."},
}
TOPICS = {
    ADMITTED: "PupilAdmitted",
    RAISED: "ConcernRaised",
    FILED: "DocumentFiled",
    REFERRED: "AgencyReferralMade",
    ANSWERED: "ConcernAnswered",
    REPORTED: "DocumentFiled",
    REVIEWED: "ItemWithheld",
}


def log() -> Trust:
    """A log in which the pupil has eight entries, the last of them after the cut."""
    trust = Trust()
    for position in range(1, 12):
        if position not in TOPICS:
            mine = position == 10
            trust.record(8 if mine else position, pupil=PUPIL if mine else OTHER_PUPIL)
            continue
        version = list(TOPICS).index(position) + 1
        day = WITHHELD_DAY if position == REFERRED else f"2026-11-{10 + position}"
        trust.record(
            version,
            topic=TOPICS[position],
            clear=json.dumps({"occurred_on": day}),
            words=json.dumps(WORDS[position]),
            actor="who is not to be known" if position in (REFERRED, REVIEWED) else "actor",
        )
    return trust


LOG = log()


def entry(position: int, **changed: Any) -> HeldEntry:
    """Return an entry as it is held."""
    stored = LOG.log[position - 1]
    recorded = json.loads(stored["clear"]) | WORDS[position]
    made = HeldEntry(
        version=stored["version"],
        position=position,
        event=stored["topic"],
        title=f"Title of {position}",
        kind="Concerns",
        occurred_on=date.fromisoformat(recorded["occurred_on"]),
        recorded_at=datetime.fromisoformat(stored["recorded_at"]),
        recorded_by="Priya Fenwick",
        role="sendco",
        academy="Alder Park",
        data_class="education",
        origin="staff",
        says="Something was recorded.",
        lines=tuple(Line(path, path.capitalize(), str(value)) for path, value in recorded.items()),
        recorded=recorded,
    )
    return replace(made, **changed)


def document(position: int, data: bytes, title: str) -> HeldDocument:
    row = DocumentRow(
        document_id=uuid5(SPACE, f"document {position}"),
        kind=DocumentKind.SCHOOL_REPORT,
        title=title,
        author=None,
        dated=date(2026, 11, 10 + position),
        filed_on=date(2026, 11, 10 + position),
        filed_by="Priya Fenwick",
        media_type="application/pdf",
        size=len(data),
        sha256=sha256(data).hexdigest(),
        data_class=DataClass.EDUCATION,
        origin=Origin.STAFF,
    )
    return HeldDocument(row, LOG.log[position - 1]["version"], position, 1)


def redacted(position: int, name: str) -> GivenEntry:
    """Return an entry from which a name was taken out."""
    whole = entry(position)
    lines = tuple(replace(one, value=one.value.replace(name, TAKEN_OUT)) for one in whole.lines)
    said = json.loads(json.dumps(whole.recorded, ensure_ascii=False).replace(name, TAKEN_OUT))
    return GivenEntry(replace(whole, lines=lines, recorded=said), redacted=True)


HELD = Held(
    subject=Subject(
        PUPIL, "Ada Quillfeather", date(2016, 4, 2), None, "Alder Park", "5", "5B", None
    ),
    cut=Cut(UP_TO, 2),
    known_at=datetime.fromisoformat(LOG.log[UP_TO - 1]["recorded_at"]),
    entries=tuple(map(entry, TOPICS)),
    documents=(document(FILED, LETTER, "Letter"), document(REPORTED, REPORT, "Report of Mr Oxley")),
    accesses=(
        AccessRow(
            position=2,
            recorded_at=datetime(2026, 11, 25, 9, 30, tzinfo=UTC),
            request_id=UUID(int=7),
            actor_id=UUID(int=8),
            name="Priya Fenwick",
            role="sendco",
            academy="Alder Park",
            act="read",
            what="get_chronology",
            tier="T3",
            purpose="support",
            outcome="allowed",
        ),
    ),
    recipients=(
        Recipient("The parents", "Concern raised", date(2026, 11, 13), 2),
        Recipient("Mr Oxley", "Concern answered", date(2026, 11, 16), 5),
        Recipient(SECRET_WORDS, "Agency referral made", date.fromisoformat(WITHHELD_DAY), 4),
    ),
    kept=Kept(date(2042, 4, 2), "25 years", "SEND policy s.11"),
    sources={"the school": 5, "another agency": 1},
)

ANSWER = Answer(
    held=HELD,
    entries=(
        *(GivenEntry(entry(one)) for one in (ADMITTED, RAISED, FILED)),
        redacted(ANSWERED, "Mr Oxley"),
        redacted(REPORTED, "Mr Oxley"),
    ),
    documents=tuple(
        GivenDocument(replace(held, row=held.row.model_copy(update={"title": title})), name, taken)
        for held, name, title, taken in (
            (HELD.documents[0], next(iter(DOCUMENTS)), "Letter", ()),
            (HELD.documents[1], list(DOCUMENTS)[1], f"Report of {TAKEN_OUT}", ("Mr Oxley",)),
        )
    ),
    schedule=(
        Scheduled(
            1, "An entry", Fate.WITHHELD, Ground.CHILD_ABUSE, BASIS[Ground.CHILD_ABUSE], 1
        ),
        Scheduled(
            2, "A document", Fate.REDACTED, Ground.THIRD_PARTY, BASIS[Ground.THIRD_PARTY], 3
        ),
    ),
    phrases=("Mr Oxley",),
    recipients=HELD.recipients,
    accesses=HELD.accesses,
    sources=HELD.sources,
    kept=HELD.kept,
)  # fmt: skip

PAGES = (
    Page(1, "i"),
    Page(2, "1", (ADMITTED, RAISED, FILED)),
    Page(3, "2", (FILED, ANSWERED, REPORTED), next(iter(DOCUMENTS))),
)

EXTRACT = LOG.extract_2(UP_TO, closed=[ANSWERED, REPORTED], opaque=[REFERRED, REVIEWED])

CONTENTS = PackContents(
    purpose="subject_access",
    pupil_id=PUPIL,
    trust=LOG.name,
    answer=ANSWER,
    pdf=("record.pdf", RECORD),
    pages=PAGES,
    documents=DOCUMENTS,
    extract=EXTRACT,
    cut=HELD.cut,
    preparation_id=UUID(int=5),
)

BUNDLE = replace(
    CONTENTS,
    purpose="evidence",
    answer=None,
    pdf=("bundle.pdf", RECORD),
    documents={},
    pages=(Page(1, "A1"), Page(2, "A2", (RAISED,))),
    extract=LOG.extract_2(UP_TO, opaque=set(TOPICS) - {RAISED}),
)

SIGNER = Signer(LOG.packs.name, LOG.packs.private)
KEYS = [f"--key={key}" for key in (LOG.packs.vkey, *LOG.vkeys)]
GOOD = pack(CONTENTS, SIGNER)


# Taking a pack apart, and putting another together

Files = dict[str, bytes]


def unzipped(data: bytes) -> Files:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def rezipped(files: Mapping[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a zip of the files, as any program packs them."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2027, 1, 2, 3, 4, 6)), data, how)
    return out.getvalue()


def altered(name: str, change: Callable[[Any], object], files: Files | None = None) -> Files:
    """Return the files of a good pack with one of its JSON files changed."""
    made = unzipped(GOOD) if files is None else dict(files)
    value = json.loads(made[name])
    change(value)
    return made | {name: json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"}


def signed_anew(files: Files, signer: Signer = SIGNER) -> Files:
    """Return the files under a manifest that says what they are now, signed by whoever has a key:
    what is found then is found by what the files say, and not by their hashes."""
    told = json.loads(files["proof/manifest.json"])
    for one in told["files"]:
        data = files[one["name"]]
        one["size"], one["sha256"] = len(data), sha256(data).hexdigest()
        one["blocks"] = [
            sha256(data[at : at + 65_536]).hexdigest() for at in range(0, len(data), 65_536)
        ]
    made = json.dumps(told, ensure_ascii=False, indent=1).encode() + b"\n"
    lines = files["proof/manifest.note"].decode().split("\n")[:6]
    lines[2], lines[3] = b64(sha256(made).digest()), str(told["position"])
    note = signer.sign("\n".join(lines) + "\n").encode()
    return files | {"proof/manifest.json": made, "proof/manifest.note": note}
