"""The API as its clients see it, with a token for whoever of the demo asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx2

from send_records.aggregates.base import Actor
from send_records.demo.people import SENCO
from send_records.demo.said import Post
from send_records.identity import LocalIssuer


@dataclass(frozen=True)
class Api:
    """Asks as one person or another."""

    http: httpx2.Client
    issuer: LocalIssuer
    tokens: dict[UUID, str] = field(default_factory=dict)

    def get(self, path: str, who: Actor = SENCO, **parameters: Any) -> Any:
        """Return what a view answers."""
        return self.ask(path, who, **parameters).raise_for_status().json()

    def ask(self, path: str, who: Actor, **parameters: Any) -> httpx2.Response:
        """Return the answer to a question, which may be a refusal."""
        return self.http.get(path, params=parameters, headers=self._signed(who))

    def record(self, post: Post, who: Actor, version: int | None = None) -> httpx2.Response:
        """Send an entry; of a record at the version that was seen, or whatever it is."""
        seen = "*" if version is None else f'"{version}"'
        headers = {"Idempotency-Key": str(post.key), "If-Match": seen}
        return self.http.post(post.path, json=post.body, headers=self._signed(who) | headers)

    def upload(
        self, path: str, key: UUID, media_type: str, data: bytes, who: Actor
    ) -> httpx2.Response:
        """Send the bytes of a document, to be filed under the same key."""
        headers = {"Idempotency-Key": str(key), "Content-Type": media_type}
        return self.http.post(path, content=data, headers=self._signed(who) | headers)

    def _signed(self, who: Actor) -> dict[str, str]:
        if who.id not in self.tokens:
            self.tokens[who.id] = self.issuer.token(who)
        return {"Authorization": f"Bearer {self.tokens[who.id]}"}
