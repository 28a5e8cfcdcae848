"""Who has read, grouped and in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from send_records.disclosure.readings import DONE, THINGS, WHY, Readings, readings, role_in_words
from send_records.store.access import AccessPurpose, Tier
from tests.disclosure.answers import KNOWN, access


def test_the_same_person_doing_the_same_is_one_line() -> None:
    first = replace(access(1), recorded_at=KNOWN)
    later = replace(first, recorded_at=KNOWN + timedelta(days=3))
    why, what = WHY[AccessPurpose.REVIEW], f"read: {THINGS[Tier.ASSESSMENT]}"
    day = KNOWN.date()
    assert readings([first, later], named=True) == [
        Readings(
            *("Tom Okafor", "class teacher", first.academy, what, why),
            *(2, day, day + timedelta(days=3)),
        )
    ]


def test_unnamed_people_of_a_role_are_one_line() -> None:
    one, other = access(1), replace(access(1), name="Somebody Else")
    [line] = readings([one, other], named=False)
    assert (line.name, line.times) == (None, 2)
    assert len(readings([one, other], named=True)) == 2


def test_what_was_refused_was_not_read() -> None:
    assert readings([access(1, outcome="Forbidden")], named=True) == []
    assert readings([replace(access(1), act="refusal", outcome="given")], named=True) == []


def test_every_code_has_its_words() -> None:
    assert set(THINGS) == set(Tier)
    assert set(WHY) == set(AccessPurpose)
    assert all(DONE.values())


@pytest.mark.parametrize(
    ("role", "words"),
    [
        ("trust_senco", "trust SENCo"),
        ("trust_send_leader", "trust SEND leader"),
        ("dpo", "data protection officer"),
        ("class_teacher", "class teacher"),
    ],
)
def test_a_role_is_written_as_people_do(role: str, words: str) -> None:
    assert role_in_words(role) == words
