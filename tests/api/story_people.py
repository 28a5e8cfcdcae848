"""What is asked about people in the API's story: an example of every command, and who gives it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from send_records.aggregates.base import Actor
from send_records.aggregates.cases import CaseKind, CloseCase, OpenCase
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.grants import GrantRole, ProposeRole, RefuseRole
from send_records.aggregates.people import PersonCommand
from send_records.aggregates.role_endings import EndRole, RecordPersonLeft
from send_records.aggregates.values import Role, day_in_london
from send_records.bootstrap import now
from tests.api.story import PUPIL
from tests.scenario import TODAY

ADMIN = Actor(id=UUID(int=10), name="Ada Nowak", role=Role.ADMINISTRATOR)
OTHER_ADMIN = Actor(id=UUID(int=11), name="Ben Osei", role=Role.ADMINISTRATOR)
OFFICER = Actor(id=UUID(int=13), name="Ruth Adeyemi", role=Role.DPO)
FEED = Actor(id=UUID(int=14), name="Staff feed", role=Role.INTEGRATION)
TARIQ = UUID(int=900)

PROPOSAL, GRANT, CASE = UUID(int=910), UUID(int=911), UUID(int=912)


@dataclass(frozen=True)
class Asking:
    """A command about a person, and who gives it."""

    command: PersonCommand
    actor: Actor
    person_id: UUID = TARIQ

    @property
    def body(self) -> dict[str, Any]:
        return body_of(self.command)


def body_of(command: PersonCommand) -> dict[str, Any]:
    """Return the body that says a command."""
    body: dict[str, Any] = command.model_dump(mode="json", exclude_defaults=True)
    return body


TEACHER = ProposeRole(
    name="Tariq Aziz",
    role=Role.CLASS_TEACHER,
    kind=ScopeKind.CLASSES,
    academies=("Alder Park Academy",),
    classes=("4B",),
    from_on=TODAY,
    why="Takes over 4B",
)
OF_PEOPLE: dict[type[PersonCommand], Asking] = {
    type(asking.command): asking
    for asking in [
        Asking(TEACHER, ADMIN),
        Asking(GrantRole(proposal_id=PROPOSAL, why="Contract seen"), OTHER_ADMIN),
        Asking(RefuseRole(proposal_id=PROPOSAL, why="Works elsewhere"), OTHER_ADMIN),
        Asking(EndRole(grant_id=GRANT, why="Moved to 5A"), ADMIN),
        Asking(RecordPersonLeft(left_on=TODAY), FEED),
        Asking(
            OpenCase(
                pupil_id=PUPIL,
                case_kind=CaseKind.SUBJECT_ACCESS,
                reference="SAR-2026-014",
                why="Request of 20 November",
                until_on=TODAY + timedelta(days=60),
            ),
            OFFICER,
            OFFICER.id,
        ),
        Asking(CloseCase(grant_id=CASE, why="Answered in full"), OFFICER, OFFICER.id),
    ]
}


def today_teacher(**changes: Any) -> ProposeRole:
    """Return the proposal as it is made today, whatever day that is."""
    said = {**dict(TEACHER), "from_on": day_in_london(now()), **changes}
    return ProposeRole.model_validate(said)
