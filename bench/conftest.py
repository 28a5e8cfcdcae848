"""The benchmarks run on the same PostgreSQL as the tests do."""

from __future__ import annotations

from tests.conftest import (
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
    "app_pool",
    "cluster",
    "database",
    "engine",
    "pytest_configure",
    "pytest_unconfigure",
    "recorder",
    "records",
]
