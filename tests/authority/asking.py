"""Asking the app itself, in this process: many at a time, with nothing left out of the app."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson
from fastapi import FastAPI

VARIES = frozenset({b"x-request-id", b"date"})
"""Headers that are of the request and not of the answer."""

AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it is sent."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def but(self, **headers: str) -> Asked:
        """The same, with other headers."""
        return Asked(self.method, self.path, {**self.headers, **headers}, self.body)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def told(self) -> tuple[int, tuple[tuple[bytes, bytes], ...], bytes]:
        """All of it that says anything: what two answers are compared by."""
        kept = tuple(sorted(each for each in self.headers if each[0] not in VARIES))
        return self.status, kept, self.body

    @property
    def text(self) -> str:
        """All of it in small letters, to look for words in."""
        headers = b"\n".join(name + b": " + value for name, value in self.headers)
        return (headers + b"\n\n" + self.body).decode("utf-8", "replace").lower()

    @property
    def problem(self) -> str:
        """The kind of problem that it is; empty if it is none."""
        if not any(value == b"application/problem+json" for _, value in self.headers):
            return ""
        return str(orjson.loads(self.body)["type"]).rpartition(":")[2]


async def ask(app: FastAPI, asked: Asked) -> Answer:
    """Send one request, and return the answer."""
    at = urlsplit(asked.path)
    headers = [(name.lower().encode(), value.encode()) for name, value in asked.headers.items()]
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": "https",
        "path": at.path,
        "raw_path": at.path.encode(),
        "query_string": at.query.encode(),
        "headers": [(b"host", b"records.example.org"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("records.example.org", 443),
        "state": {},
    }
    sent, ended = iter([asked.body]), asyncio.Event()
    status, parts = 0, bytearray()
    told: tuple[tuple[bytes, bytes], ...] = ()

    async def receive() -> dict[str, Any]:
        for body in sent:
            return {"type": "http.request", "body": body, "more_body": False}
        await ended.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status, told
        if message["type"] == "http.response.start":
            status = message["status"]
            told = tuple((name, value) for name, value in message["headers"])
        else:
            parts.extend(message.get("body", b""))
            if not message.get("more_body"):
                ended.set()

    await app(scope, receive, send)
    return Answer(status, told, bytes(parts))


async def ask_all(app: FastAPI, several: Sequence[Asked], at_once: int = AT_ONCE) -> list[Answer]:
    """Send requests, some at a time; return the answers in the order of the requests."""
    turns = asyncio.Semaphore(at_once)

    async def in_turn(asked: Asked) -> Answer:
        async with turns:
            return await ask(app, asked)

    return await asyncio.gather(*map(in_turn, several))


def answers(app: FastAPI, several: Iterable[Asked], at_once: int = AT_ONCE) -> list[Answer]:
    """The same, for whoever is in no event loop."""
    return asyncio.run(ask_all(app, list(several), at_once))
