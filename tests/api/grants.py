"""Roles for the people of a test, as grants over its academies and pupils.

They are put where the log would put them: that grants come of two people's acts is tested where
that is what is tested (``tests/test_granting.py``, ``tests/api/test_people.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from uuid import UUID, uuid5

from psycopg import Connection

from send_records.aggregates.base import Actor
from send_records.aggregates.grant_scopes import FITS, NAMES, ScopeKind
from send_records.aggregates.values import Role

ACADEMIES = ("Alder Park Academy", "Birch Lane Academy", "Brook Lane Academy", "Cedar Hill Academy")
CLASS = "3B"
YEARS = ("N2", "R", *map(str, range(1, 15)))
GRANTS = UUID("6a000000-0000-4000-8000-000000000001")

INSERT = """
    INSERT INTO grants (grant_id, person_id, role, kind, academies, classes, years, pupils,
                        from_on, until_on, contact_id)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (grant_id) DO UPDATE SET pupils = (
        SELECT array_agg(DISTINCT p) FROM unnest(grants.pupils || excluded.pupils) AS p)
    WHERE NOT grants.pupils @> excluded.pupils
"""


def give(
    owner: Connection,
    actor: Actor,
    kind: ScopeKind,
    *,
    academies: Sequence[str] = (),
    classes: Sequence[str] = (),
    years: Sequence[str] = (),
    pupils: Sequence[UUID] = (),
    until_on: date | None = None,
    contact_id: UUID | None = None,
) -> UUID:
    """Give somebody their role over a scope, from long ago; return the grant's id."""
    named = f"{actor.id} {actor.role} {kind} {academies} {classes} {years}"
    grant_id = uuid5(GRANTS, named)
    owner.execute(
        INSERT,
        [grant_id, actor.id, actor.role, kind, list(academies), list(classes), list(years),
         list(pupils), date(2020, 1, 1), until_on, contact_id],
    )  # fmt: skip
    return grant_id


def give_one(
    owner: Connection, actor: Actor, kind: ScopeKind, pupil_id: UUID | None = None
) -> UUID:
    """Give somebody their role over a kind of scope alone: over all the academies of the tests, and
    over one pupil."""
    names = NAMES[kind]
    return give(
        owner,
        actor,
        kind,
        academies=ACADEMIES if "academies" in names else (),
        classes=(CLASS,) if "classes" in names else (),
        years=YEARS if "years" in names else (),
        pupils=[pupil_id] if "pupils" in names and pupil_id is not None else (),
    )


def give_all(owner: Connection, actor: Actor, pupil_id: UUID | None) -> None:
    """Give somebody their role in every scope that it takes, over all the academies of the tests
    and over one pupil; a class teacher the pupil's class."""
    if actor.role is Role.CLASS_TEACHER and pupil_id is not None:
        owner.execute(
            "UPDATE whereabouts SET class_name = %s WHERE pupil_id = %s AND class_name IS NULL "
            "AND left_on IS NULL",
            [CLASS, pupil_id],
        )
    for kind in FITS[actor.role] - {ScopeKind.CASE}:
        give_one(owner, actor, kind, pupil_id)
    if actor.role is Role.DPO and pupil_id is not None:
        give(owner, actor, ScopeKind.CASE, pupils=[pupil_id])
