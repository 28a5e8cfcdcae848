"""The provision map: what was planned, what came about, what it costs and what it changed."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from send_records.aggregates.base import Command
from send_records.aggregates.enrolment import ReadmitPupil, RecordLeaving
from send_records.aggregates.provision import StartProvision
from send_records.projections.base import folded
from send_records.projections.provision_map import ProvisionMap, ProvisionRow
from tests.aggregates.test_provision import CHANGE, DRAFT, END, LOG, PLAN, PROVISION, START
from tests.projections.lives import Life
from tests.scenario import but

LEAVE = RecordLeaving(occurred_on=date(2024, 7, 19), why="Moved to Leeds")
RETURN = ReadmitPupil(occurred_on=date(2024, 9, 2), academy="Alder Park Academy", nc_year="3")


def given(*commands: Command) -> Life:
    """The life of a pupil to whom precision teaching is given."""
    return Life().then(DRAFT, key=PLAN).then(START, key=PROVISION).then(*commands)


def rows(life: Life) -> list[ProvisionRow]:
    return list(folded(ProvisionMap(), life.events).values())


def row(*commands: Command) -> ProvisionRow:
    [found] = rows(given(*commands))
    return found


def fields(found: ProvisionRow, *names: str) -> tuple[Any, ...]:
    return tuple(getattr(found, name) for name in names)


def test_what_was_started_has_a_row_with_what_is_planned_and_what_it_costs() -> None:
    found = row()

    assert fields(found, "provision_id", "plan_id", "target", "tier") == (
        PROVISION,
        PLAN,
        "T1",
        "targeted",
    )
    assert fields(found, "planned_sessions", "planned_minutes", "planned_cost_pence") == (
        50,
        500,
        13667,
    )
    assert fields(found, "delivered_sessions", "delivered_cost_pence", "attended_sessions") == (
        0,
        0,
        None,
    )
    assert fields(found, "started_on", "planned_to", "ended_on", "going_on") == (
        date(2024, 1, 8),
        date(2024, 3, 17),
        None,
        True,
    )
    assert found.deliverer == "teaching_assistant"


def test_what_is_logged_is_summed_and_costed() -> None:
    next_week = but(
        LOG,
        occurred_on=date(2024, 2, 9),
        first_day=date(2024, 2, 5),
        last_day=date(2024, 2, 9),
        delivered=5,
        attended=None,
    )

    found = row(LOG, next_week)

    assert fields(found, "delivered_sessions", "delivered_minutes", "delivered_cost_pence") == (
        8,
        80,
        2187,
    )
    assert fields(found, "attended_sessions", "last_logged_on") == (2, date(2024, 2, 9))


def test_a_change_is_costed_from_its_day_and_may_serve_another_target() -> None:
    found = row(but(CHANGE, target="T1"))

    assert fields(found, "planned_sessions", "planned_cost_pence", "group_size") == (50, 7517, 4)
    assert fields(row(but(CHANGE, delivery=None, weeks=12)), "group_size", "planned_to") == (
        1,
        date(2024, 4, 28),
    )


def test_a_change_entered_late_reprices_what_was_logged_since_its_day() -> None:
    assert row(LOG, but(CHANGE, occurred_on=date(2024, 1, 29))).delivered_cost_pence == 205


def test_what_has_ended_says_what_it_changed() -> None:
    found = row(END)

    assert fields(found, "going_on", "ended_on", "impact_rating", "impact", "exit_data") == (
        False,
        date(2024, 3, 22),
        1,
        "Some impact, short of the target",
        "22 words a minute",
    )


def test_nothing_is_given_to_who_has_left_until_they_are_back() -> None:
    assert not row(LEAVE).going_on
    assert row(LEAVE, RETURN).going_on


def test_each_provision_has_a_row_of_its_own() -> None:
    other = StartProvision.model_validate({**dict(START), "intervention": "Talk boost"})
    life = given().then(other, key=UUID(int=372))

    assert {found.intervention for found in rows(life)} == {"Precision teaching", "Talk boost"}


def test_an_event_seen_again_changes_nothing() -> None:
    events = given(LOG, CHANGE, END).events

    assert folded(ProvisionMap(), [*events, *events]) == folded(ProvisionMap(), events)


def test_the_state_is_read_back_as_it_was_kept() -> None:
    projection = ProvisionMap()
    case = None
    for event in given(LOG, CHANGE, END, LEAVE).events:
        case = projection.project(case, event)

    assert case is not None
    assert projection.taken(projection.kept(case)) == case
