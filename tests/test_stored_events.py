"""Events outlive the code: what was ever stored must always be readable, and mean the same.

``tests/golden`` holds one stored example of every version of every event.  To add an event, add
its example; to change an event, raise its ``class_version``, write its upcast, and add a second
example.  Never edit an example: it stands for rows that exist.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import orjson
import pytest

from send_records.aggregates import ALL_EVENTS, EVENTS, PEOPLE_EVENTS
from send_records.aggregates.base import DomainEvent
from send_records.store.mapper import VersionedEvent, encoded
from tests.keys import mapper, sealed

GOLDEN = Path(__file__).parent / "golden"
EXAMPLES = sorted(GOLDEN.iterdir())


def name_of(path: Path) -> tuple[str, int]:
    """Return the event and the version of its class that an example is of."""
    topic, version = path.name.removesuffix(".json").split(".v")
    return topic, int(version)


def stored(path: Path) -> VersionedEvent:
    return as_stored(path, path.read_bytes())


def as_stored(path: Path, fields: bytes) -> VersionedEvent:
    """Return a row as an example's would be with these fields, all of them sealed: when it is read
    it makes no difference which are."""
    topic, class_version = name_of(path)
    pupil, version = UUID(int=3), 2
    return VersionedEvent(
        originator_id=pupil,
        originator_version=version,
        topic=topic,
        state=sealed(
            fields, pupil=pupil, version=version, topic=topic, class_version=class_version
        ),
        class_version=class_version,
        clear="{}",
    )


@pytest.mark.parametrize("event_class", ALL_EVENTS.values(), ids=list(ALL_EVENTS))
def test_every_version_of_an_event_has_an_example(event_class: type[DomainEvent]) -> None:
    examples = {name_of(path) for path in EXAMPLES}

    for version in range(1, event_class.class_version + 1):
        assert (event_class.__name__, version) in examples


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_can_still_be_read(path: Path) -> None:
    topic, class_version = name_of(path)

    event = mapper().to_domain_event(stored(path))

    assert type(event) is ALL_EVENTS[topic]
    if class_version == event.class_version:
        clear, words = map(orjson.loads, encoded(event))
        assert clear | words == orjson.loads(path.read_bytes())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_of_an_event_and_a_version_that_there_is(path: Path) -> None:
    topic, class_version = name_of(path)

    assert 1 <= class_version <= ALL_EVENTS[topic].class_version


def test_a_field_renamed_without_an_upcast_would_be_found() -> None:
    """Planted: what the examples are there to catch."""
    path = GOLDEN / "UpnReplaced.v1.json"
    renamed = path.read_bytes().replace(b'"upn"', b'"new_upn"')

    with pytest.raises(ValueError, match="Cannot read UpnReplaced"):
        mapper().to_domain_event(as_stored(path, renamed))


CLEAR_FIELDS = Path(__file__).parent / "clear_fields.txt"


def clear_fields() -> list[str]:
    """Return every field that the log keeps in clear, one a line; those of all events once."""
    of_all = DomainEvent.clear_fields()
    return sorted(
        [f"DomainEvent.{name}" for name in of_all]
        + [
            f"{topic}.{name}"
            for topic, event in ALL_EVENTS.items()
            for name in event.clear_fields() - of_all
        ]
    )


def test_every_field_kept_in_clear_has_been_reviewed() -> None:
    """A line more is a decision: read ``Clear`` in aggregates/values.py before it is added."""
    assert clear_fields() == CLEAR_FIELDS.read_text().splitlines()


def test_what_is_kept_in_clear_is_a_code_a_date_or_an_academy() -> None:
    """And never free words, but for those named here."""
    words = {"academy", "to_academy", "nc_year", "record_class", "rule", "advice"}
    words |= {"class_name", "minutes"}  # a label; and a number of the rules, the same for all

    for topic, event in EVENTS.items():
        for name in event.clear_fields() - words:
            allowed = (date, StrEnum)
            annotation: Any = event.model_fields[name].annotation
            kinds = get_args(annotation) or [annotation]
            assert all(kind is type(None) or issubclass(kind, allowed) for kind in kinds), (
                f"{topic}.{name}"
            )


def test_what_is_kept_in_clear_of_people_says_whose_records_they_see_and_nobodys_name() -> None:
    """The database decides by it which rows somebody may see: ids of people and pupils, which say
    nothing to whoever has no key, and the lists of a scope."""
    ids = {"grant_id", "person_id", "pupil_id", "pupils", "contact_id"}
    lists = {"academies", "classes", "years"}
    codes = {"role", "kind"}
    days = {"occurred_on", "from_on", "until_on"}

    for event in PEOPLE_EVENTS.values():
        assert event.clear_fields() <= ids | lists | codes | days


def test_a_list_in_clear_is_plain_json() -> None:
    """A trigger reads it, which knows nothing of ours."""
    event = mapper().to_domain_event(stored(GOLDEN / "RoleGranted.v1.json"))

    clear = orjson.loads(encoded(event)[0])

    assert [type(pupil) for pupil in clear["pupils"]] == [str, str]
    assert clear["role"] == "external_professional"
    assert clear["from_on"] == "2026-09-14"
    assert clear["academies"] == []
