"""What the demo prints of what leaves: what was decided, what was made, where it is left, and what
its receiver's check says."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from send_records.demo.people import DPO, MOTHER, SENCO

Row = dict[str, Any]

CHECKED = ("  manifest", "  files that are", "  pages", "  entries that are given", "Result")
"""What is told of what its receiver's check says."""


def show_leaving(console: Console, seen: Row) -> None:
    """Print how the subject access was answered, and how the bundle was made."""
    for line in (*_access(seen["access"]), *_bundle(seen["bundle"])):
        console.print(line, highlight=False, soft_wrap=True)


def _access(made: Row) -> list[str]:
    kept = made["items"] - made["entries"] - made["documents"]
    return [
        f"[bold]Subject access: {MOTHER.name} asked at the gate for all that is held of Aisha."
        f"[/bold] {made['items']} items; {made['suggested']} of them suggested for a closer look.",
        f"  {SENCO.name} decided: {kept} withheld, {made['withheld']} of them on the schedule, "
        f"{made['redacted']} redacted, {made['entries']} entries and {made['documents']} documents "
        f"given. {DPO.name} looked at it and approved what is sent: {made['sha256'][:16]}...",
        *_left(made),
    ]


def _bundle(made: Row) -> list[str]:
    problem = made["problem"]
    before = (
        f"  Checked first: {problem['detail']}" if problem else "  Checked: it keeps every rule."
    )
    return [
        f"[bold]Tribunal: the bundle for Leo's claim, by Practice Direction 1 of 2025.[/bold] "
        f"{made['pages']} pages, {made['documents']} documents; the chronology as it was known on "
        "12 September 2025.",
        before,
        *(f"  Explained: {each['code']}: {each['why']}." for each in made["breaches"]),
        *_left(made),
    ]


def _left(made: Row) -> list[str]:
    left = made["left"]
    return [
        f"  To read:  {left['pdf']}",
        f"  The pack: {left['pack']} (pack.zip; to-send.zip is locked with {left['passphrase']})",
        *(f"  {line.strip()}" for line in made["check"]["said"] if line.startswith(CHECKED)),
    ]
