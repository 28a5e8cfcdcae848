"""The local issuer, for demo and tests: whoever can read the data directory can be anybody.

It keeps its key in the data directory, readable by its owner alone.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from joserfc import jwt
from joserfc.jwk import KeySet, OKPKey

from send_records.aggregates.base import Actor


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
        mfa: bool = True,
        auth_time: int | None = None,
    ) -> str:
        """Return a token that speaks of the actor, valid for some seconds; of one who signed in at
        ``auth_time`` (as it is issued), with a second factor unless told otherwise."""
        issued = int(now())
        claims: dict[str, Any] = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": str(actor.id),
            "name": actor.name,
            "iat": issued,
            "exp": issued + seconds,
            "auth_time": issued if auth_time is None else auth_time,
            "amr": ["pwd", "otp", "mfa"] if mfa else ["pwd"],
        }
        key = self.key
        header = {"alg": "Ed25519", "kid": key.kid, "typ": "at+jwt"}
        return jwt.encode(header, claims, key, algorithms=["Ed25519"])
