"""The caseload: what SQL counts today is what the rows add up to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from send_records.aggregates.base import DomainEvent
from send_records.bootstrap import Database
from send_records.projections.caseload import By, CaseloadRow, caseload, counted
from send_records.projections.engine import Engine
from send_records.projections.moments import moment_at
from send_records.projections.pages import Views
from send_records.projections.then import Then
from send_records.store.connections import Pool, one
from send_records.store.scopes import WHOLE_TRUST
from tests.keys import held
from tests.projections.test_past import keep, lives


def test_today_and_its_moment_are_counted_alike(
    database: Database, app_pool: Pool, engine: Engine
) -> None:
    views = Views(app_pool, held().seals).within(WHOLE_TRUST)

    @settings(max_examples=8, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(lives(), min_size=1, max_size=3),
        st.lists(st.sampled_from(By), min_size=1, max_size=4, unique=True),
        st.booleans(),
        st.sampled_from([None, "Alder Park Academy", "Nowhere"]),
    )
    def try_it(
        told: list[list[DomainEvent]], by: list[By], left: bool, academy: str | None
    ) -> None:
        with one(database.app) as log:
            keep(log, *told)
            engine.catch_up()
            then = Then.of(views, moment_at(log, None, None))
        for each in (by, list(By)):
            today = caseload(views, each, academy=academy, left=left)
            assert today == caseload(then, each, academy=academy, left=left)
            assert today.pupils or academy == "Nowhere" or not left

    try_it()


READING, SPEECH = {"sen_type": "SPLD"}, {"sen_type": "SLCN"}


def rows(*cells: tuple[dict[str, Any], int]) -> list[CaseloadRow]:
    return [CaseloadRow(of, pupils) for of, pupils in cells]


@pytest.mark.parametrize(
    ("by", "standings", "right"),
    [
        ([By.STATUS], [(["targeted"], 3), (["none"], 1), (["targeted"], 2)],
         rows(({"status": "none"}, 1), ({"status": "targeted"}, 5))),
        ([By.NEED], [([[READING, SPEECH]], 2), ([[SPEECH]], 1), ([[]], 4)],
         rows(({"need": "SLCN"}, 3), ({"need": "SPLD"}, 2), ({"need": None}, 4))),
        ([By.EAL, By.NEED], [([True, [READING]], 1), ([None, [READING]], 1)],
         rows(({"eal": True, "need": "SPLD"}, 1), ({"eal": None, "need": "SPLD"}, 1))),
        ([By.NEED], [], []),
    ],
)  # fmt: skip
def test_pupils_are_added_up_under_each_of_their_needs(
    by: list[By], standings: list[tuple[Sequence[Any], int]], right: list[CaseloadRow]
) -> None:
    found = counted(by, standings)

    assert found.rows == right
    assert found.pupils == sum(pupils for _, pupils in standings)
