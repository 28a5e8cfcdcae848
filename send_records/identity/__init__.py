"""Identity: who is calling.  What they may see and do is decided elsewhere, by their grants.

A caller is known by a token that a configured provider signed, by the session of a browser, or by
an integration's key.  Nothing else is believed: no header, no body, and no claim about a role.
"""

from __future__ import annotations

from send_records.identity.callers import Caller, CallerKind
from send_records.identity.door import Door
from send_records.identity.local_issuer import LocalIssuer
from send_records.identity.tokens import Verifier, keys_from, person_id_of

__all__ = ["Caller", "CallerKind", "Door", "LocalIssuer", "Verifier", "keys_from", "person_id_of"]
