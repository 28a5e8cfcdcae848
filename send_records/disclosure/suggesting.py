"""Suggestions: what somebody who looks through a record should look at twice, and why.

Nothing follows from one.  A person decides on each item, with a ground and a reason of their own;
most suggestions are of somebody named who may well be told of (Data Protection Act 2018 Sch 2 para
16(2)).  Who acts in a role is never suggested (para 17).  ``facts.md`` 3.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from send_records.aggregates.items import Ground, ItemRef
from send_records.aggregates.values import Origin
from send_records.disclosure.held import Held, HeldDocument, HeldEntry
from send_records.disclosure.naming import (
    Known,
    KnownPerson,
    capital_words,
    found_in,
    may_name,
    words_in,
)
from send_records.disclosure.redaction.words import folded
from send_records.disclosure.suggested import BY_CLASS, BY_ORIGIN, Code, Suggestion


@dataclass(frozen=True, slots=True)
class _Item:
    """An item, and all that it says that may name somebody."""

    item: ItemRef
    data_class: str
    origin: str
    texts: tuple[str, ...]
    open_texts: tuple[str, ...]
    """Those that may name somebody nobody knows of."""


FAMILY = re.compile(
    r"(?i)\b(?:(?:half|step)[- ]?)?(?:brother|sister|sibling|cousin|twin|nephew|niece|uncle|aunt"
    r"|father|mother|dad|mum|mummy|daddy|grandmother|grandfather|grandma|grandad|nan|nana|gran"
    r"|stepfather|stepmother|stepdad|stepmum|partner|boyfriend|girlfriend)s?\b"
)
"""Words for somebody of the family, whether or not they are named."""

OTHER_CHILDREN = re.compile(r"(?i)\b(?:friend|classmate|another (?:child|pupil)|other child)\b")

PRIVILEGED = re.compile(
    r"(?i)\b(?:solicitor|counsel|barrister|legal advice|legal adviser|without prejudice"
    r"|legally privileged|privileged|litigation)s?\b"
)
CONFIDENTIAL = re.compile(r"(?i)\b(?:in confidence|confidential(?:ly)?|character reference)\b")


def suggestions(
    held: Held,
    *,
    requester: Sequence[str],
    others: Sequence[KnownPerson] = (),
    texts: Mapping[UUID, Sequence[str]] | None = None,
) -> tuple[Suggestion, ...]:
    """Return what is to be looked at twice, item by item.

    ``requester``: the names of whoever asks, and of whoever asks for them.  ``others``: the other
    pupils of the trust.  ``texts``: what the pages of documents say, by their ids.
    """
    known = Known.of(held, requester, others)
    items = [*map(_entry, held.entries), *(_document(d, texts or {}) for d in held.documents)]
    there = "\n".join(text for item in items for text in item.texts)
    of_pupils = [person.name for person in others if not words_in(person.name) <= known.pupil]
    pupils = found_in(of_pupils, there)
    wrong = _recorded_on_the_wrong_pupil(held)
    restricted = tuple(_restrictions(held, requester))
    return (
        *restricted,
        *(
            suggestion
            for item in items
            for suggestion in (
                *_of_the_whole(item, wrong),
                *_contacts(item, known),
                *_children(item, pupils),
                *_family(item),
                *_unknown(item, known, pupils),
            )
        ),
    )


def _entry(entry: HeldEntry) -> _Item:
    texts = [*(line.value for line in entry.lines), *entry.marks]
    open_texts = [*(line.value for line in entry.lines if may_name(line.path)), *entry.marks]
    return _Item(entry.item, entry.data_class, entry.origin, tuple(texts), tuple(open_texts))


def _document(document: HeldDocument, texts: Mapping[UUID, Sequence[str]]) -> _Item:
    row = document.row
    pages = texts.get(row.document_id, ())
    said = (row.title, *pages)
    return _Item(document.item, row.data_class, row.origin, (*said, row.author or ""), said)


def _of_the_whole(item: _Item, wrong: frozenset[int]) -> Iterator[Suggestion]:
    """Yield what an item's kind of information, its origin and its own words suggest of all of
    it."""
    for found in (BY_CLASS.get(item.data_class), BY_ORIGIN.get(item.origin)):
        if found is not None:
            ground, code, why = found
            yield Suggestion(item.item, ground, code, why)
    if item.item.entry in wrong:
        why = "It was withdrawn as recorded on the wrong pupil: it may be about another child."
        yield Suggestion(item.item, Ground.THIRD_PARTY, Code.WRONG_PUPIL, why)
    said = "\n".join(item.texts)
    if word := PRIVILEGED.search(said):
        why = f"It speaks of {_quoted(word)}: it may be under legal professional privilege."
        yield Suggestion(item.item, Ground.PRIVILEGE, Code.PRIVILEGE, why)
    if item.origin == Origin.PROFESSIONAL and (word := CONFIDENTIAL.search(said)):
        why = f"A professional says {_quoted(word)}: it may be a reference given in confidence."
        yield Suggestion(item.item, Ground.CONF_REFERENCE, Code.CONFIDENTIAL, why)


def _quoted(word: re.Match[str]) -> str:
    return f"“{word.group()}”"


def _contacts(item: _Item, known: Known) -> Iterator[Suggestion]:
    """Yield the adults of the pupil's who did not ask: by their whole names, or by a name that
    neither the pupil nor the requester has."""
    said = "\n".join(item.texts)
    for contact in known.contacts:
        own = [word for word in contact.name.split() if len(word) > 2]
        alone = [word for word in own if folded(word) not in known.known_words]
        found = found_in([contact.name, *alone], said)
        if found:
            why = f"It names {contact.name}, {contact.relationship}, who did not ask."
            yield Suggestion(item.item, Ground.THIRD_PARTY, Code.OTHER_CONTACT, why, tuple(found))


def _children(item: _Item, pupils: Sequence[str]) -> Iterator[Suggestion]:
    for name in found_in(pupils, "\n".join(item.texts)):
        why = f"It names {name}, who is another pupil of the trust."
        yield Suggestion(item.item, Ground.THIRD_PARTY, Code.ANOTHER_CHILD, why, (name,))


def _family(item: _Item) -> Iterator[Suggestion]:
    """Yield the sentences that speak of somebody of the family, or of another child, by no name."""
    for code, speaks_of, whom in (
        (Code.RELATIVE, FAMILY, "somebody of the family"),
        (Code.ANOTHER_CHILD, OTHER_CHILDREN, "another child"),
    ):
        found = dict.fromkeys(
            sentence
            for text in item.open_texts
            for sentence in _sentences(text)
            if speaks_of.search(sentence)
        )
        if found:
            why = f"It speaks of {whom}, who is not named."
            yield Suggestion(item.item, Ground.THIRD_PARTY, code, why, tuple(found))


def _unknown(item: _Item, known: Known, pupils: Sequence[str]) -> Iterator[Suggestion]:
    named = {folded(name) for name in (*pupils, *(each.name for each in known.contacts))}
    words = {word for name in named for word in words_in(name)}
    given = {folded(each.name.split()[0]) for each in known.others if each.name.split()}
    found = dict.fromkeys(
        name
        for text in item.open_texts
        for name in capital_words(text, known)
        if not words_in(name) <= words
    )
    for name in found:
        child = folded(name) in given
        why = f"It names {name}, " + (
            "as a pupil of the trust is called." if child else "whom the record does not know."
        )
        code = Code.ANOTHER_CHILD if child else Code.UNKNOWN_NAME
        yield Suggestion(item.item, Ground.THIRD_PARTY, code, why, (name,))


LONGEST = 200
"""Characters of a phrase, as ``Parts`` takes it."""


def _sentences(text: str) -> Iterator[str]:
    for sentence in re.split(r"(?<=[.!?;])\s+|\n{2,}", text):
        if sentence.strip():
            yield sentence.strip()[:LONGEST]


def _recorded_on_the_wrong_pupil(held: Held) -> frozenset[int]:
    found: set[int] = set()
    for entry in held.entries:
        versions = entry.recorded.get("entry_versions")
        if entry.recorded.get("why") == "wrong_pupil" and isinstance(versions, list):
            found |= {version for version in versions if isinstance(version, int)}
    return frozenset(found)


def _restrictions(held: Held, requester: Sequence[str]) -> Iterator[Suggestion]:
    """Yield what a court has ordered of whoever asks, to be read before anything is sent."""
    asks = set(map(folded, requester))
    for entry in held.entries:
        contact = entry.recorded.get("contact")
        if not isinstance(contact, dict) or not contact.get("restriction"):
            continue
        if folded(str(contact.get("name"))) in asks:
            why = "A court has restricted what the requester may be given, or how: read it."
            yield Suggestion(entry.item, None, Code.RESTRICTION, why)
