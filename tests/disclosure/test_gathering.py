"""Gathering: the same whenever it is done at one cut, all of it, and nothing of a review."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from send_records.aggregates import EVENTS
from send_records.aggregates.access_requests import ReceiveAccessRequest
from send_records.aggregates.base import Actor, DomainEvent
from send_records.aggregates.communications import RecordContactWithFamily
from send_records.aggregates.corrected import WhyWithdrawn
from send_records.aggregates.corrections import CorrectEntry, WithdrawEntry
from send_records.aggregates.decisions import REVIEW_EVENTS, DiscloseItems
from send_records.aggregates.disputes import DisputeEntry, RestrictionGround, RestrictProcessing
from send_records.aggregates.document_kinds import DocumentKind
from send_records.aggregates.documents import FileDocument, SupersedeDocument
from send_records.aggregates.enrolment import RecordLeaving
from send_records.aggregates.handovers import SendHandover
from send_records.aggregates.items import ItemRef
from send_records.aggregates.merging import MergeRecords
from send_records.aggregates.paths import value_at
from send_records.aggregates.retention import HoldKind, PlaceLegalHold
from send_records.aggregates.values import DataClass, Role, day_in_london
from send_records.bootstrap import Database, notary, now
from send_records.disclosure.extract import Way, extract_at
from send_records.disclosure.gathering import with_pages
from send_records.disclosure.held import Cut
from send_records.disclosure.lines import in_words, kind_of, label_of, lines_of, title_of
from send_records.disclosure.verify_extract import Shown, read_extract, words_findings
from send_records.errors import Erased, NotFound
from send_records.projections.moments import StillToCome
from send_records.projections.then import NotOnRecordThen
from send_records.store.access import Access, AccessPurpose, Act, Tier
from send_records.store.connections import one
from tests.disclosure.records import Kept, as_bytes, as_json, kept_in, lives
from tests.keys import held as keys
from tests.scenario import (
    IDENTIFY,
    MOTHER,
    RECORD_MOTHER,
    SENCO,
    a_family,
    a_pupil,
    but,
)

KEPT, OLDER, NEWER = UUID(int=900), UUID(int=901), UUID(int=902)
OFFICER = Actor(id=UUID(int=13), name="Ruth Adeyemi", role=Role.DPO)
SEND = SendHandover(
    occurred_on=date(2024, 7, 18), to="Hillside School", what=("The SEND file",), how="By hand"
)
ASK = ReceiveAccessRequest(
    occurred_on=date(2024, 3, 2),
    requester="Nasreen Rahman",
    on_behalf=True,
    how="By word",
    scope="Everything",
)


@pytest.fixture
def log(database: Database) -> Iterator[Kept]:
    with kept_in(database) as kept:
        yield kept


def looked_at(log: Kept, pupil: UUID) -> int:
    """Have somebody read the pupil's record; return the position of that."""
    who = Access(
        SENCO, uuid4(), Act.READ, "get_pupil", Tier.PROVISION, AccessPurpose.SUPPORT, [pupil]
    )
    return log.access.record(who)


def items(events: Sequence[DomainEvent]) -> list[int]:
    return [e.originator_version for e in events if type(e).__name__ not in REVIEW_EVENTS]


def test_gathered_at_an_old_cut_is_what_was_gathered_then(log: Kept) -> None:
    @settings(max_examples=20, suppress_health_check=list(HealthCheck))
    @given(lives(), st.data())
    def try_it(life: list[DomainEvent], data: st.DataObject) -> None:
        at = data.draw(st.integers(1, len(life)))
        days = [e.occurred_on for e in life if e.occurred_on >= life[0].occurred_on]
        as_of = data.draw(st.none() | st.sampled_from(days))
        pupil = log.keep(life[:at])
        looked_at(log, pupil)
        cut = log.cut(pupil, as_of)
        then = log.gathered(pupil, cut)
        log.keep(life[at:], pupil)
        looked_at(log, pupil)
        assert as_bytes(log.gathered(pupil, cut)) == as_bytes(then)
        assert [e.version for e in then.entries] == [
            version
            for version in items(life[:at])
            if as_of is None or life[version - 1].occurred_on <= as_of
        ]
        today = log.gathered(pupil)
        assert [e.version for e in today.entries] == items(life)
        assert len(today.accesses) == 2
        assert len(then.accesses) == (as_of is None)

    try_it()


def test_what_is_gathered_is_seen_to_differ_where_a_cut_is_not_kept_to(log: Kept) -> None:
    """The comparison above would see one entry, or one access, too many."""
    pupil = log.keep(a_pupil().given(RECORD_MOTHER).events)
    cut = log.cut(pupil)
    then = as_bytes(log.gathered(pupil, cut))
    looked_at(log, pupil)
    assert as_bytes(log.gathered(pupil, replace(cut, accesses=cut.accesses + 1))) != then
    log.keep([a_family().events[-1]], pupil)
    assert as_bytes(log.gathered(pupil, replace(cut, position=cut.position + 1))) != then


def test_what_is_recorded_is_what_opens_for_whoever_receives_the_extract(
    log: Kept, database: Database
) -> None:
    """Also of an entry that was stored before its event's class had all the fields it has now."""
    pupil = log.keep(a_family().given(IDENTIFY).events)
    log.keep_example("AssessmentRecorded.v1", pupil, 6)
    log.keep_example("HandoverSent.v1", pupil, 7)
    held = log.gathered(pupil)
    notary(database, keys().signing, ()).sign_all()
    ways = {entry.position: Way.OPENED for entry in held.entries}
    with one(database.as_owner()) as connection:
        made = extract_at(
            connection, keys().seals, keys().signing.vkeys(), pupil, held.cut.position, ways
        )
    opened = []
    for entry in read_extract(as_json(made)).entries:
        shown = Shown(entry)
        assert not list(words_findings(shown, keys().seals.trust))
        assert shown.words is not None
        opened.append({**shown.clear, **shown.words})
    assert [entry.recorded for entry in held.entries] == opened
    assert len(opened) == 7
    assert "schema_version" not in opened[5]


def test_an_entry_stands_as_it_was_recorded_with_what_was_said_of_it_since(log: Kept) -> None:
    spoke = RecordContactWithFamily(
        occurred_on=date(2024, 1, 10),
        contact_ids=(MOTHER,),
        how="Telephone",
        summary="She reads at home.",
    )
    life = a_pupil().given(RECORD_MOTHER, new_id=MOTHER).given(spoke, IDENTIFY)
    life = life.given(
        CorrectEntry(
            occurred_on=date(2024, 2, 1),
            entry_version=4,
            field="summary",
            from_value="She reads at home.",
            to_value="She does not read at home.",
            why="Misheard",
        ),
        DisputeEntry(
            occurred_on=date(2024, 2, 2),
            entry_version=4,
            statement="I never said so.",
            contact_id=MOTHER,
        ),
        RestrictProcessing(
            occurred_on=date(2024, 2, 3),
            entry_version=4,
            ground=RestrictionGround.ACCURACY_CONTESTED,
            why="Looked into",
        ),
        WithdrawEntry(
            occurred_on=date(2024, 2, 4),
            entry_version=5,
            why=WhyWithdrawn.WRONG_PUPIL,
            explanation="Meant for another",
        ),
    )
    pupil = log.keep(life.events)

    held = log.gathered(pupil)
    entry = held.entries[3]
    assert "She reads at home" in entry.says
    assert entry.recorded["summary"] == "She reads at home."
    assert entry.marks == (
        "Corrected by entry 6 of 1 February 2024: “Summary” reads She does not read at home.",
        "Disputed in entry 7 of 2 February 2024, by Nasreen Rahman: I never said so.",
        "Stored and not used since entry 8 of 3 February 2024 (UK GDPR Art 18): accuracy contested",
    )
    assert entry.marked_by == (6, 7, 8)
    assert held.entries[4].marks == ("Withdrawn by entry 9 of 4 February 2024: wrong pupil",)
    assert held.entries[5].quotes == (4,)

    then = log.gathered(pupil, log.cut(pupil, as_of=date(2024, 1, 31)))
    assert [each.version for each in then.entries] == [1, 2, 3, 4, 5]
    assert then.entries[3].marked_by == (6,), "a correction counts whenever it was made"


def test_every_event_has_a_title_and_a_kind_in_plain_words() -> None:
    for event in EVENTS.values():
        assert "_" not in title_of(event) + kind_of(event)
    assert title_of(EVENTS["LaDecisionToAssessReceived"]) == "LA decision to assess received"
    assert title_of(EVENTS["EhcPlanIssued"]) == "EHC plan issued"


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(lives())
def test_the_lines_of_an_entry_say_all_that_it_says(life: list[DomainEvent]) -> None:
    """Each at the path by which a correction would name it; and no value has no line."""
    for event in life:
        lines = {line.path: line.value for line in lines_of(event)}
        own = event.model_dump(mode="json", exclude=set(DomainEvent.model_fields) - {"reason"})
        assert lines.keys() == dict(leaves("", own)).keys()
        for path, said in lines.items():  # JSON does not tell a code from a word: "eal", "EAL"
            assert said.casefold() == in_words(value_at(event, path)).casefold()


def leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(f"{path}.{name}" if path else name, each)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from leaves(f"{path}.{number}", each)
    elif value is not None:
        yield path, value


def test_values_are_said_as_people_write_them() -> None:
    assert in_words(date(2023, 12, 13)) == in_words("2023-12-13") == "13 December 2023"
    assert in_words("annual_send_agreement") == "annual SEND agreement"
    assert in_words("2023-02-31") == "2023-02-31"
    assert in_words({"a": [True, None], "b": []}) == "a: Yes, nothing; b: nothing"
    assert label_of("scores.0.value") == "Scores 1, value"


FILE = FileDocument(
    occurred_on=date(2024, 3, 1),
    data_class=DataClass.EDUCATION,
    kind=DocumentKind.PROFESSIONAL_REPORT,
    title="Report of the educational psychologist",
    dated=date(2024, 2, 20),
)


def test_documents_are_held_in_the_order_of_their_dates_with_those_superseded(log: Kept) -> None:
    older = but(FILE, title="First report", dated=date(2024, 1, 5), occurred_on=date(2024, 3, 2))
    life = a_family().given(FILE, new_id=NEWER).given(older, new_id=OLDER)
    superseded = SupersedeDocument(
        occurred_on=date(2024, 3, 3), document_id=OLDER, superseded_by=NEWER
    )
    pupil = log.keep(life.given(superseded).events)
    held = log.gathered(pupil)
    assert [each.row.document_id for each in held.documents] == [OLDER, NEWER]
    assert [each.row.superseded_by for each in held.documents] == [NEWER, None]
    assert [each.version for each in held.documents] == [6, 5]
    counted = with_pages(held, {OLDER: 3})
    assert [each.pages for each in counted.documents] == [3, None]
    then = log.gathered(pupil, log.cut(pupil, as_of=date(2024, 3, 2)))
    assert [each.row.superseded_by for each in then.documents] == [None, None]


def test_of_a_pupil_who_left_and_was_merged_all_is_held_and_it_is_said(log: Kept) -> None:
    life = a_family().given(IDENTIFY, SEND)
    kept = replace(life.pupil, id=KEPT)
    life = replace(life, another=kept).given(
        RecordLeaving(occurred_on=date(2024, 7, 19), why="Moved away", destination="Elsewhere"),
        MergeRecords(
            occurred_on=date(2024, 7, 19),
            into_pupil_id=KEPT,
            why="The same UPN",
            confirmed_by="Priya Nair",
        ),
    )
    held = log.gathered(log.keep(life.events))
    assert held.subject.legal_name == "Aisha Rahman"
    assert held.subject.left_on == date(2024, 7, 19)
    assert held.subject.merged_into == KEPT
    [recipient] = held.recipients
    assert (recipient.to, recipient.what) == ("Hillside School", "Handover sent")
    assert held.sources == {"Staff of the trust": len(held.entries)}


def test_how_long_it_is_kept_and_what_keeps_it_longer(log: Kept) -> None:
    hold = PlaceLegalHold(
        occurred_on=date(2024, 3, 1), kind=HoldKind.LITIGATION, why="A claim was announced"
    )
    life = a_family().given(hold, ASK)
    held = log.gathered(log.keep(life.events))
    assert held.kept.until == date(2042, 3, 11)
    assert held.kept.rule.startswith("Pupil SEND record: 25 years from the date of birth")
    assert held.kept.citation
    assert held.kept.holds == (
        "A hold: litigation, since 1 March 2024",
        "A request for access that is open, since 2 March 2024",
    )
    assert held.kept.held_by == (5, 6)


def test_what_records_a_review_is_no_item_of_one(log: Kept) -> None:
    request = uuid4()
    life = a_family().given(ASK, new_id=request)
    life = life.by(OFFICER).given(
        DiscloseItems(occurred_on=date(2024, 3, 3), request_id=request, items=(ItemRef(entry=1),))
    )
    held = log.gathered(log.keep(life.events))
    assert type(life.events[-1]).__name__ == "ItemsDisclosed"
    assert [entry.version for entry in held.entries] == [1, 2, 3, 4, 5]


def test_a_cut_is_over_and_has_the_accesses_of_its_day(log: Kept) -> None:
    pupil = log.keep(a_pupil().events)
    read = looked_at(log, pupil)
    today = day_in_london(now())
    assert log.cut(pupil) == Cut(len(a_pupil().events), read, None)
    assert log.cut(pupil, known_on=today - timedelta(days=1)) == Cut(0, 0, None)
    with pytest.raises(StillToCome):
        log.cut(pupil, known_on=today)
    with pytest.raises(StillToCome):
        log.cut(pupil, as_of=today + timedelta(days=1))


def test_accesses_are_cut_where_they_were_at_an_instant(log: Kept) -> None:
    pupil, another = log.keep(a_pupil().events), log.keep(a_pupil().events)
    for _ in range(4):
        looked_at(log, pupil)
        looked_at(log, another)
    rows = log.gathered(pupil).accesses
    for row, before in zip(rows, (0, *(each.position for each in rows)), strict=False):
        assert log.accesses_at(pupil, row.recorded_at) == row.position
        assert log.accesses_at(pupil, row.recorded_at - timedelta(microseconds=1)) == before


def test_nothing_is_gathered_of_nobody_nor_of_whom_is_no_more(log: Kept) -> None:
    with pytest.raises(NotFound):
        log.gathered(uuid4())
    pupil = log.keep(a_pupil().events)
    with pytest.raises(NotOnRecordThen):
        log.gathered(pupil, Cut(0, 0))
    with pytest.raises(NotOnRecordThen):
        log.gathered(pupil, replace(log.cut(pupil), as_of=date(2023, 9, 3)))
    keys().seals.keyring.destroy(pupil)
    with pytest.raises(Erased):
        log.gathered(pupil)


def test_two_thousand_entries_are_gathered_in_two_seconds(log: Kept) -> None:
    life = a_family().given(IDENTIFY)
    last = life.events[-1]
    more = [
        last.model_copy(update={"originator_version": version})
        for version in range(len(life.events) + 1, 2_001)
    ]
    pupil = log.keep([*life.events, *more])
    cut = log.cut(pupil)
    began = time.perf_counter()
    held = log.gathered(pupil, cut)
    assert time.perf_counter() - began < 2
    assert len(held.entries) == 2_000
