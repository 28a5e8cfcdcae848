"""The kinds of gap: what the record should hold and does not, each with its clause.

Each kind is a function from the facts, in the order in which they happened, to its gaps.  A gap is
open from the day on which something is missing until the day on which it is there, or on which
nobody asks for it any more: the pupil left, or the plan that was to be reviewed is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import partial

from send_records.aggregates.notices import NoticeOf
from send_records.aggregates.register import SupportLevel
from send_records.aggregates.voices import Voice
from send_records.projections.gap_facts import LATE, Fact, day_after, in_order, last_day_for
from send_records.projections.gap_spans import Gap, GapKind, Since, Standing, spans


def gaps_in(facts: Iterable[Fact]) -> Iterator[Gap]:
    """Yield every gap there is or was, kind by kind."""
    ordered = in_order(facts)
    for find, _ in KINDS.values():
        yield from find(ordered)


def _without_voice(facts: Sequence[Fact], voice: Voice, recorded: str) -> Iterator[Since]:
    """A review, of the plan or of the EHC plan, without a voice or the reason why it has none,
    until that voice is heard.  Heard for a review is what was said since the last review of the
    plan before it, as the domain has it."""
    heard_on, reviewed_on = date.min, [date.min]
    for fact in facts:
        if fact.event == recorded:
            heard_on = fact.on
            yield fact, None
        elif fact.event in ("ReviewHeld", "AnnualReviewHeld"):
            before = max(day for day in reviewed_on if day < fact.on)
            reviewed_on += [fact.on] if fact.event == "ReviewHeld" else []
            heard = voice in fact.parts or heard_on > before
            yield fact, None if heard else fact.on
        elif fact.event == "PupilLeft":
            yield fact, None


def _plan_past_review(facts: Sequence[Fact]) -> Iterator[Since]:
    """A plan, in force or worked with as drafted, after the day set for its review, until a review
    is held, another day set, or the plan over."""
    due: dict[str, date | None] = {}
    in_force = draft = None
    for fact in facts:
        match fact.event:
            case "PlanDrafted":
                draft = fact.what
                due[draft or ""] = fact.until
            case "PlanAmended":
                due[fact.what or ""] = fact.until
            case "PlanAgreed":
                in_force, draft = fact.what, None
            case "PlanSuperseded" | "PlanEnded":
                draft = None if draft == fact.what else draft
                in_force = None if in_force == fact.what else in_force
            case "ReviewHeld":
                due[in_force or draft or ""] = fact.until
            case "RemovedFromSendRegister" | "PupilLeft":
                due = {}
            case _:
                continue
        yield fact, day_after(due.get(in_force or draft or ""))


def _agreement_missing(facts: Sequence[Fact]) -> Iterator[Since]:
    """A pupil on the register whose parents were not asked for a year, from the day after the last
    answer ended.  A refusal is an answer: it is no gap that parents did not agree."""
    standing, answered_until = Standing(), date.min
    for fact in facts:
        if fact.event.startswith("ParentalAgreement"):
            answered_until = max(answered_until, fact.until or date.min)
        elif not standing.take(fact):
            continue
        yield fact, day_after(answered_until) if standing.supported else None


def _specialist_without_agency(facts: Sequence[Fact]) -> Iterator[Since]:
    """Specialist support while no outside agency is involved."""
    standing, agencies = Standing(), set[str | None]()
    for fact in facts:
        if fact.event == "AgencyInvolved":
            agencies.add(fact.what)
        elif fact.event == "AgencyInvolvementEnded":
            agencies.discard(fact.what)
        elif not standing.take(fact):
            continue
        specialist = standing.supported and standing.level == SupportLevel.SPECIALIST
        yield fact, fact.on if specialist and not agencies else None


def _parents_not_told(facts: Sequence[Fact]) -> Iterator[Since]:
    """A pupil on the register whose parents were not told that SEN provision is being made, since
    any time on the register before."""
    standing, told = Standing(), False
    for fact in facts:
        if fact.event == "NoticeGiven" and fact.what == NoticeOf.SEN_PROVISION:
            told = True
        elif not standing.take(fact):
            continue
        told = told and fact.event != "RemovedFromSendRegister"
        yield fact, fact.on if standing.supported and not told else None


def _level_not_told(facts: Sequence[Fact]) -> Iterator[Since]:
    """A change of the level of support of which parents were not told.  A notice of the level tells
    of one change: of that which waits for it, or else of the next; one of the provision, on the
    day of a change or after it, tells of its level too."""
    standing, told, missing = Standing(), False, False
    provision_told_on = None
    for fact in facts:
        if fact.event == "NoticeGiven" and fact.what == NoticeOf.SUPPORT_LEVEL:
            told, missing = not missing, False
        elif fact.event == "NoticeGiven" and fact.what == NoticeOf.SEN_PROVISION:
            provision_told_on, missing = fact.on, False
        elif not standing.take(fact):
            continue
        elif fact.event == "SupportLevelChanged":
            said = fact.until is not None and fact.until <= fact.on
            told = told or said or provision_told_on == fact.on
            missing, told = standing.level is not None and not told, False
        elif fact.event in ("AddedToSendRegister", "RemovedFromSendRegister"):
            missing = told = False
        yield fact, fact.on if missing and standing.supported else None


def _monitoring_past_review(facts: Sequence[Fact]) -> Iterator[Since]:
    """Monitoring after the day on which its next review was due: the day that was set, or half a
    term on where none was."""
    going_on = False
    for fact in facts:
        match fact.event:
            case "MonitoringStarted":
                going_on = True
            case "MonitoringEnded" | "AddedToSendRegister" | "PupilLeft":
                going_on = False
            case "MonitoringReviewed":
                pass
            case _:
                continue
        yield fact, day_after(fact.until) if going_on else None


def _targets_not_evaluated(facts: Sequence[Fact]) -> Iterator[Gap]:
    """Targets of a plan that was worked with, when it was superseded, ended, or amended to leave
    them out, at which no review had looked."""
    targets: dict[str | None, tuple[str, ...]] = {}
    in_force = draft = None
    for place, fact in enumerate(facts):
        before = targets.get(fact.what, ())
        worked_with = fact.what is not None and fact.what == (in_force or draft)
        match fact.event:
            case "PlanDrafted":
                draft, targets[fact.what] = fact.what, fact.parts
            case "PlanAmended":
                targets[fact.what] = fact.parts
                if in_force == fact.what:
                    gone = tuple(ref for ref in before if ref not in fact.parts)
                    yield from _never_reviewed(facts, place, gone)
            case "PlanAgreed":
                in_force, draft = fact.what, None
            case "PlanSuperseded" | "PlanEnded":
                if worked_with:
                    yield from _never_reviewed(facts, place, before)
                draft = None if draft == fact.what else draft
                in_force = None if in_force == fact.what else in_force


def _never_reviewed(facts: Sequence[Fact], place: int, refs: tuple[str, ...]) -> Iterator[Gap]:
    """Yield a gap for each target of a plan that no review had looked at when the fact in that
    place was: until one did, or the pupil left."""
    over = facts[place]
    left = [fact.on for fact in facts[place:] if fact.event == "PupilLeft"]
    for index, ref in enumerate(refs):
        looked_at = [
            fact.on
            for fact in facts
            if fact.event == "TargetReviewed" and (fact.what, fact.parts) == (over.what, (ref,))
        ]
        closed_on = min([*looked_at, *left], default=None)
        if closed_on is None or closed_on > over.on:
            yield Gap(
                GapKind.TARGET_NOT_EVALUATED, over.on, closed_on, over.position, index, target=ref
            )


def _late_entries(facts: Sequence[Fact]) -> Iterator[Gap]:
    """Entries made later than they should be: missing from when they were due until they came."""
    for fact in facts:
        due = day_after(last_day_for(fact.on))
        if fact.event == LATE and fact.until is not None and due is not None:
            days = (fact.until - fact.on).days
            yield Gap(GapKind.LATE_ENTRY, due, fact.until, fact.position, days=days)


Find = Callable[[Sequence[Fact]], Iterator[Gap]]


def _spanning(kind: GapKind, said: Callable[[Sequence[Fact]], Iterable[Since]]) -> Find:
    return lambda facts: spans(kind, said(facts))


_VOICE = "SEND policy s.11; Children and Families Act 2014 s.19; SEND Code of Practice 6.54"

_PUPIL = partial(_without_voice, voice=Voice.PUPIL, recorded="PupilVoiceRecorded")
_PARENT = partial(_without_voice, voice=Voice.PARENT, recorded="ParentVoiceRecorded")

_SPANNING: dict[GapKind, tuple[Callable[[Sequence[Fact]], Iterable[Since]], str]] = {
    GapKind.REVIEW_WITHOUT_PUPIL_VOICE: (_PUPIL, _VOICE),
    GapKind.REVIEW_WITHOUT_PARENT_VOICE: (_PARENT, _VOICE),
    GapKind.PLAN_PAST_REVIEW: (
        _plan_past_review,
        "SEND policy s.10.2 and 11; SEND Code of Practice 6.53 and 6.65",
    ),
    GapKind.AGREEMENT_MISSING: (
        _agreement_missing,
        "SEND policy s.11: parental agreement signed annually",
    ),
    GapKind.SPECIALIST_WITHOUT_AGENCY: (_specialist_without_agency, "SEND policy s.10.2"),
    GapKind.PARENTS_NOT_TOLD: (
        _parents_not_told,
        "Children and Families Act 2014 s.68; SEND Code of Practice 6.43; SEND policy s.10.2",
    ),
    GapKind.LEVEL_NOT_TOLD: (
        _level_not_told,
        "Children and Families Act 2014 s.68; SEND Code of Practice 6.43",
    ),
    GapKind.MONITORING_PAST_REVIEW: (
        _monitoring_past_review,
        "SEND policy s.10.1: half-termly reviews",
    ),
}

KINDS: dict[GapKind, tuple[Find, str]] = {
    **{kind: (_spanning(kind, said), basis) for kind, (said, basis) in _SPANNING.items()},
    GapKind.TARGET_NOT_EVALUATED: (
        _targets_not_evaluated,
        "SEND policy s.10.2 and 11; SEND Code of Practice 6.53-6.56",
    ),
    GapKind.LATE_ENTRY: (_late_entries, "UK GDPR Art 5(1)(d)"),
}
"""Each kind of gap: how it is found, and the clause that asks for what is missing."""
