"""What events say of support: agreement, register, plan, review and voices."""

from __future__ import annotations

from send_records.aggregates import (
    consents,
    notices,
    plans,
    register,
    reviews,
    scheduled_reviews,
    voices,
)
from send_records.aggregates.base import DomainEvent
from send_records.aggregates.values import day_in_words
from send_records.projections.telling.base import (
    Phase,
    Sentence,
    coded,
    in_plain_words,
    joined,
    names,
    of,
)

PHASES: dict[str, Phase] = {
    register.__name__: Phase.PLAN,
    plans.__name__: Phase.PLAN,
    consents.__name__: Phase.PLAN,
    notices.__name__: Phase.PLAN,
    scheduled_reviews.__name__: Phase.REVIEW,
    reviews.__name__: Phase.REVIEW,
    voices.__name__: Phase.REVIEW,
}

PHASES_OF_THEIR_OWN: dict[type[DomainEvent], Phase] = {
    register.RemovedFromSendRegister: Phase.REVIEW,
    plans.PlanShared: Phase.DO,
    plans.PlanEnded: Phase.REVIEW,
}


def _given(event: consents.ParentalAgreementGiven) -> str:
    until = f"until {day_in_words(event.expires_on)}"
    return coded(event.purpose, event.given_by.name, until)


def _level_change(event: register.SupportLevelChanged) -> str:
    change = f"{in_plain_words(event.from_level)} to {in_plain_words(event.to_level)}"
    return joined(change, event.why)


def _plan(event: plans.PlanDrafted | plans.PlanAmended) -> str:
    targets = "; ".join(f"{target.ref} {target.text}" for target in event.targets)
    return joined(f"Review on {day_in_words(event.review_on)}", targets)


SENTENCES: list[Sentence] = [
    of(consents.ParentalAgreementSought, lambda e: coded(e.purpose, names(e.sought_from))),
    of(consents.ParentalAgreementGiven, _given),
    of(
        consents.ParentalAgreementRefused,
        lambda e: coded(e.purpose, e.refused_by.name, e.why),
    ),
    of(
        consents.ParentalAgreementWithdrawn,
        lambda e: coded(e.purpose, e.withdrawn_by.name, e.why),
    ),
    of(notices.NoticeGiven, lambda e: coded(e.notice_of, names(e.told), e.how)),
    of(register.AddedToSendRegister, lambda e: coded(e.level, e.why)),
    of(register.SupportLevelChanged, _level_change),
    of(
        register.RemovedFromSendRegister,
        lambda e: coded(e.criterion, f"review of {day_in_words(e.review_on)}"),
    ),
    of(plans.PlanDrafted, _plan),
    of(plans.PlanAmended, _plan),
    of(plans.PlanAgreed, lambda e: names(e.agreed_with)),
    of(
        plans.PlanShared,
        lambda e: joined(", ".join(map(in_plain_words, e.shared_with)), e.how),
    ),
    of(
        reviews.TargetReviewed,
        lambda e: joined(e.ref, in_plain_words(e.outcome), e.evidence),
    ),
    of(reviews.ReviewHeld, lambda e: coded(e.kind, e.impact, e.next_steps)),
    of(
        scheduled_reviews.ReviewScheduled,
        lambda e: coded(e.kind, f"for {day_in_words(e.planned_on)}"),
    ),
    of(voices.PupilVoiceRecorded, lambda e: joined(e.likes, e.hard, e.helps, e.hopes)),
    of(
        voices.ParentVoiceRecorded,
        lambda e: joined(e.given_by.name, e.going_well, e.worries, e.hopes),
    ),
]
