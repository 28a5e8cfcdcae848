"""Plans and their targets: one route a command."""

from __future__ import annotations

from send_records.aggregates.plans import (
    AgreePlan,
    AmendPlan,
    DraftPlan,
    EndPlan,
    SharePlan,
)
from send_records.api.recording import records, router_for

router = router_for("plans")

records(router, "plans/draft", DraftPlan)
records(router, "plans/amend", AmendPlan)
records(router, "plans/agree", AgreePlan)
records(router, "plans/share", SharePlan)
records(router, "plans/end", EndPlan)
