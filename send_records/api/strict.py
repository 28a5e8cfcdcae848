"""JSON as it is meant to be: no twin keys, no NaN, no number beyond measure, nothing too deep.

Plain readers let these through, and what was stored is then not what was sent (``security.md``,
measured 9).  What is refused is named by its place and never repeated.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

LARGEST_BODY = 256 * 1024
"""Bytes.  The longest form of words here is a fraction of that."""

LARGEST_NUMBER = 1e15
DEEPEST = 12


class StrictRequest(Request):
    """A request whose body is of bounded size, and whose JSON is read strictly."""

    async def body(self) -> bytes:
        if not hasattr(self, "_body"):
            body = bytearray()
            async for chunk in self.stream():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise HTTPException(413)
            self._body = bytes(body)
        return self._body

    async def json(self) -> Any:
        try:
            text = (await self.body()).decode("utf-8")
        except UnicodeDecodeError:
            raise json.JSONDecodeError("the body is not UTF-8", "", 0) from None
        return strict_json(text)


def strict_json(text: str) -> Any:
    """Return what the text says; raise json.JSONDecodeError for what a careful reader refuses."""

    def refuse(what: str) -> json.JSONDecodeError:
        return json.JSONDecodeError(what, "", 0)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            raise refuse("the same name stands twice in one object")
        return found

    def number(digits: str) -> float:
        value = float(digits)
        if not abs(value) <= LARGEST_NUMBER:
            raise refuse("a number is too large")
        return value

    def integer(digits: str) -> int:
        if len(digits) > 16:
            raise refuse("a number is too large")
        return int(digits)

    def constant(_: str) -> Any:
        raise refuse("NaN and Infinity are not numbers")

    try:
        value = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_float=number,
            parse_int=integer,
            parse_constant=constant,
        )
    except RecursionError:
        raise refuse("the body is nested too deeply") from None
    _require_shallow(value, DEEPEST, refuse)
    return value


def _require_shallow(value: Any, depth: int, refuse: Callable[[str], json.JSONDecodeError]) -> None:
    if isinstance(value, str):
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise refuse("half a character")
        return
    if not isinstance(value, dict | list):
        return
    if depth == 0:
        raise refuse("the body is nested too deeply")
    if isinstance(value, dict):
        for name in value:
            _require_shallow(name, depth, refuse)
    for inner in value.values() if isinstance(value, dict) else value:
        _require_shallow(inner, depth - 1, refuse)


class StrictRoute(APIRoute):
    """A route whose body is read strictly."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handle(StrictRequest(request.scope, request.receive))

        return strictly
