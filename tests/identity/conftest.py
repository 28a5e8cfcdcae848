"""The API with an identity provider beside it, and a browser that goes between the two."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from uuid import UUID, uuid4

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from pydantic import SecretStr

from send_records.api.app import create_app
from send_records.bootstrap import Database, System, running
from send_records.settings import Settings
from send_records.store.places import Place
from tests.conftest import Cluster, new_database
from tests.identity.provider import CLIENT_ID, SECRET, STRONG, Provider, provided
from tests.keys import held

HERE = "http://127.0.0.1:8000"
FROM_HERE = {"Origin": HERE}


@dataclass
class Site:
    """A browser at this site, the provider that it is sent to, and the system behind it."""

    http: TestClient
    system: System
    provider: Provider
    issuer: str
    database: Database
    settings: Settings

    @property
    def another_browser(self) -> Site:
        """A browser of somebody else's, or of the same person's elsewhere."""
        http = TestClient(self.http.app, base_url=HERE, follow_redirects=False)
        return replace_browser(self, http)

    def away(self, **parameters: str) -> str:
        """Begin to sign in, and return where the browser is sent."""
        answer = self.http.get("/v1/sign-in", params=parameters or None)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    def back(self, sub: str, **parameters: str) -> str:
        """Sign in at the provider, and return where the browser is sent back to."""
        return self.provider.approve(self.away(**parameters), sub)

    def sign_in(self, sub: str | None = None, **claims: Any) -> UUID:
        """Sign in as somebody, by the cookie from then on; return who they are here."""
        sub = sub or str(uuid4())
        self.provider.knows(sub, **(STRONG | claims))
        answer = self.http.get(self.back(sub))
        assert answer.status_code == 303, answer.text
        return UUID(sub)

    def step_up(self, sub: object) -> Response:
        """Prove a second factor again, as somebody."""
        answer = self.http.post("/v1/session/step-up", headers=FROM_HERE)
        assert answer.status_code == 303, answer.text
        return self.http.get(self.provider.approve(answer.headers["location"], str(sub)))

    def me(self, **headers: str) -> Response:
        return self.http.get("/v1/me", headers=headers)


def replace_browser(site: Site, http: TestClient) -> Site:
    """Return the same site, seen in another browser."""
    return replace(site, http=http)


def with_parameters(address: str, **changes: str | None) -> str:
    """Return an address with some parameters of its query changed, or left out."""
    parts = urlsplit(address)
    said = {k: v for k, v in (dict(parse_qsl(parts.query)) | changes).items() if v is not None}
    return parts._replace(query=urlencode(said)).geturl()


@contextmanager
def site_of(cluster: Cluster, folder: Path, **more: Any) -> Iterator[Site]:
    """Serve the API with a provider."""
    with provided() as (provider, issuer), new_database(cluster) as database:
        provider_of: dict[str, Any] = {
            "oidc_issuer_url": issuer,
            "oidc_client_id": CLIENT_ID,
            "oidc_client_secret": SecretStr(SECRET),
            "oidc_redirect_url": f"{HERE}/v1/sign-in/callback",
        }
        settings = Settings(data_dir=folder, **(provider_of | more))
        keys = replace(held(), places=(Place(folder / "checkpoints"),))
        with (
            running(settings, database, keys) as system,
            TestClient(create_app(system), base_url=HERE, follow_redirects=False) as http,
        ):
            yield Site(http, system, provider, issuer, database, settings)


@pytest.fixture(scope="module")
def shared_site(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site for a module; its tests have browsers of their own."""
    with site_of(cluster, tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def site(shared_site: Site) -> Site:
    """A new browser, and the provider as it should be."""
    provider = shared_site.provider
    provider.spoil, provider.forge = (lambda claims: claims), provider.signed
    provider.described, provider.told, provider.away = {}, {}, False
    provider.published = [provider.key]
    return shared_site.another_browser


def said(value: object) -> str:
    """Return a parameter as its test's name: an instant by how far it is from now, for each worker
    of a run has its own now."""
    started = int(time.time()) // 100_000

    def distance(found: re.Match[str]) -> str:
        number = int(found[0])
        return "instant" if abs(number // 100_000 - started) <= 30 else found[0]

    return re.sub(r"(?<![\w.])\d{9,11}(?![\w.])", distance, str(value))
