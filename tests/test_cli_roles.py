"""Roles on the command line: the first ones, those that come with a token, and how they end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from tests.scratch import scratch
from tests.test_cli import answer, run


@pytest.fixture(scope="module")
def empty() -> Iterator[Path]:
    """A data directory in which nothing is recorded yet."""
    with scratch() as folder:
        yield folder


def test_first_roles_are_given_listed_and_ended(empty: Path) -> None:
    """By the operator, whose name is on record; the same role twice is one."""
    at: list[str | Path] = ["--data-dir", empty, "--json"]
    asked = ["role", "bootstrap", "--role", "class_teacher", "--name", "Tariq Aziz"]
    over = ["--academy", "Alder Park Academy", "--class", "4B", "--class", "5A"]
    given = answer(*asked, *over, *at)
    again = answer(*asked, *over, "--person", given["person_id"], *at)

    assert (given["given"], again["given"]) == (True, False)
    listed = answer("role", "list", "--role", "class_teacher", *at)
    [held] = [row for row in listed if row["person_id"] == given["person_id"]]
    assert (held["name"], held["kind"], held["classes"]) == ("Tariq Aziz", "classes", ["4B", "5A"])
    end = ["role", "end", held["person_id"], held["grant_id"], "--why", "Moved"]
    assert answer(*end, *at) == {"ended": held["grant_id"]}
    listed = answer("role", "list", "--role", "class_teacher", *at)
    assert given["person_id"] not in {row["person_id"] for row in listed}


def test_a_token_comes_with_the_role_it_is_for(empty: Path) -> None:
    at: list[str | Path] = ["--data-dir", empty, "--json"]
    asked = ["token", "--role", "external_professional", "--name", "Kim Lee"]
    made = answer(*asked, "--pupil", str(UUID(int=7)), *at)

    listed = answer("role", "list", "--role", "external_professional", *at)
    [held] = [row for row in listed if row["person_id"] == made["actor"]["id"]]
    assert (held["kind"], held["pupils"]) == ("referral", [str(UUID(int=7))])
    days = date.fromisoformat(held["until_on"]) - date.fromisoformat(held["from_on"])
    assert days == timedelta(days=90)


def test_a_token_of_a_role_without_its_scope_is_refused(empty: Path) -> None:
    done = run("token", "--role", "senco", "--name", "Sam Okoro", "--data-dir", empty)

    assert done.returncode == 1
    assert "names academies" in done.stderr
    assert done.stdout == ""
