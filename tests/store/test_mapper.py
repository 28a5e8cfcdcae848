"""Between events and rows: nothing lost, nothing repeated, nothing imported, nothing guessed."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import orjson
import pytest

from send_records.aggregates import ALL_EVENTS
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.details import UpnReplaced
from send_records.aggregates.pupil import Pupil
from send_records.aggregates.values import DataClass, Origin
from send_records.store.mapper import (
    COLUMNS,
    EventMapper,
    RecordedEvent,
    UnknownTopic,
    UnreadableEvent,
    VersionedEvent,
    encoded,
)
from tests.keys import held, mapper, sealed
from tests.scenario import by

GOLDEN = Path(__file__).parent.parent / "golden"
PUPIL = UUID(int=3)
WHEN = datetime(2026, 9, 14, 9, 30, tzinfo=UTC)


def row(topic: str, words: bytes, *, class_version: int = 1) -> RecordedEvent:
    """Return a row whose words, whatever they are, were sealed in their place."""
    state = sealed(words, pupil=PUPIL, version=2, topic=topic, class_version=class_version)
    return RecordedEvent(
        originator_id=PUPIL,
        originator_version=2,
        topic=topic,
        state=state,
        id=7,
        class_version=class_version,
        recorded_at=WHEN,
        clear="{}",
    )


def recorded(stored: VersionedEvent) -> RecordedEvent:
    """Return the row that an event becomes."""
    return RecordedEvent(**vars(stored), id=7, recorded_at=WHEN)


def example(topic: str) -> bytes:
    return (GOLDEN / f"{topic}.v{ALL_EVENTS[topic].class_version}.json").read_bytes()


def read(topic: str, **changes: Any) -> DomainEvent:
    """Return an event read from its example, with some of the stored fields otherwise."""
    state = orjson.dumps(orjson.loads(example(topic)) | changes)
    return mapper().to_domain_event(
        row(topic, state, class_version=ALL_EVENTS[topic].class_version)
    )


UPN = UpnReplaced(
    originator_id=PUPIL,
    originator_version=2,
    occurred_on=date(2026, 9, 14),
    data_class=DataClass.EDUCATION,
    origin=Origin.STAFF,
    metadata=by().metadata,
    upn="G001000026003",
    why="permanent UPN allocated",
)


# There and back


@pytest.mark.parametrize("topic", ALL_EVENTS)
def test_every_event_comes_back_as_it_was(topic: str) -> None:
    event = read(topic)
    held().seals.keyring.make(PUPIL)

    again = mapper().to_domain_event(recorded(mapper().to_stored_event(event)))

    assert again == event
    assert type(again) is ALL_EVENTS[topic]


def test_what_identifies_the_row_is_in_its_columns() -> None:
    stored = mapper().to_stored_event(UPN)

    assert (stored.originator_id, stored.originator_version) == (PUPIL, 2)
    assert (stored.topic, stored.class_version) == ("UpnReplaced", 1)


def test_what_the_log_adds_is_read_with_the_event() -> None:
    event = read("UpnReplaced")

    assert (event.originator_id, event.originator_version) == (PUPIL, 2)
    assert (event.recorded_at, event.position) == (WHEN, 7)


def test_what_is_not_recorded_yet_has_no_place_and_no_time() -> None:
    event = mapper().to_domain_event(mapper().to_stored_event(UPN))

    assert event == UPN
    assert (event.recorded_at, event.position) == (None, None)


def sorted_throughout(value: Any) -> bool:
    if isinstance(value, dict):
        return list(value) == sorted(value) and all(map(sorted_throughout, value.values()))
    return not isinstance(value, list) or all(map(sorted_throughout, value))


@pytest.mark.parametrize("topic", ALL_EVENTS)
def test_a_state_has_sorted_keys_and_no_column(topic: str) -> None:
    for part in encoded(read(topic)):
        fields = orjson.loads(part)

        assert sorted_throughout(fields)
        assert not COLUMNS & set(fields)
        assert part == orjson.dumps(fields)  # no space, no escape that need not be


def test_equal_events_have_equal_bytes() -> None:
    fields = orjson.loads(example("NeedIdentified"))
    turned = dict(reversed(fields.items())) | {
        "strengths": dict(reversed(fields["strengths"].items()))
    }

    again = mapper().to_domain_event(row("NeedIdentified", orjson.dumps(turned)))

    assert encoded(again) == encoded(read("NeedIdentified"))


# What is not understood


@pytest.mark.parametrize(
    "topic",
    [
        "os:system",
        "antigravity:fly",
        "send_records.aggregates.pupil:UpnReplaced",
        "DomainEvent",
        "PupilEvent",
        "",
        "UpnReplaced ",
        "x" * 10_000,
    ],
)
def test_a_topic_off_the_list_is_unknown_and_imports_nothing(topic: str) -> None:
    sys.modules.pop("antigravity", None)
    before = set(sys.modules)

    with pytest.raises(UnknownTopic) as error:
        mapper().to_domain_event(row(topic, example("UpnReplaced")))

    assert set(sys.modules) == before
    assert len(str(error.value)) < 120


def test_a_version_from_a_newer_program_is_unknown_and_not_guessed_at() -> None:
    with pytest.raises(UnknownTopic, match="UpnReplaced of version 2"):
        mapper().to_domain_event(row("UpnReplaced", example("UpnReplaced"), class_version=2))


CORRUPT = {
    "empty": b"",
    "not JSON": b"\x01\x02",
    "cut short": example("UpnReplaced")[:-20],
    "no object": b"[]",
    "null": b"null",
    "a list of fields": b"[" + example("UpnReplaced").strip()[1:-1] + b"]",
    "closed as a list": example("UpnReplaced").strip()[:-1] + b"]",
    "not closed": b'{"nested": ' + example("UpnReplaced"),
    "closed too soon": example("UpnReplaced") + b', "why": {}}',
    "two objects": example("UpnReplaced") + b", " + example("UpnReplaced"),
    "a field too few": b"{}",
    "a field too many": example("UpnReplaced").replace(b"{", b'{"upn2": "A", ', 1),
    "a field of another kind": example("UpnReplaced").replace(b'"G001000026003"', b"7"),
    "a day that is none": example("UpnReplaced").replace(b'"2025-01-10"', b'"2025-02-30"'),
    "not UTF-8": example("UpnReplaced").replace(b"permanent", b"\xff\xfe"),
}


@pytest.mark.parametrize("corrupt", CORRUPT)
def test_a_corrupt_state_is_unreadable_and_not_repeated(corrupt: str) -> None:
    assert CORRUPT[corrupt] != example("UpnReplaced")

    with pytest.raises(
        UnreadableEvent, match=f"Cannot read UpnReplaced, version 2 of {PUPIL}"
    ) as e:
        mapper().to_domain_event(row("UpnReplaced", CORRUPT[corrupt]))

    assert "G0010" not in str(e.value)


def test_a_state_cannot_say_which_row_it_is() -> None:
    forged = {"originator_version": 9, "position": 1, "originator_id": "x", "recorded_at": "y"}

    event = read("UpnReplaced", **forged)

    assert (event.originator_id, event.originator_version) == (PUPIL, 2)
    assert (event.recorded_at, event.position) == (WHEN, 7)


def test_what_is_kept_in_clear_stands_over_what_the_words_say_of_it() -> None:
    state, clear = example("UpnReplaced"), '{"occurred_on":"2020-02-02"}'
    sealed_too = sealed(
        state, pupil=PUPIL, version=2, topic="UpnReplaced", class_version=1, clear=clear
    )
    twice = replace(row("UpnReplaced", state), state=sealed_too, clear=clear)

    assert mapper().to_domain_event(twice).occurred_on == date(2020, 2, 2)


# Old shapes, and old limits


@pytest.fixture
def nicknamed() -> EventMapper:
    """A mapper that knows one more event, which has been changed twice since it was made."""

    class NicknameGiven(DomainEvent):
        class_version: ClassVar[int] = 3

        nickname: str
        liked: bool | None

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            state["nickname"] = state.pop("name")

        @staticmethod
        def upcast_v2_v3(state: dict[str, Any]) -> None:
            state["liked"] = None

        def mutate(self, pupil: Pupil | None) -> Pupil:
            raise NotImplementedError

    return EventMapper(held().seals, {**ALL_EVENTS, "NicknameGiven": NicknameGiven})


@pytest.mark.parametrize(
    ("class_version", "fields", "liked"),
    [
        (1, {"name": "Tomek"}, None),
        (2, {"nickname": "Tomek"}, None),
        (3, {"nickname": "Tomek", "liked": True}, True),
    ],
)
def test_an_old_shape_is_brought_to_the_present_one(
    nicknamed: EventMapper, class_version: int, fields: dict[str, Any], liked: bool | None
) -> None:
    envelope = orjson.loads(example("UpnReplaced"))
    del envelope["upn"], envelope["why"]
    state = orjson.dumps(envelope | fields)

    event = nicknamed.to_domain_event(row("NicknameGiven", state, class_version=class_version))

    assert event.model_dump(include={"nickname", "liked"}) == {"nickname": "Tomek", "liked": liked}
    stored = nicknamed.to_stored_event(event)
    assert stored.class_version == 3
    assert nicknamed.to_domain_event(stored).model_dump(exclude=COLUMNS) == event.model_dump(
        exclude=COLUMNS
    )


def test_without_its_upcast_an_old_shape_is_unreadable() -> None:
    class NicknameLost(DomainEvent):
        class_version: ClassVar[int] = 2

        def mutate(self, pupil: Pupil | None) -> Pupil:
            raise NotImplementedError

    with pytest.raises(UnreadableEvent):
        EventMapper(held().seals, {"NicknameLost": NicknameLost}).to_domain_event(
            row("NicknameLost", b"{}")
        )


@pytest.mark.parametrize(
    ("topic", "changes"),
    [
        ("UpnReplaced", {"upn": "no longer a UPN", "why": "w" * 50_000}),
        ("UpnReplaced", {"why": ""}),
        ("UpnReplaced", {"why": "a\u202econtrol\u0007"}),
        ("UpnReplaced", {"occurred_on": "1871-02-03"}),
        ("ContactRecorded", {"contact": {"name": "n" * 900, "relationship": "aunt",
                                         "parental_responsibility": False}}),
        ("ConcernRaised", {"strategies_tried": [
            {"what": "w" * 9000, "since": "1871-02-03", "effect": ""}] * 60}),
        ("AssessmentRecorded", {"scores": [{"name": "raw", "value": "1234567.12345"}]}),
    ],
)  # fmt: skip
def test_what_was_stored_under_other_limits_is_still_read(
    topic: str, changes: dict[str, Any]
) -> None:
    event = read(topic, **changes)

    again = mapper().to_stored_event(event)
    assert mapper().to_domain_event(again).model_dump(exclude=COLUMNS) == (
        event.model_dump(exclude=COLUMNS)
    )
