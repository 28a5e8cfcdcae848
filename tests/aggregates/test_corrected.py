"""What holds of every record as it reads, whatever was corrected in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from send_records.aggregates.assessments import Informant, RecordAssessment, Score
from send_records.aggregates.base import DomainEvent, PupilEvent
from send_records.aggregates.corrected import (
    EntryCorrected,
    EntryWithdrawn,
    Reading,
    Struck,
    WhyWithdrawn,
    as_corrected,
    pupil_of,
)
from send_records.aggregates.details import YearGroupChanged
from send_records.aggregates.values import DataClass, Origin
from tests.scenario import by, on_register

RECORD = (
    on_register()
    .given(
        RecordAssessment(
            occurred_on=date(2023, 11, 14),
            tool="NGRT",
            edition="2",
            informant=Informant.SENCO,
            scores=tuple(Score(name=name, value=Decimal(7)) for name in ("percentile", "sas")),
        )
    )
    .events
)

PLACES: list[tuple[str, list[Any]]] = [
    ("occurred_on", ["2023-11-13", "2023-11-14"]),
    ("scores.0.value", ["7", "8", "9", "not a number"]),
    ("scores.1.value", ["7", "8"]),
    ("scores", [[], [{"name": "percentile", "value": "3"}]]),
    ("why", ["As it was", "Otherwise"]),
    ("contact.name", ["Nasreen Rahman", "Nasrin Rahman"]),
    ("level", ["targeted", "ehcp", "none"]),
    ("no such field", [1]),
]


def envelope(version: int) -> dict[str, Any]:
    return {
        "originator_id": RECORD[0].originator_id,
        "originator_version": version,
        "occurred_on": date(2024, 6, 20),
        "reason": None,
        "data_class": DataClass.EDUCATION,
        "origin": Origin.STAFF,
        "metadata": by(command_id=uuid4()).metadata,
    }


def correction(version: int, of: int, path: str, value: Any) -> EntryCorrected:
    return EntryCorrected(
        **envelope(version),
        entry_version=of,
        entry_event="",
        field=path,
        from_value=None,
        to_value=value,
        why="Misread",
    )


def withdrawal(version: int, of: int) -> EntryWithdrawn:
    return EntryWithdrawn(
        **envelope(version),
        entry_versions=(of,),
        entry_event="",
        why=WhyWithdrawn.DUPLICATE,
        explanation="Twice",
    )


Said = tuple[int, str, Any]
"""An entry, a place in it, and what it should have said there; of no place, it is withdrawn."""

SAID = st.tuples(
    st.integers(1, len(RECORD) + 4),
    st.one_of(
        *(st.tuples(st.just(path), st.sampled_from(values)) for path, values in PLACES),
        st.just(("", None)),
    ),
).map(lambda said: (said[0], *said[1]))


def corrected(said: Sequence[Said], start: int = len(RECORD)) -> list[PupilEvent]:
    return [
        correction(at, of, path, value) if path else withdrawal(at, of)
        for at, (of, path, value) in enumerate(said, start=start + 1)
        if of != 1 or path
    ]


def below(events: Sequence[Reading]) -> Sequence[Reading]:
    """Return what was there before the corrections."""
    return events[: len(RECORD)]


@given(st.lists(SAID, max_size=8))
def test_a_record_reads_the_same_however_often_it_is_read(said: list[Said]) -> None:
    read = as_corrected([*RECORD, *corrected(said)])

    assert as_corrected(read) == read


@given(st.lists(SAID, max_size=8))
def test_every_entry_keeps_its_place(said: list[Said]) -> None:
    events = [*RECORD, *corrected(said)]
    read = as_corrected(events)

    assert [e.originator_version for e in read] == [e.originator_version for e in events]
    assert read[len(RECORD) :] == events[len(RECORD) :], "corrections read as they are"


def test_a_record_without_corrections_reads_as_it_is() -> None:
    assert as_corrected(RECORD) == list(RECORD)
    assert as_corrected([]) == []


@given(st.sampled_from(RECORD), st.data())
def test_what_is_corrected_back_reads_as_it_was(entry: DomainEvent, data: st.DataObject) -> None:
    path, values = data.draw(st.sampled_from(PLACES[:1] + PLACES[4:]))
    root = entry.model_dump(mode="json")
    *way, last = path.split(".")
    for step in way:
        root = root.get(step, {})
    if last in root:
        way_there = [(entry.originator_version, path, v) for v in (*values, root[last])]
        assert below(as_corrected([*RECORD, *corrected(way_there)])) == list(RECORD)


@given(
    st.lists(
        SAID.filter(lambda said: said[1] not in ("scores.0.value", "scores.1.value")),
        unique_by=lambda said: said[:2],
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_corrections_of_different_places_makes_no_difference(
    said: list[Said], random: Any
) -> None:
    read = below(as_corrected([*RECORD, *corrected(said)]))
    random.shuffle(said)

    assert below(as_corrected([*RECORD, *corrected(said)])) == read


@given(st.lists(SAID, max_size=5))
def test_what_follows_a_correction_is_read_as_ever(said: list[Said]) -> None:
    """So a pupil who was replayed once since is moved on event by event."""
    events = [*RECORD, *corrected(said)]
    follows = YearGroupChanged(**envelope(events[-1].originator_version + 1), nc_year="3")
    said_too_early = any(of == follows.originator_version for of, _, _ in said)

    read = as_corrected([*events, follows])

    assert said_too_early or read == [*as_corrected(events), follows]


def test_what_was_withdrawn_says_nothing_and_the_version_moves_on() -> None:
    added = len(RECORD) - 1
    read = as_corrected([*RECORD, withdrawal(len(RECORD) + 1, added)])
    pupil = pupil_of(read)

    assert isinstance(read[added - 1], Struck)
    assert read[added - 1].position == RECORD[added - 1].position
    assert pupil is not None
    assert (pupil.registration, pupil.version) == (None, len(RECORD) + 1)


def test_the_first_entry_of_a_record_cannot_be_read_as_struck() -> None:
    with pytest.raises(ValueError, match="is not withdrawn"):
        Struck(RECORD[0]).mutate(None)
