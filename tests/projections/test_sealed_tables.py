"""The tables as somebody sees them who has the database and no key (``security.md``, rule 6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from enum import Enum
from typing import Any, LiteralString
from uuid import UUID, uuid4

import pytest
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from send_records.aggregates import EVENTS
from send_records.aggregates.base import Actor
from send_records.aggregates.values import Value
from send_records.api.views import cursor_of
from send_records.application import Request, SendRecords
from send_records.bootstrap import Database
from send_records.projections.base import Projection, folded
from send_records.projections.checking import differences
from send_records.projections.chronology import Chronology
from send_records.projections.engine import PROJECTIONS, Engine
from send_records.projections.finding import find_pupils
from send_records.projections.medical_register import MedicalRegister
from send_records.projections.pages import Views
from send_records.projections.provision_map import ProvisionMap
from send_records.projections.retention_schedule import RetentionSchedule
from send_records.projections.send_register import SendRegister, Show, register_page
from send_records.projections.tables import Table
from send_records.rules import shipped_rules
from send_records.rules.clocks import clocks_of
from send_records.store.access import Access, AccessPurpose, Act, Tier, append_access
from send_records.store.connections import Pool, one, pool
from send_records.store.recorder import PostgresRecorder, read_log
from send_records.store.scopes import WHOLE_TRUST, within
from send_records.store.sealing import UPN_INDEX, DoesNotOpen
from tests.api.story import DPO, PUPIL, STORY, told, upn_of
from tests.conftest import Cluster, new_database
from tests.keys import held, keys_in, mapper, records_by
from tests.scenario import ADMIT, SENCO, but

NAMED = {"events", "commands", "data_keys", "access_log", *(each.name for each in PROJECTIONS)}
"""The tables that must be among those looked through, and hold something."""


OTHER = UUID(int=91)
"""A pupil beside the story's."""


UNMET = (AssertionError, pytest.fail.Exception)
"""How a test ends of what is not so yet: nothing else may be the matter."""


def asked(key: UUID | None = None) -> Request:
    return Request(SENCO, key or uuid4(), uuid4())


@pytest.fixture(scope="module")
def projected(cluster: Cluster) -> Iterator[Database]:
    """The story beside another pupil, recorded, projected, and looked at by two people; for tests
    that leave it as it is."""
    with new_database(cluster) as database, pool(database.app) as connections:
        records = records_by(PostgresRecorder(connections))
        told(records)
        records.admit(but(ADMIT, upn=None, legal_name="Noor Aziz"), asked(OTHER))
        Engine(database.as_projector(), held().seals).catch_up()
        with connections.connection() as app:
            for actor in (SENCO, DPO):
                append_access(app, held().seals, seen_by(actor))
        yield database


def seen_by(actor: Actor) -> Access:
    return Access(
        actor=actor,
        request_id=uuid4(),
        act=Act.READ,
        what="get_chronology",
        tier=Tier.ASSESSMENT,
        purpose=AccessPurpose.SUPPORT,
        pupils=[PUPIL],
    )


@contextmanager
def editing(database: Database) -> Iterator[Connection]:
    """A connection of the owner's, whose changes are undone at the end."""
    with one(database.as_owner()) as owner, owner.transaction(force_rollback=True):
        yield owner


# What the story says, and where it may not be


def said_in(value: Any) -> Iterator[str]:
    """Yield every text in a value: not what is a code, and days of birth as they are written."""
    match value:
        case Enum():
            return
        case str():
            yield value
        case Value():
            for name, field in value:
                born = name == "date_of_birth" and isinstance(field, date)
                yield from [field.isoformat()] if born else said_in(field)
        case dict():
            for key, field in value.items():
                yield from (*said_in(key), *said_in(field))
        case list() | tuple():
            for field in value:
                yield from said_in(field)


def allowed() -> str:
    """Return what may be read by anybody, as one text: academies, codes, the rules' citations
    (``tests/clear_fields.txt``), clocks, and the names of events, of their fields and of tables."""
    rules = shipped_rules().retention_rule("pupil_send_record", date(2026, 11, 23))
    codes = "SPLD SLCN parents expected_progress pupil_send_record platform_administrator withdrawn"
    codes += " reduced_timetable"
    academies = "Alder Park Academy, Birch Lane Academy"
    names = [*EVENTS, *(each.name for each in PROJECTIONS)]
    fields = [name for event in EVENTS.values() for name in event.clear_fields()]
    clocks = [word for row in clocks_of().rows for word in (row.id, row.name, row.acts)]
    return " ".join([academies, codes, rules.citation, rules.id, *clocks, *names, *fields])


def words_of_the_story() -> set[str]:
    """Return every text of the story, and each word in it, that may not be read.

    "4-17" is left out, and what is like it: sooner or later it is part of somebody's UUID.
    """
    whole = {text for step in STORY for text in said_in(step.entry)} | {SENCO.name, DPO.name}
    words = {word for text in whole for word in re.findall(r"[\w'-]{4,}", text)}
    by_chance = re.compile("[0-9a-f-]{1,8}")
    return {
        each
        for each in whole | words
        if len(each) > 3 and each not in allowed() and not by_chance.fullmatch(each)
    }


def readable(connection: Connection) -> dict[str, bytes]:
    """Return all of every table, each column as text; of bytes that is their hex."""
    tables = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'm') "
        "AND relnamespace = current_schema()::regnamespace"
    ).fetchall()
    queries = {name: SQL("SELECT t::text FROM {} t").format(Identifier(name)) for (name,) in tables}
    return {
        name: "\n".join(row for (row,) in connection.execute(query)).encode()
        for name, query in queries.items()
    }


def found_in(connection: Connection, words: set[str]) -> set[tuple[str, str]]:
    """Return which words are readable in which table, as they are or as hex."""
    spellings = {
        word: re.compile(b"%s|%s" % (re.escape(word.encode()), hexed(word))) for word in words
    }
    return {
        (table, word)
        for table, content in readable(connection).items()
        for word, spelling in spellings.items()
        if spelling.search(content)
    }


def hexed(word: str) -> bytes:
    """Return a pattern of the word's hex.

    Of a short word it may come about by chance in what is sealed, sooner or later: there it must
    be all of a value, and no part of a UUID, or stand between quotes.
    """
    spelt = word.encode().hex()
    by_chance = len(spelt) < 12
    pattern = rf"(?<![0-9a-f-]){spelt}(?![0-9a-f-])|22{spelt}22" if by_chance else spelt
    return f"(?i:{pattern})".encode()


def test_the_words_of_the_story_are_those_that_matter() -> None:
    words = words_of_the_story()

    assert len(words) > 120
    assert {"Aisha Rahman", "Rahman", "2017-03-11", "D001000026001", "Begum"} <= words
    assert {"Educational psychology", "Dr Ines Marsh", "Snow", "Sam Okoro"} <= words


def test_nothing_that_was_said_can_be_read_in_any_table(projected: Database) -> None:
    with one(projected.as_owner()) as owner:
        assert {name for name, content in readable(owner).items() if content} >= NAMED
        assert found_in(owner, words_of_the_story()) == set()


PLANTED: dict[LiteralString, set[str]] = {
    "UPDATE chronology SET role = 'seen by Dr Ines Marsh' WHERE position = 1": {
        "Dr Ines Marsh",
        "Ines",
        "Marsh",
    },
    "UPDATE send_register SET sealed = 'by Dr Ines Marsh'::bytea": {"Dr Ines Marsh"},
    "UPDATE send_register SET sealed = 'Ines'::bytea": {"Ines"},
    """UPDATE send_register SET sealed = '["by", "Ines"]'::bytea""": {"Ines"},
    "UPDATE retention_schedule SET rule_id = encode('by Dr Ines Marsh', 'hex')": {"Dr Ines Marsh"},
    "UPDATE retention_schedule SET rule_id = upper(encode('Ines', 'hex'))": {"Ines"},
}


QUICK = [next(iter(PLANTED)), *list(PLANTED)[-1:]]
"""Each looks through every table; the others are for the slow battery."""


@pytest.mark.parametrize(
    "planted",
    [pytest.param(each, marks=() if each in QUICK else pytest.mark.slow) for each in PLANTED],
)
def test_a_name_that_was_left_would_be_found(projected: Database, planted: LiteralString) -> None:
    """Planted: in clear, as bytes, as hex; among other words, and alone."""
    with editing(projected) as owner:
        owner.execute(planted)

        found = found_in(owner, words_of_the_story())

    assert {word for _, word in found} == PLANTED[planted]


def test_a_short_name_in_what_is_sealed_or_in_an_id_is_chance(projected: Database) -> None:
    with editing(projected) as owner:
        owner.execute("UPDATE send_register SET sealed = sealed || 'Ines'::bytea || sealed")
        owner.execute(
            "UPDATE retention_schedule SET rule_id = %s", [str(UUID(bytes=b"Ines" + bytes(12)))]
        )

        assert found_in(owner, words_of_the_story()) == set()


def test_the_day_of_birth_does_not_follow_from_a_column_in_clear(projected: Database) -> None:
    """Of the day until when a record is kept, the year alone is clear."""
    with one(projected.as_owner()) as owner:
        days = owner.execute(
            "SELECT table_name, column_name FROM information_schema.columns "
            "WHERE table_schema = 'send_records' AND data_type = 'date' "
            "AND table_name = 'retention_schedule'"
        ).fetchall()

    assert days == [("retention_schedule", "left_on")]


# A row is bound to its place


def sealed_of(connection: Connection, table: Table[Any], key: object) -> bytes:
    query = SQL("SELECT sealed FROM {} WHERE {} = %s").format(
        Identifier(table.name), Identifier(table.projection.key)
    )
    [(sealed,)] = connection.execute(query, [key]).fetchall()
    assert isinstance(sealed, bytes)
    return sealed


def put(connection: Connection, table: Table[Any], key: object, sealed: bytes) -> None:
    query = SQL("UPDATE {} SET sealed = %s WHERE {} = %s").format(
        Identifier(table.name), Identifier(table.projection.key)
    )
    assert connection.execute(query, [sealed, key]).rowcount == 1


def test_words_moved_to_another_row_do_not_open(projected: Database) -> None:
    register = Table[Any](SendRegister(), held().seals)
    with editing(projected) as editor:
        put(editor, register, OTHER, sealed_of(editor, register, PUPIL))
        with pytest.raises(DoesNotOpen):
            register.load(editor, [OTHER])
        assert register.load(editor, [PUPIL])


def test_words_moved_to_another_place_of_the_same_pupil_do_not_open(projected: Database) -> None:
    story = Table[Any](Chronology(), held().seals)
    with editing(projected) as editor:
        put(editor, story, 7, sealed_of(editor, story, 3))
        with pytest.raises(DoesNotOpen):
            story.load(editor, [7])


def test_words_moved_to_another_table_do_not_open(projected: Database) -> None:
    seals = held().seals
    register, schedule = Table[Any](SendRegister(), seals), Table[Any](RetentionSchedule(), seals)
    with editing(projected) as editor:
        put(editor, schedule, PUPIL, sealed_of(editor, register, PUPIL))
        with pytest.raises(DoesNotOpen):
            schedule.load(editor, [PUPIL])


# In an order that the database does not know

NAMES = ("Zoë Ash", "émile Roy", "Emma Roy", "Éve Roy", "Amir Khan", "ANNA KHAN", "anna khan")


def test_a_register_is_in_the_order_of_names_page_by_page(
    records: SendRecords, engine: Engine, app_pool: Pool
) -> None:
    for name in NAMES:
        records.admit(but(ADMIT, legal_name=name, upn=None), asked())
    engine.catch_up()

    names, cursors = paged(Views(app_pool, held().seals).within(WHOLE_TRUST))

    assert [name.casefold() for name in names] == [
        "amir khan",
        "anna khan",
        "anna khan",
        "émile roy",
        "emma roy",
        "éve roy",
        "zoë ash",
    ]
    assert sorted(names) == sorted(NAMES)
    assert len(cursors) == 3
    for cursor in cursors:
        assert UUID(str(cursor))
        assert not any(part in cursor_of(cursor) for name in NAMES for part in name.split())


def paged(views: Views) -> tuple[list[str], list[UUID]]:
    """Return the names of a register read two at a time, and the cursors between."""
    names, cursors = list[str](), list[UUID]()
    while True:
        after = cursors[-1] if cursors else None
        page = register_page(views, academy=None, show=Show.ALL, left=True, after=after, limit=2)
        names += [row.legal_name for row in page.rows]
        if page.next is None:
            return names, cursors
        cursors.append(page.next)


# Edited rows


EDITS: list[tuple[Projection[Any], LiteralString, int]] = [
    (SendRegister(), "UPDATE send_register SET status = 'ehcp'", 2),
    (SendRegister(), "UPDATE send_register SET academy = 'Elsewhere'", 2),
    (Chronology(), "UPDATE chronology SET occurred_on = '1999-01-01' WHERE position = 5", 1),
    (RetentionSchedule(), "UPDATE retention_schedule SET held = true", 2),
    (Chronology(), "DELETE FROM chronology WHERE position = 5", 1),
    (RetentionSchedule(), "DELETE FROM retention_schedule", 2),
    (ProvisionMap(), "UPDATE provision_map SET delivered_cost_pence = 0", 1),
    (MedicalRegister(), "UPDATE medical_register SET next_review_on = '2030-01-01'", 2),
    (MedicalRegister(), "DELETE FROM medical_register", 2),
]


def unlike_the_log(connection: Connection, projection: Projection[Any]) -> int:
    """Return how many rows are not what the whole log adds up to."""
    rows = folded(projection, mapper().read(read_log(connection, after=0, limit=10_000)))
    stored = list(Table(projection, held().seals).every(connection))
    return len(differences(projection, rows, stored))


def test_an_edited_row_differs_from_what_the_log_adds_up_to(projected: Database) -> None:
    for projection, edit, number in EDITS:
        with editing(projected) as editor:
            assert unlike_the_log(editor, projection) == 0
            assert editor.execute(edit).rowcount == number

            assert unlike_the_log(editor, projection) == number, edit


def test_another_row_for_the_same_pupil_opens_and_differs(projected: Database) -> None:
    """Its seal is right, as an older row's is that is put back: it is the log that speaks."""
    register = Table[Any](SendRegister(), held().seals)
    with editing(projected) as editor:
        row = register.load(editor, [PUPIL])[PUPIL]
        assert row is not None
        other = replace(row, class_teacher="Somebody Else")
        register.save(editor, {PUPIL: other}, {PUPIL: row})
        assert register.load(editor, [PUPIL]) == {PUPIL: other}

        assert unlike_the_log(editor, SendRegister()) == 1


# Tags


@pytest.fixture
def tagged(database: Database, records: SendRecords, engine: Engine) -> Database:
    """Three pupils with UPNs, and one without."""
    for upn in (ADMIT.upn, upn_of("801200001002"), upn_of("801200001003"), None):
        records.admit(but(ADMIT, upn=upn), asked())
    engine.catch_up()
    return database


def tags(connection: Connection) -> dict[UUID, bytes | None]:
    return dict(connection.execute("SELECT pupil_id, upn_tag FROM send_register").fetchall())


def test_a_new_index_key_changes_every_tag(
    tagged: Database, records: SendRecords, app_pool: Pool
) -> None:
    seals = held().seals
    views, register = Views(app_pool, seals).within(WHOLE_TRUST), Table[Any](SendRegister(), seals)
    with one(tagged.as_projector()) as projector:
        before = tags(projector)
        seals.keyring.renew(UPN_INDEX)
        assert len(found(views)) == 1  # by the old tag, while the index is made anew
        register.retag(projector)
        after = tags(projector)
        for key_no, _ in seals.keyring.live(UPN_INDEX)[1:]:
            seals.keyring.destroy_key(UPN_INDEX, key_no)
        mistagged = register.mistagged(projector, list(after))

    assert len({tag for tag in before.values() if tag}) == 3
    assert len({tag for tag in after.values() if tag}) == 3
    assert not {*before.values()} & {*after.values()} - {None}
    assert [key for key, tag in before.items() if tag is None] == [
        key for key, tag in after.items() if tag is None
    ]
    assert mistagged == []
    assert len(found(views)) == 1


def found(views: Views) -> list[Any]:
    return find_pupils(views, upn=ADMIT.upn, name=None, academy=None, limit=9).rows


def swap(one: UUID, two: UUID, its: dict[UUID, bytes | None]) -> dict[UUID, bytes | None]:
    return {one: its[two], two: its[one]}


WRONG: dict[str, Callable[[UUID, UUID, dict[UUID, bytes | None]], dict[UUID, bytes | None]]] = {
    "of another pupil": swap,
    "none": lambda one, _, its: {one: None},
    "of nobody": lambda one, _, its: {one: bytes(32)},
}


def set_tag(projector: Connection, pupil: UUID, tag: bytes | None) -> None:
    projector.execute("UPDATE send_register SET upn_tag = %s WHERE pupil_id = %s", [tag, pupil])


def test_a_wrong_tag_is_found(tagged: Database) -> None:
    register = Table[Any](SendRegister(), held().seals)
    with one(tagged.as_projector()) as projector:
        its = tags(projector)
        first, second, *_ = sorted(key for key, tag in its.items() if tag)
        for what, wrong in WRONG.items():
            with projector.transaction(force_rollback=True):
                planted = wrong(first, second, its)
                for pupil, tag in planted.items():
                    set_tag(projector, pupil, tag)

                assert sorted(register.mistagged(projector, list(its))) == sorted(planted), what


def test_a_pupil_without_a_upn_has_no_tag_and_one_given_to_it_is_found(tagged: Database) -> None:
    register = Table[Any](SendRegister(), held().seals)
    with one(tagged.as_projector()) as projector:
        [none] = [key for key, tag in tags(projector).items() if tag is None]
        set_tag(projector, none, bytes(32))

        assert register.mistagged(projector, [none]) == [none]


def test_with_other_keys_nothing_of_it_opens(projected: Database, tmp_path: Any) -> None:
    """The database alone, in a trust of the same name: what a thief of it has."""
    others = keys_in(tmp_path).seals
    for pupil in (PUPIL, OTHER):
        others.keyring.make(pupil)
    with one(projected.app) as app, within(app, WHOLE_TRUST):
        for projection in PROJECTIONS:
            with pytest.raises(DoesNotOpen):
                list(Table(projection, others).every(app))
