"""Signing in with OpenID Connect: authorization code, PKCE, state and nonce (RFC 9700 s.2.1).

Whoever signs in goes to the provider and comes back with a code.  It is taken only in the browser
that began, once, from the provider that was asked (RFC 9207), with the verifier of its challenge
(RFC 7636); and the ID token that it is exchanged for must be of that sign-in, by its nonce.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Any
from urllib.parse import quote_plus

import orjson
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from pydantic import ValidationError

from send_records.errors import NotPermitted, NotSignedIn
from send_records.identity.callers import Caller
from send_records.identity.discovery import Discovery
from send_records.identity.fetching import Wire
from send_records.identity.profiles import name_of
from send_records.identity.strength import LEEWAY
from send_records.identity.tokens import ALGORITHMS, MOST_CHARACTERS, Trusted, caller_of
from send_records.store.sessions import Session
from send_records.store.sign_ins import Begun, SignIns

HERE = re.compile(r"/(?:[A-Za-z0-9_.~-]+/?)*", re.ASCII)
"""A path of this site: nothing that a browser could take for another site's address."""

AFTERWARDS = "/v1/me"


class SignInFailed(NotSignedIn):
    """The provider's answer is not one to a sign-in that this browser began."""


class SecondFactorNotProven(NotPermitted):
    """The provider did not say that a second factor was proven, or not when it had to be."""

    basis = "UK GDPR Art 32; DfE Cyber security standards for schools and colleges, s.5"


@dataclass(frozen=True, slots=True)
class Client:
    """What the provider knows this installation by."""

    client_id: str
    secret: str | None
    redirect_url: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who has come back from the provider."""

    caller: Caller
    return_to: str
    strong_at: datetime | None
    instead_of: Session | None
    """The session that this is a step-up of; None for a first sign-in."""


class SignIn:
    """The way to the provider and back."""

    def __init__(
        self,
        discovery: Discovery,
        wire: Wire,
        client: Client,
        trusted: Trusted,
        sign_ins: SignIns,
        *,
        second_factor: bool,
    ) -> None:
        self._discovery = discovery
        self._wire = wire
        self._client = client
        self._trusted = trusted
        self._sign_ins = sign_ins
        self._second_factor = second_factor

    def begin(self, return_to: str | None, session: Session | None = None) -> tuple[str, str]:
        """Return where the browser is to go, and what it must bring back in a cookie; with a
        session, a second factor is asked for freshly."""
        provider = self._discovery.provider
        state, browser, nonce, verifier = (token_urlsafe(32) for _ in range(4))
        there = return_to if return_to and HERE.fullmatch(return_to) else AFTERWARDS
        self._sign_ins.begin(
            state,
            browser,
            nonce=nonce,
            verifier=verifier,
            return_to=there,
            session_id=session.session_id if session else None,
        )
        address = prepare_grant_uri(
            provider.authorization_endpoint,
            client_id=self._client.client_id,
            response_type="code",
            redirect_uri=self._client.redirect_url,
            scope=self._trusted.profile.scope,
            state=state,
            nonce=nonce,
            code_challenge=create_s256_code_challenge(verifier),
            code_challenge_method="S256",
            **self._contexts(),
            **(self._trusted.profile.freshly if session else {}),
        )
        return str(address), browser

    def _contexts(self) -> dict[str, str]:
        """Return what asks for a second factor, by the contexts that the settings name."""
        asked, acrs = self._trusted.profile.contexts, sorted(self._trusted.acrs)
        if not acrs or asked is None:
            return {}
        if asked != "claims":
            return {asked: " ".join(acrs)}
        wanted = {"id_token": {"acrs": {"essential": True, "values": acrs}}}
        return {asked: orjson.dumps(wanted).decode()}

    def complete(
        self, answer: Mapping[str, str], browser: str | None, session: Session | None
    ) -> SignedIn:
        """Return who came back; raise SignInFailed, SecondFactorNotProven or ProviderAway.

        The answer is good for one try, whatever comes of it.
        """
        begun = self._sign_ins.take(answer.get("state", ""), browser) if browser else None
        if begun is None:
            raise SignInFailed("This sign-in was not begun here, or is over: begin again.")
        self._require_provider(answer)
        if "error" in answer or not answer.get("code"):
            raise SignInFailed("The identity provider did not sign you in.")
        tokens = self._exchanged(answer["code"], begun.verifier)
        caller = self._caller(tokens, begun.nonce)
        self._require_strong(caller, begun, session)
        strong = caller.strong_at
        at = None if strong is None else datetime.fromtimestamp(strong, UTC)
        return SignedIn(caller, begun.return_to, at, session if begun.session_id else None)

    def _require_provider(self, answer: Mapping[str, str]) -> None:
        """Raise SignInFailed if another provider answers than was asked (RFC 9207 s.2.4)."""
        provider = self._discovery.provider
        said = answer.get("iss")
        if said != provider.issuer and (said is not None or provider.names_itself):
            raise SignInFailed("Another identity provider answered than was asked: begin again.")

    def _exchanged(self, code: str, verifier: str) -> dict[str, Any]:
        """Return the tokens that a code is exchanged for; raise SignInFailed if it is for none."""
        provider, client = self._discovery.provider, self._client
        more, auth = {"code": code, "code_verifier": verifier}, None
        if client.secret is not None and provider.takes_basic:
            auth = (quote_plus(client.client_id), quote_plus(client.secret))
        else:
            more |= {"client_id": client.client_id, "client_secret": client.secret or ""}
        form = prepare_token_request("authorization_code", "", client.redirect_url, **more)
        answer = self._wire.post(provider.token_endpoint, form, auth)
        if answer.status != 200:
            raise SignInFailed("The identity provider did not sign you in.")
        return answer.said

    def _caller(self, tokens: dict[str, Any], nonce: str) -> Caller:
        """Return who the ID token is of, by the name that it or the provider tells; raise
        SignInFailed."""
        try:
            claims = self._claims(tokens, nonce)
            if name_of(claims) is None:
                claims["name"] = self._told_name(claims["sub"], tokens["access_token"])
            return caller_of(claims, self._trusted)
        except (JoseError, ValidationError, ValueError, KeyError, TypeError, RecursionError):
            raise SignInFailed("The identity provider's answer cannot be believed.") from None

    def _claims(self, tokens: dict[str, Any], nonce: str) -> dict[str, Any]:
        """Return the claims of an ID token that is of this sign-in (Core s.3.1.3.7)."""
        text = tokens["id_token"]
        if not isinstance(text, str) or len(text) > MOST_CHARACTERS:
            raise ValueError("It is no token.")
        token = jwt.decode(text, self._discovery, algorithms=ALGORITHMS)
        if str(token.header.get("typ", "JWT")).lower() != "jwt" or "crit" in token.header:
            raise ValueError("It is not an ID token.")
        client_id = self._client.client_id
        CodeIDToken(
            token.claims,
            token.header,
            options={
                "iss": {"essential": True, "value": self._discovery.issuer},
                "aud": {"essential": True, "value": client_id},
                "nonce": {"essential": True, "value": nonce},
            },
            params={
                "nonce": nonce,
                "client_id": client_id,
                "access_token": tokens.get("access_token"),
            },
        ).validate(leeway=LEEWAY)
        return dict(token.claims)

    def _told_name(self, sub: str, access_token: str) -> str | None:
        """Return the name that the provider tells of somebody, and of nobody else (Core s.5.3.2);
        raise KeyError or ValueError."""
        address = self._discovery.provider.userinfo_endpoint
        if address is None or not isinstance(access_token, str):
            return None
        said = self._wire.get(address, bearer=access_token)
        if said["sub"] != sub:
            raise ValueError("It is somebody else's.")
        return name_of(said)

    def _require_strong(self, caller: Caller, begun: Begun, session: Session | None) -> None:
        """Raise SecondFactorNotProven if a second factor was to be proven, and SignInFailed if
        somebody else came back than whose session it is."""
        if begun.session_id is not None:
            if session is None or session.session_id != begun.session_id:
                raise SignInFailed("The session is over: sign in again.")
            if session.person_id != caller.person_id:
                raise SignInFailed("Somebody else came back than went: sign in again.")
            since = begun.begun_at.timestamp() - LEEWAY
            if caller.strong_at is None or caller.strong_at < since:
                raise SecondFactorNotProven(
                    "The identity provider did not say that you proved a second factor just now."
                )
        elif self._second_factor and caller.strong_at is None:
            raise SecondFactorNotProven(
                "The identity provider did not say that you proved a second factor."
            )
