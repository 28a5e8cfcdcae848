"""EHC plans, issued, amended and ceased: one route a command."""

from __future__ import annotations

from send_records.aggregates.ehc_plan_changes import AmendEhcPlan, RecordEhcPlanCeased
from send_records.aggregates.ehc_plans import RecordEhcPlan
from send_records.api.recording import records, router_for

router = router_for("EHC plans")

records(router, "ehc-plans/issue", RecordEhcPlan)
records(router, "ehc-plans/amend", AmendEhcPlan)
records(router, "ehc-plans/cease", RecordEhcPlanCeased)
