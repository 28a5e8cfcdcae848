"""Needs and their ranks, what they are found from, and who is asked from outside (policy s.6, 9,
10.2; school census)."""

from __future__ import annotations

from collections.abc import Iterator

from send_records.aggregates.agencies import (
    EndAgencyInvolvement,
    RecordAgencyAdvice,
    RecordAgencyInvolvement,
    ReferToAgency,
)
from send_records.aggregates.assessments import RecordAssessment
from send_records.aggregates.attainments import RecordAttainment, RecordObservation
from send_records.aggregates.needs import EndNeed, IdentifyNeed, RerankNeeds
from tests.aggregates.model.book import (
    Desk,
    agreed,
    changes_nothing,
    never_refused,
    refuses,
    writes,
)
from tests.aggregates.model.numbers import is_code, score_range

never_refused(RecordObservation)
changes_nothing(
    RecordAssessment, RecordAttainment, RecordObservation, ReferToAgency, RecordAgencyAdvice
)


@refuses(IdentifyNeed)
def finding(desk: Desk, said: IdentifyNeed) -> Iterator[str]:
    """A type of the DfE's, held once, at a rank that no other need has."""
    if not is_code(desk.rules, "sen_type", said.sen_type, said.occurred_on):
        yield "SenTypeNotInForce"
    if said.sen_type in desk.book.needs:
        yield "NeedAlreadyIdentified"
    if not 0 < said.rank < 100:
        yield "Invalid"
    if said.rank in desk.book.needs.values():
        yield "RankTaken"


@writes(IdentifyNeed)
def found(desk: Desk, said: IdentifyNeed) -> None:
    desk.book.needs[said.sen_type] = said.rank


@refuses(RerankNeeds)
def ordering(desk: Desk, said: RerankNeeds) -> Iterator[str]:
    """Every need once, in an order that is another."""
    if sorted(said.order) != sorted(desk.book.needs):
        yield "Invalid"
    elif [desk.book.needs[each] for each in said.order] == [*range(1, len(said.order) + 1)]:
        yield "RanksUnchanged"


@writes(RerankNeeds)
def ordered(desk: Desk, said: RerankNeeds) -> None:
    for place, sen_type in enumerate(said.order):
        desk.book.needs[sen_type] = place + 1


@refuses(EndNeed)
def ending(desk: Desk, said: EndNeed) -> Iterator[str]:
    """A pupil on the register keeps a primary need."""
    rank = desk.book.needs.get(said.sen_type)
    if rank is None:
        yield "NotFound"
    elif rank == 1 and desk.book.register is not None:
        yield "PrimaryNeedMissing"


@writes(EndNeed)
def ended(desk: Desk, said: EndNeed) -> None:
    del desk.book.needs[said.sen_type]


@refuses(RecordAssessment)
def assessing(desk: Desk, said: RecordAssessment) -> Iterator[str]:
    """Scores lie within the range of their tool; the Engagement model has none, and is told."""
    if said.tool == "Engagement model":
        if said.scores or not said.told:
            yield "ToolHasNoScore"
    elif not said.scores:
        yield "ToolHasNoScore"
    for score in said.scores:
        bounds = score_range(desk.rules, said.tool, said.edition, score.name, said.occurred_on)
        for value in (score.value, score.low, score.high):
            if bounds and value is not None and not bounds.low <= value <= bounds.high:
                yield "ScoreOutOfRange"


@refuses(RecordAttainment)
def attaining(desk: Desk, said: RecordAttainment) -> Iterator[str]:
    """A result is one of its scale's, where the scale is known for the subject or for any."""
    for subject in (said.subject, "*"):
        for row in desk.rules.tools.scales:
            if (row.name, row.subject) == (said.scale, subject):
                if said.result not in row.results:
                    yield "ResultNotOnScale"
                return


@refuses(ReferToAgency)
def referring(desk: Desk, said: ReferToAgency) -> Iterator[str]:
    """With the parents' agreement for that very agency (policy s.10.2)."""
    if not agreed(desk, "agency_referral", said.agency, said.occurred_on):
        yield "ParentalAgreementMissing"


@refuses(RecordAgencyInvolvement)
def involving(desk: Desk, said: RecordAgencyInvolvement) -> Iterator[str]:
    if said.agency in desk.book.agencies:
        yield "AgencyAlreadyInvolved"
    if desk.ahead(said.first_seen_on):
        yield "NotYetHappened"


@writes(RecordAgencyInvolvement)
def involved(desk: Desk, said: RecordAgencyInvolvement) -> None:
    desk.book.agencies[said.agency] = said.occurred_on


@refuses(RecordAgencyAdvice)
def advising(desk: Desk, said: RecordAgencyAdvice) -> Iterator[str]:
    if desk.ahead(said.report_dated):
        yield "NotYetHappened"


@refuses(EndAgencyInvolvement)
def parting(desk: Desk, said: EndAgencyInvolvement) -> Iterator[str]:
    if said.agency not in desk.book.agencies:
        yield "NotFound"


@writes(EndAgencyInvolvement)
def parted(desk: Desk, said: EndAgencyInvolvement) -> None:
    del desk.book.agencies[said.agency]
