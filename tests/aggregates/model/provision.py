"""What is given and adjusted for a pupil, the one-page profile and the medical register (policy
s.6, 10.2, 11; Code of Practice 6.52, 6.76; Equality Act 2010 s.20; CFA 2014 s.100)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

from send_records.aggregates.adjustments import AgreeAdjustment, EndAdjustment
from send_records.aggregates.healthcare import RecordHealthcarePlan
from send_records.aggregates.medical import PlaceOnMedicalRegister, RemoveFromMedicalRegister
from send_records.aggregates.profiles import WriteOnePageProfile
from send_records.aggregates.provision import ChangeProvision, StartProvision
from send_records.aggregates.sessions import EndProvision, LogProvisionSessions
from tests.aggregates.model.book import (
    Desk,
    Provision,
    agreed,
    changes_nothing,
    refuses,
    strangers,
    writes,
)
from tests.aggregates.model.numbers import is_code, later, most

changes_nothing(RecordHealthcarePlan)

A_WEEK = timedelta(weeks=1)


def for_how_long(first: date, weeks: int | None, last: date | None) -> tuple[int, date] | None:
    """Return the weeks and the last day; None for what is no time, or too short for the weeks."""
    if last is None:
        return None if weeks is None else (weeks, first + weeks * A_WEEK - timedelta(days=1))
    if last < first:
        return None
    weeks_begun = 0
    while first + weeks_begun * A_WEEK <= last:
        weeks_begun += 1
    return None if weeks is not None and weeks > weeks_begun else (weeks or weeks_begun, last)


def off_target(desk: Desk, target: str | None) -> Iterator[str]:
    """What serves a target serves one of the plan that support follows."""
    plan = desk.book.plan or desk.book.draft
    if target is not None and (plan is None or target not in plan.targets):
        yield "TargetNotInPlan"


@refuses(StartProvision)
def starting(desk: Desk, said: StartProvision) -> Iterator[str]:
    if said.target is None and said.tier != "universal":
        yield "TargetNotNamed"
    yield from off_target(desk, said.target)
    if for_how_long(said.occurred_on, said.weeks, said.ends_on) is None:
        yield "Invalid"


@writes(StartProvision)
def started(desk: Desk, said: StartProvision) -> None:
    planned = for_how_long(said.occurred_on, said.weeks, said.ends_on)
    assert planned is not None
    desk.book.provisions[desk.new_id] = Provision([(said.occurred_on, planned[0])], planned[1])


def not_given(desk: Desk, provision_id: UUID, on: date, *, ended: bool) -> Iterator[str]:
    provision = desk.book.provisions.get(provision_id)
    if provision is None:
        yield "NotFound"
    elif on < provision.weeks[0][0]:
        yield "OutsideProvision"
    elif provision.ended_on is not None and not ended:
        yield "ProvisionOver"


def as_changed(provision: Provision, said: ChangeProvision) -> tuple[int, int, date] | None:
    """Return the weeks before a change, those from it on, and the last day; None if it has none.

    What is left out stays: the weeks that are left, to the day that was planned.
    """
    since, of_weeks = provision.weeks[-1]
    days = (said.occurred_on - since).days
    before = min(of_weeks, round(days / 7))
    weeks, last = said.weeks, said.ends_on
    if weeks is None and last is None and before < of_weeks:
        weeks, last = of_weeks - before, max(provision.planned_to, said.occurred_on)
    planned = for_how_long(said.occurred_on, weeks, last)
    return None if planned is None else (before, *planned)


@refuses(ChangeProvision)
def changing(desk: Desk, said: ChangeProvision) -> Iterator[str]:
    """Changes are entered in the order of their days."""
    yield from not_given(desk, said.provision_id, said.occurred_on, ended=False)
    provision = desk.book.provisions.get(said.provision_id)
    if provision is not None:
        if said.occurred_on <= provision.weeks[-1][0]:
            yield "OutsideProvision"
        if as_changed(provision, said) is None:
            yield "Invalid"
    yield from off_target(desk, said.target)


@writes(ChangeProvision)
def changed(desk: Desk, said: ChangeProvision) -> None:
    provision = desk.book.provisions[said.provision_id]
    planned = as_changed(provision, said)
    assert planned is not None
    before, after, provision.planned_to = planned
    since, _ = provision.weeks.pop()
    provision.weeks += [(since, before), (said.occurred_on, after)]


@refuses(LogProvisionSessions)
def logging(desk: Desk, said: LogProvisionSessions) -> Iterator[str]:
    """Of days that have been, within the provision, each once; attended at most as delivered."""
    yield from not_given(desk, said.provision_id, said.first_day, ended=True)
    if desk.ahead(said.last_day):
        yield "NotYetHappened"
    if not said.first_day <= said.last_day <= said.occurred_on:
        yield "Invalid"
    if said.attended is not None and said.attended > said.delivered:
        yield "MoreThanDelivered"
    provision = desk.book.provisions.get(said.provision_id)
    if provision is None:
        return
    if provision.ended_on is not None and said.last_day > provision.ended_on:
        yield "OutsideProvision"
    if any(not (said.last_day < a or b < said.first_day) for a, b in provision.logs):
        yield "SessionsAlreadyLogged"


@writes(LogProvisionSessions)
def logged(desk: Desk, said: LogProvisionSessions) -> None:
    desk.book.provisions[said.provision_id].logs.append((said.first_day, said.last_day))


@refuses(EndProvision)
def ending(desk: Desk, said: EndProvision) -> Iterator[str]:
    """On its last day, rated; before the day it was planned to, with the reason."""
    yield from not_given(desk, said.provision_id, said.occurred_on, ended=False)
    if not is_code(desk.rules, "impact_rating", str(said.impact_rating), said.occurred_on):
        yield "ImpactRatingUnknown"
    provision = desk.book.provisions.get(said.provision_id)
    if provision is None:
        return
    given = [provision.weeks[-1][0], *(last for _, last in provision.logs)]
    if any(said.occurred_on < day for day in given):
        yield "OutsideProvision"
    if said.why is None and said.occurred_on < provision.planned_to:
        yield "EarlyEndUnexplained"


@writes(EndProvision)
def ended(desk: Desk, said: EndProvision) -> None:
    desk.book.provisions[said.provision_id].ended_on = said.occurred_on


@refuses(AgreeAdjustment)
def adjusting(desk: Desk, said: AgreeAdjustment) -> Iterator[str]:
    yield from strangers(desk, said.contact_ids)
    if said.review_on is not None and said.review_on <= said.occurred_on:
        yield "Invalid"


@writes(AgreeAdjustment)
def adjusted(desk: Desk, said: AgreeAdjustment) -> None:
    desk.book.adjustments[desk.new_id] = said.occurred_on


@refuses(EndAdjustment)
def stopping(desk: Desk, said: EndAdjustment) -> Iterator[str]:
    since = desk.book.adjustments.get(said.adjustment_id)
    if since is None:
        yield "NotFound"
    elif said.occurred_on < since:
        yield "Invalid"


@writes(EndAdjustment)
def stopped(desk: Desk, said: EndAdjustment) -> None:
    del desk.book.adjustments[said.adjustment_id]


@refuses(WriteOnePageProfile)
def profiling(desk: Desk, said: WriteOnePageProfile) -> Iterator[str]:
    """One page; a photograph on it needs the parents' agreement."""
    lines = [
        *(*said.like_and_admire, *said.important_to, *said.how_to_support, *said.goals),
        *(*said.worries, *said.communication, *said.interests),
    ]
    if len("".join(lines)) > most(desk.rules, "one_page_profile_characters", said.occurred_on):
        yield "MoreThanOnePage"
    if said.photo and not agreed(desk, "photograph", None, said.occurred_on):
        yield "ParentalAgreementMissing"
    if said.review_on is not None and said.review_on <= said.occurred_on:
        yield "Invalid"


@writes(WriteOnePageProfile)
def profiled(desk: Desk, said: WriteOnePageProfile) -> None:
    desk.book.profiles += 1


@refuses(PlaceOnMedicalRegister)
def placing(desk: Desk, said: PlaceOnMedicalRegister) -> Iterator[str]:
    """Once for each condition, on the SEND register or not (policy s.6)."""
    if said.condition.casefold() in desk.book.medical:
        yield "AlreadyOnMedicalRegister"


@writes(PlaceOnMedicalRegister)
def placed(desk: Desk, said: PlaceOnMedicalRegister) -> None:
    desk.book.medical[said.condition.casefold()] = said.occurred_on


def no_place(desk: Desk, condition: str, on: date) -> Iterator[str]:
    since = desk.book.medical.get(condition.casefold())
    if since is None or on < since:
        yield "NotOnMedicalRegister"


@refuses(RemoveFromMedicalRegister)
def removing(desk: Desk, said: RemoveFromMedicalRegister) -> Iterator[str]:
    yield from no_place(desk, said.condition, said.occurred_on)


@writes(RemoveFromMedicalRegister)
def removed(desk: Desk, said: RemoveFromMedicalRegister) -> None:
    del desk.book.medical[said.condition.casefold()]


@refuses(RecordHealthcarePlan)
def caring(desk: Desk, said: RecordHealthcarePlan) -> Iterator[str]:
    """For a place on the register; reviewed within the year; medicine by somebody trained."""
    yield from no_place(desk, said.condition, said.occurred_on)
    yield from strangers(desk, said.contact_ids)
    year = later(desk.rules, "healthcare_plan_review", said.occurred_on)
    if said.review_on <= said.occurred_on or said.review_on > year:
        yield "HealthcareReviewTooFarAhead"
    given_by_staff = [m for m in said.medication if not m.self_administered]
    if given_by_staff and not said.trained_staff and said.training is None:
        yield "NobodyTrained"
    if not is_code(desk.rules, "healthcare_plan_form", said.schema_version, said.occurred_on):
        yield "HealthcareFormUnknown"
