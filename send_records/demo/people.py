"""Who works at the demo's two academies, and who else asks; fictional, like the pupils."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from send_records.aggregates.base import Actor
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.values import Role

STAFF_IDS = UUID("5e4d0000-0000-4000-8000-000000000001")

ALDER, BROOK = "Alder Park Academy", "Brook Lane Academy"
CLASSES = {ALDER: "Willow", BROOK: "Hazel"}
"""The class at each that the pupils of the cases are in."""


def someone(name: str, role: Role) -> Actor:
    """Return somebody of the demo, with the role they have in it."""
    return Actor(id=uuid5(STAFF_IDS, name), name=name, role=role)


OPERATOR = someone("The operator", Role.ADMINISTRATOR)
"""Whoever is at the machine, and gives the very first roles."""

ADMINISTRATOR = someone("Ines Duarte", Role.ADMINISTRATOR)
DPO = someone("Priya Shah", Role.DPO)
SENCO = someone("Sam Okoro", Role.SENCO)
PRINCIPAL = someone("Ruth Amos", Role.PRINCIPAL)
ASSISTANT = someone("Alex Reid", Role.TEACHING_ASSISTANT)
FEED = someone("MIS feed", Role.INTEGRATION)
TEACHERS = {
    ALDER: someone("Jo Whitfield", Role.CLASS_TEACHER),
    BROOK: someone("Omar Haddad", Role.CLASS_TEACHER),
}
"""Of those classes."""

# They come when the cases are told, and ask.
TEACHER_NEXT_DOOR = someone("Kit Doyle", Role.CLASS_TEACHER)
SENCO_ACROSS_TOWN = someone("Noor Aziz", Role.SENCO)
TRUSTEE = someone("Helen Marsh", Role.TRUSTEE)
HEAD_OF_INCLUSION = someone("Paul Grey", Role.HEAD_OF_INCLUSION)
MOTHER = someone("Nasreen Rahman", Role.PARENT)

IN_THE_CASES = {
    Role.SENCO: SENCO,
    Role.TEACHING_ASSISTANT: ASSISTANT,
    Role.DPO: DPO,
    Role.INTEGRATION: FEED,
}
"""Whom a case file means by a role; by ``class_teacher`` it means the pupil's."""


@dataclass(frozen=True)
class Appointment:
    """A role that somebody is to have, and over whom."""

    who: Actor
    kind: ScopeKind
    why: str
    academies: Sequence[str] = ()
    classes: Sequence[str] = ()
    pupils: Sequence[UUID | str] = ()
    more: dict[str, Any] = field(default_factory=dict)

    def terms(self, from_on: str) -> dict[str, Any]:
        """Return what is proposed."""
        return {
            "name": self.who.name,
            "role": self.who.role,
            "kind": self.kind,
            "academies": list(self.academies),
            "classes": list(self.classes),
            "pupils": [str(pupil) for pupil in self.pupils],
            "from_on": from_on,
            "why": self.why,
            **self.more,
        }


BOTH = (ALDER, BROOK)

LED_BY_THE_TRUST = (
    Appointment(PRINCIPAL, ScopeKind.ACADEMIES, "Executive Principal", academies=BOTH),
    Appointment(SENCO, ScopeKind.ACADEMIES, "SENCo of both academies", academies=BOTH),
    Appointment(FEED, ScopeKind.ACADEMIES, "The rolls come from the MIS", academies=BOTH),
)
"""What a platform administrator proposes, and the data-protection officer grants."""

OF_THE_ACADEMIES = tuple(
    Appointment(
        teacher, ScopeKind.CLASSES, "Class teacher", academies=(at,), classes=(CLASSES[at],)
    )
    for at, teacher in TEACHERS.items()
)
"""What the SENCo proposes, and the Principal grants."""
