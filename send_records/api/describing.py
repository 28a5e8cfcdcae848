"""The API's description, made whole: for every route an example, and every refusal it can give."""

from __future__ import annotations

import inspect
from collections import defaultdict
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Any, cast

import orjson
from fastapi import FastAPI
from fastapi.dependencies.utils import get_flat_params
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from send_records.aggregates.base import Entry
from send_records.aggregates.merging import RecordMerged
from send_records.aggregates.people import PersonCommand
from send_records.api.accounting import access_class_of
from send_records.api.callers import ONLY_LOOKING, AskedFromElsewhere
from send_records.api.errors import said_as_problem, status_of
from send_records.api.permits import marker_of, verb_of
from send_records.api.refusals import refusals_of_command, refusals_of_question
from send_records.api.tiers import loosened, said_of
from send_records.api.views import CursorUnknown
from send_records.authority.authorize import RoleMissing, SecondFactorMissing, SignInAgain
from send_records.authority.standing import AuthorityAway
from send_records.errors import (
    Conflict,
    Erased,
    NotFound,
    NotReadyYet,
    NotSignedIn,
    OutcomeUnknown,
    SendRecordsError,
    StaleVersion,
    VersionNotSaid,
)
from send_records.execution import IdempotencyKeyReused
from send_records.projections.moments import MomentUnclear, StillToCome
from send_records.projections.pages import PlaceGone
from send_records.projections.then import NotOnRecordThen, PastIsBusy
from send_records.store.access import Act
from send_records.watch import TooManyExports, TooManyPupils, TooManyRequests

Json = dict[str, Any]

PROBLEM = "application/problem+json"

OF_EVERYBODY = {NotSignedIn, NotReadyYet, TooManyRequests}
OF_ROLES = {SecondFactorMissing, RoleMissing, AuthorityAway}
OF_A_BROWSER: set[type[SendRecordsError]] = {AskedFromElsewhere}
OF_STEPPING_UP: set[type[SendRecordsError]] = {SignInAgain}
OF_ENTRIES = {IdempotencyKeyReused, OutcomeUnknown}
OF_CHANGES = {VersionNotSaid, StaleVersion, Conflict}
OF_A_PUPIL = {NotFound, Erased}
OF_A_READING: set[type[SendRecordsError]] = {RecordMerged}
OF_AN_ANSWER: set[type[SendRecordsError]] = {TooManyPupils}
OF_AN_EXPORT: set[type[SendRecordsError]] = {TooManyExports}
OF_PAGES = {CursorUnknown, PlaceGone}
OF_THE_PAST = {MomentUnclear, StillToCome, PastIsBusy}

PROBLEM_SCHEMA: Json = {
    "title": "Problem",
    "description": "Why a request was refused, and what to do (RFC 9457).  It never repeats what "
    "was sent.",
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "urn:send-records:problem:<the refusal>"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What to do"},
        "basis": {"type": "string", "description": "The statute, guidance or policy section"},
        "kept_pupil_id": {
            "type": "string",
            "format": "uuid",
            "description": "The record to ask instead, of one that was merged into it",
        },
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}

MALFORMED = said_as_problem(
    "MalformedRequest",
    422,
    "Correct what is listed under errors.",
    errors=[{"pointer": "#/occurred_on", "code": "missing", "detail": "Enter this"}],
)


def describe(app: FastAPI) -> None:
    """Make the app describe itself whole, when it is first asked to."""

    def whole() -> Json:
        if app.openapi_schema is None:
            app.openapi_schema = completed(app)
        return app.openapi_schema

    app.openapi = whole  # type: ignore[method-assign]


def completed(app: FastAPI) -> Json:
    """Return the description of every route, with examples and refusals."""
    schema = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    schemas = schema["components"]["schemas"]
    schemas["Problem"] = PROBLEM_SCHEMA
    loosened(schemas)
    for left_over in ("HTTPValidationError", "ValidationError"):
        schemas.pop(left_over, None)
    for route in iter_route_contexts(app.routes):
        for method in route.methods or ():
            operation = schema["paths"].get(route.path, {}).get(method.lower())
            if operation is not None:
                _complete(operation, route)
    return schema


def _complete(operation: Json, route: RouteContext) -> None:
    if said := said_of(route.original_route):
        operation["description"] = f"{operation.get('description', '')}\n\n{said}".strip()
    refusals = refusals_of(route)
    read = bool(operation.get("requestBody") or operation.get("parameters"))
    responses = operation["responses"]
    responses.pop("422", None)
    for code, refused in sorted(_by_status(refusals, malformed=read).items()):
        responses[str(code)] = refused
    shown = examples()
    name = operation["operationId"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None and name in shown["bodies"]:
        body["example"] = shown["bodies"][name]
    for status in ("200", "201"):
        answer = responses.get(status, {}).get("content", {}).get("application/json")
        if answer is not None and name in shown["answers"]:
            answer["example"] = shown["answers"][name]


def refusals_of(route: RouteContext) -> set[type[SendRecordsError]]:
    """Return every refusal that a route can give."""
    if not (route.path or "").startswith("/v1"):
        return {NotReadyYet}
    original = cast(APIRoute, route.original_route)
    endpoint = inspect.unwrap(original.endpoint)
    found = _of_the_door(route) | (refusals_of_question(endpoint) - OF_STEPPING_UP)
    named = set(inspect.signature(endpoint).parameters)
    if "{pupil_id}" in (route.path or ""):
        found |= OF_A_PUPIL
    asked = {field.name for field in get_flat_params(original.dependant)}
    if "cursor" in asked:
        found |= OF_PAGES
    if asked & {"as_of", "from_as_of"}:
        found |= OF_THE_PAST
        found |= {NotOnRecordThen} if "{pupil_id}" in (route.path or "") else set()
    found |= _of_showing(original)
    if "if_match" in named:
        found |= OF_CHANGES
    for body in original.dependant.body_params:
        kind = body.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, Entry | PersonCommand):
            found |= refusals_of_command(kind)
    return found


def _of_the_door(route: RouteContext) -> set[type[SendRecordsError]]:
    """Return what somebody can be refused with before anything is looked at: who they are, and in
    which roles."""
    original = cast(APIRoute, route.original_route)
    changes = set(route.methods or ()) - ONLY_LOOKING
    found = OF_EVERYBODY | (OF_A_BROWSER if changes else set())
    if marker_of(original) is None:
        return found
    return found | OF_ROLES | (OF_STEPPING_UP if verb_of(original).steps_up else set())


def _of_showing(route: APIRoute) -> set[type[SendRecordsError]]:
    """Return what telling of pupils can be refused with, or recording."""
    shows = access_class_of(route)
    if shows is None:
        return {*OF_ENTRIES}
    of_one = OF_A_READING if "{pupil_id}" in route.path else set()
    return of_one | OF_AN_ANSWER | (OF_AN_EXPORT if shows.act is Act.EXPORT else set())


def _by_status(refusals: Iterable[type[SendRecordsError]], *, malformed: bool) -> dict[int, Json]:
    found: dict[int, Json] = defaultdict(dict)
    for refusal in sorted(refusals, key=lambda each: each.__name__):
        status = status_of(refusal)
        why = (inspect.getdoc(refusal) or "").partition("\n\n")[0].replace("\n", " ")
        said = said_as_problem(refusal.__name__, status, why, basis=refusal.basis)
        found[status][refusal.__name__] = {"summary": said["title"], "value": said}
    if malformed:
        found[422]["MalformedRequest"] = {"summary": "Malformed request", "value": MALFORMED}
    return {
        status: {
            "description": ", ".join(each["summary"] for each in said.values()),
            "content": {
                PROBLEM: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "examples": said,
                }
            },
        }
        for status, said in found.items()
    }


@cache
def examples() -> Json:
    """Return an example of every body and every answer, by operation: ``examples.json``, which
    ``MAKE_EXAMPLES=1 make test`` makes anew from the story that the tests tell."""
    text = files(__package__).joinpath("examples.json").read_bytes()
    found: Json = orjson.loads(text)
    return found
