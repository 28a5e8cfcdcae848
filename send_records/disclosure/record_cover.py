"""The cover of a record that leaves: whose it is, what was asked, and up to where it is given."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from pydantic import JsonValue

from send_records.aggregates.values import LONDON, day_in_london, day_in_words
from send_records.disclosure.answer import Answer
from send_records.disclosure.held import Cut, Subject
from send_records.rules.disclosure import DisclosureRules, disclosure_rules

TITLES = {
    "subject_access": "Copy of a pupil's SEND record",
    "handover": "SEND record for the next school",
    "la_advice": "Evidence for an education, health and care needs assessment",
}
"""What each is called, by the purpose of the pack it is in."""

UNDER = {
    "subject_access": "Answer to a request under Article 15 of the UK GDPR",
    "handover": "To the SENCo. Please sign the receipt below and send it back.",
    "la_advice": "What the trust has on record, by section 10.3 of its SEND policy",
}

ASKED_BY = {
    "subject_access": "Asked for by",
    "handover": "For",
    "la_advice": "For",
}


ROOM = 40
"""Characters of a name at the head of a page."""


@dataclass(frozen=True, slots=True)
class RecordOf:
    """What the pages say beside what is given: for whom, and on whose asking."""

    purpose: str
    """subject_access, handover or la_advice: a PackPurpose."""
    trust: str
    """Whose log it is, as it stands in every signature."""
    to: str
    """Who is given it: who asked, or the next school, or the local authority."""
    asked_on: date | None = None
    asked_for: str | None = None
    """What was asked for, in words."""
    reference: str | None = None
    names_readers: bool = False
    """Whether staff who have read are named (``rules/watch.toml``)."""
    rules: DisclosureRules = field(default_factory=disclosure_rules)


def cover(answer: Answer, made: RecordOf) -> dict[str, JsonValue]:
    """Return what the cover says, and what stands at the head of every page."""
    held = answer.held
    controller = made.rules.controller(day_known(answer))
    rows: list[JsonValue] = [
        [label, value]
        for label, value in (
            ("Pupil", held.subject.legal_name),
            ("Date of birth", _day(held.subject.date_of_birth)),
            ("Academy", held.subject.academy),
            ("Year and class", _class(held.subject)),
            ("Left on", _day(held.subject.left_on)),
            ("Merged into record", held.subject.merged_into and str(held.subject.merged_into)),
            (ASKED_BY[made.purpose], made.to),
            ("Asked on", _day(made.asked_on)),
            ("Asked for", made.asked_for),
            ("Reference", made.reference),
            ("Given as it stood", as_it_stood(held.cut, held.known_at)),
            ("Contains", contains(answer)),
            ("Controller", controller.name),
            ("Contact", controller.contact),
        )
        if value
    ]
    title = TITLES[made.purpose]
    return {
        "title": f"{title}: {held.subject.legal_name}",
        "running": f"{title}: {shortened(held.subject.legal_name)}",
        "heading": title,
        "under": UNDER[made.purpose],
        "facts": rows,
        "receipt": _receipt(controller.contact) if made.purpose == "handover" else None,
    }


def day_known(answer: Answer) -> date:
    """Return the day at which the record is given: rules are asked for it."""
    known = answer.held.known_at or datetime(2018, 5, 25, 12, tzinfo=UTC)
    return day_in_london(known)


def moment_in_words(moment: datetime) -> str:
    """Return a moment as people write it, in London: 13 December 2023, 14:05."""
    there = moment.astimezone(LONDON)
    return f"{day_in_words(there.date())}, {there:%H:%M}"


def as_it_stood(cut: Cut, known_at: datetime | None) -> str:
    """Return a cut in words: by both clocks, and as a position of the log."""
    if known_at is None:
        return "Nothing was recorded."
    happened = (
        ""
        if cut.as_of is None
        else (f", of what had happened by the end of {day_in_words(cut.as_of)}")
    )
    return (
        f"All that was recorded by {moment_in_words(known_at)}{happened}"
        f" (position {cut.position:,} of the trust's log)"
    )


def contains(answer: Answer) -> str:
    """Return how much is given, in words."""
    parts = [
        counted(len(answer.entries), "entry", "entries"),
        counted(len(answer.documents), "document", "documents"),
    ]
    return " and ".join(parts)


def counted(number: int, one: str, many: str) -> str:
    """Return a number of things: 1 entry, 2,000 entries."""
    return f"{number:,} {one if number == 1 else many}"


def shortened(name: str) -> str:
    """Return a name as there is room for at the head of a page; in full it is on the cover."""
    return name if len(name) <= ROOM else f"{name[: ROOM - 1]}\u2026"


def _class(subject: Subject) -> str:
    year = subject.nc_year and f"Year {subject.nc_year}"
    return ", ".join(part for part in (year, subject.class_name) if part)


def _day(day: date | None) -> str | None:
    return None if day is None else day_in_words(day)


def _receipt(contact: str) -> JsonValue:
    return {
        "heading": "Receipt",
        "says": f"I have received this record. Please return this page, signed, to: {contact}.",
        "lines": ["Name", "Role", "School", "Signature", "Date"],
    }
