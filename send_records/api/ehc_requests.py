"""EHC needs assessments, asked for, advised on and answered: one route a command."""

from __future__ import annotations

from send_records.aggregates.ehc_advice import RecordEhcAdviceRequest, SubmitEhcAdvice
from send_records.aggregates.ehc_answers import (
    RecordDraftEhcPlan,
    RecordEhcPlanRefusal,
    RecordLaDecisionToAssess,
    RecordLaException,
)
from send_records.aggregates.ehc_requests import RequestEhcAssessment, WithdrawEhcRequest
from send_records.api.recording import records, router_for

router = router_for("EHC requests")

records(router, "ehc-requests/make", RequestEhcAssessment)
records(router, "ehc-requests/withdraw", WithdrawEhcRequest)
records(router, "ehc-requests/ask-advice", RecordEhcAdviceRequest)
records(router, "ehc-requests/advise", SubmitEhcAdvice)
records(router, "ehc-requests/decide", RecordLaDecisionToAssess)
records(router, "ehc-requests/claim-exception", RecordLaException)
records(router, "ehc-requests/draft-plan", RecordDraftEhcPlan)
records(router, "ehc-requests/refuse-plan", RecordEhcPlanRefusal)
