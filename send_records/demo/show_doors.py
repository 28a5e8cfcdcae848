"""What the demo prints of who may see what: a line or two for each who asked."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Console

from send_records.demo.people import (
    ADMINISTRATOR,
    ALDER,
    BROOK,
    CLASSES,
    DPO,
    HEAD_OF_INCLUSION,
    MOTHER,
    PRINCIPAL,
    SENCO_ACROSS_TOWN,
    TEACHER_NEXT_DOOR,
    TEACHERS,
    TRUSTEE,
)
from send_records.demo.show import in_words

Row = dict[str, Any]

PAUL = HEAD_OF_INCLUSION.name


def show_doors(console: Console, seen: Row) -> None:
    """Print what each who asked was shown, and how the others were refused."""
    for line in (*_roles(seen), *_scopes(seen), *_glass(seen["glass"]), *_ends(seen)):
        console.print(line, highlight=False)


def _roles(seen: Row) -> list[str]:
    return [
        f"[bold]Two people for each role.[/bold] {ADMINISTRATOR.name} proposed {PAUL} as head of "
        f"inclusion, for Leo alone.",
        f"  To grant it herself: {_said(seen['own_grant'])}  {DPO.name} granted it.",
    ]


def _scopes(seen: Row) -> list[str]:
    own, outside, trustee = TEACHERS[ALDER].name, seen["outside"], seen["trustee"]
    next_door, across = TEACHER_NEXT_DOOR.name, SENCO_ACROSS_TOWN.name
    return [
        f"[bold]Who sees Aisha.[/bold] {own}, who teaches {CLASSES[ALDER]}: sees "
        f"{_listed(seen['teacher'])}, and nobody else.",
        f"  {next_door}, of the class next door: {_outside(outside[next_door])}",
        f"  {across}, SENCo of {BROOK}, sees {_listed(seen['across_town'])}: "
        f"{_outside(outside[across])}",
        f"  {TRUSTEE.name}, trustee, counts {trustee['counted']} entries, and lists nobody: "
        f"{_said(trustee['refused'])}",
    ]


def _glass(glass: Row) -> list[str]:
    to_review = [
        f"  {DPO.name} is to {_small(duty['what'])}, by {in_words(duty['due_on'])}."
        for duty in glass["duties"]
    ]
    told = [
        f"  {PRINCIPAL.name}, Principal, is told at once: {access['taken_by']}, "
        f"“{access['reason']}”."
        for access in glass["told"]
    ]
    return [
        f"[bold]The glass is broken.[/bold] {PAUL} ({glass['before']['status']} until then) says "
        f"why, and reads Aisha's {glass['entries']} entries, for an hour.",
        f"  His list shows {_listed(glass['listed'])} alone, as before.  To copy her record: "
        f"{_said(glass['extract'])}",
        *told,
        *to_review,
    ]


def _ends(seen: Row) -> list[str]:
    leaver, readers = seen["leaver"], Counter[str]()
    for reader in seen["readers"]:
        readers[reader["role"]] += reader["times"]
    read = ", ".join(f"{role} {times}" for role, times in readers.items())
    return [
        f"[bold]Who leaves is out.[/bold] {TEACHERS[BROOK].name} saw {_listed(leaver['before'])}.  "
        f"The MIS says that he left: {_said(leaver['after'])}",
        f"[bold]What a parent sees.[/bold] {MOTHER.name}: who read of her daughter, how many "
        f"times: {read}.",
    ]


def _small(words: str) -> str:
    return words[:1].lower() + words[1:]


def _listed(names: list[str]) -> str:
    return " and ".join(name.split()[0] for name in names) or "nobody"


def _said(refusal: Row) -> str:
    return f"{refusal['status']}, {refusal['detail']}"


def _outside(told: Row) -> str:
    same = "as of" if told["same"] else "not as of"
    return f"{told['status']}, {same} a pupil who is none."
