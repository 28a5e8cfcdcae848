"""What events say of what is done for a pupil: provision, adjustments, profiles, healthcare."""

from __future__ import annotations

from send_records.aggregates import (
    adjustments,
    healthcare,
    medical,
    profiles,
    provision,
    sessions,
)
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.delivery import Delivery
from send_records.aggregates.values import day_in_words
from send_records.projections.telling.base import Phase, Sentence, joined, of

PHASES: dict[str, Phase] = {
    provision.__name__: Phase.DO,
    sessions.__name__: Phase.DO,
    adjustments.__name__: Phase.DO,
    profiles.__name__: Phase.PLAN,
    medical.__name__: Phase.RECORD,
    healthcare.__name__: Phase.PLAN,
}

PHASES_OF_THEIR_OWN: dict[type[DomainEvent], Phase] = {
    sessions.ProvisionEnded: Phase.REVIEW,
    adjustments.AdjustmentEnded: Phase.REVIEW,
}


def _how(delivery: Delivery) -> str:
    often = f"{delivery.sessions_per_week.normalize():f} a week of {delivery.minutes} minutes"
    group = "one to one" if delivery.group_size == 1 else f"in a group of {delivery.group_size}"
    who = delivery.deliverer.name or delivery.deliverer.role.replace("_", " ")
    return f"{often}, {group}, with {who}"


def _started(event: provision.ProvisionStarted) -> str:
    target = f"for {event.target}" if event.target else None
    return joined(event.intervention, target, _how(event.delivery), f"before: {event.entry_data}")


def _changed(event: provision.ProvisionChanged) -> str:
    until = f"until {day_in_words(event.planned_to)}"
    target = f"for {event.target}" if event.target else None
    how = _how(event.delivery) if event.delivery else None
    return joined(target, how, until, event.why)


def _sessions(event: sessions.ProvisionSessionsLogged) -> str:
    days = f"{day_in_words(event.first_day)} to {day_in_words(event.last_day)}"
    attended = f"{event.attended} attended" if event.attended is not None else None
    return joined(days, f"{event.delivered} of {event.planned} delivered", attended, event.note)


SENTENCES: list[Sentence] = [
    of(provision.ProvisionStarted, _started),
    of(provision.ProvisionChanged, _changed),
    of(sessions.ProvisionSessionsLogged, _sessions),
    of(sessions.ProvisionEnded, lambda e: joined(f"After: {e.exit_data}", e.impact, e.why)),
    of(adjustments.AdjustmentAgreed, lambda e: joined(e.adjustment, e.barrier)),
    of(
        profiles.OnePageProfileWritten,
        lambda e: joined(f"Version {e.profile_version}", *e.like_and_admire),
    ),
    of(medical.PlacedOnMedicalRegister, lambda e: joined(e.condition, e.detail)),
    of(medical.RemovedFromMedicalRegister, lambda e: joined(e.condition, e.why)),
    of(
        healthcare.HealthcarePlanRecorded,
        lambda e: joined(e.condition, f"review on {day_in_words(e.review_on)}", e.emergency),
    ),
]
