"""Defects, planted one at a time: each is found by the matrix, or the app is not even made.

What the matrix cannot find, for it follows the table, is a table that is wrong: the sentences of
``test_never`` find that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from psycopg.sql import SQL

from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.grants import GrantRole
from send_records.aggregates.people import ByGranter, Person, PersonEvent
from send_records.aggregates.values import Role
from send_records.api import dependencies
from send_records.api.permits import NoPolicy
from send_records.api.recording import router_for
from send_records.authority import authorize, table
from send_records.authority.standing import Held, Standing
from send_records.errors import NotFound
from send_records.reception import issuer
from send_records.store import scopes
from send_records.store.access import Tier
from send_records.store.scopes import WHOLE_TRUST, Scope
from tests.api.grants import give
from tests.authority.asking import Answer, Asked, answers
from tests.authority.expecting import expected
from tests.authority.lists import Lists
from tests.authority.matrix import NOBODY, Matrix
from tests.authority.questions import Question
from tests.authority.scanning import leaks
from tests.authority.world import ACROSS, ADMIN, OWN, READERS, SECOND, UNKNOWN, Reader, id_of

Patch = pytest.MonkeyPatch

TEACHER, SENCO, PARENT = (
    next(each for each in READERS if each.called == called)
    for called in ("class teacher classes", "senco academies", "parent relationship")
)
SOME = {
    "get_pupil",
    "get_chronology",
    "get_documents",
    "get_document_content",
    "get_plan",
    "raise_concern",
    "move_pupil_academy",
    "get_register",
    "get_targets",
    "find_pupils",
}


def found(matrix: Matrix, *readers: Reader) -> str:
    """Return what the matrix finds in some of its cells, and in the lists."""
    cells = [
        cell for each in readers for cell in matrix.cells(each) if cell.question.operation in SOME
    ]
    wrong = matrix.judged(cells).wrong
    for reader in readers:
        wrong += Lists.of(matrix).judged(reader).wrong
    return "\n".join(wrong)


def test_without_a_defect_nothing_is_found(matrix: Matrix) -> None:
    assert found(matrix, TEACHER, SENCO, PARENT) == ""


# The app is not made


def test_a_route_without_a_line_of_policy_is_not_made() -> None:
    router = router_for("notes")

    with pytest.raises(NoPolicy, match=r"/pupils/\{pupil_id\}/notes has no line of policy"):

        @router.get("/pupils/{pupil_id}/notes")
        def get_notes(pupil_id: UUID) -> dict[str, str]:
            return {"note": str(pupil_id)}


# Who may is judged wrongly


def everybody_is_reached(matrix: Matrix, patch: Patch) -> None:
    """The check of scope is gone: whoever has the role has it over every pupil."""
    patch.setattr(Scope, "holds", lambda *_: True)


def refused_and_not_unknown(matrix: Matrix, patch: Patch) -> None:
    """Out of scope is told as a plain refusal: so that there is such a pupil."""
    patch.setattr(authorize, "_reaches", lambda *_: True)


def another_text(matrix: Matrix, patch: Patch) -> None:
    """Of a pupil out of scope it is said in other words that there is none."""

    def over(*asked: Any) -> Any:
        try:
            return right(*asked)
        except NotFound:
            [standing] = [each for each in asked if isinstance(each, Standing)]
            if standing.places is None:
                raise
            raise NotFound("No pupil of yours has that id.") from None

    right = authorize._over_pupil
    patch.setattr(authorize, "_over_pupil", over)


def never_refused(matrix: Matrix, patch: Patch) -> None:
    """Who may not is let do as if they might, with what they hold."""
    right = authorize._able

    def able(verb: Any, standing: Any) -> Any:
        lines = ((table.line_of(each.role, each.over.kind), each) for each in standing.held)
        return list(right(verb, standing)) or [(line, each) for line, each in lines if line]

    patch.setattr(authorize, "_able", able)


# Rows are narrowed wrongly


def the_whole_trust(matrix: Matrix, patch: Patch) -> None:
    """Every list is of the whole trust, whoever asks."""
    patch.setattr(authorize, "_of", lambda _: WHOLE_TRUST)


def a_class_is_its_academy(matrix: Matrix, patch: Patch) -> None:
    """Who has a class is shown its academy."""
    right: Callable[[Held], Scope] = vars(Held)["scope"].fget

    def scope(self: Held) -> Scope:
        at_all = self.over.kind is ScopeKind.CLASSES
        return Scope(places=self.over.academies) if at_all else right(self)

    patch.setattr(Held, "scope", property(scope))


def places_of_any_academy(matrix: Matrix, patch: Patch) -> None:
    """A class is known by its name alone: so that one of another academy is the same."""

    def anywhere(self: Scope, pupil_id: UUID, places: Sequence[str]) -> bool:
        own = {place.rpartition(scopes.INSIDE)[2] for place in self.places}
        there = {place.rpartition(scopes.INSIDE)[2] for place in places}
        return pupil_id in self.pupils or not own.isdisjoint(there)

    patch.setattr(Scope, "holds", anywhere)


@pytest.mark.parametrize(
    ("plant", "says"),
    [
        (everybody_is_reached, f"of {ACROSS}: a word of {ACROSS}"),
        (refused_and_not_unknown, f"of {ACROSS}: 403 role-missing, and not unknown"),
        (another_text, f"of {ACROSS}: 404 not-found, and not unknown"),
        (never_refused, f"of {OWN}: 200 , and not refused"),
        (the_whole_trust, f"a word of {ACROSS}"),
        (a_class_is_its_academy, "a word of other_class"),
        (places_of_any_academy, f"of {ACROSS}: a word of {ACROSS}"),
    ],
)
def test_a_planted_defect_is_found(
    matrix: Matrix, monkeypatch: Patch, plant: Callable[[Matrix, Patch], None], says: str
) -> None:
    plant(matrix, monkeypatch)

    assert says in found(matrix, TEACHER, PARENT)


def asked_of_lists(matrix: Matrix, reader: Reader) -> list[Answer]:
    lists = [each for each, _ in Lists.of(matrix).several if "/people/" not in each.path]
    allowed = [each for each in lists if expected(reader, each, OWN) == "allowed"]
    token = matrix.token(reader)
    return answers(matrix.app, [each.asked(OWN).but(**token) for each in allowed], at_once=1)


def unscoped(matrix: Matrix) -> Any:
    """A list that forgets ``within``: the read side as it comes."""
    return lambda: matrix.world.system.views


def test_a_list_that_forgets_its_scope_shows_nobody(matrix: Matrix) -> None:
    """Row-level security shows a unit of work without a scope nobody: that is how it fails."""
    matrix.app.dependency_overrides[dependencies.get_views] = unscoped(matrix)
    try:
        told = asked_of_lists(matrix, SENCO)
    finally:
        matrix.app.dependency_overrides.clear()

    assert len(told) > 8
    assert [leak for each in told for leak in leaks(NOBODY, each)] == []


def test_a_scope_that_is_set_for_the_session_leaks_through_the_pool(
    matrix: Matrix, monkeypatch: Patch
) -> None:
    """SET in place of SET LOCAL: the list that forgets its scope is then given the one before's."""
    monkeypatch.setattr(scopes, "BEGIN", SQL(
        "BEGIN; SET send_records.pupils = {}; SET send_records.places = {}"))  # fmt: skip
    across = next(each for each in READERS if each.called == "senco across")
    with pytest.MonkeyPatch.context() as forgetting:
        for _ in range(12):
            asked_of_lists(matrix, across)
        forgetting.setitem(
            matrix.app.dependency_overrides, dependencies.get_views, unscoped(matrix)
        )
        told = asked_of_lists(matrix, SENCO)

    assert any(str(id_of(ACROSS)) in each.text for each in told)


# A table that is wrong


def wider(monkeypatch: Patch, role: Role, kind: ScopeKind, **changes: Any) -> None:
    """Make a line of the table wider than it is."""
    lines = [
        replace(line, **changes) if (line.role, line.kind) == (role, kind) else line
        for line in table.LINES
    ]
    monkeypatch.setattr(table, "LINES", tuple(lines))


def test_a_line_that_is_too_wide_is_not_found_by_the_matrix_which_follows_it(
    matrix: Matrix, monkeypatch: Patch
) -> None:
    """That is what the sentences are for: "a class teacher never sees what is restricted"."""
    wider(
        monkeypatch, Role.CLASS_TEACHER, ScopeKind.CLASSES, tiers=table.LEARNING | {Tier.RESTRICTED}
    )

    assert found(matrix, TEACHER) == ""
    documents = next(each for each in matrix.questions if each.operation == "get_documents")
    [answer] = answers(matrix.app, [documents.asked(OWN).but(**matrix.token(TEACHER))])
    assert answer.status == 200


# Whoever grants


def proposed_and_granted(matrix: Matrix) -> int:
    """Have a role proposed for an administrator, who then grants it to themself."""
    for actor in (ADMIN, SECOND):
        give(matrix.world.owner, actor, ScopeKind.TRUST)
    propose, grant = (
        next(each for each in matrix.questions if each.operation == name)
        for name in ("propose_role", "grant_role")
    )
    key = str(uuid4())

    def send(question: Question, actor: Any, body: dict[str, Any], key: str) -> Answer:
        token = issuer(matrix.world.settings).token(actor)
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key}
        path = question.path.replace("{person_id}", str(SECOND.id))
        sent = Asked("POST", path, {**headers, "Content-Type": "application/json"}, b"")
        [answer] = answers(matrix.app, [replace(sent, body=orjson.dumps(body))])
        return answer

    today = matrix.world.system.granting.today().isoformat()
    wanted = {"name": "Ben Osei", "role": "auditor", "kind": "trust", "from_on": today, "why": "Me"}
    assert send(propose, ADMIN, wanted, key).status == 201
    return send(grant, SECOND, {"proposal_id": key, "why": "Mine"}, str(uuid4())).status


def test_nobody_grants_a_role_to_themself(matrix: Matrix, monkeypatch: Patch) -> None:
    """Planted: whoever grants is taken for somebody else, as where the check is forgotten."""
    assert proposed_and_granted(matrix) == 403

    decide = GrantRole.decide

    def unchecked(self: GrantRole, person: Person, by: ByGranter) -> Sequence[PersonEvent]:
        somebody = by.metadata.recorded_by.model_copy(update={"id": id_of(UNKNOWN)})
        metadata = by.metadata.model_copy(update={"recorded_by": somebody})
        return decide(self, person, replace(by, metadata=metadata))

    monkeypatch.setattr(GrantRole, "decide", unchecked)
    assert proposed_and_granted(matrix) == 201
