"""Who a token speaks of, whether it is somebody or something, and when a second factor was proven.

Claims are shaped as the providers send them: Entra ID, Google Workspace, DfE Sign-in, Auth0."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt

from send_records.errors import NotSignedIn
from send_records.identity import Caller, CallerKind, LocalIssuer, Verifier
from send_records.identity.tokens import Trusted
from tests.identity.conftest import said
from tests.scenario import SENCO

ISSUER, AUDIENCE = "urn:send-records:local", "send-records"
NOW = int(time.time())


@pytest.fixture
def local(tmp_path: Path) -> LocalIssuer:
    return LocalIssuer(tmp_path, issuer=ISSUER, audience=AUDIENCE)


@pytest.fixture
def verifier(local: LocalIssuer) -> Verifier:
    trusted = Trusted(acrs=frozenset({"urn:mfa", "c1"}))
    return Verifier(local.public_keys(), issuer=ISSUER, audience=AUDIENCE, trusted=trusted)


def signed(local: LocalIssuer, header: dict[str, Any] | None = None, **changes: Any) -> str:
    said = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(SENCO.id),
        "name": SENCO.name,
        "iat": NOW,
        "exp": NOW + 3600,
    }
    claims = {name: value for name, value in (said | changes).items() if value is not None}
    headers = {"alg": "Ed25519", "kid": local.key.kid} | (header or {})
    return jwt.encode(headers, claims, local.key, algorithms=["Ed25519"])


def test_a_caller_is_known_without_a_role(local: LocalIssuer, verifier: Verifier) -> None:
    assert verifier.caller(signed(local)) == Caller(SENCO.id, SENCO.name, CallerKind.PERSON, None)


def test_the_local_issuer_says_when_somebody_signed_in_and_how(
    local: LocalIssuer, verifier: Verifier
) -> None:
    assert verifier.caller(local.token(SENCO, auth_time=NOW - 600)).strong_at == NOW - 600
    assert verifier.caller(local.token(SENCO, now=lambda: NOW)).strong_at == NOW
    assert verifier.caller(local.token(SENCO, mfa=False)).strong_at is None


@pytest.mark.parametrize(
    "claims",
    [
        {"amr": ["mfa"]},
        {"amr": ["pwd", "mfa"]},  # Entra ID, Google Workspace
        {"amr": ["fido"]},
        {"amr": ["pwd", "otp"]},
        {"amr": ["hwk", "pin"]},
        {"amr": ["hwk", "face"]},
        {"amr": ["pwd"], "acr": "urn:mfa"},
        {"acrs": ["p1", "c1"]},  # an authentication context of Entra ID
    ],
    ids=str,
)
def test_two_factors_are_proven_by_what_a_provider_says(
    local: LocalIssuer, verifier: Verifier, claims: dict[str, Any]
) -> None:
    assert verifier.caller(signed(local, auth_time=NOW - 60, **claims)).strong_at == NOW - 60


@pytest.mark.parametrize(
    "claims",
    [
        {},  # DfE Sign-in says nothing of how
        {"amr": ["pwd"]},
        {"amr": ["otp"]},
        {"amr": ["hwk"]},
        {"amr": ["pwd", "pin"]},
        {"amr": ["otp", "sms"]},
        {"amr": "mfa"},
        {"amr": [["mfa"]]},
        {"amr": {"mfa": True}},
        {"acr": "1"},
        {"acr": ["urn:mfa"]},
        {"acrs": "c1"},
    ],
    ids=str,
)
def test_what_a_provider_does_not_say_is_not_believed(
    local: LocalIssuer, verifier: Verifier, claims: dict[str, Any]
) -> None:
    assert verifier.caller(signed(local, auth_time=NOW, **claims)).strong_at is None


@pytest.mark.parametrize("at", [None, True, "now", 0, -5, NOW + 3600, [NOW]], ids=said)
def test_a_second_factor_of_no_known_time_was_never_proven(
    local: LocalIssuer, verifier: Verifier, at: object
) -> None:
    assert verifier.caller(signed(local, amr=["mfa"], auth_time=at)).strong_at is None


def test_a_providers_clock_a_little_ahead_gains_nothing(
    local: LocalIssuer, verifier: Verifier
) -> None:
    caller = verifier.caller(signed(local, amr=["mfa"], auth_time=int(time.time()) + 20))

    assert caller.strong_at is not None
    assert caller.strong_at <= time.time()


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"idtyp": "app", "azp": "mis-sync", "oid": str(SENCO.id)}, "mis-sync"),  # Entra ID
        ({"idtyp": "app", "app_displayname": "MIS sync", "appid": "x"}, "MIS sync"),
        ({"gty": "client-credentials", "azp": "mis"}, "mis"),  # Auth0
        ({"client_id": "mis-sync", "sub": "mis-sync"}, "mis-sync"),  # RFC 9068
    ],
    ids=str,
)
def test_client_credentials_are_of_a_service_and_never_strong(
    local: LocalIssuer, verifier: Verifier, claims: dict[str, Any], name: str
) -> None:
    token = signed(local, **{"name": None, "amr": ["mfa"], "auth_time": NOW} | claims)
    caller = verifier.caller(token)

    assert (caller.kind, caller.name, caller.strong_at) == (CallerKind.SERVICE, name, None)


@pytest.mark.parametrize("mark", ["nonce", "at_hash", "c_hash", "s_hash"])
def test_an_id_token_is_no_access_token(local: LocalIssuer, verifier: Verifier, mark: str) -> None:
    with pytest.raises(NotSignedIn):
        verifier.caller(signed(local, None, **{mark: "n-0S6_WzA2Mj"}))


@pytest.mark.parametrize(
    "header",
    [{"typ": "logout+jwt"}, {"typ": "dpop+jwt"}, {"typ": ""}],
    ids=str,
)
def test_a_token_of_another_type_is_refused(
    local: LocalIssuer, verifier: Verifier, header: dict[str, Any]
) -> None:
    with pytest.raises(NotSignedIn):
        verifier.caller(signed(local, header))


@pytest.mark.parametrize("typ", ["JWT", "jwt", "at+jwt", "application/at+jwt", "AT+JWT"])
def test_an_access_token_may_say_that_it_is_one(
    local: LocalIssuer, verifier: Verifier, typ: str
) -> None:
    assert verifier.caller(signed(local, {"typ": typ})).person_id == SENCO.id


def test_an_extension_that_must_be_understood_is_refused(
    local: LocalIssuer, verifier: Verifier
) -> None:
    with pytest.raises(NotSignedIn):
        verifier.caller(signed(local, {"crit": ["b64"], "b64": True}))


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW + 24 * 3600 + 1},
        {"exp": float(2**60)},
        {"iat": None},
        {"iat": NOW + 3600, "exp": NOW + 7200},
        {"iat": NOW - 30 * 24 * 3600},  # thirty days, of which the last hour is left
    ],
    ids=said,
)
def test_a_token_that_lives_long_is_refused(
    local: LocalIssuer, verifier: Verifier, claims: dict[str, Any]
) -> None:
    with pytest.raises(NotSignedIn):
        verifier.caller(signed(local, **claims))


def test_a_token_of_over_8_kb_is_not_looked_at(local: LocalIssuer, verifier: Verifier) -> None:
    assert verifier.caller(signed(local, groups="g" * 5000)).person_id == SENCO.id
    with pytest.raises(NotSignedIn):
        verifier.caller(signed(local, groups="g" * 6200))
