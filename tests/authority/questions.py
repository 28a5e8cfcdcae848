"""Every route of the app as something to ask: where, with what body, about whom.

What would be recorded is sent with a version that the record never had, or under a key that was
used: 412, 409 or 422 show that authority let it pass, and nothing changes for whoever asks next.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from uuid import UUID, uuid4, uuid5

import orjson
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from send_records.api.callers import OwnRoute
from send_records.api.permits import OF_PUPIL, verb_of
from send_records.api.recording import snake_case
from send_records.authority.authorize import Over, Verb
from tests.api.story import EXAMPLES, STORY
from tests.api.story_documents import CONTENTS
from tests.api.story_people import OF_PEOPLE
from tests.authority.asking import Asked
from tests.authority.world import (
    ACROSS,
    ALDER,
    BIRCH,
    CHILDREN,
    ERASED,
    LEFT,
    ORIGIN,
    OTHER,
    OWN,
    OWN_CLASS,
    RELATIONS,
    UNKNOWN,
    WORLD,
    id_of,
)

JSON = {"Content-Type": "application/json"}
NEVER = '"999999"'
"""A version that no record of the world has."""

PEOPLE = {
    OWN: uuid5(WORLD, "person parent relationship"),
    OWN_CLASS: uuid5(WORLD, "person class teacher classes"),
    OTHER: uuid5(WORLD, "person teacher and parent"),
    ACROSS: uuid5(WORLD, "person parent across"),
    LEFT: uuid5(WORLD, "person leaver"),
    ERASED: uuid5(WORLD, "person platform administrator trust"),
    UNKNOWN: uuid5(WORLD, "nobody of that name"),
}
"""Whom a route of people is asked about, in place of a pupil."""


def bodies() -> dict[str, dict[str, Any]]:
    """Return the example of every command's body, by its operation."""
    found = {snake_case(kind.__name__): step.body for kind, step in EXAMPLES.items()}
    return found | {snake_case(kind.__name__): each.body for kind, each in OF_PEOPLE.items()}


BODIES = bodies()
ANOTHER = "into_pupil_id"
"""The field that names another pupil, of what is done to two records."""


@dataclass(frozen=True)
class Question:
    """One route."""

    route: APIRoute
    method: str

    @property
    def called(self) -> str:
        return f"{self.method} {self.path}{' into another' if self.into else ''}"

    @property
    def operation(self) -> str:
        return str(self.route.operation_id or self.route.name)

    @cached_property
    def verb(self) -> Verb | None:
        """What it does; None of one that tells of nobody but the caller."""
        if isinstance(self.route, OwnRoute) or not self.path.startswith("/v1"):
            return None
        return verb_of(self.route)

    @property
    def path(self) -> str:
        return str(self.full_path)

    full_path: str = ""
    into: bool = False
    """Whether it is asked of ``own``, and names the pupil of the relation in its body."""

    @property
    def of_pupil(self) -> bool:
        return OF_PUPIL in self.path

    @property
    def records(self) -> bool:
        return self.verb is not None and self.verb.act is None

    @property
    def relations(self) -> tuple[str, ...]:
        """About whom it is asked."""
        if self.of_pupil or "{person_id}" in self.path:
            return RELATIONS
        return (OWN, ACROSS) if self.operation in ("admit_pupil", "find_pupils") else (OWN,)

    def asked(self, relation: str, secret: str = "") -> Asked:
        """Return the request about the pupil, or person, of a relation."""
        path, about = self.path, OWN if self.into else relation
        for name, value in {
            "pupil_id": id_of(about),
            "person_id": PEOPLE[relation],
            "document_id": document_of(relation),
            "version": 3,
            "job_id": uuid5(WORLD, f"job {relation}"),
            "feed_id": uuid5(WORLD, f"feed {relation}"),
            "token": secret or "a" * 43,
        }.items():
            path = path.replace(f"{{{name}}}", str(value))
        return Asked(self.method, path, self._headers(), self._body(relation))

    def _headers(self) -> dict[str, str]:
        if self.method == "GET":
            return {}
        if self.verb is None:
            return {"Origin": ORIGIN}
        key = uuid4() if self.of_pupil else id_of(OWN)
        return {"Idempotency-Key": str(key), "If-Match": NEVER} | (
            {} if self.operation == "upload_content" else JSON
        )

    def _body(self, relation: str) -> bytes:
        if self.method != "POST" or self.operation == "upload_content":
            return b""
        body = dict(BODIES.get(self.operation, {}))
        if ANOTHER in body:
            body[ANOTHER] = str(id_of(relation))
        if self.operation == "find_pupils":
            body = {"name": CHILDREN[relation].canary.mark}
        if self.operation == "admit_pupil":
            body["academy"] = BIRCH if relation == ACROSS else ALDER
        return orjson.dumps(body)


def document_of(relation: str) -> UUID:
    """Return a document of a pupil's; of nobody's, an id that no document has."""
    if relation == UNKNOWN or not CHILDREN[relation].whole:
        return uuid5(WORLD, "no document")
    [first, *_] = [step.key for step in STORY if step.key in CONTENTS]
    return CHILDREN[relation].canary.own(first)


def questions(app: FastAPI) -> list[Question]:
    """Return every route that the app has, in the order of its addresses; what is done to two
    records twice."""
    found = [
        Question(context.original_route, method, str(context.path))
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute)
        for method in sorted(context.original_route.methods or ())
    ]
    twice = [
        replace(each, into=True) for each in found if ANOTHER in BODIES.get(each.operation, {})
    ]
    return sorted(found + twice, key=lambda each: (each.path, each.method))


def of_lists(several: Iterable[Question]) -> list[Question]:
    """Return those that tell of several pupils at once."""
    return [
        each
        for each in several
        if each.verb is not None and each.verb.over is not Over.PUPIL and each.method == "GET"
    ]
