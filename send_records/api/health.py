"""Health: is the process alive, and is it ready to answer?"""

from __future__ import annotations

from fastapi import APIRouter

from send_records.aggregates.values import Value
from send_records.api.dependencies import CurrentSystem
from send_records.projections.engine import lag
from send_records.store.ledger import Log, Tiles

router = APIRouter(tags=["health"])


class Alive(Value):
    """The process runs."""

    status: str = "alive"


class Ready(Value):
    """The size of the log, how many events each view is behind it, and how many entries of each
    log no checkpoint covers yet."""

    status: str = "ready"
    log: int
    behind: dict[str, int]
    unsigned: dict[Log, int]


@router.get("/health/live", operation_id="get_liveness")
def live() -> Alive:
    """Answer as long as the process runs."""
    return Alive()


@router.get("/health/ready", operation_id="get_readiness")
def ready(system: CurrentSystem) -> Ready:
    """Answer while the database does; 503 otherwise."""
    with system.views.pool.connection() as connection:
        behind = lag(connection)
        unsigned = {log: Tiles(connection, log).unsigned() for log in Log}
    return Ready(log=system.records.size(), behind=behind, unsigned=unsigned)
