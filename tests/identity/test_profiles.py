"""Who somebody is, as each provider says it, and nobody of another organisation."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import orjson
import pytest
from pydantic import ValidationError

from send_records.identity.profiles import PROFILES, ProviderKind, name_of, subject_of
from send_records.settings import Settings
from tests.api.client import problem_of
from tests.conftest import Cluster
from tests.identity.conftest import Site, site_of
from tests.identity.provider import STRONG

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the mock's own

TENANT, OID = "0a1b2c3d-0000-4000-8000-000000000001", "0a1b2c3d-0000-4000-8000-000000000002"
ENTRA, GOOGLE = PROFILES[ProviderKind.ENTRA], PROFILES[ProviderKind.GOOGLE]
DFE = PROFILES[ProviderKind.DFE]


def test_entra_ids_subject_is_the_object_within_the_tenant() -> None:
    claims = {"sub": "pairwise-for-this-application", "oid": OID, "tid": TENANT}

    assert subject_of(claims, ENTRA, TENANT) == OID


def test_googles_subject_is_of_the_trusts_workspace() -> None:
    claims = {"sub": "110169484474386276334", "hd": "trust.example"}

    assert subject_of(claims, GOOGLE, "trust.example") == "110169484474386276334"


def test_dfe_sign_ins_subject_is_its_own() -> None:
    assert subject_of({"sub": OID}, DFE, None) == OID


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "1"},  # somebody's own account, of no Workspace
        {"sub": "1", "hd": "another.example"},
        {"sub": "1", "hd": "TRUST.example"},
        {"sub": "1", "hd": "trust.example.another.example"},
        {"sub": "1", "hd": ["trust.example"]},
        {"sub": "1", "hd": None},
        {"sub": "1", "email": "sam@trust.example", "email_verified": True},
    ],
    ids=str,
)
def test_nobody_of_another_organisation_is_let_in(claims: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="another organisation"):
        subject_of(claims, GOOGLE, "trust.example")


@pytest.mark.parametrize("organisation", [None, ""])
def test_an_organisation_that_is_not_set_is_nobodys(organisation: str | None) -> None:
    with pytest.raises(ValueError, match="another organisation"):
        subject_of({"sub": "1", "hd": organisation}, GOOGLE, organisation)


def test_a_name_is_whole_or_of_two_parts() -> None:
    assert name_of({"name": "Sam Okoro", "given_name": "S"}) == "Sam Okoro"
    assert name_of({"given_name": "Sam", "family_name": "Okoro"}) == "Sam Okoro"
    assert name_of({"family_name": "Okoro"}) == "Okoro"
    assert name_of({"name": 5, "email": "sam@trust.example"}) is None


def entra(cluster: Cluster, folder: Path) -> Any:
    return site_of(
        cluster,
        folder,
        oidc_provider="entra",
        oidc_organisation=TENANT,
        mfa_contexts=("c1",),
    )


def test_somebody_signs_in_as_with_entra_id(cluster: Cluster, tmp_path: Path) -> None:
    """No ``amr``, but the authentication context that was asked for."""
    with entra(cluster, tmp_path) as site:
        asked = parse_qs(urlsplit(site.away()).query)
        [claims] = asked["claims"]
        wanted = {"essential": True, "values": ["c1"]}
        assert orjson.loads(claims) == {"id_token": {"acrs": wanted}}
        come_in(site, amr=None, acrs=["c1"], oid=OID, tid=TENANT)
        me = site.me().json()
        assert UUID(me["person_id"]) == UUID(OID)
        assert me["strong_at"] is not None


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"oid": OID, "tid": OID, "acrs": ["c1"]}, 401),
        ({"oid": OID, "acrs": ["c1"]}, 401),
        ({"tid": TENANT, "acrs": ["c1"]}, 401),
        ({"oid": OID, "tid": TENANT}, 403),
        ({"oid": OID, "tid": TENANT, "acrs": ["p1"]}, 403),
    ],
    ids=str,
)
def test_nobody_else_does(
    cluster: Cluster, tmp_path: Path, claims: dict[str, Any], status: int
) -> None:
    with entra(cluster, tmp_path) as site:
        sub = str(uuid4())
        site.provider.knows(sub, name="Sam Okoro", **claims)

        problem_of(site.http.get(site.back(sub)), status)
        assert site.me().status_code == 401


def come_in(site: Site, **claims: Any) -> None:
    sub = str(uuid4())
    site.provider.knows(sub, **(STRONG | claims))
    assert site.http.get(site.back(sub)).status_code == 303


PROVIDER: dict[str, Any] = {
    "oidc_issuer_url": "https://login.example",
    "oidc_client_id": "web",
    "oidc_redirect_url": "https://records.example/v1/sign-in/callback",
}


@pytest.mark.parametrize(
    "changes",
    [
        {"oidc_client_id": None},
        {"oidc_redirect_url": None},
        {"oidc_client_id": "send-records"},  # the audience of tokens
        {"oidc_provider": "google"},
        {"oidc_provider": "entra"},
        {"oidc_provider": "facebook"},
        {"oidc_issuer_url": "http://login.example"},
        {"oidc_issuer_url": "https://sam@login.example"},
        {"oidc_redirect_url": "http://records.example/v1/sign-in/callback"},
        {"session_hours": 25},
        {"session_idle_minutes": 0},
    ],
    ids=str,
)
def test_settings_that_would_let_others_in_are_refused(changes: dict[str, Any]) -> None:
    Settings(**PROVIDER)
    with pytest.raises(ValidationError):
        Settings(**(PROVIDER | changes))
