"""Transition: a change that is planned and the meetings about it, what is handed over, and a
pupil's move from one academy of the trust to another, accepted there."""

from __future__ import annotations

from send_records.aggregates.handovers import AcceptPupilMove, AcknowledgeHandover, SendHandover
from send_records.aggregates.transition import HoldTransitionMeeting, PlanTransition
from send_records.api.recording import records, router_for

router = router_for("transition")

records(router, "transition/plan", PlanTransition)
records(router, "transition/meet", HoldTransitionMeeting)
records(router, "transition/hand-over", SendHandover)
records(router, "transition/acknowledge", AcknowledgeHandover)
records(router, "transition/accept-move", AcceptPupilMove)
