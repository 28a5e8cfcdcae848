"""Reception: builds what lets callers in, from the settings.

Tokens are believed of the provider whose keys a file holds, else of the one that people sign in
with, else of the local issuer, which is for demo and tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from send_records.identity import Door, LocalIssuer, Verifier, keys_from
from send_records.identity.profiles import PROFILES, ProviderKind
from send_records.identity.tokens import Trusted
from send_records.settings import Settings
from send_records.store.api_keys import ApiKeys
from send_records.store.connections import Pool
from send_records.store.sealing import Seals
from send_records.store.sessions import Sessions
from send_records.store.sign_ins import SignIns

if TYPE_CHECKING:
    from send_records.identity.discovery import Discovery


class NoIdentityProvider(Exception):
    """Nobody vouches for whoever calls but the data directory itself."""


def require_provider(settings: Settings, *, demo: bool) -> None:
    """Raise NoIdentityProvider if tokens are the local issuer's, but for a demo: whoever can read
    its key can be anybody."""
    if settings.local_issuer and not demo:
        raise NoIdentityProvider(
            "Set SEND_RECORDS_OIDC_ISSUER_URL to the trust's identity provider, or "
            "SEND_RECORDS_JWKS_FILE to its keys; to try it out, add --demo: whoever can read the "
            "data directory can then be anybody."
        )


def issuer(settings: Settings) -> LocalIssuer:
    """Return the local issuer of the data directory."""
    return LocalIssuer(settings.data_dir, issuer=settings.issuer, audience=settings.audience)


def verifier(settings: Settings, discovery: Discovery | None = None) -> Verifier:
    """Return what believes tokens."""
    if discovery is not None and settings.jwks_file is None:
        return Verifier(
            discovery,
            issuer=discovery.issuer,
            audience=settings.audience,
            trusted=trusted(settings),
        )
    keys = keys_from(settings.jwks_file) if settings.jwks_file else issuer(settings).public_keys()
    contexts = Trusted(acrs=frozenset(settings.mfa_contexts))
    return Verifier(keys, issuer=settings.issuer, audience=settings.audience, trusted=contexts)


def trusted(settings: Settings) -> Trusted:
    """Return what is believed of the provider that people sign in with."""
    return Trusted(
        profile=PROFILES[ProviderKind(settings.oidc_provider)],
        organisation=settings.oidc_organisation,
        acrs=frozenset(settings.mfa_contexts),
    )


@contextmanager
def receiving(settings: Settings, pool: Pool, seals: Seals) -> Iterator[Door]:
    """Let callers in, with a connection to the provider until the block is left."""
    sessions = Sessions(
        pool,
        seals,
        idle=timedelta(minutes=settings.session_idle_minutes),
        longest=timedelta(hours=settings.session_hours),
    )
    keys = ApiKeys(pool, seals)
    if settings.oidc_issuer_url is None:
        yield Door(verifier(settings), sessions, keys)
        return
    # Imported here: most commands speak to no provider, and need not wait for an HTTP client.
    from send_records.identity.discovery import Discovery
    from send_records.identity.fetching import Wire
    from send_records.identity.sign_in import Client, SignIn

    wire = Wire()
    try:
        discovery = Discovery(settings.oidc_issuer_url, wire)
        secret, there = settings.oidc_client_secret, str(settings.oidc_redirect_url)
        client = Client(
            client_id=str(settings.oidc_client_id),
            secret=None if secret is None else secret.get_secret_value(),
            redirect_url=there,
        )
        sign_in = SignIn(
            discovery,
            wire,
            client,
            trusted(settings),
            SignIns(pool, seals),
            second_factor=settings.mfa_required,
        )
        at = urlsplit(there)
        origin = f"{at.scheme}://{at.netloc}"
        yield Door(verifier(settings, discovery), sessions, keys, sign_in, origin)
    finally:
        wire.close()
