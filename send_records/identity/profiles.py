"""Identity providers that trusts use, as data: how each says who somebody is, and how they proved
it.

* Entra ID: ``sub`` differs from one application to the next, so ``oid`` within ``tid`` is who it is
  (Microsoft identity platform, ID token claims).  Its v2.0 tokens have no ``amr``: a second factor
  is proven by an authentication context (``acrs``) that Conditional Access asks for and the
  settings name, and ``auth_time`` is an optional claim that the application must be given.  So is
  ``idtyp``, without which a service's token is of nobody, and refused.
* Google Workspace: ``sub``, of anybody with a Google account; ``hd`` says of which Workspace, so it
  must be the trust's.  ``auth_time`` and ``amr`` come with verified applications; there is no way
  to ask for a fresh sign-in, so a step-up is refused unless the person has just signed in.
* DfE Sign-in: ``sub``, a UUID; names are given and family names, told by the userinfo endpoint.
  It says nothing of a second factor, so none counts as proven.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

FRESHLY = {"prompt": "login", "max_age": "0"}
"""What asks for a fresh sign-in, whatever the provider still remembers (Core s.3.1.2.1)."""


class ProviderKind(StrEnum):
    """Which provider it is."""

    PLAIN = "plain"
    ENTRA = "entra"
    GOOGLE = "google"
    DFE = "dfe"


@dataclass(frozen=True, slots=True)
class Profile:
    """How a provider says who somebody is, and what may be asked of it."""

    subject: str = "sub"
    """The claim that is always the same for the same person, and never another's."""
    member_of: str | None = None
    """The claim that must be the trust's own organisation: the provider serves others as well."""
    scope: str = "openid profile"
    freshly: Mapping[str, str] = field(default_factory=lambda: FRESHLY)
    """What a step-up asks for, besides the contexts that the settings name."""
    contexts: str | None = "acr_values"
    """How the contexts are asked for: a parameter, or ``claims`` for a claim of the ID token."""


PROFILES: Mapping[ProviderKind, Profile] = {
    ProviderKind.PLAIN: Profile(),
    ProviderKind.ENTRA: Profile(
        subject="oid", member_of="tid", freshly={"prompt": "login"}, contexts="claims"
    ),
    ProviderKind.GOOGLE: Profile(
        member_of="hd", freshly={"prompt": "select_account"}, contexts=None
    ),
    ProviderKind.DFE: Profile(freshly={"prompt": "login"}, contexts=None),
}


def subject_of(claims: Mapping[str, Any], profile: Profile, organisation: str | None) -> str:
    """Return who verified claims are of; raise KeyError or ValueError if they are of somebody of
    another organisation, or of nobody that can be known again."""
    if profile.member_of is not None and (
        not organisation or claims.get(profile.member_of) != organisation
    ):
        raise ValueError("It is of another organisation.")
    subject = claims[profile.subject]
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise ValueError("It does not say who.")
    return subject


def name_of(claims: Mapping[str, Any]) -> str | None:
    """Return the name that claims have, whole or put together; None if they have none."""
    if isinstance(claims.get("name"), str) and claims["name"]:
        return str(claims["name"])
    parts = [claims.get("given_name"), claims.get("family_name")]
    return " ".join(part for part in parts if isinstance(part, str) and part) or None
