"""Concerns, from referral to outcome: one route a command."""

from __future__ import annotations

from send_records.aggregates.concern_answers import AnswerConcern, CloseConcern
from send_records.aggregates.concern_questionnaires import CompleteConcernQuestionnaire
from send_records.aggregates.concerns import DiscussConcernWithParents, RaiseConcern
from send_records.api.recording import records, router_for

router = router_for("concerns")

records(router, "concerns/raise", RaiseConcern)
records(router, "concerns/discuss", DiscussConcernWithParents)
records(router, "concerns/question", CompleteConcernQuestionnaire)
records(router, "concerns/answer", AnswerConcern)
records(router, "concerns/close", CloseConcern)
