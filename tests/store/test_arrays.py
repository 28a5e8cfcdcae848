"""Arrays reach PostgreSQL as they were meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, LiteralString
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import Connection

from send_records.store.arrays import Array, Bytes, integers, jsons, smallints, texts, uuids

KINDS: list[tuple[LiteralString, Callable[[Any], Array], st.SearchStrategy[Any]]] = [
    ("uuid[]", uuids, st.uuids()),
    ("bytea[]", Bytes.of, st.binary(max_size=50)),
    ("text[]", texts, st.text(st.characters(codec="utf-8", exclude_characters="\0"))),
    ("integer[]", integers, st.integers(-(2**31), 2**31 - 1)),
    ("smallint[]", smallints, st.integers(-(2**15), 2**15 - 1)),
]


@pytest.mark.parametrize(("sql", "encode", "values"), KINDS, ids=[sql for sql, _, _ in KINDS])
def test_what_is_sent_comes_back(
    app: Connection,
    sql: LiteralString,
    encode: Callable[[Any], Array],
    values: st.SearchStrategy[Any],
) -> None:
    @settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
    @given(st.lists(values, max_size=20))
    def sent(some: Sequence[Any]) -> None:
        row = app.execute(b"SELECT %b, pg_typeof(%b)::text", [encode(some), encode(some)])
        assert row.fetchone() == (list(some), sql)

    sent()


def test_json_comes_as_the_very_text(app: Connection) -> None:
    written = ['{"b": 1,  "a": "\\u00e9"}', "{}"]
    [(first, second, sql)] = app.execute(
        "SELECT (%b)[1]::text, (%b)[2]::text, pg_typeof(%b)::text", [jsons(written)] * 3
    ).fetchall()

    assert ([first, second], sql) == (written, "json[]")


def test_a_number_that_is_too_large_is_refused() -> None:
    with pytest.raises(OverflowError):
        integers([2**31])
    with pytest.raises(OverflowError):
        smallints([2**15])


def test_nothing_is_an_array_too(app: Connection) -> None:
    assert app.execute("SELECT cardinality(%b)", [uuids(list[UUID]())]).fetchone() == (0,)


def test_lists_are_written_as_before(superuser: Connection) -> None:
    """Where psycopg goes by the type that is wanted, too."""
    superuser.execute("CREATE TEMPORARY TABLE words (words text[], ids uuid[])")
    with superuser.cursor().copy("COPY words FROM STDIN (FORMAT BINARY)") as sink:
        sink.set_types(["text[]", "uuid[]"])
        sink.write_row((["a", "b"], [UUID(int=1)]))

    assert superuser.execute("SELECT * FROM words").fetchall() == [(["a", "b"], [UUID(int=1)])]
