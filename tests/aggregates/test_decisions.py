"""Decisions on items: disclosed, withheld, redacted; grounds, opinions, parts (facts 3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from send_records.aggregates.access_clock import Authority, IdentifyRequester
from send_records.aggregates.access_requests import RequestClosed
from send_records.aggregates.attainments import RecordObservation
from send_records.aggregates.base import Actor, DomainEvent
from send_records.aggregates.corrected import WhyWithdrawn
from send_records.aggregates.corrections import CorrectEntry, NotPutRightThisWay, WithdrawEntry
from send_records.aggregates.decisions import (
    REVIEW_EVENTS,
    Decided,
    DiscloseItems,
    ItemRedacted,
    ItemsDisclosed,
    ItemWithheld,
    RedactItem,
    ReviewIsNoItem,
    WithholdItem,
    decided,
)
from send_records.aggregates.document_kinds import DocumentKind
from send_records.aggregates.documents import FileDocument
from send_records.aggregates.grounds import GroundNotOpen
from send_records.aggregates.item_parts import ItemNotOnRecord, PartNotInItem, PartsOfAnotherKind
from send_records.aggregates.items import Ground, ItemRef, PageArea, Parts
from send_records.aggregates.opinions import (
    HealthOpinionContrary,
    HealthOpinionMissing,
    HealthOpinionOutdated,
    Opinion,
)
from send_records.aggregates.preparations import Void
from send_records.aggregates.values import DataClass, Role
from send_records.errors import Invalid, NotFound
from tests.aggregates.test_access_requests import (
    IDENTIFY,
    PACK,
    PREPARE,
    RECEIVE,
    REFUSE,
    REQUEST,
    SEARCH,
)
from tests.scenario import (
    DPO,
    GRANDMOTHER,
    MOTHER,
    NOBODY,
    SENCO,
    Scenario,
    a_family,
    approved,
    but,
)

DAY = date(2026, 7, 15)

OBSERVE = RecordObservation(
    occurred_on=date(2026, 6, 1),
    setting="Playground",
    observed="Sits with Leo  Marsh,\nwho shares his snack",
    minutes=20,
    reason="Asked for by the Principal",
)
IN_HEALTH = but(OBSERVE, observed="Coughs after running", data_class=DataClass.HEALTH)
FILE = FileDocument(
    occurred_on=date(2026, 6, 2),
    data_class=DataClass.EDUCATION,
    kind=DocumentKind.PROFESSIONAL_REPORT,
    title="Findings",
    dated=date(2026, 6, 1),
)

SEEN, COUGH, FILED, FILED_OF_HEALTH, ASKED = range(5, 10)
"""The entries: of the family there are four, the admission and its retention class among them."""

REPORT, LETTER = UUID(int=450), UUID(int=451)

ENTRY, HEALTH = ItemRef(entry=SEEN), ItemRef(entry=COUGH)
DOCUMENT, OF_HEALTH = ItemRef(document_id=REPORT), ItemRef(document_id=LETTER)

HARMLESS = Opinion(
    by="Dr Amina Cole", profession="Paediatrician", dated=date(2026, 6, 20), test_met=False
)
HARMFUL = but(HARMLESS, test_met=True)

DISCLOSE = DiscloseItems(occurred_on=DAY, request_id=REQUEST, items=(ENTRY, DOCUMENT))
WITHHOLD = WithholdItem(
    occurred_on=DAY,
    request_id=REQUEST,
    item=ENTRY,
    ground=Ground.THIRD_PARTY,
    why="It tells of Leo, whose parents said no",
)
REDACT = RedactItem(
    occurred_on=DAY,
    request_id=REQUEST,
    item=ENTRY,
    parts=Parts(phrases=("leo marsh",)),
    ground=Ground.THIRD_PARTY,
    why="Another child, whose parents said no",
)
AREA = PageArea(
    page=1, left=Decimal(10), top=Decimal(80), right=Decimal("40.5"), bottom=Decimal(95)
)


def held() -> Scenario:
    """A record with an entry and a document of each kind of information, and a request for it by
    the mother, who is not identified yet."""
    told = a_family().given(OBSERVE, IN_HEALTH).given(FILE, new_id=REPORT)
    told = told.given(but(FILE, data_class=DataClass.HEALTH), new_id=LETTER)
    told = told.given(RECEIVE, new_id=REQUEST)
    kinds = [type(event).__name__ for event in told.events[SEEN - 1 :]]
    assert kinds == [
        *["ObservationRecorded", "ObservationRecorded", "DocumentFiled", "DocumentFiled"],
        "SubjectAccessRequested",
    ]
    return told


def identified(**changes: object) -> Scenario:
    return held().given(but(IDENTIFY, **changes))


def stands(told: Scenario) -> dict[ItemRef, tuple[Decided, ...]]:
    return decided(told.events, REQUEST)


# What is decided, by whom, and of what


def test_several_items_are_disclosed_at_once() -> None:
    held().when(DISCLOSE).then(
        ItemsDisclosed, items=(ENTRY, DOCUMENT), opinion=None, seen_by_requester=False, why=None
    )


def test_an_item_is_withheld_on_a_ground_with_a_reason() -> None:
    held().when(WITHHOLD).then(
        ItemWithheld, item=ENTRY, ground=Ground.THIRD_PARTY, why=WITHHOLD.why, on_schedule=True
    )
    for command in (WITHHOLD, REDACT):
        with pytest.raises(ValidationError):
            but(command, why=" ")
        with pytest.raises(ValidationError):
            but(command, ground="staff_are_named")


def test_whoever_is_not_to_be_told_is_not() -> None:
    held().when(but(WITHHOLD, on_schedule=False)).then(ItemWithheld, on_schedule=False)
    held().when(but(REDACT, on_schedule=False)).then(ItemRedacted, on_schedule=False)


def test_the_sendco_decides_and_the_officer() -> None:
    for command in (DiscloseItems, WithholdItem, RedactItem):
        assert command.roles == {Role.SENCO, Role.TRUST_SENCO, Role.DPO}


def test_who_decided_is_known_so_that_somebody_else_approves() -> None:
    told = held().given(DISCLOSE)
    assert told.pupil.access_requests[REQUEST].workers == {SENCO.id}

    both = told.by(DPO).given(WITHHOLD)
    assert both.pupil.access_requests[REQUEST].workers == {SENCO.id, DPO.id}


def test_a_search_makes_nobody_a_judge() -> None:
    assert held().given(SEARCH).pupil.access_requests[REQUEST].workers == frozenset()


@pytest.mark.parametrize("command", [DISCLOSE, WITHHOLD, REDACT])
def test_decisions_are_for_a_request_that_is_open(command: WithholdItem) -> None:
    a_family().when(command).refused(NotFound)
    held().when(but(command, occurred_on=date(2026, 6, 29))).refused(Invalid)
    held().given(REFUSE).when(but(command, occurred_on=date(2026, 7, 29))).refused(RequestClosed)


@pytest.mark.parametrize("command", [DISCLOSE, WITHHOLD, REDACT])
def test_what_was_prepared_is_void_once_something_is_decided(command: WithholdItem) -> None:
    ready = approved(identified(), REQUEST, PACK)
    assert not ready.pupil.preparations[PACK].void

    [preparation] = ready.given(command).pupil.preparations.values()

    assert preparation.why_void is Void.DECIDED_SINCE


def test_what_was_prepared_for_another_request_stands() -> None:
    another = UUID(int=18)
    ready = approved(identified(), REQUEST, PACK).given(RECEIVE, new_id=another)

    decided_on = ready.given(but(DISCLOSE, request_id=another))

    assert not decided_on.pupil.preparations[PACK].void


def test_a_preparation_that_a_plant_leaves_standing_would_be_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted: a decision that makes nothing void."""
    monkeypatch.setattr(
        "send_records.aggregates.decisions.voided", lambda pupil, _request_id: pupil
    )

    with pytest.raises(AssertionError):
        test_what_was_prepared_is_void_once_something_is_decided(WITHHOLD)


# Items


@pytest.mark.parametrize("item", [ItemRef(entry=99), ItemRef(entry=0), ItemRef(document_id=NOBODY)])
def test_an_item_is_on_record(item: ItemRef) -> None:
    held().when(but(DISCLOSE, items=(ENTRY, item))).refused(ItemNotOnRecord)
    held().when(but(WITHHOLD, item=item)).refused(ItemNotOnRecord)
    held().when(but(REDACT, item=item)).refused(ItemNotOnRecord)


def test_an_item_is_an_entry_or_a_document() -> None:
    for both_or_none in ({}, {"entry": SEEN, "document_id": REPORT}):
        with pytest.raises(ValidationError):
            ItemRef.model_validate(both_or_none)
    with pytest.raises(ValidationError):
        but(DISCLOSE, items=())


def test_an_entry_that_was_withdrawn_is_still_held() -> None:
    withdraw = WithdrawEntry(
        occurred_on=DAY, entry_version=SEEN, why=WhyWithdrawn.WRONG_PUPIL, explanation="Of Leo"
    )
    withdrawn = held().given(withdraw)

    withdrawn.when(WITHHOLD).then(ItemWithheld, item=ENTRY)
    withdrawn.when(REDACT).then(ItemRedacted, item=ENTRY)


def test_a_document_whose_filing_was_withdrawn_is_on_no_file() -> None:
    withdraw = WithdrawEntry(
        occurred_on=DAY, entry_version=FILED, why=WhyWithdrawn.WRONG_PUPIL, explanation="Of Leo"
    )
    withdrawn = held().given(withdraw)

    withdrawn.when(but(WITHHOLD, item=DOCUMENT)).refused(ItemNotOnRecord)
    withdrawn.when(but(WITHHOLD, item=ItemRef(entry=FILED))).then(ItemWithheld)


def test_the_request_itself_is_an_item_and_the_review_of_it_is_not() -> None:
    reviewed = approved(identified(), REQUEST, PACK).given(WITHHOLD, DISCLOSE, REDACT)
    reviews = {
        event.originator_version: type(event).__name__
        for event in reviewed.events
        if type(event).__name__ in REVIEW_EVENTS
    }
    assert set(reviews.values()) >= {
        *["SearchRecorded", "DisclosurePrepared", "DisclosureApproved"],
        *["ItemsDisclosed", "ItemWithheld", "ItemRedacted"],
    }

    reviewed.when(but(DISCLOSE, items=(ItemRef(entry=ASKED),))).then(ItemsDisclosed)
    for version in reviews:
        item = ItemRef(entry=version)
        reviewed.when(but(DISCLOSE, items=(ENTRY, item))).refused(ReviewIsNoItem)
        reviewed.when(but(WITHHOLD, item=item)).refused(ReviewIsNoItem)


def test_every_kind_of_entry_that_records_a_review_is_there() -> None:
    from send_records.aggregates import EVENTS

    assert EVENTS.keys() >= REVIEW_EVENTS
    assert {name for name, kind in EVENTS.items() if issubclass(kind, Decided)} < REVIEW_EVENTS


# Grounds


@pytest.mark.parametrize("ground", [Ground.CHILD_ABUSE, Ground.HEALTH_EXPECTATION])
def test_what_is_kept_from_parents_is_kept_from_them_alone(ground: Ground) -> None:
    withhold, redact = but(WITHHOLD, ground=ground), but(REDACT, ground=ground)
    consent = identified(authority=Authority.PUPILS_CONSENT, contact_id=GRANDMOTHER)
    herself = IdentifyRequester(
        occurred_on=date(2026, 7, 3),
        request_id=REQUEST,
        evidence="Known to all",
        authority=Authority.PUPIL,
    )
    told = a_family().given(OBSERVE).given(but(RECEIVE, on_behalf=False), new_id=REQUEST)

    identified().when(withhold).then(ItemWithheld, ground=ground)
    identified().when(redact).then(ItemRedacted, ground=ground)
    for other in (held(), consent, told.given(herself)):
        other.when(withhold).refused(GroundNotOpen)
        other.when(redact).refused(GroundNotOpen)


@pytest.mark.parametrize(
    "ground",
    sorted({*Ground} - {Ground.CHILD_ABUSE, Ground.HEALTH_EXPECTATION, Ground.HEALTH_SERIOUS_HARM}),
)
def test_other_grounds_are_open_against_whoever_asks(ground: Ground) -> None:
    held().when(but(WITHHOLD, ground=ground)).then(ItemWithheld, ground=ground)


# Health


SERIOUS = but(WITHHOLD, item=HEALTH, ground=Ground.HEALTH_SERIOUS_HARM, opinion=HARMFUL)


def test_serious_harm_to_health_is_for_a_health_professional_to_find() -> None:
    held().when(SERIOUS).then(ItemWithheld, opinion=HARMFUL)
    held().when(but(SERIOUS, opinion=None)).refused(HealthOpinionMissing)
    held().when(but(SERIOUS, opinion=HARMLESS)).refused(HealthOpinionContrary)
    assert HealthOpinionMissing.basis.startswith("Data Protection Act 2018 Sch 3 Part 2")


def test_health_is_withheld_on_another_ground_without_an_opinion() -> None:
    held().when(but(WITHHOLD, item=HEALTH)).then(ItemWithheld, opinion=None)


@pytest.mark.parametrize("item", [HEALTH, OF_HEALTH, ItemRef(entry=FILED_OF_HEALTH)])
def test_nothing_of_health_is_disclosed_without_an_opinion_that_it_does_no_harm(
    item: ItemRef,
) -> None:
    disclose = but(DISCLOSE, items=(ENTRY, item))

    held().when(disclose).refused(HealthOpinionMissing)
    held().when(but(disclose, opinion=HARMFUL)).refused(HealthOpinionContrary)
    held().when(but(disclose, opinion=HARMLESS)).then(ItemsDisclosed, opinion=HARMLESS)


def test_what_they_have_seen_is_disclosed_without_an_opinion() -> None:
    seen = but(DISCLOSE, items=(HEALTH,), seen_by_requester=True, why="She brought the letter")

    held().when(seen).then(ItemsDisclosed, seen_by_requester=True, opinion=None)
    with pytest.raises(ValidationError, match="Say how it is known"):
        but(seen, why=None)


def test_an_opinion_that_says_otherwise_is_not_passed_over() -> None:
    held().when(but(DISCLOSE, opinion=HARMFUL)).refused(HealthOpinionContrary)


def test_an_opinion_is_six_months_old_at_most() -> None:
    for command in (but(DISCLOSE, items=(HEALTH,), opinion=HARMLESS), SERIOUS):
        for dated, refusal in (
            (date(2026, 7, 15), None),
            (date(2026, 7, 16), Invalid),
            (date(2026, 1, 15), None),
            (date(2026, 1, 14), HealthOpinionOutdated),
        ):
            opinion = command.opinion
            assert opinion is not None
            told = held().when(but(command, opinion=but(opinion, dated=dated)))
            if refusal is None:
                assert told.decided()
            else:
                told.refused(refusal)


def test_the_class_that_counts_is_the_one_corrected() -> None:
    said = {"field": "data_class", "from_value": "education", "to_value": "health"}
    correct = CorrectEntry(occurred_on=DAY, entry_version=SEEN, why="It is of health", **said)

    held().when(DISCLOSE).then(ItemsDisclosed)
    held().given(correct).when(DISCLOSE).refused(HealthOpinionMissing)


def test_what_is_left_of_an_item_of_health_is_disclosed_and_so_needs_an_opinion() -> None:
    redact = but(REDACT, item=HEALTH, parts=Parts(phrases=("coughs",)))

    held().when(redact).refused(HealthOpinionMissing)
    held().when(but(redact, opinion_on_rest=HARMFUL)).refused(HealthOpinionContrary)
    held().when(but(redact, opinion_on_rest=HARMLESS)).then(ItemRedacted, opinion=None)
    held().when(but(redact, seen_by_requester=True)).then(ItemRedacted, seen_by_requester=True)


def test_what_would_harm_is_taken_out_and_the_rest_does_none() -> None:
    redact = but(
        REDACT, item=HEALTH, parts=Parts(phrases=("coughs",)), ground=Ground.HEALTH_SERIOUS_HARM
    )

    held().when(but(redact, opinion_on_rest=HARMLESS)).refused(HealthOpinionMissing)
    held().when(but(redact, opinion=HARMFUL)).refused(HealthOpinionMissing)
    both = but(redact, opinion=HARMFUL, opinion_on_rest=HARMLESS)
    held().when(both).then(ItemRedacted, opinion=HARMFUL, opinion_on_rest=HARMLESS)


# Parts


@pytest.mark.parametrize("phrase", ["Leo Marsh", "LEO\tMARSH", "marsh, who", "the principal"])
def test_words_are_in_the_entry_however_they_are_spaced_or_written(phrase: str) -> None:
    held().when(but(REDACT, parts=Parts(phrases=(phrase,)))).then(ItemRedacted)


@pytest.mark.parametrize("phrase", ["Leo March", "Leo Marshall", "Aisha", "Alder Park", "senco"])
def test_words_that_are_not_in_the_entry_are_not_taken_out_of_it(phrase: str) -> None:
    """A name misspelt would be given after all; who recorded it is no part of what it says."""
    held().when(but(REDACT, parts=Parts(phrases=("snack", phrase)))).refused(PartNotInItem)


def test_a_refusal_does_not_repeat_the_words() -> None:
    told = held().when(but(REDACT, parts=Parts(phrases=("snack", "Leo March"))))
    with pytest.raises(PartNotInItem) as refused:
        told.decided()

    assert str(refused.value) == "The entry does not say phrase 2."


def test_fields_are_those_of_the_entry() -> None:
    for field in ("observed", "minutes", "reason"):
        held().when(but(REDACT, parts=Parts(fields=(field,)))).then(ItemRedacted)
    for field in ("seen", "observed.0", "metadata", "metadata.recorded_by.name", "occurred_on"):
        held().when(but(REDACT, parts=Parts(fields=("observed", field)))).refused(PartNotInItem)
    without = a_family().given(but(OBSERVE, reason=None)).given(RECEIVE, new_id=REQUEST)
    without.when(but(REDACT, parts=Parts(fields=("reason",)))).refused(PartNotInItem)


def test_what_a_correction_put_there_is_taken_out_too() -> None:
    correct = CorrectEntry(
        occurred_on=DAY,
        entry_version=SEEN,
        field="observed",
        from_value=OBSERVE.observed,
        to_value="Sits with Mia",
        why="It was Mia",
    )
    told = held().given(correct)

    for phrase in ("Mia", "Leo Marsh"):
        told.when(but(REDACT, parts=Parts(phrases=(phrase,)))).then(ItemRedacted)


def test_areas_are_of_documents_and_fields_of_entries() -> None:
    areas, fields = Parts(areas=(AREA,)), Parts(fields=("title",))

    held().when(but(REDACT, parts=areas)).refused(PartsOfAnotherKind)
    held().when(but(REDACT, item=DOCUMENT, parts=fields)).refused(PartsOfAnotherKind)
    held().when(but(REDACT, item=DOCUMENT, parts=areas)).then(ItemRedacted, parts=areas)
    held().when(but(REDACT, item=ItemRef(entry=FILED), parts=fields)).then(ItemRedacted)


def test_a_text_has_no_pages() -> None:
    told = held()
    document = told.pupil.documents[REPORT]
    object.__setattr__(document, "media_type", "text/plain")

    told.when(but(REDACT, item=DOCUMENT, parts=Parts(areas=(AREA,)))).refused(PartsOfAnotherKind)
    told.when(but(REDACT, item=DOCUMENT)).then(ItemRedacted)


def test_words_of_a_document_are_looked_for_where_it_is_redacted() -> None:
    parts = Parts(phrases=("Not known to be there",))

    held().when(but(REDACT, item=DOCUMENT, parts=parts)).then(ItemRedacted, parts=parts)


@pytest.mark.parametrize(
    "changes",
    [{"page": 0}, {"left": 50}, {"right": "100.5"}, {"top": -1}, {"bottom": 80}],
    ids=str,
)
def test_an_area_is_on_a_page(changes: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PageArea.model_validate({**dict(AREA), **changes})


def test_something_is_taken_out() -> None:
    with pytest.raises(ValidationError):
        Parts()


# What stands


def test_the_last_word_on_an_item_counts() -> None:
    told = held().given(DISCLOSE, WITHHOLD)
    assert [type(e) for e in stands(told)[ENTRY]] == [ItemWithheld]
    assert [type(e) for e in stands(told)[DOCUMENT]] == [ItemsDisclosed]

    assert [type(e) for e in stands(told.given(DISCLOSE))[ENTRY]] == [ItemsDisclosed]


def test_redactions_add_up_each_with_its_ground() -> None:
    other = but(REDACT, parts=Parts(fields=("minutes",)), ground=Ground.CRIME)
    told = held().given(REDACT, other)

    found = [e for e in stands(told)[ENTRY] if isinstance(e, ItemRedacted)]
    assert [e.ground for e in found] == [Ground.THIRD_PARTY, Ground.CRIME]

    anew = told.given(WITHHOLD, other)
    [last] = stands(anew)[ENTRY]
    assert isinstance(last, ItemRedacted)
    assert last.ground is Ground.CRIME


def test_what_was_decided_for_one_request_is_not_for_another() -> None:
    assert decided(held().given(WITHHOLD).events, UUID(int=18)) == {}


COMMANDS = [
    DISCLOSE,
    but(DISCLOSE, items=(DOCUMENT,)),
    but(DISCLOSE, items=(ENTRY, DOCUMENT, ENTRY)),
    WITHHOLD,
    but(WITHHOLD, item=DOCUMENT, ground=Ground.CRIME),
    REDACT,
    but(REDACT, parts=Parts(fields=("minutes",))),
    but(REDACT, item=DOCUMENT),
]


@pytest.fixture(scope="module")
def events() -> Sequence[Sequence[DomainEvent]]:
    """What each command records."""
    return [held().when(command).decided() for command in COMMANDS]


@settings(max_examples=300)
@given(order=st.lists(st.integers(0, len(COMMANDS) - 1), max_size=12))
def test_whatever_is_decided_in_whatever_order_each_item_has_its_last_word(
    events: Sequence[Sequence[DomainEvent]], order: list[int]
) -> None:
    """Read backwards, as nobody would write it: from the last word to what it does not add to."""
    told = [event for number in order for event in events[number] if isinstance(event, Decided)]
    found = decided(told, REQUEST)

    assert found.keys() == {item for event in told for item in event.decides_on()}
    for item, words in found.items():
        about = [event for event in told if item in event.decides_on()]
        expected: list[DomainEvent] = []
        for event in reversed(about):
            if expected and not isinstance(event, ItemRedacted):
                break
            expected.insert(0, event)
            if not isinstance(event, ItemRedacted):
                break
        assert list(words) == expected


# A decision is taken back by deciding anew


def test_a_decision_is_not_corrected_nor_withdrawn() -> None:
    told = held().given(WITHHOLD)
    version = told.pupil.version
    withdraw = WithdrawEntry(
        occurred_on=DAY,
        entry_version=version,
        why=WhyWithdrawn.ENTERED_IN_ERROR,
        explanation="I would approve it myself",
    )
    correct = CorrectEntry(
        occurred_on=DAY,
        entry_version=version,
        field="on_schedule",
        from_value=True,
        to_value=False,
        why="Not to be told",
    )

    told.when(withdraw).refused(NotPutRightThisWay)
    told.when(correct).refused(NotPutRightThisWay)


def test_decisions_are_taken_and_prepared_whoever_decided() -> None:
    other = Actor(id=UUID(int=700), name="Ruth Hill", role=Role.TRUST_SENCO)
    told = identified().given(SEARCH, WITHHOLD).by(other).given(DISCLOSE)

    prepared = told.given(PREPARE, new_id=PACK).pupil

    assert prepared.access_requests[REQUEST].workers == {SENCO.id, other.id}
    assert prepared.preparations[PACK].prepared_by == other.id
    assert MOTHER not in prepared.access_requests[REQUEST].workers
