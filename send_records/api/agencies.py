"""Outside agencies asked, involved and heard: one route a command."""

from __future__ import annotations

from send_records.aggregates.agencies import (
    EndAgencyInvolvement,
    RecordAgencyAdvice,
    RecordAgencyInvolvement,
    ReferToAgency,
)
from send_records.api.recording import records, router_for

router = router_for("agencies")

records(router, "agencies/refer", ReferToAgency)
records(router, "agencies/involve", RecordAgencyInvolvement)
records(router, "agencies/advise", RecordAgencyAdvice)
records(router, "agencies/end", EndAgencyInvolvement)
