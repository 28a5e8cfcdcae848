"""Events as they are shown outside: the record's own words for what the library calls otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from send_records.api.views import Listing, Meta, cursor_of
from send_records.store.mapper import ErasedEvent, Recorded

Feed = Listing[dict[str, Any]]
"""Events in order, each under its name, with its envelope and its own fields."""


def entry(event: Recorded) -> dict[str, Any]:
    """Return an event as JSON values; of one whose pupil was erased, that there was one."""
    if isinstance(event, ErasedEvent):
        return {
            "event": event.topic,
            "pupil_id": str(event.originator_id),
            "version": event.originator_version,
            "recorded_at": event.recorded_at,
            "position": event.position,
            "erased": True,
        }
    fields = event.model_dump(mode="json", exclude={"originator_id", "originator_version"})
    return {
        "event": type(event).__name__,
        "pupil_id": str(event.originator_id),
        "version": event.originator_version,
        **fields,
    }


E = TypeVar("E", bound=Recorded)


def heading(event: Recorded) -> dict[str, Any]:
    """Return of an event that it was recorded, of whom, when and where in the log: no word."""
    if isinstance(event, ErasedEvent):
        return entry(event)
    return {
        "event": type(event).__name__,
        "pupil_id": str(event.originator_id),
        "version": event.originator_version,
        "occurred_on": event.occurred_on,
        "recorded_at": event.recorded_at,
        "position": event.position,
    }


def feed_of(
    events: Sequence[E],
    limit: int,
    place: Callable[[E], int],
    shown: Callable[[Recorded], dict[str, Any]] = entry,
) -> Feed:
    """Return a page of events; the next one starts after the place of the last."""
    following = cursor_of(place(events[-1])) if len(events) == limit else None
    return Feed(data=[shown(event) for event in events], meta=Meta(next=following))
