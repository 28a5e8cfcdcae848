"""An entry in plain words: what it is called, of which kind of record it is, and all that it says,
field by field.

Nothing is left out but what was not said.  The paths of the lines are those by which a correction
names a value, and by which a part is taken out of an entry: see ``aggregates.paths``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from enum import Enum
from typing import Any

from pydantic import BaseModel

from send_records.aggregates.base import DomainEvent
from send_records.aggregates.values import LONDON, day_in_words
from send_records.disclosure.held import Line
from send_records.projections.telling.base import in_plain_words

KINDS: dict[str, str] = {
    module: kind
    for kind, modules in {
        "The pupil and the family": "enrolment classes details contacts",
        "Concerns": "concerns concern_answers concern_questionnaires",
        "Monitoring": "monitoring",
        "Needs and the SEND register": "needs register cases",
        "Plans and targets": "plans profiles transition",
        "Reviews and views": "reviews scheduled_reviews voices",
        "Provision": "provision sessions reduced_timetables timetable_reviews",
        "Adjustments": "adjustments",
        "Assessments and attainment": "assessments attainments",
        "Agreements and notices": "consents notices",
        "Communications": "communications complaints",
        "Outside agencies": "agencies",
        "Health": "medical healthcare",
        "EHC needs assessment and plan": (
            "ehc_requests ehc_advice ehc_answers ehc_plans ehc_plan_changes la_decisions "
            "annual_reviews annual_review_meetings annual_review_results"
        ),
        "Mediation and appeals": "mediations appeals tribunal",
        "Documents": "documents",
        "Access and disclosure": (
            "access_requests access_clock access_answers handovers disclosures searches decisions "
            "preparations approvals bundles"
        ),
        "Corrections and disputes": "corrected disputes",
        "Keeping of the record": "retention merging emergencies",
    }.items()
    for module in modules.split()
}
"""Of which kind of record the events of each module are."""

ALSO_SHORT = {"la": "LA", "upn": "UPN"}
"""What is written in capitals in the names of events, besides ``ABBREVIATIONS``."""

_CAMEL = re.compile("(?<=[a-z0-9])(?=[A-Z])")
_CODE = re.compile("[a-z]+(_[a-z0-9]+)+")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

ENVELOPE = frozenset(DomainEvent.model_fields) - {"reason"}
"""The fields of an event that are no lines: ``HeldEntry`` has them by name."""


def title_of(event: type[DomainEvent]) -> str:
    """Return what an event is called in plain words: "Assessment recorded"."""
    words = in_plain_words("_".join(_CAMEL.split(event.__name__)).lower()).split(" ")
    return begun(" ".join(ALSO_SHORT.get(word, word) for word in words))


def kind_of(event: type[DomainEvent]) -> str:
    """Return of which kind of record an event is, in plain words."""
    return KINDS[event.__module__.rpartition(".")[2]]


def lines_of(event: DomainEvent) -> tuple[Line, ...]:
    """Return all that an event says, its reason last; what was not said is left out."""
    own = [name for name in type(event).model_fields if name not in ENVELOPE and name != "reason"]
    return tuple(line for name in (*own, "reason") for line in _lines(name, getattr(event, name)))


def label_of(path: str) -> str:
    """Return what stands before a value, in plain words: "Scores 1, value" of scores.0.value."""
    return begun(_label(path.split(".")))


def in_words(value: object) -> str:
    """Return a value as people read it: a date in words, a code without its underscores, a flag as
    Yes or No, several after each other."""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        local = value.astimezone(LONDON)
        return f"{day_in_words(local.date())}, {local:%H:%M}"
    if isinstance(value, date):
        return day_in_words(value)
    if isinstance(value, Enum):
        return in_plain_words(str(value.value))
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "; ".join(f"{in_words(name)}: {in_words(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(in_words, value)) or "nothing"
    return "nothing" if value is None else str(value)


def _text(text: str) -> str:
    """Return a text as it is, but for a code or a day that JSON has as a text."""
    if _DAY.fullmatch(text):
        with suppress(ValueError):
            return day_in_words(date.fromisoformat(text))
    return in_plain_words(text) if _CODE.fullmatch(text) else text


def _lines(path: str, value: Any) -> Iterator[Line]:
    if isinstance(value, BaseModel):
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        for name, each in value.items():
            key = name.value if isinstance(name, Enum) else name
            yield from _lines(f"{path}.{key}", each)
    elif isinstance(value, list | tuple):
        for number, each in enumerate(value):
            yield from _lines(f"{path}.{number}", each)
    elif value is not None:
        yield Line(path, label_of(path), in_words(value))


def _label(parts: list[str]) -> str:
    said = ""
    for part in parts:
        if part.isdecimal():
            said += f" {int(part) + 1}"
        else:
            said += f", {in_plain_words(part)}" if said else in_plain_words(part)
    return said


def begun(words: str) -> str:
    """Return words with a capital at their beginning, and those that they have as they are."""
    return words[:1].upper() + words[1:]
