"""What an identity provider says of itself (OpenID Connect Discovery 1.0), and its public keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, KeySet, import_key

from send_records.identity.fetching import Fetched, ProviderAway, Wire, require_https

FRESH = 3600.0
"""Seconds after which keys and addresses are looked at again."""

MOST_KEYS = 100
KINDS_OF_KEY = frozenset({"RSA", "EC", "OKP"})
"""None of them symmetric: what a provider publishes is no secret to sign with."""


@dataclass(frozen=True, slots=True)
class Provider:
    """Where an identity provider takes what."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    names_itself: bool
    """Whether it says who it is in the answer to a sign-in (RFC 9207)."""
    takes_basic: bool
    """Whether a client's secret goes in a header; in the form otherwise (Discovery s.3)."""


class Discovery:
    """A provider by its address: what it says of itself, and its keys by their names."""

    def __init__(self, issuer: str, wire: Wire) -> None:
        self.issuer = issuer
        self._wire = wire
        self._provider = Fetched(self._describe, FRESH)
        self._keys = Fetched(self._publish, FRESH)

    @property
    def provider(self) -> Provider:
        """What the provider says of itself; raise ProviderAway if it never could be asked."""
        return self._provider.get()

    def __call__(self, token: GuestProtocol) -> KeySet:
        """Return the keys that a token may be signed with: fetched again if its key is not among
        them, for a provider changes its keys without notice; raise ProviderAway."""
        keys, wanted = self._keys.get(), token.headers().get("kid")
        if wanted is not None and all(key.kid != wanted for key in keys):
            self._keys.renew()
            keys = self._keys.get()
        return keys

    def _describe(self) -> Provider:
        said = self._wire.get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        try:
            return provider_of(said, self.issuer)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise ProviderAway("The identity provider's description cannot be used.") from None

    def _publish(self) -> KeySet:
        return keys_of(self._wire.get(self.provider.jwks_uri))


def provider_of(said: dict[str, Any], issuer: str) -> Provider:
    """Return the provider that a description is of; raise KeyError or ValueError if it lacks
    something, or is another's (Discovery s.4.3)."""
    if said["issuer"] != issuer:
        raise ValueError("It is another provider's.")
    userinfo = said.get("userinfo_endpoint")
    methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Provider(
        issuer=issuer,
        authorization_endpoint=require_https(said["authorization_endpoint"]),
        token_endpoint=require_https(said["token_endpoint"]),
        jwks_uri=require_https(said["jwks_uri"]),
        userinfo_endpoint=None if userinfo is None else require_https(userinfo),
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
        takes_basic="client_secret_basic" in methods,
    )


def keys_of(said: dict[str, Any]) -> KeySet:
    """Return the keys of a JWKS that sign, leaving out what is not known here (RFC 7517 s.5);
    raise ProviderAway if there are none."""
    found, published = [], said.get("keys")
    for each in published[:MOST_KEYS] if isinstance(published, list) else []:
        try:
            if each["kty"] in KINDS_OF_KEY and each.get("use", "sig") == "sig":
                found.append(import_key(each))
        except (JoseError, KeyError, TypeError, ValueError, AttributeError):
            continue
    if not found:
        raise ProviderAway("The identity provider publishes no key that can be used.")
    return KeySet(found)
