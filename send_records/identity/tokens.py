"""Bearer tokens: signed by the provider for this API, and verified on every request.

Tokens are JSON Web Tokens signed with Ed25519 (or RS256 and ES256, as identity providers do).  An
access token is believed (RFC 9068); an ID token is not, for it tells the client that somebody
signed in, and is handed to no one else.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, UUID, uuid5

import orjson
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import TypeAdapter, ValidationError

from send_records.aggregates.values import Name
from send_records.errors import NotSignedIn
from send_records.identity.callers import Caller, CallerKind
from send_records.identity.profiles import PROFILES, Profile, ProviderKind, name_of, subject_of
from send_records.identity.strength import LEEWAY, strong_at

if TYPE_CHECKING:
    from send_records.identity.discovery import Discovery

ALGORITHMS = ["Ed25519", "RS256", "ES256"]
"""None of them symmetric: a public key can never be passed off as a secret."""

TYPES = frozenset({"jwt", "at+jwt", "application/at+jwt"})
"""What a token may say that it is (RFC 9068 s.2.1): many providers say no more than JWT."""

MARKS_OF_ID_TOKENS = frozenset({"nonce", "at_hash", "c_hash", "s_hash"})
"""Claims that only an ID token has (OpenID Connect Core s.2 and 3.3.2.11)."""

MOST_CHARACTERS = 8192
"""How long a token can be; a longer one is not looked at."""

MOST_SECONDS = 24 * 3600
"""For how long a token can be issued: it cannot be taken back, so it must end by itself."""

BELIEVED_SECONDS = 300.0
"""For how long a token that was believed is known again by its hash, unless it expires before."""

BELIEVED = 5_000
"""Tokens that are known at once; a trust has fewer people at work at a time."""

NAME = TypeAdapter[str](Name)
"""A name is recorded with every event, so it is judged as any other name that comes in."""

NAMES_OF_SERVICES = ("name", "app_displayname", "client_id", "azp", "appid")
"""The claims by which a service may be known, the best first."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """What of the provider's claims is believed here."""

    profile: Profile = PROFILES[ProviderKind.PLAIN]
    organisation: str | None = None
    """The trust's own, where the provider serves others as well."""
    acrs: frozenset[str] = frozenset()
    """The contexts, by ``acr`` or ``acrs``, that prove a second factor."""


class Verifier:
    """Turns a token into the caller it speaks of, or refuses it."""

    def __init__(
        self,
        keys: KeySet | Discovery,
        *,
        issuer: str,
        audience: str,
        trusted: Trusted = Trusted(),
    ) -> None:
        self._keys = keys
        self._trusted = trusted
        self._believed: dict[bytes, tuple[float, Caller]] = {}
        self._claims = jwt.JWTClaimsRegistry(
            now=None,
            leeway=LEEWAY,
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
        )

    def caller(self, token: str) -> Caller:
        """Return who the token speaks of; raise NotSignedIn if it is not to be believed.

        A signature that was right stays right, so it is checked every few minutes; what changes,
        whether the token has expired, is checked each time.
        """
        if len(token) > MOST_CHARACTERS:
            raise _refused()
        known = _hash_of(token)
        found = self._believed.get(known)
        if found is None or time.time() >= found[0]:
            found = self._judged(token)
            if len(self._believed) >= BELIEVED:
                self._believed.clear()
            self._believed[known] = found
        return found[1]

    def known(self, token: str) -> Caller | None:
        """Return who the token speaks of if it was believed a moment ago, without asking anybody;
        None if it has to be judged, which may wait for the provider."""
        found = self._believed.get(_hash_of(token)) if len(token) <= MOST_CHARACTERS else None
        return None if found is None or time.time() >= found[0] else found[1]

    def _judged(self, token: str) -> tuple[float, Caller]:
        """Return until when the token need not be judged again, and who it speaks of; raise
        NotSignedIn."""
        try:
            decoded = jwt.decode(token, self._keys, algorithms=ALGORITHMS)
            self._claims.validate(decoded.claims)
            _require_for_us(decoded.header, decoded.claims)
            caller = caller_of(decoded.claims, self._trusted)
            until = min(time.time() + BELIEVED_SECONDS, decoded.claims["exp"])
            return until, caller
        except (JoseError, ValidationError, ValueError, KeyError, TypeError, RecursionError):
            raise _refused() from None


def _hash_of(token: str) -> bytes:
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def _refused() -> NotSignedIn:
    return NotSignedIn("Sign in again: the token is missing, expired or not ours.")


def _require_for_us(header: dict[str, Any], claims: dict[str, Any]) -> None:
    """Raise ValueError for what is signed by the provider, but is no access token of today."""
    if str(header.get("typ", "JWT")).lower() not in TYPES:
        raise ValueError("It says that it is something else.")
    if "crit" in header:
        raise ValueError("It asks for more than is understood here (RFC 7515 s.4.1.11).")
    if MARKS_OF_ID_TOKENS & claims.keys():
        raise ValueError("It is an ID token.")
    if claims["exp"] - claims["iat"] > MOST_SECONDS:
        raise ValueError("It lives too long.")


def caller_of(claims: dict[str, Any], trusted: Trusted) -> Caller:
    """Return who verified claims speak of; raise ValidationError, KeyError or ValueError if they
    do not say.

    A service never counts as having proven a second factor: there is nobody to ask for one.
    """
    subject = subject_of(claims, trusted.profile, trusted.organisation)
    person_id = person_id_of(claims["iss"], subject)
    if _of_client_credentials(claims):
        said = next(claims[claim] for claim in (*NAMES_OF_SERVICES, "sub") if claim in claims)
        return Caller(person_id, NAME.validate_python(said), CallerKind.SERVICE, None)
    strong = strong_at(claims, trusted.acrs, time.time())
    return Caller(person_id, NAME.validate_python(name_of(claims)), CallerKind.PERSON, strong)


def _of_client_credentials(claims: dict[str, Any]) -> bool:
    """Whether a service signed in for itself: RFC 9068 s.2.2 has its subject be the client;
    Entra ID says ``idtyp`` and Auth0 ``gty``."""
    return (
        claims.get("idtyp") == "app"
        or claims.get("gty") == "client-credentials"
        or claims["sub"] in [claims.get(claim) for claim in ("client_id", "azp", "appid")]
    )


def person_id_of(issuer: str, subject: str) -> UUID:
    """Return a person's id: the subject if it is a UUID, else one derived from both."""
    try:
        return UUID(subject)
    except ValueError:
        return uuid5(NAMESPACE_URL, f"{issuer}#{subject}")


def keys_from(path: Path) -> KeySet:
    """Return the public keys of a JWKS file."""
    return KeySet.import_key_set(orjson.loads(path.read_bytes()))
