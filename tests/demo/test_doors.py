"""What the demo shows of who may see what is as it says, asked in this process."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from send_records.demo.asking import who_sees_aisha
from tests.conftest import Cluster
from tests.demo.test_cases import Tale, telling

AISHA, LEO, TOMASZ = "Aisha Rahman", "Leo Bennett-Okafor", "Tomasz Nowak"


@pytest.fixture(scope="module")
def seen(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Tale, dict[str, Any]]]:
    """What each who asked was shown, when the cases were told."""
    with telling(cluster, tmp_path_factory.mktemp("issuer")) as tale:
        everybody = tale.api.get("/v1/register", show="all", left=True, limit=200)["data"]
        yield tale, shown(tale, {"pupils": everybody})


def shown(tale: Tale, views: dict[str, Any]) -> dict[str, Any]:
    """Ask, while the views are kept level."""
    with ThreadPoolExecutor(1) as threads:
        asking = threads.submit(who_sees_aisha, tale.api, tale.wanted, views)
        while not asking.done():
            tale.engine.catch_up()
        return asking.result()


def test_who_proposed_a_role_does_not_grant_it(seen: tuple[Tale, dict[str, Any]]) -> None:
    assert seen[1]["own_grant"]["status"] == 403


def test_a_teacher_sees_her_class_and_a_senco_her_academy(
    seen: tuple[Tale, dict[str, Any]],
) -> None:
    assert seen[1]["teacher"] == [AISHA]
    assert seen[1]["across_town"] == [LEO, TOMASZ]


def test_those_outside_are_told_what_they_are_told_of_nobody(
    seen: tuple[Tale, dict[str, Any]],
) -> None:
    assert [(told["status"], told["same"]) for told in seen[1]["outside"].values()] == [
        (404, True),
        (404, True),
    ]


def test_a_trustee_counts_and_lists_nobody(seen: tuple[Tale, dict[str, Any]]) -> None:
    assert seen[1]["trustee"]["counted"] > 81
    assert seen[1]["trustee"]["refused"]["status"] == 403


def test_broken_glass_shows_one_record_and_starts_duties(
    seen: tuple[Tale, dict[str, Any]],
) -> None:
    glass = seen[1]["glass"]

    assert (glass["before"]["status"], glass["extract"]["status"]) == (404, 403)
    assert glass["entries"] > 40
    assert glass["listed"] == [LEO]
    assert [(duty["role"], duty["due_on"]) for duty in glass["duties"]] == [("dpo", "2026-09-07")]
    assert [(each["taken_by"], each["review"]) for each in glass["told"]] == [("Paul Grey", None)]


def test_who_left_is_out_at_once(seen: tuple[Tale, dict[str, Any]]) -> None:
    assert seen[1]["leaver"]["before"] == [LEO]
    assert seen[1]["leaver"]["after"]["status"] == 403


def test_a_parent_sees_which_roles_read_and_no_name(seen: tuple[Tale, dict[str, Any]]) -> None:
    readers = seen[1]["readers"]

    assert {"senco", "class teacher", "head of inclusion"} <= {row["role"] for row in readers}
    assert {row["name"] for row in readers} == {None}
