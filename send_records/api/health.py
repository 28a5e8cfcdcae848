"""Health: is the process alive, and is it ready to answer?"""

from __future__ import annotations

from fastapi import APIRouter

from send_records.aggregates.values import Value
from send_records.api.dependencies import CurrentSystem
from send_records.projections.engine import lag

router = APIRouter(tags=["health"])


class Alive(Value):
    """The process runs."""

    status: str = "alive"


class Ready(Value):
    """The size of the log, and how many events each view is behind it."""

    status: str = "ready"
    log: int
    behind: dict[str, int]


@router.get("/health/live", operation_id="get_liveness")
def live() -> Alive:
    """Answer as long as the process runs."""
    return Alive()


@router.get("/health/ready", operation_id="get_readiness")
def ready(system: CurrentSystem) -> Ready:
    """Answer while the database does; 503 otherwise."""
    with system.views.connection() as connection:
        behind = lag(connection)
    return Ready(log=system.records.size(), behind=behind)
