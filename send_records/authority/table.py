"""The table of who may do what: one line for each role and each kind of scope that it is held over.

Policy s.8 says what each role is for, ``security.md`` how sensitive each kind of information is
(tiers T0 to T6).  What is not in the table is refused.  A command says itself which roles may give
it (``Entry.roles``), for that is a rule of the record; the line says whether the role may record
at all over a scope of that kind.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from send_records.aggregates.grant_scopes import ScopeKind
from send_records.aggregates.values import Role
from send_records.authority.cuts import (
    AGREED_PLAN,
    FOR_A_PRINCIPAL,
    FOR_THE_DPO,
    SHARED_PLAN,
    STRATEGIES,
    Also,
    whole,
)
from send_records.store.access import Tier

T0, T1, T2, T3, T4, T5, T6 = Tier


@dataclass(frozen=True, slots=True)
class Line:
    """What a role held over a kind of scope lets a person do."""

    role: Role
    kind: ScopeKind
    tiers: frozenset[Tier]
    """What they may see of those in the scope."""
    records: bool = False
    """Whether they may give the commands that name the role."""
    exports: bool = False
    """Whether they may take out what they may see of one pupil."""
    lists: bool = True
    """Whether they may ask for several pupils at once."""
    only: frozenset[str] | None = None
    """Which of those commands, by their operations, if not all."""
    also: Also = field(default_factory=dict, hash=False)
    """Operations that are theirs besides, whatever tier those show, and what of each is shown."""


OWN: Also = AGREED_PLAN | whole("get_readers")
"""What somebody sees of their own record, or their child's (UK GDPR Art 12 and 15(1)(c))."""

ROLES = whole("get_roles_of_person")
"""What somebody must know who proposes roles: those over their own academies and pupils."""

PROOFS = whole("get_events", "get_proofs")
"""What shows that a record is there and unchanged, to somebody who may not read it."""

WATCHING: Also = (
    PROOFS
    | whole("get_emergency_accesses", "get_calendars", "end_calendar", "get_anomalies")
    | FOR_THE_DPO
)
"""What a data-protection officer needs in order to keep watch, and to open a case."""

OPENING = frozenset(
    {
        *("open_case", "close_case", "grant_role", "refuse_role", "end_role"),
        *("receive_access_request", "receive_complaint", "review_emergency_access"),
        *("place_legal_hold", "release_legal_hold", "assign_retention_class"),
    }
)
"""What a data-protection officer records without a case: what opens one, or cannot wait for it."""

STAFF = (
    Role.SENCO,
    Role.TRUST_SENCO,
    Role.PRINCIPAL,
    Role.HEAD_OF_INCLUSION,
    Role.TRUST_SEND_LEADER,
    Role.PHASE_LEADER,
    Role.CLASS_TEACHER,
    Role.SUPPORT_ASSISTANT,
    Role.TEACHING_ASSISTANT,
)
"""Those who may break the glass."""

ALL = frozenset({T0, T1, T2, T3, T4, T5})
WHOLE = ALL - {T5}
"""Of a record, everything."""
UNRESTRICTED = WHOLE - {T4}
LEARNING = UNRESTRICTED - {T0}

_S, _R = ScopeKind, Role

LINES: tuple[Line, ...] = (
    Line(_R.SENCO, _S.ACADEMIES, ALL, records=True, exports=True, also=ROLES),
    Line(_R.TRUST_SENCO, _S.ACADEMIES, ALL, records=True, exports=True, also=ROLES),
    Line(_R.DPO, _S.CASE, ALL, records=True, exports=True),
    Line(_R.PRINCIPAL, _S.CASE, WHOLE, records=True, exports=True),
    Line(_R.PRINCIPAL, _S.ACADEMIES, UNRESTRICTED, records=True, also=FOR_A_PRINCIPAL | ROLES),
    Line(_R.HEAD_OF_INCLUSION, _S.PUPILS, WHOLE, records=True, exports=True),
    Line(_R.TRUST_SEND_LEADER, _S.ENGAGEMENT, UNRESTRICTED, records=True),
    Line(_R.PHASE_LEADER, _S.CASE, LEARNING | {T4}, records=True),
    Line(_R.PHASE_LEADER, _S.PHASE, LEARNING, records=True),
    Line(_R.CLASS_TEACHER, _S.CLASSES, LEARNING, records=True),
    Line(_R.SUPPORT_ASSISTANT, _S.PUPILS, frozenset({T1}), records=True, also=STRATEGIES),
    Line(_R.TEACHING_ASSISTANT, _S.PUPILS, frozenset({T1}), records=True, also=STRATEGIES),
    Line(
        _R.PROFESSIONAL, _S.REFERRAL, frozenset({T1}), records=True, lists=False, also=SHARED_PLAN
    ),
    Line(_R.PARENT, _S.RELATIONSHIP, frozenset({T1}), records=True, lists=False, also=OWN),
    Line(_R.PUPIL, _S.RELATIONSHIP, frozenset({T1}), records=True, lists=False, also=OWN),
    Line(_R.INTEGRATION, _S.ACADEMIES, frozenset({T1}), records=True),
    Line(
        *(_R.DPO, _S.TRUST, frozenset({T0, T1, T5, T6})),
        records=True,
        only=OPENING,
        also=WATCHING,
    ),
    Line(_R.TRUSTEE, _S.TRUST, frozenset({T0})),
    Line(_R.CEO, _S.TRUST, frozenset({T0})),
    Line(_R.DIRECTOR_OF_EDUCATION, _S.TRUST, frozenset({T0})),
    Line(_R.ANALYST, _S.TRUST, frozenset({T0})),
    Line(_R.AUDITOR, _S.TRUST, frozenset({T5}), exports=True, also=PROOFS),
    Line(_R.ADMINISTRATOR, _S.TRUST, frozenset({T6}), records=True),
    *(Line(role, _S.EMERGENCY, LEARNING | {T4}, lists=False) for role in STAFF),
)
"""From the one that lets a person do most to the one that lets them do least: where several of a
person's grants allow something, the first is the role that they act in."""

RANK: dict[tuple[Role, ScopeKind], int] = {
    (line.role, line.kind): rank for rank, line in enumerate(LINES)
}


def line_of(role: Role, kind: ScopeKind) -> Line | None:
    """Return the line of a role held over a kind of scope; None if there is none, and then the
    grant allows nothing."""
    rank = RANK.get((role, kind))
    return None if rank is None else LINES[rank]
