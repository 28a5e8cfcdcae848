"""Records and reviews to choose by, without a database: each word of a record its own, so that
wherever it comes out again, it is known where from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from hypothesis import strategies as st
from pydantic import ValidationError

from send_records.aggregates.agencies import AgencyReferred
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.communications import RecordContactWithFamily
from send_records.aggregates.corrected import EntryCorrected
from send_records.aggregates.disputes import EntryDisputed
from send_records.aggregates.documents import DocumentFiled
from send_records.aggregates.items import Ground, ItemRef, PageArea, Parts
from send_records.aggregates.values import STORED
from send_records.disclosure.answer import Answer, Fate
from send_records.disclosure.entries import Stored
from send_records.disclosure.gathering import held_of
from send_records.disclosure.held import Cut, Held
from send_records.disclosure.lines import lines_of
from send_records.disclosure.review import Decision, Review, Taking
from send_records.store.mapper import encoded
from tests.disclosure.records import lives
from tests.scenario import MOTHER, RECORD_MOTHER, a_pupil

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)

TOLD_FIRST = 2
"""How many entries every record begins with: of what they say, the name is told beside all else."""


def held_from(events: Sequence[DomainEvent], as_of: date | None = None) -> Held:
    """Return what is held of a record that is nowhere recorded."""
    stored = []
    for position, event in enumerate(events, start=1):
        placed = event.model_copy()
        placed.place(position, BEGAN + timedelta(hours=position))
        clear, words = encoded(event)
        fields_ = orjson.loads(clear) | orjson.loads(words)
        stored.append(Stored(placed, dict(sorted(fields_.items()))))
    return held_of(stored, [], Cut(len(events), 0, as_of))


def in_words_of_its_own(events: Sequence[DomainEvent]) -> list[DomainEvent]:
    """Return events in which every text that may be any other says what no other does."""
    told: list[DomainEvent] = []
    for event in events:
        if event.originator_version > TOLD_FIRST:
            event = _of_its_own(event)
        told.append(event)
    return told


def _of_its_own(event: DomainEvent) -> DomainEvent:
    said = event.model_dump(mode="json")
    for number, place in enumerate(_texts(said)):
        holder, key = place
        before = holder[key]
        holder[key] = f"Zq{event.originator_version}x{number} reads"
        try:
            event = type(event).model_validate_json(orjson.dumps(said), context=STORED)
        except ValidationError:
            holder[key] = before
    return event


ITS_PLACE = frozenset(DomainEvent.model_fields) - {"reason"} | {
    *("entry_event", "field"),
    *DocumentFiled.measured,  # of what is given as it is
}
"""What names an entry, a field of one or a file."""


def _texts(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield where each text is: what holds it, and under which name or number; but for what names
    an entry or a field of one."""
    keys = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in list(keys):
        if key in ITS_PLACE:
            continue
        if isinstance(each, str):
            yield value, key
        elif isinstance(each, dict | list):
            yield from _texts(each)


def words_of(value: Any) -> set[str]:
    """Return the words of a value that are like no other's."""
    return set(re.findall(r"(?i)zq\d+x\d+", orjson.dumps(value, default=str).decode()))


def leaves(answer: Answer) -> str:
    """Return all of an answer that leaves, as a text."""
    kept_here = {"held", "phrases", "kept_back", "elsewhere"}
    parts = {f.name: getattr(answer, f.name) for f in fields(answer) if f.name not in kept_here}
    documents = [replace(each, phrases=()) for each in answer.documents]
    told = {k: v for k, v in parts.items() if k != "documents"}
    return orjson.dumps([asdict_of(told), asdict_of(documents)], default=str).decode()


def asdict_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): asdict_of(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [asdict_of(each) for each in value]
    if hasattr(value, "__dataclass_fields__"):
        return {f.name: asdict_of(getattr(value, f.name)) for f in fields(value)}
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    return value


def disclosed(held: Held) -> dict[ItemRef, Decision]:
    """Return a review in which all is disclosed."""
    items = [*(each.item for each in held.entries), *(each.item for each in held.documents)]
    return {item: Decision(Fate.DISCLOSED, (), "Ruth Adeyemi", date(2026, 1, 2)) for item in items}


def withheld(ground: Ground = Ground.THIRD_PARTY, *, on_schedule: bool = True) -> Decision:
    return Decision(
        Fate.WITHHELD, (Taking(ground, "Why", on_schedule),), "Ruth Adeyemi", date(2026, 1, 2)
    )


def redacted(
    *phrases: str,
    fields: Sequence[str] = (),
    areas: Sequence[PageArea] = (),
    ground: Ground = Ground.THIRD_PARTY,
    on_schedule: bool = True,
) -> Decision:
    parts = Parts(phrases=phrases, fields=tuple(fields), areas=tuple(areas))
    taking = Taking(ground, "Why", on_schedule, parts)
    return Decision(Fate.REDACTED, (taking,), "Ruth Adeyemi", date(2026, 1, 2))


def reviewed(held: Held, decisions: dict[int | UUID, Decision]) -> Review:
    """Return a review in which all is disclosed but for some entries, by their versions, and some
    documents, by their ids."""
    made = disclosed(held)
    for name, decision in decisions.items():
        item = ItemRef(entry=name) if isinstance(name, int) else ItemRef(document_id=name)
        made[item] = decision
    return Review(made)


def crossed() -> list[DomainEvent]:
    """Return a life whose entries repeat each other: a document that is filed, an agency that is
    asked, a talk, and what is corrected and disputed of each."""
    life = list(a_pupil().given(RECORD_MOTHER, new_id=MOTHER).given(TALK).events)
    add_filed(life)
    _add(life, AgencyReferred, agency="EP", question="Why?", agreement_given_on=date(2024, 1, 1))
    for version, field in ((4, "summary"), (5, "title"), (6, "agency"), (3, "contact.name")):
        add_corrected(life, life[version - 1], field)
    _add(life, EntryDisputed, statement="No.", disputed_by=None, **_about(life[3]))
    return in_words_of_its_own(life)


@st.composite
def crossed_lives(draw: st.DrawFn) -> list[DomainEvent]:
    """Return such a life at random."""
    life: list[DomainEvent] = draw(lives())
    add_filed(life)
    _add(life, AgencyReferred, agency="EP", question="Why?", agreement_given_on=date(2024, 1, 1))
    for _ in range(draw(st.integers(0, 4))):
        entry = draw(st.sampled_from(life[TOLD_FIRST:]))
        fields = sorted(line.path for line in lines_of(entry))
        if draw(st.booleans()) and fields and not isinstance(entry, EntryCorrected):
            add_corrected(life, entry, draw(st.sampled_from(fields)))
        else:
            _add(life, EntryDisputed, statement="No.", disputed_by=None, **_about(entry))
    return in_words_of_its_own(life)


TALK = RecordContactWithFamily(
    occurred_on=date(2024, 1, 10), contact_ids=(MOTHER,), how="By telephone", summary="She reads."
)


def add_filed(life: list[DomainEvent]) -> None:
    _add(
        life,
        DocumentFiled,
        document_id=UUID(int=700),
        kind="other",
        title="T",
        author="A",
        dated=date(2024, 1, 1),
        media_type="application/pdf",
        size=1,
        sha256="0" * 64,
    )


def add_corrected(life: list[DomainEvent], entry: DomainEvent, field: str) -> None:
    said = {line.path: line.value for line in lines_of(entry)}
    values = {"from_value": said[field], "to_value": "T1"}
    _add(life, EntryCorrected, field=field, why="Wrong", **values, **_about(entry))


def _about(entry: DomainEvent) -> dict[str, Any]:
    return {"entry_version": entry.originator_version, "entry_event": type(entry).__name__}


def _add(life: list[DomainEvent], event: type[DomainEvent], **said: Any) -> None:
    envelope = {name: getattr(life[0], name) for name in ENVELOPE}
    place = {"originator_version": len(life) + 1, "occurred_on": date(2024, 2, 1)}
    life.append(event.model_validate({**envelope, **place, **said}, context=STORED))


ENVELOPE = ("originator_id", "data_class", "origin", "metadata")
