"""What is fetched from a provider: over TLS or from this machine, bounded, and as it should be."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from send_records.identity import fetching
from send_records.identity.discovery import keys_of, provider_of
from send_records.identity.fetching import Fetched, ProviderAway, Wire, require_https

ISSUER = "https://login.example/tenant"
SAID: dict[str, Any] = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://login.example/authorize",
    "token_endpoint": "https://login.example/token",
    "jwks_uri": "https://login.example/keys",
}


@contextmanager
def answering(status: int, body: bytes, *, pause: float = 0.0, **headers: str) -> Iterator[str]:
    """Serve one answer on this machine, a byte at a time if it is to be slow; yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            try:
                for at in range(0, len(body), 1 if pause else len(body)):
                    self.wfile.write(body[at : at + 1] if pause else body)
                    self.wfile.flush()
                    time.sleep(pause)
            except OSError:
                pass  # whoever asked has gone

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def wire() -> Iterator[Wire]:
    found = Wire()
    yield found
    found.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://login.example/",
        "http://login.example.localhost.elsewhere/",
        "http://localhost.elsewhere/",
        "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/",
        "http://localhost@elsewhere.example/",
        "https://localhost@elsewhere.example/",
        "file:///etc/passwd",
        "ftp://login.example/",
        "//login.example/",
        "",
    ],
)
def test_nothing_is_fetched_that_others_could_change(url: str, wire: Wire) -> None:
    with pytest.raises(ValueError, match="https"):
        require_https(url)
    with pytest.raises(ProviderAway):
        wire.get(url)


@pytest.mark.parametrize("url", ["https://login.example/x", "http://localhost:9400/x"])
def test_over_tls_or_on_this_machine_it_is(url: str) -> None:
    assert require_https(url) == url


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://[::1]:9/"])
def test_a_provider_that_is_not_there_is_away(wire: Wire, url: str) -> None:
    with pytest.raises(ProviderAway):
        wire.get(url)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"<html>"),
        (200, b"[]"),
        (200, b'"x"'),
        (200, b"NaN"),
        (200, b'{"a": "' + b"a" * 300_000 + b'"}'),
        (204, b"{}"),
        (404, b"{}"),
        (500, b"{}"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_an_answer_that_is_none_counts_as_away(wire: Wire, status: int, body: bytes) -> None:
    with answering(status, body) as url, pytest.raises(ProviderAway):
        wire.get(url)


def test_a_redirect_is_not_followed(wire: Wire) -> None:
    with (
        answering(200, b"{}") as there,
        answering(302, b"{}", Location=there) as url,
        pytest.raises(ProviderAway),
    ):
        wire.get(url)


def test_an_answer_that_dribbles_in_is_cut_off(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "PATIENCE", 0.2)
    began = time.monotonic()
    with answering(200, b'{"a": 1}' + b" " * 100, pause=0.1) as url, pytest.raises(ProviderAway):
        wire.get(url)

    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://login.example/another"},
        {"issuer": None},
        {"authorization_endpoint": None},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"token_endpoint": "http://login.example/token"},
        {"jwks_uri": "http://login.example/keys"},
        {"jwks_uri": 5},
        {"userinfo_endpoint": "http://login.example/me"},
    ],
    ids=str,
)
def test_a_description_of_another_provider_is_not_used(changes: dict[str, Any]) -> None:
    said = {k: v for k, v in (SAID | changes).items() if v is not None}
    with pytest.raises((KeyError, ValueError, TypeError, AttributeError)):
        provider_of(said, ISSUER)


def test_how_a_client_says_its_secret_is_the_providers_choice() -> None:
    methods = "token_endpoint_auth_methods_supported"

    assert provider_of(SAID, ISSUER).takes_basic  # by default (Discovery s.3)
    assert provider_of(SAID | {methods: ["client_secret_basic"]}, ISSUER).takes_basic
    assert not provider_of(SAID | {methods: ["client_secret_post"]}, ISSUER).takes_basic


def test_keys_that_sign_are_taken_and_no_others() -> None:
    good: list[Key] = [
        RSAKey.generate_key(2048, {"kid": "rsa"}),
        ECKey.generate_key("P-256", {"kid": "ec"}),
        OKPKey.generate_key("Ed25519", {"kid": "okp"}),
    ]
    published = [key.as_dict(private=False) for key in good]
    secret = OctKey.generate_key(256, {"kid": "oct"}).as_dict(private=True)
    enciphers = RSAKey.generate_key(2048, {"kid": "enc", "use": "enc"}).as_dict(private=False)
    odd: list[Any] = [secret, enciphers, {"kty": "new"}, {"kty": "RSA"}, {}, 5, None, "x"]

    found = keys_of({"keys": [*odd, *published]})

    assert {key.kid for key in found} == {"rsa", "ec", "okp"}


@pytest.mark.parametrize("said", [{}, {"keys": []}, {"keys": {}}, {"keys": [{"kty": "oct"}]}])
def test_a_provider_without_keys_counts_as_away(said: dict[str, Any]) -> None:
    with pytest.raises(ProviderAway):
        keys_of(said)


def test_whoever_waits_for_the_first_answer_gets_it_and_asks_once() -> None:
    asked: list[int] = []

    def fetch() -> str:
        asked.append(1)
        time.sleep(0.2)
        return "found"

    fetched = Fetched(fetch, 3600)
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(fetched.get())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (found, len(asked)) == (["found"] * 8, 1)


def test_what_could_never_be_fetched_is_not_asked_for_by_every_caller() -> None:
    asked: list[int] = []

    def fetch() -> str:
        asked.append(1)
        raise ProviderAway("away")

    fetched = Fetched(fetch, 3600)
    for _ in range(20):
        with pytest.raises(ProviderAway):
            fetched.get()

    assert len(asked) == 1


def test_the_description_is_json(wire: Wire) -> None:
    with answering(200, json.dumps(SAID).encode()) as url:
        assert wire.get(url) == SAID
