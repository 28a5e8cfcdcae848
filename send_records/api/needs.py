"""The needs that were found, in their order: one route a command."""

from __future__ import annotations

from send_records.aggregates.needs import EndNeed, IdentifyNeed, RerankNeeds
from send_records.api.recording import records, router_for

router = router_for("needs")

records(router, "needs/identify", IdentifyNeed)
records(router, "needs/rerank", RerankNeeds)
records(router, "needs/end", EndNeed)
