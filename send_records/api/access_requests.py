"""Access requests: received, identified, clarified, extended, and answered or refused."""

from __future__ import annotations

from send_records.aggregates.access_answers import RefuseRequest, SendDisclosure
from send_records.aggregates.access_clock import (
    ExtendDeadline,
    IdentifyRequester,
    ReceiveClarification,
    SeekClarification,
)
from send_records.aggregates.access_requests import ReceiveAccessRequest
from send_records.api.recording import records, router_for

router = router_for("access_requests")

records(router, "access-requests/receive", ReceiveAccessRequest)
records(router, "access-requests/identify", IdentifyRequester)
records(router, "access-requests/seek-clarification", SeekClarification)
records(router, "access-requests/clarify", ReceiveClarification)
records(router, "access-requests/extend", ExtendDeadline)
records(router, "access-requests/send", SendDisclosure)
records(router, "access-requests/refuse", RefuseRequest)
