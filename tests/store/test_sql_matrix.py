"""No role of the database sees or does more than the table of privileges says, nor less.

Each planted defect is found by the matrix, in cells that can be told beforehand.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from send_records.bootstrap import Database
from send_records.store.connections import one
from send_records.store.privileges import TABLES
from tests.conftest import Cluster, new_database
from tests.store.sql_matrix import RELATIONS, SENTENCES, VERBS, eyes_of, fill, sql_cells


@pytest.fixture(scope="module")
def filled(cluster: Cluster) -> Iterator[Database]:
    with new_database(cluster) as database:
        fill(database)
        yield database


@pytest.fixture
def defective(cluster: Cluster) -> Iterator[Database]:
    with new_database(cluster) as database:
        fill(database)
        yield database


def test_no_cell_leaks(filled: Database) -> None:
    cells, leaks = sql_cells(filled)

    sys.stdout.write(f"\n  {cells:,} cells of roles, tables, verbs and relations: {leaks}\n")
    sentences = sum(map(len, SENTENCES.values()))
    assert cells == len(eyes_of(filled)) * len(TABLES) * len(VERBS) * len(RELATIONS) + sentences
    assert sentences >= 25
    assert leaks == []


def test_there_is_a_row_of_each_pupil_in_each_table(filled: Database) -> None:
    """Or nothing could be seen to leak."""
    with one(filled.as_owner()) as owner:
        for table, its in TABLES.items():
            if its.rows is not None:
                query = f"SELECT count(*) FROM {table}"
                assert owner.execute(query.encode()).fetchone() == (2,), table


DEFECTS = {
    "DROP POLICY seen_by_app ON chronology": {"app SELECT chronology by id: 0, not 1"},
    "ALTER POLICY seen_by_app ON chronology USING (true)": {
        "app SELECT chronology unset: 1, not 0",
        "app SELECT chronology elsewhere: 1, not 0",
    },
    "ALTER POLICY seen_by_app ON events USING (stream_id IS NOT NULL)": {
        "app SELECT events unset: 1, not 0"
    },
    "CREATE POLICY more ON duties TO send_records_app USING (true)": {
        "app SELECT duties unset: 1, not 0"
    },
    "ALTER TABLE send_register NO FORCE ROW LEVEL SECURITY": {
        "owner SELECT send_register unset: 1, not 0"
    },
    "ALTER TABLE targets DISABLE ROW LEVEL SECURITY": {"app SELECT targets unset: 1, not 0"},
    "GRANT SELECT ON grants TO send_records_app": {
        "app SELECT grants unset: done with grant_id, not refused",
        "app: SELECT count(*) >= 0 FROM grants",
    },
    "GRANT UPDATE (sealed) ON send_register TO send_records_app": {
        "app UPDATE send_register by id: done with sealed, not refused"
    },
    "GRANT SELECT (topic) ON events TO send_records_notary": {
        "notary SELECT events unset: done with topic, not 1"
    },
    "GRANT TRUNCATE ON duties TO send_records_projector": {
        "projector TRUNCATE duties unset: done, not refused"
    },
    "GRANT EXECUTE ON FUNCTION standing TO send_records_projector": {
        "projector: SELECT count(*) >= 0 FROM standing('{}', '{}', current_date, now())"
    },
    "ALTER TABLE events DISABLE TRIGGER append_only": {"owner UPDATE events unset: 1, not refused"},
}


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_planted_defect_is_found(defective: Database, defect: str) -> None:
    with one(defective.as_owner()) as owner:
        owner.execute(defect.encode())

    _, leaks = sql_cells(defective)

    assert set(leaks) >= DEFECTS[defect]
