"""An identity provider in a thread: oidc-provider-mock, made to check PKCE as a provider does, and
to lie as a test needs."""

from __future__ import annotations

import base64
import json
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import flask
import httpx2
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # it still uses authlib's old JOSE, and authlib says so
    from oidc_provider_mock._app import app as mock_app
    from oidc_provider_mock._server import _threaded_server
    from oidc_provider_mock._storage import User

CLIENT_ID, SECRET = "send-records-web", "a secret, with: odd characters"
STRONG = {"name": "Sam Okoro", "amr": ["pwd", "mfa"]}

Claims = dict[str, Any]


class Provider:
    """The provider, what it was asked, and what it is to get wrong."""

    def __init__(self) -> None:
        self._app = mock_app()
        self.key = RSAKey.generate_key(2048, {"kid": "first"})
        self.published: list[RSAKey] = [self.key]
        self.algorithm = "RS256"
        self.spoil: Callable[[Claims], Claims] = lambda claims: claims
        """What is done to the claims of an ID token before it is signed."""
        self.forge: Callable[[Claims], str] = self.signed
        """How the claims become a token."""
        self.described: Claims = {}
        """What its description says otherwise."""
        self.told: Claims = {}
        """What its userinfo says otherwise."""
        self.away = False
        self.asked: list[str] = []
        """The paths that it was asked for."""
        self._challenges: dict[str, str] = {}

    def signed(self, claims: Claims, **header: Any) -> str:
        """Return claims signed with the newest key."""
        said = {"alg": self.algorithm, "kid": self.key.kid} | header
        return jwt.encode(said, claims, self.key, algorithms=[self.algorithm])

    def rotate(self) -> None:
        """Sign with a new key, and publish no other."""
        self.key = RSAKey.generate_key(2048, {"kid": f"key-{len(self.asked)}"})
        self.published = [self.key]

    def knows(self, sub: str, **claims: Any) -> None:
        """Have somebody who can sign in."""
        with self._app.test_request_context("/"):
            self._app.preprocess_request()
            flask.g.oidc_provider_mock_storage.store_user(User(sub=sub, claims=claims))

    def approve(self, address: str, sub: str) -> str:
        """Sign in as somebody, and return where the browser is sent back to."""
        return str(httpx2.post(address, data={"sub": sub}).headers["location"])

    def deny(self, address: str) -> str:
        """Refuse to sign in."""
        return str(httpx2.post(address, data={"action": "deny"}).headers["location"])

    def __call__(self, environ: Any, start: Any) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        self.asked.append(path)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        environ["wsgi.input"] = BytesIO(body)
        if self.away:
            return _answered(start, "503 Service Unavailable", [], b"{}")
        if path == "/jwks":
            keys = KeySet(list(self.published)).as_dict(private=False)
            return _answered(start, "200 OK", [], json.dumps(keys).encode())
        if path == "/oauth2/token" and not self._proves(body, environ):
            return _answered(start, "400 Bad Request", [], b'{"error": "invalid_grant"}')
        status, headers, answer = _run(self._app, environ)
        if path == "/oauth2/authorize" and status.startswith("302"):
            self._remember(environ, headers)
        return _answered(start, status, headers, self._changed(path, status, answer))

    def _remember(self, environ: Any, headers: list[tuple[str, str]]) -> None:
        asked = parse_qs(environ["QUERY_STRING"])
        back = parse_qs(urlsplit(dict(headers)["Location"]).query)
        if asked.get("code_challenge_method") == ["S256"] and "code" in back:
            self._challenges[back["code"][0]] = asked["code_challenge"][0]

    def _proves(self, body: bytes, environ: Any) -> bool:
        """Whether a code comes with the verifier of its challenge, and the client's secret."""
        form = parse_qs(body.decode())
        challenge = self._challenges.pop(form.get("code", [""])[0], None)
        [verifier] = form.get("code_verifier", [""])
        return (
            environ.get("HTTP_AUTHORIZATION", "").startswith("Basic ")
            and challenge is not None
            and create_s256_code_challenge(verifier) == challenge
        )

    def _changed(self, path: str, status: str, answer: bytes) -> bytes:
        if not status.startswith("200"):
            return answer
        if path.endswith("/openid-configuration"):
            return json.dumps(json.loads(answer) | self.described).encode()
        if path == "/userinfo":
            return json.dumps(json.loads(answer) | self.told).encode()
        if path == "/oauth2/token":
            said = json.loads(answer)
            payload = said["id_token"].split(".")[1]
            claims = json.loads(_decoded(payload))
            said["id_token"] = self.forge(self.spoil(claims))
            return json.dumps(said).encode()
        return answer


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _run(app: Any, environ: Any) -> tuple[str, list[tuple[str, str]], bytes]:
    found: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        found[:] = [status, headers]

    answer = app(environ, start)
    body = b"".join(answer)
    if hasattr(answer, "close"):
        answer.close()
    return found[0], [h for h in found[1] if h[0].lower() != "content-length"], body


def _answered(
    start: Any, status: str, headers: list[tuple[str, str]], body: bytes
) -> Iterable[bytes]:
    start(status, [*headers, ("Content-Length", str(len(body)))])
    return [body]


@contextmanager
def provided() -> Iterator[tuple[Provider, str]]:
    """Run a provider, and say what its issuer is."""
    found = Provider()
    with _threaded_server(found, poll_interval=0.01) as server:
        yield found, f"http://localhost:{server.server_port}"
