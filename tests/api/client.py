"""A client that knows the conventions: a token, a key for each entry, and the version read."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4, uuid5

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts
from fastapi.testclient import TestClient
from httpx2 import Response
from psycopg import Connection

from send_records.aggregates.base import Actor, Entry
from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.values import Role
from send_records.api.accounting import access_class_of
from send_records.api.callers import OwnRoute
from send_records.api.permits import verb_of
from send_records.api.recording import snake_case
from send_records.authority.table import LINES
from send_records.identity import LocalIssuer
from tests.api.grants import give_all
from tests.api.steps import body_of
from tests.api.story import EXAMPLES
from tests.scenario import ADMIT, SENCO

PROBLEM = "application/problem+json"


def routes_of(app: FastAPI) -> list[RouteContext]:
    """Return the routes under /v1 that record or tell of a pupil."""
    return [
        route
        for route in iter_route_contexts(app.routes)
        if (route.path or "").startswith("/v1") and not isinstance(route.original_route, OwnRoute)
    ]


def own_routes(app: FastAPI) -> list[RouteContext]:
    """Return the routes that tell of nobody but the caller."""
    return [
        route
        for route in iter_route_contexts(app.routes)
        if isinstance(route.original_route, OwnRoute)
    ]


def recording_routes(app: FastAPI) -> list[RouteContext]:
    """Return the routes that the log itself accounts for."""
    return [route for route in routes_of(app) if access_class_of(route.original_route) is None]


def reading_routes(app: FastAPI) -> list[RouteContext]:
    """Return the routes whose answers are in the access log, whatever their method is."""
    return [route for route in routes_of(app) if access_class_of(route.original_route)]


def answers_to(route: RouteContext) -> set[tuple[Role, ScopeKind]]:
    """Return who may ask a question: which role, held over which kind of scope, as the table says
    (``send_records.authority.table``)."""
    verb = verb_of(route.original_route)
    return {(line.role, line.kind) for line in LINES if verb.allowed_by(line)}


def path_of(app: FastAPI, entry: type[Entry], pupil_id: object) -> str:
    """Return where an entry is recorded."""
    name = snake_case(entry.__name__)
    [path] = [route.path for route in recording_routes(app) if route.operation_id == name]
    return str(path).replace("{pupil_id}", str(pupil_id))


@dataclass(frozen=True)
class Client:
    """Somebody at the API's door."""

    http: TestClient
    issuer: LocalIssuer
    owner: Connection | None = None
    """By which whoever signs in is given their role; None if they have it, or are to have none."""
    actor: Actor = SENCO

    @property
    def app(self) -> FastAPI:
        assert isinstance(self.http.app, FastAPI)
        return self.http.app

    def signed_as(self, actor: Actor) -> Client:
        return replace(self, actor=actor)

    def signed_in_as(self, role: Role) -> Client:
        """Somebody in a role, who is somebody else in each."""
        person = SENCO.id if role is SENCO.role else uuid5(SENCO.id, role)
        return self.signed_as(SENCO.model_copy(update={"role": role, "id": person}))

    def as_they_are(self) -> Client:
        """The same, given no role."""
        return replace(self, owner=None)

    def known(self, path: str) -> dict[str, str]:
        """The headers of whoever asks, once they have their role: over whom the path names."""
        if self.owner is not None:
            named = re.search(r"/pupils/([0-9a-fA-F-]{36})(/|$)", path)
            give_all(self.owner, self.actor, UUID(named[1]) if named else None)
        return self.token

    @property
    def token(self) -> dict[str, str]:
        if self.owner is not None:
            give_all(self.owner, self.actor, None)
        return {"Authorization": f"Bearer {self.issuer.token(self.actor)}"}

    def get(self, path: str, **parameters: Any) -> Response:
        return self.http.get(path, params=parameters or None, headers=self.known(path))

    def search(self, **wanted: Any) -> Response:
        """Look for pupils: a body and a token, with no key and no version."""
        return self.http.post("/v1/search", json=wanted, headers=self.token)

    def post(
        self, path: str, body: Any, *, key: object = None, seen: object = "*", **more: Any
    ) -> Response:
        """Send a body; ``key`` is the Idempotency-Key (a new one), ``seen`` the If-Match."""
        headers = self.known(path) | {
            "Idempotency-Key": str(key or uuid4()),
            "If-Match": seen if isinstance(seen, str) else f'"{seen}"',
        }
        return self.http.post(path, json=body, headers=headers, **more)

    def upload(self, pupil_id: object, content: Any, key: object = None, **more: str) -> Response:
        """Send bytes, or an iterable of them, to be filed under a key (a new one)."""
        path = f"/v1/pupils/{pupil_id}/documents/content"
        headers = self.known(path) | {"Idempotency-Key": str(key or uuid4())} | more
        return self.http.post(path, content=content, headers=headers)

    def admit(self, entry: Entry = ADMIT, **more: Any) -> Response:
        return self.post("/v1/pupils", body_of(entry), **more)

    def record(self, pupil_id: object, entry: Entry, **more: Any) -> Response:
        return self.post(path_of(self.app, type(entry), pupil_id), body_of(entry), **more)

    def record_example(self, pupil_id: object, kind: type[Entry], **more: Any) -> Response:
        """Record the example of a kind, as whoever records it in the story."""
        example = EXAMPLES[kind]
        return self.signed_as(example.actor).record(pupil_id, example.entry, **more)


def problem_of(response: Response, status: int) -> dict[str, Any]:
    """Return the problem that an answer is, having seen that it is one in every respect."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == PROBLEM
    problem: dict[str, Any] = response.json()
    assert problem["status"] == status
    assert problem["type"].startswith("urn:send-records:problem:")
    assert problem["title"]
    assert problem["detail"]
    return problem
