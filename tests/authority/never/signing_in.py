"""Who is calling: what never counts as having said so."""

from __future__ import annotations

import base64
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import orjson
from httpx2 import Response
from joserfc import jwt

from send_records.aggregates.base import Actor
from send_records.aggregates.emergencies import BreakGlass
from send_records.aggregates.grants import GrantRole
from send_records.aggregates.values import Role
from send_records.identity import LocalIssuer
from tests.api.steps import body_of
from tests.authority.never.granting import TEACHER, proposed
from tests.authority.never.trust import (
    TODAY,
    Child,
    Person,
    Trust,
    forbidden,
    never,
    refused,
    shown,
)


def with_token(trust: Trust, child: Child, token: str, path: str = "") -> Response:
    return trust.client.http.get(child.at(path), headers={"Authorization": f"Bearer {token}"})


def claims_of(person: Person) -> dict[str, Any]:
    token = person.issuer.token(person.actor)
    claims: dict[str, Any] = orjson.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    return claims


def signed(person: Person, issuer: LocalIssuer | None = None, **claims: Any) -> str:
    """Return somebody's token with other claims, under the right key or another one."""
    key = (issuer or person.issuer).key
    header = {"alg": "Ed25519", "kid": person.issuer.key.kid, "typ": "at+jwt"}
    return jwt.encode(header, claims_of(person) | claims, key, algorithms=["Ed25519"])


@never("No token without a second factor ever opens a record")
def _(trust: Trust) -> None:
    senco = trust.senco()
    shown(with_token(trust, trust.aisha, senco.issuer.token(senco.actor)))
    weak = senco.issuer.token(senco.actor, mfa=False)
    for path in ("", "/plan", "/history", "/extract"):
        refused(with_token(trust, trust.aisha, weak, path), 401)


@never("No token without a second factor ever lists or records")
def _(trust: Trust) -> None:
    senco = trust.senco()
    weak = {"Authorization": f"Bearer {senco.issuer.token(senco.actor, mfa=False)}"}
    refused(trust.client.http.get("/v1/register", headers=weak), 401)
    headers = weak | {"Idempotency-Key": str(uuid4()), "If-Match": "*"}
    body = {"occurred_on": str(TODAY), "class_name": "9Z"}
    refused(trust.client.http.post(trust.aisha.at("/class"), json=body, headers=headers), 401)


@never("A role that is claimed in a token never counts")
def _(trust: Trust) -> None:
    nobody = trust.somebody(Role.SENCO)
    for claim in ("role", "roles", "groups"):
        for value in ("senco", ["senco"], ["platform_administrator", "dpo"]):
            said: dict[str, Any] = {claim: value, "academy": "Alder Park Academy"}
            token = signed(nobody, None, **said)
            forbidden(with_token(trust, trust.aisha, token))


@never("A token that another key signed never counts")
def _(trust: Trust) -> None:
    senco = trust.senco()
    with TemporaryDirectory() as folder:
        forger = LocalIssuer(Path(folder), issuer="urn:forger", audience="forged")
        refused(with_token(trust, trust.aisha, signed(senco, forger)), 401)


@never("A token that nobody signed never counts")
def _(trust: Trust) -> None:
    senco = trust.senco()

    def part(said: Any) -> str:
        return base64.urlsafe_b64encode(orjson.dumps(said)).decode().rstrip("=")

    unsigned = f"{part({'alg': 'none', 'typ': 'at+jwt'})}.{part(claims_of(senco))}."
    refused(with_token(trust, trust.aisha, unsigned), 401)


@never("A token of another service never counts here")
def _(trust: Trust) -> None:
    senco = trust.senco()
    refused(with_token(trust, trust.aisha, signed(senco, aud="another-service")), 401)
    refused(with_token(trust, trust.aisha, signed(senco, iss="https://elsewhere.example")), 401)


@never("A token never counts once it has expired")
def _(trust: Trust) -> None:
    senco, now = trust.senco(), int(time.time())
    refused(with_token(trust, trust.aisha, signed(senco, iat=now - 7200, exp=now - 3600)), 401)


@never("Nobody who does not sign in ever reads anything")
def _(trust: Trust) -> None:
    for path in (
        trust.aisha.at(),
        "/v1/register",
        "/v1/roles",
        "/v1/events",
        trust.aisha.letter_at,
    ):
        refused(trust.client.http.get(path), 401)


@never("An export never leaves on a sign-in that is older than five minutes")
def _(trust: Trust) -> None:
    senco, now = trust.senco(), int(time.time())
    recent = senco.issuer.token(senco.actor, auth_time=now - 240)
    old = senco.issuer.token(senco.actor, auth_time=now - 360)
    shown(with_token(trust, trust.aisha, recent, "/extract"))
    shown(with_token(trust, trust.aisha, old))
    refused(with_token(trust, trust.aisha, old, "/extract"), 401)


def sends(trust: Trust, person: Person, path: str, body: Any, age: int) -> Response:
    """Send a command on a sign-in of some seconds ago."""
    token = person.issuer.token(person.actor, auth_time=int(time.time()) - age)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": str(uuid4())}
    return trust.client.http.post(path, json=body, headers=headers | {"If-Match": "*"})


@never("The glass is never broken on a sign-in that is older than five minutes")
def _(trust: Trust) -> None:
    teacher = trust.teacher("5A")
    glass = BreakGlass(occurred_on=TODAY, reason_given="At the hospital: what may he be given?")
    path = trust.tomasz.at("/break-glass")
    refused(sends(trust, teacher, path, body_of(glass), 360), 401)
    shown(sends(trust, teacher, path, body_of(glass), 240))


@never("A role is never granted on a sign-in that is older than five minutes")
def _(trust: Trust) -> None:
    whose = uuid4()
    proposal = proposed(trust.trustwide(Role.ADMINISTRATOR), whose, TEACHER)
    grant = GrantRole(proposal_id=proposal).model_dump(mode="json", exclude_defaults=True)
    other, path = trust.trustwide(Role.ADMINISTRATOR), f"/v1/people/{whose}/roles/grant"
    refused(sends(trust, other, path, grant, 360), 401)
    shown(sends(trust, other, path, grant, 240))


def session(trust: Trust, person: Person) -> tuple[Any, dict[str, str]]:
    """Have somebody signed in by a browser; return the session, and the cookie."""
    actor, strong = person.actor, trust.system.granting._clock()
    begun, secret = trust.system.door.sessions.begin(actor.id, actor.name, strong)
    return begun, {"Cookie": f"session={secret}; __Host-session={secret}"}


@never("A session never opens anything once it was ended")
def _(trust: Trust) -> None:
    begun, cookie = session(trust, trust.senco())
    shown(trust.client.http.get(trust.aisha.at(), headers=cookie))
    trust.system.door.sessions.end(begun.session_id)
    refused(trust.client.http.get(trust.aisha.at(), headers=cookie), 401)


@never("A page of another site never records in somebody's name")
def _(trust: Trust) -> None:
    _, cookie = session(trust, trust.senco())
    body = {"occurred_on": str(TODAY), "class_name": "9Z"}
    for said in ({"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}, {}):
        headers = {"Idempotency-Key": str(uuid4()), "If-Match": "*"} | cookie | said
        forbidden(trust.client.http.post(trust.aisha.at("/class"), json=body, headers=headers))


@never("A token in an address never counts, nor does one in a body")
def _(trust: Trust) -> None:
    senco = trust.senco()
    token = senco.issuer.token(senco.actor)
    for name in ("access_token", "token", "authorization"):
        refused(trust.client.http.get(trust.aisha.at(), params={name: token}), 401)
    refused(trust.client.http.post("/v1/search", json={"name": "Rahman", "token": token}), 401)


@never("Whoever has the name and role of somebody else never has their access")
def _(trust: Trust) -> None:
    senco = trust.senco()
    twin = Actor(id=uuid4(), name=senco.actor.name, role=Role.SENCO, academy="Alder Park Academy")
    forbidden(with_token(trust, trust.aisha, senco.issuer.token(twin)))
