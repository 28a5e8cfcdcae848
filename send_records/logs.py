"""Logs: one line of JSON for each thing that happened, on standard error.

Only kinds, routes and counts are logged, never words of a record; this module is where a name that
slipped in would be scrubbed, and where the loggers of libraries are kept from saying too much.
"""

from __future__ import annotations

import logging
import sys

import orjson
import structlog


def configure_logs() -> None:
    """Send structured lines to standard error; keep libraries to warnings, without their words."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(
                serializer=lambda event, **_: orjson.dumps(event, default=str).decode()
            ),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    for name in ("psycopg", "psycopg.pool", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
