"""What parents were asked and told, and what they answered: one route a command."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from fastapi import Response

from send_records.aggregates.consents import (
    Purpose,
    RecordAgreement,
    RecordAgreementRefused,
    SeekParentalAgreement,
    WithdrawAgreement,
)
from send_records.aggregates.notices import GiveNotice
from send_records.api.accounting import AssessmentAccess
from send_records.api.dependencies import Academy, After, Limit
from send_records.api.moments import PagesAtAnyTime
from send_records.api.recording import records, router_for
from send_records.api.views import ListingAtAnyTime, pupil_after, wait_for
from send_records.projections.agreements import AgreementRow, agreements_page
from send_records.projections.whose import of_pupil
from send_records.threads import threaded

router = router_for("consents")

records(router, "consents/seek", SeekParentalAgreement)
records(router, "consents/give", RecordAgreement)
records(router, "consents/refuse", RecordAgreementRefused)
records(router, "consents/withdraw", WithdrawAgreement)
records(router, "consents/notify", GiveNotice)


@router.get(
    "/agreements",
    operation_id="get_agreements",
    summary="Get agreements",
    response_model=ListingAtAnyTime[of_pupil(AgreementRow)],  # type: ignore[misc]
)
@threaded
def get_agreements(
    asked: PagesAtAnyTime,
    access: AssessmentAccess,
    academy: Academy = None,
    pupil_id: UUID | None = None,
    purpose: Purpose | None = None,
    outcome: Literal["sought", "given", "refused", "withdrawn"] | None = None,
    limit: Limit = 50,
    after: After = None,
) -> Response:
    """Return what parents were asked to agree to and what they answered, in the order in which
    they were first asked or answered."""
    wait_for(asked.views, "agreements", after)
    page = agreements_page(
        asked.views,
        academy=academy,
        pupil_id=pupil_id,
        purpose=purpose,
        outcome=outcome,
        after=pupil_after(asked.cursor),
        limit=limit,
    )
    return access.given([row.pupil_id for row in page.rows], asked.listed(page))
