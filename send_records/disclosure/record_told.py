"""What is told with a record that leaves: what the law asks to be told (UK GDPR Art 15), what was
not given, who has it, and how the copy is checked; and for a local authority, which evidence there
is.
"""

from __future__ import annotations

from collections import Counter

from pydantic import JsonValue

from send_records.aggregates.items import Ground
from send_records.aggregates.values import day_in_words
from send_records.disclosure.answer import Answer, Fate
from send_records.disclosure.held import Kept, Recipient
from send_records.disclosure.lines import begun
from send_records.disclosure.readings import Readings, readings
from send_records.disclosure.record_cover import RecordOf, counted, day_known
from send_records.disclosure.taking_out import taken_out
from send_records.projections.telling.base import in_plain_words

FATES = {
    Fate.REDACTED: "Parts taken out",
    Fate.WITHHELD: "Not given",
    Fate.DISCLOSED: "Given",
}


def part(kind: str, title: str, intro: str, **content: JsonValue) -> JsonValue:
    """Return a section: of which kind, which is its name too, and what is in it."""
    return {"part": kind, "title": title, "intro": intro, **content}


def told(answer: Answer, made: RecordOf) -> JsonValue:
    """Return what the law asks to be told beside the copy (UK GDPR Art 15(1) and (2))."""
    on = day_known(answer)
    of_the_record = {
        "retention": _kept(answer.kept),
        "sources": _sources(answer),
        "complaint": made.rules.controller(on).complaints,
    }
    return part(
        "told",
        "About this copy",
        "Whoever asks for a copy of their data is told these things with it.",
        rows=[
            [row.title, _said(row.text, of_the_record.get(row.key, "")), row.citation]
            for row in made.rules.told(on)
        ],
    )


def _said(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)


def _kept(kept: Kept) -> str:
    until = "No day is set yet" if kept.until is None else f"Until {day_in_words(kept.until)}"
    held = [f"Kept longer: {hold}" for hold in kept.holds]
    return "\n".join([f"{until}: {kept.rule} ({kept.citation}).", *held])


def _sources(answer: Answer) -> str:
    """From whom what is given comes: not what is withheld, which would be told of by this."""
    counts = Counter(in_plain_words(given.entry.origin) for given in answer.entries)
    return "\n".join(
        f"{begun(origin)}: {counted(times, 'entry', 'entries')}"
        for origin, times in sorted(counts.items())
    )


def schedule(answer: Answer, made: RecordOf) -> JsonValue:
    """Return what was not given and on which ground, with the statute in words.  How much the
    schedule leaves out is not told: it would tell of what is kept."""
    on = day_known(answer)
    grounds = sorted(
        {(one.ground, one.basis) for one in answer.schedule},
        key=lambda one: list(Ground).index(one[0]),
    )
    return part(
        "schedule",
        "What was not given",
        "A person looked at each item and decided. What was taken out or not given is listed here"
        " with the ground in law; of the words themselves nothing is kept in this copy."
        if answer.schedule
        else "Nothing is listed as not given.",
        rows=[
            [
                str(one.number),
                one.what,
                FATES[one.fate] + ("" if one.times == 1 else f", in {one.times} places"),
                begun(in_plain_words(one.ground)),
            ]
            for one in answer.schedule
        ],
        grounds=[
            [begun(in_plain_words(ground)), made.rules.ground(ground, on).words, basis]
            for ground, basis in grounds
        ],
    )


def check(answer: Answer, made: RecordOf) -> JsonValue:
    """Return how whoever receives it can check it without the trust."""
    return part(
        "check",
        "How to check this copy",
        "You need not believe the trust. Beside this document are the data it was made of, a list"
        " of all files with their SHA-256 hashes, and a program that checks them without asking the"
        " trust anything.",
        steps=[
            "Unpack all files into one folder.",
            "Install Python 3.9 or later and its package cryptography.",
            "Run: python verify_pack.py",
            "It says whether each file is the one that was sent, whether each entry is in the log"
            f" of {made.trust} at its position, and which file or entry is not as it was.",
            "Ask for the trust's public key by another way than the one this copy came by, and"
            " compare it with the one the program prints.",
        ],
    )


def received(answer: Answer, made: RecordOf) -> JsonValue:
    """Return who was given something of the record (UK GDPR Art 15(1)(c))."""
    rows = [_receiver(one, answer.phrases) for one in answer.recipients if _told_of(one, answer)]
    return part(
        "received",
        "Who received it",
        "Everybody outside the trust to whom something of the record was given."
        if rows
        else "Nobody outside the trust was given anything of the record.",
        rows=rows,
    )


def _told_of(recipient: Recipient, answer: Answer) -> bool:
    """Whether the entry that says so is given, or is none that could be withheld."""
    held = {entry.version for entry in answer.held.entries}
    given = {one.entry.version for one in answer.entries}
    return recipient.version not in held - given


def _receiver(recipient: Recipient, phrases: tuple[str, ...]) -> JsonValue:
    return [day_in_words(recipient.on), taken_out(recipient.to, phrases), recipient.what]


def readers(answer: Answer, made: RecordOf) -> JsonValue:
    """Return who has read the record, grouped: who, as what, doing what, how often and when."""
    return part(
        "readers",
        "Who has read it",
        "Everybody whose reading the access log of the trust holds"
        + (", by name." if made.names_readers else ", by the role in which they read."),
        rows=[_reader(one) for one in readings(answer.accesses, named=made.names_readers)],
    )


def _reader(reading: Readings) -> JsonValue:
    who = ", ".join(part for part in (reading.name, reading.role, reading.academy) if part)
    first, last = day_in_words(reading.first_on), day_in_words(reading.last_on)
    return [
        begun(who),
        begun(f"{reading.what}, {reading.why}"),
        str(reading.times),
        first if first == last else f"{first} to {last}",
    ]


def evidence(answer: Answer, made: RecordOf) -> JsonValue:
    """Return which evidence of policy 10.3 there is, entry by entry, and which there is none of."""
    rows: list[JsonValue] = []
    for kind in made.rules.evidence(day_known(answer)):
        found = [one.entry.version for one in answer.entries if one.entry.event in kind.events]
        gap = (
            "Nothing on record; it is sent where appropriate."
            if kind.where_appropriate
            else "Gap: nothing of this is on record."
        )
        rows.append(
            {"title": kind.title, "entries": list[JsonValue](found), "gap": "" if found else gap}
        )
    return part(
        "evidence",
        "The evidence",
        "What the SEND policy (section 10.3) sends to the local authority, and what of it is here.",
        rows=rows,
    )
