"""Credentials that nobody is to be let in by: each as the headers of a request, and the refusal.

All but one of them are of a SENCo, who may do nearly everything to ``own``: so that it is the
credential that keeps a door shut, and nothing else.
"""

from __future__ import annotations

import base64
import hmac
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from joserfc import jwt
from joserfc.jwk import OKPKey

from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.values import Role
from send_records.api.callers import SESSION, cookie_name
from send_records.authority.authorize import STEP_UP_SECONDS, Over
from send_records.identity import LocalIssuer
from send_records.reception import issuer
from tests.authority.questions import Question
from tests.authority.world import ORIGIN, READERS, Reader, World

SENCO = next(each for each in READERS if each.called == f"{Role.SENCO} {ScopeKind.ACADEMIES}")
AN_HOUR = timedelta(hours=1)
AGO = int(STEP_UP_SECONDS) + 60


@dataclass(frozen=True)
class Door:
    """A credential, and what is answered to whoever brings it."""

    called: str
    headers: dict[str, str]
    status: int = 401
    only_stepping_up: bool = False
    opens: str = ""
    """The one operation that it does open."""

    def shut_to(self, question: Question) -> bool:
        """Whether it is to keep a route shut."""
        verb = question.verb
        if verb is None or question.operation in ("get_calendar", self.opens):
            return False
        return verb.steps_up or not self.only_stepping_up

    def refusals(self, question: Question) -> frozenset[int]:
        """Return what may be answered: of a key that is for something else, that it may not."""
        return frozenset({self.status})


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


def doors(world: World) -> list[Door]:
    """Return every kind of credential that is none, or no longer one."""
    return [*_tokens(world), *_weak(world), *_sessions(world), *_keys(world)]


def part(value: object) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass(frozen=True)
class Forger:
    """Makes tokens that are nearly right."""

    local: LocalIssuer
    reader: Reader = SENCO

    def claims(self, **changes: Any) -> dict[str, Any]:
        now = int(time.time())
        said = {
            "iss": "urn:send-records:local",
            "aud": "send-records",
            "sub": str(self.reader.id),
            "name": self.reader.actor.name,
            "iat": now,
            "exp": now + 3600,
            "auth_time": now,
            "amr": ["pwd", "otp", "mfa"],
        }
        return said | changes

    def signed(self, key: OKPKey | None = None, typ: str = "at+jwt", **changes: Any) -> str:
        own = self.local.key
        header = {"alg": "Ed25519", "kid": own.kid, "typ": typ}
        return jwt.encode(header, self.claims(**changes), key or own, algorithms=["Ed25519"])

    def unsigned(self, alg: str, signature: bytes = b"") -> str:
        header = {"alg": alg, "kid": self.local.key.kid, "typ": "at+jwt"}
        return ".".join([part(header), part(self.claims()), part(signature)])

    def by_public_key(self) -> str:
        """Signed with the public key, as if it were a secret (RFC 8725 s.2.1)."""
        public = json.dumps(self.local.public_keys().as_dict()["keys"][0]).encode()
        text = ".".join(self.unsigned("HS256").split(".")[:2])
        return f"{text}.{part(hmac.digest(public, text.encode(), 'sha256'))}"


def _tokens(world: World) -> Iterator[Door]:
    forger = Forger(issuer(world.settings))
    good, now = forger.signed(), int(time.time())
    head, _, signature = good.split(".")
    other = OKPKey.generate_key("Ed25519", parameters={"kid": str(forger.local.key.kid)})
    yield Door("no token", {})
    yield Door("another scheme", {"Authorization": f"Basic {part(b'kay:secret')}"})
    yield Door("no token after the scheme", {"Authorization": "Bearer "})
    for called, text in {
        "no token at all": "a.b.c",
        "expired": forger.signed(iat=now - 7200, exp=now - 3600),
        "not yet": forger.signed(iat=now + 3600, exp=now + 7200),
        "for a week": forger.signed(exp=now + 7 * 86400),
        "another audience": forger.signed(aud="payroll"),
        "no audience": forger.signed(aud=[]),
        "another issuer": forger.signed(iss="https://login.example.org"),
        "an ID token": forger.signed(nonce="n"),
        "another type": forger.signed(typ="logout+jwt"),
        "algorithm none": forger.unsigned("none"),
        "algorithm of a secret": forger.by_public_key(),
        "unsigned": forger.unsigned("Ed25519"),
        "signed by chance": forger.unsigned("Ed25519", b"x" * 64),
        "another's key of that name": forger.signed(other),
        "another person's signature": f"{head}.{part(forger.claims(sub=str(uuid4())))}.{signature}",
    }.items():
        yield Door(called, bearer(text))


def _weak(world: World) -> Iterator[Door]:
    local, now = issuer(world.settings), int(time.time())
    yield Door("no second factor", bearer(local.token(SENCO.actor, mfa=False)))
    ago = local.token(SENCO.actor, auth_time=now - AGO)
    yield Door("a second factor of long ago", bearer(ago), only_stepping_up=True)


def _sessions(world: World) -> Iterator[Door]:
    door = world.system.door
    name, now = cookie_name(door, SESSION), datetime.now(UTC)

    def session(strong_at: datetime | None = now) -> tuple[Any, str]:
        return door.sessions.begin(SENCO.id, SENCO.actor.name, strong_at)

    def cookie(secret: str, **more: str) -> dict[str, str]:
        return {"Cookie": f"{name}={secret}", "Origin": ORIGIN} | more

    ended, over, idle, replaced = session(), session(), session(), session()
    door.sessions.end(ended[0].session_id)
    door.sessions.begin(SENCO.id, "Kay", now, instead_of=replaced[0].session_id)
    world.owner.execute(
        "UPDATE sessions SET made_at = made_at - interval '2 hours', "
        "expires_at = now() - interval '1 second' WHERE session_id = %s",
        [over[0].session_id],
    )
    world.owner.execute(
        "UPDATE sessions SET made_at = made_at - interval '4 hours', "
        "seen_at = now() - interval '3 hours' WHERE session_id = %s",
        [idle[0].session_id],
    )
    for called, (_, secret) in {
        "a session that was ended": ended,
        "a session that is over": over,
        "a session long unused": idle,
        "a session before its step-up, replayed": replaced,
    }.items():
        yield Door(called, cookie(secret))
    good = session()[1]
    yield Door("a session made up", cookie("A" * 43))
    yield Door("a session's secret as a token", bearer(good))
    yield Door("a session beside another scheme", cookie(good, Authorization="Basic eA"))
    yield Door("a session under another name", {"Cookie": f"sid={good}", "Origin": ORIGIN})
    yield Door("a token as a session", cookie(issuer(world.settings).token(SENCO.actor)))
    yield Door("a session with no second factor", cookie(session(None)[1]))
    long_ago = session(now - timedelta(seconds=AGO))[1]
    yield Door("a session stepped up long ago", cookie(long_ago), only_stepping_up=True)


def _keys(world: World) -> Iterator[Door]:
    keys = world.system.door.api_keys

    def made(*operations: str) -> tuple[Any, str]:
        only = operations or ("get_pupil", "get_register")
        return keys.make(SENCO.id, "Roster", only, made_by=uuid4(), lasts=AN_HOUR)

    ended, over, held = made(), made(), made("get_register")
    keys.end(ended[0].key_id)
    world.owner.execute(
        "UPDATE api_keys SET made_at = now() - interval '2 hours', "
        "expires_at = now() - interval '1 second' WHERE key_id = %s",
        [over[0].key_id],
    )
    yield Door("a key that was ended", bearer(ended[1]))
    yield Door("a key that is over", bearer(over[1]))
    yield Door("a key with another's secret", bearer(made()[1][:-43] + held[1][-43:]))
    yield Door("a key that nobody made", bearer(f"srk_{uuid4().hex}_{'A' * 43}"))
    yield Door("a key for something else", bearer(held[1]), status=403, opens="get_register")


def relations_at(question: Question) -> tuple[str, ...]:
    """About whom a door is tried: somebody, and nobody, who are not to be told apart."""
    verb = question.verb
    return ("own", "unknown") if verb is not None and verb.over is Over.PUPIL else ("own",)
