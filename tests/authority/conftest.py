"""The world of the matrix, told once for all who ask in it, under keys of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.authority.matrix import Matrix
from tests.authority.world import world
from tests.conftest import Cluster, new_database
from tests.keys import keys_in


@pytest.fixture(scope="session")
def matrix(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Matrix]:
    folder = tmp_path_factory.mktemp("matrix")
    keys = keys_in(folder / "keys")
    with new_database(cluster) as database, world(database, folder, keys) as found:
        yield Matrix.of(found)
