"""The SEND register: who may be added, at which level, and how one leaves it (policy s.10, 14)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from send_records.aggregates.register import (
    AddToSendRegister,
    ChangeSupportLevel,
    RemoveFromSendRegister,
)
from tests.aggregates.model.book import Desk, ehc_plan, refuses, writes


def level_not_held(desk: Desk, level: str, on: date) -> Iterator[str]:
    """Specialist needs an agency; EHCP needs a plan in force, and a plan in force means EHCP."""
    if level == "specialist" and not desk.book.agencies:
        yield "AgencyNotInvolved"
    maintained = ehc_plan(desk, on) is not None
    if level == "ehcp" and not maintained:
        yield "EhcPlanNotIssued"
    if level != "ehcp" and maintained:
        yield "EhcPlanMaintained"


@refuses(AddToSendRegister)
def adding(desk: Desk, said: AddToSendRegister) -> Iterator[str]:
    """A need of rank 1, and parents told before or with it (CFA 2014 s.68); not their agreement."""
    if desk.book.register is not None:
        yield "AlreadyOnRegister"
    if 1 not in desk.book.needs.values():
        yield "PrimaryNeedMissing"
    told = desk.book.notices.get("sen_provision", [])
    if not any(day <= said.occurred_on for day in told):
        yield "ParentsNotInformed"
    yield from level_not_held(desk, said.level, said.occurred_on)


@writes(AddToSendRegister)
def added(desk: Desk, said: AddToSendRegister) -> None:
    """Monitoring ends with it."""
    desk.book.register = (said.occurred_on, said.level)
    desk.book.monitoring = None


@refuses(ChangeSupportLevel)
def changing(desk: Desk, said: ChangeSupportLevel) -> Iterator[str]:
    if desk.book.register is None:
        yield "NotOnRegister"
    elif desk.book.register[1] == said.to_level:
        yield "LevelUnchanged"
    yield from level_not_held(desk, said.to_level, said.occurred_on)
    if desk.ahead(said.parents_informed_on):
        yield "NotYetHappened"


@writes(ChangeSupportLevel)
def changed(desk: Desk, said: ChangeSupportLevel) -> None:
    assert desk.book.register is not None
    desk.book.register = (desk.book.register[0], said.to_level)


@refuses(RemoveFromSendRegister)
def removing(desk: Desk, said: RemoveFromSendRegister) -> Iterator[str]:
    """By a review since the pupil was added that pupil and parents took part in, and not while an
    EHC plan is maintained (CFA 2014 s.42, 45)."""
    if desk.book.register is None:
        yield "NotOnRegister"
        return
    since, level = desk.book.register
    unknown_plan = level == "ehcp" and not desk.book.ehc_plans
    if unknown_plan or ehc_plan(desk, said.occurred_on) is not None:
        yield "EhcPlanMaintained"
    review = desk.book.reviews.get(said.review_on)
    if review is None or said.review_on < since or said.review_on > said.occurred_on:
        yield "ReviewMissing"
    elif review != (True, True):
        yield "FamilyNotInReview"


@writes(RemoveFromSendRegister)
def removed(desk: Desk, said: RemoveFromSendRegister) -> None:
    """Parents are told anew if provision begins again."""
    desk.book.register = None
    told = desk.book.notices.pop("sen_provision", [])
    since = [day for day in told if day > said.occurred_on]
    if since:
        desk.book.notices["sen_provision"] = since
