"""Suggestions: every third party of the three case files is found, staff are not, and how names are
written makes no difference."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any
from uuid import UUID

import pytest

from send_records.aggregates.items import Ground, ItemRef
from send_records.disclosure.held import Cut, Held, HeldEntry, Kept, Line, Subject
from send_records.disclosure.lines import in_words, label_of
from send_records.disclosure.naming import KnownPerson
from send_records.disclosure.suggested import Code, Suggestion
from send_records.disclosure.suggesting import suggestions
from tests.disclosure.chosen import add_filed, held_from
from tests.scenario import a_pupil

AT = datetime(2026, 1, 1, tzinfo=UTC)


def leaves(path: str, value: Any) -> Iterator[Line]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(f"{path}.{name}" if path else name, each)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from leaves(f"{path}.{number}", each)
    elif value is not None:
        yield Line(path, label_of(path), in_words(value))


def entry(version: int, event: str, recorded: Mapping[str, Any], **more: Any) -> HeldEntry:
    return HeldEntry(
        version=version,
        position=version,
        event=event,
        title=event,
        kind="Any",
        occurred_on=date(2026, 1, 1),
        recorded_at=AT,
        recorded_by=more.pop("recorded_by", "Sam Okoro"),
        role=more.pop("role", "senco"),
        academy=None,
        data_class=more.pop("data_class", "education"),
        origin=more.pop("origin", "staff"),
        says="",
        lines=tuple(leaves("", recorded)),
        recorded=recorded,
        **more,
    )


def held_with(entries: Sequence[HeldEntry], name: str) -> Held:
    subject = Subject(UUID(int=1), name, None, None, "Alder Park Academy", "4", None, None)
    return Held(
        subject, Cut(len(entries), 0), AT, tuple(entries), (), (), (), Kept(None, "", ""), {}
    )


def said(*texts: str, **more: Any) -> Held:
    """Return what is held of Aisha, of whom these texts were said, in one entry each."""
    recorded = [entry(n, "MeetingHeld", {"summary": t}, **more) for n, t in enumerate(texts, 1)]
    return held_with(recorded, "Aisha Rahman")


def of_said(
    *texts: str, others: Sequence[str] = (), **more: Any
) -> list[tuple[Code, tuple[str, ...]]]:
    found = suggestions(
        said(*texts, **more),
        requester=["Nasreen Rahman"],
        others=[KnownPerson(name) for name in others],
    )
    return [(each.code, each.phrases) for each in found]


def case(name: str, pupil: str) -> Held:
    """Return a case file as what is held of its pupil."""
    text = files("send_records.demo").joinpath("cases", name).read_text()
    entries = []
    for version, line in enumerate(text.splitlines(), 1):
        told = json.loads(line)
        recorded = told["details"]
        if told["kind"] == "ContactRecorded":
            recorded = {"contact": recorded}
        if told["kind"] == "EntryWithdrawn":
            recorded = {"why": "wrong_pupil", "entry_versions": [version - 1]}
        entries.append(entry(version, told["kind"], recorded))
    return held_with(entries, pupil)


AISHA = ("aisha-from-concern-to-ehcp.jsonl", "Aisha Rahman", "Nasreen Rahman")
LEO = ("leo-two-registers-two-academies.jsonl", "Leo Bennett-Okafor", "Grace Okafor")
TOMASZ = ("tomasz-eal-then-semh.jsonl", "Tomasz Nowak", "Ewa Nowak")

EXPECTED = {
    AISHA: [
        *((version, "Imran") for version in (3, 13, 24, 31, 36, 42, 44)),
        (6, "Her older cousin has dyslexia."),
        (16, "Maryam"),
        (31, "Father asked why EP report had not been shared."),
        (32, ""),
    ],
    LEO: [(3, "Daniel Bennett")],
    TOMASZ: [(8, "tearful on Mondays since his father moved out.")],
}
"""The third parties of the case files, found by reading them: in which entry, and a part of what
would be taken out."""


@pytest.mark.parametrize("told", EXPECTED, ids=lambda told: told[1])
def test_every_third_party_of_a_case_is_found(told: tuple[str, str, str]) -> None:
    name, pupil, asks = told
    found = suggestions(case(name, pupil), requester=[asks])
    missed = [
        (version, phrase)
        for version, phrase in EXPECTED[told]
        if not any(
            each.item.entry == version
            and (not phrase or any(phrase in one for one in each.phrases))
            for each in found
        )
    ]
    assert missed == []


def test_not_much_else_of_the_cases_is_suggested() -> None:
    """Of what is found, nine in ten are third parties: a person looks at each."""
    right = every = 0
    for told, expected in EXPECTED.items():
        name, pupil, asks = told
        for each in suggestions(case(name, pupil), requester=[asks]):
            every += 1
            right += any(
                each.item.entry == version and any(phrase in one for one in (*each.phrases, ""))
                for version, phrase in expected
            )
    assert right / every > 0.9, (right, every)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("She sat next to Kyle Brennan.", "Kyle Brennan"),
        ("KYLE BRENNAN hit her.", "Kyle Brennan"),
        ("It was Kyle\nBren-\nnan.", "Kyle Brennan"),
        ("A letter of José Núñez.", "Jose Nunez"),
        ("Kyle Brennan's bag", "Kyle Brennan"),
    ],
)
def test_another_pupil_is_found_however_the_name_is_written(text: str, phrase: str) -> None:
    others = ["Kyle Brennan", "Jose Nunez", "Kylie Brennand"]
    assert (Code.ANOTHER_CHILD, (phrase,)) in of_said(text, others=others)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("She plays with Maryam at break.", "Maryam"),
        ("It was said by Mrs Ode.", "Ode"),
        ("Zofia Lewandowska came.", "Zofia Lewandowska"),
        ("He met Ana-Lucía and Omar.", "Ana-Lucía"),
        ("It was in Maryam\u2019s bag.", "Maryam"),
    ],
)
def test_a_name_that_nobody_knows_of_is_found(text: str, phrase: str) -> None:
    assert (Code.UNKNOWN_NAME, (phrase,)) in of_said(text)


@pytest.mark.parametrize(
    "text",
    [
        "Reads well. Likes maths.",
        "In March Aisha read aloud to Sam Okoro.",
        "Nasreen Rahman came to Alder Park on Monday.",
        "An EHC plan in Year 4; PECS used.",
        "",
    ],
)
def test_the_pupil_who_asks_and_staff_in_their_role_are_not_suggested(text: str) -> None:
    assert of_said(text) == []


def test_who_came_in_their_role_or_approved_is_not_suggested() -> None:
    attendees = [
        {"name": "Priya Nair", "part": "staff"},
        {"name": "Jo Ash", "part": "professional"},
        {"name": "Lena Holt", "part": "parent"},
    ]
    recorded = {"attendees": attendees, "summary": "So said Priya Nair, with Jo Ash."}
    held = held_with([entry(1, "MeetingHeld", recorded)], "Aisha Rahman")
    found = suggestions(held, requester=["Nasreen Rahman"])
    assert [(each.code, each.phrases) for each in found] == [(Code.UNKNOWN_NAME, ("Lena Holt",))]


def test_an_adult_who_did_not_ask_is_found_by_a_name_of_their_own() -> None:
    contact = {"name": "Imran Rahman", "relationship": "father"}
    recorded = [
        entry(1, "ContactRecorded", {"contact": contact}),
        entry(2, "MeetingHeld", {"summary": "imran was late. Aisha Rahman was not."}),
    ]
    held = held_with(recorded, "Aisha Rahman")
    found = suggestions(held, requester=["Nasreen Rahman"])
    [second] = [each for each in found if each.item == ItemRef(entry=2)]
    assert second == Suggestion(
        ItemRef(entry=2),
        Ground.THIRD_PARTY,
        Code.OTHER_CONTACT,
        "It names Imran Rahman, father, who did not ask.",
        ("Imran",),
    )
    assert suggestions(held, requester=["Imran Rahman"]) == ()


@pytest.mark.parametrize(
    ("more", "text", "code", "ground"),
    [
        ({"data_class": "child_abuse"}, "x", Code.CHILD_ABUSE, Ground.CHILD_ABUSE),
        ({"data_class": "health"}, "x", Code.HEALTH, None),
        ({"data_class": "social_work"}, "x", Code.SOCIAL_WORK, None),
        ({"origin": "court"}, "x", Code.COURT, Ground.EDU_COURT),
        ({"origin": "other_parent"}, "x", Code.OTHER_PARENT, Ground.THIRD_PARTY),
        ({"origin": "professional"}, "In confidence", Code.CONFIDENTIAL, Ground.CONF_REFERENCE),
        ({}, "Our solicitors say so", Code.PRIVILEGE, Ground.PRIVILEGE),
        ({}, "advice of counsel", Code.PRIVILEGE, Ground.PRIVILEGE),
    ],
)
def test_what_an_item_is_and_says_is_suggested_of_the_whole_of_it(
    more: dict[str, str], text: str, code: Code, ground: Ground | None
) -> None:
    [found] = suggestions(said(text, **more), requester=["Nasreen Rahman"])
    assert (found.code, found.ground, found.phrases) == (code, ground, ())
    assert found.why.endswith(".")


def test_what_a_professional_says_openly_is_not_suggested() -> None:
    assert of_said("She counselled patience; a counsellor came", origin="professional") == []


def test_a_court_s_restriction_of_whoever_asks_comes_first() -> None:
    contact = {"name": "Daniel Bennett", "relationship": "father", "restriction": "by post only"}
    held = held_with([entry(1, "ContactRecorded", {"contact": contact})], "Leo Okafor")
    [first, *_] = suggestions(held, requester=["Daniel Bennett"])
    assert first.code is Code.RESTRICTION
    assert Code.RESTRICTION not in {
        each.code for each in suggestions(held, requester=["Grace Okafor"])
    }


def test_a_document_is_looked_through_by_what_its_pages_say() -> None:
    life = list(a_pupil().events)
    add_filed(life)
    held = held_from(life)
    [document] = held.documents
    pages = {document.row.document_id: ["Seen with Kyle\nBrennan.", "The end."]}
    found = suggestions(
        held, requester=["Nasreen Rahman"], others=[KnownPerson("Kyle Brennan")], texts=pages
    )
    assert [(each.item, each.code) for each in found] == [(document.item, Code.ANOTHER_CHILD)]


def test_two_thousand_entries_and_a_thousand_pupils_are_looked_through_in_seconds() -> None:
    text = "She read with care, and told Maryam of the story. " * 8
    held = held_with(
        [entry(n, "MeetingHeld", {"summary": text}) for n in range(1, 2_001)], "Aisha Rahman"
    )
    others = [KnownPerson(f"Given{n} Family{n}") for n in range(1_000)]
    began = time.perf_counter()
    found = suggestions(held, requester=["Nasreen Rahman"], others=others)
    assert time.perf_counter() - began < 10
    assert len(found) == 2_000
