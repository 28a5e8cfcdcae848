"""Searches for what a request asks for (facts 3.2)."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from send_records.aggregates.access_requests import RequestClosed
from send_records.aggregates.searches import RecordSearch, SearchLimitNotExplained, SearchRecorded
from send_records.aggregates.values import Role
from send_records.errors import Invalid, NotFound
from tests.aggregates.test_access_requests import RECEIVE, REFUSE, REQUEST, requested
from tests.scenario import Scenario, a_family, but

SEARCH = RecordSearch(
    occurred_on=date(2026, 7, 10),
    request_id=REQUEST,
    where="The mail of the SENDCo and of the office",
    terms=("Aisha", "Rahman", "AR"),
    found="Nineteen messages, of which two are filed; the others say what the record says",
    limited=False,
)
LIMITED = but(
    SEARCH, limited=True, why_limited="Of the years before 2024 there is no mail: it was migrated"
)


def searches(told: Scenario) -> int:
    return told.pupil.access_requests[REQUEST].searches


def test_a_search_says_where_for_what_and_what_it_found() -> None:
    requested().when(SEARCH).then(
        SearchRecorded, terms=("Aisha", "Rahman", "AR"), limited=False, why_limited=None
    )


def test_a_file_is_gone_through_by_hand_without_words_to_search_for() -> None:
    requested().when(but(SEARCH, terms=())).then(SearchRecorded, terms=())


def test_a_request_is_searched_for_in_several_places() -> None:
    assert searches(requested()) == 0
    assert searches(requested().given(SEARCH, but(LIMITED, where="The paper file"))) == 2


def test_why_a_search_was_limited_can_be_shown() -> None:
    requested().when(LIMITED).then(SearchRecorded, limited=True)
    requested().when(but(SEARCH, limited=True)).refused(SearchLimitNotExplained)
    assert "2025" in SearchLimitNotExplained.basis


def test_a_reason_for_no_limit_is_refused_so_that_none_is_overlooked() -> None:
    requested().when(but(LIMITED, limited=False)).refused(SearchLimitNotExplained)


def test_the_sendco_searches_and_the_officer() -> None:
    assert RecordSearch.roles == {Role.SENCO, Role.TRUST_SENCO, Role.DPO}


def test_a_search_is_for_a_request_that_is_open() -> None:
    late = but(SEARCH, occurred_on=date(2026, 7, 29))

    a_family().when(SEARCH).refused(NotFound)
    requested().when(but(SEARCH, occurred_on=date(2026, 6, 29))).refused(Invalid)
    requested().given(REFUSE).when(late).refused(RequestClosed)


def test_a_search_counts_for_the_request_it_names() -> None:
    another = UUID(int=18)
    told = requested().given(RECEIVE, new_id=another).given(but(SEARCH, request_id=another))

    assert searches(told) == 0
    assert told.pupil.access_requests[another].searches == 1
