"""Choosing: what was taken out is in no part of what leaves, nothing leaves that nobody decided on,
and the schedule says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from send_records.aggregates.decisions import DiscloseItems, RedactItem, WithholdItem
from send_records.aggregates.enrolment import MovePupilAcademy
from send_records.aggregates.items import BASIS, Ground, ItemRef, Parts
from send_records.aggregates.retention import HoldKind, PlaceLegalHold
from send_records.disclosure import choosing, cleaning, crossing
from send_records.disclosure.answer import Answer, Elsewhere, Fate, Scheduled
from send_records.disclosure.blanks import TAKEN_OUT
from send_records.disclosure.choosing import ItemsNotDecided, choose, undecided
from send_records.disclosure.cleaning import is_within
from send_records.disclosure.crossing import Crossings
from send_records.disclosure.held import Held, HeldEntry, Line
from send_records.disclosure.redaction.words import Phrases
from send_records.disclosure.review import Decision, Review, review_of
from send_records.disclosure.selecting import EXTENSIONS, selected, whole
from send_records.rules import shipped_rules
from send_records.store.access import AccessRow
from tests.disclosure.chosen import (
    BEGAN,
    TALK,
    TOLD_FIRST,
    add_filed,
    crossed,
    crossed_lives,
    held_from,
    leaves,
    redacted,
    reviewed,
    withheld,
    words_of,
)
from tests.disclosure.test_gathering import ASK, OFFICER
from tests.scenario import MOTHER, RECORD_MOTHER, TODAY, a_pupil, but

LOUD = settings(max_examples=60, suppress_health_check=list(HealthCheck))


@st.composite
def reviews(draw: st.DrawFn) -> tuple[Held, Review, set[str]]:
    """Return what is held of a record, a review of it, and the words that are not given."""
    held = held_from(draw(crossed_lives()))
    decisions: dict[int | UUID, Decision] = {}
    gone: set[str] = set()
    for entry in held.entries[TOLD_FIRST:]:
        decision, words = draw(decided_on(entry))
        if decision is not None:
            decisions[entry.version] = decision
            gone |= words
    for document in held.documents:
        if draw(st.booleans()):
            decisions[document.row.document_id] = withheld()
            gone |= words_of([document.row.title, document.row.author])
    return held, reviewed(held, decisions), gone


@st.composite
def decided_on(draw: st.DrawFn, entry: HeldEntry) -> tuple[Decision | None, set[str]]:
    """Return what is decided on an entry, if anything but that it is disclosed, and which words go
    with that."""
    own = sorted(words_of(entry.recorded))
    fate = draw(st.sampled_from(list(Fate)))
    if fate is Fate.WITHHELD:
        return withheld(on_schedule=draw(st.booleans())), set(own)
    if fate is Fate.DISCLOSED or not entry.lines:
        return None, set()
    paths = [line.path for line in entry.lines]
    within = sorted({path.split(".")[0] for path in paths} | set(paths))
    fields = draw(st.lists(st.sampled_from(within), max_size=1, unique=True))
    phrases = draw(st.lists(st.sampled_from(own), max_size=2, unique=True)) if own else []
    if not fields and not phrases:
        fields = [within[0]]
    said = [line.value for line in entry.lines if is_within(line.path, fields)]
    ways = [draw(st.sampled_from([word, word.upper(), f"{word}  reads"])) for word in phrases]
    return redacted(*ways, fields=fields), {*phrases, *words_of(said)}


@LOUD
@given(reviews())
def test_what_nobody_took_out_is_given(reviewed: tuple[Held, Review, set[str]]) -> None:
    """Of an entry that is disclosed, and repeats nothing of another, no word is lost."""
    held, review, _ = reviewed
    given = {each.entry.version: each for each in choose(held, review).entries}
    filed = {each.version for each in held.documents}
    for entry in held.entries:
        fate = review.fate_of(entry.item)
        assert (entry.version in given) is (fate is not Fate.WITHHELD)
        if fate is Fate.DISCLOSED and not entry.quotes and entry.version not in filed:
            assert replace(given[entry.version].entry, marks=(), marked_by=()) == replace(
                entry, marks=(), marked_by=()
            )


@LOUD
@given(reviews())
def test_what_is_not_given_is_in_no_part_of_what_leaves(
    reviewed: tuple[Held, Review, set[str]],
) -> None:
    held, review, gone = reviewed
    assert words_of(leaves(choose(held, review))) & gone == set()


def leaking() -> list[str]:
    """Return what leaks, of one decision after another on a record that repeats itself: each item
    withheld, each field and each word taken out."""
    held = held_from(crossed())
    found = []
    for entry in held.entries[TOLD_FIRST:]:
        own = words_of(entry.recorded)
        decisions = {"whole": (withheld(), own)}
        for word in own:
            decisions[word] = redacted(word), {word}
        for line in entry.lines:
            decisions[line.path] = redacted(fields=[line.path]), words_of(line.value)
        for what, (decision, gone) in decisions.items():
            review = reviewed(held, {entry.version: decision})
            if words_of(leaves(choose(held, review))) & gone:
                found.append(f"{entry.event} {entry.version} {what}")
    [document] = held.documents
    review = reviewed(held, {document.row.document_id: withheld()})
    if words_of(leaves(choose(held, review))) & words_of([document.row.title, document.row.author]):
        found.append("document")
    return found


def test_no_single_decision_leaks() -> None:
    assert leaking() == []


def as_it_is(self: object, first: Any, *more: object) -> Any:
    """Return what was given, whatever was to be taken out of it."""
    return first


PLANTED: dict[str, tuple[object, str, Any]] = {
    "marks": (Crossings, "marked", lambda self, entry: (entry.marks, entry.marked_by)),
    "marks of what is redacted": (Crossings, "_said", as_it_is),
    "what is told of it elsewhere": (Crossings, "told", as_it_is),
    "the document's line": (Crossings, "document", as_it_is),
    "corrections": (crossing, "QUOTED", ()),
    "the entry that filed a document": (crossing, "NAMED", ()),
    "recipients": (choosing, "_recipients", lambda held, crossings: held.recipients),
    "sentences": (cleaning._Clean, "sentence", lambda self, says, values: (says, 0)),
    "lines": (cleaning._Clean, "lines", as_it_is),
    "what was recorded": (cleaning._Clean, "value", lambda self, path, value, name: value),
}
"""Places where what is taken out would still stand, if they were forgotten."""


@pytest.mark.parametrize("place", PLANTED)
def test_a_place_that_is_forgotten_is_found(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*PLANTED[place])
    assert leaking() != []


def spoke(summary: str, *, more: str = "She likes cats.") -> Held:
    """Return what is held where two talks were recorded, as entries 4 and 5, and a letter filed."""
    said = but(TALK, summary=summary), but(TALK, summary=more)
    life = list(a_pupil().given(RECORD_MOTHER, new_id=MOTHER).given(*said).events)
    add_filed(life)
    return held_from(life)


def summary_of(answer: Answer, version: int = 4) -> str:
    [said] = [
        line.value
        for given in answer.entries
        if given.entry.version == version
        for line in given.entry.lines
        if line.path == "summary"
    ]
    return said


def test_nothing_is_given_that_nobody_decided_on() -> None:
    held = spoke("Kyle hit her.")
    decided = dict(reviewed(held, {}).decisions)
    del decided[ItemRef(entry=4)], decided[ItemRef(document_id=UUID(int=700))]
    assert undecided(held, Review(decided)) == [
        ItemRef(entry=4),
        ItemRef(document_id=UUID(int=700)),
    ]
    with pytest.raises(ItemsNotDecided, match=r"2 items are undecided: entry:4, document:0"):
        choose(held, Review(decided))
    with pytest.raises(ItemsNotDecided, match="and 2 more"):
        choose(held, Review({}))


@pytest.mark.parametrize(
    ("said", "phrase", "left"),
    [
        ("Kyle Brennan hit her.", "Kyle Brennan", "████ hit her."),
        ("KYLE  BRENNAN hit her.", "Kyle Brennan", "████ hit her."),
        ("He (Kyle\nBrennan) hit her.", "Kyle Brennan", "He (████) hit her."),
        ("José hit her.", "jose", "████ hit her."),
        ("Ann planned it.", "Ann", "████ planned it."),
        ("It was planned.", "plann", "It was ████ed."),
        ("She was hit. By whom?", "She was hit.", "████ By whom?"),
        ("On 3 May 2024 Kyle hit her.", "Kyle hit her.", "On 3 May 2024 ████."),
        ("Kyle, Kyle Brennan", "Kyle Brennan", "Kyle, ████"),
        ("???", "???", "████"),
    ],
)
def test_words_are_taken_out_wherever_they_stand(said: str, phrase: str, left: str) -> None:
    held = spoke(said)
    answer = choose(held, reviewed(held, {4: redacted(phrase)}))
    assert summary_of(answer).rstrip(".") == left.rstrip(".")
    [given] = [each for each in answer.entries if each.entry.version == 4]
    assert given.redacted
    assert given.entry.recorded["summary"] == summary_of(answer)
    assert TAKEN_OUT in given.entry.says
    assert not Phrases([phrase]).stand_in(given.entry.says)


def test_what_is_written_otherwise_in_what_was_recorded_goes_from_both() -> None:
    """A day in words, and as it is stored."""
    held = held_from(crossed())
    [filed] = [entry for entry in held.entries if entry.event == "DocumentFiled"]
    for phrase in ("1 January 2024", "2024-01-01"):
        answer = choose(held, reviewed(held, {filed.version: redacted(phrase)}))
        [given] = [one.entry for one in answer.entries if one.entry.version == filed.version]
        assert given.recorded["dated"] == TAKEN_OUT
        assert [line.value for line in given.lines if line.path == "dated"] == [TAKEN_OUT]
        assert "1 January" not in given.says


def test_who_recorded_an_entry_is_taken_out_of_it_where_it_is_said() -> None:
    held = spoke("Kyle hit her.")
    answer = choose(held, reviewed(held, {4: redacted("Sam Okoro")}))
    [given] = [each.entry for each in answer.entries if each.entry.version == 4]
    assert given.recorded_by == TAKEN_OUT
    assert "Okoro" not in str(given.recorded)


def test_a_field_goes_whole_and_with_it_the_sentence() -> None:
    held = held_from(list(a_pupil().given(RECORD_MOTHER).events))
    answer = choose(held, reviewed(held, {3: redacted(fields=["contact"])}))
    [given] = [each.entry for each in answer.entries if each.entry.version == 3]
    assert [line for line in given.lines if line.path == "contact"] == [
        Line("contact", "Contact", TAKEN_OUT)
    ]
    assert "Nasreen" not in str(given)
    assert given.says == TAKEN_OUT


def test_the_schedule_lists_what_is_not_given_and_tells_nothing_of_it() -> None:
    held = spoke("Kyle hit her, said Kyle.", more="Kyle's mother called.")
    answer = choose(
        held,
        reviewed(
            held,
            {
                3: withheld(Ground.CHILD_ABUSE, on_schedule=False),
                4: redacted("Kyle"),
                5: withheld(),
                UUID(int=700): redacted("T", ground=Ground.PRIVILEGE),
            },
        ),
    )
    basis = BASIS[Ground.THIRD_PARTY]
    what = "Entry 4: Contact with family recorded, 10 January 2024"
    document = "Document 1: other, dated 1 January 2024"
    third, privilege = Ground.THIRD_PARTY, Ground.PRIVILEGE
    assert answer.schedule == (
        Scheduled(1, what, Fate.REDACTED, third, basis, 2),
        Scheduled(2, "An entry", Fate.WITHHELD, third, basis, 1),
        Scheduled(3, "Entry 6: Document filed, 1 February 2024", *PRIVILEGED, 1),
        Scheduled(4, document, *PRIVILEGED, 1),
    )
    assert privilege is PRIVILEGED[1]
    assert held.sources == {"Staff of the trust": 4, "The pupil's parents": 2}
    assert answer.sources == {"Staff of the trust": 3, "The pupil's parents": 1}


PRIVILEGED = (Fate.REDACTED, Ground.PRIVILEGE, BASIS[Ground.PRIVILEGE])


def test_what_is_taken_out_of_one_item_and_stands_in_another_is_said() -> None:
    held = spoke("Kyle hit her, then Leon did.", more="Leon is her friend.")
    review = reviewed(held, {4: redacted("Kyle", "Leon", "Aisha")})
    answer = choose(held, review)
    assert answer.phrases == ("Kyle",)
    four, five, one = (ItemRef(entry=version) for version in (4, 5, 1))
    assert answer.elsewhere == (
        Elsewhere("Leon", (four,), (five,)),
        Elsewhere("Aisha", (four,), (one, None)),
    )
    document = UUID(int=700)
    answer = choose(held, review, {document: ["Page one", "of Kyle"]})
    assert Elsewhere("Kyle", (four,), (ItemRef(document_id=document),)) in answer.elsewhere
    assert answer.phrases == ()


def test_sentences_that_are_kept_back_are_known_to_whoever_checks() -> None:
    held = spoke("Kyle hit her at the gate.", more="Kyle came to the gate again.")
    decisions: dict[int | UUID, Decision] = {4: withheld(), 5: redacted(fields=["summary"])}
    answer = choose(held, reviewed(held, decisions))
    assert answer.kept_back == ("Kyle hit her at the gate.", "Kyle came to the gate again.")
    alike = spoke("Kyle hit her at the gate.", more="Kyle hit her at the gate.")
    assert choose(alike, reviewed(alike, {4: withheld()})).kept_back == ()


def test_who_read_it_is_named_for_their_role_and_not_for_the_family() -> None:
    staff = AccessRow(1, BEGAN, *(UUID(int=1),) * 2, "Sam Okoro", "senco", None, *"aaaaa")
    parent = replace(staff, name="Imran Rahman", role="parent")
    held = replace(spoke("Kyle hit her."), accesses=(staff, parent))
    accesses = choose(held, reviewed(held, {})).accesses
    assert [row.name for row in accesses] == ["Sam Okoro", "A parent"]


def test_a_document_does_not_say_who_recorded_the_entry_that_is_withheld() -> None:
    held = held_from(crossed())
    [document] = held.documents
    [given] = choose(held, reviewed(held, {document.version: withheld()})).documents
    assert document.row.filed_by
    assert given.document.row.filed_by == TAKEN_OUT


def test_whose_record_it_is_says_nothing_that_only_a_withheld_entry_says() -> None:
    mother = a_pupil().given(RECORD_MOTHER, new_id=MOTHER)
    moved = MovePupilAcademy(
        occurred_on=TODAY, to_academy="Hidden Vale Academy", nc_year="9", accepted_by="Head"
    )
    held = held_from(list(mother.given(moved).events))
    [last] = [each for each in held.entries if each.event == "PupilMovedAcademy"]
    assert (held.subject.academy, held.subject.nc_year) == ("Hidden Vale Academy", "9")
    assert choose(held, reviewed(held, {})).held.subject == held.subject

    for decision in (withheld(), redacted(fields=["to_academy", "nc_year"])):
        told = choose(held, reviewed(held, {last.version: decision})).held.subject
        assert (told.academy, told.nc_year) == ("", "")
        assert told.legal_name == held.subject.legal_name


def test_a_withheld_entry_does_not_say_when_it_was_recorded() -> None:
    held = held_from(crossed())
    last, before = held.entries[-1], held.entries[-2]
    assert held.known_at == last.recorded_at
    answer = choose(held, reviewed(held, {last.version: withheld(on_schedule=False)}))
    assert answer.held.known_at == before.recorded_at


def test_a_hold_is_told_of_if_its_entry_is() -> None:
    hold = PlaceLegalHold(occurred_on=date(2024, 3, 1), kind=HoldKind.LITIGATION, why="A claim")
    held = held_from(list(a_pupil().given(hold).events))
    given = choose(held, reviewed(held, {}))
    assert given.kept == held.kept
    for decision in (withheld(), redacted(fields=["kind"])):
        kept = choose(held, reviewed(held, {3: decision})).kept
        assert kept.holds == ()


def test_the_whole_of_it_is_given_as_it_is_held() -> None:
    held = held_from(crossed())
    answer = whole(held)
    assert [given.entry for given in answer.entries] == list(held.entries)
    assert not any(given.redacted for given in answer.entries)
    assert not any(given.redacted for given in answer.documents)
    assert answer.recipients == held.recipients
    assert [each.name for each in answer.documents] == ["01 2024-01-01 other.pdf"]


def test_entries_are_selected_by_kind_and_day_in_the_order_of_days() -> None:
    held = held_from(crossed())
    talks = selected(held, kinds={"Communications"})
    assert [given.entry.version for given in talks] == [4]
    before, after = (
        selected(held, to_on=date(2024, 1, 10)),
        selected(held, from_on=date(2024, 2, 1)),
    )
    assert [given.entry.version for given in (before[-1], after[0])] == [4, 5]
    assert len(before) + len(after) == len(held.entries)


def test_every_type_of_document_that_is_taken_has_an_ending() -> None:
    taken = shipped_rules().types_taken(TODAY)
    assert {row.media_type: row.extension for row in taken} == EXTENSIONS


def test_a_review_is_what_was_decided_last_and_redactions_add_up() -> None:
    request = uuid4()
    life = a_pupil().given(RECORD_MOTHER, new_id=MOTHER).given(TALK, ASK, new_id=request)
    life = life.by(OFFICER)
    said = {"occurred_on": date(2024, 3, 4), "request_id": request, "why": "Why"}
    four = ItemRef(entry=4)
    third = Ground.THIRD_PARTY
    life = life.given(
        DiscloseItems(**said, items=(four, ItemRef(entry=1))),
        WithholdItem(**said, item=four, ground=third),
        RedactItem(**said, item=four, ground=third, parts=Parts(phrases=("She",))),
        RedactItem(
            **said, item=four, ground=third, parts=Parts(fields=("how",)), on_schedule=False
        ),
    )
    review = review_of(life.events, request)
    assert review.fate_of(four) is Fate.REDACTED
    assert [(t.phrases, t.fields, t.on_schedule) for t in review.takings_of(four)] == [
        (("She",), (), True),
        ((), ("how",), False),
    ]
    assert review.decisions[four].by == "Ruth Adeyemi"
    assert review.fate_of(ItemRef(entry=1)) is Fate.DISCLOSED
    assert review.fate_of(ItemRef(entry=2)) is None
    assert review_of(life.events, uuid4()) == Review({})
    at = [type(event).__name__ for event in life.events].index("ItemWithheld") + 1
    assert review_of(life.events[:at], request).fate_of(four) is Fate.WITHHELD
