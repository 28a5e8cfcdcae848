"""Fetching from the identity provider: over TLS, so much at most, and in so much time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

import httpx2
import orjson
import structlog

from send_records.errors import NotReadyYet

log = structlog.get_logger()

T = TypeVar("T")

LARGEST = 256 * 1024
"""Bytes; the keys and the description of a provider are a few kilobytes."""

PATIENCE = 5.0
"""Seconds that the provider has for each step, and twice that for the whole of an answer."""

AGAIN, AGAIN_AT_FIRST = 60.0, 5.0
"""Seconds between two attempts: a caller who makes up key ids does not make us ask more often.
While there is nothing yet, nobody can be let in, so it is tried sooner."""

THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


class ProviderAway(NotReadyYet):
    """The identity provider does not answer, or its answer cannot be used."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider said: a status, and an object."""

    status: int
    said: dict[str, Any]


def require_https(url: str) -> str:
    """Return an address that nobody between can read or change; raise ValueError otherwise.

    This machine is excepted, for demo and tests (RFC 8252 s.8.3).
    """
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname and "@" not in parts.netloc:
        return url
    if parts.scheme == "http" and parts.hostname in THIS_MACHINE and "@" not in parts.netloc:
        return url
    raise ValueError("An https address is needed.")


class Wire:
    """The connection to the provider: it follows no redirect and keeps no cookie."""

    def __init__(self) -> None:
        self._client = httpx2.Client(timeout=PATIENCE, follow_redirects=False)

    def get(self, url: str, *, bearer: str | None = None) -> dict[str, Any]:
        """Return an object from an address; raise ProviderAway if there is none."""
        headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
        answer = self._ask("GET", url, headers=headers)
        if answer.status != 200:
            raise _away()
        return answer.said

    def post(self, url: str, form: str, auth: tuple[str, str] | None = None) -> Answer:
        """Send a form, and return what was answered; raise ProviderAway if nothing was."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self._ask("POST", url, headers=headers, content=form, auth=auth)

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def _ask(self, method: str, url: str, **more: Any) -> Answer:
        """Ask, and read an object of bounded size, in bounded time."""
        more["headers"] |= {"Accept": "application/json", "Accept-Encoding": "identity"}
        until, body = time.monotonic() + 2 * PATIENCE, bytearray()
        try:
            with self._client.stream(method, require_https(url), **more) as response:
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > LARGEST or time.monotonic() > until:
                        raise _away()
                self._client.cookies.clear()
            said = orjson.loads(bytes(body))
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            # Not the address, nor what was answered: there may be a code or a name in it.
            log.warning("provider_away", error=type(error).__name__)
            raise _away() from None
        if not isinstance(said, dict) or response.status_code >= 500:
            raise _away()
        return Answer(response.status_code, said)


def _away() -> ProviderAway:
    return ProviderAway("The identity provider does not answer: try again in a moment.")


class Fetched(Generic[T]):
    """What was fetched once, and is fetched again when it is old: kept for as long as the provider
    is away, for nobody is to be shut out by that."""

    def __init__(self, fetch: Callable[[], T], fresh: float) -> None:
        self._fetch = fetch
        self._fresh = fresh
        self._found: T | None = None
        self._fetched = self._tried = float("-inf")
        self._fetching = threading.Lock()

    def get(self) -> T:
        """Return it, fetched if it is old; raise ProviderAway if it never could be."""
        if self._found is None or time.monotonic() - self._fetched > self._fresh:
            self.renew()
        if self._found is None:
            raise _away()
        return self._found

    def renew(self) -> None:
        """Fetch it again, unless that was tried a moment ago, or another thread is at it; whoever
        has nothing yet waits for the other."""
        if not self._fetching.acquire(blocking=self._found is None):
            return
        try:
            wait = AGAIN_AT_FIRST if self._found is None else AGAIN
            if time.monotonic() - self._tried < wait:
                return
            self._tried = time.monotonic()
            self._found = self._fetch()
            self._fetched = time.monotonic()
        except ProviderAway:
            pass  # what is there stays; ``get`` says so if there is nothing
        finally:
            self._fetching.release()
