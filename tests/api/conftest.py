"""The API in this process, on a database of its own; nothing between the two is left out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from send_records.api.app import create_app
from send_records.bootstrap import Database, Making, System, running
from send_records.projections.engine import Engine
from send_records.reception import issuer
from send_records.settings import Settings
from send_records.store.connections import one
from send_records.store.places import Place
from tests.api.client import Client
from tests.api.story import PUPIL, told
from tests.conftest import Cluster, new_database
from tests.jobs.workshop import HANDOVER, JOB, asked, made_of_the_task
from tests.keys import held


@contextmanager
def serving(
    database: Database, data_dir: Path, making: Making = made_of_the_task, **more: Any
) -> Iterator[tuple[Client, System]]:
    """The app as a server would have it: errors come back as answers, or fail the test."""
    settings = Settings(data_dir=data_dir, **more)
    keys = replace(held(), places=(Place(data_dir / "checkpoints"),))
    with (
        running(settings, database, keys, making=making) as system,
        TestClient(create_app(system), follow_redirects=False) as http,
        one(database.as_owner()) as owner,
    ):
        yield Client(http, issuer(settings), owner), system


@pytest.fixture(scope="module")
def served(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, System]]:
    """One app for a module, whose tests keep to pupils of their own."""
    with (
        new_database(cluster) as database,
        serving(database, tmp_path_factory.mktemp("served")) as found,
    ):
        yield found


@pytest.fixture
def client(served: tuple[Client, System]) -> Client:
    return served[0]


@pytest.fixture
def system(served: tuple[Client, System]) -> System:
    return served[1]


@pytest.fixture
def pupil_id(client: Client) -> str:
    """A pupil just admitted, at version 2."""
    key = uuid4()
    assert client.admit(key=key).status_code == 201
    return str(key)


@pytest.fixture(scope="module")
def storied(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, System]]:
    """The story of ``PUPIL``, recorded and projected, for a whole module to look at."""
    with (
        new_database(cluster) as database,
        serving(database, tmp_path_factory.mktemp("storied")) as (client, system),
    ):
        assert told(system.records)[-1].pupil_id == PUPIL
        system.jobs.ask(PUPIL, HANDOVER, asked(JOB))
        Engine(database.as_projector(), held().seals).catch_up()
        yield client, system
