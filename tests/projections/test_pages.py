"""Pages: what is kept in hand is never shown in place of what is there, nor after an erasure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import UnionType
from typing import Any, LiteralString, Union, get_args, get_origin, get_type_hints
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from typing_extensions import is_typeddict

from send_records.aggregates.enrolment import AdmitPupil, MovePupilAcademy, RecordLeaving
from send_records.application import Request, SendRecords
from send_records.bootstrap import Database
from send_records.projections.chronology import ChronologyRow, chronology_page
from send_records.projections.engine import Engine
from send_records.projections.finding import find_pupils
from send_records.projections.pages import MOST, Page, PlaceGone, Views, as_json
from send_records.projections.register_rows import RegisterRow
from send_records.projections.retention_schedule import RetentionRow, schedule_page
from send_records.projections.rows import Rows
from send_records.projections.send_register import Show, register_page, register_row
from send_records.store.access import AccessRow
from send_records.store.connections import Pool, one
from send_records.store.inhand import InHand
from send_records.store.keyring import Keyring
from send_records.store.keystore import SqliteKeyStore
from send_records.store.scopes import WHOLE_TRUST
from send_records.store.sealing import Seals
from tests.keys import TRUST, held, where_held
from tests.scenario import ADMIT, SENCO, but

NAMES = ("Amir Khan", "Bea Lowe", "Cem Arslan", "Dee Roy", "Eve Roy")
MOVED = MovePupilAcademy(
    occurred_on=date(2024, 9, 2), to_academy="Elsewhere", nc_year="3", accepted_by="Kim Ade"
)


def asked() -> Request:
    return Request(SENCO, uuid4(), uuid4())


def admit(records: SendRecords, name: str) -> UUID:
    entry: AdmitPupil = but(ADMIT, legal_name=name, upn=None)
    return records.admit(entry, asked()).pupil_id


# JSON as the API's description says it is

PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=9),  # no half characters
    int: st.integers(-(2**63), 2**63 - 1),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


def of(hint: Any) -> st.SearchStrategy[Any]:
    """Return values of a type, with everything in them made up."""
    if is_typeddict(hint):
        return st.fixed_dictionaries(
            {name: of(of_it) for name, of_it in get_type_hints(hint).items()}
        )
    if get_origin(hint) in (Union, UnionType):
        return st.one_of([of(one_of_them) for one_of_them in get_args(hint)])
    if get_origin(hint) is list:
        return st.lists(of(get_args(hint)[0]), max_size=2)
    return PLAIN[hint] if hint in PLAIN else st.from_type(hint)


@pytest.mark.parametrize("kind", [RegisterRow, RetentionRow, ChronologyRow, AccessRow])
def test_a_row_as_json_is_to_the_byte_what_its_type_makes_of_it(kind: type[Any]) -> None:
    described = TypeAdapter(kind)

    @settings(max_examples=50)
    @given(st.builds(kind, **{name: of(hint) for name, hint in get_type_hints(kind).items()}))
    def alike(row: Any) -> None:
        assert as_json(row) == described.dump_json(row)

    alike()


# In hand


@dataclass
class Clock:
    """A clock that goes when it is told to."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Reading:
    """A process that reads, beside the one that records: its keyring has a clock of its own."""

    views: Views
    clock: Clock
    opened: list[UUID] = field(default_factory=list)

    def page(self, **asked: Any) -> Page[RegisterRow]:
        whatever = {"academy": None, "show": Show.ALL, "left": True, "after": None, "limit": 200}
        return register_page(self.views, **(whatever | asked))

    def names(self, **asked: Any) -> list[str]:
        return [row.legal_name for row in self.page(**asked).rows]

    def story(self, pupil_id: UUID) -> list[ChronologyRow]:
        return chronology_page(self.views, pupil_id, after=None, limit=200).rows

    def opened_now(self) -> int:
        """Return how many rows were opened since the last question."""
        number = len(self.opened)
        self.opened.clear()
        return number


@contextmanager
def reading(app_pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reading]:
    clock, store = Clock(), SqliteKeyStore(Path(where_held()["SEND_RECORDS_KEY_STORE"]))
    found = Reading(
        Views(app_pool, Seals(Keyring(store, held().keks, clock=clock), TRUST), scope=WHOLE_TRUST),
        clock,
    )
    opens = Rows._opened

    def counted(self: Rows[Any], row: Any) -> Any:
        found.opened.append(row["pupil_id"])
        return opens(self, row)

    monkeypatch.setattr(Rows, "_opened", counted)
    try:
        yield found
    finally:
        store.close()


@pytest.fixture
def reader(app_pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reading]:
    with reading(app_pool, monkeypatch) as found:
        yield found


@pytest.fixture
def pupils(records: SendRecords, engine: Engine) -> list[UUID]:
    """A few pupils, recorded and projected."""
    found = [admit(records, name) for name in NAMES]
    engine.catch_up()
    return found


def test_a_row_is_opened_once_for_all_questions(reader: Reading, pupils: list[UUID]) -> None:
    assert reader.names() == list(NAMES)
    assert reader.opened_now() == len(NAMES)

    assert reader.names(limit=2) == list(NAMES[:2])
    assert reader.names(after=pupils[1]) == list(NAMES[2:])
    found = find_pupils(reader.views, upn=None, name="roy", academy=None, limit=9)
    assert [row.legal_name for row in found.rows] == ["Dee Roy", "Eve Roy"]
    one = register_row(reader.views, pupils[0])
    assert one is not None
    assert one.row.legal_name == NAMES[0]
    assert reader.opened_now() == 0


def test_what_has_changed_is_opened_again_and_nothing_else(
    reader: Reading, pupils: list[UUID], records: SendRecords, engine: Engine
) -> None:
    reader.page()
    records.execute(pupils[2], MOVED, asked())
    engine.catch_up()
    reader.opened_now()

    assert [row.academy for row in reader.page().rows].index("Elsewhere") == 2
    assert reader.opened_now() == 1
    assert reader.names(academy="Elsewhere") == [NAMES[2]]
    assert NAMES[2] not in reader.names(academy=ADMIT.academy)


def test_a_row_whose_clear_columns_alone_were_changed_is_shown_as_it_is(
    reader: Reading, pupils: list[UUID], database: Database
) -> None:
    """As a rebuild leaves it that found the words right, or whoever edits the table by hand."""
    reader.page()
    edit: LiteralString = "UPDATE send_register SET academy = 'Edited' WHERE pupil_id = %s"
    with one(database.as_projector()) as projector:
        projector.execute(edit, [pupils[0]])

    assert [row.academy for row in reader.page().rows].count("Edited") == 1


def test_each_listing_keeps_its_own_rows(reader: Reading, pupils: list[UUID]) -> None:
    for _ in range(2):
        assert isinstance(reader.page().rows[0], RegisterRow)
        page = schedule_page(reader.views, academy=None, held=None, after=None, limit=9)
        assert {type(row) for row in page.rows} == {RetentionRow}


def names_after_an_erasure_elsewhere(reader: Reading, erased: UUID) -> list[str]:
    """Return who is on a register read before and after another process destroys a key, the
    projector not having come to it."""
    assert reader.names() == list(NAMES)
    held().seals.keyring.destroy(erased)
    reader.clock.now += 1
    return reader.names()


def test_an_erasure_by_another_process_leaves_no_name_in_hand(
    reader: Reading, pupils: list[UUID]
) -> None:
    assert names_after_an_erasure_elsewhere(reader, pupils[1]) == [NAMES[0], *NAMES[2:]]
    assert find_pupils(reader.views, upn=None, name="lowe", academy=None, limit=9).rows == []
    assert register_row(reader.views, pupils[1]) is None
    page = schedule_page(reader.views, academy=None, held=None, after=None, limit=9)
    assert pupils[1] not in [row.pupil_id for row in page.rows]


def test_a_name_that_stays_in_hand_would_be_seen(
    reader: Reading, pupils: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InHand, "_tidy", lambda self, emptyings: None)

    assert names_after_an_erasure_elsewhere(reader, pupils[1]) == list(NAMES)


def test_no_more_is_kept_than_was_said(
    reader: Reading, pupils: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MOST >= 200
    monkeypatch.setattr("send_records.projections.pages.MOST", 2)

    for _ in range(3):
        assert reader.names() == list(NAMES)
    assert len(reader.views.opened._kept) == 2


# Lists by a column


def test_a_row_of_a_list_is_opened_once_until_it_is_written_again(
    reader: Reading,
    pupils: list[UUID],
    records: SendRecords,
    engine: Engine,
    database: Database,
) -> None:
    story = reader.story(pupils[0])
    assert reader.opened_now() == len(story) > 1
    assert reader.story(pupils[0]) == story
    assert reader.opened_now() == 0

    records.execute(pupils[0], MOVED, asked())
    engine.catch_up()
    reader.opened_now()
    assert reader.story(pupils[0])[: len(story)] == story
    assert reader.opened_now() == 1

    edit: LiteralString = "UPDATE chronology SET occurred_on = '2020-01-01' WHERE position = %s"
    with one(database.as_projector()) as projector:
        projector.execute(edit, [story[0].position])
    assert reader.story(pupils[0])[0].occurred_on == date(2020, 1, 1)
    assert reader.opened_now() == 1


def story_after_an_erasure_elsewhere(reader: Reading, erased: UUID) -> list[ChronologyRow]:
    """Return a story read before and after another process destroys its key."""
    assert reader.story(erased)
    held().seals.keyring.destroy(erased)
    reader.clock.now += 1
    return reader.story(erased)


def test_an_erasure_by_another_process_leaves_no_story_in_hand(
    reader: Reading, pupils: list[UUID]
) -> None:
    first = reader.story(pupils[0])[0].position

    assert story_after_an_erasure_elsewhere(reader, pupils[0]) == []
    with pytest.raises(PlaceGone):
        chronology_page(reader.views, pupils[0], after=first, limit=2)


def test_a_story_that_stays_in_hand_would_be_seen(
    reader: Reading, pupils: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(InHand, "_tidy", lambda self, emptyings: None)

    assert story_after_an_erasure_elsewhere(reader, pupils[0])


# The next page


def test_a_page_goes_on_from_where_its_last_row_stands_now(
    reader: Reading, pupils: list[UUID], records: SendRecords, engine: Engine
) -> None:
    """It left the list meanwhile, and still says where the list went on."""
    first = reader.page(limit=2, left=False)
    assert first.next == pupils[1]
    records.execute(pupils[1], RecordLeaving(occurred_on=date(2024, 7, 19), why="Left"), asked())
    engine.catch_up()

    assert reader.names(after=first.next, left=False) == list(NAMES[2:])


def test_where_a_row_stood_that_is_gone_nobody_knows(reader: Reading, pupils: list[UUID]) -> None:
    """To show nothing would say that the list ends there."""
    held().seals.keyring.destroy(pupils[1])
    reader.clock.now += 1

    for gone in (pupils[1], uuid4()):
        with pytest.raises(PlaceGone):
            reader.page(after=gone)
        with pytest.raises(PlaceGone):
            schedule_page(reader.views, academy=None, held=None, after=gone, limit=2)


def test_where_an_entry_stood_that_is_gone_nobody_knows(
    reader: Reading, pupils: list[UUID]
) -> None:
    story = chronology_page(reader.views, pupils[0], after=None, limit=200)
    last = story.opened[-1].key
    assert story.next is None
    assert chronology_page(reader.views, pupils[0], after=last, limit=2).rows == []

    with pytest.raises(PlaceGone):
        chronology_page(reader.views, pupils[0], after=10**6, limit=2)
    held().seals.keyring.destroy(pupils[0])
    reader.clock.now += 1
    with pytest.raises(PlaceGone):
        chronology_page(reader.views, pupils[0], after=last, limit=2)
