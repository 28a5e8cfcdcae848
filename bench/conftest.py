"""The benchmarks run on the same PostgreSQL as the tests do."""

from __future__ import annotations

from tests.conftest import (
    _key_stores_are_closed,
    app_pool,
    cluster,
    database,
    engine,
    pytest_configure,
    pytest_unconfigure,
    recorder,
    records,
)

__all__ = [
    "_key_stores_are_closed",
    "app_pool",
    "cluster",
    "database",
    "engine",
    "pytest_configure",
    "pytest_unconfigure",
    "recorder",
    "records",
]
