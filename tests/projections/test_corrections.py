"""What views show of a record in which entries were put right: that, with a mark, and no more."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import fields
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest

from send_records.aggregates.base import Command
from send_records.aggregates.consents import Purpose, RecordAgreement
from send_records.aggregates.corrected import WhyWithdrawn
from send_records.aggregates.corrections import AboutAnEntry, CorrectEntry, WithdrawEntry
from send_records.aggregates.disputes import (
    DisputeEntry,
    LiftRestriction,
    RestrictionGround,
    RestrictProcessing,
)
from send_records.aggregates.retention import HoldKind, PlaceLegalHold
from send_records.application import Request, SendRecords
from send_records.bootstrap import Database
from send_records.projections import engine as engines
from send_records.projections.agreements import AgreementRow, Agreements
from send_records.projections.base import ABOUT_ENTRIES, folded
from send_records.projections.checking import check_views
from send_records.projections.chronology import Chronology, ChronologyRow
from send_records.projections.engine import PROJECTIONS, Engine
from send_records.projections.moments import Moment
from send_records.projections.past import rows_of, rows_of_all
from send_records.projections.rebuild import rebuild
from send_records.projections.register_rows import RegisterRow
from send_records.projections.retention_schedule import RetentionRow, RetentionSchedule
from send_records.projections.send_register import SendRegister
from send_records.projections.tables import Table
from send_records.projections.whole import FIND, Whole
from send_records.store.connections import Pool, at_one_moment, one
from send_records.store.damage import Finding
from tests.aggregates.test_invariants import COMMANDS
from tests.api.story_corrections import DPO
from tests.keys import held
from tests.projections.lives import Life
from tests.scenario import ADD, ADMIT, IDENTIFY, MOTHER, RECORD_MOTHER, SENCO, TELL, but

AGREE = RecordAgreement(
    occurred_on=date(2024, 1, 10),
    purpose=Purpose.INFORMATION_SHARING,
    agency=None,
    contact_id=MOTHER,
)
DAY = date(2024, 7, 1)
FIRST = [IDENTIFY, TELL, ADD, AGREE]
"""The entries 4 to 7, after the admission, its retention class, and the mother."""


def correct(version: int, field: str, said: Any, should: Any) -> CorrectEntry:
    return CorrectEntry(
        occurred_on=DAY,
        entry_version=version,
        field=field,
        from_value=said,
        to_value=should,
        why="Misread",
    )


def withdraw(version: int) -> WithdrawEntry:
    return WithdrawEntry(
        occurred_on=DAY,
        entry_version=version,
        why=WhyWithdrawn.WRONG_PUPIL,
        explanation="It was another child",
    )


LEVEL = correct(6, "level", "targeted", "ehcp")
DISPUTE = DisputeEntry(occurred_on=DAY, entry_version=4, statement="Nobody asked us")
RESTRICT = RestrictProcessing(
    occurred_on=DAY, entry_version=4, ground=RestrictionGround.ACCURACY_CONTESTED, why="Looked into"
)
LIFT = LiftRestriction(occurred_on=DAY, entry_version=4, told_on=DAY, why="It is right")


def a_life(*commands: Command) -> Life:
    life = Life(key=UUID(int=520)).then(RECORD_MOTHER, key=MOTHER)
    return life.then(*FIRST).then(*commands)


def register(life: Life) -> RegisterRow:
    [row] = folded(SendRegister(), life.events).values()
    assert isinstance(row, RegisterRow)
    return row


def story(life: Life) -> dict[int, ChronologyRow]:
    return {row.version: row for row in folded(Chronology(), life.events).values()}


# What a row shows


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda projection: projection.name)
def test_a_row_of_every_view_can_say_that_it_was_put_right(projection: Any) -> None:
    assert "corrected" in {field.name for field in fields(projection.row)}


def test_a_row_shows_what_was_put_right_and_says_where() -> None:
    row = register(a_life(LEVEL))

    assert (row.status, row.sen_provision) == ("ehcp", "E")
    assert row.corrected == ["status", "sen_provision"]
    assert row.version == 8


def test_a_row_that_was_not_put_right_says_nothing_of_it() -> None:
    assert register(a_life()).corrected == []
    assert register(a_life(DISPUTE)).corrected == []
    assert register(a_life(correct(6, "reason", None, "Late"))).corrected == []


def test_a_row_that_was_corrected_back_is_as_it_was() -> None:
    row = register(a_life(LEVEL, correct(6, "level", "ehcp", "targeted")))

    assert (row.status, row.corrected) == ("targeted", [])


def test_what_was_withdrawn_counts_nowhere() -> None:
    row = register(a_life(withdraw(6)))

    assert (row.status, row.added_on) == ("none", None)
    assert "status" in row.corrected


def test_what_came_after_a_correction_is_shown_as_ever() -> None:
    row = register(a_life(LEVEL, DISPUTE, AGREE))

    assert (row.status, row.version) == ("ehcp", 10)


def test_the_schedule_follows_a_birth_date_put_right() -> None:
    life = a_life(correct(1, "date_of_birth", "2017-03-11", "2017-11-03"))
    [row] = folded(RetentionSchedule(), life.events).values()

    assert isinstance(row, RetentionRow)
    assert row.earliest_disposal_on == date(2042, 11, 3)
    assert row.corrected == ["date_of_birth", "earliest_disposal_on", "advised_until"]


def test_of_several_rows_those_are_marked_that_were_put_right() -> None:
    again = but(AGREE, occurred_on=date(2025, 1, 10))
    life = a_life(again, correct(7, "occurred_on", "2024-01-10", "2024-01-11"))
    rows = folded(Agreements(), life.events).values()

    assert [(row.answered_on, row.corrected) for row in rows if isinstance(row, AgreementRow)] == [
        (date(2024, 1, 11), ["answered_on"]),
        (date(2025, 1, 10), []),
    ]
    assert len(folded(Agreements(), a_life(again, withdraw(7)).events)) == 1


# What the story shows


def test_the_story_shows_an_entry_as_corrected_and_does_not_repeat_what_it_said() -> None:
    rows = story(a_life(correct(6, "why", ADD.why, "Little progress with phonics")))

    assert rows[6].corrected
    assert "Little progress with phonics" in rows[6].detail
    assert rows[8].detail == "Entry 6, why: now Little progress with phonics; Misread"
    assert not any(ADD.why in row.detail for row in rows.values())
    assert [version for version, row in rows.items() if row.corrected] == [6]


def test_a_day_put_right_moves_the_entry_and_how_late_it_is() -> None:
    rows = story(a_life(correct(6, "occurred_on", "2023-12-13", "2023-12-12")))

    assert (rows[6].occurred_on, rows[6].days_late) == (date(2023, 12, 12), 1)


def test_what_was_withdrawn_stays_in_the_story_and_says_only_why() -> None:
    """It may be of another child: its words are for those who may open the entry itself."""
    rows = story(a_life(correct(6, "why", ADD.why, "Otherwise"), withdraw(6)))

    assert rows[6].withdrawn
    assert (rows[6].event, rows[6].detail) == ("AddedToSendRegister", "Withdrawn: wrong pupil")
    assert rows[8].detail == "Of entry 6, withdrawn since"
    assert "It was another child" in rows[9].detail


def test_a_dispute_is_a_mark_and_an_entry_of_its_own() -> None:
    rows = story(a_life(DISPUTE))

    assert (rows[4].disputed, rows[5].disputed) == (True, False)
    assert rows[8].detail == "Entry 4, by the pupil; Nobody asked us"
    assert rows[4].detail == story(a_life())[4].detail


def test_of_what_is_restricted_nothing_is_said_until_it_is_lifted() -> None:
    put_right = correct(4, "rank", 1, 2)
    restricted = story(
        Life(key=UUID(int=521))
        .then(IDENTIFY, but(put_right, entry_version=3))
        .then(but(RESTRICT, entry_version=3))
    )
    lifted = story(a_life(RESTRICT).then(LIFT, actor=DPO))

    assert restricted[3].restricted
    assert {restricted[n].detail for n in (3, 4)} == {"Stored and not used (UK GDPR Art 18)"}
    assert not lifted[4].restricted
    assert lifted[4].detail == story(a_life())[4].detail


# What the tables hold


def asked(actor: Any = SENCO, key: UUID | None = None) -> Request:
    return Request(actor, key or uuid4(), uuid4())


STEPS: list[Command] = [
    LEVEL,
    DISPUTE,
    RESTRICT,
    but(AGREE, occurred_on=date(2024, 2, 1)),
    withdraw(7),
    correct(1, "academy", "Alder Park Academy", "Brook Lane Academy"),
    correct(1, "upn", "D001000026001", None),
    LIFT,
    withdraw(6),
    but(AGREE, occurred_on=date(2024, 3, 1)),
    PlaceLegalHold(occurred_on=DAY, kind=HoldKind.COMPLAINT, why="Complaint 12"),
]


def a_record(records: SendRecords, key: UUID) -> UUID:
    records.admit(ADMIT, asked(key=key))
    mother = uuid4()
    records.execute(key, RECORD_MOTHER, asked(key=mother))
    for command in FIRST:
        named = {"contact_id": mother, "contact_ids": (mother,)}
        known = {name: value for name, value in named.items() if hasattr(command, name)}
        records.execute(key, but(command, **known), asked())
    return mother


def go_on(records: SendRecords, pupil: UUID, mother: UUID, step: Command) -> None:
    command = but(step, contact_id=mother) if isinstance(step, RecordAgreement) else step
    actor = SENCO if SENCO.role in command.roles else DPO
    records.execute(pupil, command, asked(actor))


def level(records: SendRecords, pool: Pool) -> bool:
    log = records.feed(after=0, limit=10_000)
    with pool.connection() as connection:
        return all(
            {getattr(row, each.key): row for row in Table(each, held().seals).every(connection)}
            == folded(each, log)
            for each in PROJECTIONS
        )


def then(
    records: SendRecords, pool: Pool, pupil: UUID, as_of: date | None, known: int | None = None
) -> tuple[RegisterRow, set[int]]:
    """Return the register's row and the versions in the story, as of a day or as known then."""
    moment = Moment(records.size() if known is None else known, as_of, None)
    with pool.connection() as connection:
        [row] = rows_of(connection, held().seals, SendRegister(), moment, [pupil])
        told = rows_of(connection, held().seals, Chronology(), moment, [pupil])
    return row, {each.version for each in told}


def test_the_past_is_as_corrected_since_and_was_known_as_recorded(
    records: SendRecords, owner_pool: Pool
) -> None:
    pupil = uuid4()
    mother = a_record(records, pupil)
    before = records.size()
    go_on(records, pupil, mother, LEVEL)

    since, story_since = then(records, owner_pool, pupil, date(2024, 1, 31))
    known, story_known = then(records, owner_pool, pupil, date(2024, 1, 31), before)

    assert (since.status, since.corrected) == ("ehcp", ["status", "sen_provision"])
    assert (known.status, known.corrected) == ("targeted", [])
    assert story_since == story_known == {1, 2, 3, 4, 5, 6, 7}
    assert 8 in then(records, owner_pool, pupil, DAY)[1]


@pytest.mark.parametrize(
    ("day", "statuses"),
    [
        ("2024-02-01", {"2023-12-12": "none", "2023-12-31": "none", "2024-02-01": "targeted"}),
        ("2023-12-12", {"2023-12-11": "none", "2023-12-12": "targeted", "2024-02-01": "targeted"}),
    ],
)
def test_as_of_a_day_an_entry_is_there_from_the_day_put_right(
    records: SendRecords, owner_pool: Pool, day: str, statuses: dict[str, str]
) -> None:
    pupil = uuid4()
    mother = a_record(records, pupil)
    go_on(records, pupil, mother, correct(6, "occurred_on", "2023-12-13", day))

    for on, status in statuses.items():
        row, told = then(records, owner_pool, pupil, date.fromisoformat(on))
        assert row.status == status
        assert (6 in told) is (status == "targeted")


def findings(database: Database) -> list[Finding]:
    with at_one_moment(database.as_owner()) as connection:
        return check_views(connection, held().seals)


def test_the_tables_are_level_after_every_correction(
    records: SendRecords, database: Database, engine: Engine, owner_pool: Pool
) -> None:
    pupil, other = uuid4(), uuid4()
    mother = a_record(records, pupil)
    engine.catch_up()
    for step in STEPS:
        go_on(records, pupil, mother, step)
        engine.catch_up()
        assert level(records, owner_pool)
    a_record(records, other)
    engine.catch_up()

    assert level(records, owner_pool)
    assert findings(database) == []
    for each in PROJECTIONS:
        moment = Moment(records.size(), None, None)
        with owner_pool.connection() as connection:
            known = rows_of_all(connection, held().seals, each, moment)
        log = records.feed(after=0, limit=10_000)
        assert {getattr(row, each.key): row for row in known} == folded(each, log)
    done = rebuild(database.as_owner(), PROJECTIONS, lambda: nullcontext(held().seals))
    assert [each.differences for each in done] == [0] * len(PROJECTIONS)
    assert level(records, owner_pool)


@pytest.mark.parametrize("batch", [1, 2, 5, 1000])
def test_however_the_log_is_cut_into_batches_the_tables_are_the_same(
    records: SendRecords, database: Database, owner_pool: Pool, batch: int
) -> None:
    pupils = {pupil: a_record(records, pupil) for pupil in (uuid4(), uuid4())}
    for step in STEPS:
        for pupil, mother in pupils.items():
            go_on(records, pupil, mother, step)

    Engine(database.as_projector(), held().seals, batch=batch).catch_up()

    assert level(records, owner_pool)


def test_a_rebuild_brings_what_was_corrected_meanwhile_level(
    records: SendRecords, database: Database, engine: Engine, owner_pool: Pool
) -> None:
    pupil = uuid4()
    mother = a_record(records, pupil)
    engine.catch_up()

    def meanwhile(done: int, total: int) -> None:
        go_on(records, pupil, mother, LEVEL)
        engine.catch_up()

    rebuild(
        database.as_owner(),
        PROJECTIONS,
        lambda: nullcontext(held().seals),
        progress=once(meanwhile),
    )

    assert level(records, owner_pool)


def once(what: Callable[[int, int], None]) -> Callable[[int, int], None]:
    left = [what]

    def first(done: int, total: int) -> None:
        for each in left[:]:
            left.remove(each)
            each(done, total)

    return first


def test_a_row_that_hides_its_mark_is_found(
    records: SendRecords, database: Database, engine: Engine
) -> None:
    pupil = uuid4()
    mother = a_record(records, pupil)
    go_on(records, pupil, mother, LEVEL)
    engine.catch_up()
    with one(database.as_projector()) as projector:
        projector.execute("UPDATE send_register SET corrected = ARRAY[]::text[]")

    assert [finding.detail for finding in findings(database)] == [
        "not as the log says in corrected"
    ]


def test_an_engine_that_folded_corrections_as_they_come_would_be_found(
    records: SendRecords,
    engine: Engine,
    owner_pool: Pool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Planted: nobody's record is taken for corrected."""

    def nobody(*_: object) -> Whole:
        return {}

    monkeypatch.setattr(engines, "whole_records", nobody)
    pupil = uuid4()
    go_on(records, pupil, a_record(records, pupil), LEVEL)
    engine.catch_up()

    assert not level(records, owner_pool)


def test_what_is_about_entries_is_named_the_same_wherever_it_is_asked(database: Database) -> None:
    """An index answers only what is asked in its own words."""
    with one(database.as_owner()) as owner:
        [(index,)] = owner.execute(
            "SELECT pg_get_indexdef('events_about_entries'::regclass)"
        ).fetchall()

    names = {kind.__name__ for kind in ABOUT_ENTRIES}
    assert set(re.findall(r"'(\w+)'", FIND)) == names
    assert set(re.findall(r"'(\w+)'", index)) == names
    recording = [kind for kind in COMMANDS if issubclass(kind, AboutAnEntry)]
    assert len(recording) == len(ABOUT_ENTRIES)


def test_of_a_record_with_a_correction_only_what_differs_is_written(
    records: SendRecords, engine: Engine, owner_pool: Pool
) -> None:
    def written() -> dict[int, str]:
        with owner_pool.connection() as connection:
            query = "SELECT version, xmin::text FROM chronology WHERE pupil_id = %s"
            return dict(connection.execute(query, [pupil]).fetchall())

    pupil = uuid4()
    mother = a_record(records, pupil)
    go_on(records, pupil, mother, LEVEL)
    engine.catch_up()
    before = written()

    go_on(records, pupil, mother, AGREE)
    engine.catch_up()
    added = written()
    go_on(records, pupil, mother, DISPUTE)
    engine.catch_up()
    disputed = written()

    assert {version: added[version] for version in before} == before
    assert len(added) == len(before) + 1
    changed = {version for version in added if disputed[version] != added[version]}
    assert changed == {DISPUTE.entry_version}
    assert level(records, owner_pool)
