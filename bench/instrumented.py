"""Our own API with a watch held to it: ``python -m bench.instrumented timed``, or ``cached``.

``timed`` adds up how long requests take, and what of it goes into finding the permit and into
setting the scope.  ``cached`` finds each permit once: what is planted here, and nowhere else, so
that the whole difference is seen.  ``GET /taken`` answers with the sums, and begins anew.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from time import perf_counter
from typing import Any, get_args

from bench.installation import started
from send_records.api import callers, permits
from send_records.settings import Settings
from send_records.store import scopes

WHOLE, CALLER, PERMIT, SCOPE = "whole", "caller", "permit", "scope"

Taken = dict[str, float]
App = Callable[[Any, Any, Any], Awaitable[None]]

TAKEN: Taken = defaultdict(float)
"""Seconds, and how many requests there were."""


def timed(name: str, find: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """Return a dependency that takes the time of another."""

    @wraps(find)
    async def finding(*given: Any, **named: Any) -> Any:
        began = perf_counter()
        found = await find(*given, **named)
        TAKEN[name] += perf_counter() - began
        return found

    return finding


def cached(find: Callable[..., Awaitable[Any]], *states: str) -> Callable[..., Awaitable[Any]]:
    """Return a dependency that asks another once for each token and address, and keeps what that
    said of the request, too."""
    kept: dict[Any, tuple[Any, dict[str, Any]]] = {}

    @wraps(find)
    async def finding(http: Any, **named: Any) -> Any:
        key = http.headers["authorization"], http.method, http.url.path
        if key not in kept:
            found = await find(http=http, **named)
            kept[key] = found, {name: getattr(http.state, name) for name in states}
        found, said = kept[key]
        for name, value in said.items():
            setattr(http.state, name, value)
        return found

    return finding


@contextmanager
def timed_within(connection: Any, scope: scopes.Scope) -> Iterator[Any]:
    """Do as ``within`` does; what is done inside is not counted."""
    began = perf_counter()
    with ORIGINAL(connection, scope) as inside:
        TAKEN[SCOPE] += perf_counter() - began
        yield inside
        began = perf_counter()
    TAKEN[SCOPE] += perf_counter() - began


ORIGINAL = scopes.within


def plant(kind: str) -> None:
    """Put the watch, or the caches, where the routes that are made next will have them."""
    caller, permit = (get_args(each)[1] for each in (permits.CallerAtDoor, permits.Permitted))
    if kind == "timed":
        changed = timed(CALLER, caller.dependency), timed(PERMIT, permit.dependency)
        for module in list(sys.modules.values()):
            if getattr(module, "within", None) is ORIGINAL:
                module.within = timed_within  # type: ignore[attr-defined]
    else:
        changed = cached(caller.dependency, "caller"), cached(permit.dependency, "actor")
    for depends, planted in zip((caller, permit), changed, strict=True):
        object.__setattr__(depends, "dependency", planted)
    vars(callers)["get_caller"] = changed[0]  # by which ``OwnRoute`` knows it


def watched(app: App) -> App:
    """Return an app that takes the time of each request, and tells it."""

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope.get("path") == "/taken":
            body = json.dumps(TAKEN).encode()
            TAKEN.clear()
            head = [(b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": head})
            await send({"type": "http.response.body", "body": body})
            return
        began = perf_counter()
        await app(scope, receive, send)
        if scope["type"] == "http":
            TAKEN[WHOLE] += perf_counter() - began
            TAKEN["requests"] += 1

    return answer


def main(kind: str) -> None:
    """Serve the API, watched."""
    plant(kind)
    # Imported here: what is planted must be there before the routes are made.
    from bench.serve import serve
    from send_records.api.app import create_app
    from send_records.collector import set_apart

    with started(Settings()) as subject:
        app = create_app(subject.system)
        set_apart()
        serve(watched(app) if kind == "timed" else app)


if __name__ == "__main__":
    main(sys.argv[1])
