"""Who is asking: a signed token, verified on every request, never a header or the body.

Tokens are JSON Web Tokens signed with Ed25519 (or RS256 and ES256, as identity providers do).  The
local issuer, for demo and tests, keeps its key in the data directory, readable by its owner alone.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OKPKey
from pydantic import TypeAdapter, ValidationError

from send_records.aggregates.base import Actor
from send_records.aggregates.values import Name, Role
from send_records.errors import NotSignedIn

ALGORITHMS = ["Ed25519", "RS256", "ES256"]
"""None of them symmetric: a public key can never be passed off as a secret."""


BELIEVED_SECONDS = 300.0
"""For how long a token that was believed is known again by its hash, unless it expires before."""

BELIEVED = 5_000
"""Tokens that are known at once; a trust has fewer people at work at a time."""

NAME = TypeAdapter[str](Name)
"""A name is recorded with every event, so it is judged as any other name that comes in."""


class Verifier:
    """Turns a token into the actor it speaks of, or refuses it."""

    def __init__(self, keys: KeySet, *, issuer: str, audience: str) -> None:
        self._keys = keys
        self._believed: dict[bytes, tuple[float, Actor]] = {}
        self._claims = jwt.JWTClaimsRegistry(
            now=None,
            leeway=30,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    def actor(self, token: str) -> Actor:
        """Return who the token speaks of; raise NotSignedIn if it is not to be believed.

        A signature that was right stays right, so it is checked every few minutes; what changes,
        whether the token has expired, is checked each time.
        """
        known = sha256(token.encode("utf-8", "surrogatepass")).digest()
        until, actor = self._believed.get(known, (0.0, None))
        if actor is None or time.time() >= until:
            until, actor = self._judged(token)
            if len(self._believed) >= BELIEVED:
                self._believed.clear()
            self._believed[known] = until, actor
        return actor

    def _judged(self, token: str) -> tuple[float, Actor]:
        """Return until when the token need not be judged again, and who it speaks of."""
        try:
            claims = jwt.decode(token, self._keys, algorithms=ALGORITHMS).claims
            self._claims.validate(claims)
            academy = claims.get("academy")
            actor = Actor(
                id=actor_id(claims["iss"], claims["sub"]),
                name=NAME.validate_python(claims["name"]),
                role=Role(claims["role"]),
                academy=None if academy is None else NAME.validate_python(academy),
            )
            return min(time.time() + BELIEVED_SECONDS, claims["exp"]), actor
        except (JoseError, ValidationError, ValueError, KeyError, TypeError, RecursionError):
            raise NotSignedIn("Sign in again: the token is missing, expired or not ours.") from None


def actor_id(issuer: str, subject: str) -> UUID:
    """Return the actor's id: the subject if it is a UUID, else one derived from both."""
    try:
        return UUID(subject)
    except ValueError:
        return uuid5(NAMESPACE_URL, f"{issuer}#{subject}")


class LocalIssuer:
    """Issues tokens for demo and tests, with a key made at first use."""

    def __init__(self, data_dir: Path, *, issuer: str, audience: str) -> None:
        self._path = data_dir / "issuer.json"
        self._issuer = issuer
        self._audience = audience

    @property
    def key(self) -> OKPKey:
        """The private key, from a file of mode 0600."""
        if not self._path.exists():
            self._make()
        return OKPKey.import_key(orjson.loads(self._path.read_bytes()))

    def _make(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        key = OKPKey.generate_key("Ed25519", auto_kid=True)
        # Written whole before it has its name, so that two processes cannot read half of one.
        opened, draft = tempfile.mkstemp(prefix="issuer.", dir=self._path.parent)
        with os.fdopen(opened, "wb") as file:
            file.write(orjson.dumps(key.as_dict(private=True)))
        try:
            os.link(draft, self._path)
        except FileExistsError:
            pass  # another process was first; its key is the one
        finally:
            Path(draft).unlink()

    def public_keys(self) -> KeySet:
        return KeySet([OKPKey.import_key(self.key.as_dict(private=False))])

    def token(
        self,
        actor: Actor,
        *,
        seconds: int = 3600,
        now: Callable[[], float] = time.time,
    ) -> str:
        """Return a token that speaks of the actor, valid for some seconds."""
        issued = int(now())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(actor.id),
            "name": actor.name,
            "role": actor.role.value,
            "iat": issued,
            "exp": issued + seconds,
        }
        if actor.academy is not None:
            claims["academy"] = actor.academy
        key = self.key
        header = {"alg": "Ed25519", "kid": key.kid, "typ": "JWT"}
        return jwt.encode(header, claims, key, algorithms=ALGORITHMS)


def keys_from(path: Path) -> KeySet:
    """Return the public keys of a JWKS file."""
    return KeySet.import_key_set(orjson.loads(path.read_bytes()))
