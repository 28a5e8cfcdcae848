"""The matrix, by a slice through all of it; the whole is ``make matrix``, and as a slow test."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from send_records.authority.table import LINES
from tests.authority.asking import answers
from tests.authority.doors import doors
from tests.authority.lists import Lists
from tests.authority.matrix import Matrix, Tally
from tests.authority.scanning import leaks
from tests.authority.world import CHILDREN, OWN, READERS, RELATIONS, kinds

EVERY_SO_MANY = 67
"""A prime, and so no row of the matrix and no column is left out."""


def test_there_is_somebody_for_each_line_of_the_table() -> None:
    held = {(each.held[0].role, each.held[0].kind) for each in READERS if len(each.held) == 1}

    assert held == {(line.role, line.kind) for line in LINES}


def test_a_slice_of_the_matrix_leaks_nothing(matrix: Matrix) -> None:
    cells = [cell for reader in READERS for cell in matrix.cells(reader)]
    some = cells[::EVERY_SO_MANY]

    assert len(cells) >= 7_000
    assert len(some) >= 600
    assert {cell.reader.called for cell in some} == {reader.called for reader in READERS}
    assert {cell.relation for cell in some} == set(RELATIONS)
    assert matrix.judged(some).wrong == []


def test_a_slice_of_the_doors_lets_nobody_in(matrix: Matrix) -> None:
    several = doors(matrix.world)

    tally = Tally()
    for place, question in enumerate(matrix.questions):
        tally.add(matrix.knocked(several[place % 9 :: 9], [question]))

    assert tally.cells >= 600
    assert tally.wrong == []


def test_lists_are_of_those_in_scope(matrix: Matrix) -> None:
    lists, tally = Lists.of(matrix), Tally()
    for called in ("class teacher classes", "specialist support assistant pupils"):
        tally.add(lists.judged(next(each for each in READERS if each.called == called)))

    assert tally.cells >= 50
    assert tally.wrong == []


def test_every_view_has_a_row_of_everybody_who_is_not_to_be_seen(matrix: Matrix) -> None:
    """Or a list would leak nobody because there is nobody to leak."""
    there = {child.id for child in CHILDREN.values() if child.whole}
    for table in VIEWS:
        rows = matrix.world.owner.execute(f"SELECT DISTINCT pupil_id FROM {table}").fetchall()
        assert {pupil for (pupil,) in rows} >= there, table


VIEWS = (
    "send_register", "chronology", "duties", "targets", "concerns_log", "medical_register",
    "provision_map", "agreements", "evidence_gaps", "retention_schedule",
)  # fmt: skip


def test_what_a_senco_reads_has_words_of_many_kinds_of_entry(matrix: Matrix) -> None:
    """Or the looking would find nothing because it looks for the wrong words."""
    senco, nobody = READERS[0], next(each for each in READERS if not each.held)
    asked = [each.asked(OWN) for each in matrix.questions if each.method == "GET"]
    told = answers(matrix.app, [each.but(**matrix.token(senco)) for each in asked])

    seen = {kind for kind, mark in kinds().items() if any(mark in each.text for each in told)}
    assert len(seen) >= 60
    assert [leak for each in told for leak in leaks(senco, each)] == []
    assert "a word of own" in {leak for each in told for leak in leaks(nobody, each)}


@pytest.mark.slow
def test_the_whole_matrix_leaks_nothing() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.authority"], capture_output=True, text=True)

    *_, last = done.stdout.splitlines()
    assert re.fullmatch(r"\d{5,} cells, 0 leaks", last), done.stdout[-2000:] + done.stderr[-2000:]
    assert done.returncode == 0
