"""Every way in: by a token of the provider, by an integration's key, by a browser's session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from send_records.errors import NotSignedIn
from send_records.identity.callers import Caller, CallerKind
from send_records.identity.tokens import Verifier
from send_records.store.api_keys import MARK, ApiKeys
from send_records.store.sessions import Session, Sessions

if TYPE_CHECKING:
    from send_records.identity.sign_in import SignIn


@dataclass(frozen=True, slots=True)
class Door:
    """Says who is calling, or that nobody is known to be."""

    verifier: Verifier
    sessions: Sessions
    api_keys: ApiKeys
    sign_in: SignIn | None = None
    """The way to the identity provider; None where people bring tokens."""
    origin: str | None = None
    """Where this site is, for whoever asks from elsewhere; None where there are no sessions."""

    @property
    def secure(self) -> bool:
        """Whether the site is reached over TLS, as it is but for demo and tests."""
        return self.origin is None or self.origin.startswith("https://")

    def known(self, text: str) -> Caller | None:
        """Return who brings a token that was believed a moment ago, without waiting for anything;
        None if that has to be found out."""
        return self.verifier.known(text)

    def by_credentials(self, text: str) -> Caller:
        """Return who brings a token or a key; raise NotSignedIn if it is not to be believed."""
        if not text.startswith(MARK):
            return self.verifier.caller(text)
        key = self.api_keys.find(text)
        if key is None:
            raise NotSignedIn("The key is unknown, ended or expired.")
        return Caller(key.person_id, key.name, CallerKind.SERVICE, None, only=key.operations)

    def by_session(self, secret: str) -> Caller:
        """Return whose session it is; raise NotSignedIn if it is over."""
        session = self.sessions.find(secret)
        if session is None:
            raise NotSignedIn("Sign in again: the session is over.")
        return caller_in(session)


def caller_in(session: Session) -> Caller:
    """Return whose session it is, as a caller."""
    return Caller(
        person_id=session.person_id,
        name=session.name,
        kind=CallerKind.PERSON,
        strong_at=None if session.strong_at is None else session.strong_at.timestamp(),
        session_id=session.session_id,
    )
