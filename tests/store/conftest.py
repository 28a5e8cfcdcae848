"""The database of a test, as its several roles."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict

from send_records.bootstrap import Database
from send_records.store.connections import in_schema, one
from send_records.store.data_directory import SUPERUSER
from tests.conftest import Cluster


@pytest.fixture
def as_superuser(cluster: Cluster, database: Database) -> str:
    """How somebody who may do anything connects."""
    name = str(conninfo_to_dict(database.app)["dbname"])
    return in_schema(cluster.server.conninfo(SUPERUSER, name), database.roles.schema, "superuser")


@pytest.fixture
def app(database: Database) -> Iterator[Connection]:
    """A connection as the application's role."""
    with one(database.app) as connection:
        yield connection


@pytest.fixture
def owner(database: Database) -> Iterator[Connection]:
    """A connection as the schema's owner."""
    with one(database.as_owner()) as connection:
        yield connection


@pytest.fixture
def superuser(as_superuser: str) -> Iterator[Connection]:
    """A connection of somebody who may do anything."""
    with one(as_superuser) as connection:
        yield connection
