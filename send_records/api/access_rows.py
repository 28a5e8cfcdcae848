"""Rows of the access log that no answer's accounting writes: of refusals, and of jobs asked for."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from fastapi import Request as HttpRequest

from send_records.aggregates.base import Actor
from send_records.api.accounting import access_class_of, operation, request_id
from send_records.api.permits import asked_of
from send_records.bootstrap import System
from send_records.store.access import Access, AccessPurpose, Act, Tier


def record_refusal(http: HttpRequest, refusal: str) -> None:
    """Record that a request by somebody known was refused, and of whom it asked; raise
    AccessNotRecorded if that cannot be, for a refusal may tell something of a pupil."""
    actor = getattr(http.state, "actor", None)
    if actor is None:
        return
    system: System = http.app.state.system
    known = access_class_of(http.scope["route"]) if "route" in http.scope else None
    system.access.record(
        Access(
            actor=actor,
            request_id=request_id(http),
            act=Act.REFUSAL,
            what=operation(http),
            tier=known.tier if known else Tier.PROVISION,
            purpose=purpose_of(http),
            pupils=[pupil] if (pupil := asked_of(http)) else [],
            outcome=refusal,
        )
    )


def record_asking(http: HttpRequest, actor: Actor, pupil_id: UUID) -> None:
    """Record that somebody asked for a job about a pupil, and was told of it; raise
    AccessNotRecorded if that cannot be."""
    system: System = http.app.state.system
    system.access.record(
        Access(
            actor=actor,
            request_id=request_id(http),
            act=Act.READ,
            what=operation(http),
            tier=Tier.DIRECTORY,
            purpose=purpose_of(http),
            pupils=[pupil_id],
        )
    )


def purpose_of(http: HttpRequest) -> AccessPurpose:
    """Return the purpose that a request names, or else support."""
    with suppress(ValueError):
        return AccessPurpose(http.headers.get("x-purpose", AccessPurpose.SUPPORT))
    return AccessPurpose.SUPPORT
