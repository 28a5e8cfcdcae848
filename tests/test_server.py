"""On a PostgreSQL server, 16 being the oldest: roles, migrations, and a first entry."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from pydantic import SecretStr

from send_records.application import Request
from send_records.bootstrap import database, on_server, prepare_server, running
from send_records.projections.engine import Engine
from send_records.settings import Settings
from send_records.store.guards import UnsafeDatabase
from send_records.store.migrate import MigrationsPending, migrations
from send_records.store.programs import Programs, binary
from send_records.store.scopes import WHOLE_TRUST
from tests.keys import held
from tests.scenario import ADMIT, SENCO
from tests.scratch import scratch


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A PostgreSQL 16 on a port of this machine, from the same wheel; its admin is ``postgres``."""
    with scratch() as folder:
        folder.mkdir()
        programs = Programs(folder)
        programs.hand_over(folder)
        installed = binary("postgres").parents[2] / "pginstall"
        if programs.closed_to_them(installed):
            shutil.copytree(installed.parent, folder.parent / "wheel", symlinks=True)
            libraries = installed.parent.with_name(f"{installed.parent.name}.libs")
            shutil.copytree(libraries, folder.parent / libraries.name)
            installed = folder.parent / "wheel" / "pginstall"
        them = programs.account
        identity: dict[str, Any] = {"user": them.pw_uid, "group": them.pw_gid} if them else {}

        def run(program: str, *options: str) -> None:
            subprocess.run(
                [installed / "bin" / program, *options],
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                **identity,
            )

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            free = probe.getsockname()[1]
        cluster = str(folder / "cluster")
        run("initdb", "-D", cluster, "-U", "postgres", "--auth=trust", "--no-sync", "-E", "UTF8")
        options = f"-h 127.0.0.1 -p {free} -k {folder}"
        run("pg_ctl", "-D", cluster, "-w", "-o", options, "-l", str(folder / "log"), "start")
        yield free
        run("pg_ctl", "-D", cluster, "-w", "-m", "fast", "stop")


def settings(port: int, data_dir: Path, name: str) -> Settings:
    def url(role: str, database: str = f"records_{name}") -> SecretStr:
        return SecretStr(f"postgresql://{role}:secret@127.0.0.1:{port}/{database}")

    return Settings(
        data_dir=data_dir,
        database_url=url(f"{name}_app"),
        projector_url=url(f"{name}_projector"),
        notary_url=url(f"{name}_notary"),
        owner_url=url(f"{name}_owner"),
        admin_url=url("postgres", "postgres"),
    )


def test_a_new_server_is_prepared_and_recorded_on(port: int, tmp_path: Path) -> None:
    chosen = settings(port, tmp_path, "first")

    applied = prepare_server(chosen, on_server(chosen))

    assert applied == [migration.name for migration in migrations()]
    assert prepare_server(chosen, on_server(chosen)) == []
    with database(chosen) as found, running(chosen, found, held()) as system:
        receipt = system.records.admit(ADMIT, Request(SENCO, uuid4(), uuid4()))
        assert Engine(found.as_projector(), held().seals).catch_up() == receipt.position
        with system.views.within(WHOLE_TRUST).connection() as app:
            assert app.info.server_version < 170000
            assert app.execute("SELECT count(*) FROM send_register").fetchone() == (1,)


def test_a_server_not_migrated_is_refused_with_what_to_do(port: int, tmp_path: Path) -> None:
    ready = settings(port, tmp_path, "second")
    prepare_server(ready, on_server(ready))
    elsewhere = ready.model_copy(update={"schema_name": "another_trust"})

    with (
        pytest.raises(MigrationsPending, match="send-records migrate"),
        database(elsewhere) as found,
        running(elsewhere, found, held()),
    ):
        pass


def test_the_application_does_not_work_as_a_superuser(port: int, tmp_path: Path) -> None:
    chosen = settings(port, tmp_path, "third")
    prepare_server(chosen, on_server(chosen))
    with psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres") as admin:
        admin.execute("ALTER ROLE third_app SUPERUSER")

    with (
        pytest.raises(UnsafeDatabase, match="role of its own"),
        database(chosen) as found,
        running(chosen, found, held()),
    ):
        pass


def test_two_trusts_share_a_server_and_see_nothing_of_each_other(port: int, tmp_path: Path) -> None:
    """Each trust is a schema with roles of its own, here in one database."""
    here = settings(port, tmp_path, "here")
    there = here.model_copy(
        update={
            "schema_name": "there",
            **{
                f"{kind}_url": SecretStr(
                    getattr(here, f"{kind}_url").get_secret_value().replace("here_", "there_", 1)
                )
                for kind in ("database", "projector", "notary", "owner")
            },
        }
    )
    prepare_server(here, on_server(here))
    prepare_server(there, on_server(there))

    with database(here) as found, running(here, found, held()) as system:
        system.records.admit(ADMIT, Request(SENCO, uuid4(), uuid4()))
    with database(there) as found, running(there, found, held()) as system:
        assert system.records.size() == 0
        with (
            system.views.pool.connection() as app,
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            app.execute("SELECT count(*) FROM send_records.events")
