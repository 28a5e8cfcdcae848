"""``send-records role``: the very first roles, given at the machine; who holds which; how one ends.

Every other role is proposed and granted through the API, by two people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Annotated, Any
from uuid import UUID, uuid4

import typer
from pydantic import ValidationError
from rich.table import Table

from send_records.aggregates.grant_rules import LONGEST
from send_records.aggregates.grant_scopes import EVERYWHERE, FITS, NAMES, ScopeKind
from send_records.aggregates.grants import BootstrapRole
from send_records.aggregates.role_endings import EndRole
from send_records.aggregates.values import Role, Source
from send_records.application import Request
from send_records.bootstrap import System, database, running
from send_records.cli.console import (
    AsJson,
    ByName,
    DataDir,
    access_of,
    add_row,
    operator,
    out,
    print_json,
    settings_for,
)
from send_records.custody import open_keys
from send_records.rules import shipped_rules
from send_records.settings import Settings
from send_records.store.access import Act, Tier
from send_records.store.granted import HeldRole

app = typer.Typer(
    help="People's roles: give the first ones, see who holds which, end one.",
    no_args_is_help=True,
)

TheRole = Annotated[Role, typer.Option(help="The role to act in.")]
TheName = Annotated[str, typer.Option(help="The name that entries will bear.")]
Academies = Annotated[
    list[str] | None, typer.Option("--academy", help="An academy of its scope; repeat it for more.")
]
Classes = Annotated[list[str] | None, typer.Option("--class", help="A class of the academies.")]
Years = Annotated[list[str] | None, typer.Option("--year", help="A year group of the academies.")]
Pupils = Annotated[list[UUID] | None, typer.Option("--pupil", help="A pupil, by id.")]
Contact = Annotated[
    UUID | None, typer.Option("--contact", help="Which contact on the pupil's record a parent is.")
]


@dataclass(frozen=True, slots=True)
class Over:
    """Whose records a role is to reach, as it is said on the command line."""

    academies: Sequence[str] | None = None
    classes: Sequence[str] | None = None
    years: Sequence[str] | None = None
    pupils: Sequence[UUID] | None = None
    contact_id: UUID | None = None

    def lists(self) -> dict[str, tuple[Any, ...]]:
        """Return the lists of a scope."""
        names = ("academies", "classes", "years", "pupils")
        return {name: tuple(getattr(self, name) or ()) for name in names}


def first_role(
    role: Role, name: str, over: Over, today: date, *, why: str, until: date | None = None
) -> BootstrapRole:
    """Return a role with the kind of scope that what is named adds up to; of a kind that ends by
    itself, until the last day it may have.  Raise BadParameter if something cannot be read."""
    lists = over.lists()
    kind = _kind_of(role, frozenset(each for each, named in lists.items() if named))
    if until is None and kind in LONGEST:
        until = today + timedelta(days=shipped_rules().limit(LONGEST[kind], today).most)
    related = kind is ScopeKind.RELATIONSHIP
    try:
        return BootstrapRole(
            name=name,
            role=role,
            kind=kind,
            **lists,
            from_on=today,
            until_on=until,
            contact_id=over.contact_id,
            verified_how="By the operator, at the machine" if related else None,
            why=why,
        )
    except ValidationError as error:
        wrong = error.errors(include_input=False)[0]
        raise typer.BadParameter(f"{wrong['loc'][0]}: {wrong['msg']}") from None


def _kind_of(role: Role, named: frozenset[str]) -> ScopeKind:
    """Return the kind of scope of a role that names just this; else its first, to be refused."""
    kinds = sorted(FITS[role], key=lambda kind: (kind is ScopeKind.CASE, kind))
    return next((kind for kind in kinds if NAMES[kind] == named), kinds[0])


@contextmanager
def opened(settings: Settings) -> Iterator[System]:
    """Open the system for one command."""
    with (
        database(settings) as found,
        open_keys(settings, found.app) as held,
        running(settings, found, held) as system,
    ):
        yield system


def give_first(
    settings: Settings,
    person_id: UUID,
    wanted: Callable[[date], BootstrapRole],
    *,
    by: str | None = None,
) -> bool:
    """Give a role at the machine, as it is wanted today; False if the person has it already.  Raise
    AdministratorsThereAre, or what the role is refused with."""
    who = Request(operator(by), uuid4(), uuid4(), source=Source.SYSTEM)
    local = settings.database_url is None
    with opened(settings) as system:
        command = wanted(system.granting.today())
        return system.granting.bootstrap(person_id, command, who, local=local) is not None


@app.command()
def bootstrap(
    role: TheRole,
    name: TheName,
    person: Annotated[UUID | None, typer.Option(help="The person's id; a new one if none.")] = None,
    academy: Academies = None,
    class_: Classes = None,
    year: Years = None,
    pupil: Pupils = None,
    contact: Contact = None,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The last day, if it ends.")
    ] = None,
    why: Annotated[str, typer.Option(help="Why; kept with the role.")] = "The first roles",
    data_dir: DataDir = None,
    by: ByName = None,
    as_json: AsJson = False,
) -> None:
    """Give the first roles, before there is a platform administrator: no second person is asked.

    It is recorded that the operator did it.  On a trust's server it is refused once somebody is
    platform administrator; on the embedded database of this machine it is not.
    """
    person_id = person or uuid4()
    over = Over(academy, class_, year, pupil, contact)
    last = until.date() if until else None
    wanted = partial(first_role, role, name, over, why=why, until=last)
    given = give_first(settings_for(data_dir), person_id, wanted, by=by)
    if as_json:
        print_json({"person_id": person_id, "given": given})
    else:
        said = "has the role now" if given else "had the role already"
        out.print(f"{person_id} {said}: {role.replace('_', ' ')}.")


@app.command("list")
def list_command(
    role: Annotated[Role | None, typer.Option(help="Only this role.")] = None,
    academy: Annotated[str | None, typer.Option(help="Only over this academy.")] = None,
    data_dir: DataDir = None,
    by: ByName = None,
    as_json: AsJson = False,
) -> None:
    """List the roles that are in force, and who has them.

    That you looked is in the access log, with the pupils whose records are named.
    """
    with opened(settings_for(data_dir)) as system:
        roles = system.granting.held(role=role, academy=academy, limit=10_000)
        names = system.granting.names({each.person_id for each in roles})
        pupils = list(dict.fromkeys(pupil for each in roles for pupil in each.pupils))
        line = access_of(operator(by), Act.READ, "roles", Tier.CONFIGURATION)
        system.access.record(replace(line, pupils=pupils))
    if as_json:
        print_json([asdict(each) | {"name": names[each.person_id]} for each in roles])
    else:
        out.print(_table(roles, names))


def _table(roles: Sequence[HeldRole], names: Mapping[UUID, str | None]) -> Table:
    made = Table("Name", "Role", "Over", "Until", "Person", "Grant", title="Roles in force")
    for each in roles:
        over = [*each.academies, *each.years, *each.classes, *map(str, each.pupils)]
        add_row(
            made,
            names[each.person_id] or "",
            each.role.replace("_", " "),
            ", ".join(over) or "the trust",
            str(each.until_at or each.until_on or ""),
            str(each.person_id),
            str(each.grant_id),
        )
    return made


@app.command()
def end(
    person: Annotated[UUID, typer.Argument(help="The person's id.")],
    grant: Annotated[UUID, typer.Argument(help="The grant's id, as `role list` shows it.")],
    why: Annotated[str, typer.Option(help="Why; kept with it.")],
    data_dir: DataDir = None,
    by: ByName = None,
    as_json: AsJson = False,
) -> None:
    """End a role at once, as the operator: to take away needs no second person."""
    who = Request(operator(by), uuid4(), uuid4(), source=Source.SYSTEM)
    try:
        command = EndRole(grant_id=grant, why=why)
    except ValidationError:
        raise typer.BadParameter("Say why, in at most 8,000 characters.") from None
    with opened(settings_for(data_dir)) as system:
        system.granting.execute(person, command, who, reach=EVERYWHERE)
    if as_json:
        print_json({"ended": grant})
    else:
        out.print("The role has ended.")
