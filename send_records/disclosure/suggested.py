"""What can be suggested to whoever looks through a record: of what, and why (``facts.md`` 3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from send_records.aggregates.items import Ground, ItemRef
from send_records.aggregates.values import DataClass, Origin


class Code(StrEnum):
    """What a suggestion is about."""

    OTHER_CONTACT = "other_contact"
    ANOTHER_CHILD = "another_child"
    RELATIVE = "relative"
    UNKNOWN_NAME = "unknown_name"
    WRONG_PUPIL = "wrong_pupil"
    CHILD_ABUSE = "child_abuse"
    HEALTH = "health"
    SOCIAL_WORK = "social_work"
    COURT = "court"
    OTHER_PARENT = "other_parent"
    CONFIDENTIAL = "confidential"
    PRIVILEGE = "legal_privilege"
    RESTRICTION = "court_restriction"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Why an item should be looked at twice."""

    item: ItemRef
    ground: Ground | None
    """On which something of it could be kept back; None where the law asks for something else."""
    code: Code
    why: str
    """In a plain sentence."""
    phrases: tuple[str, ...] = ()
    """What would be taken out; none if it is about the whole of the item."""


BY_CLASS: dict[str, tuple[Ground | None, Code, str]] = {
    DataClass.CHILD_ABUSE: (
        Ground.CHILD_ABUSE,
        Code.CHILD_ABUSE,
        "It is about child abuse: it is withheld from a person with parental responsibility so far"
        " as to disclose it is not in the child's best interests.",
    ),
    DataClass.HEALTH: (
        None,
        Code.HEALTH,
        "It is about health: it is not disclosed without the opinion of the appropriate health"
        " professional, unless the requester has seen it or knows it.",
    ),
    DataClass.SOCIAL_WORK: (
        None,
        Code.SOCIAL_WORK,
        "It is social work data: ask children's social care whether to disclose it would be likely"
        " to cause serious harm.",
    ),
}
BY_ORIGIN: dict[str, tuple[Ground | None, Code, str]] = {
    Origin.COURT: (
        Ground.EDU_COURT,
        Code.COURT,
        "It comes from a court: its rules may allow it to be withheld.",
    ),
    Origin.OTHER_PARENT: (
        Ground.THIRD_PARTY,
        Code.OTHER_PARENT,
        "It comes from another child's parent: it is no educational record, and is about them too.",
    ),
}
