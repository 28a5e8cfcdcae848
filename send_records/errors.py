"""
Every refusal this package can make, by what the caller should do about it:

* SendRecordsError
  x NotFound        - nothing by that name: correct the request
  x Erased          - it was there and is gone for good: nothing is to be done
  x Moved           - it goes on elsewhere: ask, or record it, there
  x Invalid         - the request cannot be read, or is out of bounds: correct the request
    + TooLarge      - send less
    + TypeNotTaken  - send it as another type of file
  x NotSignedIn     - nobody is known to be asking: sign in
  x NotPermitted    - this role may not do it: ask someone who may
  x TooMany         - too much was asked for too soon: wait, then ask again
  x RuleBroken      - the record does not allow it: a person must decide
  x VersionNotSaid  - say which version of the record was read
  x StaleVersion    - the record has moved on since it was read: read it again first
  x Conflict        - someone else got there first: try again
  x NotReadyYet     - try again in a moment, with the same request
    + OutcomeUnknown - the database went away while recording: repeat it with the same key
  x Damaged         - what is stored is not what was recorded: have it looked at

Record modules subclass these beside the rule that raises them (``ConcernAlreadyClosed`` lives in
``concerns.py``).  ``api/errors.py`` is the one table from these to HTTP statuses.
"""

from __future__ import annotations

from uuid import UUID


class SendRecordsError(Exception):
    """Base of every error a caller can be told about."""

    basis: str = ""
    """The statute, guidance or policy section it comes from, when not merely good sense."""


class NotFound(SendRecordsError):
    """The pupil, or a record within the pupil, does not exist."""


class Erased(SendRecordsError):
    """The pupil's record was erased: its key was destroyed, and nobody can read it again."""

    basis = "UK GDPR Art 5(1)(e) and 17; SEND policy s.11"


class Moved(SendRecordsError):
    """The record goes on in another."""

    def __init__(self, detail: str, into: UUID) -> None:
        super().__init__(detail)
        self.into = into
        """The pupil whose record it is now."""


class Invalid(SendRecordsError):
    """The request is not one that can be recorded, whatever the record holds."""


class TooLarge(Invalid):
    """What was sent, or is about to be, is larger than is taken."""


class TypeNotTaken(Invalid):
    """What was sent is of a type that is not taken, or not of the type that was said."""


class NotSignedIn(SendRecordsError):
    """No token, or none that can be believed."""


class NotPermitted(SendRecordsError):
    """The actor's role may not give the command, or ask the question."""


class TooMany(SendRecordsError):
    """More was asked for, within a length of time, than anybody needs: wait, then ask again."""

    basis = "UK GDPR Art 5(1)(c) and (f), and 32"

    on_record: bool = False
    """Whether the access log has a row of it already, and need not have another."""

    def __init__(self, detail: str, retry_after: float) -> None:
        super().__init__(detail)
        self.retry_after = retry_after
        """Seconds after which the same request may be answered."""


class RuleBroken(SendRecordsError):
    """The pupil's record, as it stands, does not allow the command."""


class VersionNotSaid(SendRecordsError):
    """A change names the version it was decided on: nobody overwrites what they never saw."""


class StaleVersion(SendRecordsError):
    """The pupil is no longer at the version the caller had read."""


class Conflict(SendRecordsError):
    """Someone else changed the pupil at the same moment."""


class NotReadyYet(SendRecordsError):
    """The system cannot answer at this moment; the same request will do later."""


class OutcomeUnknown(NotReadyYet):
    """The database went away while recording, so nobody knows yet whether it was recorded.

    Repeating the request with the same ``Idempotency-Key`` records it once at most.
    """


class Damaged(SendRecordsError):
    """What is stored is not what was recorded, and is not shown: ``verify`` says where."""
