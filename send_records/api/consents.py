"""What parents were asked and told, and what they answered: one route a command."""

from __future__ import annotations

from send_records.aggregates.consents import (
    GiveNotice,
    RecordAgreement,
    RecordAgreementRefused,
    SeekParentalAgreement,
    WithdrawAgreement,
)
from send_records.api.recording import records, router_for

router = router_for("consents")

records(router, "consents/seek", SeekParentalAgreement)
records(router, "consents/give", RecordAgreement)
records(router, "consents/refuse", RecordAgreementRefused)
records(router, "consents/withdraw", WithdrawAgreement)
records(router, "consents/notify", GiveNotice)
