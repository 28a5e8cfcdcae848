"""Differences: who joined, left, or stands otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID

import pytest

from send_records.projections.differences import What, differing
from send_records.projections.register_rows import NeedRow, RegisterRow, Status

ROW = RegisterRow(
    pupil_id=UUID(int=540),
    legal_name="Aisha Rahman",
    preferred_name=None,
    date_of_birth=date(2017, 3, 11),
    upn=None,
    academy="Alder Park Academy",
    nc_year="2",
    version=4,
)
ON = replace(ROW, status=Status.TARGETED, added_on=date(2023, 12, 13))
LEFT = replace(ON, left_on=date(2024, 7, 19))
REMOVED = replace(ON, status=Status.REMOVED, removed_on=date(2024, 7, 1))
SPECIALIST = replace(ON, status=Status.SPECIALIST)
MOVED = replace(ON, academy="Birch Lane Academy")
NEED = NeedRow(sen_type="SPLD", label="Specific learning", rank=1, areas=[], since="2023-12-12")
NEEDY = replace(ON, needs=[NEED], primary_need="SPLD")
RENAMED = replace(ON, legal_name="Aisha Khan", version=9, nc_year="3")


def change(before: Any, after: Any) -> dict[str, Any]:
    return {"from": before, "to": after}


@pytest.mark.parametrize(
    ("was", "is_now", "what", "changed"),
    [
        (None, ON, What.JOINED, {"academy", "status", "added_on", "needs"}),
        (ROW, ON, What.JOINED, {"status", "added_on"}),
        (ON, LEFT, What.LEFT, {"left_on"}),
        (ON, REMOVED, What.LEFT, {"status", "removed_on"}),
        (ON, None, What.LEFT, {"academy", "status", "added_on", "needs"}),
        (LEFT, ON, What.JOINED, {"left_on"}),
        (ON, SPECIALIST, What.CHANGED, {"status"}),
        (ON, MOVED, What.CHANGED, {"academy"}),
        (ON, NEEDY, What.CHANGED, {"needs", "primary_need"}),
    ],
)
def test_what_became_of_a_place_on_the_register(
    was: RegisterRow | None, is_now: RegisterRow | None, what: What, changed: set[str]
) -> None:
    [found] = differing([was] if was else [], [is_now] if is_now else [])

    assert found.row.what == what
    assert set(found.row.changed) == changed
    for name, each in found.row.changed.items():
        assert each == change(getattr(was, name, None), getattr(is_now, name, None))


@pytest.mark.parametrize(
    ("was", "is_now"), [(ON, RENAMED), (ROW, ROW), (LEFT, LEFT), (ROW, REMOVED), (None, ROW)]
)
def test_who_stands_where_they_stood_is_not_named(
    was: RegisterRow | None, is_now: RegisterRow
) -> None:
    assert differing([was] if was else [], [is_now]) == []


def test_an_academys_differences_are_of_who_was_there_at_either_moment() -> None:
    for academy, found in (("Alder Park Academy", 1), ("Birch Lane Academy", 1), ("Nowhere", 0)):
        assert len(differing([ON], [MOVED], academy)) == found


def test_differences_are_in_the_order_of_names() -> None:
    others = [
        replace(ON, pupil_id=UUID(int=540 + n), legal_name=name)
        for n, name in enumerate(("Zoë", "Ana", "ana", "Öykü"))
    ]

    found = [each.row.legal_name for each in differing([], others)]

    assert found == ["Ana", "ana", "Öykü", "Zoë"]
