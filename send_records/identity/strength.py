"""When a second factor was last proven, as a provider's claims tell it.

A provider says how somebody signed in by ``amr`` (RFC 8176) or ``acr`` (OpenID Connect Core s.2),
and when by ``auth_time``.  Without a time it is not known how long ago it was, so it counts as
never: the time a token was issued is no proof, for a token is renewed without anybody being asked.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

LEEWAY = 30
"""Seconds by which a provider's clock may be ahead of ours."""

STRONG = frozenset({"mfa", "ngcmfa", "fido"})
"""Methods of two factors in themselves: ``mfa`` of RFC 8176 s.2, and Entra ID's names for Windows
Hello and for a passkey, which both ask for a PIN or a fingerprint."""

FACTORS = (
    frozenset({"pwd", "pin", "kba"}),
    frozenset({"otp", "hwk", "swk", "sc", "sms", "tel", "pop", "rsa"}),
    frozenset({"fpt", "face", "iris", "retina", "vbm"}),
)
"""Methods of RFC 8176 s.2 by what they prove: knowing, having, being.  Two of a kind are one."""


def strong_at(claims: dict[str, Any], acrs: Collection[str], now: float) -> float | None:
    """Return when a second factor was proven, or None if the claims do not prove that one was."""
    at = claims.get("auth_time")
    if isinstance(at, bool) or not isinstance(at, int | float) or not 0 < at <= now + LEEWAY:
        return None
    return float(min(at, now)) if _two_factors(claims.get("amr")) or _named(claims, acrs) else None


def _two_factors(amr: object) -> bool:
    said = {method for method in amr if isinstance(method, str)} if isinstance(amr, list) else set()
    return bool(said & STRONG) or sum(bool(said & factor) for factor in FACTORS) >= 2


def _named(claims: dict[str, Any], acrs: Collection[str]) -> bool:
    """Whether ``acr``, or an authentication context of Entra ID, is one that the trust names."""
    contexts = claims.get("acrs")
    said = [claims.get("acr"), *(contexts if isinstance(contexts, list) else [])]
    return any(isinstance(context, str) and context in acrs for context in said)
