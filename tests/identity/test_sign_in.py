"""Signing in at a provider: the whole way there and back, and whatever can be wrong with it."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from httpx2 import Response
from joserfc import jwt
from joserfc.jwk import RSAKey

from send_records.store.connections import one
from tests.api.client import problem_of
from tests.identity.conftest import HERE, Site, said, with_parameters
from tests.identity.provider import SECRET, STRONG, Claims, Provider
from tests.identity.test_tokens import part

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the mock's own


def refused(site: Site, address: str) -> dict[str, Any]:
    """Return the problem that coming back to an address is; nobody is signed in by it."""
    problem = problem_of(site.http.get(address), 401)
    assert "session" not in site.http.cookies
    assert site.me().status_code == 401
    return problem


def come_back(site: Site, **claims: Any) -> str:
    sub = str(uuid4())
    site.provider.knows(sub, **(STRONG | claims))
    return site.back(sub)


def test_somebody_signs_in_and_is_known(site: Site) -> None:
    person_id = site.sign_in(name="Sam Okoro")

    me = site.me().json()
    assert me["person_id"] == str(person_id)
    assert (me["name"], me["kind"], me["only"]) == ("Sam Okoro", "person", None)
    assert me["strong_at"] is not None


def test_the_provider_is_asked_with_everything_that_protects_the_answer(site: Site) -> None:
    asked = parse_qs(urlsplit(site.away()).query)

    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == [f"{HERE}/v1/sign-in/callback"]
    assert asked["scope"] == ["openid profile"]
    assert min(len(asked[name][0]) for name in ("state", "nonce", "code_challenge")) >= 43
    again = parse_qs(urlsplit(site.away()).query)
    assert all(asked[name] != again[name] for name in ("state", "nonce", "code_challenge"))


def test_the_cookies_can_be_read_by_no_script_and_sent_by_no_form(site: Site) -> None:
    away = site.http.get("/v1/sign-in")
    [cookie] = away.headers.get_list("set-cookie")
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=600"} <= set(cookie.split("; "))
    sub = str(uuid4())
    site.provider.knows(sub, **STRONG)
    back = site.http.get(site.provider.approve(away.headers["location"], sub))
    ended, begun = back.headers.get_list("set-cookie")
    assert "Max-Age=0" in ended
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(begun.split("; "))
    assert "Max-Age" not in begun
    assert back.headers["cache-control"] == "no-store"
    assert back.headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        ("/v1/pupils", "/v1/pupils"),
        ("/", "/"),
        ("//elsewhere.example", "/v1/me"),
        ("/\\elsewhere.example", "/v1/me"),
        ("https://elsewhere.example/", "/v1/me"),
        ("/v1//elsewhere.example", "/v1/me"),
        ("/a\r\nSet-Cookie: x=y", "/v1/me"),
        ("/%2f/elsewhere.example", "/v1/me"),
        ("javascript:alert(1)", "/v1/me"),
    ],
)
def test_nobody_is_sent_to_another_site_afterwards(site: Site, wanted: str, there: str) -> None:
    sub = str(uuid4())
    site.provider.knows(sub, **STRONG)
    answer = site.http.get(site.back(sub, return_to=wanted))

    assert answer.headers["location"] == there


def test_an_answer_counts_once(site: Site) -> None:
    back = come_back(site)
    assert site.http.get(back).status_code == 303
    site.http.cookies.clear()

    refused(site, back)


def test_an_answer_counts_in_the_browser_that_began_alone(site: Site) -> None:
    """Somebody is sent the address of another's sign-in (RFC 9700 s.4.7)."""
    back = come_back(site)

    victim = site.another_browser
    refused(victim, back)
    victim.away()  # a victim who has begun to sign in themselves
    refused(victim, back)
    assert site.http.get(back).status_code == 303  # and it is not used up by that


@pytest.mark.parametrize(
    "changes",
    [
        {"state": None},
        {"state": ""},
        {"state": "made-up"},
        {"code": None},
        {"code": ""},
        {"code": "made-up"},
        {"iss": "https://another.example"},
        {"error": "access_denied"},
    ],
    ids=str,
)
def test_an_answer_that_was_changed_is_refused(site: Site, changes: dict[str, Any]) -> None:
    refused(site, with_parameters(come_back(site), **changes))


def test_an_answer_that_says_something_twice_is_refused(site: Site) -> None:
    refused(site, come_back(site) + "&state=another")
    refused(site, come_back(site).replace("?", "?code=another&"))  # the last would do


def test_an_answer_of_great_length_is_refused(site: Site) -> None:
    refused(site, come_back(site) + "&session_state=" + "s" * 9000)


def test_another_code_of_the_same_provider_is_refused(site: Site) -> None:
    """A code that was stolen from another sign-in: its challenge is another's."""
    code = parse_qs(urlsplit(come_back(site.another_browser)).query)["code"][0]

    refused(site, with_parameters(come_back(site), code=code))


def test_a_provider_that_names_itself_must(site: Site) -> None:
    """RFC 9207: whoever says that they always name themselves, and does not, is another."""
    passed(site, an_hour=True)
    site.provider.described = {"authorization_response_iss_parameter_supported": True}
    back = come_back(site)

    refused(site, back)
    assert site.http.get(with_parameters(come_back(site), iss=site.issuer)).status_code == 303
    site.provider.described = {}
    passed(site, an_hour=True)


def passed(site: Site, *, a_minute: bool = False, an_hour: bool = False) -> None:
    """Have time pass for what was fetched of the provider."""
    assert site.system.door.sign_in is not None
    discovery = site.system.door.sign_in._discovery
    for fetched in (discovery._provider, discovery._keys):
        if a_minute or an_hour:
            fetched._tried = float("-inf")
        if an_hour:
            fetched._fetched = float("-inf")


def test_whoever_refuses_at_the_provider_is_not_signed_in(site: Site) -> None:
    state = parse_qs(urlsplit(address := site.away()).query)["state"][0]
    back = site.provider.deny(address)

    refused(site, with_parameters(back, state=state))


def test_a_sign_in_takes_ten_minutes_at_most(site: Site) -> None:
    back = come_back(site)
    with one(site.database.as_owner()) as owner:
        owner.execute("UPDATE sign_ins SET begun_at = begun_at - interval '10 minutes 1 second'")

    refused(site, back)


NOW = int(time.time())


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://another.example"},
        {"iss": None},
        {"aud": "another-client"},
        {"aud": "another-client", "azp": "send-records-web"},
        {"aud": [], "azp": "send-records-web"},
        {"aud": "send-records"},
        {"aud": ["send-records-web", "another-client"]},  # and azp does not say whose it is
        {"aud": ["send-records-web", "another-client"], "azp": "another-client"},
        {"azp": "another-client"},
        {"nonce": None},
        {"nonce": ""},
        {"nonce": "another"},
        {"exp": NOW - 60},
        {"exp": None},
        {"iat": None},
        {"nbf": NOW + 3600},
        {"sub": None},
        {"sub": ""},
        {"sub": 5},
        {"sub": "s" * 256},
        {"name": "Sam\x00Okoro"},
        {"name": "S" * 201},
        {"at_hash": "bm90IG91cnM"},
    ],
    ids=said,
)
def test_an_id_token_must_be_of_this_sign_in(site: Site, changes: Claims) -> None:
    def spoilt(claims: Claims) -> Claims:
        return {k: v for k, v in (claims | changes).items() if v is not None}

    site.provider.spoil = spoilt

    refused(site, come_back(site))


STRANGER = RSAKey.generate_key(2048, {"kid": "first"})


def unsigned(claims: Claims, **header: str) -> str:
    return f"{part(header)}.{part(claims)}"


def by_secret(claims: Claims, secret: bytes) -> str:
    """Return a token signed with HMAC, as by whoever takes a public key for a secret."""
    begun = unsigned(claims, alg="HS256", kid="first")
    return f"{begun}.{part(hmac.digest(secret, begun.encode(), 'sha256'))}"


Forging = Callable[[Provider, Claims], str]

FORGED: dict[str, Forging] = {
    "nobody": lambda _, claims: unsigned(claims, alg="none") + ".",
    "a stranger": lambda _, claims: jwt.encode({"alg": "RS256", "kid": "first"}, claims, STRANGER),
    "the client's secret": lambda _, claims: by_secret(claims, SECRET.encode()),
    "the public key": lambda provider, claims: by_secret(
        claims, provider.key.as_pem(private=False)
    ),
    "an access token": lambda provider, claims: provider.signed(claims, typ="at+jwt"),
    "an extension": lambda provider, claims: provider.signed(claims, crit=["b64"], b64=True),
    "no token": lambda _, claims: "no token",
    "a long token": lambda provider, claims: provider.signed(claims | {"groups": "g" * 9000}),
}


@pytest.mark.parametrize("how", FORGED)
def test_an_id_token_must_be_signed_by_the_provider(site: Site, how: str) -> None:
    site.provider.forge = lambda claims: FORGED[how](site.provider, claims)

    refused(site, come_back(site))


def test_an_id_token_is_no_bearer_token(site: Site) -> None:
    """Also if it were for the API: it says of whom, and nothing of what for."""
    kept: list[str] = []

    def keeping(claims: Claims) -> str:
        kept.append(site.provider.signed(claims | {"aud": "send-records"}))
        return site.provider.signed(claims)

    site.provider.forge = keeping
    site.sign_in()

    assert site.another_browser.me(Authorization=f"Bearer {kept[0]}").status_code == 401


def test_an_access_token_of_the_provider_is_believed_by_its_published_keys(site: Site) -> None:
    claims = {
        "iss": site.issuer,
        "aud": "send-records",
        "sub": str(uuid4()),
        "name": "Kim",
        "iat": NOW,
        "exp": NOW + 600,
    }
    token = site.provider.signed(claims)

    assert site.me(Authorization=f"Bearer {token}").json()["name"] == "Kim"


def test_a_name_in_two_parts_is_asked_of_the_provider(site: Site) -> None:
    """As DfE Sign-in has it."""
    sub = str(uuid4())
    site.provider.knows(sub, given_name="Sam", family_name="Okoro", amr=["mfa"])
    unnamed = ("given_name", "family_name")
    site.provider.spoil = lambda claims: {k: v for k, v in claims.items() if k not in unnamed}

    assert site.http.get(site.back(sub)).status_code == 303
    assert site.me().json()["name"] == "Sam Okoro"


def test_the_name_of_somebody_else_is_not_taken(site: Site) -> None:
    site.provider.spoil = lambda claims: {k: v for k, v in claims.items() if k != "name"}
    site.provider.told = {"sub": "another", "name": "Kim"}

    refused(site, come_back(site))


def test_nobody_is_signed_in_without_a_second_factor(site: Site) -> None:
    for claims in ({"amr": ["pwd"]}, {"amr": None}, {"amr": ["mfa"], "auth_time": 0}):
        problem = problem_of(site.http.get(come_back(site, **claims)), 403)
        assert problem["type"] == "urn:send-records:problem:second-factor-not-proven"
        assert site.me().status_code == 401


def test_a_refusal_repeats_nothing_that_was_sent(site: Site) -> None:
    answers: list[Response] = [
        site.http.get("/v1/sign-in/callback?state=Zqxcanary&code=Zqxcanary&error=Zqxcanary"),
        site.http.get("/v1/sign-in?return_to=" + "Zqxcanary" * 50),
        site.me(Authorization="Bearer Zqxcanary"),
    ]

    assert [a.status_code for a in answers] == [401, 422, 401]
    assert [a for a in answers if "Zqxcanary" in a.text or "Zqxcanary" in str(a.headers)] == []


def test_the_provider_may_change_its_keys(site: Site) -> None:
    site.sign_in()
    site.provider.rotate()
    passed(site, a_minute=True)

    site.another_browser.sign_in()


def test_a_key_that_is_made_up_makes_us_ask_once_a_minute(site: Site) -> None:
    site.sign_in()
    passed(site, a_minute=True)
    site.provider.asked.clear()
    for number in range(20):
        token = jwt.encode({"alg": "RS256", "kid": f"made-up-{number}"}, {"iss": "x"}, STRANGER)
        assert site.me(Authorization=f"Bearer {token}").status_code == 401

    assert site.provider.asked.count("/jwks") == 1


def test_whoever_is_signed_in_does_not_notice_that_the_provider_is_away(site: Site) -> None:
    site.sign_in()
    back = come_back(another := site.another_browser)
    site.provider.away = True

    assert site.me().status_code == 200
    problem_of(another.http.get(back), 503)


def test_while_the_provider_is_away_its_old_keys_are_believed(site: Site) -> None:
    site.sign_in()
    passed(site, an_hour=True)
    site.provider.away = True
    claims = {"iss": site.issuer, "aud": "send-records", "sub": "s", "name": "Kim"}
    token = site.provider.signed(claims | {"iat": NOW, "exp": NOW + 600})

    assert site.another_browser.me(Authorization=f"Bearer {token}").status_code == 200
