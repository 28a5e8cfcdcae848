"""The one place where a refusal becomes an HTTP status (problem details, RFC 9457).

A problem says what to do and cites its basis.  It never repeats what was sent: a body may hold
the name of a child, and an answer may end up in a log.
"""

from __future__ import annotations

import re
from functools import cache
from math import ceil
from pathlib import Path
from traceback import extract_tb
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from send_records.aggregates.values import Value
from send_records.api.access_rows import record_refusal
from send_records.api.accounting import request_id
from send_records.authority.authorize import STEP_UP_SECONDS, SignInAgain
from send_records.disclosure.child import WorkStopped
from send_records.documents.uploads import UploadCutShort
from send_records.errors import (
    Conflict,
    Damaged,
    Erased,
    Invalid,
    Moved,
    NotFound,
    NotPermitted,
    NotReadyYet,
    NotSignedIn,
    RuleBroken,
    SendRecordsError,
    StaleVersion,
    TooLarge,
    TooMany,
    TypeNotTaken,
    VersionNotSaid,
)
from send_records.store.connections import AMBIGUOUS

log = structlog.get_logger()

STATUSES: dict[type[SendRecordsError], int] = {
    NotFound: 404,
    Erased: 410,
    Moved: 410,
    TooLarge: 413,
    TypeNotTaken: 415,
    Invalid: 422,
    NotSignedIn: 401,
    NotPermitted: 403,
    TooMany: 429,
    RuleBroken: 409,
    VersionNotSaid: 428,
    StaleVersion: 412,
    Conflict: 409,
    NotReadyYet: 503,
    Damaged: 500,
    WorkStopped: 503,
}
"""The first class that matches counts."""

NOT_KEPT = {"Cache-Control": "no-store"}
"""On every answer: what is told of a pupil is told to who asked, and not to the next."""

HEADERS: dict[int, dict[str, str]] = {
    401: {"WWW-Authenticate": "Bearer"},
    503: {"Retry-After": "1"},
}

AGAIN = f'Bearer error="insufficient_user_authentication", max_age="{STEP_UP_SECONDS:.0f}"'
"""On the refusal of a sign-in that is too old: a client then signs its person in anew, with that
``max_age`` (RFC 9470 s.3)."""

PLAIN = {
    "missing": "Enter this",
    "extra_forbidden": "Remove this: it is not asked for here",
    "enum": "Choose one of the values listed for this field",
    "literal_error": "Choose one of the values listed for this field",
    "json_invalid": "Send JSON: names once each, finite numbers, not nested deeply",
    "string_type": "Enter text",
    "string_unicode": "Enter text",
    "bool_type": "Enter true or false",
    "int_type": "Enter a whole number",
    "decimal_type": "Enter a number",
    "decimal_parsing": "Enter a number",
    "tuple_type": "Enter a list",
    "mapping_type": "Enter an object",
    "model_type": "Enter an object",
    "model_attributes_type": "Enter an object",
    "uuid_parsing": "Enter a UUID",
    "uuid_type": "Enter a UUID",
}
"""What to do about each kind of mistake; those not listed say "Check this"."""


class ProblemResponse(Response):
    """Problem details as JSON."""

    media_type = "application/problem+json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


def problem(name: str, status: int, detail: str, **more: Any) -> ProblemResponse:
    """Return problem details; ``name`` is a refusal's class name, and the end of its URN."""
    content = said_as_problem(name, status, detail, **more)
    return ProblemResponse(content, status, headers=NOT_KEPT | HEADERS.get(status, {}))


def said_as_problem(name: str, status: int, detail: str, **more: Any) -> dict[str, Any]:
    """Return what problem details say."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return {
        "type": f"urn:send-records:problem:{words.replace(' ', '-').lower()}",
        "title": words.capitalize(),
        "status": status,
        "detail": detail,
        **{key: value for key, value in more.items() if value},
    }


def status_of(refusal: type[Exception]) -> int:
    """Return the status that a refusal is answered with."""
    return next(code for kind, code in STATUSES.items() if issubclass(refusal, kind))


def _refused(request: Request, error: Exception) -> Response:
    """Answer a refusal, once it is in the access log: why a rule stands in the way can tell
    something of the pupil."""
    if not isinstance(error, NotReadyYet) and not getattr(error, "on_record", False):
        try:
            record_refusal(request, type(error).__name__)
        except NotReadyYet as unrecorded:
            error = unrecorded
    status = status_of(type(error))
    more = {"basis": getattr(error, "basis", "")}
    if isinstance(error, Moved):
        more["kept_pupil_id"] = str(error.into)
    answer = problem(type(error).__name__, status, str(error), **more)
    answer.headers["X-Request-Id"] = str(request_id(request))
    if isinstance(error, SignInAgain):
        answer.headers["WWW-Authenticate"] = AGAIN
    if isinstance(error, TooMany):
        answer.headers["Retry-After"] = str(max(ceil(error.retry_after), 1))
    return answer


def _malformed(_: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [
        {
            "pointer": _pointer(item["loc"]),
            "code": item["type"],
            "detail": _advice(item),
        }
        for item in found[:50]
    ]
    return problem("MalformedRequest", 422, "Correct what is listed under errors.", errors=errors)


def _pointer(place: tuple[int | str, ...]) -> str:
    """Return a JSON pointer into the body, or the name of a header or parameter.

    A name that the request made up may be a child's, and is shown as "?".
    """
    where, *path = place or ("body",)
    if where != "body":
        return "/".join(map(str, place))
    known = field_names()
    return "#" + "".join(
        f"/{part if isinstance(part, int) or part in known else '?'}" for part in path
    )


@cache
def field_names() -> frozenset[str]:
    """Return the names of all fields that a body may have."""
    found: set[str] = set()
    waiting: list[type[Value]] = [Value]
    while waiting:
        value = waiting.pop()
        found |= set(value.model_fields)
        waiting += value.__subclasses__()
    return frozenset(found)


def _advice(item: Any) -> str:
    if item["type"] == "value_error":  # our own words: see aggregates/values.py
        return str(item["msg"]).removeprefix("Value error, ")
    return PLAIN.get(item["type"], "Check this")


def _http(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    details = {
        404: "There is nothing at this address.",
        405: "This address does not take that method.",
        413: "Send less: the body is larger than 256 KiB.",
    }
    answer = problem("HttpProblem", status, details.get(status, "The request cannot be read."))
    answer.headers.update(getattr(error, "headers", None) or {})
    return answer


def _away(request: Request, error: Exception) -> Response:
    """The database does not answer.  Nothing was recorded, or the recorder would have said so."""
    log.warning("database_away", error=type(error).__name__)
    return _refused(request, NotReadyYet("The database does not answer: ask again in a moment."))


def _gone(request: Request, error: Exception) -> Response:
    """Whoever sent something went away before its end; that there was a request is recorded."""
    return _refused(request, UploadCutShort("The connection ended first: send it again."))


def failed(request: Request, error: Exception) -> Response:
    """An error of ours: logged by kind and route, for a message may hold words of the record."""
    route = request.scope.get("route")
    if isinstance(error.__cause__, SendRecordsError):  # a refusal that came too late to be told
        error = error.__cause__
    frame = extract_tb(error.__traceback__)[-1]
    log.error(
        "request_failed",
        error=type(error).__name__,
        at=f"{Path(frame.filename).name}:{frame.lineno}",
        route=getattr(route, "path", None),
    )
    return problem("InternalProblem", 500, "Something went wrong here; it has been logged.")


def add_error_handlers(app: FastAPI) -> None:
    """Answer every error of the app with a problem."""
    for kind in STATUSES:
        app.add_exception_handler(kind, _refused)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _http)
    for absence in AMBIGUOUS:
        app.add_exception_handler(absence, _away)
    app.add_exception_handler(ClientDisconnect, _gone)
