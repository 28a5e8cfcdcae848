"""Events outlive the code: what was ever stored must always be readable, and mean the same.

``tests/golden`` holds one stored example of every version of every event.  To add an event, add
its example; to change an event, raise its ``class_version``, write its upcast, and add a second
example.  Never edit an example: it stands for rows that exist.
"""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import orjson
import pytest

from send_records.aggregates import EVENTS
from send_records.aggregates.base import DomainEvent
from send_records.bootstrap import mapper
from send_records.store.mapper import VersionedEvent

GOLDEN = Path(__file__).parent / "golden"
EXAMPLES = sorted(GOLDEN.iterdir())


def name_of(path: Path) -> tuple[str, int]:
    """Return the event and the version of its class that an example is of."""
    topic, version = path.name.removesuffix(".json").split(".v")
    return topic, int(version)


def stored(path: Path) -> VersionedEvent:
    topic, class_version = name_of(path)
    return VersionedEvent(
        originator_id=UUID(int=3),
        originator_version=2,
        topic=topic,
        state=path.read_bytes(),
        class_version=class_version,
    )


@pytest.mark.parametrize("event_class", EVENTS.values(), ids=list(EVENTS))
def test_every_version_of_an_event_has_an_example(event_class: type[DomainEvent]) -> None:
    examples = {name_of(path) for path in EXAMPLES}

    for version in range(1, event_class.class_version + 1):
        assert (event_class.__name__, version) in examples


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_can_still_be_read(path: Path) -> None:
    topic, class_version = name_of(path)

    event = mapper().to_domain_event(stored(path))

    assert type(event) is EVENTS[topic]
    if class_version == event.class_version:
        again = mapper().to_stored_event(event)
        assert orjson.loads(again.state) == orjson.loads(path.read_bytes())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_every_example_is_of_an_event_and_a_version_that_there_is(path: Path) -> None:
    topic, class_version = name_of(path)

    assert 1 <= class_version <= EVENTS[topic].class_version


def test_a_field_renamed_without_an_upcast_would_be_found() -> None:
    """Planted: what the examples are there to catch."""
    path = GOLDEN / "UpnReplaced.v1.json"
    renamed = path.read_bytes().replace(b'"upn"', b'"new_upn"')
    example = stored(path)

    with pytest.raises(ValueError, match="Cannot read UpnReplaced"):
        mapper().to_domain_event(
            VersionedEvent(
                originator_id=example.originator_id,
                originator_version=example.originator_version,
                topic=example.topic,
                state=renamed,
                class_version=1,
            )
        )
