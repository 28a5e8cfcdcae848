"""What must never happen, said in sentences and tried against the running system.

The sentences are in ``never``, by hand; they know nothing of the table that the system goes by, and
here the table is made wrong on purpose, each time in a way that one of them must find.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.values import Role
from send_records.authority import authorize, table
from send_records.authority.standing import Held
from send_records.store.access import Tier
from send_records.store.connections import one
from send_records.store.scopes import WHOLE_TRUST, Scope
from send_records.workers import notarising
from tests.api.conftest import serving
from tests.authority.never import (  # noqa: F401 - each says its sentences
    database,
    emergencies,
    families,
    granting,
    keeping_watch,
    leaving,
    reading,
    recording,
    signing_in,
)
from tests.authority.never.trust import NEVER, Trust, furnish
from tests.conftest import Cluster, new_database

ENOUGH = 120


@pytest.fixture(scope="module")
def trust(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trust]:
    with (
        new_database(cluster) as found,
        serving(found, tmp_path_factory.mktemp("never")) as (client, system),
        one(found.as_owner()) as owner,
        notarising(found, system.keys),
    ):
        trust = Trust(client, system, found, owner)
        furnish(trust)
        yield trust


@pytest.mark.parametrize("sentence", NEVER)
def test_it_never_happens(trust: Trust, sentence: str) -> None:
    try:
        NEVER[sentence](trust)
    except AssertionError as found:
        raise AssertionError(f"It happened.  {sentence}: {found}") from found


def test_there_are_enough_sentences_and_each_is_a_sentence() -> None:
    assert len(NEVER) >= ENOUGH
    for sentence in NEVER:
        assert " never " in sentence or " ever " in sentence, sentence


def test_the_sentences_know_nothing_of_the_table() -> None:
    for file in Path(reading.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            named = [node.module] if isinstance(node, ast.ImportFrom) else []
            named += [each.name for each in node.names] if isinstance(node, ast.Import) else []
            assert not [each for each in named if str(each).startswith("send_records.authority")]


# Wrong tables, each of which a sentence finds

T0, T1, T2, T3, T4, T5, T6 = Tier
LISTS = frozenset({"get_register", "get_concerns", "get_duties"})
R, S = Role, ScopeKind

WRONG: dict[str, tuple[Role, ScopeKind, dict[str, Any], str]] = {
    "class teachers open documents": (
        *(R.CLASS_TEACHER, S.CLASSES, {"tiers": frozenset({T1, T2, T3, T4})}),
        "A class teacher never opens a professional's report",
    ),
    "class teachers see who has read": (
        *(R.CLASS_TEACHER, S.CLASSES, {"tiers": frozenset({T1, T2, T3, T5})}),
        "A class teacher never sees who has read a record",
    ),
    "assistants see concerns": (
        *(R.TEACHING_ASSISTANT, S.PUPILS, {"tiers": frozenset({T1, T3})}),
        "A teaching assistant never sees a concern",
    ),
    "support assistants see provision": (
        *(R.SUPPORT_ASSISTANT, S.PUPILS, {"tiers": frozenset({T1, T2})}),
        "A specialist support assistant never reads the whole story of a pupil",
    ),
    "trustees see names": (
        *(R.TRUSTEE, S.TRUST, {"tiers": frozenset({T0, T1, T2})}),
        "A trustee never sees a name",
    ),
    "the chief executive sees records": (
        *(R.CEO, S.TRUST, {"tiers": frozenset({T0, T3})}),
        "The chief executive never reads a record",
    ),
    "the DPO reads without a case": (
        *(R.DPO, S.TRUST, {"tiers": frozenset({T0, T1, T4, T5, T6})}),
        "A data protection officer never reads a record without an open case",
    ),
    "programs read chronologies": (
        *(R.INTEGRATION, S.ACADEMIES, {"tiers": frozenset({T1, T3})}),
        "An integration never reads a chronology",
    ),
    "Principals fetch packs": (
        *(R.PRINCIPAL, S.ACADEMIES, {"tiers": frozenset({T0, T1, T2, T3, T4}), "exports": True}),
        "A Principal or a data protection officer never fetches a pack without a case",
    ),
    "class teachers fetch packs": (
        *(R.CLASS_TEACHER, S.CLASSES, {"tiers": frozenset({T1, T2, T3, T4}), "exports": True}),
        "A class teacher, an assistant, a parent or a pupil never fetches a pack",
    ),
    "an emergency fetches packs": (
        *(R.CLASS_TEACHER, S.EMERGENCY, {"exports": True}),
        "Broken glass never fetches a pack",
    ),
    "an emergency takes records out": (
        *(R.SENCO, S.EMERGENCY, {"exports": True}),
        "Broken glass never lets a record be taken out",
    ),
    "an emergency records": (
        *(R.CLASS_TEACHER, S.EMERGENCY, {"records": True}),
        "Broken glass never lets anybody record",
    ),
    "an emergency shows who has read": (
        *(R.CLASS_TEACHER, S.EMERGENCY, {"tiers": frozenset({T1, T2, T3, T4, T5})}),
        "Broken glass never shows who else has read the record",
    ),
    "parents list": (
        *(R.PARENT, S.RELATIONSHIP, {"lists": True, "also": LISTS}),
        "A parent never lists or searches for pupils",
    ),
    "parents read what staff wrote": (
        *(R.PARENT, S.RELATIONSHIP, {"tiers": frozenset({T1, T3})}),
        "A parent never reads the story, the concerns or the reports without a request",
    ),
    "pupils read provision": (
        *(R.PUPIL, S.RELATIONSHIP, {"tiers": frozenset({T1, T2})}),
        "A pupil never reads what staff wrote about them without a request",
    ),
    "professionals read reports": (
        *(R.PROFESSIONAL, S.REFERRAL, {"tiers": frozenset({T1, T4})}),
        "An external professional never reads more than was shared",
    ),
    "auditors read words": (
        *(R.AUDITOR, S.TRUST, {"tiers": frozenset({T3, T5})}),
        "An auditor never reads words",
    ),
    "administrators read": (
        *(R.ADMINISTRATOR, S.TRUST, {"tiers": frozenset({T2, T6})}),
        "The platform administrator never reads a record",
    ),
    "analysts follow the feed": (
        *(R.ANALYST, S.TRUST, {"also": frozenset({"get_events"})}),
        "An analyst never gets the ids of pupils from the feed of events",
    ),
    "Principals take records out": (
        *(R.PRINCIPAL, S.ACADEMIES, {"tiers": frozenset({T0, T1, T2, T3, T4}), "exports": True}),
        "A Principal never takes a record out without a case",
    ),
    "trust leaders record": (
        *(R.TRUST_SEND_LEADER, S.ENGAGEMENT, {"tiers": frozenset({T0, T1, T2, T3, T4})}),
        "A trust leader for SEND never opens documents, nor takes a record out",
    ),
    "phase leaders open reports": (
        *(R.PHASE_LEADER, S.PHASE, {"tiers": frozenset({T1, T2, T3, T4})}),
        "A phase leader never opens a report unless they are assigned to the case",
    ),
}


def happens(trust: Trust, sentence: str) -> bool:
    """Whether what must never happen does, in a system that was made wrong on purpose."""
    try:
        NEVER[sentence](trust)
    except AssertionError:
        return True
    return False


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_line_is_found_by_its_sentence(
    trust: Trust, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    role, kind, changes, sentence = WRONG[wrong]
    assert not happens(trust, sentence)
    lines = [
        replace(line, **changes) if (line.role, line.kind) == (role, kind) else line
        for line in table.LINES
    ]
    assert tuple(lines) != table.LINES
    monkeypatch.setattr(table, "LINES", tuple(lines))
    assert happens(trust, sentence), sentence


def everywhere(held: Held) -> Scope:
    return WHOLE_TRUST


def whole_academy(held: Held) -> Scope:
    return Scope(places=held.over.academies)


WIDER: dict[str, tuple[ScopeKind, Callable[[Held], Scope], str]] = {
    "a class is the academy": (
        *(S.CLASSES, whole_academy),
        "A class teacher never reads a pupil of another class",
    ),
    "a class is that of any academy": (
        *(S.CLASSES, everywhere),
        "A class teacher never reads a class of the same name at another academy",
    ),
    "an academy is the trust": (
        *(S.ACADEMIES, everywhere),
        "A SENDCo never reads a pupil of another academy",
    ),
    "an academy is the trust, in lists": (
        *(S.ACADEMIES, everywhere),
        "A search never finds by UPN across academies",
    ),
    "a pupil is still of the academy before": (
        *(S.ACADEMIES, everywhere),
        "A moved pupil's documents never open at the old academy",
    ),
    "a phase is the academy": (
        *(S.PHASE, whole_academy),
        "A phase leader never reads a year outside their phase",
    ),
    "an academy is the trust, in packs": (
        *(S.ACADEMIES, everywhere),
        "A SENDCo never fetches a pack of another academy, nor learns that there is one",
    ),
    "a caseload is the trust": (
        *(S.PUPILS, everywhere),
        "A teaching assistant never reads a pupil who is not assigned to them",
    ),
    "an engagement is with the trust": (
        *(S.ENGAGEMENT, everywhere),
        "A trust leader for SEND never reads beyond the academies of the engagement",
    ),
    "a case is of all": (*(S.CASE, everywhere), "A case never opens the record of another pupil"),
    "a referral is of all": (
        *(S.REFERRAL, everywhere),
        "An external professional never reads another pupil",
    ),
    "a parent is everybody's": (*(S.RELATIONSHIP, everywhere), "A parent never sees another child"),
    "broken glass is everybody's": (
        *(S.EMERGENCY, everywhere),
        "Broken glass never opens a second record",
    ),
}


@pytest.mark.parametrize("wrong", WIDER)
def test_a_scope_that_is_too_wide_is_found_by_its_sentence(
    trust: Trust, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    kind, wider, sentence = WIDER[wrong]
    right = Held.scope
    assert isinstance(right, property)
    narrow = right.fget
    assert narrow is not None
    assert not happens(trust, sentence)

    def scope(held: Held) -> Scope:
        found: Scope = wider(held) if held.over.kind is kind else narrow(held)
        return found

    monkeypatch.setattr(Held, "scope", property(scope))
    assert happens(trust, sentence), sentence


LATE = [sentence for sentence in NEVER if sentence.endswith("older than five minutes")]


@pytest.mark.parametrize("sentence", LATE)
def test_a_second_factor_that_counts_all_day_is_found(
    trust: Trust, monkeypatch: pytest.MonkeyPatch, sentence: str
) -> None:
    monkeypatch.setattr(authorize, "STEP_UP_SECONDS", 86_400.0)
    assert happens(trust, sentence)
