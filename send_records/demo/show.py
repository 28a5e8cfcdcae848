"""What the demo prints: the register, a chronology, the retention schedule and a refusal, as the
people who ask for them would want to read them."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from rich.console import Console
from rich.table import Table

from send_records.aggregates.values import day_in_words
from send_records.bootstrap import now
from send_records.demo.run import Told
from send_records.projections.telling.base import in_plain_words

Row = dict[str, Any]


def in_words(day: str | None) -> str:
    """Return a day as people write it: 13 December 2023."""
    if not day:
        return ""
    return day_in_words(date.fromisoformat(day))


def due(day: str | None) -> str:
    """Return a day by which something is due, and whether it has passed."""
    if not day:
        return "none set"
    return in_words(day) + (" (overdue)" if date.fromisoformat(day) < now().date() else "")


def plain(code: str | None) -> str:
    """Return a code as people write it; nothing for none."""
    return in_plain_words(code or "")


def words_of(event: str) -> str:
    """Return an event's name as words: Concern raised."""
    spaced = "".join(f" {c}" if c.isupper() else c for c in event).strip()
    return spaced.capitalize().replace("send register", "SEND register").replace("upn", "UPN")


def table(title: str, *columns: str) -> Table:
    """Return an empty table whose long words wrap."""
    made = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def show_told(console: Console, told: Told) -> None:
    """Print how many entries were recorded, and which could not be yet."""
    console.print(
        f"{told.recorded} entries recorded over HTTP in {told.seconds:.1f} seconds; "
        f"the log holds {told.last_position} events."
    )
    console.print(f"{told.not_built.total()} skipped, {len(told.refused)} refused.")
    if told.not_built:
        kinds = ", ".join(f"{plain_kind} {n}" for plain_kind, n in sorted(told.not_built.items()))
        console.print(f"Skipped, for they cannot be recorded: {kinds}.")
    for refusal in told.refused:
        console.print(f"[bold]Refused:[/bold] {refusal}")


def show_register(console: Console, academy: str, on: list[Row], removed: list[Row]) -> None:
    """Print who is on an academy's register, and who was."""
    title = f"SEND register, {academy}: {len(on)} on roll and on the register"
    made = table(title, "Pupil", "Year", "Status", "DfE", "Needs", "Added", "Next review")
    for row in on:
        needs = ", ".join(need["sen_type"] for need in row["needs"])
        made.add_row(
            row["legal_name"],
            row["nc_year"],
            plain(row["status"]),
            row["sen_provision"],
            needs,
            in_words(row["added_on"]),
            due(row["next_review_on"]),
        )
    console.print(made if on else f"[bold]{title}[/bold]")
    for row in removed:
        left = f"; left the trust on {in_words(row['left_on'])}" if row["left_on"] else ""
        console.print(
            f"  {row['legal_name']} was on the register from {in_words(row['added_on'])} "
            f"to {in_words(row['removed_on'])} ({plain(row['removal_criterion'])}){left}."
        )


def show_duties(console: Console, academy: str, on: str, rows: list[Row]) -> None:
    """Print what was due at an academy on a day, soonest first, and what it follows from."""
    title = f"Duties, {academy}, {in_words(on)}: {len(rows)} open"
    made = table(title, "Due", "Pupil", "What", "Started by", "Rule")
    for row in rows:
        made.add_row(
            in_words(row["due_on"]) + (" (overdue)" if row["due_on"] < on else ""),
            row["pupil"]["legal_name"],
            row["what"],
            f"{words_of(row['started_event'])}, {in_words(row['started_on'])}",
            row["rule_id"],
        )
    console.print(made if rows else f"[bold]{title}[/bold]")


def show_register_then(console: Console, day: str, then: Row) -> None:
    """Print who was on the register on a day gone by, and how to ask the same again."""
    rows, meta = then["data"], then["meta"]
    title = f"SEND register as at {day}: {len(rows)} on it (position {meta['position']} of the log)"
    made = table(title, "Pupil", "Academy", "Year", "Status", "DfE", "Needs")
    for row in rows:
        needs = ", ".join(need["sen_type"] for need in row["needs"])
        made.add_row(
            row["legal_name"],
            row["academy"],
            row["nc_year"],
            plain(row["status"]),
            row["sen_provision"],
            needs,
        )
    console.print(made if rows else f"[bold]{title}[/bold]")


def show_known(console: Console, name: str, of: str, on: str, known: Row) -> None:
    """Print what was known of a day on another, beside what is known of it now."""
    console.print(f"[bold]What was known on {on} of {of} ({name}).[/bold]")
    for entry in known["then"]:
        console.print(f"  {words_of(entry['event'])}: {entry['detail']}")
    if not known["then"]:
        console.print(f"  Nothing: up to position {known['meta']['position']} the log has no word.")
    for entry in known["now"]:
        recorded = in_words(entry["recorded_at"][:10])
        console.print(
            f"  Known now: {words_of(entry['event'])}: {entry['detail']} Entered on {recorded}, "
            f"{entry['days_late']} days after, by {entry['recorded_by']}: {entry['reason']}."
        )


def show_chronology(console: Console, name: str, rows: list[Row]) -> None:
    """Print a pupil's story in the order in which it happened; "+7 days" is how late it was
    recorded."""
    made = table(f"Chronology, {name}")
    for column in ("When", "Phase", "What"):
        made.add_column(column, no_wrap=True)
    made.add_column("Detail", ratio=1)
    made.add_column("By", no_wrap=True)
    for row in rows:
        late = f", +{row['days_late']} days" if row["days_late"] else ""
        made.add_row(
            in_words(row["occurred_on"]) + late,
            row["phase"],
            words_of(row["event"]),
            row["detail"] + marks_of(row),
            row["recorded_by"],
        )
    console.print(made)


def marks_of(row: Row) -> str:
    """Return what later entries say of an entry."""
    marks = [name for name in ("corrected", "disputed", "restricted", "withdrawn") if row[name]]
    return f" ({', '.join(marks)})" if marks else ""


def show_corrected(console: Console, name: str, entries: list[Row]) -> None:
    """Print what was put right, what was recorded, and what went by it meanwhile."""
    for entry in entries:
        recorded = entry["recorded"]
        for each in entry["corrections"]:
            console.print(
                f"[bold]Put right: {words_of(recorded['event'])} of "
                f"{in_words(recorded['occurred_on'])} ({name}).[/bold]\n  {each['field']} was "
                f"recorded as {each['from_value']} and reads {each['to_value']} since "
                f"{in_words(each['recorded_at'][:10])}: {each['why']}.",
                highlight=False,
            )
        relied = [
            f"{words_of(r['event'])} ({in_words(r['occurred_on'])})" for r in entry["relied_on"]
        ]
        console.print(f"  Went by it until then: {', '.join(relied) or 'nothing on record'}.")


def show_retention(console: Console, rows: list[Row]) -> None:
    """Print until when each record is kept, and what holds it: what an officer is shown of those
    of whom there is no case."""
    made = table("Retention schedule", "Pupil", "Kept until at least", "Rule", "Held", "Advised")
    for row in rows:
        held = ", ".join(f"{plain(h['kind'])} {h['reference'] or ''}" for h in row["holds"])
        made.add_row(
            row["legal_name"],
            in_words(row["earliest_disposal_on"]),
            row["rule_id"],
            held or "no",
            in_words(row["advised_until"]),
        )
    console.print(made)


def show_accesses(console: Console, name: str, rows: list[Row]) -> None:
    """Print who has seen anything of a pupil; the same look again is counted and not repeated."""
    made = table(f"Who has seen the record of {name}", "Who", "As", "Did", "What", "Times")
    looks = Counter(
        (row["name"], plain(row["role"]), row["act"], plain(row["what"])) for row in rows
    )
    for look, times in looks.items():
        made.add_row(*look, str(times))
    console.print(made)


def show_proof(console: Console, name: str, proof: Row, verified: Row) -> None:
    """Print what an outsider's check of an extract said, and the check of the whole log."""
    console.print(f"[bold]The extract of {name}'s record, as a tribunal would check it.[/bold]")
    for line in proof["said"]:
        console.print(f"  {line}", markup=False, highlight=False)
    events, accesses = verified["entries"]["events"], verified["entries"]["access_log"]
    signed = sum(verified["checkpoints"].values())
    console.print(
        f"[bold]The whole log.[/bold] {events} events and {accesses} accesses read and hashed "
        f"again, compared with {signed} signed checkpoints: {len(verified['findings'])} findings."
    )


def show_refusal(console: Console, asked: str, problem: Row) -> None:
    """Print what was asked, why it was refused, and on what basis."""
    console.print(f"[bold]A refusal.[/bold] {asked}")
    console.print(f"  {problem['status']} {problem['title']}: {problem['detail']}")
    console.print(f"  Basis: {problem['basis']}.")


def show_counts(console: Console, rows: list[Row]) -> None:
    """Print pupils on roll by academy and status: the same tables, in SQL, without names."""
    made = table("Pupils on roll with a record", "Academy", "DfE", "Status", "Pupils")
    for row in rows:
        made.add_row(row["academy"], row["sen_provision"], plain(row["status"]), str(row["pupils"]))
    console.print(made)
