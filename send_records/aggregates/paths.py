"""Where in an entry a value stands, and the entry as it reads with another value there.

A path is the name of a field, and after dots what it leads to: ``occurred_on``, ``scores.0.value``.
Values are those of JSON, as the entry is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, TypeVar
from uuid import UUID

import orjson
from pydantic import JsonValue, ValidationError

from send_records.aggregates.base import DomainEvent, Kept
from send_records.aggregates.values import (
    STORED,
    Value,
    judge,
    judged_count,
    judged_day,
    judged_measure,
    judged_words,
)
from send_records.errors import Invalid, NotFound

E = TypeVar("E", bound=DomainEvent)

WORDS = judged_words(8000)

DEPTH = 6
"""Lists within lists, at most: more than any entry has."""

_MEASURE = re.compile(r"-?[0-9]+(\.[0-9]+)?")

ENVELOPE = {"originator_id", "originator_version", "metadata", "recorded_at", "position"}
"""The fields that say who recorded an entry, where and when: nobody can say otherwise later."""


class FieldNotThere(NotFound):
    """A correction names a value that the entry has."""


class FieldNotCorrectable(Invalid):
    """Ids, what a rule said, who recorded an entry, when, and who approved, are not put right: they
    are what the record itself knows, or somebody's own act."""

    basis = "UK GDPR Art 5(2)"


class ValueNotValid(Invalid):
    """A correction says what the entry could have said in the first place."""


def _judged(value: JsonValue, depth: int = 0) -> JsonValue:
    if depth > DEPTH:
        raise ValueError("Enter a plainer value")
    if isinstance(value, str):
        return WORDS(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        judged_measure(Decimal(str(value)))
        return value
    if len(value) > 40:
        raise ValueError("Enter at most 40")
    if isinstance(value, list):
        return [_judged(item, depth + 1) for item in value]
    return {WORDS(name): _judged(item, depth + 1) for name, item in value.items()}


Said = Annotated[JsonValue, *judge(_judged)]
"""A value of an entry as JSON: its words, numbers and lists within the limits of ``values``."""


def value_at(event: DomainEvent, path: str) -> JsonValue:
    """Return what an entry says at a path; raise FieldNotThere, or FieldNotCorrectable for what
    is the record's own."""
    if path.split(".")[0] in ENVELOPE:
        raise FieldNotCorrectable(f"{path} is the record's own: withdraw the entry instead.")
    place, name = _place(event.model_dump(mode="json"), path)
    found: JsonValue = place[name]
    return found


def saying(event: E, path: str, value: JsonValue) -> E:
    """Return an entry as it reads with another value at a path, which must be of its type and is
    not judged; raise FieldNotThere or ValueNotValid."""
    fields = event.model_dump(mode="json")
    place, name = _place(fields, path)
    place[name] = value
    try:
        read = type(event).model_validate_json(orjson.dumps(fields), context=STORED)
    except ValidationError as error:
        raise ValueNotValid(f"{path}: {_first(error)}") from None
    place, name = _place(read.model_dump(mode="json"), path)
    if not _same(value, place[name]):
        raise ValueNotValid(f"{path}: write it as the entry does.")
    return read


def _same(value: JsonValue, read: JsonValue) -> bool:
    """Return whether a value was read as what it is, and not as a date or a flag that it can be
    taken for; a measure may be written as a number, and what is not said may be left out."""
    if isinstance(value, list) and isinstance(read, list):
        return len(value) == len(read) and all(map(_same, value, read))
    if isinstance(value, dict) and isinstance(read, dict):
        return all(name in read and _same(item, read[name]) for name, item in value.items())
    if isinstance(value, int | float) and isinstance(read, str) and not isinstance(value, bool):
        return _MEASURE.fullmatch(read) is not None and Decimal(str(value)) == Decimal(read)
    return type(value) is type(read) and value == read


def require_judged(event: DomainEvent, path: str) -> None:
    """Refuse a value at a path that a command would not have taken, and one that would change an
    id.  The rest of the entry is not judged again: it was once."""
    root = path.split(".")[0]
    try:
        said = event.model_dump(mode="json")
        type(event).model_validate_json(orjson.dumps(said))
    except ValidationError as error:
        if any(each["loc"][:1] == (root,) for each in error.errors()):
            raise ValueNotValid(f"{path}: {_first(error)}") from None
    try:
        for leaf in _leaves(getattr(event, root)):
            if isinstance(leaf, date):
                judged_day(leaf)
            elif isinstance(leaf, int) and not isinstance(leaf, bool):
                judged_count(leaf)
    except ValueError as error:
        raise ValueNotValid(f"{path}: {error}.") from None


def require_same_ids(before: DomainEvent, after: DomainEvent, path: str) -> None:
    """Refuse a change to an id, to who acted or approved, or to what a rule said, wherever in a
    field it stands; and to what was measured."""
    root = path.split(".")[0]
    if root in before.measured:
        raise FieldNotCorrectable("It was measured, not said: withdraw the entry instead.")
    if _kept(getattr(before, root)) != _kept(getattr(after, root)):
        raise FieldNotCorrectable("That is not put right: withdraw the entry instead.")


def ids_in(event: DomainEvent) -> set[UUID]:
    """Return the ids that an entry's own fields name."""
    return {leaf for leaf in leaves_of(event) if isinstance(leaf, UUID)}


def leaves_of(event: DomainEvent) -> Iterator[Any]:
    """Yield every value that an entry's own fields hold, however deep."""
    for name in type(event).model_fields:
        if name not in DomainEvent.model_fields:
            yield from _leaves(getattr(event, name))


def _kept(value: Any) -> list[Any]:
    """Return what no correction changes, of all that a value holds."""
    return [leaf for leaf in _leaves(value) if isinstance(leaf, UUID | Kept)]


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield name
            yield from _leaves(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, Value) and not isinstance(value, Kept):
        for name in type(value).model_fields:
            yield from _leaves(getattr(value, name))
    else:
        yield value


def _place(fields: Any, path: str) -> tuple[Any, Any]:
    """Return what holds the value at a path, and under which name or number."""
    *way, last = path.split(".")
    place = fields
    for step in way:
        place = place[_key(place, step, path)]
    return place, _key(place, last, path)


def _key(place: Any, step: str, path: str) -> Any:
    if isinstance(place, dict) and step in place:
        return step
    if isinstance(place, list) and step.isascii() and step.isdigit() and int(step) < len(place):
        return int(step)
    raise FieldNotThere(f"The entry has nothing at {path}.")


def _first(error: ValidationError) -> str:
    return error.errors(include_input=False, include_url=False)[0]["msg"]
