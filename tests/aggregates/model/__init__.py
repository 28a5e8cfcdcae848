"""A model of the record in plain Python: for each command, the refusals that the law, the policy
and the command's own words lead one to expect, and what it changes if it is taken.

It shares no code with what it is held against: see ``book``.
"""

from __future__ import annotations

from tests.aggregates.model import (
    access,
    appeals,
    communications,
    concerns,
    consents,
    corrections,
    documents,
    ehcp,
    emergencies,
    leaving,
    merging,
    needs,
    plans,
    provision,
    pupils,
    register,
    retention,
    reviews,
    transitions,
)

__all__ = [
    "access",
    "appeals",
    "communications",
    "concerns",
    "consents",
    "corrections",
    "documents",
    "ehcp",
    "emergencies",
    "leaving",
    "merging",
    "needs",
    "plans",
    "provision",
    "pupils",
    "register",
    "retention",
    "reviews",
    "transitions",
]
